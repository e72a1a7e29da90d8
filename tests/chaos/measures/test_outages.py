"""Separate violations, cut by hand out of a run of 30 s intervals."""

from __future__ import annotations

import numpy as np
import pytest
from small_journal import build

from chaos.measures.intervals import EvaluationIntervals, EvaluationSpec
from chaos.measures.outages import failed_over_time, outages_of
from simcore.base.units import SECOND
from simcore.journal.model import Journal

EVERY = 30 * SECOND
STATES = {"s": 1, "-": 0, "v": -1}


def journal_of(failed_at_s: tuple[int, ...], outcome: str = "failed") -> Journal:
    """A journal with an order that failed submitted at each of these seconds, and one that was confirmed beside it."""
    orders = [
        (t * SECOND, 0 if what == "pending" else t * SECOND + 1, what, 0, 0, ())
        for t in failed_at_s
        for what in (outcome, "confirmed")
    ]
    return build(orders=orders)


def spec(hold_s: int = 60, first_action: int | None = 30, window: tuple[int, int] = (0, 600)) -> EvaluationSpec:
    first = None if first_action is None else first_action * SECOND
    return EvaluationSpec((window[0] * SECOND, window[1] * SECOND), EVERY, hold_s * SECOND, {}, first, None, {})


def intervals(states: str, session: str = "") -> EvaluationIntervals:
    begins = np.arange(len(states), dtype=np.int64) * EVERY
    values = np.array([STATES[s] for s in states], np.int8)
    inside = np.array([c == "1" for c in session or "1" * len(states)])
    zeros = np.zeros(len(states), np.int64)
    return EvaluationIntervals(begins, values, inside, zeros, zeros)


@pytest.mark.parametrize(
    ("states", "hold_s", "expected"),
    [
        ("ssvvsvss", 60, [(60, 180, 90.0)]),
        ("ssvvssvs", 60, [(60, 120, 60.0), (180, 210, 30.0)]),
        ("ssvvssvs", 61, [(60, 210, 90.0)]),
        ("ssv----v", 60, [(60, 240, 60.0)]),
        ("ssv-s-sv", 60, [(60, 90, 30.0), (210, 240, 30.0)]),
        ("ssssssss", 60, []),
        ("vsssssss", 60, []),
        ("svssssss", 60, [(30, 60, 30.0)]),
    ],
    ids=[
        "one steady",
        "a hold of steady",
        "less than a hold",
        "no data",
        "data between",
        "calm",
        "before the step",
        "at the step",
    ],
)
def test_outages_are_apart_by_a_hold_of_steady_intervals(
    states: str, hold_s: int, expected: list[tuple[int, int, float]]
) -> None:
    """Without data, nothing is steady; what lies before the first step is none."""
    found = outages_of(journal_of(()), intervals(states), spec(hold_s))
    assert [(o.begin_ns // SECOND, o.end_ns // SECOND, o.impaired_s) for o in found] == expected


def test_what_lies_outside_the_session_is_not_in_them() -> None:
    """Nor does it set two apart."""
    (found,) = outages_of(journal_of(()), intervals("ssvvvvss", "11100111"), spec())
    assert (found.begin_ns // SECOND, found.end_ns // SECOND, found.impaired_s) == (60, 180, 60.0)


@pytest.mark.parametrize("outcome", ["blocked", "failed", "unknown"])
def test_failed_orders_belong_to_the_outage_that_they_were_submitted_before_the_end_of(outcome: str) -> None:
    """From the step, or the end of the outage before: 29 s is before the step, 120 s after the first outage, 210 s after the last."""
    journal = journal_of((29, 30, 119, 120, 209, 210), outcome)
    assert [o.failed_orders for o in outages_of(journal, intervals("ssvvssvs"), spec())] == [2, 2]


@pytest.mark.parametrize("outcome", ["rejected", "pending"])
def test_rejected_and_pending_orders_have_not_failed(outcome: str) -> None:
    """As in the headline figure."""
    assert [o.failed_orders for o in outages_of(journal_of((70,), outcome), intervals("ssvs"), spec())] == [0]


def test_failed_orders_over_time_are_those_of_the_window() -> None:
    """By the interval of submission, without those in which none failed."""
    found = failed_over_time(journal_of((29, 60, 89, 90, 240)), spec(window=(30, 240)))
    assert [(f.at_ns // SECOND, f.count) for f in found] == [(60, 2), (90, 1)]
