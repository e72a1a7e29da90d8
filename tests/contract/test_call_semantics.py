"""docs/semantics.md sentence by sentence: each test's docstring is the sentence, its numbers are worked out by hand.

Every flow has one closed client whose first intent comes at its offset (default 0) and whose second never comes in the run.
Times are ms from that common beginning. Both interpreters run every case.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from simcore.base.units import MS, SECOND
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload

from . import twin
from .test_twin import run_kernel

T0 = 100 * SECOND  # the first think time: longer than any case, so each client comes once
SEED = 7


@dataclass
class Seen:
    """A result in ms: `clients` (flow, answered, outcome, code) in order of arrival, `tasks` (instance.operation, arrived, ended,
    code) by time."""

    result: twin.Result

    @staticmethod
    def _ms(ns: int | None) -> float | None:
        return None if ns is None else (ns - T0) / MS

    @property
    def clients(self) -> list[tuple[str, float | None, str, str]]:
        return [(r.flow, self._ms(r.answered), r.outcome, r.code) for r in self.result.requests]

    @property
    def tasks(self) -> list[tuple[str, float | None, float | None, str]]:
        found = [(f"{s.instance}.{s.operation}", self._ms(s.arrived), self._ms(s.ended), s.code) for s in self.result.spans]
        return sorted(found, key=lambda task: (task[1:], task[0]))

    @property
    def records(self) -> list[int]:
        return [r.records for r in self.result.requests]


Run = Callable[..., Seen]


def fault(at_ms: float, do: str, *instance: Any, **arguments: Any) -> dict[str, Any]:
    """A knob at a time; a service and a replica may stand in front."""
    return {"at": T0 + round(at_ms * MS), "do": do} | dict(zip(("service", "replica"), instance, strict=False)) | arguments


def case(
    text: str, at: dict[str, float] | None, faults: tuple[dict[str, Any], ...], attributes: dict[str, Any] | None
) -> twin.Case:
    model = {"kind": "architecture", "name": "case"} | yaml.safe_load(text)
    model["flows"] = {flow: {"record": True} | body for flow, body in model["flows"].items()}
    offsets = {flow: (at or {}).get(flow, 0) for flow in model["flows"]}
    loads = {flow: {"closed": {"clients": 1, "think": f"{T0 + round(ms * MS)}ns"}} for flow, ms in offsets.items()}
    workload = {"kind": "workload", "name": "case", "flows": loads, "attributes": attributes or {}}
    return twin.Case(Architecture.model_validate(model), Workload.model_validate(workload), SEED, 0, T0 + 90 * SECOND, faults)


INTERPRETERS = (
    {"twin": twin.simulate, "kernel": run_kernel} if importlib.util.find_spec("simcore.simulation") else {"twin": twin.simulate}
)


@pytest.fixture(params=INTERPRETERS)
def run(request: pytest.FixtureRequest) -> Run:
    """Runs an architecture (YAML text) with flow offsets (ms), faults and workload attributes."""
    interpreter = INTERPRETERS[request.param]

    def run_case(text: str, at: dict[str, float] | None = None, *faults: dict[str, Any], attributes: Any = None) -> Seen:
        return Seen(interpreter(case(text, at, faults, attributes)))

    return run_case


# --- time and order -----------------------------------------------------------------------------------------------------


def test_work_done_comes_before_an_arrival_at_the_same_instant(run: Run) -> None:
    """Events at the same instant are taken in the order of class: work done before arrival of an intent."""
    seen = run(
        """
        pools: {one: {slots: 1, queue: 0}}
        services: {shop: {pools: [one], operations: {buy: {steps: [work: 10ms]}}}}
        flows: {a: &buy {steps: [call: shop.buy]}, b: *buy, c: *buy}
        """,
        {"b": 9, "c": 10},
    )
    assert seen.clients == [("a", 10, "confirmed", "ok"), ("b", 9, "failed", "refused"), ("c", 20, "confirmed", "ok")]


def test_simultaneous_requests_arrive_in_order_of_their_number(run: Run) -> None:
    """Events at the same instant and of the same class are taken in the order of the request."""
    seen = run(
        """
        pools: {one: {slots: 1, queue: 0}}
        services: {shop: {pools: [one], operations: {buy: {steps: [work: 10ms]}}}}
        flows: {a: {steps: [{wait: 2ms}, {call: shop.buy}]}, b: {steps: [{wait: 1ms}, {call: shop.buy}]}}
        """,
        {"a": 0, "b": 1},
    )
    assert seen.clients == [("a", 12, "confirmed", "ok"), ("b", 2, "failed", "refused")]


def test_a_closed_client_thinks_before_each_intent(run: Run) -> None:
    """A closed client's first intent comes after one think time from the beginning of the run (and each other after the
    answer before it and a think time)."""
    text = "services: {shop: {operations: {buy: {steps: [work: 1s]}}}}\nflows: {a: {steps: [call: shop.buy]}}"
    seen = run(text, {"a": -70_000})
    assert [r.submitted for r in seen.result.requests] == [
        30 * SECOND,
        61 * SECOND,
        92 * SECOND,
        123 * SECOND,
        154 * SECOND,
        185 * SECOND,
    ]


# --- pools and instances ----------------------------------------------------------------------------------------------------

ONE_SLOT = """
    pools: {{one: {{slots: 1, {pool}}}}}
    services: {{shop: {{pools: [one], operations: {{buy: {{steps: [work: 10ms]}}}}}}}}
    flows: {{a: &buy {{steps: [call: shop.buy]}}, b: *buy, c: *buy, d: &high {{steps: [call: shop.buy], priority: 1}}, e: *high}}
"""


def test_a_full_queue_refuses(run: Run) -> None:
    """If the queue is at its limit the request is refused; else it queues."""
    seen = run(ONE_SLOT.format(pool="queue: 2"), {"b": 1, "c": 2, "d": 3, "e": 11})
    assert [(c[0], c[1], c[3]) for c in seen.clients] == [
        ("a", 10, "ok"),
        ("b", 20, "ok"),
        ("c", 30, "ok"),
        ("d", 3, "refused"),
        ("e", 40, "ok"),
    ]
    totals = seen.result.pools["one"]
    assert (totals.granted, totals.refused, totals.peak_busy, totals.busy_integral) == (4, 1, 1, 40 * MS)
    assert totals.queue_integral == (9 + 18 + 19) * MS


@pytest.mark.parametrize(
    ("discipline", "order"),
    [("fifo", ["a", "b", "c", "d", "e"]), ("lifo", ["a", "e", "d", "c", "b"]), ("priority", ["a", "d", "e", "b", "c"])],
)
def test_queue_disciplines(run: Run, discipline: str, order: list[str]) -> None:
    """`fifo` and `lifo` as they say; `priority`: highest number first, FIFO within."""
    seen = run(ONE_SLOT.format(pool=f"discipline: {discipline}"), {"b": 1, "c": 2, "d": 3, "e": 4})
    assert [c[0] for c in sorted(seen.clients, key=lambda c: c[1] or math.inf)] == order


def test_pools_are_acquired_in_order_and_held(run: Run) -> None:
    """A task first acquires the operation's pools in order; it holds the first while it queues for the second."""
    seen = run(
        """
        pools: {p: {slots: 1}, q: {slots: 1}}
        services:
          shop:
            operations:
              both: {pools: [p, q], steps: [work: 5ms]}
              first: {pools: [p], steps: [work: 1ms]}
              second: {pools: [q], steps: [work: 10ms]}
        flows: {a: {steps: [call: shop.second]}, b: {steps: [call: shop.both]}, c: {steps: [call: shop.first]}}
        """,
        {"b": 1, "c": 2},
    )
    assert [c[1] for c in seen.clients] == [10, 15, 16]


def test_a_shared_pool_couples_services_and_a_replica_pool_does_not(run: Run) -> None:
    """Pools `per: shared` have one instance; `per: replica` one for each replica number."""
    text = """
        pools: {{p: {{slots: 1, per: {per}}}}}
        services: {{shop: {{pools: [p], replicas: 2, operations: {{buy: {{steps: [work: 10ms]}}}}}}}}
        flows: {{a: &buy {{steps: [call: shop.buy]}}, b: *buy}}
    """
    assert [c[1] for c in run(text.format(per="shared")).clients] == [10, 20]
    assert [c[1] for c in run(text.format(per="replica")).clients] == [10, 10]


def test_raising_slots_grants_at_once_and_lowering_lets_run_out(run: Run) -> None:
    """Raising the slots of a pool grants to the queue at once; lowering them lets the slots in use run out."""
    text = ONE_SLOT.format(pool="queue: 9")
    raised = run(text, None, fault(4, "pool_slots", pool="one", slots=3))
    assert [c[1] for c in raised.clients] == [10, 14, 14, 20, 24]
    lowered = run(text, None, fault(4, "pool_slots", pool="one", slots=3), fault(5, "pool_slots", pool="one", slots=1))
    assert [c[1] for c in lowered.clients] == [10, 14, 14, 24, 34]


