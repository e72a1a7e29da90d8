"""Common random numbers: one seed has the same customers, intents and random numbers in every architecture, and no two draws are one."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from simcore.base.units import SECOND, parse_clock
from simcore.journal.model import Journal
from simcore.library import load_pair
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload

Fault = dict[str, Any]
START, END = parse_clock("09:29:50"), parse_clock("09:30:30")
SAME = ("customer", "submit_ns", "side", "quantity", "price_cents")
# A service in the order path, a bulkhead, a wider pool, one flow more: none of it may touch what was there.
AUDITED = """
kind: architecture
name: legacy-audited
extends: legacy-coupled
patch:
  - {add: pools.audit-window, value: {slots: 12, queue: 500}}
  - {set: pools.counter-threads.slots, to: 40}
  - add: services.audit
    value: {layer: core, replicas: 2, operations: {check: {steps: [work: {lognormal: {mean: 3ms, scv: 0.5}}]}}}
  - insert: services.counter.operations.place-order.steps
    before: risk-check.check
    step: {call: audit.check, bulkhead: audit-window, timeout: 2s}
  - {add: flows.audit-trail, value: {kind: query, steps: [call: audit.check]}}
"""


def simulated(
    architecture: Architecture, workload: Workload, start: int, end: int, faults: tuple[Fault, ...] = (), seed: int = 3
) -> Journal:
    """The journal of a run, with every span."""
    from simcore.compile.plan import compile_plan
    from simcore.simulation import Action, simulate

    plan = compile_plan(architecture, workload, seed=seed, start=start, end=end, span_sampling=1)
    return simulate(plan, [Action(f["at"], f["do"], {k: v for k, v in f.items() if k not in ("at", "do")}) for f in faults])


def small(architecture: str, seconds: float = 20.0, flow: str = "{rate: 20/s}", faults: tuple[Fault, ...] = ()) -> Journal:
    """A small architecture (YAML without its head) with one flow `buy`."""
    model = {"kind": "architecture", "name": "small"} | yaml.safe_load(architecture)
    workload = {"kind": "workload", "name": "small", "flows": {"buy": yaml.safe_load(flow)}}
    return simulated(Architecture.model_validate(model), Workload.model_validate(workload), 0, round(seconds * SECOND), faults)


@pytest.fixture(scope="module")
def legacy() -> Journal:
    """legacy-coupled around the opening of a normal day."""
    return simulated(*load_pair("legacy-coupled", "normal-day"), START, END)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    """The same time and workload on the patched copy."""
    file: Path = tmp_path_factory.mktemp("audited") / "legacy-audited.yaml"
    file.write_text(AUDITED, encoding="utf-8")
    return simulated(*load_pair(file, "normal-day"), START, END)


# --- intents --------------------------------------------------------------------------------------------------------------


def intents(journal: Journal) -> list[tuple[Any, ...]]:
    """The recorded intents in order: flow and what the customer means to do; robots' probes left out."""
    flows, table = journal.names["flow"], journal.intents
    rows = zip((flows[flow] for flow in table["flow"]), *(table[column].tolist() for column in SAME), strict=True)
    return [row for row in rows if journal.meta.flow_kinds[row[0]] != "probe"]


def test_intents_are_the_same_in_every_architecture(legacy: Journal, audited: Journal) -> None:
    """Row by row the recorded intents of two architectures agree in flow, customer, time, side, quantity and price; while no
    client behaves otherwise, also in the number of the request. What became of them differs."""
    assert len(intents(legacy)) > 1000
    assert intents(legacy) == intents(audited)
    assert legacy.intents["request"].tolist() == audited.intents["request"].tolist()
    assert legacy.intents["answer_ns"].tolist() != audited.intents["answer_ns"].tolist()


