"""What one run amounts to, counted from its journal alone: orders, flows, pools. docs/journal.md has the definitions."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Strict

from simcore.base.model import ResultModel
from simcore.base.units import SECOND
from simcore.journal.histogram import exact_quantile
from simcore.journal.model import FLAGS, OUTCOMES, REPORTED_LATE, Journal, Scalar, rejected_wrongly

SCHEMA_VERSION = 1
TRUTHS = ("placed_once", "recorded", "not_placed", "duplicated", "lost", "orphan", "stranded", "late")

Window = tuple[int, int]
StoredWindow = Annotated[tuple[int, int], Strict(False)]  # JSON has lists alone
Mask = NDArray[np.bool_]

_COUNTERS = {"confirmed": "ok", "rejected": "rejected", "blocked": "blocked", "failed": "failed", "unknown": "unknown"}


# --- the models -------------------------------------------------------------------------------------------------------------


class OrderCounts(ResultModel):
    """Orders by what their customers saw, then by what is true of them in the books. `failed_orders` is blocked, failed and
    unknown together; `rejected_wrongly`, of the rejected, those that are accepted without the method, None where no control run says
    which of them are;
    `reported_late` those of which the core learned late that the exchange had them."""

    intended: int = 0
    confirmed: int = 0
    rejected: int = 0
    blocked: int = 0
    failed: int = 0
    unknown: int = 0
    pending: int = 0
    duplicated: int = 0
    lost: int = 0
    orphan: int = 0
    stranded: int = 0
    late: int = 0
    failed_orders: int = 0
    rejected_wrongly: int | None = 0
    reported_late: int = 0

    def count(self, name: str) -> int:
        """The count of a name above, 0 if it is not known. AttributeError for another."""
        return int(getattr(self, name) or 0)


class FlowFigures(ResultModel):
    """Customer requests of one flow by outcome, and what confirmed ones waited. `recorded`: the journal has a row of each; without
    rows `pending` is not known in a window, and `mean_ns` never. `rejected_wrongly`: accepted without the method, None where no
    control run says which of the rejects are. `success` is the share of good answers among all that ended, rejects but for those."""

    kind: str
    recorded: bool
    intended: int
    confirmed: int
    rejected: int
    blocked: int
    failed: int
    unknown: int
    pending: int | None
    rejected_wrongly: int | None = 0
    success: float | None
    mean_ns: int | None = None
    p50_ns: int | None
    p99_ns: int | None

    @property
    def failed_all(self) -> int:
        """Requests blocked, failed or unknown."""
        return self.blocked + self.failed + self.unknown

    @property
    def asked(self) -> int:
        """What shares are of: the requests that were intended. Without rows others may end in a window than began in it: then those that
        ended, if they are more."""
        return max(self.intended, self.confirmed + self.rejected + self.failed_all)


class Figures(ResultModel):
    """Orders (intents of flows of kind order), each flow, and `client_truth`: outcome → truth → orders."""

    orders: OrderCounts
    flows: dict[str, FlowFigures] = {}
    client_truth: dict[str, dict[str, int]] = {}


class PoolFigures(ResultModel):
    """How full a pool was: means over time of slots in use and of the queue, the share of the time in which all slots were taken.
    None is what the journal does not keep for a window."""

    peak_busy: int | None
    peak_queue: int | None
    refused: int | None
    busy_mean: float | None
    queue_mean: float | None
    full_share: float | None


class SimulationFigures(Figures):
    """Figures of a run without a scenario; `events_per_s` is events of the kernel a second of wall time, None if it was not timed."""

    pools: dict[str, PoolFigures]
    events: int
    events_per_s: float | None


class LawResult(ResultModel):
    """A conservation law, checked at the end of the run."""

    law: str
    ok: bool
    expected: Scalar = None
    found: Scalar = None


class SimulationRun(ResultModel):
    """A run of an architecture under a workload, without a scenario: so there is no verdict, but `unknown` where a law is broken
    or the run was stopped early. Times in ns since midnight of the first day."""

    scenario: None
    architecture: str
    environment: str | None
    seed: int
    verdict: Literal["unknown"] | None
    unknown_reason: str | None
    digest: str
    workload: str
    start_ns: int
    end_ns: int
    window: StoredWindow | None
    metrics: SimulationFigures
    properties: dict[str, dict[str, Scalar]]
    conservation: list[LawResult]


class SimulationCounts(ResultModel):
    """How many runs there are, are unknown, and how many laws are broken."""

    runs: int
    unknown: int
    conservation_broken: int


class SimulationResult(ResultModel):
    """The result object of `coredrill simulate`, with one run."""

    schema_version: int
    runs: list[SimulationRun]
    summary: SimulationCounts


# --- from a journal ---------------------------------------------------------------------------------------------------------


def result(journal: Journal, *, window: Window | None = None, wall_s: float | None = None) -> SimulationResult:
    """The result object of one run.

    `window`, [from, to) in ns, restricts intents and series; without it the journal's own window does, if it has one.
    `wall_s` is the wall time the run took, for `events_per_s`: a figure about the machine, so it is no part of the journal.
    ValueError for a window that ends before it starts.
    """
    run = simulation_run(journal, window=window, wall_s=wall_s)
    broken = sum(not law.ok for law in run.conservation)
    counts = SimulationCounts(runs=1, unknown=int(run.verdict is not None), conservation_broken=broken)
    return SimulationResult(schema_version=SCHEMA_VERSION, runs=[run], summary=counts)


def simulation_run(journal: Journal, *, window: Window | None = None, wall_s: float | None = None) -> SimulationRun:
    """The one run of `result`."""
    window = _window(journal, window)
    broken = [law.law for law in journal.conservation if not law.ok]
    reason = f"conservation broken: {', '.join(broken)}" if broken else journal.unknown_reason
    events, counted = journal.meta.counts["events"], figures(journal, window)
    return SimulationRun(
        scenario=None,
        architecture=journal.meta.architecture,
        environment=journal.meta.environment,
        seed=journal.meta.seed,
        verdict="unknown" if reason is not None else None,
        unknown_reason=reason,
        digest=journal.digest,
        workload=journal.meta.workload,
        start_ns=journal.meta.start_ns,
        end_ns=journal.meta.end_ns,
        window=window,
        metrics=SimulationFigures(
            orders=counted.orders,
            flows=counted.flows,
            client_truth=counted.client_truth,
            pools=_pools(journal, window),
            events=events,
            events_per_s=events / wall_s if wall_s else None,
        ),
        properties=journal.properties,
        conservation=laws(journal),
    )


def laws(journal: Journal) -> list[LawResult]:
    """The conservation laws that were checked."""
    return [LawResult(law=law.law, ok=law.ok, expected=law.expected, found=law.found) for law in journal.conservation]


def figures(journal: Journal, window: Window | None = None) -> Figures:
    """`orders`, `flows` and `client_truth` of a run: the part of `result` that is quick."""
    window = _window(journal, window)
    orders = _intents_of(journal, window, [name for name, kind in journal.meta.flow_kinds.items() if kind == "order"])
    return Figures(
        orders=_orders(journal, orders),
        flows={name: _flow(journal, name, window) for name in journal.names.get("flow", [])},
        client_truth=_client_truth(journal, orders),
    )


def _window(journal: Journal, window: Window | None) -> Window | None:
    if window is None:
        own = journal.meta.window
        return (own[0], own[1]) if own else None
    if window[0] >= window[1]:
        raise ValueError(f"a window starts before it ends: {window}")
    return window


# --- intents ------------------------------------------------------------------------------------------------------------


def _intents_of(journal: Journal, window: Window | None, flows: list[str]) -> Mask:
    """Which rows are intents of these flows, submitted in the window."""
    names = journal.names.get("flow", [])
    wanted = np.array([name in flows for name in names], np.bool_)
    chosen = wanted[journal.intents["flow"]]
    if window is not None:
        submitted = journal.intents["submit_ns"]
        chosen &= (submitted >= window[0]) & (submitted < window[1])
    return chosen


class _Outcomes(NamedTuple):
    """Intents by what became of them; `pending` is None where that is not known."""

    intended: int
    confirmed: int
    rejected: int
    blocked: int
    failed: int
    unknown: int
    pending: int | None

    @property
    def failed_all(self) -> int:
        return self.blocked + self.failed + self.unknown

    @property
    def ended(self) -> int:
        return self.confirmed + self.rejected + self.failed_all


def _outcomes(journal: Journal, chosen: Mask) -> _Outcomes:
    counts: list[int] = np.bincount(journal.intents["outcome"][chosen], minlength=len(OUTCOMES)).tolist()
    return _Outcomes(int(chosen.sum()), **dict(zip(OUTCOMES, counts, strict=True)))


def _orders(journal: Journal, chosen: Mask) -> OrderCounts:
    outcomes = _outcomes(journal, chosen)
    flags = journal.intents["flags"][chosen]
    truths = {name: int(np.count_nonzero(flags & bit)) for name, bit in FLAGS.items()}
    return OrderCounts(
        **outcomes._asdict(),
        **truths,
        failed_orders=outcomes.failed_all,
        rejected_wrongly=_rejected_wrongly(journal, chosen),
        reported_late=int(np.count_nonzero(flags & REPORTED_LATE)),
    )


def _rejected_wrongly(journal: Journal, chosen: Mask) -> int | None:
    """Intents rejected here that the control run confirmed; None if some were rejected and there was none."""
    if not journal.controlled and (journal.intents["outcome"][chosen] == OUTCOMES.index("rejected")).any():
        return None
    return int(np.count_nonzero(rejected_wrongly(journal.intents) & chosen))


def _client_truth(journal: Journal, chosen: Mask) -> dict[str, dict[str, int]]:
    """Outcome → truth → intents. An intent with several flags stands under the first of them, in the order of FLAGS."""
    flags, placed, recorded = (journal.intents[column][chosen] for column in ("flags", "placed", "recorded"))
    conditions = [*((flags & bit) != 0 for bit in FLAGS.values()), placed > 0, recorded > 0]
    labels = [*FLAGS, "placed_once", "recorded"]
    truth = np.select(conditions, [TRUTHS.index(label) for label in labels], TRUTHS.index("not_placed"))
    cells = journal.intents["outcome"][chosen].astype(np.int64) * len(TRUTHS) + truth
    matrix = np.bincount(cells, minlength=len(OUTCOMES) * len(TRUTHS)).reshape(len(OUTCOMES), -1)
    return {outcome: dict(zip(TRUTHS, row.tolist(), strict=True)) for outcome, row in zip(OUTCOMES, matrix, strict=True)}


# --- flows and pools ----------------------------------------------------------------------------------------------------


class _Latency(NamedTuple):
    mean_ns: int | None
    p50_ns: int | None
    p99_ns: int | None


def _flow(journal: Journal, name: str, window: Window | None) -> FlowFigures:
    recorded = name in journal.meta.recorded_flows
    if recorded:
        chosen = _intents_of(journal, window, [name])
        outcomes, latency, wrongly = _outcomes(journal, chosen), _latency(journal, chosen), _rejected_wrongly(journal, chosen)
    else:
        # without rows there is one histogram, of the whole run: a window's quantiles are taken from it
        has_histogram = ("flow", name) in journal.histograms
        quantiles = [journal.quantile("flow", name, q) if has_histogram else None for q in (0.5, 0.99)]
        outcomes, latency = _counted_outcomes(journal, name, window), _Latency(None, *quantiles)
        wrongly = None if outcomes.rejected else 0
    success = (outcomes.confirmed + outcomes.rejected - (wrongly or 0)) / outcomes.ended if outcomes.ended else None
    counted = outcomes._asdict() | latency._asdict()
    return FlowFigures(
        kind=journal.meta.flow_kinds[name], recorded=recorded, rejected_wrongly=wrongly, success=success, **counted
    )


def _latency(journal: Journal, chosen: Mask) -> _Latency:
    """Mean (exact but for less than a nanosecond), median and 99th percentile of confirmed intents, from their rows."""
    confirmed = chosen & (journal.intents["outcome"] == OUTCOMES.index("confirmed"))
    waits = (journal.intents["answer_ns"] - journal.intents["submit_ns"])[confirmed]
    mean = int(waits.sum()) // len(waits) if len(waits) else None
    return _Latency(mean, exact_quantile(waits, 0.5), exact_quantile(waits, 0.99))


def _counted_outcomes(journal: Journal, name: str, window: Window | None) -> _Outcomes:
    """Outcomes of a flow without rows. In a window what ended need not have begun there, so nothing is known to be pending."""
    counted = {outcome: _counted(journal, "flow", name, field, window) for outcome, field in _COUNTERS.items()}
    intended = _counted(journal, "flow", name, "started", window)
    pending = intended - sum(counted.values()) if window is None else None
    return _Outcomes(intended, **counted, pending=pending)


def _rows(journal: Journal, window: Window) -> slice:
    """The seconds of the series that begin in the window."""
    first, last = (max(0, -(-(t - journal.meta.start_ns) // SECOND)) for t in window)
    return slice(first, last)


def _counted(journal: Journal, kind: str, name: str, field: str, window: Window | None) -> int:
    """A counter's total, or its increments in the window. KeyError if the journal does not keep it."""
    if window is None:
        return journal.total(kind, name, field)
    return int(journal.series(kind, name, field)[_rows(journal, window)].sum())


