"""End of day, loss, reconciliation, truth; and that the conservation laws hold under anything, and fail when they are broken."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_calls import callable_of
from ledger_world import BATCH, CLOSE, DAY, HOUR, MINUTE, OPEN, World, account_of

from simcore.kernel.layout import CONFIRMED, UNKNOWN
from simcore.kernel.ledger import accounts, bank, fund_company, intents, orders
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.books import FileState
from simcore.kernel.ledger.conservation import conservation
from simcore.kernel.ledger.reconciliation import lose_unreplicated, reconcile
from simcore.kernel.ledger.settlement import end_of_day
from simcore.kernel.ledger.truth import truth as truth_of

answer = callable_of(intents.answer)


def test_end_of_day_expires_what_is_open_and_gives_everything_back() -> None:
    w = World()
    cash = w.of(0, k.ACC_AVAILABLE)
    row, order = w.order()
    w.do(orders.ORDER_ACCEPT, row, order)
    counts = end_of_day(w.L, w.rows, BATCH)
    assert (counts["closed"], counts["stranded"]) == (1, 0)
    assert (w.of(0, k.ACC_AVAILABLE), w.of(0, k.ACC_FROZEN)) == (cash, 0)
    assert w.do(orders.ORDER_FILL, row, order) == k.REJECTED
    assert w.broken() == []


def test_end_of_day_books_the_fills_whose_reports_were_lost() -> None:
    w = World()
    cash = w.of(0, k.ACC_AVAILABLE)
    row, order = w.order(quantity=500, price=1000)
    w.do(orders.ORDER_ACCEPT, row, order)
    w.exchange_fills(order, 300)
    end_of_day(w.L, w.rows, BATCH)
    paid = 300 * int(w.L[order + int(k.ORD_FILL_PRICE)]) + 500
    assert w.of(0, k.ACC_AVAILABLE) == cash - paid
    assert w.broken() == []


def test_shares_bought_and_proceeds_are_free_after_settlement_and_not_before() -> None:
    w = World()
    shares = w.of(0, k.HLD_AVAILABLE, 0)
    for buy in (True, False):
        row, order = w.order(buy=buy, quantity=200)
        w.do(orders.ORDER_ACCEPT, row, order)
        w.exchange_fills(order, 200)
        w.do(orders.ORDER_REPORT, row, order, 200 << 1)
    assert (w.of(0, k.HLD_AVAILABLE, 0), w.of(0, k.HLD_TODAY, 0)) == (shares - 200, 200)
    assert w.of(0, k.ACC_UNSETTLED) > 0
    end_of_day(w.L, w.rows, BATCH)
    assert (w.of(0, k.HLD_AVAILABLE, 0), w.of(0, k.HLD_TODAY, 0), w.of(0, k.ACC_UNSETTLED)) == (shares, 0, 0)
    assert w.broken() == []


def test_without_a_clearing_file_nothing_is_given_back_until_it_comes() -> None:
    w = World()
    w.order()
    assert end_of_day(w.L, w.rows, BATCH, files={"clearing": "late"})["settled"] == 0
    assert w.of(0, k.ACC_FROZEN) == 500_500
    assert end_of_day(w.L, w.rows, BATCH + HOUR)["closed"] == 1
    assert w.of(0, k.ACC_FROZEN) == 0


def test_a_settlement_past_midnight_is_still_that_of_the_day_before() -> None:
    """What was recorded after the close is due the next day and not stranded, however late the batch; what was due is."""
    w = World()
    day_row, _ = w.order()
    night_row, _ = w.order(1, now=16 * HOUR)
    assert end_of_day(w.L, w.rows, DAY + HOUR)["stranded"] == 1
    truth = truth_of(w.L, w.rows, CLOSE)
    assert (truth.stranded[day_row], truth.stranded[night_row]) == (True, False)
    assert w.of(1, k.ACC_FROZEN) > 0
    assert w.broken() == []


def test_an_order_the_exchange_never_saw_is_stranded_at_the_close_but_an_overnight_order_is_not() -> None:
    w = World()
    day_row, _ = w.order()
    night_row, night = w.order(1, now=16 * HOUR)
    assert end_of_day(w.L, w.rows, BATCH)["stranded"] == 1
    truth = truth_of(w.L, w.rows, CLOSE)
    assert (truth.stranded[day_row], truth.stranded[night_row]) == (True, False)
    assert w.of(1, k.ACC_FROZEN) > 0
    assert w.do(orders.ORDER_ACCEPT, night_row, night, now=DAY + 9 * HOUR) == k.OK
    end_of_day(w.L, w.rows, DAY + BATCH)
    assert w.of(1, k.ACC_FROZEN) == 0
    assert w.broken() == []


def test_fund_orders_are_confirmed_the_next_day_and_after_the_cut_off_a_day_later() -> None:
    w = World()
    before = w.intend(k.FUND, 0, quantity=10_000)
    after = w.intend(k.FUND, 0, quantity=20_000)
    units = w.of(0, k.ACC_FUND)
    w.do(fund_company.FUND_SUBSCRIBE, before, now=14 * HOUR)
    w.do(fund_company.FUND_SUBSCRIBE, after, now=16 * HOUR)
    assert (w.of(0, k.ACC_FUND_CASH), w.of(0, k.ACC_FUND)) == (30_000, units)
    assert end_of_day(w.L, w.rows, BATCH)["fund_confirmed"] == 0
    assert end_of_day(w.L, w.rows, DAY + BATCH)["fund_confirmed"] == 1
    assert (w.of(0, k.ACC_FUND_CASH), w.of(0, k.ACC_FUND)) == (20_000, units + 10_000)
    assert end_of_day(w.L, w.rows, 2 * DAY + BATCH)["fund_confirmed"] == 1
    assert w.of(0, k.ACC_FUND) == units + 30_000
    assert w.broken() == []


@pytest.mark.parametrize(("file", "next_day", "reconciled"), [("late", 2, 0), ("missing", 0, 2), ("corrupt", 0, 1)])
def test_a_late_fund_file_heals_itself_and_a_missing_or_corrupt_one_needs_reconciliation(
    file: FileState, next_day: int, reconciled: int
) -> None:
    w = World()
    for _ in range(2):
        w.do(fund_company.FUND_SUBSCRIBE, w.intend(k.FUND, 0, quantity=10_000))
    first = end_of_day(w.L, w.rows, DAY + BATCH, files={"fund": file})["fund_confirmed"]
    assert first == (1 if file == "corrupt" else 0)
    assert end_of_day(w.L, w.rows, 2 * DAY + BATCH)["fund_confirmed"] == next_day
    assert reconcile(w.L, w.rows, "fund", 2 * DAY + BATCH) == {"unconfirmed": reconciled}
    assert w.of(0, k.ACC_FUND_CASH) == 0
    assert w.broken() == []


def test_orders_younger_than_the_lag_are_lost_or_orphans_and_older_ones_stay() -> None:
    w = World()
    cash = w.of(0, k.ACC_AVAILABLE)
    old, _ = w.order(1, now=OPEN)
    lost, _ = w.order(0, now=OPEN + MINUTE)
    orphan, placed = w.order(0, now=OPEN + MINUTE)
    w.do(orders.ORDER_ACCEPT, orphan, placed, now=OPEN + MINUTE)
    for row in (old, lost, orphan):
        answer(w.L, w.rows, row, OPEN + MINUTE, CONFIRMED, 0, 1)
    assert lose_unreplicated(w.L, w.rows, OPEN + MINUTE + 5, MINUTE) == 2
    truth = truth_of(w.L, w.rows, CLOSE)
    assert truth.lost.tolist() == [False, True, False]
    assert truth.orphan.tolist() == [False, False, True]
    assert w.of(0, k.ACC_AVAILABLE) == cash
    assert w.broken() == []


def test_losing_a_sale_whose_proceeds_are_spent_costs_the_broker() -> None:
    w = World()
    row, order = w.order(buy=False, quantity=200)
    w.do(orders.ORDER_ACCEPT, row, order)
    w.exchange_fills(order, 200)
    w.do(orders.ORDER_REPORT, row, order, 200 << 1)
    price, cash = int(w.L[order + int(k.ORD_FILL_PRICE)]), w.of(0, k.ACC_AVAILABLE)
    assert w.do(fund_company.FUND_SUBSCRIBE, w.intend(k.FUND, 0, quantity=cash)) == k.OK
    lose_unreplicated(w.L, w.rows, OPEN + 1, MINUTE)
    assert w.of(0, k.ACC_AVAILABLE) == 0
    assert int(w.L[k.SUSPENSE]) == -(200 * price - 500 - 200 * price * 5 // 10_000)
    assert w.broken() == []


def test_what_was_settled_cannot_be_lost() -> None:
    w = World()
    w.order()
    end_of_day(w.L, w.rows, BATCH)
    assert lose_unreplicated(w.L, w.rows, BATCH + 1, DAY) == 0


def test_reconciliation_with_the_exchange_takes_up_orphans_and_books_missed_fills() -> None:
    w = World()
    row, orphan = w.order(0)
    w.do(orders.ORDER_ACCEPT, row, orphan)
    w.exchange_fills(orphan, 200)
    lose_unreplicated(w.L, w.rows, OPEN + 1, MINUTE)
    row, missed = w.order(1)
    w.do(orders.ORDER_ACCEPT, row, missed)
    w.exchange_fills(missed, 500)
    w.order(2)
    found = reconcile(w.L, w.rows, "exchange", OPEN)
    assert found == {"orphans": 1, "duplicates": 0, "unreported": 1, "unplaced": 1}
    assert (w.of(0, k.HLD_TODAY, 0), w.of(1, k.HLD_TODAY, 0)) == (200, 500)
    assert w.of(0, k.ACC_FROZEN) > 0
    assert w.broken() == []
    assert reconcile(w.L, w.rows, "exchange", OPEN) == {"orphans": 0, "duplicates": 0, "unreported": 0, "unplaced": 1}


def test_a_customer_who_cannot_pay_for_an_orphan_is_lent_the_rest_by_the_broker() -> None:
    w = World()
    row, order = w.order(0)
    w.do(orders.ORDER_ACCEPT, row, order)
    lose_unreplicated(w.L, w.rows, OPEN + 1, MINUTE)
    left = 100_000
    w.do(fund_company.FUND_SUBSCRIBE, w.intend(k.FUND, 0, quantity=w.of(0, k.ACC_AVAILABLE) - left))
    reconcile(w.L, w.rows, "exchange", OPEN)
    assert (w.of(0, k.ACC_AVAILABLE), w.of(0, k.ACC_FROZEN), int(w.L[k.SUSPENSE])) == (0, 500_500, left - 500_500)
    assert w.broken() == []


@pytest.mark.parametrize("dropped", [False, True])
def test_an_orphan_taken_up_again_is_on_its_customers_list_once(dropped: bool) -> None:
    w = World()
    placed = []
    for _ in range(3):
        row, order = w.order(0)
        w.do(orders.ORDER_ACCEPT, row, order)
        placed.append(order)
    lose_unreplicated(w.L, w.rows, OPEN + 1, MINUTE)
    if dropped:
        assert w.do(orders.CANCEL_RECORD, w.intend(k.CANCEL)) == k.REJECTED
    assert reconcile(w.L, w.rows, "exchange", OPEN)["orphans"] == 3
    listed, order = [], w.of(0, k.ACC_LAST_ORDER)
    while order and len(listed) < 10:
        listed.append(order)
        order = int(w.L[order + int(k.ORD_PREVIOUS)])
    assert sorted(listed) == placed


def test_fills_of_an_order_placed_twice_go_to_the_error_account() -> None:
    w = World()
    row, order = w.order(0, quantity=300)
    w.do(orders.ORDER_ACCEPT, row, order)
    w.do(orders.ORDER_ACCEPT, row, order)
    clone = int(w.L[k.OUT_REF])
    assert clone != order
    w.exchange_fills(clone, 300)
    assert reconcile(w.L, w.rows, "exchange", OPEN)["duplicates"] == 1
    assert int(w.L[k.SUSPENSE]) == -300 * int(w.L[clone + int(k.ORD_FILL_PRICE)])
    assert w.of(0, k.HLD_TODAY, 0) == 0
    assert truth_of(w.L, w.rows, CLOSE).duplicated.tolist() == [True]
    assert w.broken() == []


def test_what_the_customer_takes_is_not_lateness_what_the_core_takes_is() -> None:
    """The talk of an order by phone comes before the core has it."""
    w = World()
    for customer, (recorded, accepted) in enumerate([(2 * MINUTE, 2 * MINUTE + 1), (0, MINUTE), (0, MINUTE + 1)]):
        row = w.intend(k.ORDER, customer, quantity=500)
        w.do(orders.ORDER_RECORD, row, now=OPEN + recorded)
        w.do(orders.ORDER_ACCEPT, row, int(w.L[k.OUT_REF]), now=OPEN + accepted)
    assert truth_of(w.L, w.rows, CLOSE).late.tolist() == [False, False, True]
    opens_a_minute_later = [(OPEN - HOUR, OPEN - HOUR // 2), (OPEN + MINUTE, CLOSE)]
    assert truth_of(w.L, w.rows, CLOSE, hours=opens_a_minute_later).late.tolist() == [False, False, False]


def test_a_fund_order_recorded_after_the_client_gave_up_is_late() -> None:
    w = World()
    answered, given_up = (w.intend(k.FUND, customer, quantity=1_000) for customer in (0, 1))
    w.do(fund_company.FUND_SUBSCRIBE, answered)
    answer(w.L, w.rows, given_up, OPEN + 1, UNKNOWN, 8, 1)
    w.do(fund_company.FUND_SUBSCRIBE, given_up, now=OPEN + 2)
    assert truth_of(w.L, w.rows, CLOSE).late.tolist() == [False, True]


def test_an_order_closed_by_the_core_but_accepted_later_is_taken_up_again() -> None:
    w = World()
    row, order = w.order(0)
    end_of_day(w.L, w.rows, BATCH)
    w.do(orders.ORDER_ACCEPT, row, order, now=DAY + OPEN)
    assert reconcile(w.L, w.rows, "exchange", DAY + OPEN)["orphans"] == 1
    assert w.of(0, k.ACC_FROZEN) == 500_500
    truth = truth_of(w.L, w.rows, CLOSE)
    assert (truth.stranded[0], truth.late[0]) == (True, True)
    assert w.broken() == []


RESERVE, DEBIT, BANK_CREDIT, CREDIT, REVERSE = (
    bank.TRANSFER_RESERVE,
    bank.TRANSFER_BANK_DEBIT,
    bank.TRANSFER_BANK_CREDIT,
    bank.TRANSFER_CREDIT,
    bank.TRANSFER_REVERSE,
)


@pytest.mark.parametrize(
    ("buy", "made", "found", "cash", "at_bank"),
    [
        (True, [RESERVE, DEBIT], {"stuck": 1, "overpaid": 0}, +10_000, -10_000),
        (True, [DEBIT, DEBIT], {"stuck": 1, "overpaid": 0}, +10_000, -10_000),
        (True, [DEBIT, DEBIT, CREDIT], {"stuck": 1, "overpaid": 0}, +10_000, -10_000),
        (True, [DEBIT, CREDIT, CREDIT], {"stuck": 0, "overpaid": 1}, +10_000, -10_000),
        (False, [RESERVE], {"stuck": 1, "overpaid": 0}, 0, 0),
        (False, [RESERVE, BANK_CREDIT, REVERSE], {"stuck": 0, "overpaid": 1}, -10_000, +10_000),
        (False, [RESERVE, BANK_CREDIT], {"stuck": 0, "overpaid": 0}, -10_000, +10_000),
    ],
)
def test_reconciliation_with_the_bank_clears_what_is_in_transit(
    buy: bool, made: list[int], found: dict[str, int], cash: int, at_bank: int
) -> None:
    w = World()
    cash_before, bank_before = w.of(0, k.ACC_AVAILABLE), w.of(0, k.ACC_BANK)
    row = w.intend(k.TRANSFER, 0, buy=buy, quantity=10_000)
    assert [w.do(effect, row) for effect in made] == [k.OK] * len(made)
    assert truth_of(w.L, w.rows, CLOSE).in_transit[row] == (sum(found.values()) > 0)
    assert reconcile(w.L, w.rows, "bank", OPEN) == found
    assert (w.of(0, k.ACC_AVAILABLE) - cash_before, w.of(0, k.ACC_BANK) - bank_before) == (cash, at_bank)
    assert int(w.L[bank.IN_TRANSIT]) == 0
    assert w.broken() == []


def test_reconcile_names_the_counterparties_it_knows() -> None:
    w = World()
    with pytest.raises(ValueError, match="bank, exchange, fund"):
        reconcile(w.L, w.rows, "post-office", OPEN)


def test_truth_tells_placed_once_not_placed_and_late_apart() -> None:
    w = World()
    once, order = w.order(0)
    w.do(orders.ORDER_ACCEPT, once, order, now=OPEN + 1)
    late, order = w.order(1)
    answer(w.L, w.rows, late, OPEN + 1, UNKNOWN, 8, 1)
    w.do(orders.ORDER_ACCEPT, late, order, now=OPEN + 2)
    waiting, _ = w.order(2)
    truth = truth_of(w.L, w.rows, CLOSE)
    assert truth.placed_once.tolist() == [True, True, False]
    assert truth.not_placed.tolist() == [False, False, True]
    assert truth.late.tolist() == [False, True, False]
    assert truth.stranded.tolist() == [False, False, True]
    assert waiting == 2
    assert truth.outcome.tolist() == [0, UNKNOWN, 0]


# --- the laws can fail, and do not ----------------------------------------------------------------------------------


def busy() -> World:
    """A world with an open buy and an open sell, both filled in part, a transfer and a fund order under way."""
    w = World()
    for customer, buy in ((0, True), (1, False)):
        row, order = w.order(customer, buy=buy, quantity=500)
        w.do(orders.ORDER_ACCEPT, row, order)
        w.exchange_fills(order, 200)
        w.do(orders.ORDER_REPORT, row, order, 200 << 1)
    w.do(bank.TRANSFER_RESERVE, w.intend(k.TRANSFER, 0, buy=False, quantity=10_000))
    w.do(fund_company.FUND_SUBSCRIBE, w.intend(k.FUND, 0, quantity=10_000))
    return w


def test_the_laws_hold_in_a_busy_world() -> None:
    assert busy().broken() == []


def _account(w: World, field: np.uint64) -> int:
    return int(account_of(w.L, 0)) + int(field)


def _holding(w: World, field: np.uint64) -> int:
    return int(account_of(w.L, 1)) + int(k.ACC_HOLDINGS) + int(field)


def _order(w: World, field: np.uint64) -> int:
    return int(accounts.handles_of(w.L).orders[0]) + int(field)


PLANTED = [
    ("cash over all ledgers is constant", lambda w: int(orders.FEES), 1),
    ("broker's total is the sum of its accounts", lambda w: _account(w, k.ACC_AVAILABLE), 1),
    ("banks' total is the sum of their accounts", lambda w: _account(w, k.ACC_BANK), 1),
    ("in transit is the sum over customers", lambda w: _account(w, k.ACC_TRANSIT), 1),
    ("in transit is the sum over transfers", lambda w: int(bank.IN_TRANSIT), 1),
    ("fund company's cash backs all units", lambda w: _account(w, k.ACC_FUND), 1),
    ("shares of each instrument are constant", lambda w: _holding(w, k.HLD_TODAY), 100),
    ("market's shares are what orders traded", lambda w: int(w.L[k.INSTRUMENTS_AT]) + int(k.INS_SHARES), 100),
    ("market's cash is what orders traded", lambda w: int(orders.MARKET_CASH), 1),
    ("fees are what orders were charged", lambda w: _order(w, k.ORD_FEES), 1),
    ("frozen cash is what open orders need", lambda w: _account(w, k.ACC_FROZEN), 1),
    ("frozen shares are what open orders need", lambda w: _holding(w, k.HLD_FROZEN), 100),
    ("nothing is booked beyond the exchange's fills", lambda w: _order(w, k.ORD_BOOKED), 100),
    ("nothing is filled beyond the quantity", lambda w: _order(w, k.ORD_FILLED), 400),
    ("no balance is negative", lambda w: _account(w, k.ACC_UNSETTLED), -1),
    ("sessions are the customers logged in", lambda w: int(k.SESSIONS), 1),
]


@pytest.mark.parametrize(("law", "where", "by"), PLANTED, ids=[law for law, _, _ in PLANTED])
def test_each_law_notices_its_planted_bug(law: str, where: object, by: int) -> None:
    w = busy()
    w.L[where(w)] += by  # type: ignore[operator]
    assert law in w.broken()


def test_a_second_outcome_of_an_intent_breaks_its_law_and_the_first_stands() -> None:
    w = busy()
    answer(w.L, w.rows, 0, OPEN, CONFIRMED, 0, 1)
    assert w.broken() == []
    answer(w.L, w.rows, 0, OPEN, UNKNOWN, 8, 1)
    assert w.broken() == ["one client outcome an intent"]
    assert truth_of(w.L, w.rows, CLOSE).outcome[0] == CONFIRMED


def test_every_law_has_a_planted_bug() -> None:
    planted = {law for law, _, _ in PLANTED} | {"one client outcome an intent"}
    w = busy()
    assert {law.law for law in conservation(w.L, w.rows)} == planted


def play(moves: list[tuple[int, int]]) -> World:
    """Any sequence of effects and rare operations, sensible or not, as a faulty system might produce them."""
    w = World(odd_lot_share=0.1, beyond_limit_share=0.1, exchange_reject_share=0.1)
    known: list[tuple[int, int, int]] = []  # row, order, report
    rows: dict[int, list[int]] = {k.TRANSFER: [], k.FUND: [], k.CANCEL: []}
    now = OPEN
    for move, v in moves:
        now += MINUTE
        if move == 0:
            row = w.intend(k.ORDER, v % 3, now=now)
            times = 2 if v % 5 == 0 else 1
            known += [(row, int(w.L[k.OUT_REF]), 0) for _ in range(times) if w.do(orders.ORDER_RECORD, row, now=now) == k.OK]
        elif move in (1, 2, 3) and known:
            effect = (orders.ORDER_ACCEPT, orders.ORDER_FILL, orders.ORDER_REPORT)[move - 1]
            row, order, report = known[v % len(known)]
            if w.do(effect, row, order, report, now) == k.OK and effect != orders.ORDER_REPORT:
                known.append((row, int(w.L[k.OUT_REF]), int(w.L[k.OUT_ARG])))
        elif move == 4:
            row = w.intend(k.CANCEL, v % 3, now=now)
            if w.do(orders.CANCEL_RECORD, row, now=now) == k.OK and v % 4:
                order = int(w.L[k.OUT_REF])
                if w.do(orders.CANCEL_ACCEPT, row, order, now=now) == k.OK:
                    known.append((row, order, int(w.L[k.OUT_ARG])))
        elif move in (5, 6):
            kind = (k.TRANSFER, k.FUND)[move - 5]
            if v % 3 == 0 or not rows[kind]:
                rows[kind].append(w.intend(kind, v % 2, now=now))
            effect = bank.TRANSFER_RESERVE + v % 5 if move == 5 else fund_company.FUND_SUBSCRIBE + v % 3
            w.do(effect, rows[kind][v % len(rows[kind])], now=now)
        elif move == 7:
            files: tuple[FileState, ...] = ("ok", "ok", "late", "missing", "corrupt")
            now = now // DAY * DAY + BATCH
            end_of_day(w.L, w.rows, now, files={"clearing": files[v % 3], "fund": files[v % 5]})
            now += DAY - BATCH + OPEN
        elif move == 8:
            lose_unreplicated(w.L, w.rows, now, v % 10 * MINUTE)
        elif move == 9:
            reconcile(w.L, w.rows, ("exchange", "bank", "fund")[v % 3], now)
        elif move == 10:
            orders.set_market(w.L, 0, orders=v % 4 > 0, cancels=v % 3 > 0, overnight=v % 5 > 0)
        elif move == 11:
            w.do(k.SESSION_OPEN if v % 2 else k.SESSION_CLOSE, w.intend(k.LOGIN, v % 3, now=now), now=now)
    return w


MOVE = st.tuples(st.sampled_from([0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11]), st.integers(0, 59))


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(st.lists(MOVE, min_size=5, max_size=60))
def test_no_sequence_of_effects_breaks_a_law(moves: list[tuple[int, int]]) -> None:
    assert play(moves).broken() == []


def scripted() -> str:
    """Digest of the arenas after a fixed long sequence of moves, with what the laws say of them."""
    moves = [(i * 7 % 12 if i % 3 else 0, i * i % 53) for i in range(1, 400)]
    w = play(moves)
    assert w.broken() == []
    return hashlib.blake2b(w.L.tobytes() + w.rows.tobytes(), digest_size=16).hexdigest()


def test_interpreted_and_compiled_make_identical_arenas_and_money_never_overflows() -> None:
    code = (
        "import sys, warnings, runpy\n"
        "warnings.simplefilter('error')\n"
        "warnings.filterwarnings('ignore', 'overflow', RuntimeWarning, r'simcore\\.kernel\\.random')\n"
        "print(runpy.run_path(sys.argv[1])['scripted']())\n"
    )
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run([sys.executable, "-c", code, __file__], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == scripted()
