"""Queueing theory's known answers: each case is an architecture and a workload file like any other.

A case passes if its figure is within three standard errors of the exact value **and** the half-width of its 95 % interval is at
most 1 % of that value. The unit of replication is the run. Time is counted in the station's mean service time, 1 ms, but for the
two one-out-of-two cases, where it is 1 µs.

How long to run follows from theory, not from trying: over a time T the variance of a mean is about s²/T, with s² the asymptotic
variance. A sum over time and arrivals, less its mean, is a martingale up to its ends (Poisson's equation: A h = mean − f), so s²
is a sum over the jumps it is made of.

- Birth–death chains: h(j+1) − h(j) = −Σ_{i≤j} π_i (f_i − f̄) / (λ_j π_j) (Burman 1980; Whitt, Queueing Systems 10, 1992).
- M/G/1: h(x) = x²/2(1−ρ) for the workload V that Poisson arrivals find, so that an arrival that finds V and brings S adds
  ρ'(V S + S²/2) + V − E V to the sum of waits, ρ' = λ/(1−ρ), and S to the busy time. For M/M/1 this is Daley's (1968)
  variance of the mean wait, 1976 at ρ = 0.8. The moments of V are Takács' (1962).

Every figure is regressed over the runs on quantities of the same runs whose means are known (control variates: busy time, and
for the rarer figures the time all servers are busy, or the queue); that removes a third to two thirds of the variance. The
length is chosen for an expected half-width of DESIGN, because the one found varies by a tenth (fifty runs). All cases together
make 200 million visits to a station, 65 of them to the hundred servers.

The runs begin empty. Their first WARM_UP of the time does not count: a run of the same seed and that length is the beginning of
the longer one, so its totals are subtracted. A hundredth of a run is three relaxation times of its queue or more, and the
empty beginning takes about 10⁻³ off the mean of a run; what is left of that, e⁻³, is a hundredth of the interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simcore.base.units import MS, SECOND, US
from simcore.library import load_architecture, load_workload
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload

Floats = NDArray[np.float64]

SEEDS = range(1, 51)
WIDTH = 0.01
DESIGN = 0.0083
WARM_UP = 0.01
LEAST_VISITS = 1e6


# --- the simulator, seen from here ----------------------------------------------------------------------------------------


@cache
def models(architecture: str, workload: str) -> tuple[Architecture, Workload]:
    """The two files, read once."""
    return load_architecture(architecture), load_workload(workload)


def simulate(architecture: str, workload: str, seed: int, end: int, outage: tuple[int, int] | None = None) -> Any:
    """The journal of a run over [0, end) ns; the store hangs in `outage`."""
    from simcore.compile.plan import compile_plan
    from simcore.simulation import Action
    from simcore.simulation import simulate as run

    plan = compile_plan(*models(architecture, workload), seed=seed, start=0, end=end)
    store = {"service": "store", "replica": 0}
    faults = [Action(outage[0], "hang", store), Action(outage[1], "thaw", store)] if outage is not None else []
    journal = run(plan, faults)
    assert journal.unknown_reason is None, journal.unknown_reason
    return journal


@dataclass(frozen=True)
class Window:
    """What happened in a run after its warm-up. Times are in units of `unit` ns."""

    whole: Any
    warm_up: Any
    unit: int

    def count(self, kind: str, name: str, of: str) -> int:
        return int(self.whole.total(kind, name, of) - self.warm_up.total(kind, name, of))

    def time(self, pool: str, of: str) -> float:
        return self.count("pool", pool, f"{of}_ns") / self.unit

    @property
    def duration(self) -> float:
        return float(self.whole.meta.end_ns - self.warm_up.meta.end_ns) / self.unit

    def mean(self, pool: str, of: str) -> float:
        """Time average: slots in use (`busy`), waiting (`queue`), or the share of time with no free slot (`full`)."""
        return self.time(pool, of) / self.duration


Measure = Callable[[Window], float]


@dataclass(frozen=True)
class Figure:
    """A known answer, where a run shows it, and quantities of known mean (by run) that it is regressed on."""

    name: str
    answer: float
    measure: Measure
    controls: Sequence[tuple[Measure, float]] = ()


@dataclass(frozen=True)
class Case:
    """Files and figures; `total` is the time, in units, that all runs together must cover."""

    name: str
    architecture: str
    workload: str
    total: float
    figures: Sequence[Figure]
    unit: int = field(default=MS)


# --- statistics -----------------------------------------------------------------------------------------------------------


def estimate(values: Sequence[float], controls: Sequence[Sequence[float]]) -> tuple[float, float, int]:
    """Mean of the runs where every control has its mean (0), its standard error, degrees of freedom: least squares."""
    design = np.column_stack([np.ones(len(values)), *controls]) if controls else np.ones((len(values), 1))
    coefficients, *_ = np.linalg.lstsq(design, np.asarray(values), rcond=None)
    residuals = np.asarray(values) - design @ coefficients
    freedom = len(values) - design.shape[1]
    variance = residuals @ residuals / freedom * np.linalg.inv(design.T @ design)[0, 0]
    return float(coefficients[0]), math.sqrt(variance), freedom


def length(relative_variance: float, rate: float) -> float:
    """Time that brings the half-width to DESIGN, for an asymptotic variance given per unit time and relative to mean², and in
    which at least LEAST_VISITS come at that rate."""
    return max(relative_variance * (float(stats.t.ppf(0.975, len(SEEDS) - 3)) / DESIGN) ** 2, LEAST_VISITS / rate)


# --- theory ---------------------------------------------------------------------------------------------------------------


def erlang_b(servers: int, load: float) -> float:
    """Probability that all servers of M/M/c/c are busy, by the usual recursion."""
    blocked = 1.0
    for c in range(1, servers + 1):
        blocked = load * blocked / (c + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """Probability that an arrival at M/M/c waits."""
    blocked = erlang_b(servers, load)
    return blocked / (1.0 - load / servers * (1.0 - blocked))


@dataclass(frozen=True)
class Sum:
    """What a measure adds up: so much for each unit of time, and for each arrival, in each state (the state found)."""

    per_time: Floats
    per_arrival: Floats


def time_of(f: Floats) -> Sum:
    """The integral of f over time."""
    return Sum(f, np.zeros_like(f))


class BirthDeath:
    """A birth–death chain on 0..n: `births[i]` from i to i+1, `deaths[i]` from i+1 to i; arrivals `blocked` at n."""

    def __init__(self, births: Sequence[float], deaths: Sequence[float], blocked: float = 0.0) -> None:
        self.arrivals = np.array([*births, blocked], float)
        weights = np.concatenate([[0.0], np.cumsum(np.log(self.arrivals[:-1]) - np.log(np.asarray(deaths, float)))])
        self.shares: Floats = np.exp(weights - weights.max())
        self.shares /= self.shares.sum()

    def mean(self, f: Floats) -> float:
        return float(self.shares @ f)

    def _jumps(self, of: Sum) -> Floats:
        """What each arrival and each departure adds to the martingale, times the square root of its rate."""
        rate = of.per_time + self.arrivals * of.per_arrival
        flow = self.arrivals * self.shares
        step = np.append(-np.cumsum(self.shares * (rate - self.mean(rate)))[:-1] / flow[:-1], 0.0)
        return np.concatenate([np.sqrt(flow) * (step + of.per_arrival), np.sqrt(flow) * step])

    def left_over(self, of: Sum, controls: Sequence[Floats] = ()) -> float:
        """Asymptotic variance of a sum per unit time, less what regression on the controls (time averages) explains."""
        own = self._jumps(of)
        if controls:
            known = np.column_stack([self._jumps(time_of(f)) for f in controls])
            own = own - known @ np.linalg.lstsq(known, own, rcond=None)[0]
        return float(own @ own)


def queue(servers: int, load: float, capacity: int | None = None) -> tuple[BirthDeath, Floats]:
    """M/M/c with mean service 1, or M/M/c/room; and its states. An endless queue is cut where it is rarer than e⁻³⁰."""
    states = capacity if capacity is not None else servers + math.ceil(30.0 / math.log(servers / load))
    chain = BirthDeath([load] * states, [min(i, servers) for i in range(1, states + 1)], load if capacity is not None else 0.0)
    return chain, np.arange(states + 1.0)


def service_moments(scv: float) -> list[float]:
    """E Sᵏ, k = 0..4, mean 1, of the services in the files: constant, exponential, hyperexponential (4), two-point (16)."""
    if scv == 0.0:
        return [1.0] * 5
    if scv == 16.0:
        return [1.0] + [17.0 ** (k - 1) for k in range(1, 5)]
    p = 0.5 * (1.0 + math.sqrt((scv - 1.0) / (scv + 1.0)))
    first, second = 0.5 / p, 0.5 / (1.0 - p)
    return [math.factorial(k) * (p * first**k + (1.0 - p) * second**k) for k in range(5)]


def wait_left_over(rate: float, m: Sequence[float]) -> float:
    """Asymptotic variance of the mean wait of M/G/1, service moments m, after regression on busy time, relative to its square."""
    idle = 1.0 - rate * m[1]
    first = rate * m[2] / (2.0 * idle)
    second = 2.0 * first**2 + rate * m[3] / (3.0 * idle)
    k = rate / idle
    own = k**2 * (second * m[2] + first * m[3] + m[4] / 4.0) + (1.0 + 2.0 * k * m[1]) * (second - first**2)
    explained = (k * (first * m[2] + m[3] / 2.0)) ** 2 / m[2]
    return (own - explained) / (rate * first**2)


# --- cases ----------------------------------------------------------------------------------------------------------------


def mean_wait(pool: str) -> Measure:
    return lambda w: w.time(pool, "wait") / w.count("pool", pool, "granted")


def share_waiting(pool: str) -> Measure:
    return lambda w: w.count("pool", pool, "waited") / w.count("pool", pool, "granted")


def share_refused(w: Window) -> float:
    return w.count("pool", "servers", "refused") / w.count("flow", "request", "started")


def average(pool: str, of: str) -> Measure:
    return lambda w: w.mean(pool, of)


def single_server(name: str, scv: float, wait: float) -> Case:
    figure = Figure("Wq", wait, mean_wait("servers"), [(average("servers", "busy"), 0.8)])
    total = length(wait_left_over(0.8, service_moments(scv)), 0.8)
    return Case(name, f"textbook/{name}", "textbook/open-800", total, [figure])


def waiting_system(servers: int, load: float, probability: float, wait: float) -> Case:
    chain, n = queue(servers, load)
    busy, full, waiting = np.minimum(n, servers), (n >= servers).astype(float), np.maximum(n - servers, 0.0)
    by_busy = (average("servers", "busy"), load)
    figures = [
        Figure("P(wait)", probability, share_waiting("servers"), [by_busy]),
        Figure("Wq", wait, mean_wait("servers"), [by_busy, (average("servers", "full"), erlang_c(servers, load))]),
    ]
    waits = chain.left_over(Sum(np.zeros_like(n), full - probability), [busy]) / (load * probability) ** 2
    wait_sum = chain.left_over(Sum(waiting, np.full_like(n, -wait)), [busy, full]) / (load * wait) ** 2
    total = length(max(waits, wait_sum), load)
    name = f"erlang-c-{servers}"
    return Case(f"{name}-{load:g}", f"textbook/{name}", f"textbook/open-{round(load * 1000)}", total, [*figures])


def loss_system(servers: int, load: float, probability: float) -> Case:
    chain, n = queue(servers, load, servers)
    full = (n == servers).astype(float)
    total = length(chain.left_over(Sum(np.zeros_like(n), full - probability), [n]) / (load * probability) ** 2, load)
    figure = Figure("P(blocked)", probability, share_refused, [(average("servers", "busy"), chain.mean(n))])
    name = f"erlang-b-{servers}"
    return Case(f"{name}-{load:g}", f"textbook/{name}", f"textbook/open-{round(load * 1000)}", total, [figure])


def limited_queue() -> Case:
    chain, n = queue(10, 8.0, 20)
    busy, full, waiting = np.minimum(n, 10.0), (n >= 10).astype(float), np.maximum(n - 10.0, 0.0)
    blocked = (n == 20).astype(float)
    known = [(average("servers", of), chain.mean(f)) for of, f in (("busy", busy), ("full", full), ("queue", waiting))]
    figures = [
        Figure("P(block)", 0.009107, share_refused, known),
        Figure("L", 9.077056, lambda w: w.mean("servers", "busy") + w.mean("servers", "queue")),
    ]
    refusals = Sum(np.zeros_like(n), blocked - chain.mean(blocked))
    total = length(chain.left_over(refusals, [busy, full, waiting]) / (8.0 * chain.mean(blocked)) ** 2, 8.0)
    return Case("mm10-20", "textbook/mm10-20", "textbook/open-8000", total, figures)


def jackson() -> Case:
    """Each station is its M/M/c, with the rates of the traffic equations. Twice the time a station would need on its own, because
    feedback makes its arrivals more alike than a Poisson stream's."""
    first = 1.0 / (1.0 - 0.2 * (0.4 + 0.5 * 0.6))
    figures, totals = [], []
    for station, load, servers in (("first", first, 2), ("second", 0.6 * first, 1), ("third", 0.7 * first, 2)):
        chain, n = queue(servers, load)
        waiting = np.maximum(n - servers, 0.0)
        pool = f"{station}-servers"
        wait = chain.mean(waiting) / load
        figures.append(Figure(f"Wq {station}", wait, mean_wait(pool), [(average(pool, "busy"), load)]))
        waits = Sum(waiting, np.full_like(n, -wait))
        totals.append(length(chain.left_over(waits, [np.minimum(n, servers)]) / (load * wait) ** 2, load))
    return Case("jackson", "textbook/jackson", "textbook/jackson", 2.0 * max(totals), figures)