def test_work_is_slowed_and_a_wait_is_not(run: Run) -> None:
    """Work lasts draw × slowdown of the instance; `wait` is not slowed."""
    text = "services: {shop: {operations: {buy: {steps: [{work: 10ms}, {wait: 10ms}]}}}}\nflows: {a: {steps: [call: shop.buy]}}"
    assert run(text, None, fault(-1, "slow", "shop", 0, factor=2.5)).clients == [("a", 35, "confirmed", "ok")]


def test_contention_counts_the_tasks_at_work_when_work_starts(run: Run) -> None:
    """× (1 + contention × (n−1)), n the tasks of this instance in a work step, itself included, when it starts."""
    text = """
        services: {shop: {contention: 0.5, operations: {buy: {steps: [work: 10ms]}}}}
        flows: {a: &buy {steps: [call: shop.buy]}, b: *buy, c: *buy, d: *buy}
    """
    # b starts beside a: 15, c beside a and b: 20, d beside c alone: 15
    assert [c[1] for c in run(text, {"b": 1, "c": 2, "d": 20}).clients] == [10, 16, 22, 35]


def test_hold_takes_a_slot_for_its_steps(run: Run) -> None:
    """Hold acquires a pool, takes its steps, releases it."""
    text = """
        pools: {lock: {slots: 1, queue: 1}}
        services: {shop: {operations: {buy: {steps: [{hold: lock, steps: [work: 10ms]}, {work: 5ms}]}}}}
        flows: {a: &buy {steps: [call: shop.buy]}, b: *buy, c: *buy}
    """
    assert run(text).clients == [("a", 15, "confirmed", "ok"), ("b", 25, "confirmed", "ok"), ("c", 0, "failed", "refused")]


def test_a_failure_within_a_hold_releases_it(run: Run) -> None:
    """At the end, well or ill, a task releases what it holds; so does a client."""
    text = """
        pools: {lock: {slots: 1}}
        services: {shop: {operations: {buy: {steps: [{hold: lock, steps: [{work: 5ms}, {fail: error}]}]}}}}
        flows:
          a: &buy {steps: [call: shop.buy]}
          b: *buy
          c: {steps: [{hold: lock, steps: [{wait: 5ms}, {fail: rejected}]}]}
          d: *buy
    """
    assert [c[1:3] for c in run(text).clients] == [(5, "failed"), (10, "failed"), (15, "rejected"), (20, "failed")]


LIMITED = """
    limits: {{gate: {{rate: 100/s, {limit}}}}}
    services: {{shop: {{operations: {{buy: {{steps: [work: 0]}}}}}}}}
    flows: {{a: &buy {{steps: [{{rate_limit: gate}}, {{call: shop.buy}}]}}, b: *buy, c: *buy, d: *buy}}
"""


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("burst: 1", [(0, "ok"), (10, "ok"), (20, "ok"), (30, "ok")]),
        ("burst: 3", [(0, "ok"), (0, "ok"), (0, "ok"), (10, "ok")]),
        ("excess: refuse", [(0, "ok"), (0, "rate_limited"), (0, "rate_limited"), (0, "rate_limited")]),
        ("max_wait: 10ms", [(0, "ok"), (10, "ok"), (0, "rate_limited"), (0, "rate_limited")]),
    ],
)
def test_rate_limit_is_a_gcra(run: Run, limit: str, expected: list[tuple[float, str]]) -> None:
    """Passes if tat' − tolerance ≤ now; else deferred until then, or `rate_limited` if the limit refuses or the wait would
    exceed `max_wait`."""
    assert [(c[1], c[3]) for c in run(LIMITED.format(limit=limit)).clients] == expected


def test_an_idle_limit_saves_no_more_than_its_burst(run: Run) -> None:
    """tat' = max(tat, now): time unused before now earns nothing beyond the burst."""
    seen = run(LIMITED.format(limit="burst: 2"), {"b": 500, "c": 500, "d": 500})
    assert [c[1] for c in seen.clients] == [0, 500, 500, 510]


def test_route_takes_its_case_or_the_default_or_fails(run: Run) -> None:
    """Route takes the case of the attribute's value, else the default, else fails with `error`."""
    text = """
        services:
          shop:
            operations:
              hit: {steps: [{route: bank, cases: {icbc: [work: 1ms], ccb: [work: 2ms]}, default: [work: 3ms]}]}
              other: {steps: [{route: bank, cases: {ccb: [work: 2ms]}, default: [work: 3ms]}]}
              none: {steps: [{route: bank, cases: {ccb: [work: 2ms]}}]}
        flows: {a: {steps: [call: shop.hit]}, b: {steps: [call: shop.other]}, c: {steps: [call: shop.none]}}
    """
    seen = run(text, attributes={"bank": {"of": "customer", "weights": {"icbc": 1, "ccb": 0}}})
    assert seen.clients == [("a", 1, "confirmed", "ok"), ("b", 3, "confirmed", "ok"), ("c", 0, "failed", "error")]


def test_choose_takes_a_branch_or_none(run: Run) -> None:
    """Choose takes a branch by chance; what the probabilities leave open takes no branch."""
    text = """
        services: {shop: {operations: {
            one: {steps: [{choose: [{probability: 0, steps: [work: 1ms]}, {probability: 1, steps: [work: 2ms]}]}]},
            none: {steps: [{choose: [{probability: 0, steps: [work: 1ms]}]}, {work: 4ms}]}}}}
        flows: {a: {steps: [call: shop.one]}, b: {steps: [call: shop.none]}}
    """
    assert [c[1] for c in run(text).clients] == [2, 4]


@pytest.mark.parametrize(("code", "outcome"), [("rejected", "rejected"), ("error", "failed")])
def test_fail_fails_with_the_code_it_names(run: Run, code: str, outcome: str) -> None:
    """**fail** fails with the code it names."""
    text = f"services: {{shop: {{operations: {{buy: {{steps: [fail: {code}]}}}}}}}}\nflows: {{a: {{steps: [call: shop.buy]}}}}"
    assert run(text).clients == [("a", 0, outcome, code)]


# --- one attempt --------------------------------------------------------------------------------------------------------


def one_call(steps: str = "[{work: 10ms}, {effect: record}]", call: str = "", link: str = "", more: str = "") -> str:
    """A client `a` that calls `shop.buy`."""
    return f"""
        services: {{shop: {{operations: {{buy: {{steps: {steps}}}}}}}}}
        links: [{{from: client, to: shop, {link or "latency: 0"}}}]
        flows: {{a: {{steps: [{{call: shop.buy, {call or "on_failure: fail"}}}]}}}}
        {more}
    """


def test_late_work_runs_to_its_end_with_its_effects(run: Run) -> None:
    """When it fires the caller goes on and the callee does not know: the late work runs to its end, with its effects."""
    seen = run(one_call(call="timeout: 4ms"))
    assert seen.clients == [("a", 4, "unknown", "timeout")]
    assert seen.tasks == [("shop#0.buy", 0, 10, "ok")]
    assert seen.records == [1]


@pytest.mark.parametrize(
    ("timeout", "expected"), [("10ms", ("a", 10, "confirmed", "ok")), ("9.999999ms", ("a", 9.999999, "unknown", "timeout"))]
)
def test_an_answer_at_the_instant_of_the_timeout_counts(run: Run, timeout: str, expected: Any) -> None:
    """An answer at the very instant of the timeout counts."""
    assert run(one_call(call=f"timeout: {timeout}")).clients == [expected]


@pytest.mark.parametrize(("timeout", "answered", "code"), [("15ms", 15, "timeout"), ("16ms", 16, "ok")])
def test_the_timeout_includes_the_way_there_and_back(run: Run, timeout: str, answered: float, code: str) -> None:
    """The timeout counts from step 3 to the arrival of the answer."""
    seen = run(one_call(call=f"timeout: {timeout}", link="latency: 3ms"))
    assert (seen.clients[0][1], seen.clients[0][3]) == (answered, code)
    assert seen.tasks == [("shop#0.buy", 3, 13, "ok")]


def guarded(guard: str, pool: str, call: str, work: str = "10ms") -> str:
    """Clients a, b, c calling an effect-less `shop.buy` through a bulkhead or connection `p`."""
    return f"""
        pools: {{p: {{{pool}}}}}
        services: {{shop: {{operations: {{buy: {{steps: [work: {work}]}}}}}}}}
        flows: {{a: &buy {{steps: [{{call: shop.buy, {guard}: p, {call}}}]}}, b: *buy, c: *buy}}
    """


def test_waiting_for_the_bulkhead_is_not_timed(run: Run) -> None:
    """Bulkhead: acquire (may queue; no timeout yet)."""
    seen = run(guarded("bulkhead", "slots: 1", "timeout: 11ms"))
    assert [c[1:3] for c in seen.clients] == [(10, "confirmed"), (20, "confirmed"), (30, "confirmed")]


