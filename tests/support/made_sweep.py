"""Sweeps put together of values instead of runs."""

from __future__ import annotations

from collections.abc import Mapping

from chaos.results.summaries import RunShare, Spread, VerdictCounts
from chaos.results.sweep import (
    SCHEMA_VERSION,
    MetastableFrom,
    SweepPoint,
    SweepResult,
    SweepSummary,
    SweptParameter,
)

RUNS = 8
MEASURES = ["orders.failed_share", "impaired_s"]


def swept_point(values: list[str], *, stays: int, passed: int, failed: int, invalid: int = 0) -> SweepPoint:
    """A point of eight runs, so many of which stay broken, pass and fail; the others are inconclusive."""
    valid = RUNS - invalid
    share = stays / valid if valid else None
    interval = (0.0, 1.0)
    spread = Spread(median=0.1 + 0.1 * stays, mean=0.2, interval=interval, range=interval)
    long = Spread(median=60.0 * (1 + stays), mean=60.0, interval=(30.0, 900.0), range=(30.0, 900.0), at_least=stays == RUNS)
    figures: Mapping[str, Spread | None] = {"orders.failed_share": spread, "impaired_s": long}
    return SweepPoint(
        values=values,
        runs=RUNS,
        invalid=invalid,
        why="the fault did not take effect" if invalid else "",
        why_zh="故障未触发" if invalid else "",
        verdicts=VerdictCounts.model_validate({"pass": passed, "fail": failed, "unknown": valid - passed - failed}),
        measures={name: spread if valid else None for name, spread in figures.items()},
        not_recovered=RunShare(runs=stays, share=share, interval=interval),
        metastable=RunShare(runs=stays, share=share, interval=interval),
    )


def made_sweep(*, two: bool = True) -> SweepResult:
    """Load by attempts: recovers and passes, some stay broken, all do, inconclusive, nothing valid; with one parameter the first three."""
    first = [
        swept_point(["1", "a"], stays=0, passed=8, failed=0),
        swept_point(["1", "b"], stays=0, passed=6, failed=0),
        swept_point(["2", "a"], stays=2, passed=5, failed=3),
        swept_point(["2", "b"], stays=8, passed=0, failed=8),
        swept_point(["3", "a"], stays=8, passed=0, failed=8),
        swept_point(["3", "b"], stays=0, passed=0, failed=0, invalid=8),
    ]
    points = first if two else [point.model_copy(update={"values": point.values[:1]}) for point in first[::2]]
    axes = [SweptParameter(path="load", values=["1", "2", "3"])]
    axes += [SweptParameter(path="flows.order.retry.attempts", values=["a", "b"])] if two else []
    begins = [("a", "3", "2"), ("b", "2", "1")] if two else [(None, "3", "2")]
    return SweepResult(
        schema_version=SCHEMA_VERSION,
        scenario="requirements/smoke/small-bank-slow",
        title="A bank answers slowly",
        title_zh="银行应答变慢",
        architecture="legacy-coupled",
        environment="staging",
        axes=axes,
        measures=MEASURES,
        points=points,
        metastable_from=[MetastableFrom.model_validate({"line": line, "from": at, "after": after}) for line, at, after in begins],
        runs=[],
        summary=SweepSummary(runs=RUNS * len(points), points=len(points), conservation_broken=0),
    )
