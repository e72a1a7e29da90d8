"""One scenario on one system, mutated or not, over some seeds: what coverage, attribution and pricing are made of.

A trial is plain data, so that it can be made in any process and kept; so is what it gives.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from chaos.documents.scenario import Scenario
from chaos.execution.control_run import compared, held_against
from chaos.execution.execute import assessed, run_once
from chaos.execution.jobs import Job, SystemReference
from chaos.execution.session import Session
from chaos.execution.target.protocol import EventBudgetExceededError, SystemUnderTest
from chaos.i18n.findings import bound_text, reason_text
from chaos.judgement.verdict import SeedOutcome, fails_anyway, judge_seeds, nothing_known
from chaos.measures.catalogue import measures
from chaos.measures.registry import GRADES, Measured
from chaos.results.coverage import Observation, TrialResult, TrialVerdict
from chaos.results.run import Verdict
from simcore.base.errors import InputError
from simcore.journal.model import Journal
from simcore.journal.summary import figures

PASS: Verdict = "pass"
FAIL: Verdict = "fail"
UNKNOWN: Verdict = "unknown"
TIMED_OUT: TrialVerdict = "timed out"
COUNTED = ("pool", "call", "link", "limit", "operation")
_SETTINGS = ("slots", "queue_limit")  # totals that say how a system is made, not what came of it
ORDERS = (
    "intended",
    "blocked",
    "failed",
    "unknown",
    "duplicated",
    "lost",
    "orphan",
    "stranded",
    "late",
    "failed_orders",
    "rejected_wrongly",
)


@dataclass(frozen=True)
class Trial:
    """Runs of one scenario on one system, one for each of the `seeds`, one after another; each is a job like any other.

    `scenario` is a name or path, or a document as JSON. `events_max` is the budget of each run; with `stop` no more seeds are run once
    the verdict over all of them is certain, which only fail can be before the last; `unmutated` is the input digest of the system
    without the defect, if it is known: one that the defect leaves as it is need not be run.
    With `counters` the counters are wanted that a defect may need. With `sound` the orders rejected wrongly are those that the system
    without the defects confirms where nothing is done to it; else they are held against the system with its defects, as whoever runs
    the scenario does.
    """

    scenario: str
    architecture: str | None
    environment: str | None
    seeds: tuple[int, ...]
    defects: tuple[str, ...] = ()
    events_max: tuple[int, ...] | None = None
    stop: bool = False
    unmutated: str | None = None
    counters: bool = False
    sound: bool = False

    @property
    def key(self) -> str:
        """A text that identifies the trial in a store of finished ones."""
        return json.dumps(
            [self.scenario, self.architecture, self.environment, self.defects, self.seeds, self.events_max, self.stop, self.sound]
        )

    @property
    def system(self) -> SystemReference:
        """The system it is made on."""
        return SystemReference(self.scenario, self.architecture, self.environment, defects=self.defects)

    @property
    def jobs(self) -> list[Job]:
        """The runs of the trial as jobs, one for each seed."""
        budgets = self.events_max or (None,) * len(self.seeds)
        return [
            Job(self.scenario, seed, self.architecture, self.environment, defects=self.defects, events_max=budget)
            for seed, budget in zip(self.seeds, budgets, strict=True)
        ]


def attempt(session: Session, trial: Trial) -> TrialResult:
    """Makes the runs of a trial and returns what was observed in each, and the digest of the system's files.

    It makes no run if the defect cannot be built in (`impossible` says why) or leaves the files as they are (`identical`). The verdict
    over the seeds is that of `run`. Raises InputError for files that are wrong without any defect.
    """
    try:
        system = session.bind(trial.system)
    except InputError as error:
        if not trial.defects:
            raise
        return TrialResult(impossible=str(error))
    if trial.unmutated is not None and system.input_digest == trial.unmutated:
        return TrialResult(identical=True, digest=trial.unmutated, runs=[])
    scenario, runs = system.inputs.scenario.model, list[Observation]()
    for job in trial.jobs:
        if trial.stop and fails_anyway(scenario, [_counts_for(run, scenario) for run in runs], len(trial.seeds)):
            break
        runs.append(_observe(session, system, job, trial))
    return _judged(scenario, runs, TrialResult(digest=system.input_digest, runs=runs))


def _judged(scenario: Scenario, runs: Sequence[Observation], made: TrialResult) -> TrialResult:
    """With the verdict over the seeds that were run, and the expectations over them that are broken."""
    judged = judge_seeds(scenario, [_counts_for(run, scenario) for run in runs])
    tripped = [over.expected for over in judged.expectations if over.verdict == FAIL]
    return made.model_copy(update={"verdict": judged.verdict, "tripped": tripped})


def _counts_for(run: Observation, scenario: Scenario) -> SeedOutcome:
    """What a run counts for over the seeds; one over its event budget shows nothing."""
    if run.verdict == "timed out":
        return nothing_known(scenario, UNKNOWN)
    return SeedOutcome(run.verdict, run.held, run.over)


def _observe(session: Session, system: SystemUnderTest, job: Job, trial: Trial) -> Observation:
    try:
        journal = run_once(system, job)
    except EventBudgetExceededError as error:
        return Observation(seed=job.seed, verdict=TIMED_OUT, invalid=True, why=[str(error)], tripped=[], orders={}, effect="")
    shown = assessed(session, system, compared(session.controls, session.bind(job.plain_system), job, journal))
    measured, judged = shown.measures, shown.judgement
    counts = shown.outcome(system.inputs.scenario.model)
    found = Observation(
        seed=job.seed,
        verdict=judged.verdict,
        invalid=bool(shown.invalid),
        missed=bool(shown.missed),
        held=list(counts.held),
        over=list(counts.values),
        values=values_of(shown.measured),
        why=[reason_text(reason)["en"] for reason in judged.reasons[:3]],
        tripped=[bound_text(e.bound)["en"] for e in judged.expectations if e.judged and e.holds is False],
        expected=[bound_text(e.bound)["en"] for e in judged.expectations],
        orders={name: measured.orders.count(name) for name in ORDERS},
        impaired_s=measured.impaired_s,
        recovery_s=measured.recovery_s,
        recovery_s_lower=measured.recovery_s_lower,
        customers=measured.customers_affected,
        severity={name: grade.grade for name, grade in measured.severity.items() if grade.grade in GRADES},
        events=journal.meta.counts["events"],
        effect=effect(journal),
        broken=sum(not law.ok for law in journal.conservation),
    )
    if trial.sound:
        found.orders["rejected_wrongly"] = _rejected_wrongly(session, job, journal)
    return found.model_copy(update={"readings": grown(journal)}) if trial.counters else found


def _rejected_wrongly(session: Session, job: Job, journal: Journal) -> int:
    """Of a run's orders those rejected that the system without defects confirms where nothing is done to it."""
    sound = replace(job, defects=(), events_max=None)
    held = held_against(session.controls, session.bind(sound.plain_system), sound, journal)
    return figures(held).orders.count("rejected_wrongly")


