"""What an exercise keeps of what has been done in it. Times are ns since midnight of the first day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from chaos.documents.drill import Command, Inject, Look, Seat, Text
from chaos.i18n.texts import LocalizedText

Words = LocalizedText | str
"""A text in both languages, or one that a person has typed."""
LogKind = Literal["said", "event", "look", "inject", "report", "announcement", "hint"]


def both(text: Text) -> LocalizedText:
    """A text of a drill's file."""
    return LocalizedText(text.en, text.zh)


class LogLine(NamedTuple):
    """A line of the log; `to` are those who may read it beside the facilitator (None: everybody)."""

    at: int
    kind: LogKind
    sender: Words
    to: frozenset[Seat] | None
    text: Words


@dataclass
class CommandState:
    """A command that somebody proposed: how far it is, and when it got there."""

    number: int
    name: str
    rules: Command
    by: Seat
    state: Literal["proposed", "approved", "begun", "done", "failed", "refused", "withdrawn"] = "proposed"
    times: dict[str, int] = field(default_factory=dict)
    reason: str = ""

    @property
    def id(self) -> str:
        """By which messages name it."""
        return f"c{self.number}"

    @property
    def key(self) -> tuple[str, str, str]:
        """By what events speak of it: team, verb, target."""
        return self.rules.team, self.rules.action.verb, self.rules.action.target

    def reach(self, state: Literal["proposed", "approved", "begun", "done", "failed", "refused", "withdrawn"], at: int) -> None:
        """It is now so far."""
        self.state = state
        self.times[state] = at


@dataclass
class LookState:
    """A look under way: who looks, until when, and the sums of what it reads as they were when it began."""

    number: int
    name: str
    rules: Look
    by: Seat
    began: int
    sums: dict[str, tuple[int, int]]
    answered: bool = False

    @property
    def id(self) -> str:
        """By which messages name it."""
        return f"l{self.number}"

    @property
    def ends(self) -> int:
        """When its answer comes, ns."""
        return self.began + self.rules.takes


@dataclass
class AlarmState:
    """An alarm that stands."""

    name: str
    since: int
    by: Seat | Literal["automated"] | None = None
    taken_at: int | None = None


@dataclass
class InjectState:
    """A line of the list of events; `met_at` is when its condition was first met."""

    number: int
    rules: Inject
    state: Literal["armed", "due", "sent", "held"] = "armed"
    met_at: int | None = None
    done_at: int | None = None


class OrderBin(NamedTuple):
    """What came of stock orders in ten seconds, by what the customer saw; `open` had no answer at its end."""

    confirmed: int
    reject: int
    unknown: int
    error: int
    blocked: int
    open: int
