"""Bounds that can never be met, or say something else than was meant, are refused where they are written: in scenarios, suites,
environments, architectures and triggers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from chaos.cli.main import main
from chaos.compare.plan import compared_measure
from chaos.documents.library import library
from chaos.documents.scenario import Scenario
from chaos.documents.suite import Suite
from chaos.documents.triggers import Phase
from simcore.base.errors import InputError
from simcore.library import load_architecture

WINDOW = 'window: { from: "10:00", to: "10:08" }'
SCENARIO = f"""\
kind: scenario
name: bounds
title: bounds
{WINDOW}
steady_state: {{ hold: 1min, objectives: {{ order: {{ success: 0.9 }} }} }}
expect: [{{ measure: orders.failed_share, at_most: 1 % }}]
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(text: str, model: type = Scenario) -> str:
    """The error that the file has, as the user sees it; "" if it has none."""
    Path("file.yaml").write_text(text)
    try:
        library().resolve("./file.yaml", model)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "at_most: 1 %",
            "at_most: 2",
            "file.yaml:6:51: expect[#0].at_most: orders.failed_share is a share, from 0 to 1 (100 %) (value: 2); write",
        ),
        ("at_most: 1 %", "at_most: 101 %", "is a share, from 0 to 1 (100 %) (value: '101 %')"),
        ("at_most: 1 %", "at_most: -0.1", "is a share, from 0 to 1 (100 %) (value: -0.1)"),
        ("at_most: 1 %", "at_most: 10min", "orders.failed_share is a share, no duration (value: '10min')"),
        ("at_most: 1 %", "equals: true", "orders.failed_share is a share (value: true)"),
        (
            "orders.failed_share, at_most: 1 %",
            "impaired_s, at_most: 60",
            "impaired_s is a duration, and needs a unit (value: 60); write 60s",
        ),
        (
            "orders.failed_share, at_most: 1 %",
            "impaired_s, at_most: 5 %",
            "impaired_s is a duration, and needs a unit (value: '5 %')",
        ),
        (
            "orders.failed_share, at_most: 1 %",
            "orders.lost, at_most: 1 %",
            "orders.lost is a count, no share (value: '1 %'); write a number",
        ),
        ("orders.failed_share, at_most: 1 %", "orders.lost, at_most: -1", "orders.lost is a count, 0 or more (value: -1)"),
        (
            "at_most: 1 %",
            "at_most: 1 %, at_least: 2 %",
            "at_least 2.000% is above at_most 1.000%: no value can meet both; swap them",
        ),
        ("at_most: 1 %", "at_most: 1 %, equals: 0.02", "equals lies outside at_least and at_most"),
        (
            "orders.failed_share, at_most: 1 %",
            "severity.dora, at_most: none, at_least: major",
            "at_least major is above at_most none: no value can meet both",
        ),
        (
            "orders.failed_share, at_most: 1 %",
            "severity.dora, equals: not-gradable, at_most: major",
            "not-gradable is neither above nor below a grade: no value can meet both bounds; keep one",
        ),
        (
            "hold: 1min",
            "hold: 9min",
            "file.yaml:5:23: steady_state.hold: is longer than the window of 8min: no run could be seen to recover",
        ),
        (
            "expect:",
            'method: [{ at: "09:59:59", for: 2min, hang: { service: counter } }]\nexpect:',
            "file.yaml:6:16: method[#0].at: is before the window, which begins at 10:00:00: what a fault does there is not measured (value: "
            "'09:59:59'); let the window begin by 09:59:59 (outside trading hours nothing counts as impaired), or the step later",
        ),
        (
            "expect:",
            'method: [{ at: "10:08", for: 2min, hang: { service: counter } }]\nexpect:',
            "file.yaml:6:16: method[#0].at: is after the run, which ends with the window at 10:08:00 (value: '10:08'); begin it "
            "before 10:08:00",
        ),
        ("expect:", 'method: [{ at: "10:00", for: 2min, hang: { service: counter } }]\nexpect:', ""),
        ("every: 30s", "every: 0s", ""),
        ("{ hold: 1min", "{ every: 0s, hold: 1min", "steady_state.every: must be at least 1s (value: '0s')"),
        ("success: 0.9", "success: 1.5", "success: must be from 0 to 1 (value: 1.5)"),
        ("success: 0.9", "success: 90 %", "success: a share is written as a number here (value: '90 %'); write 0.9"),
        (
            '"10:00"',
            '"00:05"',
            "file.yaml:4:17: window.from: the warm-up takes (by default) 10min, and the window begins 5min after midnight",
        ),
        (
            WINDOW,
            WINDOW + "\nwarmup: 11h",
            "file.yaml:5:9: warmup: the warm-up is 11h, and the window begins 10h after midnight (value: '11h'); write a warmup of at most",
        ),
    ],
)
def test_a_scenario(old: str, new: str, says: str) -> None:
    """What no run could meet, what is in another unit than the measure, and a run that would begin before midnight."""
    said = refused(SCENARIO.replace(old, new, 1))
    assert says in said
    assert bool(said) == bool(says)


