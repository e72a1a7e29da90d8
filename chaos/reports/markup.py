"""Small pieces of pages that are put together without a template."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import repeat

from chaos.i18n.texts import LocalizedText, translate


def escaped(value: object) -> str:
    """A value as text of a page, with nothing in it that could be markup."""
    return escape(str(value))


def both(text: LocalizedText) -> str:
    """A text of a page in both languages, of which the page shows one; what is the same in both stands once."""
    return _pair(text, "span")


def both_drawn(text: LocalizedText) -> str:
    """The same inside a text of an SVG."""
    return _pair(text, "tspan")


def _pair(text: LocalizedText, tag: str) -> str:
    if text.en == text.zh:
        return escaped(text.en)
    return f'<{tag} lang="en">{escaped(text.en)}</{tag}><{tag} lang="zh-CN">{escaped(text.zh)}</{tag}>'


def scrolled(inner: str) -> str:
    """What may be wider than the screen: it scrolls by itself, by keyboard, too."""
    return f'<div class="scroll" tabindex="0">{inner}</div>'


def heads(texts: Sequence[LocalizedText], numeric: Sequence[bool] = ()) -> str:
    """The cells of a table's head; those above figures stand to the right."""
    marks = [*numeric, *repeat(False, len(texts) - len(numeric))]
    return "".join(f'<th scope="col"{" class=n" if n else ""}>{both(text)}</th>' for text, n in zip(texts, marks, strict=True))


def html_table(head: str, rows: str) -> str:
    """A table of the cells of its head and of whole rows, both as markup."""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def table_below(head: str, rows: str) -> str:
    """The table of a drawing, folded away."""
    return f"<details><summary>{both(translate('coverage.table'))}</summary>{scrolled(html_table(head, rows))}</details>"
