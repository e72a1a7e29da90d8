"""How many waited for the pools of the chart beside it."""

from __future__ import annotations

from chaos.i18n.texts import LocalizedText, display_name
from chaos.reports.run.bins import Bins
from chaos.reports.run.charts.chart import Chart, Series
from chaos.reports.run.charts.pools import shown_pools


def _series(bins: Bins) -> list[Series]:
    """The longest queue of each bin."""
    return [
        Series(display_name(pool, bins.own_names), bins.highest("pool", pool, "peak_queue").tolist())
        for pool in shown_pools(bins)
    ]


CHART = Chart(
    name="queues",
    place=40,
    title=LocalizedText("Waiting", "排队"),
    note=LocalizedText("in the queues of these pools, log scale", "同一批资源池的排队数，对数坐标"),
    series=_series,
    log=True,
    least=1,
)
