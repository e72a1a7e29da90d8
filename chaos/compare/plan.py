"""What is compared with what, by which measures, and after how many runs it is analysed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from chaos.compare.cases import Case
from chaos.documents.library import library
from chaos.documents.quantities import parse_margin, require_unit
from chaos.execution.jobs import SIMULATED, Job
from chaos.execution.planning import metrics_of
from chaos.execution.session import Session
from chaos.execution.target.checks import measure_findings
from chaos.measures.catalogue import measures
from chaos.measures.claims import Design
from chaos.results.comparison import ComparedMeasure, EqualCost
from simcore.base.errors import InputError
from simcore.model.architecture import Architecture

HEALTHY = "requirements/smoke/healthy-open"
BOUNDS = ("margin", "amount", "horizon")
REPLICATIONS = 20
"""The fewest with which everything can be decided of one comparison."""
HEALTHY_RUNS_MAX = 3  # latency varies little from seed to seed where nothing is broken

AMOUNT_MARGINS = 10
"""A run is bad that loses more than so many margins, unless an amount is given."""

MEASURES = (
    ComparedMeasure(name="orders.failed_share", margin=0.001, amount=0.01),
    ComparedMeasure(name="impaired_s", margin=30.0, amount=300.0),
    ComparedMeasure(name="flows.transfer.failed_share", margin=0.01, amount=0.1),
)
"""One order in a thousand; one evaluation interval; one transfer in a hundred. Guesses at what would matter to somebody."""
BAD_SHARE = 0.2
"""At most one run in five may be bad. Fewer take more runs: to bound the share at a tenth takes twice as many."""


def compared_measure(option: str) -> ComparedMeasure:
    """`NAME=MARGIN[/AMOUNT[/HORIZON]]`, each a number, a share such as `0.1 %` or a duration. Raises InputError."""
    name, equals, said = (part.strip() for part in option.partition("="))
    try:
        problem = measures().find(name).declared.not_compared or ("" if equals else "write NAME=MARGIN, such as impaired_s=30s")
    except ValueError as error:
        problem = str(error)
    if problem:
        raise InputError(f"--measure {option}: {problem}")
    parts = [part.strip() for part in said.split("/")]
    if len(parts) > len(BOUNDS):
        raise InputError(f"--measure {option}: too many bounds", hint=f"write NAME={'/'.join(BOUNDS).upper()}")
    margin, *more = (_bound(option, name, what, part) for what, part in zip(BOUNDS, parts, strict=False))
    amount, horizon = more[0] if more else AMOUNT_MARGINS * margin, more[1] if len(more) > 1 else None
    if amount < margin or (horizon is not None and horizon <= amount):
        raise InputError(f"--measure {option}: margin, amount and horizon do not rise", hint="such as impaired_s=30s/5min/2h")
    return ComparedMeasure(name=name, margin=margin, amount=amount, horizon=horizon)


def bad_share(option: str) -> float:
    """The share of runs that may be bad, as `10%` or `0.1`. Raises InputError."""
    try:
        share = parse_margin(option)
    except ValueError:
        share = 0.0
    if not 0 < share <= 0.5:
        raise InputError(f"--bad-share {option}: no share above 0 and up to one half", hint="such as 10%")
    return share


def _bound(option: str, name: str, what: str, said: str) -> float:
    """One of the bounds of a measure. Raises InputError."""
    try:
        number = parse_margin(said)
    except ValueError:
        raise InputError(f"--measure {option}: the {what} is no number, share or duration", hint="such as 0.1 % or 30s") from None
    try:
        require_unit(measures().find(name), number if said.replace(".", "", 1).isdigit() else said)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        raise InputError(f"--measure {option}: {message}", hint=hint) from None
    return number


@dataclass(frozen=True)
class Cell:
    """One verdict to be reached: an architecture against the baseline, in a case, by a measure."""

    case: Case
    architecture: str
    measure: ComparedMeasure


@dataclass(frozen=True)
class ComparisonPlan:
    """What is compared with what. The first architecture is the baseline and the first measure the primary one; `analyses` are numbers of
    runs; `equal` is by architecture what it is given so that all cost the same. Raises InputError for a measure that is there twice."""

    cases: tuple[Case, ...]
    architectures: tuple[str, ...]
    analyses: tuple[int, ...]
    measures: tuple[ComparedMeasure, ...] = MEASURES
    level: float = 0.05
    bad_share: float = BAD_SHARE
    seed: int = 1
    assignments: tuple[str, ...] = ()
    healthy: str = HEALTHY
    target: str = SIMULATED
    equal: Mapping[str, EqualCost] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [m.name for m in self.measures]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"--measure {twice}: given twice", hint="one margin each")

    @property
    def baseline(self) -> str:
        """What the others are compared with."""
        return self.architectures[0]

    def design(self, cells: int) -> Design:
        """What is asked of so many cells by one measure."""
        return Design(cells, self.analyses, self.level, self.bad_share)

    def job(self, case: Case, architecture: str, number: int) -> Job:
        """The run of one seed."""
        return Job(
            case.scenario,
            self.seed + number,
            architecture,
            case.environment,
            self._edits(architecture),
            target=self.target,
            metrics=metrics_of(m.name for m in self.measures),
        )

    def _edits(self, architecture: str) -> tuple[str, ...]:
        given = self.equal.get(architecture)
        return (*self.assignments, *(given.edits if given is not None else ()))

    def healthy_jobs(self, architecture: str) -> list[Job]:
        """Runs with nothing done to the system: what an architecture costs in latency."""
        count = min(self.analyses[0], HEALTHY_RUNS_MAX)
        return [
            Job(self.healthy, self.seed + n, architecture, None, self._edits(architecture), target=self.target)
            for n in range(count)
        ]


@dataclass(frozen=True)
class Misfits:
    """Which scenarios cannot be run on which architectures, and why."""

    baseline: str
    reasons: dict[tuple[Case, str], str] = field(default_factory=dict)

    def why(self, case: Case, architecture: str) -> str | None:
        """Why an architecture cannot be compared in a case: it, or the baseline, cannot run the scenario. None if both can."""
        return self.reasons.get((case, architecture), self.reasons.get((case, self.baseline)))


def check(session: Session, plan: ComparisonPlan) -> Misfits:
    """Reads all files of a comparison before any run, and returns which scenarios cannot be run on which architectures, and why.

    Raises InputError if an architecture cannot run the healthy scenario, if the baseline can run none of the cases, or if a measure is of
    something that the baseline does not have.
    """
    misfits = Misfits(plan.baseline)
    for architecture in plan.architectures:
        _require_healthy(session, plan, architecture)
        for case in plan.cases:
            try:
                session.require(plan.job(case, architecture, 0))
            except InputError as error:
                misfits.reasons[case, architecture] = str(error)
    if all((case, plan.baseline) in misfits.reasons for case in plan.cases):
        raise InputError(f"no scenario can be run on {plan.baseline}: {next(iter(misfits.reasons.values()))}")
    case = next(case for case in plan.cases if (case, plan.baseline) not in misfits.reasons)
    require_measures(session, plan.job(case, plan.baseline, 0), [m.name for m in plan.measures if m not in MEASURES])
    return misfits


def _require_healthy(session: Session, plan: ComparisonPlan, architecture: str) -> None:
    """Raises InputError, which names the option, if an architecture that can be read cannot run the healthy scenario."""
    library().resolve(architecture, Architecture)
    try:
        session.require(plan.healthy_jobs(architecture)[0])
    except InputError as error:
        raise InputError(
            f"{plan.healthy}, in which latency is measured, cannot be run on {architecture}: {error}",
            hint="name a scenario in which nothing is done to it with --healthy",
        ) from None


def without_unknown(session: Session, plan: ComparisonPlan, misfits: Misfits) -> ComparisonPlan:
    """The plan without those secondary measures by default that are of something (a flow) that the baseline does not have: nobody asked for
    them, and no run has a value."""
    case = next(case for case in plan.cases if (case, plan.baseline) not in misfits.reasons)
    index = session.bind(plan.job(case, plan.baseline, 0).system).inputs.index
    known = [m for m in plan.measures[1:] if m not in MEASURES or not measure_findings(m.name, (), index)]
    return replace(plan, measures=(plan.measures[0], *known))


def require_measures(session: Session, job: Job, names: Iterable[str]) -> None:
    """Raises InputError if one of the measures called `names` is of something (a flow, a counter, a rule set) that the job's system lacks."""
    index = session.bind(job.system).inputs.index
    for name in names:
        for finding in measure_findings(name, (), index):
            raise InputError(f"--measure {name}: {finding.message}", hint=finding.hint)
