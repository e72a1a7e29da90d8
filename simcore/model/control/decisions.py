"""What people decide while a run goes on: a team of the control section that is played by people decides by these alone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simcore.base.model import Model, Name
from simcore.model.control.runbooks import Action


class Acknowledge(Model):
    """The team takes up an alarm that stands: from now on people know of the trouble."""

    kind: Literal["acknowledge"] = "acknowledge"
    team: Name
    alarm: Name


class Report(Model):
    """The team says that a service is in trouble, of which no alarm speaks."""

    kind: Literal["report"] = "report"
    team: Name
    service: Name


class Approve(Model):
    """What to do about a service (or an alarm that points at none) is approved: end of the decision time."""

    kind: Literal["approve"] = "approve"
    team: Name
    subject: Name


class Act(Model):
    """The team begins an action. How long it takes and whether it goes wrong are drawn by the team and the number of its actions before,
    never by when it was decided."""

    kind: Literal["act"] = "act"
    team: Name
    subject: Name | None = Field(None, description="service in trouble; none: what the action's runbook is for")
    action: Action


Decision = Annotated[Acknowledge | Report | Approve | Act, Field(discriminator="kind")]
