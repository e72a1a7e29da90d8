"""Draws docs/images/architecture.svg, and fills the tables of packages in docs/architecture.md, from the source itself.

    python benchmarks/architecture_picture.py

The picture has two parts: what becomes of the files of a run, and who imports whom. A box is a direct child of simcore or chaos, a
package or a module. An arrow leads from a box to what it imports, and always downwards, for imports form no circle; what is reached
through other arrows has no arrow of its own. Boxes stand in rows (each above all that it imports), long arrows are led through the
rows between, and the order in a row is the one with the fewest crossings that a bounded search finds. The same source gives the
same bytes.
"""

from __future__ import annotations

import ast
import itertools
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "support"))  # behind what is installed
from source_tree import ROOT, Module, graph_of, modules_of

PICTURE = ROOT / "docs" / "images" / "architecture.svg"
PAGE = ROOT / "docs" / "architecture.md"
TABLE = re.compile(r"(<!-- made by: benchmarks/architecture_picture\.py (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

NOTES = {
    "simcore.base": "units, errors, the base model",
    "simcore.files": "YAML, edits, validation",
    "simcore.model": "what the files may say",
    "simcore.library": "reads the simulator's files",
    "simcore.schema": "JSON Schema of a kind of file",
    "simcore.compile": "models → plan",
    "simcore.kernel": "compiled event loop, ledger",
    "simcore.counterparties": "exchange, bank, fund …",
    "simcore.control": "people, alarms, calendar",
    "simcore.laws": "conservation laws of a run",
    "simcore.journal": "what a run leaves",
    "simcore.bookkeeping": "the ledger by itself",
    "simcore.intents": "what became of intents",
    "simcore.simulation": "plan → journal",
    "chaos.documents": "scenarios, suites, defects",
    "chaos.faults": "a file a fault",
    "chaos.checkers": "a file a property",
    "chaos.measures": "what is measured, once",
    "chaos.plugins": "extensions by entry points",
    "chaos.lint": "a file a static check",
    "chaos.results": "results as models",
    "chaos.i18n": "texts in English and Chinese",
    "chaos.judgement": "verdict, severity, causes",
    "chaos.execution": "jobs, workers, target, session",
    "chaos.live": "the twin: real processes",
    "chaos.room": "people practise on the core",
    "chaos.compare": "architectures side by side",
    "chaos.explain": "guesses a verdict hinges on",
    "chaos.coverage": "planted defects, scores",
    "chaos.reports": "pages, JUnit, traces",
    "chaos.cli": "options and printing",
    "chaos.pytest_plugin": "scenarios as pytest tests",
}
"""What stands in each box below its name."""

FLOW = (
    ("YAML files", "core, load, scenario", ("simcore.files", "simcore.model", "chaos.documents")),
    ("models", "validated, with edits", ("simcore.compile",)),
    ("plan", "arrays and a program", ("simcore.simulation", "simcore.kernel", "simcore.control", "chaos.faults")),
    ("journal", "rows, series, events", ("chaos.checkers", "chaos.measures", "chaos.judgement")),
    ("run result", "verdict and measures", ("chaos.reports", "chaos.cli")),
    ("reports", "page, JSON, JUnit, text", ()),
)
"""What becomes of what: name, contents, and the packages that make the next of it."""

WIDTH, ROW, BOX_HEIGHT, BOX_WIDTH, GAP, LANE = 1180, 72, 40, 190, 22, 24
FLOW_TOP, GRAPH_TOP, MARGIN = 64, 288, 28
SEARCHES, SWEEPS = 60, 24

Edges = dict[str, set[str]]


class Point(NamedTuple):
    """A place in the picture, px."""

    x: float
    y: float


# --- what is imported ---------------------------------------------------------------------------------------------------


def box_of(module: str) -> str | None:
    """The direct child of simcore or chaos that a module belongs to; None for the roots and for `chaos.__main__`, which starts the cli."""
    name = ".".join(module.split(".")[:2])
    return name if "." in name and not name.endswith("__") else None


def package_imports(modules: Sequence[Module]) -> Edges:
    """Which box imports which others, imports inside functions counted."""
    found: Edges = {box: set() for m in modules if (box := box_of(m.name))}
    for module, targets in graph_of(modules).items():
        for target in targets:
            a, b = box_of(module), box_of(target)
            if a and b and a != b:
                found[a].add(b)
    return found


def reached(edges: Edges, start: str) -> set[str]:
    """Everything that arrows lead to from a box."""
    found: set[str] = set()
    for target in edges[start]:
        found |= {target} | reached(edges, target)
    return found


def reduced(edges: Edges) -> Edges:
    """Without the arrows that others imply. The imports must form no circle."""
    behind = {box: reached(edges, box) for box in edges}
    return {box: {t for t in targets if not any(t in behind[o] for o in targets)} for box, targets in edges.items()}


# --- where boxes stand --------------------------------------------------------------------------------------------------


def ranks(edges: Edges) -> dict[str, int]:
    """The row of each box, 0 the lowest: above all it imports, all of chaos above all of simcore, and then as near to its importers
    as to what it imports."""
    rank: dict[str, int] = {}

    def lowest(box: str, floor: int) -> int:
        return max([floor, *(rank[t] + 1 for t in edges[box])])

    order = sorted(edges, key=lambda box: (box.startswith("chaos"), len(reached(edges, box)), box))
    for box in order:
        above = max((rank[b] for b in rank if b.startswith("simcore")), default=0) + 1
        rank[box] = lowest(box, above if box.startswith("chaos") else 0)
    importers = {box: [b for b in edges if box in edges[b]] for box in edges}
    for box in reversed(order):
        if importers[box] and len(importers[box]) > len(edges[box]):
            same = [rank[b] for b in rank if b.split(".")[0] == box.split(".")[0]]
            rank[box] = min(max(same), *(rank[b] - 1 for b in importers[box]))
    return rank


def layers(edges: Edges, rank: dict[str, int]) -> tuple[list[list[str]], list[tuple[str, str]]]:
    """The rows from below, with a place for each long arrow in each row that it passes; and the short pieces of all arrows."""
    rows: list[list[str]] = [[] for _ in range(max(rank.values()) + 1)]
    pieces = []
    for box in sorted(edges):
        rows[rank[box]].append(box)
    for way in ways_of(edges, rank):
        for name in way[1:-1]:
            rows[int(name.rpartition(">")[2])].append(name)
        pieces += itertools.pairwise(way)
    return rows, pieces


def ways_of(edges: Edges, rank: dict[str, int]) -> list[list[str]]:
    """Each arrow as the names that it passes: its box, a lane `FROM>TO>ROW` in each row between, and what it leads to."""
    arrows = sorted((a, b) for a in edges for b in edges[a])
    return [[a, *(f"{a}>{b}>{r}" for r in range(rank[a] - 1, rank[b], -1)), b] for a, b in arrows]


def crossings(rows: list[list[str]], pieces: list[tuple[str, str]]) -> int:
    """How often pieces of arrows cross between neighbouring rows."""
    at = {name: (r, i) for r, row in enumerate(rows) for i, name in enumerate(row)}
    between: dict[int, list[tuple[int, int]]] = {}
    for upper, lower in pieces:
        between.setdefault(at[lower][0], []).append((at[upper][1], at[lower][1]))
    return sum((a - c) * (b - d) < 0 for of in between.values() for n, (a, b) in enumerate(of) for c, d in of[:n])


def ordered(rows: list[list[str]], pieces: list[tuple[str, str]]) -> list[list[str]]:
    """The rows with the fewest crossings found: each is sorted by the mean of its neighbours' places, up and down, from many starts."""
    down: dict[str, list[str]] = {}
    up: dict[str, list[str]] = {}
    for a, b in pieces:
        down.setdefault(a, []).append(b)
        up.setdefault(b, []).append(a)
    best, fewest = rows, crossings(rows, pieces)
    for search in range(SEARCHES):
        chance = random.Random(search)
        trial = [chance.sample(row, len(row)) for row in rows]
        for sweep in range(SWEEPS):
            towards = up if sweep % 2 else down
            for row in trial if towards is down else reversed(trial):
                at = {name: i / max(len(r) - 1, 1) for r in trial for i, name in enumerate(r)}
                place = {n: sum(at[o] for o in towards[n]) / len(towards[n]) if n in towards else at[n] for n in row}
                row.sort(key=place.__getitem__)
            if (count := crossings(trial, pieces)) < fewest:
                best, fewest = [list(row) for row in trial], count
    return best


def width_of(name: str) -> int:
    """How wide a box is, or the lane of an arrow that passes."""
    return LANE if ">" in name else BOX_WIDTH


def columns(rows: list[list[str]], pieces: list[tuple[str, str]]) -> dict[str, float]:
    """The middle of each box and lane, px: near its neighbours, in the order of its row, without overlap."""
    near: dict[str, list[str]] = {name: [] for row in rows for name in row}
    for a, b in pieces:
        near[a].append(b)
        near[b].append(a)
    x = {}
    for row in rows:
        used = sum(map(width_of, row)) + GAP * (len(row) - 1)
        left = (WIDTH - used) / 2
        for name in row:
            x[name] = left + width_of(name) / 2
            left += width_of(name) + GAP
    for _ in range(400):
        for row in rows:
            wanted = [0.3 * x[n] + 0.7 * _pulled(n, near[n], x) for n in row]
            x |= zip(row, _apart(row, wanted), strict=True)
    return x


def straighten(rows: list[list[str]], ways: Iterable[Sequence[str]], x: dict[str, float]) -> None:
    """Moves the lanes of each long arrow so that it goes straight through as many rows as it can."""
    row_of = {name: row for row in rows for name in row}
    for way in sorted(ways, key=len, reverse=True):
        lanes, i = list(way[1:-1]), 0
        while i < len(lanes):
            low, high = _free(row_of[lanes[i]], lanes[i], x)
            end = i + 1
            while end < len(lanes):
                a, b = _free(row_of[lanes[end]], lanes[end], x)
                if max(low, a) > min(high, b):
                    break
                low, high, end = max(low, a), min(high, b), end + 1
            wanted = sum(x[name] for name in lanes[i:end]) / (end - i)
            x |= dict.fromkeys(lanes[i:end], min(max(wanted, low), high))
            i = end


def _free(row: list[str], name: str, x: dict[str, float]) -> tuple[float, float]:
    """Between which places a lane can be moved without meeting its neighbours in the row."""
    i = row.index(name)
    low = x[row[i - 1]] + (width_of(row[i - 1]) + width_of(name)) / 2 if i else MARGIN
    high = x[row[i + 1]] - (width_of(row[i + 1]) + width_of(name)) / 2 if i + 1 < len(row) else WIDTH - MARGIN
    return low, max(high, low)


def _pulled(name: str, near: list[str], x: dict[str, float]) -> float:
    """Where its neighbours pull a box or lane: lanes pull each other more, so that long arrows are straight."""
    pull = {other: 1 + 3 * (">" in name) + 3 * (">" in other) for other in near}
    return sum(x[other] * strength for other, strength in pull.items()) / sum(pull.values())


def _apart(row: list[str], wanted: list[float]) -> list[float]:
    """Places as near to the wanted ones as fits: first pushed to the right, then from the right edge back, the mean of both ways."""
    right, left = [], []
    edge = float(MARGIN)
    for name, at in zip(row, wanted, strict=True):
        right.append(max(at, edge + width_of(name) / 2))
        edge = right[-1] + width_of(name) / 2 + GAP
    edge = WIDTH - MARGIN
    for name, at in zip(reversed(row), reversed(wanted), strict=True):
        left.append(min(at, edge - width_of(name) / 2))
        edge = left[-1] - width_of(name) / 2 - GAP
    mean = [(a + b) / 2 for a, b in zip(right, reversed(left), strict=True)]
    return _inside(row, mean)


def _inside(row: list[str], places: list[float]) -> list[float]:
    """The places moved so far that none overlaps and all are inside of the picture."""
    edge, found = WIDTH - MARGIN, []
    for name, at in zip(reversed(row), reversed(places), strict=True):
        found.append(min(at, edge - width_of(name) / 2))
        edge = found[-1] - width_of(name) / 2 - GAP
    return found[::-1]


# --- the picture --------------------------------------------------------------------------------------------------------

STYLE = """
svg { --paper: #ffffff; --ink: #1d2733; --soft: #5b6876; --line: #8593a3; --simcore: #e3effa; --simcore-line: #3d7ab8;
      --chaos: #fdf0dd; --chaos-line: #b9772a; --thing: #eef1f4; font-family: system-ui, "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #15191f; --ink: #e8edf2; --soft: #a5b1bd; --line: #77869a; --simcore: #17324b; --simcore-line: #6aa9e4;
        --chaos: #42301a; --chaos-line: #dea45c; --thing: #262d36; }
}
.paper { fill: var(--paper); }
text { fill: var(--ink); font-size: 14px; }
.head { font-size: 17px; font-weight: 600; }
.name { font-weight: 600; text-anchor: middle; }
.note { fill: var(--soft); font-size: 11.5px; text-anchor: middle; }
.side { fill: var(--soft); font-size: 13px; }
.simcore { fill: var(--simcore); stroke: var(--simcore-line); stroke-width: 1.3; }
.chaos { fill: var(--chaos); stroke: var(--chaos-line); stroke-width: 1.3; }
.thing { fill: var(--thing); stroke: var(--soft); stroke-width: 1.3; }
.arrow { fill: none; stroke: var(--line); stroke-width: 1.5; }
.flow { fill: none; stroke: var(--soft); stroke-width: 3; }
.tip { fill: var(--line); }
.flow-tip { fill: var(--soft); }
.border { stroke: var(--soft); stroke-dasharray: 3 6; }
"""


def box(name: str, title: str, note: str, centre: Point, width: float, height: float) -> Iterator[str]:
    """A box with two lines of text; `name` is its class."""
    left, top = centre.x - width / 2, centre.y - height / 2
    yield f'<rect class="{name}" x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}" rx="7"/>'
    yield f'<text class="name" x="{centre.x:.0f}" y="{centre.y - 3:.0f}">{escape(title)}</text>'
    yield f'<text class="note" x="{centre.x:.0f}" y="{centre.y + 13:.0f}">{escape(note)}</text>'


def flow() -> Iterator[str]:
    """The upper part: what becomes of the files."""
    wide, high, between = 142, 46, (WIDTH - 2 * MARGIN - 6 * 142) / 5
    y = FLOW_TOP + high / 2
    yield f'<text class="head" x="{MARGIN}" y="{FLOW_TOP - 24}">What becomes of a run’s files</text>'
    for i, (thing, contents, makers) in enumerate(FLOW):
        left = MARGIN + i * (wide + between)
        yield from box("thing", thing, contents, Point(left + wide / 2, y), wide, high)
        if not makers:
            continue
        start, end = left + wide + 4, left + wide + between - 5
        yield f'<path class="flow" d="M{start:.0f} {y:.0f} H{end - 8:.0f}" marker-end="url(#flow-tip)"/>'
        for n, maker in enumerate(makers):
            group, _, short = maker.partition(".")
            yield from small_box(group, short, Point((start + end) / 2, FLOW_TOP + high + 20 + 25 * n))
    yield (
        f'<text class="side" x="{MARGIN}" y="{FLOW_TOP + high + 134}">execution makes runs of a scenario: resolve the files, bind a '
        "target, execute a seed. compare and coverage have it make many.</text>"
    )


def small_box(group: str, title: str, centre: Point) -> Iterator[str]:
    """A package that turns one thing into the next."""
    wide = 96
    yield f'<rect class="{group}" x="{centre.x - wide / 2:.0f}" y="{centre.y - 10:.0f}" width="{wide}" height="20" rx="6"/>'
    yield f'<text class="note" style="fill: var(--ink)" x="{centre.x:.0f}" y="{centre.y + 4:.0f}">{escape(title)}</text>'


def ports(names: Iterable[str], x: dict[str, float], middle: float) -> dict[str, float]:
    """Where the arrows to or from these neighbours touch a box, from left to right as the neighbours stand."""
    order = sorted(names, key=lambda n: (x[n], n))
    step = min(24.0, (BOX_WIDTH - 40) / max(len(order) - 1, 1))
    return {name: middle + step * (i - (len(order) - 1) / 2) for i, name in enumerate(order)}


def curve(points: Sequence[Point]) -> str:
    """A smooth line that is vertical in each of the points."""
    path = f"M{points[0].x:.0f} {points[0].y:.0f}"
    for a, b in itertools.pairwise(points):
        half = (a.y + b.y) / 2
        path += f" C{a.x:.0f} {half:.0f} {b.x:.0f} {half:.0f} {b.x:.0f} {b.y:.0f}"
    return path


def arrows(edges: Edges, rank: dict[str, int], x: dict[str, float], y: dict[int, float]) -> Iterator[str]:
    """One path for each arrow, from below a box to the top of what it imports, with both names as data."""
    ways = {(way[0], way[-1]): way for way in ways_of(edges, rank)}
    leave = {a: ports({way[1] for (s, _), way in ways.items() if s == a}, x, x[a]) for a in edges}
    enter = {b: ports({way[-2] for (_, t), way in ways.items() if t == b}, x, x[b]) for b in edges}
    for (a, b), way in sorted(ways.items()):
        points = [Point(leave[a][way[1]], y[rank[a]] + BOX_HEIGHT / 2)]
        for name in way[1:-1]:
            row = y[int(name.rpartition(">")[2])]
            points += [Point(x[name], row - BOX_HEIGHT / 2), Point(x[name], row + BOX_HEIGHT / 2)]
        points.append(Point(enter[b][way[-2]], y[rank[b]] - BOX_HEIGHT / 2 - 7))
        yield f'<path class="arrow" data-from="{a}" data-to="{b}" d="{curve(points)}" marker-end="url(#tip)"/>'


def picture(imports: Edges) -> str:
    """The whole SVG. KeyError for a package without a note."""
    edges = reduced(imports)
    rank = ranks(edges)
    rows, pieces = layers(edges, rank)
    rows = ordered(rows, pieces)
    x = columns(rows, pieces)
    straighten(rows, ways_of(edges, rank), x)
    shift = (WIDTH - min(x[n] - width_of(n) / 2 for n in x) - max(x[n] + width_of(n) / 2 for n in x)) / 2
    x = {name: at + shift for name, at in x.items()}
    y = {r: GRAPH_TOP + 62 + (len(rows) - 1 - r) * float(ROW) for r in range(len(rows))}
    height = y[0] + 48
    border = y[min(rank[b] for b in rank if b.startswith("chaos"))] + ROW / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" role="img">',
        "<title>coredrill: data flow, and which package imports which</title>",
        f"<style>{STYLE}</style><defs>",
        *(
            f'<marker id="{name}" viewBox="0 0 10 10" refX="2" refY="5" markerWidth="{size}" markerHeight="{size}" '
            f'markerUnits="userSpaceOnUse" orient="auto"><path class="{name}" d="M0 0 L10 5 L0 10 z"/></marker>'
            for name, size in (("tip", 9), ("flow-tip", 13))
        ),
        f'</defs><rect class="paper" width="{WIDTH}" height="{height:.0f}" rx="10"/>',
        *flow(),
        f'<text class="head" x="{MARGIN}" y="{GRAPH_TOP}">Who imports whom</text>',
        f'<text class="side" x="{MARGIN + 190}" y="{GRAPH_TOP}">arrows that follow from others are left out</text>',
        f'<path class="border" d="M{MARGIN} {border:.0f} H{WIDTH - MARGIN}"/>',
        f'<text class="side" x="{MARGIN}" y="{border - 8:.0f}">chaos</text>',
        f'<text class="side" x="{MARGIN}" y="{border + 17:.0f}">simcore</text>',
        *arrows(edges, rank, x, y),
    ]
    for name in sorted(edges):
        group, _, short = name.partition(".")
        parts += box(group, short, NOTES[name], Point(x[name], y[rank[name]]), BOX_WIDTH, BOX_HEIGHT)
    return "\n".join([*parts, "</svg>", ""])


