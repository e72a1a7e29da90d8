"""What a scenario file may say. docs/scenarios.md explains every word with an example.

A scenario states what holds while all is well (`steady_state`), what is done to the system (`method`), and what may come of it
(`expect`). Its words are those of Chaos Toolkit where they fit. Everything here is checked without running anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, create_model, field_validator, model_validator

from chaos.checkers.catalogue import CheckerCatalogue, implied
from chaos.documents.prediction import Prediction
from chaos.documents.quantities import MeasureName, Quantity, require_unit
from chaos.documents.severity import SystemClass
from chaos.faults.fault import Fault
from chaos.measures.catalogue import measures
from chaos.measures.formatting import Unit
from chaos.measures.registry import GRADES, NOT_GRADABLE, rank
from simcore.base.model import FileName, Model, Name, Probability
from simcore.base.units import MINUTE, SECOND, ClockTime, Duration, format_clock, format_duration
from simcore.files.patch import EditForm
from simcore.files.validation import Finding
from simcore.model.control.fields import Reading

Positive = Annotated[Duration, Field(gt=0)]
FileReference = Annotated[str, Field(min_length=1, max_length=1000, description="a shipped name, or a path")]


# --- steady state ---------------------------------------------------------------------------------------------------------


class Latency(Model):
    """At least a share `quantile` of the good answers came within `at_most`."""

    quantile: Annotated[float, Field(gt=0, le=1)] = 0.99
    at_most: Positive


class Objective(Model):
    """What one flow owes its customers in every window. A business reject is an answer, unless the same request is accepted where the
    method is left out; no answer by `answer_by` is none. In windows of fewer than `min_count` intents there is no data."""

    success: Probability | None = Field(
        None, description="least share of intents answered in time (confirmed or rightly rejected)"
    )
    goodput: Probability | None = Field(None, description="least share of intents confirmed in time; no reject counts")
    latency: Latency | None = Field(None, description="of flows with `record: true` alone")
    late: Probability | None = Field(
        None, description="of a flow of kind order: largest share placed late, or still not placed (`orders.late`)"
    )
    reported_late: Probability | None = Field(
        None, description="of a flow of kind order: largest share of which the core learned late that the exchange had it"
    )
    answer_by: Positive | None = Field(
        None,
        description="an answer has to have come so long after submission; absent: the latency's bound, else the longest that the "
        "time-outs of the flow's own calls let its client wait; of a flow without rows and without those: `every`",
    )
    min_count: Annotated[int, Field(ge=1)] = 20

    @model_validator(mode="after")
    def _something(self) -> Objective:
        if all(x is None for x in (self.success, self.goodput, self.latency, self.late, self.reported_late)):
            raise ValueError("an objective needs one or several of success, goodput, latency, late, reported_late")
        return self


class SteadyState(Model):
    """Holds in a window when every objective that has data holds. `hold` of it in session without a break is recovery."""

    every: Annotated[Duration, Field(ge=SECOND)] = 30 * SECOND
    hold: Positive = 3 * MINUTE
    objectives: Annotated[dict[Name, Objective], Field(min_length=1, description="by flow")]

    @model_validator(mode="after")
    def _whole_windows(self) -> SteadyState:
        if self.every % SECOND or self.hold % self.every:
            raise ValueError("every must be whole seconds, and hold a multiple of every")
        return self


# --- method ---------------------------------------------------------------------------------------------------------------


class Step(Model):
    """When something is done, and for how long; what is done, a fault, stands under its own name: see `step_model`."""

    name: str = Field("", max_length=200)
    name_zh: str = Field("", max_length=200, description="its name on Chinese pages; absent: as it is")
    at: ClockTime
    lasts: Positive | None = Field(None, alias="for", description="absent: to the end of the run")

    model_config = {**Model.model_config, "populate_by_name": True}

    @model_validator(mode="after")
    def _one_fault(self) -> Step:
        given = [name for name, _ in self.given()]
        if len(given) != 1:
            raise ValueError(
                f"a step does exactly one thing, this {len(given)}: {', '.join(given) or 'nothing'}; see 'coredrill list faults'"
            )
        return self

    def given(self) -> list[tuple[str, Fault]]:
        """What the step does: (name, fault)."""
        found = [
            (field.alias or key, getattr(self, key))
            for key, field in type(self).model_fields.items()
            if key not in Step.model_fields
        ]
        return [(name, fault) for name, fault in found if fault is not None]

    @property
    def fault(self) -> Fault:
        """What is done."""
        return self.given()[0][1]

    @property
    def label(self) -> str:
        """The step's own name, or that of its fault."""
        return self.name or self.given()[0][0]


