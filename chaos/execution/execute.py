"""The last of the three steps of a run: a seed on a bound system, its journal, and what it is judged to be."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chaos.execution.control_run import compared
from chaos.execution.jobs import Job, replay_line
from chaos.execution.session import Session
from chaos.execution.target.protocol import RunOptions, SystemUnderTest
from chaos.execution.topology import topology_of
from chaos.i18n.findings import reason_text
from chaos.judgement.actions import actions_taken
from chaos.judgement.assessment import Assessment, assess, causes_of, spec_of, timeline_of
from chaos.judgement.cause_graph import cause_graphs
from chaos.measures.intervals import evaluate_intervals, violated_stretches
from chaos.measures.outages import failed_over_time, outages_of
from chaos.results.findings import Findings
from chaos.results.run import RunResult
from chaos.results.stored_run import store_run
from simcore.journal.model import Journal
from simcore.journal.summary import figures, laws
from simcore.journal.writer import write_journal
from simcore.model.references import check_reading


def execute(session: Session, job: Job) -> RunResult:
    """Makes one run and judges it: what `coredrill run` does for one seed. Keeps the journal if the job names a folder.

    Raises InputError if a file is wrong, or the target cannot make such a run.

    >>> from chaos.execution.jobs import Job
    >>> from chaos.execution.session import Session
    >>> with Session() as session:
    ...     run = execute(session, Job("./scenario.yaml", seed=3))
    >>> run.verdict, run.measures.impaired_s, run.measures.orders.failed_orders > 2000
    ('pass', 130.0, True)
    """
    session.require(job)
    system = session.bind(job.system)
    journal = compared(session.controls, session.bind(job.plain_system), job, run_once(system, job))
    run = result_of_run(session, job, system, journal)
    if job.journal is not None:
        keep_run(journal_folder(session, job), journal, run, system)
    return run


def run_once(system: SystemUnderTest, job: Job) -> Journal:
    """The journal of a job's run, not compared with its control run yet. `system` is the bound system of `job.system`; nothing is judged,
    nothing kept. Raises EventBudgetExceededError if the job bounds the events and the run needs more."""
    return system.run(system.inputs.scenario.model, job.seed, RunOptions(job.spans, events_max=job.events_max))


def assessed(session: Session, system: SystemUnderTest, journal: Journal, metrics: Iterable[str] = ()) -> Assessment:
    """What a run of a system showed. Of `metrics` those are counted that the system has."""
    rules, inputs = session.files.severity_rules(), system.inputs
    known = [metric for metric in metrics if not check_reading(inputs.index, (), metric)]
    return assess(inputs.scenario.model, system.watchers, journal, figures(journal), rules, known, inputs.architecture.flows)


def result_of_run(session: Session, job: Job, system: SystemUnderTest, journal: Journal) -> RunResult:
    """What a run amounts to."""
    inputs, found = system.inputs, assessed(session, system, journal, job.metrics)
    scenario, judgement, chain = inputs.scenario.model, found.judgement, causes_of(found, journal, inputs.index)
    outages = outages_of(journal, evaluate_intervals(journal, found.spec), found.spec)
    actions = actions_taken(journal, inputs.architecture.control.runbooks)
    return RunResult(
        scenario=scenario.name,
        title=scenario.title,
        chinese=scenario.chinese,
        own_names=list(inputs.own_names),
        purpose=scenario.purpose,
        architecture=inputs.architecture.name,
        environment=inputs.environment,
        workload=inputs.workload.name,
        seed=job.seed,
        verdict=judgement.verdict,
        reasons=[reason_text(reason)["en"] for reason in judgement.reasons],
        invalid=bool(found.invalid or found.missed or found.given_up_ns is not None),
        averted=bool(found.missed and not found.invalid),
        doubtful=bool(found.doubts),
        given_up_ns=found.given_up_ns,
        digest=journal.digest,
        input_digest=system.input_digest,
        live=journal.meta.live,
        window=found.spec.window,
        measures=found.measures,
        properties=found.properties,
        conservation=laws(journal),
        expectations=[e.result() for e in judgement.expectations],
        faults=found.faults,
        causes=[link.result() for link in chain],
        chains=cause_graphs(journal, inputs.index, found.faults, actions, outages, found.spec.hold),
        outages=outages,
        failed_over_time=failed_over_time(journal, found.spec),
        actions=actions,
        left_out=inputs.left_out.names,
        timeline=timeline_of(scenario, journal),
        replay=replay_line(job, inputs.architecture_reference, inputs.environment),
        findings=Findings(
            reasons=judgement.reasons,
            expectations=[e.finding() for e in judgement.expectations],
            symptoms=[link.symptom for link in chain],
        ),
    )


def journal_folder(session: Session, job: Job) -> Path:
    """Where the journal of a job is kept: below the folder it names, by scenario, architecture, environment and seed."""
    inputs = session.bind(job.system).inputs
    names = [inputs.scenario.model.name, inputs.architecture.name, inputs.environment, f"seed-{job.seed}"]
    names += [f"defect-{name}" for name in job.defects]
    return Path(job.journal or ".") / "__".join(name.replace("/", "-") for name in names)


def keep_run(folder: Path, journal: Journal, run: RunResult, system: SystemUnderTest) -> None:
    """Writes the journal, and beside it what a report needs and the journal does not say."""
    scenario = system.inputs.scenario.model
    intervals = evaluate_intervals(journal, spec_of(scenario, system.watchers, journal, system.inputs.architecture.flows))
    write_journal(journal, folder)
    violated = violated_stretches(intervals, scenario.steady_state.every)
    store_run(folder, topology=topology_of(system.inputs.index), run=run, violated=violated)
