"""The first of the three steps of a run: from a job's references to resolved files. Then follow bind (`chaos.execution.target.bind`) and
execute (`chaos.execution.execute`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import blake2b
from typing import Any, NamedTuple

from chaos import plugins
from chaos.documents.library import library
from chaos.documents.overrides import layers as assignment_layers
from chaos.documents.references import beside, require_file
from chaos.documents.scenario import Responders, Scenario
from chaos.execution.inputs.digests import digest_of
from chaos.execution.inputs.files import ResolvedFileCache
from chaos.execution.inputs.leaving_out import NOTHING_LEFT_OUT, LeftOutOfRun, leave_out
from chaos.execution.inputs.own_names import own_names
from chaos.execution.inputs.planting import Mutant, planted_together
from chaos.faults.fault import Fault
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.base.units import format_duration
from simcore.files.knowledge import KnownEntry
from simcore.files.loading import Resolved
from simcore.files.patch import Layer, edits_of
from simcore.library import Surroundings, require_fit
from simcore.model.architecture import Architecture
from simcore.model.control.section import Control
from simcore.model.index import ArchitectureIndex
from simcore.model.workload import Workload


@dataclass(frozen=True)
class ResolvedRun:
    """Everything that decides what a run does, but for the seed: the scenario as it is run in its environment, the architecture and
    workload after all edits, without those responders who are not there, the planted defects, and what is left out of the run.
    `architecture_reference` and `workload_reference` are the names or paths they were read by; `own_names` are names of the glossary that
    files of the user's own give to something."""

    scenario: Resolved[Scenario]
    architecture: Architecture
    architecture_reference: str
    workload: Workload
    workload_reference: str
    environment: str
    defects: tuple[Mutant, ...] = ()
    left_out: LeftOutOfRun = NOTHING_LEFT_OUT
    own_names: tuple[str, ...] = ()

    @cached_property
    def index(self) -> ArchitectureIndex:
        """What is called how, and depends on what, in the architecture."""
        return ArchitectureIndex(self.architecture)

    @property
    def system(self) -> System:
        """What faults choose from."""
        return System(self.index, self.workload)

    @property
    def permanent_faults(self) -> tuple[Fault, ...]:
        """Those of all planted defects, which hold from the beginning of a run to its end."""
        return tuple(fault for mutant in self.defects for fault in mutant.permanent_faults)

    @cached_property
    def architecture_digest(self) -> str:
        """Of all that the architecture says."""
        return digest_of(self.architecture)

    @cached_property
    def workload_digest(self) -> str:
        """Of all that the workload says."""
        return digest_of(self.workload)

    @cached_property
    def digest(self) -> str:
        """Changes with whatever decides what a run does and what is found of it, but for the seed; 32 hex digits."""
        parts = [
            self.scenario.model.model_dump_json(by_alias=True),
            self.architecture_digest,
            self.workload_digest,
            self.environment,
            *([repr(self.permanent_faults)] if self.permanent_faults else []),
            *self.left_out.names,
            *plugins.installed().distributions,  # their checkers and measures are in the result, too
        ]
        return blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()

    @property
    def watchers(self) -> dict[str, str]:
        """What raises the alarm of each name: monitor, robot or customers."""
        control = self.architecture.control
        kinds = (("monitor", control.monitors), ("robot", control.robots), ("customers", control.complaints))
        return {name: kind for kind, rules in kinds for name in rules}


