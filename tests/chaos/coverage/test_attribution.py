"""Why defects survive, of a system so small that the answer is known beforehand.

Eight threads serve 20 looks a second that take 60 ms and 20 orders a second that ask a bank. The test environment has a tenth of the load
(gap a), half of the threads and a stub for the bank (gap b), and nobody on duty (gap c, which changes nothing). By Little's law looks hold
20/s x 60 ms = 1.2 threads, in the test 0.12:

    x   looks take ten times as long: 12 threads in production; with a on 1.2 of four. a alone hides it
    y   the bank takes 500 ms: 10 + 1.2 > 8 threads in production; with a on 1, with b on a stub. Each of a and b is enough to hide it
    z   a quarter of the threads, 2 in production: 1.2 fit. With b on it is one, and with a off 1.2 > 1: noticed only while b is on
    w   nothing calls it: the suite
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from planted_system import WORKLOAD, defect_file, eight_threads, patching, working_in, write

from chaos.cli.main import main
from chaos.coverage.attribution import SUITE, Why, changes, enough, first_settings, hidden_by, not_monotone, reasons
from chaos.results.findability import NotMonotone, Setting

FILES = {
    "architecture": eight_threads("60ms", "1ms", "5s"),
    "workload": WORKLOAD,
    "test": """\
kind: environment
name: test
gaps:
  a: {kind: load, workload_patch: [{scale: "flows.*.rate", by: 0.1, override: true}]}
  b:
    kind: topology
    patch:
      - {scale: pools.threads.slots, by: 0.5, override: true}
      - {set: "services.bank.operations.ask.steps[work]", to: {work: 1ms}, override: true}
  c: {kind: people, absent: [operators]}
""",
    "calm": """\
kind: scenario
name: calm
title: A calm morning
architecture: ./architecture.yaml
workload: ./workload.yaml
window: {from: "10:00", to: "10:05"}
warmup: 1min
steady_state: {every: 10s, hold: 1min, objectives: {look: {success: 0.9, latency: {quantile: 0.9, at_most: 1s}, min_count: 5}}}
expect: [{measure: impaired_s, at_most: 30s}]
""",
    "suite": "kind: suite\nname: s\ntitle: s\nscenarios: [{scenario: ./calm.yaml}]\n",
}
DEFECTS = {
    "x": ("{kind: operation, where: {operation: look}}", 'scale: "{work}.work", by: 10'),
    "y": ("{kind: operation, where: {service: bank}}", 'scale: "{work}.work", by: 100'),
    "z": ("{kind: pool}", 'scale: "{path}.slots", by: 0.25'),
    "w": ("{kind: operation, where: {service: spare}}", 'scale: "{work}.work", by: 10'),
}
X, Y, Z, W = "./x.yaml@core.look", "./y.yaml@bank.ask", "./z.yaml@threads", "./w.yaml@spare.idle"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files, with the working directory in their folder."""
    made = tmp_path_factory.mktemp("attribution")
    write(made, FILES | {name: defect_file(name, sites, patching(edit)) for name, (sites, edit) in DEFECTS.items()})
    with working_in(made):
        yield made


def explained(folder: Path, *more: str) -> dict[str, Any]:
    """The result object of the command with these options."""
    named = [word for name in DEFECTS for word in ("--defect", f"./{name}.yaml")]
    words = ["coverage", "./suite.yaml", "--architecture", "./architecture.yaml", "--environment", "./test.yaml", "--seeds", "1"]
    run = CliRunner().invoke(main, [*words, *named, *more, "--json", str(folder / "out.json")], catch_exceptions=False)
    assert run.exit_code == 0, run.output
    found: dict[str, Any] = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    return found | {"text": run.stdout}


@pytest.fixture(scope="module")
def whole(folder: Path) -> dict[str, Any]:
    """Everything, once, with a budget that reaches all of it."""
    return explained(folder, "--why", "200", "--store", "whole.jsonl", "--html", "page.html")


def test_what_hides_what_is_as_worked_out_by_hand(whole: dict[str, Any]) -> None:
    """One gap alone, each of two, none; and the one that is noticed only while a gap is on is named as not monotone."""
    assert {x["name"]: x["status"] for x in whole["mutants"]} == dict.fromkeys((X, Y, Z, W), "survived") | {Y: "not present"}
    assert whole["why"]["hidden_by"] == {X: ["a"], Y: ["a+b"], Z: ["a"], W: [SUITE]}
    found = {x["name"]: x for x in whole["why"]["survivors"]}
    assert {name: (x["hides"], x["enough"]) for name, x in found.items()} == {
        X: (["a"], ["a"]),
        Y: ([], ["a", "b"]),
        Z: (["a"], []),
        W: ([], []),
    }
    assert [x["name"] for x in found.values() if x["not_monotone"]] == [Z]
    assert {name: x["shows"] for name, x in found.items()} == {X: [], Y: [], Z: ["b"], W: []}
    assert found[Z]["not_monotone"][0] == {"off": ["a"], "more": ["a", "b", "c"]}
    assert (whole["why"]["skipped"], whole["why"]["red"]) == ([], {})


