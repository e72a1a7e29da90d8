"""What a scenario asks for besides its faults: who responds, what is rolled back, what stands beside a published timeline, and when
a run is no pass though every bound is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chaos.checkers.catalogue import shipped_checkers
from chaos.cli.main import main
from chaos.documents.scenario import (
    Expectation,
    Scenario,
    SteadyState,
    Window,
)
from chaos.execution.execute import execute, result_of_run, run_once
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.faults.hang import Hang
from chaos.judgement.verdict import judge_run
from chaos.measures.catalogue import measures
from chaos.measures.formatting import Unit
from chaos.measures.registry import GRADES, MeasuredRun
from chaos.results.run import Measures, PropertyFinding, RunResult
from simcore.base.units import MINUTE, SECOND, parse_clock
from simcore.journal.model import Event, Journal

Write = Callable[..., Path]
Plain = dict[str, Any]


def drill(*arguments: str) -> Result:
    """Runs the command line in this process."""
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def run(path: Path) -> tuple[RunResult, Journal]:
    """The result and the journal of a scenario's first seed, not held against a control run: what is rejected counts as right."""
    job, session = Job(str(path), 1), Session()
    system = session.bind(job.system)
    journal = run_once(system, job)
    return result_of_run(session, job, system, journal), journal


# --- responders -----------------------------------------------------------------------------------------------------------

EVIDENCE: dict[str, Callable[[Event], bool]] = {
    "monitors": lambda e: e.what == "alarm" and e.subject in ("counter-host", "db-host", "order-success"),
    "robots": lambda e: e.what == "probe_failed" or (e.what == "alarm" and e.subject.endswith("-robot")),
    "complaints": lambda e: e.what == "complaints" or (e.what == "alarm" and e.subject == "phone"),
    "operators": lambda e: (
        e.what in ("ack", "detect", "diagnosed", "decide", "action_started", "act", "restore", "vendor_called")
    ),
}


def shown(folder: Path, broker: Path, **responders: bool) -> set[str]:
    """Of whom the journal of a broker whose counter stays down for half a minute tells."""
    absent = ", ".join(f"{who}: {str(there).lower()}" for who, there in responders.items())
    path = folder / "scenario.yaml"
    path.write_text(
        f"kind: scenario\nname: who\ntitle: Who is there\narchitecture: {broker}/architecture.yaml\nworkload: {broker}/workload.yaml\n"
        'window: { from: "10:00", to: "10:01" }\nwarmup: 20s\nsteady_state: { every: 5s, hold: 10s, objectives: { order: { success: 0.9 } } }\n'
        'method: [{ at: "10:00:10", for: 30s, crash: { service: counter, restart: people } }]\n'
        f"responders: {{ {absent} }}\nexpect: [{{ measure: impaired_s, at_most: 1h }}]\n"
    )
    events = run(path)[1].events
    return {who for who, is_reported in EVIDENCE.items() if any(is_reported(event) for event in events)}


def test_everybody_responds_unless_switched_off(tmp_path: Path, root: Path) -> None:
    """Monitors raise alarms, robots fail, customers ring, people act; and each of them is missing when it is taken away."""
    broker = root / "tests/contract/broker"
    assert shown(tmp_path, broker) == set(EVIDENCE)
    for who in EVIDENCE:
        assert shown(tmp_path, broker, **{who: False}) == set(EVIDENCE) - {who}


def test_nobody_at_all(tmp_path: Path, root: Path) -> None:
    """With all four away nothing is noticed and nothing is done."""
    assert shown(tmp_path, root / "tests/contract/broker", **dict.fromkeys(EVIDENCE, False)) == set()


# --- rollbacks ------------------------------------------------------------------------------------------------------------

DOWN = '{ at: "10:02", for: 1min, crash: { service: core, restart: people } }'


def rollbacks(journal: Journal) -> list[tuple[float, str, Plain]]:
    """Seconds after ten, subject and details of each rollback."""
    ten = parse_clock("10:00")
    return [((e.t_ns - ten) / SECOND, e.subject, dict(e.detail)) for e in journal.events if e.what == "rollback"]


