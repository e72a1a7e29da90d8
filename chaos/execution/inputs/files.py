"""Files that several systems have in common, read and resolved once."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar, cast

from chaos.documents.defect import Defect
from chaos.documents.library import library
from chaos.documents.scenario import Scenario
from chaos.documents.severity import RuleSet
from simcore.files.document import Node, Origin
from simcore.files.loading import Resolved
from simcore.library import Surroundings
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex

T = TypeVar("T")
PER_KIND_MAX = 32
"""An architecture of a broker takes about 2 MB, and a campaign goes from one to the next."""


class ResolvedFileCache:
    """What was made last of each kind, by what it was made from. As good as the files stay as they are: it lives as long as a command
    does."""

    def __init__(self, per_kind_max: int = PER_KIND_MAX) -> None:
        self.per_kind_max = per_kind_max
        self._known: dict[str, dict[Hashable, Any]] = {}

    def get(self, kind: str, key: Hashable, make: Callable[[], T]) -> T:
        """What is known under the key, made if it is not. What was asked for longest ago gives way."""
        known = self._known.setdefault(kind, {})
        if key in known:
            known[key] = known.pop(key)
        else:
            made = make()
            while len(known) >= self.per_kind_max:
                del known[next(iter(known))]
            known[key] = made
        return cast(T, known[key])

    def scenario(self, reference: str) -> Resolved[Scenario]:
        """A scenario file by name or path. Raises InputError."""
        return self.get("scenario", reference, lambda: library().resolve(reference, Scenario))

    def environment(self, reference: str) -> Surroundings:
        """An environment by name or path, with its gaps switched off that `~GAP` after it names. Raises InputError."""
        return self.get("environment", reference, lambda: library().surroundings(reference))

    def index(self, reference: str) -> ArchitectureIndex:
        """The index of an architecture by name or path as its file has it, without further edits. Raises InputError."""
        return self.get("index", reference, lambda: ArchitectureIndex(library().resolve(reference, Architecture).model))

    def severity_rules(self) -> Mapping[str, RuleSet]:
        """The shipped rule sets that grade incidents, by name."""
        names = library().shipped("severity")
        return self.get("severity", "", lambda: {name: library().resolve(name, RuleSet).model for name in names})

    def defect(self, reference: str) -> Resolved[Defect]:
        """A defect file by name or path, or from a document as JSON. Raises InputError."""
        if not reference.startswith("{"):
            return self.get("defect", reference, lambda: library().resolve(reference, Defect))
        origin = Origin("cause", "record")
        return self.get("defect", reference, lambda: library().of(Defect, Node.of(json.loads(reference), origin)))
