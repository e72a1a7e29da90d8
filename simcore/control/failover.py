"""Going over to the standby, step by step; the standby drifts with every change, and a drill repairs what it exercised.

Durations depend on the load of the moment, the items a step counts and the replication lag; never on the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

import simpy

from simcore.control.alarms import Alarm, AlarmBoard
from simcore.control.event_names import note
from simcore.control.handles import Core, Pending, now
from simcore.control.market.load import Items, LoadMeter
from simcore.model.control.failovers import SCENARIO, Failover, FailoverStep
from simcore.model.index import instance_name

Steps = Generator[simpy.Event, Any, bool]
Answer = Generator[simpy.Event, Any, bool]
"""A question that may take time to answer."""


def yes() -> Answer:
    """The answer of who does not ask."""
    yield from ()
    return True


class FailoverProcess:
    """One service's way to its standby. `running` while it is under way; `called_off`: the last time nothing was done, because the
    trouble was over before its first effect."""

    def __init__(
        self,
        core: Core,
        name: str,
        rule: Failover,
        board: AlarmBoard,
        load: LoadMeter,
        items: Items,
        reconcile: Callable[[str, str], object],
        pending: Pending,
    ) -> None:
        self.name = name
        self.rule = rule
        self._broken: dict[str, set[str]] = {}
        self.changes = 0
        self._lag_added_ns: dict[str, int] = {}
        self.called_off = False
        self._core = core
        self._board = board
        self._load = load
        self._items = items
        self._reconcile = reconcile
        self._pending = pending
        self._service = core.plan.architecture.services[rule.service]
        assert self._service.standby is not None
        self._primaries = range(self._service.replicas)
        self._standbys = range(self._service.replicas, self._service.replicas + self._service.standby.replicas)
        self._process: simpy.Process | None = None
        self._runs = 0
        self._caught_up = False
        self._done: set[str] = set()
        self._in_earnest = True
        self._sessions_back_at = 0
        for _ in range(rule.changes_since_drill):
            self.change()
        if rule.trigger is not None:
            board.subscribe(self._triggered)

    # --- handles --------------------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether a failover or a drill of it is under way."""
        return self._process is not None and self._process.is_alive

    def begin(self, by: str = "operator", leave_out: Iterable[str] = (), needed: Callable[[], Answer] = yes) -> simpy.Process:
        """Start it, or join the one under way; the process ends with whether the standby serves. `leave_out` are steps that are
        forgotten. Before the first effect it is asked whether the failover is still `needed`."""
        if not self.running:
            process = self._core.env.process(self._fail_over(by, frozenset(leave_out), needed))
            self._process = self._pending.until_done(process)
        assert self._process is not None
        return self._process

    def drill(self, steps: Iterable[str] | None = None) -> simpy.Process:
        """Rehearse the named steps, or all, on the standby alone; what was exercised is repaired. Joins one under way."""
        if not self.running:
            names = [s.name for s in self.rule.steps] if steps is None else list(steps)
            self._process = self._pending.until_done(self._core.env.process(self._rehearse(names)))
        assert self._process is not None
        return self._process

    def change(self) -> None:
        """A change to the service: each step that needs config breaks with probability `drift`."""
        for step in self.rule.steps:
            if "config" in step.needs and self._core.draw(f"drift/{self.name}/{step.name}", self.changes) < self.rule.drift:
                self.break_step(step.name, "drift")
        self.changes += 1

    def lag_ns(self) -> int:
        """How far the standby is behind under the present load, and by what a fault adds; 0 with synchronous replication."""
        standby = self._service.standby
        assert standby is not None
        if standby.replication == "synchronous":
            return 0
        return standby.replication_lag + int(self.rule.lag_per_rate * self._load.per_second) + sum(self._lag_added_ns.values())

    def add_lag(self, lag_ns: int, by: str) -> None:
        """The standby is further behind by so much, on top of what others add; 0 takes it back."""
        self._lag_added_ns[by] = lag_ns

    def break_step(self, step: str, by: str) -> None:
        """The step fails for its configuration, until whoever broke it takes that back, or a repair, which puts all of it right."""
        self._broken.setdefault(step, set()).add(by)

    def take_back(self, step: str, by: str) -> None:
        """What `by` broke of the step is in order; what drifted, or others broke, is not."""
        self._broken.get(step, set()).discard(by)

    @property
    def broken(self) -> frozenset[str]:
        """The steps that fail for their configuration."""
        return frozenset(step for step, by in self._broken.items() if by)

    # --- the run --------------------------------------------------------------------------------------------------------

    def _triggered(self, alarm: Alarm) -> None:
        if alarm.name == self.rule.trigger:
            self.begin(by="trigger")

    def _fail_over(self, by: str, leave_out: frozenset[str], needed: Callable[[], Answer]) -> Steps:
        self.called_off = False
        self._in_earnest = by == SCENARIO or not self._core.plan.left_out.covers("failover", self.name, now(self._core))
        self._caught_up, self._sessions_back_at, self._done = False, now(self._core), set()
        run, self._runs = self._runs, self._runs + 1
        note(self._core, "failover_started", self.name, by=by, service=self.rule.service)
        for step in self.rule.steps:
            if step.name in leave_out:
                note(self._core, "failover_skipped", self.name, step=step.name, why="mistake")
            elif (yield from self._step(step, run, by)):
                if step.does and not self._done and not (yield from needed()):
                    self.called_off = True
                    note(self._core, "failover_called_off", self.name, step=step.name)
                    return False
                yield from self._effects(step, run)
            elif step.on_failure == "skip":
                note(self._core, "failover_skipped", self.name, step=step.name, why="failed")
            else:
                yield from self._abort(step, run)
                return not self._in_earnest
        note(self._core, "failover_done", self.name, service=self.rule.service)
        for counterparty in self.rule.reconcile if self._in_earnest else []:
            self._reconcile(counterparty, f"failover {self.name}")
        return True

    def _rehearse(self, names: list[str]) -> Steps:
        run, self._runs = self._runs, self._runs + 1
        note(self._core, "drill_started", self.name, steps=len(names))
        repaired = 0
        for step in self.rule.steps:
            if step.name in names:
                yield self._core.env.timeout(self._duration_ns(step, run, 0))
                if step.name in self.broken:
                    yield self._core.env.timeout(self._sample(self.rule.config_repair, f"{step.name}/repair", run))
                    self._broken.pop(step.name, None)
                    repaired += 1
        note(self._core, "drill_done", self.name, steps=len(names), repaired=repaired)
        return True

    def _sample(self, distribution: Any, purpose: str, run: int, attempt: int = 0) -> int:
        return self._core.sample(distribution, f"failover/{self.name}/{purpose}", run * 1000 + attempt)

    def _duration_ns(self, step: FailoverStep, run: int, attempt: int) -> int:
        return self._sample(step.duration, f"{step.name}/duration", run, attempt) + self._items.extra_ns(step.per_item)

    def _step(self, step: FailoverStep, run: int, by: str) -> Steps:
        """Wait for what it needs, then try `retries` + 1 times."""
        if not (yield from self._wait_for_needs(step, by)):
            note(self._core, "failover_step", self.name, step=step.name, ok=False, why="detection")
            return False
        for attempt in range(step.retries + 1):
            yield self._core.env.timeout(self._duration_ns(step, run, attempt))
            misconfigured = step.name in self.broken
            draw = self._core.draw(f"failover/{self.name}/{step.name}/failure", run * 1000 + attempt)
            if not misconfigured and not draw < step.failure:
                note(self._core, "failover_step", self.name, step=step.name, ok=True, attempt=attempt, why=None)
                return True
            why = "config" if misconfigured else "failure"
            note(self._core, "failover_step", self.name, step=step.name, ok=False, attempt=attempt, why=why)
            if attempt < step.retries:
                wait, purpose = (self.rule.config_repair, "repair") if misconfigured else (step.retry_wait, "retry")
                yield self._core.env.timeout(self._sample(wait, f"{step.name}/{purpose}", run, attempt))
                self._broken.pop(step.name, None)
        return False

    def _wait_for_needs(self, step: FailoverStep, by: str) -> Steps:
        """False when nobody notices in time. Data comes over only while a primary is up to send it."""
        env = self._core.env
        if "detection" in step.needs and by == "trigger" and not self._board.points_at(self.rule.service):
            noticed = self._board.when_points_at(self.rule.service)
            yield noticed | env.timeout(self.rule.detection_patience)
            if not noticed.triggered:
                return False
        if "data" in step.needs and self._primary_down_since() is None:
            self._note_added_lag()
            yield env.timeout(self.lag_ns())
            self._caught_up = self._primary_down_since() is None
        if "connections" in step.needs:
            yield env.timeout(max(0, self._sessions_back_at - env.now))
        return True

    # --- effects --------------------------------------------------------------------------------------------------------

    def _instance(self, replica: int, field: str) -> int:
        return self._core.read("unit", instance_name(self.rule.service, replica), field)

    def _primary_down_since(self) -> int | None:
        """When the first of the primaries that are down went down; None while all are up."""
        down = [self._instance(r, "down_since") for r in self._primaries if not self._instance(r, "up")]
        return min(down) if down else None

    def _effects(self, step: FailoverStep, run: int) -> Generator[simpy.Event, Any, None]:
        inject, service = self._core.inject, self.rule.service
        for effect in step.does:
            self._done.add(effect)
            if not self._in_earnest:
                yield from self._pretend(effect, run)
            elif effect == "stop_primary":
                self._stop(self._primaries)
            elif effect == "start_standby":
                yield from self._start(self._standbys, run)
            elif effect == "lose_unreplicated":
                self._lose()
            elif effect == "drop_sessions":
                dropped = inject.drop_sessions(self.rule.sessions_dropped, self.rule.reconnect_over)
                note(self._core, "sessions_dropped", self.rule.service, count=dropped)
                self._sessions_back_at = now(self._core) + self.rule.reconnect_over
            else:
                turn = inject.rotate_in if effect.startswith("rotate_in") else inject.rotate_out
                for replica in self._primaries if effect.endswith("primary") else self._standbys:
                    turn(service, replica)

    def _pretend(self, effect: str, run: int) -> Generator[simpy.Event, Any, None]:
        """An effect that is left out takes its time."""
        if effect == "start_standby":
            yield self._core.env.timeout(self._start_ns(self._standbys, run))
        elif effect == "drop_sessions":
            self._sessions_back_at = now(self._core) + self.rule.reconnect_over

    def _stop(self, replicas: range) -> None:
        for replica in replicas:
            if self._instance(replica, "up"):
                self._core.inject.crash(self.rule.service, replica)

    def _start(self, replicas: range, run: int) -> Generator[simpy.Event, Any, None]:
        down = [r for r in replicas if not self._instance(r, "up")]
        if not down:
            return
        yield self._core.env.timeout(self._start_ns(replicas, run))
        for replica in down:
            self._core.inject.restart(self.rule.service, replica)

    def _start_ns(self, replicas: range, run: int) -> int:
        assert self._service.standby is not None
        start_time = self._service.standby.start_time if replicas is self._standbys else self._service.restart_time
        return self._sample(start_time, "start", run)

    def _lose(self) -> None:
        """What was recorded less than the lag before the primary went down never reached the standby."""
        if self._caught_up:
            return
        down_since = self._primary_down_since()
        lag_ns = self.lag_ns()
        if lag_ns > 0:
            since_ns = now(self._core) - down_since if down_since is not None else 0
            self._note_added_lag()
            self._core.inject.lose_unreplicated(since_ns + lag_ns)
            note(self._core, "unreplicated_lost", self.rule.service, lag_ns=lag_ns, down_ns=since_ns)

    def _note_added_lag(self) -> None:
        """That the lag counts now, as far as faults have added to it."""
        added_ns = sum(self._lag_added_ns.values())
        if added_ns > 0:
            note(self._core, "lag_met", self.name, added_ns=added_ns)

    def _abort(self, step: FailoverStep, run: int) -> Generator[simpy.Event, Any, None]:
        """Put the primary back as far as the failover itself had taken it out."""
        note(self._core, "failover_aborted", self.name, step=step.name)
        if not self._in_earnest:
            return
        if "stop_primary" in self._done:
            yield from self._start(self._primaries, run)
        if "rotate_in_standby" in self._done:
            for replica in self._standbys:
                self._core.inject.rotate_out(self.rule.service, replica)
        if "rotate_out_primary" in self._done:
            for replica in self._primaries:
                self._core.inject.rotate_in(self.rule.service, replica)
