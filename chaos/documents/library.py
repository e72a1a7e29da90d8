"""All kinds of files that the harness reads, in one library."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from chaos.checkers.catalogue import CheckerCatalogue, all_checkers
from chaos.documents.defect import Defect, check_defect, permanent_fault_model
from chaos.documents.drill import Drill, check_drill
from chaos.documents.scenario import check_scenario, scenario_model, step_model
from chaos.documents.severity import RuleSet
from chaos.documents.suite import Suite
from chaos.documents.triggers import Triggers, check_triggers
from chaos.faults.catalogue import FaultCatalogue, all_faults
from simcore.base.errors import InputError
from simcore.files.document import read_document
from simcore.files.loading import Kind, Library, is_path
from simcore.library import KINDS, Surroundings, surroundings

_COMMANDS = {
    "architecture": "coredrill simulate {} --workload NAME, or --architecture {} of other commands",
    "workload": "coredrill simulate ARCHITECTURE --workload {}",
    "environment": "give it with --environment {}",
    "scenario": "coredrill run {}",
    "suite": "coredrill suite {}",
    "severity": "coredrill show {}",
    "defect": "coredrill show {}, or --defect {}@SITE of coredrill run",
    "drill": "coredrill show {}",
    "triggers": "give it with coredrill coverage --triggers {}",
}
"""What each kind of file is for on the command line."""


class Documents(Library):
    """The files of the simulator and of the harness. Which words a scenario knows depends on which faults and checkers there are."""

    def __init__(self, faults: FaultCatalogue, checkers: CheckerCatalogue) -> None:
        self.faults, self.checkers = faults, checkers
        self.step, self.permanent_fault = step_model(faults), permanent_fault_model(faults)
        super().__init__(
            (
                *KINDS,
                Kind("scenario", "", scenario_model(self.step, checkers), check_scenario),
                Kind("suite", "suites", Suite),
                Kind("severity", "severity", RuleSet),
                Kind("defect", "defects", Defect, lambda defect: check_defect(defect, self.faults)),
                Kind("drill", "drills", Drill, check_drill, shares=True),
                Kind("triggers", "triggers", Triggers, lambda triggers: check_triggers(triggers, self.step)),
            )
        )

    def find(self, reference: str, kinds: Sequence[str] = (), beside: Path | None = None) -> Path:
        """The file of a name or a path, as in `Library`. Of a name that is one of another kind the error says what that is for."""
        try:
            return super().find(reference, kinds, beside)
        except InputError as error:
            known = {} if is_path(reference) else {kind: self.shipped(kind) for kind in self.kinds}
            other = next((kind for kind, names in known.items() if kinds and reference in names), None)
            if other is not None:
                hint = f"{reference} is {'an' if other[0] in 'aeo' else 'a'} {other}: {_COMMANDS[other].replace('{}', reference)}"
                raise InputError(error.message, error.file, error.line, error.column, hint) from None
            if "scenario" in kinds and any(name.startswith(f"{reference.rstrip('/')}/") for name in known["scenario"]):
                hint = f"for all below it write a pattern: '{reference.rstrip('/')}/*'"
                raise InputError(error.message, error.file, error.line, error.column, hint) from None
            raise

    def surroundings(self, reference: str) -> Surroundings:
        """An environment by name or path, each `~GAP` after it switching that gap off. Raises InputError."""
        return surroundings(reference, self)


@functools.cache
def library() -> Documents:
    """The library of this installation. It is made once in a process, from nothing but what is installed, and does not change."""
    return Documents(all_faults(), all_checkers())


def shipped_for(purpose: str) -> list[str]:
    """The names of the shipped scenarios of a purpose."""
    shipped = library().shipped("scenario")
    return [name for name, path in shipped.items() if read_document(path, "base").text("purpose") == purpose]
