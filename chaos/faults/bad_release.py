"""A change that should not have been made."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import count
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple, TypeAlias

from pydantic import Field, model_validator

from chaos.faults.address import QueryAddress, ReleaseAddress, operations_serving, removed, shard_share
from chaos.faults.common import calls_to_operations, system_of
from chaos.faults.fault import OnInstances, Process, ProcessGenerator, Share, Target, require, unit_counters
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.base.model import Model, Name
from simcore.base.units import MINUTE, Duration
from simcore.model.control.fields import Reading
from simcore.model.functions import Function
from simcore.model.index import instance_name

if TYPE_CHECKING:
    import simpy

    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane

Factor: TypeAlias = Annotated[float, Field(ge=1, le=1e6)]


class Growth(Model):
    """A table that every request reads through, for want of an index: `already` rows, and one for each that `of` counts since the
    fault began. A factor f holds at `rows` rows; at n rows the work takes 1 + (f - 1) x n / rows times as long. An instance that
    serves a share of the customers has this share of the rows, unless its operation reads everybody's (`scope: all`)."""

    of: Annotated[list[Reading], Field(min_length=1)]
    rows: Annotated[int, Field(gt=0)]
    already: Annotated[int, Field(ge=0)] = 0

    def held_by(self, system: System, service: str, operation: str, replica: int) -> float:
        """The share of the rows that the operation reads through at an instance."""
        reads = system.architecture.services[service].operations[operation].reads
        return 1.0 if reads is not None and reads.scope == "all" else shard_share(system, service, replica)


class Rollout(Model):
    """In what order replicas get the release: group by group, `wait` after each, and no further once one of the monitors in `stop_on`
    sounds, which is all that people see of it. `roll_back` takes it off those that have it then."""

    groups: Annotated[list[Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]], Field(min_length=1, max_length=64)]
    wait: Annotated[Duration, Field(gt=0)]
    stop_on: Annotated[list[Name], Field(min_length=1)]
    roll_back: bool = True

    @model_validator(mode="after")
    def _each_once(self) -> Rollout:
        numbers = [number for group in self.groups for number in group]
        if len(set(numbers)) < len(numbers):
            raise ValueError("a replica gets the release once: name it in one group")
        return self


