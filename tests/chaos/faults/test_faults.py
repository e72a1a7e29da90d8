"""Every fault of the catalogue takes effect on the legacy core, as the journal measures it, and heals.

A fault holds from 9:31 to 9:31:40 unless it says otherwise; nobody responds, so that what heals is the fault.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from chaos.documents.scenario import Scenario, Step, step_model
from chaos.execution.target.executor import ScenarioExecutor
from chaos.faults import document
from chaos.faults.catalogue import faults_of, shipped_faults
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.base.units import MINUTE, MS, SECOND, format_clock, parse_clock
from simcore.compile.plan import compile_plan
from simcore.files.patch import command_line_layer
from simcore.journal.model import Journal
from simcore.library import load_pair
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex
from simcore.model.workload import Workload
from simcore.simulation import simulate

FAULTS = shipped_faults()
STEP = step_model(FAULTS)
BEGAN, ENDED = parse_clock("09:31"), parse_clock("09:31:40")
Measure = Callable[[Journal, int, int], float]
Method = Sequence[dict[str, Any] | Step]


def system(*assignments: str, load: float = 1.0) -> tuple[Architecture, Workload]:
    """The legacy core on a normal day without overnight orders, every rate times `load`, its runbooks taken away."""
    per_day = {
        "place-order": 120000,
        "margin-order": 6000,
        "login": 100000,
        "position-query": 160000,
        "quote": 200000,
        "transfer": 13000,
    }
    less = [f"flows.{flow}.per_day={n * load:.0f}" for flow, n in per_day.items()] + ["flows.overnight-order.backlog.count=1"]
    layers = [command_line_layer(["control.runbooks={}", *assignments])]
    return load_pair("legacy-coupled", "normal-day", edits=layers, workload_edits=[command_line_layer(less)])


PAIR = system()


def run(
    method: Method, start: str = "09:30", end: str = "09:32:40", *, pair: tuple[Architecture, Workload] = PAIR, also: Any = None
) -> Journal:
    """The journal of a run with the method done to it. `also(core, control)` may start processes of its own."""
    scenario = Scenario.model_construct(
        method=[s if isinstance(s, Step) else STEP.model_validate(s) for s in method], abort=[], rollbacks=[]
    )
    plan = compile_plan(*pair, seed=7, start=parse_clock(start), end=parse_clock(end))

    def script(core: Any, control: Any) -> None:
        ScenarioExecutor(scenario, core, control).begin()
        if also is not None:
            core.env.process(also(core, control))

    journal = simulate(plan, script=script)
    assert [law for law in journal.conservation if not law.ok] == []
    assert [e for e in journal.events if e.what == "fault_failed"] == []
    return journal


def step(name: str, at: str = "09:31", lasts: str = "40s", **words: Any) -> dict[str, Any]:
    return {"at": at, "for": lasts, name: words}


def took_effect(journal: Journal, spec: dict[str, Any] | Step, number: int = 0) -> bool:
    """What the fault says of itself, from the events that carry its evidence."""
    fault = (spec if isinstance(spec, Step) else STEP.model_validate(spec)).fault
    shown = {e.what: e for e in journal.events if e.detail.get("step") == number}
    ended = shown["fault_healed"].t_ns if "fault_healed" in shown else journal.meta.end_ns
    return fault.took_effect(journal, shown["fault_started"].t_ns, ended, int(shown["fault_exercised"].detail["grown"]))


# --- measures -----------------------------------------------------------------------------------------------------------


def span(journal: Journal, reading: str, begin: int, end: int) -> Any:
    """The series of `kind/name/field` over [begin, end)."""
    kind, rest = reading.split("/", 1)
    name, field = rest.rsplit("/", 1)
    inside = (journal.seconds >= begin) & (journal.seconds < end)
    return journal.series(kind, name, field)[inside]


def mean(reading: str) -> Measure:
    """By the second: the mean of a gauge, or how much a counter grows."""
    return lambda journal, begin, end: float(span(journal, reading, begin, end).mean())


def ratio(of: str, to: str) -> Measure:
    return lambda journal, begin, end: float(span(journal, of, begin, end).sum() / max(1, span(journal, to, begin, end).sum()))


def sojourn(instance: str) -> Measure:
    """Mean time a request spends at an instance, ns."""
    return ratio(f"unit/{instance}/sojourn_ns", f"unit/{instance}/done")


def placed(times: int) -> Measure:
    """Share of the orders submitted in the interval that the exchange has got at least so many times."""

    def share(journal: Journal, begin: int, end: int) -> float:
        of = journal.intents
        order = of["flow"] == journal.names["flow"].index("place-order")
        inside = order & (of["submit_ns"] >= begin) & (of["submit_ns"] < end) & (of["placed"] > 0)
        return float((of["placed"][inside] >= times).mean())

    return share


class Case(NamedTuple):
    """`measure` is more (`up`) or less by at least `by` times while the fault holds than before, and not so `settle` after it."""

    fault: str
    words: dict[str, Any]
    measure: Measure
    up: bool
    by: float = 2.0
    settle: int = 10 * SECOND


CASES = [
    Case("crash", {"service": "login", "replicas": [0]}, mean("unit/login#0/done"), up=False, by=20),
    Case("crash", {"service": "login", "fraction": 0.5}, ratio("unit/login#0/up", "unit/login#1/up"), up=False, by=20),
    Case("hang", {"service": "login", "replicas": [0]}, mean("unit/login#0/done"), up=False, by=20),
    Case("pause", {"service": "login", "replicas": [0]}, mean("unit/login#0/done"), up=False, by=20),
    Case("slow", {"service": "risk-check", "factor": 10}, sojourn("risk-check#0"), up=True, by=8),
    Case("grey-failure", {"service": "risk-check", "share": 0.25, "factor": 41}, sojourn("risk-check#0"), up=True, by=6),
    Case("errors", {"service": "risk-check", "share": 0.5},
         ratio("unit/risk-check#0/failed", "unit/risk-check#0/done"), up=True, by=20),
    Case("restart", {"service": "counter"}, mean("unit/counter#0/done"), up=False, by=20, settle=30 * SECOND),
    Case("replica-loss", {"service": "login", "replicas": [0], "noticed_after": "1s"},
         ratio("unit/login#0/done", "unit/login#1/done"), up=False),
    Case("capacity-loss", {"pool": "counter-connections", "left": 0.2},
         mean("pool/counter-connections/wait_ns"), up=True, settle=20 * SECOND),
    Case("pool-leak", {"pool": "counter-connections", "every": "2s"}, mean("pool/counter-connections/slots"), up=False, by=1.5),
    Case("memory-leak", {"service": "login", "replicas": [1], "every": "4s", "pause": "2s"},
         mean("unit/login#1/hung"), up=True, by=100),
    Case("link-latency", {"from": "login", "to": "counter", "add": "60ms"}, sojourn("login#0"), up=True),
    Case("link-latency", {"from": "login", "to": "counter", "factor": 200}, sojourn("login#0"), up=True),
    Case("link-latency", {"from": "login", "to": "counter", "jitter": "200ms"}, sojourn("login#0"), up=True),
    Case("link-loss", {"from": "counter", "to": "risk-check", "request": 0.3},
         mean("link/counter-risk-check/lost_request"), up=True, by=50),
    Case("link-loss", {"to": "risk-check", "answer": 0.3}, mean("link/counter-risk-check/lost_answer"), up=True, by=50),
    Case("duplication", {"to": "risk-check", "share": 1},
         ratio("unit/risk-check#0/done", "call/counter.place-order/risk-check.check#0/attempts"),
         up=True, by=1.9),
    Case("partition", {"from": "login", "to": "counter"},
         mean("operation/login.authenticate/done"), up=False, by=20, settle=30 * SECOND),
    Case("partition", {"to": "bank-a", "cut": "answer", "messages": "lost"}, mean("link/counter-bank-a/lost_answer"), up=True, by=20),
    Case("partition", {"to": "bank-a", "cut": "request", "messages": "lost"}, mean("link/counter-bank-a/lost_request"), up=True, by=20),
    Case("flow-control-shrink", {"limits": ["gateway-sse"], "left": 0.05},
         mean("pool/router-sse/busy"), up=True, by=10, settle=30 * SECOND),
    Case("flow-control-shrink", {"windows": ["window-sse"], "left": 0.1}, mean("pool/window-sse/waited"), up=True),
    Case("store-contention", {"service": "counter-db", "coefficient": 1}, sojourn("counter-db#0"), up=True),
    Case("store-write-stall", {"service": "counter-db", "factor": 8},
         ratio("pool/counter-connections/busy_ns", "pool/counter-connections/granted"),
         up=True, settle=20 * SECOND),
    Case("surge", {"flows": ["login", "position-query"], "factor": 3}, mean("flow/login/started"), up=True),
    Case("surge", {"flows": ["login"], "factor": 0.25}, mean("flow/login/started"), up=False),
    Case("burst", {"flow": "position-query", "count": 4000, "over": "40s"}, mean("flow/position-query/started"), up=True),
    Case("session-drop", {"share": 0.1, "over": "40s"}, mean("flow/login/started"), up=True),
    Case("bad-release", {"service": "risk-check", "slow": 10}, sojourn("risk-check#0"), up=True, by=8),
    Case("bad-release", {"service": "risk-check", "errors": 0.5}, mean("unit/risk-check#0/failed"), up=True, by=20),
    Case("bad-release", {"service": "counter-db", "contention": 1}, sojourn("counter-db#0"), up=True),
    Case("shared-fate-outage", {"group": "gateway-hosts"}, mean("unit/access-gateway#1/up"), up=False, by=20),
    Case("shared-fate-outage", {"site": "bank-a"}, mean("unit/bank-a#0/done"), up=False, by=20),
    Case("double-router-writes", {"share": 1}, placed(2), up=True, by=20),
    Case("slow-reports", {"delay": "1h"}, mean("operation/order-router.report/done"), up=False),
    Case("exchange-degradation", {"exchange": "sse", "slow": 50}, sojourn("sse#0"), up=True, by=10),
    Case("exchange-degradation", {"errors": 0.5}, mean("unit/szse#0/failed"), up=True, by=20),
    Case("exchange-degradation", {"reports_late": "1h"}, mean("operation/order-router.report/done"), up=False),
    Case("bank-out-of-hours", {"bank": "bank-a"}, mean("unit/bank-a#0/failed"), up=True, by=20),
    Case("bank-out-of-hours", {"bank": "bank-a", "answer": "refused"}, mean("unit/bank-a#0/done"), up=False, by=20),
    Case("bank-out-of-hours", {"bank": "bank-a", "answer": "silence"}, mean("unit/bank-a#0/done"), up=False, by=20),
    Case("counterparty-out-of-hours", {"counterparty": "bank", "answer": "refused"}, mean("unit/bank-a#0/done"), up=False, by=20),
    Case("counterparty-out-of-hours", {"counterparty": "exchange", "service": "sse"},
         ratio("unit/sse#0/failed", "unit/sse#0/done"), up=True, by=20),
    Case("wrong-calendar", {"holiday": True}, ratio("flow/place-order/ok", "flow/place-order/started"), up=False, by=20),
    Case("wrong-calendar", {"late_by": "30min"}, ratio("flow/place-order/rejected", "flow/place-order/started"), up=True, by=5),
    Case("wrong-calendar", {"late_by": "2min", "queues": True}, mean("pool/router-sse/queue"), up=True, by=20),
    Case("operator-error", {"stops": "login", "replica": 1}, mean("unit/login#1/done"), up=False, by=20),
    Case("operator-error", {"pool": "counter-connections"},
         mean("pool/counter-connections/wait_ns"), up=True, settle=30 * SECOND),
    Case("operator-error", {"limit": "gateway-sse"}, mean("limit/gateway-sse/deferred"), up=True, settle=30 * SECOND),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.fault}:{','.join(c.words)}")
def test_fault_takes_effect_and_heals(case: Case) -> None:
    """While it holds the measure is off by the factor the case states; some seconds later it is not; and the fault says so."""
    require_effect(case, STEP.model_validate(step(case.fault, **case.words)))


def require_effect(case: Case, spec: Step) -> None:
    journal = run([spec], end="09:33:10")
    intervals = (BEGAN - 50 * SECOND, BEGAN), (BEGAN + 3 * SECOND, ENDED), (ENDED + case.settle, journal.meta.end_ns)
    before, during, after = (case.measure(journal, *interval) for interval in intervals)
    sign = 1 if case.up else -1
    floor = 1e-3 if before == 0 or during == 0 or after == 0 else 0.0
    change, left = (sign * np.log((x + floor) / (before + floor)) for x in (during, after))
    assert change > np.log(case.by), (before, during, after)
    assert left < min(np.log(1.6), np.log(case.by) / 2 + np.log(1.2)), (before, during, after)
    assert took_effect(journal, spec)


def test_one_way_partition_cuts_one_way() -> None:
    """With answers cut the bank still gets and does its work; with requests cut it gets none."""
    answer, request = (run([step("partition", to="bank-a", cut=cut)]) for cut in ("answer", "request"))
    during = BEGAN + SECOND, ENDED
    assert span(answer, "link/counter-bank-a/lost_request", *during).sum() == 0
    assert span(answer, "unit/bank-a#0/done", *during).sum() > 0
    assert span(request, "link/counter-bank-a/lost_answer", *during).sum() == 0
    assert span(request, "unit/bank-a#0/done", *during).sum() == 0


def test_a_cut_does_what_the_transport_does_unless_it_says_so() -> None:
    """Over TCP what is sent is held, and done once the cut has ended; datagrams are lost; a reset is heard of at the end."""
    cut, asked = step("partition", to="bank-a", cut="request"), ("unit", "bank-a#0", "done")
    alone = run([]).total(*asked)
    datagrams = system("links[counter-bank-a].transport=datagram")
    held, lost, reset = (
        run([cut]),
        run([cut], pair=datagrams),
        run([step("partition", to="bank-a", cut="request", messages="reset")]),
    )
    come = [journal.total("link", "counter-bank-a", of) for journal in (held, reset) for of in ("held_request", "lost_request")]
    assert come[0] == come[2] > 5
    assert come[1] == come[3] == 0
    assert lost.total("link", "counter-bank-a", "held_request") == 0
    assert lost.total("link", "counter-bank-a", "lost_request") > 5
    assert alone - 3 <= held.total(*asked) <= alone + 3  # late, but all of it
    assert max(lost.total(*asked), reset.total(*asked)) <= alone - 5
    assert all(took_effect(journal, cut) for journal in (held, lost, reset))


def test_lost_replica_is_no_longer_asked() -> None:
    """A crashed instance in rotation goes on refusing its share of the calls; a lost one only until the health check notices."""
    failures = "call/access-gateway.login/login.authenticate#0/failures"
    crashed = run([step("crash", service="login", replicas=[0])])
    lost = run([step("replica-loss", service="login", replicas=[0], noticed_after="10s")])
    assert span(crashed, failures, BEGAN + 12 * SECOND, ENDED).sum() > 50
    assert span(lost, failures, BEGAN, BEGAN + 10 * SECOND).sum() > 20
    assert span(lost, failures, BEGAN + 12 * SECOND, ENDED).sum() == 0


def test_leak_and_pauses_grow() -> None:
    """A pool loses one slot after the other, down to its floor; each pause is longer than the one before."""
    leak, pauses = (
        step("pool-leak", pool="counter-connections", every="2s", floor=5),
        step("memory-leak", service="login", every="3s", pause="1s", growth=2),
    )
    journal = run([leak, pauses])
    slots = span(journal, "pool/counter-connections/slots", BEGAN, ENDED)
    assert (np.diff(slots) <= 0).all()
    assert (slots[0], slots[-2]) == (16, 5)
    hung = np.flatnonzero(np.diff(np.r_[0, span(journal, "unit/login#0/hung", BEGAN, ENDED), 0]))
    assert np.diff(hung)[::2].tolist()[:4] == [1, 2, 4, 8]


def test_leak_begins_anew_with_a_restart() -> None:
    """What a restarted service gave back is there again."""
    journal = run([step("pool-leak", pool="counter-connections", every="1s"), step("crash", "09:31:10", "5s", service="counter")])
    slots = span(journal, "pool/counter-connections/slots", BEGAN, ENDED)
    assert slots[9] < 10 < slots[12]
    assert slots[30] < slots[15]


def test_write_stall_leaves_reads_alone() -> None:
    """What writes takes eight times as long, what reads does not."""
    calm, stalled = run([]), run([step("store-write-stall", lasts="100s", service="counter-db", factor=8)])
    p50 = {
        name: (calm.quantile("operation", name, 0.5), stalled.quantile("operation", name, 0.5))
        for name in ("counter-db.record-cancel", "counter-db.read-positions")
    }
    assert p50["counter-db.record-cancel"][1] > 3 * p50["counter-db.record-cancel"][0]
    assert p50["counter-db.read-positions"][1] < 1.3 * p50["counter-db.read-positions"][0]


# --- releases, people, files -------------------------------------------------------------------------------------------------


def _act_at(clock: str, act: Callable[[Any, Any], Any]) -> Any:
    def process(core: Any, control: Any) -> Any:
        yield core.env.timeout(parse_clock(clock) - core.env.now)
        act(core, control)

    return process


def test_two_steps_do_not_share_their_jitter() -> None:
    """What a step draws goes by what it says: of two on one link each adds its own, and alone the same as beside the other."""
    one, other = (step("link-latency", to="bank-a", add=add, jitter="200ms") for add in ("1ms", "2ms"))

    def added(*method: dict[str, Any]) -> set[int]:
        found: set[int] = set()

        def look(core: Any, control: Any) -> None:
            knobs = core.inject._knobs.items()
            found.update(c.value for (name, _), knob in knobs if name == "latency_add_ns" for c in knob._contributions.values())

        run(list(method), also=_act_at("09:31:20", look))
        return found

    assert added(one, other) == added(other, one) == added(one) | added(other)
    first, second = sorted(added(one, other))
    assert second - first > 2 * MS  # 1 ms would be the same jitter


def test_bad_release_is_rolled_back() -> None:
    """Rolled back at 9:31:20 the release does no more harm, though the fault lasts."""
    spec = step("bad-release", lasts="90s", service="risk-check", errors=0.5)
    journal = run([spec], also=_act_at("09:31:20", lambda core, control: control.changes.roll_back("risk-check")))
    failed = "unit/risk-check#0/failed"
    assert span(journal, failed, BEGAN, BEGAN + 20 * SECOND).sum() > 20
    assert span(journal, failed, BEGAN + 21 * SECOND, journal.meta.end_ns).sum() == 0
    assert [e.what for e in journal.events if e.subject == "risk-check"] == ["change", "rolled_back"]


def test_rollback_may_spread_what_it_should_take_away() -> None:
    """One of two servers has the release; the first attempt to take it back gives it to both, the second ends it at both."""
    spec = step("bad-release", lasts="90s", service="login", replicas=[1], errors=1.0, rollback_spreads=1.0)

    def twice(core: Any, control: Any) -> Any:
        for seconds in (20, 20):
            yield core.env.timeout(max(BEGAN - core.env.now, 0) + seconds * SECOND)
            control.changes.roll_back("login")

    journal = run([spec], also=twice)
    thirds = [
        (BEGAN, BEGAN + 20 * SECOND),
        (BEGAN + 20 * SECOND, BEGAN + 40 * SECOND),
        (BEGAN + 41 * SECOND, journal.meta.end_ns),
    ]
    good, stale = ([int(span(journal, f"unit/login#{i}/failed", *third).sum()) for third in thirds] for i in (0, 1))
    assert [n > 20 for n in good] == [False, True, False]
    assert [n > 20 for n in stale] == [True, True, False]
    assert (good[0], good[2], stale[2]) == (0, 0, 0)
    assert [e.what for e in journal.events if e.subject == "login"] == ["change", "rollback_failed", "rolled_back"]


def test_burst_is_exact_and_leaves_the_others_alone() -> None:
    """So many intents more than without it, evenly within its time; those who come anyway come at the same instants."""
    plain, burst = run([]), run([step("burst", flow="place-order", count=500, over="10s")])
    more = span(burst, "flow/place-order/started", BEGAN, ENDED) - span(plain, "flow/place-order/started", BEGAN, ENDED)
    assert more.sum() == 500
    assert (more[:10] == 50).all()
    usual, all_of_them = (set(journal.intents["submit_ns"].tolist()) for journal in (plain, burst))
    assert usual < all_of_them


def test_two_bursts_of_one_flow_add_up() -> None:
    """A second burst neither ends nor repeats the first: its intents are other customers' and come besides."""
    one = step("burst", flow="place-order", count=300, over="30s")
    two = step("burst", at="09:31:10", flow="place-order", count=300, over="30s")
    plain, both = run([]), run([one, two])
    started = "flow/place-order/started"
    assert span(both, started, BEGAN, ENDED).sum() - span(plain, started, BEGAN, ENDED).sum() == 600