def test_a_rollback_restarts_what_the_method_left_down(tmp_path: Path, write: Write) -> None:
    """Nobody starts the core; the rollback does, so long after the step has ended, and orders are confirmed again."""
    left, _ = run(write(tmp_path, method=DOWN))
    assert not left.measures.recovered
    repaired, journal = run(write(tmp_path, method=DOWN, more="rollbacks: [{ after: 30s, restart: core }]\n"))
    ((at, subject, detail),) = rollbacks(journal)
    assert (subject, detail["restarted"]) == ("core", 1)
    assert at == 210  # 10:03 and 30 s; the core needs no time to start
    assert repaired.measures.recovered
    assert (repaired.measures.impaired_s or 0) < (left.measures.impaired_s or 0)


def test_a_rollback_undoes_a_release(tmp_path: Path, write: Write) -> None:
    """Exactly the change that the method made; another service has none to undo."""
    release = '{ at: "10:02", for: 1min, bad-release: { service: core, slow: 3 } }'
    _, journal = run(write(tmp_path, method=release, more="rollbacks: [{ release: core }, { after: 1min, release: bank }]\n"))
    assert [(round(at), subject, detail["undone"]) for at, subject, detail in rollbacks(journal)] == [
        (180, "core", True),
        (240, "bank", False),
    ]


def test_a_rollback_puts_pools_back(tmp_path: Path, write: Write) -> None:
    """A runbook has cut the pool to two slots; after the rollback it has the eight of the file."""
    path = write(tmp_path, more="rollbacks: [{ after: 1min, pools: [threads] }]\n")
    architecture = tmp_path / "architecture.yaml"
    cut = "  runbooks: {cut: {alarms: [failing], automated: true, check: 1s, actions: [{slots: {pool: threads, slots: 2}, duration: 1s}]}}\n"
    architecture.write_text(architecture.read_text() + cut)
    _, journal = run(path)
    slots, seconds = journal.series("pool", "threads", "slots"), journal.seconds
    at = parse_clock("10:05")
    assert set(slots[(seconds > at - MINUTE) & (seconds < at)]) == {2}
    assert set(slots[seconds > at]) == {8}


# --- the timeline -----------------------------------------------------------------------------------------------------------

RECORD = """\
purpose: reproduction
record:
  outcomes: [{ measure: impaired_s, published: 2min, source: chance }]
  timeline:
    - { at: "10:02", what: it stops, event: fault_started }
    - { at: "10:03", what: somebody sees it, event: alarm, subject: failing }
    - { at: "10:04", what: it is over }
    - { at: "10:09", what: it is moved, event: failover_done }
"""


def test_a_timeline_stands_beside_the_simulated_times(tmp_path: Path, write: Write) -> None:
    """Each line that names an event has the first time of that event; one that names none, or did not happen, has no time."""
    record, journal = run(write(tmp_path, more=RECORD))
    alarm = next(e.t_ns for e in journal.events if e.what == "alarm" and e.subject == "failing")
    assert [line.simulated_ns for line in record.timeline] == [parse_clock("10:02"), alarm, None, None]
    assert [line.published_ns for line in record.timeline] == [parse_clock(f"10:0{m}") for m in (2, 3, 4, 9)]
    text = drill("run", str(tmp_path / "scenario.yaml")).stdout
    assert "10:02:00 published, 10:02:00 simulated: it stops" in text
    assert "10:04:00 published, – simulated: it is over" in text


# --- metastable ---------------------------------------------------------------------------------------------------------------

STORM = """\
patch:
  - { set: pools.threads.slots, to: 1 }
  - { add: pools.threads.queue, value: 200 }
  - { add: 'flows.order.steps[core.place].retry', value: { attempts: 5BUDGET } }
"""
SURGE = '{ at: "10:00:30", for: 1min, surge: { flows: [order], factor: 5 } }'


def storm(folder: Path, write: Write, budget: str, expected: str) -> RunResult:
    """A core of forty orders a second under twenty, and a minute of a hundred; each customer tries five times."""
    path = write(
        folder, method=SURGE, expect=f"{{ measure: metastable, equals: {expected} }}", more=STORM.replace("BUDGET", budget)
    )
    path.write_text(
        path.read_text().replace("hold: 1min", "hold: 30s").replace("patch:\n  - {", "properties: []\npatch:\n  - {", 1)
    )
    return run(path)[0]


