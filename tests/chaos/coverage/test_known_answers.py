"""Defects planted one of each kind in a system so small that what becomes of each is known by construction.

A core with 64 threads and a desk serve five flows, each at 2 requests a second with 5 ms of work, so that nothing ever waits. Two scenarios: `calm`
does nothing, `hang` hangs the bank for half a minute. What each defect does, and what the suite can say of it:

    over-share     looks take 2 s; calm wants p99 below 1 s in half of the seeds: broken in all, though no run fails by itself
    over-quantile  peeks take 2 s; calm wants the median over seeds of p99 below 1 s
    unsteady       pokes take 8 s, hang's steady state wants 5 s: it is violated before the first step, in every run of hang
    no-time-out    the bank's call waits for ever; hang must see it time out at least once, which never happens
    fails-a-third  a third of the orders fails; calm allows half, and nobody else looks
    slow-note      notes take 0.5 s instead of 5 ms; nobody looks
    fewer-threads  63 threads instead of 64, of which at most a few are busy: run, and nothing changes
    cache-retries  no time-out of a call that never takes long: it cannot act
    slow-spare     work that nobody asks for takes ten times as long
    slow-mirror    the test environment has no mirror
    no-such-pool   the operation wants a pool that is not there
    same-threads   64 threads set to 64
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from planted_system import defect_file, working_in, write

from chaos.cli.main import main

FLOWS = ("look", "peek", "poke", "note")
ARCHITECTURE = """\
kind: architecture
name: known
pools: {threads: {slots: 64}}
services:
  core:
    pools: [threads]
    operations:
      look: {steps: [{work: 5ms}, {call: cache.get, timeout: 1s}]}
      peek: {steps: [{work: 5ms}]}
      poke: {steps: [{work: 5ms}]}
      note: {steps: [{work: 5ms}]}
  desk:
    operations:
      place: {steps: [{work: 5ms}, {call: bank.ask, timeout: 2s, on_failure: ignore}, {effect: order.record}]}
  bank: {layer: external, operations: {ask: {steps: [{work: 5ms}]}}}
  spare: {operations: {idle: {steps: [{work: 5ms}]}}}
  cache: {operations: {get: {steps: [{work: 1ms}]}}}
  mirror: {operations: {copy: {steps: [{work: 5ms}]}}}
flows:
  order: {kind: order, record: true, steps: [{call: desk.place, timeout: 1min}]}
  look: {kind: query, record: true, steps: [{call: core.look, timeout: 1min}]}
  peek: {kind: query, record: true, steps: [{call: core.peek, timeout: 1min}]}
  poke: {kind: query, record: true, steps: [{call: core.poke, timeout: 1min}]}
  note: {kind: query, record: true, steps: [{call: core.note, timeout: 1min}]}
"""
WORKLOAD = (
    "kind: workload\nname: known\naccounts: {count: 2000}\n"
    "flows: {order: {rate: 2/s}, look: {rate: 2/s}, peek: {rate: 2/s}, poke: {rate: 2/s}, note: {rate: 2/s}}\n"
)
ENVIRONMENT = (
    "kind: environment\nname: test\ngaps:\n  topology: {kind: topology, patch: [{remove: services.mirror, override: true}]}\n"
)
CALM = """\
kind: scenario
name: calm
title: Nothing happens
architecture: ./architecture.yaml
workload: ./workload.yaml
window: {from: "10:00", to: "10:02"}
warmup: 30s
steady_state: {every: 10s, hold: 20s, objectives: {order: {success: 0.5, answer_by: 30s, min_count: 5}}}
method: []
expect:
  - {measure: flows.look.p99_s, at_most: 1s, in_share: 0.5}
  - {measure: flows.peek.p99_s, at_most: 1s, quantile: 0.5}
  - {measure: orders.failed_share, at_most: 0.5}
