"""What the core loses at a failover, and comparing it with its counterparties."""

from __future__ import annotations

from simcore.kernel.jit import entry_that_allocates
from simcore.kernel.layout import U
from simcore.kernel.ledger import orders
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.accounts import handles_of
from simcore.kernel.ledger.books import Counts
from simcore.kernel.ledger.counterparties import BY_NAME


@entry_that_allocates
def _forget(L, handles):
    """Undoes orders, the last first. Proceeds that are spent already are the broker's loss."""
    for handle in handles[::-1]:
        order = U(handle)
        account, holding, at = U(L[order + k.ORD_ACCOUNT]), U(L[order + k.ORD_HOLDING]), U(L[order + k.ORD_INSTRUMENT])
        way, booked, charged = L[order + k.ORD_SIDE], L[order + k.ORD_BOOKED], L[order + k.ORD_FEES]
        value = booked * L[order + k.ORD_FILL_PRICE]
        owed = way * value + charged  # to the customer; negative for a sell
        source, kept = orders.frozen_at(L, order)
        L[source] += L[order + k.ORD_FROZEN]
        L[kept] -= L[order + k.ORD_FROZEN]
        given = max(owed, -L[account + k.ACC_AVAILABLE])
        L[account + k.ACC_AVAILABLE] += given
        L[k.BROKER_CASH] += given
        L[k.SUSPENSE] += owed - given
        L[orders.MARKET_CASH] -= way * value
        L[orders.FEES] -= charged
        L[at + k.INS_SHARES] += way * booked
        if way == k.BUY:
            L[holding + k.HLD_TODAY] -= booked
        else:
            L[holding + k.HLD_AVAILABLE] += booked
            L[account + k.ACC_UNSETTLED] += owed
        L[order + k.ORD_STATE] = L[order + k.ORD_STATE] & ~(k.RECORDED | k.CLOSED | k.CANCEL_ASKED) | k.LOST
        L[order + k.ORD_BOOKED], L[order + k.ORD_FEES], L[order + k.ORD_FROZEN] = 0, 0, 0


def lose_unreplicated(L: k.Array, rows: k.Array, now: int, lag_ns: int) -> int:
    """Orders the core recorded within the last `lag_ns` vanish from it with their freezes and bookings; returns how many.

    The exchange keeps what it has. What was settled is safe. Bookings of older orders and what the core recorded of other
    counterparties are kept as well (a simplification: reports are cumulative, so the next one would bring the former back).
    """
    handles = handles_of(L).orders
    recorded = k.values_of(L, handles, k.ORD_RECORDED_AT)
    kept_until = max(now - lag_ns, int(L[orders.SETTLED_AT]))
    lost = handles[(k.values_of(L, handles, k.ORD_STATE) & k.RECORDED != 0) & (recorded > kept_until)]
    _forget(L, lost)
    return len(lost)


def reconcile(L: k.Array, rows: k.Array, counterparty: str, now: int) -> Counts:
    """Compares the core with a counterparty's books, repairs the core, and returns how many differences of each kind there were."""
    known = [name for name, books in BY_NAME.items() if books.reconcile]
    if counterparty not in known:
        raise ValueError(f"no such counterparty: {counterparty!r}; it is one of {', '.join(sorted(known))}")
    compare = BY_NAME[counterparty].reconcile
    assert compare is not None
    return compare(L, rows, now)
