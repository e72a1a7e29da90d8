"""What several faults share: the system of a run, instances put back, exchanges and alarms by name, events as evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from chaos.faults.address import CounterpartyAddress
from chaos.faults.fault import ProcessGenerator, require
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.model.control.alarms import Routed
from simcore.model.index import ArchitectureIndex, instance_name
from simcore.model.workload import markets_of

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane
    from simcore.journal.model import Journal


def system_of(core: ActingCore) -> System:
    """What the run's faults choose their targets from."""
    return System(core.plan.index, core.plan.workload)


def start_at_once(core: ActingCore, instances: Iterable[tuple[str, int]]) -> None:
    """Starts the (service, replica) that this fault keeps down, as far as it goes."""
    for service, replica in instances:
        core.inject.restart(service, replica)


def boot(core: ActingCore, instances: Iterable[tuple[str, int]]) -> ProcessGenerator:
    """Starts the (service, replica) that this fault keeps down, all at the same time, each after a draw of its `restart_time`."""
    ready = []
    for service, replica in instances:
        instance = instance_name(service, replica)
        if core.inject.keeps_down(service, replica):
            restart_time, now = core.plan.architecture.services[service].restart_time, int(core.env.now)
            ready.append((now + core.sample(restart_time, f"boot/{instance}", now), service, replica))
    for at, service, replica in sorted(ready):
        yield core.env.timeout(max(0, at - core.env.now))
        core.inject.restart(service, replica)


def calls_to_operations(index: ArchitectureIndex, operations: Collection[str]) -> list[str]:
    """The readings `call/<site>/attempts` of every site that asks for one of the operations, `service.operation`."""
    return [f"call/{site.name}/attempts" for site in index.call_sites.values() if site.target in operations]


def services_of(system: System, counterparty: str, named: str | CounterpartyAddress | None, kind: str | None = None) -> list[str]:
    """The services that stand for a counterparty: the one named or addressed, or all. Raises InputError, which calls them `kind`."""
    if isinstance(named, CounterpartyAddress):
        if named.counterparty != counterparty:
            raise InputError(
                f"a {named.counterparty} is no {counterparty}", hint=f"{{ counterparty: {counterparty}, rank: {named.rank} }}"
            )
        return named.services(system)
    services = system.index.services_for(counterparty)
    return services if named is None and services else [require(kind or f"service of the {counterparty}", named or "", services)]


def exchanges(system: System, named: str | CounterpartyAddress | None) -> list[str]:
    """The services that accept orders: the one named, or all. Raises InputError."""
    return services_of(system, "exchange", named, "service that accepts orders")


Refusal = Literal["error", "refused", "silence"]
"""What somebody who does not serve lets those who ask have; each gives them more information than the next."""


def turn_away(core: ActingCore, instances: Iterable[tuple[str, int]], answer: Refusal) -> None:
    """Has the (service, replica) turn everybody away that way; no restart by the broker's people makes them serve."""
    for service, replica in instances:
        if answer == "error":
            core.inject.error_rate(service, replica, 1.0)
        elif answer == "refused":
            core.inject.rotate_out(service, replica, firm=True)
        else:
            core.inject.hang(service, replica, firm=True)


def markets(system: System) -> list[str]:
    """The exchanges whose sessions the calendar turns, as values of the workload's attribute `exchange`."""
    return system.architecture.control.exchanges or markets_of(system.workload)


def alarm_rules(system: System) -> Mapping[str, Routed]:
    """The rule of everything that raises alarms, by name: monitors, robots, complaints."""
    control = system.architecture.control
    return {**control.monitors, **control.robots, **control.complaints}


def watchers(control: ControlPlane) -> Mapping[str, Any]:
    """The running process of everything that raises alarms, by name."""
    return {**control.monitors, **control.robots, **control.complaints}


def happened(journal: Journal, words: Collection[str], subjects: Collection[str], began: int, ended: int | None = None) -> bool:
    """Whether the journal has one of the events, about one of the subjects, in [began, ended] ns, to the end without `ended`."""
    until = journal.meta.end_ns if ended is None else ended
    return any(e.what in words and e.subject in subjects and began <= e.t_ns <= until for e in journal.events)
