"""A run in at most 40 lines of a terminal: verdict, figures, what happened when, with sparklines. Plain when piped."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.console import Console

from chaos.i18n.names import grade_text, own_text
from chaos.i18n.texts import LocalizedText, display_name, duration_text, join, shipped_name, translate, untranslated
from chaos.measures.formatting import Language, instant, minute, number
from chaos.reports.run.bands import bands
from chaos.reports.run.bins import Bins, Ints, bins_of
from chaos.reports.run.charts.pools import shown_pools
from chaos.reports.run.headline import discrepancy, failed_orders, reasons, where
from chaos.reports.run.outcomes import order_rows, outcomes_by_bin
from chaos.reports.run.page_data import page_focus
from chaos.reports.run.service_states import fill
from chaos.reports.run.story import story
from chaos.results.stored_run import StoredRun
from simcore.base.errors import one_line
from simcore.base.units import SECOND

LINES_MAX = 40
COLUMNS = 64  # of a sparkline
LABEL = 22
_BARS = " ▁▂▃▄▅▆▇█"
_STYLE = {"pass": "bold green", "fail": "bold red", "unknown": "bold yellow"}
_LANES = {"unnoticed": "?", "deciding": "d", "acting": "a", "restoring": "r"}


def print_report(stored: StoredRun, console: Console, language: Language = "en") -> None:
    """Prints it. What comes from the folder is one line each, without control characters."""
    for text, style in lines(stored, language):
        console.print(one_line(text), style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)


def lines(stored: StoredRun, language: Language = "en") -> list[tuple[str, str]]:
    """(text, style), at most LINES_MAX; what does not fit is left out from the end of the story."""
    head = _head(stored)
    tail = [(_said("again.digest", untranslated(stored.run.digest)), "")] + (
        [(untranslated(stored.run.replay), "")] if stored.run.replay else []
    )
    pictures = [(untranslated(""), ""), *_pictures(stored, language), (untranslated(""), "")]
    sentences = [(join([untranslated(f"{instant(s.t_ns):>8}"), s.text], "  ", "  "), "") for s in story(stored)]
    space_left = LINES_MAX - len(head) - len(pictures) - len(tail)
    return [(text[language], style) for text, style in [*head, *pictures, *sentences[:space_left], *tail]]


def _said(key: str, *parts: LocalizedText) -> LocalizedText:
    return join([translate(key), *parts], "  ", "  ")


def _head(stored: StoredRun) -> list[tuple[LocalizedText, str]]:
    run, metrics = stored.run, stored.run.measures
    title = own_text(run, run.title) if run.title else display_name(run.architecture, run.own_names)
    verdict = join([translate(f"verdict.{run.verdict or 'none'}"), title], ": ", "：")
    found = [(verdict, _STYLE.get(run.verdict or "", "bold")), (where(stored), "")]
    found += [(join([untranslated(" "), text], "", ""), "") for text in reasons(run)[:4]]
    found.append(
        (_said("figure.orders.failed_orders", untranslated(number(metrics.orders.failed_orders)), *failed_orders(run)), "bold")
    )
    if (wrong := discrepancy(run)) is not None:
        found.append((_said("figure.truth", wrong), "bold"))
    if metrics.impaired_s is not None:
        recovery = duration_text(metrics.recovery_s)
        if metrics.recovery_s is None:
            recovery = translate("figure.recovery.lower", time=duration_text(metrics.recovery_s_lower))
        found.append(
            (
                join(
                    [_said("figure.impaired_s", duration_text(metrics.impaired_s)), _said("figure.recovery_s", recovery)],
                    "; ",
                    "；",
                ),
                "",
            )
        )
        parts = [
            _said(f"recovery.{w}", duration_text(getattr(metrics, f"{w}_s")))
            for w in ("detect", "decide", "act", "restore", "reconciled")
        ]
        found.append((join(parts, ", ", "，"), ""))
    if metrics.severity:
        grades = [join([shipped_name(n), grade_text(g)], " ", "：") for n, g in metrics.severity.items()]
        found.append((_said("section.severity", join(grades)), ""))
    return found


# --- sparklines -------------------------------------------------------------------------------------------------------------


def _pictures(stored: StoredRun, language: Language) -> list[tuple[LocalizedText, str]]:
    """Rows over the same stretch of time as the page begins with: who did what, outcomes of orders, the fullest pools."""
    bins, (begin, end) = bins_of(stored.journal, stored.run.own_names), page_focus(stored)
    if not bins.count:
        return []
    a, b = bins.at(begin * SECOND), bins.at(end * SECOND - 1) + 1
    by_bin = outcomes_by_bin(bins, order_rows(stored.journal))
    good: Ints = np.sum([by_bin.confirmed, by_bin.rejected], axis=0)
    bad: Ints = np.sum([by_bin.blocked, by_bin.failed, by_bin.unknown], axis=0)
    top = int(max(_cut(good, a, b).max(initial=0), _cut(bad, a, b).max(initial=0)))
    rows = [
        (untranslated(""), _ruler(begin, end)),
        *((translate(f"lane.{lane}"), _lane(stored, bins, lane, a, b)) for lane in ("fault", "people")),
    ]
    rows += [
        (translate("outcome.confirmed"), spark(_cut(good, a, b), top)),
        (translate("figure.orders.failed_orders"), spark(_cut(bad, a, b), top)),
    ]
    rows += [(display_name(pool, bins.own_names), spark(_cut(fill(bins, pool), a, b), 100)) for pool in shown_pools(bins)[:3]]
    legend = ", ".join(f"{mark} {translate(f'band.{word}')[language]}" for word, mark in _LANES.items())
    return [(_row(label, line), "") for label, line in rows] + [
        (join([untranslated(" " * LABEL), untranslated(legend)], " ", " "), "dim")
    ]


def _row(label: LocalizedText, line: str) -> LocalizedText:
    return label.map(lambda text: f"{_padded(text)} {line}")


def _padded(text: str) -> str:
    """A label as wide as the others, in cells of the terminal: Chinese takes two a character."""
    return set_cell_size(one_line(text), LABEL) if cell_len(text) > LABEL else text + " " * (LABEL - cell_len(text))


def _cut(values: Ints, a: int, b: int) -> Ints:
    """The bins [a, b) in COLUMNS columns, each the highest of its bins."""
    edges = np.linspace(a, b, COLUMNS + 1).astype(int)
    return np.array([values[x : max(y, x + 1)].max(initial=0) for x, y in pairwise(edges)])


def spark(values: Ints, top: int) -> str:
    """One character a value, its height a share of `top`; something is never shown as nothing."""
    heights = np.ceil(8 * values / top).astype(int) if top else np.zeros(len(values), int)
    return "".join(_BARS[min(8, height)] for height in heights)


def _lane(stored: StoredRun, bins: Bins, lane: str, a: int, b: int) -> str:
    width = (b - a) * bins.step * SECOND / COLUMNS
    begin = bins.start_ns + a * bins.step * SECOND
    marks = ["·"] * COLUMNS
    for band in bands(stored):
        if band.lane == lane:
            for i in range(max(0, int((band.begin_ns - begin) / width)), min(COLUMNS, int((band.end_ns - begin) / width) + 1)):
                marks[i] = _LANES.get(band.word, "█")
    return "".join(marks)


def _ruler(begin_s: int, end_s: int) -> str:
    left, right = minute(begin_s * SECOND), minute(end_s * SECOND)
    return left + " " * max(1, COLUMNS - len(left) - len(right)) + right