def test_intents_are_the_same_whatever_goes_wrong(legacy: Journal) -> None:
    """A crash of the counter and lost sessions bring logins and failures, and leave the recorded intents as they were."""
    faults = (
        {"at": START + 5 * SECOND, "do": "crash", "service": "counter", "replica": 0},
        {"at": START + 6 * SECOND, "do": "drop_sessions", "share": 0.5, "reconnect_over_ns": 10 * SECOND},
    )
    troubled = simulated(*load_pair("legacy-coupled", "normal-day"), START, END, faults)
    assert intents(troubled) == intents(legacy)
    assert troubled.totals["flow"]["login"]["started"] > legacy.totals["flow"]["login"]["started"]
    assert Counter(troubled.intents["outcome"].tolist()) != Counter(legacy.intents["outcome"].tolist())


@pytest.mark.parametrize(("factor", "kept"), [(3.0, "all"), (0.5, "some")])
def test_a_surge_adds_to_the_intents_and_a_lull_takes_some_away(legacy: Journal, factor: float, kept: str) -> None:
    """With more load, those who come anyway come as before; with less, those who still come are among them."""
    surge = ({"at": START, "do": "flow_rate", "flow": "place-order", "factor": factor},)
    changed = simulated(*load_pair("legacy-coupled", "normal-day"), START, END, surge)
    before, after = (Counter(row for row in intents(j) if row[0] == "place-order") for j in (legacy, changed))
    assert len(before) == sum(before.values())
    assert (before <= after) if kept == "all" else (after <= before)
    assert sum(after.values()) == pytest.approx(factor * sum(before.values()), rel=0.15)


def test_another_seed_has_other_intents(legacy: Journal) -> None:
    """The comparisons above are no matter of course."""
    other = simulated(*load_pair("legacy-coupled", "normal-day"), START, END, seed=4)
    assert not set(intents(other)) & set(intents(legacy))


# --- draws ----------------------------------------------------------------------------------------------------------------


def work_times(journal: Journal, *operations: str) -> dict[int, int]:
    """How long the tasks of operations that only work took after they had their slots, ns, by path; only those done well."""
    spans, numbers = journal.spans, [journal.names["operation"].index(name) for name in operations]
    chosen = np.isin(spans["operation"], numbers) & (spans["code"] == 0)
    paths, times = spans["path"][chosen], (spans["end_ns"] - spans["start_ns"])[chosen]
    found = dict(zip(paths.tolist(), times.tolist(), strict=True))
    assert len(found) == len(paths), "two tasks have one path"
    return found


def test_an_operation_that_both_architectures_have_draws_the_same(legacy: Journal, audited: Journal) -> None:
    """In the patched copy every task of before is there, under the same path, and works as long, to the nanosecond: adding a
    service, a bulkhead and a flow shifts no draw. The operations chosen only work, and do not slow each other."""
    chosen = ["risk-check.check", "sse.accept", "szse.accept", "szse.cancel", "market-data.quote", "bank-a.debit"]
    for operation in chosen:
        before, after = work_times(legacy, operation), work_times(audited, operation)
        both = before.keys() & after.keys()
        assert both, operation
        assert {path: before[path] for path in both} == {path: after[path] for path in both}, operation
    # An order comes a few ms later in the copy, so that what ended at the very end may be missing there.
    early = (legacy.spans["end_ns"] < END - SECOND) & (legacy.spans["code"] == 0)
    missing = set(legacy.spans["path"][early].tolist()) - set(audited.spans["path"].tolist())
    assert not missing
    assert len(set(work_times(legacy, *chosen).values())) > 0.999 * len(work_times(legacy, *chosen))


STORE = """
services:
  shop:
    operations:
      buy:
        steps:
          - {call: store.take, on_failure: ignore, timeout: 20ms, retry: {attempts: 3, backoff: 1ms}}
          - {call: store.take, on_failure: ignore, timeout: 20ms}
          - repeat: 2
            steps: [{call: store.take, on_failure: ignore, timeout: 20ms}, {send: store.take, durable: true}]
  store: {operations: {take: {steps: [work: {exponential: 20ms}, WORK]}}}
links: [{from: shop, to: store, duplication: 0.5, loss: {request: 0.2}}, {from: client, to: shop, duplication: 0.5}]
flows: {buy: {record: true, steps: [{call: shop.buy, timeout: 60ms, retry: {attempts: 3}}]}}
"""


