"""The table of docs/counterparties.md, from the declarations.

    python -m simcore.counterparties.document

writes it, in a checkout. A test holds the page to what this would write.
"""

from __future__ import annotations

import re
from pathlib import Path

from simcore.counterparties import COUNTERPARTIES
from simcore.counterparties.counterparty import Counterparty

PAGE = Path(__file__).parents[2] / "docs" / "counterparties.md"
MARKED = re.compile(r"(<!-- made by: simcore\.counterparties\.document\.table -->\n).*?(?=<!-- end -->)", re.DOTALL)

_HEAD = (
    "| counterparty | effects, its own in bold | flows | gate | a file that settles the day | reconciliation finds, and does |"
)


def table() -> str:
    """A row a counterparty, in Markdown."""
    rows = [_row(counterparty) for counterparty in COUNTERPARTIES.values()]
    return "\n".join([_HEAD, "|---|---|---|---|---|---|", *rows]) + "\n"


def _row(counterparty: Counterparty) -> str:
    effects = ", ".join(f"**`{name}`**" if name in counterparty.own_effects else f"`{name}`" for name in counterparty.effects)
    hours = ", ".join(f"{a}-{b}" for intervals in counterparty.hours.values() for a, b in intervals)
    differences = "; ".join(f"{name}: {what}" for name, what in counterparty.differences.items())
    file = counterparty.file
    file_states = f"good: {file.good}; late: {file.late}; missing: {file.missing}; corrupt: {file.corrupt}" if file else ""
    name = f"{counterparty.title} (`{counterparty.name}`)"
    return "| " + " | ".join((name, effects, ", ".join(counterparty.flow_kinds), hours, file_states, differences)) + " |"


if __name__ == "__main__":
    PAGE.write_text(MARKED.sub(lambda found: found[1] + table(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