def test_rollback_that_fails_leaves_it_to_the_vendor() -> None:
    """A rollback that fails changes nothing and may be tried again; what the vendor is offered repairs it."""
    spec = step("bad-release", lasts="90s", service="risk-check", errors=0.5, rollback_fails=1.0)
    tried = []

    def both(core: Any, control: Any) -> Any:
        yield core.env.timeout(BEGAN + 20 * SECOND - core.env.now)
        tried.extend([control.changes.roll_back("risk-check"), control.changes.roll_back("risk-check")])
        yield core.env.timeout(20 * SECOND)
        tried.append(control.changes.repair("risk-check"))

    journal = run([spec], also=both)
    assert tried == [False, False, True]
    failed = "unit/risk-check#0/failed"
    assert span(journal, failed, BEGAN + 21 * SECOND, BEGAN + 40 * SECOND).sum() > 20
    assert span(journal, failed, BEGAN + 41 * SECOND, journal.meta.end_ns).sum() == 0
    assert [e.what for e in journal.events if e.subject == "risk-check"] == ["change", "rollback_failed", "rollback_failed"]


def test_a_further_attempt_finds_what_was_missing() -> None:
    """The n-th attempt to roll back fails with pⁿ: of ten, sooner or later one succeeds though the first often fails."""
    spec, tried = step("bad-release", lasts="90s", service="risk-check", errors=0.5, rollback_fails=0.9), []

    def attempts(core: Any, control: Any) -> Any:
        yield core.env.timeout(BEGAN + 20 * SECOND - core.env.now)
        while not tried or not tried[-1]:
            tried.append(control.changes.roll_back("risk-check"))
        assert not control.changes.roll_back("risk-check")

    run([spec], also=attempts)
    assert tried[-1]
    assert len(tried) <= 60


