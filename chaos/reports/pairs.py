"""A pair of a suite in words: what is claimed of it, and the values of both sides."""

from __future__ import annotations

from chaos.measures.catalogue import measures
from chaos.results.run import PairResult

ROWS_MAX = 5


def pair_claim(pair: PairResult) -> str:
    """What the pair is there to show."""
    return f"{pair.measure} of {pair.a} exceeds that of {pair.b} by at least {least_difference(pair)}"


def least_difference(pair: PairResult) -> str:
    """By how much side a must exceed side b."""
    return measures().find(pair.measure).difference_text(pair.at_least)


def pair_rows(pair: PairResult, *, exact: bool = True) -> list[str]:
    """The values of both sides by seed: in full, or as a page shows them."""
    measure, between = measures().find(pair.measure), " against " if exact else " / "
    texts = [(row.seed, *(measure.text(value, exact=exact) for value in (row.a, row.b))) for row in pair.seeds]
    return [f"{f'seed {seed}' if exact else seed}: {a}{between}{b}" for seed, a, b in texts]


def pair_lines(pair: PairResult) -> list[str]:
    """The values of both sides by seed, those of the first few, and what makes it the point."""
    return pair_rows(pair)[:ROWS_MAX] + ([pair.why] if pair.why else [])
