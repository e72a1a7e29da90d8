"""A target without any system: runs that were made before, answered from the journals they left."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

from chaos.documents.scenario import Scenario
from chaos.execution.inputs.resolve import ResolvedRun
from chaos.execution.target.protocol import AS_USUAL, RunLimits, RunOptions
from chaos.faults.fault import Fault, Target
from simcore.base.errors import InputError, suggest
from simcore.journal.model import Journal
from simcore.journal.reader import read_journal


class StoredJournals:
    """Runs that were made before, from the folder in which --journal has kept them."""

    def __init__(self, address: str) -> None:
        self.folder = Path(address or ".")
        if not self.folder.is_dir():
            raise InputError(f"the target stored: there is no folder {self.folder}", hint="write --target stored:FOLDER")

    def bind(self, inputs: ResolvedRun) -> StoredRuns:
        """The journals of the scenario on this very architecture, in this environment."""
        if inputs.defects:
            raise InputError("the target stored: no defect can be planted in runs of the past", hint="leave --defect out")
        names = inputs.scenario.model.name, inputs.architecture.name, inputs.environment
        pattern = "__".join([*(name.replace("/", "-") for name in names), "seed-*"])
        journals = {int(path.name.rpartition("-")[2]): path for path in sorted(self.folder.glob(pattern))}
        heads = {path: json.loads((path / "journal.json").read_text(encoding="utf-8")) for path in journals.values()}
        if not heads:
            where = f"{names[0]} on {names[1]} in {names[2]}"
            raise InputError(
                f"the target stored: {self.folder} has no run of {where}", hint="make some with run --journal FOLDER"
            )
        if any(head["meta"]["architecture_digest"] != inputs.architecture_digest for head in heads.values()):
            raise InputError(f"the target stored: {names[1]} was another one when the runs were made", hint="make them again")
        return StoredRuns(inputs, journals, [head["digest"] for head in heads.values()])

    def announce(self, note: Callable[[str], None]) -> None:
        """Nothing takes long."""

    def close(self) -> None:
        """Nothing is held."""


class StoredRuns:
    """The runs of one scenario that there are, by their seeds."""

    def __init__(self, inputs: ResolvedRun, journals: dict[int, Path], digests: list[str]) -> None:
        self.inputs, self.journals, self.watchers = inputs, journals, inputs.watchers
        self.input_digest = blake2b("\n".join([inputs.digest, *digests]).encode(), digest_size=16).hexdigest()
        self.limits = RunLimits(seeds=frozenset(journals), spans=False, events=False)

    def supports(self, fault: Fault) -> list[Target]:
        """What the fault has hit. Raises InputError for one that the runs did not have."""
        begun = [e for e in self._journal(min(self.journals)).events if e.what == "fault_started"]
        faults = {str(event.detail["fault"]) for event in begun}
        if fault.fault not in faults:
            raise InputError(f"the stored runs have no fault {fault.fault}", hint=suggest(fault.fault, faults))
        return fault.targets(self.inputs.system)

    def run(self, scenario: Scenario, seed: int, options: RunOptions = AS_USUAL) -> Journal:
        """The journal of that seed."""
        return self._journal(seed)

    def _journal(self, seed: int) -> Journal:
        return read_journal(self.journals[seed])
