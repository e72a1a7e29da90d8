"""Single orders hop by hop, as the page of a run shows them: which of those whose hops were kept, and the hops of each.

Of every N-th request a run keeps the hops (`--spans N`). A page has up to 40 orders that did not end as they should, evenly over time for each way
to end, and up to 8 that went well, to compare; of each the first 80 hops. That is 140 KB at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from chaos.i18n.texts import LocalizedText, display_name, join, lookup, translate
from chaos.measures.formatting import number
from chaos.results.stored_run import StoredRun
from simcore.base.units import SECOND, US
from simcore.journal.model import CODES, FLAGS, OUTCOMES, REPORTED_LATE, Journal, rejected_wrongly

BAD_MAX, GOOD_MAX, HOPS_MAX = 40, 8, 80
_WELL = ("confirmed", "rejected")


class Hop(NamedTuple):
    """A task of an order: how deep it is in the tree of calls; its instance and operation, places in the lists of `KeptOrders`; when it came,
    how long it waited for its slots, when it ended, µs since the order was submitted; its code; how many calls of its caller to the same
    operation came before it; and from when on nobody waited for it any more (None: somebody did), as of a message, or of an answer that came
    too late."""

    depth: int
    unit: int
    operation: int
    arrive: int
    wait: int
    end: int
    code: int
    before: int
    alone: int | None


class KeptOrder(BaseModel):
    """An order: when it was submitted, s and µs; what its customer saw, after how many µs (None: nothing), in how many attempts; what is true
    of it; whether it ended otherwise than it should; its hops in the order of the tree of calls, and how many there are more."""

    model_config = ConfigDict(frozen=True)

    request: int
    flow: LocalizedText
    customer: int
    t: int
    micro: int
    outcome: LocalizedText
    truth: LocalizedText
    bad: bool
    answer: int | None
    attempts: int
    hops: list[Hop]
    more: int


class KeptOrders(BaseModel):
    """The orders of a page. `every`: hops are kept of one request in so many (0: of none), `kept` orders of the window among them, `bad` of
    which did not end as they should."""

    model_config = ConfigDict(frozen=True)

    every: int
    kept: int
    bad: int
    shown: list[KeptOrder]
    units: list[LocalizedText]
    operations: list[LocalizedText]
    codes: list[LocalizedText]

    def rule(self) -> LocalizedText:
        """Which orders the page has, and of how many."""
        bad = sum(order.bad for order in self.shown)
        return translate(
            "hops.rule",
            every=number(self.every),
            kept=number(self.kept),
            bad=number(self.bad),
            shown=number(bad),
            good=number(len(self.shown) - bad),
            most=number(HOPS_MAX),
        )


def wait_ns(arrive: int, start: int, end: int) -> int:
    """How long a hop waited until it had all its slots, ns: all the time if it never had them."""
    if start < 0:
        return end - arrive
    return start - arrive if arrive < start <= end else 0


def kept_orders(stored: StoredRun) -> KeptOrders:
    """The orders of a run's page."""
    journal, own = stored.journal, stored.run.own_names
    rows, wrongly = _sampled(stored), rejected_wrongly(journal.intents)
    ended = {i: "rejected_wrongly" if wrongly[i] else _ended(journal, i) for i in rows}
    bad = [i for i in rows if ended[i] not in _WELL]
    good = [i for i in rows if ended[i] == "confirmed"]
    chosen = sorted([*_spread_by_end(bad, ended), *_spread(good, GOOD_MAX)])
    spans = _by_request(journal, [int(journal.intents["request"][i]) for i in chosen])
    return KeptOrders(
        every=journal.meta.span_sampling,
        kept=len(rows),
        bad=len(bad),
        shown=[_order(stored, i, ended[i], spans) for i in chosen],
        units=[display_name(name, own) for name in journal.names.get("unit", [])],
        operations=[display_name(name.partition(".")[2] or name, own) for name in journal.names.get("operation", [])],
        codes=[lookup("code", code) for code in CODES],
    )


# --- which orders -------------------------------------------------------------------------------------------------------------


def _sampled(stored: StoredRun) -> list[int]:
    """The rows of the orders submitted in the window of which hops are kept, if there are any, in order of time."""
    journal, window, every = stored.journal, stored.window, stored.journal.meta.span_sampling
    if not every:
        return []
    intents, kinds = journal.intents, journal.meta.flow_kinds
    orders = [n for n, flow in enumerate(journal.names.get("flow", [])) if kinds.get(flow) == "order"]
    found = np.isin(intents["flow"], orders) & (intents["request"] % every == 0)
    found &= (intents["submit_ns"] >= window.begin_ns) & (intents["submit_ns"] < window.end_ns)
    rows: list[int] = np.flatnonzero(found)[np.argsort(intents["submit_ns"][found], kind="stable")].tolist()
    return rows


