"""What defects cost in a year, alone and in pairs, for people: lines for a terminal, and a drawing for the page of coverage."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape

from chaos.measures.formatting import counted, number, percent, rounded, signed, significant
from chaos.results.coverage import DefectEffect, PriceResult, PriceRow
from chaos.results.defect_pairs import CoupledShare, PairEffect, PairsResult

SHOWN = 10
DRAWN = 40
"""Rows in the drawing; the table below it has all."""
SIGNS = {"costs": "costs", "spares": "spares orders", "none": "nothing in any year", "not decided": "not decided"}


def ranked(row: PriceRow) -> str:
    """The ranks that a price may have, as in 3 or 3–5."""
    return str(row.rank) if row.rank == row.rank_to else f"{row.rank}–{row.rank_to}"


def between(row: PriceRow) -> str:
    """The interval of a price, in brackets."""
    if row.interval is None:
        return "(no interval: one seed)"
    low, high = (_signed(end) for end in row.interval)
    return f"({low} to {high})"


def at_phase(phase: str) -> str:
    """Where a window is, in words: phases are called as their file has them."""
    return "at the open" if phase == "open" else f"in the phase {phase}"


def severity(effect: DefectEffect) -> str:
    """The grade in a window, and that without the defect."""
    same = effect.severity == effect.severity_without
    return f"{effect.severity}, {'as' if same else effect.severity_without} without it"


def price_lines(price: PriceResult, notes: Callable[[str], Iterator[str]]) -> Iterator[str]:
    """The most costly survivors; `notes` are further lines on a defect of a name."""
    if not price.ranking:
        return
    yield ""
    yield f"the {min(SHOWN, len(price.ranking))} most costly survivors: orders failed or rejected wrongly, expected a year in production"
    yield f"({price.triggers}; {counted(price.seeds, 'seed')}; in brackets where 90 % of years lie: seeds, rates, how often triggers come,"
    yield " presence, days until found, windows left out. Whose interval reaches the first price of a band shares its ranks)"
    for row in price.ranking[:SHOWN]:
        yield f"  {ranked(row):>6}  {rounded(row.harmed_orders, 1):>9} {between(row)}  {row.name}: {SIGNS[row.sign]}"
        yield from (f"            {line}" for line in (*_details(row), *notes(row.name)))
    if price.skipped:
        names = ", ".join(price.skipped[:4]) + (", …" if len(price.skipped) > 4 else "")
        left = counted(len(price.skipped), "window")
        yield f"  not run within the budget: {left} ({names}); what they would add is drawn from those that were run"


def _details(row: PriceRow) -> Iterator[str]:
    """How likely, for how long, what a year may bring, and the worst window of the first phase, the open."""
    when = "it shows on an ordinary day" if row.shows else "it does not show on an ordinary day"
    years = row.years
    bring = (
        f"; of such years {percent(years.costs)} cost, {percent(years.spares)} spare, {percent(years.nothing)} neither"
        if years
        else ""
    )
    yield f"in production {percent(row.present, 2)} a year, for {rounded(row.found_days, 1)} days: {when}{bring}"
    worst = row.at_the_open or row.worst
    if worst:
        beyond = f", {signed(worst.excess)} beyond an ordinary day" if worst.excess is not None else ""
        yield (
            f"{at_phase(worst.phase)}, {worst.trigger}: failed {signed(worst.failed_orders)}, "
            f"rejected wrongly {signed(worst.rejected_wrongly)}{beyond}, placed twice {signed(worst.duplicated)}, "
            f"impaired {signed(worst.impaired_s)} s, severity {severity(worst)}"
        )


# --- the page -------------------------------------------------------------------------------------------------------------------

WIDTH, LEFT, RIGHT, TOP, ROW = 1180, 366, 900, 26, 21


CAPTION = (
    "Orders failed or rejected wrongly, expected a year in production; logarithmic on both sides of 0. Bar: where 90 % of years lie. Bands are "
    "ties: whose interval reaches the first price of the band shares its ranks. Filled: it costs; hollow and green: it spares orders; hollow, grey "
    "and dashed: the sign is not decided, for the interval holds or touches 0."
)


class Axis:
    """A symmetrical logarithmic axis over prices: straight from −`unit` to `unit`, logarithmic beyond, so that 0 and negative prices have
    their place."""

    def __init__(self, values: Sequence[float]) -> None:
        sizes = sorted(abs(value) for value in values if value) or [1.0]
        self.unit = 10.0 ** math.floor(math.log10(sizes[len(sizes) // 10]))
        self.low, self.high = self._scaled(min(0.0, *values)), self._scaled(max(self.unit, *values))

    def _scaled(self, value: float) -> float:
        size = abs(value) / self.unit
        return math.copysign(size if size <= 1 else 1 + math.log10(size), value)

    def at(self, value: float) -> float:
        """Where a value is, in units of the drawing."""
        return LEFT + (RIGHT - LEFT) * (self._scaled(value) - self.low) / (self.high - self.low)

    @property
    def marks(self) -> list[float]:
        """Powers of ten on both sides of 0, and 0."""
        above = [self.unit * 10.0**k for k in range(math.floor(self.high))]
        below = [-self.unit * 10.0**k for k in range(math.floor(-self.low))] if self.low <= -1 else []
        return [*reversed(below), 0.0, *above]


def drawing(price: PriceResult) -> str:
    """The survivors' prices with their intervals, as SVG: bands are ties."""
    rows = price.ranking[:DRAWN]
    if not rows:
        return ""
    axis = Axis([value for row in rows for value in (row.harmed_orders, *(row.interval or ()))])
    foot = TOP + ROW * len(rows)
    parts = [_bands(rows), _grid(axis, foot), *(_mark(axis, row, TOP + ROW * i) for i, row in enumerate(rows))]
    return f"<p>{escape(CAPTION)}</p>" + (
        f'<svg viewBox="0 0 {WIDTH} {foot + 8}" style="min-width:{WIDTH * 3 // 4}px" role="img" aria-label="Expected annual impact with '
        f'intervals" font-size="13" fill="currentColor">{"".join(parts)}</svg>'
    )


