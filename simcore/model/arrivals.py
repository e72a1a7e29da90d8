"""How often customers act: intents per second in each minute."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcore.base.units import DAY, MINUTE
from simcore.model.workload import Curve, FlowLoad

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def curve_integral(curve: Curve, t: Ints) -> Floats:
    """Integral of a curve from midnight to each time of day t (ns), in intensity × ns."""
    times = np.array([p[0] for p in curve.points], float)
    values = np.array([p[1] for p in curve.points], float)
    widths = np.diff(times)
    areas = np.concatenate([[0.0], np.cumsum(widths * (values[1:] + values[:-1]) / 2)])
    at = np.clip(np.asarray(t, float), times[0], times[-1])
    i = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(widths) - 1)
    into = at - times[i]
    slope = np.divide(np.diff(values)[i], widths[i], out=np.zeros(len(at)), where=widths[i] > 0)
    result: Floats = areas[i] + into * values[i] + slope * into * into / 2
    return result


def minute_rates(load: FlowLoad, curves: dict[str, Curve], first_minute: int, minutes: int) -> Floats:
    """Intents per second in each minute of the run. A curve is repeated every day."""
    if load.rate is not None:
        return np.full(minutes, load.rate)
    assert load.per_day is not None and load.curve is not None
    curve = curves[load.curve]
    edges = (np.arange(first_minute, first_minute + minutes + 1) * MINUTE).astype(np.int64)
    whole = curve_integral(curve, np.array([DAY]))[0]
    integral = curve_integral(curve, edges % DAY) + (edges // DAY) * whole
    rates: Floats = np.maximum(np.diff(integral), 0.0) / whole * load.per_day / 60.0
    return rates
