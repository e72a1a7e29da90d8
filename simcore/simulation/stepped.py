"""A run taken piece by piece: time goes on as far as one wants, and between two pieces one looks, and people decide.

How a run is cut changes nothing in its journal. What people decide takes effect at the instant at which the run stands; the same plan,
with the same decisions at the same instants, leaves the same journal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from simcore.base.errors import InputError
from simcore.compile.arena import Ints
from simcore.compile.plan import Plan
from simcore.control.chance import uniforms
from simcore.control.cosimulation import Cosimulation, breaker_events
from simcore.control.plane import ControlPlane, start_control
from simcore.journal.model import Journal
from simcore.journal.writer import JournalWriter, LoggedEvent
from simcore.kernel import layout as y
from simcore.kernel.ledger import arena, orders
from simcore.kernel.machine import Machine
from simcore.kernel.memory import Memory
from simcore.model.control.decisions import Decision
from simcore.model.metrics import parse_metric
from simcore.model.workload import MARKET
from simcore.simulation.record import finished_journal, journal_meta, journal_names, span_columns

# Room for intents and their effects, four times what is expected but no more than this. What is not written yet takes no memory,
# and an arena that grows is copied.
_INITIAL_CAPACITY = 1 << 22

Script = Callable[[Cosimulation, ControlPlane], None]
"""Starts SimPy processes of its own on a run that is about to begin. A branch of the run calls it once more."""
Listener = Callable[[LoggedEvent], None]


class Decided(NamedTuple):
    """A decision, and the instant at which it was taken, ns since midnight of the first day."""

    at: int
    decision: Decision


class SteppedRun:
    """One run of a plan, at first before its beginning. `played` are the teams whose people do nothing but what is decided here;
    `listener` hears of each event of the control plane as it is logged.

    Raises InputError for a team that does not exist.

    >>> from simcore.base.units import SECOND
    >>> from simcore.compile.plan import compile_plan
    >>> from simcore.library import load_pair
    >>> from simcore.model.control.decisions import Act
    >>> from simcore.model.control.runbooks import Action
    >>> plan = compile_plan(*load_pair("legacy-coupled", "normal-day"), seed=1, start=36000 * SECOND, end=36060 * SECOND)
    >>> run = SteppedRun(plan, played=frozenset({"core"}))
    >>> run.advance(36010 * SECOND)
    >>> run.do(Act(team="core", action=Action(slots={"pool": "counter-threads", "slots": 96}, duration="10s", task="routine")))
    >>> run.advance(36030 * SECOND)
    >>> run.read("pool/counter-threads/slots")
    96
    >>> run.finish().totals["flow"]["place-order"]["ok"] > 0
    True
    """

    def __init__(
        self,
        plan: Plan,
        *,
        script: Script | None = None,
        memory: Memory | None = None,
        played: frozenset[str] = frozenset(),
        listener: Listener | None = None,
    ) -> None:
        self.plan, self.played, self._script = plan, played, script
        self.decisions: list[Decided] = []
        self.given_up: str | None = None
        self._writer, self._listener = JournalWriter(), listener
        self._machine = _machine(plan, self._writer, Memory() if memory is None else memory)
        columns = [(c.kind, c.name, c.field, c.mode) for c in plan.columns]
        self._writer.begin(journal_meta(plan, played), journal_names(plan), columns)
        self._core = Cosimulation(plan, self._machine, self._log)
        self._control = start_control(self._core, played)
        if script is not None:
            script(self._core, self._control)
        _start_arrivals(plan, self._machine)

    def _log(self, event: LoggedEvent) -> None:
        self._writer.add_events([event])
        if self._listener is not None:
            self._listener(event)

    # --- time -----------------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The instant at which the run stands, ns since midnight of the first day: all before it has happened, nothing of it yet."""
        return self._machine.now

    @property
    def over(self) -> bool:
        """Whether nothing is left: the end is reached, or the run was given up (`given_up` says why)."""
        return self.given_up is not None or self.now >= self.plan.end

    def advance(self, until: int) -> None:
        """Takes all that happens before `until`, ns; of the end of the run there is nothing beyond. A run that has been given up stays
        where it is. Raises ValueError for an instant that has passed."""
        if until < self.now:
            raise ValueError(f"the run stands at {self.now} ns: {until} ns has passed")
        if self.given_up is None:
            self.given_up = self._core.run(min(until, self.plan.end))
            self._core.settle()

    # --- looking, and deciding ------------------------------------------------------------------------------------------------

    def read(self, metric: str) -> int:
        """A counter or gauge, `kind/name/field`, exact now. Raises InputError for one that does not exist."""
        return self._core.read(*parse_metric(metric))

    def do(self, decision: Decision) -> None:
        """Carries out what people have decided, now: before all else that happens at this instant. Raises InputError, with a hint, for what
        cannot be done, and changes nothing then."""
        if self.over:
            raise InputError(
                f"the run is over: {self.given_up or 'its end is reached'}", hint="finish it, or branch from an earlier one"
            )
        for finding in self._control.seats.findings(decision):
            raise InputError(f"{'.'.join(map(str, finding.keys))}: {finding.message}", hint=finding.hint)
        self.decisions.append(Decided(self.now, decision))
        self._control.seats.decide(decision)

    def replay(self, decisions: Iterable[Decided]) -> None:
        """Goes on to the instant of each decision, and takes it there. Raises as `advance` and `do` do."""
        for at, decision in decisions:
            self.advance(at)
            self.do(decision)

    def branch(self, memory: Memory | None = None) -> SteppedRun:
        """Another run that stands where this one does, after the same decisions; what is done to one is nothing to the other. It is made by
        running the plan from its start."""
        other = SteppedRun(self.plan, script=self._script, memory=memory, played=self.played)
        other.replay(self.decisions)
        other.advance(self.now)
        return other

    # --- the end --------------------------------------------------------------------------------------------------------------

    def finish(self) -> Journal:
        """Takes what is left of the run, and returns its journal. Nothing of this object can be used afterwards but `decisions`."""
        self.advance(self.plan.end)
        return self.stop(self.given_up)

    def stop(self, why: str | None) -> Journal:
        """Ends the run where it stands, and returns its journal, from which nothing can be concluded beyond now: `why` says so (None: it is at
        its end). Nothing of this object can be used afterwards but `decisions`."""
        journal = finished_journal(self.plan, self._machine, self._writer, why)
        self._machine.give_back()
        self._core.close()
        return journal


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
        on_spans=lambda block: writer.add_spans(span_columns(plan, block)),
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
