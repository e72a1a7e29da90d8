"""What the `control:` section of an architecture file may say: who watches, who acts, and by which rules.

The words are explained with an example in docs/control.md, with the source of every default. Nothing here may depend on
the clock but who is present (rosters) and when a batch is due: night and open differ through load, backlog, staff and
time pressure alone.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simcore.base.model import Model, Name
from simcore.counterparties import RECONCILED
from simcore.model.control.alarms import Complaints, Monitor, Robot
from simcore.model.control.batches import Batch, File, Reconciliation
from simcore.model.control.failovers import Failover
from simcore.model.control.people import Approval, Team, Vendor
from simcore.model.control.runbooks import Checklist, Runbook


class Control(Model):
    """The `control:` section. Everything may be left out; what is left out does not happen."""

    exchanges: list[Name] | None = Field(None, description="absent: all values of the workload's attribute exchange")
    monitors: dict[Name, Monitor] = {}
    robots: dict[Name, Robot] = {}
    complaints: dict[Name, Complaints] = {}
    teams: dict[Name, Team] = {}
    approval: Approval = Approval()
    vendors: dict[Name, Vendor] = {}
    runbooks: dict[Name, Runbook] = {}
    checklists: dict[Name, Checklist] = {}
    failovers: dict[Name, Failover] = {}
    reconciliations: dict[Literal[RECONCILED], Reconciliation] = {}  # type: ignore[valid-type]
    files: dict[Name, File] = {}
    batches: dict[Name, Batch] = {}