@pytest.mark.parametrize(
    "bound",
    [
        "orders.failed_share, at_most: 100 %",
        "orders.failed_share, at_most: 1",
        "orders.failed_share, at_least: 0, at_most: 0",
        "impaired_s, at_most: 0",
        "impaired_s, at_least: 1min, at_most: 1min",
        "orders.lost, equals: 0",
        "recovered, equals: true",
        "severity.dora, at_least: none, at_most: major",
        "severity.dora, equals: not-gradable",
    ],
)
def test_what_can_be_met_is_taken(bound: str) -> None:
    """The edges of what a measure can be, and bounds that are equal."""
    assert refused(SCENARIO.replace("orders.failed_share, at_most: 1 %", bound)) == ""


def test_the_warm_up_and_hold_that_just_fit_are_taken() -> None:
    """A run may begin at midnight itself, and the hold fill its window."""
    text = SCENARIO.replace(WINDOW, 'window: { from: "00:10", to: "00:18" }').replace("hold: 1min", "hold: 8min")
    assert refused(text) == ""


@pytest.mark.parametrize(
    ("measure", "bound", "says"),
    [
        ("impaired_s", "60", "pairs[p].at_least: impaired_s is a duration, and needs a unit (value: 60); write 60s"),
        ("orders.failed_share", "2", "from 0 to 1 (100 %)"),
        ("orders.failed_share", "-0.5", ""),
        ("orders.failed_orders", "-20", ""),
        ("severity.dora", "1", ""),
    ],
)
def test_a_pair_of_a_suite(measure: str, bound: str, says: str) -> None:
    """A difference is in the unit of its measure; it may be below 0."""
    sides = "a: { scenario: requirements/smoke/bank-slow }, b: { scenario: requirements/smoke/bank-slow }"
    said = refused(
        f"kind: suite\nname: s\ntitle: s\npairs: [{{ name: p, {sides}, measure: {measure}, at_least: {bound} }}]\n", Suite
    )
    assert says in said
    assert bool(said) == bool(says)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("impaired_s=60", "needs a unit; write 60"),
        ("orders.failed_share=2", "from 0 to 1"),
        ("orders.failed_orders=1 %", "no share"),
    ],
)
def test_a_margin(option: str, says: str) -> None:
    """The margin of a comparison is in the unit of its measure."""
    with pytest.raises(InputError, match=says):
        compared_measure(option)
    assert compared_measure("impaired_s=0").margin == 0


