"""The kernel samples by itself and wakes who waits; SimPy taking every sample comes to the same journal, but for the order in
which it names what happens at one instant."""

from __future__ import annotations

import itertools

import pytest

from chaos.execution.jobs import Job
from chaos.execution.session import Session
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import compile_plan
from simcore.control.cosimulation import Cosimulation
from simcore.control.sampling import PolledSampler, Sampler, Sampling
from simcore.journal.model import Journal
from simcore.simulation import simulate

SCENARIOS = [
    "requirements/infrastructure/counter-crash-at-the-open",  # a gauge and a ratio beyond their bounds, a failover under load
    "requirements/people/alarms-silenced",  # what stands unseen, and customers who call
    "requirements/dependencies/bank-one-way",  # rates of loss and of timeouts
]


def polled(core: Cosimulation, sampling: Sampling) -> Sampler:
    """Every sample is a SimPy event."""
    return PolledSampler(core.env, sampling, core.sum_of)


def contents(journal: Journal) -> tuple[object, ...]:
    """Everything that was counted, and everything that happened."""
    intents = {column: values.tolist() for column, values in journal.intents.items()}
    series = [journal.series(*column[:3]).sum() for column in journal.columns]
    return sorted(map(repr, journal.events)), journal.totals, journal.meta.counts, intents, series


@pytest.mark.parametrize("name", SCENARIOS)
def test_who_takes_the_samples_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alarms, calls, what people do about them, and what becomes of every intent."""
    system = Session().bind(Job(name, 1).system)
    scenario = system.inputs.scenario.model
    by_kernel = system.run(scenario, 1)
    monkeypatch.setattr(Cosimulation, "sampler", polled)
    by_simpy = system.run(scenario, 1)
    assert contents(by_kernel) == contents(by_simpy)
    assert {"alarm", "ack"} <= {event.what for event in by_kernel.events}


def samples(kind: str, *, beyond: bool, above: float | None = None) -> list[tuple[int, int, int, float | None]]:
    """Who is woken by samples at 9:30:00.5 and each second from then on, in three seconds of a healthy open: second of the sample since
    9:30, turns, growth, value."""
    inputs = Session().bind(Job("requirements/smoke/healthy-open", 1).system).inputs
    start = parse_clock("09:30")
    plan = compile_plan(inputs.architecture, inputs.workload, seed=1, start=start, end=start + 3 * SECOND)
    seen: list[tuple[int, int, int, float | None]] = []

    def script(core: Cosimulation, _control: object) -> None:
        of = ("flow/login/started",)
        sampler = core.sampler(Sampling(kind, of, of if kind == "ratio" else (), start + SECOND // 2, SECOND, above))  # type: ignore[arg-type]

        def wait() -> object:
            while True:
                yield sampler.next(beyond=beyond)
                seen.append(((int(core.env.now) - start) * 10 // SECOND, sampler.turns, sampler.grown, sampler.last))

        core.env.process(wait())

    simulate(plan, script=script)
    return seen


def test_every_sample_comes_at_its_time_with_what_grew() -> None:
    """The first sample of a growth is no data; a rate is its growth in one second; a growth over itself is one."""
    rates = samples("rate", beyond=False)
    assert [(at, turns) for at, turns, _, _ in rates] == [(5, 0), (15, 1), (25, 2)]
    assert [value for *_, value in rates] == [None, *(float(grown) for _, _, grown, _ in rates[1:])]
    assert min(grown for _, _, grown, _ in rates[1:]) > 0
    assert [value for *_, value in samples("ratio", beyond=False)] == [None, 1.0, 1.0]
    gauges = [grown for _, _, grown, _ in samples("gauge", beyond=False)]
    assert [b - a for a, b in itertools.pairwise(gauges)] == [grown for _, _, grown, _ in rates[1:]]


def test_only_what_is_beyond_wakes() -> None:
    """A bound between the growths of the two seconds lets one of them wake, a bound at the greater none: more than, not as much."""
    growths = [grown for _, _, grown, _ in samples("rate", beyond=False)][1:]
    assert growths[0] != growths[1]
    woken = samples("rate", beyond=True, above=float(min(growths)))
    assert [grown for _, _, grown, _ in woken] == [max(growths)]
    assert samples("rate", beyond=True, above=float(max(growths))) == []


def test_a_sample_that_must_wake_does_so_whatever_it_is() -> None:
    """A bound nothing reaches: the sample that must wake after 9:30:01 is that of 9:30:01.5."""
    inputs = Session().bind(Job("requirements/smoke/healthy-open", 1).system).inputs
    start = parse_clock("09:30")
    plan = compile_plan(inputs.architecture, inputs.workload, seed=1, start=start, end=start + 3 * SECOND)
    seen: list[int] = []

    def script(core: Cosimulation, _control: object) -> None:
        sampler = core.sampler(Sampling("rate", ("flow/login/started",), (), start + SECOND // 2, SECOND, above=1e9))

        def wait() -> object:
            yield sampler.next(beyond=True)
            seen.append(int(core.env.now) - start)

        def wake() -> object:
            yield core.env.timeout(SECOND)
            sampler.wake()

        core.env.process(wait())
        core.env.process(wake())

    simulate(plan, script=script)
    assert seen == [3 * SECOND // 2]
