"""Who notices: alarm rules over metrics, and the board on which active alarms stand."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass

import simpy

from simcore.base.units import SECOND
from simcore.control.event_names import note
from simcore.control.handles import Core, now
from simcore.control.knobs import latest
from simcore.control.sampling import Sampling
from simcore.model.control.alarms import Monitor, Routed


@dataclass
class Alarm:
    """One raising of an alarm: the `number`-th of its name. `persists` tells whether what raised it is so now; what that knows only from
    time to time, `look` has tried at once: its event succeeds when it knows."""

    name: str
    number: int
    rule: Routed
    raised_at: int
    false: bool = False
    active: bool = True
    persists: Callable[[], bool] | None = None
    look: Callable[[], simpy.Event] | None = None

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
        self._silenced: dict[str, set[str]] = {}
        self._rerouted: dict[str, dict[str, str | None]] = {}
        self._suppressed: set[str] = set()
        self.active: dict[str, Alarm] = {}

    def subscribe(self, listener: Callable[[Alarm], None]) -> None:
        """Hear of every alarm raised from now on."""
        self._listeners.append(listener)

    def silence(self, name: str, by: str = "") -> None:
        """Raise nothing of that name until everybody who silenced it has unsilenced it; what stands is taken down."""
        if name not in self._silenced:
            self.clear(name)
        self._silenced.setdefault(name, set()).add(by)

    def unsilence(self, name: str, by: str = "") -> None:
        """Raise again what has that name, unless somebody else keeps it silent."""
        self._silenced.get(name, set()).discard(by)
        if not self._silenced.get(name):
            self._silenced.pop(name, None)
            self._suppressed.discard(name)

    def reroute(self, name: str, to: str | None, by: str) -> None:
        """Alarms of that name go to the wrong team, which hands them on, or to nobody (None). Of several who do this the last counts."""
        self._rerouted.setdefault(name, {})[by] = to

    def route_back(self, name: str, by: str) -> None:
        """Alarms of that name go where they belong, as far as `by` goes."""
        self._rerouted.get(name, {}).pop(by, None)

    def _routed(self, name: str, rule: Routed) -> Routed:
        wrong = list(self._rerouted.get(name, {}).values())
        if not wrong:
            return rule
        team = latest(None, wrong)
        return rule.model_copy(update={"route": None} if team is None else {"misroute": 1.0, "misroute_to": team})

    def put_up(
        self,
        name: str,
        rule: Routed,
        *,
        false: bool = False,
        persists: Callable[[], bool] | None = None,
        look: Callable[[], simpy.Event] | None = None,
    ) -> None:
        """Raise an alarm, unless it is silenced. One that stands already is true as soon as either raising is."""
        if name in self.active:
            self.active[name].false &= false
            return
        if name in self._silenced:
            if name not in self._suppressed:
                self._suppressed.add(name)
                note(self._core, "alarm_silenced", name, layer=rule.layer)
            return
        rule = self._routed(name, rule)
        number = self._numbers[name] = self._numbers.get(name, -1) + 1
        alarm = self.active[name] = Alarm(name, number, rule, now(self._core), false, persists=persists, look=look)
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

    def quiet(self, name: str) -> bool:
        """Whether nothing of that name stands, or would if it were not silenced."""
        return name not in self.active and name not in self._suppressed

    def points_at(self, service: str | None) -> bool:
        """Whether some active alarm speaks of the service."""
        return service is not None and any(a.rule.points_at == service for a in self.active.values())

    def when_points_at(self, service: str) -> simpy.Event:
        """Succeeds when an alarm speaks of the service; at once if one does."""
        if self.points_at(service):
            return self._core.env.timeout(0)
        return self._pointed.setdefault(service, self._core.env.event())


class Watcher:
    """Whatever raises alarms of one name: rules, robots, customer service lines."""

    def __init__(self, core: Core, name: str, silenced: bool, board: AlarmBoard) -> None:
        self.name = name
        self._core = core
        self._board = board
        if silenced:
            board.silence(name)

    def silence(self, by: str = "") -> None:
        """Raise nothing until whoever silenced it unsilences it; what stands is taken down."""
        self._board.silence(self.name, by)

    def unsilence(self, by: str = "") -> None:
        """Raise alarms again, as far as `by` goes; what still holds is raised at the next sample."""
        self._board.unsilence(self.name, by)

    def reroute(self, to: str | None, by: str) -> None:
        """Its alarms go to the wrong team, or to nobody."""
        self._board.reroute(self.name, to, by)

    def route_back(self, by: str) -> None:
        """Its alarms go where they belong, as far as `by` goes."""
        self._board.route_back(self.name, by)


class MonitorProcess(Watcher):
    """Samples one metric. No data leaves breaches, clears and the alarm as they are. While nothing is wrong only a sample beyond the
    threshold wakes it."""

    def __init__(self, core: Core, name: str, rule: Monitor, board: AlarmBoard) -> None:
        super().__init__(core, name, rule.silenced, board)
        self.rule = rule
        phase = int(core.draw(f"phase/{name}") * rule.every) if rule.phase is None else rule.phase
        self._metric = Sampling(*rule.metric.sums(), now(core) + phase, rule.every, rule.above, rule.below, rule.min_count)
        self._sampler = core.sampler(self._metric)
        self._bad_in_a_row = 0
        self._good_in_a_row = 0
        core.env.process(self._run())
        if rule.false_alarms > 0:
            core.env.process(self._false_alarms())

    def breaching(self) -> bool:
        """Whether the metric is beyond the threshold since the last sample; without data, whether it was in that sample."""
        beyond = self._metric.beyond(self._sampler.value())
        return self._bad_in_a_row > 0 if beyond is None else beyond

    @property
    def bad_in_a_row(self) -> int:
        """So many samples in a row were beyond the threshold, up to the last."""
        return self._bad_in_a_row

    @property
    def reading(self) -> float | None:
        """The metric since the last sample; None without data."""
        return self._sampler.value()

    def _run(self) -> Generator[simpy.Event, None, None]:
        while True:
            yield self._sampler.next(beyond=self._bad_in_a_row == 0 and self._board.quiet(self.name))
            self._judge(self._metric.beyond(self._sampler.last))

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
            self.raise_falsely()

    def raise_falsely(self) -> None:
        """Raises the alarm though the metric says nothing; it is taken down by good samples, as any."""
        self._good_in_a_row = 0
        self._board.put_up(self.name, self.rule, false=True, persists=self.breaching)
        self._sampler.wake()
