"""How values are written: once a unit, the same in tables, pages, verdicts and the terminal."""

from __future__ import annotations

import pytest

from chaos.measures.formatting import (
    Language,
    Unit,
    deviation,
    instant,
    latency,
    milliseconds,
    minute,
    percent,
    rounded,
    share,
    short_instant,
    signed,
    significant,
    text,
    yuan,
)
from simcore.base.units import DAY, HOUR, SECOND


@pytest.mark.parametrize(
    ("unit", "value", "rounded", "exact"),
    [
        (Unit.DURATION, 0.0, "0 s", "0 s"),
        (Unit.DURATION, 0.4871, "487 ms", "0.4871 s"),
        (Unit.DURATION, 4.5333, "4.53 s", "4.5333 s"),
        (Unit.DURATION, 45.2, "45 s", "45.2 s"),
        (Unit.DURATION, 90, "90 s", "90 s"),
        (Unit.DURATION, 1110, "18.5 min", "1110 s"),
        (Unit.DURATION, 7200, "120.0 min", "7200 s"),
        (Unit.DURATION, -600, "-10.0 min", "-600 s"),
        (Unit.FRACTION, 0.0, "0%", "0.000%"),
        (Unit.FRACTION, 0.00004, "0.00%", "0.004%"),
        (Unit.FRACTION, 0.0403, "4.03%", "4.030%"),
        (Unit.FRACTION, 0.12345, "12.3%", "12.345%"),
        (Unit.FRACTION, 1, "100.0%", "100.000%"),
        (Unit.COUNT, 253491, "253,491", "253,491"),
        (Unit.COUNT, 1234567, "1,234,567", "1,234,567"),
        (Unit.COUNT, 2.5, "2.5", "2.5"),
        (Unit.FLAG, True, "1", "true"),
        (Unit.FLAG, 0.5, "0.5", "0.5"),
        (Unit.GRADE, "larger", "larger", "larger"),
        (Unit.COUNT, None, "–", "no value"),
    ],
)
def test_a_value_has_one_text(unit: Unit, value: float | str | None, rounded: str, exact: str) -> None:
    """Rounded as in tables and on pages, exactly as in verdicts."""
    assert (text(unit, value), text(unit, value, exact=True)) == (rounded, exact)


@pytest.mark.parametrize(("language", "said"), [("en", ["90 s", "18.5 min"]), ("zh", ["90 秒", "18.5 分钟"])])
def test_durations_in_both_languages(language: Language, said: list[str]) -> None:
    """The number is the same."""
    assert [text(Unit.DURATION, value, language=language) for value in (90, 1110)] == said


def test_instants_and_latencies() -> None:
    """The second in which something was; ms without decimals where no more is known."""
    assert (instant(9 * HOUR + 15 * SECOND + 999), instant(None)) == ("09:00:15", "–")
    assert minute(9 * HOUR + 15 * SECOND) == "09:00"
    assert [short_instant(day * DAY + 9 * HOUR + 15 * SECOND) for day in (0, 1, 10)] == ["09:00:15", "d2 09:00", "d11 09:00"]
    assert (milliseconds(2.25, 1), milliseconds(1234.4), milliseconds(None)) == ("2.2 ms", "1,234 ms", "–")
    assert (latency(2_400_000), latency(1_500_000_000), latency(None)) == ("2.4ms", "1.5s", "–")


def test_figures_of_a_kind() -> None:
    """Percentages with the decimals of their kind, differences with their sign, factors by significant digits, money."""
    assert (percent(0.9512), percent(0.9512, 1), percent(None, 1)) == ("95%", "95.1%", "–")
    assert (share(0.0), share(0.0403), share(None)) == ("0", "4.03%", "–")
    assert (deviation(0.123), deviation(-0.03), deviation(0.0), deviation(None)) == ("+12 %", "−3 %", "+0 %", "")
    assert (rounded(1234.56), rounded(1234.56, 1), signed(1234.5), signed(-7)) == ("1,235", "1,234.6", "+1,234", "-7")
    assert (significant(0.012345, 3), significant(2.0), significant(0.99)) == ("0.0123", "2", "0.99")
    assert (yuan(123_456), yuan(123_456, exact=True)) == ("1,235", "1234.56")
