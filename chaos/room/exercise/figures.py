"""Figures of the run that views show: readings of monitors, and, for the facilitator, how each service is in truth."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from pydantic import JsonValue

from chaos.documents.drill import Drill
from chaos.faults.system import System
from chaos.i18n.texts import LocalizedText, display_name
from chaos.room.exercise.records import both
from chaos.room.exercise.scene import Scene
from chaos.room.exercise.state import State
from simcore.base.units import SECOND
from simcore.control.alarms import MonitorProcess
from simcore.model.control.alarms import Monitor
from simcore.model.control.runbooks import Action
from simcore.model.control.section import Control
from simcore.model.index import instance_name


class Limit(NamedTuple):
    """The bound of a monitor, and on which side of it the alarm lies."""

    value: float
    side: Literal["above", "below"]


class Reading(NamedTuple):
    """What a monitor reads now."""

    title: LocalizedText
    value: float | None
    bound: Limit
    state: Literal["alarm", "within"]

    def as_json(self, title: JsonValue) -> JsonValue:
        """For a view, with its title in the view's form."""
        return {"title": title, "value": self.value, "bound": self.bound.value, "side": self.bound.side, "state": self.state}


class TrueNode(NamedTuple):
    """How a service is in truth: its fullest pool as a share of its slots, and the fault that hits it."""

    id: str
    state: Literal["healthy", "slow", "saturated", "failing"]
    fullest: float
    fault: str | None

    def as_json(self) -> JsonValue:
        """For the facilitator's view."""
        return {"id": self.id, "state": self.state, "fullest": self.fullest, "fault": self.fault}


def alarm_title(drill: Drill, name: str, own: Collection[str]) -> LocalizedText:
    """What an alarm is called: by the drill, else by its name, which may be one of the own names of the run."""
    title = drill.alarms.get(name)
    return both(title) if title is not None else display_name(name, own)


def takes(action: Action) -> float:
    """How long an action usually takes, s: its duration, or the median of it."""
    duration = action.duration
    median = duration.lognormal.median if duration.lognormal is not None else None
    return (duration.constant if duration.constant is not None else median or 0) / SECOND


def bound_of(monitor: Monitor) -> Limit:
    """The bound of a monitor, as people read it."""
    above = monitor.above is not None
    return Limit(figure_of(monitor, float((monitor.above if above else monitor.below) or 0.0)), "above" if above else "below")


def figure_of(monitor: Monitor, value: float) -> float:
    """What a monitor reads, as people read it: a ratio in percent; two decimals."""
    return round(value * (100 if monitor.metric.ratio is not None else 1), 2)


def reading_of(process: MonitorProcess) -> float | None:
    """What a monitor reads now, as people read it; None before its first sample, and where a ratio has too few."""
    return None if process.reading is None else figure_of(process.rule, process.reading)


def monitors_of(control: Control, service: str) -> list[str]:
    """The monitors that speak of a service."""
    return [name for name, monitor in control.monitors.items() if monitor.points_at == service and not monitor.silenced]


def readings(scene: Scene, state: State, names: list[str]) -> list[Reading]:
    """What some monitors read now."""
    return [
        Reading(
            alarm_title(state.drill, name, state.own_names),
            reading_of(scene.control.monitors[name]),
            bound_of(scene.control.monitors[name].rule),
            "alarm" if name in state.alarms else "within",
        )
        for name in names
    ]


def monitored(rows: list[Reading]) -> Literal["alarm", "within", "unmonitored"]:
    """What a service looks like to those who see its monitors alone."""
    if not rows:
        return "unmonitored"
    return "alarm" if any(row.state == "alarm" for row in rows) else "within"


def truth(scene: Scene, state: State) -> list[TrueNode]:
    """Every service as it is: failing if an instance is down or hangs, saturated if a pool is full and somebody waits for it, slow if a
    fault is in force there."""
    inputs, hit = scene.drill.inputs, faults_in_force(scene, state)
    nodes = []
    for service, made in inputs.architecture.services.items():
        units = [instance_name(service, n) for n in range(made.replicas)]
        down = any(not scene.run.read(f"unit/{u}/up") or scene.run.read(f"unit/{u}/hung") for u in units)
        fullest, full = 0.0, False
        pools = [name for name in inputs.index.resources_of(service) if name in inputs.architecture.pools]
        for label in (label for pool in pools for label in inputs.index.resource_names(pool)):
            busy, slots = scene.run.read(f"pool/{label}/busy"), scene.run.read(f"pool/{label}/slots")
            fullest = max(fullest, busy / slots if slots > 0 else 0.0)
            full |= 0 < slots <= busy and scene.run.read(f"pool/{label}/queue") > 0
        how: Literal["healthy", "slow", "saturated", "failing"] = "slow" if service in hit else "healthy"
        nodes.append(TrueNode(service, "failing" if down else "saturated" if full else how, min(1.0, fullest), hit.get(service)))
    return nodes


def faults_in_force(scene: Scene, state: State) -> Mapping[str, str]:
    """By service, the name of the inject whose fault hits it now."""
    inputs, found = scene.drill.inputs, dict[str, str]()
    steps = {step.label: step for step in scene.drill.scenario.method}
    for inject in state.injects:
        if inject.rules.step is None or inject.done_at is None:
            continue
        step = steps[inject.rules.step]
        if step.lasts is None or scene.now < inject.done_at + step.lasts:
            targets = step.fault.targets(System(inputs.index, inputs.workload))
            found |= {target.name.partition("#")[0]: inject.rules.inject for target in targets}
    return found