def test_a_full_bulkhead_refuses_definitely(run: Run) -> None:
    """At a bulkhead a full queue is `bulkhead_full`: refused by a policy, definite."""
    seen = run(guarded("bulkhead", "slots: 1, queue: 1", "timeout: 11ms"))
    assert seen.clients[2] == ("c", 0, "failed", "bulkhead_full")


def test_a_full_connection_pool_refuses(run: Run) -> None:
    """A connection pool with a full queue refuses: `refused`."""
    assert run(guarded("connection", "slots: 1, queue: 1", "timeout: 90ms")).clients[2] == ("c", 0, "failed", "refused")


def test_waiting_for_the_connection_is_timed(run: Run) -> None:
    """Connection: acquire (may queue; when the timeout fires, the caller leaves the queue)."""
    seen = run(guarded("connection", "slots: 1", "timeout: 11ms"), {"b": 1, "c": 9.5})
    # b gets the connection at 10 and gives it back at its timeout, 12; c gets it then and times out at 20.5
    assert seen.clients == [("a", 10, "confirmed", "ok"), ("b", 12, "unknown", "timeout"), ("c", 20.5, "unknown", "timeout")]
    assert [task[1:3] for task in seen.tasks] == [(0, 10), (10, 20), (12, 22)]


def test_a_timeout_in_the_connections_queue_issues_nothing(run: Run) -> None:
    """When the timeout fires, the caller leaves the queue: nothing was issued, and who queues behind moves up."""
    text = guarded("connection", "slots: 1", "timeout: 90ms").replace(
        "b: *buy", "b: {steps: [{call: shop.buy, connection: p, timeout: 5ms}]}"
    )
    seen = run(text)
    assert seen.clients == [("a", 10, "confirmed", "ok"), ("b", 5, "unknown", "timeout"), ("c", 20, "confirmed", "ok")]
    assert [task[1] for task in seen.tasks] == [0, 10]


def test_on_the_timeout_the_connection_is_free_again(run: Run) -> None:
    """On the answer or the timeout the connection is released, then the bulkhead."""
    seen = run(guarded("connection", "slots: 1, queue: 0", "timeout: 5ms"), {"b": 4, "c": 6})
    assert [c[1:] for c in seen.clients] == [(5, "unknown", "timeout"), (4, "failed", "refused"), (11, "unknown", "timeout")]


def test_without_a_replica_in_rotation_the_call_is_refused(run: Run) -> None:
    """The replica is picked among those in rotation. None → `refused`."""
    seen = run(one_call(), None, fault(-1, "rotate_out", "shop", 0))
    assert (seen.clients, seen.tasks) == ([("a", 0, "failed", "refused")], [])


def balanced(balance: str, replicas: int = 2) -> str:
    return f"""
        services:
          shop:
            replicas: {replicas}
            balance: {balance}
            operations: {{buy: {{steps: [work: 10ms]}}, long: {{steps: [work: 50ms]}}}}
        flows: {{a: {{steps: [call: shop.long]}}, b: &buy {{steps: [call: shop.buy]}}, c: *buy, d: *buy}}
    """


def instances(seen: Seen) -> list[str]:
    return [span.instance for span in sorted(seen.result.spans, key=lambda span: span.request)]


def test_round_robin_counts_every_pick(run: Run) -> None:
    """`round_robin`: one counter per service, counting every pick."""
    assert instances(run(balanced("round_robin"), {"b": 1, "c": 2, "d": 3})) == ["shop#0", "shop#1", "shop#0", "shop#1"]


def test_least_busy_picks_the_fewest_live_tasks(run: Run) -> None:
    """`least_busy` (fewest live tasks; of several that have as few, floor(uniform × how many) with the balance draw)."""
    drawn = {}
    for flow, operation in (("a", "long"), ("c", "buy")):
        path = twin.combine(intent_root(flow) + twin.name(f"client.{flow}/shop.{operation}#0"), 0)
        drawn[flow] = math.floor(twin.draw(twin.combine(path + twin.name("balance"), 0)) * 2)
    # a: both are idle; b: the one that a is not at; c at 2: one each; d at 11.5: b has gone, and c is where a is or is there still
    first, third = drawn["a"], drawn["c"]
    fourth = 1 - first if third == first else None
    seen = instances(run(balanced("least_busy"), {"b": 1, "c": 2, "d": 11.5}))
    assert seen[:3] == [f"shop#{first}", f"shop#{1 - first}", f"shop#{third}"]
    assert fourth is None or seen[3] == f"shop#{fourth}"


def test_an_idle_service_is_asked_all_over(run: Run) -> None:
    """`least_busy` never prefers the lowest number: of four idle replicas each is asked by about a quarter."""
    flows = [f"f{i}" for i in range(200)]
    text = f"""
        services: {{shop: {{replicas: 4, balance: least_busy, operations: {{buy: {{steps: [work: 1ms]}}}}}}}}
        flows: {{{", ".join(f"{flow}: {{steps: [call: shop.buy]}}" for flow in flows)}}}
    """
    asked = instances(run(text, {flow: 10 * i for i, flow in enumerate(flows)}))
    assert len(asked) == 200
    assert all(30 <= asked.count(f"shop#{i}") <= 70 for i in range(4))  # 50 ± 3.3 standard deviations


def test_random_balance_is_the_balance_draw(run: Run) -> None:
    """`random`: floor(uniform × n), with the balance draw of the child's path."""
    expected = []
    for flow, operation in (("a", "long"), ("b", "buy"), ("c", "buy"), ("d", "buy")):
        path = twin.combine(intent_root(flow) + twin.name(f"client.{flow}/shop.{operation}#0"), 0)
        expected.append(f"shop#{math.floor(twin.draw(twin.combine(path + twin.name('balance'), 0)) * 5)}")
    assert instances(run(balanced("random", 5), {"b": 1, "c": 2, "d": 3})) == expected
    assert len(set(expected)) > 1


def test_shard_ignores_load_and_refuses_when_its_replica_is_out(run: Run) -> None:
    """`shard`: key = attribute value's index modulo the number of replicas (standby not counted; if that replica
    is out of rotation, none)."""
    text = """
        services:
          shop: {replicas: 2, balance: shard, shard_by: book, standby: {replicas: 2}, operations: {buy: {steps: [work: 1ms]}}}
        flows: {a: &buy {steps: [call: shop.buy]}, b: *buy}
    """
    attributes = {"book": {"of": "customer", "weights": {"x": 0, "y": 0, "z": 0, "w": 1}}}
    seen = run(text, {"b": 10}, fault(5, "rotate_out", "shop", 1), attributes=attributes)
    assert seen.clients == [("a", 1, "confirmed", "ok"), ("b", 10, "failed", "refused")]
    assert instances(seen) == ["shop#1"]


def test_a_standby_is_out_of_rotation_until_it_is_rotated_in(run: Run) -> None:
    """The replica is picked among those in rotation; standby replicas are numbered after the replicas."""
    text = """
        services: {shop: {standby: {replicas: 1}, operations: {buy: {steps: [work: 1ms]}}}}
        flows: {a: &buy {steps: [call: shop.buy]}, b: *buy, c: *buy}
    """
    moved = fault(15, "rotate_in", "shop", 1), fault(15, "rotate_out", "shop", 0)
    assert instances(run(text, {"b": 10, "c": 20}, *moved)) == ["shop#0", "shop#0", "shop#1"]


@pytest.mark.parametrize("knob", ["loss", "partition"])
def test_a_lost_request_starts_nothing(run: Run, knob: str) -> None:
    """The request travels the link: lost with probability `loss.request` or when that direction is partitioned."""
    arguments = {"loss_request": 1.0} if knob == "loss" else {"partition_request": "lost"}
    seen = run(one_call(call="timeout: 20ms"), None, fault(-1, "link", source="client", target="shop", **arguments))
    assert (seen.clients, seen.tasks, seen.records) == ([("a", 20, "unknown", "timeout")], [], [0])


@pytest.mark.parametrize("knob", ["loss", "partition"])
def test_a_lost_answer_hides_what_was_done(run: Run, knob: str) -> None:
    """The answer travels back with its own loss and latency."""
    arguments = {"loss_answer": 1.0} if knob == "loss" else {"partition_answer": "lost"}
    seen = run(one_call(call="timeout: 20ms"), None, fault(-1, "link", source="client", target="shop", **arguments))
    assert (seen.clients, seen.records) == ([("a", 20, "unknown", "timeout")], [1])
    assert seen.tasks == [("shop#0.buy", 0, 10, "ok")]


def cut(at_ms: float, **fates: str) -> dict[str, Any]:
    return fault(at_ms, "link", source="client", target="shop", **fates)


def test_a_held_request_is_delivered_when_tcp_sends_again(run: Run) -> None:
    """Held: sent again after 200 ms, then 400 ms more, 800 ms more …: what came at 0 sets out at 1400, the next after 1000."""
    begins, ends = cut(-1, partition_request="held"), cut(1000, partition_request="none")
    seen = run(one_call(link="latency: 2ms"), None, begins, ends)
    assert (seen.clients, seen.tasks) == ([("a", 1414, "confirmed", "ok")], [("shop#0.buy", 1402, 1412, "ok")])


