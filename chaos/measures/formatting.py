"""How values are written for people: one function a unit, used by verdicts, tables, pages and the terminal alike.

A value is written either exactly (`exact=True`), as verdicts need it, where a bound and what came out must not be rounded to the
same text, or rounded, as a table or a page shows it.
"""

from __future__ import annotations

from typing import Literal

from chaos.results.findings import Unit as Unit
from simcore.base.units import DAY, SECOND, format_clock, format_duration

Language = Literal["en", "zh"]
NONE = "–"
"""What stands in a table or on a page where there is no value."""

MINUTES_FROM_S = 300
"""From so many seconds on a rounded duration is in minutes: published ones are in seconds up to a few minutes."""

_UNITS = {"ms": {"en": "ms", "zh": "毫秒"}, "s": {"en": "s", "zh": "秒"}, "min": {"en": "min", "zh": "分钟"}}
_NO_VALUE = {"en": "no value", "zh": "无值"}
_FLAGS = {"en": ("false", "true"), "zh": ("否", "是")}


def text(unit: Unit, value: float | str | None, *, exact: bool = False, language: Language = "en") -> str:
    """A value of a measure with its unit. Without a value "no value" if exact, else a dash."""
    if value is None:
        return _NO_VALUE[language] if exact else NONE
    if isinstance(value, str):
        return value
    if unit is Unit.DURATION:
        return duration(value, exact=exact, language=language)
    if unit is Unit.FRACTION:
        return fraction(value, exact=exact)
    return flag(value, exact=exact, language=language) if unit is Unit.FLAG else number(value)


def duration(seconds: float | None, *, exact: bool = False, language: Language = "en") -> str:
    """A length of time, s: `2.4 ms`, `90 s`, `18.5 min`, exactly `1110 s`; in Chinese `18.5 分钟`. A dash for none."""
    if seconds is None:
        return NONE
    if exact:
        return f"{seconds:g} {_UNITS['s'][language]}"
    size = abs(seconds)
    if 0 < size < 1:
        return f"{seconds * 1000:.3g} {_UNITS['ms'][language]}"
    if size >= MINUTES_FROM_S:
        return f"{seconds / 60:,.1f} {_UNITS['min'][language]}"
    return f"{seconds:.3g} {_UNITS['s'][language]}" if size < 10 else f"{seconds:.0f} {_UNITS['s'][language]}"


def fraction(value: float | None, *, exact: bool = False) -> str:
    """A part of a whole as a percentage: exactly `12.345%`, rounded `12.3%` and below a tenth `4.03%`; 0 is `0%`. A dash for none."""
    if value is None:
        return NONE
    if exact:
        return percent(value, 3)
    return percent(value, 2 if 0 < abs(value) < 0.1 else 1) if value else "0%"


def share(value: float | None) -> str:
    """A part of a whole in a table of such, where nothing is a plain 0. A dash for none."""
    return "0" if value == 0 else fraction(value)


def percent(value: float | None, decimals: int = 0) -> str:
    """A percentage of so many decimals, where all of a kind have as many: a level, an interval, a score. A dash for none."""
    return NONE if value is None else f"{value:z.{decimals}%}"


def deviation(value: float | None) -> str:
    """By which part of it something is off, `+12 %`, `−3 %`; nothing for none."""
    return "" if value is None else f"{value:+.0%}".replace("%", " %").replace("-", "−")


def counted(n: int, one: str, many: str = "") -> str:
    """A number with its noun in English: ``1 run``, ``2 runs``; `many` where the plural is not made with s."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def number(value: float) -> str:
    """A number of things, with commas: `12,345`; a median of them may end in .5."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.6g}"


def rounded(value: float, decimals: int = 0) -> str:
    """A figure of so many decimals, with commas: a mean, or an amount of which no more is known. Nothing is 0, never -0."""
    return f"{value:z,.{decimals}f}"


def signed(value: float) -> str:
    """A difference, rounded to a whole number: `+1,234`."""
    return f"{value:+z,.0f}"


def significant(value: float, digits: int = 6) -> str:
    """A figure of so many significant digits, zeros at its end left out: a factor, a quantile, an error level."""
    return f"{value:.{digits}g}"


def yuan(cents: int, *, exact: bool = False) -> str:
    """An amount of money in yuan, rounded with commas; exactly with two decimals and, for other programs, without commas."""
    return f"{cents / 100:.2f}" if exact else rounded(cents / 100)


def flag(value: float, *, exact: bool = False, language: Language = "en") -> str:
    """True or false; rounded, and where a file writes a number for it, 1 or 0, and between them the median of several."""
    return _FLAGS[language][value] if exact and isinstance(value, bool) else f"{float(value):g}"


def instant(t_ns: int | None) -> str:
    """A time of day to the second, `09:30:15`, of ns since midnight of the first day; a dash for none."""
    return NONE if t_ns is None else format_clock(t_ns - t_ns % SECOND)


def short_instant(t_ns: int) -> str:
    """A time of day for a column of times: to the second, `09:30:15`; on a later day to the minute, with the day: `d2 08:30`."""
    return instant(t_ns) if t_ns < DAY else minute(t_ns)


def minute(t_ns: int) -> str:
    """A time of day to the minute, `09:30`, of ns since midnight of the first day."""
    return instant(t_ns)[:-3]


def milliseconds(value: float | None, decimals: int = 0, *, language: Language = "en") -> str:
    """A latency, ms: quantiles of flows without rows are known to 1/32 and have no decimals; a dash for none."""
    return NONE if value is None else f"{rounded(value, decimals)} {_UNITS['ms'][language]}"


def latency(ns: int | None) -> str:
    """A latency, ns, in the unit that suits it and as files write it: `2.4ms`, `1.5s`; a dash for none."""
    return NONE if ns is None else format_duration(ns)
