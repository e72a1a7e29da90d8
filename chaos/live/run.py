"""One run of a twin: planned, started, disturbed, stopped, reconciled, and written down as a journal."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chaos.documents.scenario import Scenario, Step
from chaos.execution.target.executor import begin_scenario
from chaos.faults.fault import Fault
from chaos.live.blueprint import blueprint
from chaos.live.bulletin import Bulletin, Quoted
from chaos.live.core import TwinCore
from chaos.live.load import planned
from chaos.live.meter import Meter
from chaos.live.mqtt.client import unheard
from chaos.live.node import chance, program
from chaos.live.node.customers import Arrival, Seen
from chaos.live.node.store import new_books
from chaos.live.observe import REPORTS_LAW, reconciled, reports_heard
from chaos.live.overshoot import timer_overshoot_s, too_short
from chaos.live.processes import ProcessError, Usage, in_a_line
from chaos.live.proxy.client import ProxyError
from chaos.live.switches import TwinSwitches
from chaos.live.system import Said, TwinSystem
from simcore.base.errors import InputError
from simcore.base.units import SECOND, format_duration
from simcore.compile.plan import Plan
from simcore.control.handles import ProbeAnswer
from simcore.control.plane import start_control
from simcore.journal.model import Journal
from simcore.journal.writer import JournalWriter, LoggedEvent
from simcore.simulation.record import journal_meta, journal_names

PREFIX = "coredrill-twin-"
LEAD_S = 0.5
"""So long before the run begins all nodes know when it will, and the customers what they will want."""
AFTER_NS = 200_000_000
QUOTED_MAX = 20
_CHUNK = 5_000
_PROBE_REQUESTS = 1 << 31

Progress = Callable[[int], None]


class LiveRun(NamedTuple):
    """What a run of a twin has left: its journal, how late the customers were (ns, of each intent), what its processes took, how many
    entries its ledgers have, whether customers came too late for anything to be concluded and nothing else was wrong, and the laws that
    could not be judged, each with the reason."""

    journal: Journal
    late_ns: list[int]
    usage: dict[str, Usage]
    entries: int
    came_late: bool = False
    not_judged: tuple[str, ...] = ()


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for one twin, deleted at the end; so are those of twins whose supervisor was killed."""
    parent = Path(tempfile.gettempdir())
    for old in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (old / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class Twin:
    """One run of a plan, with ledgers in a folder. `method`: the scenario's steps that change who comes (chaos.live.load)."""

    def __init__(self, plan: Plan, folder: Path, method: Sequence[Step] = ()) -> None:
        self.plan, self.folder = plan, folder
        self.blueprint = blueprint(plan.architecture, plan.workload, plan.seed % (1 << 63), plan.start, plan.end)
        self.meter = Meter(plan)
        self.system = TwinSystem(self.blueprint, folder, self.meter, self._said)
        self.arrivals, self._kept, changes = planned(plan, method)
        books = new_books(self.blueprint, plan.workload.accounts)
        self.sessions: set[int] = set(books.logged_in().tolist())
        self._quoted = [Quoted(number, books.price(number)) for number in range(min(QUOTED_MAX, plan.workload.instruments.count))]
        self.switches = TwinSwitches(plan, self.system, self.now, self.sessions, changes)
        self.events: list[LoggedEvent] = []
        self.core = TwinCore(plan, self.switches, self.meter, self._noted, self._ask_probe)
        self.bulletin: Bulletin | None = None
        self.seen: dict[int, Seen] = {}
        self.report: Said | None = None
        self._planned = {arrival.request: arrival for arrival in self.arrivals}
        self._began = 0.0

    def too_short(self, lasts: int) -> list[str]:
        """Whose work is too short for this machine's timers at the rates of the arrivals, of which there are so many in that time, ns."""
        names = {flow.number: name for name, flow in self.blueprint.flows.items()}
        came = Counter(names[arrival.flow] for arrival in self.arrivals if arrival.due < self.plan.start + lasts)
        rates = {name: count * SECOND / lasts for name, count in came.items()}
        return too_short(self.blueprint, rates, timer_overshoot_s())

    @property
    def began(self) -> bool:
        """Whether the run has been begun."""
        return self._began > 0.0

    def now(self) -> int:
        """The run's time, ns; its start before it has begun."""
        if not self._began:
            return self.plan.start
        return self.plan.start + max(0, round((asyncio.get_running_loop().time() - self._began) * 1e9))

    def _noted(self, event: LoggedEvent) -> None:
        self.events.append(event)
        if self.bulletin is not None:
            self.bulletin.heard(event)

    # --- what nodes say ---------------------------------------------------------------------------------------------------

    def _said(self, instance: str, said: Said) -> None:
        if said["said"] == "seen":
            self._saw(said)
        elif said["said"] == "report":
            self.report = said["report"]
        elif said["said"] == "probed":
            self.core.probed(said["number"], ProbeAnswer(said["code"], said["outcome"], said["latency"]))
        elif said["said"] == "log":
            self.events.append(LoggedEvent(said["at"], said["what"], said["site"], {"replica": int(instance.partition("#")[2])}))
        elif said["said"] == "died":
            self.core.log("node_died", instance, code=said["code"])

    def _saw(self, said: Said) -> None:
        seen = Seen(Arrival(*said["arrival"]), said["answered"], said["outcome"], said["code"], said["attempts"], said["late"])
        self.seen[seen.arrival.request] = seen
        self.sessions.update(said["logged_in"])

    def _ask_probe(self, flow: str, number: int) -> None:
        """A robot is a customer whose intents are the stream `FLOW/probe`."""
        stream = chance.combine(self.blueprint.seed_key ^ chance.name("intent"), chance.name(f"{flow}/probe"))
        made = self.blueprint.flows[flow]
        arrival = Arrival(_PROBE_REQUESTS + number, made.number, chance.combine(stream, number - 1), 0, self.now())
        self.system.tell(program.CLIENT_INSTANCE, "probe", number=number, arrival=list(arrival))

    # --- the run ----------------------------------------------------------------------------------------------------------

    async def run(
        self, scenario: Scenario, permanent: tuple[Fault, ...], lateness_max_ns: int, progress: Progress | None = None
    ) -> LiveRun:
        """From the start of the first process to the end of the last. `lateness_max_ns`: a customer in 100 who comes later makes the run
        unknown."""
        control = start_control(self.core)
        begin_scenario(scenario, permanent, self.core, control)
        async with self.system:
            await self.begin()
            ticking = asyncio.get_running_loop().create_task(self._tick(progress))
            try:
                await self.core.run(self.plan.end)
                await asyncio.sleep(AFTER_NS * 1e-9)
                usage = dict(self.system.usage())
                await self.system.finish()
            finally:
                ticking.cancel()
        return self.written_down(usage, lateness_max_ns)

    async def begin(self) -> None:
        """All nodes know when the run begins, and the customers what they will want; returns when it does."""
        self._began = asyncio.get_running_loop().time() + LEAD_S
        asyncio.get_running_loop().set_exception_handler(unheard)
        self.bulletin = Bulletin(self.system.ports[self.system.broker], self._quoted, self.now)
        self.bulletin.phase("begin")
        self.system.later("bulletin", self.bulletin.run())
        self.system.begin(self._began, self.plan.start)
        self._tell_customers()
        await asyncio.sleep(LEAD_S)

    def _tell_customers(self) -> None:
        client = program.CLIENT_INSTANCE
        self.system.tell(client, "sessions", customers=sorted(self.sessions))
        for first in range(0, len(self.arrivals), _CHUNK):
            self.system.tell(client, "arrivals", arrivals=self.arrivals[first : first + _CHUNK])
        for first in range(0, len(self._kept), _CHUNK):
            self.system.tell(client, "kept", kept=self._kept[first : first + _CHUNK])

    def end_load(self) -> None:
        """Nobody comes from now on."""
        now = self.now()
        self._planned = {request: arrival for request, arrival in self._planned.items() if arrival.due <= now}
        self.system.tell(program.CLIENT_INSTANCE, "no_more")

    async def _tick(self, progress: Progress | None) -> None:
        while progress is not None:
            await asyncio.sleep(1.0)
            progress(min(self.now(), self.plan.end))

    # --- what it has left -------------------------------------------------------------------------------------------------

    def written_down(self, usage: dict[str, Usage], lateness_max_ns: int, end: int | None = None) -> LiveRun:
        """The journal of what has been, until `end` if the run was ended before its time, with what its ledgers say."""
        plan, writer = self.plan if end is None else replace(self.plan, end=end), JournalWriter()
        begun = {request: seen for request, seen in self.seen.items() if seen.arrival.due < plan.end}
        began = {**{r: Seen(a, -1, "pending", "ok", 0, 0) for r, a in self._planned.items() if a.due < plan.end}, **begun}
        found = reconciled(plan, self.blueprint, self.folder, began)
        late = [seen.late for seen in begun.values()]
        late_p99_ns = int(np.quantile(late, 0.99)) if late else 0
        meta = journal_meta(plan) | {"live": True, "late_p99_ns": late_p99_ns}
        laws, open_laws = list(found.laws), list[str]()
        if self.system.ended_by_itself(program.CLIENT_INSTANCE):
            open_laws.append(f"{REPORTS_LAW}: the customers' process has ended")
        elif isinstance(law := reports_heard(found.reports, plan.end, self.system.heard, self.system.unsettled), str):
            open_laws.append(law)
        else:
            laws.append(law)
        writer.begin(meta, journal_names(plan), [(c.kind, c.name, c.field, c.mode) for c in plan.columns])
        writer.add_events(event for event in self.events if plan.start <= event.t_ns < plan.end)
        writer.add_series(self.meter.series())
        writer.add_intents(found.intents)
        counts = {"events": 0, "tasks": 0, "requests": len(began)}
        failed, too_late = self._failed(bool(late), open_laws), self._too_late(late_p99_ns, lateness_max_ns)
        totals, histograms = self.meter.run_totals(), self.meter.histograms()
        journal = writer.finish(totals, histograms, laws, {}, counts, failed or too_late)
        return LiveRun(journal, late, usage, found.entries, too_late is not None and failed is None, tuple(open_laws))

    def _failed(self, came: bool, open_laws: Sequence[str]) -> str | None:
        """What was wrong with the twin itself, or which law could not be judged; None if it worked."""
        if self.system.unexpected:
            return f"a process of the twin failed: {self.system.unexpected[0]}"
        if not came and self.arrivals:
            return "the customers of the twin did not come"
        return f"not judged: {open_laws[0]}" if open_laws else None

    @staticmethod
    def _too_late(late_p99_ns: int, lateness_max_ns: int) -> str | None:
        """That customers came too late for anything to be concluded, if so."""
        if late_p99_ns > lateness_max_ns:
            allowed = format_duration(lateness_max_ns)
            return f"the customers came late: 1 in 100 by {format_duration(late_p99_ns)} or more, and {allowed} are allowed"
        return None


def run_twin(
    plan: Plan,
    scenario: Scenario,
    permanent: tuple[Fault, ...] = (),
    *,
    lateness_max_ns: int = 250_000_000,
    progress: Progress | None = None,
    note: Callable[[str], None] = lambda text: None,
) -> LiveRun:
    """One run of a twin in this process's own event loop; nothing is left behind. `note` hears whose work is too short for its timers.
    Raises InputError if it does not come up."""
    with own_folder() as folder:
        twin = Twin(plan, folder, scenario.method)
        for text in twin.too_short(plan.end - plan.start):
            note(text)
        try:
            return asyncio.run(twin.run(scenario, permanent, lateness_max_ns, progress))
        except (ProcessError, ProxyError) as error:
            raise InputError(f"the twin of {plan.architecture.name} did not come up: {in_a_line(error)}") from error
