"""A fault that changes nothing took no effect, however much traffic there is: every fault of the catalogue once idle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hand_journal import journal

from chaos.documents.scenario import Scenario, step_model
from chaos.execution.target.executor import ScenarioExecutor
from chaos.faults.catalogue import shipped_faults
from chaos.faults.fault import Fault
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import compile_plan
from simcore.files.patch import command_line_layer
from simcore.journal.model import Journal
from simcore.library import load_pair
from simcore.simulation import simulate

STEP = step_model(shipped_faults())
START = parse_clock("10:00")
Words = Mapping[str, Any]
BUSY: Sequence[str] = ()
NOBODY_COMES = [f"flows.{flow}.rate=0.000001/s" for flow in ("login", "order", "transfer", "fund")] + ["flows.order.backlog=null"]

ONE_AT_A_TIME = [*NOBODY_COMES, "flows.login.rate=1/s"]
WIDE = ["pools.connections.slots=1000", "limits.gateway.rate=10000/s"]
"""Nobody waits, with a tenth of it either."""
NO_LATENCY = ["links[counter-db].latency=0s"]
DB = ("read", "record-order", "record-cancel", "record-fund", "reserve", "credit", "book")
NO_WORK = [f"services.db.operations.{operation}.steps[work].work=0s" for operation in DB]
OF_THE_ARCHITECTURE = ("services", "pools", "limits", "links")

DOWN = ("crash", {"service": "counter"})
CUT = ("partition", {"from": "counter", "to": "db"})
HELD = ("capacity-loss", {"pool": "connections", "left": 0.2})

# By fault: its words, another fault that covers it up for the whole time, and edits: of the load (what is idle only without anybody has none)
# or the architecture.
IDLE: list[tuple[str, Words, tuple[str, Words] | None, Sequence[str]]] = [
    ("bad-file", {"file": "clearing", "state": "late"}, None, BUSY),  # none is due within the run
    ("bad-release", {"service": "counter", "slow": 5}, DOWN, BUSY),
    ("bank-out-of-hours", {"bank": "bank-a"}, ("crash", {"service": "bank-a"}), BUSY),
    ("batch-overrun", {"batch": "day-start", "delay": "1h"}, None, BUSY),
    ("capacity-loss", {"pool": "connections", "left": 0.9}, HELD, BUSY),
    ("capacity-loss", {"pool": "connections", "left": 0.5}, None, WIDE),
    ("counterparty-out-of-hours", {"counterparty": "exchange", "service": "sse"}, ("hang", {"service": "sse"}), BUSY),
    ("crash", {"service": "counter"}, DOWN, BUSY),
    ("double-router-writes", {"share": 0.5}, ("partition", {"from": "router"}), BUSY),
    ("drill", {"failover": "db"}, ("failover", {"failover": "db"}), BUSY),  # it joins what is under way
    ("duplication", {"from": "counter", "to": "db", "share": 0.5}, CUT, BUSY),
    ("errors", {"service": "counter", "share": 0.5}, DOWN, BUSY),
    ("exchange-degradation", {"exchange": "sse", "slow": 5}, ("crash", {"service": "sse"}), BUSY),
    ("failover", {"failover": "db"}, ("drill", {"failover": "db"}), BUSY),
    ("flow-control-shrink", {"limits": ["gateway"], "windows": ["connections"], "left": 0.5}, None, WIDE),
    ("flow-control-shrink", {"limits": ["gateway"], "left": 0.9}, ("flow-control-shrink", {"limits": ["gateway"], "left": 0.5}), BUSY),
    ("grey-failure", {"service": "db", "share": 1, "factor": 1}, None, BUSY),
    ("grey-failure", {"service": "db", "share": 0.5, "factor": 9}, ("hang", {"service": "db"}), BUSY),
    ("grey-failure", {"service": "db", "share": 0.5, "factor": 9}, None, NO_WORK),
    ("hang", {"service": "counter"}, DOWN, BUSY),
    ("link-latency", {"from": "counter", "to": "db", "add": "1s"}, CUT, BUSY),
    ("link-latency", {"from": "counter", "to": "db", "factor": 9}, None, NO_LATENCY),  # nine times nothing
    ("link-loss", {"from": "counter", "to": "db", "answer": 0.5}, CUT, BUSY),
    ("memory-leak", {"service": "counter", "every": "1h", "pause": "1s"}, None, BUSY),
    ("misrouted-alarm", {"alarms": ["counter-host"]}, None, BUSY),
    ("operator-error", {"limit": "gateway"}, None, WIDE),
    ("operator-error", {"pool": "connections"}, None, WIDE),
    ("operator-error", {"stops": "counter"}, DOWN, BUSY),
    ("operator-error", {"pool": "connections"}, ("capacity-loss", {"pool": "connections", "left": 0}), BUSY),
    ("partition", {"from": "counter", "to": "db"}, CUT, BUSY),
    ("pause", {"service": "counter"}, ("hang", {"service": "counter"}), BUSY),
    ("pool-leak", {"pool": "connections", "every": "1h"}, None, BUSY),
    ("pool-leak", {"pool": "connections", "every": "1s"}, None, WIDE),
    ("replica-loss", {"service": "counter", "noticed_after": "1h"}, DOWN, BUSY),
    ("replication-lag", {"failover": "db", "lag": "1min"}, None, BUSY),
    ("restart", {"service": "counter"}, ("shared-fate-outage", {"group": "core-host"}), BUSY),  # without power it starts nothing
    ("session-drop", {"share": 1}, None, ["accounts.sessions_at_start=0", *NOBODY_COMES]),
    ("shared-fate-outage", {"group": "core-host"}, DOWN, BUSY),
    ("silenced-alarm", {"alarms": ["counter-host"]}, None, BUSY),
    ("slow", {"service": "db", "factor": 1}, None, BUSY),
    ("slow", {"service": "counter", "factor": 9}, DOWN, BUSY),
    ("slow", {"service": "db", "factor": 9}, None, NO_WORK),
    ("slow-reports", {"delay": "1s"}, ("partition", {"to": "router"}), BUSY),
    ("standby-misconfigured", {"failover": "counter"}, None, BUSY),
    ("store-contention", {"service": "db", "coefficient": 0.01}, None, BUSY),  # what the file says it has
    ("store-contention", {"service": "db", "coefficient": 9}, None, ONE_AT_A_TIME),
    ("store-write-stall", {"service": "db", "factor": 9}, None, NOBODY_COMES),
    ("store-write-stall", {"service": "db", "factor": 9}, None, NO_WORK),
    ("surge", {"flows": ["order"], "factor": 1}, None, BUSY),
    ("wrong-calendar", {"late_by": "1min"}, None, BUSY),  # at ten the mistaken calendar has the same phase
]  # fmt: skip
NEVER_IDLE = {"burst"}  # its intents come whatever else is going on: see below


def run(folder: Path, fault: str, words: Words, cover: tuple[str, Words] | None, load: Sequence[str]) -> tuple[Fault, Journal]:
    """The fault held from second 4 to 8 and covered up from 3 to 9, and the journal of its run."""
    broker = folder / "tests/contract/broker"
    less = [f"control.{who}={{}}" for who in ("robots", "checklists", "runbooks")]
    system = [edit for edit in load if edit.startswith(OF_THE_ARCHITECTURE)]
    edits = [command_line_layer([*less, "services.db.standby.replication=asynchronous", *system])]
    customers = [command_line_layer([edit for edit in load if edit not in system])]
    pair = load_pair(broker / "architecture.yaml", broker / "workload.yaml", edits=edits, workload_edits=customers)
    plan = compile_plan(*pair, seed=3, start=START, end=START + 12 * SECOND)
    method = [STEP.model_validate({"at": "10:00:04", "for": "4s", fault: words})]
    if cover is not None:
        method.append(STEP.model_validate({"at": "10:00:03", "for": "6s", cover[0]: cover[1]}))
    scenario = Scenario.model_construct(method=method, abort=[], rollbacks=[])
    journal = simulate(plan, script=lambda core, control: ScenarioExecutor(scenario, core, control).begin())
    return method[0].fault, journal


def took_effect(fault: Fault, journal: Journal) -> bool:
    """Whether the fault says so."""
    told = {e.what: e for e in journal.events if e.detail.get("step") == 0}
    assert "fault_failed" not in told
    began, ended = told["fault_started"].t_ns, told["fault_exercised"].t_ns
    return fault.took_effect(journal, began, ended, int(told["fault_exercised"].detail["grown"] or 0))


@pytest.mark.parametrize(("fault", "words", "cover", "load"), IDLE, ids=lambda x: x if isinstance(x, str) else "")
def test_an_idle_fault_took_no_effect(
    fault: str, words: Words, cover: tuple[str, Words] | None, load: Sequence[str], root: Path
) -> None:
    """A factor of one, a share that is there already, a target that is down, cut off or never asked: nothing came of it."""
    assert not took_effect(*run(root, fault, words, cover, load))


# Faults that hit a share of what comes: so small a share that it hits nothing, however much comes.
NEXT_TO_NOTHING: list[tuple[str, Words]] = [
    ("bad-release", {"service": "counter", "errors": 1e-9}),
    ("double-router-writes", {"share": 1e-9}),
    ("duplication", {"from": "counter", "to": "db", "share": 1e-9}),
    ("errors", {"service": "counter", "share": 1e-9}),
    ("exchange-degradation", {"exchange": "sse", "errors": 1e-9}),
    ("grey-failure", {"service": "db", "share": 1e-9, "factor": 9}),
    ("link-loss", {"from": "counter", "to": "db", "request": 1e-9, "answer": 1e-9}),
    ("session-drop", {"share": 1e-9}),
    ("surge", {"flows": ["order"], "factor": 1.000000001}),
    ("surge", {"flows": ["order"], "factor": 0.999999999}),
]


@pytest.mark.parametrize(("fault", "words"), NEXT_TO_NOTHING, ids=lambda x: x if isinstance(x, str) else "")
def test_a_share_that_hits_nothing_took_no_effect(fault: str, words: Words, root: Path) -> None:
    """Requests that met the fault and were spared are no evidence; with a share of a half it took effect in the same run."""
    assert not took_effect(*run(root, fault, words, None, BUSY))
    half = {word: 0.5 if isinstance(value, float) and value < 2 else value for word, value in words.items()}
    assert took_effect(*run(root, fault, half, None, BUSY))


def test_every_fault_with_a_share_is_tried_with_next_to_none() -> None:
    """Whatever takes a probability stands in the list above; of a release's rollback it is what people do afterwards."""
    with_share = {name for name, fault in shipped_faults().items() if {"share", "errors", "request"} & set(fault.model_fields)}
    assert with_share <= {fault for fault, _ in NEXT_TO_NOTHING}


