"""Coverage of a system so small that the whole answer is known beforehand: what is killed where, what hid the rest, what it costs.

A core with eight threads serves orders, which ask a bank, and looks, which do not. The test environment has a tenth of the load, a
stub for a bank, and no mirror. By Little's law (rate x time held against eight threads):

    no-timeout   a bank silent for a minute holds 2/s x 60 s > 8 even in the test: killed by the hang
    slow-look    500 ms x 2/s = 1 in the test, x 20/s = 10 > 8 in production: hidden by the load alone
    dead-bank    5 s against a timeout of 2 s, and an order may take 1 s, but the stub overrides the value: hidden by the stub alone
    slow-bank    500 ms x 2/s = 1, x 20/s = 10 > 8 and only without the stub: hidden by both together
    slow-spare   nothing calls it: hidden by the suite
    slow-mirror  not in the test, and nothing calls it: not present, hidden by the suite
    same-slots   eight slots set to eight: equivalent
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from planted_system import WORKLOAD, defect_file, eight_threads, patching, working_in, write

from chaos.cli.main import main
from chaos.coverage.trial_runner import Baseline, TrialRunner, baseline
from chaos.documents.library import library
from chaos.execution.inputs.files import ResolvedFileCache
from chaos.execution.inputs.planting import mutants
from chaos.results.coverage import CoverageResult
from simcore.model.architecture import Architecture

ARCHITECTURE = eight_threads(spare="replicas: 2, ", aside="  mirror: {operations: {copy: {steps: [{work: 5ms}]}}}\n")
ENVIRONMENT = """\
kind: environment
name: test
gaps:
  load:
    kind: load
    workload_patch: [{scale: "flows.*.rate", by: 0.1, override: true}]
  stub:
    kind: dependencies
    patch: [{set: "services.bank.operations.ask.steps[work]", to: {work: 1ms}, override: true}]
  topology:
    kind: topology
    patch: [{remove: services.mirror, override: true}, {set: services.spare.replicas, to: 1}]
"""
SCENARIO = """\
kind: scenario
name: NAME
title: A small drill
architecture: ./architecture.yaml
workload: ./workload.yaml
window: {from: "10:00", to: "10:05"}
warmup: 1min
steady_state: {every: 10s, hold: 1min, objectives: {look: {success: 0.9, latency: {quantile: 0.9, at_most: 1s}, min_count: 5}}}
METHOD
expect:
  - {measure: impaired_s, at_most: 10s}
  - {measure: orders.failed_share, at_most: 0.99}
MORE
"""
HANG = 'method: [{at: "10:02", for: 1min, hang: {service: bank}}]'
SUITE = "kind: suite\nname: s\ntitle: s\nscenarios: [{scenario: ./calm.yaml}, {scenario: ./hang.yaml}]\n"
DEFECTS = {
    "no-timeout": ("{kind: call, where: {target: bank}}", 'remove: "{path}.timeout"', 'needs: ["call/{site}/timeouts"]'),
    "slow-look": ("{kind: operation, where: {operation: look}}", 'scale: "{work}.work", by: 100', ""),
    "dead-bank": ("{kind: operation, where: {service: bank}}", 'scale: "{work}.work", by: 1000', ""),
    "slow-bank": ("{kind: operation, where: {service: bank}}", 'scale: "{work}.work", by: 100', ""),
    "slow-aside": ("{kind: operation, where: {service: [spare, mirror]}}", 'scale: "{work}.work", by: 10', ""),
    "same-slots": ("{kind: pool}", 'set: "{path}.slots", to: 8', ""),
}
TRIGGERS = """\
kind: triggers
name: small
title: small
workload: ./workload.yaml
steady_state: {every: 10s, hold: 1min, objectives: {look: {success: 0.9, min_count: 5}}}
presence:
  a_year: {low: 0, likely: 0, high: 0}
  defects: PRESENT
found:
  trading_days: 100
  shows_from: 0.05
  shows: {low: 1, likely: 1, high: 1}
  hidden: {low: 30, likely: 50, high: 100}
