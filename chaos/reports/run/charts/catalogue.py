"""Which charts there are: those of this folder's modules. Nothing registers itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType

import chaos.reports.run.charts
from chaos.reports.run.charts.chart import Chart


def charts_of(modules: Iterable[ModuleType]) -> tuple[Chart, ...]:
    """The charts that modules declare as CHART, in the order of the page; a module without one is a helper. Raises TypeError if two have one
    name."""
    found: dict[str, Chart] = {}
    for module in modules:
        chart = vars(module).get("CHART")
        if not isinstance(chart, Chart):
            continue
        if chart.name in found:
            raise TypeError(f"two charts are called {chart.name!r}, one of them in {module.__name__}")
        found[chart.name] = chart
    return tuple(sorted(found.values(), key=lambda chart: (chart.place, chart.name)))


def shipped_charts() -> tuple[Chart, ...]:
    """The charts of this folder, as they stand on the page."""
    folder = chaos.reports.run.charts
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."))
    return charts_of(map(importlib.import_module, names))