def step_model(faults: Mapping[str, type[Fault]]) -> type[Step]:
    """`Step` with one optional key for every fault."""
    fields: dict[str, Any] = {name.replace("-", "_"): (fault | None, Field(None, alias=name)) for name, fault in faults.items()}
    return create_model("Step", __base__=Step, **fields)


# --- responders, abort, rollbacks -------------------------------------------------------------------------------------------


class Responders(Model):
    """Who is there. What is false is taken out of the architecture's control section: nobody watches, or nobody acts. Finer
    changes (a roster, a runbook made automatic) are edits of `patch`."""

    monitors: bool = True
    robots: bool = True
    complaints: bool = True
    operators: bool = Field(True, description="false: alarms stand, and nobody does anything about them")


class Abort(Model):
    """The harness heals everything and does no further step when a counter has grown by `at_least` since the first step."""

    counter: Reading
    at_least: Annotated[int, Field(ge=1)]


class Rollback(Model):
    """Something done after the method: when its last step has ended, or after an abort."""

    after: Duration = 0
    restart: Name | None = Field(None, description="service: all its replicas that are down or hung")
    release: Name | None = Field(None, description="service: its last change is undone")
    pools: list[Name] | None = Field(None, description="back to the slots and queues of the file")

    @model_validator(mode="after")
    def _one(self) -> Rollback:
        if sum(x is not None for x in (self.restart, self.release, self.pools)) != 1:
            raise ValueError("a rollback is exactly one of restart, release, pools")
        return self


# --- what is expected -------------------------------------------------------------------------------------------------------


class Expectation(Model):
    """A bound on a measure. Over several seeds it must hold in a share `in_share` of the runs, or at a `quantile` of the
    values; without either, in every run."""

    measure: MeasureName = Field(description="impaired_s, orders.failed_orders, flows.login.success, severity.dora, …")
    at_most: Quantity | None = None
    at_least: Quantity | None = None
    equals: bool | Quantity | None = None
    in_share: Annotated[float, Field(gt=0, le=1)] | None = Field(None, description="of the runs")
    quantile: Annotated[float, Field(ge=0, le=1)] | None = None
    why: str = ""

    @field_validator("at_most", "at_least", "equals", mode="before")
    @classmethod
    def _in_the_unit(cls, bound: object, info: ValidationInfo) -> object:
        return in_unit_of_measure(bound, info)

    @model_validator(mode="after")
    def _can_be_met(self) -> Expectation:
        low, high, exactly = (_level(bound) for bound in (self.at_least, self.at_most, self.equals))
        if low is not None and high is not None and low > high:
            bounds = [measures().find(self.measure).text(bound, exact=True) for bound in (self.at_least, self.at_most)]
            raise ValueError(f"at_least {bounds[0]} is above at_most {bounds[1]}: no value can meet both; swap them")
        if exactly is not None and ((low is not None and exactly < low) or (high is not None and exactly > high)):
            raise ValueError("equals lies outside at_least and at_most: no value can meet all of them; keep one")
        if self.equals == NOT_GRADABLE and (low is not None or high is not None):
            raise ValueError(f"{NOT_GRADABLE} is neither above nor below a grade: no value can meet both bounds; keep one")
        return self

    @model_validator(mode="after")
    def _sensible(self) -> Expectation:
        if self.at_most is None and self.at_least is None and self.equals is None:
            raise ValueError("an expectation needs at_most, at_least or equals")
        if self.in_share is not None and self.quantile is not None:
            raise ValueError("give in_share or quantile, not both")
        measure = measures().find(self.measure)
        if self.quantile is not None and not measure.numeric:
            raise ValueError(f"{self.measure} has no quantiles; use in_share")
        graded = measure.unit is Unit.GRADE
        for bound in (self.at_most, self.at_least, self.equals):
            if bound is not None and isinstance(bound, str) != graded:
                raise ValueError(f"bounds of severity are grades ({', '.join(GRADES)}), those of other measures are not")
        if NOT_GRADABLE in (self.at_most, self.at_least):
            raise ValueError(f"{NOT_GRADABLE} is no grade that others lie above or below; write equals: {NOT_GRADABLE}")
        return self


