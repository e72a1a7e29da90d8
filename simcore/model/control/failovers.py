"""How a service goes over to its standby, step by step."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simcore.base.model import Model, Name, Probability
from simcore.base.units import MINUTE, SECOND, Duration
from simcore.model.control.fields import PerItem
from simcore.model.distributions import Distribution, constant, lognormal

SCENARIO = "scenario"
"""Who begins a failover that is a step of a scenario's method, and so no action that could be left out."""


class FailoverStep(Model):
    """`needs` says what it waits for or may be broken by: `detection` (an alarm points at the service, or a person began it),
    `data` (the standby has what the primary sent), `config` (fails if a change since the last drill was not carried over),
    `connections` (the dropped sessions have had their time to come back)."""

    name: Name
    does: list[
        Literal[
            "stop_primary",
            "rotate_out_primary",
            "start_standby",
            "rotate_in_standby",
            "lose_unreplicated",
            "drop_sessions",
            "rotate_out_standby",
            "rotate_in_primary",
        ]
    ] = []
    duration: Distribution = constant("0s")
    per_item: list[PerItem] = []
    failure: Probability = 0.0
    needs: list[Literal["detection", "data", "config", "connections"]] = []
    retries: Annotated[int, Field(ge=0, le=100)] = 1
    retry_wait: Distribution = constant("1min")
    on_failure: Literal["abort", "skip"] = "abort"


class Failover(Model):
    """How a service goes over to its standby."""

    service: Name
    steps: Annotated[list[FailoverStep], Field(min_length=1)]
    trigger: Name | None = Field(None, description="monitor or robot whose alarm starts it without people")
    drift: Probability = Field(0.02, description="chance that one change breaks one step that needs config")
    changes_since_drill: Annotated[int, Field(ge=0, le=10_000)] = 0
    config_repair: Distribution = lognormal("15min", "60min")
    detection_patience: Duration = 10 * MINUTE
    lag_per_rate: Duration = Field(0, description="replication lag added by each intent a second")
    sessions_dropped: Probability = 1.0
    reconnect_over: Duration = 60 * SECOND
    reconcile: list[Name] = []

    @model_validator(mode="after")
    def _step_names_differ(self) -> Failover:
        names = [s.name for s in self.steps]
        if len(set(names)) != len(names):
            raise ValueError("the steps of a failover need different names: drift and random numbers go by them")
        return self
