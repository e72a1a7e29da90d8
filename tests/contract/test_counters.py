"""Known answers for every counter that the table of docs/journal.md defines: systems of a few calls, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from simcore.base.units import MS, SECOND
from simcore.compile.plan import compile_plan
from simcore.journal.model import Journal
from simcore.library import load_pair
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex
from simcore.model.workload import Workload
from simcore.simulation import Action, simulate

SITE, UNIT, ASK = "call/core.place/ask", "unit/bank#0", "operation/bank.ask"
CORE = "services: {core: {operations: {place: {steps: [{call: bank.ask, name: ask%s}]}}}, bank: {%soperations: {ask: {steps: [%s]}}}}"
FLOW = "flows: {order: {steps: [{call: core.place, name: order%s}]}}"


def counted(
    text: str,
    *,
    intents: int = 4,
    apart_ms: int = 1000,
    until_ms: int = 60_000,
    do: tuple[tuple[int, str, dict[str, Any]], ...] = (),
) -> Journal:
    """A run with so many intents of each flow, one every so often from 0 on; `do` are knobs at times, ms."""
    architecture = Architecture.model_validate({"kind": "architecture", "name": "tiny"} | yaml.safe_load(text))
    load = {"rate": "0/s", "backlog": {"count": intents, "over": f"{intents * apart_ms}ms"}}
    workload = Workload.model_validate({"kind": "workload", "name": "tiny", "flows": dict.fromkeys(architecture.flows, load)})
    plan = compile_plan(architecture, workload, seed=1, start=0, end=until_ms * MS)
    return simulate(plan, [Action(at * MS, what, arguments) for at, what, arguments in do])


def values(journal: Journal, thing: str, *fields: str) -> tuple[int, ...]:
    """Totals of `kind/name`."""
    kind, name = thing.split("/", 1)
    return tuple(journal.total(kind, name, field) for field in fields)


CALL = ("attempts", "withheld", "failures", "timeouts", "retries", "breaker_open", "fallbacks")
FLOWS = ("started", "ok", "rejected", "failed", "unknown", "blocked")
OK, ERROR, REJECT, SLOW = "{work: 10ms}", "{fail: error}", "{fail: rejected}", "{work: 500ms}"


def system(steps: str, call: str = "", *, bank: str = "", more: str = "", patience: str = "") -> str:
    """An order asks the core, which asks the bank."""
    return "\n".join([CORE % (call and f", {call}", bank and f"{bank}, ", steps), FLOW % (patience and f", {patience}"), more])


@pytest.mark.parametrize(
    ("text", "call", "unit", "flow"),
    [
        (system(OK), (4, 0, 0, 0, 0, 0, 0), (4, 0), (4, 4, 0, 0, 0, 0)),
        # a business reject is no failure: it is done, it is not tried again, and no fallback is asked
        (system(REJECT, "retry: {attempts: 3}, fallback: []"), (4, 0, 0, 0, 0, 0, 0), (4, 0), (4, 0, 4, 0, 0, 0)),
        (system(ERROR), (4, 0, 4, 0, 0, 0, 0), (0, 4), (4, 0, 0, 4, 0, 0)),
        # three attempts each: every one fails, two of them are retries
        (system(ERROR, "retry: {attempts: 3}"), (12, 0, 12, 0, 8, 0, 0), (0, 12), (4, 0, 0, 4, 0, 0)),
        (system(ERROR, "retry: {attempts: 3}, fallback: []"), (12, 0, 12, 0, 8, 0, 4), (0, 12), (4, 4, 0, 0, 0, 0)),
        (system(ERROR, "on_failure: ignore"), (4, 0, 4, 0, 0, 0, 0), (0, 4), (4, 4, 0, 0, 0, 0)),
        # nobody waits for the late answers, yet the bank has done its work
        (system(SLOW, "timeout: 100ms, retry: {attempts: 2}"), (8, 0, 8, 8, 4, 0, 0), (8, 0), (4, 0, 0, 4, 0, 0)),
        # one retry is in the budget, and none is earned
        (system(ERROR, "retry: {attempts: 9, budget: {ratio: 0, burst: 1}}"), (5, 0, 5, 0, 1, 0, 0), (0, 5), (4, 0, 0, 4, 0, 0)),
        # what is not on the list is not tried again
        (system(ERROR, "retry: {attempts: 3, 'on': [timeout]}"), (4, 0, 4, 0, 0, 0, 0), (0, 4), (4, 0, 0, 4, 0, 0)),
        # a customer who gives up knows nothing for sure; the core and the bank go on
        (system("{effect: record}, {work: 500ms}", patience="timeout: 100ms"), (4, 0, 0, 0, 0, 0, 0), (4, 0), (4, 0, 0, 0, 4, 0)),
        (system(ERROR, patience="on_failure: block"), (4, 0, 4, 0, 0, 0, 0), (0, 4), (4, 0, 0, 0, 0, 4)),
    ],
)
def test_calls_done_and_failed(text: str, call: tuple[int, ...], unit: tuple[int, ...], flow: tuple[int, ...]) -> None:
    """Four orders, a second apart: attempts, withheld, failures, timeouts, retries, openings, fallbacks; done and failed; how they
    ended for customers."""
    journal = counted(text)
    assert values(journal, SITE, *CALL) == call
    assert values(journal, UNIT, "done", "failed") == values(journal, ASK, "done", "failed") == unit
    assert values(journal, "flow/order", *FLOWS) == flow


def breaker(open_for: str, steps: str = ERROR) -> str:
    """Two failures of two open it."""
    return system(steps, f"breaker: {{window: 2, min_calls: 2, failure_rate: 1, open_for: {open_for}}}")


def test_what_an_open_breaker_turns_away_is_withheld_and_fails() -> None:
    """Six orders: the first two fail and open it, the rest are not sent. It has opened once, and the bank saw two."""
    journal = counted(breaker("1min"), intents=6)
    assert values(journal, SITE, *CALL) == (2, 4, 6, 0, 0, 1, 0)
    assert values(journal, UNIT, "done", "failed") == (0, 2)


def test_a_breaker_that_opens_again_has_opened_twice() -> None:
    """Open at 1 s for 1.5 s: the order at 2 s is turned away, the one at 3 s is a probe, fails and opens it again; 4 s is turned away,
    5 s is the next probe."""
    journal = counted(breaker("1500ms"), intents=6)
    assert values(journal, SITE, *CALL) == (4, 2, 6, 0, 0, 3, 0)


def test_rejects_do_not_open_a_breaker() -> None:
    """They are answers."""
    assert values(counted(breaker("1min", REJECT)), SITE, *CALL) == (4, 0, 0, 0, 0, 0, 0)


def test_each_calling_instance_has_its_breaker() -> None:
    """Two cores take orders in turn: each has seen two failures after four orders and opens; the fifth and sixth are turned away."""
    two = breaker("1min").replace("core: {", "core: {replicas: 2, ")
    assert values(counted(two, intents=6), SITE, *CALL) == (4, 2, 6, 0, 0, 2, 0)


def test_a_full_bulkhead_withholds() -> None:
    """Three at once, one slot, no queue: one is sent, two are not."""
    text = system(SLOW, "bulkhead: lane", more="pools: {lane: {slots: 1, queue: 0}}").replace("core: {", "core: {pools: [lane], ")
    text = text.replace("pools: [lane], operations", "operations")
    journal = counted(text, intents=3, apart_ms=0)
    assert values(journal, SITE, *CALL) == (1, 2, 2, 0, 0, 0, 0)
    assert values(journal, "pool/lane", "granted", "refused", "waited") == (1, 2, 0)


def test_who_waits_too_long_for_a_connection_is_withheld_and_timed_out() -> None:
    """One connection. An order at 0 holds it for 500 ms; those at 100 and 200 ms may wait 300 ms, and are never sent."""
    text = system(SLOW, "timeout: 300ms, connection: line", more="pools: {line: {slots: 1}}")
    text = text.replace("flows: {", "flows: {long: {steps: [{call: core.slowly, name: long}]}, ")
    slowly = "{call: bank.ask, name: patient, connection: line}"
    text = text.replace("core: {operations: {", f"core: {{operations: {{slowly: {{steps: [{slowly}]}}, ")
    journal = counted(text.replace("{call: core.place, name: order}", "{wait: 50ms}, {call: core.place, name: order}"), intents=1)
    assert values(journal, "call/core.slowly/patient", *CALL) == (1, 0, 0, 0, 0, 0, 0)
    assert values(journal, SITE, *CALL) == (0, 1, 1, 1, 0, 0, 0)
    assert values(journal, "pool/line", "granted", "refused", "waited") == (1, 0, 1)


def test_a_pool_turns_away_and_its_unit_fails() -> None:
    """Three at once at a bank with one slot and room for one: one at work, one waits, one is refused: a task that failed."""
    text = system(SLOW, bank="pools: [desk]", more="pools: {desk: {slots: 1, queue: 1}}")
    journal = counted(text, intents=3, apart_ms=0)
    assert values(journal, "pool/desk", "granted", "refused", "waited") == (2, 1, 1)
    assert values(journal, UNIT, "done", "failed") == (2, 1)
    assert values(journal, SITE, *CALL) == (3, 0, 1, 0, 0, 0, 0)
    assert values(journal, "flow/order", *FLOWS) == (3, 2, 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("excess", "limit", "unit"),
    [("refuse", (1, 0, 2), (1, 2)), ("defer", (3, 2, 0), (3, 0)), ("defer, max_wait: 1s", (2, 1, 1), (2, 1))],
)
def test_a_limit_passes_defers_and_refuses(excess: str, limit: tuple[int, ...], unit: tuple[int, ...]) -> None:
    """Three at once at one a second: what had to wait has passed too."""
    text = system("{rate_limit: gate}", more=f"limits: {{gate: {{rate: 1/s, excess: {excess}}}}}")
    journal = counted(text, intents=3, apart_ms=0)
    assert values(journal, "limit/gate", "passed", "deferred", "refused") == limit
    assert values(journal, UNIT, "done", "failed") == unit


def test_what_is_down_counts_nothing() -> None:
    """Refused by a bank that is down: sent, and failed at the caller; the bank had no task. So with one out of rotation."""
    for knob in ("crash", "rotate_out"):
        journal = counted(system(OK), do=((0, knob, {"service": "bank"}),))
        assert values(journal, SITE, *CALL) == (4, 0, 4, 0, 0, 0, 0)
        assert values(journal, UNIT, "done", "failed") == (0, 0)


def test_what_dies_with_its_unit_has_failed_there() -> None:
    """A bank that crashes while two are at work: two failed tasks, two resets for the core, and nobody knows."""
    text = system("{effect: record}, {work: 10s}")
    journal = counted(text, intents=2, do=((5000, "crash", {"service": "bank"}),))
    assert values(journal, UNIT, "done", "failed") == (0, 2)
    assert values(journal, SITE, *CALL) == (2, 0, 2, 0, 0, 0, 0)
    assert values(journal, "flow/order", *FLOWS) == (2, 0, 0, 0, 2, 0)


def test_an_attempt_whose_caller_dies_has_not_failed() -> None:
    """Sent, and nobody is there to see the answer: the bank is done, the core's task has failed."""
    journal = counted(system("{work: 10s}"), intents=1, do=((5000, "crash", {"service": "core"}),))
    assert values(journal, SITE, *CALL) == (1, 0, 0, 0, 0, 0, 0)
    assert values(journal, UNIT, "done", "failed") == (1, 0)
    assert values(journal, "unit/core#0", "done", "failed") == (0, 1)


