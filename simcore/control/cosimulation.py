"""Where the control plane (SimPy) and the data plane (the kernel) meet: one clock for both.

SimPy's next event is how far the kernel may go; the kernel stops earlier where a watch or a probe wants to be seen to. What
SimPy does at an instant comes before what the kernel does at it.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable

import numpy as np
import simpy

from simcore.base.errors import InputError
from simcore.compile.arena import Ints
from simcore.compile.plan import Plan
from simcore.control.chance import Chance
from simcore.control.event_names import BREAKER_WORDS
from simcore.control.handles import ProbeAnswer
from simcore.control.injection import Injection
from simcore.control.kernel_switches import KernelSwitches
from simcore.control.sampling import PolledSampler, Sampler, Sampling
from simcore.journal.writer import LoggedEvent
from simcore.kernel import layout as y
from simcore.kernel.machine import Machine
from simcore.kernel.records import JOURNAL_RECORDS, SAMPLE_KINDS, Mode
from simcore.model.distributions import Distribution
from simcore.model.metrics import DOWN_SINCE, parse_metric

_OFFSETS = {kind: record.totals() for kind, record in JOURNAL_RECORDS.items()}
_INTEGRALS = {word.label for record in JOURNAL_RECORDS.values() for word in record.words if word.mode is Mode.INTEGRAL}


class Clock(simpy.Environment):
    """SimPy's environment, which the kernel may be ahead of."""

    def catch_up(self, now: int) -> None:
        """The kernel has stopped at `now`, and no event of SimPy's lies before."""
        self._now = now