def test_late_work_is_done_though_the_caller_has_given_up(run: Run) -> None:
    """A held request is delivered though nobody waits for it any more: its effects happen, and the client does not know."""
    begins, ends = cut(-1, partition_request="held"), cut(100, partition_request="none")
    seen = run(one_call(call="timeout: 20ms"), None, begins, ends)
    assert (seen.clients, seen.tasks) == ([("a", 20, "unknown", "timeout")], [("shop#0.buy", 200, 210, "ok")])
    assert seen.records == [1]


def test_a_held_answer_comes_late(run: Run) -> None:
    """Held, an answer that set out at 10 goes over at 210, when it is sent again; what is done is done once."""
    begins, ends = cut(5, partition_answer="held"), cut(100, partition_answer="none")
    seen = run(one_call(), None, begins, ends)
    assert (seen.clients, seen.records) == ([("a", 210, "confirmed", "ok")], [1])
    assert seen.tasks == [("shop#0.buy", 0, 10, "ok")]


@pytest.mark.parametrize(("way", "done"), [("request", 0), ("answer", 1)])
def test_a_reset_at_the_heal_is_heard_by_who_still_waits(run: Run, way: str, done: int) -> None:
    """Reset: at the end of the cut the caller hears `reset`, whether the request or the answer was cut; it cannot know which."""
    begins, ends = cut(-1, **{f"partition_{way}": "reset"}), cut(100, **{f"partition_{way}": "none"})
    seen = run(one_call(link="latency: 2ms"), None, begins, ends)
    assert (seen.clients, seen.records) == ([("a", 102, "unknown", "reset")], [done])


def test_what_a_cut_does_is_settled_when_it_comes(run: Run) -> None:
    """Each request has the fate of the cut that it came to; none goes on before there is no cut any more."""
    text = """
        services: {shop: {operations: {buy: {steps: [work: 10ms]}}}}
        links: [{from: client, to: shop}]
        flows: {a: &buy {steps: [{call: shop.buy, timeout: 9s}]}, b: *buy, c: *buy}
    """
    fates = [cut(at, partition_request=fate) for at, fate in ((-1, "held"), (5, "reset"), (15, "lost"), (100, "none"))]
    assert run(text, {"b": 10, "c": 20}, *fates).clients == [
        ("a", 210, "confirmed", "ok"),
        ("b", 100, "unknown", "reset"),
        ("c", 9020, "unknown", "timeout"),
    ]


def test_a_duplicated_request_is_done_twice_at_the_same_unit(run: Run) -> None:
    """The copy has the same target instance; the first answer of a duplicated request counts."""
    text = one_call(link="latency: 1ms, duplication: 1").replace("shop: {operations", "shop: {replicas: 2, operations")
    seen = run(text)
    assert seen.clients == [("a", 12, "confirmed", "ok")]
    assert seen.tasks == [("shop#0.buy", 1, 11, "ok"), ("shop#0.buy", 1, 11, "ok")]
    assert seen.records == [2]


def test_a_copy_is_sent_after_the_original_and_may_be_refused(run: Run) -> None:
    """The copy is sent after the original; the refusal of the copy may be the first answer."""
    text = """
        pools: {one: {slots: 1, queue: 0}}
        services: {shop: {pools: [one], operations: {buy: {steps: [work: 10ms]}}}}
        links: [{from: client, to: shop, duplication: 1}]
        flows: {a: {steps: [call: shop.buy]}}
    """
    seen = run(text)
    assert seen.clients == [("a", 0, "failed", "refused")]
    by_path = {span.path: span.code for span in seen.result.spans}
    original = twin.combine(intent_root("a") + twin.name("client.a/shop.buy#0"), 0)
    assert by_path == {original: "ok", twin.combine(original, twin.name("duplicate")): "refused"}


def test_link_knobs_stretch_and_add_latency(run: Run) -> None:
    """A request is delayed by its latency, which a fault may multiply and add to, each way."""
    stretched = fault(-1, "link", source="client", target="shop", latency_factor=3.0, latency_add_ns=5 * MS)
    assert run(one_call(link="latency: 2ms"), None, stretched).clients == [("a", 32, "confirmed", "ok")]


def intent_root(flow: str, n: int = 0) -> int:
    return twin.combine(twin.combine(twin.mix(SEED) ^ twin.name("intent"), twin.name(flow)), n)


# --- retry, budget, breaker ---------------------------------------------------------------------------------------------


def test_backoff_grows_to_its_maximum(run: Run) -> None:
    """The caller waits backoff × multiplier^attempt (at most `backoff_max`), and begins again at 1."""
    retry = "retry: {attempts: 4, backoff: 10ms, multiplier: 2, backoff_max: 30ms}"
    seen = run(one_call("[fail: error]", call=retry))
    assert [task[1] for task in seen.tasks] == [0, 10, 30, 60]
    assert seen.clients == [("a", 60, "failed", "error")]


def test_jitter_shortens_the_backoff_by_its_draw(run: Run) -> None:
    """× (1 − jitter × uniform), the draw of the task's path, the site and the attempt that failed."""
    seen = run(one_call("[fail: error]", call="retry: {attempts: 3, backoff: 10ms, jitter: 0.5}"))
    key = intent_root("a") + twin.name("client.a/shop.buy#0") + twin.name("jitter")
    first, second = (math.floor(10 * MS * (1.0 - 0.5 * twin.draw(twin.combine(key, attempt))) + 0.5) for attempt in (0, 1))
    assert [span.arrived - T0 for span in sorted(seen.result.spans, key=lambda span: span.arrived)] == [0, first, first + second]


def test_a_backoff_of_0_begins_at_once(run: Run) -> None:
    """A backoff of 0 begins at once."""
    assert [task[1] for task in run(one_call("[fail: error]", call="retry: {attempts: 3}")).tasks] == [0, 0, 0]


@pytest.mark.parametrize(("listed", "attempts"), [('"on": [error]', 3), ('"on": [timeout]', 1), ('"on": [rejected]', 1)])
def test_only_listed_codes_are_retried(run: Run, listed: str, attempts: int) -> None:
    """If the code is in `on` and attempts are left, the caller tries again."""
    seen = run(one_call("[fail: error]", call=f"retry: {{attempts: 3, {listed}}}"))
    assert len(seen.tasks) == attempts


def test_a_backoff_holds_own_slots_but_no_connection(run: Run) -> None:
    """Holding its own slots but neither bulkhead nor connection."""
    text = """
        pools: {own: {slots: 1}, conn: {slots: 1, queue: 0}}
        services:
          web: {operations: {
            ask: {pools: [own], steps: [{call: db.bad, connection: conn, retry: {attempts: 2, backoff: 20ms}}]},
            own: {pools: [own], steps: [work: 1ms]}, conn: {steps: [{call: db.good, connection: conn}]}}}
          db: {operations: {bad: {steps: [fail: error]}, good: {steps: [work: 1ms]}}}
        flows: {a: {steps: [call: web.ask]}, b: {steps: [call: web.own]}, c: {steps: [call: web.conn]}}
    """
    seen = run(text, {"b": 5, "c": 6})
    assert seen.clients == [("a", 20, "failed", "error"), ("b", 21, "confirmed", "ok"), ("c", 7, "confirmed", "ok")]


def test_a_budget_limits_retries(run: Run) -> None:
    """Budget: starts at burst; every first attempt adds ratio (not above burst), a retry spends 1."""
    text = """
        services: {shop: {operations: {buy: {steps: [fail: error]}}},
                   web: {operations: {ask: {steps: [{call: shop.buy, retry: {attempts: 3, budget: {ratio: 0.5, burst: 2}}}]}}}}
        flows: {a: &ask {steps: [call: web.ask]}, b: *ask, c: *ask, d: *ask}
    """
    seen = run(text, {"b": 10, "c": 20, "d": 30})
    # tokens at the first attempts: 2 (not 2.5), 0.5, 1, 0.5
    assert [sum(task[0] == "shop#0.buy" and task[1] == at for task in seen.tasks) for at in (0, 10, 20, 30)] == [3, 1, 2, 1]


def breaking(breaker: str, call: str = "") -> str:
    """Clients a–h, 10 ms apart in the tests, through `web.ask` and its breaker to `shop.buy`, which fails at error rate 1."""
    flows = ", ".join(f"{flow}: {'&ask {steps: [call: web.ask]}' if flow == 'a' else '*ask'}" for flow in "abcdefgh")
    return f"""
        services:
          shop: {{operations: {{buy: {{steps: [work: 4ms]}}}}}}
          web: {{operations: {{ask: {{steps: [{{call: shop.buy, {call} breaker: {{{breaker}}}}}]}}}}}}
        flows: {{{flows}}}
    """


EVERY_10_MS = {flow: 10.0 * i for i, flow in enumerate("abcdefgh")}


def shop_calls(seen: Seen) -> list[float | None]:
    return [task[1] for task in seen.tasks if task[0].startswith("shop")]


