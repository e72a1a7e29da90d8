"""Who notices by trying: inspection robots on the real path, and customers who call."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Generator
from typing import Any

import simpy

from simcore.control.alarms import AlarmBoard, Watcher
from simcore.control.event_names import note
from simcore.control.handles import Core, ProbeAnswer, now
from simcore.control.market.calendar import Gates
from simcore.control.sampling import Sampling
from simcore.model.control.alarms import Complaints, Robot

BAD_OUTCOMES = ("blocked", "failed", "unknown")


class RobotProcess(Watcher):
    """One synthetic intent at a time, every interval; a business reject is an answer, so the path lives. None in the time that `failures`
    of them take counts as so many: on a path where nobody loses patience, silence may last for ever."""

    def __init__(self, core: Core, name: str, rule: Robot, board: AlarmBoard, gates: Gates) -> None:
        super().__init__(core, name, rule.silenced, board)
        self.rule = rule
        self._gates = gates
        self._failures = 0
        core.env.process(self._run())

    def _run(self) -> Generator[simpy.Event, None, None]:
        env, rule = self._core.env, self.rule
        due = env.now + (int(self._core.draw(f"phase/{self.name}") * rule.every) if rule.phase is None else rule.phase)
        while True:
            yield env.timeout(max(0, due - env.now))
            if rule.while_open is None or self._gates.is_open(rule.while_open):
                yield from self._probe()
            due += rule.every

    def _probe(self) -> Generator[simpy.Event, None, None]:
        patience = max(self.rule.failures * self.rule.every, self.rule.slower_than or 0)
        answer = self._core.probe(self.rule.flow)
        yield answer | self._core.env.timeout(patience)
        found: ProbeAnswer | None = answer.value if answer.processed else None
        if found is not None:
            self._judge(found.code, found.latency_ns)
        else:
            self._failures += self.rule.failures - 1
            self._judge("timeout", patience)

    def _judge(self, code: str, latency_ns: int) -> None:
        slow = self.rule.slower_than is not None and latency_ns > self.rule.slower_than
        if code in ("ok", "rejected") and not slow:
            self._failures = 0
            self._board.clear(self.name)
            return
        self._failures += 1
        note(self._core, "probe_failed", self.name, code=code, latency_ns=latency_ns, in_a_row=self._failures)
        if self._failures >= self.rule.failures:
            self._board.put_up(self.name, self.rule, persists=lambda: self._failures > 0, look=self.try_now)

    def try_now(self) -> simpy.Process:
        """Somebody wants to know now: one more intent, out of turn. The process ends with the answer, or when it takes too long."""
        return self._core.env.process(self._try())

    def _try(self) -> Generator[simpy.Event, Any, None]:
        if self.rule.while_open is not None and not self._gates.is_open(self.rule.while_open):
            return
        patience_ns = self.rule.slower_than if self.rule.slower_than is not None else self.rule.every
        answer = self._core.probe(self.rule.flow)
        yield answer | self._core.env.timeout(patience_ns)
        if answer.triggered:
            seen = answer.value
            assert isinstance(seen, ProbeAnswer)
            self._judge(seen.code, seen.latency_ns)
        else:
            self._judge("timeout", patience_ns)


class CustomerServiceLine(Watcher):
    """Customers as the detector of last resort. Of n bad outcomes in an interval n x probability call, rounded up or down by
    chance; the desk notices at `notice` calls within the window, and thinks it over when a whole window has no call. When people
    take its alarm down it counts from 0 again: late callers speak of what is over."""

    def __init__(self, core: Core, name: str, rule: Complaints, board: AlarmBoard) -> None:
        super().__init__(core, name, rule.silenced, board)
        self.rule = rule
        self.calls = 0
        self.share_who_call = 1.0
        """Of those who would, so many call: less than all when they have been informed."""
        bad = tuple(f"flow/{flow}/{outcome}" for flow in rule.flows for outcome in BAD_OUTCOMES)
        self._bad = core.sampler(Sampling("rate", bad, (), now(core), rule.every, above=0.0))
        self._ringing: list[int] = []
        self._answered: deque[int] = deque()  # when they called, in order
        self._noticed = False
        core.env.process(self._run())

    def _run(self) -> Generator[simpy.Event, None, None]:
        callers = 0
        while True:
            yield self._bad.next(beyond=self._idle())
            t, draw = now(self._core), self._core.draw(f"callers/{self.name}", self._bad.turns - 1)
            more = int(self._bad.grown * self.rule.probability * self.share_who_call + draw)
            for caller in range(callers, callers + more):
                delay_ns = self._core.sample(self.rule.delay, f"calls/{self.name}", caller)
                heapq.heappush(self._ringing, t + delay_ns)
            callers += more
            self._answer()

    def _idle(self) -> bool:
        """Whether nothing happens here until another outcome is bad."""
        return not (self._ringing or self._answered or self._noticed) and self._board.quiet(self.name)

    def persists(self) -> bool:
        """Whether bad outcomes still come fast enough to make the desk notice."""
        return self._bad.grown * self.rule.probability * self.rule.within >= self.rule.notice * self.rule.every

    def _answer(self) -> None:
        t, calls = now(self._core), 0
        if self._noticed and self.name not in self._board.active:
            self._answered.clear()
        while self._ringing and self._ringing[0] <= t:
            self._answered.append(heapq.heappop(self._ringing))
            calls += 1
        while self._answered and self._answered[0] <= t - self.rule.within:
            self._answered.popleft()
        self.calls += calls
        if calls:
            note(self._core, "complaints", self.name, count=calls)
        if len(self._answered) >= self.rule.notice:
            self._board.put_up(self.name, self.rule, persists=self.persists)
        elif not self._answered:
            self._board.clear(self.name)
        self._noticed = self.name in self._board.active
