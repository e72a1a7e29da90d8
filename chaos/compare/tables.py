"""Results of comparisons and sweeps as Markdown tables, which are read in a terminal as well as in a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chaos.measures.formatting import waited
from simcore.base.errors import one_line

MARKS = {"better": "▲", "worse": "▼", "equivalent": "=", "inconclusive": "?", "not comparable": "–"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; the first column to the left, the others to the right."""
    lines = [[one_line(cell).replace("|", "\\|") for cell in row] for row in (head, *rows)]
    wide = [max(len(line[i]) for line in lines) for i in range(len(head))]
    bars = ["-" * wide[0], *("-" * max(1, w - 1) + ":" for w in wide[1:])]
    return [
        "| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, wide, strict=True))) + " |"
        for line in (lines[0], bars, *lines[1:])
    ]


def shown(measure: str, value: float | None) -> str:
    """A value with its unit."""
    if value is None:
        return "–"
    if measure.endswith("share"):
        return f"{value:.2%}" if 0 < abs(value) < 0.1 else f"{value:.1%}" if value else "0"
    if measure.endswith("_s"):
        return f"{value:g} s" if abs(value) < 60 else f"{value / 60:.1f} min"
    return f"{value:,g}"


def comparison(result: Mapping[str, Any]) -> list[str]:
    """What a comparison found: the architectures with their costs, then a table a measure, then what stands behind it."""
    names = [a["name"] for a in result["architectures"]]
    short = dict(zip(names, short_names(names), strict=True))
    lines = [*_architectures(result, short)]
    for measure in result["measures"]:
        lines += ["", f"{measure['name']}: differences within {shown(measure['name'], measure['margin'])} do not matter", ""]
        lines += _cells(result, measure["name"], names, short)
    lines += ["", *_notes(result)]
    return lines


def short_names(names: Sequence[str]) -> list[str]:
    """The last part of each name, or the whole where two are alike."""
    last = [name.rpartition("/")[2].removesuffix(".yaml") for name in names]
    return [part if last.count(part) == 1 else name for part, name in zip(last, names, strict=True)]


def _architectures(result: Mapping[str, Any], short: Mapping[str, str]) -> list[str]:
    """Costs, and how many places each verdict was reached in, by the first measure."""
    head = ["architecture", "machines", "slots", "order mean", "p99", "transfer mean", *(f"{MARKS[v]} {v}" for v in MARKS)]
    first = result["measures"][0]["name"]
    rows = []
    for a in result["architectures"]:
        machines, slow = a["hardware"], a["latency"]
        mine = [c["verdict"] for c in result["cells"] if c["architecture"] == a["name"] and c["measure"] == first]
        hosts = f"{machines['machines']}+{machines['standbys']}"
        waits = [waited(slow, *which) for which in (("place-order", "mean"), ("place-order", "p99"), ("transfer", "mean"))]
        counts = [str(mine.count(v)) if a["name"] != result["baseline"] else "" for v in MARKS]
        rows.append([short[a["name"]], hosts, f"{machines['slots']:,}", *waits, *counts])
    return table(head, rows)


def _cells(result: Mapping[str, Any], measure: str, names: Sequence[str], short: Mapping[str, str]) -> list[str]:
    """A row a scenario: the baseline's median, then each architecture's with the mark of its verdict."""
    found = {(c["scenario"], c["environment"], c["architecture"]): c for c in result["cells"] if c["measure"] == measure}
    places = list(dict.fromkeys((scenario, environment) for scenario, environment, _ in found))
    shorter = dict(zip(places, short_names([scenario for scenario, _ in places]), strict=True))
    rows, alike = [], []
    for place in places:
        cells = [found[*place, name] for name in names[1:]]
        title = shorter[place] + (f" in {place[1]}" if place[1] else "")
        if all(c["verdict"] in ("equivalent", "inconclusive") and c["tie"] == c["runs"] for c in cells):
            alike.append(title)
            continue
        base = next((c["baseline"]["median"] for c in cells if c.get("baseline")), None)
        rows.append([title, shown(measure, base), *(_cell(measure, c) for c in cells)])
    lines = table(["scenario", *(short[name] for name in names)], rows)
    return [*lines, *(["", f"Within the margin in every run of every architecture: {', '.join(alike)}."] if alike else [])]


