"""Architectures side by side: what is decided on known cases, how seldom wrongly, and what the result holds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from chaos.cli.main import main
from chaos.compare.costs import latency
from chaos.compare.plan import compared_measure
from chaos.compare.stopping import Decision, StoppingRule
from chaos.measures.formatting import milliseconds
from chaos.measures.statistics import runs_needed, sign_test
from chaos.results.run import Measures, Orders, RunResult
from simcore.base.errors import InputError
from simcore.journal.summary import FlowFigures

Draw = Callable[[np.random.Generator, int], np.ndarray]
LOOKS = [10, 15, 20]

# --- the stopping rule, on differences whose median is known -------------------------------------------------------------------


def symmetric(rng: np.random.Generator, n: int) -> np.ndarray:
    """No difference, heavy tails."""
    return rng.laplace(size=n)


def lopsided(rng: np.random.Generator, n: int) -> np.ndarray:
    """Median 0, mean far from it."""
    return np.exp(1.5 * rng.standard_normal(n)) - 1.0


def mostly_nothing(rng: np.random.Generator, n: int) -> np.ndarray:
    """Nine runs of ten without a difference."""
    return np.where(rng.random(n) < 0.9, 0.0, rng.laplace(size=n))


def campaign(rng: np.random.Generator, draw: Draw, cells: int, margin: float) -> StoppingRule[int]:
    """All cells alike, looked at until decided."""
    values = [draw(rng, LOOKS[-1]) for _ in range(cells)]
    stopping = StoppingRule(range(cells), LOOKS)
    for number, count in enumerate(LOOKS):
        stopping.analyse(number, {c: sign_test([float(v) for v in values[c][:count]], margin) for c in stopping.open})
    return stopping


def share_wrong(draw: Draw, margin: float, wrong: tuple[str, ...], campaigns: int = 400) -> float:
    """In how many campaigns of eight cells a verdict that is false was reached at all."""
    rng = np.random.default_rng(5)
    found = [campaign(rng, draw, 8, margin).decisions for _ in range(campaigns)]
    return sum(any(decision.verdict in wrong for decision in decisions.values()) for decisions in found) / campaigns


@pytest.mark.parametrize("draw", [symmetric, lopsided, mostly_nothing])
def test_false_differences_are_rare(draw: Draw) -> None:
    """With no difference in any of eight cells, three looks claim one in at most 5 % of the campaigns."""
    assert share_wrong(draw, 0.0, ("better", "worse")) <= 0.05


def test_looking_without_accounting_is_not_rare() -> None:
    """The same cells, each tested at 5 % at each look: a false claim in more than a quarter of the campaigns. So the test above can fail."""
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(200):
        values = [symmetric(rng, LOOKS[-1]) for _ in range(8)]
        wrong += any(sign_test([float(v) for v in x[:n]], 0.0).differs <= 0.05 for x in values for n in LOOKS)
    assert wrong / 200 > 0.25


@pytest.mark.parametrize("draw", [symmetric, lopsided])
def test_false_equivalences_are_rare(draw: Draw) -> None:
    """With the median right at the margin, equivalence is claimed in at most 5 % of the campaigns."""
    assert share_wrong(lambda rng, n: draw(rng, n) + 0.5, 0.5, ("equivalent",)) <= 0.05


def test_what_is_plain_is_decided_at_the_first_look() -> None:
    """Ten differences of one sign, or ten within the margin, are enough for one cell; what lies on both sides stays open."""
    stopping = StoppingRule("abcd", [10, 20])
    values = {"a": [-1.0] * 10, "b": [1.0] * 10, "c": [0.01, -0.01] * 5, "d": [-1.0, 1.0] * 5}
    stopping.analyse(0, {cell: sign_test(v, 0.1) for cell, v in values.items()})
    assert stopping.decisions == {"a": Decision("better", 0), "b": Decision("worse", 0), "c": Decision("equivalent", 0)}
    assert stopping.open == ["d"]


def test_more_cells_need_more_runs() -> None:
    """Six pairs of one sign decide a single cell (p = 0.031), not one of two."""
    for cells, decided in ((1, 1), (2, 0)):
        stopping = StoppingRule(range(cells), [6])
        stopping.analyse(0, {c: sign_test([-1.0 if c == 0 else (-1.0) ** i for i in range(6)], 0.0) for c in range(cells)})
        assert len(stopping.decisions) == decided


# --- a small system ---------------------------------------------------------------------------------------------------------------

SYSTEM = """\
kind: architecture
name: small
pools: {threads: {slots: 8}}
services:
  core: {pools: [threads], operations: {place: {steps: [{work: 20ms}, {call: bank.ask, timeout: 5s}, {effect: order.record}]}}}
  bank: {layer: external, operations: {ask: {steps: [{work: {exponential: 5ms}, draw: bank}]}}}
  spare: {operations: {idle: {steps: [{work: 5ms}]}}}