def resolve_run(
    files: ResolvedFileCache,
    scenario: Resolved[Scenario],
    *,
    architecture: str | None = None,
    environment: str | None = None,
    assignments: Sequence[str] = (),
    defects: Sequence[str] = (),
    left_out: Sequence[str] = (),
) -> ResolvedRun:
    """A scenario with its files: `architecture` and `environment` take the place of its own, `assignments` are changes as `--set` has
    them, `defects` are planted, each an OPERATOR@SITE, and `left_out` names what has no effect (`chaos.execution.inputs.leaving_out`).
    Raises InputError, with the place in a file where one is to blame."""
    place, model, architecture, workload = _references(files, scenario, architecture, environment)
    planted = planted_together(files, defects, architecture)
    edited = partial(_edited, files, scenario, architecture, workload, place, assignments)
    system, load = edited(planted)
    _require_each_there(edited, planted, system.model)
    require_fit(system, load)
    control = with_responders(system.model.control, model.responders)
    same = control is system.model.control
    return ResolvedRun(
        scenario if model is scenario.model else Resolved(model, scenario.tree),
        system.model if same else system.model.model_copy(update={"control": control}),
        architecture,
        load.model,
        workload,
        place.name,
        planted,
        leave_out(control, left_out),
        tuple(own_names(system, load)),
    )


class KnownOfRun(NamedTuple):
    """What the files of a run say they know of the values that it is made with."""

    architecture: list[KnownEntry]
    workload: list[KnownEntry]


def known_of_run(
    files: ResolvedFileCache,
    scenario: Resolved[Scenario],
    *,
    architecture: str | None = None,
    environment: str | None = None,
    assignments: Sequence[str] = (),
) -> KnownOfRun:
    """What is known of the values of a scenario's architecture and workload, those left out that its environment, the scenario itself or the
    assignments change. Raises InputError as `resolve_run` does."""
    place, _, architecture, workload = _references(files, scenario, architecture, environment)
    found = _edited(files, scenario, architecture, workload, place, assignments, ())
    return KnownOfRun(found.architecture.known, found.workload.known)


class _References(NamedTuple):
    place: Surroundings
    scenario: Scenario
    architecture: str
    workload: str


def _references(
    files: ResolvedFileCache, scenario: Resolved[Scenario], architecture: str | None, environment: str | None
) -> _References:
    """The environment of a run, the scenario as it is run there, and the names or paths of its files."""
    for kind, given in (("architecture", architecture), ("environment", environment), ("workload", None)):
        _require_file(scenario, kind, given)
    place = files.environment(environment or _beside(scenario, scenario.model.environment))
    model = as_run_in(scenario.model, place)
    return _References(place, model, architecture or _beside(scenario, model.architecture), _beside(scenario, model.workload))


class _Edited(NamedTuple):
    architecture: Resolved[Architecture]
    workload: Resolved[Workload]


def _edited(
    files: ResolvedFileCache,
    scenario: Resolved[Scenario],
    architecture: str,
    workload: str,
    place: Surroundings,
    assignments: Sequence[str],
    planted: Sequence[Mutant],
) -> _Edited:
    """Architecture and workload after the edits of defect, environment, scenario and command line."""
    of_command, of_command_for_workload = assignment_layers(assignments)
    layers = [place.architecture, _layer(scenario, "patch"), *(mutant.layer for mutant in planted), of_command]
    for_workload = [place.workload, _layer(scenario, "workload_patch"), of_command_for_workload]
    common, defects = (place.name, tuple(assignments)), tuple(mutant.name for mutant in planted)
    return _Edited(
        files.get(
            "architecture",
            (architecture, *common, defects, repr(scenario.model.patch)),
            lambda: library().resolve(architecture, Architecture, layers),
        ),
        files.get(
            "workload",
            (workload, *common, repr(scenario.model.workload_patch)),
            lambda: library().resolve(workload, Workload, for_workload),
        ),
    )


def _require_each_there(edited: Callable[[Sequence[Mutant]], _Edited], planted: Sequence[Mutant], system: Architecture) -> None:
    """Each of several defects changes the system beside the others, unless it does not even alone. Raises InputError."""
    for mutant in planted if len(planted) > 1 else ():
        others = [other for other in planted if other is not mutant]
        if mutant.permanent_faults or edited(others).architecture.model != system:
            continue
        if edited([mutant]).architecture.model != edited([]).architecture.model:
            names = " and ".join(other.name for other in others)
            raise InputError(f"{mutant.name} changes nothing where {names} is planted", hint="plant one of them")