def in_unit_of_measure(bound: object, info: ValidationInfo) -> object:
    """A bound as it was written. Raises ValueError, with a hint, for what values of the model's `measure` are never written as in a file;
    in Python a number is in the measure's own unit, a duration in seconds."""
    if info.mode == "json" and (name := info.data.get("measure")) is not None:
        require_unit(measures().find(name), bound)
    return bound


def _level(bound: bool | float | str | None) -> float | None:
    """A bound on a scale; of a grade how many are milder. None for what is on none."""
    if isinstance(bound, str):
        return float(rank(bound)) if bound in GRADES else None
    return None if bound is None else float(bound)


class MustHappen(Model):
    """Something without which the run shows nothing: an event of the journal, or a counter that grows by `at_least`, after the
    first step began. A run without it is unknown."""

    event: Name | None = Field(None, description="a word of the journal's events, such as alarm, detect, breaker_opened")
    subject: str | None = Field(None, description="of the event; absent: any")
    counter: Reading | None = None
    at_least: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _one(self) -> MustHappen:
        if (self.event is None) == (self.counter is None):
            raise ValueError("give an event or a counter")
        return self

    def __str__(self) -> str:
        what = self.counter or " ".join(filter(None, (self.event, self.subject)))
        return what + (f" ≥ {self.at_least}" if self.at_least > 1 else "")


class Outcome(Model):
    """A published figure beside the measure that should come near it. Only one that nothing was fitted to, and that could have
    come out otherwise, counts."""

    measure: MeasureName
    published: Quantity
    source: str
    fitted: bool = False
    within: Annotated[float, Field(gt=0, lt=10)] = Field(0.3, description="relative; 0.3 is ± 30 %")
    misses: str = Field("", description="by how much it misses and why; such an outcome is shown and not judged")
    implied: str = Field(
        "",
        description="why nothing else could come out: an input implies it, or the window cuts it off; it is judged, and not counted",
    )

    @field_validator("published", mode="before")
    @classmethod
    def _in_the_unit(cls, published: object, info: ValidationInfo) -> object:
        return in_unit_of_measure(published, info)


class Parameter(Model):
    """An input of a reproduction: what the record says, or what was chosen so that a fitted outcome comes out."""

    what: str
    value: str
    source: str = "guess"


class Timepoint(Model):
    """A line of the published timeline; with `event` it stands beside the simulated time of that event."""

    at: ClockTime
    what: str
    what_zh: str = Field("", description="the same on Chinese pages; absent: as it is")
    event: Name | None = None
    subject: str | None = None


class Cause(Model):
    """What was wrong before the day of an incident, and which planted defects are of the same kind: `coredrill coverage --incidents` asks
    whether a suite would have noticed it."""

    defects: list[FileReference] = Field(
        [], description="operators, or single mutants as OPERATOR@SITE; none: `why` says why not"
    )
    latent: bool = Field(
        description="what the method does was in the system before the day, so that tests could have met it; false: it came from outside"
    )
    why: Annotated[str, Field(min_length=1, description="what of the cause the defects are, or why none is")]


