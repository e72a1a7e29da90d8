"""The result of `coredrill live compare`: simulated beside live, pair by pair; `coredrill schema live` prints its JSON Schema."""

from __future__ import annotations

from typing import Literal

from chaos.results.run import Orders, Verdict
from simcore.base.model import ResultModel
from simcore.journal.summary import FlowFigures

SCHEMA_VERSION = 1

Compared = Literal["failed_orders", "impaired_s", "duplicated", "lost"]


class LiveSide(ResultModel):
    """One run of a pair: its verdict with the reasons, orders by kind, client × truth, impaired and recovery time (s; `recovery_s` is None
    if the steady state did not come back), and each flow with what confirmed requests waited."""

    verdict: Verdict | None
    reasons: list[str]
    orders: Orders
    client_truth: dict[str, dict[str, int]]
    impaired_s: float | None
    recovery_s: float | None
    flows: dict[str, FlowFigures]
    digest: str


class LiveDifference(ResultModel):
    """A figure of both, and by how much they may differ; of lost orders that were confirmed, neither may have any."""

    what: Compared
    simulated: float | None
    live: float | None
    allowed: float
    holds: bool


class LivePair(ResultModel):
    """A scenario with a seed, simulated and live on the same plan. `missed`: nothing can be concluded from one of the runs (`why`), or a
    difference does not hold."""

    scenario: str
    title: str
    title_zh: str | None
    seed: int
    simulated: LiveSide
    live: LiveSide
    differences: list[LiveDifference]
    missed: bool
    why: str = ""


class LiveSummary(ResultModel):
    """Over all pairs: how many were missed, in which scenarios, and the mean of (live − simulated) / simulated failed orders over the pairs
    in which it is known, with its standard error (None below two pairs)."""

    pairs: int
    missed: int
    scenarios: int
    missed_scenarios: list[str]
    failed_difference: float | None
    failed_difference_error: float | None


class LiveComparison(ResultModel):
    """Simulated beside live."""

    schema_version: int
    pairs: list[LivePair]
    summary: LiveSummary
