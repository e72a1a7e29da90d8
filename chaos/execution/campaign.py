"""The runs of a command, made or taken from where they are kept, and what they come to together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.documents.suite import Suite
from chaos.execution.counterfactuals import explain
from chaos.execution.jobs import GroupKey, Job
from chaos.execution.planning import JobOptions, own_jobs, pair_jobs
from chaos.execution.runs import Runs, default_store
from chaos.execution.session import Session
from chaos.execution.workers import Workers
from chaos.judgement.pairs import judge_pair
from chaos.judgement.verdict import combine, judge_runs
from chaos.results.run import SCHEMA_VERSION, Counts, GroupResult, PairResult, RunResult, SuiteResult


@dataclass(frozen=True)
class ExecutionOptions:
    """Where runs are made and kept: in so many processes (`jobs`) or on a Dask `cluster`; in the file `store`, of which what is there
    already counts with `resume`."""

    jobs: int = 1
    cluster: str | None = None
    store: str | None = None
    resume: bool = False

    @property
    def workers(self) -> Workers:
        """Who makes the runs."""
        return Workers(self.jobs, self.cluster)

    @property
    def path(self) -> Path | None:
        """The file that is named for them."""
        return Path(self.store) if self.store else None


def run_all(
    session: Session,
    jobs: Sequence[Job],
    execution: ExecutionOptions,
    name: str,
    *,
    keep: bool = False,
    causes: bool = False,
) -> dict[str, RunResult]:
    """The results of jobs by their keys, made where they are not kept yet: the same bytes whenever and however they were made.

    With `keep`, or where the options name a store or resume, they are kept, if nowhere else then in the store of the command `name`. With
    `causes` each result says what acting did, for which further runs are made.
    """
    path = execution.path or (default_store(name, jobs) if keep or execution.resume else None)
    with Runs(session, path, resume=execution.resume, workers=execution.workers) as runs:
        runs.make(jobs)
        if causes:
            explain(session, jobs, runs)
    return runs.records


def suite_result(
    session: Session, suite: Suite, jobs: Sequence[Job], options: JobOptions, records: Mapping[str, RunResult]
) -> SuiteResult:
    """The result object of a suite's finished jobs, its pairs judged: what `coredrill suite` writes as JSON.

    `options` are those that `jobs` were planned with; `records` has the results by the jobs' keys. A run that a pair needs and that is
    not there leaves the pair unknown.

    >>> from chaos.documents.suites import load_suite
    >>> from chaos.execution.planning import suite_jobs
    >>> suite, options = load_suite("./suite.yaml"), JobOptions(replications=2)
    >>> with Session() as session:
    ...     jobs = suite_jobs(session, suite, options)
    ...     result = suite_result(session, suite, jobs, options, run_all(session, jobs, ExecutionOptions(), "suite"))
    >>> [(group.scenario, group.runs, group.verdict) for group in result.groups], result.summary.verdict
    ([('small', 2, 'pass')], 'pass')
    """
    own = {job.group for job in own_jobs(session, suite, options)}
    pairs = []
    for pair in suite.pairs:
        sides = pair_jobs(session, pair, suite, options)
        both = [(a.seed, records.get(a.key), records.get(b.key)) for a, b in sides]
        pairs.append(judge_pair(pair, both))
    return result_of(session, jobs, records, pairs, own)


def result_of(
    session: Session,
    jobs: Sequence[Job],
    records: Mapping[str, RunResult],
    pairs: Sequence[PairResult] = (),
    own: Collection[GroupKey] | None = None,
) -> SuiteResult:
    """The result object (schema version 1) of finished jobs, in their order. Groups of jobs that are not among `own` (None: all
    are) were made for a pair's sake: what they are held to on their own does not count, the pair's difference does."""
    runs, cases = [records[job.key] for job in jobs], dict.fromkeys(job.group for job in jobs)
    groups = [
        group.model_copy(update={"counts": own is None or case in own})
        for case, group in zip(cases, grouped(session, jobs, records), strict=True)
    ]
    counted = [group.verdict for group in groups if group.counts]
    judged = [*counted, *(pair.verdict for pair in pairs)]
    summary = Counts(
        runs=len(runs),
        scenarios=len(counted),
        pairs=len(pairs),
        verdict=combine(judged),
        conservation_broken=sum(len(run.broken_laws) for run in runs),
        passed=judged.count("pass"),
        failed=judged.count("fail"),
        unknown=judged.count("unknown"),
    )
    return SuiteResult(schema_version=SCHEMA_VERSION, runs=runs, groups=groups, pairs=list(pairs), summary=summary)


def grouped(session: Session, jobs: Sequence[Job], records: Mapping[str, RunResult]) -> list[GroupResult]:
    """The jobs' runs by scenario and place, in the order of the jobs, each group with its verdict."""
    groups: dict[GroupKey, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.group, []).append(job)
    found = []
    for mine in groups.values():
        runs = [records[job.key] for job in mine]
        inputs = session.bind(mine[0].system).inputs
        scenario, over = inputs.scenario.model, judge_runs(inputs.scenario.model, runs)
        found.append(
            GroupResult(
                scenario=scenario.name,
                title=scenario.title,
                architecture=inputs.architecture.name,
                environment=inputs.environment,
                runs=len(runs),
                seeds=[run.seed for run in runs],
                verdict=over.verdict,
                expectations=over.expectations,
            )
        )
    return found
