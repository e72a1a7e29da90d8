"""The knobs as whoever does something until it ends it turns them: its contributions, of which it takes back its own alone."""

from __future__ import annotations

from simcore.control.injection import (
    Injection,
    LinkChanges,
    require_above,
    require_factor,
    require_share,
    require_slots,
)
from simcore.control.knobs import Cut, Grey, Rate, Taken


class Contributor:
    """The knobs as one step of a scenario, or one permanent defect, turns them: what it does is its contribution, called `by`, and it
    takes back its own alone. With `firm` false a contribution lasts until people turn the same knob."""

    def __init__(self, injection: Injection, by: str) -> None:
        self._injection, self.by = injection, by

    def release(self) -> None:
        """Takes back everything."""
        for knob in self._injection.knobs():
            knob.release(self.by)

    def acts(self) -> bool:
        """Whether requests could tell: some knob stands elsewhere than it would without this contributor, and nothing else keeps
        requests from what the knob turns."""
        return self._injection.acts(self.by)

    # -- instances --------------------------------------------------------------------------------------------------------------

    def crash(self, service: str, replica: int = 0, *, firm: bool = False) -> None:
        """The instance is down, until this contributor or people start it; if it is `firm`, until this contributor does."""
        self._injection.down(service, replica).contribute(self.by, 1, firm=firm)

    def restart(self, service: str, replica: int = 0) -> None:
        """This contributor no longer keeps the instance down."""
        self._injection.down(service, replica).release(self.by)

    def stop_to_start(self, service: str, replica: int = 0) -> None:
        """The instance is stopped, to be started again by `restart` of this contributor. With what ran ends, whoever made it, the crash,
        the hang or the pause that it was in, unless it is firm; what begins until it is up again holds then."""
        self.crash(service, replica)
        for knob in (self._injection.hung(service, replica), self._injection.paused(service, replica)):
            knob.clear()
        self._injection.down(service, replica).clear(but=self.by)

    def keeps_down(self, service: str, replica: int = 0) -> bool:
        """Whether this contributor's crash has not ended yet."""
        return self._injection.down(service, replica).holds(self.by)

    def hang(self, service: str, replica: int = 0, *, firm: bool = False) -> None:
        """The instance hangs while it is up, until this contributor thaws it or it is restarted."""
        self._injection.hung(service, replica).contribute(self.by, 1, firm=firm)

    def thaw(self, service: str, replica: int = 0) -> None:
        """This contributor no longer makes the instance hang."""
        self._injection.hung(service, replica).release(self.by)

    def pause(self, service: str, replica: int = 0) -> None:
        """The instance stands still while it is up, until this contributor resumes it or it is restarted."""
        self._injection.paused(service, replica).contribute(self.by, 1, firm=False)

    def resume(self, service: str, replica: int = 0) -> None:
        """This contributor no longer makes the instance stand still."""
        self._injection.paused(service, replica).release(self.by)

    def keeps_paused(self, service: str, replica: int = 0) -> bool:
        """Whether this contributor's pause has not ended yet."""
        return self._injection.paused(service, replica).holds(self.by)

    def slow(self, service: str, replica: int, factor: float) -> None:
        """A factor on all work of the instance that begins from now on."""
        self._injection.slowness(service, replica).contribute(self.by, require_factor("slow", factor))

    def work(self, service: str, operation: str, factor: float, replica: int | None = None) -> None:
        """A factor on work of this operation that begins from now on, at one instance or at all."""
        for knob in self._injection.workloads_of(service, operation, replica):
            knob.contribute(self.by, require_above("work: the factor", factor))

    def error_rate(self, service: str, replica: int, share: float) -> None:
        """A share of the instance's requests that fails with `error`, independently of the shares of others."""
        self._injection.failing_share(service, replica).contribute(self.by, require_share("error_rate", share))

    def grey(self, service: str, replica: int, share: float, factor: float) -> None:
        """A share of the instance's requests whose work takes `factor` times as long."""
        grey = Grey(require_share("grey", share), float(factor))
        self._injection.greyness(service, replica).contribute(self.by, (grey,))

    def contention(self, service: str, replica: int, coefficient: float) -> None:
        """A coefficient in place of the architecture's; of several, what each is more than that adds up."""
        more = float(coefficient) - self._injection.plan.architecture.services[service].contention
        self._injection.contention_of(service, replica).contribute(self.by, more)

    def rotate_out(self, service: str, replica: int = 0, *, firm: bool = False) -> None:
        """No call picks the instance, until this contributor or people put it in."""
        self._injection.out_of_rotation(service, replica).contribute(self.by, 1, firm=firm)

    def rotate_in(self, service: str, replica: int = 0) -> None:
        """This contributor no longer keeps the instance out."""
        self._injection.out_of_rotation(service, replica).release(self.by)

    # -- pools, limits, links -----------------------------------------------------------------------------------------------

    def pool_slots(self, pool: str, slots: int | None, *, firm: bool = True) -> None:
        """The pool has so many slots at most; None: as far as this contributor goes, all."""
        require_slots(pool, slots)
        for label in self._injection.labels_of("pool", pool):
            knob = self._injection.slots_of(label)
            if slots is None:
                knob.release(self.by)
            else:
                knob.contribute(self.by, slots, firm=firm)

    def limit_rate(self, limit: str, per_second: float, *, firm: bool = True) -> None:
        """The limit lets so many through a second at most."""
        require_above("limit_rate: the rate", per_second)
        for label in self._injection.labels_of("limit", limit):
            self._injection.rate_of(label).contribute(self.by, per_second, firm=firm)

    def link(
        self,
        source: str,
        target: str,
        *,
        latency_factor: float | None = None,
        latency_add_ns: int | None = None,
        loss_request: float | None = None,
        loss_answer: float | None = None,
        duplication: float | None = None,
        partition_request: Cut | None = None,
        partition_answer: Cut | None = None,
    ) -> None:
        """Factors, additions, shares and cuts on top of what the link from `source` to `target` has of itself and by others."""
        changes = LinkChanges(
            latency_factor, latency_add_ns, loss_request, loss_answer, duplication, partition_request, partition_answer
        )
        for turn in self._injection.link_turns(source, target, changes):
            turn.contribute(self.by)

    # -- customers, markets -------------------------------------------------------------------------------------------------

    def flow_rate(self, flow: str, factor: float) -> None:
        """A factor on the rate at which intents of the flow arrive."""
        self._injection.rate_factor(flow).contribute(self.by, Rate.of(require_factor("flow_rate", factor), self.by))

    def met(self, kind: str, name: str, field: str) -> int | None:
        """How much of a counter is due to this contributor alone; None where nobody counts that."""
        return self._injection.met_by(kind, name, field, self.by)

    def drop_sessions(self, share: float, reconnect_over_ns: int) -> int:
        """As `Injection.drop_sessions`: it happens at once, and there is nothing to take back."""
        return self._injection.drop_sessions_for(self.by, share, reconnect_over_ns)

    def burst(self, flow: str, count: int, over_ns: int) -> None:
        """As `Injection.burst`: there is nothing to take back."""
        self._injection.burst_for(self.by, flow, count, over_ns)

    def market(self, exchange: str, orders: bool, cancels: bool, overnight: bool = True) -> None:
        """What the exchange takes at most, as far as this contributor goes."""
        self._injection.market_of(exchange).contribute(self.by, Taken(orders, cancels, overnight))