def test_a_retry_counts_from_when_it_is_decided_on() -> None:
    """The run ends during the backoff: one attempt, and one retry that was decided on."""
    journal = counted(system(ERROR, "retry: {attempts: 2, backoff: 10s}"), intents=1, until_ms=5000)
    assert values(journal, SITE, *CALL) == (1, 0, 1, 0, 1, 0, 0)


def test_a_retry_may_be_withheld() -> None:
    """A policy that tries again what the breaker turns away: one sent, which opens it; two retries that are not."""
    text = system(
        ERROR,
        "retry: {attempts: 3, 'on': [error, breaker_open]}, breaker: {window: 1, min_calls: 1, failure_rate: 1, open_for: 1min}",
    )
    assert values(counted(text, intents=1), SITE, *CALL) == (1, 2, 3, 0, 2, 1, 0)


@pytest.mark.parametrize(
    ("link", "sent", "unit", "call"),
    [
        ("loss: {request: 1}", (4, 4, 0), (0, 0), (4, 0, 4, 4, 0, 0, 0)),
        ("loss: {answer: 1}", (4, 0, 4), (4, 0), (4, 0, 4, 4, 0, 0, 0)),
        ("duplication: 1", (8, 0, 0), (8, 0), (4, 0, 0, 0, 0, 0, 0)),
    ],
)
def test_a_link_counts_what_it_carries(link: str, sent: tuple[int, ...], unit: tuple[int, ...], call: tuple[int, ...]) -> None:
    """Sent requests, lost ones and copies among them; lost answers. An attempt is one however often it comes."""
    text = system(OK, "timeout: 100ms", more=f"links: [{{from: core, to: bank, latency: 1ms, {link}}}]")
    journal = counted(text)
    assert values(journal, "link/core-bank", "sent", "lost_request", "lost_answer") == sent
    assert values(journal, UNIT, "done", "failed") == unit
    assert values(journal, SITE, *CALL) == call


