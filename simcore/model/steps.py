"""The steps of operations and flows: what a file may say, with the policies of a call, and how lists of steps are walked.

What each word means is in docs/semantics.md; simcore.model.index lists what the steps of an architecture amount to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from simcore.base.model import Model, Name, Probability, Verbs
from simcore.base.units import Duration
from simcore.files.validation import Keys
from simcore.model.distributions import Distribution

CLIENT = "client"
"""The service whose operations are the flows; no file may declare it."""

Target = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*$", description="service.operation")]
FailureCode = Literal[
    "rejected", "refused", "rate_limited", "breaker_open", "bulkhead_full", "error", "deadline", "timeout", "reset"
]


# --- policies of a call -------------------------------------------------------------------------------------------------


class RetryBudget(Model):
    """Every first attempt earns `ratio` of a retry, up to `burst`; each retry spends one. Kept per call site and replica."""

    ratio: Annotated[float, Field(ge=0, le=10)]
    burst: Annotated[float, Field(ge=1, le=1e6)] = 10.0


class Retry(Model):
    """`attempts` counts the first one: 3 means up to two retries."""

    attempts: Annotated[int, Field(ge=1, le=100)]
    backoff: Duration = 0
    multiplier: Annotated[float, Field(ge=1, le=100)] = 1.0
    backoff_max: Duration | None = None
    jitter: Probability = 0.0
    budget: RetryBudget | None = None
    on: list[FailureCode] = ["refused", "rate_limited", "bulkhead_full", "error", "timeout", "reset"]


class Breaker(Model):
    """Opens when, of the last `window` attempts (at least `min_calls`), a share `failure_rate` or more failed."""

    window: Annotated[int, Field(ge=1, le=60)] = 20
    min_calls: Annotated[int, Field(ge=1, le=60)] = 10
    failure_rate: Annotated[float, Field(gt=0, le=1)] = 0.5
    open_for: Duration
    probes: Annotated[int, Field(ge=1, le=100)] = 1

    @model_validator(mode="after")
    def _window_holds_min(self) -> Breaker:
        if self.min_calls > self.window:
            raise ValueError("min_calls may not exceed window")
        return self


class Idempotency(Model):
    """The first request of an intent to this operation does the work; a later one waits for, or gets, its answer."""

    lifetime: Duration


# --- steps --------------------------------------------------------------------------------------------------------------


class Work(Model):
    work: Distribution
    draw: Name | None = None


class Wait(Model):
    """Time that passes with the slots held but no work done (not slowed by a slow host)."""

    wait: Distribution
    draw: Name | None = None


class Call(Model):
    call: Target
    name: Name | None = None
    draw: Name | None = None
    timeout: Duration | None = None
    retry: Retry | None = None
    breaker: Breaker | None = None
    bulkhead: Name | None = None
    connection: Name | None = None
    fallback: list[Step] | None = None
    priority: Annotated[int, Field(ge=0, le=3)] | None = None
    on_failure: Literal["fail", "block", "ignore"] = "fail"


class Send(Model):
    send: Target
    name: Name | None = None
    draw: Name | None = None
    durable: bool = False
    delay: Distribution | None = None
    priority: Annotated[int, Field(ge=0, le=3)] | None = None


class Hold(Model):
    hold: Name
    steps: list[Step]


class RateLimit(Model):
    rate_limit: Name


class Effect(Model):
    effect: str


class Route(Model):
    route: Name
    cases: dict[str, list[Step]]
    default: list[Step] | None = None


class Branch(Model):
    probability: Probability
    steps: list[Step]


class Choose(Model):
    """One branch by probability; what the probabilities leave open takes no branch."""

    choose: Annotated[list[Branch], Field(min_length=1, max_length=64)]
    name: Name | None = None

    @model_validator(mode="after")
    def _at_most_one(self) -> Choose:
        if sum(b.probability for b in self.choose) > 1.0 + 1e-9:
            raise ValueError("the probabilities of a choose add up to more than 1")
        return self


class Repeat(Model):
    repeat: Annotated[int, Field(ge=0, le=1000)]
    steps: list[Step]


class Fail(Model):
    fail: Literal["rejected", "error"]


STEP_VERBS: dict[str, type[Model]] = {
    "work": Work, "wait": Wait, "call": Call, "send": Send, "hold": Hold, "rate_limit": RateLimit,
    "effect": Effect, "route": Route, "choose": Choose, "repeat": Repeat, "fail": Fail,
}  # fmt: skip


def _step_verb(value: Any) -> str | None:
    if isinstance(value, Model):
        return next((verb for verb, cls in STEP_VERBS.items() if isinstance(value, cls)), None)
    if isinstance(value, dict):
        return next((verb for verb in STEP_VERBS if verb in value), None)
    return None


Step = Annotated[
    Annotated[Work, Tag("work")]
    | Annotated[Wait, Tag("wait")]
    | Annotated[Call, Tag("call")]
    | Annotated[Send, Tag("send")]
    | Annotated[Hold, Tag("hold")]
    | Annotated[RateLimit, Tag("rate_limit")]
    | Annotated[Effect, Tag("effect")]
    | Annotated[Route, Tag("route")]
    | Annotated[Choose, Tag("choose")]
    | Annotated[Repeat, Tag("repeat")]
    | Annotated[Fail, Tag("fail")],
    Discriminator(
        _step_verb,
        custom_error_type="unknown_step",
        custom_error_message=f"a step is one of: {', '.join(STEP_VERBS)}",
    ),
    Verbs("step", STEP_VERBS),
]

for _model in (Call, Hold, Route, Branch, Choose, Repeat):
    _model.model_rebuild()


# --- walking ------------------------------------------------------------------------------------------------------------

Steps = Sequence[Step]


def inner(step: Step) -> list[tuple[Keys, Steps]]:
    """The lists of steps inside a step, with their keys below it."""
    if isinstance(step, (Hold, Repeat)):
        return [(("steps",), step.steps)]
    if isinstance(step, Call):
        return [(("fallback",), step.fallback)] if step.fallback is not None else []
    if isinstance(step, Choose):
        return [(("choose", i, "steps"), branch.steps) for i, branch in enumerate(step.choose)]
    if isinstance(step, Route):
        cases: list[tuple[Keys, Steps]] = [(("cases", case), steps) for case, steps in step.cases.items()]
        return cases + ([(("default",), step.default)] if step.default is not None else [])
    return []


def placed(steps: Steps, keys: Keys) -> Iterator[tuple[Keys, Step]]:
    """Every step of a list, the inner ones too, with its keys in the file."""
    for i, step in enumerate(steps):
        yield (*keys, i), step
        for below, more in inner(step):
            yield from placed(more, (*keys, i, *below))


def callee(step: Call | Send) -> str:
    """``service.operation`` that a call or send asks for."""
    return step.call if isinstance(step, Call) else step.send
