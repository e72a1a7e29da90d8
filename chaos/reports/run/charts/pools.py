"""How full the fullest pools were."""

from __future__ import annotations

import numpy as np

from chaos.i18n.texts import LocalizedText, display_name, untranslated
from chaos.reports.run.bins import Bins
from chaos.reports.run.charts.chart import Chart, Series
from chaos.reports.run.service_states import fill

POOLS_SHOWN = 4


def shown_pools(bins: Bins) -> list[str]:
    """The pools that were full longest, then those that were fullest; as the journal names them."""
    rank = {}
    for pool in bins.journal.names.get("pool", []):
        used = fill(bins, pool)
        waited = int(bins.highest("pool", pool, "peak_queue").max(initial=0))
        rank[pool] = (int((used >= 95).sum()) if waited else 0, int(np.sort(used)[-6:].sum()), waited)
    return sorted((pool for pool in rank if any(rank[pool])), key=lambda p: rank[p], reverse=True)[:POOLS_SHOWN]


def _series(bins: Bins) -> list[Series]:
    return [Series(display_name(pool, bins.own_names), fill(bins, pool).tolist()) for pool in shown_pools(bins)]


CHART = Chart(
    name="pools",
    place=30,
    title=LocalizedText("Pool use", "资源池占用"),
    note=LocalizedText("slots in use, fullest pools", "已占用的线程或连接，占用最高的几个资源池"),
    series=_series,
    unit=untranslated(" %"),
    least=0,
    most=100,
)
