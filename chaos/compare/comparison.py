"""Architectures side by side: the same scenarios, customers and luck on each, pair by pair with a baseline, until it is decided.

docs/comparing.md says what the verdicts mean and what they rest on. The decisions (`Stopping`) know nothing of runs.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from chaos.compare.costs import LATENCY_FLOWS, hardware, latency
from chaos.documents.scenario import PROPERTIES, measure_problem
from chaos.execution.jobs import Job, input_digest, prepare
from chaos.execution.runs import Runs
from chaos.judgement.verdict import value_of
from chaos.measures.statistics import (
    SignTest,
    holm,
    mean_interval,
    median,
    median_interval,
    paired_shares_interval,
    restricted,
    sign_test,
    spending,
    variance_ratio,
    wilson,
)
from chaos.results.run import SCHEMA_VERSION, Measures, RunResult
from simcore.base.errors import InputError

Verdict = Literal["better", "worse", "equivalent", "inconclusive", "not comparable"]
VERDICTS: tuple[Verdict, ...] = ("better", "worse", "equivalent", "inconclusive", "not comparable")
HEALTHY = "requirements/smoke/healthy-open"
HEALTHY_RUNS_MAX = 3  # latency varies little from seed to seed where nothing is broken
KINDS = ("blocked", "failed", "unknown", "duplicated", "lost", "orphan", "stranded", "late")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Measure:
    """What is compared, less being better, and the margin: differences within it do not matter (declared before any run)."""

    name: str
    margin: float


MEASURES = (Measure("orders.failed_share", 0.001), Measure("impaired_s", 30.0), Measure("flows.transfer.failed_share", 0.01))
"""One order in a thousand; one window of judgement; one transfer in a hundred. Guesses at what would matter to somebody."""


def measure_of(text: str) -> Measure:
    """`NAME=MARGIN`, the margin a number, a share such as `0.1 %` or a duration. Raises InputError."""
    from chaos.documents.scenario import Expectation

    name, equals, margin = (part.strip() for part in text.partition("="))
    problem = measure_problem(name) or ("write NAME=MARGIN, such as impaired_s=30s" if not equals else None)
    if problem is None and (name.startswith(("severity.", "properties.")) or name.endswith(".success")):
        problem = "a measure to compare is a number of which less is better; of success take failed_share"
    if problem is None and name in ("recovery_s", "metastable", "recovered"):
        problem = "what a run's end can cut off is shown beside the verdicts, not decided by; take impaired_s"
    if problem is not None:
        raise InputError(f"--measure {text}: {problem}")
    try:
        bound = Expectation.model_validate({"measure": name, "at_most": _plain(margin)}).at_most
    except ValueError:
        raise InputError(f"--measure {text}: the margin is no number, share or duration", mend="such as 0.1 % or 30s") from None
    assert isinstance(bound, float)
    return Measure(name, bound)


def _plain(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


# --- deciding -----------------------------------------------------------------------------------------------------------------


class Stopping(Generic[K]):
    """Which claims about cells stand, look by look. Over all cells and looks the chance of one false 'better' or 'worse' is at
    most `level`, and so is that of one false 'equivalent': Holm's procedure at each look, with that look's part of the level.

    `verdicts` has the cells that are decided: (verdict, number of the look); they are looked at no more.
    """

    def __init__(self, cells: Sequence[K], looks: Sequence[int], level: float = 0.05) -> None:
        self.cells, self.looks, self.levels = list(cells), list(looks), spending(looks, level)
        self.verdicts: dict[K, tuple[Verdict, int]] = {}
        self._standing = {"differs": 0, "within": 0}

    @property
    def open(self) -> list[K]:
        """The cells not decided yet."""
        return [cell for cell in self.cells if cell not in self.verdicts]

    def look(self, number: int, tests: Mapping[K, SignTest]) -> None:
        """Decides what can be, from the tests of the open cells."""
        stand = {
            kind: self._stand(kind, {cell: getattr(tests[cell], kind) for cell in self.open}, number) for kind in self._standing
        }
        for cell in self.open:
            if cell in stand["within"]:
                self.verdicts[cell] = "equivalent", number
            elif cell in stand["differs"]:
                self.verdicts[cell] = "better" if tests[cell].below < tests[cell].above else "worse", number

    def _stand(self, kind: str, p_values: Mapping[K, float], number: int) -> set[K]:
        found = holm(p_values, self.levels[number], len(self.cells), self._standing[kind])
        self._standing[kind] += len(found)
        return found


# --- the plan of a comparison ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A scenario in an environment (None: its own)."""

    scenario: str
    environment: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What is compared with what. The first architecture is the baseline. `looks` are numbers of runs."""

    places: tuple[Place, ...]
    architectures: tuple[str, ...]
    looks: tuple[int, ...]
    measures: tuple[Measure, ...] = MEASURES
    level: float = 0.05
    seed: int = 1
    assignments: tuple[str, ...] = ()
    healthy: str = HEALTHY
    misfits: dict[tuple[Place, str], str] = field(default_factory=dict)

    def job(self, place: Place, architecture: str, number: int) -> Job:
        """The run of one seed."""
        return Job(place.scenario, self.seed + number, architecture, place.environment, self.assignments)

    def check(self) -> None:
        """Reads every file; notes in `misfits` which scenario cannot be run on which architecture, and why. Raises InputError if
        one cannot be run on any, or nothing can be compared."""
        for architecture in self.architectures:
            input_digest(healthy_jobs(self, architecture)[0])
            for place in self.places:
                try:
                    input_digest(self.job(place, architecture, 0))
                except InputError as error:
                    self.misfits[place, architecture] = str(error)
        if all((place, self.architectures[0]) in self.misfits for place in self.places):
            raise InputError(f"no scenario can be run on {self.architectures[0]}: {next(iter(self.misfits.values()))}")

    def fits(self, place: Place, architecture: str) -> bool:
        """Whether both the architecture and the baseline can be run there."""
        return (place, architecture) not in self.misfits and (place, self.architectures[0]) not in self.misfits


@dataclass(frozen=True)
class Cell:
    """One verdict: an architecture against the baseline, in a place, by a measure."""

    place: Place
    architecture: str
    measure: Measure


@dataclass(frozen=True)
class Pairs:
    """Values by seed, of the baseline and of the other; and how many pairs have none, with a reason."""

    base: list[float]
    other: list[float]
    missing: int
    why: str

    @property
    def differences(self) -> list[float]:
        """The other's less the baseline's."""
        return [b - a for a, b in zip(self.base, self.other, strict=True)]


def kept_of(record: RunResult) -> RunResult:
    """What of a run a comparison needs, so that thousands fit in memory: its measures, without the story."""
    return record.model_copy(update={"expectations": [], "faults": [], "causes": [], "timeline": []})


def compare(plan: Comparison, runs: Runs) -> dict[str, Any]:
    """Makes the runs, look by look, for what is not decided yet, and puts the result together. Raises InputError."""
    plan.check()
    others = plan.architectures[1:]
    cells = [Cell(p, a, m) for p in plan.places for a in others for m in plan.measures if plan.fits(p, a)]
    stopping = Stopping(cells, plan.looks, plan.level)
    runs.make([job for a in plan.architectures for job in healthy_jobs(plan, a)])
    made: dict[tuple[Place, str], int] = {}
    for number, count in enumerate(plan.looks):
        wanted = {(cell.place, cell.architecture) for cell in stopping.open}
        wanted |= {(place, plan.architectures[0]) for place, _ in wanted}
        in_order = [(p, a) for p in plan.places for a in plan.architectures if (p, a) in wanted]
        runs.make([plan.job(*where, n) for where in in_order for n in range(count)])
        made |= dict.fromkeys(wanted, count)
        stopping.look(number, {cell: _test(plan, cell, runs, count) for cell in stopping.open})
        if not stopping.open:
            break
    return _result(plan, runs, stopping, made)


def healthy_jobs(plan: Comparison, architecture: str) -> list[Job]:
    """Runs with nothing done to the system: what an architecture costs in latency."""
    count = min(plan.looks[0], HEALTHY_RUNS_MAX)
    return [Job(plan.healthy, plan.seed + n, architecture, None, plan.assignments) for n in range(count)]


def pairs_of(plan: Comparison, cell: Cell, runs: Runs, count: int) -> Pairs:
    """The values of the first so many seeds. A run that is no valid experiment, or has no value, gives no pair; but what must
    happen to the baseline need not happen to what is compared with it: it may have been averted."""
    base, other, why = [], [], ""
    for n in range(count):
        both = [runs.records[plan.job(cell.place, a, n).key] for a in (plan.architectures[0], cell.architecture)]
        void = [both[0].invalid, both[1].invalid and not both[1].averted]
        values = [None if no else value_of(r.measures, {}, cell.measure.name) for r, no in zip(both, void, strict=True)]
        if values[0] is None or values[1] is None:
            why = why or next(
                (f"{r.architecture}, seed {r.seed}: {'; '.join(r.reasons)}" for r, no in zip(both, void, strict=True) if no),
                "no value",
            )
            continue
        base.append(float(values[0]))
        other.append(float(values[1]))
    return Pairs(base, other, count - len(base), why)


def _test(plan: Comparison, cell: Cell, runs: Runs, count: int) -> SignTest:
    pairs = pairs_of(plan, cell, runs, count)
    return sign_test(pairs.differences, cell.measure.margin, pairs.missing)


# --- the result -----------------------------------------------------------------------------------------------------------------


def _result(plan: Comparison, runs: Runs, stopping: Stopping[Cell], made: Mapping[tuple[Place, str], int]) -> dict[str, Any]:
    counts = {(p, a): made.get((p, a), 0) for p in plan.places for a in plan.architectures}
    cells = [
        _cell(plan, Cell(p, a, m), runs, counts[p, a], stopping)
        for p in plan.places for a in plan.architectures[1:] for m in plan.measures
    ]  # fmt: skip
    details = [_detail(plan, p, a, runs, counts[p, a]) for p in plan.places for a in plan.architectures if counts[p, a]]
    records = [runs.records[plan.job(p, a, n).key] for (p, a), count in counts.items() for n in range(count)]
    ratios = sorted(
        c["variance_ratio"] for c in cells if c.get("variance_ratio") is not None and c["measure"] == plan.measures[0].name
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "baseline": plan.architectures[0],
        "measures": [{"name": m.name, "margin": m.margin} for m in plan.measures],
        "level": plan.level,
        "looks": [{"runs": n, "level": spent} for n, spent in zip(stopping.looks, stopping.levels, strict=True)],
        "architectures": [_architecture(plan, a, runs) for a in plan.architectures],
        "cells": cells,
        "details": details,
        "runs": [_run(plan, record) for record in records],
        "summary": {
            "runs": len(records),
            "verdicts": {v: sum(c["verdict"] == v for c in cells) for v in VERDICTS},
            "conservation_broken": sum(len(record.broken_laws) for record in records),
            "common_random_numbers": {"cells": len(ratios), "variance_ratio": median(ratios) if ratios else None},
        },
    }


def _run(plan: Comparison, record: RunResult) -> dict[str, Any]:
    """One run in the result: whence its figures, so that it can be made again and compared."""
    return {
        "scenario": record.scenario, "architecture": record.architecture, "environment": record.environment, "seed": record.seed,
        "verdict": record.verdict, "digest": record.digest,
        "metrics": {m.name: value_of(record.measures, {}, m.name) for m in plan.measures}, "invalid": record.invalid,
    }  # fmt: skip


def _cell(plan: Comparison, cell: Cell, runs: Runs, count: int, stopping: Stopping[Cell]) -> dict[str, Any]:
    said = {
        "scenario": cell.place.scenario, "environment": cell.place.environment, "architecture": cell.architecture,
        "measure": cell.measure.name,
    }  # fmt: skip
    if not plan.fits(cell.place, cell.architecture):
        where = next(a for a in (cell.architecture, plan.architectures[0]) if (cell.place, a) in plan.misfits)
        return said | {"verdict": "not comparable", "why": plan.misfits[cell.place, where]}
    pairs = pairs_of(plan, cell, runs, count)
    verdict, look = stopping.verdicts.get(cell, ("inconclusive", None))
    differences, margin = pairs.differences, cell.measure.margin
    test = sign_test(differences, margin, pairs.missing)
    win, loss = sum(d < -margin for d in differences), sum(d > margin for d in differences)
    return said | {
        "verdict": verdict, "decided_after": None if look is None else stopping.looks[look],
        "runs": count, "missing": pairs.missing, "why": pairs.why,
        "baseline": spread_of(pairs.base), "value": spread_of(pairs.other), "difference": spread_of(differences),
        "win": win, "tie": len(differences) - win - loss, "loss": loss,
        "p_differs": test.differs, "p_within": test.within, "variance_ratio": variance_ratio(pairs.base, pairs.other),
    }  # fmt: skip


def spread_of(values: Sequence[float]) -> dict[str, Any] | None:
    """Median, its 95 % interval (None where there are too few runs for one) and range."""
    if not values:
        return None
    interval = median_interval(values)
    return {"median": median(values), "interval": list(interval) if interval else None, "range": [min(values), max(values)]}


def _architecture(plan: Comparison, architecture: str, runs: Runs) -> dict[str, Any]:
    jobs = healthy_jobs(plan, architecture)
    model = prepare(jobs[0]).architecture
    healthy = [runs.records[job.key] for job in jobs]
    return {"name": architecture, "title": model.title, "hardware": hardware(model), "latency": latency(healthy)}


def _detail(plan: Comparison, place: Place, architecture: str, runs: Runs, count: int) -> dict[str, Any]:
    """What happened in a place on an architecture: orders by kind, way back, severity, latency, properties."""
    mine = [runs.records[plan.job(place, architecture, n).key] for n in range(count)]
    base = [runs.records[plan.job(place, plan.architectures[0], n).key] for n in range(count)]
    measures = [r.measures for r in mine]
    waits = {flow: [f.p99_ns / 1e9 for m in measures if (f := m.flows.get(flow)) and f.p99_ns] for flow in LATENCY_FLOWS}
    return {
        "scenario": place.scenario, "environment": place.environment, "title": mine[0].title,
        "architecture": architecture, "runs": count,
        "verdicts": {v: sum(r.verdict == v for r in mine) for v in ("pass", "fail", "unknown")},
        "orders": {kind: spread_of([m.orders.count(kind) for m in measures]) for kind in KINDS},
        "impaired_s": spread_of([m.impaired_s or 0.0 for m in measures]), "p99_s": {flow: spread_of(found) for flow, found in waits.items()},
        "recovery": _recovery(base, mine), "metastable": share_of(sum(m.metastable is True for m in measures), count),
        "severity": _grades(measures), "violated": {name: _violations(name, base, mine) for name in PROPERTIES},
    }  # fmt: skip


def _grades(measures: Sequence[Measures]) -> dict[str, dict[str, int]]:
    """In how many runs each rule set gave each grade."""
    found: dict[str, dict[str, int]] = {}
    for of_run in measures:
        for rules, graded in of_run.severity.items():
            of_rules, grade = found.setdefault(rules, {}), graded.grade or "not gradable"
            of_rules[grade] = of_rules.get(grade, 0) + 1
    return found


def share_of(hits: int, of: int) -> dict[str, Any]:
    """A share of runs with Wilson's 95 % interval; without runs there is no share."""
    return {"runs": hits, "share": hits / of if of else None, "interval": list(wilson(hits, of))}


