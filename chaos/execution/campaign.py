"""The runs of a command, made or taken from where they are kept, and what they come to together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.documents.suite import Suite
from chaos.execution.jobs import SCHEMA_VERSION, Job, Record, grouped
from chaos.execution.planning import JobOptions, own_jobs, pair_jobs
from chaos.execution.runs import Runs, default_store
from chaos.judgement.pairs import judge_pair
from chaos.judgement.verdict import combine

Result = dict[str, Any]


@dataclass(frozen=True)
class ExecutionOptions:
    """Where runs are made and kept: in so many processes (`jobs`) or on a Dask `cluster`; in the file `store`, of which what is there
    already counts with `resume`."""

    jobs: int = 1
    cluster: str | None = None
    store: str | None = None
    resume: bool = False


def run_all(jobs: Sequence[Job], execution: ExecutionOptions, name: str, *, keep: bool = False) -> dict[str, Record]:
    """The records of jobs by their keys, made where they are not kept yet: the same bytes whenever and however they were made.
    With `keep`, or where the options name a store or resume, they are kept, if nowhere else then in the store of the command `name`."""
    kept = keep or execution.store is not None or execution.resume
    path = Path(execution.store) if execution.store else default_store(name, jobs) if kept else None
    with Runs(path, resume=execution.resume, workers=execution.jobs, cluster=execution.cluster) as runs:
        runs.make(jobs)
    return runs.records


def suite_result(suite: Suite, jobs: Sequence[Job], options: JobOptions, records: Mapping[str, Record]) -> Result:
    """The result object of a suite's finished jobs, its pairs judged."""
    own = {job.group for job in own_jobs(suite, options)}
    pairs = []
    for pair in suite.pairs:
        a, b = pair_jobs(pair, suite, options)
        both = [(left.seed, records.get(left.key), records.get(right.key)) for left, right in zip(a, b, strict=False)]
        pairs.append(judge_pair(pair, both))
    return result_of(jobs, records, pairs, own)


def result_of(
    jobs: Sequence[Job], records: Mapping[str, Record], pairs: Sequence[dict[str, Any]] = (), own: Collection[Any] | None = None
) -> Result:
    """The result object (schema version 1) of finished jobs, in their order. Groups of jobs that are not among `own` (None: all
    are) were made for a pair's sake: what they are held to on their own does not count, the pair's difference does."""
    runs, groups = [records[job.key] for job in jobs], grouped(jobs, dict(records))
    for key, group in zip(dict.fromkeys(job.group for job in jobs), groups, strict=True):
        group["counts"] = own is None or key in own
    counted = [group["verdict"] for group in groups if group["counts"]]
    judged = [*counted, *(pair["verdict"] for pair in pairs)]
    broken = sum(not law["ok"] for run in runs for law in run["conservation"])
    summary = {"runs": len(runs), "scenarios": len(counted), "pairs": len(pairs), "verdict": combine(judged)}
    summary |= {"conservation_broken": broken} | {v: judged.count(v) for v in ("pass", "fail", "unknown")}
    return {"schema_version": SCHEMA_VERSION, "runs": runs, "groups": groups, "pairs": list(pairs), "summary": summary}
