"""The thresholds of the causal chain, each at, below and above, in journals written by hand; and which way an arrow is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import yaml
from hand_journal import Order, journal, spec

from chaos.judgement.causes import Link, chain, paths_to
from chaos.results.run import CausalLink, FaultEvidence
from simcore.base.units import SECOND
from simcore.journal.model import ACCEPTED_IN_CONTROL
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex

FILE = """\
kind: architecture
name: hand
pools: {threads: {slots: 4}, spare: {slots: 4}}
limits: {gate: {rate: 10/s}}
services:
  core: {pools: [threads], operations: {place: {steps: [{rate_limit: gate}, {call: bank.ask, timeout: 2s}]}, look: {steps: [{work: 1ms}]}}}
  bank: {replicas: 2, operations: {ask: {steps: [{work: 5ms}]}}}
flows:
  order: {kind: order, record: true, steps: [{call: core.place, timeout: 1s}]}
  quote: {kind: query, steps: [{call: core.look, timeout: 1s}]}
"""
INDEX = ArchitectureIndex(Architecture.model_validate(yaml.safe_load(FILE)))
SECONDS, STEP_AT = 100, 50
Counters = dict[str, Sequence[int]]
OUTCOMES = ("ok", "rejected", "failed", "unknown", "blocked")


def in_windows(**of: Mapping[int, int]) -> dict[str, list[int]]:
    """By name, what grows at the beginning of each window of ten seconds."""
    return {name: [values.get(s // 10, 0) if s % 10 == 0 else 0 for s in range(SECONDS)] for name, values in of.items()}


def healthy(**changed: Sequence[int]) -> Counters:
    """Twenty orders and asks in every window, nothing refused, pools with four slots; changed by name, `_` for `/` and `.`."""
    steady = dict.fromkeys(range(10), 20)
    zero = [0] * SECONDS
    made: Counters = {}
    for flow in ("order", "quote"):
        made |= {f"flow/{flow}/{field}": in_windows(x=steady)["x"] if field == "ok" else zero for field in OUTCOMES}
    for operation in ("core.place", "core.look", "bank.ask"):
        made |= {f"operation/{operation}/done": in_windows(x=steady)["x"], f"operation/{operation}/failed": zero}
    for unit in ("core#0", "bank#0", "bank#1"):
        made |= {f"unit/{unit}/done": in_windows(x=steady)["x"], f"unit/{unit}/failed": zero}
        made[f"unit/{unit}/sojourn_ns"] = in_windows(x=dict.fromkeys(range(10), 20 * 1000))["x"]
    for pool in ("threads", "spare"):
        made |= {f"pool/{pool}/slots": [4] * SECONDS} | {
            f"pool/{pool}/{field}": zero for field in ("peak_queue", "refused", "busy_ns")
        }
    made |= {"limit/gate/refused": zero}
    by_key = {name.replace("/", "_").replace(".", "_").replace("#", "_"): name for name in made}
    return made | {by_key[key]: values for key, values in changed.items()}


def found(counters: Counters, *targets: str, at: int = STEP_AT, start: int = 0) -> dict[str, tuple[int, str, str | None, int]]:
    """The chain from a fault at `at` s on these targets: kind/name → (second, symptom, cause, arrows)."""
    asked = spec(start + SECONDS, first=start + at)
    faults = [FaultEvidence(name="x", fault="hang", began_ns=(start + at) * SECOND, targets=list(targets or ["unit/bank#0"]))]
    return shown(chain(journal(SECONDS, (), counters, start=start * SECOND), INDEX, faults, asked), start)


def shown(links: Sequence[Link], start: int = 0) -> dict[str, tuple[int, str, str | None, int]]:
    return {
        "/".join(link.part): (
            link.at // SECOND - start, link.symptom.kind, "/".join(link.because) if link.because else None, link.depth
        )
        for link in links
    }  # fmt: skip


def orders_fail(failed: int, *, window: int = 6, of: int = 20) -> dict[str, Sequence[int]]:
    """So many of an interval's orders fail."""
    made = in_windows(
        flow_order_failed={window: failed}, flow_order_ok={n: of - failed if n == window else of for n in range(10)}
    )
    return dict(made)


def asks_fail(failed: int, *, window: int = 6, of: int = 20) -> dict[str, Sequence[int]]:
    """So many of an interval's asks of the bank fail, and with them the orders, all of them."""
    ok = {n: of - failed if n == window else of for n in range(10)}
    return dict(in_windows(operation_bank_ask_failed={window: failed}, operation_bank_ask_done=ok))


