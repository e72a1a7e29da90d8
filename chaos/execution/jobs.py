"""What is to be run, as plain data: it can be made in any process and on any machine, and names what is kept of it."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass
from typing import NamedTuple

from simcore.base.errors import InputError

LAST_SEED = 2**63 - 1
SIMULATED = "simulated"
"""The target of a job that names no other."""


class GroupKey(NamedTuple):
    """What the runs of a group have in common, which are judged together over their seeds: a scenario, and the architecture and
    environment that take the place of its own, or None."""

    scenario: str
    architecture: str | None = None
    environment: str | None = None


class SystemReference(NamedTuple):
    """What decides which system a run is made on, by name: a scenario (a name, a path, or a document as JSON), what takes the place of
    its architecture and environment, changes as `--set` has them, planted defects (each OPERATOR@SITE), a target, and what is left out."""

    scenario: str
    architecture: str | None = None
    environment: str | None = None
    assignments: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    target: str = SIMULATED
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """One run to be made: a system by references to its files, and a seed.

    `journal` is the folder below which the journal is kept; of every `spans`-th request the hops are kept; a run that needs more than
    `events_max` events is given up. `metrics` (`kind/name/field`) are counted beside those that the scenario's own measures need.
    `left_out` are actions that have no effect, by their names; `all` is every action, `method` the scenario's own steps. Raises InputError
    for a seed beyond LAST_SEED.
    """

    scenario: str
    seed: int
    architecture: str | None = None
    environment: str | None = None
    assignments: tuple[str, ...] = ()
    journal: str | None = None
    defects: tuple[str, ...] = ()
    spans: int = 0
    target: str = SIMULATED
    events_max: int | None = None
    metrics: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.seed > LAST_SEED:
            hint = "seeds follow one another from the first on: write a lower --seed, or fewer replications"
            raise InputError(f"there is no seed {self.seed}: the last is {LAST_SEED}", hint=hint)

    @property
    def system(self) -> SystemReference:
        """The system it is made on."""
        return SystemReference(
            self.scenario, self.architecture, self.environment, self.assignments, self.defects, self.target, self.left_out
        )

    @property
    def plain_system(self) -> SystemReference:
        """That system with nothing left out."""
        return self.system._replace(left_out=())

    @property
    def group(self) -> GroupKey:
        """The group that it belongs to."""
        return GroupKey(self.scenario, self.architecture, self.environment)

    @property
    def key(self) -> str:
        """Names the job in a store. What is as usual is left out, so that jobs keep their names when there is more that can be said."""
        usual: dict[str, object] = {
            "defects": (),
            "spans": 0,
            "target": SIMULATED,
            "events_max": None,
            "metrics": (),
            "left_out": (),
        }
        said = {k: v for k, v in asdict(self).items() if k != "journal" and not (k in usual and v == usual[k])}
        return json.dumps(said, sort_keys=True)


def replay_line(job: Job, architecture: str, environment: str) -> str:
    """The command that makes this run again."""
    words = ["coredrill", "replay", job.scenario, "--architecture", architecture, "--environment", environment]
    words += ["--seed", str(job.seed)] + [w for a in job.assignments for w in ("--set", a)]
    words += [w for name in job.defects for w in ("--defect", name)]
    words += ["--spans", str(job.spans)] if job.spans else []
    words += ["--target", job.target] if job.target != SIMULATED else []
    words += [w for name in job.left_out for w in ("--leave-out", name)]
    return shlex.join(words)
