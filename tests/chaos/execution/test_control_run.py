"""Rejected wrongly: rejected here, and accepted in the run of the same seed without the method. Made where it can tell something, once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import chaos.execution.control_run as control_run
from chaos.cli.main import main
from chaos.coverage.trials import Trial, attempt
from chaos.execution.control_run import ControlOutcomes, ControlRuns, can_reject, compared, control_name, make_control
from chaos.execution.execute import execute, run_once
from chaos.execution.jobs import Job
from chaos.execution.runs import Runs
from chaos.execution.session import Session
from chaos.execution.target.protocol import SystemUnderTest
from chaos.execution.workers import Workers
from chaos.results.run import RunResult
from simcore.base.units import SECOND
from simcore.journal.model import ACCEPTED_IN_CONTROL, NOT_COMPARED, OUTCOMES, REJECTED_IN_CONTROL, Journal
from simcore.journal.reader import read_journal
from simcore.journal.summary import figures
from simcore.library import load_architecture
from simcore.model.index import ArchitectureIndex

ARCHITECTURE = """\
kind: architecture
name: doubling
pools: { threads: { slots: 400 } }
services:
  core: { pools: [threads], operations: { place: { steps: [ { work: 20ms }, { effect: order.record } ] } } }
flows:
  order: { kind: order, record: true, steps: [ { call: core.place, timeout: 1s, retry: { attempts: 4 } } ] }
"""
WORKLOAD = """\
kind: workload
name: poor
accounts: { count: 200, cash_median: 16000, cash_sigma: 0.01, shares_median: 1000000 }
instruments: { price_sigma: 0.01 }
orders: { lots_median: 1, lots_sigma: 0.01 }
flows: { order: { rate: 20/s } }
"""
SCENARIO = """\
kind: scenario
name: NAME
title: Customers who get no answer order again, and their money is gone
architecture: ./architecture.yaml
workload: ./workload.yaml
window: { from: "10:00", to: "10:03" }
warmup: 20s
steady_state: { every: 10s, hold: 30s, objectives: { order: OBJECTIVE } }
method: METHOD
properties: []
expect: [ { measure: impaired_s, at_most: 0s } ]
"""
SLOW = '[ { at: "10:01", for: 40s, slow: { service: core, factor: 100 } } ]'
LENIENT = "{ success: 0.01 }"


def write(folder: Path, name: str = "doubling", method: str = SLOW, objective: str = LENIENT) -> str:
    """The three files; the scenario's path."""
    (folder / "architecture.yaml").write_text(ARCHITECTURE)
    (folder / "workload.yaml").write_text(WORKLOAD)
    path = folder / f"{name}.yaml"
    path.write_text(SCENARIO.replace("NAME", name).replace("METHOD", method).replace("OBJECTIVE", objective))
    return str(path)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of the control runs that are made in this process."""
    seeds: list[int] = []

    def counting(system: SystemUnderTest, job: Job) -> ControlOutcomes:
        seeds.append(job.seed)
        return make_control(system, job)

    monkeypatch.setattr(control_run, "make_control", counting)
    return seeds


def journal_of(scenario: str, session: Session) -> Journal:
    """The journal of the first seed, as it is judged."""
    job = Job(scenario, 1)
    system = session.bind(job.system)
    return compared(session.controls, session.bind(job.plain_system), job, run_once(system, job))


def test_a_run_without_a_method_is_its_own_control_run(tmp_path: Path, made: list[int]) -> None:
    """None is made, and nothing was rejected wrongly, which the journal says."""
    journal = journal_of(write(tmp_path, "bare", "[]"), Session())
    rejected = journal.intents["outcome"] == OUTCOMES.index("rejected")
    assert set(journal.intents["rejected_in_control"][rejected].tolist()) == {REJECTED_IN_CONTROL}
    assert (journal.meta.controlled, figures(journal).orders.rejected_wrongly, made) == (True, 0, [])


def test_a_control_run_that_needs_too_many_events_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the figure has no value."""
    nothing = ControlOutcomes(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int8))
    monkeypatch.setattr(control_run, "make_control", lambda *_: nothing)
    journal = journal_of(write(tmp_path), Session())
    assert (journal.controlled, figures(journal).orders.rejected_wrongly) == (False, None)


# --- what it says -----------------------------------------------------------------------------------------------------------