def test_a_breaker_opens_at_its_failure_rate_and_probes_after_open_for(run: Run) -> None:
    """At min_calls or more, and failures ≥ failure_rate × outcomes, it opens; `open_for` later the next call is a probe."""
    broken, repaired = fault(5, "error_rate", "shop", 0, share=1.0), fault(45, "error_rate", "shop", 0, share=0.0)
    seen = run(breaking("window: 4, min_calls: 3, failure_rate: 0.6, open_for: 25ms"), EVERY_10_MS, broken, repaired)
    # ok at 4, errors at 10 and 20: 2 of 3, open at 20 until 45; 30 and 40 rejected; the probe at 50 closes it
    assert shop_calls(seen) == [0, 10, 20, 50, 60, 70]
    assert [c[2] for c in seen.clients] == [
        "confirmed",
        "failed",
        "failed",
        "failed",
        "failed",
        "confirmed",
        "confirmed",
        "confirmed",
    ]


def test_a_success_may_open_a_breaker(run: Run) -> None:
    """At min_calls or more, and failures ≥ failure_rate × outcomes, it opens: the outcome that reaches min_calls may be an ok."""
    repaired = fault(5, "error_rate", "shop", 0, share=0.0)
    seen = run(
        breaking("window: 4, min_calls: 3, failure_rate: 0.3, open_for: 1s"),
        EVERY_10_MS,
        fault(-1, "error_rate", "shop", 0, share=1.0),
        repaired,
    )
    assert shop_calls(seen) == [0, 10, 20]
    assert [c[2] for c in seen.clients] == ["failed", "confirmed", "confirmed"] + ["failed"] * 5


def test_a_failed_probe_opens_the_breaker_anew(run: Run) -> None:
    """A failed probe opens it again."""
    seen = run(breaking("window: 2, min_calls: 2, open_for: 15ms"), EVERY_10_MS, fault(-1, "error_rate", "shop", 0, share=1.0))
    # open at 10; probes at 30, 50 and 70 fail at once
    assert shop_calls(seen) == [0, 10, 30, 50, 70]


def test_while_a_probe_is_out_others_are_rejected(run: Run) -> None:
    """While a probe is out, others are rejected; `probes` successes in a row close it with an empty window."""
    broken, repaired = fault(-1, "error_rate", "shop", 0, share=1.0), fault(15, "error_rate", "shop", 0, share=0.0)
    at = EVERY_10_MS | {"d": 30, "e": 32, "f": 34, "g": 35, "h": 39}
    seen = run(breaking("window: 2, min_calls: 2, open_for: 15ms, probes: 2"), at, broken, repaired)
    # open at 10; c is rejected at 20; d probes 30–34; e is rejected at 32; f comes at 34, after the answer, and probes till 38;
    # g is rejected; h finds it closed
    assert shop_calls(seen) == [0, 10, 30, 34, 39]


def test_a_breakers_rejection_is_no_outcome_and_not_retried_by_default(run: Run) -> None:
    """A breaker's own rejection is no outcome for it, and is retried only if the policy lists `breaker_open`."""
    seen = run(
        breaking("window: 1, min_calls: 1, open_for: 1s", "retry: {attempts: 2, backoff: 1ms},"),
        {"b": 5},
        fault(-1, "error_rate", "shop", 0, share=1.0),
    )
    # a fails at 0 and opens it; its retry at 1 is rejected, and not retried
    assert shop_calls(seen) == [0]
    assert seen.clients[0][:2] == ("a", 1)


def test_a_listed_breaker_rejection_consumes_an_attempt(run: Run) -> None:
    """It consumes an attempt, and is retried only if the policy lists `breaker_open`."""
    retry = 'retry: {attempts: 4, backoff: 10ms, "on": [error, breaker_open]},'
    seen = run(
        breaking("window: 1, min_calls: 1, open_for: 25ms", retry),
        dict.fromkeys("bcdefgh", 1e4),
        fault(-1, "error_rate", "shop", 0, share=1.0),
    )
    # attempts at 0 (fails, opens), 10 and 20 (rejected), 30 (the probe, fails): four
    assert [at for at in shop_calls(seen) if at is not None and at < 1000] == [0, 30]
    assert seen.clients[0][:2] == ("a", 30)


def test_a_business_reject_is_a_success_for_the_breaker(run: Run) -> None:
    """Ok and rejected are successes, all else failures."""
    text = breaking("window: 1, min_calls: 1, open_for: 1s").replace("steps: [work: 4ms]", "steps: [fail: rejected]")
    seen = run(text, EVERY_10_MS)
    assert [c[2:] for c in seen.clients] == [("rejected", "rejected")] * 8
    assert len(shop_calls(seen)) == 8


def test_the_timeout_knob_governs_attempts_from_then_on(run: Run) -> None:
    """A changed call policy counts for attempts that begin after it; running timers keep theirs."""
    text = guarded("connection", "slots: 9", "timeout: 90ms")
    seen = run(
        text,
        {"b": 5},
        fault(4, "call_policy", site="client.a/shop.buy#0", timeout_ns=2 * MS),
        fault(4, "call_policy", site="client.b/shop.buy#0", timeout_ns=2 * MS),
    )
    assert [c[1:3] for c in seen.clients] == [(10, "confirmed"), (10, "confirmed"), (7, "unknown")]  # a, c, b


# --- what becomes of a failure ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "policy", "expected"),
    [
        ("[work: 1ms]", "fallback: [work: 3ms]", ("a", 1, "confirmed", "ok")),
        ("[fail: error]", "fallback: [work: 3ms]", ("a", 3, "confirmed", "ok")),
        ("[fail: error]", "fallback: [fail: rejected]", ("a", 0, "rejected", "rejected")),
        ("[fail: rejected]", "fallback: [work: 3ms]", ("a", 0, "rejected", "rejected")),
        ("[fail: error]", "on_failure: ignore", ("a", 0, "confirmed", "ok")),
        ("[fail: rejected]", "on_failure: ignore", ("a", 0, "rejected", "rejected")),
        ("[fail: error]", "on_failure: block", ("a", 0, "blocked", "error")),
        ("[fail: error]", "on_failure: fail", ("a", 0, "failed", "error")),
    ],
)
def test_what_follows_a_failed_call(run: Run, steps: str, policy: str, expected: Any) -> None:
    """`rejected` is passed on; else with `fallback` its steps are taken and the call counts as done; else `ignore` goes on,
    `block` fails the flow as blocked, and `fail` fails the task."""
    assert run(one_call(steps, call=policy)).clients == [expected]


@pytest.mark.parametrize(
    ("inner", "answers"),
    [
        ("[fail: rejected]", "rejected"),
        ("[fail: error]", "error"),
        ("[{call: db.full}]", "error"),
        ("[{hold: none, steps: []}]", "refused"),
        ("[{rate_limit: spent}, {rate_limit: spent}]", "rate_limited"),
    ],
)
def test_what_a_failed_task_answers(run: Run, inner: str, answers: str) -> None:
    """A task that fails through its own pools answers `refused`, through its own rate limit `rate_limited`; through a
    call that failed, or otherwise, `error`, except that `rejected` stays what it is."""
    text = f"""
        pools: {{none: {{slots: 0, queue: 0}}}}
        limits: {{spent: {{rate: 1/s, excess: refuse}}}}
        services:
          shop: {{operations: {{buy: {{steps: {inner}}}}}}}
          db: {{pools: [none], operations: {{full: {{steps: []}}}}}}
        flows: {{a: {{steps: [call: shop.buy]}}}}
    """
    assert run(text).clients[0][3] == answers


@pytest.mark.parametrize(("first", "outcome"), [("{effect: record}", "unknown"), ("{work: 0}", "failed")])
def test_a_touched_failure_is_unknown_to_the_client(run: Run, first: str, outcome: str) -> None:
    """A task is touched once an effect happened in it or in a callee whose answer it received: the client then
    sees unknown, else failed."""
    text = f"""
        services:
          web: {{operations: {{ask: {{steps: [{{call: shop.buy}}, {{fail: error}}]}}}}}}
          shop: {{operations: {{buy: {{steps: [{first}]}}}}}}
        flows: {{a: {{steps: [call: web.ask]}}}}
    """
    assert run(text).clients == [("a", 0, outcome, "error")]


@pytest.mark.parametrize(
    ("step", "outcome"),
    [("{effect: record}", "unknown"), ("{send: shop.note}", "unknown"), ("{send: shop.peek}", "failed"), ("{work: 0}", "failed")],
)
def test_a_timeout_leaves_in_doubt_only_what_may_have_effects(run: Run, step: str, outcome: str) -> None:
    """In doubt once an issued call to an operation that may have effects (itself or through what it calls; sends count)
    timed out."""
    text = f"""
        services:
          web: {{operations: {{ask: {{steps: [{{call: shop.buy, timeout: 5ms}}]}}}}}}
          shop:
            operations:
              buy: {{steps: [{{work: 10ms}}, {step}]}}
              note: {{steps: [{{effect: record}}]}}
              peek: {{steps: []}}
        flows: {{a: {{steps: [call: web.ask]}}}}
    """
    assert run(text).clients == [("a", 5, outcome, "error")]