def test_a_message_is_one_attempt_however_often_it_comes() -> None:
    """A durable message to a bank that fails it is delivered again each second: one attempt, a failed task each time."""
    text = system(ERROR).replace("{call: bank.ask, name: ask}", "{send: bank.ask, name: ask, durable: true}")
    journal = counted(text, intents=1, until_ms=3500)
    assert values(journal, SITE, "attempts") == (1,)
    assert values(journal, UNIT, "done", "failed") == (0, 4)
    assert "failures" not in journal.totals["call"]["core.place/ask"]


def test_what_is_still_there_at_the_end_is_neither_done_nor_failed() -> None:
    """Four asked, two of them a minute long: pending for the customer, open for the site, live at the bank."""
    journal = counted(system("{work: 1min}"), until_ms=10_000)
    assert values(journal, SITE, *CALL) == (4, 0, 0, 0, 0, 0, 0)
    assert values(journal, UNIT, "done", "failed", "live") == (0, 0, 4)
    assert values(journal, "flow/order", *FLOWS, "pending") == (4, 0, 0, 0, 0, 0, 4)


@pytest.mark.parametrize(("steps", "minutes"), [(ERROR, [2.0]), (OK, []), ("{work: 1ms}, {fail: rejected}", [])])
def test_an_alarm_on_failed_to_done_sounds_when_everything_fails(steps: str, minutes: list[float]) -> None:
    """One order a second; samples each minute: nothing is done, and sixty have failed. Rejects are done."""
    rule = (
        "{metric: {ratio: {of: [operation/bank.ask/failed], to: [operation/bank.ask/done]}}, above: 0.5, every: 1min, phase: 1min"
    )
    text = system(steps, more=f"control: {{monitors: {{m: {rule}, breaches: 1, min_count: 60}}}}}}")
    journal = counted(text, intents=150, until_ms=200_000)
    assert [e.t_ns / (60 * SECOND) for e in journal.events if e.what == "alarm"] == minutes


