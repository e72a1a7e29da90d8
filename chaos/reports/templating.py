"""How pages are put together: templates, the style of every page, and data inside a script element."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup
from pydantic import JsonValue

from chaos.i18n.texts import display_name, lookup, translate
from chaos.measures.formatting import instant, number

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
ECHARTS, ECHARTS_VERSION = HERE / "vendor" / "echarts" / "echarts.common.min.js", "6.1.0"


@functools.cache
def environment() -> Environment:
    """Templates, with everything escaped that does not say it is markup."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # here: it takes time, and most commands write no page

    found = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    found.globals |= {
        "translate": translate,
        "lookup": lookup,
        "display_name": display_name,
        "instant": instant,
        "number": number,
    }
    return found


def template_file(name: str) -> Markup:
    """A file of the templates as it is."""
    return Markup((HERE / "templates" / name).read_text(encoding="utf-8"))


def stylesheet() -> Markup:
    """The style of every page."""
    return template_file("page.css")


def chart_library() -> Markup:
    """The charts' program, ECharts."""
    return Markup(ECHARTS.read_text(encoding="utf-8"))


def script_json(value: JsonValue) -> Markup:
    """JSON that can stand in a script element: without <, >, & and the line breaks that JavaScript knows and JSON does not."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
