"""Day-start and day-end checklists: lines that may be skipped, may overlook, and may find what no alarm reported."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import simpy

from simcore.control.alarms import AlarmBoard, MonitorProcess
from simcore.control.event_names import note
from simcore.control.handles import Core, now
from simcore.control.people.operators import OnCallTeam
from simcore.model.control.alarms import Routed
from simcore.model.control.runbooks import Checklist, ChecklistItem
from simcore.model.trading_calendar import occurrences


class ChecklistProcess:
    """One checklist, worked through by one member of its team at each time it is due."""

    def __init__(
        self, core: Core, name: str, rule: Checklist, team: OnCallTeam, board: AlarmBoard, monitors: Mapping[str, MonitorProcess]
    ) -> None:
        self.name = name
        self.rule = rule
        self._core = core
        self._team = team
        self._board = board
        self._monitors = monitors
        for n, due in enumerate(occurrences(rule.at, core.plan.start, core.plan.end)):
            core.env.process(self._run(n, due))

    def _run(self, n: int, due: int) -> Generator[simpy.Event, Any, None]:
        yield self._core.env.timeout(due - now(self._core))
        with self._team.attention.request() as turn:
            yield turn
            purpose = f"checklist/{self.name}"
            yield from self._team.come(lambda distribution, what: self._core.sample(distribution, f"{purpose}/{what}", n))
            for item in self.rule.steps:
                if self._core.draw(f"{purpose}/{item.name}/skip", n) < item.skip:
                    note(self._core, "check_skipped", self.name, step=item.name)
                else:
                    yield from self._work_on(item, f"{purpose}/{item.name}", n)

    def _work_on(self, item: ChecklistItem, purpose: str, n: int) -> Generator[simpy.Event, Any, None]:
        yield self._core.env.timeout(self._core.sample(item.duration, f"{purpose}/duration", n))
        breaching = [m for m in item.monitors if self._monitors[m].breaching()]
        if breaching and self._core.draw(f"{purpose}/overlook", n) < item.overlook:
            note(self._core, "check_overlooked", self.name, step=item.name, monitor=breaching[0])
        elif breaching:
            note(self._core, "check_found", self.name, step=item.name, monitor=breaching[0])
            self._raise_alarm(item, breaching)
        if self._core.draw(f"{purpose}/problem", n) < item.problem:
            note(self._core, "check_found", self.name, step=item.name, monitor=None)
            yield self._core.env.timeout(self._core.sample(item.mend, f"{purpose}/mend", n))
        note(self._core, "check_done", self.name, step=item.name)

    def _raise_alarm(self, item: ChecklistItem, breaching: list[str]) -> None:
        """The team takes it up like an alarm; it is over when none of the metrics is beyond its threshold."""
        points_at = self.rule.points_at or self._monitors[breaching[0]].rule.points_at
        rule = Routed(layer="application", route=self.rule.team, points_at=points_at)
        self._board.put_up(self.name, rule, persists=lambda: any(self._monitors[m].breaching() for m in item.monitors))