flows: {order: {kind: order, record: true, steps: [{call: core.place, timeout: 1s}]}}
"""
VARIANT = "kind: architecture\nname: {name}\nextends: ./small.yaml\npatch:\n  - {edit}\n"
VARIANTS = {
    "short": '{ set: "services.core.operations.place.steps[bank.ask].timeout", to: 200ms }',
    "narrow": "{ set: pools.threads.slots, to: 5 }",
    "renamed": '{ set: "services.spare.operations.idle.steps[work].work", to: 6ms }',
    "elsewhere": "{ remove: services.bank.layer }",
}
SCENARIO = """\
kind: scenario
name: {name}
title: The bank takes 120 times as long
architecture: ./small.yaml
workload: ./workload.yaml
window: {{ from: "10:00", to: "10:05" }}
warmup: 1min
steady_state: {{ every: 10s, hold: 1min, objectives: {{ order: {{ success: 0.9 }} }} }}
method: [{method}]
expect: [{{ measure: impaired_s, at_most: 1h }}]
"""
SLOW = '{ at: "10:01:30", for: 2min, slow: { service: bank, factor: 120 } }'
RENAMED = '{ at: "10:01:30", for: 2min, slow: { service: nobody, factor: 120 } }'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small system with its variants, the scenario and one in which nothing happens."""
    (tmp_path / "small.yaml").write_text(SYSTEM)
    for name, edit in VARIANTS.items():
        (tmp_path / f"{name}.yaml").write_text(VARIANT.format(name=name, edit=edit))
    (tmp_path / "workload.yaml").write_text(
        "kind: workload\nname: small\naccounts: {count: 1000}\nflows: {order: {rate: 14/s}}\n"
    )
    (tmp_path / "slow.yaml").write_text(SCENARIO.format(name="slow", method=SLOW))
    (tmp_path / "healthy.yaml").write_text(SCENARIO.format(name="healthy", method=""))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compare(*arguments: str, architectures: str = "./small.yaml,./short.yaml") -> Result:
    """The command on the small system."""
    said = ["compare", "./slow.yaml", "--architectures", architectures, "--healthy", "./healthy.yaml"]
    return CliRunner().invoke(main, [*said, *arguments])


def result_of(*arguments: str, **more: str) -> dict[str, Any]:
    """Its result object."""
    done = compare(*arguments, "--json", "-", **more)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_known_cases_are_distinguished(folder: Path) -> None:
    """A shorter timeout before a slow bank is better, fewer threads are worse, and a change to what nobody uses is equivalent:
    each as such, with the pairs all on its side."""
    result = result_of(
        "--measure",
        "orders.failed_share=0.1 %",
        "--looks",
        "8",
        architectures="./small.yaml,./short.yaml,./narrow.yaml,./renamed.yaml",
    )
    cells = {c["architecture"]: c for c in result["cells"]}
    assert {name: c["verdict"] for name, c in cells.items()} == {
        "./short.yaml": "better",
        "./narrow.yaml": "worse",
        "./renamed.yaml": "equivalent",
    }
    assert [(c["win"], c["tie"], c["loss"]) for c in cells.values()] == [(8, 0, 0), (0, 0, 8), (0, 8, 0)]
    assert cells["./renamed.yaml"]["difference"]["range"] == [0, 0]
    low, high = cells["./short.yaml"]["difference"]["interval"]
    assert low <= cells["./short.yaml"]["difference"]["median"] <= high < 0
    assert cells["./narrow.yaml"]["variance_ratio"] > 1.3
    assert result["summary"]["common_random_numbers"]["cells"] == 2