# --- deadlines ----------------------------------------------------------------------------------------------------------


def test_a_propagated_deadline_stops_the_late_work_at_its_next_step(run: Run) -> None:
    """Deadlines are checked before work and effect: `now ≥ deadline` fails with `deadline`; work is not pre-empted."""
    seen = run(one_call(call="timeout: 4ms", more="deadlines: propagate"))
    assert seen.clients == [("a", 4, "unknown", "timeout")]
    assert (seen.tasks, seen.records) == ([("shop#0.buy", 0, 10, "deadline")], [0])


def test_the_deadline_is_the_earlier_of_the_callers_and_the_attempts(run: Run) -> None:
    """Its deadline is the earlier of the caller's own and the expiry of the attempt's timeout."""
    text = """
        deadlines: propagate
        services:
          web: {operations: {ask: {steps: [{call: shop.buy, timeout: 50ms}]}, hurry: {steps: [{call: shop.buy, timeout: 5ms}]}}}
          shop: {operations: {buy: {steps: [{work: 10ms}, {effect: record}]}}}
        flows:
          a: {steps: [{call: web.ask, timeout: 8ms}]}
          b: {steps: [{call: web.hurry, timeout: 50ms}]}
          c: {steps: [{call: web.ask, timeout: 50ms}]}
    """
    seen = run(text)
    assert seen.records == [0, 0, 1]
    assert [t for t in seen.tasks if t[0] == "shop#0.buy"] == [("shop#0.buy", 0, 10, "deadline")] * 2 + [
        ("shop#0.buy", 0, 10, "ok")
    ]
    # a's web gives up at its own deadline, 8; b's timed out at 5 and answers error
    assert sorted(t[2:] for t in seen.tasks if t[0].startswith("web")) == [(5, "error"), (8, "deadline"), (10, "ok")]


def test_a_deadline_is_checked_when_a_slot_is_granted_after_waiting(run: Run) -> None:
    """Deadlines are checked when a slot is granted after waiting, at the very instant of the deadline too."""
    text = """
        deadlines: propagate
        pools: {one: {slots: 1}}
        services: {shop: {pools: [one], operations: {buy: {steps: [work: 10ms]}}}}
        flows: {a: &buy {steps: [{call: shop.buy, timeout: 15ms}]}, b: {steps: [{call: shop.buy, timeout: 10ms}]}, c: *buy}
    """
    seen = run(text, {"c": 1})
    assert seen.tasks == [("shop#0.buy", 0, 10, "deadline"), ("shop#0.buy", 0, 10, "ok"), ("shop#0.buy", 1, 20, "ok")]


def test_who_queues_leaves_at_its_own_deadline(run: Run) -> None:
    """A task that waits for a slot leaves the queue at its deadline, and frees its place there: c, which finds room, is served."""
    text = """
        deadlines: propagate
        pools: {one: {slots: 1, queue: 1}}
        services: {shop: {pools: [one], operations: {buy: {steps: [work: 10ms]}}}}
        flows: {a: &buy {steps: [{call: shop.buy, timeout: 50ms}]}, b: {steps: [{call: shop.buy, timeout: 5ms}]}, c: *buy}
    """
    seen = run(text, {"b": 1, "c": 7})
    assert seen.tasks == [("shop#0.buy", 0, 10, "ok"), ("shop#0.buy", 1, 6, "deadline"), ("shop#0.buy", 7, 20, "ok")]


@pytest.mark.parametrize("call", ["{call: shop.buy}", "{call: shop.buy, timeout: 40ms}"])
def test_a_caller_frees_what_it_holds_at_its_own_deadline(run: Run, call: str) -> None:
    """A task that waits for an answer gives up at its own deadline, if that is before the attempt's timeout, and frees its slots: b
    has the one slot from 8 on, not from 30."""
    text = f"""
        deadlines: propagate
        pools: {{one: {{slots: 1}}}}
        services:
          web: {{pools: [one], operations: {{ask: {{steps: [{call}]}}, pass: {{steps: [work: 1ms]}}}}}}
          shop: {{operations: {{buy: {{steps: [{{work: 30ms}}, {{effect: record}}]}}}}}}
        flows: {{a: {{steps: [{{call: web.ask, timeout: 8ms}}]}}, b: {{steps: [{{call: web.pass, timeout: 50ms}}]}}}}
    """
    seen = run(text, {"b": 1})
    assert seen.clients == [("a", 8, "unknown", "timeout"), ("b", 9, "confirmed", "ok")]
    assert seen.tasks == [("web#0.ask", 0, 8, "deadline"), ("shop#0.buy", 0, 30, "deadline"), ("web#0.pass", 1, 9, "ok")]


@pytest.mark.parametrize(
    "step",
    ["{rate_limit: slow}", "{call: shop.fail, retry: {attempts: 3, backoff: 30ms}}"],
    ids=["rate limit", "backoff"],
)
def test_a_wait_of_the_tasks_own_ends_at_its_deadline(run: Run, step: str) -> None:
    """So does the wait at a rate limit, and a backoff."""
    text = f"""
        deadlines: propagate
        limits: {{slow: {{rate: 20/s, burst: 1, excess: defer}}}}
        services:
          web: {{operations: {{ask: {{steps: [{{rate_limit: slow}}, {step}]}}}}}}
          shop: {{operations: {{fail: {{steps: [fail: error]}}}}}}
        flows: {{a: {{steps: [{{call: web.ask, timeout: 8ms}}]}}}}
    """
    assert [task for task in run(text).tasks if task[0] == "web#0.ask"] == [("web#0.ask", 0, 8, "deadline")]


@pytest.mark.parametrize(("before", "code", "ended"), [("{work: 12ms}", "deadline", 12), ("{work: 2ms}", "ok", 10)])
def test_a_deadline_before_the_attempt_fails_the_task_and_within_it_is_the_outcome(
    run: Run, before: str, code: str, ended: float
) -> None:
    """In a call's attempt: as outcome of that attempt for bulkhead and connection; before the attempt itself, the task fails."""
    text = f"""
        deadlines: propagate
        pools: {{bulk: {{slots: 1}}}}
        services:
          web: {{operations: {{ask: {{steps: [{before}, {{call: shop.buy, bulkhead: bulk, on_failure: ignore}}]}}}}}}
          shop: {{operations: {{buy: {{steps: [work: 30ms]}}}}}}
        flows: {{a: {{steps: [{{call: shop.buy, bulkhead: bulk}}]}}, b: {{steps: [{{call: web.ask, timeout: 10ms}}]}}}}
    """
    assert [task for task in run(text).tasks if task[0] == "web#0.ask"] == [("web#0.ask", 0, ended, code)]


# --- sends --------------------------------------------------------------------------------------------------------------


def sending(send: str, steps: str = "[{work: 5ms}, {effect: record}]", link: str = "latency: 2ms") -> str:
    return f"""
        services:
          web: {{operations: {{ask: {{steps: [{{send: shop.note, {send}}}, {{work: 1ms}}]}}}}}}
          shop: {{operations: {{note: {{steps: {steps}}}}}}}
        links: [{{from: web, to: shop, {link}}}]
        flows: {{a: {{steps: [call: web.ask]}}}}
    """


def notes(seen: Seen) -> list[tuple[float | None, float | None, str]]:
    assert seen.clients == [("a", 1, "confirmed", "ok")], "a send never fails nor delays its sender"
    return [task[1:] for task in seen.tasks if task[0].startswith("shop")]


def test_a_send_arrives_after_delay_and_latency(run: Run) -> None:
    """A send starts a task at the target after the optional delay and the link's latency and goes on at once."""
    seen = run(sending("delay: 7ms"))
    assert (notes(seen), seen.records) == ([(9, 14, "ok")], [1])


@pytest.mark.parametrize(("durable", "expected"), [("false", []), ("true", [(2002, 2007, "ok")])], ids=["plain", "durable"])
def test_a_lost_durable_message_is_tried_again(run: Run, durable: str, expected: Any) -> None:
    """Without `durable` a lost message is gone; with it, lost or partitioned, it is tried again 1 s later."""
    cut = fault(-1, "link", source="web", target="shop", partition_request="lost")
    repaired = fault(1500, "link", source="web", target="shop", partition_request="none")
    assert notes(run(sending(f"durable: {durable}"), None, cut, repaired)) == expected


def test_a_durable_message_waits_for_a_replica_in_rotation(run: Run) -> None:
    """With no replica in rotation, it is tried again 1 s later."""
    faults = fault(-1, "rotate_out", "shop", 0), fault(500, "rotate_in", "shop", 0)
    assert notes(run(sending("durable: true"), None, *faults)) == [(1002, 1007, "ok")]
    assert notes(run(sending("durable: false"), None, *faults)) == []


def test_a_durable_message_waits_at_a_unit_that_is_down(run: Run) -> None:
    """At an instance that is down it waits for the instance."""
    faults = fault(-1, "crash", "shop", 0), fault(500, "restart", "shop", 0)
    assert notes(run(sending("durable: true"), None, *faults)) == [(500, 505, "ok")]
    assert notes(run(sending("durable: false"), None, *faults)) == []