def machines(name: str, of: str, answer: float, chain: BirthDeath, f: Floats, unit: int) -> Case:
    """Machines that break down and are repaired; the figure is a time average of the crews' pool."""
    workload = "textbook/machine-repairman" if name == "machine-repairman" else "textbook/one-of-two"
    measure = average("crews", of) if of != "down" else lambda w: w.mean("crews", "busy") + w.mean("crews", "queue")
    total = length(chain.left_over(time_of(f)) / chain.mean(f) ** 2, chain.mean(chain.arrivals))
    return Case(name, f"textbook/{name}", workload, total, [Figure(of, answer, measure)], unit)


BOTH_DOWN = np.array([0.0, 0.0, 1.0])

CASES = [
    single_server("mm1", 1.0, 4.0),
    single_server("md1", 0.0, 2.0),
    single_server("mg1-scv4", 4.0, 10.0),
    single_server("mg1-scv16", 16.0, 34.0),
    waiting_system(5, 2.5, 0.130371, 0.052149),
    waiting_system(10, 5.0, 0.036105, 0.007221),
    waiting_system(10, 8.0, 0.409180, 0.204590),
    waiting_system(100, 90.0, 0.216940, 0.021694),
    loss_system(5, 3.0, 0.110054),
    loss_system(10, 8.0, 0.121661),
    loss_system(100, 90.0, 0.026957),
    limited_queue(),
    jackson(),
    machines(
        "machine-repairman", "down", 1.038638,
        BirthDeath([0.1 * (10 - i) for i in range(10)], [min(i, 2) for i in range(1, 11)]), np.arange(11.0), MS,
    ),
    # Availability is given, so the limit of 1 % is on un-availability: both machines down.
    machines("one-of-two-one-crew", "queue", 1.0 - 0.99980396, BirthDeath([2e-3, 1e-3], [0.1, 0.1]), BOTH_DOWN, US),
    machines("one-of-two-two-crews", "full", 1.0 - 0.99990197, BirthDeath([2e-3, 1e-3], [0.1, 0.2]), BOTH_DOWN, US),
]  # fmt: skip