# --- the page -----------------------------------------------------------------------------------------------------------


def sentence(module: Module) -> str:
    """The first sentence of a module's docstring; empty without one."""
    return " ".join((ast.get_docstring(module.ast) or "").split("\n\n")[0].split())


def table(modules: Sequence[Module], root: str) -> str:
    """Rows of Markdown: every package of simcore or chaos, and their modules at the top, with what they say of themselves, in the
    order of the notes."""
    lines = ["| package | what it is |", "|---|---|"]
    order = list(NOTES)
    found = [m for m in modules if m.name.startswith(f"{root}.") and (m.is_package or m.name.count(".") == 1)]
    for module in sorted((m for m in found if box_of(m.name)), key=lambda m: (order.index(box_of(m.name) or ""), m.name)):
        path = module.path.removesuffix("/__init__.py") + ("/" if module.is_package else "")
        lines.append(f"| [`{path}`](../{path}) | {sentence(module)} |")
    return "\n".join(lines) + "\n"


def page(text: str, modules: Sequence[Module]) -> str:
    """The page with its tables as they are to be."""
    return TABLE.sub(lambda match: match[1] + table(modules, match[2]) + match[3], text)


def main() -> None:
    """Writes the picture and the page's tables."""
    modules = modules_of(ROOT)
    PICTURE.write_text(picture(package_imports(modules)), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), modules), encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)} and the tables of {PAGE.relative_to(ROOT)} are made")


if __name__ == "__main__":
    main()
