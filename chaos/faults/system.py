"""What faults choose their targets from."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex
from simcore.model.workload import Workload


@dataclass(frozen=True)
class System:
    """What faults choose their targets from: a resolved architecture, with its index, and workload. A plan has them under the same
    names."""

    index: ArchitectureIndex
    workload: Workload

    @property
    def architecture(self) -> Architecture:
        """The resolved architecture."""
        return self.index.architecture
