"""What people do: actions, runbooks for alarms, and checklists at times of the day."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simcore.base.model import Model, Name, Probability
from simcore.base.units import MS, ClockTime, Rate
from simcore.model.control.fields import Positive
from simcore.model.control.people import HeartTask
from simcore.model.distributions import Distribution, constant, lognormal

ServiceOrInstance = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}(#\d+)?$", description="service, or service#replica")]


class RateCap(Model):
    limit: Name
    rate: Annotated[Rate, Field(gt=0)]


class Slots(Model):
    pool: Name
    slots: Annotated[int, Field(ge=0)]


class Isolate(Model):
    """Cut a dependency off: `gates` are held shut, `pools` refuse everything, `calls` (sites) give up after `timeout`."""

    gates: list[Name] = []
    pools: list[Name] = []
    calls: list[str] = []
    timeout: Positive = MS

    @model_validator(mode="after")
    def _something(self) -> Isolate:
        if not (self.gates or self.pools or self.calls):
            raise ValueError("isolate needs gates, pools or calls to cut off")
        return self


class Action(Model):
    """Exactly one verb, and how it is done. `task` is the HEART kind of task, which gives the base rate of error."""

    restart: ServiceOrInstance | None = None
    rotate_out: ServiceOrInstance | None = None
    rotate_in: ServiceOrInstance | None = None
    failover: Name | None = None
    rollback: Name | None = Field(None, description="service whose last change is undone")
    limit_rate: RateCap | None = None
    slots: Slots | None = None
    isolate: Isolate | None = None
    switch_channel: dict[Name, Annotated[float, Field(ge=0)]] | None = Field(None, description="flow: factor on its arrivals")
    reconcile: Name | None = None
    repair: Name | None = Field(None, description="what people on site put right: a group, a site, a service's line")
    none: Literal[True] | None = None

    duration: Distribution = lognormal("3min", "15min")
    task: HeartTask = "restore-procedure"
    undo: bool = Field(True, description="false: what is done cannot be undone (HEART no_undo holds)")
    tries: Annotated[int, Field(ge=1, le=10)] = 2

    @model_validator(mode="after")
    def _one_verb(self) -> Action:
        given = [v for v in ACTION_VERBS if getattr(self, v) is not None]
        if len(given) != 1:
            raise ValueError(f"an action is exactly one of {', '.join(ACTION_VERBS)}; here: {', '.join(given) or 'none given'}")
        return self

    @property
    def verb(self) -> str:
        """Which action this is."""
        return next(v for v in ACTION_VERBS if getattr(self, v) is not None)

    @property
    def target(self) -> str:
        """What it acts on, as the journal names it."""
        value = getattr(self, self.verb)
        if isinstance(value, RateCap):
            return value.limit
        if isinstance(value, Slots):
            return value.pool
        if isinstance(value, Isolate):
            return ",".join([*value.gates, *value.pools, *value.calls])
        if isinstance(value, dict):
            return ",".join(value)
        return "" if value is True else str(value)


ACTION_VERBS = (
    "restart", "rotate_out", "rotate_in", "failover", "rollback", "limit_rate", "slots", "isolate", "switch_channel",
    "reconcile", "repair", "none",
)  # fmt: skip


class Runbook(Model):
    """What to do about some alarms: actions in order until the alarm clears. Automated, it acts without approval after a
    check; by hand it needs the approval it names."""

    alarms: Annotated[list[Name], Field(min_length=1, description="monitors, robots, complaints, checklists")]
    subject: Name | None = Field(None, description="service it is for")
    actions: Annotated[list[Action], Field(min_length=1)]
    automated: bool = False
    check: Distribution = constant("10s")
    confirm: bool = Field(
        True, description="look whether the trouble is still there before an action's command; false: what was diagnosed is done"
    )
    verify: Distribution = Field(constant("2min"), description="automated: time the alarm is given to clear after an action")
    approval: Literal["none", "oral", "written"] = "oral"
    practised: Probability = Field(0.5, description="1: drilled weekly; 0: never done (HEART unfamiliar fully holds)")
    priority: int = 0


class ChecklistItem(Model):
    """One line of a checklist: a look at some monitors' metrics, or a piece of work that sometimes finds something to put right."""

    name: Name
    duration: Distribution = constant("2min")
    skip: Probability = 0.0
    monitors: list[Name] = []
    overlook: Probability = 0.0
    problem: Probability = 0.0
    mend: Distribution = constant("10min")


class Checklist(Model):
    at: ClockTime
    team: Name
    steps: Annotated[list[ChecklistItem], Field(min_length=1)]
    points_at: Name | None = None