def test_a_release_slows_one_operation_and_not_the_others() -> None:
    """Position queries read eight times as long; what reads the customer does not."""
    spec = step("bad-release", lasts="100s", service="counter-db", operations={"read-positions": 8})
    calm, slowed = run([]), run([spec])
    p50 = {
        name: (calm.quantile("operation", name, 0.5), slowed.quantile("operation", name, 0.5))
        for name in ("counter-db.read-positions", "counter-db.read-customer")
    }
    assert p50["counter-db.read-positions"][1] > 3 * p50["counter-db.read-positions"][0]
    assert p50["counter-db.read-customer"][1] < 1.3 * p50["counter-db.read-customer"][0]


def test_what_reads_through_a_table_slows_with_its_rows() -> None:
    """Empty, the table does no harm; with the rows of some minutes the query is as slow as the factor says, and repaired it is not."""
    grows = {"of": ["flow/place-order/ok"], "rows": 2000}
    spec = step("bad-release", lasts="6min", service="counter-db", operations={"read-positions": 20}, grows=grows)
    repair = _act_at("09:35", lambda core, control: control.changes.roll_back("counter-db"))
    journal = run([spec], end="09:36", also=repair)
    share = ratio("operation/counter-db.read-positions/done", "pool/counter-connections/busy_ns")
    assert took_effect(journal, spec)
    times = [parse_clock(clock) for clock in ("09:31", "09:32", "09:33:30", "09:34:30", "09:35:05", "09:35:55")]
    first, late, repaired = (1 / share(journal, *pair) for pair in (times[:2], times[2:4], times[4:]))
    assert late > 1.5 * first
    assert repaired < 1.3 * first


