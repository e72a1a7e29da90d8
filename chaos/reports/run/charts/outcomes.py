"""How requests ended: all stock orders together, or those of a flow."""

from __future__ import annotations

from collections.abc import Mapping

from chaos.i18n.texts import LocalizedText, display_name, translate
from chaos.reports.run.bins import Bins
from chaos.reports.run.charts.chart import Chart, Series
from chaos.reports.run.outcomes import order_rows, outcomes_by_bin

ALL_ORDERS = LocalizedText("all stock orders", "全部股票委托")
_COUNTERS = {"confirmed": "ok", "rejected": "rejected", "blocked": "blocked", "failed": "failed", "unknown": "unknown"}


def _series(bins: Bins) -> list[Series]:
    """By the bin of submission; of a flow whose requests have no rows, by that of their end."""
    journal, orders = bins.journal, order_rows(bins.journal)
    found = _layers(ALL_ORDERS, outcomes_by_bin(bins, orders)._asdict())
    for i, flow in enumerate(journal.names.get("flow", [])):
        if flow in journal.meta.recorded_flows:
            by_outcome = outcomes_by_bin(bins, journal.intents["flow"] == i)._asdict()
        else:
            by_outcome = {outcome: bins.sums("flow", flow, field).tolist() for outcome, field in _COUNTERS.items()}
        found += _layers(display_name(flow, bins.own_names), by_outcome)
    return found


def _layers(choice: LocalizedText, by_outcome: Mapping[str, list[int]]) -> list[Series]:
    return [Series(translate(f"outcome.{o}"), values, o, choice) for o, values in by_outcome.items() if any(values)]


CHART = Chart(
    name="outcomes",
    place=10,
    title=LocalizedText("Intents by outcome", "请求结果"),
    note=LocalizedText("per {step} s", "每 {step} 秒"),
    series=_series,
    stacked=True,
    choose=LocalizedText("flow", "业务类型"),
)