def test_what_was_averted_counts_for_the_option(folder: Path) -> None:
    """What must happen has to happen to the baseline; an option in which it does not is better, and not without a value."""
    slow = folder / "slow.yaml"
    slow.write_text(slow.read_text() + "must_happen: [{ counter: pool/threads/waited, at_least: 100 }]\n")
    (cell,) = result_of("--measure", "orders.failed_share=0", "--looks", "7")["cells"]
    assert (cell["verdict"], cell["win"], cell["missing"]) == ("better", 7, 0)
    swapped = {"architectures": "./short.yaml,./small.yaml"}
    (cell,) = result_of("--measure", "orders.failed_share=0", "--looks", "7", **swapped)["cells"]
    assert (cell["verdict"], cell["missing"]) == ("inconclusive", 7)
    assert "did not happen" in cell["why"]


def test_a_decided_cell_costs_no_more_runs(folder: Path) -> None:
    """Looks after 7 and 9 runs: seven of one sign (p = 2/128) are enough for the 7/9 of 5 % that the first may spend, and the cell
    is run no more."""
    result = result_of("--measure", "orders.failed_share=0", "--looks", "7,9")
    assert [(c["verdict"], c["runs"], c["decided_after"]) for c in result["cells"]] == [("better", 7, 7)]
    assert result["summary"]["runs"] == 14


def test_too_few_runs_decide_nothing(folder: Path) -> None:
    """One run: no interval and no verdict, however far apart the two are; the text says so."""
    result = result_of("--replications", "1")
    assert {c["verdict"] for c in result["cells"] if c["measure"] != "flows.transfer.failed_share"} == {"inconclusive"}
    assert result["cells"][0]["difference"]["interval"] is None
    printed = compare("--replications", "1").stdout
    assert "?" in printed
    cells = len(result["cells"])
    assert result["runs_needed"] == runs_needed(cells, 0.05) > 1
    assert (
        "Too few runs: with 1 of each no difference can be decided, however clear it is; with an error level of 5% over all "
        in printed
    )
    assert f"comparisons ({cells}) it takes at least {result['runs_needed']} (--replications {result['runs_needed']})." in printed


def test_enough_runs_are_not_said_to_be_too_few(folder: Path) -> None:
    """Six of one comparison may decide it."""
    assert "Too few runs" not in compare("--measure", "orders.failed_share=0", "--replications", "6").stdout


def test_workers_and_resuming_change_nothing(folder: Path) -> None:
    """One process, two, and going on from what is kept leave the same bytes."""
    plain = compare("--replications", "2", "--json", "-").stdout
    assert compare("--replications", "2", "--jobs", "2", "--json", "-").stdout == plain
    first = compare("--replications", "1", "--store", "kept.jsonl", "--json", "-")
    assert first.exit_code == 0
    resumed = compare("--replications", "2", "--store", "kept.jsonl", "--resume", "--json", "-")
    assert resumed.stdout == plain
    assert "runs are kept already" in resumed.stderr


def test_the_page_needs_nothing_else(folder: Path) -> None:
    """One HTML file with the scenario, every architecture, both pictures and the heat map's colours; no script and no address."""
    assert compare("--replications", "1", "--html", "page.html").exit_code == 0
    page = (folder / "page.html").read_text()
    for word in (
        "./slow.yaml",
        "short",
        "Benefit against latency",
        "Benefit against hardware",
        "var(--healthy)",
        "orders.failed_share",
    ):
        assert word in page
    assert not re.search(r"<script|https?://|url\(", page)


