"""The chart of outcomes: every intent once, where it was submitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_journal import build

from chaos.i18n.texts import shipped_name, translate
from chaos.reports.run.bins import bins_of
from chaos.reports.run.charts.chart import Series
from chaos.reports.run.charts.outcomes import ALL_ORDERS, CHART
from chaos.results.stored_run import StoredRun, read_run
from simcore.journal.model import OUTCOMES


@pytest.fixture(scope="module")
def stored(small_run: Path) -> StoredRun:
    """The small run."""
    return read_run(small_run)


def by_colour(series: list[Series], choice: object) -> dict[str, list[int | float | None]]:
    """The layers of one choice."""
    return {one.colour: list(one.values) for one in series if one.choice == choice}


def test_outcomes_are_those_of_the_journal(stored: StoredRun) -> None:
    """By outcome, the bins sum to the rows; and all stock orders are the one flow of orders."""
    rows = np.bincount(stored.journal.intents["outcome"], minlength=len(OUTCOMES))
    series = CHART.series(bins_of(stored.journal))
    choices = list(dict.fromkeys(one.choice for one in series))
    assert len(choices) == 2
    all_orders, flow = (by_colour(series, choice) for choice in choices)
    assert {outcome: sum(v or 0 for v in values) for outcome, values in all_orders.items()} == {
        outcome: rows[code] for code, outcome in enumerate(OUTCOMES) if rows[code]
    }
    assert flow == all_orders


def test_a_flow_without_rows_is_counted_at_its_end() -> None:
    """Of the quotes only counters are kept; eight orders in one bin are counted by their rows, outcomes that nobody had are left out."""
    series = CHART.series(bins_of(build()))
    assert by_colour(series, shipped_name("quote")) == {"confirmed": [3], "failed": [1]}
    assert by_colour(series, ALL_ORDERS) == {
        "confirmed": [3], "rejected": [1], "blocked": [1], "failed": [1], "unknown": [1], "pending": [1],
    }  # fmt: skip
    assert series[0].name == translate(f"outcome.{series[0].colour}")