def _require_file(scenario: Resolved[Scenario], kind: str, instead: str | None) -> None:
    """A reference of the scenario's file leads to a file, or the error has the reference's place. Raises InputError."""
    node = scenario.tree.get(kind)
    if instead is None and node is not None:
        require_file(node, kind, _beside(scenario, getattr(scenario.model, kind)))


def _beside(scenario: Resolved[Scenario], reference: str) -> str:
    return beside(scenario.tree.origin.file, reference)


def _layer(scenario: Resolved[Scenario], key: str) -> Layer:
    return Layer("scenario", scenario.model.name, edits_of(scenario.tree.get(key)))


# --- a scenario in an environment -------------------------------------------------------------------------------------------


def as_run_in(scenario: Scenario, place: Surroundings) -> Scenario:
    """The scenario as it is run in an environment: at its hours, no longer than its horizon, with those who are there. Raises InputError
    if its warm-up would begin before midnight there, or its window be shorter than `hold`."""
    begins = next((gap.begins_at for gap in place.gaps.values() if gap.begins_at is not None), scenario.window.begin)
    horizon = next((gap.horizon for gap in place.gaps.values() if gap.horizon is not None), None)
    absent = {who for gap in place.gaps.values() for who in gap.absent}
    moved, length = begins - scenario.window.begin, scenario.window.end - scenario.window.begin
    end = begins + min(length, horizon or length)
    _require_room(scenario, place, begins, end)
    changes: dict[str, Any] = {}
    if (begins, end) != (scenario.window.begin, scenario.window.end):
        steps = [step.model_copy(update={"at": step.at + moved}) for step in scenario.method]
        changes |= {
            "window": scenario.window.model_copy(update={"begin": begins, "end": end}),
            "method": [s for s in steps if s.at < end],
        }
    if absent:
        changes["responders"] = scenario.responders.model_copy(update=dict.fromkeys(absent, False))
    return scenario.model_copy(update=changes) if changes else scenario


def _require_room(scenario: Scenario, place: Surroundings, begins: int, end: int) -> None:
    hold, length = scenario.steady_state.hold, end - begins
    if scenario.warmup > begins:
        raise InputError(
            f"{scenario.name} in {place.name}: the warm-up is {format_duration(scenario.warmup)}, and the window begins "
            f"{format_duration(begins)} after midnight",
            hint="let the environment's begins_at be later, or the scenario's warmup shorter",
        )
    if hold > length:
        raise InputError(
            f"{scenario.name} in {place.name}: hold is {format_duration(hold)}, and the environment's horizon leaves a window of "
            f"{format_duration(length)}: no run could be seen to recover",
            hint="make the horizon longer, or hold the steady state for less",
        )


def with_responders(control: Control, who: Responders) -> Control:
    """The control section without those who are not there."""
    changes: dict[str, Any] = {}
    if not who.monitors:
        changes |= {"monitors": {}, "checklists": {}}
    if not who.robots:
        changes["robots"] = {}
    if not who.complaints:
        changes["complaints"] = {}
    if not who.operators:
        for kind in ("monitors", "robots", "complaints"):
            rules = changes.get(kind, getattr(control, kind))
            changes[kind] = {
                n: r.model_copy(update={"route": None, "misroute": 0.0, "misroute_to": None}) for n, r in rules.items()
            }
        changes |= {"runbooks": {}, "checklists": {}}
    if not changes:
        return control
    kept = {
        *changes.get("monitors", control.monitors),
        *changes.get("robots", control.robots),
        *changes.get("complaints", control.complaints),
    }
    if "runbooks" not in changes:
        kept |= set(changes.get("checklists", control.checklists))
        alarms = {n: [a for a in r.alarms if a in kept] for n, r in control.runbooks.items()}
        changes["runbooks"] = {n: r.model_copy(update={"alarms": alarms[n]}) for n, r in control.runbooks.items() if alarms[n]}
    changes["failovers"] = {
        n: f.model_copy(update={"trigger": f.trigger if f.trigger in kept else None}) for n, f in control.failovers.items()
    }
    return control.model_copy(update=changes)