"""
HANG = """\
kind: scenario
name: hang
title: The bank hangs
architecture: ./architecture.yaml
workload: ./workload.yaml
window: {from: "10:00", to: "10:03"}
warmup: 30s
steady_state: {every: 10s, hold: 20s, objectives: {poke: {success: 0.5, latency: {quantile: 0.9, at_most: 5s}, min_count: 5}}}
method: [{at: "10:01", for: 30s, hang: {service: bank}}]
must_happen: [{counter: call/desk.place/bank.ask#0/timeouts}]
expect:
  - {measure: impaired_s, at_most: 30s}
"""
PARTS = {
    "over-share": "noticed",
    "over-quantile": "noticed",
    "unsteady": "changed",
    "no-time-out": "changed",
    "fails-a-third": "changed",
    "slow-note": "changed",
    "fewer-threads": "unchanged",
    "cache-retries": "not reached",
    "slow-spare": "not reached",
    "slow-mirror": "not present",
    "no-such-pool": "impossible",
    "same-threads": "equivalent",
}
TRIGGERS = """\
kind: triggers
name: known
title: known
workload: ./workload.yaml
steady_state: {every: 10s, hold: 20s, objectives: {look: {success: 0.9, min_count: 5}}}
presence: {a_year: {low: 1, likely: 1, high: 1}}
found: {trading_days: 100, shows_from: 0.01, shows: {low: 1, likely: 1, high: 1}, hidden: {low: 1, likely: 1, high: 1}}
phases:
  early: {since: "09:00", until: "15:00", begins: "10:00", lasts: 6min, share: 1}
triggers:
  nothing: {title: Nothing, every_day: true}
  cache: {title: The cache hangs, per_year: {low: 1, likely: 1, high: 1}, steps: [{after: 0s, for: 30s, hang: {service: cache}}]}
"""
SUITE = "kind: suite\nname: s\ntitle: s\nscenarios: [{scenario: ./calm.yaml}, {scenario: ./hang.yaml}]\n"


def _slower(operation: str, by: int) -> str:
    return f"{{kind: operation, where: {{operation: {operation}}}}}\npatch: [{{scale: '{{work}}.work', by: {by}}}]"


def _threads(slots: int) -> str:
    return f"{{kind: pool}}\npatch: [{{set: '{{path}}.slots', to: {slots}}}]"


DEFECTS = {
    "over-share": _slower("look", 400),
    "over-quantile": _slower("peek", 400),
    "unsteady": _slower("poke", 1600),
    "no-time-out": "{kind: call, where: {target: bank}}\npatch: [{remove: '{path}.timeout'}]\nneeds: ['call/{site}/timeouts']",
    "fails-a-third": "{kind: service, where: {service: desk}}\nstanding: {errors: {service: desk, share: 0.33}}",
    "slow-note": _slower("note", 100),
    "fewer-threads": _threads(63),
    "cache-retries": "{kind: call, where: {target: cache}}\npatch: [{remove: '{path}.timeout'}]\nneeds: ['call/{site}/timeouts']",
    "slow-spare": _slower("idle", 10),
    "slow-mirror": _slower("copy", 10),
    "no-such-pool": "{kind: service, where: {service: core}}\npatch: [{set: 'services.core.pools', to: [none]}]",
    "same-threads": _threads(64),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The system, the suite, the environment and the defects, with the working directory in their folder."""
    made = tmp_path_factory.mktemp("known")
    files = {"architecture": ARCHITECTURE, "workload": WORKLOAD, "test": ENVIRONMENT, "calm": CALM, "hang": HANG, "suite": SUITE}
    write(made, files | {"triggers": TRIGGERS} | {name: defect_file(name, sites) for name, sites in DEFECTS.items()})
    with working_in(made):
        yield made


def command(*more: str, defects: Any = tuple(DEFECTS), suite: str = "./suite.yaml") -> Result:
    """Runs `coredrill coverage` in this process."""
    named = [word for name in defects for word in ("--defect", f"./{name}.yaml")]
    words = ["coverage", suite, "--architecture", "./architecture.yaml", "--environment", "./test.yaml"]
    return CliRunner().invoke(main, [*words, *named, *more], catch_exceptions=False)


@pytest.fixture(scope="module")
def known(folder: Path) -> dict[str, Any]:
    """The result object."""
    more = ("--triggers", "./triggers.yaml", "--reach", "10", "--store", "known.jsonl", "--html", "known.html")
    run = command("--json", "-", *more)
    assert run.exit_code == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def by_defect(known: dict[str, Any]) -> dict[str, Any]:
    """The mutants by the name of their defect: each has one site."""
    found = {mutant["operator"].removeprefix("./").removesuffix(".yaml"): mutant for mutant in known["mutants"]}
    assert len(found) == len(known["mutants"]) == len(DEFECTS)
    return found


def outcomes(mutant: dict[str, Any]) -> dict[str, str]:
    """What each scenario came to."""
    return {Path(name).stem: cell["outcome"] for name, cell in mutant["cells"].items()}


def test_what_must_hold_over_the_seeds_kills(known: dict[str, Any]) -> None:
    """Through a share of the seeds and through a quantile over them, though each run passes by itself."""
    for defect in ("over-share", "over-quantile"):
        mutant = by_defect(known)[defect]
        cell = next(cell for name, cell in mutant["cells"].items() if "calm" in name)
        assert (mutant["status"], cell["outcome"], cell["verdicts"]) == ("killed", "killed", ["pass"] * 3)
    assert known["summary"]["killed"] == 2


@pytest.mark.parametrize("defect", sorted(DEFECTS))
def test_a_cell_is_what_run_says(known: dict[str, Any], folder: Path, defect: str) -> None:
    """The command `run` over the same block of seeds gives the verdict of each cell that was run."""
    words = {"killed": "fail", "survived": "pass", "unknown": "unknown", "averted": "unknown"}
    mutant = by_defect(known)[defect]
    places = ["--architecture", "./architecture.yaml", "--environment", "./test.yaml", "--replications", "3"]
    for scenario, cell in mutant["cells"].items():
        if cell["outcome"] in words:
            words_of_run = ["run", scenario, *places, "--defect", mutant["name"], "--no-causes", "--json", "-"]
            run = json.loads(CliRunner().invoke(main, words_of_run).stdout)
            assert run["summary"]["verdict"] == words[cell["outcome"]]


def test_unknown_and_averted_are_columns_of_their_own(known: dict[str, Any]) -> None:
    """A steady state violated beforehand, and a time-out that must be seen and is not: neither is a kill."""
    of = by_defect(known)
    assert outcomes(of["unsteady"]) == {"calm": "survived", "hang": "unknown"}
    assert outcomes(of["no-time-out"]) == {"calm": "inert", "hang": "averted"}
    assert {of[name]["status"] for name in ("unsteady", "no-time-out")} == {"survived"}
    summary = known["summary"]
    assert (summary["stopped"], summary["averted"], summary["stopped_or_averted"]) == (1, 1, 2)
    assert of["no-time-out"]["stopped"] == []
    assert [Path(name).stem for name in of["no-time-out"]["averted"]] == ["hang"]


def test_the_differential_column_is_no_part_of_the_score(known: dict[str, Any]) -> None:
    """A third of the orders fails in both scenarios, against a margin of one in a hundred; hang's steady state is violated all the while
    with slow pokes. Nothing else is worse by its margin, and neither is noticed by verdict."""
    worse = {name: {Path(s).stem: cell["worse"] for s, cell in of["cells"].items()} for name, of in by_defect(known).items()}
    assert {name: where for name, where in worse.items() if any(where.values())} == {
        "fails-a-third": {"calm": ["orders.failed_share"], "hang": ["orders.failed_share"]},
        "unsteady": {"calm": [], "hang": ["impaired_s"]},
    }
    assert (known["summary"]["differential"], known["summary"]["differential_alone"], known["summary"]["killed"]) == (2, 2, 2)


def test_margins_can_be_said(folder: Path) -> None:
    """Notes that take half a second are worse by a margin of 100 ms, and by none of 1 s; nonsense is refused."""
    for margin, expected in (("100ms", ["flows.note.p99_s"]), ("1s", [])):
        run = command("--worse", f"flows.note.p99_s={margin}", "--json", "-", "--store", "worse.jsonl", defects=["slow-note"])
        (mutant,) = json.loads(run.stdout)["mutants"]
        assert {name for cell in mutant["cells"].values() for name in cell["worse"]} == set(expected)
    for wrong in ("nothing=1", "impaired_s=0s", "severity.dora=1", "impaired_s", "orders.intended=5"):
        assert command("--worse", wrong, defects=["slow-note"]).exit_code == 2


def test_a_red_scenario_serves_the_differential_column_alone(folder: Path) -> None:
    """It is refused unless that is asked for; then it is named, kills nothing by verdict, and there is no score."""
    (folder / "strict2.yaml").write_text(CALM.replace("look.p99_s, at_most: 1s", "look.p99_s, at_most: 1ms"))
    only = ["fails-a-third", "over-share"]
    refused = command("--store", "r.jsonl", suite="./strict2.yaml", defects=only)
    assert refused.exit_code == 2
    assert "--differential" in refused.stderr
    run = command("--differential", "--json", "-", "--store", "r.jsonl", suite="./strict2.yaml", defects=only)
    found = json.loads(run.stdout)
    assert (found["summary"]["red"], found["summary"]["score"], found["summary"]["killed"]) == (["./strict2.yaml"], None, 0)
    assert {x["operator"]: (x["worse"], next(iter(x["cells"].values()))["outcome"]) for x in found["mutants"]} == {
        "./fails-a-third.yaml": (["./strict2.yaml"], "red"),
        "./over-share.yaml": ([], "red"),
    }
    shown = command("--differential", "--store", "r.jsonl", "--resume", suite="./strict2.yaml", defects=only).stdout
    assert "not green without defects, so that they kill nothing by verdict: ./strict2.yaml" in shown
    assert "mutation score  –" in shown
    assert "fails-a-third" in shown.partition("not noticed by verdict:")[2]


def test_every_mutant_is_in_one_part_and_the_parts_add_up(known: dict[str, Any]) -> None:
    """Reached, changed, noticed, and the rest: as worked out by hand, and their sum is the census."""
    assert {name: mutant["part"] for name, mutant in by_defect(known).items()} == PARTS
    summary = known["summary"]
    assert summary["parts"] == {part: list(PARTS.values()).count(part) for part in summary["parts"]}
    assert sum(summary["parts"].values()) == summary["mutants"] == summary["census"] == len(PARTS)


def test_the_assertions_that_are_missing_would_notice(known: dict[str, Any], folder: Path) -> None:
    """Written into its scenario each passes without a defect and fails, by `run`, with each mutant that it names. Together they notice
    everything that changed unnoticed, but for the missing time-out: where it changes anything nothing is judged."""
    of = by_defect(known)
    changed = {mutant["name"] for mutant in known["mutants"] if mutant["part"] == "changed"} - {of["no-time-out"]["name"]}
    assert {name for row in known["assertions"] for name in row["mutants"]} == changed
    assert sum(row["notices"] for row in known["assertions"]) == len(changed) == 3
    places = ["--architecture", "./architecture.yaml", "--environment", "./test.yaml", "--replications", "3", "--no-causes"]
    for i, row in enumerate(known["assertions"]):
        text = Path(row["scenario"]).read_text()
        file = folder / f"with-{i}.yaml"
        file.write_text(f"{text}  {row['line']}\n")
        assert CliRunner().invoke(main, ["run", f"./{file.name}", *places]).exit_code == 0
        for mutant in row["mutants"]:
            assert CliRunner().invoke(main, ["run", f"./{file.name}", *places, "--defect", mutant]).exit_code == 1


def test_what_cannot_be_planted_has_its_reason(folder: Path) -> None:
    """In the terminal and on the page, not in the JSON alone."""
    done = command("--seeds", "1", "--store", "impossible.jsonl", "--html", "impossible.html", defects=["no-such-pool"])
    assert "cannot be planted, and not in the score\n  ./no-such-pool.yaml@core: " in done.stdout
    assert '<h2><span lang="en">Cannot be planted</span>' in (folder / "impossible.html").read_text()


def test_a_slow_note_is_noticed_by_its_response(known: dict[str, Any]) -> None:
    """Half a second, where notes take 5 ms and the margin is a tenth of a second."""
    mutant = by_defect(known)["slow-note"]["name"]
    (row,) = [row for row in known["assertions"] if mutant in row["mutants"] and row["measure"].startswith("flows.note")]
    assert 0.1 < row["bound"]["at_most"] < 0.5


def test_what_is_not_reached_has_a_scenario_that_would_reach_it(known: dict[str, Any]) -> None:
    """A cache that hangs lets its call time out; what nobody calls is reached by none, and what it needs is said."""
    of, reach = by_defect(known), known["reach"]
    assert [(row["scenario"], row["mutants"]) for row in reach["rows"]] == [("cache@early", [of["cache-retries"]["name"]])]
    assert reach["nowhere"] == [of["slow-spare"]["name"]]
    assert reach["needs"][of["cache-retries"]["name"]] == ["call/core.look/cache.get#0/timeouts"]


def test_what_cannot_be_told_apart_counts_once(known: dict[str, Any], folder: Path) -> None:
    """Two mutants are killed by calm alone: one signature, beside seven survivors. The same system by two names is one mutant."""
    assert [(row["scenarios"], len(row["mutants"])) for row in known["signatures"]] == [(["calm.yaml"], 2)]
    distinct = known["summary"]["distinct"]
    assert (distinct["signatures"], distinct["survivors"], distinct["score"], distinct["identical"]) == (1, 8, 1 / 9, [])
    twin = (folder / "slow-note.yaml").read_text().replace("slow-note", "slow-twin").replace("capacity", "links")
    (folder / "slow-twin.yaml").write_text(twin)
    found = json.loads(command("--json", "-", "--store", "twin.jsonl", defects=["slow-note", "slow-twin", "over-share"]).stdout)
    assert found["summary"]["distinct"]["identical"] == [["./slow-note.yaml@core.note", "./slow-twin.yaml@core.note"]]
    assert (found["summary"]["score"], found["summary"]["distinct"]["score"]) == (1 / 3, 1 / 2)
    assert found["summary"]["balanced"] == (1 / 2 + 0) / 2
    assert [(row["family"], row["counted"], row["killed"]) for row in found["families"]] == [("capacity", 2, 1), ("links", 1, 0)]


def test_a_sample_is_drawn_by_its_seed_and_has_an_interval(known: dict[str, Any], folder: Path) -> None:
    """Six of twelve, another six with another seed; the interval holds the census's score."""
    drawn = [
        json.loads(command("--sample", "6", "--seed", seed, "--json", "-", "--store", f"sample-{seed}.jsonl").stdout)
        for seed in ("1", "1", "2")
    ]
    names = [[mutant["name"] for mutant in found["mutants"]] for found in drawn]
    assert names[0] == names[1] != names[2]
    assert {len(mine) for mine in names} == {6}
    assert {found["summary"]["census"] for found in drawn} == {len(DEFECTS)}
    for found in drawn:
        low, high = found["summary"]["interval"]
        assert low <= known["summary"]["score"] <= high
    assert known["summary"]["interval"] is None


def test_a_suite_that_is_red_over_its_seeds_is_refused(folder: Path) -> None:
    """Each run passes, and `run` says fail: coverage calls it red as well, and says what is broken over the seeds."""
    (folder / "strict.yaml").write_text(CALM.replace("look.p99_s, at_most: 1s", "look.p99_s, at_most: 1ms"))
    (folder / "red.yaml").write_text("kind: suite\nname: r\ntitle: r\nscenarios: [{scenario: ./strict.yaml}]\n")
    assert CliRunner().invoke(main, ["run", "./strict.yaml", "--replications", "3", "--no-causes"]).exit_code == 1
    refused = command("--store", "red.jsonl", suite="./red.yaml", defects=["same-threads"])
    assert refused.exit_code == 2
    assert "fail over 3 seeds" in refused.stderr
    assert "flows.look.p99_s" in refused.stderr
