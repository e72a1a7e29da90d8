"""The chain of causes of an outage as a drawing: a column a step from cause to effect, a box a place, the boxes that matter framed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chaos.i18n.causal import chain_title, node_titles, state_text, unexplained_text
from chaos.i18n.texts import LocalizedText, display_name, join, untranslated
from chaos.measures.formatting import instant
from chaos.results.counterfactuals import CauseEdge, CauseGraph, CauseNode
from chaos.results.run import RunResult
from simcore.base.units import SECOND

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 152, 54, 24, 16, 4


@dataclass(frozen=True)
class ChainBox:
    """A box, its corner at (x, y) in the drawing's units: two lines in it, all of its members for who wants to know more. `framed`: a
    first cause, or a pool that was full."""

    x: int
    y: int
    t: int
    at: str
    title: LocalizedText
    says: LocalizedText
    state: str
    framed: bool
    members: LocalizedText
    node: str


@dataclass(frozen=True)
class ChainPicture:
    """A drawing of `width` × `height` units, whose boxes are all of one size; `arrows` are paths."""

    title: LocalizedText
    width: int
    height: int
    box_width: int
    box_height: int
    boxes: list[ChainBox]
    arrows: list[str]
    unexplained: LocalizedText


def chain_picture(graph: CauseGraph, run: RunResult) -> ChainPicture:
    """The drawing of a chain."""
    columns, titles = _columns(graph), node_titles(graph, run)
    places = {
        node.id: (MARGIN + column * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y))
        for column, nodes in enumerate(columns)
        for row, node in enumerate(nodes)
    }
    tallest = max((len(nodes) for nodes in columns), default=0)
    return ChainPicture(
        title=chain_title(graph),
        width=2 * MARGIN + len(columns) * (WIDTH + GAP_X) - GAP_X if columns else 0,
        height=2 * MARGIN + tallest * (HEIGHT + GAP_Y) - GAP_Y if columns else 0,
        box_width=WIDTH,
        box_height=HEIGHT,
        boxes=[_box(node, *places[node.id], graph.edges, titles[node.id], run.own_names) for nodes in columns for node in nodes],
        arrows=[_arrow(places[edge.cause], places[edge.effect]) for edge in graph.edges],
        unexplained=unexplained_text(graph, run.own_names),
    )


def _columns(graph: CauseGraph) -> list[list[CauseNode]]:
    """The boxes by how many arrows lie at most between a first cause and them, in each column by time."""
    depth = dict.fromkeys((node.id for node in graph.nodes), 0)
    for node in graph.nodes:  # causes come before effects
        into = [depth[edge.cause] + 1 for edge in graph.edges if edge.effect == node.id]
        depth[node.id] = max(into, default=0)
    found: dict[int, list[CauseNode]] = defaultdict(list)
    for node in sorted(graph.nodes, key=lambda node: (depth[node.id], node.t_ns)):
        found[depth[node.id]].append(node)
    return [found[column] for column in sorted(found)]


def _box(node: CauseNode, x: int, y: int, edges: Sequence[CauseEdge], title: LocalizedText, own: Collection[str]) -> ChainBox:
    first = all(edge.effect != node.id for edge in edges)
    return ChainBox(
        x=x,
        y=y,
        t=node.t_ns // SECOND,
        at=instant(node.t_ns),
        title=title,
        says=state_text(node),
        state=node.state,
        framed=first or node.state == "full",
        members=join([join([display_name(m.name, own), untranslated(instant(m.t_ns))], " ", " ") for m in node.members]),
        node=node.names[0] if node.kind == "service" and node.names else "",
    )


def _arrow(cause: tuple[int, int], effect: tuple[int, int]) -> str:
    """From the right edge of a box to the left edge of another, as a curve; between boxes of one column from below."""
    (x, y), (u, v) = cause, effect
    a, b, c, d = x + WIDTH, y + HEIGHT // 2, u - 2, v + HEIGHT // 2
    bend = max(12, (c - a) // 2)
    return f"M{a} {b}C{a + bend} {b} {c - bend} {d} {c} {d}"
