"""What several faults share: the system of a run, units put back, exchanges and alarms by name, events as evidence."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chaos.faults.fault import System, require
from simcore.model.architecture import Architecture, Call, Effect, Send, Service
from simcore.model.steps import call_sites, callee, programs, walk

if TYPE_CHECKING:
    import simpy

    from simcore.control.cosimulation import Cosimulation
    from simcore.control.plane import ControlPlane
    from simcore.journal.model import Journal


def system_of(core: Cosimulation) -> System:
    """What the run's faults choose their targets from."""
    return System(core.plan.architecture, core.plan.workload)


def start_at_once(core: Cosimulation, units: Iterable[tuple[str, int]]) -> None:
    """Starts the (service, replica) that are down."""
    for service, replica in units:
        core.inject.restart(service, replica)


def boot(core: Cosimulation, units: Iterable[tuple[str, int]]) -> Generator[simpy.Event, Any, None]:
    """Starts the (service, replica) that are down, all at the same time, each after a draw of its `restart_time`."""
    ready = []
    for service, replica in units:
        if not core.read("unit", f"{service}#{replica}", "up"):
            restart_time, now = core.plan.architecture.services[service].restart_time, int(core.env.now)
            ready.append((now + core.sample(restart_time, f"boot/{service}#{replica}", now), service, replica))
    for at, service, replica in sorted(ready):
        yield core.env.timeout(max(0, at - core.env.now))
        core.inject.restart(service, replica)


def services_with(system: System, effects: Collection[str]) -> list[str]:
    """The services with an operation that makes one of the effects, in file order."""

    def makes(service: Service) -> bool:
        return any(isinstance(s, Effect) and s.effect in effects for o in service.operations.values() for s in walk(o.steps))

    return [name for name, service in system.architecture.services.items() if makes(service)]


def calls_to_operations(architecture: Architecture, operations: Collection[str]) -> list[str]:
    """The readings `call/<site>/attempts` of every site that asks for one of the operations, `service.operation`."""
    steps = [step for body in programs(architecture).values() for step in walk(body)]
    asked = [callee(step) for step in steps if isinstance(step, (Call, Send))]
    sites = zip(call_sites(architecture), asked, strict=True)
    return [f"call/{site}/attempts" for site, operation in sites if operation in operations]


def exchanges(system: System, named: str | None) -> list[str]:
    """The services that accept orders: the one named, or all. Raises InputError."""
    found = services_with(system, ("order.accept",))
    return found if named is None and found else [require("service that accepts orders", named or "", found)]


def markets(system: System) -> list[str]:
    """The exchanges whose sessions the calendar turns, as values of the workload's attribute `exchange`."""
    attribute = system.workload.attributes.get("exchange")
    return system.architecture.control.exchanges or (list(attribute.weights) if attribute else ["exchange"])


def alarm_rules(system: System) -> Mapping[str, Any]:
    """The rule of everything that raises alarms, by name: monitors, robots, complaints."""
    control = system.architecture.control
    return {**control.monitors, **control.robots, **control.complaints}


def watchers(control: ControlPlane) -> Mapping[str, Any]:
    """The running process of everything that raises alarms, by name."""
    return {**control.monitors, **control.robots, **control.complaints}


def happened(journal: Journal, words: Collection[str], subjects: Collection[str], began: int, ended: int | None = None) -> bool:
    """Whether the journal has one of the events, about one of the subjects, in [began, ended] ns, to the end without `ended`."""
    until = int(journal.meta["end_ns"]) if ended is None else ended
    return any(e.what in words and e.subject in subjects and began <= e.t_ns <= until for e in journal.events)
