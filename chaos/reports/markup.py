"""Small pieces of pages that are put together without a template."""

from __future__ import annotations

from html import escape


def escaped(value: object) -> str:
    """A value as text of a page, with nothing in it that could be markup."""
    return escape(str(value))


def html_table(head: str, rows: str) -> str:
    """A table of the cells of its head and of whole rows, both as markup."""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def table_below(head: str, rows: str) -> str:
    """The table of a drawing, folded away."""
    return f"<details><summary>as a table</summary>{html_table(head, rows)}</details>"