WHOLE = ["service/bank", "operation/bank.ask", "operation/core.place", "flow/order"]
ORDERS = orders_fail(20)
PLACES = in_windows(operation_core_place_failed={6: 20}, operation_core_place_done={n: 0 if n == 6 else 20 for n in range(10)})


def test_the_chain_leads_from_the_step_to_the_flow() -> None:
    """Bank hung at 50 s, places and orders fail from 60 s: each with what it comes of, in order of time and arrows."""
    made = found(healthy(**ORDERS, **PLACES))
    assert list(made) == WHOLE
    assert made["service/bank"] == (50, "injected", None, 0)
    assert made["operation/bank.ask"] == (50, "hit", "service/bank", 1)
    assert made["operation/core.place"] == (60, "fails", "operation/bank.ask", 2)
    assert made["flow/order"] == (60, "requests_fail", "operation/core.place", 3)


def test_times_count_from_the_beginning_of_the_run() -> None:
    """A run that begins at 1000 s has the same chain 1000 s later."""
    assert found(healthy(**ORDERS, **PLACES), start=1000) == found(healthy(**ORDERS, **PLACES))


def test_what_does_not_lead_to_a_flow_is_left_out() -> None:
    """Places fail and no order does: nothing is told. Nor without a step, nor from one that never began."""
    assert found(healthy(**PLACES)) == {}
    assert found(healthy(**ORDERS)) == {}, "the operation between them shows nothing"
    made = journal(SECONDS, (), healthy(**ORDERS, **PLACES))
    assert chain(made, INDEX, [], spec(SECONDS)) == []
    idle = [FaultEvidence(name="x", fault="hang", began_ns=None, targets=["unit/bank#0"])]
    assert chain(made, INDEX, idle, spec(SECONDS, first=50)) == []


@pytest.mark.parametrize(("at", "told"), [(9, False), (10, False), (11, True), (20, True)])
def test_ten_seconds_before_the_step_are_needed(at: int, told: bool) -> None:
    """There must be a time to compare with: more than one window."""
    assert bool(found(healthy(**ORDERS, **PLACES), at=at)) is told


@pytest.mark.parametrize(("failed", "of", "told"), [(2, 20, False), (3, 20, True), (4, 20, True)])
def test_three_failures_are_enough(failed: int, of: int, told: bool) -> None:
    """Fewer in a window conclude nothing, though they are more than 5 %."""
    assert bool(found(healthy(**orders_fail(failed, of=of), **PLACES))) is told


@pytest.mark.parametrize(("failed", "told"), [(4, False), (5, False), (6, True)])
def test_more_than_a_twentieth_must_fail(failed: int, told: bool) -> None:
    """Exactly 5 % of 100 are not yet a symptom."""
    assert bool(found(healthy(**orders_fail(failed, of=100), **PLACES))) is told


@pytest.mark.parametrize(("failed", "told"), [(29, False), (30, False), (31, True)])
def test_more_than_three_times_the_share_of_before_must_fail(failed: int, told: bool) -> None:
    """A tenth fails in the windows before the step: three tenths are no symptom, more are."""
    usual = dict.fromkeys(range(10), 10)
    made = in_windows(
        flow_order_failed=usual | {6: failed}, flow_order_ok={n: 100 - (failed if n == 6 else 10) for n in range(10)}
    )
    assert bool(found(healthy(**PLACES, **made))) is told


@pytest.mark.parametrize("outcome", ["failed", "unknown", "blocked"])
def test_a_request_fails_in_three_ways(outcome: str) -> None:
    """And is answered in two: rejects are no failures."""
    made = in_windows(**{f"flow_order_{outcome}": {6: 20}}, flow_order_ok={n: 0 if n == 6 else 20 for n in range(10)})
    assert "flow/order" in found(healthy(**PLACES, **made))
    rejects = in_windows(flow_order_rejected={6: 20}, flow_order_ok={n: 0 if n == 6 else 20 for n in range(10)})
    assert found(healthy(**PLACES, **rejects)) == {}
    beside = in_windows(
        flow_order_rejected={6: 57}, flow_order_failed={6: 3}, flow_order_ok={n: 0 if n == 6 else 20 for n in range(10)}
    )
    assert found(healthy(**PLACES, **beside)) == {}, "3 of 60 are 5 %"


