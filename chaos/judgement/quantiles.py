"""The value at a quantile of several runs, and whether it keeps a bound, where not every run has a value. docs/verdicts.md has the rule."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chaos.documents.scenario import Expectation
from chaos.measures.formatting import Unit
from chaos.measures.registry import Course, Measured, NamedMeasure
from chaos.measures.statistics import rank_of_quantile
from chaos.results.run import ValueRange, Verdict


def range_of(measure: NamedMeasure, run: Measured) -> ValueRange:
    """What the measure can be in a run: its value alone; what a time exceeds that the run's end cut off; of a run that was given up what
    the rest of the window could still make of it; anything where nothing is known."""
    value, lower = measure.value(run), measure.lower_bound(run)
    if value is None and lower is not None:
        return ValueRange(low=lower if measure.declared.may_be_lower_bound else math.nextafter(lower, math.inf))
    if not measure.numeric or value is None or isinstance(value, str):
        return ValueRange()
    if run.unseen_s is None or measure.declared.course is Course.STAYS:
        return ValueRange(low=value, high=value)
    if measure.declared.course is Course.OPEN:
        return ValueRange()
    return ValueRange(low=value, high=value + run.unseen_s if measure.unit is Unit.DURATION else None)


def at_quantile(values: Sequence[ValueRange], q: float) -> ValueRange:
    """What the ⌈q·n⌉-th smallest of n values can be: at least that of the lowest they can be, at most that of the highest."""
    at = rank_of_quantile(q, len(values)) - 1
    low = sorted(-math.inf if v.low is None else v.low for v in values)[at]
    high = sorted(math.inf if v.high is None else v.high for v in values)[at]
    return ValueRange(low=low if low > -math.inf else None, high=high if high < math.inf else None)


def judged_within(expectation: Expectation, value: ValueRange) -> Verdict:
    """Whether a value keeps the expectation's bounds: pass if it does whatever it is, fail if it does not whatever it is."""
    low = -math.inf if value.low is None else value.low
    high = math.inf if value.high is None else value.high
    least = max((float(b) for b in (expectation.at_least, expectation.equals) if b is not None), default=-math.inf)
    most = min((float(b) for b in (expectation.at_most, expectation.equals) if b is not None), default=math.inf)
    if low > most or high < least:
        return "fail"
    return "pass" if low >= least and high <= most else "unknown"
