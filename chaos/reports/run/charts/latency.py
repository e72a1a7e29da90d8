"""How long confirmed orders took, by the bin in which they were submitted."""

from __future__ import annotations

import numpy as np

from chaos.i18n.texts import LocalizedText
from chaos.reports.run.bins import Bins, Ints
from chaos.reports.run.charts.chart import Chart, Series
from chaos.reports.run.outcomes import order_rows
from simcore.base.units import MS, SECOND
from simcore.journal.model import OUTCOMES


def _series(bins: Bins) -> list[Series]:
    intents = bins.journal.intents
    rows = order_rows(bins.journal) & (intents["outcome"] == OUTCOMES.index("confirmed"))
    submitted, took = intents["submit_ns"][rows], (intents["answer_ns"] - intents["submit_ns"])[rows]
    at = (submitted - bins.start_ns) // (bins.step * SECOND)
    order = np.lexsort((took, at))
    at, took = at[order], took[order]
    edges = np.searchsorted(at, np.arange(bins.count + 1))
    return [
        Series(LocalizedText("median", "中位数"), _quantiles(took, edges, 50)),
        Series(LocalizedText("99th percentile", "99 分位"), _quantiles(took, edges, 99)),
    ]


def _quantiles(took: Ints, edges: Ints, percent: int) -> list[float | None]:
    """The ⌈q·n⌉-th smallest of each stretch of sorted durations, s, to the ms and at least one; None of an empty stretch."""
    found: list[float | None] = []
    for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        found.append(None if a == b else max(1, round(took[a + max(1, -(-percent * (b - a) // 100)) - 1] / MS)) / 1000)
    return found


CHART = Chart(
    name="latency",
    place=20,
    title=LocalizedText("Response time of confirmed orders", "已确认委托的响应时间"),
    note=LocalizedText("log scale", "对数坐标"),
    series=_series,
    unit=LocalizedText(" s", " 秒"),
    digits=3,
    log=True,
    line_width=1.8,
)
