"""Readings of monitors, as people read them."""

from __future__ import annotations

import pytest

from chaos.room.exercise.figures import bound_of, figure_of
from chaos.room.exercise.view import unit_of
from simcore.model.control.alarms import Monitor

DONE, ALL = "flow/place-order/ok", "flow/place-order/done"


@pytest.mark.parametrize(
    ("metric", "read", "shown", "unit"),
    [
        ({"ratio": {"of": [DONE], "to": [ALL]}}, 0.01934, 1.93, "%"),
        ({"rate": [DONE]}, 0.31249, 0.31, {"en": "a second", "zh": "每秒"}),
        ({"gauge": ["pool/counter-threads/queue"]}, 58.0, 58.0, None),
    ],
    ids=["ratio", "rate", "gauge"],
)
def test_a_reading_is_in_the_unit_of_its_kind(metric: dict[str, object], read: float, shown: float, unit: object) -> None:
    """A ratio is in percent, its bound too; a rate is a second; a number is a number."""
    monitor = Monitor.model_validate({"metric": metric, "below": 0.9})
    assert (figure_of(monitor, read), unit_of(monitor)) == (shown, unit)
    assert bound_of(monitor).value == (90.0 if unit == "%" else 0.9)