def values_of(run: Measured) -> dict[str, float]:
    """Every measure of which a run has a value, on a scale: true is 1, of a grade it is how many are milder."""
    found = {}
    for measure in measures().in_run(run):
        value = measure.number(run)
        if value is not None:
            found[measure.name] = value
    return found


def effect(journal: Journal) -> str:
    """A digest of all that was counted and of every intent: equal when the run came out the same."""
    counted = [
        (kind, name, field, value)
        for kind, names in journal.totals.items()
        for name, fields in names.items()
        for field, value in fields.items()
        if value and field not in _SETTINGS and kind != "limit"  # how often a limit was asked says nothing of what came of it
    ]
    digest = blake2b(json.dumps(sorted(counted)).encode(), digest_size=12)
    for name in sorted(journal.intents):
        digest.update(journal.intents[name].tobytes())
    return digest.hexdigest()


def grown(journal: Journal) -> list[str]:
    """The readings that a defect may need and that grew: counters above 0, events that happened, faults that began."""
    found = {
        f"{kind}/{name}/{field}"
        for kind in COUNTED
        for name, fields in journal.totals.get(kind, {}).items()
        for field, value in fields.items()
        if value
    }
    for name, pool in journal.totals.get("pool", {}).items():
        if pool["peak_busy"] > pool["slots"] / 4 - 1:  # rounding moves a quarter by less than 1
            found.add(f"pool/{name}/over_quarter")
    for event in journal.events:
        found |= {f"event/{event.what}", f"event/{event.what}/{event.subject}"}
        if event.what == "fault_started":
            found.add(f"fault/{event.detail['fault']}")
    return sorted(found)


def inert(needs: Sequence[str], readings: Sequence[str] | frozenset[str], *, deadlines: bool) -> bool:
    """Whether a defect cannot have changed a run: none of what it needs grew in the same run without it.

    A counter of a pool or limit for each replica is that of any of them. With deadlines passed on, a timeout acts even where it
    never fires, so that nothing is taken for granted.
    """
    if not needs or deadlines:
        return False
    known = readings if isinstance(readings, frozenset) else frozenset(readings)
    return not any(need in known or _of_a_replica(need, known) for need in needs)


def _of_a_replica(need: str, known: frozenset[str]) -> bool:
    kind, _, rest = need.partition("/")
    name, _, field = rest.rpartition("/")
    return kind in ("pool", "limit") and any(r.startswith(f"{kind}/{name}#") and r.endswith(f"/{field}") for r in known)
