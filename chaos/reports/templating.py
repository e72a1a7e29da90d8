"""How pages are put together: templates, the style of every page, and data inside a script element."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup
from pydantic import JsonValue

from chaos.i18n.texts import lookup, translate
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
        "instant": instant,
        "number": number,
    }
    return found


def template_file(name: str) -> Markup:
    """A file of the templates as it is."""
    return Markup((HERE / "templates" / name).read_text(encoding="utf-8"))


def inlined(name: str) -> Markup:
    """The program of a page that is one file: a module of the templates and those it imports, in one function. Modules import names
    from relative paths, one statement a line, and export as they declare; two of them must not declare the same name."""
    parts: dict[Path, str] = {}
    _gather((HERE / "templates" / name).resolve(), parts)
    return Markup('"use strict";\n(() => {\n' + "\n".join(parts.values()) + "})();\n")


def _gather(module: Path, parts: dict[Path, str]) -> None:
    """Adds a module, after those it imports."""
    if module in parts:
        return
    lines = module.read_text(encoding="utf-8").splitlines(keepends=True)
    for line in filter(_is_import, lines):
        _gather((module.parent / line.split('"')[1]).resolve(), parts)
    parts[module] = "".join(line.removeprefix("export ") for line in lines if not _is_import(line))


def _is_import(line: str) -> bool:
    return line.startswith("import {") and line.endswith('";\n')


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