class Cosimulation:
    """One run's control plane and kernel. `env` is SimPy's environment, its time int ns since midnight of the first day."""

    def __init__(self, plan: Plan, machine: Machine, log: Callable[[LoggedEvent], None]) -> None:
        self.plan, self._machine, self._log = plan, machine, log
        self.env = Clock(initial_time=plan.start)
        self._switches = KernelSwitches(plan, machine)
        self.inject = Injection(plan, self._switches)
        self._chance = Chance(plan.seed_key)
        self._watches: list[tuple[int, int, simpy.Event]] = []
        self._probes: dict[int, simpy.Event] = {}
        self._probe_number = 0
        self._indices: dict[tuple[str, str, str], int] = {}
        self._samplers: list[KernelSampler] = []

    # -- what control code may ask --------------------------------------------------------------------------------------------

    def _index(self, kind: str, name: str, field: str) -> int:
        handles = self.plan.handles.get(kind, {})
        if kind not in _OFFSETS or name not in handles:
            close = difflib.get_close_matches(name, handles, 1)
            raise InputError(
                f"nothing to read: {kind} {name!r}",
                hint=f"did you mean {close[0]}?" if close else f"kinds: {', '.join(_OFFSETS)}",
            )
        if field not in _OFFSETS[kind]:
            raise InputError(f"a {kind} has no {field!r}", hint=f"it has: {', '.join(_OFFSETS[kind])}")
        return handles[name] + _OFFSETS[kind][field]

    def read(self, kind: str, name: str, field: str) -> int:
        """A cumulative counter or gauge, exact now. Of an instance also `down_since`: the instant it went down (ns), -1 while it is up."""
        if kind == "unit" and field == DOWN_SINCE:
            self._index(kind, name, "up")  # raises if there is none of that name
            return self._switches.down_since(name)
        if (kind, name, field) not in self._indices:
            self._indices[kind, name, field] = self._index(kind, name, field)
        if field in _INTEGRALS:
            self._machine.account_pools([self.plan.handles[kind][name]])
        return int(self._machine.m[self._indices[kind, name, field]])

    def sum_of(self, readings: Iterable[str]) -> Callable[[], int]:
        """A function without arguments that returns the sum of some counters and gauges (`kind/name/field`), exact when it is called. Raises
        InputError for a name that does not exist."""
        names, machine = [parse_metric(reading) for reading in readings], self._machine
        if not all(name.is_word for name in names):
            return lambda: sum(self.read(*name) for name in names)
        indices = [self._index(*name) for name in names]
        return lambda: sum(map(machine.m.item, indices))

    def sampler(self, sampling: Sampling) -> Sampler:
        """Starts sampling metrics at an interval (see Sampling); in the kernel where it keeps them as words, else by polling. Raises InputError."""
        if not all(parse_metric(metric).is_word for metric in (*sampling.of, *sampling.to)):
            return PolledSampler(self.env, sampling, self.sum_of)
        of, to = ([self._index(*parse_metric(metric)) for metric in side] for side in (sampling.of, sampling.to))
        self._samplers.append(KernelSampler(self.env, self._machine, sampling, of, to))
        return self._samplers[-1]

    def watch(self, kind: str, name: str, field: str, at_least: int) -> simpy.Event:
        """An event that succeeds at the exact time the counter or gauge reaches the threshold; its value is that time, ns."""
        event = self.env.event()
        self._watches.append((self._index(kind, name, field), at_least, event))
        self._set_watches()
        return event

    def log(self, what: str, subject: str, **detail: str | int | float | bool | None) -> None:
        """Writes an event to the journal, at the present time: its word, what it is about, and details."""
        self._log(LoggedEvent(int(self.env.now), what, subject, detail))

    def draw(self, purpose: str, n: int = 0) -> float:
        """A uniform random number in (0, 1), fixed by the run's seed, `purpose` and `n` alone: what else is drawn does not change it."""
        return self._chance.draw(purpose, n)

    def sample(self, distribution: Distribution, purpose: str, n: int = 0) -> int:
        """A random duration of the distribution, ns, fixed by the run's seed, `purpose` and `n` alone."""
        return self._chance.sample(distribution, purpose, n)

    def probe(self, flow: str) -> simpy.Event:
        """Submits one synthetic intent of a flow now. The event's value: a ProbeAnswer."""
        stream = self.plan.handles["stream"].get(f"{flow}/probe")
        if stream is None:
            raise InputError(f"no flow is called {flow!r}", hint=f"flows: {', '.join(self.plan.handles['flow'])}")
        self._probe_number += 1
        event = self._probes[self._probe_number] = self.env.event()
        self._machine.push_arrival(stream, int(self.env.now), 0, self._probe_number)
        return event

    @property
    def events(self) -> int:
        """Events the kernel has handled so far."""
        return int(self._machine.get(y.RUN_EVENTS))

    # -- running both ----------------------------------------------------------------------------------------------------------

    @np.errstate(over="ignore")  # what the kernel means to wrap; without a compiler NumPy would warn
    def run(self, until: int) -> str | None:
        """Runs both planes up to `until`, ns, not included. None, or why nothing can be concluded from the run."""
        while True:
            due = self.env.peek()
            target = int(min(until, due))
            why = self._machine.advance(target)
            if why == y.OVER_GUARD:
                return f"more than {self.plan.architecture.run_guard} tasks at once: a queue grew without bound"
            if why in (y.WATCHED, y.PROBED, y.SAMPLED):
                self.env.catch_up(self._machine.now)
                self._wake(sampled=why == y.SAMPLED)
            elif target >= until and due >= until:
                return None  # what control does at `until` itself belongs to the next piece, together with what follows from it there
            now = self._machine.now
            while self.env.peek() <= now:
                self.env.step()

    def settle(self) -> None:
        """Both clocks stand where the kernel does. After `run` SimPy's may stand at its last event: what is done now would lie in the past."""
        self.env.catch_up(self._machine.now)

    def _wake(self, *, sampled: bool) -> None:
        word = self._machine.m.item
        for position in self._machine.take_fired() if sampled else ():
            self._samplers[position].deliver()
        fired = [w for w in self._watches if word(w[0]) >= w[1]]
        if fired:
            self._watches = [w for w in self._watches if word(w[0]) < w[1]]
            self._set_watches()
        for _, _, event in fired:
            event.succeed(self._machine.now)
        for probe in self._machine.take_probes():
            self._probes.pop(probe.number).succeed(ProbeAnswer(y.CODES[probe.code], y.OUTCOMES[probe.outcome], probe.latency))

    def close(self) -> None:
        """Frees the memory of a finished run; nothing of this object can be used afterwards. Processes, their environment and this object
        refer to each other in circles, so that without it the arenas would stay until the garbage collector runs, some runs later."""
        for holder in (self.inject, self._switches, self):
            vars(holder).clear()

    def _set_watches(self) -> None:
        self._machine.set_watches([(index, threshold) for index, threshold, _ in self._watches])


