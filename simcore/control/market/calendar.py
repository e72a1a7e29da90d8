"""The bell: opens and shuts gates and market phases by the timetable, and settles the day. Nothing else reads the clock
but rosters and what is due at a time of day."""

from __future__ import annotations

from collections.abc import Generator

import simpy

from simcore.base.units import DAY
from simcore.control.event_names import note
from simcore.control.handles import Core, now
from simcore.model.trading_calendar import TradingCalendar
from simcore.model.workload import markets_of


class Gates:
    """A gate is open when the timetable says so and nobody holds it shut. What waits behind it goes on when it opens."""

    def __init__(self, core: Core, calendar: TradingCalendar) -> None:
        self._core = core
        self._calendar = calendar
        used = sorted({pool.gate for pool in core.plan.architecture.pools.values() if pool.gate is not None})
        self._used = frozenset(used)
        self._holders: dict[str, set[str]] = {}
        self._open: dict[str, bool] = dict.fromkeys([*used, *(g for g in calendar.gates if g not in used)], True)

    def is_open(self, name: str) -> bool:
        """Whether the gate is open now; a gate nobody has heard of is."""
        return self._open.get(name, True)

    def due_open(self, name: str) -> bool:
        """Whether the timetable would have it open now."""
        return self._calendar.gate_open(name, now(self._core))

    def hold(self, name: str, holder: str) -> None:
        """Keep the gate shut until the same holder releases it. What stands before a `/` is how the journal calls the holder."""
        self._holders.setdefault(name, set()).add(holder)
        self._open.setdefault(name, True)
        self.update()

    def release(self, name: str, holder: str) -> None:
        """Let go; the gate opens if nobody else holds it and the timetable has it open."""
        self._holders.get(name, set()).discard(holder)
        self.update()

    def update(self) -> None:
        """Turn every gate whose state has changed."""
        for name, was_open in self._open.items():
            holders = self._holders.get(name, set())
            is_open = self.due_open(name) and not holders
            if is_open == was_open:
                continue
            self._open[name] = is_open
            if name in self._used:
                self._core.inject.gate(name, is_open)
            note(
                self._core,
                "gate",
                name,
                open=is_open,
                held_by=",".join(sorted({holder.partition("/")[0] for holder in holders})) or None,
            )


class Calendar:
    """Walks through the timetable. Whether a batch settles the day is decided by `settled_by_batch`."""

    def __init__(self, core: Core, calendar: TradingCalendar, gates: Gates, settled_by_batch: bool) -> None:
        self._core = core
        self._calendar = calendar
        self._gates = gates
        self._settles = calendar.settles_at is not None and not settled_by_batch
        self._exchanges = core.plan.architecture.control.exchanges or markets_of(core.plan.workload)
        if not calendar.continuous:
            self._enter_phase()
            gates.update()
            core.env.process(self._run())

    def _enter_phase(self) -> None:
        phase = self._calendar.phase_at(now(self._core))
        for exchange in self._exchanges:
            self._core.inject.market(exchange, phase.orders, phase.cancels)
        note(self._core, "phase", phase.name, orders=phase.orders, cancels=phase.cancels, session=phase.session)

    def _run(self) -> Generator[simpy.Event, None, None]:
        env = self._core.env
        for moment in self._calendar.changes(now(self._core), self._core.plan.end):
            yield env.timeout(moment - now(self._core))
            if self._calendar.phase_at(moment).start == moment % DAY:
                self._enter_phase()
            self._gates.update()
            if self._settles and moment % DAY == self._calendar.settles_at:
                self._core.inject.settle_day()
                note(self._core, "day_settled", self._calendar.name)