def test_power_is_repaired_and_not_restarted() -> None:
    """Machines without power stay down until the feed is repaired, and then boot; repaired twice is repaired once."""
    spec, shown = step("shared-fate-outage", lasts="90s", group="core-power"), []

    def people(core: Any, control: Any) -> Any:
        yield core.env.timeout(BEGAN + 10 * SECOND - core.env.now)
        shown.append(dict(control.changes.held))
        shown.extend([control.changes.repair("core-power"), control.changes.repair("core-power"), dict(control.changes.held)])

    journal = run([spec], end="09:34", also=people)
    assert set(shown[0]) == {"counter#0", "risk-check#0", "counter-db#0", "order-router#0"}
    assert shown[1:] == [True, False, {}]
    assert span(journal, "unit/risk-check#0/up", BEGAN + 12 * SECOND, ENDED).min() == 1
    assert span(journal, "unit/counter-db#0/up", BEGAN + SECOND, BEGAN + 20 * SECOND).max() == 0


def test_who_is_not_online_does_not_come_back_at_once() -> None:
    """All sessions are lost at the open and at night: an open client logs in again by itself, the others when they want something."""
    counts = {}
    for clock in ("09:31", "21:00"):
        start = parse_clock(clock)
        spec = step("session-drop", clock, "1s", share=1, over="10s")
        journal = run([spec], format_clock(start - MINUTE), format_clock(start + MINUTE), pair=QUIET)
        counts[clock] = next(int(e.detail["count"]) for e in journal.events if e.what == "sessions_dropped")
        assert span(journal, "flow/login/started", start, start + 20 * SECOND).sum() == pytest.approx(counts[clock], rel=0.05)
    assert 20_000 < counts["09:31"] < 35_000
    assert 300 < counts["21:00"] < 2_000


