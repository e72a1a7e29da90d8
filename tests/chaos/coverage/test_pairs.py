"""Pairs of defects with known answers. A core with eight threads; orders hold one for 10 ms, 20 a second, looks for 5 ms.

By Little's law (rate x time held against the threads):

    few-threads   two threads:     20/s x 10 ms + 20/s x 5 ms = 0.3 < 2, alone nothing fails
    three-threads three threads:   as little; edits the value that few-threads edits, so that both cannot be planted
    long-orders   200 ms longer:   20/s x 0.21 s = 4.2 < 8, alone nothing fails; but > 3 and > 2: with either of them more than the sum
    slow-spare    nobody calls it: with nothing more than the sum
    slow-look     500 ms longer:   20/s x 0.5 s = 10 > 8, noticed alone
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
from chaos.coverage.pairs import beyond_sum, ordered, reaches
from chaos.coverage.resources import Resource, closeness
from chaos.coverage.trial_runner import TrialRunner, TrialSettings
from chaos.execution.inputs.planting import mutants
from chaos.execution.session import Session
from simcore.library import load_architecture

STEADY = "steady_state: {every: 10s, hold: 1min, objectives: {look: {success: 0.9, min_count: 5}}}\n"
SCENARIO = (
    "kind: scenario\nname: calm\ntitle: calm\narchitecture: ./architecture.yaml\nworkload: ./workload.yaml\n"
    'window: {from: "10:00", to: "10:04"}\nwarmup: 1min\n' + STEADY + "expect: [{measure: orders.failed_share, at_most: 0.1}, "
    "{measure: flows.look.p99_s, at_most: 1s}]\n"
)
SUITE = "kind: suite\nname: s\ntitle: s\nscenarios: [{scenario: ./calm.yaml}]\n"
DEFECTS = {
    "few-threads": ("{kind: pool}", 'set: "{path}.slots", to: 2'),
    "three-threads": ("{kind: pool}", 'set: "{path}.slots", to: 3'),
    "long-orders": ("{kind: operation, where: {operation: place}}", 'scale: "{work}.work", by: 41'),
    "slow-spare": ("{kind: operation, where: {service: spare}}", 'scale: "{work}.work", by: 10'),
    "slow-look": ("{kind: operation, where: {operation: look}}", 'scale: "{work}.work", by: 100'),
}
ONE = "{low: 1, likely: 1, high: 1}"
TRIGGERS = (
    "kind: triggers\nname: small\ntitle: small\nworkload: ./workload.yaml\n" + STEADY + f"presence: {{a_year: {ONE}}}\n"
    f"found: {{trading_days: 100, shows_from: 0.05, shows: {ONE}, hidden: {ONE}}}\n"
    'phases: {early: {since: "09:00", until: "12:00", begins: "10:00", lasts: 8min, share: 1}}\n'
    f"triggers: {{nothing: {{title: n, every_day: true}}, busy: {{title: b, per_year: {ONE}, load: 1.2}}}}\n"
)
FEW, THREE = "./few-threads.yaml@threads", "./three-threads.yaml@threads"
LONG, SPARE, LOOK = "./long-orders.yaml@core.place", "./slow-spare.yaml@spare.idle", "./slow-look.yaml@core.look"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files, with the working directory in their folder."""
    made = tmp_path_factory.mktemp("pairs")
    files = {"architecture": eight_threads(), "workload": WORKLOAD, "calm": SCENARIO, "suite": SUITE, "triggers": TRIGGERS}
    write(made, files | {name: defect_file(name, sites, patching(edit)) for name, (sites, edit) in DEFECTS.items()})
    with working_in(made):
        yield made


def measured(budget: int, *more: str) -> dict[str, Any]:
    """What `coredrill coverage --pairs` says of the pairs."""
    words = ["coverage", "./suite.yaml", "--architecture", "./architecture.yaml", "--environment", "production", "--seeds", "1"]
    words += ["--triggers", "./triggers.yaml", "--pairs", str(budget), "--store", f"pairs-{budget}.jsonl", "--json", "-", *more]
    made = CliRunner().invoke(main, [*words, *(w for n in DEFECTS for w in ("--defect", f"./{n}.yaml"))], catch_exceptions=False)
    assert made.exit_code == 0, made.stderr
    found: dict[str, Any] = json.loads(made.stdout)["pairs"]
    return found


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """With runs enough for all."""
    return measured(1000, "--html", "page.html")


