"""What one command keeps while it makes its runs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from types import TracebackType
from uuid import uuid4

from chaos.documents.library import library
from chaos.documents.scenario import Scenario
from chaos.execution.control_run import ControlRuns
from chaos.execution.inputs.files import ResolvedFileCache
from chaos.execution.inputs.resolve import ResolvedRun, resolve_run
from chaos.execution.jobs import SIMULATED, Job, SystemReference
from chaos.execution.progress import NoOutput, ProgressOutput
from chaos.execution.target.bind import bind
from chaos.execution.target.catalogue import open_target
from chaos.execution.target.protocol import OpenTarget, RunLimits, SystemUnderTest
from simcore.base.errors import InputError
from simcore.files.document import Node, Origin
from simcore.files.loading import Resolved

SYSTEMS_MAX = 64


class Session:
    """The files that were read, the systems that were bound to them, the control runs that were made, and the targets that are open. A
    command makes one, and each of its workers has its own: within it a file is read once, however it changes. A context manager:
    leaving it closes the targets.

    `progress` is where it is shown how far the runs are; without it that is nowhere. `name` tells the session's tasks from those of
    other commands, in workers that serve several.
    """

    def __init__(self, progress: ProgressOutput | None = None, name: str | None = None) -> None:
        self.name = name or uuid4().hex
        self.progress: ProgressOutput = progress or NoOutput()
        self.files = ResolvedFileCache()
        self.controls = ControlRuns()
        self._targets: dict[str, OpenTarget] = {}
        self._systems: dict[SystemReference, SystemUnderTest] = {}
        self._digests: dict[SystemReference, str] = {}
        self._limits: dict[SystemReference, RunLimits] = {}

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the targets. No system that was bound in the session is used any more."""
        for target in self._targets.values():
            target.close()
        self._targets.clear()
        self._systems.clear()

    def scenario(self, reference: str) -> Resolved[Scenario]:
        """A scenario by name or path, or from a document as JSON. Raises InputError."""
        if not reference.startswith("{"):
            return self.files.scenario(reference)
        origin = Origin("trigger", "triggers")
        return self.files.get("scenario", reference, lambda: library().of(Scenario, Node.of(json.loads(reference), origin)))

    def resolve(self, reference: SystemReference) -> ResolvedRun:
        """The files of a system: the first step of its runs. Raises InputError."""
        return resolve_run(
            self.files,
            self.scenario(reference.scenario),
            architecture=reference.architecture,
            environment=reference.environment,
            assignments=reference.assignments,
            defects=reference.defects,
            left_out=reference.left_out,
        )

    def bind(self, reference: SystemReference) -> SystemUnderTest:
        """The system of a reference, its files read and everything checked: the second step of its runs. Raises InputError."""
        known = self._systems
        if reference in known:
            known[reference] = known.pop(reference)
        else:
            system = bind(self.target(reference.target), self.resolve(reference))
            while len(known) >= SYSTEMS_MAX:
                del known[next(iter(known))]
            known[reference], self._limits[reference] = system, system.limits
        return known[reference]

    def check(self, scenario: Resolved[Scenario], environment: str | None = None) -> SystemUnderTest:
        """The simulated system of a scenario that is read already. Raises InputError."""
        return bind(self.target(SIMULATED), resolve_run(self.files, scenario, environment=environment))

    def target(self, reference: str) -> OpenTarget:
        """The target of a reference (see `chaos.execution.target.catalogue`), opened if it is not yet. Raises InputError."""
        if reference not in self._targets:
            self._targets[reference] = open_target(reference)
        return self._targets[reference]

    def input_digest(self, reference: SystemReference) -> str:
        """Changes with whatever decides what a run on the system does, but for the seed; remembered for more systems than are held.
        Raises InputError."""
        if reference not in self._digests:
            self._digests[reference] = self.bind(reference).input_digest
        return self._digests[reference]

    def require(self, job: Job, at_once: int = 1) -> None:
        """Raises InputError if the job's system cannot be bound, or cannot make such a run, or not with so many others `at_once`."""
        self.input_digest(job.system)
        limits = self._limits[job.system]
        if limits.one_at_a_time and at_once > 1:
            raise InputError(f"{job.target} takes the machine for itself", hint="leave --jobs and --cluster out")
        where = f"{job.target}: {job.scenario}"
        if limits.seeds is not None and job.seed not in limits.seeds:
            seeds = ", ".join(map(str, sorted(limits.seeds)))
            raise InputError(f"{where} cannot be run with seed {job.seed}", hint=f"with it there are seeds {seeds or 'none'}")
        if job.spans and not limits.spans:
            raise InputError(f"{where} cannot keep the hops of requests", hint="leave --spans out")
        if job.left_out and not limits.left_out:
            raise InputError(f"{where} cannot leave anything out", hint="use the target simulated")
        if job.events_max is not None and not limits.events:
            raise InputError(f"{where} cannot bound the events of a run", hint="use the target simulated")

    def announce(self, targets: Iterable[str]) -> None:
        """What a person should know before runs on these targets begin."""
        for name in dict.fromkeys(targets):
            self.target(name).announce(self.progress.note)
