"""What the page of a run shows, as its program reads it: the topology bin by bin, the series of its charts, flags, bands and events."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from chaos.i18n.events import event_detail, event_subject
from chaos.i18n.names import own_text
from chaos.i18n.texts import Entry, LocalizedText, display_name, join, lookup, phrase, shipped_name, translate, untranslated
from chaos.measures.outages import failed_at
from chaos.reports.run import bands, service_states
from chaos.reports.run.bins import Bins, bins_of
from chaos.reports.run.charts.catalogue import shipped_charts
from chaos.reports.run.charts.chart import Chart
from chaos.reports.run.folding import Folded, folded
from chaos.reports.run.hops import KeptOrders, kept_orders
from chaos.reports.run.topology_layout import CLIENT, HEIGHT, Layout, Sign, Size, group_name, layout, place_signs
from chaos.results.run import FaultEvidence
from chaos.results.stored_run import StoredRun
from chaos.results.topology import TopologyNode
from simcore.base.units import SECOND

EVENTS_MAX = 1500
SIGN_WORD = 16  # letters that stand before a fault's name on its sign


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, validate_by_name=True, serialize_by_alias=True)


class NodeBox(NamedTuple):
    """The box of a node: its centre and width, in the units of the drawing."""

    x: float
    y: float
    width: float


class Node(_Part):
    """A service, or the client. By bin: `state` (a digit, a position in the page's `states`), `fill` of its fullest pool in
    percent, that pool's place in `pools` (`slots` has the size of each, 0 if it has none), and how many replicas serve."""

    id: str
    name: LocalizedText
    layer: str
    about: LocalizedText
    replicas: int
    state: str
    fill: list[int]
    pool: list[int]
    pools: list[LocalizedText]
    slots: list[int]
    serving: list[int]


class Edge(_Part):
    """Calls between two services; `level` has a digit a bin, how many of them fail, in ninths."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    level: str


class ShownSeries(_Part):
    """A series of a chart; `choice` is the place of its choice in the chart's list, None if it is drawn always."""

    name: LocalizedText
    values: list[int | float | None]
    colour: str
    choice: int | None


class ShownChart(_Part):
    """A chart as it is declared, what can be chosen in it, and its series."""

    chart: Chart
    choices: list[LocalizedText]
    series: list[ShownSeries]


class BandRow(NamedTuple):
    """A stretch of time behind every chart, seconds: its lane, the key of its word, from, to, label."""

    lane: str
    word: str
    begin: int
    end: int
    label: LocalizedText


class FaultFlag(NamedTuple):
    """A fault on the map: corner and width of its sign, in the units of the drawing, the box of what it hit, its name, and from when to
    when, seconds."""

    x: float
    y: float
    width: float
    node: str
    name: LocalizedText
    begin: int
    end: int


class MarkRow(NamedTuple):
    """An instant worth a mark, seconds."""

    t: int
    label: LocalizedText


class EventRow(NamedTuple):
    """An event of the journal: its second, under which heading it is listed, what, of what, and the rest."""

    t: int
    group: str
    what: LocalizedText
    subject: LocalizedText
    detail: LocalizedText


class Focus(NamedTuple):
    """The stretch of time that the page shows first, seconds."""

    begin: int
    end: int


class PageData(_Part):
    """Everything the page's program needs. Times are whole seconds since midnight of the first day; lists have one value a bin."""

    start: int
    step: int
    count: int
    end: int
    focus: Focus
    size: Size
    height: float
    nodes: list[Node]
    edges: list[Edge]
    boxes: dict[str, NodeBox]
    flags: list[FaultFlag]
    states: list[LocalizedText]
    glyphs: list[str]
    charts: list[ShownChart]
    bands: list[BandRow]
    failed: list[int]
    first: int
    marks: list[MarkRow]
    events: list[EventRow]
    events_left_out: int
    orders: KeptOrders
    words: dict[str, Entry]


def page_data(stored: StoredRun, words: dict[str, Entry] | None = None) -> PageData:
    """The data of a run's page. `words` are the texts that the program itself uses."""
    bins, events = bins_of(stored.journal, stored.run.own_names), _events(stored)
    nodes, edges = _nodes(stored, bins), _edges(stored, bins)
    drawn = folded(stored.topology, [(edge.source, edge.target) for edge in edges], _untouched(stored, nodes, edges))
    placed = layout(drawn.topology, stored.run.own_names)
    flags, size = _flags(stored, placed)
    return PageData(
        start=bins.start_ns // SECOND,
        step=bins.step,
        count=bins.count,
        end=stored.span.end_ns // SECOND,
        focus=page_focus(stored),
        size=size,
        height=HEIGHT,
        nodes=[*nodes, *(_group(name, members, bins) for name, members in drawn.groups.items())],
        edges=[*edges, *_edges_of_groups(drawn, bins)],
        boxes={name: NodeBox(*box) for name, box in placed.boxes.items()},
        flags=flags,
        states=[translate(f"state.{s}") for s in service_states.STATES],
        glyphs=list(service_states.STATE_GLYPHS),
        charts=[shown_chart(chart, bins) for chart in shipped_charts()],
        bands=_bands(stored),
        failed=_failed_by_bin(stored, bins),
        first=_first_instant(stored),
        marks=[MarkRow(mark.t_ns // SECOND, mark.label) for mark in bands.marks(stored)],
        events=events,
        events_left_out=len(stored.journal.events) - len(events),
        orders=kept_orders(stored),
        words=words or {},
    )


def _bands(stored: StoredRun) -> list[BandRow]:
    return [BandRow(b.lane, b.word, b.begin_ns // SECOND, -(-b.end_ns // SECOND), b.label) for b in bands.bands(stored)]


def page_focus(stored: StoredRun) -> Focus:
    """The stretch around what happened: from two minutes before the first fault to five after the last trouble."""
    begin, end = stored.span
    found = bands.bands(stored)
    trouble = [b.end_ns for b in found if b.lane in ("impaired", "people")] or [b.end_ns for b in found if b.lane == "fault"]
    if not trouble:
        return Focus(begin // SECOND, -(-end // SECOND))
    first, last = min(b.begin_ns for b in found if b.lane != "alarm"), max(trouble)
    return Focus(max(begin, first - 120 * SECOND) // SECOND, -(-min(end, last + 300 * SECOND) // SECOND))


def _first_instant(stored: StoredRun) -> int:
    """Where the page stands at first, seconds: a third into the first outage, else at the first mark, else at the beginning."""
    if stored.run.outages:
        outage = stored.run.outages[0]
        return (outage.begin_ns + (outage.end_ns - outage.begin_ns) // 3) // SECOND
    marks = bands.marks(stored)
    return marks[0].t_ns // SECOND if marks else page_focus(stored).begin


def _failed_by_bin(stored: StoredRun, bins: Bins) -> list[int]:
    """Failed orders by the bin in which they were submitted."""
    numbers = (failed_at(stored.journal, stored.window) - bins.start_ns) // (bins.step * SECOND)
    counts: list[int] = np.bincount(np.minimum(numbers, bins.count - 1), minlength=bins.count).tolist()
    return counts


def split_of(stored: StoredRun, bins: Bins) -> int:
    """The bin in which the first fault begins; 0 without one."""
    begun = [s.began_ns for s in stored.run.faults if s.began_ns is not None]
    return bins.at(min(begun)) if begun else 0


# --- topology -------------------------------------------------------------------------------------------------------------


def _nodes(stored: StoredRun, bins: Bins) -> list[Node]:
    split = split_of(stored, bins)
    nodes = [_node(bins, service, drawn, split) for service, drawn in stored.topology.services.items()]
    client = any(edge.source == CLIENT for edge in stored.topology.edges)
    return [*nodes, _client(stored, bins, split)] if client else nodes


def _edges(stored: StoredRun, bins: Bins) -> list[Edge]:
    """Those that were used in the stretch shown first."""
    split, focus = split_of(stored, bins), page_focus(stored)
    edges = []
    seen = slice(bins.at(focus.begin * SECOND), bins.at(focus.end * SECOND) + 1)
    for edge in stored.topology.edges:
        used = any(bins.sums("call", site, "attempts")[seen].any() for site in edge.sites)
        if edge.source != edge.target and used:
            levels = "".join(map(str, service_states.edge_levels(bins, edge, split).tolist()))
            edges.append(Edge(source=edge.source, target=edge.target, level=levels))
    return edges


def _untouched(stored: StoredRun, nodes: list[Node], edges: list[Edge]) -> set[str]:
    """Services that were healthy throughout, whose calls did not fail, and that no step hit."""
    failing = {end for edge in edges if edge.level.strip("0") for end in (edge.source, edge.target)}
    hit = {_node_of(stored, step) for step in stored.run.faults}
    return {node.id for node in nodes if not node.state.strip("0")} - failing - hit - {CLIENT}


def _group(name: str, members: list[str], bins: Bins) -> Node:
    """A box for several services to which nothing happened. It counts no replicas, and so stands in no table."""
    none, each = [0] * bins.count, join([display_name(member, bins.own_names) for member in members])
    return Node(
        id=name, name=group_name(members, bins.own_names), layer="", about=each, replicas=0, state="0" * bins.count,
        fill=none, pool=none, pools=[], slots=[], serving=none,
    )  # fmt: skip


def _edges_of_groups(drawn: Folded, bins: Bins) -> list[Edge]:
    ends = [(edge.source, edge.target) for edge in drawn.topology.edges if {edge.source, edge.target} & drawn.groups.keys()]
    return [Edge(source=source, target=target, level="0" * bins.count) for source, target in ends]


def _node(bins: Bins, service: str, drawn: TopologyNode, split: int) -> Node:
    course = service_states.course(bins, service, drawn, split)
    return Node(
        id=service,
        name=display_name(service, bins.own_names),
        layer=drawn.layer,
        about=phrase("about", drawn.description),
        replicas=drawn.replicas,
        state="".join(map(str, course.state.tolist())),
        fill=course.fill.tolist(),
        pool=course.pool.tolist(),
        pools=[display_name(pool, bins.own_names) for pool in drawn.pools],
        slots=[service_states.slots(bins, pool) for pool in drawn.pools],
        serving=course.serving.tolist(),
    )


def _client(stored: StoredRun, bins: Bins, split: int) -> Node:
    """The customers: failing when their intents do."""
    bad, ended = np.zeros(bins.count, np.int64), np.zeros(bins.count, np.int64)
    for flow, kind in stored.journal.meta.flow_kinds.items():
        if kind != "probe":
            lost = sum(bins.sums("flow", flow, field) for field in ("failed", "unknown", "blocked"))
            bad += lost
            ended += lost + bins.sums("flow", flow, "ok") + bins.sums("flow", flow, "rejected")
    failing = service_states.STATES.index("failing")
    state, none = np.where(service_states.failing(bad, ended, split), failing, 0), [0] * bins.count
    return Node(
        id=CLIENT,
        name=shipped_name(CLIENT),
        layer="client",
        about=untranslated(""),
        replicas=0,
        state="".join(map(str, state.tolist())),
        fill=none,
        pool=none,
        pools=[],
        slots=[],
        serving=none,
    )


def _flags(stored: StoredRun, placed: Layout) -> tuple[list[FaultFlag], Size]:
    """A sign for each step that hit something on the map, and the drawing's size with them."""
    hit = [(step, node) for step in stored.run.faults if (node := _node_of(stored, step)) in placed.boxes]
    begun = [(step, step.began_ns, Sign(node, len(step.name) + SIGN_WORD)) for step, node in hit if step.began_ns is not None]
    places, size = place_signs(placed, [sign for _, _, sign in begun])
    end, flags = stored.span.end_ns, []
    for (x, y), (step, begin_ns, sign) in zip(places, begun, strict=True):
        until = (step.in_force_until if step.in_force_until is not None else end) // SECOND
        flags.append(FaultFlag(x, y, sign.width, sign.node, own_text(stored.run, step.name), begin_ns // SECOND, until))
    return flags, size


def _node_of(stored: StoredRun, step: FaultEvidence) -> str:
    """The service that a step hit first: itself, the one whose pool it is, the far end of a link, the near end of a call,
    the customers of a flow."""
    services = stored.topology.services
    for target in step.targets:
        kind, _, name = target.partition("/")
        name = name.partition("#")[0]
        if kind == "pool":
            found = [service for service, drawn in services.items() if name in drawn.pools]
        elif kind == "link":
            found = [service for service in services if name.endswith(f"-{service}")]
        elif kind == "flow":
            found = [CLIENT]
        else:
            found = [name.partition("/")[0].partition(".")[0]]
        if found and (found[0] in services or found[0] == CLIENT):
            return found[0]
    return ""


# --- charts ---------------------------------------------------------------------------------------------------------------


def shown_chart(chart: Chart, bins: Bins) -> ShownChart:
    """A chart with its data. Raises ValueError if a series has not one value a bin, or has a choice that nobody can make."""
    series = chart.series(bins)
    for one in series:
        if len(one.values) != bins.count:
            raise ValueError(f"chart {chart.name}: {one.name.en} has {len(one.values)} values, and there are {bins.count} bins")
        if one.choice is not None and chart.choose is None:
            raise ValueError(f"chart {chart.name}: {one.name.en} is a matter of choice, and `choose` does not say of what")
    choices = list(dict.fromkeys(one.choice for one in series if one.choice is not None))
    shown = [
        ShownSeries(
            name=one.name,
            values=list(one.values),
            colour=one.colour,
            choice=None if one.choice is None else choices.index(one.choice),
        )
        for one in series
    ]
    return ShownChart(chart=chart, choices=choices, series=shown)


# --- events ---------------------------------------------------------------------------------------------------------------


GROUPS = {
    "fault": ("fault_", "aborted", "rollback"),
    "alarm": ("alarm", "false_alarm", "probe_failed", "complaints"),
    "recovery": (
        "failover",
        "reconcil",
        "file_",
        "batch_",
        "drill_done",
        "unreplicated",
        "lag_met",
        "breaker",
        "sessions_dropped",
        "automation",
    ),
    "day": ("phase", "gate", "day_settled"),
    "other": ("actions_pending",),
}


def group_of(what: str) -> str:
    """Under which heading an event is listed; what is under no other is what people did."""
    return next((group for group, starts in GROUPS.items() if what.startswith(starts)), "people")


def _events(stored: StoredRun) -> list[EventRow]:
    """The events to show; of very many the noise is left out first."""
    events = [e for e in stored.journal.events if e.what != "actions_pending"]
    if len(events) > EVENTS_MAX:
        events = [e for e in events if e.what not in ("complaints", "probe_failed", "gate")]
    return [
        EventRow(
            e.t_ns // SECOND, group_of(e.what), lookup("event", e.what), event_subject(e, stored.run), event_detail(e, stored.run)
        )
        for e in events[:EVENTS_MAX]
    ]