def test_the_column_says_what_each_intent_came_to_without_the_method(tmp_path: Path) -> None:
    """Intent by intent as in a run of the same file without its method."""
    session = Session()
    here = journal_of(write(tmp_path), session).intents
    bare = Job(write(tmp_path, "bare", "[]"), 1)
    there = run_once(session.bind(bare.system), bare).intents
    outcome = {
        key: OUTCOMES[o]
        for *key_, o in zip(there["submit_ns"], there["customer"], there["outcome"], strict=True)
        for key in [tuple(key_)]
    }
    said = {"confirmed": ACCEPTED_IN_CONTROL, "rejected": REJECTED_IN_CONTROL}
    for submitted, customer, told in zip(here["submit_ns"], here["customer"], here["rejected_in_control"], strict=True):
        assert told == said.get(outcome.get((submitted, customer), ""), NOT_COMPARED)
    assert {ACCEPTED_IN_CONTROL, REJECTED_IN_CONTROL} <= set(here["rejected_in_control"].tolist())


def test_a_wrong_reject_is_beside_failed_orders_and_no_success(tmp_path: Path) -> None:
    """Counted by hand from the rows: the measures read the journal alone."""
    journal = journal_of(write(tmp_path), Session())
    rows, window = journal.intents, journal.meta.window
    inside = (rows["submit_ns"] >= window[0]) & (rows["submit_ns"] < window[1])
    outcome = rows["outcome"][inside]
    rejected = outcome == OUTCOMES.index("rejected")
    wrongly = int((rejected & (rows["rejected_in_control"][inside] == ACCEPTED_IN_CONTROL)).sum())
    bad = int(np.isin(outcome, [OUTCOMES.index(o) for o in ("blocked", "failed", "unknown")]).sum())
    found = figures(journal)
    assert 20 < wrongly < found.orders.rejected
    assert found.orders.rejected_wrongly == wrongly == found.flows["order"].rejected_wrongly
    assert found.orders.failed_orders == bad
    good = int((outcome == OUTCOMES.index("confirmed")).sum()) + int(rejected.sum()) - wrongly
    assert found.flows["order"].success == pytest.approx(good / (outcome != OUTCOMES.index("pending")).sum())


def test_wrong_rejects_violate_the_success_objective(tmp_path: Path) -> None:
    """Long after the core is quick again, customers without money are turned away: as many as before would have been no violation."""
    objective = "{ success: 0.9 }"
    run = execute(Session(), Job(write(tmp_path, objective=objective), 1))
    bare = execute(Session(), Job(write(tmp_path, "bare", "[]", objective), 1))
    assert bare.measures.impaired_s == 0
    assert (run.measures.impaired_s or 0) >= 100
    assert run.verdict == "fail"


def test_a_calendar_that_turns_orders_away_is_an_outage() -> None:
    """The gates open late, and what is rejected meanwhile is accepted on any other day."""
    run = execute(Session(), Job("requirements/releases/calendar-late", 1))
    assert run.measures.orders.rejected_wrongly > 5000
    assert run.measures.impaired_s == 900
    assert run.measures.orders.failed_orders < 100
    assert (run.measures.customers_affected or 0) > 4000


# --- when it is made --------------------------------------------------------------------------------------------------------


def test_it_is_not_made_where_it_cannot_tell_anything(tmp_path: Path, made: list[int]) -> None:
    """Without a method, and where nothing was rejected; a flow without rules for business is never asked."""
    execute(Session(), Job(write(tmp_path, method="[]"), 1))
    rich = WORKLOAD.replace("16000", "16000000")
    scenario = write(tmp_path)
    (tmp_path / "workload.yaml").write_text(rich)
    run = execute(Session(), Job(scenario, 1))
    assert made == []
    assert run.measures.orders.rejected == 0
    (tmp_path / "architecture.yaml").write_text(ARCHITECTURE.replace("order.record", "record"))
    assert not can_reject(ArchitectureIndex(load_architecture(tmp_path / "architecture.yaml")))
    assert can_reject(ArchitectureIndex(load_architecture("legacy-coupled")))