@pytest.mark.parametrize(("before", "told"), [(2, True), (3, False)])
def test_what_was_bad_most_of_the_time_before_is_no_symptom(before: int, told: bool) -> None:
    """Orders of two windows of the five before the step failed: that they fail again is a symptom of it. Of three windows: none."""
    usual = {n: 1 if n < before else 10_000 for n in range(10)}
    made = in_windows(flow_order_failed=dict.fromkeys(range(before), 3) | {6: 10_000}, flow_order_ok=usual | {6: 0})
    assert bool(found(healthy(**made, **PLACES))) is told


# --- what only rows tell --------------------------------------------------------------------------------------------------------


def by_rows(outcome: str, in_control: int, count: int) -> dict[str, tuple[int, str, str | None, int]]:
    """The chain from a fault of the bank at 50 s: of twenty orders from 60 s on so many end in that way, the rest are confirmed."""
    rows = [Order(60 * SECOND + n, outcome if n < count else "confirmed", in_control=in_control) for n in range(20)]
    faults = [FaultEvidence(name="x", fault="hang", began_ns=STEP_AT * SECOND, targets=["unit/bank#0"])]
    return shown(chain(journal(SECONDS, rows, healthy()), INDEX, faults, spec(SECONDS, first=STEP_AT)))


@pytest.mark.parametrize(("count", "found_at"), [(2, None), (3, 60), (20, 60)])
def test_wrong_rejects_are_a_symptom_though_nothing_that_is_called_fails(count: int, found_at: int | None) -> None:
    """Of orders that are accepted without the method: what they ask, the bank, is hit, and no operation between them shows anything."""
    made = by_rows("rejected", ACCEPTED_IN_CONTROL, count)
    expected = None if found_at is None else (found_at, "requests_rejected", "operation/bank.ask", 2)
    assert made.get("flow/order") == expected


def test_rejects_of_the_control_run_are_no_symptom() -> None:
    """They are rejected without the method, too."""
    assert by_rows("rejected", 0, 20) == {}


# --- slow -----------------------------------------------------------------------------------------------------------------------


def slow(sojourn: int, ended: int = 20, *, failed: int = 0, unit: str = "bank_1") -> dict[str, Sequence[int]]:
    """An instance of the bank whose tasks of a window took so long together, ns; usual are 20 of 1000."""
    usual = dict.fromkeys(range(10), 20)
    made = in_windows(
        **{
            f"unit_{unit}_sojourn_ns": dict.fromkeys(range(10), 20000) | {6: sojourn},
            f"unit_{unit}_done": usual | {6: ended - failed},
            f"unit_{unit}_failed": {6: failed},
        }
    )
    return dict(made)


def asks(counters: Counters, at: int = STEP_AT) -> str:
    """How the asks of the bank, hit at `at` s, show it: `hit` if they do not; orders fail in the end in any case."""
    late = in_windows(
        operation_core_place_failed={9: 20}, operation_core_place_done={n: 0 if n == 9 else 20 for n in range(10)},
        flow_order_failed={9: 20}, flow_order_ok={n: 0 if n == 9 else 20 for n in range(10)},
    )  # fmt: skip
    return found(counters | {k: v for k, v in healthy(**late).items() if "core.place" in k or "order" in k}, at=at)[
        "operation/bank.ask"
    ][1]


@pytest.mark.parametrize(("sojourn", "told"), [(59_999, "hit"), (60_000, "hit"), (60_001, "slow")])
def test_more_than_three_times_as_long_is_slow(sojourn: int, told: str) -> None:
    """Exactly three times is not."""
    assert asks(healthy(**slow(sojourn))) == told


@pytest.mark.parametrize(("ended", "told"), [(2, "hit"), (3, "slow"), (4, "slow")])
def test_three_must_have_ended_to_be_slow(ended: int, told: str) -> None:
    """Whether well or ill."""
    assert asks(healthy(**slow(1_000_000, ended))) == told
    assert asks(healthy(**slow(1_000_000, ended, failed=ended))) == told


def test_without_a_usual_time_nothing_is_slow() -> None:
    """An instance that did nothing before the step cannot be slower than before."""
    counters = healthy(**slow(1_000_000)) | {"unit/bank#1/sojourn_ns": in_windows(x={6: 9_000_000})["x"]}
    assert asks(counters) == "hit"


def test_of_two_symptoms_the_earlier_is_told() -> None:
    """It fails from 60 s and is slow from 70 s, or the other way round; at one instant the failures come first."""
    fails = asks_fail(20)
    later = {name: values[-10:] + values[:-10] for name, values in slow(1_000_000).items()}
    assert asks(healthy(**fails, **later)) == "fails"
    assert asks(healthy(**asks_fail(20, window=7), **slow(1_000_000))) == "slow"
    assert asks(healthy(**fails, **slow(1_000_000))) == "fails"


