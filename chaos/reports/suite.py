"""The page of several runs: a matrix of scenarios by architecture and environment, each cell leading to its runs' pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from chaos.reports.folder import Run
from chaos.reports.html import environment, percent, stylesheet
from chaos.reports.words import Language, measure, plain, say, seconds

Group = Mapping[str, Any]
_WORST = ("fail", "unknown", "pass")


def groups_of(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Runs of one scenario in one place as a group, its verdict the worst of theirs; where nobody judged them over their seeds."""
    found: dict[tuple[Any, ...], list[Run]] = {}
    for run in runs:
        found.setdefault(_place(run), []).append(run)
    return [
        {
            "scenario": mine[0].scenario, "title": mine[0].title, "architecture": place[1], "environment": place[2], "counts": True,
            "verdict": min((run.verdict or "unknown" for run in mine), key=_WORST.index), "expectations": [],
        }
        for place, mine in found.items()
    ]  # fmt: skip


def _place(run: Run | Group) -> tuple[Any, ...]:
    if isinstance(run, Run):
        return run.scenario, run.architecture, run.environment
    return run["scenario"], run["architecture"], run["environment"]


def suite_page(
    title: str, runs: Sequence[Run], links: Sequence[str | None], groups: Sequence[Group], pairs: Sequence[Group] = (),
    language: Language = "en",
) -> str:  # fmt: skip
    """The page, HTML. `links` are the addresses of the runs' pages, relative to it; None for a run without one."""
    columns = list(dict.fromkeys((g["architecture"], g["environment"]) for g in groups))
    rows: dict[str, dict[str, Any]] = {}
    for group in groups:
        row = rows.setdefault(group["scenario"], {"scenario": group["scenario"], "title": group["title"], "cells": {}})
        mine = [(run, link) for run, link in zip(runs, links, strict=True) if _place(run) == _place(group)]
        row["cells"][group["architecture"], group["environment"]] = _cell(group, mine)
    judged = [g["verdict"] for g in groups if g.get("counts", True)] + [p["verdict"] for p in pairs]
    counts = {word: judged.count(verdict) for word, verdict in (("passed", "pass"), ("failed", "fail"), ("unknown", "unknown"))}
    return environment().get_template("suite.html").render(
        language=language, title=title, columns=columns, rows=list(rows.values()), css=stylesheet(), pairs=[_pair(p) for p in pairs],
        summary=say("suite.summary", scenarios=len(groups), runs=len(runs), **counts), verdict=min(judged, key=_WORST.index, default="unknown"),
    )  # fmt: skip


def _cell(group: Group, mine: Sequence[tuple[Run, str | None]]) -> dict[str, Any]:
    metrics = [run.metrics for run, _ in mine]
    orders = [m.orders for m in metrics]
    lost = [float(o.get("failed_orders") or 0) for o in orders]
    shares = [float(o.get("failed_orders") or 0) / n for o in orders if (n := o.get("intended"))]
    impaired = [m.impaired_s for m in metrics if m.impaired_s is not None]
    lines = [say("suite.failed", n=f"{median(lost):,.0f}", share=percent(median(shares) if shares else None))] if lost else []
    lines += [say("suite.impaired", time=seconds(median(impaired)))] if impaired else []
    lines += [say("suite.median")] if len(mine) > 1 else []
    lines += [] if group.get("counts", True) else [say("suite.unjudged")]
    over = [f"{e['expected']}: {e['held']}/{e['runs']}" for e in group.get("expectations", ())]
    seeds = [{"link": link, "seed": say("suite.seed", seed=run.seed), "verdict": run.verdict or "none"} for run, link in mine]
    return {"verdict": group["verdict"], "lines": lines, "runs": seeds, "over": over}


def _pair(pair: Group) -> dict[str, Any]:
    claim = say(
        "suite.differs",
        measure=measure(pair["measure"]),
        a=pair.get("a", "a"),
        b=pair.get("b", "b"),
        least=f"{pair['at_least']:g}",
    )
    told = [(row["seed"], *("–" if row[side] is None else f"{row[side]:,g}" for side in ("a", "b"))) for row in pair["seeds"]]
    rows = [plain(f"{seed}: {a} / {b}") for seed, a, b in told]
    return {"name": pair["name"], "verdict": pair["verdict"], "claim": claim, "rows": rows[:20], "why": pair.get("why") or ""}
