"""The curve of a growing suite: expectations and bands against the enumeration of every suite, and the optimism of the best order."""

from __future__ import annotations

import random
from itertools import combinations
from statistics import mean

import pytest

from chaos.coverage import curve
from chaos.coverage.curve import best_first, held_out, is_exact, operators_of, random_order, suites_of

KILLS = {
    "s1": {"a@1", "a@2", "b@1"},
    "s2": {"b@1", "b@2"},
    "s3": set[str](),
    "s4": {"c@1", "a@1"},
    "s5": {"a@1", "a@2", "b@1", "c@2"},
}
WORTH = {"a@1": 10.0, "b@2": 3.0, "c@1": -4.0}


def every_suite(size: int) -> list[set[str]]:
    """What each suite of a size catches, one by one."""
    return [set().union(*(KILLS[name] for name in suite)) for suite in combinations(KILLS, size)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_expectations_are_the_means_over_every_suite(size: int) -> None:
    """The hypergeometric sum is the plain mean of all suites of the size, of mutants and of weights; a price below zero counts as it is."""
    step, caught = random_order(KILLS, WORTH, 100.0)[size - 1], every_suite(size)
    assert step.caught == pytest.approx(mean(len(mine) for mine in caught))
    weight = mean(sum(WORTH.get(name, 0.0) for name in mine) for mine in caught)
    assert (step.weight, step.slips) == (pytest.approx(weight), pytest.approx(100.0 - weight))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_bands_hold_nine_tenths_of_the_suites(size: int) -> None:
    """At most a twentieth of the suites lies below the band, and at most a twentieth above; least and most are those of all suites."""
    step, caught = random_order(KILLS, WORTH, 0.0)[size - 1], [len(mine) for mine in every_suite(size)]
    low, high = step.band
    assert sum(count < low for count in caught) <= 0.05 * len(caught)
    assert sum(count > high for count in caught) <= 0.05 * len(caught)
    assert (step.least, step.most) == (min(caught), max(caught))
    assert low in caught
    assert high in caught


def test_drawn_suites_come_near_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many suites to look at each, seeded draws give the same answer within their error, and the same each time."""
    draws = random.Random(7)
    kills = {f"s{i}": {f"m{j}@x" for j in range(40) if draws.random() < 0.15} for i in range(12)}
    exact = suites_of(kills, 5)
    monkeypatch.setattr(curve, "ENUMERATED", 100)
    drawn = suites_of(kills, 5)
    assert (exact.exact, drawn.exact) == (True, False)
    assert drawn == suites_of(kills, 5)
    assert not is_exact(kills)

    def centre(counts: dict[int, int]) -> float:
        return sum(value * count for value, count in counts.items()) / sum(counts.values())

    assert centre(drawn.caught) == pytest.approx(centre(exact.caught), abs=0.1)
    assert centre(exact.caught) == pytest.approx(random_order(kills, {}, 0.0)[4].caught)


def test_the_best_order_is_never_below_the_best_single_scenario() -> None:
    """First the scenario that kills most; what is left adds nothing at the end; all orders end at the same."""
    order = best_first(KILLS, {}, 0.0)
    assert [(step.scenario, step.adds) for step in order[:3]] == [("s5", 4), ("s2", 1), ("s4", 1)]
    assert order[-1].caught == random_order(KILLS, {}, 0.0)[-1].caught == 6


def test_an_order_that_fits_noise_does_not_hold_on_the_other_half() -> None:
    """Each scenario kills a tenth of the mutants by pure chance: the best order looks better on the half that chose it than on the
    other, where it does no better than at random."""
    draws = random.Random(3)
    kills = {f"s{i}": {f"op{j}@x" for j in range(100) if draws.random() < 0.1} for i in range(30)}
    found = held_out(kills, operators_of([f"op{j}@x" for j in range(100)]))
    assert found is not None
    assert found.by == "operators"
    first, chance = found.steps[4], random_order(kills, {}, 0.0)[4].caught
    assert first.chosen > first.held_out + 10
    assert first.held_out == pytest.approx(chance, rel=0.12)


def test_a_scenario_that_kills_all_is_no_hindsight() -> None:
    """Whichever half chooses, it comes first and holds on the other."""
    kills = {"all": {f"op{j}@x" for j in range(8)}, "one": {"op1@x"}, "none": set[str]()}
    found = held_out(kills, operators_of([f"op{j}@x" for j in range(8)]))
    assert found is not None
    assert all(step.chosen == step.held_out == 8.0 for step in found.steps)


def test_a_defect_at_another_site_is_not_on_the_other_side() -> None:
    """Four operators whose mutants are each killed by a scenario of their own: an order that knows two of them knows nothing of the
    others, though each has ten sites; by mutants it would seem to hold."""
    kills = {f"s{i}": {f"op{i}@{j}" for j in range(10)} for i in range(4)} | {"z": set[str]()}
    names = sorted(set().union(*kills.values()))
    found = held_out(kills, operators_of(names))
    assert found is not None
    assert (found.by, found.steps[1].chosen) == ("operators", 40.0)
    assert found.steps[1].held_out < 20.0
    few = {name: mine for name, mine in kills.items() if name in ("s0", "s1", "z")}
    by_mutants = held_out(few, operators_of(names))
    assert by_mutants is not None
    assert by_mutants.by == "mutants"


def test_one_kill_cannot_be_split() -> None:
    """With less than two there is no other half; a suite without scenarios has no curve."""
    assert held_out({"s": {"a@1"}, "t": set()}, {"a@1": "a"}) is None
    assert random_order({}, {}, 0.0) == best_first({}, {}, 0.0) == []