def _bands(rows: Sequence[PriceRow]) -> str:
    """A ground behind every second band, and its ranks."""
    parts, firsts = [], list(dict.fromkeys(row.rank for row in rows))
    for row in {row.rank: row for row in reversed(rows)}.values():
        shown = [i for i, other in enumerate(rows) if other.rank == row.rank]
        y, height = TOP + ROW * shown[0], ROW * len(shown)
        if firsts.index(row.rank) % 2 == 0:
            parts.append(f'<rect x="0" y="{y}" width="{WIDTH}" height="{height}" fill="#80808022" class="band"/>')
        parts.append(f'<text x="6" y="{y + height // 2 + 4}" font-weight="600">{ranked(row)}</text>')
    return "".join(parts)


def _grid(axis: Axis, foot: int) -> str:
    parts = [f'<text x="6" y="17">rank</text><text x="{RIGHT + 20}" y="17">harmed orders a year (90 %)</text>']
    for mark in axis.marks:
        x = axis.at(mark)
        strong = 'stroke="currentColor"' if mark == 0 else 'stroke="#8886"'
        parts.append(f'<line x1="{round(x, 1)}" x2="{round(x, 1)}" y1="{TOP - 4}" y2="{foot}" {strong}/>')
        parts.append(f'<text x="{round(x, 1)}" y="17" text-anchor="middle">{_number(mark)}</text>')
    return "".join(parts)


def _number(value: float) -> str:
    return ("−" if value < 0 else "") + (rounded(abs(value)) if abs(value) >= 1 or not value else significant(abs(value)))


def _signed(value: float) -> str:
    return rounded(value, 1).replace("-", "−")


def _mark(axis: Axis, row: PriceRow, y: float) -> str:
    """A row: filled where it costs, hollow where it spares, and grey and dashed where the sign is not decided."""
    middle, x = y + ROW / 2, axis.at(row.harmed_orders)
    colour = {"costs": "var(--bad,#cf222e)", "spares": "var(--good,#1a7f37)"}.get(row.sign, "#808890")
    dashes = "" if row.sign == "costs" else ' stroke-dasharray="4 2"'
    line = ""
    if row.interval:
        low, high = (axis.at(end) for end in row.interval)
        line = f'<line x1="{round(low, 1)}" x2="{round(high, 1)}" y1="{middle}" y2="{middle}" stroke="{colour}" stroke-width="2.4"{dashes}/>'
    fill = colour if row.sign == "costs" else "var(--paper,#fff)"
    said = f"{_signed(row.harmed_orders)} {between(row)}" + (", not decided" if row.sign == "not decided" else "")
    return (
        f'<text x="{LEFT - 14}" y="{middle + 4}" text-anchor="end">{escape(_short(row.name))}</text>{line}'
        f'<circle cx="{round(x, 1)}" cy="{middle}" r="4.2" fill="{fill}" stroke="{colour}" stroke-width="2">'
        f"<title>{escape(row.name)}</title></circle>"
        f'<text x="{RIGHT + 20}" y="{middle + 4}">{escape(said)}</text>'
    )


def _short(name: str) -> str:
    return name if len(name) <= 42 else name[:41] + "…"


# --- pairs of defects -----------------------------------------------------------------------------------------------------------


def pair_lines(pairs: PairsResult | None) -> Iterator[str]:
    """Pairs that cost more together than the sum, and the coupling effect."""
    if pairs is None:
        return
    yield ""
    yield (
        f"pairs of survivors: {number(pairs.pairs)}, {number(pairs.sharing)} of them reach the same resource; tried {number(pairs.tried)}, the "
        f"closest first, in {' and '.join(pairs.windows)}, {counted(pairs.seeds, 'seed')}"
    )
    if pairs.refused:
        yield f"  cannot be planted together: {number(pairs.refused)}"
    yield (
        f"  cost more together than the sum, by more than {percent(pairs.margin, 1)} of the orders with every seed: {len(pairs.super_additive)}"
    )
    for row in pairs.super_additive[:SHOWN]:
        alone = " and ".join(rounded(value) for value in row.alone)
        yield f"    {rounded(row.together):>8} harmed orders together, {alone} alone: {' + '.join(row.defects)}"
        yield f"             {row.window}{_kill_of(row)}; both reach {', '.join(row.shared[:3]) or 'nothing in common'}"
    if len(pairs.super_additive) > SHOWN:
        yield f"    and {len(pairs.super_additive) - SHOWN} more"
    yield f"  coupling: of pairs of which one alone is noticed {_coupled(pairs.one_killed)}"
    yield f"  coupling: of pairs of survivors {_coupled(pairs.none_killed)}"


def _kill_of(row: PairEffect) -> str:
    return "" if row.killed is None else ", the suite notices them" if row.killed else ", the suite does not notice them"


def _coupled(share: CoupledShare) -> str:
    if not share.tried:
        return f"none was tried ({number(share.of)} there are)"
    low, high = share.interval
    return (
        f"{share.killed} of the {share.tried} closest are noticed ({percent(share.share)}, {percent(low)} to {percent(high)}; "
        f"{number(share.of)} there are)"
    )
