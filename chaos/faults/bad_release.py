"""A change that should not have been made."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from chaos.faults.common import calls_to_operations, system_of
from chaos.faults.fault import OnInstances, Process, ProcessGenerator, Share, System, Target, require, unit_counters
from simcore.base.model import Model, Name
from simcore.base.units import MINUTE
from simcore.model.control.fields import Reading

if TYPE_CHECKING:
    import simpy

    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Growth(Model):
    """A table that every request reads through, for want of an index: `already` rows, and one for each that `of` counts since the
    fault began. A factor f holds at `rows` rows; at n rows the work takes 1 + (f - 1) x n / rows times as long."""

    of: Annotated[list[Reading], Field(min_length=1)]
    rows: Annotated[int, Field(gt=0)]
    already: Annotated[int, Field(ge=0)] = 0


class BadRelease(OnInstances):
    """A release makes a service slow, wrong or contended; it stays until rolled back, which can fail, or fixed by the vendor.

    Pushes and configuration are 68 % of triggers at Google 2010-17 [84]; a new version took PC and App login down and the plan
    to roll it back was incomplete (China Merchants, 2022-05-16 [45]). With `replicas` some servers alone have it, as one of
    eight at Knight [66], where taking the new version off the other seven made it worse (`rollback_spreads`). With `operations`
    it slows those alone; what `grows` is harmless at first: a query interface upgraded on a Saturday failed on the second trading
    day (East Money, 2023-03-21 [48]). It counts as a change, so the standby drifts. The end of the fault is the corrected release.
    """

    fault: ClassVar[str] = "bad-release"
    title_zh: ClassVar[str] = "缺陷版本上线"
    requires: ClassVar[str] = "service, and at least one of slow, operations, errors, contention"
    layer: ClassVar[str] = "people"

    slow: Annotated[float, Field(ge=1, le=1e6)] = Field(1.0, description="factor on all work")
    operations: dict[Name, Annotated[float, Field(ge=1, le=1e6)]] = Field(
        {}, description="factor on the work of single operations"
    )
    grows: Growth | None = Field(
        None,
        description="with operations: factors in full at `rows` rows of a table; `already` are there, `of` are the readings that add some",
    )
    errors: Share = Field(0.0, description="share of requests that fail")
    contention: Annotated[float, Field(ge=0, le=100)] | None = Field(None, description="coefficient, in place of the file's")
    rollback_fails: Share = Field(0.0, description="probability p; the n-th attempt fails with pⁿ, for what was missing is found")
    rollback_spreads: Share = Field(0.0, description="probability that the first attempt gives all replicas what these have")
    vendor_mends: bool = Field(True, description="whether the vendor can put it right when people call")

    @model_validator(mode="after")
    def _a_service_made_worse(self) -> BadRelease:
        if self.service is None:
            raise ValueError("a release is of a service: give service, and replicas or fraction if not all have it")
        if self.slow == 1.0 and not self.errors and self.contention is None and not self.operations:
            raise ValueError("give at least one of slow, operations, errors, contention")
        if self.grows is not None and not self.operations:
            raise ValueError("grows needs operations, whose work grows")
        if self.operations and (self.replicas or self.fraction):
            raise ValueError("operations are slowed at every replica; leave replicas and fraction out")
        return self

    def targets(self, system: System) -> list[Target]:
        found = super().targets(system)
        for operation in self.operations:
            require(f"operation of {self.service}", operation, system.architecture.services[str(self.service)].operations)
        return found

    def readings(self, system: System) -> list[str]:
        """Work while all of it is slow, or while it is contended beside another, who asks for a slow operation, and what it makes fail."""
        hit, contended = self.targets(system), "crowded" if self.contention is not None else None
        slow = "worked" if self.slow != 1.0 else contended
        names = unit_counters(hit, slow) if slow is not None else []
        names += unit_counters(hit, "errors_injected") if self.errors else []
        return names + calls_to_operations(system.index, {f"{self.service}.{operation}" for operation in self.operations})

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        """Spoils the release's instances, and leaves with the control plane how it is undone: by rollback, which may fail or spread it,
        or by the vendor."""
        self._spoil(core, self.instances(system_of(core)))
        fixed, attempts, name = core.env.event(), count(), str(self.service)

        def fix() -> None:
            self.heal(core, control)
            if not fixed.triggered:
                fixed.succeed()

        def roll_back() -> bool:
            attempt = next(attempts)
            if attempt == 0 and core.draw(f"rollback-spreads/{core.by}") < self.rollback_spreads:
                self._spoil(core, self._replicas(core))
                return False
            if core.draw(f"rollback/{core.by}", attempt) < self.rollback_fails ** (attempt + 1):
                return False
            fix()
            return True

        control.changes.record(name, undo=roll_back)
        if self.vendor_mends:
            control.changes.offer_repair(name, fix)
        return self._slow_operations(core, fixed)

    def _slow_operations(self, core: ActingCore, fixed: simpy.Event) -> Process:
        """Sets the factors now; of what grows returns the process that sets them again every minute until it is fixed."""
        grows = self.grows
        rows = core.sum_of(grows.of) if grows is not None else lambda: 0
        began = rows()

        def turn() -> None:
            share = 1.0
            if grows is not None:
                share = (grows.already + rows() - began) / grows.rows
            for operation, factor in self.operations.items():
                core.inject.work(str(self.service), operation, 1.0 + (factor - 1.0) * share)

        turn()
        return None if grows is None else _every_minute(core, turn, fixed)

    def _spoil(self, core: ActingCore, instances: list[tuple[str, int]]) -> None:
        for service, replica in instances:
            core.inject.slow(service, replica, self.slow)
            core.inject.error_rate(service, replica, self.errors)
            if self.contention is not None:
                core.inject.contention(service, replica, self.contention)

    def _replicas(self, core: ActingCore) -> list[tuple[str, int]]:
        name = str(self.service)
        return [(name, replica) for replica in range(core.plan.architecture.services[name].replicas)]


def _every_minute(core: ActingCore, turn: Callable[[], None], ended: simpy.Event) -> ProcessGenerator:
    while True:
        yield core.env.timeout(MINUTE) | ended
        if ended.triggered:
            return
        turn()