phases:
  early: {since: "09:00", until: "12:00", begins: "10:00", lasts: 8min, share: 0.75}
  late: {since: "12:00", until: "15:00", begins: "14:00", lasts: 8min, share: 0.25}
triggers:
  nothing: {title: Nothing, every_day: true}
  silent: {title: Silence, per_year: {low: 1, likely: 2, high: 4}, steps: [{after: 0s, for: 1min, hang: {service: bank}}]}
"""
BANK, LOOK = "@bank.ask", "@core.look"
TIMEOUT = "./no-timeout.yaml@core.place/bank.ask#0"


def files() -> dict[str, str]:
    """The system, the suite, the environment, the defects and the triggers."""
    present = {f"./{name}.yaml": {"low": 0.1, "likely": 0.2, "high": 0.6} for name in DEFECTS}
    found = {"architecture": ARCHITECTURE, "workload": WORKLOAD, "test": ENVIRONMENT, "suite": SUITE}
    found["triggers"] = TRIGGERS.replace("PRESENT", json.dumps(present))
    for name, method, more in (("calm", "method: []", "  - {measure: flows.order.p99_s, at_most: 1s}"), ("hang", HANG, "")):
        found[name] = SCENARIO.replace("NAME", name).replace("METHOD", method).replace("MORE", more)
    return found | {name: defect_file(name, sites, patching(edit), needs) for name, (sites, edit, needs) in DEFECTS.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files, with the working directory in their folder."""
    made = tmp_path_factory.mktemp("coverage")
    write(made, files())
    with working_in(made):
        yield made


def command(*more: str, environment: str = "./test.yaml", defects: Any = tuple(DEFECTS), suite: str = "./suite.yaml") -> Result:
    """Runs `coredrill coverage` in this process."""
    named = [word for name in defects for word in ("--defect", f"./{name}.yaml")]
    words = ["coverage", suite, "--architecture", "./architecture.yaml", "--environment", environment]
    return CliRunner().invoke(main, [*words, "--triggers", "./triggers.yaml", *named, *more], catch_exceptions=False)


def measured(*more: str, **kind: Any) -> dict[str, Any]:
    """The result object."""
    run = command("--json", "-", *more, **kind)
    assert run.exit_code == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.fixture(scope="module")
def whole(folder: Path) -> dict[str, Any]:
    """Everything, once."""
    return measured("--price", "1000", "--why", "1000", "--suggest", "2", "--store", "whole.jsonl", "--html", "page.html")


def test_the_result_fits_its_schema_and_is_read_back_as_it_was(whole: dict[str, Any]) -> None:
    """`coredrill schema coverage` describes what the command writes, and the model reads it without loss; a wrong status fits neither."""
    schema = json.loads(CliRunner().invoke(main, ["schema", "coverage"]).stdout)
    jsonschema.validate(whole, schema)
    assert CoverageResult.model_validate(whole).json_object() == whole
    wrong = whole | {"mutants": [whole["mutants"][0] | {"status": "missed"}]}
    assert not jsonschema.Draft202012Validator(schema).is_valid(wrong)


def test_statuses_are_those_worked_out_by_hand(whole: dict[str, Any]) -> None:
    """The mutant is killed, survives, is not present or equivalent as the page above says."""
    assert {x["name"]: x["status"] for x in whole["mutants"]} == {
        TIMEOUT: "killed",
        f"./slow-look.yaml{LOOK}": "survived",
        f"./dead-bank.yaml{BANK}": "not present",
        f"./slow-bank.yaml{BANK}": "not present",
        "./slow-aside.yaml@spare.idle": "survived",
        "./slow-aside.yaml@mirror.copy": "not present",
        "./same-slots.yaml@threads": "equivalent",
    }


def test_a_replica_the_environment_does_not_have_hides_its_defect(folder: Path) -> None:
    """What stands at replica 1 is no mistake of the file where there is only replica 0: production has it, the test does not."""
    (folder / "old-replica.yaml").write_text(
        "kind: defect\nname: old-replica\ntitle: old\nfamily: capacity\nsites: {kind: service, where: {replicated: true}}\n"
        'standing: {slow: {service: "{site}", replicas: [1], factor: 5}}\n'
    )
    (mutant,) = measured(defects=["old-replica"])["mutants"]
    assert (mutant["name"], mutant["status"]) == ("./old-replica.yaml@spare", "not present")
    assert "spare has no replica 1" in mutant["impossible"]


