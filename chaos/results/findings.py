"""What a run's judgement rests on, as data: reasons, bounds, what was found, symptoms, each with its `kind`.

Sentences in English and Chinese are rendered from these by `chaos.i18n`; nothing is read back from a sentence. A run that an older
coredrill stored has sentences alone: they stand as the kind `text`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, Strict

from simcore.base.model import ResultModel

Value = bool | int | float | str | None
"""The value of a measure: a flag, a number, a grade; None where it has none."""


class Unit(StrEnum):
    """What a value of a measure is: seconds, a fraction of 1, a number of things, a grade of severity, or true or false."""

    DURATION = "duration"
    FRACTION = "fraction"
    COUNT = "count"
    GRADE = "grade"
    FLAG = "flag"


StoredUnit = Annotated[Unit, Strict(False)]  # JSON has its name alone


class Kinded(ResultModel):
    """Base of what differs by its `kind`, which is in the JSON though nobody sets it."""

    kind: str

    def model_post_init(self, context: object) -> None:
        """Keeps `kind` from being left out as a default."""
        self.model_fields_set.add("kind")


class Text(Kinded):
    """A sentence of a run that was stored without data, in English."""

    kind: Literal["text"] = "text"
    text: str


# --- bounds and what was found ------------------------------------------------------------------------------------------------


class Limits(Kinded):
    """A measure is held between limits: in each run, in a share of the runs, or at a quantile of their values."""

    kind: Literal["limits"] = "limits"
    measure: str
    unit: StoredUnit
    at_most: Value = None
    at_least: Value = None
    equals: Value = None
    in_share: float | None = None
    quantile: float | None = None


class NearPublished(Kinded):
    """A measure comes near a published figure: off by at most `within` of it (0.3 is 30 %). What was fitted to it, or is said to
    miss it, is not judged."""

    kind: Literal["near_published"] = "near_published"
    measure: str
    unit: StoredUnit
    published: Value
    within: float
    standing: Literal["counts", "fitted", "misses"] = "counts"


class PropertyHolds(Kinded):
    """A property of the system holds."""

    kind: Literal["property_holds"] = "property_holds"
    name: str


Bound = Annotated[Limits | NearPublished | PropertyHolds | Text, Field(discriminator="kind")]


class FoundValue(Kinded):
    """The measure's value; None where the run has none. `rules` is the rule set of a grade."""

    kind: Literal["value"] = "value"
    unit: StoredUnit
    value: Value
    rules: str | None = None


class FoundMoreThan(Kinded):
    """What had not come to its end when the run did, and so exceeds `value`."""

    kind: Literal["more_than"] = "more_than"
    unit: StoredUnit
    value: float


class FoundAtLeast(Kinded):
    """A time that the end of the run cut off: it comes to this much, or more."""

    kind: Literal["at_least"] = "at_least"
    unit: StoredUnit
    value: float


class NotGradable(Kinded):
    """A grade that the rules cannot tell, and why, if they say so."""

    kind: Literal["not_gradable"] = "not_gradable"
    why: str = ""
    why_zh: str = ""


class PropertyFound(Kinded):
    """Whether a property was kept (None: there was nothing to tell it from), and how often it was violated."""

    kind: Literal["property"] = "property"
    holds: bool | None
    violations: int


Found = Annotated[FoundValue | FoundMoreThan | FoundAtLeast | NotGradable | PropertyFound | Text, Field(discriminator="kind")]


class ExpectationFinding(ResultModel):
    """A bound, and what was found of its measure."""

    bound: Bound
    found: Found


# --- reasons --------------------------------------------------------------------------------------------------------------------


class BoundBroken(Kinded):
    """What came out is beyond the bound."""

    kind: Literal["bound_broken"] = "bound_broken"
    bound: Bound
    found: Found


class NothingToHold(Kinded):
    """The measure has no value that could be held against the bound."""

    kind: Literal["nothing_to_hold"] = "nothing_to_hold"
    bound: Bound
    found: Found


class Undecided(Kinded):
    """When the run was given up, the bound was neither broken nor beyond reach."""

    kind: Literal["undecided"] = "undecided"
    bound: Bound
    found: Found


class NotCompared(Kinded):
    """Whether the bound is kept depends on what was rejected since the first step: nobody knows how much of it wrongly, for there was
    no control run. `found` is what is found if none of it was."""

    kind: Literal["not_compared"] = "not_compared"
    bound: Bound
    found: Found


class Unknowable(Kinded):
    """The simulation itself cannot tell: `why` is its journal's reason."""

    kind: Literal["unknowable"] = "unknowable"
    why: str


