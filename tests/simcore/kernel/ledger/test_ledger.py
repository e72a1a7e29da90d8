"""The rules of docs/orders.md, each worked out by hand. Prices are in cents: 1000 is 10.00 yuan."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from kernel_calls import callable_of

from simcore.kernel import random
from simcore.kernel.layout import CONFIRMED, UNKNOWN
from simcore.kernel.ledger import accounts, arena, bank, effects, fund_company, intents, orders
from simcore.kernel.ledger import records as k
from simcore.kernel.random import name_hash
from simcore.model.workload import Accounts, Instruments, Orders

account_of = callable_of(accounts.account_of)
answer = callable_of(intents.answer)
apply = callable_of(effects.apply)
fees = callable_of(orders.fees)
has_session = callable_of(accounts.has_session)
instrument = callable_of(intents.instrument)
instrument_held = callable_of(accounts.instrument_held)
new_intent = callable_of(intents.new_intent)
side = callable_of(intents.side)
combine = callable_of(random.combine)
uniform = callable_of(random.uniform)

NOW = 10 * 3_600 * 1_000_000_000


class World:
    """One customer with 100,000 yuan, a bank account of 50,000 yuan and an instrument at 10.00, limits 9.00 and 11.00."""

    def __init__(self, **orders: float) -> None:
        accounts = Accounts(count=2, cash_median=100_000, cash_sigma=0, bank_median=50_000, shares_median=5_000)
        self.L = arena.create(11, accounts, Instruments(count=1, price_median=10, price_sigma=0), Orders(**orders), capacity=200)
        self.rows = np.zeros(40 * k.ROW_STRIDE, np.int64)
        self.n = 0
        self.cash, self.bank, self.shares = (self.of(f) for f in (k.ACC_AVAILABLE, k.ACC_BANK, k.ACC_HOLDINGS + k.HLD_AVAILABLE))

    def intend(self, kind: int, *, buy: bool = True, quantity: int = 500, price: int = 1000) -> int:
        row, self.n = self.n, self.n + 1
        new_intent(self.L, self.rows, row, NOW, 3, kind, np.uint64(99 + row), 0)
        at = row * k.ROW_STRIDE
        self.rows[at + int(k.ROW_QUANTITY)] = quantity
        self.rows[at + int(k.ROW_PRICE)] = price if kind == k.ORDER else 0
        self.rows[at + int(k.ROW_WHO)] = int(buy)
        return row

    def do(self, effect: int, row: int, ref: int = 0, arg: int = 0, now: int = NOW) -> int:
        return apply(self.L, self.rows, effect, now, np.uint64(99 + row), row, 0, ref, arg)

    def order(self, *, buy: bool = True, quantity: int = 500, price: int = 1000, fill_price: int = 0) -> tuple[int, int]:
        """Records an order; `fill_price` is what the exchange will fill it at, if not 0."""
        row = self.intend(k.ORDER, buy=buy, quantity=quantity, price=price)
        assert self.do(orders.ORDER_RECORD, row) == k.OK
        order = int(self.L[k.OUT_REF])
        if fill_price:
            self.L[order + int(k.ORD_FILL_PRICE)] = fill_price
        return row, order

    def placed(self, **kwargs: object) -> tuple[int, int]:
        row, order = self.order(**kwargs)  # type: ignore[arg-type]
        assert self.do(orders.ORDER_ACCEPT, row, order) == k.OK
        return row, order

    def tries(self, **kwargs: object) -> int:
        return self.do(orders.ORDER_RECORD, self.intend(k.ORDER, **kwargs))  # type: ignore[arg-type]

    def of(self, field: np.uint64) -> int:
        return int(self.L[int(account_of(self.L, 0)) + int(field)])

    def has(self, order: int, flag: int) -> bool:
        return bool(int(self.L[order + int(k.ORD_STATE)]) & flag)

    def count(self, row: int, times: int) -> int:
        return int(self.rows[row * k.ROW_STRIDE + int(k.ROW_META)]) >> times & 255

    @property
    def holding(self) -> tuple[int, int, int]:
        """Available, frozen, bought today."""
        return (
            self.of(k.ACC_HOLDINGS + k.HLD_AVAILABLE),
            self.of(k.ACC_HOLDINGS + k.HLD_FROZEN),
            self.of(k.ACC_HOLDINGS + k.HLD_TODAY),
        )


# --- buying and selling ---------------------------------------------------------------------------------------------


def test_fees_are_a_commission_of_at_least_5_yuan_and_stamp_duty_on_sells_only() -> None:
    assert [fees(v, k.BUY) for v in (0, 1, 2_000_000, 100_000_000)] == [0, 500, 500, 25_000]
    assert [fees(v, k.SELL) for v in (0, 300, 2_000_000, 100_000_000)] == [0, 300, 500 + 1_000, 25_000 + 50_000]


def test_a_buy_freezes_limit_price_times_quantity_and_fees() -> None:
    w = World()
    row, order = w.order(quantity=500, price=1000)
    assert (w.of(k.ACC_AVAILABLE), w.of(k.ACC_FROZEN)) == (w.cash - 500_500, 500_500)
    assert order > 0
    assert w.count(row, k.META_RECORDED) == 1


def test_a_buy_filled_below_its_limit_refunds_the_difference_at_once() -> None:
    w = World()
    row, order = w.placed(quantity=500, price=1000, fill_price=990)
    w.do(orders.ORDER_REPORT, row, order, 300 << 1)
    assert w.of(k.ACC_FROZEN) == 200_000  # 200 × 10.00; the 5 yuan are charged already
    assert w.of(k.ACC_AVAILABLE) == w.cash - 200_000 - 300 * 990 - 500
    w.do(orders.ORDER_REPORT, row, order, 500 << 1)
    assert (w.of(k.ACC_FROZEN), w.of(k.ACC_AVAILABLE)) == (0, w.cash - 500 * 990 - 500)
    assert w.holding == (w.shares, 0, 500)


def test_reports_are_cumulative_so_repeated_late_and_lost_ones_do_no_harm() -> None:
    w = World()
    row, order = w.placed(quantity=500, price=1000, fill_price=1000)
    for filled in (200, 200, 400, 200):  # the second is a duplicate, one for 300 was lost, the last is late
        w.do(orders.ORDER_REPORT, row, order, filled << 1)
    assert w.holding == (w.shares, 0, 400)
    assert w.of(k.ACC_AVAILABLE) == w.cash - 500_500


def test_a_sell_freezes_shares_and_its_proceeds_less_fees_buy_again_today() -> None:
    w = World()
    row, order = w.placed(buy=False, quantity=400, price=1000, fill_price=1010)
    assert w.holding == (w.shares - 400, 400, 0)
    w.do(orders.ORDER_REPORT, row, order, 400 << 1)
    proceeds = 404_000 - 500 - 202
    assert w.holding == (w.shares - 400, 0, 0)
    assert (w.of(k.ACC_AVAILABLE), w.of(k.ACC_UNSETTLED)) == (w.cash + proceeds, proceeds)
    everything = (w.cash + proceeds - 500) // 110_000 * 100
    assert w.tries(quantity=everything, price=1100) == k.OK


def test_todays_proceeds_cannot_be_withdrawn_today() -> None:
    w = World()
    row, order = w.placed(buy=False, quantity=400, fill_price=1000)
    w.do(orders.ORDER_REPORT, row, order, 400 << 1)
    assert w.do(bank.TRANSFER_RESERVE, w.intend(k.TRANSFER, buy=False, quantity=w.cash + 1)) == k.REJECTED
    assert w.do(bank.TRANSFER_RESERVE, w.intend(k.TRANSFER, buy=False, quantity=w.cash)) == k.OK


def test_shares_bought_today_cannot_be_sold_today() -> None:
    w = World()
    row, order = w.placed(quantity=300)
    w.do(orders.ORDER_REPORT, row, order, 300 << 1)
    assert w.tries(buy=False, quantity=w.shares + 100) == k.REJECTED
    assert w.tries(buy=False, quantity=w.shares) == k.OK


def test_buying_power_counts_the_fees() -> None:
    w = World()
    most = (w.cash - 2_500) // 100_000 * 100
    assert w.tries(quantity=most + 100) == k.REJECTED
    assert w.tries(quantity=most) == k.OK
    assert w.of(k.ACC_FROZEN) == most * 1000 + max(500, (most * 1000 * 25 + 50_000) // 100_000)


@pytest.mark.parametrize("price", [899, 1101])
def test_prices_beyond_the_daily_limits_are_rejected(price: int) -> None:
    assert World().tries(price=price) == k.REJECTED


@pytest.mark.parametrize("price", [900, 1100])
def test_prices_at_the_daily_limits_are_not(price: int) -> None:
    assert World().tries(price=price) == k.OK


def test_odd_lots_cannot_be_bought_and_only_a_whole_odd_remainder_can_be_sold() -> None:
    w = World()
    assert w.tries(quantity=150) == k.REJECTED
    assert w.tries(buy=False, quantity=150) == k.REJECTED
    w.L[int(account_of(w.L, 0)) + int(k.ACC_HOLDINGS)] += 50
    assert w.tries(buy=False, quantity=130) == k.REJECTED
    assert w.tries(buy=False, quantity=150) == k.OK


def test_a_rejected_order_leaves_no_trace() -> None:
    w = World()
    before = w.L.copy()
    row = w.intend(k.ORDER, quantity=150)
    assert w.do(orders.ORDER_RECORD, row) == k.REJECTED
    used = slice(int(k.OUT_ARG) + 1, int(w.L[k.TOP]))
    assert np.array_equal(w.L[used], before[used])
    assert w.count(row, k.META_RECORDED) == 0
    other = int(account_of(w.L, 1))
    assert w.L[other + int(k.ACC_FROZEN)] == 0  # a new account does not inherit the rejected order's words


def test_orders_for_a_closed_market_are_queued_overnight_or_rejected() -> None:
    w = World()
    orders.set_market(w.L, 0, orders=False, cancels=False, overnight=True)
    assert w.tries() == k.OK
    orders.set_market(w.L, 0, orders=False, cancels=False, overnight=False)
    assert w.tries() == k.REJECTED


def test_a_market_is_closed_for_its_own_instruments_only() -> None:
    w = World()
    orders.assign_markets(w.L, np.array([2]))
    orders.set_market(w.L, 0, orders=False, cancels=False, overnight=False)
    assert w.tries() == k.OK
    orders.set_market(w.L, 2, orders=False, cancels=False, overnight=False)
    assert w.tries() == k.REJECTED


# --- at the exchange ------------------------------------------------------------------------------------------------


def test_acceptance_is_counted_and_its_first_time_kept() -> None:
    w = World()
    row, order = w.order()
    w.do(orders.ORDER_ACCEPT, row, order, now=NOW + 5)
    assert w.has(order, k.PLACED)
    assert w.rows[row * k.ROW_STRIDE + int(k.ROW_PLACED_AT)] == NOW + 5
    assert w.count(row, k.META_PLACED) == 1


def test_an_order_accepted_twice_is_placed_twice_and_the_core_knows_one() -> None:
    w = World()
    row, order = w.order()
    for now in (NOW + 5, NOW + 6):
        w.do(orders.ORDER_ACCEPT, row, order, now=now)
    clone = int(w.L[k.OUT_REF])
    assert clone != order
    assert w.has(clone, k.PLACED)
    assert not w.has(clone, k.RECORDED)
    assert w.count(row, k.META_PLACED) == 2
    assert w.rows[row * k.ROW_STRIDE + int(k.ROW_PLACED_AT)] == NOW + 5
    assert w.do(orders.ORDER_FILL, row, clone) == k.OK
    frozen = w.of(k.ACC_FROZEN)
    w.do(orders.ORDER_REPORT, row, clone, int(w.L[k.OUT_ARG]))
    assert (w.of(k.ACC_FROZEN), int(w.L[orders.UNKNOWN_REPORTS])) == (frozen, 1)


def test_an_order_recorded_twice_is_two_orders() -> None:
    w = World()
    row, first = w.order()
    assert w.do(orders.ORDER_RECORD, row) == k.OK
    assert int(w.L[k.OUT_REF]) != first
    assert (w.of(k.ACC_FROZEN), w.count(row, k.META_RECORDED)) == (2 * 500_500, 2)


@pytest.mark.parametrize("why", ["drawn", "closed"])
def test_an_order_the_exchange_refuses_is_unfrozen_by_the_report(why: str) -> None:
    w = World(exchange_reject_share=1.0 if why == "drawn" else 0.0)
    if why == "closed":
        orders.set_market(w.L, 0, orders=False, cancels=True, overnight=True)
    row, order = w.placed()
    assert w.has(order, k.REFUSED)
    assert w.count(row, k.META_PLACED) == 0
    assert w.of(k.ACC_FROZEN) == 500_500
    assert w.do(orders.ORDER_REPORT, row, order, int(w.L[k.OUT_ARG])) == k.OK
    assert (w.of(k.ACC_FROZEN), w.of(k.ACC_AVAILABLE)) == (0, w.cash)
    assert w.do(orders.ORDER_FILL, row, order) == k.REJECTED


def test_fills_go_on_in_lots_until_the_order_is_full_and_are_never_worse_than_the_limit() -> None:
    partial = 0
    for n in range(12):
        w = World()
        buy = n % 2 == 0
        w.n = n
        row, order = w.placed(buy=buy, quantity=700)
        filled = [0]
        while w.do(orders.ORDER_FILL, row, order) == k.OK:
            filled.append(int(w.L[order + int(k.ORD_FILLED)]))
            assert int(w.L[k.OUT_ARG]) == filled[-1] << 1
        assert filled[-1] == 700
        assert all(b > a and (b - a) % 100 == 0 for a, b in pairwise(filled))
        partial += len(filled) > 2
        price = int(w.L[order + int(k.ORD_FILL_PRICE)])
        assert 998 <= price <= 1000 if buy else 1000 <= price <= 1002
    assert 0 < partial < 12


def test_nothing_is_filled_while_the_market_is_closed_or_before_acceptance() -> None:
    w = World()
    row, order = w.order()
    assert w.do(orders.ORDER_FILL, row, order) == k.REJECTED
    w.do(orders.ORDER_ACCEPT, row, order)
    orders.set_market(w.L, 0, orders=False, cancels=False, overnight=True)
    assert w.do(orders.ORDER_FILL, row, order) == k.REJECTED


# --- cancels --------------------------------------------------------------------------------------------------------


def test_a_cancel_takes_the_most_recent_open_order_and_gives_back_what_is_not_filled() -> None:
    w = World()
    row, order = w.placed(quantity=500, price=1000, fill_price=1000)
    w.L[order + int(k.ORD_FILLED)] = 200
    cancel = w.intend(k.CANCEL)
    assert w.do(orders.CANCEL_RECORD, cancel) == k.OK
    assert int(w.L[k.OUT_REF]) == order
    assert w.do(orders.CANCEL_ACCEPT, cancel, order) == k.OK
    report = int(w.L[k.OUT_ARG])
    assert report == 200 << 1 | 1
    w.do(orders.ORDER_REPORT, cancel, order, report)
    assert (w.of(k.ACC_FROZEN), w.of(k.ACC_AVAILABLE)) == (0, w.cash - 200_500)
    w.do(orders.ORDER_REPORT, row, order, 200 << 1)  # the fill's own report comes after the cancel's
    assert w.of(k.ACC_AVAILABLE) == w.cash - 200_500


def test_a_cancel_without_an_open_order_is_rejected() -> None:
    w = World()
    assert w.do(orders.CANCEL_RECORD, w.intend(k.CANCEL)) == k.REJECTED
    row, order = w.placed(quantity=500)
    w.do(orders.ORDER_REPORT, row, order, 500 << 1)
    assert w.do(orders.CANCEL_RECORD, w.intend(k.CANCEL)) == k.REJECTED


def test_an_older_open_order_is_found_behind_closed_ones() -> None:
    w = World()
    _, old = w.placed()
    row, new = w.placed(quantity=100)
    w.do(orders.ORDER_REPORT, row, new, 100 << 1)
    w.do(orders.CANCEL_RECORD, w.intend(k.CANCEL))
    assert int(w.L[k.OUT_REF]) == old


@pytest.mark.parametrize("why", ["too late", "not there yet", "outside cancel hours"])
def test_the_exchange_rejects_a_cancel(why: str) -> None:
    w = World()
    row, order = w.order(quantity=100)
    if why != "not there yet":
        w.do(orders.ORDER_ACCEPT, row, order)
    if why == "too late":
        assert w.do(orders.ORDER_FILL, row, order) == k.OK
    if why == "outside cancel hours":
        orders.set_market(w.L, 0, orders=True, cancels=False, overnight=True)
    assert w.do(orders.CANCEL_ACCEPT, w.intend(k.CANCEL), order) == k.REJECTED


# --- transfers, funds, the rest -------------------------------------------------------------------------------------


def test_a_deposit_goes_from_bank_over_in_transit_to_cash() -> None:
    w = World()
    row = w.intend(k.TRANSFER, buy=True, quantity=10_000)
    steps = []
    for effect in (bank.TRANSFER_RESERVE, bank.TRANSFER_BANK_DEBIT, bank.TRANSFER_BANK_CREDIT, bank.TRANSFER_CREDIT):
        assert w.do(effect, row) == k.OK
        steps.append((w.of(k.ACC_BANK) - w.bank, w.of(k.ACC_TRANSIT), w.of(k.ACC_AVAILABLE) - w.cash))
    assert steps == [(0, 0, 0), (-10_000, 10_000, 0), (-10_000, 10_000, 0), (-10_000, 0, 10_000)]


def test_a_withdrawal_is_set_aside_first_and_can_be_reversed() -> None:
    w = World()
    row = w.intend(k.TRANSFER, buy=False, quantity=10_000)
    steps = []
    for effect in (bank.TRANSFER_RESERVE, bank.TRANSFER_BANK_DEBIT, bank.TRANSFER_CREDIT, bank.TRANSFER_REVERSE):
        assert w.do(effect, row) == k.OK
        steps.append((w.of(k.ACC_AVAILABLE) - w.cash, w.of(k.ACC_TRANSIT), w.of(k.ACC_BANK) - w.bank))
    assert steps == [(-10_000, 10_000, 0), (-10_000, 10_000, 0), (-10_000, 10_000, 0), (0, 0, 0)]
    w.do(bank.TRANSFER_RESERVE, row)
    w.do(bank.TRANSFER_BANK_CREDIT, row)
    assert (w.of(k.ACC_AVAILABLE) - w.cash, w.of(k.ACC_TRANSIT), w.of(k.ACC_BANK) - w.bank) == (-10_000, 0, 10_000)


def test_a_debit_repeated_without_a_key_debits_twice() -> None:
    w = World()
    row = w.intend(k.TRANSFER, buy=True, quantity=10_000)
    for _ in range(2):
        w.do(bank.TRANSFER_BANK_DEBIT, row)
    assert (w.bank - w.of(k.ACC_BANK), w.count(row, k.META_PLACED)) == (20_000, 2)


def test_a_bank_rejects_what_is_not_there_and_everything_when_closed() -> None:
    w = World()
    assert w.do(bank.TRANSFER_BANK_DEBIT, w.intend(k.TRANSFER, quantity=w.bank + 1)) == k.REJECTED
    w.L[bank.BANK_OPEN] = 0
    deposit, withdrawal = w.intend(k.TRANSFER, quantity=100), w.intend(k.TRANSFER, buy=False, quantity=100)
    assert w.do(bank.TRANSFER_BANK_DEBIT, deposit) == k.REJECTED
    assert w.do(bank.TRANSFER_BANK_CREDIT, withdrawal) == k.REJECTED
    assert w.do(bank.TRANSFER_RESERVE, deposit) == k.REJECTED


def test_a_subscription_freezes_cash_and_cannot_exceed_it() -> None:
    w = World()
    assert w.do(fund_company.FUND_SUBSCRIBE, w.intend(k.FUND, quantity=w.cash + 1)) == k.REJECTED
    assert w.do(fund_company.FUND_SUBSCRIBE, w.intend(k.FUND, quantity=w.cash)) == k.OK
    assert (w.of(k.ACC_AVAILABLE), w.of(k.ACC_FUND_CASH)) == (0, w.cash)
    assert w.tries(quantity=100) == k.REJECTED


def test_a_redemption_waits_for_confirmation_and_a_fast_one_pays_at_once() -> None:
    w = World()
    w.L[int(account_of(w.L, 0)) + int(k.ACC_FUND)] = 30_000
    assert w.do(fund_company.FUND_REDEEM, w.intend(k.FUND, quantity=10_000)) == k.OK
    assert (w.of(k.ACC_FUND), w.of(k.ACC_FUND_REDEEMING), w.of(k.ACC_AVAILABLE)) == (20_000, 10_000, w.cash)
    assert w.do(fund_company.FUND_FAST_REDEEM, w.intend(k.FUND, quantity=20_000)) == k.OK
    assert (w.of(k.ACC_FUND), w.of(k.ACC_AVAILABLE)) == (0, w.cash + 20_000)
    assert w.do(fund_company.FUND_FAST_REDEEM, w.intend(k.FUND, quantity=1)) == k.REJECTED


def test_the_margin_check_writes_nothing_and_rejects_buys_beyond_the_credit_line() -> None:
    w = World()
    line = w.cash * 5 // 4
    before = w.L.copy()
    assert w.do(k.MARGIN_CHECK, w.intend(k.ORDER, quantity=line // 1000, price=1000)) == k.OK
    assert w.do(k.MARGIN_CHECK, w.intend(k.ORDER, quantity=line // 1000 + 1, price=1000)) == k.REJECTED
    assert w.do(k.MARGIN_CHECK, w.intend(k.ORDER, buy=False, quantity=line, price=1000)) == k.OK
    assert np.array_equal(w.L, before)


def test_a_session_opens_and_closes_and_repeating_either_changes_nothing() -> None:
    w = World()
    row = w.intend(k.LOGIN)
    seen = []
    for effect in (k.SESSION_OPEN, k.SESSION_OPEN, k.SESSION_CLOSE, k.SESSION_CLOSE):
        assert w.do(effect, row) == k.OK
        seen.append((int(has_session(w.L, 0)), int(w.L[k.SESSIONS])))
    assert seen == [(1, 1), (1, 1), (0, 0), (0, 0)]


def test_a_generic_record_counts_on_its_row_and_needs_none() -> None:
    w = World()
    row = w.intend(k.REQUEST)
    for _ in range(300):
        assert w.do(k.RECORD, row) == k.OK
    assert w.count(row, k.META_RECORDED) == 255  # the count saturates, it does not spill
    assert apply(w.L, w.rows, k.RECORD, NOW, np.uint64(1), -1, 0, 7, 9) == k.OK
    assert (int(w.L[k.OUT_REF]), int(w.L[k.OUT_ARG])) == (7, 9)
    assert apply(w.L, w.rows, orders.ORDER_RECORD, NOW, np.uint64(1), -1, 0, 0, 0) == k.REJECTED


# --- intents and accounts -------------------------------------------------------------------------------------------


def test_an_answer_packs_without_touching_its_neighbours() -> None:
    w = World()
    row, _ = w.order()
    answer(w.L, w.rows, row, NOW + 9, UNKNOWN, 9, 999)
    meta = int(w.rows[row * k.ROW_STRIDE + int(k.ROW_META)])
    fields = [
        meta & 4095,
        meta >> k.META_KIND & 15,
        meta >> k.META_OUTCOME & 15,
        meta >> k.META_CODE & 255,
        meta >> k.META_ATTEMPTS & 255,
    ]
    assert fields == [3, k.ORDER, UNKNOWN, 9, 255]
    assert (w.count(row, k.META_RECORDED), w.count(row, k.META_PLACED), meta >> k.META_FLAGS) == (1, 0, 0)
    answer(w.L, w.rows, row, NOW + 10, CONFIRMED, 0, 1)
    assert int(w.rows[row * k.ROW_STRIDE + int(k.ROW_META)]) == meta | k.ANSWERED_TWICE


def _population(seed: int = 3, **orders: float) -> np.ndarray:
    return arena.create(
        seed, Accounts(count=3000, sessions_at_start=0.25), Instruments(count=40), Orders(**orders), capacity=3100
    )


def _root(n: int) -> np.uint64:
    return np.uint64(combine(np.uint64(17), np.uint64(n)))


def _intents(L: np.ndarray, kind: int, n: int = 2000) -> np.ndarray:
    rows = np.zeros(n * k.ROW_STRIDE, np.int64)
    for row in range(n):
        new_intent(L, rows, row, 0, 0, kind, _root(row), row)
    return rows.reshape(n, k.ROW_STRIDE)


def test_intents_depend_on_seed_customer_and_root_only() -> None:
    fresh, used = _population(), _population()
    for customer in range(500):
        account_of(used, 499 - customer)
    assert np.array_equal(_intents(fresh, k.ORDER), _intents(used, k.ORDER))
    assert not np.array_equal(_intents(fresh, k.ORDER), _intents(_population(seed=4), k.ORDER))


def test_what_a_customer_owns_does_not_depend_on_when_the_account_is_first_used() -> None:
    a, b = _population(), _population()
    for customer in range(100):
        account_of(a, customer)
        account_of(b, 99 - customer)
    size = int(k.ACC_SIZE)
    for customer in (0, 42, 99):
        at, other = int(account_of(a, customer)), int(account_of(b, customer))
        assert np.array_equal(a[at : at + size], b[other : other + size])


def test_shares_of_sides_odd_lots_prices_and_directions_are_those_of_the_workload() -> None:
    L = _population(buy_share=0.7, odd_lot_share=0.2, beyond_limit_share=0.1)
    rows = _intents(L, k.ORDER)
    who, quantity, price = (rows[:, int(f)] for f in (k.ROW_WHO, k.ROW_QUANTITY, k.ROW_PRICE))
    at = int(L[k.INSTRUMENTS_AT]) + np.array([instrument_held(L, w >> 8, w >> 1 & 3) for w in who]) * int(k.INS_SIZE)
    beyond = (price < L[at + int(k.INS_LOW)]) | (price > L[at + int(k.INS_HIGH)])
    three_sigma = 3 * np.sqrt(0.25 / len(rows))
    for found, share in ((who & 1, 0.7), (quantity % 100 != 0, 0.2), (beyond, 0.1)):
        assert abs(found.mean() - share) < three_sigma
    assert quantity.min() > 0
    rows = _intents(L, k.TRANSFER)
    assert abs((rows[:, int(k.ROW_WHO)] & 1).mean() - 0.5) < three_sigma
    assert (rows[:, int(k.ROW_QUANTITY)] % 10_000 == 0).all()


def test_the_direction_of_a_transfer_is_the_intent_attribute_of_that_name() -> None:
    L, rows = _population(), np.zeros(k.ROW_STRIDE, np.int64)
    for n in range(50):
        root = _root(n)
        new_intent(L, rows, 0, 0, 0, k.TRANSFER, root, n)
        assert side(rows, 0) == (uniform(np.uint64(combine(root, np.uint64(name_hash("intent/direction"))))) < 0.5)


def test_sessions_at_start_are_their_share_and_counted() -> None:
    L = _population()
    assert abs(L[k.SESSIONS] / 3000 - 0.25) < 3 * np.sqrt(0.25 * 0.75 / 3000)
    assert L[k.SESSIONS] == sum(has_session(L, c) for c in range(3000))


def test_the_instrument_of_an_intent_is_its_orders_or_its_holdings() -> None:
    L, rows = _population(), np.zeros(k.ROW_STRIDE, np.int64)
    for n in range(30):
        root = _root(n)
        new_intent(L, rows, 0, 0, 0, k.ORDER, root, n)
        drawn = instrument(L, rows, 0, n, root, 0)
        assert drawn == instrument(L, rows, -1, n, root, 0)
        if apply(L, rows, orders.ORDER_RECORD, 0, root, 0, n, 0, 0) == k.OK:
            assert instrument(L, rows, -1, n + 1, root, int(L[k.OUT_REF])) == drawn


def test_capacity_is_used_up_by_effects_and_growing_keeps_every_handle() -> None:
    L = arena.create(3, Accounts(count=50), Instruments(), Orders(), capacity=2)
    assert arena.effect_capacity(L) == 2
    account = int(account_of(L, 7))
    assert arena.effect_capacity(L) == 1
    before = L.copy()
    L = arena.grow(L)
    assert arena.effect_capacity(L) > 1
    assert int(account_of(L, 7)) == account
    assert np.array_equal(L[: len(before)], before)