def windows(case: Case) -> list[Window]:
    """One window a seed, together `case.total` long."""
    counted = case.total / len(SEEDS) * case.unit
    warm_up = round(WARM_UP * counted)
    ends = warm_up, warm_up + round(counted)
    both = ([simulate(case.architecture, case.workload, seed, end) for end in ends] for seed in SEEDS)
    return [Window(whole, before, case.unit) for before, whole in both]


def judge(name: str, answer: float, values: Sequence[float], controls: Sequence[Sequence[float]] = ()) -> str:
    """Empty if the runs' values agree with the known answer closely enough, else what is wrong."""
    found, error, freedom = estimate(values, controls)
    half_width = float(stats.t.ppf(0.975, freedom)) * error / answer
    z = (found - answer) / error
    ok = abs(z) < 3.0 and half_width <= WIDTH
    return "" if ok else f"{name}: {found:.6g} ± {half_width:.2%}, known answer {answer:.6g}, z = {z:+.2f}"


def judge_figure(figure: Figure, runs: Sequence[Window]) -> str:
    """The same for a figure, regressed on its controls."""
    values = [figure.measure(w) for w in runs]
    controls = [[measure(w) - mean for w in runs] for measure, mean in figure.controls]
    return judge(figure.name, figure.answer, values, controls)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_theory_knows_the_answer(case: Case) -> None:
    """The kernel gives what queueing theory gives."""
    runs = windows(case)
    assert [problem for figure in case.figures if (problem := judge_figure(figure, runs))] == []


