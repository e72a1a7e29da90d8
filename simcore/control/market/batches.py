"""Work at a time of day: files from outside, day-start initialisation, settlement. A batch takes longer after a busy day,
and may run over into the open."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Literal

import simpy

from simcore.base.units import DAY
from simcore.control.event_names import note
from simcore.control.handles import Core, now
from simcore.control.knobs import product
from simcore.control.market.calendar import Gates
from simcore.control.market.load import Items
from simcore.counterparties import WITH_FILE
from simcore.counterparties.counterparty import FileState
from simcore.model.control.batches import Batch, File
from simcore.model.trading_calendar import occurrences

RERUNS_MAX = 100
FileFault = Literal["late", "corrupt", "missing"]
WORST_FIRST: tuple[FileState, ...] = ("missing", "corrupt", "late", "ok")


class Arrivals:
    """Which file or batch is there for which day; what was due before the run began is."""

    def __init__(self, core: Core, due: Mapping[str, int]) -> None:
        self._core = core
        self._due = due
        self._events: dict[tuple[str, int], simpy.Event] = {}

    def event(self, name: str, day: int) -> simpy.Event:
        """An event that succeeds when the file or batch `name` of a day (0 is the first) is there; at once if it was due before the run."""
        key = (name, day)
        if key not in self._events:
            event = self._events[key] = self._core.env.event()
            due = self._due[name]
            never_due = due >= DAY and day != due // DAY
            if never_due or day * DAY + due % DAY < self._core.plan.start:
                event.succeed()
        return self._events[key]

    def needed(self, name: str, due: int) -> simpy.Event:
        """What a batch due at `due` waits for: the last of that name due no later than it."""
        return self.event(name, due // DAY if self._due[name] % DAY <= due % DAY else due // DAY - 1)


class FileProcess:
    """One file a day. A scenario may force the next one late, corrupt or missing."""

    def __init__(self, core: Core, name: str, rule: File, arrivals: Arrivals) -> None:
        self.name = name
        self.rule = rule
        self._core = core
        self._arrivals = arrivals
        self._forced: dict[FileFault, list[int | None]] = {}
        self._state: FileState = "ok"
        for n, due in enumerate(occurrences(rule.due, core.plan.start, core.plan.end)):
            core.env.process(self._come(n, due))

    def force(self, fault: FileFault, late_ns: int | None = None) -> None:
        """Makes the next file that falls due late, corrupt or missing, whatever its probabilities. `late_ns` is by how much, ns; None: it is
        drawn from the file's own distribution. Delays add up."""
        self._forced.setdefault(fault, []).append(late_ns)

    def state(self) -> FileState:
        """How settling the day finds it now: `late` or `missing` while it should be there and is not, `corrupt` unnoticed."""
        return self._state

    def _happens(self, fault: FileFault, probability: float, n: int) -> bool:
        return fault in self._forced or self._core.draw(f"file/{self.name}/{fault}", n) < probability

    def _late_ns(self, n: int) -> int:
        forced = self._forced.get("late") or [None]
        late_ns = sum(ns for ns in forced if ns is not None)
        if None in forced:
            late_ns += self._core.sample(self.rule.late_by, f"file/{self.name}/late-by", n)
        note(self._core, "file_late", self.name, late_ns=late_ns)
        return late_ns

    def _come(self, n: int, due: int) -> Generator[simpy.Event, Any, None]:
        env, rule, core = self._core.env, self.rule, self._core
        yield env.timeout(due - env.now)
        late, missing = self._happens("late", rule.late, n), self._happens("missing", rule.missing, n)
        corrupt = self._happens("corrupt", rule.corrupt, n)
        self._state = "missing" if missing else "late"
        if missing:
            yield env.timeout(rule.ask_after)
            note(core, "file_missing", self.name)
            yield env.timeout(core.sample(rule.resend, f"file/{self.name}/resend", n))
        else:
            yield env.timeout(core.sample(rule.arrives, f"file/{self.name}/arrives", n) + (self._late_ns(n) if late else 0))
        yield env.timeout(core.sample(rule.check, f"file/{self.name}/check", n))
        if corrupt and core.draw(f"file/{self.name}/undetected", n) < rule.undetected:
            self._state = "corrupt"
            note(core, "file_bad_undetected", self.name)
        elif corrupt:
            note(core, "file_corrupt", self.name)
            resend_ns = core.sample(rule.resend, f"file/{self.name}/resend-good", n)
            yield env.timeout(resend_ns + core.sample(rule.check, f"file/{self.name}/check-again", n))
        self._forced.clear()
        self._state = "corrupt" if self._state == "corrupt" else "ok"
        note(core, "file_arrived", self.name, late_ns=env.now - due)
        self._arrivals.event(self.name, due // DAY).succeed()


class BatchProcess:
    """One batch, once a day. A scenario may delay the next run, make it fail, or slow it down; what several do to it adds up (factors
    multiply), and each takes back its own."""

    def __init__(
        self, core: Core, name: str, rule: Batch, arrivals: Arrivals, gates: Gates, items: Items, files: Mapping[str, FileProcess]
    ) -> None:
        self.name = name
        self.rule = rule
        self.running = False
        self._core = core
        self._arrivals = arrivals
        self._gates = gates
        self._items = items
        self._files = files
        self._slowdown: dict[str, float] = {}
        self._delay_ns: dict[str, int] = {}
        self._failures: dict[str, int] = {}
        for n, due in enumerate(occurrences(rule.at, core.plan.start, core.plan.end)):
            core.env.process(self._run(n, due))

    def slow(self, factor: float, by: str = "") -> None:
        """Attempts that begin from now on take `factor` times as long, on top of what others do."""
        self._slowdown[by] = factor

    def delay(self, delay_ns: int, by: str = "") -> None:
        """The next run begins that much later than it could."""
        self._delay_ns[by] = delay_ns

    def fail(self, times: int = 1, by: str = "") -> None:
        """The next so many attempts fail."""
        self._failures[by] = times

    def release(self, by: str) -> None:
        """Takes back what this contributor does to the batch and has not happened yet."""
        for held in (self._slowdown, self._delay_ns, self._failures):
            held.pop(by, None)

    def _fails(self) -> bool:
        """Whether an attempt that ends now is made to fail: it uses up one of the failures."""
        for by in sorted(by for by, times in self._failures.items() if times > 0):
            self._failures[by] -= 1
            return True
        return False

    def _run(self, n: int, due: int) -> Generator[simpy.Event, Any, None]:
        env = self._core.env
        yield env.timeout(due - env.now)
        opens_later = [gate for gate in self.rule.holds if not self._gates.due_open(gate)]
        for gate in self.rule.holds:
            self._gates.hold(gate, self.name)
        needed = [self._arrivals.needed(name, due) for name in self.rule.needs]
        if not all(event.triggered for event in needed):
            note(self._core, "batch_waiting", self.name)
        yield env.all_of(needed)
        delay_ns = sum(self._delay_ns.values())
        self._delay_ns.clear()
        yield env.timeout(delay_ns)
        self.running = True
        done = yield from self._attempts(n)
        self.running = False
        if done:
            self._finish(due, opens_later)

    def _attempts(self, n: int) -> Generator[simpy.Event, Any, bool]:
        """Run it until it succeeds; a run that fails costs its whole duration, then waits for the rerun."""
        for attempt in range(RERUNS_MAX):
            note(self._core, "batch_started", self.name, attempt=attempt)
            base_ns = self._core.sample(self.rule.duration, f"batch/{self.name}", n * RERUNS_MAX + attempt)
            yield self._core.env.timeout(
                int((base_ns + self._items.extra_ns(self.rule.per_item)) * product(1.0, list(self._slowdown.values())))
            )
            if (
                not self._fails()
                and not self._core.draw(f"batch/{self.name}/failure", n * RERUNS_MAX + attempt) < self.rule.failure
            ):
                return True
            note(self._core, "batch_failed", self.name, attempt=attempt, gave_up=attempt == RERUNS_MAX - 1)
            yield self._core.env.timeout(self._core.sample(self.rule.rerun, f"batch/{self.name}/rerun", n * RERUNS_MAX + attempt))
        return False

    def _finish(self, due: int, opens_later: list[str]) -> None:
        note(self._core, "batch_done", self.name, took_ns=now(self._core) - due)
        if self.rule.settles:
            self._core.inject.settle_day({counterparty: self._file_state(counterparty) for counterparty in WITH_FILE})
            note(self._core, "day_settled", self.name)
        if any(self._gates.due_open(gate) for gate in opens_later):
            note(self._core, "batch_overrun", self.name)
        for gate in self.rule.holds:
            self._gates.release(gate, self.name)
        self._arrivals.event(self.name, due // DAY).succeed()

    def _file_state(self, counterparty: str) -> FileState:
        """The worst that settling the day finds of the counterparty's files."""
        states = {file.state() for file in self._files.values() if file.rule.settles == counterparty}
        return next((state for state in WORST_FIRST if state in states), "ok")
