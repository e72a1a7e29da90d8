"""The switchboard of a twin: what the knobs set, done to processes, proxies and nodes (simcore.control.switches says what each means).

| set | done by |
|---|---|
| down | kill -9, and the proxies that lead there disabled; up again: a new process |
| hung, paused | SIGSTOP and SIGCONT; of a pause the node puts its work off by as long |
| slowness, errors, grey, contention, work, slots, queues, rates, call policies | a message to the node |
| latency added, cuts that hold or reset | toxics: `latency`, a `latency` longer than any run, `timeout` 0 |
| latency factor, losses, copies, cuts that lose | a message to the nodes at both ends |
| arrivals, sessions | a message to the customers |
| markets | a message to every service with books |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chaos.live.blueprint import parts_of
from chaos.live.load import Changes
from chaos.live.node import chance, program
from chaos.live.proxy.client import Stream
from chaos.live.system import Toxic, TwinSystem
from simcore.base.errors import InputError
from simcore.compile.arena import Ints
from simcore.compile.plan import Plan
from simcore.control.knobs import Band, Cut, Grey, Rate, Taken
from simcore.control.switches import LinkState
from simcore.counterparties.counterparty import FileState

FOREVER_MS = 3_600_000
_MS = 1_000_000


class TwinSwitches:
    """The switches of one run of a twin. `now` says what time it is in the run; `changes` what steps have changed of the arrivals in
    their plan."""

    def __init__(self, plan: Plan, system: TwinSystem, now: Callable[[], int], sessions: set[int], changes: Changes) -> None:
        self.plan, self.system, self._now, self.sessions, self._changes = plan, system, now, sessions, changes
        self._links: dict[str, LinkState] = {}
        self._watched: set[tuple[str, str]] = set()
        self._listed: dict[str, int] = {}
        self._next_request = 1 << 30
        self._down_since: dict[str, int] = {}
        self._still: dict[str, tuple[bool, bool]] = {}
        self.books = [name for name in system.blueprint.services if self._has_books(name)]

    def _has_books(self, service: str) -> bool:
        return any(program.contains(program.Effect, o.steps) for o in self.system.blueprint.operations_of(service).values())

    @property
    def now(self) -> int:
        """The present instant, ns since midnight of the first day."""
        return self._now()

    # -- instances ------------------------------------------------------------------------------------------------------------

    def down_since(self, instance: str) -> int:
        """The instant an instance went down, -1 while it is up."""
        return self._down_since.get(instance, -1)

    def set_down(self, service: str, replica: int, down: bool) -> None:
        """Killed, or started again."""
        instance = f"{service}#{replica}"
        if down:
            self._down_since[instance] = self.now
            self._still.pop(instance, None)
            self.system.kill(instance)
        else:
            self._down_since.pop(instance, None)
            self.system.start_again(instance)

    def set_still(self, service: str, replica: int, *, hung: bool, paused: bool) -> None:
        """Stopped, or continued."""
        instance = f"{service}#{replica}"
        was, self._still[instance] = self._still.get(instance, (False, False)), (hung, paused)
        if any(was) != (hung or paused):
            self.system.stand_still(instance, hung or paused, keeps_time=not (paused or was[1]))

    def _tell(self, service: str, replica: int, do: str, **arguments: object) -> None:
        self.system.tell(f"{service}#{replica}", do, stands=do, **arguments)

    def set_slowness(self, service: str, replica: int, factor: float) -> None:
        """A message to the node."""
        self._tell(service, replica, "slow", factor=factor)

    def set_error_share(self, service: str, replica: int, share: float) -> None:
        """A message to the node."""
        self._tell(service, replica, "errors", share=share)

    def set_grey(self, service: str, replica: int, greys: Sequence[Grey]) -> None:
        """A message to the node."""
        self._tell(service, replica, "grey", greys=[[grey.share, grey.factor] for grey in greys])

    def set_contention(self, service: str, replica: int, coefficient: float) -> None:
        """A message to the node."""
        self._tell(service, replica, "contention", coefficient=coefficient)

    def set_out_of_rotation(self, service: str, replica: int, out: bool) -> None:
        """All callers hear of it."""
        instance, inside = f"{service}#{replica}", self.system.rotation[service]
        left = [name for name in inside if name != instance] if out else sorted({*inside, instance}, key=_number)
        self.system.set_rotation(service, left)

    def set_work(self, service: str, operation: str, replica: int, factor: float) -> None:
        """A message to the node."""
        self.system.tell(f"{service}#{replica}", "work", stands=f"work {operation}", operation=operation, factor=factor)

    # -- pools, limits, links, calls ------------------------------------------------------------------------------------------

    def _users(self, resource: str) -> list[str]:
        """The instances that take of a pool or limit by its name in a run."""
        name, _, number = resource.partition("#")
        services = self.plan.index.users_of(name)
        return [i for i in self.system.instances if i.partition("#")[0] in services and number in ("", i.partition("#")[2])]

    def set_slots(self, pool: str, slots: int | None) -> None:
        """Among the processes that share it, in equal parts."""
        for instance in self._users(pool):
            part = None if slots is None else -(-slots // self._sharing(pool))
            self.system.tell(instance, "slots", stands=f"slots {pool}", pool=pool.partition("#")[0], slots=part)

    def _sharing(self, resource: str) -> int:
        return parts_of(self.plan.index, resource.partition("#")[0])

    def set_queue_limit(self, pool: str, limit: int) -> None:
        """Among the processes that share it, in equal parts."""
        for instance in self._users(pool):
            part = -(-limit // self._sharing(pool))
            self.system.tell(instance, "queue", stands=f"queue {pool}", pool=pool.partition("#")[0], limit=part)

    def set_rate(self, limit: str, burst: int, per_second: float) -> None:
        """Among the processes that share it, in equal parts."""
        for instance in self._users(limit):
            part = per_second / self._sharing(limit)
            self.system.tell(instance, "rate", stands=f"rate {limit}", limit=limit.partition("#")[0], per_second=part)

    def set_link(self, source: str, target: str, state: LinkState) -> None:
        """Toxics at its proxies, and messages to the nodes at both ends."""
        label = f"{source}-{target}"
        before = self._links.get(label)
        self._links[label] = state
        delays = [0 if one is None else round(one.latency_add_ns / _MS) for one in (before, state)]
        if delays[0] != delays[1]:
            self.system.set_delay(label, *delays)
        if before is None or before.partition_request != state.partition_request:
            self._cut(label, "cut-up", "upstream", state.partition_request)
        if before is None or before.partition_answer != state.partition_answer:
            self._cut(label, "cut-down", "downstream", state.partition_answer)
        self.system.tell_all(
            "link",
            stands=f"link {label}",
            of=[source, target],
            source=source,
            target=target,
            factor=state.latency_factor,
            loss_request=state.loss_request,
            loss_answer=state.loss_answer,
            duplication=state.duplication,
            cut_request=state.partition_request,
            cut_answer=state.partition_answer,
        )

    def _cut(self, label: str, name: str, stream: Stream, cut: Cut) -> None:
        """A cut that holds delays beyond all bounds until it is taken away; one that resets lets nothing through and then closes."""
        kind, attributes = ("timeout", {"timeout": 0}) if cut == "reset" else ("latency", {"latency": FOREVER_MS})
        self.system.set_toxic(label, name, Toxic(name, kind, stream, attributes) if cut in ("held", "reset") else None)

    def set_call_policy(self, site: str, *, timeout_ns: int | None, attempts: int | None, backoff_ns: int | None) -> None:
        """A message to every instance of the caller."""
        caller = site.partition(".")[0]
        stands = f"policy {site} {timeout_ns is None} {attempts is None} {backoff_ns is None}"
        self.system.tell_all(
            "policy", stands=stands, of=[caller], site=site, timeout=timeout_ns, attempts=attempts, backoff=backoff_ns
        )

    # -- customers ------------------------------------------------------------------------------------------------------------

    def set_flow_rate(self, flow: str, rate: Rate) -> None:
        """Nothing: the plan of arrivals has the scenario's surges already (chaos.live.load)."""

    def watch(self, kind: str, name: str, field: str, bands: Sequence[Band]) -> None:
        """A message to the nodes that draw."""
        counter = f"{kind}/{name}/{field}"
        self._watched.update((counter, band.by) for band in bands)
        link = self.plan.index.links[name] if kind == "link" else None
        of = [name.partition("#")[0]] if link is None else [link.source, link.target]
        self.system.tell_all("bands", stands=f"bands {counter}", of=of, counter=counter, bands=[list(band) for band in bands])

    def met_by(self, kind: str, name: str, field: str, by: str) -> int | None:
        """Of who comes, as the plan of arrivals has it up to now: who was kept away nobody else knows. Of the rest as the nodes have said."""
        if (kind, field) == ("flow", "rate_changed"):
            changed = self._changes.get((name, by))
            return None if changed is None else changed.by(self.now)
        counter = f"{kind}/{name}/{field}"
        return self.system.meter.credited(counter, by) if (counter, by) in self._watched else None

    def add_arrivals(self, flow: str, times: Ints, customers: Ints) -> None:
        """The customers hear of them now."""
        stream = f"{flow}/reconnect"
        key = chance.combine(self.system.blueprint.seed_key ^ chance.name("intent"), chance.name(stream))
        made, number = [], self.system.blueprint.flows[flow].number
        for time, customer in sorted(zip(times.tolist(), customers.tolist(), strict=True)):
            n = self._listed[stream] = self._listed.get(stream, -1) + 1
            made.append([self._next_request, number, chance.combine(key, n), customer, time])
            self._next_request += 1
        self.system.tell(program.CLIENT_INSTANCE, "arrivals", arrivals=made)

    def logged_in(self) -> Ints:
        """As far as the customers have said."""
        return np.array(sorted(self.sessions), np.int64)

    def log_out(self, customers: Ints) -> None:
        """A message to the customers."""
        lost = customers.tolist()
        self.sessions.difference_update(lost)
        self.system.tell(program.CLIENT_INSTANCE, "lose_sessions", customers=lost)

    # -- markets, books -------------------------------------------------------------------------------------------------------

    def set_market(self, number: int, taken: Taken) -> None:
        """A message to every service with books."""
        self.system.tell_all(
            "market",
            stands=f"market {number}",
            of=self.books,
            number=number,
            orders=taken.orders,
            cancels=taken.cancels,
            overnight=taken.overnight,
        )

    def lose_unreplicated(self, lag_ns: int) -> int:
        """A twin's standby reads the very ledger of the one before it: nothing is lost."""
        return 0

    def settle_day(self, files: Mapping[str, FileState]) -> Mapping[str, int]:
        """Not done live: a window of some minutes has no end of day (chaos.live.capabilities refuses one that has)."""
        raise InputError("a twin does not settle the day")

    def reconcile(self, counterparty: str) -> Mapping[str, int]:
        """Nothing is found and changed while it runs: the ledgers are reconciled afterwards (chaos.live.observe)."""
        return {}


def _number(instance: str) -> int:
    return int(instance.partition("#")[2])