DAY_START = [f"control.batches.day-start.{word}" for word in ("duration=15min", "failure=0", "rerun=15min")]
UNWATCHED = system(*(f"control.{who}={{}}" for who in ("monitors", "robots", "complaints", "checklists")), *DAY_START, load=0.02)
QUIET = system("control.failovers.counter.drift=0", "control.failovers.counter-db.drift=0", load=0.02)


def _failovers(name: str, *clocks: str) -> Any:
    def process(core: Any, control: Any) -> Any:
        for clock in clocks:
            yield core.env.timeout(parse_clock(clock) - core.env.now)
            control.failovers[name].begin()

    return process


def test_misconfigured_standby_shows_when_it_is_needed() -> None:
    """The failover fails for its configuration while the fault holds, and not for that reason afterwards."""
    spec = step("standby-misconfigured", "10:00", "60min", failover="counter", steps=["start"])
    journal = run([spec], "09:59", "12:30", pair=QUIET, also=_failovers("counter", "10:01", "11:30"))
    steps = [
        (e.t_ns < parse_clock("11:00"), e.detail["why"])
        for e in journal.events
        if e.what == "failover_step" and e.detail["step"] == "start"
    ]
    assert (True, "config") in steps
    assert any(not early for early, _ in steps)
    assert (False, "config") not in steps
    assert took_effect(journal, spec)


