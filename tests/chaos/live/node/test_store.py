"""Ledgers: services that write into the same books decide by the same books, whichever of them a customer's order, cancel or transfer comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaos.live.blueprint import blueprint, ledgers_of
from chaos.live.node import chance, program
from chaos.live.node.messages import NO_ORDER, Intent
from chaos.live.node.store import ServiceStore, store_of
from chaos.live.observe import ledgers
from simcore.base.units import SECOND
from simcore.library import load_pair
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex

CUSTOMER = 6


def strangler() -> program.Blueprint:
    """An old database and a new one, which both have orders of the same customers."""
    return blueprint(*load_pair("options/strangler-4", "normal-day"), 1, 0, 60 * SECOND)


def opened(made: program.Blueprint, folder: Path, *instances: str) -> list[ServiceStore]:
    stores = [store_of(made, folder, instance) for instance in instances]
    return [store for store in stores if isinstance(store, ServiceStore)]


def orders(made: program.Blueprint, stores: list[ServiceStore], count: int) -> list[str]:
    """What the stores in turn say to one order after the other of one customer."""
    flow = made.flows["place-order"].number
    said = []
    for n in range(count):
        root = chance.combine(made.seed_key, n)
        said.append(stores[n % len(stores)].write("order.record", n, Intent(n, flow, root, CUSTOMER, True), NO_ORDER, None).code)
    return said


def test_two_databases_of_the_same_customers_decide_as_one(tmp_path: Path) -> None:
    """Money that an order has frozen by way of the one is not there for another by way of the other."""
    made = strangler()
    for name in ("apart", "one"):
        (tmp_path / name).mkdir()
    one = orders(made, opened(made, tmp_path / "one", "counter-db#0"), 60)
    both = orders(made, opened(made, tmp_path / "apart", "counter-db#0", "new-db#0", "counter-db#1"), 60)
    assert both == one
    assert 10 < one.count("rejected") < 50
    assert [(name, len(entries)) for name, entries in ledgers(tmp_path / "apart")] == [("core", 60)]


def test_an_order_of_one_database_is_cancelled_in_the_other(tmp_path: Path) -> None:
    """It knows the order; and nothing is entered before what another process has entered meanwhile."""
    made = strangler()
    old, new = opened(made, tmp_path, "counter-db#0", "new-db#0")
    placed = new.write("order.record", 20, Intent(1, made.flows["place-order"].number, 11, CUSTOMER, True), NO_ORDER, None)
    cancel = Intent(2, made.flows["cancel-order"].number, 12, CUSTOMER, True)
    assert placed.code == old.write("cancel.record", 10, cancel, placed.order, None).code == "ok"
    assert [entry.at for _, entries in ledgers(tmp_path) for entry in entries] == [20, 20]


def test_the_ledgers_of_an_architecture() -> None:
    """The core's, and one for each kind of counterparty; what writes into none keeps its own."""
    architecture, _ = load_pair("options/strangler-4", "normal-day")
    found = ledgers_of(ArchitectureIndex(architecture))
    of = {ledger: {name for name, its in found.items() if its == ledger} for ledger in ("core", "exchange", "bank", "fund")}
    assert of == {
        "core": {"counter-db", "new-db"},
        "exchange": {"sse", "szse"},
        "bank": {"bank-a", "bank-b", "bank-c", "bank-d"},
        "fund": {"fund-a", "fund-b"},
    }
    assert found["login"] == "login"


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ({"a": ["order.record"], "b": ["order.accept"]}, {"a": "core", "b": "exchange"}),
        ({"a": ["order.record", "order.fill"], "b": ["order.accept"]}, {"a": "core", "b": "core"}),
        ({"a": ["order.accept"], "b": ["order.fill"]}, {"a": "exchange", "b": "exchange"}),
        ({"a": ["order.accept", "transfer.bank_debit"], "b": ["transfer.bank_credit"]}, {"a": "bank", "b": "bank"}),
        ({"a": ["session.open"], "b": ["record"]}, {"a": "a", "b": "b"}),
    ],
)
def test_who_writes_into_two_books_joins_them(effects: dict[str, list[str]], expected: dict[str, str]) -> None:
    """Whoever else writes into one of them writes into the same ledger."""
    services: dict[str, Any] = {
        name: {"operations": {"do": {"steps": [{"effect": effect} for effect in its]}}} for name, its in effects.items()
    }
    steps = [{"call": f"{name}.do"} for name in services]
    links = [{"from": "client", "to": name, "latency": "1ms"} for name in services]
    plain = {"kind": "architecture", "name": "some", "title": "Some", "services": services, "links": links}
    made = Architecture.model_validate(plain | {"flows": {"f": {"kind": "order", "steps": steps}}})
    assert ledgers_of(ArchitectureIndex(made)) == expected
