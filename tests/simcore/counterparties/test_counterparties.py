"""What the files may say of counterparties is what the ledger's books of them can do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simcore.base.errors import InputError
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import compile_plan
from simcore.counterparties import COUNTERPARTIES, FLOW_KINDS, RECONCILED, WITH_FILE
from simcore.counterparties.document import table
from simcore.kernel.ledger import fund_company
from simcore.kernel.ledger.arena import create
from simcore.kernel.ledger.conservation import conservation
from simcore.kernel.ledger.counterparties import BY_NAME, KINDS
from simcore.kernel.ledger.counterparties import EFFECTS as CODES
from simcore.kernel.ledger.reconciliation import reconcile
from simcore.model.architecture import Architecture
from simcore.model.effects import EFFECTS
from simcore.model.workload import Accounts, Instruments, Orders, Workload
from simcore.simulation import Action, simulate

NO_ROWS = np.zeros(0, np.int64)


def test_every_effect_and_every_kind_of_flow_has_a_code_and_keeps_it() -> None:
    """The codes stand in compiled plans: a new counterparty adds some and moves none."""
    assert CODES.keys() == EFFECTS.keys()
    assert set(KINDS) == set(FLOW_KINDS)
    assert dict(sorted(CODES.items(), key=lambda item: item[1])) == {
        "record": 1,
        "session.open": 2,
        "session.close": 3,
        "order.record": 10,
        "order.accept": 11,
        "order.fill": 12,
        "order.report": 13,
        "cancel.record": 14,
        "cancel.accept": 15,
        "transfer.reserve": 20,
        "transfer.bank_debit": 21,
        "transfer.bank_credit": 22,
        "transfer.credit": 23,
        "transfer.reverse": 24,
        "fund.subscribe": 30,
        "fund.redeem": 31,
        "fund.fast_redeem": 32,
        "margin.check": 40,
    }
    assert [KINDS[kind].code for kind in FLOW_KINDS] == list(range(8))


def test_the_books_are_of_counterparties_and_each_writes_its_own_effects() -> None:
    """A module of the ledger is found by the name that its counterparty has in files."""
    assert BY_NAME.keys() <= COUNTERPARTIES.keys()
    for name, counterparty in COUNTERPARTIES.items():
        books = BY_NAME.get(name)
        assert (set(books.effects) if books else set()) == set(counterparty.effects)
        assert set(counterparty.own_effects) <= set(counterparty.effects)
        assert set(counterparty.flow_kinds) <= (set(books.kinds) if books else set())


@pytest.mark.parametrize("name", COUNTERPARTIES)
def test_reconciliation_finds_the_kinds_of_differences_that_are_named(name: str) -> None:
    """In the same order; a counterparty without any cannot be compared with."""
    ledger, differences = create(1, Accounts(), Instruments(), Orders()), COUNTERPARTIES[name].differences
    assert (name in RECONCILED) == bool(differences)
    if differences:
        assert list(reconcile(ledger, NO_ROWS, name, 0)) == list(differences)
    else:
        with pytest.raises(ValueError, match="no such counterparty"):
            reconcile(ledger, NO_ROWS, name, 0)


def test_every_law_of_a_counterparty_is_named_by_it() -> None:
    """What is left are the laws of the broker's own cash, of balances and of clients."""
    laws = [law.law for law in conservation(create(1, Accounts(), Instruments(), Orders()), NO_ROWS)]
    named = [law for counterparty in COUNTERPARTIES.values() for law in counterparty.laws]
    assert [law for law in laws if law not in named] == [
        "cash over all ledgers is constant",
        "broker's total is the sum of its accounts",
        "no balance is negative",
        "one client outcome an intent",
        "sessions are the customers logged in",
    ]
    assert set(named) < set(laws)


def test_lists_keep_the_order_that_journals_and_schemas_have() -> None:
    """Gates of one instant are logged in it."""
    assert list(COUNTERPARTIES) == ["exchange", "clearing", "bank", "fund"]
    assert (RECONCILED, WITH_FILE) == (("exchange", "bank", "fund"), ("clearing", "fund"))


def test_the_fund_companys_cut_off_is_the_end_of_its_hours() -> None:
    """Which day a fund order is dealt on and when the gate shuts are one time of day."""
    assert parse_clock(COUNTERPARTIES["fund"].hours["a-share"][-1][1]) == fund_company.LAST_ORDER_NS


def test_the_page_has_the_table_of_the_declarations(root: Path) -> None:
    """docs/counterparties.md, between its marks, is what simcore.counterparties.document.table() returns."""
    page = (root / "docs/counterparties.md").read_text(encoding="utf-8")
    assert f"<!-- made by: simcore.counterparties.document.table -->\n{table()}<!-- end -->\n" in page


@pytest.mark.parametrize(
    ("do", "arguments"), [("reconcile", {"counterparty": "clearing"}), ("settle_day", {"files": {"bank": "late"}})]
)
def test_a_knob_refuses_whom_it_does_not_know(do: str, arguments: dict[str, Any]) -> None:
    """A counterparty without books to compare, or without a file, is shown with those there are."""
    services = {"desk": {"operations": {"look": {"steps": [{"work": "1s"}]}}}}
    flows = {"look": {"steps": [{"call": "desk.look"}]}}
    architecture = Architecture.model_validate({"kind": "architecture", "name": "desk", "services": services, "flows": flows})
    workload = Workload.model_validate({"kind": "workload", "name": "nothing", "flows": {"look": {"rate": "0/s"}}})
    plan = compile_plan(architecture, workload, seed=1, start=0, end=SECOND)
    with pytest.raises(InputError, match=r"no such counterparty: '(clearing|bank)'; there are: "):
        simulate(plan, [Action(0, do, arguments)])