def test_nothing_is_kept_from_before_the_first_time(folder: Path) -> None:
    """A new store has no runs; all runs of a result are those of the matrix, of prices and of reasons, each once."""
    fresh = measured("--store", "fresh.jsonl", "--price", "50", "--why", "50")["summary"]
    again = measured("--store", "fresh.jsonl", "--price", "50", "--why", "50", "--resume")["summary"]
    assert (fresh["kept"], again["kept"]) == (0, fresh["runs"])
    assert again["runs_in_all"] == fresh["runs_in_all"] > fresh["runs"]


def test_kill_matrix_and_score_are_exact(whole: dict[str, Any]) -> None:
    """One kill, by the hang, with every seed; one of six that production can have, one of three that are present."""
    killed = {x["name"]: x["killed_by"] for x in whole["mutants"] if x["killed_by"]}
    assert {name: [Path(scenario).stem for scenario in by] for name, by in killed.items()} == {TIMEOUT: ["hang"]}
    assert (whole["summary"]["score"], whole["summary"]["score_present"]) == (1 / 6, 1 / 3)
    assert (whole["summary"]["counted"], whole["summary"]["equivalent"], whole["summary"]["flaky"]) == (6, 1, 0)
    assert whole["summary"]["seed_scores"] == [1 / 6, 1 / 6, 1 / 6]
    assert {o["name"]: o["score"] for o in whole["operators"] if o["score"]} == {"./no-timeout.yaml": 1.0}


def test_attribution_is_exact(whole: dict[str, Any]) -> None:
    """Load alone, stub alone, both together, and the suite."""
    assert whole["why"]["hidden_by"] == {
        f"./slow-look.yaml{LOOK}": ["load"],
        f"./dead-bank.yaml{BANK}": ["stub"],
        f"./slow-bank.yaml{BANK}": ["load+stub"],
        "./slow-aside.yaml@spare.idle": ["the suite"],
        "./slow-aside.yaml@mirror.copy": ["the suite"],
    }
    assert whole["why"]["skipped"] == []
    assert set(whole["why"]["red"]) == {"load", "load+stub", "any gap"} | {"load+topology"} & set(whole["why"]["red"])


def test_no_difference_is_a_bound_and_not_an_equivalence(whole: dict[str, Any]) -> None:
    """What nothing calls changes none of the N runs made: 3/N; what is slower changes all it was run in, and has no bound."""
    spare = next(x for x in whole["mutants"] if x["name"] == "./slow-aside.yaml@spare.idle")["no_difference"]
    assert spare["changed"] == 0
    assert spare["bound"] == min(1.0, 3 / spare["runs"])
    look = next(x for x in whole["mutants"] if x["name"] == f"./slow-look.yaml{LOOK}")["no_difference"]
    assert look["changed"] == look["runs"] > 0
    assert look["bound"] is None


def test_expectations_no_defect_trips_are_named(whole: dict[str, Any]) -> None:
    """The impaired time of the hang is tripped by one defect; the lax bound on orders by none, in either scenario."""
    by = {(Path(x["scenario"]).stem, x["expected"].split()[0]): x["tripped_by"] for x in whole["expectations"]}
    assert by["hang", "impaired_s"] == 1
    assert by["calm", "impaired_s"] == by["hang", "orders.failed_share"] == by["calm", "orders.failed_share"] == 0


