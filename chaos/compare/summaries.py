"""Several runs in a few figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chaos.measures.statistics import median, median_interval, wilson
from chaos.results.run import RunResult
from chaos.results.summaries import Number, RunShare, Spread, VerdictCounts


def spread_of(values: Sequence[Number]) -> Spread | None:
    """Median, its interval and range; None without values."""
    if not values:
        return None
    return Spread(median=median(values), interval=median_interval(values), range=(min(values), max(values)))


def share_of(hits: int, of: int) -> RunShare:
    """A share of runs with Wilson's interval; without runs there is no share."""
    return RunShare(runs=hits, share=hits / of if of else None, interval=wilson(hits, of))


def verdicts_of(runs: Iterable[RunResult]) -> VerdictCounts:
    """How many runs have each verdict."""
    found = [run.verdict for run in runs]
    return VerdictCounts(passed=found.count("pass"), failed=found.count("fail"), unknown=found.count("unknown"))
