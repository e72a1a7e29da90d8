"""What became of each intent in truth, whatever answer its client got."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simcore.kernel.jit import entry, inner
from simcore.kernel.layout import CONFIRMED, U
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.accounts import handles_of
from simcore.kernel.ledger.counterparties import KINDS
from simcore.kernel.ledger.records import Array, Flags

LATE_NS = 60 * 1_000_000_000
_PLACED_KINDS = sum(1 << kind.code for kind in KINDS.values() if kind.placed)
_TRANSIT_KINDS = sum(1 << kind.code for kind in KINDS.values() if kind.transit)


class Truth(NamedTuple):
    """One element an intent. `outcome` is what the client saw (simcore.kernel.layout.OUTCOMES), the rest what is so.

    placed_once, not_placed and duplicated are a partition; the others lie over it. `in_transit`: money of this transfer is on
    neither ledger, or on both. `reported_late`: the core learned late, or not at all, that the exchange had taken it in or refused it.
    """

    outcome: Array
    duplicated: Flags
    lost: Flags
    orphan: Flags
    stranded: Flags
    late: Flags
    placed_once: Flags
    not_placed: Flags
    in_transit: Flags
    reported_late: Flags


_DUPLICATED, _LOST, _ORPHAN, _STRANDED, _LATE, _PLACED_ONCE, _NOT_PLACED, _IN_TRANSIT, _REPORTED_LATE, _IN_CORE, _AT_EXCHANGE = (
    1 << i for i in range(11)
)


@inner
def _could_go_from(had_at, opens, closes):
    """When an order that was there then could first go to the exchange: at once while its hours run, else at the next opening."""
    for i in range(len(closes)):
        if closes[i] > had_at:
            return max(had_at, opens[i])
    return had_at


@inner
def _reported_late(L, order, end, late_ns):
    """Whether the core booked the first report of an order it has late, or has not booked any."""
    accepted, reported = L[order + k.ORD_ACCEPTED_AT], L[order + k.ORD_REPORTED_AT]
    known = end if reported == k.NOT_YET else reported
    return L[order + k.ORD_STATE] & k.RECORDED != 0 and accepted != k.NOT_YET and known - accepted > late_ns


@inner
def _became(rows, i, known, opens, closes, close, end, places, late_ns):
    """What became of the intent of the row at `i`; `known`: whether its order is in the core and at the exchange."""
    meta, recorded_at, placed_at = rows[i + k.ROW_META], rows[i + k.ROW_RECORDED_AT], rows[i + k.ROW_PLACED_AT]
    outcome, kind = meta >> k.META_OUTCOME & 15, meta >> k.META_KIND & 15
    recorded, placed = meta >> k.META_RECORDED & 255, meta >> k.META_PLACED & 255
    goes_on = _PLACED_KINDS >> kind & 1 == 1
    if not goes_on and placed_at == k.NOT_YET:
        placed_at = recorded_at
    in_core, at_exchange, has_been = known & _IN_CORE != 0, known & _AT_EXCHANGE != 0, placed_at != k.NOT_YET
    done = placed if goes_on else max(recorded, placed)
    bits = known & _REPORTED_LATE
    if max(recorded, placed) > 1:
        bits |= _DUPLICATED
    elif done <= 1:
        bits |= _PLACED_ONCE if done == 1 else _NOT_PLACED
    if kind == k.ORDER and outcome == CONFIRMED and not in_core and not at_exchange:
        bits |= _LOST
    if at_exchange and not in_core:
        bits |= _ORPHAN
    reached = (has_been and placed_at <= close) or meta & k.WAS_REFUSED != 0
    unseen = kind == k.ORDER and in_core and not reached and recorded_at < close
    if unseen or meta & k.WAS_STRANDED != 0:
        bits |= _STRANDED
    surprised = outcome != 0 and outcome != CONFIRMED and placed_at > rows[i + k.ROW_ANSWERED]
    # from when the core had it, not from when the customer began: an order by phone takes as long as the talk
    had_at = recorded_at if recorded_at != k.NOT_YET and recorded_at <= placed_at else rows[i + k.ROW_SUBMITTED]
    waits = places and kind == k.ORDER and in_core and not reached and not has_been
    by = placed_at if has_been else end
    if (has_been and surprised) or ((has_been or waits) and by > _could_go_from(had_at, opens, closes) + late_ns):
        bits |= _LATE
    if _TRANSIT_KINDS >> kind & 1 == 1 and rows[i + k.ROW_TRANSIT] != 0:
        bits |= _IN_TRANSIT
    return bits


@entry
def _judge(L, rows, orders, opens, closes, close, end, places, reports, late_ns, out):
    """Into `out`, zeroed, what became of each row's intent, as bits."""
    for n in range(len(orders)):
        order = U(orders[U(n)])
        state, row = L[order + k.ORD_STATE], U(L[order + k.ORD_ROW])
        if reports and _reported_late(L, order, end, late_ns):
            out[row] |= _REPORTED_LATE
        out[row] |= (_IN_CORE if state & k.RECORDED else 0) | (_AT_EXCHANGE if state & k.PLACED else 0)
    for row in range(len(out)):
        out[U(row)] = _became(rows, U(row) * U(k.ROW_STRIDE), out[U(row)], opens, closes, close, end, places, late_ns)


def truth(
    L: Array,
    rows: Array,
    close: int,
    *,
    hours: list[tuple[int, int]] | None = None,
    end: int = 0,
    places: bool = True,
    reports: bool = False,
    late_ns: int = LATE_NS,
) -> Truth:
    """What became of each intent, for a run whose last close was at `close` and which ended at `end`; `places`: orders go on to an exchange in
    it; `reports`: its core books what the exchange reports.

    Orders, cancels and transfers count as placed when exchange or bank took them in, all else when recorded. Late: placed
    after the client had its answer or concluded otherwise, or more than `late_ns` [guess] after it could go: when the core had
    recorded it (if it had not: at submission), or at the next opening of the exchange if its `hours` (from, to; ns, ascending) did
    not run then. So is an order that waits in the core at the end, and could have gone for so long, where orders are placed at all.
    A report is late by as much after the exchange took the order in, or refused it.
    """
    opens, closes = np.array(hours or np.empty((0, 2)), np.int64).T.copy()
    bits = np.zeros(len(rows) // k.ROW_STRIDE, np.int64)
    _judge(L, rows, handles_of(L).orders, opens, closes, close, end, places, reports, late_ns, bits)
    return Truth(k.meta(rows, k.META_OUTCOME, 4), *(bits >> i & 1 != 0 for i in range(9)))
