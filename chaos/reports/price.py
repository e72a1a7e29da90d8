"""What defects cost in a year, alone and in pairs, for people: lines for a terminal, and a drawing for the page of coverage."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from chaos.i18n.texts import LocalizedText, join, lookup, translate, untranslated
from chaos.measures.formatting import Language, number, percent, rounded, signed, significant
from chaos.reports.coverage_words import more_text, named, window_text
from chaos.reports.markup import both, both_drawn, escaped, scrolled
from chaos.results.coverage import DefectEffect, PriceResult, PriceRow
from chaos.results.defect_pairs import CoupledShare, PairEffect, PairsResult

SHOWN = 10
DRAWN = 40
"""Rows in the drawing; the table below it has all."""
BLANK = untranslated("")


def ranked(row: PriceRow) -> str:
    """The ranks that a price may have, as in 3 or 3–5."""
    return str(row.rank) if row.rank == row.rank_to else f"{row.rank}–{row.rank_to}"


def between(row: PriceRow) -> LocalizedText:
    """The interval of a price, in brackets."""
    if row.interval is None:
        return translate("price.no_interval")
    low, high = (_signed(end) for end in row.interval)
    return translate("price.between", low=low, high=high)


def sign_text(row: PriceRow) -> LocalizedText:
    """Whether a defect costs orders, spares some, or that this is not decided."""
    return translate(f"price.sign.{row.sign}")


def at_phase(phase: str) -> LocalizedText:
    """Where a window is, in words: phases are called as their file has them."""
    return translate("price.at.open") if phase == "open" else translate("price.at", phase=lookup("phase", phase))


def severity(effect: DefectEffect) -> LocalizedText:
    """The grade in a window, and that without the defect."""
    grade, without = grade_word(effect.severity), grade_word(effect.severity_without)
    same = effect.severity == effect.severity_without
    return translate("price.severity.same", grade=grade) if same else translate("price.severity", grade=grade, without=without)


def grade_word(grade: str) -> LocalizedText:
    """A grade as results have it; in Chinese as rule sets call it."""
    return LocalizedText(grade, lookup("grade", grade).zh)


def price_lines(price: PriceResult, notes: Callable[[str], Iterator[LocalizedText]]) -> Iterator[LocalizedText]:
    """The most costly survivors; `notes` are further lines on a defect of a name."""
    if not price.ranking:
        return
    yield BLANK
    yield translate("price.title", n=min(SHOWN, len(price.ranking)))
    yield translate("price.how.1", triggers=price.triggers, seeds=price.seeds)
    yield translate("price.how.2")
    for row in price.ranking[:SHOWN]:
        spread, sign = between(row), sign_text(row)
        figures = f"  {ranked(row):>6}  {rounded(row.harmed_orders, 1):>9}"
        yield LocalizedText(f"{figures} {spread.en}  {row.name}: {sign.en}", f"{figures} {spread.zh}  {row.name}：{sign.zh}")
        yield from (line.map(" ".ljust(12).__add__) for line in (*_details(row), *notes(row.name)))
    if price.skipped:
        names = join([window_text(name) for name in price.skipped[:4]], ", ", "、").map(
            lambda text: text + (", …" if len(price.skipped) > 4 else "")
        )
        yield translate("price.skipped", n=number(len(price.skipped)), names=names)


def _details(row: PriceRow) -> Iterator[LocalizedText]:
    """How likely, for how long, what a year may bring, and the worst window of the first phase, the open."""
    years, said = row.years, BLANK
    if years:
        shares = (percent(share) for share in (years.costs, years.spares, years.nothing))
        said = translate("price.years", **dict(zip(("costs", "spares", "nothing"), shares, strict=True)))
    when = translate("price.shows" if row.shows else "price.hidden")
    yield translate("price.details", present=percent(row.present, 2), days=rounded(row.found_days, 1), when=when, years=said)
    worst = row.at_the_open or row.worst
    if worst:
        yield translate(
            "price.worst",
            phase=at_phase(worst.phase),
            trigger=trigger_text(worst.trigger),
            failed=signed(worst.failed_orders),
            rejected=signed(worst.rejected_wrongly),
            beyond=translate("price.beyond", n=signed(worst.excess)) if worst.excess is not None else BLANK,
            twice=signed(worst.duplicated),
            impaired=signed(worst.impaired_s),
            severity=severity(worst),
        )


def trigger_text(trigger: str) -> LocalizedText:
    """A trigger of the year: in Chinese where it is one of those that ship."""
    return lookup("trigger", trigger)


# --- the page -------------------------------------------------------------------------------------------------------------------

WIDTH, LEFT, RIGHT, TOP, ROW = 1180, 366, 900, 26, 21


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


def drawing(price: PriceResult, language: Language = "en") -> str:
    """The survivors' prices with their intervals, as SVG: bands are ties. Its label is in the language in which the page opens."""
    rows = price.ranking[:DRAWN]
    if not rows:
        return ""
    axis = Axis([value for row in rows for value in (row.harmed_orders, *(row.interval or ()))])
    foot = TOP + ROW * len(rows)
    parts = [_bands(rows), _grid(axis, foot), *(_mark(axis, row, TOP + ROW * i) for i, row in enumerate(rows))]
    label = escaped(translate("price.label")[language])
    return f'<p class="small soft">{both(translate("price.caption"))}</p>' + scrolled(
        f'<svg class="wide keep" viewBox="0 0 {WIDTH} {foot + 8}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )


def _bands(rows: Sequence[PriceRow]) -> str:
    """A ground behind every second band, and its ranks."""
    parts, firsts = [], list(dict.fromkeys(row.rank for row in rows))
    for row in {row.rank: row for row in reversed(rows)}.values():
        shown = [i for i, other in enumerate(rows) if other.rank == row.rank]
        y, height = TOP + ROW * shown[0], ROW * len(shown)
        if firsts.index(row.rank) % 2 == 0:
            parts.append(f'<rect x="0" y="{y}" width="{WIDTH}" height="{height}" fill="#80808022" class="band"/>')
        parts.append(f'<text x="6" y="{y + height // 2 + 4}" class="b">{ranked(row)}</text>')
    return "".join(parts)


def _grid(axis: Axis, foot: int) -> str:
    rank, orders = (both_drawn(translate(f"price.axis.{name}")) for name in ("rank", "orders"))
    parts = [f'<text x="6" y="17" class="t-soft">{rank}</text><text x="{RIGHT + 20}" y="17" class="t-soft">{orders}</text>']
    for mark in axis.marks:
        x = axis.at(mark)
        strong = 'style="stroke:var(--ink)"' if mark == 0 else 'class="axis"'
        parts.append(f'<line x1="{round(x, 1)}" x2="{round(x, 1)}" y1="{TOP - 4}" y2="{foot}" {strong}/>')
        parts.append(f'<text x="{round(x, 1)}" y="17" class="t-soft num" text-anchor="middle">{_number(mark)}</text>')
    return "".join(parts)


def _number(value: float) -> str:
    return ("−" if value < 0 else "") + (rounded(abs(value)) if abs(value) >= 1 or not value else significant(abs(value)))


def _signed(value: float) -> str:
    return rounded(value, 1).replace("-", "−")


def _mark(axis: Axis, row: PriceRow, y: float) -> str:
    """A row: filled where it costs, hollow where it spares, and grey and dashed where the sign is not decided."""
    middle, x = y + ROW / 2, axis.at(row.harmed_orders)
    colour = {"costs": "var(--bad)", "spares": "var(--good)"}.get(row.sign, "var(--soft)")
    dashes = "" if row.sign == "costs" else ";stroke-dasharray:4 2"
    line = ""
    if row.interval:
        low, high = (round(axis.at(end), 1) for end in row.interval)
        line = f'<line x1="{low}" x2="{high}" y1="{middle}" y2="{middle}" style="stroke:{colour};stroke-width:2.4{dashes}"/>'
    fill = colour if row.sign == "costs" else "var(--paper)"
    said = join([untranslated(_signed(row.harmed_orders)), between(row)], " ", "")
    said = translate("price.undecided", said=said) if row.sign == "not decided" else said
    return (
        f'<text x="{LEFT - 14}" y="{middle + 4}" text-anchor="end">{escaped(_short(row.name))}</text>{line}'
        f'<circle cx="{round(x, 1)}" cy="{middle}" r="4.2" style="fill:{fill};stroke:{colour};stroke-width:2">'
        f"<title>{escaped(row.name)}</title></circle>"
        f'<text x="{RIGHT + 20}" y="{middle + 4}" class="num">{both_drawn(said)}</text>'
    )


def _short(name: str) -> str:
    return name if len(name) <= 42 else name[:41] + "…"


# --- pairs of defects -----------------------------------------------------------------------------------------------------------


def pair_lines(pairs: PairsResult | None) -> Iterator[LocalizedText]:
    """Pairs that cost more together than the sum, and the coupling effect."""
    if pairs is None:
        return
    yield BLANK
    and_ = translate("hides.and")
    counts = {"n": number(pairs.pairs), "sharing": number(pairs.sharing), "tried": number(pairs.tried), "seeds": pairs.seeds}
    windows = join([window_text(window) for window in pairs.windows], and_.en, "、")
    yield translate("pairs.title", **counts, windows=windows)
    if pairs.refused:
        yield translate("pairs.refused", n=number(pairs.refused))
    yield translate("pairs.super", margin=percent(pairs.margin, 1), n=len(pairs.super_additive))
    for row in pairs.super_additive[:SHOWN]:
        alone = join([untranslated(rounded(value)) for value in row.alone], and_.en, and_.zh)
        yield translate("pairs.row", together=f"{rounded(row.together):>8}", alone=alone, names=" + ".join(row.defects))
        shared = named(row.shared[:3]) if row.shared else translate("pairs.nothing")
        yield translate("pairs.shared", window=window_text(row.window), kill=_kill_of(row), shared=shared)
    yield from more_text(len(pairs.super_additive), SHOWN, deep=True)
    yield translate("pairs.coupling.one", said=_coupled(pairs.one_killed))
    yield translate("pairs.coupling.none", said=_coupled(pairs.none_killed))


def _kill_of(row: PairEffect) -> LocalizedText:
    return BLANK if row.killed is None else translate("pairs.noticed" if row.killed else "pairs.missed")


def _coupled(share: CoupledShare) -> LocalizedText:
    if not share.tried:
        return translate("pairs.untried", of=number(share.of))
    low, high = (percent(end) for end in share.interval)
    counts = {"killed": share.killed, "tried": share.tried, "of": number(share.of)}
    return translate("pairs.coupled", **counts, share=percent(share.share), low=low, high=high)
