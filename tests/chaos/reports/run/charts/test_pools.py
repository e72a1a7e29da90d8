"""The charts of pools: which are shown, how full they were, how many waited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from small_journal import build

from chaos.reports.run.bins import bins_of
from chaos.reports.run.charts import pools, queues
from chaos.results.stored_run import read_run
from simcore.base.units import SECOND
from simcore.journal.model import Journal


def test_use_is_a_share_of_the_slots(by_hand: Callable[..., Journal]) -> None:
    """Two of four slots in use all the time; a pool that was never used is not shown."""
    bins = bins_of(by_hand([{"request": 1, "submit_ns": 36_000 * SECOND, "answer_ns": 36_001 * SECOND, "outcome": 1}]))
    (threads,) = pools.CHART.series(bins)
    assert (threads.name.en, set(threads.values)) == ("threads", {50})
    assert "idle" not in pools.shown_pools(bins_of(build()))


def test_queues_are_of_the_same_pools(small_run: Path) -> None:
    """In the hang somebody waits; each bin has its longest queue."""
    journal = read_run(small_run).journal
    use, waiting = (chart.series(bins_of(journal)) for chart in (pools.CHART, queues.CHART))
    assert [one.name for one in use] == [one.name for one in waiting]
    assert max(value or 0 for value in waiting[0].values) == journal.series("pool", "threads", "peak_queue").max()
