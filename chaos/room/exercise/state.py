"""What an exercise amounts to so far, beside the run itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from chaos.documents.drill import Drill, Played, Seat
from chaos.results.run import Grade
from chaos.room.exercise.records import AlarmState, CommandState, InjectState, LogKind, LogLine, LookState, OrderBin, Words


@dataclass
class ReachedGrade:
    """A grade of the incident, and when it was reached, ns."""

    grade: Grade
    at: int


@dataclass
class GradeMark:
    """A grade of the incident, and after how much impairment it is reached at the earliest, ns."""

    grade: Grade
    after: int


@dataclass
class State:
    """Everything that people did, learned and brought about."""

    drill: Drill
    seating: Mapping[Seat, Played]
    own_names: Collection[str] = ()
    """Names of the glossary that files of the user's own give to something."""
    injects: list[InjectState] = field(default_factory=list)
    commands: dict[str, CommandState] = field(default_factory=dict)
    looks: dict[str, LookState] = field(default_factory=dict)
    alarms: dict[str, AlarmState] = field(default_factory=dict)
    log: list[LogLine] = field(default_factory=list)
    orders: list[OrderBin] = field(default_factory=list)
    failed: int = 0
    """Stock orders since the window began that ended in an error, without an answer, or blocked before they were sent."""
    impaired_ns: int = 0
    grades: list[ReachedGrade] = field(default_factory=list)
    ahead: list[GradeMark] = field(default_factory=list)
    """After how much impairment each grade comes at the earliest, the least severe first."""
    known_since: int | None = None
    duty_since: int | None = None
    """Since when it has to be reported to the regulator."""
    reports: list[int] = field(default_factory=list)
    announced: dict[str, int] = field(default_factory=dict)
    absent: dict[Seat, int | None] = field(default_factory=dict)
    """Who is away, until when, ns; None: to the end."""
    hints: set[str] = field(default_factory=set)
    noticed: dict[Seat, int] = field(default_factory=dict)
    """When each seat first did something about the trouble."""
    ended: bool = False

    def __post_init__(self) -> None:
        self.injects = [InjectState(n + 1, rules) for n, rules in enumerate(self.drill.injects)]

    def played(self, seat: Seat) -> Played:
        """Who has a seat. One that the drill does not name is a person's if somebody sits there."""
        rules = self.drill.seats.get(seat)
        return self.seating.get(seat, rules.empty if rules is not None else "nobody")

    def note(self, at: int, kind: LogKind, text: Words, sender: Words = "", to: frozenset[Seat] | None = None) -> None:
        """Adds a line to the log."""
        self.log.append(LogLine(at, kind, sender, to, text))

    def first_fault(self) -> int | None:
        """When the first fault began, ns; None: none has."""
        return min((i.done_at for i in self.injects if i.rules.does == "fault" and i.done_at is not None), default=None)