def test_every_setting_is_tried_once(whole: dict[str, Any]) -> None:
    """All gaps off, each off alone, each left on alone, and nothing twice; what was noticed is as Little's law has it."""
    asked = [["a", "b", "c"], ["a"], ["b"], ["c"], ["b", "c"], ["a", "c"], ["a", "b"]]
    for survivor in whole["why"]["survivors"]:
        assert [s["off"] for s in survivor["settings"]] == asked
    noticed = {
        x["name"]: ["".join(s["off"]) for s in x["settings"] if s["outcome"] == "noticed"] for x in whole["why"]["survivors"]
    }
    assert noticed == {X: ["abc", "a", "ac", "ab"], Y: ["abc", "ab"], Z: ["a", "ac"], W: []}


def test_text_and_page_name_what_is_not_monotone(whole: dict[str, Any], folder: Path) -> None:
    """The survivor's line says with which gaps it is noticed, and that it is not with all of them off."""
    said = "not monotone: noticed with a off, not with all gaps off"
    assert f"{Z}: a; {said}; b left on shows it" in whole["text"]
    assert f"{X}: a\n" in whole["text"]
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert f'⚠ <span lang="en">a; {said}' in page
    assert page.count("⚠ <span") == 1


def test_a_budget_explains_the_first_ones_and_names_the_rest(folder: Path) -> None:
    """No more runs than allowed are made, and what was not reached is listed, never taken for not noticed."""
    for budget in (1, 6, 20):
        why = explained(folder, "--why", str(budget), "--store", "budget.jsonl")["why"]
        assert why["runs"] <= budget
        for survivor in why["survivors"]:
            assert len(survivor["settings"]) + len(survivor["left_out"]) >= 7
            assert bool(survivor["left_out"]) == (survivor["name"] in why["skipped"])
            if survivor["left_out"]:
                assert SUITE not in why["hidden_by"].get(survivor["name"], [])


# --- the arithmetic, by hand -------------------------------------------------------------------------------------------------------


def tried(**noticed: str) -> Why:
    """What is known of a survivor of three gaps: for each setting of gaps off the scenarios that noticed it, after a comma those that
    were not green."""
    why = Why(["a", "b", "c"])
    why.tried["m"], why.left_out["m"] = {}, []
    for key, text in noticed.items():
        by, _, red = text.partition(",")
        outcome = "noticed" if by else "not judged" if red else "not noticed"
        why.tried["m"][tuple(key)] = Setting(off=list(key), outcome=outcome, by=list(by), red=list(red))  # type: ignore[arg-type]
    return why


def test_each_setting_is_asked_once_with_few_gaps() -> None:
    """With two gaps leaving one on is switching the other off; with one gap all off is that one; with none nothing is asked."""
    assert first_settings([]) == []
    assert first_settings(["a"]) == [("a",)]
    assert first_settings(["a", "b"]) == [("a", "b"), ("a",), ("b",)]
    assert first_settings(["a", "b", "c"])[4:] == [("b", "c"), ("a", "c"), ("a", "b")]


def test_a_red_scenario_neither_hides_nor_masks() -> None:
    """Where the scenario that notices a defect without any gap is red with one gap on, that gap is not said to hide it; where it is
    red with more gaps off, nothing is said to be masked."""
    why = tried(abc="s", a="", b="", c="", bc=",s", ac="", ab="")
    assert enough(why, "m") == ["b", "c"]
    why = tried(abc=",s", a="s", b="", c="", bc="", ac=",s", ab=",s")
    assert not_monotone(why, "m") == []
    why = tried(abc=",s", a="st", b="", c="", bc="", ac="s", ab=",s")
    assert not_monotone(why, "m") == [NotMonotone(off=["a"], more=["a", "b", "c"])]


def test_noticed_only_with_one_gap_left_on() -> None:
    """No gap off alone does, nor all: what is left on is named, not the suite."""
    why = tried(abc="", a="", b="", c="", bc="", ac="s", ab="")
    assert hidden_by(why, "m") == ["a+c"]
    assert not_monotone(why, "m") == [NotMonotone(off=["a", "c"], more=["a", "b", "c"])]


def test_all_gaps_together() -> None:
    """Noticed with all off and with nothing less."""
    why = tried(abc="s", a="", b="", c="", bc="", ac="", ab="")
    assert enough(why, "m") == ["a", "b", "c"]
    assert hidden_by(why, "m") == ["all gaps"]


def test_the_suite_is_not_blamed_before_all_is_asked() -> None:
    """A setting that the budget left out keeps the question open."""
    why = tried(abc="", a="", b="", c="")
    assert hidden_by(why, "m") == []
    (mine,) = reasons(why)
    assert mine.not_monotone == []


def test_changes_do_not_clip_prices() -> None:
    """What a survivor spares counts below zero in the sum of a change."""
    why = tried(abc="s", a="s", b="", c="", bc="", ac="s", ab="s")
    rows = {row.change: row for row in changes(why, {"m": -5.0})}
    assert (rows["a"].harmed_orders, rows["a"].catches, rows["b"].catches) == (-5.0, 1, 0)
