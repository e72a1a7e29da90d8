"""The further runs that tell what acting did in a run, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from chaos.execution.execute import journal_folder
from chaos.execution.inputs.leaving_out import METHOD
from chaos.execution.jobs import Job
from chaos.execution.runs import Runs
from chaos.execution.session import Session
from chaos.judgement.counterfactuals import Later, counterfactuals, later_times, names_to_leave_out
from chaos.results.run import RunResult
from chaos.results.stored_run import restore_run
from simcore.model.left_out import EVERY_ACTION, from_instant


class FurtherJobs(NamedTuple):
    """The runs that one run is held against: `nobody_acts`, and `without` each action; none where nothing was carried out. `no_method` is
    None where the scenario has none. `later` are those without what was taken again in a later outage."""

    nobody_acts: Job | None
    without: dict[str, Job]
    no_method: Job | None
    later: dict[Later, Job]

    @property
    def jobs(self) -> list[Job]:
        """All of them."""
        every = (self.no_method, self.nobody_acts, *self.without.values(), *self.later.values())
        return [job for job in every if job is not None]


def further_jobs(job: Job, run: RunResult) -> FurtherJobs:
    """The runs to be made of the same seed. They keep no journal, and no hops: that changes nothing in them."""
    names = names_to_leave_out(run.actions)

    def leaving_out(name: str) -> Job:
        return replace(job, journal=None, spans=0, left_out=(name,))

    return FurtherJobs(
        leaving_out(EVERY_ACTION) if names else None,
        {name: leaving_out(name) for name in names},
        leaving_out(METHOD) if run.faults else None,
        {when: leaving_out(from_instant(when.name, when.at)) for when in later_times(run)},
    )


def explain(session: Session, jobs: Sequence[Job], runs: Runs) -> None:
    """Makes the further runs of jobs whose runs are there, on targets that can leave things out, and puts what they show into the
    results, those in journal folders included. Raises InputError, and what a run raises."""
    able = [job for job in dict.fromkeys(jobs) if not job.left_out and session.bind(job.system).limits.left_out]
    further = {job: further_jobs(job, runs.records[job.key]) for job in able}
    runs.make([more for of_job in further.values() for more in of_job.jobs], "counterfactual runs")
    for job, others in further.items():
        run = runs.records[job.key] = _explained(runs.records, job, others)
        if job.journal is not None and (folder := journal_folder(session, job)).is_dir():  # a run kept earlier may have none
            restore_run(folder, run)


def _explained(records: Mapping[str, RunResult], job: Job, others: FurtherJobs) -> RunResult:
    run = records[job.key]
    found = counterfactuals(
        run,
        records[others.nobody_acts.key] if others.nobody_acts else None,
        {name: records[other.key] for name, other in others.without.items()},
        records[others.no_method.key] if others.no_method else None,
        {when: records[other.key] for when, other in others.later.items()},
    )
    return run.model_copy(update={"counterfactuals": found})