def _violations(name: str, base: Sequence[RunResult], mine: Sequence[RunResult]) -> dict[str, Any]:
    """In how many runs a property was violated, and the share's difference to the baseline by seed."""
    violated = [[name in r.properties and r.properties[name].holds is False for r in runs] for runs in (base, mine)]
    pairs = list(zip(*violated, strict=True))
    both, only_mine, only_base = pairs.count((True, True)), pairs.count((False, True)), pairs.count((True, False))
    neither = len(pairs) - both - only_mine - only_base
    interval = paired_shares_interval(both, only_mine, only_base, neither)
    return share_of(both + only_mine, len(pairs)) | {
        "difference": (only_mine - only_base) / len(pairs),
        "difference_interval": list(interval),
    }


def _recovery(base: Sequence[RunResult], mine: Sequence[RunResult]) -> dict[str, Any]:
    """Mean recovery up to a horizon that every run of both was watched for, the difference by seed, and who was back first."""
    records = [*base, *mine]
    times, horizon = restricted([r.measures.recovery_s for r in records], [r.measures.recovery_s_lower for r in records])
    differences = [b - a for a, b in zip(times[: len(base)], times[len(base) :], strict=True)]
    interval = mean_interval(differences)
    return {
        "horizon_s": horizon, "restricted_mean_s": sum(times[len(base) :]) / len(mine), "difference_s": sum(differences) / len(differences),
        "difference_interval_s": list(interval) if interval else None, "win": sum(d < 0 for d in differences),
        "tie": sum(d == 0 for d in differences), "loss": sum(d > 0 for d in differences),
        "not_recovered": sum(not r.measures.recovered for r in mine),
    }  # fmt: skip