class BadRelease(OnInstances):
    """A release makes a service slow, wrong or contended; it stays until rolled back, which can fail, or fixed by the vendor.

    Pushes and configuration are 68 % of triggers at Google 2010-17 [84]; a new version took PC and App login down and the plan
    to roll it back was incomplete (China Merchants, 2022-05-16 [45]). With `replicas` some servers alone have it, as one of
    eight at Knight [66], where taking the new version off the other seven made it worse (`rollback_spreads`); with `rollout` they
    get it in turn. With `operations`, or `functions` wherever they are served, it slows those alone; what `grows` is harmless at
    first: a query interface upgraded on a Saturday failed on the second trading day (East Money, 2023-03-21 [48]). It counts as a
    change, so the standby drifts. The end of the fault is the corrected release.
    """

    fault: ClassVar[str] = "bad-release"
    title_zh: ClassVar[str] = "缺陷版本上线"
    requires: ClassVar[str] = "service or on, and at least one of slow, operations, functions, errors, contention"
    layer: ClassVar[str] = "people"
    hits_operations: ClassVar[bool] = True

    slow: Factor = Field(1.0, description="factor on all work; with on: { query: … } on that of what answers the query")
    operations: dict[Name, Factor] = Field({}, description="factor on the work of single operations of the service")
    functions: dict[Function, Factor] = Field({}, description="factor on the work of all its operations that serve a function")
    grows: Growth | None = Field(
        None,
        description="with operations, functions or a query: factors in full at `rows` rows of a table; `already` are there, "
        "`of` are the readings that add some",
    )
    errors: Share = Field(0.0, description="share of requests that fail")
    contention: Annotated[float, Field(ge=0, le=100)] | None = Field(None, description="coefficient, in place of the file's")
    rollout: Rollout | None = Field(None, description="groups of replicas in turn; absent: all at once")
    rollback_fails: Share = Field(0.0, description="probability p; the n-th attempt fails with pⁿ, for what was missing is found")
    rollback_spreads: Share = Field(0.0, description="probability that the first attempt gives all replicas what these have")
    vendor_mends: bool = Field(True, description="whether the vendor can put it right when people call")

    @model_validator(mode="after")
    def _a_service_made_worse(self) -> BadRelease:
        by_query, single = isinstance(self.on, QueryAddress), bool(self.operations or self.functions)
        if self.service is None and not isinstance(self.on, (QueryAddress, ReleaseAddress)):
            raise ValueError("a release is of software: give service, on: { release-of: … } or on: { query: … }")
        if self.slow == 1.0 and not self.errors and self.contention is None and not single:
            raise ValueError("give at least one of slow, operations, functions, errors, contention")
        if by_query and (self.errors or self.contention is not None or single):
            raise ValueError("a query can be slow and no more: give slow alone, or address the release")
        if self.operations and self.service is None:
            raise ValueError("operations are those of a service by its name; elsewhere say which functions")
        if self.grows is not None and not (single or by_query):
            raise ValueError("grows needs operations, functions or a query, whose work grows")
        if single and (self.replicas or self.fraction):
            raise ValueError("operations are slowed at every replica, or by rollout in turn; leave replicas and fraction out")
        if self.rollout is not None and (self.replicas or self.fraction):
            raise ValueError("rollout says which replicas; leave replicas and fraction out")
        return self

    # -- what it hits ------------------------------------------------------------------------------------------------------------

    def instances(self, system: System) -> list[tuple[str, int]]:
        every = super().instances(system)
        if self.rollout is None:
            return every
        alarms = system.architecture.control.monitors
        for name in self.rollout.stop_on:
            require("monitor", name, alarms)
        wanted = [number for group in self.rollout.groups for number in group]
        for service in dict.fromkeys(service for service, _ in every):
            count = system.architecture.services[service].replicas
            if max(wanted) >= count:
                raise InputError(f"{service} has no replica {max(wanted)} for the rollout", hint=f"it has 0 to {count - 1}")
        return [(service, replica) for service, replica in every if replica in wanted]

    def slowed(self, system: System) -> dict[tuple[str, str], float]:
        """The factor on the work of each (service, operation) that is slow by itself. Raises InputError."""
        if isinstance(self.on, QueryAddress):
            return dict.fromkeys(self.on.operations(system), self.slow)
        services = dict.fromkeys(service for service, _ in super().instances(system))
        for operation in self.operations:
            require(f"operation of {self.service}", operation, system.architecture.services[str(self.service)].operations)
        found = {(str(self.service), operation): factor for operation, factor in self.operations.items()}
        for function, factor in self.functions.items():
            serving = [place for place in operations_serving(system.architecture, function) if place[0] in services]
            if not serving and not removed(system.architecture, function):
                raise InputError(f"nothing in {', '.join(services)} serves {function}", hint="its operations say so by 'serves:'")
            found |= dict.fromkeys(serving, factor)
        return found

    def targets(self, system: System) -> list[Target]:
        """The instances, of a query or of single functions those that do this work."""
        slowed = self.slowed(system)
        if isinstance(self.on, QueryAddress) or (self.on is not None and self.functions and not self._spoils):
            working = {service for service, _ in slowed}
            return [Target("unit", instance_name(*i)) for i in self.instances(system) if i[0] in working]
        return super().targets(system)

    @property
    def _spoils(self) -> bool:
        """Whether whole instances are worse, and not operations alone."""
        by_query = isinstance(self.on, QueryAddress)
        return (self.slow != 1.0 and not by_query) or bool(self.errors) or self.contention is not None

    def readings(self, system: System) -> list[str]:
        """Work while all of it is slow, or while it is contended beside another, who asks for a slow operation, and what it makes fail."""
        hit, contended = self.targets(system), "crowded" if self.contention is not None else None
        slow = "worked" if self.slow != 1.0 and self._spoils else contended
        names = unit_counters(hit, slow) if slow is not None else []
        names += unit_counters(hit, "errors_injected") if self.errors else []
        return names + calls_to_operations(system.index, self.operations_hit(system))

    def operations_hit(self, system: System) -> list[str]:
        return [f"{service}.{operation}" for service, operation in self.slowed(system)]

    # -- what it does --------------------------------------------------------------------------------------------------------------

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        """Spoils the release's instances, and leaves with the control plane how it is undone: by rollback, which may fail or spread it,
        or by the vendor."""
        system = system_of(core)
        fixed, attempts, released = core.env.event(), count(), set[tuple[str, int]]()
        slowed, every = self._slowed_operations(core, released), self.instances(system)

        def release(instances: list[tuple[str, int]]) -> None:
            released.update(instances)
            self._spoil(core, instances)
            slowed()

        def fix() -> None:
            self.heal(core, control)
            if not fixed.triggered:
                fixed.succeed()

        def roll_back() -> bool:
            attempt = next(attempts)
            if attempt == 0 and core.draw(f"rollback-spreads/{core.by}") < self.rollback_spreads:
                release(self._replicas(core, every))
                return False
            if core.draw(f"rollback/{core.by}", attempt) < self.rollback_fails ** (attempt + 1):
                return False
            fix()
            return True

        for service in dict.fromkeys(service for service, _ in every):
            control.changes.record(service, undo=roll_back)
            if self.vendor_mends:
                control.changes.offer_repair(service, fix)
        if self.rollout is None:
            released.update(_with_standbys(system, every))
            groups = [every]
        else:
            groups = [[(service, r) for service, r in every if r in group] for group in self.rollout.groups]
        release(groups[0])
        left = groups[1:]
        return self._go_on(core, control, left, Release(release, roll_back, slowed, fixed)) if left or self.grows else None

    def _slowed_operations(self, core: ActingCore, released: Collection[tuple[str, int]]) -> Callable[[], None]:
        """Sets the factors on the work of single operations at all that have the release, by how many rows there are by now."""
        grows, system = self.grows, system_of(core)
        factors = self.slowed(system)
        rows = core.sum_of(grows.of) if grows is not None else lambda: 0
        began = rows()

        def turn() -> None:
            for (service, operation), factor in factors.items():
                for replica in [number for name, number in released if name == service]:
                    share = 1.0
                    if grows is not None:
                        share = grows.held_by(system, service, operation, replica) * (grows.already + rows() - began) / grows.rows
                    core.inject.work(service, operation, 1.0 + (factor - 1.0) * share, replica)

        return turn

    def _go_on(
        self, core: ActingCore, control: ControlPlane, left: list[list[tuple[str, int]]], release: Release
    ) -> ProcessGenerator:
        """Every minute what grows, and after each wait the next group, unless a monitor sounds."""
        ready = core.env.now + (self.rollout.wait if self.rollout is not None else 0)
        while left or self.grows is not None:
            step = min(MINUTE, ready - core.env.now) if left else MINUTE
            yield core.env.timeout(step) | release.fixed
            if release.fixed.triggered:
                return
            release.turn()
            if self.rollout is None or not left or core.env.now < ready:
                continue
            sounding = [name for name in self.rollout.stop_on if name in control.board.active]
            if sounding:
                core.log("rollout_stopped", ", ".join(sounding))
                left.clear()
                if self.rollout.roll_back:
                    release.undo()
                continue
            core.log("rollout_step", core.by, replicas=", ".join(instance_name(*instance) for instance in left[0]))
            release.to(left.pop(0))
            ready = core.env.now + self.rollout.wait

    def _spoil(self, core: ActingCore, instances: list[tuple[str, int]]) -> None:
        if not self._spoils:
            return
        for service, replica in instances:
            core.inject.slow(service, replica, self.slow)
            core.inject.error_rate(service, replica, self.errors)
            if self.contention is not None:
                core.inject.contention(service, replica, self.contention)

    def _replicas(self, core: ActingCore, hit: list[tuple[str, int]]) -> list[tuple[str, int]]:
        services = dict.fromkeys(service for service, _ in hit)
        return [(name, number) for name in services for number in range(core.plan.architecture.services[name].replicas)]


def _with_standbys(system: System, instances: Collection[tuple[str, int]]) -> list[tuple[str, int]]:
    """Every instance of their services: what slows an operation everywhere slows it on the standby too, once that serves."""
    services = dict.fromkeys(service for service, _ in instances)
    return [(name, number) for name in services for number in range(system.architecture.services[name].instances)]


class Release(NamedTuple):
    """A release under way: `to` gives it to instances, `undo` tries to take it back, `turn` sets what grows, `fixed` is its end."""

    to: Callable[[list[tuple[str, int]]], None]
    undo: Callable[[], bool]
    turn: Callable[[], None]
    fixed: simpy.Event
