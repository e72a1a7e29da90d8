"""The chart of response times: order statistics of the journal's rows."""

from __future__ import annotations

from pathlib import Path

from chaos.reports.run.bins import bins_of
from chaos.reports.run.charts.latency import CHART
from chaos.results.stored_run import read_run
from simcore.base.units import MS, SECOND


def test_quantiles_are_order_statistics(small_run: Path) -> None:
    """Median and 99th percentile of each bin against sorting its rows; none where nothing was confirmed."""
    journal = read_run(small_run).journal
    bins, intents = bins_of(journal), journal.intents
    drawn = {q: series.values for q, series in zip((50, 99), CHART.series(bins), strict=True)}
    for i, begin in enumerate(bins.begins):
        rows = (intents["outcome"] == 1) & (intents["submit_ns"] >= begin) & (intents["submit_ns"] < begin + bins.step * SECOND)
        took = sorted((intents["answer_ns"] - intents["submit_ns"])[rows].tolist())
        for q, values in drawn.items():
            expected = max(1, round(took[max(0, -(-q * len(took) // 100) - 1)] / MS)) / 1000 if took else None
            assert values[i] == expected
    assert None in drawn[50]
