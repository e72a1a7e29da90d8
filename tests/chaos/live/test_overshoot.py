"""Whose work is too short for a twin's timers."""

from __future__ import annotations

import pytest

from chaos.live.blueprint import blueprint
from chaos.live.overshoot import BUSIER_MAX, timer_overshoot_s, too_short
from chaos.live.run import Twin, own_folder
from simcore.base.units import HOUR, SECOND
from simcore.compile.plan import compile_plan
from simcore.library import load_pair

MM1 = ("textbook/mm1", "textbook/open-800")
BROKER = ("live/broker", "live/steady")


def spoken_of(pair: tuple[str, str], rates: dict[str, float], overshoot_s: float) -> list[str]:
    """The pools that are spoken of."""
    made = blueprint(*load_pair(*pair), 1, 10 * HOUR, 10 * HOUR + SECOND)
    return [text.partition(":")[0] for text in too_short(made, rates, overshoot_s)]


@pytest.mark.parametrize(
    ("pair", "rates", "overshoot_s", "pools"),
    [
        (MM1, {"request": 800.0}, 0.0004, ["servers"]),
        (MM1, {"request": 800.0}, BUSIER_MAX / 800 - 1e-6, []),
        (MM1, {"request": 800.0}, BUSIER_MAX / 800 + 1e-6, ["servers"]),
        (MM1, {"request": 40.0}, 0.0004, []),
        (BROKER, {"place-order": 40.0, "transfer": 8.0}, 0.0005, []),
    ],
)
def test_pools_that_timers_make_busier_are_spoken_of(
    pair: tuple[str, str], rates: dict[str, float], overshoot_s: float, pools: list[str]
) -> None:
    """By more than a tenth of their slots."""
    assert spoken_of(pair, rates, overshoot_s) == pools


def test_the_sentence_says_by_how_much() -> None:
    """800 sleeps a second, 0.4 ms late, on one slot: 32 %."""
    made = blueprint(*load_pair(*MM1), 1, 10 * HOUR, 10 * HOUR + SECOND)
    (text,) = too_short(made, {"request": 800.0}, 0.0004)
    assert "400us late, make it busier by 32% of its slots" in text


def test_rates_are_those_of_the_arrivals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A twin of two seconds of textbook/mm1 has 800 a second or so."""
    monkeypatch.setattr("chaos.live.run.timer_overshoot_s", lambda: 0.0005)
    start = 10 * HOUR
    plan = compile_plan(*load_pair(*MM1), seed=1, start=start, end=start + 2 * SECOND)
    with own_folder() as folder:
        (text,) = Twin(plan, folder).too_short(2 * SECOND)
    share = float(text.partition("busier by ")[2].partition("%")[0])
    assert 34 <= share <= 46


def test_timers_wake_late_by_less_than_a_second() -> None:
    """It is measured, not assumed."""
    assert 0 < timer_overshoot_s() < 1