def test_scenarios_of_one_system_window_and_seed_share_it(tmp_path: Path, made: list[int]) -> None:
    """Whatever their methods and objectives; another seed has its own."""
    session = Session()
    paths = [write(tmp_path), write(tmp_path, "longer", SLOW.replace("40s", "50s"), "{ success: 0.5 }")]
    for seed in (1, 2):
        for path in paths:
            execute(session, Job(path, seed))
    assert made == [1, 2]


def test_what_is_left_out_of_a_run_leaves_its_control_run_as_it_is(tmp_path: Path, made: list[int]) -> None:
    """A run in which nobody acts is held against the same one; one without its method needs none."""
    session = Session()
    path = write(tmp_path)
    runs = [execute(session, Job(path, 1, left_out=left_out)) for left_out in ((), ("all",), ("method",))]
    assert made == [1]
    assert [run.measures.orders.rejected_wrongly > 0 for run in runs] == [True, True, False]


def test_coverage_shares_it_among_the_scenarios_of_a_mutant(tmp_path: Path, made: list[int]) -> None:
    """A control run has the defect, too."""
    session = Session()
    for name in ("doubling", "longer"):
        path = write(tmp_path, name, SLOW if name == "doubling" else SLOW.replace("40s", "50s"))
        attempt(session, Trial(path, None, None, (1,)))
        assert attempt(session, Trial(path, None, None, (1,), defects=("slow-operation@core.place",))).impossible is None
    assert made == [1, 1]


def test_its_name_changes_with_what_decides_it(tmp_path: Path) -> None:
    """Seed, defect, changes on the command line and the window; not the method."""
    session = Session()

    def name(job: Job) -> str:
        return control_name(session.bind(job.system), job)

    path = write(tmp_path)
    longer = write(tmp_path, "longer", SLOW.replace("40s", "50s"))
    changed = [
        Job(path, 2),
        Job(path, 1, defects=("slow-operation@core.place",)),
        Job(path, 1, assignments=("pools.threads.slots=399",)),
        Job(path, 1, assignments=("workload.flows.order.rate=21/s",)),
        Job(path, 1, events_max=10**9),
    ]
    assert name(Job(path, 1)) == name(Job(longer, 1))
    assert len({name(job) for job in [Job(path, 1), *changed]}) == 1 + len(changed)


def test_workers_make_it_once_and_come_to_the_same(tmp_path: Path) -> None:
    """In one process or two, whoever is first; the control runs that are shared are counted beside the runs."""
    paths = [write(tmp_path), write(tmp_path, "longer", SLOW.replace("40s", "50s"))]
    jobs = [Job(path, seed) for seed in (1, 2) for path in paths]

    def results(workers: Workers) -> list[RunResult]:
        session = Session()
        with Runs(session, workers=workers) as runs:
            runs.make(jobs)
        return [runs.records[job.key] for job in jobs]

    one, two = results(Workers(1)), results(Workers(2))
    assert [run.json_object() for run in one] == [run.json_object() for run in two]
    assert all(run.measures.orders.rejected_wrongly for run in one)


def test_a_budget_of_events_that_it_needs_alone_leaves_nothing_to_compare(tmp_path: Path) -> None:
    """As where the target cannot make one."""
    session = Session()
    job = Job(write(tmp_path), 1, events_max=1)
    assert len(make_control(session.bind(job.system), job).key) == 0


def test_the_cache_lets_go_of_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """By rows."""
    monkeypatch.setattr(control_run, "ROWS_MAX", 10)
    runs = ControlRuns()
    for name in "abc":
        runs.add(name, ControlOutcomes(np.zeros(4, np.int64), np.zeros(4, np.int64), np.zeros(4, np.int8)))
    assert list(vars(runs)["_known"]) == ["b", "c"]


def test_a_kept_journal_has_the_column(tmp_path: Path) -> None:
    """As it was judged."""
    scenario = write(tmp_path)
    done = CliRunner().invoke(main, ["run", scenario, "--journal", str(tmp_path / "kept"), "--json", str(tmp_path / "r.json")])
    assert done.exit_code in (0, 1), done.output
    run = json.loads((tmp_path / "r.json").read_text())["runs"][0]
    (folder,) = (tmp_path / "kept").iterdir()
    kept = read_journal(folder)
    assert kept.digest == run["digest"]
    assert figures(kept).orders.rejected_wrongly == run["metrics"]["orders"]["rejected_wrongly"] > 20
    assert kept.meta.end_ns - kept.meta.start_ns == 200 * SECOND
