"""Silence is no success: requests that get no answer violate an objective, and a run in which nothing is confirmed shows nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.execution.execute import result_of_run, run_once
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.results.findings import NeverJudged, NothingConfirmed
from chaos.results.run import RunResult

Write = Callable[..., Path]
STORE = """\
kind: architecture
name: plain
pools: {{ s: {{ slots: 4 }} }}
services:
  store: {{ pools: [s], replicas: {replicas}, operations: {{ ask: {{ steps: [{{ work: {{ exponential: 1ms }} }}] }} }} }}
flows:
  request: {{ record: {record}, steps: [{{ call: store.ask{call} }}] }}
"""
HANG = """\
kind: scenario
name: hang
title: A hang of five minutes
architecture: ./store.yaml
workload: ./load.yaml
window: {{ from: "09:30", to: "{to}" }}
warmup: 1min
steady_state: {{ every: {every}, hold: 1min, objectives: {{ request: {objective} }} }}
method:
  - {{ name: x, at: "09:32", for: {lasts}, hang: {{ service: store{more} }} }}
expect:
  - {{ measure: impaired_s, at_most: 30s }}
"""
SUCCESS = "{ success: 0.99 }"


def result(path: Path) -> RunResult:
    """What the first seed of a scenario shows."""
    job, session = Job(str(path), 1), Session()
    system = session.bind(job.system)
    return result_of_run(session, job, system, run_once(system, job))


def hang(
    folder: Path,
    objective: str = SUCCESS,
    *,
    record: bool = False,
    call: str = "",
    to: str = "09:42",
    every: str = "30s",
    lasts: str = "5min",
    replicas: int = 1,
    more: str = "",
    rate: str = "20/s",
) -> Path:
    """A store that hangs from 9:32 on."""
    (folder / "store.yaml").write_text(STORE.format(record=str(record).lower(), call=call, replicas=replicas))
    (folder / "load.yaml").write_text(f"kind: workload\nname: load\nflows: {{ request: {{ rate: {rate} }} }}\n")
    path = folder / "hang.yaml"
    path.write_text(HANG.format(objective=objective, to=to, every=every, lasts=lasts, more=more))
    return path


@pytest.mark.parametrize(
    ("objective", "record", "call"),
    [
        (SUCCESS, False, ""),
        (SUCCESS, False, ", timeout: 10s"),
        ("{ success: 0.99, answer_by: 5s }", False, ""),
        ("{ goodput: 0.99 }", False, ""),
        ("{ success: 0.99, answer_by: 5s }", True, ""),
        (SUCCESS, True, ", timeout: 10s"),
        ("{ goodput: 0.99, answer_by: 5s }", True, ""),
        ("{ latency: { at_most: 5s } }", True, ""),
        ("{ latency: { at_most: 5s } }", True, ", timeout: 4s"),
    ],
)
def test_a_hang_is_impaired_as_long_as_it_lasts(tmp_path: Path, objective: str, record: bool, call: str) -> None:
    """Whatever the objective, with and without rows, whether the client waits for ever or gives up: about five minutes."""
    run = result(hang(tmp_path, objective, record=record, call=call))
    assert run.verdict == "fail"
    assert 270 <= (run.measures.impaired_s or 0) <= 330
    assert run.measures.recovered


@pytest.mark.parametrize(("every", "record"), [("10s", False), ("1min", False), ("10s", True), ("1min", True)])
def test_the_length_of_the_intervals_does_not_matter(tmp_path: Path, every: str, record: bool) -> None:
    """Short intervals and long ones."""
    run = result(hang(tmp_path, "{ success: 0.99, answer_by: 5s }", every=every, record=record))
    assert 270 <= (run.measures.impaired_s or 0) <= 360


@pytest.mark.parametrize("record", [False, True])
def test_a_hang_to_the_end_is_impaired_to_the_end(tmp_path: Path, record: bool) -> None:
    """Requests that are still pending at the end of the run count."""
    run = result(hang(tmp_path, "{ success: 0.99, answer_by: 5s }", to="09:36", lasts="10min", record=record))
    assert run.measures.impaired_s == 240.0
    assert not run.measures.recovered
    assert run.measures.windows is not None
    assert run.measures.windows.no_data == 0


@pytest.mark.parametrize("record", [False, True])
def test_one_of_four_that_hangs_is_seen(tmp_path: Path, record: bool) -> None:
    """A quarter of the requests without an answer, beside three quarters answered at once."""
    run = result(hang(tmp_path, "{ success: 0.9, answer_by: 5s }", replicas=4, more=", replicas: [0]", record=record))
    assert 270 <= (run.measures.impaired_s or 0) <= 330


def test_no_data_is_left_where_nothing_arrives(tmp_path: Path) -> None:
    """Without arrivals there is neither success nor silence."""
    run = result(hang(tmp_path, rate="0.2/s"))
    assert run.measures.impaired_s == 0
    assert run.verdict == "unknown"


def test_a_flow_that_nothing_says_an_end_of_is_refused(tmp_path: Path) -> None:
    """Rows are judged by when their requests were submitted: something has to say how long they have."""
    path = hang(tmp_path, record=True)
    said = CliRunner().invoke(main, ["validate", str(path)])
    assert said.exit_code == 2
    assert "hang.yaml:8:" in said.output
    assert "answer_by" in said.output


def test_an_answer_after_its_time_is_none(tmp_path: Path) -> None:
    """A store that needs 6 s answers everybody, nobody within 5 s, and everybody within 20 s."""
    for answer_by, verdict in (("5s", "fail"), ("20s", "pass")):
        path = hang(tmp_path, f"{{ success: 0.99, answer_by: {answer_by} }}", record=True)
        step = "slow: { service: store, factor: 6000 }"
        path.write_text(path.read_text().replace("hang: { service: store }", step))
        (tmp_path / "store.yaml").write_text(
            STORE.format(record="true", call="", replicas=1)
            .replace("slots: 4", "slots: 400")
            .replace("{ exponential: 1ms }", "1ms")
        )
        assert result(path).verdict == verdict


# --- nothing is confirmed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["", '{ at: "10:02", for: 2min, slow: { service: core, factor: 2 } }'])
@pytest.mark.parametrize("bound", ["{ measure: impaired_s, at_most: 0s }", "{ measure: orders.failed_share, at_most: 0.5 }"])
def test_rejects_alone_show_nothing(tmp_path: Path, write: Write, method: str, bound: str) -> None:
    """Customers without money: every order is rejected, no bound is broken, and nothing has been shown."""
    path = write(tmp_path, method=method, expect=bound)
    poor = "accounts: {count: 1, cash_median: 1, shares_median: 0}\n"
    (tmp_path / "workload.yaml").write_text(f"kind: workload\nname: small\n{poor}flows: {{order: {{rate: 20/s}}}}\n")
    run = result(path)
    assert run.measures.orders.rejected > 1000
    assert run.measures.orders.confirmed == 0
    assert run.verdict == "unknown"
    assert NothingConfirmed(flows=["order"]) in run.reason_data


@pytest.mark.parametrize(
    ("method", "verdict"), [("", "fail"), ('{ at: "10:02", for: 2min, slow: { service: core, factor: 2 } }', "unknown")]
)
def test_without_a_step_the_window_itself_is_judged(tmp_path: Path, write: Write, method: str, verdict: str) -> None:
    """Customers who wait a millisecond: nothing is confirmed. What that breaks fails; with a step it was no valid experiment."""
    path = write(tmp_path, method=method, expect="{ measure: impaired_s, at_most: 10s }")
    core = tmp_path / "architecture.yaml"
    core.write_text(core.read_text(encoding="utf-8").replace("timeout: 1s}", "timeout: 1ms}"), encoding="utf-8")
    run = result(path)
    assert run.measures.orders.confirmed == 0
    assert run.verdict == verdict


def test_an_order_confirmed_after_the_first_step_comes_too_late(tmp_path: Path, write: Write) -> None:
    """What is confirmed only once the fault is over does not show that the system worked before: it begins with the run."""
    path = write(tmp_path, method='{ at: "10:02", for: 2min, slow: { service: core, factor: 2 } }')
    assert result(path).verdict == "pass"
    down = '{ name: down, at: "09:58", for: 4min, hang: { service: core } }\n  - { at: "10:02", for: 2min, slow: { service: core, factor: 2 } }'
    path = write(tmp_path, method=down)
    path.write_text(path.read_text().replace('from: "10:00"', 'from: "09:58"').replace("warmup: 2min", "warmup: 0s"))
    assert result(path).verdict == "unknown"


def test_an_order_flow_without_rows_is_refused_with_its_place(tmp_path: Path, write: Write) -> None:
    """By validate and by run, with file, line and column."""
    path = write(tmp_path)
    architecture = tmp_path / "architecture.yaml"
    architecture.write_text(architecture.read_text().replace("record: true, ", ""))
    for command in (["validate", str(path)], ["run", str(path)], ["validate", str(architecture)]):
        said = CliRunner().invoke(main, command)
        assert said.exit_code == 2
        assert "architecture.yaml:8:23" in said.output
        assert "record: true" in said.output


TWO = """kind: scenario
name: two
title: A flow of few requests beside one of many
architecture: ./two.yaml
workload: ./load.yaml
window: {{ from: "09:30", to: "09:40" }}
warmup: 1min
properties: []
steady_state: {{ every: 30s, hold: 1min, objectives: {{ request: {{ success: 0.99 }}, rare: {{ success: 0.99, min_count: {least} }} }} }}
method:
  - {{ name: x, at: "09:32", for: 5min, errors: {{ service: other, share: 1 }} }}
