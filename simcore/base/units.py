"""Quantities with units, as they appear in files: durations, rates, clock times.

Inside the simulator time is int64 nanoseconds and a rate is a float per second. In files both carry their unit; a bare
number is an error, because `timeout: 5` has been read as five of everything.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

NS = 1
US = 1_000
MS = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_DURATION_UNITS = {"ns": NS, "us": US, "ms": MS, "s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
_RATE_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ns|us|ms|s|min|h|d)\s*")
_RATE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*(s|min|h|day)\s*")
_CLOCK = re.compile(r"(?:d(\d+)\s+)?(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?")
_LONGEST_DURATION = 3650 * DAY
LAST_DAY = 3650


def parse_duration(value: object) -> int:
    """Nanoseconds of a duration such as ``250ms``, ``1.5s``, ``10min``; ``0`` alone needs no unit.

    Raises ValueError, with a hint, for anything else.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value == 0:
        return 0
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"not a duration: {value!r}; write a number and a unit (ns, us, ms, s, min, h, d), such as 250ms")
    nanoseconds = round(float(match[1]) * _DURATION_UNITS[match[2]])
    if nanoseconds > _LONGEST_DURATION:
        raise ValueError(f"duration too long: {value!r}; the longest is 3650d")
    return nanoseconds


def parse_rate(value: object) -> float:
    """Events per second of a rate such as ``50/s`` or ``1200/min``. Raises ValueError for anything else."""
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"not a rate: {value!r}; write a number, a slash and s, min, h or day, such as 50/s")
    rate = float(match[1]) / _RATE_UNITS[match[2]]
    if rate > 1e9:
        raise ValueError(f"rate too high: {value!r}; the highest is 1000000000/s")
    return rate


def parse_clock(value: object) -> int:
    """Nanoseconds since midnight of the first day: ``09:30``, ``09:30:15``, ``d2 09:15`` (day two)."""
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"not a time of day: {value!r}; write HH:MM or HH:MM:SS, with 'd2 ' before it for the second day")
    day, hours, minutes, seconds = int(match[1] or 1), int(match[2]), int(match[3]), int(match[4] or 0)
    if day > LAST_DAY:
        raise ValueError(f"too late a day: {value!r}; the last is d{LAST_DAY}")
    if day < 1 or hours > 24 or minutes > 59 or seconds > 59 or (hours == 24 and minutes + seconds > 0):
        raise ValueError(f"no such time of day: {value!r}")
    fraction = round(float(match[5] or 0) * SECOND)
    return (day - 1) * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND + fraction


def format_duration(nanoseconds: int | float) -> str:
    """A duration as a person would write it: ``250ms``, ``1.5s``, ``10min``."""
    for unit in ("d", "h", "min", "s", "ms", "us"):
        size = _DURATION_UNITS[unit]
        if nanoseconds >= size and (unit not in ("d", "h", "min") or nanoseconds % size == 0):
            return f"{nanoseconds / size:.4g}{unit}"
    return f"{nanoseconds:.4g}ns" if nanoseconds else "0s"


def format_rate(per_second: float) -> str:
    """A rate as a person would write it: ``50/s``."""
    return f"{per_second:g}/s"


def format_clock(nanoseconds: int | float) -> str:
    """The time of day of a simulated instant, ``09:30:15.250``; from the second day on with its day, ``d2 09:15:00``."""
    day, rest = divmod(int(nanoseconds), DAY)
    seconds, fraction = divmod(rest, SECOND)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if fraction:
        text += f".{fraction // MS:03d}"
    return f"d{day + 1} {text}" if day else text


Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {"type": ["string", "integer"], "pattern": r"^\s*\d+(\.\d+)?\s*(ns|us|ms|s|min|h|d)\s*$", "maximum": 0, "minimum": 0}
    ),
]
Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*/\s*(s|min|h|day)\s*$"}),
]
ClockTime = Annotated[
    int,
    BeforeValidator(parse_clock),
    WithJsonSchema({"type": "string", "pattern": r"^(d\d+ )?\d{1,2}:\d{2}(:\d{2}(\.\d{1,9})?)?$"}),
]
