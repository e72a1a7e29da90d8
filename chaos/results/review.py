"""The review of an exercise: what people did in a drill, how it is rated, and what would have come of it otherwise, on the same seed.

docs/room.md says what the parts mean. Instants (`_ns`) are ns since midnight of the first day.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from chaos.results.counterfactuals import Difference, Effect, RunFigures
from chaos.results.run import Grade, Measures
from simcore.base.errors import InputError, os_reason
from simcore.base.model import ResultModel, first_mistake

Rating = Literal["P", "S", "M", "U"]
"""Performed without challenges, with some, with major ones, unable to be performed: the ratings of HSEEP (2020), appendix of the
exercise evaluation guides."""
Course = Literal["team", "nobody", "automated", "best_known", "best_found"]
"""The exercise as it was, and as it would have been with other people: none at all, the machine's rules in every seat, the drill's best known
response, and the best that was found by a search."""
DecisionKind = Literal["command", "announcement"]
Deed = Literal["ack", "propose", "approve", "refuse", "withdraw", "command", "look", "say", "report", "announce", "absent"]
"""What a seat did; a `command` and a look last, as an absence does."""

RUN, BEST = "run", "run-best"
"""Folders below a room's in which a review leaves runs with their journals: the exercise, and the best course."""


class Words(ResultModel):
    """A text of the drill's file, or one that a person typed, which is the same in both."""

    en: str
    zh: str


class Override(ResultModel):
    """What exercise control rates otherwise than the bounds do, and why."""

    rating: Rating
    reason: str
    by: str = ""


class Evidence(ResultModel):
    """Something that a rating rests on: what happened, when, to or with what, and in which seat."""

    what: str
    at_ns: int | None = None
    title: Words | None = None
    seat: str | None = None


class ObjectiveRating(ResultModel):
    """How an objective of the drill is rated. `value` is a number, or seconds from the first fault (None: it never came to it, or there
    was no fault); `bounds` are those of P, S and M in the same unit."""

    objective: str
    text: Words
    measure: str
    value: float | None
    bounds: list[float]
    evidence: list[Evidence] = []
    computed: Rating | None
    override: Override | None = None

    @property
    def rating(self) -> Rating | None:
        """What counts: exercise control's word, else what the bounds say; None where nothing could be rated."""
        return self.override.rating if self.override is not None else self.computed


class CommandBegun(ResultModel):
    """A command of the drill, and when it was begun."""

    command: str
    title: Words
    at_ns: int


class PlayedCourse(ResultModel):
    """What one course of the exercise came to. `refused` are the numbers of the decisions that could not be taken in it."""

    course: Course
    figures: RunFigures
    customers: int | None
    grade: Grade | None = None
    commands: list[CommandBegun] = []
    refused: list[int] = []
    digest: str


class DecisionReview(ResultModel):
    """A decision: a command that was begun, or an announcement. `without` are the figures of the exercise made again without it, its approval
    left out with it and everything else done at its own instant; `refused_then` are the decisions that could not be taken there."""

    number: int
    kind: DecisionKind
    name: str
    title: Words
    seat: str
    proposed_ns: int | None = None
    approved_ns: int | None = None
    approved_by: str | None = None
    begun_ns: int
    ended_ns: int | None = None
    state: str
    effect: Effect
    difference: Difference
    without: RunFigures
    without_digest: str
    refused_then: list[int] = []

    @property
    def waited_s(self) -> float | None:
        """For how long an approved command lay before it was begun."""
        return None if self.approved_ns is None else (self.begun_ns - self.approved_ns) / 1e9


class AlarmReview(ResultModel):
    """An alarm that was raised: when it was taken up, by whom (a seat or `automated`), and when its reading was back."""

    name: str
    title: Words
    raised_ns: int
    false: bool = False
    taken_ns: int | None = None
    by: str | None = None
    cleared_ns: int | None = None


class InjectReview(ResultModel):
    """A line of the list of events: when it was sent, and what should have come of it; `done` is exercise control's word (None: not
    said)."""

    number: int
    inject: str
    title: Words
    kind: str
    sent_ns: int | None
    expected: Words | None = None
    done: bool | None = None
    note: str = ""


class ExpectedReview(ResultModel):
    """Something the drill's file expects of a seat, by when, and when it was done (None: it was not)."""

    text: Words
    seat: str
    due_ns: int | None
    done_ns: int | None


class Answer(ResultModel):
    """What somebody in a seat wrote down before the beginning."""

    seat: str
    question: Words
    answer: str


class LaneMark(ResultModel):
    """Something that a seat did, for its lane: at an instant, or for as long as it took."""

    seat: str
    deed: Deed
    at_ns: int
    until_ns: int | None = None
    text: Words


class Improvement(ResultModel):
    """A line of the improvement plan: what was found, what is changed, who does it by when (a date), and how far it is."""

    finding: Words
    change: str = ""
    owner: str = ""
    by: str = ""
    state: Literal["open", "under_way", "done"] = "open"


class Search(ResultModel):
    """How the best response was looked for: the runs it may cost, those made, the commands, and the grid of instants (s)."""

    budget: int
    runs: int
    commands: list[str]
    grid_s: float


class SeatTaken(ResultModel):
    """Who had a seat: a person (with names, if they gave any), the machine's rule, or nobody."""

    seat: str
    title: Words
    played: Literal["person", "automated", "nobody"]
    names: list[str] = []


class Duty(ResultModel):
    """The duty to report: since when people knew, when it was due, and when reports were sent."""

    known_ns: int | None
    due_ns: int | None
    reports_ns: list[int] = []
    announced_ns: list[int] = []


class BranchOf(ResultModel):
    """The room of which a branch was kept (the name of its folder), the branch's number there, and from when on, ns, it is a course of its
    own: before that it is the room's."""

    room: str
    number: str
    from_ns: int


class KeptBranch(ResultModel):
    """A branch that was kept of an exercise: its folder below the room's, and the instant from which it goes on, ns."""

    folder: str
    from_ns: int


class Review(ResultModel):
    """A review. `window` is [begin, end) of what was reviewed, `ended_ns` where the exercise was ended before that; `search` is None where
    nobody has looked for a better response. `branch` says of which room this is a branch, `branches` which ones were kept of it; `stood_ns` is
    where it stood when it was reviewed, if it had not come to its end: from there on people do nothing."""

    drill: str
    drill_digest: str
    title: Words
    shown_as: Words
    purpose: Words
    held: str
    wall_s: float | None
    paused_s: float
    seed: int
    window: tuple[int, int]
    ended_ns: int | None
    first_fault_ns: int | None
    seats: list[SeatTaken]
    ratings: list[ObjectiveRating]
    measures: Measures
    duty: Duty
    courses: list[PlayedCourse]
    decisions: list[DecisionReview]
    alarms: list[AlarmReview]
    unapproved: list[int] = []
    injects: list[InjectReview]
    expected: list[ExpectedReview] = []
    answers: list[Answer] = []
    lanes: list[LaneMark] = []
    plan: list[Improvement] = []
    search: Search | None = None
    branch: BranchOf | None = None
    branches: list[KeptBranch] = []
    stood_ns: int | None = None

    def course(self, name: Course) -> PlayedCourse | None:
        """What a course came to, if it was made."""
        return next((played for played in self.courses if played.course == name), None)


def read_review(path: Path) -> Review:
    """The review in a file. Raises InputError for one that is none."""
    try:
        return Review.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {os_reason(error)}", hint="`coredrill room review DIR` makes it") from None
    except ValidationError as error:
        raise InputError(f"{path} is no review: {first_mistake(error)}", hint="`coredrill room review DIR` makes it") from None
