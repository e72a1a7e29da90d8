"""One scenario over the values of one or two parameters: how the measures change, and where the system begins to stay down by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from chaos.compare.plan import require_measures
from chaos.compare.summaries import share_of, spread_of, verdicts_of
from chaos.execution.jobs import SIMULATED, Job
from chaos.execution.planning import metrics_of
from chaos.execution.runs import Runs
from chaos.i18n.findings import reasons_text
from chaos.i18n.texts import untranslated
from chaos.measures.catalogue import measures
from chaos.results.run import RunResult, own_names_of
from chaos.results.summaries import Spread
from chaos.results.sweep import (
    SCHEMA_VERSION,
    MetastableFrom,
    SweepPoint,
    SweepResult,
    SweepSummary,
    SweptParameter,
    SweptRun,
)
from simcore.base.errors import InputError
from simcore.files.document import parse_yaml

MEASURES = ("orders.failed_share", "impaired_s")
METASTABLE_SHARE = 0.5  # of the runs at a point: from here on staying down is what is to be expected

Point = tuple[str, ...]


@dataclass(frozen=True)
class Axis:
    """A parameter by its path (see docs/files.md; `load` and `workload.PATH` too), and its values as YAML."""

    path: str
    values: tuple[str, ...]


def axis_of(text: str) -> Axis:
    """`PATH=A,B,C`; a comma inside brackets or braces belongs to a value. Raises InputError."""
    path, equals, listed = text.partition("=")
    values = _divided(listed)
    if not equals or not path.strip() or not all(values) or len(values) < 2 or len(set(values)) < len(values):
        raise InputError(
            f"--vary {text}: not a path with two or more different values", hint="such as pools.counter-threads.slots=12,24,48"
        )
    for value in values:
        try:
            parse_yaml(value, "command line", f"--vary {text}")
        except InputError as error:
            raise InputError(f"--vary {text}: {value!r}: {error.message}", hint=error.hint) from None
    return Axis(path.strip(), tuple(values))


def _divided(text: str) -> list[str]:
    """The parts between commas that stand in no bracket and no quotes."""
    parts, depth, quote = [""], 0, ""
    for c in text:
        if quote or c in "\"'":
            quote = "" if c == quote else quote or c
        else:
            depth += (c in "[{") - (c in "]}")
        if c == "," and depth <= 0 and not quote:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts]


def _require_swept(measure: str) -> None:
    try:
        problem = measures().find(measure).declared.not_swept
    except ValueError as error:
        problem = str(error)
    if problem:
        raise InputError(f"--measure {measure}: {problem}")


@dataclass(frozen=True)
class SweepPlan:
    """What is run: every combination of the axes' values (one or two axes) with so many seeds."""

    scenario: str
    axes: tuple[Axis, ...]
    count: int
    measures: tuple[str, ...] = MEASURES
    seed: int = 1
    architecture: str | None = None
    environment: str | None = None
    assignments: tuple[str, ...] = ()
    target: str = SIMULATED

    def __post_init__(self) -> None:
        if not 1 <= len(self.axes) <= 2 or len({axis.path for axis in self.axes}) < len(self.axes):
            raise InputError("a sweep varies one or two different parameters", hint="give --vary once or twice")
        for measure in self.measures:
            _require_swept(measure)

    @property
    def points(self) -> list[Point]:
        """Every combination, the first axis slowest."""
        return list(product(*(axis.values for axis in self.axes)))

    def job(self, point: Point, number: int) -> Job:
        """The run of one seed at a point."""
        assigned = tuple(f"{axis.path}={value}" for axis, value in zip(self.axes, point, strict=True))
        return Job(
            self.scenario,
            self.seed + number,
            self.architecture,
            self.environment,
            (*self.assignments, *assigned),
            target=self.target,
            metrics=metrics_of(self.measures),
        )


def _of_axis(error: InputError, plan: SweepPlan, point: Point) -> InputError:
    """The error about a value that was set, as one about the axis that has it."""
    message, file = error.message, error.file
    for axis, value in zip(plan.axes, point, strict=True):
        said, given = f"--set {axis.path}={value}", f"--vary {axis.path}={','.join(axis.values)}"
        message = message.replace(said, f"{given}: {value}" if message.startswith(said) else given)
        file = file.replace(said, f"{given}: {value}")
    return InputError(message, file, error.line, error.column, error.hint)


