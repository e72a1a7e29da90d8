"""The interval of a sampled score against enumeration and against draws."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from chaos.coverage.signatures import sample_interval


def tails(killed: int, drawn: int, of_kind: int, population: int) -> tuple[float, float]:
    """The chances of at least, and of at most, so many killed among those drawn: by enumerating every sample."""
    hits = [sum(i < of_kind for i in chosen) for chosen in combinations(range(population), drawn)]
    return sum(h >= killed for h in hits) / len(hits), sum(h <= killed for h in hits) / len(hits)


@pytest.mark.parametrize(("killed", "drawn", "population"), [(0, 3, 9), (1, 4, 9), (2, 4, 10), (5, 5, 8), (3, 6, 11)])
def test_the_interval_inverts_the_tails(killed: int, drawn: int, population: int) -> None:
    """Its ends are the fewest and the most killed in the population that the sample does not contradict at 2.5 % on either side."""
    fits = [k for k in range(population + 1) if min(tails(killed, drawn, k, population)) > 0.025]
    assert sample_interval(killed, drawn, population) == (min(fits) / population, max(fits) / population)


def test_a_census_has_no_width() -> None:
    """All were drawn."""
    assert sample_interval(3, 10, 10) == (0.3, 0.3)


@pytest.mark.parametrize("killed", [0, 4, 22, 60])
def test_the_interval_covers(killed: int) -> None:
    """Of 1,000 samples of 25 from 120, at least 95 % cover the truth (up to the error of 1,000 draws)."""
    draws, truth, population = Random(7), killed / 120, range(120)
    known = {hits: sample_interval(hits, 25, 120) for hits in range(26)}
    covered = 0
    for _ in range(1000):
        low, high = known[sum(i < killed for i in draws.sample(population, 25))]
        covered += low <= truth <= high
    assert covered >= 937