def test_ranking_agrees_with_brute_force(whole: dict[str, Any]) -> None:
    """Chance of being there x (days x what it does on one + how often each trigger comes in those days x what it does beyond), each run
    by itself. Who harms a twentieth of an ordinary day's orders is found after a day, others after 60 of 100 on average."""
    from chaos.coverage.pricing import load_triggers, windows_of
    from chaos.coverage.trials import Trial, attempt
    from chaos.execution.session import Session

    session = Session()

    def harmed(scenario: str, defect: str | None) -> tuple[float, float]:
        trial = Trial(scenario, "./architecture.yaml", "production", (1, 2, 3), (defect,) if defect else (), sound=True)
        orders = [run.orders for run in attempt(session, trial).runs]
        return sum(o["failed_orders"] + o["rejected_wrongly"] for o in orders) / 3, sum(o["intended"] for o in orders) / 3

    windows = {w.name: w.scenario for w in windows_of(load_triggers("./triggers.yaml"))}
    assert list(windows) == ["nothing@early", "nothing@late", "silent@early", "silent@late"]
    prices = {}
    for row in whole["price"]["ranking"]:
        does = {name: harmed(w, row["name"])[0] - harmed(w, None)[0] for name, w in windows.items()}
        day = does["nothing@early"] + does["nothing@late"]
        shows = day >= 0.05 * sum(harmed(windows[f"nothing@{phase}"], None)[1] for phase in ("early", "late"))
        days = 1.0 if shows else 60.0
        beyond = sum(s * (does[f"silent@{p}"] - does[f"nothing@{p}"]) for p, s in (("early", 0.75), ("late", 0.25)))
        prices[row["name"]] = 0.3 * (days * day + 7 / 3 * days / 100 * beyond)  # 0.3 and 7/3 are the means of the triangles
        assert row["shows"] == shows
        assert row["parts"]["left_out"] == 0.0
    assert [row["name"] for row in whole["price"]["ranking"]] == sorted(prices, key=lambda n: (-prices[n], n))
    assert {row["name"]: pytest.approx(row["harmed_orders"]) for row in whole["price"]["ranking"]} == prices
    assert max(prices.values()) > 100
    assert {row["shows"] for row in whole["price"]["ranking"]} == {True, False}


def test_signs_and_ranks_follow_from_the_intervals(whole: dict[str, Any]) -> None:
    """A sign only where the interval excludes 0; a defect without effect has neither price nor width; the parts add up; the ranks of a
    band go from its first place to its last."""
    rows = whole["price"]["ranking"]
    for row in rows:
        low, high = row["interval"]
        assert low <= high
        assert row["sign"] == ("none" if low == high == 0 else "costs" if low > 0 else "spares" if high < 0 else "not decided")
        assert sum(row["parts"].values()) == pytest.approx(row["harmed_orders"])
        assert sum(row["years"].values()) == pytest.approx(1)
        if not row["harmed_orders"]:
            assert (low, high) == (0.0, 0.0)
    assert [row["rank"] <= i <= row["rank_to"] for i, row in enumerate(rows, 1)] == [True] * len(rows)
    assert rows[0]["sign"] == "costs"
    assert {row["sign"] for row in rows} >= {"costs", "none"}


def confirmed(trigger: str, phase: str) -> float:
    """Orders that the sound system confirms in a window, mean of three seeds, counted from journals of runs of its own."""
    from chaos.coverage.pricing import load_triggers, windows_of
    from chaos.execution.execute import run_once
    from chaos.execution.jobs import Job
    from chaos.execution.session import Session
    from simcore.journal.summary import figures

    session = Session()
    window = next(w for w in windows_of(load_triggers("./triggers.yaml")) if w.name == f"{trigger}@{phase}")
    jobs = [Job(window.scenario, seed, "./architecture.yaml", "production") for seed in (1, 2, 3)]
    return sum(figures(run_once(session.bind(job.system), job)).orders.confirmed for job in jobs) / 3