def sweep(plan: SweepPlan, runs: Runs) -> SweepResult:
    """Makes the runs of every combination of values and puts the result together: what `coredrill sweep` writes as JSON.

    Raises InputError, before any run if a value does not fit its path.

    >>> from chaos.execution.session import Session
    >>> plan = SweepPlan("./scenario.yaml", (axis_of("load=0.5,1"),), count=1, measures=("orders.failed_orders",))
    >>> with Session() as session, Runs(session) as runs:
    ...     result = sweep(plan, runs)
    >>> [point.values for point in result.points]
    [['0.5'], ['1']]
    """
    for point in plan.points:
        try:
            runs.session.require(plan.job(point, 0))
        except InputError as error:
            raise _of_axis(error, plan, point) from None
        require_measures(runs.session, plan.job(point, 0), plan.measures)
    runs.make([plan.job(point, n) for point in plan.points for n in range(plan.count)])
    made = {point: [runs.records[plan.job(point, n).key] for n in range(plan.count)] for point in plan.points}
    points = [_point(plan, point, of_point) for point, of_point in made.items()]
    first = made[plan.points[0]][0]
    broken = sum(len(run.broken_laws) for of_point in made.values() for run in of_point)
    return SweepResult(
        schema_version=SCHEMA_VERSION,
        own_names=own_names_of(run for of_point in made.values() for run in of_point),
        scenario=plan.scenario,
        title=first.title,
        title_zh=first.chinese.get(first.title, ""),
        architecture=first.architecture,
        environment=first.environment,
        axes=[SweptParameter(path=axis.path, values=list(axis.values)) for axis in plan.axes],
        measures=list(plan.measures),
        points=points,
        metastable_from=metastable_from(plan, points),
        runs=[_run(point, run) for point, of_point in made.items() for run in of_point],
        summary=SweepSummary(runs=sum(map(len, made.values())), points=len(points), conservation_broken=broken),
    )


def _run(point: Point, run: RunResult) -> SweptRun:
    return SweptRun(
        scenario=run.scenario,
        architecture=run.architecture,
        environment=run.environment,
        seed=run.seed,
        verdict=run.verdict,
        digest=run.digest,
        point=list(point),
    )


def _point(plan: SweepPlan, point: Point, runs: Sequence[RunResult]) -> SweepPoint:
    """What the runs at a point show; those that were no valid experiment count in `invalid` alone."""
    valid = [run for run in runs if not run.invalid]
    why = next((reasons_text(run) for run in runs if run.invalid), untranslated(""))
    return SweepPoint(
        values=list(point),
        runs=len(runs),
        invalid=len(runs) - len(valid),
        why=why.en,
        why_zh=why.zh,
        verdicts=verdicts_of(runs),
        measures={name: _spread(name, valid) for name in plan.measures},
        not_recovered=share_of(sum(not run.measures.recovered for run in valid), len(valid)),
        metastable=share_of(sum(run.measures.metastable is True for run in valid), len(valid)),
    )


def _spread(name: str, runs: Sequence[RunResult]) -> Spread | None:
    """Of the values of a measure, those that a run's end cut off included."""
    measure = measures().find(name)
    numbers = [(measure.number(run), measure.lower_bound(run)) for run in runs]
    cut_off = [bound for value, bound in numbers if value is None and bound is not None]
    return spread_of([value for value, _ in numbers if value is not None], cut_off)


def metastable_from(plan: SweepPlan, points: Sequence[SweepPoint]) -> list[MetastableFrom]:
    """For each value of the second axis the first value of the first one, in the order given, at which half of the runs or more are
    metastable, and the value before."""
    lines = plan.axes[1].values if len(plan.axes) == 2 else (None,)
    found = []
    for line in lines:
        mine = [p for p in points if line is None or p.values[1] == line]
        hit = next((i for i, p in enumerate(mine) if (p.metastable.share or 0.0) >= METASTABLE_SHARE), None)
        begins = None if hit is None else mine[hit].values[0]
        found.append(MetastableFrom(line=line, begins=begins, after=mine[hit - 1].values[0] if hit else None))
    return found
