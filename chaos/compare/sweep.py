"""One scenario over the values of one or two parameters: how the measures change, and where the system begins to stay down by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from chaos.compare.comparison import share_of, spread_of
from chaos.documents.scenario import measure_problem
from chaos.execution.jobs import Job, input_digest
from chaos.execution.runs import Runs
from chaos.judgement.verdict import value_of
from chaos.results.run import SCHEMA_VERSION, RunResult
from simcore.base.errors import InputError
from simcore.files.document import parse_yaml

MEASURES = ("orders.failed_share", "impaired_s")
METASTABLE_SHARE = 0.5  # of the runs at a point: from here on staying down is what is to be expected


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
            f"--vary {text}: not a path with two or more different values", mend="such as pools.counter-threads.slots=12,24,48"
        )
    for value in values:
        try:
            parse_yaml(value, "command line", f"--vary {text}")
        except InputError as error:
            raise InputError(f"--vary {text}: {value!r}: {error.message}", mend=error.mend) from None
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


@dataclass(frozen=True)
class Sweep:
    """What is run: every combination of the axes' values (one or two axes) with so many seeds."""

    scenario: str
    axes: tuple[Axis, ...]
    count: int
    measures: tuple[str, ...] = MEASURES
    seed: int = 1
    architecture: str | None = None
    environment: str | None = None
    assignments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.axes) <= 2 or len({axis.path for axis in self.axes}) < len(self.axes):
            raise InputError("a sweep varies one or two different parameters", mend="give --vary once or twice")
        for measure in self.measures:
            problem = measure_problem(measure)
            if problem is None and measure.partition(".")[0] in ("severity", "properties"):
                problem = "a sweep shows numbers"
            if problem is not None:
                raise InputError(f"--measure {measure}: {problem}")

    @property
    def points(self) -> list[tuple[str, ...]]:
        """Every combination, the first axis slowest."""
        return list(product(*(axis.values for axis in self.axes)))

    def job(self, point: Sequence[str], number: int) -> Job:
        """The run of one seed at a point."""
        said = tuple(f"{axis.path}={value}" for axis, value in zip(self.axes, point, strict=True))
        return Job(self.scenario, self.seed + number, self.architecture, self.environment, (*self.assignments, *said))


def sweep(plan: Sweep, runs: Runs) -> dict[str, Any]:
    """Makes the runs and puts the result together. Raises InputError, before any run if a value does not fit its path."""
    for point in plan.points:
        input_digest(plan.job(point, 0))
    runs.make([plan.job(point, n) for point in plan.points for n in range(plan.count)])
    found = {point: [runs.records[plan.job(point, n).key] for n in range(plan.count)] for point in plan.points}
    points = [_point(plan, point, records) for point, records in found.items()]
    first = next(iter(found.values()))[0]
    broken = sum(len(record.broken_laws) for records in found.values() for record in records)
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": plan.scenario, "title": first.title, "architecture": first.architecture, "environment": first.environment,
        "axes": [{"path": axis.path, "values": list(axis.values)} for axis in plan.axes],
        "measures": list(plan.measures),
        "points": points,
        "metastable_from": _begins(plan, points),
        "runs": [
            {
                "scenario": r.scenario, "architecture": r.architecture, "environment": r.environment, "seed": r.seed,
                "verdict": r.verdict, "digest": r.digest, "point": list(point),
            }
            for point, records in found.items() for r in records
        ],
        "summary": {"runs": sum(map(len, found.values())), "points": len(points), "conservation_broken": broken},
    }  # fmt: skip


def _point(plan: Sweep, point: tuple[str, ...], records: Sequence[RunResult]) -> dict[str, Any]:
    """What the runs at a point show; those that were no valid experiment count in `invalid` alone."""
    valid = [r for r in records if not r.invalid]
    values = {m: [v for r in valid if (v := value_of(r.measures, {}, m)) is not None] for m in plan.measures}
    return {
        "values": list(point), "runs": len(records), "invalid": len(records) - len(valid),
        "why": next(("; ".join(r.reasons) for r in records if r.invalid), ""),
        "verdicts": {v: sum(r.verdict == v for r in records) for v in ("pass", "fail", "unknown")},
        "measures": {m: spread_of([float(v) for v in found]) for m, found in values.items()},
        "not_recovered": share_of(sum(not r.measures.recovered for r in valid), len(valid)),
        "metastable": share_of(sum(r.measures.metastable is True for r in valid), len(valid)),
    }  # fmt: skip


def _begins(plan: Sweep, points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each value of the second axis the first value of the first one, in the order given, at which half of the runs or more are
    metastable, and the value before; `from` is None where that is nowhere."""
    lines = plan.axes[1].values if len(plan.axes) == 2 else (None,)
    found = []
    for line in lines:
        mine = [p for p in points if line is None or p["values"][1] == line]
        hit = next(
            (
                i
                for i, p in enumerate(mine)
                if p["metastable"]["share"] is not None and p["metastable"]["share"] >= METASTABLE_SHARE
            ),
            None,
        )
        found.append({
            "line": line, "from": None if hit is None else mine[hit]["values"][0],
            "after": mine[hit - 1]["values"][0] if hit else None,
        })  # fmt: skip
    return found
