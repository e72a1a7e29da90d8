"""Simulated beside live, as a Markdown table and as a page. Reads the result alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chaos.measures.formatting import NONE, milliseconds, number, percent, rounded
from chaos.reports.many_runs import Grid, GridCell, GridRow, ManyRunsPage, Picture, Table
from chaos.reports.plots import Value, plot
from chaos.reports.tables import table
from chaos.results.live import LiveComparison, LiveDifference, LivePair, LiveSide

HEAD = ("scenario", "seed", "failed orders", "impaired s", "duplicated", "lost", "recovery s", "median", "p99", "")
NOTE = "Simulated / live. Bold: further apart than is allowed. Latencies are those of confirmed orders."
GOOD, BAD = (f"color-mix(in srgb, var(--{state}) 18%, transparent)" for state in ("healthy", "failing"))


def live_table(result: LiveComparison) -> list[str]:
    """A Markdown table, a row a pair, and what the pairs come to."""
    return [*table(HEAD, (_row(pair) for pair in result.pairs)), "", NOTE, "", summary_line(result)]


def summary_line(result: LiveComparison) -> str:
    """What all pairs come to, a sentence or two."""
    found = result.summary
    text = f"{found.pairs - found.missed} of {found.pairs} pairs agree"
    if found.missed_scenarios:
        text += f"; missed in {', '.join(found.missed_scenarios)}"
    if found.failed_difference is not None:
        error = found.failed_difference_error
        text += f". Failed orders live against simulated: {_signed(found.failed_difference)}"
        text += f" ± {percent(error, 1)} (mean and its standard error)" if error is not None else ""
    return text + "."


def pair_line(pair: LivePair) -> str:
    """A pair in a line: whether both agree, and the figures that are judged, simulated / live."""
    figures = ", ".join(f"{d.what} {_count(d.simulated)} / {_count(d.live)}{'' if d.holds else ' !'}" for d in pair.differences)
    return f"{pair.scenario}, seed {pair.seed}: {'missed' if pair.missed else 'agree'}: {pair.why or figures}"


def _signed(share: float) -> str:
    return ("+" if share >= 0 else "−") + percent(abs(share), 1)


def _row(pair: LivePair) -> list[str]:
    a, b = pair.simulated, pair.live
    cells = [_both(difference) for difference in pair.differences]
    return [
        pair.scenario,
        str(pair.seed),
        *cells,
        f"{_seconds(a.recovery_s)} / {_seconds(b.recovery_s)}",
        *(f"{_wait(a, i)} / {_wait(b, i)}" for i in ("p50_ns", "p99_ns")),
        pair.why or ("missed" if pair.missed else ""),
    ]


def _both(difference: LiveDifference) -> str:
    text = f"{_count(difference.simulated)} / {_count(difference.live)}"
    return text if difference.holds else f"**{text}**"


def _count(value: float | None) -> str:
    return NONE if value is None else number(value) if value == round(value) else rounded(value, 1)


def _seconds(value: float | None) -> str:
    return NONE if value is None else rounded(value, 0)


def _wait(side: LiveSide, quantile: str) -> str:
    """A quantile of what confirmed orders waited, over the flow with most of them."""
    flows = sorted((flow for flow in side.flows.values() if flow.kind == "order"), key=lambda flow: -flow.confirmed)
    value = getattr(flows[0], quantile) if flows else None
    return milliseconds(None if value is None else value * 1e-6)


# --- the page -----------------------------------------------------------------------------------------------------------------


def live_page(result: LiveComparison) -> str:
    """The page, HTML."""
    return ManyRunsPage(
        title="Simulated beside live",
        lead=summary_line(result),
        notes=[NOTE],
        pictures=[_scatter(result, "failed_orders", "failed orders"), _scatter(result, "impaired_s", "impaired time, s")],
        grids=[_judged(result), *(_client_truth(pair) for pair in result.pairs)],
        details=Table(list(HEAD), [_row(pair) for pair in result.pairs]),
    ).html()


def _scatter(result: LiveComparison, what: str, title: str) -> Picture:
    """A point a pair: simulated to the right, live upwards."""
    values = []
    for pair in result.pairs:
        found = next(d for d in pair.differences if d.what == what)
        if found.simulated is not None and found.live is not None:
            values.append(Value(found.simulated, found.live, f"{pair.scenario.rpartition('/')[2]} {pair.seed}"))
    return Picture(f"{title.capitalize()}", plot(values, f"{title}, simulated", f"{title}, live", _count))


def _judged(result: LiveComparison) -> Grid:
    """A row a pair, a column a figure; green where both are as close as they should be."""
    rows = [
        GridRow(
            f"{pair.scenario} seed {pair.seed}",
            [
                GridCell(
                    f"{_count(d.simulated)} / {_count(d.live)}",
                    mark="=" if d.holds else "≠",
                    colour=GOOD if d.holds else BAD,
                    hover=f"{d.what}: {_count(d.allowed)} apart at the most",
                )
                for d in pair.differences
            ],
            hover=pair.why,
        )
        for pair in result.pairs
    ]
    return Grid("Differences", ["scenario", "failed orders", "impaired s", "duplicated", "lost"], rows)


def _client_truth(pair: LivePair) -> Grid:
    """What customers saw, row by row, and what is true of it, in both."""
    a, b = pair.simulated.client_truth, pair.live.client_truth
    truths = list(dict.fromkeys(truth for side in (a, b) for row in side.values() for truth, n in row.items() if n))
    rows = [
        GridRow(outcome, [GridCell(f"{a.get(outcome, {}).get(t, 0)} / {b.get(outcome, {}).get(t, 0)}") for t in truths])
        for outcome in _outcomes((a, b))
    ]
    return Grid(f"{pair.scenario}, seed {pair.seed}: what customers saw, and the truth", ["orders", *truths], rows)


def _outcomes(sides: Sequence[dict[str, dict[str, int]]]) -> Iterator[str]:
    seen = (outcome for side in sides for outcome, row in side.items() if any(row.values()))
    return iter(dict.fromkeys(seen))
