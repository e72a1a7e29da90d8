"""The timetable of a trading day as data: market phases, gates with opening hours, what counts as session.

Every simulated day is a trading day; weekends and holidays are left out. Times are int ns since midnight of the first day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simcore.base.units import DAY, parse_clock
from simcore.counterparties import hours_of


@dataclass(frozen=True)
class Phase:
    """A part of the day (`start`, `end` ns of the day): whether orders, whether cancels are taken; whether it is session."""

    name: str
    start: int
    end: int
    orders: bool
    cancels: bool
    session: bool
    source: str


@dataclass(frozen=True)
class TradingCalendar:
    """Phases cover the whole day in order. `gates` maps a name to its opening intervals (ns of the day); a gate that is
    not listed is always open. `settles_at` is when the day settles unless a batch does it; None: never."""

    name: str
    phases: tuple[Phase, ...]
    gates: Mapping[str, tuple[tuple[int, int], ...]]
    settles_at: int | None

    @property
    def continuous(self) -> bool:
        """Whether nothing ever opens or closes."""
        return len(self.phases) == 1 and not self.gates

    def phase_at(self, t: int) -> Phase:
        """The phase at `t`; an instant between two belongs to the later one."""
        return next(p for p in self.phases if p.start <= t % DAY < p.end)

    def gate_open(self, gate: str, t: int) -> bool:
        """Whether the timetable has the gate open at `t`."""
        return gate not in self.gates or any(a <= t % DAY < b for a, b in self.gates[gate])

    def changes(self, start: int, end: int) -> list[int]:
        """The instants in (start, end) at which a phase begins, a gate moves or the day settles, ascending."""
        of_day = {p.start for p in self.phases} | {x for hours in self.gates.values() for interval in hours for x in interval}
        if self.settles_at is not None:
            of_day.add(self.settles_at)
        moments = {day * DAY + x for day in range(start // DAY, end // DAY + 1) for x in of_day}
        return [] if self.continuous else sorted(t for t in moments if start < t < end)


def occurrences(at: int, start: int, end: int) -> list[int]:
    """When something due at `at` happens in [start, end): every day at a time of day, once at a later day's (`d2 09:15`)."""
    if at >= DAY:
        return [at] if start <= at < end else []
    return [t for t in range(start // DAY * DAY + at, end, DAY) if t >= start]


def _phases(*rows: tuple[str, str, str, bool, bool, bool, str]) -> tuple[Phase, ...]:
    return tuple(Phase(name, parse_clock(a), parse_clock(b), *rest) for name, a, b, *rest in rows)  # type: ignore[arg-type]


def _intervals(*intervals: tuple[str, str]) -> tuple[tuple[int, int], ...]:
    return tuple((parse_clock(a), parse_clock(b)) for a, b in intervals)


CONTINUOUS = TradingCalendar("continuous", _phases(("open", "00:00", "24:00", True, True, True, "convention")), {}, None)

# Phases: DOMAIN.md [16]; no cancels in the closing auction [17], nor 9:20-9:25 [memory]; settlement about 16:30 [18, weak].
# Main-board shares before 2026-07-06: no trading at the closing price after 15:00, no closing auction of funds (docs/control.md).
A_SHARE = TradingCalendar(
    "a-share",
    _phases(
        ("night", "00:00", "08:00", False, False, False, "guess"),
        ("day-start", "08:00", "09:15", False, False, False, "guess"),
        ("opening-auction", "09:15", "09:20", True, True, True, "[16]"),
        ("opening-auction-fixed", "09:20", "09:25", True, False, True, "[16][memory]"),
        ("pre-open-pause", "09:25", "09:30", False, False, False, "[16]"),
        ("morning", "09:30", "11:30", True, True, True, "[16]"),
        ("lunch", "11:30", "13:00", False, False, False, "[16]"),
        ("afternoon", "13:00", "14:57", True, True, True, "[16]"),
        ("closing-auction", "14:57", "15:00", True, False, True, "[16][17]"),
        ("after-close", "15:00", "16:30", False, False, False, "[16]"),
        ("settlement", "16:30", "22:00", False, False, False, "[18, weak]"),
        ("evening", "22:00", "24:00", False, False, False, "guess"),
    ),
    {gate: _intervals(*hours) for gate, hours in hours_of("a-share").items()},
    parse_clock("15:00"),
)

CALENDARS: Mapping[str, TradingCalendar] = {c.name: c for c in (CONTINUOUS, A_SHARE)}


def calendar_named(name: str) -> TradingCalendar:
    """The calendar of that name. Raises ValueError, with the names there are, for any other."""
    if name not in CALENDARS:
        raise ValueError(f"no calendar {name!r}; there are: {', '.join(CALENDARS)}")
    return CALENDARS[name]
