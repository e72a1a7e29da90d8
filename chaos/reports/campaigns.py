"""The page of a comparison or a sweep: one file, no request, no script. Reads the result object alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from chaos.measures.formatting import WAITS, waited
from chaos.reports.html import environment, stylesheet

Result = Mapping[str, Any]
MARKS = {"better": "▲", "worse": "▼", "equivalent": "=", "inconclusive": "?", "not comparable": "–"}
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, LABEL = 620, 340, 60, 46, 34, 13  # of a picture, px
TICKS = 4


def write_page(result: Result, path: Path) -> None:
    """Writes the page; which of the two it is the result says."""
    path.write_text(page(result), encoding="utf-8")


def page(result: Result) -> str:
    """The page, HTML."""
    parts = _sweep(result) if "axes" in result else _comparison(result)
    return environment().get_template("campaign.html").render(css=stylesheet(), **parts)


def shown(measure: str, value: float | None) -> str:
    """A value with its unit."""
    if value is None:
        return "–"
    if measure.endswith("share"):
        return f"{value:.2%}" if abs(value) < 0.1 else f"{value:.1%}"
    return (f"{value:,.0f} s" if abs(value) < 120 else f"{value / 60:,.1f} min") if measure.endswith("_s") else f"{value:,g}"


# --- a comparison ----------------------------------------------------------------------------------------------------------------


def _comparison(result: Result) -> dict[str, Any]:
    others = [a["name"] for a in result["architectures"] if a["name"] != result["baseline"]]
    first = result["measures"][0]["name"]
    summary = result["summary"]
    told = ", ".join(f"{n} {verdict}" for verdict, n in summary["verdicts"].items() if n)
    return {
        "title": f"{len(others)} architectures against {result['baseline']}",
        "lead": f"{summary['runs']:,} runs; {told}.", "notes": _notes(result),
        "pictures": [
            {"title": f"Benefit against {what}", "picture": _scatter(result, first, key, unit), "note": note}
            for what, key, unit, note in (
                ("latency", "latency", "ms more for an order that meets no fault (mean)",
                 "Up is better, right is dearer."),
                ("hardware", "machines", "machines more, standbys included", "Up is better, right is dearer."),
            )
        ],
        "costs": _costs(result), "grids": [_heatmap(result, m, others) for m in result["measures"]], "details": _details(result),
    }  # fmt: skip


def _notes(result: Result) -> list[str]:
    looks = ", ".join(f"{look['runs']} runs ({look['level']:.3g})" for look in result["looks"])
    margins = "; ".join(f"{m['name']}: {shown(m['name'], m['margin'])}" for m in result["measures"])
    notes = [
        f"Margins declared beforehand: {margins}. Differences within them do not matter.",
        f"Looks, and what each may spend of an error level of {result['level']:.0%} over all cells: {looks}.",
    ]
    ratio = result["summary"]["common_random_numbers"]["variance_ratio"]
    if ratio is not None:
        notes.append(f"With seeds of their own the differences would have {ratio:.1f} times the variance: common random numbers.")
    return notes


def _scatter(result: Result, measure: str, key: str, unit: str) -> dict[str, Any]:
    """Points of (cost, benefit): benefit is by how much the measure fell, the mean over scenarios of the median difference."""
    base = next(a for a in result["architectures"] if a["name"] == result["baseline"])
    points = []
    for a in result["architectures"]:
        falls = [
            -c["difference"]["median"]
            for c in result["cells"]
            if c["architecture"] == a["name"] and c["measure"] == measure and c.get("difference")
        ]
        cost = _cost(a, key) - _cost(base, key) if _cost(a, key) is not None and _cost(base, key) is not None else None
        if cost is not None and (falls or a is base):
            points.append((cost, fmean(falls) if falls else 0.0, a["name"].rpartition("/")[2]))
    return _plot([p[0] for p in points], [p[1] for p in points], [p[2] for p in points], unit, f"{measure} less", measure)


def _cost(architecture: Mapping[str, Any], key: str) -> Any:
    if key == "machines":
        return architecture["hardware"]["machines"] + architecture["hardware"]["standbys"]
    return architecture["latency"].get("place-order", {}).get("mean")


def _costs(result: Result) -> dict[str, Any]:
    flows = sorted({flow for a in result["architectures"] for flow in a["latency"]})
    head = ["architecture", "machines", "standbys", "slots", *(f"{flow} {q}" for flow in flows for q in WAITS)]
    rows = []
    for a in result["architectures"]:
        waits = [waited(a["latency"], flow, q) for flow in flows for q in WAITS]
        rows.append([a["name"], *(f"{a['hardware'][k]:,}" for k in ("machines", "standbys", "slots")), *waits])
    return {"head": head, "rows": rows}


def _heatmap(result: Result, measure: Mapping[str, Any], others: Sequence[str]) -> dict[str, Any]:
    """A row a scenario, a column an architecture; colour by the difference of medians, mark by the verdict."""
    name = measure["name"]
    cells = [c for c in result["cells"] if c["measure"] == name]
    most = max((abs(c["difference"]["median"]) for c in cells if c.get("difference")), default=0.0)
    by_place: dict[tuple[str, str | None], dict[str, Any]] = {}
    for cell in cells:
        by_place.setdefault((cell["scenario"], cell["environment"]), {})[cell["architecture"]] = cell
    rows, short = [], _short([scenario for scenario, _ in by_place])
    for (scenario, place), found in by_place.items():
        base = next((c["baseline"]["median"] for c in found.values() if c.get("baseline")), None)
        title = short[scenario] if place is None else f"{short[scenario]} in {place}"
        cells = [_heat(name, found[other], most) for other in others]
        rows.append({"title": title, "hover": scenario, "base": shown(name, base), "cells": cells})
    return {"title": name, "head": ["scenario", *_short([result["baseline"], *others]).values()], "rows": rows}


def _short(names: Sequence[str]) -> dict[str, str]:
    """The last part of each name, where that still tells them apart."""
    last = {name: name.rpartition("/")[2] for name in names}
    return last if len(set(last.values())) == len(last) else {name: name for name in names}


def _heat(measure: str, cell: Mapping[str, Any], most: float) -> dict[str, Any]:
    if not cell.get("difference"):
        return {
            "mark": MARKS[cell["verdict"]],
            "text": "",
            "verdict": cell["verdict"],
            "colour": "",
            "hover": cell.get("why", ""),
        }
    middle, interval = cell["difference"]["median"], cell["difference"]["interval"] or cell["difference"]["range"]
    kind = "95 % interval" if cell["difference"]["interval"] else "range"
    strength = round(100 * (abs(middle) / most) ** 0.5) if most else 0
    colour = (
        f"color-mix(in srgb, var(--{'healthy' if middle < 0 else 'failing'}) {strength // 2}%, transparent)" if strength else ""
    )
    hover = (
        f"{cell['verdict']}; difference {shown(measure, middle)}, {kind} {shown(measure, interval[0])} to {shown(measure, interval[1])}; "
        f"{cell['win']} better, {cell['tie']} alike, {cell['loss']} worse of {cell['runs']}"
    )
    text = shown(measure, cell["value"]["median"])
    return {"mark": MARKS[cell["verdict"]], "text": text, "verdict": cell["verdict"], "colour": colour, "hover": hover}


def _details(result: Result) -> dict[str, Any]:
    """Orders by kind, way back, severity and properties: medians and counts of runs, a row a scenario and architecture."""
    head = [
        "scenario",
        "architecture",
        "blocked",
        "failed",
        "unknown",
        "duplicated",
        "late",
        "impaired",
        "recovery",
        "order p99",
        "severity",
        "violated",
    ]
    rows = []
    for d in result["details"]:
        orders = [
            f"{d['orders'][k]['median']:,.0f}" if d["orders"][k] else "–"
            for k in ("blocked", "failed", "unknown", "duplicated", "late")
        ]
        back, p99 = d["recovery"], (d["p99_s"]["place-order"] or {}).get("median")
        recovery = f"{shown('x_s', back['restricted_mean_s'])}" + (
            f", {back['not_recovered']} not back" if back["not_recovered"] else ""
        )
        grades = "; ".join(
            f"{rules} " + ", ".join(f"{grade} {n}" for grade, n in of.items()) for rules, of in d["severity"].items()
        )
        violated = ", ".join(f"{name} {v['runs']}/{d['runs']}" for name, v in d["violated"].items() if v["runs"])
        impaired = shown("impaired_s", (d["impaired_s"] or {}).get("median"))
        rows.append(
            [d["scenario"], d["architecture"], *orders, impaired, recovery, shown("x_s", p99), grades, violated or "none"]
        )
    return {"head": head, "rows": rows}


# --- a sweep -----------------------------------------------------------------------------------------------------------------------


def _sweep(result: Result) -> dict[str, Any]:
    begins = [
        f"{result['axes'][0]['path']} = {line['from']}" + (f" with {result['axes'][1]['path']} = {line['line']}" if line["line"] else "")
        for line in result["metastable_from"] if line["from"] is not None
    ]  # fmt: skip
    two = len(result["axes"]) == 2
    begun = (
        f"Half of the runs or more are metastable from {'; from '.join(begins)} on."
        if begins
        else "Nowhere are half of the runs metastable."
    )
    return {
        "title": f"{result['title']}: {', '.join(axis['path'] for axis in result['axes'])}",
        "lead": f"{result['scenario']} on {result['architecture']} in {result['environment']}, {result['summary']['runs']} runs.",
        "notes": [begun],
        "pictures": [] if two else [{"title": m, "picture": _line(result, m), "note": ""} for m in result["measures"]],
        "costs": None, "details": None, "grids": [_grid(result, m) for m in (*result["measures"], "metastable")] if two else [_rows(result)],
    }  # fmt: skip


def _value(point: Mapping[str, Any], measure: str) -> float | None:
    found = point["metastable"]["share"] if measure == "metastable" else (point["measures"][measure] or {}).get("median")
    return None if found is None else float(found)


def _unit(measure: str) -> str:
    return "share" if measure == "metastable" else measure


def _line(result: Result, measure: str) -> dict[str, Any]:
    values = [_value(p, measure) for p in result["points"]]
    known = [(i, v) for i, v in enumerate(values) if v is not None]
    labels = [result["points"][i]["values"][0] for i, _ in known]
    return _plot([i for i, _ in known], [v for _, v in known], labels, result["axes"][0]["path"], measure, measure, joined=True)


def _grid(result: Result, measure: str) -> dict[str, Any]:
    """Down the first parameter, across the second; colour by the value."""
    down, across = result["axes"]
    values = [_value(p, measure) for p in result["points"]]
    most = max((abs(v) for v in values if v is not None), default=0.0)
    cells = [
        {"text": shown(_unit(measure), v), "mark": "", "verdict": "", "hover": "", "colour": _shade(v, most)} for v in values
    ]
    width = len(across["values"])
    rows = [{"title": value, "base": None, "cells": cells[i * width : (i + 1) * width]} for i, value in enumerate(down["values"])]
    return {
        "title": f"{measure}: down {down['path']}, across {across['path']}",
        "head": [down["path"], *across["values"]],
        "rows": rows,
    }


def _rows(result: Result) -> dict[str, Any]:
    names = [*result["measures"], "metastable"]
    rows = [
        {"title": p["values"][0], "base": None, "cells": [
            {"text": shown(_unit(m), _value(p, m)), "mark": "", "verdict": "", "hover": "", "colour": ""} for m in names
        ]} for p in result["points"]
    ]  # fmt: skip
    return {"title": result["axes"][0]["path"], "head": [result["axes"][0]["path"], *names], "rows": rows}


def _shade(value: float | None, most: float) -> str:
    return f"color-mix(in srgb, var(--failing) {round(50 * abs(value) / most)}%, transparent)" if value and most else ""


# --- pictures ----------------------------------------------------------------------------------------------------------------------


def _plot(
    xs: Sequence[float],
    ys: Sequence[float],
    labels: Sequence[str],
    x_title: str,
    y_title: str,
    measure: str,
    *,
    joined: bool = False,
) -> dict[str, Any]:
    """Points in a frame with their labels, in px, for the template to draw; a line through them if `joined`."""
    low_x, high_x = _range(xs)
    low_y, high_y = _range([*ys, 0.0])

    def at_x(x: float) -> float:
        return round(LEFT + (x - low_x) / (high_x - low_x) * (WIDTH - LEFT - 150 * (not joined) - 20), 1)

    def at_y(y: float) -> float:
        return round(HEIGHT - BOTTOM - (y - low_y) / (high_y - low_y) * (HEIGHT - BOTTOM - TOP), 1)

    points: list[dict[str, Any]] = []
    for x, y, label in zip(xs, ys, labels, strict=True):
        spot = at_x(x), at_y(y)
        below = LABEL * sum(abs(spot[0] - p["x"]) < 60 and abs(spot[1] - p["y"]) < LABEL for p in points)
        points.append({"x": spot[0], "y": spot[1], "label": label, "value": shown(measure, y), "below": below})
    steps = [i / TICKS for i in range(TICKS + 1)]
    return {
        "points": points, "joined": joined, "x_title": x_title, "y_title": y_title, "width": WIDTH, "height": HEIGHT, "left": LEFT,
        "floor": HEIGHT - BOTTOM, "zero": at_y(0.0), "line": " ".join(f"{p['x']},{p['y']}" for p in points) if joined else "",
        "y_ticks": [{"y": at_y(y), "text": shown(measure, y)} for y in (low_y + s * (high_y - low_y) for s in steps)],
        "x_ticks": [] if joined else [{"x": at_x(x), "text": f"{x:.1f}"} for x in (low_x + s * (high_x - low_x) for s in steps)],
    }  # fmt: skip


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high > low else (low - 0.5, low + 0.5)
