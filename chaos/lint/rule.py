"""What a rule of lint is, and what it is given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

from chaos.i18n.texts import LocalizedText
from simcore.files.validation import Keys
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex
from simcore.model.workload import Workload


@dataclass(frozen=True)
class Subject:
    """What is looked at: an architecture without mistakes, and a workload that fits it if one was named."""

    architecture: Architecture
    workload: Workload | None = None

    @cached_property
    def index(self) -> ArchitectureIndex:
        """The architecture's names, and who asks whom."""
        return ArchitectureIndex(self.architecture)

    def replicas_of(self, pool: str) -> int:
        """How many pools of a name work at once: one, or one for each replica of whoever has most of those that take from it."""
        if not self.index.is_per_replica(pool):
            return 1
        return max((self.architecture.services[user].replicas for user in self.index.users_of(pool)), default=1)

    def slots_of(self, pool: str) -> float:
        """The slots of all pools of a name together; infinity if there is no limit."""
        slots = self.architecture.pools[pool].slots
        return float("inf") if slots == "unlimited" else float(slots * self.replicas_of(pool))

    def queue_of(self, pool: str) -> float:
        """How many can wait for a slot of a name in all; infinity if there is no limit."""
        queue = self.architecture.pools[pool].queue
        return float("inf") if queue == "unbounded" else float(queue * self.replicas_of(pool))


class Found(NamedTuple):
    """One finding: where, by its keys in the file, and what."""

    keys: Keys
    message: LocalizedText


class Rule(ABC):
    """A static check. A subclass gives `name` and `rank`, its place in lists; its docstring says what it finds. The texts `lint.NAME` and
    `lint.NAME.reason` say what was found, and why it matters. With `needs_workload` it is left out where no workload was named."""

    name: ClassVar[str] = ""
    rank: ClassVar[int] = 100
    needs_workload: ClassVar[bool] = False

    @abstractmethod
    def check(self, subject: Subject) -> Iterator[Found]:
        """Everything that the rule finds. Nothing is run, and nothing is changed."""
