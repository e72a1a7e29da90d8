"""What a fault is, how it finds what it hits, and how it shows that it hit anything.

A fault is a small frozen model: its fields are what a scenario file may write under its name. It acts through the knobs of
`core.inject` and the handles of the control plane alone, and holds no state of its own (one instance serves many runs). What there
is, `chaos.faults.catalogue` knows. docs/writing-a-fault.md builds one from nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Generator, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple, TypeAlias

from pydantic import Field, model_validator

from chaos.faults.address import Address, LinkEnd, QueryAddress
from chaos.faults.system import System
from simcore.base.errors import InputError, suggest
from simcore.base.model import Model, Name, Probability
from simcore.model.index import ArchitectureIndex, instance_name
from simcore.model.metrics import TRAFFIC

if TYPE_CHECKING:
    import simpy

    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane
    from simcore.journal.model import Journal

LAYERS = ("infrastructure", "network", "application", "data", "business", "people")

ProcessGenerator: TypeAlias = "Generator[simpy.Event, object, None]"
"""What happens as time goes by: a SimPy process, whose values nobody looks at."""
Process: TypeAlias = "ProcessGenerator | None"


class Target(NamedTuple):
    """One thing a fault hits. `kind` is one of the journal's (unit, pool, link, flow, limit, call), or of the control plane's
    (monitor, robot, file, batch, failover, exchange, gate, team); `name` as the journal and the architecture's file have it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


class Fault(Model):
    """Base of all faults. A subclass gives `fault`, its name in files (one without it is a family of faults); its docstring's first
    line is its row in the docs.

    The default evidence: between start and heal at least one request, message or intent met a target while the fault made a
    difference there: some knob stood elsewhere than it would have without this step. A fault that shows itself otherwise (a file,
    an alarm, an operator) overrides `took_effect`. docs/writing-a-fault.md builds a whole one.

    >>> class Standstill(OnInstances):
    ...     '''Instances answer nothing for as long as the fault lasts.'''
    ...
    ...     fault = "standstill"
    ...
    ...     def apply(self, core, control):
    ...         for service, replica in self.instances(System(core.plan.index, core.plan.workload)):
    ...             core.inject.hang(service, replica)
    >>> from simcore.library import load_pair
    >>> from simcore.model.index import ArchitectureIndex
    >>> architecture, workload = load_pair("textbook/mm1", "textbook/open-800")
    >>> Standstill(service="station").targets(System(ArchitectureIndex(architecture), workload))
    [Target(kind='unit', name='station#0')]
    """

    fault: ClassVar[str] = ""
    title_zh: ClassVar[str] = ""
    """What people call it in Chinese; in English its name says it."""
    requires: ClassVar[str] = ""
    """What must be written where no single field is needed, for `coredrill show`: exactly one of service, site, group."""
    layer: ClassVar[str] = "application"
    """One of `LAYERS`: a heading of the docs' table."""
    turns_knobs: ClassVar[bool] = True
    """Its counters are evidence while a knob stands elsewhere than it would without it; false: always, since it does something else."""

    stops_work: ClassVar[bool] = False
    """It has met the requests that are at its instances when it begins: they end, or stand still."""

    def targets(self, system: System) -> list[Target]:
        """What the fault would hit in this system, never empty. Raises InputError, with what there is, if its fields name something that
        does not exist."""
        raise NotImplementedError

    def operations_hit(self, system: System) -> list[str]:
        """``service.operation`` of what is hit of its targets where that is not all they do. Raises InputError."""
        return []

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        """Begins now. A fault that changes with time returns a generator, which runs as a SimPy process and is stopped
        (closed) before `heal`."""
        raise NotImplementedError

    def heal(self, core: ActingCore, control: ControlPlane) -> Process:
        """Ends what it does, and nothing that others do. Unless said, takes back all that it did through `core.inject`. May return a
        generator when clearing takes time."""
        core.inject.release()
        return None

    def readings(self, system: System) -> list[str]:
        """Counters (`kind/name/field`) that grow when something meets the fault."""
        return [reading for target in self.targets(system) for reading in traffic(system.index, target)]

    def met_at_once(self, system: System) -> list[str]:
        """Gauges (`kind/name/field`) of what meets the fault as it begins, without having to come."""
        return unit_counters(self.targets(system), "live") if self.stops_work else []

    def over_after(self) -> int | None:
        """How long what it does lasts, ns, if that is over by itself; None: it lasts until it is healed."""
        return None

    def took_effect(self, journal: Journal, began: int, ended: int, grown: int) -> bool:
        """Whether it exercised anything. `began` and `ended` in ns; `grown` is how much `readings` grew between them while the fault
        made a difference."""
        return grown > 0


