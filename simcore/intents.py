"""What the journal says of each intent: what the customer saw, and what became of it in truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simcore.journal.model import FLAGS, REPORTED_LATE, Columns
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.truth import truth


def intent_columns(
    ledger: k.Array, used_rows: k.Array, *, hours: list[tuple[int, int]], close: int, end: int, places: bool, reports: bool
) -> Columns:
    """The journal's columns of the intents of a ledger; the arguments are those of simcore.kernel.ledger.truth."""
    rows = used_rows.reshape(-1, k.ROW_STRIDE).T
    meta, who = rows[k.ROW_META].copy(), rows[k.ROW_WHO].copy()
    became = truth(ledger, used_rows, close, hours=hours, end=end, places=places, reports=reports)
    flags = np.zeros(len(meta), np.int32)
    bits: Mapping[str, int] = FLAGS
    for name, bit in bits.items():
        flags += getattr(became, name) * np.int32(bit)
    flags += became.reported_late * np.int32(REPORTED_LATE)
    is_order = meta >> k.META_KIND & 15 == k.ORDER
    return {
        "request": rows[k.ROW_REQUEST],
        "flow": meta & 4095,
        "customer": who >> 8,
        "submit_ns": rows[k.ROW_SUBMITTED],
        "answer_ns": np.maximum(rows[k.ROW_ANSWERED], 0),
        "outcome": meta >> k.META_OUTCOME & 15,
        "code": meta >> k.META_CODE & 255,
        "attempts": meta >> k.META_ATTEMPTS & 255,
        "side": np.where(is_order, np.where(who & 1, np.int8(1), np.int8(2)), np.int8(0)),
        "quantity": rows[k.ROW_QUANTITY],
        "price_cents": np.where(is_order, rows[k.ROW_PRICE], 0),
        "recorded": meta >> k.META_RECORDED & 255,
        "placed": meta >> k.META_PLACED & 255,
        "flags": flags,
    }
