"""One scenario on one system, mutated or not, over some seeds: what coverage, attribution and pricing are made of.

A trial is plain data, so that it can be made in any process and kept; so is what it gives.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from chaos.execution.control_run import compared
from chaos.execution.execute import assessed, run_once
from chaos.execution.jobs import Job, SystemReference
from chaos.execution.session import Session
from chaos.execution.target.protocol import EventBudgetExceededError, SystemUnderTest
from chaos.i18n.findings import bound_text, reason_text
from chaos.measures.registry import GRADES
from chaos.results.coverage import Observation, TrialResult, TrialVerdict
from simcore.base.errors import InputError
from simcore.journal.model import Journal

PASS: TrialVerdict = "pass"
FAIL: TrialVerdict = "fail"
UNKNOWN: TrialVerdict = "unknown"
TIMED_OUT: TrialVerdict = "timed out"
COUNTED = ("pool", "call", "link", "limit", "operation")
_SETTINGS = ("slots", "queue_limit")  # totals that say how a system is made, not what came of it
ORDERS = ("intended", "blocked", "failed", "unknown", "duplicated", "lost", "orphan", "stranded", "late", "failed_orders")


@dataclass(frozen=True)
class Trial:
    """Runs of one scenario on one system, one for each of the `seeds`, one after another; each is a job like any other.

    `scenario` is a name or path, or a document as JSON. `events_max` is the budget of each run; `kills_enough` kills decide the trial,
    so that the seeds left are not run; `unmutated` is the input digest of the system without the defect, if it is known: one that the
    defect leaves as it is need not be run. With `counters` the counters are wanted that a defect may need.
    """

    scenario: str
    architecture: str | None
    environment: str | None
    seeds: tuple[int, ...]
    defect: str | None = None
    events_max: tuple[int, ...] | None = None
    kills_enough: int | None = None
    unmutated: str | None = None
    counters: bool = False

    @property
    def key(self) -> str:
        """A text that identifies the trial in a store of finished ones."""
        return json.dumps(
            [self.scenario, self.architecture, self.environment, self.defect, self.seeds, self.events_max, self.kills_enough]
        )

    @property
    def system(self) -> SystemReference:
        """The system it is made on."""
        return SystemReference(self.scenario, self.architecture, self.environment, defect=self.defect)

    @property
    def jobs(self) -> list[Job]:
        """The runs of the trial as jobs, one for each seed."""
        budgets = self.events_max or (None,) * len(self.seeds)
        return [
            Job(self.scenario, seed, self.architecture, self.environment, defect=self.defect, events_max=budget)
            for seed, budget in zip(self.seeds, budgets, strict=True)
        ]


def attempt(session: Session, trial: Trial) -> TrialResult:
    """Makes the runs of a trial and returns what was observed in each, and the digest of the system's files.

    It makes no run if the defect cannot be built in (`impossible` says why) or leaves the files as they are (`identical`), and stops once
    the seeds left cannot change the outcome. Raises InputError for files that are wrong without any defect.
    """
    try:
        system = session.bind(trial.system)
    except InputError as error:
        if trial.defect is None:
            raise
        return TrialResult(impossible=str(error))
    if trial.unmutated is not None and system.input_digest == trial.unmutated:
        return TrialResult(identical=True, digest=trial.unmutated, runs=[])
    runs: list[Observation] = []
    for job in trial.jobs:
        if trial.kills_enough is not None and decided(runs, trial.kills_enough, len(trial.seeds)):
            break
        runs.append(_observe(session, system, job, trial.counters))
    return TrialResult(digest=system.input_digest, runs=runs)


def decided(runs: Sequence[Observation], enough: int, seeds: int) -> bool:
    """Whether the seeds that are left cannot change that there are, or are not, enough kills."""
    kills: int = sum(run.verdict == FAIL for run in runs)
    return kills >= enough or kills + (seeds - len(runs)) < enough


def _observe(session: Session, system: SystemUnderTest, job: Job, counters: bool) -> Observation:
    try:
        journal = run_once(system, job)
    except EventBudgetExceededError as error:
        return Observation(seed=job.seed, verdict=TIMED_OUT, invalid=True, why=[str(error)], tripped=[], orders={}, effect="")
    shown = assessed(session, system, compared(session.controls, session.bind(job.plain_system), job, journal))
    measures, judged = shown.measures, shown.judgement
    found = Observation(
        seed=job.seed,
        verdict=judged.verdict,
        invalid=bool(shown.invalid),
        why=[reason_text(reason)["en"] for reason in judged.reasons[:3]],
        tripped=[bound_text(e.bound)["en"] for e in judged.expectations if e.judged and e.holds is False],
        expected=[bound_text(e.bound)["en"] for e in judged.expectations],
        orders={name: measures.orders.count(name) for name in ORDERS},
        impaired_s=measures.impaired_s,
        recovery_s=measures.recovery_s,
        recovery_s_lower=measures.recovery_s_lower,
        customers=measures.customers_affected,
        severity={name: grade.grade for name, grade in measures.severity.items() if grade.grade in GRADES},
        events=journal.meta.counts["events"],
        effect=effect(journal),
        broken=sum(not law.ok for law in journal.conservation),
    )
    return found.model_copy(update={"readings": grown(journal)}) if counters else found


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
