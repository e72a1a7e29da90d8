"""The runs of a command, made or taken from where they are kept, and what they come to together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.documents.suite import Suite
from chaos.execution.jobs import Case, Job, grouped
from chaos.execution.planning import JobOptions, own_jobs, pair_jobs
from chaos.execution.runs import Runs, default_store
from chaos.judgement.pairs import judge_pair
from chaos.judgement.verdict import combine
from chaos.results.run import SCHEMA_VERSION, Counts, PairResult, RunResult, SuiteResult


@dataclass(frozen=True)
class ExecutionOptions:
    """Where runs are made and kept: in so many processes (`jobs`) or on a Dask `cluster`; in the file `store`, of which what is there
    already counts with `resume`."""

    jobs: int = 1
    cluster: str | None = None
    store: str | None = None
    resume: bool = False


def run_all(jobs: Sequence[Job], execution: ExecutionOptions, name: str, *, keep: bool = False) -> dict[str, RunResult]:
    """The results of jobs by their keys, made where they are not kept yet: the same bytes whenever and however they were made.
    With `keep`, or where the options name a store or resume, they are kept, if nowhere else then in the store of the command `name`."""
    kept = keep or execution.store is not None or execution.resume
    path = Path(execution.store) if execution.store else default_store(name, jobs) if kept else None
    with Runs(path, resume=execution.resume, workers=execution.jobs, cluster=execution.cluster) as runs:
        runs.make(jobs)
    return runs.records


def suite_result(suite: Suite, jobs: Sequence[Job], options: JobOptions, records: Mapping[str, RunResult]) -> SuiteResult:
    """The result object of a suite's finished jobs, its pairs judged."""
    own = {job.group for job in own_jobs(suite, options)}
    pairs = []
    for pair in suite.pairs:
        a, b = pair_jobs(pair, suite, options)
        both = [(left.seed, records.get(left.key), records.get(right.key)) for left, right in zip(a, b, strict=False)]
        pairs.append(judge_pair(pair, both))
    return result_of(jobs, records, pairs, own)


def result_of(
    jobs: Sequence[Job],
    records: Mapping[str, RunResult],
    pairs: Sequence[PairResult] = (),
    own: Collection[Case] | None = None,
) -> SuiteResult:
    """The result object (schema version 1) of finished jobs, in their order. Groups of jobs that are not among `own` (None: all
    are) were made for a pair's sake: what they are held to on their own does not count, the pair's difference does."""
    runs, cases = [records[job.key] for job in jobs], dict.fromkeys(job.group for job in jobs)
    groups = [
        group.model_copy(update={"counts": own is None or case in own})
        for case, group in zip(cases, grouped(jobs, records), strict=True)
    ]
    counted = [group.verdict for group in groups if group.counts]
    judged = [*counted, *(pair.verdict for pair in pairs)]
    summary = Counts(
        runs=len(runs), scenarios=len(counted), pairs=len(pairs), verdict=combine(judged),
        conservation_broken=sum(len(run.broken_laws) for run in runs),
        passed=judged.count("pass"), failed=judged.count("fail"), unknown=judged.count("unknown"),
    )  # fmt: skip
    return SuiteResult(schema_version=SCHEMA_VERSION, runs=runs, groups=groups, pairs=list(pairs), summary=summary)
