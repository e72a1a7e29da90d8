"""Would the suite have noticed what public incidents came of? Each incident's file names its cause (`record.cause`).

Two answers, kept apart. How many mutants of the same kind the suite kills is read off the kill matrix. Whether it would have noticed the
cause itself is measured: where the cause was in the system before the day, the suite is run on the system with the incident's own patches,
without and with that cause from the beginning of the run to its end, as with any planted defect.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos.coverage.kill_matrix import Matrix, cells_of
from chaos.coverage.scores import Cell
from chaos.coverage.trial_runner import TrialKey, TrialRunner, baseline
from chaos.documents.library import library
from chaos.documents.scenario import Cause, Scenario
from chaos.execution.inputs.planting import Mutant, mutant_named
from chaos.execution.jobs import SystemReference
from chaos.results.findability import IncidentFinding, IncidentResult
from simcore.base.errors import InputError
from simcore.files.loading import Resolved, is_path

NOTHING = IncidentResult(incidents=[], skipped=[], runs=0)


@dataclass
class _Planted:
    """What came of a suite with a cause in the system: the cells of the scenarios that were green without it; or why there are none."""

    cells: dict[str, Cell] = field(default_factory=dict)
    why_not: str = ""
    runs: int = 0


def incidents() -> dict[str, Resolved[Scenario]]:
    """The library of incidents: shipped reproductions by name."""
    found = {name: library().resolve(name, Scenario) for name in library().shipped("scenario") if name.startswith("incidents/")}
    return {name: scenario for name, scenario in found.items() if scenario.model.record is not None}


def against_incidents(runner: TrialRunner, found: Matrix, budget: int) -> IncidentResult:
    """Every incident against the suite, in the order of their names, as long as runs fit into the budget."""
    rows, skipped, runs = list[IncidentFinding](), list[str](), 0
    for name, incident in incidents().items():
        record = incident.model.record
        cause = record.cause if record else None
        if cause is None:
            continue
        planted = _Planted(why_not="what happened came from outside: nothing was there to be planted before the day")
        if cause.latent:
            if runs + 2 * len(found.scenarios) * runner.settings.seeds > budget:
                skipped.append(name)
                planted = _Planted(why_not="not run within the budget")
            else:
                planted = _with_cause(runner, found, incident)
                runs += planted.runs
        rows.append(_finding(found, name, incident.model, cause, planted))
    return IncidentResult(incidents=rows, skipped=skipped, runs=runs)


def _finding(found: Matrix, name: str, incident: Scenario, cause: Cause, planted: _Planted) -> IncidentFinding:
    alike = [x for x in found.mutants if x.operator in cause.defects or x.name in cause.defects]
    judged = {scenario: cell for scenario, cell in planted.cells.items() if cell.outcome not in ("identical", "impossible")}
    return IncidentFinding(
        name=name,
        title=incident.title,
        title_zh=incident.title_zh,
        why=planted.why_not or cause.why,
        defects=list(cause.defects),
        mutants=len(alike),
        killed=sum(found.statuses[x.name] == "killed" for x in alike),
        latent=cause.latent,
        planted=bool(judged),
        green=len(judged),
        noticed_by=[scenario for scenario, cell in judged.items() if cell.outcome == "killed"],
        unknown=[scenario for scenario, cell in judged.items() if cell.outcome == "unknown"],
    )


# --- the suite with a cause in the system ----------------------------------------------------------------------------------------


def _with_cause(runner: TrialRunner, found: Matrix, incident: Resolved[Scenario]) -> _Planted:
    environment = found.base.environment
    documents = {json.dumps(_patched(name, incident)): name for name in found.scenarios}
    try:
        cause = _cause(runner, incident)
        for document in documents:
            runner.session.bind(SystemReference(document, runner.settings.architecture, environment))
        base = baseline(runner, list(documents), environment, what=f"{environment}, as patched by {incident.model.name}")
    except InputError as error:
        return _Planted(why_not=f"its patches do not fit the suite: {error}")
    green = [document for document in documents if base.green[document]]
    runs = len(documents) * runner.settings.seeds
    if not green:
        return _Planted(why_not="no scenario is green with the patches of its file alone", runs=runs)
    cells = cells_of(runner, [cause], base, green, f"scenarios with the cause of {incident.model.name}", stop=True)[cause.name]
    made = [runner.details.get(TrialKey(cause.name, document, environment)) for document in green]
    refused = next((x.impossible for x in made if x and x.impossible is not None), None)
    if all(cell.outcome == "impossible" for cell in cells.values()):
        return _Planted(why_not=f"its cause cannot be planted: {refused}", runs=runs)
    return _Planted({documents[key]: cell for key, cell in cells.items()}, "", runs + sum(len(x.runs) for x in made if x))


def _patched(name: str, incident: Resolved[Scenario]) -> dict[str, object]:
    """A scenario of the suite as plain data, with the patches of an incident's file added to its own. Where these and the environment or
    the scenario set one value, the incident's stands: it is its system that is asked about."""
    scenario = library().resolve(name, Scenario)
    document: dict[str, object] = scenario.tree.plain()
    for key in ("patch", "workload_patch"):
        theirs = [edit | {"override": True} for edit in _listed(incident, key) if isinstance(edit, dict)]
        both = [*_listed(scenario, key), *theirs]
        if both:
            document[key] = both
    workload = document.get("workload")
    if isinstance(workload, str) and is_path(workload):
        document["workload"] = str((Path(scenario.tree.origin.file).parent / workload).resolve())
    return document


def _listed(scenario: Resolved[Scenario], key: str) -> Sequence[object]:
    node = scenario.tree.get(key)
    plain = node.plain() if node is not None else []
    return plain if isinstance(plain, list) else []


def _cause(runner: TrialRunner, incident: Resolved[Scenario]) -> Mutant:
    """The step of an incident's method as a defect that holds all the time."""
    steps = _listed(incident, "method")
    if len(steps) != 1 or not isinstance(steps[0], dict):
        raise InputError(f"{incident.model.name} does {len(steps)} things; one alone can be a cause")
    fault = {key: value for key, value in steps[0].items() if key not in ("name", "name_zh", "at", "for")}
    document = {
        "kind": "defect",
        "name": "cause",
        "title": f"What {incident.model.name} came of",
        "family": "capacity",
        "sites": {"kind": "core"},
        "standing": fault,
    }
    return mutant_named(runner.session.files, f"{json.dumps(document)}@core", runner.settings.architecture)
