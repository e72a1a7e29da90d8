"""What the end of a day settles, to the nanosecond and the cent: which orders and fund orders are due, and what becomes of each."""

from __future__ import annotations

from typing import Any

import pytest
from ledger_world import BATCH, CLOSE, DAY, HOUR, OPEN, World, account_of

from simcore.kernel.ledger import fund_company, orders
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.books import FileState
from simcore.kernel.ledger.settlement import CLOSE_NS, end_of_day

SUBSCRIBE, REDEEM = fund_company.FUND_SUBSCRIBE, fund_company.FUND_REDEEM


def state(w: World, order: int) -> int:
    """The state of an order, in bits."""
    return int(w.L[order + int(k.ORD_STATE)])


def settled(w: World, now: int = BATCH, **more: Any) -> tuple[int, int, int]:
    """What the end of a day counts of the exchange: settled, closed, stranded."""
    counts = end_of_day(w.L, w.rows, now, **more)
    assert w.broken() == []
    return counts["settled"], counts["closed"], counts["stranded"]


# --- which day is settled -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("recorded", "due"), [(CLOSE - 1, True), (CLOSE, False), (CLOSE + 1, False)])
def test_what_is_recorded_at_the_close_waits_for_the_next_day(recorded: int, due: bool) -> None:
    """The exchange never saw it: a nanosecond before the close it is stranded, at the close it is an overnight order."""
    w = World()
    w.order(now=recorded)
    assert settled(w) == (1, int(due), int(due))


@pytest.mark.parametrize(
    ("now", "due"), [(CLOSE - 1, False), (CLOSE, True), (CLOSE + 1, True), (DAY + CLOSE - 1, True), (DAY + CLOSE, True)]
)
def test_the_day_that_closed_last_is_settled(now: int, due: bool) -> None:
    """An order of ten o'clock: the batch of a nanosecond before three is still that of the day before."""
    w = World()
    w.order()
    assert settled(w, now) == (1, int(due), int(due))
    assert CLOSE_NS == CLOSE


@pytest.mark.parametrize(("recorded", "due"), [(DAY + CLOSE - 1, True), (DAY + CLOSE, False)])
def test_a_later_day_has_a_close_of_its_own(recorded: int, due: bool) -> None:
    """The batch of the second day, run after midnight."""
    w = World()
    w.order(now=recorded)
    assert settled(w, 2 * DAY + HOUR) == (1, int(due), int(due))


@pytest.mark.parametrize(("close", "due"), [(OPEN, 0), (OPEN + 1, 1)])
def test_a_close_may_be_said(close: int, due: int) -> None:
    """Whatever the time of the batch."""
    w = World()
    w.order()
    assert settled(w, BATCH, close=close) == (1, due, due)


@pytest.mark.parametrize(("accepted", "ended"), [(BATCH - 1, True), (BATCH, True), (BATCH + 1, False)])
def test_what_the_exchange_took_in_by_then_has_ended(accepted: int, ended: bool) -> None:
    """Up to the instant of the batch; the core closes its side all the same."""
    w = World()
    row, order = w.order()
    w.do(orders.ORDER_ACCEPT, row, order, now=accepted)
    assert settled(w) == (1, 1, 0)
    assert (state(w, order) & k.EXPIRED != 0) is ended
    assert state(w, order) & k.CLOSED


# --- what becomes of an order ---------------------------------------------------------------------------------------------------


def test_each_order_is_settled_by_its_state() -> None:
    """Open at the exchange: expires. Filled and reported: is closed already. Refused and not reported: closed. Never seen: stranded.
    Recorded overnight: waits. What the exchange took in ends there."""
    w = World()
    made = {}
    for name in ("open", "filled", "refused", "unseen", "night"):
        made[name] = w.order(1 if name == "night" else 0, quantity=100, now=16 * HOUR if name == "night" else OPEN)
    for name in ("open", "filled"):
        w.do(orders.ORDER_ACCEPT, *made[name])
    row, filled = made["filled"]
    w.exchange_fills(filled, 100)
    w.do(orders.ORDER_REPORT, row, filled, 100 << 1)
    w.L[made["refused"][1] + int(k.ORD_STATE)] |= k.REFUSED
    assert settled(w) == (1, 3, 1)
    expired = {name for name, (_, order) in made.items() if state(w, order) & k.EXPIRED}
    closed = {name for name, (_, order) in made.items() if state(w, order) & k.CLOSED}
    stranded = {name for name, (row, _) in made.items() if w.field(row, k.ROW_META) & k.WAS_STRANDED}
    assert (closed, stranded) == ({"open", "filled", "refused", "unseen"}, {"unseen"})
    assert expired == {"open", "filled"}
    assert settled(w, BATCH + HOUR) == (1, 0, 0), "a second batch of the day has nothing to do"
    assert settled(w, DAY + BATCH) == (1, 1, 1), "the overnight order is due the next day"