# --- evidence -----------------------------------------------------------------------------------------------------------


def traffic(index: ArchitectureIndex, target: Target) -> list[str]:
    """Names (`kind/name/field`) of the counters that grow when requests meet a target: the evidence that a fault was activated.

    Of an instance they are what it ended, and the calls of its service from anywhere; of a pool or a limit whoever had to wait or was turned
    away, for what a narrower one lets through as before is no evidence; of a kind that nothing counts, none.
    """
    kind, name = target
    if kind == "unit":
        return [*(f"unit/{name}/{field}" for field in TRAFFIC[kind]), *calls_to(index, name.partition("#")[0])]
    return [f"{kind}/{label}/{field}" for label in _counted_as(index, kind, name) for field in TRAFFIC.get(kind, ())]


def _counted_as(index: ArchitectureIndex, kind: str, name: str) -> Sequence[str]:
    """A pool or limit `per: replica` is counted replica by replica."""
    resources: dict[str, Collection[str]] = {"pool": index.architecture.pools, "limit": index.architecture.limits}
    return index.resource_names(name) if name in resources.get(kind, ()) else [name]


def unit_counters(targets: Sequence[Target], field: str) -> list[str]:
    """Names of one counter of every instance among the targets: the evidence of a fault that hits a share of what comes."""
    return [f"unit/{target.name}/{field}" for target in targets if target.kind == "unit"]


def calls_to(index: ArchitectureIndex, service: str) -> list[str]:
    """The readings `call/<site>/attempts` of every call site that asks something of a service."""
    return [f"call/{site.name}/attempts" for site in index.call_sites.values() if site.callee == service]


# --- selectors: families of faults that choose their targets alike --------------------------------------------------------


def require(what: str, name: str, known: Collection[str]) -> str:
    """The name, if it is known. Raises InputError with the likely one, or with what there is."""
    if name not in known:
        raise InputError(f"no {what} is called {name!r}", hint=suggest(name, known))
    return name