class NothingExercised(Kinded):
    """No evaluation interval had enough requests to judge."""

    kind: Literal["nothing_exercised"] = "nothing_exercised"


class NeverJudged(Kinded):
    """From the first step on no evaluation interval had enough requests of these flows to judge their objectives, though some came."""

    kind: Literal["never_judged"] = "never_judged"
    flows: list[str]


class NothingConfirmed(Kinded):
    """No request of these flows was confirmed before the first step (without one in the window): a reject alone shows nothing."""

    kind: Literal["nothing_confirmed"] = "nothing_confirmed"
    flows: list[str]


class UnsteadyBefore(Kinded):
    """The steady state did not hold before the method, or (`seen` is false) there were too few requests to see it."""

    kind: Literal["unsteady_before"] = "unsteady_before"
    seen: bool


class NoEffect(Kinded):
    """A step of the method never took effect: its fault hit nothing."""

    kind: Literal["no_effect"] = "no_effect"
    step: str


class NotReached(Kinded):
    """A step of the method was to begin at `at_ns`, and the run had ended before, at `ended_ns`: it was aborted by this condition, or given
    up for this reason."""

    kind: Literal["not_reached"] = "not_reached"
    step: str
    at_ns: int
    ended_ns: int
    condition: str | None = None
    why: str | None = None


class NotDone(Kinded):
    """A step of the method could not be done."""

    kind: Literal["not_done"] = "not_done"
    step: str
    why: str


class DidNotHappen(Kinded):
    """What the scenario says must happen did not: an event (of a subject), or a counter that grows, at least so often."""

    kind: Literal["did_not_happen"] = "did_not_happen"
    event: str | None = None
    subject: str | None = None
    counter: str | None = None
    at_least: int = 1


class Aborted(Kinded):
    """The run was aborted by this condition."""

    kind: Literal["aborted"] = "aborted"
    condition: str


Reason = Annotated[
    BoundBroken
    | NothingToHold
    | Undecided
    | NotCompared
    | Unknowable
    | NothingExercised
    | NeverJudged
    | NothingConfirmed
    | UnsteadyBefore
    | NoEffect
    | NotReached
    | NotDone
    | DidNotHappen
    | Aborted
    | Text,
    Field(discriminator="kind"),
]


# --- symptoms -------------------------------------------------------------------------------------------------------------------

FAILING_FRACTION = 0.05
"""Of what ended in a stretch of time, from which on an operation, a flow or a service counts as failing."""
FAILURES_MIN = 3
"""Failures (and, of what is slow, requests that ended) in a stretch of time below which nothing is concluded from it."""
WORSE_TIMES = 3.0
"""How many times the fraction of failures, or the mean time, of before the first fault counts as failing, or as slow."""
FULL_FRACTION = 0.95
"""Of the time in which all slots of a pool are taken, from which on it counts as full, if others wait or are refused."""


class Injected(Kinded):
    """A step of the method hit it with this fault."""

    kind: Literal["injected"] = "injected"
    fault: str


class CarriedOut(Kinded):
    """An action was carried out, and by whom."""

    kind: Literal["carried_out"] = "carried_out"
    verb: str
    by: str


class RequestsFail(Kinded):
    """Requests of customers fail."""

    kind: Literal["requests_fail"] = "requests_fail"


class RequestsRejected(Kinded):
    """Requests of customers are rejected that would be accepted without the method."""

    kind: Literal["requests_rejected"] = "requests_rejected"


class OrdersLate(Kinded):
    """Orders come late to the exchange, or its word of them does."""

    kind: Literal["orders_late"] = "orders_late"


class PoolFull(Kinded):
    """Every slot is taken, and others wait or are refused."""

    kind: Literal["pool_full"] = "pool_full"


class AtLimit(Kinded):
    """A rate limit refuses."""

    kind: Literal["at_limit"] = "at_limit"


class Fails(Kinded):
    """An operation fails more often than before."""

    kind: Literal["fails"] = "fails"


class Hit(Kinded):
    """An operation of a service that a step hit, though it shows nothing."""

    kind: Literal["hit"] = "hit"


class Slow(Kinded):
    """An operation takes more than so many times as long as before."""

    kind: Literal["slow"] = "slow"
    times: float


Symptom = Annotated[
    Injected | CarriedOut | RequestsFail | RequestsRejected | OrdersLate | PoolFull | AtLimit | Fails | Hit | Slow | Text,
    Field(discriminator="kind"),
]


class Findings(ResultModel):
    """The data behind a run's sentences, each list in the order of what it belongs to: `reasons` of the run, its
    `expectations`, and the symptoms of its `causes`."""

    reasons: list[Reason] = []
    expectations: list[ExpectationFinding] = []
    symptoms: list[Symptom] = []