def test_fills_are_booked_and_the_rest_is_given_back() -> None:
    """200 of 500 shares at most 10 yuan were bought and never reported; of a sale 300 of 500."""
    w = World()
    cash, shares = w.of(0, k.ACC_AVAILABLE), w.of(1, k.HLD_AVAILABLE, 0)
    row, bought = w.order(0)
    w.do(orders.ORDER_ACCEPT, row, bought)
    w.exchange_fills(bought, 200)
    row, sold = w.order(1, buy=False)
    w.do(orders.ORDER_ACCEPT, row, sold)
    w.exchange_fills(sold, 300)
    proceeds = w.of(1, k.ACC_AVAILABLE)
    assert settled(w) == (1, 2, 0)
    paid = 200 * int(w.L[bought + int(k.ORD_FILL_PRICE)]) + 500
    assert (w.of(0, k.ACC_AVAILABLE), w.of(0, k.ACC_FROZEN)) == (cash - paid, 0)
    value = 300 * int(w.L[sold + int(k.ORD_FILL_PRICE)])
    assert w.of(1, k.ACC_AVAILABLE) == proceeds + value - 500 - value * 5 // 10_000
    assert w.of(1, k.HLD_AVAILABLE, 0) == shares - 300
    assert [int(w.L[order + int(k.ORD_BOOKED)]) for order in (bought, sold)] == [200, 300]


def test_what_was_bought_today_can_be_sold_and_what_was_earned_withdrawn() -> None:
    """Of every holding of every customer; the day's share is added to what there was, and is there no more."""
    w = World()
    for customer in range(3):
        account = w.of(customer, k.ACC_UNSETTLED)
        assert account == 0
        for holding in range(int(k.HOLDINGS)):
            at = account_words(w, customer, holding)
            w.L[at + int(k.HLD_TODAY)] += 10 * (customer + 1) + holding
            w.L[at + int(k.HLD_AVAILABLE)] += 7
    before = [[w.of(c, k.HLD_AVAILABLE, h) for h in range(int(k.HOLDINGS))] for c in range(3)]
    end_of_day(w.L, w.rows, BATCH)
    for c in range(3):
        for h in range(int(k.HOLDINGS)):
            assert w.of(c, k.HLD_AVAILABLE, h) == before[c][h] + 10 * (c + 1) + h
            assert w.of(c, k.HLD_TODAY, h) == 0


def account_words(w: World, customer: int, holding: int) -> int:
    """Where a holding of a customer begins."""
    return int(account_of(w.L, customer)) + int(k.ACC_HOLDINGS) + holding * int(k.HLD_SIZE)


@pytest.mark.parametrize("file", ["late", "missing", "corrupt"])
def test_without_a_good_clearing_file_only_the_exchange_ends_its_day(file: FileState) -> None:
    """What it took in has expired; the core keeps everything frozen, and nothing is settled, until the file is good."""
    w = World()
    row, order = w.order()
    w.do(orders.ORDER_ACCEPT, row, order)
    unseen_row, _ = w.order(1)
    before = int(w.L[orders.SETTLED_AT])
    assert settled(w, files={"clearing": file}) == (0, 0, 0)
    assert state(w, order) & k.EXPIRED
    assert not state(w, order) & k.CLOSED
    assert not w.field(unseen_row, k.ROW_META) & k.WAS_STRANDED
    assert (w.of(0, k.ACC_FROZEN), int(w.L[orders.SETTLED_AT])) == (500_500, before)
    assert settled(w, BATCH + HOUR, files={"fund": file}) == (1, 2, 1)
    assert (w.of(0, k.ACC_FROZEN), int(w.L[orders.SETTLED_AT])) == (0, BATCH + HOUR)


def test_a_day_without_orders_is_settled() -> None:
    """It counts none, and every counterparty counts its own."""
    w = World()
    counts = end_of_day(w.L, w.rows, BATCH)
    assert counts == {"settled": 1, "closed": 0, "stranded": 0, "fund_confirmed": 0, "fund_pending": 0}
    assert int(w.L[orders.SETTLED_AT]) == BATCH


# --- fund orders ----------------------------------------------------------------------------------------------------------------


def funds(w: World, now: int, file: FileState = "ok") -> tuple[int, int]:
    """What the end of a day counts of the fund company: confirmed, pending."""
    counts = end_of_day(w.L, w.rows, now, files={"fund": file})
    assert w.broken() == []
    return counts["fund_confirmed"], counts["fund_pending"]


def fund_order(
    w: World, effect: int = SUBSCRIBE, amount: int = 10_000, *, now: int = OPEN, times: int = 1, customer: int = 0
) -> int:
    """A fund order, recorded so often."""
    row = w.intend(k.FUND, customer, quantity=amount)
    for _ in range(times):
        assert w.do(effect, row, now=now) == k.OK
    return row


@pytest.mark.parametrize(
    ("recorded", "day"), [(0, 1), (CLOSE - 1, 1), (CLOSE, 2), (CLOSE + 1, 2), (DAY + CLOSE - 1, 2), (DAY + CLOSE, 3)]
)
def test_a_fund_order_at_the_cut_off_is_of_the_next_dealing_day(recorded: int, day: int) -> None:
    """And is confirmed by the file of the day after its dealing day, from midnight on."""
    w = World()
    fund_order(w, now=recorded)
    assert funds(w, day * DAY - 1) == (0, 0)
    assert funds(w, day * DAY) == (1, 0)
    assert funds(w, (day + 1) * DAY) == (0, 0)