def test_a_release_that_slows_what_nobody_asks_for_took_no_effect(root: Path) -> None:
    """Other operations of the service are asked for all the time; one that is called from nowhere is not."""
    assert not took_effect(
        *run(root, "bad-release", {"service": "counter", "operations": {"fund": 9}}, None, ["flows.fund.rate=0.000001/s"])
    )


@pytest.mark.parametrize("fault", ["drill", "failover"])
def test_what_is_not_under_way_yet_begins(fault: str, root: Path) -> None:
    """The idle cases of a failover and its drill are idle for joining what is under way, and for nothing else."""
    assert took_effect(*run(root, fault, {"failover": "db"}, None, ["flows.login.rate=0.000001/s"]))


def test_a_burst_is_never_idle(root: Path) -> None:
    """Its intents are intents, though nobody else comes and nobody is there to take them."""
    fault, journal = run(root, "burst", {"flow": "order", "count": 3}, DOWN, NOBODY_COMES)
    assert journal.totals["flow"]["order"]["started"] == 3
    assert took_effect(fault, journal)


@pytest.mark.parametrize(
    ("events", "of_connect", "of_any"),
    [
        ([(5, "failover_step", {"step": "connect", "ok": False, "why": "config"})], True, True),
        ([(5, "failover_step", {"step": "start", "ok": False, "why": "config"})], False, True),  # another step had drifted
        ([(5, "failover_step", {"step": "connect", "ok": False, "why": "failure"})], False, False),
        ([(5, "failover_step", {"step": "connect", "ok": True, "why": None})], False, False),
        ([(9, "failover_step", {"step": "connect", "ok": False, "why": "config"})], False, False),
        ([(5, "drill_done", {"steps": 1, "repaired": 1})], True, True),
        ([(5, "drill_done", {"steps": 1, "repaired": 0})], False, False),  # it rehearsed what was in order
    ],
)
def test_a_misconfigured_standby_shows_by_its_own_steps(events: Any, of_connect: bool, of_any: bool) -> None:
    """A failover that fails at a step which something else has broken, or a drill that finds nothing, is no sign of it."""
    made = journal(10, events=[(at * SECOND, what, "counter", detail) for at, what, detail in events])
    for steps, expected in ((["connect"], of_connect), (None, of_any)):
        fault = shipped_faults()["standby-misconfigured"].model_validate({"failover": "counter", "steps": steps})
        assert fault.took_effect(made, 3 * SECOND, 8 * SECOND, 0) is expected


