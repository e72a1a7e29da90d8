"""What the knobs make of several turns, as a switchboard without a data plane is asked for it."""

from __future__ import annotations

from typing import Any

import pytest
from recording_switches import Recorder

from simcore.base.errors import InputError
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import Plan, compile_plan
from simcore.control.contributor import Contributor
from simcore.control.injection import Injection
from simcore.control.knobs import Band, Grey, Taken
from simcore.control.switches import LinkState
from simcore.library import load_pair

START = parse_clock("09:30")


class Knobs:
    """An injection with the switches it turns."""

    def __init__(self, plan: Plan) -> None:
        self.switches = Recorder(lambda: START)
        self.people = Injection(plan, self.switches)
        self.one, self.other = (Contributor(self.people, by) for by in ("one", "other"))

    def turned(self) -> list[tuple[Any, ...]]:
        """What has been set since the last time."""
        found, self.switches.set = self.switches.set, []
        self.watched = [call[1:] for call in found if call[0] == "watch"]
        return [call for call in found if call[0] != "watch"]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_plan(*load_pair("legacy-coupled", "normal-day"), seed=1, start=START, end=START + SECOND)


@pytest.fixture
def knobs(plan: Plan) -> Knobs:
    return Knobs(plan)


def test_an_instance_hangs_once_it_is_up(knobs: Knobs) -> None:
    """What hangs while it is down is set so when it comes up; a restart by people ends what is not firm."""
    knobs.people.crash("counter", 0)
    knobs.one.hang("counter", 0, firm=True)
    assert knobs.turned() == [("set_down", "counter", 0, True)]
    knobs.people.restart("counter", 0)
    assert knobs.turned() == [("set_down", "counter", 0, False), ("set_still", "counter", 0, True, False)]
    knobs.one.release()
    assert knobs.turned() == [("set_still", "counter", 0, False, False)]


def test_a_restart_by_a_step_ends_what_is_not_firm(knobs: Knobs) -> None:
    """The hang is over, as the process is; nothing is thawed meanwhile. What begins while it starts holds then, and so does what is firm."""
    knobs.other.hang("counter", 0)
    knobs.other.pause("counter", 0)
    assert knobs.turned()[-1] == ("set_still", "counter", 0, True, True)
    knobs.one.stop_to_start("counter", 0)
    assert knobs.turned() == [("set_down", "counter", 0, True)]
    knobs.one.restart("counter", 0)
    assert knobs.turned() == [("set_down", "counter", 0, False), ("set_still", "counter", 0, False, False)]
    knobs.other.crash("counter", 0)
    knobs.one.stop_to_start("counter", 0)
    assert knobs.turned() == [("set_down", "counter", 0, True)]
    knobs.other.pause("counter", 0)
    knobs.one.restart("counter", 0)
    assert knobs.turned() == [("set_down", "counter", 0, False), ("set_still", "counter", 0, False, True)]
    knobs.other.crash("bank-a", 0, firm=True)
    knobs.one.stop_to_start("bank-a", 0)
    knobs.one.restart("bank-a", 0)
    assert knobs.turned()[-1] == ("set_down", "bank-a", 0, True)


def test_contributions_make_one_value(knobs: Knobs) -> None:
    """Factors multiply, grey shares are nested, and what is taken back leaves the other."""
    knobs.one.slow("counter", 0, 2.0)
    knobs.other.slow("counter", 0, 3.0)
    knobs.one.release()
    assert knobs.turned() == [("set_slowness", "counter", 0, factor) for factor in (2.0, 6.0, 3.0)]
    knobs.one.grey("counter", 0, 0.1, 4.0)
    knobs.other.grey("counter", 0, 0.5, 2.0)
    assert knobs.turned()[-1] == ("set_grey", "counter", 0, (Grey(0.5, 2.0), Grey(0.1, 4.0)))
    assert knobs.watched[-1] == ("unit", "counter#0", "slowed", [Band("one", 0.0, 0.1), Band("other", 0.0, 0.5)])
    knobs.one.error_rate("counter", 0, 0.5)
    knobs.other.error_rate("counter", 0, 0.2)
    assert knobs.turned()[-1] == ("set_error_share", "counter", 0, 0.6)
    assert knobs.watched[-1] == ("unit", "counter#0", "errors_injected", [Band("one", 0.2, 0.6), Band("other", 0.5, 0.6)])


