"""One run: a plan and what is done to it in, a journal out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import simpy

from simcore.base.errors import InputError
from simcore.base.units import DAY, MINUTE
from simcore.compile.arena import Ints
from simcore.compile.plan import Plan
from simcore.control.chance import uniforms
from simcore.control.cosimulation import Cosimulation, breaker_events
from simcore.control.plane import ControlPlane, start_control
from simcore.intents import intent_columns
from simcore.journal.model import Columns, Journal
from simcore.journal.writer import JournalWriter
from simcore.kernel import jit
from simcore.kernel import layout as y
from simcore.kernel.ledger import arena, orders
from simcore.kernel.ledger.conservation import conservation
from simcore.kernel.machine import Machine
from simcore.kernel.memory import Memory as Memory  # for those who may not import the kernel
from simcore.kernel.records import JOURNAL_RECORDS
from simcore.laws import kernel_laws
from simcore.model.trading_calendar import TradingCalendar, calendar_named
from simcore.model.workload import MARKET

# Room for intents and their effects, four times what is expected but no more than this. What is not written yet takes no memory,
# and an arena that grows is copied.
_INITIAL_CAPACITY = 1 << 22
_TOTALS = {kind: record.totals() for kind, record in JOURNAL_RECORDS.items()}

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Action:
    """A knob turned during a run, at the instant `at`, ns since midnight of the first day.

    `do` is the name of a method of simcore.control.injection.Injection (`crash`, `slow`, `pool_slots`, …), `arguments` are its keyword
    arguments.
    """

    at: int
    do: str
    arguments: Mapping[str, object] = field(default_factory=dict)


def simulate(
    plan: Plan,
    injections: Sequence[Action] = (),
    *,
    script: Callable[[Cosimulation, ControlPlane], None] | None = None,
    progress: Progress | None = None,
    step_ns: int | None = None,
    memory: Memory | None = None,
) -> Journal:
    """Runs a plan from its start to its end and returns the journal.

    `injections` act at their times, those of one instant in the order given. `script` may start SimPy processes of its own on the
    cosimulation before the run begins. `progress` is called with the simulated time, ns, from time to time. `step_ns` cuts the run
    into pieces of that length, which changes nothing in the journal. `memory` is where the run takes its arenas from and gives them
    back to: who makes several runs in a process hands it to each, for fresh pages cost more than cleared ones.

    Raises InputError for a knob, name or value that does not exist.

    >>> from simcore.base.units import SECOND
    >>> from simcore.compile.plan import compile_plan
    >>> from simcore.library import load_pair
    >>> plan = compile_plan(*load_pair("textbook/mm1", "textbook/open-800"), seed=1, end=10 * SECOND)
    >>> journal = simulate(plan, [Action(5 * SECOND, "crash", {"service": "station", "replica": 0})])
    >>> journal.totals["flow"]["request"]["failed"] > 3000, journal.totals["unit"]["station#0"]["up"]
    (True, 0)
    """
    writer = JournalWriter()
    machine = _machine(plan, writer, Memory() if memory is None else memory)
    writer.begin(journal_meta(plan), journal_names(plan), [(c.kind, c.name, c.field, c.mode) for c in plan.columns])
    core = Cosimulation(plan, machine, lambda event: writer.add_events([event]))
    control = start_control(core)
    _schedule(core, injections)
    if script is not None:
        script(core, control)
    _start_arrivals(plan, machine)
    unknown = None
    piece = step_ns or (MINUTE if progress else plan.end - plan.start)
    for until in [*range(plan.start + piece, plan.end, piece), plan.end]:
        unknown = core.run(until)
        if progress:
            progress(machine.now)
        if unknown:
            break
    journal = _finish(plan, machine, writer, unknown)
    machine.give_back()
    core.close()
    return journal


def kernel_is_compiled() -> bool:
    """Whether the compiled kernel of this installation is in the cache on disk; if not, the first run compiles it, which takes 10 to 30 s."""
    return not jit.JIT or any(Path(jit.CACHE_FOLDER).rglob("loop.advance-*.nbi"))


def compiler_notice() -> str | None:
    """A line for people about how the kernel is compiled (that Numba's version is not one it was tried with, and what that costs); None if there
    is nothing to say."""
    return jit.NOTICE


def _machine(plan: Plan, writer: JournalWriter, memory: Memory) -> Machine:
    """The kernel with room for the intents the workload will bring, and a ledger for its customers."""
    workload, architecture = plan.workload, plan.architecture
    direction = workload.attributes.get("direction")
    shares = list(direction.weights.values()) if direction else [1.0, 1.0]
    expected = _expected_rows(plan)
    rows = max(expected, min(4 * expected, _INITIAL_CAPACITY))
    ledger_arena = arena.create(
        plan.seed % (1 << 63),
        workload.accounts,
        workload.instruments,
        workload.orders,
        deposit_share=shares[0] / sum(shares),
        capacity=max(1 << 14, min(rows, _INITIAL_CAPACITY)),
        memory=memory,
    )
    if MARKET in workload.attributes:
        orders.assign_markets(ledger_arena, _markets(plan))
    operations = [o for s in architecture.services.values() for o in s.operations.values()]
    sends = Counter(site.body.name for site in plan.index.call_sites.values() if site.kind == "send")
    columns = [c.at for c in plan.columns]
    return Machine(
        plan.m,
        plan.f,
        ledger_arena,
        memory,
        columns=columns,
        pools=list(plan.handles["pool"].values()),
        rows=rows,
        sends=max(sends.values(), default=0),
        idempotent=any(o.idempotency for o in operations),
        on_series=writer.add_series,
        on_spans=lambda block: writer.add_spans(_span_columns(plan, block)),
        on_log=lambda block: writer.add_events(breaker_events(plan, block)),
    )


def _markets(plan: Plan) -> Ints:
    """The exchange of each instrument: its attribute, drawn as the kernel draws it."""
    attribute = plan.workload.attributes[MARKET]
    n = plan.workload.instruments.count
    if attribute.of != "instrument":
        raise InputError(f"workload {plan.workload.name}: the attribute {MARKET} must be `of: instrument`")
    weights = np.array(list(attribute.weights.values()))
    shares = np.cumsum(weights) / weights.sum()
    values = np.searchsorted(shares, uniforms(plan.seed_key, f"instrument/{MARKET}", np.arange(n)), side="right")
    markets: Ints = np.minimum(values, len(weights) - 1)
    return markets


def _expected_rows(plan: Plan) -> int:
    """Intents of recorded flows, with room for chance (six standard deviations of a Poisson number)."""
    expected = 0.0
    for name, flow in plan.architecture.flows.items():
        load = plan.workload.flows.get(name)
        if flow.record and load:
            at = plan.handles["stream"][name]
            rates = int(plan.m[at + int(y.STREAM_RATES)])
            if rates:
                expected += plan.f[rates : rates + int(plan.m[at + int(y.STREAM_MINUTES)])].sum() * 60.0
            expected += load.backlog.count if load.backlog else 0
    expected *= 1.0 + max((load.follows.share for load in plan.workload.flows.values() if load.follows), default=0.0)
    return int(expected + 6.0 * expected**0.5) + 256


def _schedule(core: Cosimulation, injections: Sequence[Action]) -> None:
    for action in injections:
        if not core.plan.start <= action.at < core.plan.end:
            raise InputError(f"{action.do} at {action.at} ns lies outside the run ({core.plan.start} to {core.plan.end} ns)")
        if action.do.startswith("_") or not callable(getattr(core.inject, action.do, None)):
            raise InputError(f"there is no knob {action.do!r}")
    ordered = sorted(injections, key=lambda action: action.at)

    def act() -> Generator[simpy.Event, None, None]:
        for action in ordered:
            if action.at > core.env.now:
                yield core.env.timeout(action.at - core.env.now)
            getattr(core.inject, action.do)(**action.arguments)
            detail = {k: v for k, v in action.arguments.items() if isinstance(v, (str, int, float, bool))}
            core.log("injected", action.do, **detail)

    if ordered:
        core.env.process(act())


def _start_arrivals(plan: Plan, machine: Machine) -> None:
    """The first intent of every stream."""
    for name, at in plan.handles["stream"].items():
        kind = int(plan.m[at + int(y.STREAM_KIND)])
        if kind == y.BY_POPULATION:
            for client in range(int(plan.m[at + int(y.STREAM_LIST_N)])):
                machine.start_client(at, client)
        elif kind == y.BY_RATE and int(plan.m[at + int(y.STREAM_RATES)]) and not name.endswith("/surge"):
            machine.start_stream(at)
        elif kind == y.BY_BACKLOG and int(plan.m[at + int(y.STREAM_LIST_N)]):
            machine.push_arrival(at, plan.start, 0, 0)


# --- what goes into the journal -----------------------------------------------------------------------------------------------


def journal_meta(plan: Plan) -> dict[str, object]:
    """What a journal says first: what was run, and how (JournalWriter.begin)."""
    try:
        own = version("coredrill")
    except PackageNotFoundError:
        own = "0"
    flows = plan.architecture.flows
    return {
        "coredrill_version": own,
        "architecture": plan.architecture.name,
        "architecture_digest": plan.details.get("architecture_digest", ""),
        "workload": plan.workload.name,
        "environment": plan.environment,
        "seed": plan.seed,
        "start_ns": plan.start,
        "end_ns": plan.end,
        "window": plan.details.get("window"),
        "span_sampling": plan.span_sampling,
        "calendar": plan.workload.calendar,
        "flow_kinds": {name: flow.kind for name, flow in flows.items()},
        "recorded_flows": [name for name, flow in flows.items() if flow.record],
        **({"left_out": left_out} if (left_out := plan.left_out.names) else {}),
    }


def journal_names(plan: Plan) -> dict[str, list[str]]:
    """The names of all that a journal counts, by kind."""
    kinds = ("pool", "link", "flow", "limit")
    return {kind: list(plan.handles[kind]) for kind in kinds} | {
        kind: plan.numbers[kind] for kind in ("unit", "operation", "call")
    }


def _span_columns(plan: Plan, block: Ints) -> Columns:
    instances = np.array([plan.handles["unit"][name] for name in plan.numbers["unit"]])
    order = np.argsort(instances)
    started, ended = block[:, y.SPAN_STARTED], block[:, y.SPAN_ENDED]
    return {
        "request": block[:, y.SPAN_REQUEST],
        "path": block[:, y.SPAN_PATH],
        "parent": block[:, y.SPAN_PARENT],
        "unit": order[np.searchsorted(instances[order], block[:, y.SPAN_INSTANCE])],
        "operation": block[:, y.SPAN_OPERATION],
        "arrive_ns": block[:, y.SPAN_ARRIVED],
        "start_ns": np.where(started < 0, ended, started),
        "end_ns": ended,
        "code": block[:, y.SPAN_CODE],
    }


def _intent_columns(plan: Plan, machine: Machine, end: int) -> Columns:
    hours = exchange_hours(calendar_named(plan.workload.calendar), plan.start, end)
    places, reports = (bool(plan.index.operations_with({effect})) for effect in ("order.accept", "order.report"))
    close = last_close(hours, plan.start, end)
    return intent_columns(machine.ledger, machine.used_rows, hours=hours, close=close, end=end, places=places, reports=reports)


def exchange_hours(calendar: TradingCalendar, start: int, end: int) -> list[tuple[int, int]]:
    """When the exchange's gate is open from the day of `start` to that of `end`, ns; empty if the calendar has no such gate."""
    days = range(start // DAY, end // DAY + 1)
    return [(day * DAY + a, day * DAY + b) for day in days for a, b in calendar.gates.get("exchange", ())]


def last_close(hours: list[tuple[int, int]], start: int, end: int) -> int:
    """The end of the last trading day that ended by `end`; `start` if none did, for then nothing can be stranded yet."""
    ends: dict[int, int] = {}
    for _, closes in hours:
        ends[closes // DAY] = closes
    return max((close for close in ends.values() if close <= end), default=start)


def _finish(plan: Plan, machine: Machine, writer: JournalWriter, unknown: str | None) -> Journal:
    pools = plan.handles["pool"]
    machine.account_pools(list(pools.values()))
    machine.drain()
    writer.add_intents(_intent_columns(plan, machine, machine.now))
    totals = {
        (kind, name, field): int(machine.m[at + offset])
        for kind, offsets in _TOTALS.items()
        for name, at in plan.handles[kind].items()
        for field, offset in offsets.items()
        if not (kind == "call" and field != "attempts" and not machine.m[at + int(y.CALL_ATTEMPTS_MAX)])  # a send
    }
    histograms = {}
    for kind, offset in (("flow", y.FLOW_HISTOGRAM), ("operation", y.OPERATION_HISTOGRAM)):
        for name, at in plan.handles[kind].items():
            base = int(machine.m[at + int(offset)])
            histograms[kind, name] = machine.m[base : base + y.HISTOGRAM_BUCKETS]
    counts = {"events": machine.get(y.RUN_EVENTS), "tasks": machine.get(y.RUN_TASKS), "requests": machine.get(y.RUN_REQUESTS)}
    laws = [*conservation(machine.ledger, machine.used_rows), *kernel_laws(plan, machine)]
    return writer.finish(totals, histograms, laws, {}, counts, unknown)
