"""What a fault hits by what it means, rather than by a name that another architecture may not have.

Written in place of a name: `{ counterparty: bank, rank: 1 }`, `{ release-of: counter }`, `{ query: position-query }`. An address is looked
up in the architecture at hand, and leads to every service, operation and instance that does this work, copies and fallbacks included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, TypeAlias

from pydantic import Discriminator, Field, Tag

from chaos.faults.system import System
from simcore.base.errors import InputError, suggest
from simcore.base.model import Model, Name
from simcore.model.architecture import Architecture
from simcore.model.functions import CounterpartyKind, Function
from simcore.model.steps import Call, Route, Send, Steps, callee, inner
from simcore.model.workload import Workload


class CounterpartyAddress(Model):
    """The service that stands for a bank, an exchange or a fund company: the one with the most customers has rank 1."""

    counterparty: CounterpartyKind
    rank: Annotated[int, Field(ge=1, le=1000)] = 1

    def services(self, system: System) -> list[str]:
        """That service. Raises InputError, with how many there are."""
        found = system.index.services_for(self.counterparty)
        if self.rank > len(found):
            raise InputError(
                f"there is no {self.counterparty} of rank {self.rank} in {system.architecture.name}",
                hint=f"it has {len(found)}: {', '.join(found)}"
                if found
                else f"no service of it stands for a {self.counterparty}",
            )
        order = sorted(found, key=lambda service: (-customer_share(system, service), found.index(service)))
        return [order[self.rank - 1]]


class ReleaseAddress(Model):
    """Every service that runs a program: what its releases reach."""

    release_of: Name = Field(alias="release-of")

    model_config = {**Model.model_config, "populate_by_name": True}

    def services(self, system: System) -> list[str]:
        """Those services, in file order. Raises InputError, with what programs there are."""
        services = system.architecture.services
        found = [name for name, service in services.items() if service.software == self.release_of]
        if not found:
            known = {service.software for service in services.values() if service.software}
            hint = suggest(self.release_of, known) if known else "services say what they run by 'software: NAME'"
            raise InputError(f"no service of {system.architecture.name} runs {self.release_of!r}", hint=hint)
        return found


class QueryAddress(Model):
    """Every operation that reads a table to serve a function, in the original, its copies and what a fallback asks."""

    query: Function

    def services(self, system: System) -> list[str]:
        """The services whose operations these are."""
        return list(dict.fromkeys(service for service, _ in self.operations(system)))

    def operations(self, system: System) -> list[tuple[str, str]]:
        """(service, operation) of each, in file order; none where the architecture does without the function. Raises InputError."""
        found = [
            (service, operation)
            for service, operation in operations_serving(system.architecture, self.query)
            if system.architecture.services[service].operations[operation].reads is not None
        ]
        if not found and not removed(system.architecture, self.query):
            raise InputError(
                f"nothing in {system.architecture.name} reads a table for {self.query}",
                hint=f"its operations say so by 'serves: {self.query}' and 'reads: {{ table: NAME }}'; an architecture "
                f"that does without it, by 'removes: [{{ function: {self.query}, because: … }}]'",
            )
        return found


_KINDS: dict[type, str] = {CounterpartyAddress: "counterparty", ReleaseAddress: "release-of", QueryAddress: "query"}


def _said(value: object) -> str | None:
    """Which member of a union is meant: by its key in a file, or by its class."""
    if isinstance(value, str):
        return "name"
    if isinstance(value, dict):
        return next((key for key in _KINDS.values() if key in value), None)
    return _KINDS.get(type(value))


def _choice(otherwise: str) -> Discriminator:
    return Discriminator(_said, custom_error_type="unknown_address", custom_error_message=f"say what is hit by {otherwise}")


_COUNTERPARTY, _RELEASE, _QUERY = (
    "{ counterparty: KIND, rank: N }",
    "{ release-of: SOFTWARE }",
    "{ query: FUNCTION }",
)
Address: TypeAlias = Annotated[
    Annotated[CounterpartyAddress, Tag("counterparty")]
    | Annotated[ReleaseAddress, Tag("release-of")]
    | Annotated[QueryAddress, Tag("query")],
    _choice(f"{_COUNTERPARTY}, {_RELEASE} or {_QUERY}"),
]
"""What instances are hit, in place of their names."""
LinkEnd: TypeAlias = Annotated[
    Annotated[Name, Tag("name")]
    | Annotated[CounterpartyAddress, Tag("counterparty")]
    | Annotated[ReleaseAddress, Tag("release-of")],
    _choice(f"the name of a service, {_COUNTERPARTY} or {_RELEASE}"),
]
"""A service, or those of an address: an end of a link."""
CounterpartyService: TypeAlias = Annotated[
    Annotated[Name, Tag("name")] | Annotated[CounterpartyAddress, Tag("counterparty")],
    _choice(f"the name of a service or {_COUNTERPARTY}"),
]
"""A service that stands for a counterparty."""


def operations_serving(architecture: Architecture, function: str) -> list[tuple[str, str]]:
    """(service, operation) of all that serve a function, in file order."""
    return [
        (name, operation)
        for name, service in architecture.services.items()
        for operation, made in service.operations.items()
        if made.serves == function
    ]


def removed(architecture: Architecture, function: str) -> bool:
    """Whether an architecture says that it does without a function."""
    return any(gone.function == function for gone in architecture.removes)


# --- whose customers ----------------------------------------------------------------------------------------------------------


def shard_share(system: System, service: str, replica: int) -> float:
    """The share of the customers (of the weights of what requests are divided by) whose requests come to an instance while all are up:
    1 where they are not divided, and for a standby, which may have to stand in for anybody."""
    made = system.architecture.services[service]
    if made.balance != "shard" or made.shard_by is None or replica >= made.replicas:
        return 1.0
    weights = _weights(system.workload, made.shard_by)
    return sum(weights[replica :: made.replicas])


def customer_share(system: System, service: str) -> float:
    """The share of the customers (of the weights of the attribute that requests are routed by) who come to a service; 1 if it is not
    one of several that are chosen between."""
    reached = {
        (attribute, value)
        for body in system.index.bodies.values()
        for attribute, value, target in _chosen(body.steps)
        if target == service and attribute in system.workload.attributes
    }
    shares = [_share_of(system.workload, attribute, value) for attribute, value in reached]
    return min(1.0, sum(shares)) if shares else 1.0


def _weights(workload: Workload, attribute: str) -> list[float]:
    made = workload.attributes.get(attribute)
    weights = list(made.weights.values()) if made is not None else [1.0, 1.0]
    return [weight / sum(weights) for weight in weights]


def _share_of(workload: Workload, attribute: str, value: str) -> float:
    return dict(zip(workload.attributes[attribute].weights, _weights(workload, attribute), strict=True)).get(value, 0.0)


def _chosen(steps: Steps, by: tuple[str, str] | None = None) -> Iterator[tuple[str, str, str]]:
    """(attribute, value, service) of every call or message that is made for a value of what it is routed by, the innermost counts."""
    for step in steps:
        if isinstance(step, (Call, Send)) and by is not None:
            yield (*by, callee(step).partition(".")[0])
        for keys, more in inner(step):
            case = (step.route, str(keys[1])) if isinstance(step, Route) and keys[0] == "cases" else by
            yield from _chosen(more, case)