def _pools(journal: Journal, window: Window | None) -> dict[str, PoolFigures]:
    elapsed = _elapsed_ns(journal, window)
    return {name: _pool(journal, name, window, elapsed) for name in journal.names.get("pool", [])}


def _pool(journal: Journal, name: str, window: Window | None, elapsed: int) -> PoolFigures:
    def peak(field: str) -> int | None:
        return journal.total("pool", name, field) if window is None else _peak(journal, name, field, _rows(journal, window))

    def counted(field: str) -> int | None:
        kept = window is None or journal.has_series("pool", name, field)
        return _counted(journal, "pool", name, field, window) if kept else None

    def mean(field: str) -> float | None:
        integral = counted(field)
        return None if integral is None or not elapsed else integral / elapsed

    return PoolFigures(
        peak_busy=peak("peak_busy"),
        peak_queue=peak("peak_queue"),
        refused=counted("refused"),
        busy_mean=mean("busy_ns"),
        queue_mean=mean("queue_ns"),
        full_share=mean("full_ns"),
    )


def _elapsed_ns(journal: Journal, window: Window | None) -> int:
    """Time that the series cover, in the window: less than planned for a run that stopped early."""
    end = journal.meta.end_ns
    begins = journal.seconds if window is None else journal.seconds[_rows(journal, window)]
    if window is None and not begins.size:
        return end - journal.meta.start_ns
    return int((np.minimum(begins + SECOND, end) - begins).sum())


def _peak(journal: Journal, name: str, field: str, rows: slice) -> int | None:
    if not journal.has_series("pool", name, field):
        return None
    return int(journal.series("pool", name, field)[rows].max(initial=0))
