"""What can be set in a data plane, one method a thing: by names and plain values, without a word about how it is done.

The knobs (simcore.control.injection) decide what each is to be, of what people have set and what faults contribute; a switchboard
does it. The simulated core's is simcore.control.kernel_switches; another data plane has one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from simcore.compile.arena import Ints
from simcore.control.knobs import Band, Cut, Grey, Rate, Taken
from simcore.counterparties.counterparty import FileState


class LinkState(NamedTuple):
    """How a link is. Latencies are the file's times the factor, plus the addition (ns); losses and duplication are shares."""

    latency_factor: float
    latency_add_ns: int
    loss_request: float
    loss_answer: float
    duplication: float
    partition_request: Cut
    partition_answer: Cut


class Switchboard(Protocol):
    """The switches of one data plane. Each takes effect at once, and is called with names that exist; setting what is set already changes
    nothing.

    Replicas are numbered from 0, standbys after the others. Pools and limits go by what they are called in a run
    (`ArchitectureIndex.resource_names`): one of each replica by `NAME#N`. What is set counts for what begins afterwards, unless
    said. Before anything is set a data plane is as its architecture and workload say. Arrays are int64.
    """

    @property
    def now(self) -> int:
        """The present instant, ns since midnight of the first day."""
        ...

    # -- instances ------------------------------------------------------------------------------------------------------------

    def set_down(self, service: str, replica: int, down: bool) -> None:
        """Down, the instance loses what lives there (callers get a reset) and what it knew of those it calls, neither hangs nor is
        paused any more, and refuses requests; up again, it takes the durable messages that waited for it."""
        ...

    def set_still(self, service: str, replica: int, *, hung: bool, paused: bool) -> None:
        """The instance, which is up, answers nothing. Hung, it goes on with nothing but the work it has begun; paused, its work stops
        too, and goes on where it stood. What came meanwhile goes on when it is neither."""
        ...

    def set_slowness(self, service: str, replica: int, factor: float) -> None:
        """Work of the instance takes so many times as long."""
        ...

    def set_error_share(self, service: str, replica: int, share: float) -> None:
        """This share of the instance's requests fails with `error` before the first step."""
        ...

    def set_grey(self, service: str, replica: int, greys: Sequence[Grey]) -> None:
        """The work of some of the instance's requests takes longer. The largest share comes first; requests of a smaller one are among
        those of the larger, and suffer from both."""
        ...

    def set_contention(self, service: str, replica: int, coefficient: float) -> None:
        """How much each other task at work on the instance slows one that begins."""
        ...

    def set_out_of_rotation(self, service: str, replica: int, out: bool) -> None:
        """Whether no call picks the instance. What it is doing is finished."""
        ...

    def set_work(self, service: str, operation: str, replica: int, factor: float) -> None:
        """Work of the operation takes so many times as long as the file says, at this instance."""
        ...

    # -- pools, limits, links, calls ------------------------------------------------------------------------------------------

    def set_slots(self, pool: str, slots: int | None) -> None:
        """The pool has so many slots, None: without limit. More are granted at once, fewer as those in use come free."""
        ...

    def set_queue_limit(self, pool: str, limit: int) -> None:
        """So many may wait for a slot; those who wait stay, even if they are more."""
        ...

    def set_rate(self, limit: str, burst: int, per_second: float) -> None:
        """The limit lets through so many a second, and so many at once."""
        ...

    def set_link(self, source: str, target: str, state: LinkState) -> None:
        """The link from `source` to `target` is as `state` says. What a cut held goes on when there is none in its direction."""
        ...

    def set_call_policy(self, site: str, *, timeout_ns: int | None, attempts: int | None, backoff_ns: int | None) -> None:
        """A call site's policy for attempts from now on; None: that stays as it is."""
        ...

    # -- customers ------------------------------------------------------------------------------------------------------------

    def set_flow_rate(self, flow: str, rate: Rate) -> None:
        """Intents of the flow, which has a rate, arrive at `factor` times the workload's. Those that it keeps away of the `most` that would come
        otherwise count as `rate_changed`, if others have been brought or kept away before."""
        ...

    def watch(self, kind: str, name: str, field: str, bands: Sequence[Band]) -> None:
        """From now on of what the counter of a share counts each contributor is credited with what is drawn within its band. Where a switchboard
        cannot tell, nobody is."""
        ...

    def met_by(self, kind: str, name: str, field: str, by: str) -> int | None:
        """What a contributor was credited with so far: of a flow's `rate_changed` the intents that came and would not without it, or did
        not and would. None if it never contributed to what the counter counts, or nobody can tell."""
        ...

    def add_arrivals(self, flow: str, times: Ints, customers: Ints) -> None:
        """Beside the others an intent of the flow arrives at each of the instants (ns, now or later, in any order), of the customer with
        that number."""
        ...

    def logged_in(self) -> Ints:
        """The numbers of the customers who have a session now, ascending."""
        ...

    def log_out(self, customers: Ints) -> None:
        """These customers, who are logged in, lose their sessions."""
        ...

    # -- markets, books -------------------------------------------------------------------------------------------------------

    def set_market(self, number: int, taken: Taken) -> None:
        """What an exchange takes, by its place among the plan's `markets`; 0 for one without a name."""
        ...

    def lose_unreplicated(self, lag_ns: int) -> int:
        """Deletes from the core's books what it entered within the last `lag_ns`; the number of orders that are lost to the core."""
        ...

    def settle_day(self, files: Mapping[str, FileState]) -> Mapping[str, int]:
        """The settlement batch's writes. `files` says by counterparty how its file is found, good if it is not named; counts of what
        was settled, closed, stranded and confirmed."""
        ...

    def reconcile(self, counterparty: str) -> Mapping[str, int]:
        """Compares the core with a counterparty and repairs; the differences by kind."""
        ...
