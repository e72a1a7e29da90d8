"""A scenario on a twin in real time: several faults at once on real processes and proxies, judged as a simulated run is."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hand_journal import journal
from real_time import IN_REAL_TIME

from chaos.cli.main import main
from chaos.execution.campaign import ExecutionOptions, run_all
from chaos.execution.execute import journal_folder
from chaos.execution.planning import JobOptions, scenario_jobs
from chaos.execution.session import Session
from chaos.live.run import LiveRun
from simcore.base.errors import InputError
from simcore.journal.reader import read_journal

SCENARIO = """
kind: scenario
name: many-faults
title: Many faults at once
architecture: live/broker
workload: live/steady
window: { from: "10:00:02", to: "10:00:11" }
warmup: 2s
steady_state:
  every: 1s
  hold: 3s
  objectives: { place-order: { success: 0.5 } }
expect:
  - { measure: orders.lost, at_most: 0 }
method:
  - { at: "10:00:03", for: 4s, link-latency: { from: counter, to: bank, add: 300ms } }
  - { at: "10:00:03", for: 4s, slow: { service: risk-check, factor: 5 } }
  - { at: "10:00:04", for: 2s, crash: { service: market-data } }
  - { at: "10:00:04", for: 2s, partition: { from: gateway, to: login, cut: request, messages: lost } }
  - { at: "10:00:05", for: 2s, hang: { service: login } }
  - { at: "10:00:06", for: 2s, errors: { service: bank, share: 0.5 } }
"""


@IN_REAL_TIME
def test_several_faults_in_real_time(tmp_path: Path) -> None:
    """Each takes effect and ends; laws hold; the run is marked as live."""
    (tmp_path / "many-faults.yaml").write_text(SCENARIO, encoding="utf-8")
    options = JobOptions(target="twin", replications=1, journal=str(tmp_path / "kept"))
    with Session() as session:
        (job,) = scenario_jobs(session, [str(tmp_path / "many-faults.yaml")], options)
        run = run_all(session, [job], ExecutionOptions(), "test")[job.key]
        journal = read_journal(journal_folder(session, job))
    assert run.live
    assert journal.meta.live
    assert [law.law for law in run.conservation if not law.ok] == []
    found = {fault.fault: (fault.failed, fault.took_effect) for fault in run.faults}
    assert found == dict.fromkeys(("link-latency", "slow", "crash", "partition", "hang", "errors"), (None, True))
    assert all(event.detail["real_ns"] >= event.t_ns for event in journal.events if event.what == "fault_started")


@pytest.mark.parametrize(("came_late", "runs"), [(True, 3), (False, 1)])
def test_a_run_is_repeated_for_lateness_alone(came_late: bool, runs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ended by itself makes a run unknown, and stays in its result."""
    made: list[int] = []
    late = journal(1, reason="the customers came late" if came_late else "a process of the twin failed")

    def run_twin(*_: object, **__: object) -> LiveRun:
        made.append(1)
        return LiveRun(late, [], {}, 0, came_late)

    monkeypatch.setattr("chaos.live.run.run_twin", run_twin)
    with Session() as session:
        (job,) = scenario_jobs(session, ["live/healthy"], JobOptions(target="twin", replications=1))
        system = session.bind(job.system)
        assert system.run(system.inputs.scenario.model, 1) is late
    assert len(made) == runs


def test_what_a_twin_cannot_do_is_refused_before_anything_starts() -> None:
    """A fault by its name."""
    with Session() as session:
        (job, *_) = scenario_jobs(session, ["requirements/infrastructure/replication-lag"], JobOptions(target="twin:long"))
        with pytest.raises(InputError, match="a twin cannot do replication-lag"):
            run_all(session, [job], ExecutionOptions(), "test")


@pytest.mark.parametrize("command", ["run", "suite", "replay", "live compare", "compare", "sweep"])
def test_long_is_an_option_of_whatever_runs_a_twin(command: str) -> None:
    """With one meaning."""
    done = CliRunner().invoke(main, [*command.split(), "--help"])
    assert "--long" in done.output
    assert "more than 10 minutes" in " ".join(done.output.split())


def refused(*words: str) -> str:
    """What a command says that is refused."""
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    return " ".join(done.output.split())


def test_a_window_over_ten_minutes_is_refused_with_its_duration_unless_it_is_asked_for() -> None:
    """By run and by live compare; with --long something else is refused, before anything starts; what runs on no twin is not long."""
    scenario = "requirements/infrastructure/replication-lag"
    takes = "a twin cannot run requirements/infrastructure/replication-lag: with its warm-up it takes 100min, for a second"
    assert takes in refused("run", scenario, "--target", "twin")
    assert "add --long" in refused("run", scenario, "--target", "twin")
    hints = refused("live", "compare", scenario)
    assert takes in hints
    assert "add --long" in hints
    assert "--target" not in hints  # live compare has no such option
    for words in (("run", scenario, "--target", "twin", "--long"), ("live", "compare", scenario, "--long")):
        assert "cannot do replication-lag" in refused(*words)
    assert "--long is for what runs in real time, not for the target simulated" in refused("run", scenario, "--long")