def test_a_retry_storm_outlives_the_surge_that_began_it(tmp_path: Path, write: Write) -> None:
    """Long after the surge, under the load of before, nothing is answered: metastable, so that expecting it passes, and not fails."""
    record = storm(tmp_path, write, "", "true")
    assert (record.verdict, record.measures.metastable, record.measures.recovered) == ("pass", True, False)
    assert storm(tmp_path, write, "", "false").verdict == "fail"


def test_a_retry_budget_ends_the_storm(tmp_path: Path, write: Write) -> None:
    """The same surge with a budget of a tenth: it is over soon after, and not metastable. (Whether it passes the control run alone can say.)"""
    record = storm(tmp_path, write, ", budget: { ratio: 0.1 }", "false")
    assert (record.measures.metastable, record.measures.recovered) == (False, True)
    assert [(e.holds, reason.kind) for e, reason in zip(record.expectations, record.reason_data, strict=True)] == [
        (None, "not_compared")
    ]


# --- a restart --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["hang", "crash", "pause"])
def test_a_restart_by_a_step_ends_what_the_instance_was_in(tmp_path: Path, write: Write, fault: str) -> None:
    """Five minutes from 10:02, restarted at 10:03, up 10 s later: 70 s impaired, not 300."""
    method = f'{{ at: "10:02", for: 5min, {fault}: {{ service: core }} }}\n  - {{ at: "10:03", restart: {{ service: core }} }}'
    path = write(tmp_path, method=method)
    architecture = tmp_path / "architecture.yaml"
    architecture.write_text(architecture.read_text().replace("core: {pools", "core: {restart_time: 10s, pools"))
    record, journal = run(path)
    up, seconds = journal.series("unit", "core#0", "up"), journal.seconds
    down = [(int(at) - parse_clock("10:02")) // SECOND for at, is_up in zip(seconds, up, strict=True) if not is_up]
    assert (down[-1], record.measures.impaired_s) == (69, 70.0)
    assert [step.took_effect for step in record.faults] == [True, True]


# --- what never passes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["apply", "heal"])
@pytest.mark.parametrize(("bound", "verdict", "code"), [("1h", "unknown", 4), ("1s", "fail", 1)])
def test_a_failing_action_never_passes(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, act: str, bound: str, verdict: str, code: int
) -> None:
    """A step that cannot be done, or not be healed: unknown where the bounds are kept, fail where they are broken."""

    def fails(*_: Any) -> None:
        raise RuntimeError("no hands")

    monkeypatch.setattr(Hang, act, fails)
    method = '{ at: "10:02", for: 2min, hang: { service: core } }\n  - { at: "10:05", for: 1min, crash: { service: core, restart: people } }'
    result = drill(
        "run", str(write(tmp_path, method=method, expect=f"{{ measure: impaired_s, at_most: {bound} }}")), "--json", "-"
    )
    found = json.loads(result.stdout)["runs"][0]
    assert (found["verdict"], result.exit_code) == (verdict, code)
    assert any("hang could not be done: RuntimeError: no hands" in reason for reason in found["reasons"])


@pytest.mark.parametrize(
    ("at", "verdict", "why"),
    [("10:00:10", "unknown", "never seen before the method"), ("10:00:30", "pass", "")],
)
def test_a_steady_state_must_have_been_seen_before_the_method(
    tmp_path: Path, write: Write, at: str, verdict: str, why: str
) -> None:
    """Without a warm-up a step after ten seconds comes too early: what was under way then shows nothing. After thirty it is valid."""
    path = write(tmp_path, method=f'{{ at: "{at}", for: 2min, hang: {{ service: core }} }}')
    path.write_text(path.read_text().replace("warmup: 2min", "warmup: 0"))
    with Session() as session:
        record = execute(session, Job(str(path), 1))
    assert record.verdict == verdict
    assert why in " ".join(record.reasons)
    assert record.faults[0].took_effect


# --- expectations -------------------------------------------------------------------------------------------------------------

ACCOUNT = Measures.model_validate(
    {
        **{measure.name: 50.0 for measure in measures().measures if measure.slot is None and measure.unit is Unit.DURATION},
        "recovery_s_lower": None,
        "customers_affected": 50,
        "metastable": True,
        "recovered": True,
        "orders": {measure.name.removeprefix("orders."): 50 for measure in measures().measures if measure.group == "orders"},
        "flows": {
            "order": {
                "kind": "order",
                "recorded": True,
                "intended": 100,
                "confirmed": 50,
                "rejected": 0,
                "blocked": 20,
                "failed": 20,
                "unknown": 10,
                "pending": 0,
                "rejected_wrongly": 50,
                "success": 0.5,
                "p50_ns": 50 * SECOND,
                "p99_ns": 50 * SECOND,
            }
        },
        "severity": {"dora": {"grade": "larger", "label": "larger"}},
        "counters": {"flow/order/failed": {"grown": 50, "lasted_s": 50, "gap_s": 50}},
    }
)
SEEN = {name: PropertyFinding(holds=True) for name in shipped_checkers()}
KNOWN = list(measures().in_run(MeasuredRun(ACCOUNT, SEEN)))
NUMBERS = [measure.name for measure in KNOWN if measure.numeric]
TRUTHS = [measure.name for measure in KNOWN if measure.unit is Unit.FLAG]


def verdict_on(expectation: Plain) -> str:
    """The verdict on the account above."""
    made = Scenario(
        kind="scenario",
        name="x",
        title="x",
        window=Window.model_validate({"from": "09:00", "to": "10:00"}),
        properties=[],
        steady_state=SteadyState.model_validate({"objectives": {"order": {"success": 0.9}}}),
        expect=[Expectation.model_validate(expectation)],
    )
    return judge_run(made, ACCOUNT, SEEN, (), ()).verdict


@pytest.mark.parametrize("measure", NUMBERS)
def test_every_bound_on_every_number_passes_and_fails(measure: str) -> None:
    """Of each measure there is: at most, at least, equals; just kept, and just broken."""
    share = measure in ("flows.order.success", "flows.order.failed_share", "flows.order.goodput")
    value, unit = (0.5, "") if share else (50, "s" if measures().find(measure).unit is Unit.DURATION else "")
    verdicts = {
        (bound, off): verdict_on({"measure": measure, bound: f"{value + off:g}{unit}" if unit else value + off})
        for bound in ("at_most", "at_least", "equals")
        for off in ((-0.01, 0, 0.01) if share else (-1, 0, 1))
    }
    kept = {key for key, verdict in verdicts.items() if verdict == "pass"}
    assert set(verdicts.values()) == {"pass", "fail"}
    assert {(bound, 0 if off == 0 else off > 0) for bound, off in kept} == {
        ("at_most", 0),
        ("at_most", True),
        ("at_least", 0),
        ("at_least", False),
        ("equals", 0),
    }


@pytest.mark.parametrize("measure", TRUTHS)
def test_every_truth_passes_and_fails(measure: str) -> None:
    """What is true or false is held against either."""
    assert [verdict_on({"measure": measure, "equals": wanted}) for wanted in (True, False)] == ["pass", "fail"]


def test_every_grade_passes_and_fails() -> None:
    """Grades are ordered: what is larger keeps at most larger and worse, and at least larger and milder."""
    at = GRADES.index("larger")
    most, least = (
        [verdict_on({"measure": "severity.dora", bound: grade}) for grade in GRADES] for bound in ("at_most", "at_least")
    )
    assert most == ["fail"] * at + ["pass"] * (len(GRADES) - at)
    assert least == ["pass"] * (at + 1) + ["fail"] * (len(GRADES) - at - 1)


def test_what_must_hold_over_the_seeds_decides(tmp_path: Path, write: Write) -> None:
    """Bounds at the second of four values: half of the runs keep it and so does the median; all of them, or the highest, do not."""
    path = write(tmp_path)
    runs = json.loads(drill("run", str(path), "--replications", "4", "--json", "-").stdout)["runs"]
    values = sorted(one["metrics"]["orders"]["unknown"] for one in runs)
    assert values[1] < values[2]
    for over, code in (("in_share: 0.5", 0), ("in_share: 0.75", 1), ("quantile: 0.5", 0), ("quantile: 1", 1)):
        write(tmp_path, expect=f"{{ measure: orders.unknown, at_most: {values[1]}, {over} }}")
        assert drill("run", str(path), "--replications", "4").exit_code == code