def test_what_is_rejected_wrongly_is_held_against_the_sound_system(folder: Path) -> None:
    """A defect that says no to every order fails none. Whoever runs the scenario holds it against the same system; a price holds each
    order against the system without the defect, which confirms two thirds of them (the others have no
    money or shares, and are rejected rightly)."""
    (folder / "says-no.yaml").write_text(
        "kind: defect\nname: says-no\ntitle: no\nfamily: consistency\nsites: {kind: operation, where: {operation: place}}\n"
        'patch: [{insert: "{path}.steps", before: "#0", step: {fail: rejected}}]\n'
    )
    triggers = (
        (folder / "triggers.yaml")
        .read_text()
        .replace("a_year: {low: 0, likely: 0, high: 0}", "a_year: {low: 1, likely: 1, high: 1}")
    )
    (folder / "no-triggers.yaml").write_text(triggers)
    found = measured(
        "--price",
        "100",
        "--triggers",
        "./no-triggers.yaml",
        "--store",
        "no.jsonl",
        defects=["says-no"],
        environment="./test.yaml",
    )
    (row,) = [*found["price"]["ranking"], *found["price"]["killed"]]
    # who is refused does not wait for a silent bank
    assert row["figures"]["rejected_wrongly"] > 0 >= row["figures"]["failed_orders"]
    assert row["day"] == pytest.approx(sum(confirmed("nothing", phase) for phase in ("early", "late")))
    assert row["shows"]
    files = ResolvedFileCache()
    shipped = [
        x.name for x in mutants(files, library().resolve("./architecture.yaml", Architecture).model) if x.family == "consistency"
    ]
    assert row["present"] == pytest.approx(
        1 / (1 + len(shipped))
    )  # once a year at any point of the family: the shipped ones and this


def test_the_curve_ends_at_what_the_suite_catches(whole: dict[str, Any]) -> None:
    """Best first one scenario catches all that two do; in random order half of it on average."""
    curve = whole["curve"]
    assert [row["caught"] for row in curve["best_first"]] == [1, 1]
    assert Path(curve["best_first"][0]["scenario"]).stem == "hang"
    assert [row["caught"] for row in curve["random"]] == [0.5, 1.0]
    assert curve["best_first"][-1]["slips"] == pytest.approx(curve["random"][-1]["slips"])
    assert curve["whole"] >= curve["best_first"][-1]["slips"] > 0


def test_what_finds_nothing_here_is_no_promise_and_says_what_hides_it(whole: dict[str, Any]) -> None:
    """An ordinary day notices the three costly ones in production and nothing in the test environment: by load, by load and stub."""
    added = whole["suggestions"][0]
    assert (added["promise"], added["adds"]) == (False, 0)
    assert (added["here"]["environment"], added["here"]["green"], added["here"]["survivors"]) == ("./test.yaml", True, [])
    three = {f"./{name}.yaml{site}" for name, site in (("slow-look", LOOK), ("dead-bank", BANK), ("slow-bank", BANK))}
    assert set(added["production"]["survivors"]) == three
    assert added["hidden_by"][f"./slow-look.yaml{LOOK}"] == ["load"]
    assert added["hidden_by"][f"./slow-bank.yaml{BANK}"] == ["load+stub"]
    assert not any(row["promise"] for row in whole["suggestions"])


def test_a_suggested_scenario_is_green_and_catches_what_it_says(folder: Path) -> None:
    """Of a suite without the hang the silent bank is suggested: its file passes in the test environment without a defect, and fails with
    the survivor it names; it stands on the curve with what it adds there."""
    (folder / "half.yaml").write_text(SUITE.replace(", {scenario: ./hang.yaml}", ""))
    words = ("--price", "100", "--suggest", "1", "--store", "half.jsonl", "--seeds", "2", "--html", "half.html")
    found = measured(*words, suite="./half.yaml", defects=["no-timeout"])
    (first,) = found["suggestions"]
    assert (first["promise"], first["adds"], first["here"]["survivors"]) == (True, 1, [TIMEOUT])
    options = ["--architecture", "./architecture.yaml", "--environment", "./test.yaml"]
    assert CliRunner().invoke(main, ["run", first["here"]["file"], *options]).exit_code == 0
    assert CliRunner().invoke(main, ["run", first["here"]["file"], *options, "--defect", TIMEOUT]).exit_code == 1
    assert "in test.yaml: +1" in (folder / "half.html").read_text(encoding="utf-8")


