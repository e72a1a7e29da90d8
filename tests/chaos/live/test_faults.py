"""Every fault that a twin does not refuse, turned on one on simulated time: it changes what it should, and takes it back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from live_world import VirtualLoop
from virtual_twin import VirtualTwin

from chaos.documents.overrides import layers
from chaos.documents.scenario import Scenario, step_model
from chaos.execution.target.executor import begin_scenario
from chaos.faults.catalogue import shipped_faults
from chaos.live.capabilities import FAULTS_REFUSED, require_fault
from chaos.live.observe import reconciled
from simcore.base.errors import InputError
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import compile_plan
from simcore.files.patch import command_line_layer
from simcore.library import load_pair
from simcore.simulation import simulate

FAULTS = shipped_faults()
STEP = step_model(FAULTS)
START, BEGIN = parse_clock("10:00"), parse_clock("10:00:02")
PAIR = load_pair(
    "legacy-coupled",
    "normal-day",
    edits=[command_line_layer(["control.runbooks={}"])],
    workload_edits=[
        layers(["load=0.2", "workload.accounts.count=20000", "workload.flows.overnight-order.backlog.count=1"]).workload
    ],
)


class Case(NamedTuple):
    """A fault with its words, and what is to be seen of it while it holds, in what `VirtualSystem.state` says is different."""

    fault: str
    words: dict[str, Any]
    seen: str
    value: str = ""


TURNED = [
    Case("crash", {"service": "login", "replicas": [0]}, "down", "login#0"),
    Case("hang", {"service": "login", "replicas": [0]}, "still", "login#0"),
    Case("pause", {"service": "login", "replicas": [0]}, "still", "login#0"),
    Case("slow", {"service": "risk-check", "factor": 10}, "risk-check#0 work", "10.0"),
    Case("grey-failure", {"service": "risk-check", "share": 0.25, "factor": 41}, "risk-check#0 work", "(0.25, 41.0)"),
    Case("errors", {"service": "risk-check", "share": 0.5}, "risk-check#0 work", "0.5"),
    Case("restart", {"service": "counter"}, "down", "counter#0"),
    Case(
        "replica-loss",
        {"service": "login", "replicas": [0], "noticed_after": "500ms"},
        "access-gateway#0 rotation",
        "'login': ['login#1']",
    ),
    Case("capacity-loss", {"pool": "counter-connections", "left": 0.5}, "counter#0 counter-connections"),
    Case("pool-leak", {"pool": "counter-connections", "every": "500ms"}, "counter#0 counter-connections"),
    Case("memory-leak", {"service": "login", "replicas": [1], "every": "2s", "pause": "2s"}, "still", "login#1"),
    Case("link-latency", {"from": "login", "to": "counter", "add": "60ms"}, "toxics", "{'latency': 60}"),
    Case("link-latency", {"from": "login", "to": "counter", "factor": 200}, "login#0 login-counter", "200"),
    Case("link-loss", {"from": "counter", "to": "risk-check", "request": 0.3}, "counter#0 counter-risk-check", "0.3"),
    Case("link-loss", {"to": "risk-check", "answer": 0.4}, "risk-check#0 counter-risk-check", "0.4"),
    Case("duplication", {"to": "risk-check", "share": 1}, "counter#0 counter-risk-check", "1.0"),
    Case("partition", {"from": "login", "to": "counter"}, "toxics", "'cut-down'), {'latency': 3600000}"),
    Case("partition", {"to": "bank-a", "cut": "request"}, "toxics", "[(('counter-bank-a', 'cut-up'), {'latency': 3600000})]"),
    Case(
        "partition",
        {"to": "bank-a", "cut": "answer", "messages": "reset"},
        "toxics",
        "[(('counter-bank-a', 'cut-down'), {'timeout': 0})]",
    ),
    Case("partition", {"to": "bank-a", "cut": "request", "messages": "lost"}, "counter#0 counter-bank-a", "'lost', 'none'"),
    Case("partition", {"to": "bank-a", "cut": "answer", "messages": "lost"}, "bank-a#0 counter-bank-a", "'none', 'lost'"),
    Case("flow-control-shrink", {"limits": ["gateway-sse"], "left": 0.05}, "order-router#0 gateway-sse"),
    Case("flow-control-shrink", {"windows": ["window-sse"], "left": 0.1}, "order-router#0 window-sse"),
    Case("store-contention", {"service": "counter-db", "coefficient": 1}, "counter-db#0 work", "1.0 0.0 () 1"),
    Case("store-write-stall", {"service": "counter-db", "factor": 8}, "counter-db#0 work", "8"),
    Case("bad-release", {"service": "risk-check", "slow": 10}, "risk-check#0 work", "10.0"),
    Case("shared-fate-outage", {"group": "gateway-hosts"}, "down", "access-gateway#1"),
    Case("double-router-writes", {"share": 1}, "order-router#0 order-router-sse", "1.0"),
    Case("slow-reports", {"delay": "1h"}, ""),
    Case("exchange-degradation", {"exchange": "sse", "slow": 50}, "sse#0 work", "50.0"),
    Case("bank-out-of-hours", {"bank": "bank-a"}, "bank-a#0 work", "1.0 1.0"),
    Case("counterparty-out-of-hours", {"counterparty": "bank", "answer": "refused"}, "counter#0 rotation", "'bank-a': []"),
    Case("wrong-calendar", {"holiday": True}, "sse#0 markets", "[0, 1]"),
    Case("operator-error", {"stops": "login", "replica": 1}, "down", "login#1"),
    Case("operator-error", {"pool": "counter-connections"}, "counter#0 counter-connections"),
]
ARRIVALS = [
    Case("surge", {"flows": ["quote"], "factor": 8}, "flow/quote/started"),
    Case("burst", {"flow": "position-query", "count": 60, "over": "1s"}, "flow/position-query/started"),
    Case("session-drop", {"share": 0.04, "over": "2s"}, "flow/login/started"),
]
ALARMS = [
    Case("silenced-alarm", {"alarms": ["counter-host"]}, ""),
    Case("misrouted-alarm", {"alarms": ["counter-host"]}, ""),
]
"""What these change is with people alone: nothing of the twin's."""