class KernelSampler:
    """A sampler in the kernel: `of` and `to` are indices into its arena."""

    def __init__(self, env: simpy.Environment, machine: Machine, sampling: Sampling, of: list[int], to: list[int]) -> None:
        self._env, self._machine, self._sampling = env, machine, sampling
        kind = SAMPLE_KINDS.number(sampling.kind)
        bounds = (
            math.inf if sampling.above is None else sampling.above,
            -math.inf if sampling.below is None else sampling.below,
            sampling.least,
        )
        self._at = machine.add_sampler(kind, of, to, sampling.first, sampling.every, bounds, sampling.either)
        self._of, self._to = of, to
        self._waiting: simpy.Event | None = None

    def _word(self, offset: np.uint64) -> int:
        return int(self._machine.m.item(self._at + int(offset)))

    @property
    def turns(self) -> int:
        """Intervals that have ended: one less than samples, and none before the first."""
        return self._word(y.SAMPLER_TURNS)

    @property
    def grown(self) -> int:
        """How much the sum of `of` grew in the last interval (of a gauge: the sum itself)."""
        return self._word(y.SAMPLER_OF_GREW)

    @property
    def last(self) -> float | None:
        """The value of the last sample; None if it has no data."""
        if self._word(y.SAMPLER_AT) >= 0:
            return self._sampling.value(self._word(y.SAMPLER_NS), self.grown, self._word(y.SAMPLER_TO_GREW))
        return None

    def value(self) -> float | None:
        """The value from the last sample to now, without this being a sample; None if there is no data."""
        item, then = self._machine.m.item, self._word(y.SAMPLER_AT)
        of, to = sum(map(item, self._of)), sum(map(item, self._to))
        if self._sampling.kind == "gauge":
            return self._sampling.value(0, of, 0)
        ns = int(self._env.now) - then if then >= 0 else 0
        return self._sampling.value(ns, of - self._word(y.SAMPLER_OF_SUM), to - self._word(y.SAMPLER_TO_SUM))

    def next(self, *, beyond: bool) -> simpy.Event:
        """An event that succeeds at the next sample, with `beyond` at the next that lies beyond the bounds."""
        self._machine.m[self._at + int(y.SAMPLER_WAKE)] = y.WAKE_BEYOND if beyond else y.WAKE_ALWAYS
        self._waiting = self._env.event()
        return self._waiting

    def wake(self) -> None:
        """Lets whoever waits for a sample beyond the bounds have the next one, whatever it is."""
        if self._waiting is not None:
            self._machine.m[self._at + int(y.SAMPLER_WAKE)] = y.WAKE_ALWAYS

    def deliver(self) -> None:
        """Called when the kernel has stopped for a sample that wakes whoever waits."""
        self._machine.m[self._at + int(y.SAMPLER_WAKE)] = y.WAKE_NEVER
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.succeed()


def breaker_events(plan: Plan, entries: Ints) -> list[LoggedEvent]:
    """The kernel's log entries (int64 [n, LOG_SIZE]) as journal events."""
    sites = plan.numbers["call"]
    return [
        LoggedEvent(int(t), BREAKER_WORDS[what], sites[site], {"replica": int(instance)}) for t, what, site, instance in entries
    ]
