"""Runs that leave something out, and what they tell of the run they belong to, on a small system."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chaos.cli.main import main
from chaos.execution.jobs import Job, replay_line
from chaos.execution.session import Session
from chaos.results.stored_run import read_run
from simcore.base.errors import InputError

Write = Callable[..., Path]

RUNBOOK = """\
patch:
  - set: services.core.restart_time
    to: 1min
  - add: control.runbooks.restart
    value: { alarms: [failing], subject: core, actions: [{ restart: core, duration: 1min, tries: 1 }], approval: none, confirm: CONFIRM }
"""
LATE = '{ at: "10:02", for: 2min, hang: { service: core } }'
"""Over before the restart's command, which comes after 1 min to acknowledge, 2 to diagnose and 1 of the restart itself."""
LASTING = '{ at: "10:02", for: 9min, hang: { service: core } }'


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def more(*, confirm: bool) -> str:
    """A team that restarts the core."""
    return RUNBOOK.replace("CONFIRM", str(confirm).lower())


def drill(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def record(*arguments: str) -> dict[str, Any]:
    """The one run of a scenario."""
    found: dict[str, Any] = json.loads(drill("run", *arguments, "--json", "-").stdout)["runs"][0]
    return found


def test_a_restart_after_the_trouble_hurts_and_is_said_to(tmp_path: Path, write: Write) -> None:
    """The core answers again at 10:04; restarted blindly it is down for another minute, and only with the restart."""
    run = record(str(write(tmp_path, method=LATE, more=more(confirm=False))))
    shown = run["counterfactuals"]
    (restart,) = shown["actions"]
    assert (restart["name"], restart["effect"], shown["effect"]) == ("restart core", "hurt", "hurt")
    assert restart["difference"]["failed_orders"] == run["outages"][1]["failed_orders"] > 500
    assert restart["without"]["failed_orders"] == shown["nobody_acts"]["failed_orders"] == run["outages"][0]["failed_orders"]
    others = len(run["outages"]) - 1  # the restart itself, and requests that it makes the books refuse afterwards
    assert [outage["only_with"] for outage in shown["outages"]] == [[], *[["restart core"]] * others]
    assert [outage["unaided"] for outage in shown["outages"]] == [True, *[False] * others]
    assert {outage["without_method_s"] for outage in shown["outages"]} == {0.0}
    assert sum(outage["impaired_s"] for outage in run["outages"]) == run["metrics"]["impaired_s"]
    assert shown["runs"] == 4


def test_a_runbook_that_looks_again_calls_it_off_and_nothing_is_lost(tmp_path: Path, write: Write) -> None:
    """The same day: the action is told, made no difference, and needs no run of its own. Nobody acting comes to the same."""
    path = str(write(tmp_path, method=LATE, more=more(confirm=True)))
    run = record(path)
    shown = run["counterfactuals"]
    assert [(a["name"], a["effect"], a["taken"][0]["end"]) for a in shown["actions"]] == [
        ("restart core", "no_difference", "called_off")
    ]
    assert len(run["outages"]) == 1
    assert shown["runs"] == 2
    nobody = record(path, "--leave-out", "all")
    assert nobody["metrics"]["orders"] == run["metrics"]["orders"]


def test_a_restart_that_ends_the_trouble_helped_and_it_was_over_after_it(tmp_path: Path, write: Write) -> None:
    """Hung until 10:11 without; a restart brings up a core that answers."""
    run = record(str(write(tmp_path, method=LASTING, more=more(confirm=True))))
    (restart,) = run["counterfactuals"]["actions"]
    assert restart["effect"] == "helped"
    assert restart["difference"]["failed_orders"] < -1000
    assert run["counterfactuals"]["outages"][0]["ended_by"] == ["restart core"]
    assert not run["counterfactuals"]["outages"][0]["unaided"]


# --- leaving out ------------------------------------------------------------------------------------------------------------


def test_what_is_left_out_is_part_of_the_run_s_identity(tmp_path: Path, write: Write) -> None:
    """Of its digest, its journal, its key and its replay line; nothing left out changes none of them."""
    path = str(write(tmp_path, method=LATE, more=more(confirm=False)))
    with Session() as session:
        jobs = [Job(path, 1, left_out=names) for names in ((), ("restart core",), ("all",), ("method",))]
        digests = [session.input_digest(job.system) for job in jobs]
    assert len(set(digests)) == len({job.key for job in jobs}) == 4
    assert '"left_out"' not in jobs[0].key
    assert replay_line(jobs[1], "a", "e").endswith("--leave-out 'restart core'")
    runs = [record(path, "--no-causes", *(["--leave-out", *job.left_out] if job.left_out else [])) for job in jobs]
    assert len({run["digest"] for run in runs}) == 4
    assert [run["left_out"] for run in runs] == [list(job.left_out) for job in jobs]
    assert runs[3]["metrics"]["orders"]["failed_orders"] == 0
    assert drill("replay", path, "--no-causes", "--leave-out", "restart core", "--json", "-").exit_code == 0


def test_an_unknown_action_is_refused_with_what_there_is(tmp_path: Path, write: Write) -> None:
    """A repair cannot be known before anything is broken."""
    path = str(write(tmp_path, more=more(confirm=True)))
    with Session() as session:
        with pytest.raises(InputError, match="no action is called 'restart cor'") as error:
            session.bind(Job(path, 1, left_out=("restart cor",)).system)
        assert "restart core" in str(error.value.hint)
        session.bind(Job(path, 1, left_out=("repair feed",)).system)


# --- where it is asked for --------------------------------------------------------------------------------------------------


def test_one_run_tells_what_acting_did_and_several_do_not_unless_asked(tmp_path: Path, write: Write) -> None:
    """As the documentation says."""
    path = str(write(tmp_path))
    assert record(path)["counterfactuals"] is not None
    assert "counterfactuals" not in record(path, "--no-causes")
    several = json.loads(drill("run", path, "--replications", "2", "--json", "-").stdout)["runs"]
    assert ["counterfactuals" in run for run in several] == [False, False]
    asked = json.loads(drill("run", path, "--replications", "2", "--causes", "--json", "-").stdout)["runs"]
    assert ["counterfactuals" in run for run in asked] == [True, True]


def test_a_kept_journal_has_it_too_and_runs_go_on_from_a_store(tmp_path: Path, write: Write) -> None:
    """The page is made of the folder alone; the further runs are kept like the others."""
    path = str(write(tmp_path, method=LATE, more=more(confirm=False)))
    made = drill("run", path, "--journal", "kept", "--store", "store", "--json", "first.json")
    (folder,) = (tmp_path / "kept").iterdir()
    stored = read_run(folder).run
    assert stored.counterfactuals is not None
    assert stored.counterfactuals.effect == "hurt"
    assert "[3/3]" in made.stderr
    assert "without restart core" in made.stderr
    again = drill("run", path, "--store", "store", "--resume", "--json", "again.json")
    assert "without" not in again.stderr
    assert json.loads(Path("again.json").read_text()) == json.loads(Path("first.json").read_text())


def test_an_action_is_left_out_from_an_instant_on(tmp_path: Path, write: Write) -> None:
    """A restart in each of two hangs. Left out from 10:06 on the first is the same, and the second lasts to the end of its step, 10:11."""
    hang = '{{ at: "{}", for: {}, hang: {{ service: core }} }}'
    method = f"{hang.format('10:02', '9min')}\n  - {hang.format('10:07', '4min')}"
    path = str(write(tmp_path, method=method, more=RUNBOOK.replace("CONFIRM", "false").replace("to: 1min", "to: 1s")))
    every, later = record(path, "--no-causes"), record(path, "--leave-out", "restart core from 10:06")
    assert later["left_out"] == ["restart core from 10:06"]
    first = [run["outages"][0] for run in (every, later)]
    assert first[0] == first[1]
    clock = (10 * 60 + 11) * 60 * 1_000_000_000
    assert every["actions"][0]["ended_ns"] < every["outages"][1]["begin_ns"]
    assert later["outages"][1]["end_ns"] >= clock
    nobody = record(path, "--leave-out", "restart core from 10:01")
    assert nobody["outages"] == record(path, "--leave-out", "restart core")["outages"]
    wrong = drill("run", path, "--leave-out", "restart core from noon")
    assert (wrong.exit_code, "not a time of day" in wrong.output) == (2, True)
