"""Do faults compose? Every pair of the catalogue on a small broker, every fault beside what people, a rollback and a permanent defect do.

A trial is fixed by its number. tests/contract/test_fault_pairs.py tries some, benchmarks/fault_pairs.py all. Nobody responds but where
a trial is about that, so that what ends a fault is its own end.

Of a pair, the first ends at or before an instant at which the second holds on: then (a) the order in which the steps are listed changes
nothing; (b) at that instant everything in the kernel and the control plane stands as if there had been the second alone, what the
second does to requests it goes on doing, and when both have ended everything stands as if there had been neither; (c) a second fault
that does nothing changes no intent. A restart is what people do, and is an exception: what it ends is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chaos.documents.scenario import Rollback, Scenario, Step, step_model
from chaos.execution.target.contributors import of_permanent
from chaos.execution.target.executor import ScenarioExecutor, hold_permanently
from chaos.faults.catalogue import shipped_faults
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import Plan, compile_plan
from simcore.control.acting import ActingCore
from simcore.files.patch import command_line_layer
from simcore.journal.model import Journal
from simcore.kernel import layout as y
from simcore.library import load_pair
from simcore.simulation import Memory, simulate

BROKER = Path(__file__).parent / "broker"
START, LENGTH_S = parse_clock("09:29:50"), 34
NOBODY = [f"control.{who}={{}}" for who in ("runbooks", "checklists")]
NOBODY += [f"control.teams.{team}.vendor=null" for team in ("operations", "core")]
CALM = [
    *NOBODY, "control.files.clearing.due=09:29:58", "control.files.funds.due=09:29:58", "control.batches.day-start.at=09:30:01",
    "control.batches.settlement.at=09:30:03", "services.access.balance=random", "services.bank-b.balance=random",
    "control.monitors.counter-queue.false_alarms=0/min", "control.failovers.counter.drift=0", "control.failovers.db.trigger=null",
    *(f"services.{name}.restart_time=300ms" for name in ("access", "counter", "db", "router", "sse", "szse", "bank-a", "bank-b")),
    "services.db.standby.replication=asynchronous",
]  # fmt: skip
Words = Mapping[str, Any]

# Each fault with words that hit the caller, the counter, and the callee, its database; most can hit both.
SPECIMENS: dict[str, tuple[Words, Words]] = {
    "bad-file": ({"file": "clearing", "state": "corrupt"}, {"file": "clearing", "state": "late", "late_by": "2s"}),
    "bad-release": ({"service": "counter", "slow": 4, "errors": 0.2}, {"service": "db", "slow": 3, "contention": 0.5}),
    "bank-out-of-hours": ({"bank": "bank-a"}, {"bank": "bank-a", "answer": "silence"}),
    "batch-overrun": ({"batch": "day-start", "delay": "1s"}, {"batch": "day-start", "slowdown": 3, "failures": 1}),
    "burst": ({"flow": "order", "count": 40, "over": "2s"}, {"flow": "login", "count": 40}),
    "capacity-loss": ({"pool": "counter-threads", "left": 0.2}, {"pool": "connections", "left": 0.3}),
    "counterparty-out-of-hours": (
        {"counterparty": "bank", "service": "bank-a", "answer": "refused"}, {"counterparty": "exchange", "answer": "refused"}
    ),
    "crash": ({"service": "counter"}, {"service": "db", "restart": "boot"}),
    "double-router-writes": ({"share": 0.5}, {"share": 0.4, "exchange": "sse"}),
    "drill": ({"failover": "counter"}, {"failover": "db"}),
    "duplication": ({"to": "counter", "share": 0.5}, {"to": "db", "share": 0.4}),
    "errors": ({"service": "counter", "share": 0.5}, {"service": "db", "share": 0.4}),
    "exchange-degradation": ({"slow": 20, "errors": 0.3}, {"exchange": "sse", "reports_late": "2s", "slow": 9}),
    "failover": ({"failover": "counter"}, {"failover": "db"}),
    "flow-control-shrink": ({"limits": ["gateway"], "left": 0.05}, {"windows": ["window"], "left": 0.2}),
    "grey-failure": ({"service": "counter", "share": 0.5, "factor": 20}, {"service": "db", "share": 0.3, "factor": 30}),
    "hang": ({"service": "counter"}, {"service": "db"}),
    "link-latency": ({"to": "counter", "add": "80ms", "jitter": "50ms"}, {"to": "db", "factor": 200}),
    "link-loss": ({"to": "counter", "request": 0.3}, {"to": "db", "answer": 0.3}),
    "memory-leak": ({"service": "counter", "every": "1s", "pause": "500ms"}, {"service": "db", "every": "1s", "pause": "400ms"}),
    "misrouted-alarm": ({"alarms": ["counter-host"], "to": "network"}, {"alarms": ["db-host", "counter-host"]}),
    "operator-error": ({"stops": "counter"}, {"pool": "connections"}),
    "partition": ({"to": "counter"}, {"to": "db", "cut": "answer", "messages": "lost"}),
    "pause": ({"service": "counter"}, {"service": "db"}),
    "pool-leak": ({"pool": "counter-threads", "every": "500ms"}, {"pool": "connections", "every": "500ms"}),
    "replica-loss": ({"service": "counter", "noticed_after": "1s"}, {"service": "db", "noticed_after": "1s"}),
    "replication-lag": ({"failover": "db", "lag": "10s"}, {"failover": "db", "stuck": True}),
    "restart": ({"service": "counter"}, {"service": "db"}),
    "session-drop": ({"share": 0.5, "over": "2s"}, {"share": 0.3, "over": "1s"}),
    "shared-fate-outage": ({"group": "core-host"}, {"group": "core-power"}),
    "silenced-alarm": ({"alarms": ["counter-host"]}, {"alarms": ["counter-host", "db-host"]}),
    "slow": ({"service": "counter", "factor": 8}, {"service": "db", "factor": 6}),
    "slow-reports": ({"delay": "3s"}, {"delay": "2s", "exchange": "sse"}),
    "standby-misconfigured": ({"failover": "counter"}, {"failover": "counter", "steps": ["start"]}),
    "store-contention": ({"service": "counter", "coefficient": 2}, {"service": "db", "coefficient": 3}),
    "store-write-stall": ({"service": "db", "factor": 12}, {"service": "db", "operations": ["record-order"], "factor": 20}),
    "surge": ({"flows": ["login"], "factor": 3}, {"flows": ["login", "order"], "factor": 0.3}),
    "wrong-calendar": ({"holiday": True}, {"late_by": "5min", "queues": True}),
}  # fmt: skip
HARMLESS: tuple[tuple[str, Words], ...] = (
    ("slow", {"service": "counter", "factor": 1}),
    ("slow", {"service": "db", "factor": 1}),
    ("grey-failure", {"service": "db", "share": 1, "factor": 1}),
    ("surge", {"flows": ["order", "login"], "factor": 1}),
)
ARRANGEMENTS = {"abutting": ((4, 9), (9, 18)), "overlapping": ((4, 11), (8, 18)), "nested": ((8, 12), (4, 18))}
LATER_S = 16  # the first has ended, and the second holds
ENDED_S = 33  # both have ended, and who boots is up
ACTIONS = ("restart", "settings", "rollback", "permanent")
STEP = step_model(shipped_faults())

# What a pair's first step leaves behind by what it is, or what makes the second go another way than by itself.
BEGINS_SOMETHING = {"failover", "drill"}
STARTS_AGAIN = {"memory-leak", "pool-leak"}
STOPS_INSTANCES = {"crash", "restart", "replica-loss", "shared-fate-outage", "operator-error"}
# What a restart of the same instances ends, so that they serve; of a lost replica they stay out of rotation.
RESTART_ENDS = {"crash", "hang", "pause", "operator-error"}
RESTART_BRINGS_UP = {"replica-loss"}


class Trial(NamedTuple):
    """What is tried: two faults at a place each (0 the caller, 1 the callee), or one and what is done beside it."""

    first: str
    second: str
    how: str
    places: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.first}{self.places[0]} {self.how} {self.second}{self.places[1]}"


class Verdict(NamedTuple):
    """What became of a trial: what is wrong, if anything."""

    trial: str
    wrong: list[str]


@cache
def trials() -> tuple[Trial, ...]:
    """All of them, in a fixed order: of pairs each fault as the first and as the second, both at the caller, and the first at the callee."""
    names = sorted(SPECIMENS)
    pairs = [Trial(a, b, how, places) for a in names for b in names for how in ARRANGEMENTS for places in ((0, 0), (1, 0))]
    idle = [Trial(a, str(n), f"harmless {how}", (0, 0)) for a in names for n in range(len(HARMLESS)) for how in ARRANGEMENTS]
    beside = [Trial(a, action, "beside", (place, 0)) for a in names for action in ACTIONS for place in (0, 1)]
    return (*pairs, *idle, *beside)


def tried(number: int) -> Verdict:
    """Makes the trial of this number."""
    trial = trials()[number]
    if trial.how.startswith("harmless"):
        wrong = _harmless(trial)
    elif trial.how == "beside":
        wrong = _beside(trial)
    else:
        wrong = _pair(trial)
    return Verdict(str(trial), wrong)


# --- the trials -------------------------------------------------------------------------------------------------------------


def _pair(trial: Trial) -> list[str]:
    spans = ARRANGEMENTS[trial.how]
    first = _step(trial.first, SPECIMENS[trial.first][trial.places[0]], spans[0])
    second = _step(trial.second, SPECIMENS[trial.second][trial.places[1]], spans[1])
    both, turned = run((first, second)), run((second, first))
    alone = run_kept(second)
    wrong = [] if _without_numbers(both.journal) == _without_numbers(turned.journal) else ["the order of listing changes the run"]
    if trial.first in BEGINS_SOMETHING or trial.second in BEGINS_SOMETHING:
        return wrong
    started_again = trial.second in STARTS_AGAIN and trial.first in STOPS_INSTANCES
    restarted = trial.first == "restart" and trial.how == "nested" and trial.places[0] == trial.places[1]
    if restarted and trial.second in RESTART_ENDS:
        calm = run_kept(None).states[LATER_S]
        wrong += [f"the restart leaves behind: {x}" for x in _differences(both.states[LATER_S], calm)]
    elif not started_again and not (restarted and trial.second in RESTART_BRINGS_UP):
        wrong += [f"after the first has ended: {x}" for x in _differences(both.states[LATER_S], alone.states[LATER_S])]
        wrong += _annulled(both.journal, alone.journal, run_kept(first).journal, run_kept(None).journal)
    return wrong + [f"after both have ended: {x}" for x in _differences(both.states[ENDED_S], run_kept(None).states[ENDED_S])]


def _harmless(trial: Trial) -> list[str]:
    spans = ARRANGEMENTS[trial.how.removeprefix("harmless ")]
    first = _step(trial.first, SPECIMENS[trial.first][trial.places[0]], spans[0])
    idle = _step(*HARMLESS[int(trial.second)], spans[1])
    both, alone = run((first, idle)).journal.intents, run_kept(first).journal.intents
    changed = [name for name, values in alone.items() if not np.array_equal(values, both[name])]
    return [f"a fault that does nothing changes {name} of the intents" for name in changed]


def _beside(trial: Trial) -> list[str]:
    spans = ARRANGEMENTS["nested"]
    words = SPECIMENS[trial.first][trial.places[0]]
    if trial.second == "permanent":
        step = _step(trial.first, words, spans[0])
        both, alone = run((step,), permanent=(step,)), run((), permanent=(step,))
        if trial.first in BEGINS_SOMETHING | STARTS_AGAIN:
            return []
        return [f"after the step has ended: {x}" for x in _differences(both.states[LATER_S], alone.states[LATER_S])]
    step = _step(trial.first, words, spans[1])
    both, alone = run((step,), action=trial.second), run((), action=trial.second)
    wrong = []
    if trial.first not in BEGINS_SOMETHING:
        wrong += [f"after the step has ended: {x}" for x in _differences(both.states[ENDED_S], alone.states[ENDED_S])]
    if trial.second == "settings" and trial.first not in BEGINS_SOMETHING | {"operator-error"}:
        lost = both.contributions[LATER_S] ^ run_kept(step).contributions[LATER_S]
        wrong += [f"people have ended what is not theirs: {x}" for x in sorted(lost)]
    return wrong


def _differences(here: Mapping[str, object], there: Mapping[str, object]) -> list[str]:
    return [
        f"{name} is {here.get(name)}, not {there.get(name)}"
        for name in sorted({*here, *there})
        if here.get(name) != there.get(name)
    ]


def _without_numbers(journal: Journal) -> str:
    """The digest of a journal whose events do not say which step they are about."""
    events = [event._replace(detail={k: v for k, v in event.detail.items() if k != "step"}) for event in journal.events]
    return replace(journal, events=events).digest


def _annulled(both: Journal, second: Journal, first: Journal, calm: Journal) -> list[str]:
    """Of the intents after the first has ended that the second alone changes, most must not be as they are with the first alone."""
    hit = [row for row, answer in _late(second).items() if _late(calm).get(row, answer) != answer]
    told = [row for row in hit if row in _late(both) and row in _late(first)]
    same = sum(_late(both)[row] == _late(first)[row] for row in told)
    return [f"{same} of {len(told)} intents are as without the second fault"] if len(told) >= 10 and same > len(told) / 2 else []


def _late(journal: Journal) -> dict[tuple[int, int, int], tuple[int, int]]:
    """Outcome and answer, ms, of the intents of the last seconds of the second fault, by flow, time and customer."""
    of = journal.intents
    at = (of["submit_ns"] - START) / SECOND
    rows = np.flatnonzero((at >= 13) & (at < 17.5))
    keys = zip(of["flow"][rows].tolist(), of["submit_ns"][rows].tolist(), of["customer"][rows].tolist(), strict=True)
    values = zip(of["outcome"][rows].tolist(), (of["answer_ns"][rows] // 1_000_000).tolist(), strict=True)
    return dict(zip(keys, values, strict=True))


# --- runs -------------------------------------------------------------------------------------------------------------------


class Run(NamedTuple):
    """A journal, and at some seconds how everything that a fault can turn stands, and who contributes to what."""

    journal: Journal
    states: dict[int, dict[str, object]]
    contributions: dict[int, frozenset[str]]


@cache
def _plan() -> Plan:
    pair = load_pair(
        BROKER / "architecture.yaml", BROKER / "workload.yaml", edits=[command_line_layer(CALM)],

    )  # fmt: skip
    return compile_plan(*pair, seed=11, start=START, end=START + LENGTH_S * SECOND)


@cache
def _memory() -> Memory:
    return Memory()


def _step(fault: str, words: Words, span: tuple[int, int]) -> Step:
    begins, ends = (START + second * SECOND for second in span)
    return STEP.model_construct(at=begins, lasts=ends - begins, name="", **_fault(fault, words))


def _fault(fault: str, words: Words) -> dict[str, Any]:
    spec = STEP.model_validate({"at": "09:30", "for": "1s", fault: words})
    return {key: getattr(spec, key) for key in type(spec).model_fields if key not in Step.model_fields}


_KEPT: dict[str, Run] = {}


def run_kept(step: Step | None) -> Run:
    """The run with this step alone, or with none."""
    key = "" if step is None else step.model_dump_json()
    if key not in _KEPT:
        if len(_KEPT) > 400:
            _KEPT.clear()
        _KEPT[key] = run(() if step is None else (step,))
    return _KEPT[key]


def run(method: Sequence[Step], *, permanent: Sequence[Step] = (), action: str = "") -> Run:
    """One run; `action` is what people do twelve seconds after its start, or a rollback at its end."""
    rollbacks = [Rollback(restart="counter"), Rollback(pools=["connections", "counter-threads"])] if action == "rollback" else []
    scenario = Scenario.model_construct(method=list(method), abort=[], rollbacks=rollbacks)
    states: dict[int, dict[str, object]] = {}
    contributions: dict[int, frozenset[str]] = {}

    def look(core: Any, control: Any) -> Any:
        for second in (LATER_S, ENDED_S):
            yield core.env.timeout(START + second * SECOND + SECOND // 2 - core.env.now)
            states[second] = _state(core, control)
            contributions[second] = frozenset(
                f"{name}/{target}/{by}" for (name, target), knob in core.inject._knobs.items() for by in knob._contributions
            )

    def people(core: Any) -> Any:
        yield core.env.timeout(12 * SECOND)
        for service in ("counter", "db") if action == "restart" else ():
            core.inject.crash(service, 0)
        yield core.env.timeout(SECOND)
        for service in ("counter", "db") if action == "restart" else ():
            core.inject.restart(service, 0)
        if action == "settings":
            core.inject.pool_slots("connections", 6)
            core.inject.limit_rate("gateway", 40.0)
            core.inject.flow_rate("order", 0.8)
            core.inject.rotate_in("access", 1)

    def script(core: Any, control: Any) -> None:
        faults = [step.fault for step in permanent]
        for n, by in enumerate(of_permanent(faults)):
            core.env.process(hold_permanently(faults[n], n, ActingCore(core, by), control))
        ScenarioExecutor(scenario, core, control).begin()
        core.env.process(look(core, control))
        core.env.process(people(core))

    journal = simulate(_plan(), script=script, memory=_memory())
    failed = [e for e in journal.events if e.what == "fault_failed"]
    assert not failed, failed
    return Run(journal, states, contributions)


def _state(core: Any, control: Any) -> dict[str, object]:
    """How everything stands that a fault may turn, by name."""
    m, f, handles = core._machine.m, core._machine.f, core.plan.handles
    found: dict[str, object] = {}

    def word(at: int, offset: Any) -> int:
        return int(m[at + int(offset)])

    def floats(at: int, n: Any) -> list[float]:
        return [float(x) for x in f[at : at + int(n)]]

    for name, at in handles["unit"].items():
        found[f"instance {name} up, hung, paused"] = (
            word(at, y.INSTANCE_UP),
            word(at, y.INSTANCE_HUNG),
            word(at, y.INSTANCE_PAUSED),
        )
        found[f"instance {name}"] = floats(word(at, y.INSTANCE_FLOATS), y.INSTANCE_FLOAT_SIZE), word(at, y.INSTANCE_GREY_MORE_N)
    for name, at in handles["service"].items():
        active = word(at, y.SERVICE_ACTIVE)
        found[f"service {name}"] = m[active : active + word(at, y.SERVICE_ACTIVE_N)].tolist()
    for name, at in handles["pool"].items():
        found[f"pool {name}"] = word(at, y.POOL_SLOTS), word(at, y.POOL_QUEUE_LIMIT)
    for name, at in handles["limit"].items():
        found[f"limit {name}"] = word(at, y.LIMIT_INTERVAL), word(at, y.LIMIT_TOLERANCE)
    for name, at in handles["link"].items():
        words = [word(at, offset) for offset in (y.LINK_CUT_REQUEST, y.LINK_CUT_ANSWER, y.LINK_CLEAN)]
        # how much jitter there is now is drawn ten times a second
        found[f"link {name}"] = floats(word(at, y.LINK_FLOATS), y.LINK_FLOAT_SIZE), words, word(at, y.LINK_ADD)
    for name, at in handles["stream"].items():
        found[f"stream {name}"] = floats(word(at, y.STREAM_FLOATS), y.STREAM_FLOAT_SIZE)
    for name, at in handles["operation"].items():
        step = word(at, y.OPERATION_ENTRY)
        while word(step, y.INSTR_CODE) != y.DO_RETURN:
            if word(step, y.INSTR_CODE) == y.DO_WORK:
                found[f"work {name}"] = floats(word(step, y.INSTR_A), 4)
            step += int(y.INSTR_SIZE)
    for (name, target), knob in core.inject._knobs.items():
        if name == "market":
            found[f"market {target}"] = knob.value
    found["gates"] = sorted(core.inject._closed_gates)
    found["silenced"] = {name: len(by) for name, by in control.board._silenced.items()}
    found["rerouted"] = {name: list(to.values()) for name, to in control.board._rerouted.items() if to}
    for name, failover in control.failovers.items():
        broken = sorted(failover.broken)
        found[f"failover {name}"] = broken, sum(failover._lag_added_ns.values())
    found["held"] = sorted(instance for instance, by in control.changes.held.items() if by)
    return found