@pytest.mark.parametrize(
    ("gap", "says"),
    [
        (
            'begins_at: "00:01"',
            "/place.yaml: the warm-up is 2min, and the window begins 1min after midnight; let the environment's begins_at",
        ),
        ("horizon: 30s", "/place.yaml: hold is 1min, and the environment's horizon leaves a window of 30s"),
        ('begins_at: "00:02"', ""),
        ("horizon: 1min", ""),
    ],
)
def test_an_environment(gap: str, says: str, write: Callable[..., Path], tmp_path: Path) -> None:
    """An environment that moves or shortens a scenario's window does so no further than the scenario allows."""
    scenario = write(tmp_path, name="bounds")
    (tmp_path / "place.yaml").write_text(f"kind: environment\nname: place\ngaps: {{ other: {{ {gap} }} }}\n")
    done = CliRunner().invoke(main, ["validate", str(scenario), "--environment", str(tmp_path / "place.yaml")])
    assert says in done.stderr
    assert (done.exit_code == 0) == (not says)


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        ("metric: { gauge: [unit/counter#0/sojourn_ns] }, above: 5", "above: the metric is a time, and needs a unit (value: 5)"),
        ("metric: { gauge: [pool/threads/queue] }, above: 5s", "above: the metric is no time (value: '5s'); write a number"),
        ("metric: { ratio: { of: [pool/threads/wait_ns], to: [pool/threads/granted] } }, above: 5", "needs a unit"),
        ("metric: { ratio: { of: [pool/threads/wait_ns], to: [pool/threads/granted] } }, above: 5ms", ""),
        ("metric: { gauge: [pool/threads/queue] }, above: 5", ""),
    ],
)
def test_a_monitor(rest: str, says: str) -> None:
    """A threshold of a time has a unit, one of anything else none."""
    text = (
        "kind: architecture\nname: a\npools: {threads: {slots: 8}}\nservices:\n  counter:\n    pools: [threads]\n    operations: {place: {steps: "
        "[{work: 5ms}]}}\nflows: {order: {steps: [{call: counter.place, timeout: 2s}]}}\ncontrol: { monitors: { m: { %s } } }\n"
    )
    Path("a.yaml").write_text(text % rest)
    try:
        load_architecture("./a.yaml")
        said = ""
    except InputError as error:
        said = str(error)
    assert says in said
    assert bool(said) == bool(says)


def test_a_phase_of_the_day() -> None:
    """Its window begins inside it."""
    right = {"since": "09:15", "until": "10:00", "begins": "09:26", "lasts": "18min", "share": 1.0}
    assert Phase.model_validate(right).begins < Phase.model_validate(right).until
    for wrong in ({"begins": "10:00"}, {"begins": "09:14"}, {"until": "09:15"}):
        with pytest.raises(ValidationError, match="between since and until"):
            Phase.model_validate(right | wrong)


def test_a_warm_up_on_the_command_line() -> None:
    """Simulate does not begin before midnight, and does not shorten the warm-up in silence."""
    simulate = ["simulate", "textbook/mm1", "--workload", "textbook/open-800", "--window", "00:05-00:05:01"]
    done = CliRunner().invoke(main, simulate)
    assert (done.exit_code, done.stderr) == (
        2,
        "--warmup 15min: the window begins 5min after midnight, and no run begins before that; write --warmup 5min, or a later window\n",
    )
    assert CliRunner().invoke(main, [*simulate, "--warmup", "5min"]).exit_code == 0


HANG = (
    'method: [{ at: "10:02", for: 2min, hang: { service: counter } }LAST]\n'
    "rollbacks: [{ after: 2min, restart: counter }, { after: 119s, restart: counter }]\n"
)


@pytest.mark.parametrize(
    ("last", "more", "says"),
    [
        ("", "", ""),
        (
            ', { at: "10:02", for: 121s, hang: { service: counter } }',
            "",
            "rollbacks[#1]: this rollback never comes: it is due at 10:08:00, and the run ends at 10:08:00; let the run end later",
        ),
        (
            ', { at: "10:02", hang: { service: counter } }',
            "",
            "rollbacks[#0]: this rollback never comes: the step hang lasts to the end of the run; give the step hang a length (for: 2min)",
        ),
        (', { at: "10:02", hang: { service: counter } }', "abort: [{ counter: flow/order/failed, at_least: 1 }]\n", ""),
    ],
    ids=["in time", "too late", "without end", "after an abort"],
)
def test_a_rollback_that_never_comes(last: str, more: str, says: str) -> None:
    """The second is due 2 min and 119 s after the last step's end: at 10:07:59, within the run until 10:08, or at 10:08."""
    said = refused(SCENARIO + HANG.replace("LAST", last) + more)
    assert says in said
    assert bool(said) == bool(says)
