"""From names, patterns and suites to the jobs of a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.documents.suite import Entry, Pair, Suite
from chaos.documents.suites import entries_of
from chaos.execution.jobs import Job, forget, load_scenario


@dataclass(frozen=True)
class JobOptions:
    """What a command says about the runs it makes; None leaves it to the files.

    `seed` is the first of `replications` seeds, one after another. `assignments` are changes as `--set` has them, `journal` the folder
    below which journals are kept, `defect` an OPERATOR@SITE, and every `spans`-th request has its hops kept (0: none).
    """

    architecture: str | None = None
    environment: str | None = None
    seed: int = 1
    replications: int | None = None
    assignments: tuple[str, ...] = ()
    journal: str | None = None
    defect: str | None = None
    spans: int = 0


def scenario_jobs(names: Sequence[str], options: JobOptions) -> list[Job]:
    """The jobs of scenarios by name, path or pattern such as `incidents/*`. Raises InputError."""
    forget()
    return [job for name in names for entry in entries_of(Entry(scenario=name)) for job in _jobs(entry, options, None)]


def suite_jobs(suite: Suite, options: JobOptions) -> list[Job]:
    """The jobs of a suite, each once: first those that are judged on their own, then what only pairs need."""
    forget()
    pairs = [job for pair in suite.pairs for side in pair_jobs(pair, suite, options) for job in side]
    return list(dict.fromkeys([*own_jobs(suite, options), *pairs]))


def own_jobs(suite: Suite, options: JobOptions) -> list[Job]:
    """The jobs of a suite that are judged on their own."""
    entries = [e for entry in suite.scenarios for e in entries_of(entry)]
    return [job for entry in entries for job in _jobs(entry, options, suite.replications)]


def pair_jobs(pair: Pair, suite: Suite, options: JobOptions) -> tuple[list[Job], list[Job]]:
    """The jobs of both sides, seed by seed."""
    return _jobs(pair.a, options, suite.replications), _jobs(pair.b, options, suite.replications)


def _jobs(entry: Entry, options: JobOptions, of_suite: int | None) -> list[Job]:
    runs = options.replications or entry.replications or of_suite or load_scenario(entry.scenario).model.replications
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
        )
        for i in range(runs)
    ]
