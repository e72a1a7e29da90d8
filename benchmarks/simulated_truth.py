"""How often verdicts of a comparison are false, how often something is decided, and how often intervals cover, where the truth is known.

    python benchmarks/simulated_truth.py                     # 2,000 draws of everything, about half an hour; writes results/simulated-truth.json
    python benchmarks/simulated_truth.py --draws 200 --no-save

Ends with 1 if a rate is outside what docs/comparing.md claims.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import numpy as np
import run as benchmarks

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import simulated_truth as truth

RUNS = (5, 10, 20, 50)
CELLS = (1, 4)
Row = tuple[str, float, float, str]
"""What, a rate, what it is claimed to be, and how: at most (≤), at least (≥), or no claim (·)."""


def false_verdicts(draws: int) -> Iterator[Row]:
    """Rates of campaigns with at least one false verdict."""
    kinds: list[tuple[tuple[truth.Shape, ...], tuple[str, ...], str]] = [
        (truth.NO_MEAN, ("better", "worse", "mixed"), "false better or worse"),
        (truth.NO_MORE_OFTEN, ("more often better",), "false more often better"),
        (truth.NOT_EQUIVALENT, ("equivalent",), "false equivalent"),
    ]
    for shapes, wrong, what in kinds:
        for shape in shapes:
            for cells in CELLS:
                for runs in RUNS:
                    found = truth.verdicts(shape, cells, truth.planned(runs), draws // cells)
                    yield f"{what}: {shape.name}, {cells} cells, {runs} runs", sum(found.get(v, 0.0) for v in wrong), 0.05, "≤"


def power(draws: int) -> Iterator[Row]:
    """How often each verdict is reached about one cell; nothing is claimed of it."""
    for shape in truth.POWER:
        for runs in RUNS:
            found = truth.verdicts(shape, 1, truth.planned(runs), draws // 4)
            for verdict, rate in found.items():
                yield f"power: {shape.name}, {runs} runs, {verdict}", rate, 0.0, "·"


def coverage(draws: int) -> Iterator[Row]:
    """How often each interval holds the truth."""
    medians: dict[str, tuple[Callable[[np.random.Generator, int], truth.Values], float]] = {
        "lognormal": (lambda r, n: np.exp(r.standard_normal(n)), 1.0),
        "six of ten nothing": (lambda r, n: np.where(r.random(n) < 0.6, 0.0, r.random(n)), 0.0),
        "three values": (lambda r, n: r.integers(0, 3, n).astype(float), 1.0),
    }
    for n in truth.SIZES:
        for shape in truth.BOUNDED:
            yield f"mean: {shape.name}, n = {n}", truth.mean_coverage(shape, n, draws), 0.95, "≥"
        for case in truth.RECOVERIES:
            yield f"restricted mean: {case.name}, n = {n}", truth.recovery_coverage(case, n, draws), 0.95, "≥"
        for name, (draw, middle) in medians.items():
            covered = truth.median_coverage(draw, middle, n, draws)
            if covered is not None:
                yield f"median: {name}, n = {n}", covered, 0.95, "≥"
        yield f"share, worst true share, n = {n}", truth.least_share_coverage(n), 0.95, "≥"
        for chances in ((0.05, 0.0, 0.95), (0.5, 0.5, 0.0), (0.3, 0.1, 0.6), (0.02, 0.03, 0.95)):
            yield f"paired shares {chances}, n = {n}", truth.paired_coverage(chances, n, draws), 0.95, "≥"


def is_kept(rate: float, claimed: float, how: str, draws: int) -> bool:
    """Whether a rate is where it is claimed to be, up to three standard errors of so many draws."""
    error = 3 * (claimed * (1 - claimed) / draws) ** 0.5
    return how == "·" or (rate <= claimed + error if how == "≤" else rate >= claimed - error)


@click.command()
@click.option("--draws", default=2000, type=click.IntRange(40))
@click.option("--save/--no-save", default=True)
def main(draws: int, save: bool) -> None:
    """Prints every rate, and keeps them with the commit."""
    rows: list[Row] = []
    for source in (false_verdicts, power, coverage):
        for row in source(draws):
            rows.append(row)
            click.echo(f"{row[1]:7.2%} {row[3]} {row[2]:4.0%}  {row[0]}")
    missed = [row for row in rows if not is_kept(row[1], row[2], row[3], draws // max(CELLS))]
    worst = {how: (max if how == "≤" else min)(row[1] for row in rows if row[3] == how) for how in ("≤", "≥")}
    click.echo(f"{len(rows)} rates; most false verdicts {worst['≤']:.2%}, least coverage {worst['≥']:.2%}; {len(missed)} miss")
    if save:
        benchmarks.save("simulated-truth", {"draws": draws, "worst": worst, "rates": {row[0]: row[1] for row in rows}})
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