def twin(case: Case | None, folder: Path, loop: VirtualLoop, seconds: float = 9.0) -> VirtualTwin:
    method = [] if case is None else [STEP.model_validate({"at": "10:00:02", "for": "3s", case.fault: case.words})]
    scenario = Scenario.model_construct(method=method, abort=[], rollbacks=[])
    return VirtualTwin(compile_plan(*PAIR, seed=3, start=START, end=START + round(seconds * SECOND)), scenario, folder, loop)


def run(made: VirtualTwin, loop: VirtualLoop, *times: int) -> list[dict[str, str]]:
    try:
        states = loop.run_until_complete(made.run(times))
        while left := asyncio.all_tasks(loop):
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.wait(left))
        return states
    finally:
        loop.close()


@pytest.mark.parametrize("case", TURNED, ids=lambda case: f"{case.fault}:{','.join(case.words)}")
def test_a_fault_is_turned_on_and_off(case: Case, tmp_path: Path) -> None:
    """While it holds the state of processes, proxies and nodes differs where it should, and only then."""
    loop = VirtualLoop()
    made = twin(case, tmp_path, loop)
    before, during, after = run(made, loop, BEGIN - SECOND // 10, BEGIN + 2_400_000_000, made.plan.end - SECOND // 2)
    different = {name: now for name, now in during.items() if before.get(name) != now}
    assert different
    if case.seen:
        assert case.value in different[case.seen], different
    assert {name: now for name, now in after.items() if before.get(name, now) != now} == {}
    assert [event for event in made.events if event.what == "fault_failed"] == []
    assert [node.bugs for node in made.system.world.nodes.values() if node.bugs] == []
    assert broken_laws(made, tmp_path) == []


def broken_laws(made: VirtualTwin, folder: Path) -> list[str]:
    """The laws that the ledgers in a folder break."""
    world = made.system.world
    return [name for name, holds, *_ in reconciled(made.plan, world.blueprint, folder, world.seen).laws if not holds]


@pytest.mark.parametrize("case", ARRIVALS, ids=lambda case: case.fault)
def test_a_fault_brings_more_customers(case: Case, tmp_path: Path) -> None:
    """More of the flow have begun than without it."""
    counts = []
    for number, which in enumerate((None, case)):
        loop, folder = VirtualLoop(), tmp_path / str(number)
        folder.mkdir()
        made = twin(which, folder, loop, 6.0)
        run(made, loop)
        counts.append(made.meter.read(case.seen))
    assert counts[1] > 1.5 * counts[0] + 5, counts


@pytest.mark.parametrize("case", ALARMS, ids=lambda case: case.fault)
def test_a_fault_among_people_changes_no_node(case: Case, tmp_path: Path) -> None:
    """It begins and ends in the journal's events."""
    loop = VirtualLoop()
    made = twin(case, tmp_path, loop, 6.0)
    before, during = run(made, loop, BEGIN - SECOND // 10, BEGIN + SECOND)
    assert {name for name in before if before[name] != during[name]} == set()
    assert {"fault_started", "fault_healed"} <= {event.what for event in made.events}


def test_every_fault_is_turned_or_refused() -> None:
    """The cases above and the refusals are the whole catalogue; a refusal says why."""
    turned = {case.fault for case in (*TURNED, *ARRIVALS, *ALARMS)}
    assert turned | set(FAULTS_REFUSED) == set(FAULTS)
    assert turned & set(FAULTS_REFUSED) == set()


@pytest.mark.parametrize(
    ("fault", "words"),
    [("failover", {"failover": "counter-db"}), ("batch-overrun", {"batch": "settlement", "delay": "1h"})],
)
def test_a_refusal_says_why(fault: str, words: dict[str, str]) -> None:
    """By name, with the reason as a hint."""
    step = STEP.model_validate({"at": "10:00:02", fault: words})
    with pytest.raises(InputError, match=f"cannot do {fault}") as error:
        require_fault(step.fault)
    assert FAULTS_REFUSED[fault] in str(error.value)


def test_of_two_shares_each_is_credited_with_its_own(tmp_path: Path) -> None:
    """As in the simulated core: with what would have come out well without it, not with all that the counter counts. One that hit nothing that
    the other would have spared never took effect."""
    steps: list[dict[str, Any]] = [{"errors": {"service": "risk-check", "share": share}} for share in (0.7, 0.5)]
    steps += [{"grey-failure": {"service": "login", "share": share, "factor": 2}} for share in (0.6, 0.2)]
    steps += [{"link-loss": {"from": "counter", "to": "risk-check", "request": share}} for share in (0.3, 0.1)]
    method = [STEP.model_validate({"at": "10:00:02", "for": "3s", "name": f"step {n}", **step}) for n, step in enumerate(steps)]
    scenario = Scenario.model_construct(method=method, abort=[], rollbacks=[])
    loop, plan = VirtualLoop(), compile_plan(*PAIR, seed=3, start=START, end=START + 6 * SECOND)
    made = VirtualTwin(plan, scenario, tmp_path, loop)
    run(made, loop)
    simulated = simulate(plan, script=lambda core, control: begin_scenario(scenario, (), core, control))
    live, core = (
        {event.subject: int(event.detail["grown"] or 0) for event in events if event.what == "fault_exercised"}
        for events in (made.events, simulated.events)
    )
    assert live == core
    assert live["step 1"] == 0 < live["step 0"] < made.meter.read("unit/risk-check#0/errors_injected")
    assert 0 < live["step 3"] < live["step 2"]