# --- the check can fail ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bias", "noise", "verdict"), [(0.0, 0.01, True), (0.01, 0.01, False), (0.0, 0.1, False)])
def test_judge_refuses_bias_and_blur(bias: float, noise: float, verdict: bool) -> None:
    """An answer 1 % off is refused, and so is a right one that is known too vaguely."""
    rng = np.random.default_rng(1)
    values = 4.0 * (1.0 + bias + noise * rng.standard_normal(len(SEEDS)))
    assert (judge("Wq", 4.0, values.tolist()) == "") is verdict


def test_regression_on_a_known_mean_is_unbiased_and_narrower() -> None:
    """With a control that explains most of the noise the standard error falls, and the estimate stays at the truth."""
    rng = np.random.default_rng(2)
    control = rng.standard_normal(1000)
    values = 4.0 + control + 0.1 * rng.standard_normal(1000)
    plain, regressed = estimate(values.tolist(), []), estimate(values.tolist(), [control.tolist()])
    assert regressed[1] < plain[1] / 5.0
    assert abs(regressed[0] - 4.0) < 4.0 * regressed[1]


def test_given_values_are_those_of_the_formulas() -> None:
    """The numbers above are not typed wrong: the formulas give them to the digits written."""
    for servers, load, probability, wait in (
        (5, 2.5, 0.130371, 0.052149),
        (10, 5.0, 0.036105, 0.007221),
        (10, 8.0, 0.409180, 0.204590),
        (100, 90.0, 0.216940, 0.021694),
    ):
        assert erlang_c(servers, load) == pytest.approx(probability, abs=6e-7)
        assert erlang_c(servers, load) / (servers - load) == pytest.approx(wait, abs=6e-7)
        chain, n = queue(servers, load)
        assert chain.mean(np.maximum(n - servers, 0.0)) / load == pytest.approx(wait, abs=6e-7)
    for servers, load, probability in ((5, 3.0, 0.110054), (10, 8.0, 0.121661), (100, 90.0, 0.026957)):
        assert erlang_b(servers, load) == pytest.approx(probability, abs=6e-7)
    limited, n = queue(10, 8.0, 20)
    assert limited.mean((n == 20).astype(float)) == pytest.approx(0.009107, abs=6e-7)
    assert limited.mean(n) == pytest.approx(9.077056, abs=6e-7)
    single, n = queue(1, 0.8)
    waits = Sum(np.maximum(n - 1.0, 0.0), np.full_like(n, -4.0))
    assert 0.8 * single.left_over(waits) / 0.8**2 == pytest.approx(1976.0, rel=1e-6)  # Daley 1968, for each customer
    two_ways = single.left_over(waits, [np.minimum(n, 1.0)]) / 3.2**2, wait_left_over(0.8, service_moments(1.0))
    assert two_ways[0] == pytest.approx(two_ways[1], rel=1e-6)
    for scv in (0.0, 1.0, 4.0, 16.0):
        moments = service_moments(scv)
        assert moments[1] == pytest.approx(1.0)
        assert moments[2] == pytest.approx(1.0 + scv)


