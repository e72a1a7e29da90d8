"""Day-start and day-end checklists: lines that may be skipped, may overlook, and may find what no alarm reported."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import simpy

from simcore.control.alarms import AlarmBoard, MonitorProcess
from simcore.control.event_names import note
from simcore.control.handles import Core, now
from simcore.control.people.operators import Desk
from simcore.model.control.alarms import Routed
from simcore.model.control.runbooks import Checklist, Look
from simcore.model.trading_calendar import occurrences


class ChecklistProcess:
    """One checklist, worked through by one member of its team at each time it is due."""

    def __init__(
        self, core: Core, name: str, rule: Checklist, desk: Desk, board: AlarmBoard, monitors: Mapping[str, MonitorProcess]
    ) -> None:
        self.name = name
        self.rule = rule
        self._core = core
        self._desk = desk
        self._board = board
        self._monitors = monitors
        for n, due in enumerate(occurrences(rule.at, core.plan.start, core.plan.end)):
            core.env.process(self._run(n, due))

    def _run(self, n: int, due: int) -> Generator[simpy.Event, Any, None]:
        yield self._core.env.timeout(due - now(self._core))
        with self._desk.attention.request() as turn:
            yield turn
            purpose = f"checklist/{self.name}"
            yield from self._desk.come(lambda distribution, what: self._core.sample(distribution, f"{purpose}/{what}", n))
            for look in self.rule.steps:
                if self._core.draw(f"{purpose}/{look.name}/skip", n) < look.skip:
                    note(self._core, "check_skipped", self.name, step=look.name)
                else:
                    yield from self._look(look, f"{purpose}/{look.name}", n)

    def _look(self, look: Look, purpose: str, n: int) -> Generator[simpy.Event, Any, None]:
        yield self._core.env.timeout(self._core.sample(look.duration, f"{purpose}/duration", n))
        breaching = [m for m in look.monitors if self._monitors[m].breaching()]
        if breaching and self._core.draw(f"{purpose}/overlook", n) < look.overlook:
            note(self._core, "check_overlooked", self.name, step=look.name, monitor=breaching[0])
        elif breaching:
            note(self._core, "check_found", self.name, step=look.name, monitor=breaching[0])
            self._tell(look, breaching)
        if self._core.draw(f"{purpose}/problem", n) < look.problem:
            note(self._core, "check_found", self.name, step=look.name, monitor=None)
            yield self._core.env.timeout(self._core.sample(look.mend, f"{purpose}/mend", n))
        note(self._core, "check_done", self.name, step=look.name)

    def _tell(self, look: Look, breaching: list[str]) -> None:
        """The team takes it up like an alarm; it is over when none of the metrics is beyond its threshold."""
        points_at = self.rule.points_at or self._monitors[breaching[0]].rule.points_at
        rule = Routed(layer="application", route=self.rule.team, points_at=points_at)
        self._board.put_up(self.name, rule, persists=lambda: any(self._monitors[m].breaching() for m in look.monitors))
