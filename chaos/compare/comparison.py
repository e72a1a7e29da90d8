"""Architectures side by side: the same scenarios, customers and random streams on each, pair by pair with a baseline, until it is
decided. docs/comparing.md says what the verdicts mean and what they rest on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chaos.compare.cases import Case
from chaos.compare.costs import hardware, latency
from chaos.compare.details import detail
from chaos.compare.plan import Cell, ComparisonPlan, check
from chaos.compare.stopping import StoppingRule
from chaos.compare.summaries import spread_of
from chaos.execution.runs import Runs
from chaos.measures.catalogue import measures
from chaos.measures.statistics import SignTest, median, runs_needed, sign_test, variance_ratio
from chaos.results.comparison import (
    SCHEMA_VERSION,
    VERDICTS,
    ArchitectureCosts,
    CaseDetail,
    CommonRandomNumbers,
    ComparedCell,
    ComparedRun,
    ComparisonResult,
    ComparisonSummary,
    InterimAnalysis,
    NotComparable,
)
from chaos.results.run import RunResult

Counts = Mapping[tuple[Case, str], int]
"""How many runs were made of a case on an architecture."""


@dataclass(frozen=True)
class Pairs:
    """Values by seed, of the baseline and of the other; and how many pairs have none, with the reason of the first."""

    base: list[float]
    other: list[float]
    missing: int
    why: str

    @property
    def differences(self) -> list[float]:
        """The other's less the baseline's."""
        return [b - a for a, b in zip(self.base, self.other, strict=True)]


def figures_alone(run: RunResult) -> RunResult:
    """What of a run a comparison needs, so that thousands fit in memory: everything measured, without the story of it."""
    broken = [law for law in run.conservation if not law.ok]
    return run.model_copy(update={"conservation": broken, "expectations": [], "faults": [], "causes": [], "timeline": []})


def compare(plan: ComparisonPlan, runs: Runs) -> ComparisonResult:
    """Compares architectures pair by pair of runs with the same seed: what `coredrill compare` writes as JSON.

    The runs are made analysis by analysis; what is decided at one is run no more. Raises InputError for files that are wrong, and where no
    case can be run on the baseline.

    >>> from chaos.compare.plan import compared_measure
    >>> from chaos.execution.session import Session
    >>> plan = ComparisonPlan(
    ...     (Case("./scenario.yaml"),),
    ...     ("./architecture.yaml", "./larger.yaml"),
    ...     analyses=(2,),
    ...     measures=(compared_measure("impaired_s=30s"),),
    ...     healthy="./scenario.yaml",
    ... )
    >>> with Session() as session, Runs(session) as runs:
    ...     result = compare(plan, runs)
    >>> [architecture.name for architecture in result.architectures]
    ['./architecture.yaml', './larger.yaml']
    """
    return _Comparison(plan, runs).result()


class _Comparison:
    """A comparison under way: which runs there are, and what is decided."""

    def __init__(self, plan: ComparisonPlan, runs: Runs) -> None:
        self.plan, self.runs, self.misfits = plan, runs, check(runs.session, plan)
        others = plan.architectures[1:]
        self.cells = [Cell(case, a, m) for case in plan.cases for a in others for m in plan.measures]
        comparable = [cell for cell in self.cells if self.misfits.why(cell.case, cell.architecture) is None]
        self.stopping = StoppingRule(comparable, plan.analyses, plan.level)
        self.counts = self._make()

    def _make(self) -> Counts:
        """Makes the runs, until everything is decided or there are as many as were planned."""
        plan, stopping = self.plan, self.stopping
        self.runs.make([job for a in plan.architectures for job in plan.healthy_jobs(a)])
        made = {(case, a): 0 for case in plan.cases for a in plan.architectures}
        for number, count in enumerate(plan.analyses):
            wanted = {(cell.case, cell.architecture) for cell in stopping.open}
            wanted |= {(case, plan.baseline) for case, _ in wanted}
            self.runs.make([plan.job(*where, n) for where in made if where in wanted for n in range(count)])
            made |= dict.fromkeys(wanted, count)
            stopping.analyse(number, {cell: self._test(cell, self._pairs(cell, count)) for cell in stopping.open})
            if not stopping.open:
                break
        return made

    def _runs_of(self, case: Case, architecture: str, count: int) -> list[RunResult]:
        return [self.runs.records[self.plan.job(case, architecture, n).key] for n in range(count)]

    def _pairs(self, cell: Cell, count: int) -> Pairs:
        """The values of the first so many seeds. A run that is no valid experiment, or has no value, gives no pair; but what must
        happen to the baseline need not happen to what is compared with it: it may have been averted."""
        measure, values, why = measures().find(cell.measure.name), [], ""
        for base, other in zip(
            *(self._runs_of(cell.case, a, count) for a in (self.plan.baseline, cell.architecture)), strict=True
        ):
            void = [run for run, is_void in ((base, base.invalid), (other, other.invalid and not other.averted)) if is_void]
            pair = [measure.number(run) for run in (base, other)]
            if void or pair[0] is None or pair[1] is None:
                why = why or next((f"{r.architecture}, seed {r.seed}: {'; '.join(r.reasons)}" for r in void), "no value")
            else:
                values.append((pair[0], pair[1]))
        return Pairs([a for a, _ in values], [b for _, b in values], count - len(values), why)

    def _test(self, cell: Cell, pairs: Pairs) -> SignTest:
        return sign_test(pairs.differences, cell.measure.margin, pairs.missing)

    # --- the result -------------------------------------------------------------------------------------------------------------

    def result(self) -> ComparisonResult:
        """The result of the runs that were made."""
        plan, stopping = self.plan, self.stopping
        cells = [self._cell(cell) for cell in self.cells]
        runs = [run for (case, a), count in self.counts.items() for run in self._runs_of(case, a, count)]
        return ComparisonResult(
            schema_version=SCHEMA_VERSION,
            baseline=plan.baseline,
            measures=list(plan.measures),
            level=plan.level,
            looks=[InterimAnalysis(runs=n, level=spent) for n, spent in zip(stopping.counts, stopping.levels, strict=True)],
            runs_needed=runs_needed(len(stopping.cells), plan.level) if stopping.cells else None,
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
        count = self.counts[case, cell.architecture]
        pairs, decision = self._pairs(cell, count), self.stopping.decisions.get(cell)
        differences, margin, test = pairs.differences, cell.measure.margin, self._test(cell, pairs)
        win, loss = sum(d < -margin for d in differences), sum(d > margin for d in differences)
        return ComparedCell(
            scenario=case.scenario,
            environment=case.environment,
            architecture=cell.architecture,
            measure=cell.measure.name,
            verdict=decision.verdict if decision else "inconclusive",
            decided_after=self.stopping.counts[decision.analysis] if decision else None,
            runs=count,
            missing=pairs.missing,
            why=pairs.why,
            baseline=spread_of(pairs.base),
            value=spread_of(pairs.other),
            difference=spread_of(differences),
            win=win,
            tie=len(differences) - win - loss,
            loss=loss,
            p_differs=test.differs,
            p_within=test.within,
            variance_ratio=variance_ratio(pairs.base, pairs.other),
        )

    def _costs(self, architecture: str) -> ArchitectureCosts:
        jobs = self.plan.healthy_jobs(architecture)
        model = self.runs.session.bind(jobs[0].system).inputs.architecture
        healthy = [self.runs.records[job.key] for job in jobs]
        return ArchitectureCosts(name=architecture, title=model.title, hardware=hardware(model), latency=latency(healthy))

    def _details(self) -> list[CaseDetail]:
        return [
            detail(case, a, self._runs_of(case, a, count), self._runs_of(case, self.plan.baseline, count))
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
        first = self.plan.measures[0].name
        ratios = [c.variance_ratio for c in cells if isinstance(c, ComparedCell) and c.measure == first]
        known = [ratio for ratio in ratios if ratio is not None]
        return ComparisonSummary(
            runs=len(runs),
            verdicts={v: sum(c.verdict == v for c in cells) for v in VERDICTS},
            conservation_broken=sum(len(run.broken_laws) for run in runs),
            common_random_numbers=CommonRandomNumbers(cells=len(known), variance_ratio=median(known) if known else None),
        )