def test_every_fault_has_an_idle_case() -> None:
    """No fault of the catalogue is left out."""
    assert {fault for fault, *_ in IDLE} | NEVER_IDLE == set(shipped_faults())


@pytest.mark.parametrize(
    ("fault", "words"),
    [(fault, words) for fault, words, _, edits in IDLE if edits in (WIDE, NO_LATENCY, NO_WORK, ONE_AT_A_TIME)],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_is_idle_for_want_of_work_or_of_a_queue_is_not_with_it(fault: str, words: Words, root: Path) -> None:
    """The same words under the usual load, with the pool and the limit narrow, work and latency as the file has them."""
    narrow = ["pools.connections.slots=2", "limits.gateway.rate=12/s"]
    assert took_effect(*run(root, fault, words, None, narrow))


TWO_THERE = [
    *[edit for edit in NOBODY_COMES if not edit.startswith("flows.fund")],
    "flows.fund={rate: 0.000001/s, backlog: {count: 2, over: 1s}}",
    "services.db.operations.record-fund.steps[work].work=5s",
]
"""Two fund orders come in the first second and are at work in the database when the fault begins at the fourth; nobody comes after them."""


@pytest.mark.parametrize("fault", ["crash", "hang", "pause", "restart", "replica-loss", "shared-fate-outage", "operator-error"])
def test_what_stops_an_instance_has_met_what_is_there(fault: str, root: Path) -> None:
    """Though nobody comes while it lasts; at an instance where nobody is it met nothing."""
    where = {"shared-fate-outage": "group", "operator-error": "stops"}.get(fault, "service")
    at_the_database, at_an_exchange = ("db-host", "nobody-there") if where == "group" else ("db", "szse")
    assert took_effect(*run(root, fault, {where: at_the_database}, None, TWO_THERE))
    if where != "group":
        assert not took_effect(*run(root, fault, {where: at_an_exchange}, None, TWO_THERE))
