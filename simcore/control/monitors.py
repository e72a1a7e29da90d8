"""Who notices: alarm rules over metrics, and the board on which active alarms stand."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass

import simpy

from simcore.control.core import Core, now
from simcore.control.models import Metric, Monitor, Routed
from simcore.control.vocabulary import note
from simcore.units import SECOND


@dataclass
class Alarm:
    """One raising of an alarm: the `number`-th of its name. `persists` is a look at what raised it, as it is now."""

    name: str
    number: int
    rule: Routed
    raised_at: int
    false: bool = False
    active: bool = True
    persists: Callable[[], bool] | None = None

    def over(self) -> bool:
        """Whether the alarm no longer stands, or somebody who looks sees that its cause is gone."""
        return not self.active or (self.persists is not None and not self.persists())


class AlarmBoard:
    """All active alarms by name. Subscribers hear of each raising (not of silenced ones) in the order they subscribed."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._numbers: dict[str, int] = {}
        self._listeners: list[Callable[[Alarm], None]] = []
        self._pointed: dict[str, simpy.Event] = {}
        self._silenced: set[str] = set()
        self._suppressed: set[str] = set()
        self.active: dict[str, Alarm] = {}

    def subscribe(self, listener: Callable[[Alarm], None]) -> None:
        """Hear of every alarm raised from now on."""
        self._listeners.append(listener)

    def silence(self, name: str) -> None:
        """Raise nothing of that name until `unsilence`; what stands is taken down."""
        self.clear(name)
        self._silenced.add(name)

    def unsilence(self, name: str) -> None:
        """Raise again what has that name."""
        self._silenced.discard(name)
        self._suppressed.discard(name)

    def put_up(self, name: str, rule: Routed, *, false: bool = False, persists: Callable[[], bool] | None = None) -> None:
        """Raise an alarm, unless it is silenced. One that stands already is true as soon as either raising is."""
        if name in self.active:
            self.active[name].false &= false
            return
        if name in self._silenced:
            if name not in self._suppressed:
                self._suppressed.add(name)
                note(self._core, "alarm_silenced", name, layer=rule.layer)
            return
        number = self._numbers[name] = self._numbers.get(name, -1) + 1
        alarm = self.active[name] = Alarm(name, number, rule, now(self._core), false, persists=persists)
        what = "false_alarm" if false else "alarm"
        note(self._core, what, name, layer=rule.layer, points_at=rule.points_at, team=rule.route)
        if rule.points_at in self._pointed:
            self._pointed.pop(rule.points_at).succeed()
        for listener in self._listeners:
            listener(alarm)

    def clear(self, name: str) -> None:
        """Take the alarm down if it stands."""
        self._suppressed.discard(name)
        alarm = self.active.pop(name, None)
        if alarm is not None:
            alarm.active = False
            note(self._core, "alarm_cleared", name, stood_ns=now(self._core) - alarm.raised_at)

    def points_at(self, service: str | None) -> bool:
        """Whether some active alarm speaks of the service."""
        return service is not None and any(a.rule.points_at == service for a in self.active.values())

    def when_points_at(self, service: str) -> simpy.Event:
        """Succeeds when an alarm speaks of the service; at once if one does."""
        if self.points_at(service):
            return self._core.env.timeout(0)
        return self._pointed.setdefault(service, self._core.env.event())


class MetricReader:
    """A metric over the intervals between its scrapes. None is no data: the first scrape of a growth, or too small a count."""

    def __init__(self, core: Core, metric: Metric, min_count: float) -> None:
        self._core = core
        self._metric = metric
        of, to = (metric.ratio.of, metric.ratio.to) if metric.ratio else (metric.rate or metric.gauge or (), ())
        self._of, self._to = core.sum_of(of), core.sum_of(to)
        self._min_count = min_count
        self._before: tuple[int, int, int] | None = None

    def _now(self) -> tuple[int, int, int]:
        return now(self._core), self._of(), self._to()

    def value(self) -> float | None:
        """The metric from the last scrape to now, without making this a scrape."""
        if self._metric.gauge is not None:
            return float(self._of())
        if self._before is None:
            return None
        return self._since(self._before, self._now())

    def _since(self, before: tuple[int, int, int], present: tuple[int, int, int]) -> float | None:
        (then, of_then, to_then), (t, of, to) = before, present
        if self._metric.rate is not None:
            return (of - of_then) * SECOND / (t - then) if t > then else None
        return (of - of_then) / (to - to_then) if to - to_then >= max(self._min_count, 1e-9) else None

    def scrape(self) -> float | None:
        """The metric over the interval that ends now; the next interval begins."""
        if self._metric.gauge is not None:
            return self.value()
        before, self._before = self._before, self._now()
        return None if before is None else self._since(before, self._before)


class Watcher:
    """Whatever raises alarms of one name: rules, robots, phone desks."""

    def __init__(self, core: Core, name: str, silenced: bool, board: AlarmBoard) -> None:
        self.name = name
        self._core = core
        self._board = board
        if silenced:
            board.silence(name)

    def silence(self) -> None:
        """Raise nothing until `unsilence`; what stands is taken down."""
        self._board.silence(self.name)

    def unsilence(self) -> None:
        """Raise alarms again; what still holds is raised at the next look."""
        self._board.unsilence(self.name)


class MonitorProcess(Watcher):
    """Scrapes one metric. No data leaves breaches, clears and the alarm as they are."""

    def __init__(self, core: Core, name: str, rule: Monitor, board: AlarmBoard) -> None:
        super().__init__(core, name, rule.silenced, board)
        self.rule = rule
        self._reader = MetricReader(core, rule.metric, rule.min_count)
        self._bad_in_a_row = 0
        self._good_in_a_row = 0
        core.env.process(self._scrape())
        if rule.false_alarms > 0:
            core.env.process(self._false_alarms())

    def breaching(self) -> bool:
        """Whether the metric is beyond the threshold since the last scrape; without data, whether it was in that scrape."""
        beyond = self._beyond(self._reader.value())
        return self._bad_in_a_row > 0 if beyond is None else beyond

    def _beyond(self, value: float | None) -> bool | None:
        if value is None:
            return None
        return value > self.rule.above if self.rule.above is not None else value < (self.rule.below or 0.0)

    def _scrape(self) -> Generator[simpy.Event, None, None]:
        phase = self.rule.phase
        yield self._core.env.timeout(int(self._core.draw(f"phase/{self.name}") * self.rule.every) if phase is None else phase)
        while True:
            self._judge(self._beyond(self._reader.scrape()))
            yield self._core.env.timeout(self.rule.every)

    def _judge(self, beyond: bool | None) -> None:
        if beyond is None:
            return
        self._bad_in_a_row = self._bad_in_a_row + 1 if beyond else 0
        self._good_in_a_row = 0 if beyond else self._good_in_a_row + 1
        if self._bad_in_a_row >= self.rule.breaches:
            self._board.put_up(self.name, self.rule, persists=self.breaching)
        elif self._good_in_a_row >= self.rule.clears:
            self._board.clear(self.name)

    def _false_alarms(self) -> Generator[simpy.Event, None, None]:
        n = 0
        while True:
            gap_s = -math.log(self._core.draw(f"false-alarm/{self.name}", n)) / self.rule.false_alarms
            yield self._core.env.timeout(max(1, int(gap_s * SECOND)))
            n += 1
            self._good_in_a_row = 0
            self._board.put_up(self.name, self.rule, false=True, persists=self.breaching)
