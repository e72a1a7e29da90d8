"""From names, patterns and suites to the jobs of a command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from chaos.documents.suite import Entry, Pair, Suite
from chaos.documents.suites import entries_of
from chaos.execution.jobs import SIMULATED, GroupKey, Job
from chaos.execution.session import Session
from chaos.execution.target.checks import measure_findings
from chaos.measures.catalogue import measures
from simcore.base.errors import InputError


@dataclass(frozen=True)
class JobOptions:
    """What a command says about the runs it makes; None leaves it to the files.

    `target` is what is put under test, `seed` the first of `replications` seeds, one after another. `assignments` are changes as
    `--set` has them, `journal` the folder below which journals are kept, `defects` are planted, each OPERATOR@SITE, and every `spans`-th request has
    its hops kept (0: none). `left_out` names what has no effect in the runs.
    """

    architecture: str | None = None
    environment: str | None = None
    seed: int = 1
    replications: int | None = None
    assignments: tuple[str, ...] = ()
    journal: str | None = None
    defects: tuple[str, ...] = ()
    spans: int = 0
    target: str = SIMULATED
    left_out: tuple[str, ...] = ()


def scenario_jobs(session: Session, names: Sequence[str], options: JobOptions) -> list[Job]:
    """The runs to make for scenarios, named by name, path or pattern (`incidents/*`): one job for each scenario and seed, in that order.

    How many seeds, and from which on, `options` say, else the scenario. Raises InputError for a name or pattern that fits nothing, and for
    files that are wrong.
    """
    return [job for name in names for entry in entries_of(Entry(scenario=name)) for job in _jobs(session, entry, options, None)]


def suite_jobs(session: Session, suite: Suite, options: JobOptions) -> list[Job]:
    """The jobs of a suite, each once: first those that are judged on their own, then what only pairs need."""
    for pair in suite.pairs:
        _require_measure(session, pair, suite, options)
    sides = [entry for pair in suite.pairs for entry in (pair.a, pair.b)]
    pairs = [job for entry in sides for job in _suite_jobs(session, entry, suite, options)]
    return list(dict.fromkeys([*own_jobs(session, suite, options), *pairs]))


def own_jobs(session: Session, suite: Suite, options: JobOptions) -> list[Job]:
    """The jobs of a suite that are judged on their own."""
    entries = [e for entry in suite.scenarios for e in entries_of(entry)]
    return [job for entry in entries for job in _suite_jobs(session, entry, suite, options)]


class PairedJobs(NamedTuple):
    """The two runs of a seed."""

    a: Job
    b: Job


def pair_jobs(session: Session, pair: Pair, suite: Suite, options: JobOptions) -> list[PairedJobs]:
    """The jobs of both sides, seed by seed, for as many seeds as both have."""
    a, b = (_suite_jobs(session, side, suite, options) for side in (pair.a, pair.b))
    return [PairedJobs(*jobs) for jobs in zip(a, b, strict=False)]


def _require_measure(session: Session, pair: Pair, suite: Suite, options: JobOptions) -> None:
    """Raises InputError if a side of the pair does not have what its measure is a measure of."""
    for side in (pair.a, pair.b):
        system = session.bind(_suite_jobs(session, side, suite, options)[0].system)
        for finding in measure_findings(pair.measure, (), system.inputs.index):
            raise InputError(f"pair {pair.name}: {pair.measure}: {finding.message}", hint=finding.hint)


def _suite_jobs(session: Session, entry: Entry, suite: Suite, options: JobOptions) -> list[Job]:
    """The jobs of an entry, whose runs count what the suite's pairs are judged by: where a pair and the suite name the same runs, they are
    made once."""
    jobs = _jobs(session, entry, options, suite.replications)
    metrics = metrics_of([pair.measure for pair in suite.pairs if _group_key(entry, options) in _sides(pair, options)])
    return [replace(job, metrics=metrics) for job in jobs]


def _group_key(entry: Entry, options: JobOptions) -> GroupKey:
    return GroupKey(entry.scenario, options.architecture or entry.architecture, options.environment or entry.environment)


class _Sides(NamedTuple):
    a: GroupKey
    b: GroupKey


def _sides(pair: Pair, options: JobOptions) -> _Sides:
    return _Sides(_group_key(pair.a, options), _group_key(pair.b, options))


def metrics_of(names: Iterable[str]) -> tuple[str, ...]:
    """The metrics of the journal that measures need, each once."""
    found = (measures().find(name).counter for name in names)
    return tuple(dict.fromkeys(metric for metric in found if metric is not None))


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
            options.defects,
            options.spans,
            options.target,
            left_out=options.left_out,
        )
        for i in range(runs)
    ]
