"""What is read of an instance that stands still: in a twin as in the simulated core."""

from __future__ import annotations

import asyncio

import pytest
from real_time import IN_REAL_TIME

from chaos.documents.scenario import step_model
from chaos.execution.jobs import SystemReference
from chaos.execution.session import Session
from chaos.execution.target.simulated import plan_of
from chaos.faults.catalogue import shipped_faults
from chaos.live.blueprint import blueprint
from chaos.live.meter import Meter
from chaos.live.run import Twin, own_folder
from chaos.live.standing import TOLD_EVERY_NS, Standing
from simcore.base.units import HOUR, SECOND
from simcore.compile.plan import compile_plan
from simcore.library import load_pair

POOL, LIVE = "pool/counter-threads", "unit/counter#0/live"
STEP = step_model(shipped_faults())


@pytest.fixture
def meter() -> Meter:
    """One whose counter has said that it holds three slots of sixteen."""
    start = 10 * HOUR
    plan = compile_plan(*load_pair("live/broker", "live/steady"), seed=1, start=start, end=start + SECOND)
    made = Meter(plan)
    made.counted(
        "counter#0",
        {f"{POOL}/busy": 3, f"{POOL}/queue": 0, f"{POOL}/slots": 16, f"{POOL}/queue_limit": 10, LIVE: 3}
        | {f"{POOL}/second_busy": 9, f"{POOL}/second_queue": 2, "unit/counter#0/done": 7},
    )
    return made


def standing(meter: Meter) -> Standing:
    plan = meter.plan
    return Standing(blueprint(plan.architecture, plan.workload, plan.seed, plan.start, plan.end), meter)


def test_what_comes_takes_slots_then_places_and_stays(meter: Meter) -> None:
    """Counters stand; who finds neither a slot nor a place is not within; what was for the most part sent before is not counted again."""
    still, now = standing(meter), 10 * HOUR
    still.begins("counter#0", now)
    assert (meter.read(f"{POOL}/second_busy"), meter.read(f"{POOL}/second_queue")) == (3, 0)
    still.asked(now + TOLD_EVERY_NS // 2 - 1, {"counter#0 counter.place-order": 5})
    assert meter.read(LIVE) == 3
    still.asked(now + TOLD_EVERY_NS, {"counter#0 counter.place-order": 15, "bank#0 bank.debit": 2})
    assert [meter.read(name) for name in (LIVE, f"{POOL}/busy", f"{POOL}/queue")] == [18, 16, 2]
    still.asked(now + 2 * TOLD_EVERY_NS, {"counter#0 counter.place-order": 20})
    assert [meter.read(name) for name in (LIVE, f"{POOL}/busy", f"{POOL}/queue")] == [26, 16, 10]
    assert (meter.read("unit/counter#0/done"), meter.read("unit/bank#0/live")) == (7, 0)


def test_when_it_goes_on_it_says_itself_what_there_is(meter: Meter) -> None:
    """What was added is taken away, so that what it says next is added to nothing."""
    still, now = standing(meter), 10 * HOUR
    still.begins("counter#0", now)
    still.asked(now + SECOND, {"counter#0 counter.place-order": 15})
    still.ends("counter#0")
    assert [meter.read(name) for name in (LIVE, f"{POOL}/busy", f"{POOL}/queue")] == [3, 3, 0]
    still.asked(now + 2 * SECOND, {"counter#0 counter.place-order": 15})
    meter.counted("counter#0", {LIVE: 18})
    assert meter.read(LIVE) == 18


@IN_REAL_TIME
def test_a_twin_and_the_simulated_core_read_the_same_of_a_counter_that_hangs() -> None:
    """Seconds 5 to 11: within a tenth of the requests, and of those in the queue; nothing is done in either."""
    method = [STEP.model_validate({"at": "10:00:05", "for": "6s", "hang": {"service": "counter"}})]
    with Session() as session:
        simulated = session.bind(SystemReference("live/healthy"))
        scenario = simulated.inputs.scenario.model.model_copy(update={"method": method})
        expected = simulated.run(scenario, 1)
        plan = plan_of(simulated.inputs, scenario, 1)
    with own_folder() as folder:
        found = asyncio.run(Twin(plan, folder, method).run(scenario, (), 10 * SECOND)).journal
    hung = slice(*(5 + (scenario.start - plan.start) // SECOND + 3 + offset for offset in (1, 4)))
    for kind, name, field in (
        ("unit", "counter#0", "live"),
        ("pool", "counter-threads", "queue"),
        ("pool", "counter-threads", "busy"),
    ):
        a, b = (journal.series(kind, name, field)[hung].tolist() for journal in (expected, found))
        assert a == pytest.approx(b, rel=0.1, abs=3), (name, field)
        assert min(b) > 10
    assert found.series("unit", "counter#0", "done")[hung].tolist() == [0, 0, 0]
