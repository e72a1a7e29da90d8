"""The end of a day: each counterparty's books are settled in turn."""

from __future__ import annotations

from collections.abc import Mapping

from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.books import Counts, Day, FileState
from simcore.kernel.ledger.counterparties import ALL

CLOSE_NS = 15 * k.HOUR_NS
_ALL_GOOD: Mapping[str, FileState] = {}


def end_of_day(
    L: k.Array, rows: k.Array, now: int, *, close: int | None = None, files: Mapping[str, FileState] = _ALL_GOOD
) -> Counts:
    """The settlement batch of the day that closed last, to be run before the next open; past midnight that is the day before.

    `close` is by default the last 15:00; `files` says by counterparty how its file is, good if it is not named. `rows` is the used part
    of the intent rows (a whole number of rows). Returns what each counterparty's books count.
    """
    day = Day(now, (now - CLOSE_NS) // k.DAY_NS * k.DAY_NS + CLOSE_NS if close is None else close, files)
    counts: Counts = {}
    for books in ALL:
        counts |= books.settle(L, rows, day) if books.settle else {}
    return counts