# --- the legacy core -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def legacy() -> tuple[Journal, ArchitectureIndex]:
    """Four minutes about the open in which the largest bank hangs for the last two."""
    architecture, workload = load_pair("legacy-coupled", "normal-day")
    start = (9 * 60 + 28) * 60 * SECOND
    plan = compile_plan(architecture, workload, seed=1, start=start, end=start + 240 * SECOND)
    hang = Action(start + 120 * SECOND, "hang", {"service": "bank-a"})
    return simulate(plan, [hang]), ArchitectureIndex(architecture)


def test_the_legacy_cores_counters_add_up(legacy: tuple[Journal, ArchitectureIndex]) -> None:
    """Whoever began has ended or is there; what a service ended its operations did; and of a site's attempts no more fail than there are."""
    journal, index = legacy
    totals = journal.totals
    for flow in totals["flow"].values():
        assert flow["started"] == sum(flow[field] for field in FLOWS[1:]) + flow["pending"]
    for service in index.architecture.services:
        units = [unit for name, unit in totals["unit"].items() if name.partition("#")[0] == service]
        operations = [operation for name, operation in totals["operation"].items() if name.partition(".")[0] == service]
        for field in ("done", "failed"):
            assert sum(unit[field] for unit in units) == sum(operation[field] for operation in operations)
    calls = [call for call in totals["call"].values() if "failures" in call]
    assert calls
    for call in calls:
        assert call["timeouts"] <= call["failures"] <= call["attempts"] + call["withheld"]
        assert call["retries"] <= call["failures"]
        assert call["breaker_open"] <= call["failures"]
    assert sum(call["timeouts"] for call in calls) > 0


def test_the_legacy_cores_calls_arrive(legacy: tuple[Journal, ArchitectureIndex]) -> None:
    """Nothing is down and no link loses anything: a service's tasks are those it was sent and has ended or still has, but for what is on
    its way when the run ends, and messages that come again."""
    journal, index = legacy
    for service in ("counter", "bank-a", "bank-b", "fund-a", "login"):
        sent = sum(journal.total("call", site.name, "attempts") for site in index.call_sites.values() if site.callee == service)
        units = [unit for name, unit in journal.totals["unit"].items() if name.partition("#")[0] == service]
        there = sum(unit["done"] + unit["failed"] + unit["live"] for unit in units)
        assert 0 <= sent - there <= 20, service


def test_the_legacy_cores_rejects_are_no_failures(legacy: tuple[Journal, ArchitectureIndex]) -> None:
    """Before the bank hangs customers' orders are refused by rules, and no call of the path from the client to the counter fails for it."""
    journal, _ = legacy
    before = journal.seconds < journal.seconds[0] + 120 * SECOND
    assert journal.series("flow", "place-order", "rejected")[before].sum() > 0
    failing = {c.name for c in journal.columns if c[0] == "call" and c[2] == "failures" and journal.series(*c[:3])[before].any()}
    assert failing == set()