def test_a_failed_durable_message_is_delivered_again_but_for_a_reject(run: Run) -> None:
    """A task that failed (but for `rejected`) is delivered again 1 s later. At least once: effects may happen twice."""
    text = sending("durable: true", "[{effect: record}, {work: 5ms}, {choose: [{probability: 0.5, steps: [fail: error]}]}]")
    text += "\n        # the choice is drawn on the path of each delivery"
    seen = run(text)
    first = twin.combine(intent_root("a") + twin.name("client.a/web.ask#0"), 0)
    path = first = twin.combine(first + twin.name("web.ask/shop.note#0"), 0)
    expected, at = [], 2
    while twin.draw(twin.combine(path + twin.name("shop.note/choose#0"), 0)) < 0.5:
        expected.append((at, at + 5, "error"))
        path = twin.combine(first, twin.name("redeliver") + len(expected))
        at += 1007
    assert expected, "the seed is one whose first delivery fails"
    assert notes(seen) == [*expected, (at, at + 5, "ok")]
    assert seen.records == [len(expected) + 1]
    assert notes(run(sending("durable: true", "[{fail: rejected}]"))) == [(2, 2, "rejected")]


def test_a_killed_durable_message_is_delivered_again_when_the_unit_is_back(run: Run) -> None:
    """A task killed by a crash is delivered again when the instance is back."""
    seen = run(
        sending("durable: true", "[{effect: record}, {work: 5ms}]"),
        None,
        fault(4, "crash", "shop", 0),
        fault(50, "restart", "shop", 0),
    )
    assert notes(seen) == [(2, 4, "reset"), (50, 55, "ok")]
    assert seen.records == [2]


# --- crash, hang, errors, grey ------------------------------------------------------------------------------------------


def test_a_crash_resets_callers_over_the_link_and_orphans_run_on(run: Run) -> None:
    """Its tasks die: each releases what it holds and its caller gets `reset` over the link; callees become orphans and run on."""
    text = """
        services:
          web: {operations: {ask: {steps: [call: shop.buy]}}}
          shop: {operations: {buy: {steps: [{work: 10ms}, {effect: record}]}}}
        links: [{from: client, to: web, latency: 2ms}]
        flows: {a: {steps: [call: web.ask]}}
    """
    seen = run(text, None, fault(5, "crash", "web", 0))
    assert seen.clients == [("a", 7, "unknown", "reset")]
    assert seen.tasks == [("web#0.ask", 2, 5, "reset"), ("shop#0.buy", 2, 12, "ok")]
    assert seen.records == [1]


def test_a_crash_kills_the_queued_and_frees_shared_slots(run: Run) -> None:
    """Its tasks die, including those queued: each releases what it holds."""
    text = """
        pools: {one: {slots: 1}}
        services:
          shop: {pools: [one], operations: {buy: {steps: [work: 10ms]}}}
          bank: {pools: [one], operations: {pay: {steps: [work: 10ms]}}}
        flows: {a: &buy {steps: [call: shop.buy]}, b: *buy, c: {steps: [call: bank.pay]}}
    """
    seen = run(text, {"b": 1, "c": 2}, fault(5, "crash", "shop", 0))
    assert seen.clients == [("a", 5, "unknown", "reset"), ("b", 5, "unknown", "reset"), ("c", 15, "confirmed", "ok")]


def test_a_unit_that_is_down_refuses_and_stays_in_rotation(run: Run) -> None:
    """Requests arriving at an instance that is down are `refused`. The instance stays in rotation until somebody takes it out."""
    text = balanced("round_robin")
    seen = run(text, {"b": 10, "c": 20, "d": 30}, fault(-1, "crash", "shop", 0), fault(25, "restart", "shop", 0))
    assert seen.clients == [
        ("a", 0, "failed", "refused"),
        ("b", 20, "confirmed", "ok"),
        ("c", 20, "failed", "refused"),
        ("d", 40, "confirmed", "ok"),
    ]


def test_a_crash_gives_fresh_breakers(run: Run) -> None:
    """Breakers and budgets of the instance's call sites start again."""
    faults = fault(-1, "error_rate", "shop", 0, share=1.0), fault(15, "crash", "web", 0), fault(16, "restart", "web", 0)
    seen = run(breaking("window: 1, min_calls: 1, open_for: 10s"), EVERY_10_MS, *faults)
    assert shop_calls(seen) == [0, 20]


def test_a_hung_unit_parks_what_would_go_on(run: Run) -> None:
    """Hang: a task that would go on is parked instead; at the thaw the parked go on in that order with what had
    happened to them; refusals are not answered."""
    text = """
        pools: {two: {slots: 2, queue: 1}}
        services: {shop: {pools: [two], operations: {buy: {steps: [{work: 10ms}, {effect: record}]}}}}
        flows: {a: &buy {steps: [{call: shop.buy, timeout: 200ms}]}, b: *buy, c: *buy, d: *buy}
    """
    seen = run(text, {"b": 20, "c": 21, "d": 22}, fault(5, "hang", "shop", 0), fault(100, "thaw", "shop", 0))
    # a is done at 10 and parked; b takes the free slot and is parked; c queues; d is refused and hears nothing
    assert seen.clients == [
        ("a", 100, "confirmed", "ok"),
        ("b", 110, "confirmed", "ok"),
        ("c", 110, "confirmed", "ok"),
        ("d", 222, "unknown", "timeout"),
    ]


def test_a_hung_caller_goes_on_with_its_timeout_at_the_thaw(run: Run) -> None:
    """A task that would go on (timed out) is parked; it goes on with what had happened to it first."""
    text = """
        services:
          web: {operations: {ask: {steps: [{call: shop.buy, timeout: 8ms, on_failure: ignore}, {work: 1ms}]}}}
          shop: {operations: {buy: {steps: [work: 10ms]}}}
        flows: {a: {steps: [call: web.ask]}}
    """
    seen = run(text, None, fault(5, "hang", "web", 0), fault(50, "thaw", "web", 0))
    assert seen.clients == [("a", 51, "confirmed", "ok")]


def test_a_paused_instance_keeps_its_work_and_goes_on(run: Run) -> None:
    """Pause: a work step stops, and goes on at the resume for what was left of it; what arrives waits in the order it came."""
    text = """
        pools: {one: {slots: 1, queue: 0}}
        services: {shop: {pools: [one], operations: {buy: {steps: [{work: 10ms}, {effect: record}]}}}}
        flows: {a: &buy {steps: [call: shop.buy]}, b: *buy, c: *buy}
    """
    seen = run(text, {"b": 20, "c": 106}, fault(4, "pause", "shop", 0), fault(100, "resume", "shop", 0))
    # a has 6 left at 4 and ends at 106; b knocks at 100 and finds the one slot taken; c comes when a's slot is free
    assert seen.clients == [("a", 106, "confirmed", "ok"), ("b", 100, "failed", "refused"), ("c", 116, "confirmed", "ok")]


def test_a_pause_takes_as_long_from_all_work_and_a_hang_from_none(run: Run) -> None:
    """Work of 10 ms that is stopped for 50 takes 60; under a hang of 50 it is done meanwhile, and answered at the thaw."""
    assert run(one_call(), None, fault(4, "pause", "shop", 0), fault(54, "resume", "shop", 0)).clients[0][1] == 60
    assert run(one_call(), None, fault(4, "hang", "shop", 0), fault(54, "thaw", "shop", 0)).clients[0][1] == 54


def test_a_paused_caller_finds_its_timeout_expired(run: Run) -> None:
    """Clocks go on in a pause: the caller, whose answer came at 10 and whose timeout passed at 30, goes on with what came first."""
    text = """
        services:
          web: {operations: {ask: {steps: [{call: shop.buy, timeout: 30ms}, {work: 1ms}]}}}
          shop: {operations: {buy: {steps: [work: 10ms]}, long: {steps: [work: 40ms]}}}
        flows: {a: {steps: [call: web.ask]}, b: {steps: [call: web.ask]}}
    """
    paused = fault(5, "pause", "web", 0), fault(100, "resume", "web", 0)
    assert run(text, None, *paused).clients == [("a", 101, "confirmed", "ok"), ("b", 101, "confirmed", "ok")]
    late = run(text.replace("call: shop.buy,", "call: shop.long,"), None, *paused)
    assert late.clients == [("a", 100, "failed", "error"), ("b", 100, "failed", "error")]


def test_a_hang_over_a_pause_holds_on_after_it(run: Run) -> None:
    """What was parked goes on when the instance neither hangs nor is paused."""
    faults = [fault(at, do, "shop", 0) for at, do in ((4, "pause"), (6, "hang"), (10, "resume"), (50, "thaw"))]
    seen = run(one_call(), None, *faults)
    assert seen.clients == [("a", 50, "confirmed", "ok")]  # its 6 ms of work are over at 16