@pytest.mark.parametrize(("name", "word"), [("failover", "failover_done"), ("drill", "drill_done")])
def test_failover_and_drill_come_to_their_end(name: str, word: str) -> None:
    """A failover leaves the standby in the primary's place, a drill leaves the primary there."""
    pair = system(
        "control.failovers.counter.drift=0",
        *(f"control.failovers.counter.steps[{s}].failure=0" for s in ("start", "connect")),
        load=0.02,
    )
    spec = step(name, "10:00", "90min", failover="counter")
    journal = run([spec], "09:59", "11:31", pair=pair)
    assert any(e.what == word and e.subject == "counter" for e in journal.events)
    served = [int(span(journal, f"unit/counter#{i}/done", parse_clock("11:00"), parse_clock("11:30")).sum()) for i in (0, 1)]
    assert [n > 0 for n in served] == ([False, True] if name == "failover" else [True, False])
    assert took_effect(journal, spec)


@pytest.mark.parametrize(("words", "lag_s"), [({"lag": "60s"}, 65.0), ({"stuck": True}, 305.0)], ids=["lag", "stuck"])
def test_replication_lag_is_lost_with_the_primary(words: dict[str, Any], lag_s: float) -> None:
    """The primary dies five minutes into the lag: what is lost is as old as the lag and the architecture's own five seconds."""
    spec = step("replication-lag", "10:00", "120min", failover="counter-db", **words)
    crash = step("crash", "10:05", "2min", service="counter-db", restart="people")
    journal = run([spec, crash], "09:59", "12:30", pair=QUIET, also=_failovers("counter-db", "10:05"))
    lost = [e.detail["lag_ns"] for e in journal.events if e.what == "unreplicated_lost"]
    if "stuck" in words:
        lost = [
            lag - e.detail["down_ns"]
            for lag, e in zip(lost, (e for e in journal.events if e.what == "unreplicated_lost"), strict=True)
        ]
    assert lost == [pytest.approx(lag_s * SECOND, abs=2 * SECOND)]
    assert took_effect(journal, spec)


def test_silenced_alarm_is_raised_once_it_is_heard() -> None:
    """A host is down; its alarm comes only after the silence ends."""
    silence, crash = step("silenced-alarm", lasts="4min", alarms=["counter-host"]), step("crash", lasts="7min", service="counter")
    journal = run([silence, crash], end="09:38", pair=QUIET)
    raised = [e.t_ns for e in journal.events if e.what == "alarm" and e.subject == "counter-host"]
    assert raised
    assert min(raised) >= BEGAN + 4 * MINUTE
    assert took_effect(journal, silence)


