"""What the page of a run shows, as plain JSON: the topology bin by bin, the series of its charts, bands, chain and events."""

from __future__ import annotations

from typing import Any

import numpy as np

from chaos.i18n.findings import symptom_text
from chaos.i18n.texts import LocalizedText, display_name, join, lookup, seconds, translate, untranslated
from chaos.reports import bands, states
from chaos.reports.bins import Bins, Ints, Mask, bins_of
from chaos.reports.layout import CLIENT, HEIGHT, layout
from chaos.results.stored_run import StoredRun
from chaos.results.topology import TopologyNode
from simcore.base.units import MS, SECOND
from simcore.journal.model import OUTCOMES, Event

POOLS_SHOWN = 4
EVENTS_MAX = 1500
NO_VALUE = -1
_COUNTERS = {"confirmed": "ok", "rejected": "rejected", "blocked": "blocked", "failed": "failed", "unknown": "unknown"}


def page_data(stored: StoredRun) -> dict[str, Any]:
    """Everything the page's program needs. Times are whole seconds since midnight of the first day; lists have one value a bin."""
    bins = bins_of(stored.journal)
    nodes, edges = _topology(stored, bins)
    boxes, size = layout(stored.topology)
    events, left_out = _events(stored)
    return {
        "start": bins.start_ns // SECOND, "step": bins.step, "count": bins.count, "end": stored.span[1] // SECOND,
        "focus": list(page_focus(stored)), "size": list(size), "height": HEIGHT, "nodes": nodes, "edges": edges,
        "boxes": {n: list(box) for n, box in boxes.items()}, "states": [translate(f"state.{s}") for s in states.STATES],
        "flows": _flows(stored, bins), "latency": _latency(stored, bins), "pools": _pools(stored, bins),
        "bands": [[b.lane, b.word, b.begin_ns // SECOND, -(-b.end_ns // SECOND), b.label] for b in bands.bands(stored)],
        "marks": [[t // SECOND, label] for t, label in bands.marks(stored)],
        "chain": chain(stored), "events": events, "events_left_out": left_out,
    }  # fmt: skip


def page_focus(stored: StoredRun) -> tuple[int, int]:
    """The stretch around what happened, seconds: from two minutes before the first fault to five after the last trouble."""
    begin, end = stored.span
    found = bands.bands(stored)
    trouble = [b.end_ns for b in found if b.lane in ("impaired", "people")] or [b.end_ns for b in found if b.lane == "fault"]
    if not trouble:
        return begin // SECOND, -(-end // SECOND)
    first, last = min(b.begin_ns for b in found if b.lane != "alarm"), max(trouble)
    return max(begin, first - 120 * SECOND) // SECOND, -(-min(end, last + 300 * SECOND) // SECOND)


def split_of(stored: StoredRun, bins: Bins) -> int:
    """The bin in which the first fault begins; 0 without one."""
    begun = [s.began_ns for s in stored.run.faults if s.began_ns is not None]
    return bins.at(min(begun)) if begun else 0


# --- topology -------------------------------------------------------------------------------------------------------------


def _topology(stored: StoredRun, bins: Bins) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    split = split_of(stored, bins)
    nodes = [_node(bins, service, drawn, split) for service, drawn in stored.topology.services.items()]
    if any(edge.source == CLIENT for edge in stored.topology.edges):
        nodes.append(_client(stored, bins, split))
    edges = []
    seen = slice(bins.at(page_focus(stored)[0] * SECOND), bins.at(page_focus(stored)[1] * SECOND) + 1)
    for edge in stored.topology.edges:
        used = any(bins.sums("call", site, "attempts")[seen].any() for site in edge.sites)
        if edge.source != edge.target and used:
            levels = "".join(map(str, states.edge_levels(bins, edge, split).tolist()))
            edges.append({"from": edge.source, "to": edge.target, "level": levels})
    return nodes, edges


def _node(bins: Bins, service: str, drawn: TopologyNode, split: int) -> dict[str, Any]:
    course = states.course(bins, service, drawn, split)
    return {
        "id": service, "name": display_name(service), "layer": drawn.layer, "about": drawn.description, "replicas": drawn.replicas,
        "state": "".join(map(str, course.state.tolist())), "fill": course.fill.tolist(), "pool": course.pool.tolist(),
        "pools": [display_name(pool) for pool in drawn.pools], "serving": course.serving.tolist(),
    }  # fmt: skip


def _client(stored: StoredRun, bins: Bins, split: int) -> dict[str, Any]:
    """The customers: failing when their intents do."""
    bad, ended = np.zeros(bins.count, np.int64), np.zeros(bins.count, np.int64)
    for flow, kind in stored.journal.meta["flow_kinds"].items():
        if kind != "probe":
            lost = sum(bins.sums("flow", flow, field) for field in ("failed", "unknown", "blocked"))
            bad += lost
            ended += lost + bins.sums("flow", flow, "ok") + bins.sums("flow", flow, "rejected")
    state = np.where(states.failing(bad, ended, split), states.STATES.index("failing"), 0)
    return {
        "id": CLIENT, "name": display_name(CLIENT), "layer": "client", "about": "", "replicas": 0, "state": "".join(map(str, state.tolist())),
        "fill": [0] * bins.count, "pool": [0] * bins.count, "pools": [], "serving": [0] * bins.count,
    }  # fmt: skip


# --- charts ---------------------------------------------------------------------------------------------------------------


def order_rows(stored: StoredRun) -> Mask:
    """Which rows of the journal's intents are stock orders."""
    kinds, names = stored.journal.meta["flow_kinds"], stored.journal.names.get("flow", [])
    return np.isin(stored.journal.intents["flow"], [i for i, flow in enumerate(names) if kinds[flow] == "order"])


def _flows(stored: StoredRun, bins: Bins) -> list[dict[str, Any]]:
    """Outcomes of each flow by bin, all stock orders together first."""
    names, kinds = stored.journal.names.get("flow", []), stored.journal.meta["flow_kinds"]
    orders = order_rows(stored)
    found = [{"name": translate("chart.orders"), "of": outcomes_by_bin(stored, bins, orders)}] if orders.any() else []
    for i, flow in enumerate(names):
        if flow in stored.journal.meta["recorded_flows"]:
            by_bin = outcomes_by_bin(stored, bins, stored.journal.intents["flow"] == i)
        else:
            by_bin = {outcome: bins.sums("flow", flow, field).tolist() for outcome, field in _COUNTERS.items()}
        if any(map(any, by_bin.values())):
            found.append({"name": display_name(flow), "of": by_bin, "kind": kinds[flow]})
    return found


def outcomes_by_bin(stored: StoredRun, bins: Bins, rows: Mask) -> dict[str, list[int]]:
    """Outcome → intents by the bin in which they were submitted."""
    submitted, outcome = stored.journal.intents["submit_ns"][rows], stored.journal.intents["outcome"][rows]
    by_bin = {word: bins.counts(submitted[outcome == code]).tolist() for code, word in enumerate(OUTCOMES)}
    return {word: by_bin[word] for word in (*_COUNTERS, "pending")}


def _latency(stored: StoredRun, bins: Bins) -> dict[str, list[int]]:
    """Median and 99th percentile of confirmed orders by the bin of submission, ms; -1 without any."""
    intents = stored.journal.intents
    rows = order_rows(stored) & (intents["outcome"] == OUTCOMES.index("confirmed"))
    submitted, took = intents["submit_ns"][rows], (intents["answer_ns"] - intents["submit_ns"])[rows]
    at = (submitted - bins.start_ns) // (bins.step * SECOND)
    order = np.lexsort((took, at))
    at, took = at[order], took[order]
    edges = np.searchsorted(at, np.arange(bins.count + 1))
    return {key: _quantiles(took, edges, q) for key, q in (("p50", 50), ("p99", 99))}


def _quantiles(took: Ints, edges: Ints, percent: int) -> list[int]:
    """The ⌈q·n⌉-th smallest of each stretch of sorted durations, ms, at least 1."""
    found = []
    for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        found.append(NO_VALUE if a == b else max(1, round(took[a + max(1, -(-percent * (b - a) // 100)) - 1] / MS)))
    return found


def shown_pools(stored: StoredRun, bins: Bins) -> list[str]:
    """The pools that were full longest, then those that were fullest; as the journal names them."""
    rank = {}
    for pool in stored.journal.names.get("pool", []):
        fill = states.fill(bins, pool)
        waited = int(bins.highest("pool", pool, "peak_queue").max(initial=0))
        rank[pool] = (int((fill >= 95).sum()) if waited else 0, int(np.sort(fill)[-6:].sum()), waited)
    return sorted((pool for pool in rank if any(rank[pool])), key=lambda p: rank[p], reverse=True)[:POOLS_SHOWN]


def _pools(stored: StoredRun, bins: Bins) -> list[dict[str, Any]]:
    return [
        {
            "name": display_name(pool),
            "fill": states.fill(bins, pool).tolist(),
            "queue": bins.highest("pool", pool, "peak_queue").tolist(),
        }
        for pool in shown_pools(stored, bins)
    ]


# --- chain and events -----------------------------------------------------------------------------------------------------


def chain(stored: StoredRun) -> list[dict[str, Any]]:
    """The links of the causal chain, in time order, with the place of each one's cause in the list."""
    links, symptoms = stored.run.causes, stored.run.symptom_data
    place = {link.node: i for i, link in enumerate(links)}
    return [
        {
            "t": link.t_ns // SECOND, "kind": lookup("kind", link.kind), "name": display_name(link.name), "what": symptom_text(data),
            "because": None if link.because is None else place.get(link.because),
            "service": link.name.partition(".")[0].partition("#")[0], "is": link.kind,
        }
        for link, data in zip(links, symptoms, strict=True)
    ]  # fmt: skip


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


def _events(stored: StoredRun) -> tuple[list[list[Any]], int]:
    """[second, group, word, subject, detail] of the events to show, and how many are left out: the noise first."""
    events = [e for e in stored.journal.events if e.what != "actions_pending"]
    if len(events) > EVENTS_MAX:
        events = [e for e in events if e.what not in ("complaints", "probe_failed", "gate")]
    shown = events[:EVENTS_MAX]
    rows = [[e.t_ns // SECOND, group_of(e.what), lookup("event", e.what), display_name(e.subject), _detail(e)] for e in shown]
    return rows, len(stored.journal.events) - len(shown)


def _detail(event: Event) -> LocalizedText:
    parts = [
        join([lookup("detail", key, key.removesuffix("_ns").replace("_", " ")), _value(key, value)], " ", " ")
        for key, value in event.detail.items()
        if value is not None
    ]
    return join(parts, ", ", "，") if parts else untranslated("")


def _value(key: str, value: Any) -> LocalizedText:
    if key.endswith("_ns") and isinstance(value, int):
        return seconds(value / SECOND)
    if isinstance(value, float):
        return untranslated(f"{value:.3g}")
    if isinstance(value, bool):
        return LocalizedText({"en": "yes" if value else "no", "zh": "是" if value else "否"})
    group = {"verb": "verb", "approver": "approver"}.get(key)
    return lookup(group, value) if group else display_name(str(value)) if isinstance(value, str) else untranslated(value)