def test_what_cannot_be_run_is_said(folder: Path) -> None:
    """A scenario that names a service the other does not have is not comparable, with the reason; on none it is a mistake."""
    (folder / "gone.yaml").write_text(VARIANT.format(name="gone", edit="{ remove: services.spare }"))
    (folder / "idle.yaml").write_text(SCENARIO.format(name="idle", method=SLOW.replace("service: bank", "service: spare")))
    done = CliRunner().invoke(
        main,
        [
            "compare",
            "./slow.yaml",
            "./idle.yaml",
            "--architectures",
            "./small.yaml,./gone.yaml",
            "--healthy",
            "./healthy.yaml",
            "--json",
            "-",
        ],
    )
    cells = {(c["scenario"], c["measure"]): c for c in json.loads(done.stdout)["cells"]}
    assert cells["./idle.yaml", "impaired_s"]["verdict"] == "not comparable"
    assert "no service is called 'spare'" in cells["./idle.yaml", "impaired_s"]["why"]
    assert cells["./slow.yaml", "impaired_s"]["verdict"] != "not comparable"


def test_costs_are_computed(folder: Path) -> None:
    """Machines and slots are read off the file, latency off healthy runs: fewer threads are fewer slots, and the bank's are not ours."""
    result = result_of("--replications", "1", architectures="./small.yaml,./narrow.yaml,./elsewhere.yaml")
    hardware = [a["hardware"] for a in result["architectures"]]
    assert hardware[:2] == [{"machines": 2, "standbys": 0, "slots": 8}, {"machines": 2, "standbys": 0, "slots": 5}]
    assert hardware[2]["machines"] == 3


def test_latency_is_of_what_healthy_customers_waited() -> None:
    """Medians over runs, in ms; a flow without rows has quantiles and no mean, and one that nobody used is left out."""

    def flow(mean: int | None, p50: int | None, p99: int | None) -> FlowFigures:
        return FlowFigures(
            kind="order",
            recorded=True,
            intended=1,
            confirmed=1,
            rejected=0,
            blocked=0,
            failed=0,
            unknown=0,
            pending=0,
            success=1.0,
            mean_ns=mean,
            p50_ns=p50,
            p99_ns=p99,
        )

    def run(mean: int | None) -> RunResult:
        flows = {"place-order": flow(mean, 2_000_000, 9_400_000), "login": flow(None, 3_000_000, 5_000_000)}
        measures = Measures(orders=Orders(), flows=flows | {"transfer": flow(None, None, None)})
        return RunResult(architecture="small", seed=1, digest="", measures=measures)

    found = latency([run(2_300_000), run(2_140_000), run(2_200_000)])
    assert {flow: waits.json_object() for flow, waits in found.items()} == {
        "place-order": {"mean": 2.2, "p50": 2.0, "p99": 9.4},
        "login": {"p50": 3.0, "p99": 5.0},
    }
    order, login = found["place-order"], found["login"]
    assert [milliseconds(order.mean, 1), milliseconds(order.p99), milliseconds(login.mean, 1)] == ["2.2 ms", "9 ms", "–"]


@pytest.mark.parametrize(
    ("arguments", "architectures", "why"),
    [
        ((), "./small.yaml", "name two or more"),
        ((), "./small.yaml,./small.yaml", "each once"),
        ((), "./small.yaml,./nowhere.yaml", "nowhere.yaml"),
        (("--looks", "4,2"), "./small.yaml,./short.yaml", "--looks 4,2: not rising"),
        (("--measure", "impaired_s"), "./small.yaml,./short.yaml", "write NAME=MARGIN"),
        (("--measure", "flows.order.success=1 %"), "./small.yaml,./short.yaml", "less is better"),
        (("--measure", "impaired_s=soon"), "./small.yaml,./short.yaml", "no number, share or duration"),
        (("--resume",), "./small.yaml,./short.yaml", "--store FILE"),
    ],
)
def test_mistakes_are_reported(folder: Path, arguments: tuple[str, ...], architectures: str, why: str) -> None:
    """One line, exit 2, before anything is run."""
    done = compare(*arguments, architectures=architectures)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert why in done.stderr


def test_margins_are_read() -> None:
    """Numbers, shares and durations."""
    assert compared_measure("orders.failed_share = 0.1 %").margin == pytest.approx(0.001)
    assert compared_measure("impaired_s=30s").margin == 30.0
    assert compared_measure("orders.duplicated=0").margin == 0.0
    with pytest.raises(InputError, match="unknown measure"):
        compared_measure("orders.fialed=1")