# --- retries --------------------------------------------------------------------------------------------------------------


def test_retries_multiply_load_and_hide_failures() -> None:
    """100 clients ask ten times a second, an attempt fails with probability x, there are up to three retries: of the queries
    1 − x⁴ succeed, and each costs (1 − x⁴)/(1 − x) attempts."""
    journals = [simulate("textbook/retries", "textbook/retries", seed, 5 * SECOND) for seed in SEEDS]
    problems = []
    for x in (0.1, 0.3, 0.5):
        flow = f"query-{round(x * 100)}"
        started, ok = ([j.total("flow", flow, of) for j in journals] for of in ("started", "ok"))
        attempts = [j.total("call", f"client.{flow}/ask", "attempts") for j in journals]
        success = 1.0 - x**4
        problems.append(judge(f"success {x}", success, [a / b for a, b in zip(ok, started, strict=True)]))
        problems.append(judge(f"load {x}", success / (1.0 - x), [a / b for a, b in zip(attempts, started, strict=True)]))
        rate = sum(started) / (len(SEEDS) * 5.0)
        assert rate == pytest.approx(1000.0, rel=0.01)
    assert [p for p in problems if p] == []


# --- retry storm ----------------------------------------------------------------------------------------------------------

OUTAGE = (30 * SECOND, 40 * SECOND)
STORM_END = 300 * SECOND