class Record(Model):
    """A public record of an incident, what was taken from it and what was fitted, kept apart. Where it has no figures the
    scenario's expectations say what must come out."""

    inputs: list[Parameter] = []
    fitted: list[Parameter] = []
    outcomes: list[Outcome] = []
    timeline: list[Timepoint] = []
    cause: Cause | None = Field(None, description="for `coredrill coverage --incidents`")


# --- the files ----------------------------------------------------------------------------------------------------------------


class Window(Model):
    """The part of the run that is measured."""

    begin: ClockTime = Field(alias="from")
    end: ClockTime = Field(alias="to")

    model_config = {**Model.model_config, "populate_by_name": True}

    @model_validator(mode="after")
    def _forward(self) -> Window:
        if self.begin >= self.end:
            raise ValueError("the window ends before it begins; for the next day write d2 before the time")
        return self


class Scenario(Model):
    """A scenario file."""

    kind: Literal["scenario"]
    name: FileName
    title: Annotated[str, Field(min_length=1)]
    title_zh: str = Field("", description="its title on Chinese pages; absent: as it is")
    description: str = ""
    source: list[str] = []
    tags: list[Name] = []
    purpose: Literal["requirement", "reproduction", "prediction"] = "requirement"
    architecture: FileReference = "legacy-coupled"
    workload: FileReference = "normal-day"
    environment: FileReference = "production"
    system: SystemClass = Field(
        "real-time",
        description="class of the system hit, for the severity rules: the exchange's own (central-auction), any other that works "
        "while customers wait (real-time), the rest (other)",
    )
    patch: list[EditForm] = Field([], description="changes the architecture")
    workload_patch: list[EditForm] = []
    window: Window
    warmup: Duration = Field(10 * MINUTE, description="the run begins this long before the window")
    replications: Annotated[int, Field(ge=1, le=100_000)] = Field(
        1, description="seeds 1, 2, … unless the command says otherwise"
    )
    steady_state: SteadyState
    method: list[Step] = []
    responders: Responders = Responders()
    abort: list[Abort] = []
    rollbacks: list[Rollback] = []
    must_happen: list[MustHappen] = []
    expect: list[Expectation] = []
    properties: list[str] | None = Field(None, description="what holds without an expectation that says so")
    record: Record | None = Field(None, description="of a reproduction")
    prediction: Prediction | None = Field(None, description="of an incident whose outcome was not known to who wrote it")

    @model_validator(mode="after")
    def _judged_by_something(self) -> Scenario:
        if (self.purpose == "reproduction") != (self.record is not None):
            raise ValueError("purpose: reproduction and record go together")
        if (self.purpose == "prediction") != (self.prediction is not None):
            raise ValueError("purpose: prediction and prediction go together")
        if not self.expect and not (self.record and self.record.outcomes) and self.prediction is None:
            raise ValueError("expect is missing: without an expectation (or an outcome of a record) nothing can fail")
        return self

    @property
    def start(self) -> int:
        """When the run begins, ns since midnight of the first day."""
        return self.window.begin - self.warmup

    @property
    def end(self) -> int:
        """When the run and the window end."""
        return self.window.end

    @property
    def counters(self) -> list[str]:
        """The metrics that expectations, outcomes and predictions are measures of."""
        names = [e.measure for e in self.expect] + [o.measure for o in (self.record.outcomes if self.record else ())]
        names += self.prediction.measures if self.prediction else []
        return sorted({counter for name in names if (counter := measures().find(name).counter) is not None})

    @property
    def chinese(self) -> dict[str, str]:
        """The Chinese of the file's own texts, as far as it has any: its title, the names of its steps, the lines of its timeline. A
        step without a name is called as its fault."""
        given = [(self.title, self.title_zh)]
        given += [(step.label, step.name_zh or ("" if step.name else step.fault.title_zh)) for step in self.method]
        given += [(line.what, line.what_zh) for line in (self.record.timeline if self.record else ())]
        return {english: chinese for english, chinese in given if chinese}