def test_a_symptom_counts_from_the_window_of_its_cause_on() -> None:
    """What began within the window that is looked at from is not before it."""
    fails = healthy(**asks_fail(20))
    assert [asks(fails, at) for at in (59, 60, 69, 70)] == ["fails", "fails", "fails", "hit"]


# --- full -----------------------------------------------------------------------------------------------------------------------

FULL = 38 * SECOND  # 0.95 of four slots for ten seconds


def busy(ns: int, *, queue: int = 1, refused: int = 0, **more: Sequence[int]) -> Counters:
    """The core's slots were in use so long, added up, in the window from 60 s; whoever looks fails from 70 s on."""
    made = in_windows(
        pool_threads_busy_ns={6: ns}, pool_threads_peak_queue={6: queue}, pool_threads_refused={6: refused},
        operation_core_look_failed={7: 20}, operation_core_look_done={n: 0 if n == 7 else 20 for n in range(10)},
        flow_quote_failed={7: 20}, flow_quote_ok={n: 0 if n == 7 else 20 for n in range(10)},
    )  # fmt: skip
    return healthy(**made | more)


def threads(counters: Counters) -> tuple[int, str] | None:
    """When (s) and how the pool shows on the way from places, which the step hit, to looks."""
    made = found(counters, "call/core.place/bank.ask#0")
    return made["pool/threads"][:2] if "pool/threads" in made else None


@pytest.mark.parametrize(("ns", "told"), [(FULL - 1, None), (FULL, (60, "pool_full")), (FULL + 1, (60, "pool_full"))])
def test_a_pool_is_full_from_95_percent_on(ns: int, told: tuple[int, str] | None) -> None:
    """To the nanosecond."""
    assert threads(busy(ns, **PLACES)) == told


def test_a_pool_is_full_only_while_others_wait_or_are_refused() -> None:
    """Busy alone is no trouble."""
    assert threads(busy(FULL, queue=0, **PLACES)) is None
    assert threads(busy(FULL, queue=0, refused=1, **PLACES)) == (60, "pool_full")
    assert threads(busy(0, queue=5, refused=5, **PLACES)) is None


def test_of_a_pool_that_changes_the_fewest_slots_and_the_longest_queue_count() -> None:
    """Within the window of ten seconds."""
    counters = busy(19 * SECOND, queue=0, **PLACES)
    counters["pool/threads/slots"] = [2 if s == 65 else 4 for s in range(SECONDS)]
    counters["pool/threads/peak_queue"] = [3 if s == 69 else 0 for s in range(SECONDS)]
    assert threads(counters) == (60, "pool_full")


# --- which way ------------------------------------------------------------------------------------------------------------------


def test_a_part_that_a_step_hit_is_told_as_hit_by_the_first_that_did() -> None:
    """Two steps on one service: the first in the file's order stands."""
    made = journal(SECONDS, (), healthy(**ORDERS, **PLACES))
    faults = [
        FaultEvidence(name="a", fault="slow", began_ns=50 * SECOND, targets=["unit/bank#0"]),
        FaultEvidence(name="b", fault="hang", began_ns=55 * SECOND, targets=["unit/bank#1"]),
    ]
    links = chain(made, INDEX, faults, spec(SECONDS, first=50))
    assert [getattr(link.symptom, "fault", None) for link in links] == ["slow", None, None, None]
    assert links[0].at == 50 * SECOND


def test_a_link_leads_to_the_calls_over_it() -> None:
    """A fault of the link between core and bank fails the core's calls."""
    made = found(healthy(**ORDERS, **PLACES), "link/core-bank")
    assert made["operation/core.place"] == (60, "fails", "link/core-bank", 1)
    assert made["flow/order"][2:] == ("operation/core.place", 2)


def test_the_links_on_the_way_to_some_flows() -> None:
    """Each once, in order of time; a flow without a chain adds nothing."""
    made = [CausalLink(t_ns=n, kind=kind, name=name, what="x", because=because) for n, (kind, name, because) in enumerate(WAYS)]
    assert [link.node for link in paths_to(made, ["order"])] == ["service/a", "operation/b", "flow/order"]
    assert [link.node for link in paths_to(made, ["order", "quote", "login"])] == [
        "service/a", "operation/b", "flow/order", "flow/quote"
    ]  # fmt: skip
    assert paths_to(made, ["login"]) == []


WAYS = [("service", "a", None), ("operation", "b", "service/a"), ("operation", "c", "service/a"), ("flow", "order", "operation/b"),
        ("flow", "quote", "operation/b")]  # fmt: skip
