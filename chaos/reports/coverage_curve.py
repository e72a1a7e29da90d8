"""The curve of a growing suite: what so many scenarios notice, as a drawing with its table, and in a sentence."""

from __future__ import annotations

from collections.abc import Callable

from chaos.i18n.texts import LocalizedText, shipped_name, translate, untranslated
from chaos.measures.formatting import Language, number, rounded
from chaos.reports.coverage_words import window_text
from chaos.reports.markup import both, both_drawn, escaped, heads, scrolled, table_below
from chaos.results.coverage import CoverageResult
from chaos.results.findability import Suggestion, SuiteCurve

Placed = Callable[[float], float]
"""From a figure to where it stands on a drawing."""
WIDTH, HEIGHT, LEFT, RIGHT, TOP, LOW = 700, 316, 50, 180, 26, 256
BLANK = untranslated("")


def optimism(curve: SuiteCurve) -> LocalizedText:
    """How much of the best order is hindsight, in a sentence."""
    held = curve.held_out
    if held is None:
        return BLANK
    at, gap = max(enumerate((x.chosen - x.held_out for x in held.steps), 1), key=lambda pair: pair[1])
    over = translate(f"curve.over.{held.by}", n=number(held.splits))
    if gap < 0.05:
        return translate("curve.holds", over=over)
    return translate("curve.optimism", gap=rounded(gap, 1), at=at, over=over)


def curve_picture(result: CoverageResult, language: Language = "en") -> str:
    """Defects noticed by number of scenarios: random order with its band is what to expect, best first is dashed and said to be chosen
    afterwards, and the first suggestion stands beside with what it notices here and in production. Its label is in the language in which
    the page opens."""
    curve = result.curve
    if not curve.random:
        return ""
    n = len(curve.random)
    added = result.suggestions[0] if result.suggestions else None
    last = curve.best_first[-1].caught
    more = [added.adds, len(added.production.survivors) if added.production else 0] if added else [0]
    most = max(1.0, float(last + max(more)))
    step = (WIDTH - LEFT - RIGHT) / (n + (added is not None))

    def x(k: float) -> float:
        return round(LEFT + step * (k - 0.5), 1)

    def y(value: float) -> float:
        return round(LOW - (LOW - TOP) * value / most, 1)

    parts = [_axes(n, most, x, y), *_lines(curve, x, y), *(_suggested(result, added, n, last, x, y) if added else [])]
    label = escaped(translate("curve.label", n=n, noticed=last)[language])
    svg = f'<svg class="wide curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    return f'{scrolled(svg)}<p class="soft small">{both(curve_words(curve))}</p>{_curve_table(curve)}'


def _lines(curve: SuiteCurve, x: Placed, y: Placed) -> list[str]:
    """The band, the mean of random orders, and what was chosen afterwards."""
    band = [f"{x(k)},{y(s.band[1])}" for k, s in enumerate(curve.random, 1)]
    band += [f"{x(k)},{y(s.band[0])}" for k, s in reversed(list(enumerate(curve.random, 1)))]
    mean = " ".join(f"{x(k)},{y(s.caught)}" for k, s in enumerate(curve.random, 1))
    best = " ".join(f"{x(k)},{y(s.caught)}" for k, s in enumerate(curve.best_first, 1))
    held = curve.held_out.steps if curve.held_out else []
    return [
        f'<polygon points="{" ".join(band)}" class=band />',
        f'<polyline points="{mean}" class=mean />',
        f'<polyline points="{best}" class=best stroke-dasharray="6 3"/>',
        *(f'<circle cx="{x(k)}" cy="{y(s.held_out)}" r="2.5" class=best />' for k, s in enumerate(held, 1)),
    ]


def _axes(n: int, most: float, x: Placed, y: Placed) -> str:
    marks = [0.0, most // 2, most] if most > 1 else [0.0, most]
    lines = [
        f'<line x1="{LEFT}" y1="{y(v)}" x2="{x(n + 0.5)}" y2="{y(v)}" class=axis />'
        f'<text x="{LEFT - 6}" y="{y(v) + 4}" class="t-soft num" text-anchor="end">{rounded(v)}</text>'
        for v in marks
    ]
    every = max(1, n // 12)
    lines += [
        f'<text x="{x(k)}" y="{LOW + 16}" class="t-soft num" text-anchor="middle">{k}</text>' for k in range(1, n + 1, every)
    ]
    across, up = (both_drawn(translate(f"curve.{axis}")) for axis in ("x", "y"))
    lines.append(f'<text x="{x((n + 1) / 2)}" y="{LOW + 32}" class=t-soft text-anchor="middle">{across}</text>')
    lines.append(f'<text x="4" y="14" class=t-soft>▲ {up}</text>')
    keys = (("t-acc", "random", 0), ("t-bad", "best", 230))
    lines += [
        f'<text x="{LEFT + at}" y="{HEIGHT - 6}" class={mark}>{both_drawn(translate(f"curve.key.{key}"))}</text>'
        for mark, key, at in keys
    ]
    return "".join(lines)


def _suggested(result: CoverageResult, added: Suggestion, n: int, last: int, x: Placed, y: Placed) -> list[str]:
    """The suggestion beyond the suite: a filled point for what it adds here, an open one for what it notices in production."""
    where = shipped_name(result.environment).map(lambda name: name.rpartition("/")[2])
    points = [(added.adds, "here", translate("curve.here", environment=where, n=added.adds))]
    if added.production:
        found = len(added.production.survivors)
        points.append((found, "there", translate("curve.production", n=found)))
    at, parts = x(n + 1), []
    for i, (value, mark, words) in enumerate(points):
        level = y(last + value)
        parts.append(
            f'<line x1="{x(n)}" y1="{y(last)}" x2="{at}" y2="{level}" class=new stroke-dasharray="2 3"/>'
            f'<circle cx="{at}" cy="{level}" r="4.5" class="new {mark}"/>'
            f'<text x="{at + 9}" y="{level + (18 if i and points[0][0] == value else 4)}" class=t-good>{both_drawn(words)}</text>'
        )
    window = both_drawn(window_text(added.window))
    parts.append(f'<text x="{at}" y="{LOW + 16}" class=t-good text-anchor="middle">+ {window}</text>')
    return parts


def curve_words(curve: SuiteCurve) -> LocalizedText:
    """What the curve says, and how it was made."""
    said = translate("curve.words", sizes=translate("curve.words.exact" if curve.exact else "curve.words.drawn"))
    if not curve.held_out:
        return LocalizedText(f"{said.en}.", f"{said.zh}。")
    over = optimism(curve)
    return LocalizedText(f"{said.en}: {over.en}.", f"{said.zh}：{over.zh}。")


def _curve_table(curve: SuiteCurve) -> str:
    held = curve.held_out.steps if curve.held_out else [None] * len(curve.random)
    rows = "".join(
        f"<tr><td class=n>{k}</td><td class=n>{rounded(s.caught, 1)}</td><td class=n>{_band(s.band[0], s.band[1])}</td>"
        f"<td class=n>{b.caught}</td><td class=n>{rounded(h.held_out, 1) if h else ''}</td><td>{escaped(b.scenario)}</td></tr>"
        for k, (s, b, h) in enumerate(zip(curve.random, curve.best_first, held, strict=True), 1)
    )
    names = ("scenarios", "random", "90", "best", "held_out", "adds")
    return table_below(heads([translate(f"curve.head.{name}") for name in names], [True] * 5), rows)


def _band(low: float, high: float) -> str:
    return both(translate("curve.band", low=rounded(low), high=rounded(high)))
