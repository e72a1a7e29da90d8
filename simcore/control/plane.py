"""Starts all processes of the control plane for a plan, and hands out the handles scenarios turn."""

from __future__ import annotations

from simcore.base.errors import InputError, suggest
from simcore.control.alarms import AlarmBoard, MonitorProcess
from simcore.control.failover import FailoverProcess
from simcore.control.handles import Core, Pending
from simcore.control.market.batches import Arrivals, BatchProcess, FileProcess
from simcore.control.market.calendar import Calendar, Gates
from simcore.control.market.load import Items, LoadMeter
from simcore.control.people.actions import Actions, Changes
from simcore.control.people.checklists import ChecklistProcess
from simcore.control.people.operators import Operators
from simcore.control.people.seats import Seats
from simcore.control.reconciliation import ReconciliationProcess
from simcore.control.robots import CustomerServiceLine, RobotProcess
from simcore.model.control.fields import PerItem
from simcore.model.control.section import Control
from simcore.model.references import check_control
from simcore.model.trading_calendar import calendar_named


class ControlPlane:
    """The running control plane. Every handle is found by the name it has in the architecture's file. `pending` counts incidents,
    automated runbooks and failovers not yet done with: while any is, a lasting violation is not metastable. Teams that are `played` by people
    do nothing but what these decide (`seats`)."""

    def __init__(self, core: Core, played: frozenset[str] = frozenset()) -> None:
        rules, plan = core.plan.architecture.control, core.plan
        self.board = AlarmBoard(core)
        self.load = LoadMeter(core)
        items = Items(core, _per_items(rules))
        calendar = calendar_named(plan.workload.calendar)
        self.gates = Gates(core, calendar)
        self.calendar = Calendar(core, calendar, self.gates, any(b.settles for b in rules.batches.values()))
        arrivals = Arrivals(core, {n: r.at for n, r in rules.batches.items()} | {n: r.due for n, r in rules.files.items()})
        self.files = {n: FileProcess(core, n, r, arrivals) for n, r in rules.files.items()}
        self.batches = {n: BatchProcess(core, n, r, arrivals, self.gates, items, self.files) for n, r in rules.batches.items()}
        self.reconciliations = {str(n): ReconciliationProcess(core, n, r, items) for n, r in rules.reconciliations.items()}
        self.pending = Pending()
        self.failovers = {
            n: FailoverProcess(core, n, r, self.board, self.load, items, self._reconcile, self.pending)
            for n, r in rules.failovers.items()
        }
        self.changes = Changes(core, self.failovers)
        actions = Actions(core, self.gates, self.changes, self.failovers, self.reconciliations)
        self.operators = Operators(core, self.board, self.load, actions, self.changes, self.pending, played)
        self.seats = Seats(core, self.board, self.operators, self.pending, played)
        self.monitors = {n: MonitorProcess(core, n, r, self.board) for n, r in rules.monitors.items()}
        self.robots = {n: RobotProcess(core, n, r, self.board, self.gates) for n, r in rules.robots.items()}
        self.complaints = {n: CustomerServiceLine(core, n, r, self.board) for n, r in rules.complaints.items()}
        self.checklists = {
            n: ChecklistProcess(core, n, r, self.operators.on_call_teams[r.team], self.board, self.monitors)
            for n, r in rules.checklists.items()
            if r.team not in played
        }

    def _reconcile(self, counterparty: str, why: str) -> None:
        self.reconciliations[counterparty].begin(why)

    def failover(self, name: str) -> FailoverProcess:
        """The failover of that name: `begin()`, `drill()`, `change()`."""
        return self.failovers[name]


def _per_items(rules: Control) -> list[PerItem]:
    of_batches = [item for batch in rules.batches.values() for item in batch.per_item]
    of_reconciliations = [item for r in rules.reconciliations.values() for item in r.per_item]
    return of_batches + of_reconciliations + [item for f in rules.failovers.values() for s in f.steps for item in s.per_item]


def start_control(core: Core, played: frozenset[str] = frozenset()) -> ControlPlane:
    """Start calendar, monitors, robots, people, failovers, reconciliations and batches of `core.plan`, at `core.env.now`; the teams
    `played` by people are not run.

    Raises InputError when a name in the control section, or a team that is played, is not defined.
    """
    for finding in check_control(core.plan.index):
        raise InputError(f"{'.'.join(map(str, finding.keys))}: {finding.message}", hint=finding.hint)
    teams = core.plan.architecture.control.teams
    for team in sorted(played - {*teams}):
        raise InputError(f"{core.plan.architecture.name} has no team named {team!r}", hint=suggest(team, teams))
    return ControlPlane(core, played)