def test_a_subscription_becomes_units_and_a_redemption_cash() -> None:
    """To the cent, as often as each was recorded: what was asked for three times is done three times."""
    w = World()
    cash, units, backing = w.of(0, k.ACC_AVAILABLE), w.of(0, k.ACC_FUND), int(w.L[k.FUND_CASH])
    broker = int(w.L[k.BROKER_CASH])
    fund_order(w, SUBSCRIBE, 10_000, times=3)
    assert (w.of(0, k.ACC_FUND_CASH), w.of(0, k.ACC_AVAILABLE)) == (30_000, cash - 30_000)
    assert funds(w, DAY + BATCH) == (1, 0)
    assert (w.of(0, k.ACC_FUND), w.of(0, k.ACC_FUND_CASH), int(w.L[k.FUND_CASH])) == (units + 30_000, 0, backing + 30_000)
    assert int(w.L[k.BROKER_CASH]) == broker - 30_000
    fund_order(w, REDEEM, 7_000, now=DAY + OPEN, times=2)
    assert (w.of(0, k.ACC_FUND), w.of(0, k.ACC_FUND_REDEEMING)) == (units + 16_000, 14_000)
    assert funds(w, 2 * DAY + BATCH) == (1, 0)
    assert (w.of(0, k.ACC_FUND_REDEEMING), w.of(0, k.ACC_AVAILABLE)) == (0, cash - 16_000)
    assert (int(w.L[k.FUND_CASH]), int(w.L[k.BROKER_CASH])) == (backing + 16_000, broker - 16_000)


def test_an_intent_that_subscribed_and_redeemed_is_confirmed_in_both() -> None:
    """An intent's row counts the two apart."""
    w = World()
    with_units(w)
    cash, units = w.of(0, k.ACC_AVAILABLE), w.of(0, k.ACC_FUND)
    row = fund_order(w, SUBSCRIBE, 1_000, now=DAY + OPEN)
    for effect in (REDEEM, SUBSCRIBE, REDEEM, SUBSCRIBE):
        assert w.do(effect, row, now=DAY + OPEN) == k.OK
    assert funds(w, 2 * DAY + BATCH) == (1, 0)
    assert (w.of(0, k.ACC_FUND), w.of(0, k.ACC_AVAILABLE)) == (units + 3_000 - 2_000, cash - 3_000 + 2_000)
    assert w.field(row, k.ROW_PROGRESS) == 0


def with_units(w: World) -> None:
    """The first customer has units of 10,000 yuan from the first day."""
    fund_order(w, SUBSCRIBE, 1_000_000)
    assert funds(w, DAY + BATCH - HOUR) == (1, 0)


@pytest.mark.parametrize(
    ("file", "counts", "next_day"),
    [("ok", (5, 0), (0, 0)), ("late", (0, 5), (5, 0)), ("missing", (0, 5), (0, 0)), ("corrupt", (3, 2), (0, 0))],
)
def test_a_file_confirms_what_is_in_it(file: FileState, counts: tuple[int, int], next_day: tuple[int, int]) -> None:
    """Five fund orders in rows 0 to 4: corrupt spoils every other; what a late one has comes a day later; the rest is in no file."""
    w = World()
    rows = [fund_order(w, customer=n % 3) for n in range(5)]
    assert funds(w, DAY + BATCH, file) == counts
    open_ = [row for row in rows if w.field(row, k.ROW_PROGRESS)]
    assert open_ == {"ok": [], "late": rows, "missing": rows, "corrupt": [1, 3]}[file]
    missed = [row for row in rows if w.field(row, k.ROW_META) & k.FILE_MISSED]
    assert missed == {"ok": [], "late": [], "missing": rows, "corrupt": [1, 3]}[file]
    assert funds(w, 2 * DAY + BATCH) == next_day


def test_what_a_file_missed_stays_out_of_later_ones() -> None:
    """New fund orders are confirmed beside it, and its mark goes when reconciliation confirms it."""
    w = World()
    old = fund_order(w)
    assert funds(w, DAY + BATCH, "missing") == (0, 1)
    new = fund_order(w, now=DAY + OPEN)
    assert funds(w, 2 * DAY + BATCH) == (1, 0)
    assert [bool(w.field(row, k.ROW_PROGRESS)) for row in (old, new)] == [True, False]
    fund_company._reconcile(w.L, w.rows, 2 * DAY + BATCH)
    assert (w.field(old, k.ROW_PROGRESS), w.field(old, k.ROW_META) & k.FILE_MISSED) == (0, 0)
    assert w.broken() == []


def test_only_fund_orders_are_due() -> None:
    """A stock order, and a fund order that was never recorded, are in no file."""
    w = World()
    with_units(w)
    w.order(now=DAY + OPEN)
    w.intend(k.FUND, 0, quantity=500)
    fund_order(w, fund_company.FUND_FAST_REDEEM, 1_000, now=DAY + OPEN)
    assert funds(w, 2 * DAY + BATCH) == (0, 0)
