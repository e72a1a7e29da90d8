"""From names, patterns and suites to the jobs of a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chaos.documents.suite import Entry, Pair, Suite
from chaos.documents.suites import entries_of
from chaos.execution.jobs import SIMULATED, Job
from chaos.execution.session import Session


@dataclass(frozen=True)
class JobOptions:
    """What a command says about the runs it makes; None leaves it to the files.

    `target` is what is put under test, `seed` the first of `replications` seeds, one after another. `assignments` are changes as
    `--set` has them, `journal` the folder below which journals are kept, `defect` an OPERATOR@SITE, and every `spans`-th request has
    its hops kept (0: none).
    """

    architecture: str | None = None
    environment: str | None = None
    seed: int = 1
    replications: int | None = None
    assignments: tuple[str, ...] = ()
    journal: str | None = None
    defect: str | None = None
    spans: int = 0
    target: str = SIMULATED


def scenario_jobs(session: Session, names: Sequence[str], options: JobOptions) -> list[Job]:
    """The jobs of scenarios by name, path or pattern such as `incidents/*`. Raises InputError."""
    return [job for name in names for entry in entries_of(Entry(scenario=name)) for job in _jobs(session, entry, options, None)]


def suite_jobs(session: Session, suite: Suite, options: JobOptions) -> list[Job]:
    """The jobs of a suite, each once: first those that are judged on their own, then what only pairs need."""
    sides = [entry for pair in suite.pairs for entry in (pair.a, pair.b)]
    pairs = [job for entry in sides for job in _jobs(session, entry, options, suite.replications)]
    return list(dict.fromkeys([*own_jobs(session, suite, options), *pairs]))


def own_jobs(session: Session, suite: Suite, options: JobOptions) -> list[Job]:
    """The jobs of a suite that are judged on their own."""
    entries = [e for entry in suite.scenarios for e in entries_of(entry)]
    return [job for entry in entries for job in _jobs(session, entry, options, suite.replications)]


class PairedJobs(NamedTuple):
    """The two runs of a seed."""

    a: Job
    b: Job


def pair_jobs(session: Session, pair: Pair, suite: Suite, options: JobOptions) -> list[PairedJobs]:
    """The jobs of both sides, seed by seed, for as many seeds as both have."""
    a, b = (_jobs(session, side, options, suite.replications) for side in (pair.a, pair.b))
    return [PairedJobs(*jobs) for jobs in zip(a, b, strict=False)]


def _jobs(session: Session, entry: Entry, options: JobOptions, of_suite: int | None) -> list[Job]:
    runs = options.replications or entry.replications or of_suite or session.scenario(entry.scenario).model.replications
    architecture, environment = options.architecture or entry.architecture, options.environment or entry.environment
    return [
        Job(
            entry.scenario,
            options.seed + i,
            architecture,
            environment,
            options.assignments,
            options.journal,
            options.defect,
            options.spans,
            options.target,
        )
        for i in range(runs)
    ]
