"""All kinds of files that the harness reads, in one library."""

from __future__ import annotations

import functools

from chaos.checkers.catalogue import CheckerCatalogue, all_checkers
from chaos.documents.defect import Defect, check_defect, permanent_fault_model
from chaos.documents.scenario import check_scenario, scenario_model, step_model
from chaos.documents.severity import RuleSet
from chaos.documents.suite import Suite
from chaos.documents.triggers import Triggers, check_triggers
from chaos.faults.catalogue import FaultCatalogue, all_faults
from simcore.files.loading import Kind, Library
from simcore.library import KINDS, Surroundings, surroundings


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
                Kind("triggers", "triggers", Triggers, lambda triggers: check_triggers(triggers, self.step)),
            )
        )

    def surroundings(self, reference: str) -> Surroundings:
        """An environment by name or path, each `~GAP` after it switching that gap off. Raises InputError."""
        return surroundings(reference, self)


@functools.cache
def library() -> Documents:
    """The library of this installation. It is made once in a process, from nothing but what is installed, and does not change."""
    return Documents(all_faults(), all_checkers())