expect:
  - {{ measure: impaired_s, at_most: {bound} }}
"""


@pytest.mark.parametrize(
    ("rare", "least", "bound", "verdict", "named"),
    [
        (
            "6/min",
            20,
            "30s",
            "unknown",
            ["rare"],
        ),  # three in each interval of half a minute, all of them failing for five minutes
        ("6/min", 1, "30s", "fail", []),
        ("0/s", 20, "30s", "unknown", []),  # nobody came: the fault hit nothing
    ],
)
def test_an_objective_that_is_judged_nowhere_keeps_a_run_from_passing(
    tmp_path: Path, rare: str, least: int, bound: str, verdict: str, named: list[str]
) -> None:
    """However well the others are kept; the reason names its flow."""
    store = STORE.format(replicas=1, record="true", call=", timeout: 5s")
    store = store.replace("flows:", "  other: { operations: { ask: { steps: [{ work: 1ms }] } } }\nflows:")
    store += "  rare: { record: true, steps: [{ call: other.ask, timeout: 5s }] }\n"
    (tmp_path / "two.yaml").write_text(store)
    (tmp_path / "load.yaml").write_text(
        f"kind: workload\nname: load\nflows: {{ request: {{ rate: 20/s }}, rare: {{ rate: {rare} }} }}\n"
    )
    (tmp_path / "two-flows.yaml").write_text(TWO.format(least=least, bound=bound))
    found = result(tmp_path / "two-flows.yaml")
    assert found.verdict == verdict
    assert [flow for reason in found.findings.reasons if isinstance(reason, NeverJudged) for flow in reason.flows] == named
