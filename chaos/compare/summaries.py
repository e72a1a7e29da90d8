"""Several runs in a few figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

from chaos.measures.statistics import median, median_interval, share_interval, two_groups
from chaos.results.run import RunResult
from chaos.results.summaries import Number, RunShare, Spread, ValueGroups, VerdictCounts


def spread_of(values: Sequence[Number], cut_off: Sequence[Number] = ()) -> Spread | None:
    """Median, its interval and range; None without values. Of those that a run's end cut off it is known what they exceed: the lower ends are
    those that there would be if they were no longer than that, the upper ends if they had no end, which then are none."""
    least, most = sorted([*values, *cut_off]), [*sorted(values), *[math.inf] * len(cut_off)]
    if not least:
        return None
    low, high = median_interval(least), median_interval(most)
    return Spread(
        median=median(least),
        mean=fmean(least),
        interval=(low.low, high.high) if low and high and high.high < math.inf else None,
        range=(least[0], least[-1]),
        cut_off=len(cut_off),
        at_least=median(most) > median(least),
    )


def groups_of(values: Sequence[float], gap: float) -> ValueGroups | None:
    """The two groups that values lie in, if they do."""
    found = two_groups(values, gap)
    return None if found is None else ValueGroups(**found._asdict())


def share_of(hits: int, of: int) -> RunShare:
    """A share of runs with its exact interval; without runs there is no share."""
    return RunShare(runs=hits, share=hits / of if of else None, interval=share_interval(hits, of))


def verdicts_of(runs: Iterable[RunResult]) -> VerdictCounts:
    """How many runs have each verdict."""
    found = [run.verdict for run in runs]
    return VerdictCounts(passed=found.count("pass"), failed=found.count("fail"), unknown=found.count("unknown"))
