"""The drawings of what options are worth against what they cost. Px, for a template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from chaos.i18n.findings import measure_title
from chaos.i18n.texts import LocalizedText, translate
from chaos.measures.formatting import number, rounded
from chaos.reports.comparison_spread import ValueTick
from chaos.reports.plots import Tick
from chaos.reports.tables import option_names, shown
from chaos.results.comparison import ArchitectureCosts, ComparedCell, ComparisonResult

WIDTH, HEIGHT, LEFT, RIGHT, LABELS, TOP, BOTTOM = 640, 330, 64, 430, 458, 28, 44
LINE = 15  # px between two labels at least
TICKS = 4
UNDECIDED = "inconclusive"
Cost = Callable[[ArchitectureCosts], float | None]


@dataclass(frozen=True)
class CostPoint:
    """An option: its cost, its benefit by what is decided (`y`) and by all (`y_all`), and where its label stands."""

    x: float
    y: float
    y_all: float
    label: LocalizedText
    label_y: float


@dataclass(frozen=True)
class CostDrawing:
    """Options in a frame."""

    points: list[CostPoint]
    x_ticks: list[Tick]
    y_ticks: list[ValueTick]
    zero: float
    x_title: LocalizedText
    y_title: LocalizedText
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    label_x: int = LABELS
    floor: int = HEIGHT - BOTTOM


@dataclass(frozen=True)
class _Benefit:
    cost: float
    decided: float
    whole: float
    name: str


def cost_drawings(result: ComparisonResult) -> list[CostDrawing]:
    """Against hardware and against latency, by the primary measure."""
    base = next(a for a in result.architectures if a.name == result.baseline)
    title = translate("compare.cost.machines", base=option_names(result)[result.baseline], n=number(_machines(base)))
    found = [(_machines, title), (_latency, translate("compare.cost.latency"))]
    return [
        drawing for cost, x_title in found if (drawing := _drawing(result, cost, x_title, moved=cost is _latency)) is not None
    ]


def _machines(architecture: ArchitectureCosts) -> float:
    return architecture.hardware.machines + architecture.hardware.standbys


def _latency(architecture: ArchitectureCosts) -> float | None:
    found = architecture.latency.get("place-order")
    return found.mean if found else None


def benefits(result: ComparisonResult, cost_of: Cost) -> list[_Benefit]:
    """By how much the primary measure is lower, the mean over the cases of the mean differences: of those that are decided alone (the others
    count as none), and of all."""
    first, found = result.measures[0].name, []
    for a in result.architectures:
        cells = [c for c in result.cells if isinstance(c, ComparedCell) and c.architecture == a.name and c.measure == first]
        known = [(c.verdict, -c.difference.mean) for c in cells if c.difference is not None]
        cost = cost_of(a)
        if cost is not None and (known or a.name == result.baseline):
            decided = [0.0 if verdict == UNDECIDED else benefit for verdict, benefit in known] or [0.0]
            found.append(_Benefit(cost, fmean(decided), fmean([b for _, b in known] or [0.0]), a.name))
    return found


def _drawing(result: ComparisonResult, cost: Cost, x_title: LocalizedText, *, moved: bool) -> CostDrawing | None:
    """None where nothing has such a cost. `moved`: the costs are differences to the baseline's."""
    found, measure, names = benefits(result, cost), result.measures[0].name, option_names(result)
    base = next((b.cost for b in found if b.name == result.baseline), None)
    if base is None:
        return None
    shift = base if moved else 0.0
    across = _Axis([b.cost - shift for b in found], LEFT + 16, RIGHT - 16)
    up = _Axis([0.0, *(v for b in found for v in (b.decided, b.whole))], HEIGHT - BOTTOM - 10, TOP + 8)
    spots = sorted((up.at(b.decided), i) for i, b in enumerate(found))
    labels = dict(zip([i for _, i in spots], _apart([y for y, _ in spots]), strict=True))
    points = [
        CostPoint(across.at(b.cost - shift), up.at(b.decided), up.at(b.whole), names[b.name], labels[i] + 4)
        for i, b in enumerate(found)
    ]
    return CostDrawing(
        points,
        [Tick(across.at(x), rounded(x, 1) if moved else number(round(x))) for x in across.ticks(whole=not moved)],
        [ValueTick(up.at(y), shown(measure, y)) for y in up.ticks()],
        up.at(0.0),
        x_title,
        translate("compare.cost.y", measure=measure_title(measure, result.own_names)),
    )


def _apart(at: Sequence[float]) -> list[float]:
    """Places in rising order, each moved down until it is a line below the one before; all moved up if the last leaves the frame."""
    found: list[float] = []
    for y in at:
        found.append(max(y, found[-1] + LINE) if found else y)
    over = max(0.0, found[-1] - (HEIGHT - BOTTOM)) if found else 0.0
    return [y - over for y in found]


class _Axis:
    """From values to px."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        low, high = min(values), max(values)
        self.low, self.high = (low, high) if high > low else (low - 0.5, high + 0.5)
        self.begin, self.end = begin, end

    def at(self, value: float) -> float:
        return round(self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin), 1)

    def ticks(self, *, whole: bool = False) -> list[float]:
        found = [self.low + i / TICKS * (self.high - self.low) for i in range(TICKS + 1)]
        return sorted({float(round(value)) for value in found if self.low <= round(value) <= self.high}) if whole else found
