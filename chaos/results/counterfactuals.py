"""What acting did in a run, shown by runs of the same seed in which actions are left out. docs/verdicts.md says what the words mean."""

from __future__ import annotations

from typing import Literal

from simcore.base.model import ResultModel
from simcore.model.left_out import action_name

Effect = Literal["helped", "no_difference", "hurt", "mixed", "open"]
"""Of several figures: all that differ are better, none differs, all are worse, some are better and some worse; `open`: one of the two runs
was given up before its end, and until then none differs in a way that the rest could not undo."""
End = Literal["done", "failed", "called_off", "not_needed", "under_way"]


class Outage(ResultModel):
    """A violation of the steady state [begin, end), ns: intervals with fewer than `hold` of steady ones between them. `impaired_s` is
    their length in session, and the outages of a run add up to its impaired time. `failed_orders` were submitted after the outage before
    (the first step) and by the end of this one."""

    begin_ns: int
    end_ns: int
    impaired_s: float
    failed_orders: int


class FailedOrders(ResultModel):
    """How many of the orders submitted in the evaluation interval that begins at `at_ns` failed; intervals without are left out."""

    at_ns: int
    count: int


class ActionTaken(ResultModel):
    """Something that people, a runbook, a vendor or a trigger did or were about to do: `verb` to `target`.

    `by` whom, about `subject`; when it was approved, begun and ended (ns), and how: `done`, `failed` (could not be done), `called_off`
    (a look before its command showed that the trouble was over), `not_needed` (approved, and the trouble was over already), or
    `under_way` when the run ended. `error` is how it was done wrongly, if it was.
    """

    verb: str
    target: str
    by: str
    subject: str = ""
    approved_ns: int | None = None
    begun_ns: int | None = None
    ended_ns: int | None = None
    end: End
    error: str | None = None

    @property
    def name(self) -> str:
        """As `--leave-out` takes it."""
        return action_name(self.verb, self.target)

    @property
    def may_matter(self) -> bool:
        """Whether leaving it out could show anything: it was carried out, or tried."""
        return self.end in ("done", "failed", "under_way")


class RunFigures(ResultModel):
    """The figures of one run that others on the same seed are held against: orders as in `metrics.orders`, `failed_requests` of all
    flows, impaired time, outages, and when orders failed. `given_up_ns`: the run was given up then, and the figures are those until then."""

    failed_orders: int
    blocked: int
    failed: int
    unknown: int
    duplicated: int
    lost: int
    orphan: int
    stranded: int
    late: int
    failed_requests: int
    impaired_s: float | None
    outages: list[Outage] = []
    failed_over_time: list[FailedOrders] = []
    given_up_ns: int | None = None

    @property
    def wrong_in_the_books(self) -> int:
        """Orders duplicated, lost, orphan or stranded."""
        return self.duplicated + self.lost + self.orphan + self.stranded


class Difference(ResultModel):
    """The run as it was less the run without: positive is what came of it, negative what it saved."""

    failed_orders: int
    impaired_s: float
    wrong_in_the_books: int
    failed_requests: int


class TakenAgain(ResultModel):
    """What an action did by the times it was taken from `since_ns` on, the end of an outage, alone."""

    since_ns: int
    effect: Effect
    difference: Difference


class ActionEffect(ResultModel):
    """What one action did, all times that it was taken together; `mixed`, too, if it helped at one time and hurt at another. `without` are
    the figures of the run in which it was left out; where nothing was carried out, those of the run itself. `again` is what it did when it
    was taken again in later outages."""

    name: str
    taken: list[ActionTaken]
    effect: Effect
    difference: Difference
    without: RunFigures
    again: list[TakenAgain] = []


class OutageCauses(ResultModel):
    """What leaving things out shows of the outage of the same number.

    `only_with` are actions without which it is not there; `acting`: it is not there if nobody acts; `without_method_s`: for how long (s)
    the steady state is violated at that time without the method (None: not tried). `ended_by` are actions without which it lasts longer,
    `prolonged_by` those without which it is over sooner; `unaided`: with nobody acting it ends no later.
    """

    only_with: list[str] = []
    acting: bool
    without_method_s: float | None = None
    ended_by: list[str] = []
    prolonged_by: list[str] = []
    unaided: bool


class Counterfactuals(ResultModel):
    """The run held against runs of the same seed: in which nobody acts, in which each action is left out in turn, and without the
    method (None: not made). `effect` is what acting did on the whole, `outages` belong to those of the run, in their order."""

    as_run: RunFigures
    nobody_acts: RunFigures
    no_method: RunFigures | None = None
    effect: Effect
    difference: Difference
    actions: list[ActionEffect] = []
    outages: list[OutageCauses] = []
    runs: int

    @property
    def acted(self) -> bool:
        """Whether anything was carried out, so that there is something to say of acting."""
        return any(taken.may_matter for action in self.actions for taken in action.taken)


# --- the chain of causes ----------------------------------------------------------------------------------------------------


NodeKind = Literal["step", "action", "service", "pool", "limit", "link", "call", "customers"]
NodeState = Literal["injected", "carried_out", "down", "full", "at_limit", "fails", "rejected", "late", "slow", "hit"]


class CauseMember(ResultModel):
    """An operation, a flow or whatever else a box holds, and since when it was not well, ns."""

    name: str
    t_ns: int


class CauseNode(ResultModel):
    """A box of the chain: what was not well and is of one place. `names` are the steps, actions, services, pools, limits, links or call
    sites that the box is about (of customers: none), `members` the operations, instances or flows in it, `t_ns` since when, and `state`
    how, in one word. `slots` are those of a pool; a service that is down was so until `until_ns`, and steps that were over before
    the outage began were in force until then."""

    id: str
    kind: NodeKind
    names: list[str]
    t_ns: int
    state: NodeState
    members: list[CauseMember] = []
    slots: int | None = None
    until_ns: int | None = None


class CauseEdge(ResultModel):
    """An arrow from box to box: there is a dependency, and the order in time fits."""

    cause: str
    effect: str


class CauseGraph(ResultModel):
    """The chain of causes in boxes, of the outage of that number (None: of a run without outages), from `begin_ns` to `end_ns`. `nodes`
    are in an order in which causes come before effects, else by time; `links` is how many of the chain's links they fold. `unexplained` are
    flows that failed and that no arrow reaches."""

    outage: int | None = None
    begin_ns: int
    end_ns: int
    nodes: list[CauseNode] = []
    edges: list[CauseEdge] = []
    links: int = 0
    unexplained: list[str] = []