@pytest.mark.parametrize(("to", "word"), [("network", "alarm_misrouted"), (None, "alarm_unrouted")])
def test_misrouted_alarm_reaches_its_team_when_healed(to: str | None, word: str) -> None:
    """It goes to the wrong team, or to nobody; the next one, after the fault, goes to its own."""
    spec = step("misrouted-alarm", lasts="4min", alarms=["counter-host"], **({"to": to} if to else {}))
    journal = run(
        [spec, step("crash", lasts="3min", service="counter"), step("crash", "09:36", "3min", service="counter")],
        end="09:40",
        pair=QUIET,
    )
    at = {what: [e.t_ns for e in journal.events if e.what == what and e.subject == "counter-host"] for what in ("alarm", word)}
    assert [t < BEGAN + 4 * MINUTE for t in at["alarm"]] == [True, False]
    assert at[word] == at["alarm"][:1]
    assert took_effect(journal, spec)


@pytest.mark.parametrize("state", ["late", "corrupt", "missing"])
def test_bad_file_holds_up_what_needs_it(state: str) -> None:
    """The settlement batch waits for the file that is not there, or settles on what passed its check; the next file is well."""
    spec = step(
        "bad-file", "15:40", "1min", file="clearing-results", state=state, **({"late_by": "90min"} if state == "late" else {})
    )
    journal = run([spec], "15:39", "d2 19:30", pair=UNWATCHED)
    word = {"late": "file_late", "missing": "file_missing"}.get(state)
    bad = [
        e.t_ns
        for e in journal.events
        if e.subject == "clearing-results" and (e.what == word if word else e.what.startswith(("file_corrupt", "file_bad")))
    ]
    came = [e.detail["late_ns"] for e in journal.events if e.what == "file_arrived" and e.subject == "clearing-results"]
    assert [t < parse_clock("d2 09:00") for t in bad] == [True]
    assert came[0] > 5 * MINUTE > came[1]
    assert took_effect(journal, spec)


@pytest.mark.parametrize("words", [{"delay": "80min"}, {"slowdown": 8}, {"failures": 3}], ids=lambda w: next(iter(w)))
def test_batch_runs_over_into_the_open(words: dict[str, Any]) -> None:
    """Day-start initialisation is not done at 9:15: the gate is shut and orders wait; the day after it is in time."""
    spec = step("batch-overrun", "07:59", "2h", batch="day-start", **words)
    journal = run([spec], "07:58", "d2 09:20", pair=UNWATCHED)
    assert [e.t_ns < parse_clock("12:00") for e in journal.events if e.what == "batch_overrun"] == [True]
    opened = [e.t_ns for e in journal.events if e.what == "gate" and e.subject == "exchange" and e.detail["open"]]
    assert opened[0] > parse_clock("09:16")
    assert parse_clock("d2 09:15") in opened
    assert took_effect(journal, spec)


# --- mistakes -------------------------------------------------------------------------------------------------------------

NOBODY: dict[str, dict[str, Any]] = {
    "bad-file": {"file": "nobody", "state": "late"},
    "bad-release": {"service": "nobody", "slow": 2},
    "bank-out-of-hours": {"bank": "nobody"},
    "batch-overrun": {"batch": "nobody", "delay": "1min"},
    "capacity-loss": {"pool": "nobody", "left": 0.5},
    "counterparty-out-of-hours": {"counterparty": "bank", "service": "nobody"},
    "crash": {"service": "nobody"},
    "double-router-writes": {"share": 0.5, "exchange": "nobody"},
    "duplication": {"to": "nobody", "share": 0.5},
    "drill": {"failover": "nobody"},
    "errors": {"group": "nobody", "share": 0.5},
    "exchange-degradation": {"exchange": "nobody", "slow": 2},
    "failover": {"failover": "nobody"},
    "flow-control-shrink": {"limits": ["nobody"], "left": 0.5},
    "grey-failure": {"site": "nobody", "share": 0.5, "factor": 2},
    "hang": {"service": "nobody"},
    "link-latency": {"from": "nobody", "add": "1s"},
    "link-loss": {"to": "nobody", "answer": 0.5},
    "memory-leak": {"service": "nobody", "every": "1s", "pause": "1s"},
    "misrouted-alarm": {"alarms": ["counter-host"], "to": "nobody"},
    "operator-error": {"stops": "nobody"},
    "partition": {"from": "nobody", "to": "counter"},
    "pause": {"service": "nobody"},
    "pool-leak": {"pool": "nobody", "every": "1s"},
    "replica-loss": {"service": "nobody"},
    "replication-lag": {"failover": "nobody", "lag": "1s"},
    "restart": {"service": "nobody"},
    "shared-fate-outage": {"group": "nobody"},
    "silenced-alarm": {"alarms": ["nobody"]},
    "slow": {"service": "nobody", "factor": 2},
    "slow-reports": {"delay": "1s", "exchange": "nobody"},
    "standby-misconfigured": {"failover": "counter", "steps": ["nobody"]},
    "store-contention": {"service": "nobody", "coefficient": 1},
    "store-write-stall": {"service": "counter-db", "operations": ["nobody"], "factor": 2},
    "surge": {"flows": ["nobody"], "factor": 2},
    "burst": {"flow": "nobody", "count": 1},
}
NAMELESS = {"session-drop": {"share": 0.5}, "wrong-calendar": {"holiday": True}}  # they choose nothing by name


