"""What a supervisor tells a node, on its standard input, and what the node says on its standard output: a line of JSON each.

A command is the name of a method of `Control` and its arguments by name. Nobody but the process that started a node can send one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from chaos.live.node import program
from chaos.live.node.customers import Arrival, Customers, Kept, Seen
from chaos.live.node.interpreter import CallPolicy, Interpreter
from chaos.live.node.store import NoStore, ServiceStore
from chaos.live.node.wire import Address, TcpNetwork

if TYPE_CHECKING:
    from chaos.live.node.courier import Courier
    from chaos.live.node.feed import CustomerFeed, ReportSender


class Control:
    """The knobs of one node, by the names of commands."""

    def __init__(
        self,
        interpreter: Interpreter,
        network: TcpNetwork,
        store: ServiceStore | NoStore,
        customers: Customers | None,
        said: Callable[[Mapping[str, object]], None],
        freeze: Callable[[], None] = lambda: None,
    ) -> None:
        self.at, self.network, self.store, self.customers, self.said = interpreter, network, store, customers, said
        self.freeze = freeze
        self.stopped_at = 0
        self.markets: dict[int, tuple[bool, bool, bool]] = {}
        self.sender: ReportSender | None = None
        self.feed: CustomerFeed | None = None
        self.courier: Courier | None = None
        self.broker = program.broker_instance(interpreter.blueprint)

    def obey(self, line: bytes) -> None:
        """Carries a command out. Raises ValueError for one that does not exist: the supervisor and its nodes are of one version."""
        command = json.loads(line)
        name = command.pop("do")
        act = getattr(self, f"do_{name}", None)
        if act is None:
            raise ValueError(f"no command: {name}")
        act(**command)

    # --- MQTT ---------------------------------------------------------------------------------------------------------------

    def do_mqtt(self, port: int) -> None:
        """There is a broker: who books reports publishes them there, the customers listen, and what the architecture sends through its
        message broker goes there."""
        from chaos.live.node.feed import CustomerFeed, ReportSender  # not in every node: it takes memory

        self._carry(port)
        if self.customers is not None:
            self.feed = CustomerFeed(port, self.at.clock.now)
        elif isinstance(self.store, ServiceStore) and self.store.books_reports:
            self.sender = ReportSender(self.at.instance, port, self.store.booked_lately(self.at.clock.now()))
            self.store.on_booked = self.sender.send

    def _carry(self, port: int) -> None:
        if program.uses_broker(self.at.blueprint, self.at.service):
            from chaos.live.node.courier import Courier

            self.courier = Courier(self.at, port)
            self.network.carriers[self.broker] = self.courier.ask
            self.at.is_up(self.broker)

    # --- the beginning and the end ----------------------------------------------------------------------------------------

    def do_begin(self, at: float, now: int) -> None:
        """The run's time is `now` ns at the time `at` of the machine's monotonic clock."""
        self.at.clock.began, self.at.clock.start = at, now
        for slots in self.at.pools.values():
            slots.last = self.at.clock.now()
        if self.customers is not None:
            self.customers.wake()
        self.at.resume_kept()

    def do_addresses(self, addresses: Mapping[str, tuple[str, int]]) -> None:
        """Where instances are to be found from here."""
        self.network.addresses |= {instance: Address(*address) for instance, address in addresses.items()}

    def do_rotation(self, service: str, instances: Sequence[str]) -> None:
        """Which instances of a service calls may pick."""
        self.at.rotation[service] = list(instances)

    def do_up(self, instance: str) -> None:
        """An instance is there again."""
        self.at.is_up(instance)
        if instance == self.broker:
            for channel in (self.courier, self.sender, self.feed):
                if channel is not None:
                    channel.hurry()

    # --- this instance ----------------------------------------------------------------------------------------------------

    def do_slow(self, factor: float) -> None:
        """All work that begins from now on takes so many times as long."""
        self.at.disturbance.slow = factor

    def do_errors(self, share: float) -> None:
        """This share of the requests fails before its first step."""
        self.at.disturbance.error_share = share

    def do_grey(self, greys: Sequence[tuple[float, float]]) -> None:
        """Shares of the requests, each with a factor on their work."""
        self.at.disturbance.greys = tuple((share, factor) for share, factor in greys)

    def do_bands(self, counter: str, bands: Sequence[tuple[str, float, float]]) -> None:
        """Which draws of what a counter counts, from low to below high, are whose."""
        self.at.counters.credits.watch(counter, bands)

    def do_contention(self, coefficient: float) -> None:
        """How much each other task at work slows one that begins."""
        self.at.disturbance.contention = coefficient

    def do_work(self, operation: str, factor: float) -> None:
        """Work of an operation takes so many times as long."""
        self.at.disturbance.work[f"{self.at.service}.{operation}"] = factor

    def do_stand_still(self, keeps_time: bool) -> None:
        """The process stops here, between two tasks, so that it holds nothing that others need, such as a ledger. Unless it `keeps_time`, it
        is to go on with its work as if no time had passed."""
        if not keeps_time:
            self.stopped_at = self.at.clock.now()
        self.freeze()

    def do_going_on(self) -> None:
        """The process goes on after it stood still."""
        if self.stopped_at:
            self.at.put_off_work(self.at.clock.now() - self.stopped_at)
            self.stopped_at = 0

    # --- pools, limits, links, calls --------------------------------------------------------------------------------------

    def do_slots(self, pool: str, slots: int | None) -> None:
        """The pool has so many slots here; None: no bound."""
        self.at.slots(pool).set_slots(math.inf if slots is None else slots)

    def do_queue(self, pool: str, limit: int | None) -> None:
        """So many may wait for the pool here; None: no bound."""
        self.at.slots(pool).limit = math.inf if limit is None else limit

    def do_rate(self, limit: str, per_second: float) -> None:
        """The limit lets so many through a second here."""
        self.at.limit(limit).set_rate(per_second)

    def do_link(
        self,
        source: str,
        target: str,
        factor: float,
        loss_request: float,
        loss_answer: float,
        duplication: float,
        cut_request: str | None,
        cut_answer: str | None,
    ) -> None:
        """The link's state, as far as the nodes at its ends make it."""
        way = self.at.links.way(source, target)
        way.factor, way.loss_request, way.loss_answer, way.duplication = factor, loss_request, loss_answer, duplication
        way.cut_request, way.cut_answer = cut_request, cut_answer

    def do_policy(self, site: str, timeout: int | None = None, attempts: int | None = None, backoff: int | None = None) -> None:
        """A call site's policy changes; what is None stays."""
        policy = self.at.policies.setdefault(site, CallPolicy())
        policy.timeout = policy.timeout if timeout is None else timeout
        policy.attempts = policy.attempts if attempts is None else attempts
        policy.backoff = policy.backoff if backoff is None else backoff

    def do_market(self, number: int, orders: bool, cancels: bool, overnight: bool) -> None:
        """What an exchange takes from now on, as the books of this service see it."""
        takes = (orders, cancels, overnight)
        if isinstance(self.store, ServiceStore) and self.markets.get(number, (True, True, True)) != takes:
            self.store.set_market(number, self.at.clock.now(), takes=takes)
        self.markets[number] = takes

    # --- customers --------------------------------------------------------------------------------------------------------

    def do_arrivals(self, arrivals: Sequence[Sequence[int]]) -> None:
        """Intents that will come."""
        assert self.customers is not None
        self.customers.expect(_arrival(arrival) for arrival in arrivals)

    def do_kept(self, kept: Sequence[Sequence[int]]) -> None:
        """Intents that a lull keeps away."""
        assert self.customers is not None
        self.customers.expect_fewer(Kept(*away) for away in kept)

    def do_no_more(self) -> None:
        """Of those intents that are not due yet none comes."""
        assert self.customers is not None
        self.customers.expect_no_more()

    def do_sessions(self, customers: Sequence[int]) -> None:
        """Who is logged in when the run begins."""
        self.at.sessions |= set(customers)

    def do_lose_sessions(self, customers: Sequence[int]) -> None:
        """These have to log in again."""
        self.at.sessions -= set(customers)

    def do_probe(self, number: int, arrival: Sequence[int]) -> None:
        """A robot tries a flow. What it saw is said under the number."""
        customers = self.customers
        assert customers is not None

        async def probe() -> None:
            assert customers is not None
            seen = await customers.outcome(_arrival(arrival))
            self.said(
                {
                    "said": "probed",
                    "number": number,
                    "code": seen.code,
                    "outcome": seen.outcome,
                    "latency": seen.answered - seen.arrival.due,
                }
            )

        self.at.begin(probe())

    def saw(self, seen: Seen) -> None:
        """What a customer saw is said, and whether that customer is logged in now."""
        customer = seen.arrival.customer
        logged_in = [customer] if customer in self.at.sessions else []
        self.said({"said": "seen", **seen._asdict(), "logged_in": logged_in})


def _arrival(values: Sequence[int]) -> Arrival:
    """An intent as it comes in a command; of those that are given as they come nothing says that they are extra."""
    request, flow, root, customer, due, *extra = values
    return Arrival(request, flow, root, customer, due, any(extra))
