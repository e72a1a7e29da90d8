"""Architectures side by side: the same scenarios, customers and random streams on each, pair by pair with a baseline, until it is
decided. docs/comparing.md says what the verdicts mean and what they rest on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chaos.compare.cases import Case
from chaos.compare.costs import hardware, latency
from chaos.compare.details import detail
from chaos.compare.plan import Cell, ComparisonPlan, check, without_unknown
from chaos.compare.stopping import Decision, StoppingRule
from chaos.compare.summaries import groups_of, share_of, spread_of
from chaos.execution.runs import Runs
from chaos.i18n.findings import reasons_text
from chaos.i18n.texts import LocalizedText, display_name, translate, untranslated
from chaos.measures.catalogue import measures
from chaos.measures.claims import CLAIMS, Bearing, Design, PairTests, judge_pairs
from chaos.measures.formatting import Unit
from chaos.measures.statistics import VarianceParts, mean_interval, variance_parts
from chaos.results.comparison import (
    SCHEMA_VERSION,
    VERDICTS,
    ArchitectureCosts,
    CaseDetail,
    ClaimPower,
    CommonRandomNumbers,
    ComparedCell,
    ComparedMeasure,
    ComparedRun,
    ComparisonResult,
    ComparisonSummary,
    InterimAnalysis,
    NotComparable,
    SeedPair,
)
from chaos.results.findings import NothingConfirmed, NothingExercised, Unknowable, UnsteadyBefore
from chaos.results.run import RunResult, own_names_of
from simcore.base.units import SECOND

Counts = Mapping[tuple[Case, str], int]
"""How many runs were made of a case on an architecture."""


@dataclass(frozen=True)
class Pairs:
    """Values by seed, of the baseline and of the other; and how many pairs have none, with the reason of the first."""

    seeds: list[int]
    base: list[float]
    other: list[float]
    missing: int
    why: LocalizedText

    @property
    def differences(self) -> list[float]:
        """The other's less the baseline's."""
        return [b - a for a, b in zip(self.base, self.other, strict=True)]

    def restricted(self, horizon: float | None) -> list[float]:
        """The differences of values of which those beyond a horizon count as that."""
        cut = math.inf if horizon is None else horizon
        return [min(b, cut) - min(a, cut) for a, b in zip(self.base, self.other, strict=True)]


def figures_alone(run: RunResult) -> RunResult:
    """What of a run a comparison needs, so that thousands fit in memory: everything measured, without the story of it."""
    broken = [law for law in run.conservation if not law.ok]
    return run.model_copy(update={"conservation": broken, "expectations": [], "faults": [], "causes": [], "timeline": []})


def compare(plan: ComparisonPlan, runs: Runs, designed: Callable[[Design], None] = lambda _: None) -> ComparisonResult:
    """Compares architectures pair by pair of runs with the same seed: what `coredrill compare` writes as JSON.

    The runs are made analysis by analysis; what is decided at one is run no more. `designed` is called with the design before any run, to
    say what it cannot decide. Raises InputError for files that are wrong, and where no
    case can be run on the baseline.

    >>> from chaos.compare.plan import compared_measure
    >>> from chaos.execution.session import Session
    >>> plan = ComparisonPlan(
    ...     (Case("./scenario.yaml"),),
    ...     ("./architecture.yaml", "./larger.yaml"),
    ...     analyses=(2,),
    ...     measures=(compared_measure("impaired_s=30s/5min"),),
    ...     healthy="./scenario.yaml",
    ... )
    >>> with Session() as session, Runs(session) as runs:
    ...     result = compare(plan, runs)
    >>> [architecture.name for architecture in result.architectures]
    ['./architecture.yaml', './larger.yaml']
    """
    return _Comparison(plan, runs, designed).result()


class _Comparison:
    """A comparison under way: which runs there are, and what is decided."""

    def __init__(self, plan: ComparisonPlan, runs: Runs, designed: Callable[[Design], None]) -> None:
        self.runs, self.misfits = runs, check(runs.session, plan)
        self.plan = plan = without_unknown(runs.session, plan, self.misfits)
        others = plan.architectures[1:]
        self.cells = [Cell(case, a, m) for case in plan.cases for a in others for m in plan.measures]
        comparable = [cell for cell in self.cells if self.misfits.why(cell.case, cell.architecture) is None]
        self.design = plan.design(len(comparable) // len(plan.measures))
        self.rules = {m: StoppingRule([c for c in comparable if c.measure == m], self.design) for m in plan.measures}
        designed(self.design)
        self.counts = self._make()

    def _make(self) -> Counts:
        """Makes the runs, until everything is decided by the primary measure or there are as many as were planned. The other measures are
        tested on the same runs, and stop none."""
        plan, primary = self.plan, self.rules[self.plan.measures[0]]
        self.runs.make([job for a in plan.architectures for job in plan.healthy_jobs(a)])
        made = {(case, a): 0 for case in plan.cases for a in plan.architectures}
        for number, count in enumerate(plan.analyses):
            if not primary.open:
                break
            running = {(cell.case, cell.architecture) for cell in primary.open}
            wanted = set(running)
            wanted |= {(case, plan.baseline) for case, _ in wanted}
            self.runs.make([plan.job(*where, n) for where in made if where in wanted for n in range(count)])
            made |= dict.fromkeys(wanted, count)
            for rule in self.rules.values():
                cells = [cell for cell in rule.cells if (cell.case, cell.architecture) in running]
                rule.analyse(number, {cell: self._test(cell, self._pairs(cell, count)) for cell in cells})
        return made

    def _runs_of(self, case: Case, architecture: str, count: int) -> list[RunResult]:
        return [self.runs.records[self.plan.job(case, architecture, n).key] for n in range(count)]

    def _pairs(self, cell: Cell, count: int) -> Pairs:
        """The values of the first so many seeds."""
        base, other = (self._runs_of(cell.case, a, count) for a in (self.plan.baseline, cell.architecture))
        return paired(cell.measure.name, base, other)

    def _test(self, cell: Cell, pairs: Pairs) -> PairTests:
        return judged(cell.measure, pairs, self._window_s(cell.case), self.plan.bad_share)

    def _horizon(self, cell: Cell) -> float | None:
        return horizon_of(cell.measure, self._window_s(cell.case))

    def _window_s(self, case: Case) -> float:
        window = self.runs.session.bind(self.plan.job(case, self.plan.baseline, 0).system).inputs.scenario.model.window
        return (window.end - window.begin) / SECOND

    # --- the result -------------------------------------------------------------------------------------------------------------

    def result(self) -> ComparisonResult:
        """The result of the runs that were made."""
        plan = self.plan
        cells = [self._cell(cell) for cell in self.cells]
        runs = [run for (case, a), count in self.counts.items() for run in self._runs_of(case, a, count)]
        return ComparisonResult(
            schema_version=SCHEMA_VERSION,
            baseline=plan.baseline,
            own_names=own_names_of(self.runs.records[job.key] for a in plan.architectures for job in plan.healthy_jobs(a)),
            measures=list(plan.measures),
            level=plan.level,
            bad_share=plan.bad_share,
            looks=looks_of(self.design),
            power=power_of(self.design),
            architectures=[self._costs(a) for a in plan.architectures],
            cells=cells,
            details=self._details(),
            runs=[self._run(run) for run in runs],
            summary=self._summary(cells, runs),
        )

    def _cell(self, cell: Cell) -> ComparedCell | NotComparable:
        case = cell.case
        misfit = self.misfits.why(case, cell.architecture)
        if misfit is not None:
            return NotComparable(
                scenario=case.scenario,
                environment=case.environment,
                architecture=cell.architecture,
                measure=cell.measure.name,
                verdict="not comparable",
                why=misfit,
            )
        count, rule = self.counts[case, cell.architecture], self.rules[cell.measure]
        pairs, horizon = self._pairs(cell, count), self._horizon(cell)
        return compared(cell, pairs, self._test(cell, pairs), rule.decision(cell), horizon, self.plan.analyses, count)

    def _costs(self, architecture: str) -> ArchitectureCosts:
        jobs = self.plan.healthy_jobs(architecture)
        model = self.runs.session.bind(jobs[0].system).inputs.architecture
        healthy = [self.runs.records[job.key] for job in jobs]
        equal = self.plan.equal.get(architecture)
        cost = hardware(model)
        return ArchitectureCosts(name=architecture, title=model.title, hardware=cost, latency=latency(healthy), equal=equal)

    def _details(self) -> list[CaseDetail]:
        return [
            detail(
                case,
                a,
                self._runs_of(case, a, count),
                self._runs_of(case, self.plan.baseline, count),
                self._window_s(case),
            )
            for (case, a), count in self.counts.items()
            if count
        ]

    def _run(self, run: RunResult) -> ComparedRun:
        values = {m.name: measures().find(m.name).value(run) for m in self.plan.measures}
        return ComparedRun(
            scenario=run.scenario,
            architecture=run.architecture,
            environment=run.environment,
            seed=run.seed,
            verdict=run.verdict,
            digest=run.digest,
            values=values,
            invalid=run.invalid,
        )

    def _summary(self, cells: Sequence[ComparedCell | NotComparable], runs: Sequence[RunResult]) -> ComparisonSummary:
        return ComparisonSummary(
            runs=len(runs),
            verdicts={v: sum(c.verdict == v for c in cells) for v in VERDICTS},
            conservation_broken=sum(len(run.broken_laws) for run in runs),
            common_random_numbers=self._worth_of_seeds(),
        )

    def _worth_of_seeds(self) -> CommonRandomNumbers:
        """Over the cells by the primary measure in which both sides vary."""
        of_cells = [
            variance_parts(pairs.base, pairs.other)
            for cell in self.rules[self.plan.measures[0]].cells
            for pairs in (self._pairs(cell, self.counts[cell.case, cell.architecture]),)
        ]
        varying = [parts for parts in of_cells if parts is not None]
        whole = VarianceParts(sum(p.paired for p in varying), sum(p.independent for p in varying))
        return CommonRandomNumbers(
            cells=len(varying), variance_ratio=whole.independent / whole.paired if whole.paired > 0 else None
        )


def paired(name: str, base_runs: Sequence[RunResult], other_runs: Sequence[RunResult]) -> Pairs:
    """The values of a measure on both sides, seed by seed. A run that is no valid experiment, or has no value, gives no pair; but what must
    happen to the baseline need not happen to what is compared with it: it may have been averted. And what is unwell before anything is
    done to it is worse where it has the worse value."""
    measure, seeds, values, why = measures().find(name), [], [], untranslated("")
    for base, other in zip(base_runs, other_runs, strict=True):
        before, after = measure.number(base), measure.number(other)
        worse = before is not None and after is not None and after > before and is_unwell(other)
        void = [base] if base.invalid else []
        void += [other] if other.invalid and not (other.averted or worse) else []
        if void or before is None or after is None:
            why = why if why.en else next(map(_void_text, void), translate("found.none"))
        else:
            seeds.append(base.seed)
            values.append((before, after))
    return Pairs(seeds, [a for a, _ in values], [b for _, b in values], len(base_runs) - len(values), why)


def judged(measure: ComparedMeasure, pairs: Pairs, window_s: float, bad_share: float) -> PairTests:
    """Tests of the claims about pairs, in a window of that length."""
    horizon = horizon_of(measure, window_s)
    bearing = Bearing(measure.margin, measure.amount, bad_share, horizon)
    return judge_pairs(pairs.differences, bearing, pairs.missing, pairs.restricted(horizon))


def horizon_of(measure: ComparedMeasure, window_s: float) -> float | None:
    """What values count as at most: a share is no larger than 1, and of a time what fits into the window counts."""
    if measure.horizon is not None:
        return measure.horizon
    return {Unit.FRACTION: 1.0, Unit.DURATION: window_s}.get(measures().find(measure.name).unit)


def is_unwell(run: RunResult) -> bool:
    """Whether a run that is no valid experiment shows all the same that its architecture does not serve its customers, whatever is done to
    it: the steady state did not hold, or nothing was confirmed, before the first step."""
    reasons = run.reason_data
    unwell = any(isinstance(r, NothingConfirmed) or (isinstance(r, UnsteadyBefore) and r.seen) for r in reasons)
    return unwell and run.given_up_ns is None and not any(isinstance(r, (Unknowable, NothingExercised)) for r in reasons)


def looks_of(design: Design) -> list[InterimAnalysis]:
    """The analyses with what each may spend."""
    mean, often, within = (design.levels(claim) for claim in CLAIMS)
    return [InterimAnalysis(runs=n, mean=mean[i], often=often[i], within=within[i]) for i, n in enumerate(design.counts)]


def power_of(design: Design) -> list[ClaimPower]:
    """What a design can decide, before a run is made; nothing of no cells."""
    return [
        ClaimPower(
            claim=claim,
            decidable=design.can_decide(claim),
            runs_needed=design.runs_needed(claim),
            least_mean=design.least_mean(design.counts[-1]) if claim == "mean" else None,
        )
        for claim in (CLAIMS if design.cells else ())
    ]


def _void_text(run: RunResult) -> LocalizedText:
    """Which run gives no pair, and why."""
    return translate(
        "compare.void", architecture=display_name(run.architecture, run.own_names), seed=run.seed, why=reasons_text(run)
    )


def compared(
    cell: Cell,
    pairs: Pairs,
    test: PairTests,
    decision: Decision | None,
    horizon: float | None,
    analyses: Sequence[int],
    runs: int,
) -> ComparedCell:
    """What pairs of so many runs show of a cell, beside what was decided of it."""
    differences, measure, restricted = pairs.differences, cell.measure, pairs.restricted(horizon)
    win, loss = sum(d < -measure.margin for d in differences), sum(d > measure.margin for d in differences)
    lost, parts = sum(d > measure.amount for d in differences), variance_parts(pairs.base, pairs.other)
    return ComparedCell(
        scenario=cell.case.scenario,
        environment=cell.case.environment,
        architecture=cell.architecture,
        measure=measure.name,
        verdict=decision.verdict if decision else "inconclusive",
        decided_after=analyses[decision.analysis] if decision else None,
        runs=runs,
        missing=pairs.missing,
        why=pairs.why.en,
        why_zh=pairs.why.zh,
        baseline=spread_of(pairs.base),
        value=spread_of(pairs.other),
        difference=spread_of(differences),
        win=win,
        tie=len(differences) - win - loss,
        loss=loss,
        gained=sum(d < -measure.amount for d in differences),
        lost=lost,
        lost_share=share_of(lost, len(differences)),
        mean_interval=None if horizon is None else mean_interval(restricted, -horizon, horizon),
        p_mean=test.p("mean"),
        p_often=test.p("often"),
        p_within=test.within,
        variance_ratio=parts.independent / parts.paired if parts and parts.paired > 0 else None,
        groups=groups_of(pairs.other, measure.amount),
        baseline_groups=groups_of(pairs.base, measure.amount),
        pairs=[SeedPair(seed=n, baseline=a, value=b) for n, a, b in zip(pairs.seeds, pairs.base, pairs.other, strict=True)],
    )