def _ended(journal: Journal, i: int) -> str:
    """How an order ended: as its customer saw it if that was bad, else as it is in the books."""
    outcome = OUTCOMES[int(journal.intents["outcome"][i])]
    return outcome if outcome not in _WELL else next(iter(_flags(journal, i)), outcome)


def _flags(journal: Journal, i: int) -> list[str]:
    flags = int(journal.intents["flags"][i])
    return [flag for flag, bit in (*FLAGS.items(), ("reported_late", REPORTED_LATE)) if flags & bit]


def _spread_by_end(rows: Sequence[int], ended: Mapping[int, str]) -> Iterator[int]:
    """As many of each way to end, evenly over time."""
    ways = dict.fromkeys(ended[i] for i in rows)
    for way in ways:
        yield from _spread([i for i in rows if ended[i] == way], BAD_MAX // len(ways))


def _spread(rows: Sequence[int], most: int) -> list[int]:
    """At most so many, the first and the last among them, evenly."""
    if len(rows) <= most:
        return list(rows)
    return [rows[n] for n in np.linspace(0, len(rows) - 1, most).round().astype(int).tolist()]


# --- the hops of one ----------------------------------------------------------------------------------------------------------


class _Span(NamedTuple):
    """A row of the journal's spans."""

    path: int
    parent: int
    unit: int
    operation: int
    arrive: int
    start: int
    end: int
    code: int


Spans = dict[int, list[_Span]]


def _by_request(journal: Journal, requests: Sequence[int]) -> Spans:
    """The spans of these requests, by arrival."""
    spans = journal.spans
    rows: NDArray[np.int64] = np.flatnonzero(np.isin(spans["request"], requests))
    found: Spans = {}
    for i in rows[np.lexsort((spans["end_ns"][rows], spans["arrive_ns"][rows]))].tolist():
        columns = ("path", "parent", "unit", "operation", "arrive_ns", "start_ns", "end_ns", "code")
        found.setdefault(int(spans["request"][i]), []).append(_Span(*(int(spans[column][i]) for column in columns)))
    return found


def _order(stored: StoredRun, i: int, ended: str, spans: Spans) -> KeptOrder:
    journal, intents = stored.journal, stored.journal.intents
    request, submitted, outcome = (int(intents[column][i]) for column in ("request", "submit_ns", "outcome"))
    answered = int(intents["answer_ns"][i]) if outcome else None
    seen, code, of_order = translate(f"outcome.{OUTCOMES[outcome]}"), CODES[int(intents["code"][i])], spans.get(request, [])
    placed = "placed_once" if intents["placed"][i] else "recorded" if intents["recorded"][i] else "not_placed"
    return KeptOrder(
        request=request,
        flow=display_name(journal.names["flow"][int(intents["flow"][i])], stored.run.own_names),
        customer=int(intents["customer"][i]),
        t=submitted // SECOND,
        micro=submitted % SECOND // US,
        outcome=seen if code in ("ok", "rejected") else join([seen, lookup("code", code)], ": ", "："),
        truth=join([translate(f"truth.{truth}") for truth in _flags(journal, i) or [placed]]),
        bad=ended not in _WELL,
        answer=None if answered is None else (answered - submitted) // US,
        attempts=int(intents["attempts"][i]),
        hops=list(_tree(of_order[:HOPS_MAX], submitted, answered)),
        more=max(0, len(of_order) - HOPS_MAX),
    )


def _tree(spans: Sequence[_Span], submitted: int, answered: int | None) -> Iterator[Hop]:
    """The hops, each followed by those that it called, by arrival."""
    known = {span.path for span in spans}
    called: dict[int, list[_Span]] = {}
    for span in spans:
        called.setdefault(span.parent if span.parent in known else 0, []).append(span)

    def below(parent: int, ends: int | None, depth: int) -> Iterator[Hop]:
        for n, span in enumerate(called.pop(parent, [])):
            yield _hop(span, siblings[parent][:n], siblings[parent][n + 1 :], submitted, ends, depth)
            yield from below(span.path, span.end, depth + 1)

    siblings = {parent: list(children) for parent, children in called.items()}
    return below(0, answered, 0)


def _hop(
    span: _Span, earlier: Sequence[_Span], later: Sequence[_Span], submitted: int, caller_ended: int | None, depth: int
) -> Hop:
    """A hop among the others of its caller, which ended at an instant, ns (None: it did not)."""
    again = [other.arrive for other in later if other.operation == span.operation and span.arrive < other.arrive < span.end]
    alone = min([*again, *([] if caller_ended is None else [caller_ended])], default=span.end)
    return Hop(
        depth,
        span.unit,
        span.operation,
        (span.arrive - submitted) // US,
        wait_ns(span.arrive, span.start, span.end) // US,
        (span.end - submitted) // US,
        span.code,
        sum(other.operation == span.operation for other in earlier),
        (max(alone, span.arrive) - submitted) // US if alone < span.end else None,
    )