def test_bounds_that_fit_the_seeds_they_were_made_on_promise_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario that is green on the seeds its bounds were made on, and on further ones is not, notices nothing and is no promise."""

    def shaky(runner: TrialRunner, scenarios: Sequence[str], environment: str, **more: Any) -> Baseline:
        found = baseline(runner, scenarios, environment, **more)
        if min(more.get("seeds") or (1,)) > 1:
            return replace(found, verdicts=dict.fromkeys(found.verdicts, "fail"))
        return found

    monkeypatch.setattr("chaos.coverage.suggestions.baseline", shaky)
    words = ("--price", "100", "--suggest", "1", "--store", "shaky.jsonl", "--seeds", "1")
    found = measured(*words, suite="./half.yaml", defects=["no-timeout"])
    assert not any(row["promise"] or row["here"]["survivors"] for row in found["suggestions"])


def test_suggestions_keep_their_budget(folder: Path) -> None:
    """One run is not enough to try anything, and nothing is promised."""
    words = ("--price", "100", "--suggest", "1", "--suggest-runs", "1", "--store", "half.jsonl", "--resume", "--seeds", "2")
    assert measured(*words, suite="./suite.yaml", defects=["slow-look"])["suggestions"] == []


def test_the_page_needs_nothing_from_outside(whole: dict[str, Any], folder: Path) -> None:
    """One HTML file with matrix, ranking and curve, and no address in it."""
    text = (folder / "page.html").read_text(encoding="utf-8")
    assert all(word in text for word in ("Kill matrix", "most costly survivors", "growing suite", TIMEOUT))
    assert all(
        f'<a href="#{part}">' in text and f'id="{part}"' in text for part in ("funnel", "todo", "matrix", "price", "hides")
    )
    assert "1 was never reached" in text
    assert whole["replay"].startswith(
        "coredrill coverage ./suite.yaml --architecture ./architecture.yaml --environment ./test.yaml"
    )
    assert "--triggers ./triggers.yaml" in whole["replay"]
    assert not re.search(r"https?://|<script src|<link|url\((?!#)", text)


def test_a_suite_beside_is_measured_as_it_would_be_alone(whole: dict[str, Any], folder: Path) -> None:
    """Half of the suite, in production: what a command of its own says, beside unchanged figures of the test environment."""
    (folder / "half.yaml").write_text(SUITE.replace(", {scenario: ./hang.yaml}", ""))
    page = folder / "beside.html"
    both = measured("--beside", "./half.yaml@production", "--store", "beside.jsonl", "--html", str(page))
    alone = measured("--store", "alone.jsonl", environment="production", suite="./half.yaml")
    assert {x["name"]: x["cells"] for x in both["mutants"]} == {x["name"]: x["cells"] for x in whole["mutants"]}
    for key in ("mutants", "scenarios"):
        assert both["beside"][key] == alone[key]
    for key in ("killed", "survived", "not_present", "score", "runs"):
        assert both["beside"]["summary"][key] == alone["summary"][key]
    assert all(word in page.read_text(encoding="utf-8") for word in ("Side by side", "Kill matrix of ./half.yaml in production"))
    shown = command("--beside", "./half.yaml@production", "--store", "beside.jsonl", "--resume").stdout
    assert "the same defects under ./half.yaml in production: green without them" in shown


@pytest.mark.parametrize("said", ["./suite.yaml", "@production", "./suite.yaml@"])
def test_a_suite_beside_has_an_environment(said: str, folder: Path) -> None:
    """One error that says how it is written."""
    run = command("--beside", said)
    assert run.exit_code == 2
    assert "such as --beside at-the-open@production" in run.stderr


def test_resumed_and_repeated_results_are_the_same(whole: dict[str, Any], folder: Path) -> None:
    """From what is kept nothing is run again, and the result is the same but for how many runs were kept."""
    again = measured("--price", "1000", "--why", "1000", "--suggest", "2", "--store", "whole.jsonl", "--resume")
    for result in (again, whole):
        result["summary"].pop("kept")
    assert again == whole


def test_what_is_spared_comes_out_the_same_when_it_is_run(folder: Path) -> None:
    """With --exhaustive the cells that could not differ are run, and not one run of them differs from that without the defect."""
    found = measured("--exhaustive", "--store", "all.jsonl", defects=["no-timeout"])
    calm = next(cell for name, cell in found["mutants"][0]["cells"].items() if "calm" in name)
    assert calm["outcome"] == "survived"
    assert (len(calm["verdicts"]), calm["changed"]) == (3, 0)


def test_a_defect_that_is_named_twice_counts_once(folder: Path) -> None:
    """By its operator and by its site, and by a path that is written otherwise."""
    named = ["slow-look", "slow-look", "../" + folder.name + "/slow-look"]
    found = measured("--defect", f"./slow-look.yaml{LOOK}", "--seeds", "1", "--store", "twice.jsonl", defects=named)
    assert [mutant["name"] for mutant in found["mutants"]] == [f"./slow-look.yaml{LOOK}"]
    assert found["summary"]["counted"] == 1


def test_mistakes_are_found_before_anything_is_run(folder: Path) -> None:
    """A site that is not there, and triggers that cannot happen to the architecture, of which the message names the option."""
    for words, why in (
        (("--defect", "./slow-look.yaml@core.nothing"), "has no site 'core.nothing'"),
        (("--triggers", "brokers", "--price", "9"), "the triggers brokers cannot happen to ./architecture.yaml"),
    ):
        done = command(*words, "--store", "never.jsonl", "--seeds", "1", defects=["slow-look"])
        assert done.exit_code == 2
        assert why in done.stderr
        assert "scenarios without defects" not in done.stderr


def test_the_architecture_is_that_of_the_scenarios(folder: Path) -> None:
    """Where none is named; scenarios for different ones leave it open."""
    words = ["coverage", "./suite.yaml", "--environment", "./test.yaml", "--seeds", "1", "--defect", "./slow-look.yaml"]
    done = CliRunner().invoke(main, [*words, "--json", "-", "--store", "own.jsonl"])
    assert json.loads(done.stdout)["architecture"] == "architecture.yaml"
    (folder / "other.yaml").write_text((folder / "calm.yaml").read_text().replace("./architecture.yaml", "legacy-coupled"))
    (folder / "both.yaml").write_text(SUITE.replace("./hang.yaml", "./other.yaml"))
    done = CliRunner().invoke(main, ["coverage", "./both.yaml"])
    assert done.exit_code == 2
    assert "./both.yaml has scenarios for architecture.yaml, legacy-coupled; name one of them with --architecture" in done.stderr


def test_what_is_not_here_is_not_identical(folder: Path) -> None:
    """Two defects that leave the test environment as it is do different things in production."""
    named = ("slow-aside", "stuck-aside")
    (folder / "stuck-aside.yaml").write_text(
        defect_file("stuck-aside", DEFECTS["slow-aside"][0], patching('scale: "{work}.work", by: 500'))
    )
    found = measured("--seeds", "1", "--store", "aside.jsonl", defects=named)
    here = {mutant["name"]: mutant["status"] for mutant in found["mutants"]}
    assert here["./slow-aside.yaml@mirror.copy"] == here["./stuck-aside.yaml@mirror.copy"] == "not present"
    assert found["summary"]["distinct"]["identical"] == []


def test_a_red_suite_is_refused(folder: Path) -> None:
    """In production the hang saturates the core without any defect: exit 2, with the scenario and the reason."""
    refused = command("--store", "red.jsonl", environment="production", defects=["no-timeout"])
    assert refused.exit_code == 2
    assert "hang" in refused.stderr
    assert "does not pass in production without any defect" in refused.stderr


def test_budgets_are_kept_and_say_what_was_left_out(folder: Path) -> None:
    """No run for the price or the reasons: every window, every survivor is named as skipped."""
    found = measured("--price", "1", "--why", "1", "--store", "small.jsonl", defects=["slow-look"])
    assert found["price"]["runs"] <= 1
    assert len(found["price"]["skipped"]) == 4
    assert found["why"]["skipped"] == [f"./slow-look.yaml{LOOK}"]


def test_a_low_score_can_fail_a_build(folder: Path) -> None:
    """--at-least: 1 below, 0 at the score."""
    for least, code in (("0.5", 1), ("0", 0)):
        assert command("--at-least", least, "--store", "low.jsonl", "--resume", defects=["slow-look"]).exit_code == code