def test_two_calls_of_one_operation_never_share_a_draw() -> None:
    """Two calls in one task, turns of a repeat, retries, retries of the caller, duplicates of call and caller, messages and
    their redeliveries: every task of the operation has a draw of its own, so that all take different times."""
    journal = small(STORE.replace(", WORK", ""))
    times = work_times(journal, "store.take")
    assert len(set(times.values())) == len(times) > 5000
    taken = journal.spans["operation"] == journal.names["operation"].index("store.take")
    assert max(Counter(journal.spans["request"][taken].tolist()).values()) > 40
    calls = journal.totals["call"]
    assert calls["client.buy/shop.buy#0"]["retries"] > 50
    assert calls["shop.buy/store.take#0"]["retries"] > 300
    assert sum(link["lost_request"] for link in journal.totals["link"].values()) > 500


def test_a_named_draw_is_the_same_in_one_request_but_for_another_outer_attempt() -> None:
    """`draw: X` in a work step is fixed by the request and the outer retries alone: calls and duplicates of one attempt share
    it, retries do not."""
    journal = small(STORE.replace("work: {exponential: 20ms}, WORK", "{work: {exponential: 20ms}, draw: take}"))
    spans = journal.spans
    taken = (spans["operation"] == journal.names["operation"].index("store.take")) & (spans["code"] == 0)
    times = defaultdict(set)
    for request, ns in zip(spans["request"][taken].tolist(), (spans["end_ns"] - spans["start_ns"])[taken].tolist(), strict=True):
        times[request].add(ns)
    # three attempts of the caller, in each the first attempts of all calls together, a second and a third of the first call
    assert {len(found) for found in times.values()} <= set(range(1, 10))
    assert min(len(found) for found in times.values()) == 1
    assert max(len(found) for found in times.values()) > 4
    assert len(set().union(*times.values())) == sum(len(found) for found in times.values())


DIRECT = """
services:
  shop: {operations: {buy: {steps: [call: core.buy]}}}
  core: {operations: {buy: {steps: [{work: {exponential: 9ms}, draw: price}, {call: store.take, draw: take}]}}}
  store: {operations: {take: {steps: [work: {exponential: 20ms}]}}}
flows: {buy: {record: true, steps: [call: shop.buy]}}
"""
REBUILT = """
services:
  shop: {operations: {buy: {steps: [call: gateway.buy]}}}
  gateway: {operations: {buy: {steps: [work: {exponential: 3ms}, call: new-core.order]}}}
  new-core: {operations: {order: {steps: [{wait: 1ms}, {work: {exponential: 9ms}, draw: price}, {call: store.take, draw: take}]}}}
  store: {operations: {take: {steps: [work: {exponential: 20ms}]}}}
flows: {buy: {record: true, steps: [call: shop.buy]}}
"""


def by_request(journal: Journal, operation: str) -> dict[int, int]:
    """Time in an operation, ns, by request."""
    chosen = journal.spans["operation"] == journal.names["operation"].index(operation)
    times = (journal.spans["end_ns"] - journal.spans["arrive_ns"])[chosen].tolist()
    return dict(zip(journal.spans["request"][chosen].tolist(), times, strict=True))


@pytest.mark.parametrize("named", [True, False])
def test_a_named_draw_keeps_its_stream_when_services_are_rebuilt(named: bool) -> None:
    """Behind a gateway, in a service and an operation of other names, work with a `draw:` takes as long as before, and so does
    all that a call with a `draw:` leads to. Without the names both draw again."""
    texts = [text if named else text.replace(", draw: price", "").replace(", draw: take", "") for text in (DIRECT, REBUILT)]
    before, after = (small(text) for text in texts)
    takes = by_request(before, "store.take"), by_request(after, "store.take")
    orders = by_request(before, "core.buy"), by_request(after, "new-core.order")
    both = orders[0].keys() & orders[1].keys()
    assert len(both) > 300
    same_call = [takes[0][request] == takes[1][request] for request in both]
    same_work = [orders[0][r] - takes[0][r] == orders[1][r] - takes[1][r] - 1_000_000 for r in both]
    assert same_call == same_work == [named] * len(both)