def test_two_that_cost_nothing_alone_cost_most_orders_together(found: dict[str, Any]) -> None:
    """Long orders with two threads, or three: at most 2/0.21 = 9.5 and 3/0.21 = 14 of 20 orders a second can be served on an ordinary day,
    so that in eight minutes at least 5,000 and 2,800 fail; nothing else is more than the sum."""
    day = {tuple(row["defects"]): row for row in found["super_additive"] if row["window"] == "nothing@early"}
    assert set(day) == {(FEW, LONG), (LONG, THREE)}
    for pair, least in (((FEW, LONG), 5000), ((LONG, THREE), 2800)):
        assert day[pair]["alone"] == [0.0, 0.0]
        assert least <= day[pair]["beyond_least"] <= day[pair]["beyond"] == day[pair]["together"] <= 8 * 60 * 20 * 1.05
        assert "pool threads" in day[pair]["shared"]
        assert day[pair]["killed"] is True
    assert {tuple(row["defects"]) for row in found["super_additive"]} == set(day)


def test_two_that_spare_the_same_orders_cost_nothing() -> None:
    """-1,000 alone and together is no cost of 1,000; what costs together where one spares a little does."""
    assert beyond_sum({1: -1000.0, 2: 5.0}, {1: -1000.0, 2: 7.0}, {1: -1000.0, 2: 20.0}) == [-1000.0, 8.0]
    assert beyond_sum({1: 1.0}, {1: -22.0}, {1: 92.0}) == [91.0]


def test_all_pairs_are_accounted_for(found: dict[str, Any]) -> None:
    """Of four survivors six pairs: one is refused, for both edit the slots; three share the pool; the spare shares nothing."""
    assert (found["pairs"], found["sharing"], found["tried"], found["refused"]) == (6, 3, 5, 1)
    assert found["windows"] == ["nothing@early", "busy@early"]


def test_the_coupling_effect_is_counted(found: dict[str, Any]) -> None:
    """All four pairs with what is noticed alone are noticed; of the five that can be planted of survivors, the two above."""
    one, none = found["one_killed"], found["none_killed"]
    assert (one["of"], one["tried"], one["killed"], one["share"]) == (4, 4, 4, 1.0)
    assert (none["of"], none["tried"], none["killed"], none["share"]) == (6, 5, 2, 0.4)
    assert {tuple(pair) for pair in none["pairs"]} == {(FEW, LONG), (LONG, THREE)}
    assert none["interval"][0] < 0.4 < none["interval"][1] < 1


def test_the_page_and_the_terminal_say_it(found: dict[str, Any], folder: Path) -> None:
    """The pair, what it costs, and how many of how many are noticed."""
    assert found["super_additive"]
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert f"{FEW} + {LONG}" in page
    assert "of pairs of survivors 2 of the 5 closest are noticed (40%, " in page


def test_a_budget_is_kept(folder: Path) -> None:
    """With 60 runs those are tried that reach the same pool, and no more than 60 are made."""
    small = measured(60)
    assert small["runs"] <= 60
    assert 0 < small["tried"] < 5
    nothing = measured(5)
    assert (nothing["runs"] <= 5, nothing["tried"], nothing["super_additive"]) == (True, 0, [])


def test_the_closest_pairs_come_first() -> None:
    """On legacy-coupled: pairs on the same pool, then links …, at last those that share nothing; within, two families before one. Every
    resource is one that the architecture has."""
    names = ["pool-too-small", "slow-query", "slow-operation", "timeout-too-long", "alarm-missing", "link-detour"]
    with Session() as session, TrialRunner(session, TrialSettings("legacy-coupled", "production"), "order") as runner:
        architecture = load_architecture("legacy-coupled")
        chosen = mutants(session.files, architecture, names)
        reach = reaches(runner, chosen)
        made = ordered(reach, [(a, b) for i, a in enumerate(chosen) for b in chosen[:i]])
    levels = [closeness(candidate.shared) for candidate in made]
    assert levels == sorted(levels, reverse=True)
    assert {levels[0], levels[-1]} == {6, 0}
    first = [c.pair.first.family == c.pair.second.family for c, level in zip(made, levels, strict=True) if level == 6]
    assert first == sorted(first)
    assert Resource("pool", "counter-threads") in reach["pool-too-small@counter-threads"].own
    held = next(c for c in made if c.pair.defects == ("pool-too-small@counter-threads", "slow-query@counter-db.record-order"))
    assert held.shared == {Resource("held pool", "counter-threads")}  # the counter's threads wait for the database
    known = {"pool": architecture.pools, "service": architecture.services, "limit": architecture.limits}
    named = {resource for mine in reach.values() for resource in mine.own if resource.kind in known}
    assert named
    assert all(resource.name in known[resource.kind] for resource in named)
    assert all(not mine.own for name, mine in reach.items() if name.startswith("alarm-missing"))