def scenario_model(step: type[Step], checkers: CheckerCatalogue) -> type[Scenario]:
    """`Scenario` with these steps and these properties, for reading files."""
    absent = ", ".join(implied(checkers))
    says = f"{Scenario.model_fields['properties'].description}; absent: {absent}, of a reproduction none"
    fields: dict[str, Any] = {
        "method": (list[step], []),  # type: ignore[valid-type]
        "properties": (list[Literal[tuple(checkers)]] | None, Field(None, description=says)),  # type: ignore[misc]
    }
    return create_model("Scenario", __base__=Scenario, __doc__=Scenario.__doc__, **fields)


# --- checks of a file on its own ------------------------------------------------------------------------------------------------


def check_scenario(scenario: Scenario) -> list[Finding]:
    """What the model alone cannot see: steps outside the run, bounds without units."""
    found = [*_run_fits(scenario), *_steps_in_the_window(scenario)]
    for i, expectation in enumerate(scenario.expect):
        found += _bounds_with_units(expectation, ("expect", i))
    return found + _rollbacks_that_never_come(scenario)


def _rollbacks_that_never_come(scenario: Scenario) -> list[Finding]:
    """Rollbacks wait for the end of the last step, and for those before them; an abort may end every step at any time."""
    if scenario.abort or not scenario.method:
        return []
    endless = next((step.label for step in scenario.method if step.lasts is None), None)
    due, found = max(step.at + (step.lasts or 0) for step in scenario.method), []
    for i, rollback in enumerate(scenario.rollbacks):
        due += rollback.after
        if endless is not None:
            why, hint = f"the step {endless} lasts to the end of the run", f"give the step {endless} a length (for: 2min)"
        elif due >= scenario.end - 1:
            why, hint = (
                f"it is due at {format_clock(due)}, and the run ends at {format_clock(scenario.end)}",
                "let the run end later",
            )
        else:
            continue
        found.append(Finding(("rollbacks", i), f"this rollback never comes: {why}", hint))
    return found


def _steps_in_the_window(scenario: Scenario) -> Iterator[Finding]:
    """Steps that begin where nothing is measured: what they do before the window would be in no figure of the run."""
    begin, end = (format_clock(t) for t in (scenario.window.begin, scenario.end))
    for i, step in enumerate(scenario.method):
        if step.at < scenario.window.begin:
            message = f"is before the window, which begins at {begin}: what a fault does there is not measured"
            hint = f"let the window begin by {format_clock(step.at)} (outside trading hours nothing counts as impaired), or the step later"
            yield Finding(("method", i, "at"), message, hint)
        elif step.at >= scenario.end:
            yield Finding(("method", i, "at"), f"is after the run, which ends with the window at {end}", f"begin it before {end}")


def _run_fits(scenario: Scenario) -> list[Finding]:
    """A run that would begin before the first midnight, a steady state that no window of it could show."""
    found = []
    if scenario.warmup > scenario.window.begin:
        since, warmup = format_duration(scenario.window.begin), format_duration(scenario.warmup)
        stated = "warmup" in scenario.model_fields_set
        what = f"the warm-up {'is' if stated else 'takes (by default)'} {warmup}, and the window begins {since} after midnight"
        keys = ("warmup",) if stated else ("window", "from")
        found.append(Finding(keys, what, f"write a warmup of at most {since}, or let the window begin later"))
    length = scenario.window.end - scenario.window.begin
    if scenario.steady_state.hold > length:
        message = f"is longer than the window of {format_duration(length)}: no run could be seen to recover"
        found.append(Finding(("steady_state", "hold"), message, "hold the steady state for less, or make the window longer"))
    return found


def _bounds_with_units(expectation: Expectation, keys: tuple[str | int, ...]) -> list[Finding]:
    if measures().find(expectation.measure).unit is Unit.FLAG and not isinstance(expectation.equals, bool):
        return [Finding((*keys, "measure"), "is true or false", "write equals: true or equals: false")]
    return []