def test_a_crash_ends_a_pause(run: Run) -> None:
    """Crash of an instance: its tasks die, those that stand still too; restarted it stands still no more."""
    text = """
        services: {shop: {operations: {buy: {steps: [work: 10ms]}}}}
        flows: {a: &buy {steps: [call: shop.buy]}, b: *buy}
    """
    faults = fault(4, "pause", "shop", 0), fault(20, "crash", "shop", 0), fault(25, "restart", "shop", 0)
    seen = run(text, {"b": 30}, *faults)
    assert seen.clients == [("a", 20, "unknown", "reset"), ("b", 40, "confirmed", "ok")]


def test_a_crash_ends_a_hang(run: Run) -> None:
    """Crash of an instance: its tasks die; those parked by a hang too."""
    seen = run(one_call(), None, fault(5, "hang", "shop", 0), fault(20, "crash", "shop", 0))
    assert (seen.clients, seen.records) == ([("a", 20, "unknown", "reset")], [0])


def test_an_erring_unit_fails_before_the_first_step(run: Run) -> None:
    """A task, once it holds its pools and before its first step, fails with `error` if its "error" draw is below the
    instance's error rate."""
    seen = run(one_call("[effect: record]"), None, fault(-1, "error_rate", "shop", 0, share=1.0))
    assert (seen.clients, seen.records) == ([("a", 0, "failed", "error")], [0])


def test_a_grey_task_is_slower_for_some(run: Run) -> None:
    """A task whose "grey" draw is below the instance's grey fraction has its work multiplied by the instance's grey factor as well."""
    text = """
        services: {shop: {operations: {buy: {steps: [work: 10ms]}}}}
        flows: {a: &buy {steps: [call: shop.buy]}, b: *buy, c: *buy, d: *buy, e: *buy, f: *buy}
    """
    seen = run(text, None, fault(-1, "grey", "shop", 0, share=0.5, factor=3.0), fault(-1, "slow", "shop", 0, factor=2.0))
    paths = [twin.combine(intent_root(flow) + twin.name(f"client.{flow}/shop.buy#0"), 0) for flow in "abcdef"]
    expected = [60 if twin.draw(twin.combine(path + twin.name("grey"), 0)) < 0.5 else 20 for path in paths]
    assert [c[1] for c in seen.clients] == expected
    assert set(expected) == {20, 60}


# --- idempotency --------------------------------------------------------------------------------------------------------


def keyed(steps: str, retry: str = "timeout: 4ms, retry: {attempts: 2}", lifetime: str = "1min") -> str:
    return f"""
        services: {{shop: {{operations: {{buy: {{idempotency: {{lifetime: {lifetime}}}, steps: {steps}}}}}}}}}
        flows: {{a: {{steps: [{{call: shop.buy, {retry}}}]}}}}
    """


def test_a_second_request_waits_for_the_first_and_gets_its_outcome(run: Run) -> None:
    """In flight: waits, holding its slots, for the first's end, and gets its outcome."""
    seen = run(keyed("[{work: 7ms}, {effect: record}]"))
    assert seen.clients == [("a", 7, "confirmed", "ok")]
    assert (seen.tasks, seen.records) == ([("shop#0.buy", 0, 7, "ok"), ("shop#0.buy", 4, 7, "ok")], [1])


@pytest.mark.parametrize(("lifetime", "records"), [("14ms", 1), ("13ms", 1), ("12ms", 2)])
def test_a_stored_outcome_answers_at_once_within_its_lifetime(run: Run, lifetime: str, records: int) -> None:
    """Done within `lifetime` (from its completion): the stored outcome is the answer, at once."""
    seen = run(keyed("[{work: 7ms}, {effect: record}]", "timeout: 5ms, retry: {attempts: 2, backoff: 15ms}", lifetime))
    # done at 7, asked again at 20
    assert seen.records == [records]
    assert seen.clients[0][1:3] == ((20, "confirmed") if records == 1 else (25, "unknown"))


def test_a_failure_without_effect_removes_the_key(run: Run) -> None:
    """Any other failure removes the key, and waiters get that failure as their own."""
    again = keyed("[{work: 7ms}, {fail: error}]", "retry: {attempts: 2}")
    assert [task[1:] for task in run(again).tasks] == [(0, 7, "error"), (7, 14, "error")]
    waiting = keyed("[{work: 7ms}, {fail: error}]")
    assert [task[1:] for task in run(waiting).tasks] == [(0, 7, "error"), (4, 7, "error")]


def test_a_failure_after_an_effect_is_stored_as_ok(run: Run) -> None:
    """A failure after an effect of the task was made is stored as ok, because the key is written with the effect."""
    seen = run(keyed("[{effect: record}, {work: 2ms}, {fail: error}]"))
    assert [task[1:] for task in seen.tasks] == [(0, 2, "error"), (2, 2, "ok")]
    assert (seen.clients, seen.records) == ([("a", 2, "confirmed", "ok")], [1])


def test_a_reject_is_stored(run: Run) -> None:
    """Ok and rejected are stored."""
    seen = run(keyed("[{work: 7ms}, {fail: rejected}]", "timeout: 5ms, retry: {attempts: 2, backoff: 15ms}"))
    assert seen.clients == [("a", 20, "rejected", "rejected")]
    assert [task[1:] for task in seen.tasks] == [(0, 7, "rejected"), (20, 20, "rejected")]


def test_the_key_is_looked_up_after_pools_and_error_draw(run: Run) -> None:
    """Looked up after the pools are acquired and the error draw: an erring instance answers a repeated request with `error`."""
    seen = run(keyed("[{work: 7ms}, {effect: record}]"), None, fault(2, "error_rate", "shop", 0, share=1.0))
    assert [task[1:] for task in seen.tasks] == [(0, 7, "ok"), (4, 4, "error")]
    assert seen.clients == [("a", 4, "unknown", "error")]


def test_one_store_serves_all_replicas(run: Run) -> None:
    """Key = combine(root, name("service.operation")), one store per service."""
    seen = run(keyed("[{work: 7ms}, {effect: record}]").replace("shop: {op", "shop: {replicas: 2, op"))
    assert seen.tasks == [("shop#0.buy", 0, 7, "ok"), ("shop#1.buy", 4, 7, "ok")]
    assert seen.records == [1]


# --- names and random streams -----------------------------------------------------------------------------------------------------


def test_a_named_draw_pairs_the_random_numbers_of_two_steps(run: Run) -> None:
    """With `draw: X`: combine(task.stream + name("draw:X"), 0): two steps that name one draw last equally long, in any
    operation."""
    text = """
        services:
          shop:
            operations:
              buy: {steps: [{work: {exponential: 5ms}, draw: size}]}
              sell: {steps: [{work: {exponential: 5ms}, draw: size}]}
              other: {steps: [{work: {exponential: 5ms}}]}
        flows: {a: {steps: [{call: shop.buy}, {call: shop.sell}, {call: shop.other}]}}
    """
    durations = {span.operation: span.ended - span.arrived for span in run(text).result.spans}
    assert durations["buy"] == durations["sell"] != durations["other"]
    stream = intent_root("a")
    assert durations["buy"] == math.floor(-5 * MS * math.log(twin.draw(twin.combine(stream + twin.name("draw:size"), 0))) + 0.5)


def test_path_and_stream_of_calls_by_draw_and_attempt(run: Run) -> None:
    """path = combine(p.path + site, a), with `draw: X` combine(p.stream + name("draw:X"), a); stream = p.stream if a = 0, else
    combine(p.stream + site, a)."""
    text = """
        services:
          shop: {operations: {buy: {steps: [fail: error]}}}
          web: {operations: {ask: {steps: [{call: shop.buy, draw: size, retry: {attempts: 2, backoff: 1ms}}]}}}
        flows: {a: {steps: [{call: web.ask, retry: {attempts: 2, backoff: 8ms}}]}}
    """
    root, site, size = intent_root("a"), twin.name("client.a/web.ask#0"), twin.name("draw:size")
    expected = []
    for outer, stream in ((0, root), (1, twin.combine(root + site, 1))):
        expected += [twin.combine(stream + size, 0), twin.combine(stream + size, 1), twin.combine(root + site, outer)]
    assert [span.path for span in sorted(run(text).result.spans, key=lambda span: (span.ended, span.instance))] == expected


def test_sites_are_numbered_in_file_order_after_unrolling(run: Run) -> None:
    """NAME is the step's `name`, or `target#i`, i in file order; a named site in a repeat has `#i` appended for later turns."""
    text = """
        services: {shop: {operations: {buy: {steps: [work: 1ms]}}}}
        flows: {a: {steps: [{call: shop.buy}, {repeat: 2, steps: [{call: shop.buy, name: extra}, {call: shop.buy}]}]}}
    """
    labels = ["shop.buy#0", "extra", "shop.buy#1", "extra#1", "shop.buy#2"]
    paths = [span.path for span in sorted(run(text).result.spans, key=lambda span: span.arrived)]
    assert paths == [twin.combine(intent_root("a") + twin.name(f"client.a/{label}"), 0) for label in labels]
