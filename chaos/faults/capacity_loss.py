"""A pool shrinks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.common import system_of
from chaos.faults.fault import OnPool, Process, Target
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.model.architecture import Architecture

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


def finite_slots(architecture: Architecture, pool: str) -> int:
    """The slots of a pool as the file has them. Raises InputError if they are unlimited."""
    slots = architecture.pools[pool].slots
    if slots == "unlimited":
        raise InputError(f"the pool {pool} has unlimited slots and can lose none", hint="choose another pool, or give it slots")
    return slots


class CapacityLoss(OnPool):
    """A pool keeps only a share of its slots; those in use run out, nothing is killed.

    An error in a maintenance program cut a bank's capacity for six and a half hours (DBS, 2023-05-05 [72]).
    """

    fault: ClassVar[str] = "capacity-loss"
    title_zh: ClassVar[str] = "容量缩减"
    layer: ClassVar[str] = "infrastructure"

    left: Annotated[float, Field(ge=0, lt=1)] = Field(description="share of the slots that is left, rounded down")
    replica: Annotated[int, Field(ge=0)] | None = Field(None, description="of a pool for each replica; else of all")

    @property
    def _label(self) -> str:
        return self.pool if self.replica is None else f"{self.pool}#{self.replica}"

    def targets(self, system: System) -> list[Target]:
        found = super().targets(system)
        if self.replica is not None and self._label not in (known := system.index.resource_names(self.pool)):
            if not system.index.is_per_replica(self.pool):
                raise InputError(f"the pool {self.pool} is shared by all replicas", hint="leave replica out")
            raise InputError(f"the pool {self.pool} has no replica {self.replica}", hint=f"it has 0 to {len(known) - 1}")
        finite_slots(system.architecture, self.pool)
        return found

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        slots = finite_slots(system_of(core).architecture, self.pool)
        core.inject.pool_slots(self._label, int(slots * self.left + 1e-9))
        return None