def test_every_fault_is_tried() -> None:
    """No fault of the catalogue is without a case here."""
    assert {*NOBODY, *NAMELESS} == set(FAULTS)


@pytest.mark.parametrize("name", NOBODY)
def test_unknown_name_is_one_clear_error(name: str) -> None:
    """A name that is not defined is shown, in one line, before anything runs."""
    with pytest.raises(InputError) as caught:
        FAULTS[name].model_validate(NOBODY[name]).targets(System(ArchitectureIndex(PAIR[0]), PAIR[1]))
    assert "nobody" in caught.value.message
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("link-latency", {"to": "counter"}, "at least one of factor, add, jitter"),
        ("link-loss", {"to": "counter"}, "at least one of request, answer"),
        ("flow-control-shrink", {"left": 0.5}, "at least one of limits, windows"),
        ("bad-release", {"service": "counter"}, "at least one of slow, operations, functions, errors, contention"),
        ("bad-release", {"group": "core-host", "slow": 2}, "a release is of software"),
        ("shared-fate-outage", {"service": "counter"}, "write crash"),
        ("replication-lag", {"failover": "counter-db"}, "give lag, or stuck"),
        ("wrong-calendar", {}, "either holiday: true or late_by"),
        ("exchange-degradation", {}, "at least one of slow, errors, reports_late"),
        ("bad-file", {"file": "sse-trades", "state": "corrupt", "late_by": "1h"}, "late_by goes with state: late"),
        ("batch-overrun", {"batch": "day-start"}, "at least one of delay, slowdown, failures"),
        ("operator-error", {}, "exactly one of stops, pool, limit"),
    ],
)
def test_a_fault_that_does_nothing_is_refused(name: str, words: dict[str, Any], says: str) -> None:
    """Words that leave a fault without any effect, or contradict each other, are a mistake."""
    with pytest.raises(ValueError, match=says):
        FAULTS[name].model_validate(words)


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("surge", {"flows": ["cancel-order"], "factor": 2}, "has no rate"),
        ("surge", {"flows": ["overnight-order"], "factor": 2}, "has no rate"),
        ("batch-overrun", {"batch": "clearing", "delay": "1h"}, "holds no gate"),
        ("operator-error", {"stops": "login", "replica": 2}, "no replica 2"),
        ("capacity-loss", {"pool": "app-threads", "replica": 4, "left": 0.5}, r"no replica 4; it has 0 to 3"),
        ("capacity-loss", {"pool": "counter-threads", "replica": 0, "left": 0.5}, "shared by all"),
        ("store-write-stall", {"service": "risk-check", "factor": 2}, "has an effect"),
    ],
)
def test_a_target_that_cannot_suffer_is_refused(name: str, words: dict[str, Any], says: str) -> None:
    """A name that exists but cannot be hit that way is an error too."""
    with pytest.raises(InputError, match=says):
        FAULTS[name].model_validate(words).targets(System(ArchitectureIndex(PAIR[0]), PAIR[1]))


def test_nothing_exercised_is_not_an_effect() -> None:
    """A fault on what nobody uses at night took no effect; nor did an alarm silenced while nothing was wrong."""
    specs = [
        step("partition", "02:00", "1min", to="fund-b"),
        step("silenced-alarm", "02:00", "1min", alarms=["counter-host"]),
        step("replication-lag", "02:00", "1min", failover="counter-db", lag="1min"),
    ]
    journal = run(specs, "01:59", "02:02", pair=QUIET)
    assert [took_effect(journal, spec, n) for n, spec in enumerate(specs)] == [False, False, False]


# --- the pages ------------------------------------------------------------------------------------------------------------


def test_page_of_faults_is_current(root: Path) -> None:
    """docs/faults.md is what the catalogue says: python -m chaos.faults.document > docs/faults.md."""
    assert (root / "docs/faults.md").read_text(encoding="utf-8") == document.page()


def test_every_fault_has_a_heading_on_the_page() -> None:
    """No layer is misspelt, which would leave its faults out of the overview."""
    overview = document.page().split("\n## ")[0]
    assert [name for name in {*NOBODY, *NAMELESS} if f"| [{name}](#{name}) |" not in overview] == []


def test_page_on_writing_a_fault_holds(root: Path, tmp_path: Path) -> None:
    """The fault that docs/writing-a-fault.md builds takes effect and heals, by the case that the page shows."""
    page = (root / "docs/writing-a-fault.md").read_text(encoding="utf-8")
    fault, row = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "expired_certificate.py").write_text(fault, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("expired_certificate", tmp_path / "expired_certificate.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["expired_certificate"] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        found: dict[str, Any] = {}
        exec(f"case = ({row.strip().rstrip(',')})", globals(), found)
        case = found["case"]
        require_effect(case, step_model(faults_of([module])).model_validate(step(case.fault, **case.words)))
    finally:
        del sys.modules["expired_certificate"]
