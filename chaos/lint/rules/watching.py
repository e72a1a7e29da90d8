"""A service that nobody watches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from chaos.i18n.texts import translate
from chaos.lint.rule import Found, Rule, Subject
from chaos.lint.walk import Calls
from simcore.model.control.alarms import Monitor, Robot
from simcore.model.index import ArchitectureIndex
from simcore.model.metrics import parse_metric
from simcore.model.steps import CLIENT


class UnwatchedService(Rule):
    """A service of the broker's own that no monitor reads or points at, and that no robot's request comes to.

    A monitor reads the service whose instance, operation, pool, limit or call it reads. What is silenced does not count.
    """

    name: ClassVar[str] = "unwatched-service"
    rank: ClassVar[int] = 5

    def check(self, subject: Subject) -> Iterator[Found]:
        control = subject.architecture.control
        watched = {
            name for monitor in control.monitors.values() if not monitor.silenced for name in _read(subject.index, monitor)
        }
        calls = Calls.of(subject.index)
        watched |= {name for robot in control.robots.values() if not robot.silenced for name in _probed(calls, robot)}
        for name, service in subject.architecture.services.items():
            if service.layer not in ("external", "client") and service.operations and name not in watched:
                yield Found(("services", name), translate("lint.unwatched-service", service=name))


def _read(index: ArchitectureIndex, monitor: Monitor) -> Iterator[str]:
    """The services that a monitor speaks of."""
    if monitor.points_at is not None:
        yield monitor.points_at
    for reading in monitor.metric.readings():
        metric = parse_metric(reading)
        if metric.kind in ("unit", "operation", "call"):
            yield metric.name.partition("#")[0].partition(".")[0]
        elif metric.kind in ("pool", "limit"):
            yield from index.users_of(metric.name.partition("#")[0])


def _probed(calls: Calls, robot: Robot) -> Iterator[str]:
    """The services that a robot's request comes to: by calls, for it does not wait for what comes of messages."""
    if robot.points_at is not None:
        yield robot.points_at
    left, seen = [f"{CLIENT}.{robot.flow}"], set()
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            yield name.partition(".")[0]
            left += [spot.step.call for spot in calls.calls[name]]
