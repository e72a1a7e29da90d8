"""A drill with all that it names: its scenario and architecture, held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from chaos.documents.drill import Drill, drill_findings
from chaos.documents.library import library
from chaos.documents.references import beside, require_file
from chaos.documents.scenario import Scenario
from chaos.execution.inputs.files import ResolvedFileCache
from chaos.execution.inputs.resolve import ResolvedRun, resolve_run
from chaos.execution.target.bind import bind
from chaos.execution.target.simulated import SimulatedTarget
from simcore.files.loading import Resolved


@dataclass(frozen=True)
class PreparedDrill:
    """A drill, and the run that it is held in."""

    model: Drill
    inputs: ResolvedRun

    @property
    def scenario(self) -> Scenario:
        """What happens when nobody decides otherwise."""
        return self.inputs.scenario.model

    @cached_property
    def digest(self) -> str:
        """Changes with whatever decides what the exercise does, but for seed, seating and what people do; 32 hex digits."""
        said = self.model.model_dump_json(by_alias=True, exclude={"title", "title_zh", "description", "source"})
        return blake2b(f"{said}\n{self.inputs.digest}".encode(), digest_size=16).hexdigest()


def prepare(reference: str | Path) -> PreparedDrill:
    """The drill of a name (`bank-slow`) or a path. Raises InputError with file, line, column and a hint."""
    return prepare_resolved(library().resolve(reference, Drill))


def prepare_resolved(drill: Resolved[Drill]) -> PreparedDrill:
    """A drill's file with all that it names. Raises InputError, with the place in the file where that is to blame."""
    files, where = ResolvedFileCache(), beside(drill.tree.origin.file, drill.model.scenario)
    node = drill.tree.get("scenario")
    assert node is not None
    require_file(node, "scenario", where)
    inputs = resolve_run(files, files.scenario(where))
    bind(SimulatedTarget(), inputs)
    findings = drill_findings(drill.model, inputs.scenario.model, inputs.index)
    if findings:
        raise drill.error(findings)
    return PreparedDrill(drill.model, inputs)