class OnInstances(Fault):
    """Hits instances, chosen by exactly one of service, site and group; of a service all replicas, or some.

    `group` is one of shared fate (host, power feed); `site` a place. Standby instances belong to their own site and groups, and
    are hit by `service` only when `replicas` names them (they are numbered after the others).
    """

    requires: ClassVar[str] = "exactly one of service, site, group, on"
    hits_operations: ClassVar[bool] = False
    """Whether it can be of single operations: `on: { query: … }`."""

    service: Name | None = Field(None, description="all its replicas, unless replicas or fraction says which")
    on: Address | None = Field(None, description="in place of a service: what it stands for, runs, or does")
    site: Name | None = Field(None, description="every instance there")
    group: Name | None = Field(None, description="of shared fate: every instance of it")
    replicas: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = Field(
        None, description="replica numbers"
    )
    fraction: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="share of the replicas, rounded up, lowest numbers first"
    )

    @model_validator(mode="after")
    def _one_selector(self) -> OnInstances:
        if sum(x is not None for x in (self.service, self.site, self.group, self.on)) != 1:
            raise ValueError("choose instances by exactly one of service, site, group, on")
        if self.service is None and (self.replicas or self.fraction):
            raise ValueError("replicas and fraction go with service")
        if isinstance(self.on, QueryAddress) and not self.hits_operations:
            raise ValueError(
                f"a query is a part of what an instance does, and {self.fault} hits whole instances: name what it hits"
            )
        if self.replicas and self.fraction:
            raise ValueError("give replicas or fraction, not both")
        return self

    def instances(self, system: System) -> list[tuple[str, int]]:
        """(service, replica) of every instance hit. Raises InputError."""
        services = system.architecture.services
        if self.on is not None:
            return [(name, replica) for name in self.on.services(system) for replica in range(services[name].replicas)]
        if self.service is not None:
            made = services[require("service", self.service, services)]
            if self.replicas:
                total = made.instances
                for replica in self.replicas:
                    if replica >= total:
                        raise InputError(f"{self.service} has no replica {replica}", hint=f"it has 0 to {total - 1}")
                return [(self.service, r) for r in self.replicas]
            return [(self.service, r) for r in range(math.ceil((self.fraction or 1.0) * made.replicas - 1e-9))]
        every = system.index.instances.values()
        found = [(i.service, i.number) for i in every if i.site == self.site or self.group in i.groups]
        if not found:
            what, wanted = ("site", self.site) if self.site else ("group", self.group)
            require(what, str(wanted), {i.site for i in every} if self.site else {group for i in every for group in i.groups})
        return found

    def targets(self, system: System) -> list[Target]:
        """The instances."""
        return [Target("unit", instance_name(service, replica)) for service, replica in self.instances(system)]


class OnLinks(Fault):
    """Hits links, chosen by the service they come from, the one they lead to, or both; either may be an address."""

    requires: ClassVar[str] = "from, to or both"

    source: LinkEnd | None = Field(None, alias="from", description="service, client, or an address")
    target: LinkEnd | None = Field(None, alias="to", description="service, or an address")

    model_config = {**Model.model_config, "populate_by_name": True}

    @model_validator(mode="after")
    def _an_end(self) -> OnLinks:
        if self.source is None and self.target is None:
            raise ValueError("a link needs from, to or both")
        return self

    def links(self, system: System) -> list[tuple[str, str]]:
        """(source, target) of every link hit. Raises InputError."""
        sources, targets = _ends(self.source, system), _ends(self.target, system)
        found = [
            (link.source, link.target)
            for link in system.architecture.links
            if (sources is None or link.source in sources) and (targets is None or link.target in targets)
        ]
        if not found:
            known = ", ".join(system.index.links)
            from_, to = (" or ".join(ends) if ends is not None else "anywhere" for ends in (sources, targets))
            raise InputError(f"no link from {from_} to {to}", hint=f"links: {known or 'none'}")
        return found

    def targets(self, system: System) -> list[Target]:
        """The links."""
        return [Target("link", f"{source}-{target}") for source, target in self.links(system)]


def _ends(said: LinkEnd | None, system: System) -> list[str] | None:
    """The services that an end of a link may be; None: any."""
    return said if said is None else [said] if isinstance(said, str) else said.services(system)


class OnPool(Fault):
    """Hits one pool (of a pool `per: replica` all instances)."""

    pool: Name

    def targets(self, system: System) -> list[Target]:
        """The pool."""
        return [Target("pool", require("pool", self.pool, system.architecture.pools))]


class OnFlows(Fault):
    """Hits what customers do: named flows."""

    flows: Annotated[list[Name], Field(min_length=1)]

    def targets(self, system: System) -> list[Target]:
        """The flows."""
        return [Target("flow", require("flow", flow, system.architecture.flows)) for flow in self.flows]


class OnLimit(Fault):
    """Hits one rate limit."""

    limit: Name

    def targets(self, system: System) -> list[Target]:
        """The limit."""
        return [Target("limit", require("limit", self.limit, system.architecture.limits))]


Share = Probability
