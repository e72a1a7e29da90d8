"""The counterparties that the ledger keeps books of: those of the list that have a module in this package."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

from simcore.kernel.ledger import COUNTERPARTIES
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.books import Books, Kind


def _all_books() -> tuple[Books, ...]:
    """Those of the list. Each block of ten codes must be one counterparty's, each kind of flow have a code of its own."""
    modules = [f"{__package__}.{name}" for name in COUNTERPARTIES]
    found: list[Books] = [import_module(module).BOOKS for module in modules if find_spec(module)]
    blocks = [books.first // 10 for books in found]
    kinds = [kind.code for books in found for kind in books.kinds.values()]
    assert all(books.first // 10 == books.last // 10 for books in found), (
        "the codes of a counterparty's effects are of one block of ten"
    )
    assert len({*blocks, k.MARGIN_CHECK // 10, 0}) == len(blocks) + 2, f"two counterparties have effects of one block: {blocks}"
    assert len(set(kinds)) == len(kinds) and all(0 <= code < 16 for code in kinds), f"codes of kinds of flows: {kinds}"
    return tuple(found)


ALL = _all_books()
BY_NAME: Mapping[str, Books] = {books.name: books for books in ALL}

EFFECTS: Mapping[str, int] = {
    "record": k.RECORD,
    "session.open": k.SESSION_OPEN,
    "session.close": k.SESSION_CLOSE,
    "margin.check": k.MARGIN_CHECK,
} | {name: code for books in ALL for name, code in books.effects.items()}
"""The codes of all effects by name; what each means is in simcore.counterparties and simcore.model.effects."""

KINDS: Mapping[str, Kind] = {
    "request": Kind(k.REQUEST),
    "login": Kind(k.LOGIN),
    "query": Kind(k.QUERY),
} | {name: kind for books in ALL for name, kind in books.kinds.items()}
"""The kinds of flows by name."""