def test_a_shut_gate_takes_all_slots(knobs: Knobs, plan: Plan) -> None:
    """A pool has no slots while its gate is shut, whatever its knob says, and what that says once it opens; None is the file's."""
    pool, made = next((name, made) for name, made in plan.architecture.pools.items() if made.gate and made.per == "shared")
    knobs.people.gate(str(made.gate), open=False)
    assert ("set_slots", pool, 0) in knobs.turned()
    knobs.one.pool_slots(pool, 1)
    assert knobs.turned() == [("set_slots", pool, 0)]
    knobs.people.gate(str(made.gate), open=True)
    assert ("set_slots", pool, 1) in knobs.turned()
    knobs.one.pool_slots(pool, None)
    planned = plan.index.slots_of(pool)
    assert knobs.turned() == [("set_slots", pool, planned)]
    assert planned == (None if made.slots == "unlimited" else made.slots)


def test_a_link_is_set_as_a_whole(knobs: Knobs, plan: Plan) -> None:
    """Each knob changes its part of the link's state; of several cuts the worst holds."""
    link = plan.architecture.links[0]
    planned = LinkState(1.0, 0, link.loss.request, link.loss.answer, link.duplication, "none", "none")
    knobs.one.link(link.source, link.target, latency_factor=2.0, partition_request="held")
    knobs.other.link(link.source, link.target, partition_request="lost", latency_add_ns=5)
    knobs.other.link(link.source, link.target, partition_request="reset")
    knobs.one.release()
    states = [state for _, _, _, state in knobs.turned()]
    slower = planned._replace(latency_factor=2.0)
    assert states == [
        slower,
        slower._replace(partition_request="held"),
        slower._replace(partition_request="held", latency_add_ns=5),
        slower._replace(partition_request="lost", latency_add_ns=5),
        slower._replace(partition_request="reset", latency_add_ns=5),
        planned._replace(partition_request="reset", latency_add_ns=5),
    ]


def test_exchanges_go_by_number(knobs: Knobs, plan: Plan) -> None:
    """An exchange is set by its place among the plan's markets."""
    assert len(plan.markets) > 1
    knobs.one.market(plan.markets[1], orders=False, cancels=True)
    assert knobs.turned() == [("set_market", 1, Taken(False, True))]


def test_lost_sessions_come_back(knobs: Knobs) -> None:
    """Of those logged in the share loses its session, and those whose clients are open log in again within the time."""
    returned = knobs.people.drop_sessions(0.5, 10 * SECOND)
    (_, lost), (_, flow, times, customers) = knobs.turned()
    assert 20 < len(lost) < 80
    assert set(customers) <= set(lost) <= set(range(0, 1000, 10))
    assert (flow, len(customers)) == ("login", returned)
    assert START <= times.min() <= times.max() < START + 10 * SECOND


@pytest.mark.parametrize(
    "turn",
    [
        lambda knobs: knobs.crash("countr"),
        lambda knobs: knobs.work("counter", "place", 2.0),
        lambda knobs: knobs.pool_slots("router", 3),
        lambda knobs: knobs.limit_rate("logins", 3.0),
        lambda knobs: knobs.link("counter", "moon", loss_request=0.1),
        lambda knobs: knobs.flow_rate("orders", 2.0),
        lambda knobs: knobs.call_policy("counter/none", attempts=1),
        lambda knobs: knobs.market("nyse", True, True),
    ],
)
def test_what_there_is_not_is_refused(knobs: Knobs, turn: Any) -> None:
    """An unknown name sets nothing and says what there is."""
    with pytest.raises(InputError, match=r"did you mean|there are"):
        turn(knobs.people)
    assert knobs.turned() == []
