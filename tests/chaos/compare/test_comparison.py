"""Architectures side by side: what is decided on known cases, how seldom wrongly, and what the result holds."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from chaos.cli.main import main
from chaos.compare.costs import latency
from chaos.compare.plan import compared_measure
from chaos.compare.stopping import Decision, StoppingRule
from chaos.compare.summaries import spread_of
from chaos.measures.claims import Bearing, Design, judge_pairs
from chaos.measures.formatting import milliseconds
from chaos.results.run import Measures, Orders, RunResult
from simcore.base.errors import InputError
from simcore.journal.summary import FlowFigures

# --- the stopping rule ------------------------------------------------------------------------------------------------------------

BEARING = Bearing(margin=0.1, amount=1.0, share=0.5, largest=10.0)


def decided(
    values: dict[str, list[float]], counts: tuple[int, ...], share: float = 0.5
) -> tuple[dict[str, Decision | None], list[str]]:
    """What is decided of each cell, looked at until decided, and which are still open."""
    bearing = replace(BEARING, share=share)
    rule = StoppingRule(list(values), Design(len(values), counts, share=share))
    for number, count in enumerate(counts):
        rule.analyse(number, {cell: judge_pairs(values[cell][:count], bearing) for cell in rule.open})
    return {cell: rule.decision(cell) for cell in values}, rule.open


def test_what_is_plain_is_decided_at_the_first_look() -> None:
    """Twelve differences of one sign, as large as can be or not, and twelve within the margin; what lies on both sides stays open."""
    found, still_open = decided(
        {"a": [-10.0] * 24, "b": [0.5] * 24, "c": [0.01, -0.01] * 12, "d": [-1.0, 1.0] * 12, "e": [10.0] * 24}, (12, 24)
    )
    assert found == {
        "a": Decision("better", 0),
        "b": Decision("more often worse", 0),
        "c": Decision("equivalent", 0),
        "d": None,
        "e": Decision("worse", 0),
    }
    assert still_open == ["d"]


def test_means_are_waited_for_if_they_may_be_decided() -> None:
    """More often better after ten runs; a gain of four of ten is decided on the mean after 30, as the ten first runs promise; one of one of ten is
    not, so that it is run no more."""
    for gain, verdict in ((4.0, "better"), (1.0, "more often better")):
        rule = StoppingRule("a", Design(1, (10, 30), share=0.5))
        rule.analyse(0, {"a": judge_pairs([-gain] * 10, BEARING)})
        assert rule.decision("a") == Decision("more often better", 0)
        assert rule.open == (["a"] if verdict == "better" else [])
    assert decided({"a": [-4.0] * 30}, (10, 30))[0]["a"] == Decision("better", 1)


def test_a_mean_and_most_runs_may_say_different_things() -> None:
    """A gain in three of four runs, and a loss ten times as large in the fourth."""
    found, _ = decided({"a": [-0.9, -0.9, -0.9, 9.9] * 40}, (160,))
    assert found["a"] == Decision("mixed", 0)


def test_a_quarter_that_loses_much_is_not_equivalent() -> None:
    """In three of four pairs nothing differs, in the fourth much: the median is 0 however many there are. Not equivalent even where half of
    the runs may be bad, because of the mean."""
    for share in (0.2, 0.5):
        found, _ = decided({"a": [0.0, 0.0, 0.0, 6.0] * 10}, (40,), share)
        assert found["a"] in (Decision("worse", 0), Decision("more often worse", 0))


def test_more_cells_need_more_runs() -> None:
    """Seven pairs of one sign decide a single cell (2/128 of 2.5 %), not one of two."""
    for cells, count in ((1, 1), (2, 0)):
        values = {str(c): [-1.0 if c == 0 else (-1.0) ** i for i in range(7)] for c in range(cells)}
        assert sum(d is not None for d in decided(values, (7,))[0].values()) == count


def test_looking_without_accounting_is_not_rare() -> None:
    """Eight cells without a difference, each tested at 5 % at each of three looks: a false claim in more than a quarter of the campaigns. So a
    test that false claims are rare can fail."""
    rng, wrong = np.random.default_rng(5), 0
    for _ in range(200):
        values = rng.laplace(size=(8, 20))
        wrong += any(
            judge_pairs(list(x[:n]), replace(BEARING, margin=0.0)).p("often") <= 0.05 for x in values for n in (10, 15, 20)
        )
    assert wrong / 200 > 0.25


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
        "orders.failed_share=0.1 %/1 %",
        *("--bad-share", "50%", "--looks", "9"),
        architectures="./small.yaml,./short.yaml,./narrow.yaml,./renamed.yaml",
    )
    cells = {c["architecture"]: c for c in result["cells"]}
    assert {name: c["verdict"] for name, c in cells.items()} == {
        "./short.yaml": "more often better",
        "./narrow.yaml": "more often worse",
        "./renamed.yaml": "equivalent",
    }
    assert [(c["win"], c["tie"], c["loss"]) for c in cells.values()] == [(9, 0, 0), (0, 0, 9), (0, 9, 0)]
    assert cells["./renamed.yaml"]["difference"]["range"] == [0, 0]
    low, high = cells["./short.yaml"]["difference"]["interval"]
    assert low <= cells["./short.yaml"]["difference"]["median"] <= high < 0
    assert (cells["./narrow.yaml"]["gained"], cells["./narrow.yaml"]["lost"]) == (0, 9)
    low, high = cells["./short.yaml"]["mean_interval"]
    assert -1 < low <= cells["./short.yaml"]["difference"]["mean"] <= high < 1
    assert cells["./narrow.yaml"]["variance_ratio"] > 1.3
    assert cells["./renamed.yaml"]["variance_ratio"] is None  # no difference has no variance
    worth = result["summary"]["common_random_numbers"]
    names = ("short", "narrow", "renamed")
    values = {
        name: np.array([r["metrics"]["orders.failed_share"] for r in result["runs"] if r["architecture"] == name])
        for name in ("small", *names)
    }
    apart = sum(np.var(values[name], ddof=1) + np.var(values["small"], ddof=1) for name in names)
    paired = sum(np.var(values[name] - values["small"], ddof=1) for name in names)
    assert worth["cells"] == 3
    assert worth["variance_ratio"] == pytest.approx(apart / paired)


def test_what_was_averted_counts_for_the_option(folder: Path) -> None:
    """What must happen has to happen to the baseline; an option in which it does not is better, and not without a value."""
    slow = folder / "slow.yaml"
    slow.write_text(slow.read_text() + "must_happen: [{ counter: pool/threads/waited, at_least: 100 }]\n")
    (cell,) = result_of("--measure", "orders.failed_share=0/1%", "--bad-share", "50%", "--looks", "7")["cells"]
    assert (cell["verdict"], cell["win"], cell["missing"]) == ("more often better", 7, 0)
    swapped = {"architectures": "./short.yaml,./small.yaml"}
    (cell,) = result_of("--measure", "orders.failed_share=0/1%", "--bad-share", "50%", "--looks", "7", **swapped)["cells"]
    assert (cell["verdict"], cell["missing"]) == ("inconclusive", 7)
    assert "did not happen" in cell["why"]


def test_what_fails_before_anything_is_done_is_worse(folder: Path) -> None:
    """An option of which no order is ever confirmed proves nothing about the bank, and is worse all the same; the other way round it is the
    baseline that proves nothing."""
    broken = '{ set: "services.core.operations.place.steps[work].work", to: 90s }'
    (folder / "broken.yaml").write_text(VARIANT.format(name="broken", edit=broken))
    said = ("--measure", "orders.failed_share=0/1%", "--bad-share", "50%", "--looks", "7")
    (cell,) = result_of(*said, architectures="./small.yaml,./broken.yaml")["cells"]
    assert (cell["verdict"], cell["loss"], cell["missing"]) == ("more often worse", 7, 0)
    done = compare(*said, architectures="./broken.yaml,./small.yaml")
    assert "orders.failed_share: 7 pairs without a value count against every verdict; the first: broken, seed 1: " in done.stdout
    assert {line.count("▲") for line in done.stdout.splitlines() if line.startswith("| slow ")} == {0}


def test_a_decided_cell_costs_no_more_runs(folder: Path) -> None:
    """Looks after 8 and 9 runs: eight of one sign (p = 2/256) are enough for the 8/9 of 2.5 % that the first may spend, and the cell
    is run no more, for the means are too near to be decided after nine."""
    result = result_of("--measure", "orders.failed_share=0/1%", "--bad-share", "50%", "--looks", "8,9")
    assert [(c["verdict"], c["runs"], c["decided_after"]) for c in result["cells"]] == [("more often better", 8, 8)]
    assert result["summary"]["runs"] == 16


def test_the_first_measure_decides_how_many_runs_there_are(folder: Path) -> None:
    """It is decided after 8 runs, and no more are made for the second one. At 9 runs the ninth part of 2.5 % could not be reached by
    2/512, so that the first look has all of that."""
    failed, impaired = ("--measure", "orders.failed_share=0/1%"), ("--measure", "impaired_s=0/1s")
    result = result_of(*failed, *impaired, "--bad-share", "50%", "--looks", "8,9")
    assert {c["runs"] for c in result["cells"]} == {8}
    assert result["measures"][0] == {"name": "orders.failed_share", "margin": 0.0, "amount": 0.01, "horizon": None}
    assert result["looks"] == [
        {"runs": 8, "mean": 0.025, "often": 0.025, "within": pytest.approx(0.05 * 8 / 9)},
        {"runs": 9, "mean": 0.025, "often": 0.0, "within": pytest.approx(0.05 / 9)},
    ]


def test_too_few_runs_decide_nothing(folder: Path) -> None:
    """One run: no verdict, however far apart the two are; it is said before the runs and after, with how many it takes. What is said of the
    mean is as wide as everything."""
    result = result_of("--replications", "1")
    assert {c["verdict"] for c in result["cells"]} == {"inconclusive"}
    assert result["cells"][0]["difference"]["interval"] is None
    low, high = result["cells"][0]["mean_interval"]
    assert low < -0.9
    assert high > 0.9
    done = compare("--replications", "1")
    assert "?" in done.stdout
    assert "flows.transfer" not in done.stdout  # nobody asked for it, and there are no transfers
    assert {of["claim"]: (of["decidable"], of["runs_needed"]) for of in result["power"]} == {
        "mean": (False, 8),
        "often": (False, 20),
        "within": (False, 14),
    }
    said = (
        "Too few runs: with 1 of each nothing can be decided, however clear it is. Beside 1 comparison it takes 8 to decide any means, "
        "20 to decide which is better more often, 14 to decide equivalence (--replications 20)."
    )
    assert said in done.stdout
    assert done.stderr.startswith(said)


def test_enough_runs_are_not_said_to_be_too_few(folder: Path) -> None:
    """Seven of one comparison may decide it, where half of the runs may be bad; how far apart means must be is said."""
    said = compare("--measure", "orders.failed_share=0", "--bad-share", "50%", "--replications", "8").stdout
    assert "Too few runs" not in said
    assert "Means are decided with 8 runs only where they differ by " in said


def test_a_restricted_mean_has_its_horizon_from_the_window(folder: Path) -> None:
    """The window is five minutes, whatever the runs show; what was cut off counts between what was seen and that."""
    detail = result_of("--replications", "1")["details"][1]["recovery"]
    assert detail["horizon_s"] == 300
    assert 0 <= detail["restricted_mean_s"] <= detail["restricted_mean_s_upper"] <= 300
    low, high = detail["difference_interval_s"]
    assert -300 <= low <= detail["difference_s"] <= high <= 300


def test_values_that_a_run_cut_off_are_the_largest() -> None:
    """Of seven values three are only known to be longer: the median is seen, its upper end is not; of five of seven it is not seen either."""
    plain = spread_of([1, 2, 3, 4, 5, 6, 7])
    assert plain is not None
    assert (plain.median, plain.interval, plain.cut_off, plain.at_least) == (4, (1, 7), 0, False)
    cut = spread_of([1, 2, 3, 9], [8, 8, 8])
    assert cut is not None
    assert (cut.median, cut.interval, cut.range, cut.cut_off, cut.at_least) == (8, None, (1, 9), 3, True)
    one = spread_of([1, 2, 3, 4, 5, 6], [5])
    assert one is not None
    assert (one.median, one.interval, one.at_least) == (4, None, False)
    assert spread_of([], []) is None


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
    """One HTML file with the scenario, every architecture and measure, in both languages; it loads nothing."""
    assert compare("--replications", "1", "--html", "deep/page.html").exit_code == 0
    page = (folder / "deep" / "page.html").read_text()
    for word in (
        "slow",
        "short",
        "Benefit against cost",
        "收益与成本",
        "Too few runs: with 1 of each nothing can be decided",
        "Share of failed orders",
        "impaired time",
    ):
        assert word in page
    assert not re.search(r"<script src|<link|https?://|url\(", page)


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
    alone = ["compare", "./idle.yaml", "--architectures", "./small.yaml,./gone.yaml", "--healthy", "./healthy.yaml"]
    done = CliRunner().invoke(main, [*alone, "--replications", "1", "--html", "none.html", "--json", "-"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["power"] == []
    assert "cannot be run" in (folder / "none.html").read_text()


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
        (("--looks", "4,8", "--replications", "5"), "./small.yaml,./short.yaml", "there are at most 5 runs"),
        (
            ("--healthy", "requirements/smoke/healthy-open"),
            "./small.yaml,./short.yaml",
            "healthy-open, in which latency is measured, cannot be run on ./small.yaml",
        ),
        (("--measure", "impaired_s"), "./small.yaml,./short.yaml", "write NAME=MARGIN"),
        (("--measure", "flows.order.success=1 %"), "./small.yaml,./short.yaml", "less is better"),
        (("--measure", "impaired_s=soon"), "./small.yaml,./short.yaml", "the margin is no number, share or duration"),
        (("--measure", "impaired_s=30s/soon"), "./small.yaml,./short.yaml", "the amount is no number, share or duration"),
        (("--measure", "impaired_s=30s/20s"), "./small.yaml,./short.yaml", "do not rise"),
        (("--measure", "impaired_s=30s/5min/5min"), "./small.yaml,./short.yaml", "do not rise"),
        (("--measure", "impaired_s=1s/2s/3s/4s"), "./small.yaml,./short.yaml", "too many bounds"),
        (("--measure", "impaired_s=30s", "--measure", "impaired_s=1s"), "./small.yaml,./short.yaml", "given twice"),
        (("--bad-share", "60%"), "./small.yaml,./short.yaml", "no share above 0 and up to one half"),
        (("--bad-share", "0"), "./small.yaml,./short.yaml", "no share above 0 and up to one half"),
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
    full = compared_measure("impaired_s=30s / 2min / 1h")
    assert (full.margin, full.amount, full.horizon) == (30.0, 120.0, 3600.0)
    assert (compared_measure("impaired_s=30s").amount, compared_measure("impaired_s=30s").horizon) == (300.0, None)
    with pytest.raises(InputError, match="unknown measure"):
        compared_measure("orders.fialed=1")