def _cell(measure: str, cell: Mapping[str, Any]) -> str:
    value = cell.get("value")
    return f"{shown(measure, value['median'] if value else None)} {MARKS[cell['verdict']]}" if value else MARKS[cell["verdict"]]


def _notes(result: Mapping[str, Any]) -> list[str]:
    """How it was decided, and what the common luck was worth."""
    summary, looks = result["summary"], result["looks"]
    said = ", ".join(f"{look['runs']} (spends {look['level']:.3g})" for look in looks)
    lines = [
        f"{MARKS['better']} better, {MARKS['worse']} worse, {MARKS['equivalent']} equivalent, {MARKS['inconclusive']} inconclusive, "
        f"{MARKS['not comparable']} cannot be run; medians over seeds, verdicts by sign tests on pairs of the same seed.",
        f"Chance of one false verdict in the whole at most {2 * result['level']:.0%} ({result['level']:.0%} for a difference, as much for an "
        f"equivalence); looks after runs: {said}.",
    ]
    luck = summary["common_random_numbers"]
    if luck["variance_ratio"] is not None:
        lines.append(
            f"Common random numbers: with seeds of their own, differences of {result['measures'][0]['name']} would have "
            f"{luck['variance_ratio']:.1f} times the variance (median of {luck['cells']} comparisons that vary)."
        )
    missing = sum(c.get("missing", 0) for c in result["cells"])
    if missing:
        why = next(c["why"] for c in result["cells"] if c.get("missing"))
        lines.append(f"{missing} pairs have no value and count against every verdict; the first: {why}")
    unfit = {
        f"{c['scenario']} on {c['architecture']}: {c['why']}": None for c in result["cells"] if c["verdict"] == "not comparable"
    }
    return [*lines, *unfit]


def sweep(result: Mapping[str, Any]) -> list[str]:
    """What a sweep found: a row a value, or a grid a measure for two parameters; then where the metastable region begins."""
    lines = [f"{result['scenario']} on {result['architecture']} in {result['environment']}: {result['title']}"]
    grids = {m: [shown(m, (p["measures"][m] or {}).get("median")) for p in result["points"]] for m in result["measures"]}
    grids |= {name: [shown("share", p[name]["share"]) for p in result["points"]] for name in ("not_recovered", "metastable")}
    first = result["axes"][0]
    if len(result["axes"]) == 1:
        rows = [[value, *(cells[i] for cells in grids.values())] for i, value in enumerate(first["values"])]
        lines += ["", *table([first["path"], *grids], rows)]
    else:
        second = result["axes"][1]
        width = len(second["values"])
        for name, cells in grids.items():
            rows = [[value, *cells[i * width : (i + 1) * width]] for i, value in enumerate(first["values"])]
            lines += ["", f"{name} (down: {first['path']}; across: {second['path']})", ""]
            lines += table([first["path"], *second["values"]], rows)
    return [*lines, "", *(_begin(result, line) for line in result["metastable_from"]), *_invalid(result)]


def _begin(result: Mapping[str, Any], line: Mapping[str, Any]) -> str:
    path = result["axes"][0]["path"]
    where = f" with {result['axes'][1]['path']} = {line['line']}" if line["line"] is not None else ""
    if line["from"] is None:
        return f"Nowhere{where} does {path} make half of the runs metastable."
    after = f", after {line['after']}" if line["after"] is not None else ", the first value tried"
    return f"The metastable region begins{where} at {path} = {line['from']}{after}."


def _invalid(result: Mapping[str, Any]) -> list[str]:
    """Runs that show nothing, with the first reason."""
    bad = [p for p in result["points"] if p["invalid"]]
    return (
        [f"{sum(p['invalid'] for p in bad)} runs were no valid experiment and are left out; the first: {bad[0]['why']}"]
        if bad
        else []
    )