def _storm(architecture: str, workload: str, seed: int) -> tuple[float, float, float]:
    """Goodput before the outage and in the last minute, and attempts offered a second in that minute."""
    journal = simulate(architecture, workload, seed, STORM_END, OUTAGE)
    good = journal.series("flow", "request", "ok")
    offered = journal.series("call", "client.request/ask", "attempts")
    return float(good[10:30].mean()), float(good[-60:].mean()), float(offered[-60:].mean())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_retry_storm_outlives_its_trigger(seed: int) -> None:
    """At 280/s on a store of 300/s an outage of 10 s leaves 560/s offered and no goodput, minutes after it ended."""
    before, after, offered = _storm("textbook/retry-storm", "textbook/retry-storm", seed)
    assert before == pytest.approx(280.0, rel=0.05)
    assert after < 0.01 * 280.0
    assert offered == pytest.approx(560.0, rel=0.03)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_retry_storm_dies_down_under_half_capacity(seed: int) -> None:
    """At 140/s even doubled load fits the store: it works the queue off and everybody is served again."""
    before, after, offered = _storm("textbook/retry-storm", "textbook/retry-storm-light", seed)
    assert before == pytest.approx(140.0, rel=0.06)
    assert after == pytest.approx(140.0, rel=0.05)
    assert offered == pytest.approx(after, rel=0.01)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_retry_storm_dies_down_with_a_short_queue(seed: int) -> None:
    """With a queue shorter than a second's work, what is served is served in time."""
    before, after, offered = _storm("textbook/retry-storm-short-queue", "textbook/retry-storm", seed)
    assert before > 0.95 * 280.0 * 0.95
    assert after == pytest.approx(280.0, rel=0.05)
    assert offered < 1.3 * 280.0


# --- a server that stands still now and then ------------------------------------------------------------------------------

PAUSED_L = 2.262032
"""M/M/1 at λ 0.6, μ 1 whose server is up for exp(0.05) and pauses for exp(0.5), and keeps its work (White and Christie 1958): with
ξ = 0.05 and η = 0.5, L = λ((ξ+η)² + μξ) / ((ξ+η)(ημ − λ(ξ+η)))."""
PAUSES_TOTAL = 1.8e6  # for a half-width of DESIGN, by the variance of a hundredth of it


def with_pauses(seed: int, end: int) -> Any:
    """The journal of M/M/1 with pauses over [0, end) ns, and for how long of that it was paused, ns."""
    from simcore.compile.plan import compile_plan
    from simcore.simulation import simulate as run

    paused_ns = 0

    def script(core: Any, _control: Any) -> None:
        core.env.process(pauses(core))

    def pauses(core: Any) -> Any:
        nonlocal paused_ns
        turn = 0
        while True:
            up, down = (
                round(-mean * MS * math.log(core.draw(f"known-answer/{what}", turn))) for what, mean in (("up", 20), ("down", 2))
            )
            yield core.env.timeout(up)
            core.inject.pause("station", 0)
            paused_ns += min(down, max(0, end - core.env.now))
            yield core.env.timeout(down)
            core.inject.resume("station", 0)
            turn += 1

    plan = compile_plan(*models("textbook/mm1", "textbook/open-600"), seed=seed, start=0, end=end)
    return run(plan, script=script), paused_ns


@pytest.mark.slow
def test_a_server_that_pauses_keeps_its_work() -> None:
    """Work that is stopped goes on where it stood, and what arrives meanwhile is served: L as in theory, in requests there and asked
    for."""
    found = []
    counted, warm_up = round(PAUSES_TOTAL / len(SEEDS) * MS), round(WARM_UP * PAUSES_TOTAL / len(SEEDS) * MS)
    for seed in range(1001, 1001 + len(SEEDS)):
        (before, less), (whole, more) = (with_pauses(seed, end) for end in (warm_up, warm_up + counted))
        there, busy, arrived = (
            (whole.total(*of) - before.total(*of)) / counted
            for of in (("unit", "station#0", "sojourn_ns"), ("pool", "servers", "busy_ns"), ("flow", "request", "started"))
        )
        found.append((there, busy, (more - less) / counted, arrived * MS))
    values, busy, paused, arrived = (list(column) for column in zip(*found, strict=True))
    controls = [[x - 1 / 11 for x in paused], [x - 0.6 for x in arrived], [x - 0.66 for x in busy]]
    assert judge("L", PAUSED_L, values, controls) == ""
    xi, eta, rate = 0.05, 0.5, 0.6
    known = rate * ((xi + eta) ** 2 + xi) / ((xi + eta) * (eta - rate * (xi + eta)))
    assert known == pytest.approx(PAUSED_L, abs=6e-7)
