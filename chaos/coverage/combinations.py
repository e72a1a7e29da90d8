"""Which combinations of business branch, dependency, fault, phase of the day and load a suite exercises, and which scenarios would
buy most."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product
from pathlib import Path
from typing import NamedTuple

from chaos.coverage.pricing import Prices, Window
from chaos.documents.rendering import to_yaml
from chaos.documents.triggers import Triggers, scenario_document
from chaos.execution.inputs.resolve import ResolvedRun
from chaos.faults.fault import Target
from chaos.measures.formatting import significant
from chaos.results.coverage import CombinationRow, DefectEffect, Suggestion
from simcore.files.document import Node, Origin
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex
from simcore.model.steps import CLIENT
from simcore.model.workload import Workload

FACTORS = ("branch", "dependency", "fault", "phase", "load")
LOADS = ("normal", "high")
LOW, HIGH = 0.5, 1.5
"""Shares of the workload's own load below which load is low, and above which it is high."""
STRENGTHS = (1, 2, 3)
SERIOUS = 1.25
"""A suggested bound is so many times what the system shows without a defect (seed 1), and at least FLOOR."""
FLOOR = 0.005
STEP_S = 30.0


class Point(NamedTuple):
    """One value of each factor: a kind of flow, the service that is hit, the fault, the phase of the day and the level of load."""

    branch: str
    dependency: str
    fault: str
    phase: str
    load: str


# --- what there is ----------------------------------------------------------------------------------------------------------------


def reached(index: ArchitectureIndex) -> dict[str, set[str]]:
    """By service the kinds of flows (business branches) that come to it, through calls and messages; probes are left out."""
    found: dict[str, set[str]] = {}
    for name, flow in index.architecture.flows.items():
        for operation in index.reached_from(f"{CLIENT}.{name}") if flow.kind != "probe" else ():
            found.setdefault(index.bodies[operation].service, set()).add(flow.kind)
    return found


def faults_of(triggers: Triggers) -> list[str]:
    """The names of the faults that a triggers file uses, each once, in the order of the file."""
    words = [word for trigger in triggers.triggers.values() for step in trigger.steps for word in step]
    return list(dict.fromkeys(word for word in words if word not in ("after", "for", "name")))


def universe(architecture: Architecture, triggers: Triggers, faults: Iterable[str]) -> set[Point]:
    """All combinations that make sense for an architecture: those in which requests of the flow reach the service that is hit."""
    return {
        Point(branch, dependency, fault, phase, load)
        for dependency, branches in reached(ArchitectureIndex(architecture)).items()
        for branch in branches
        for fault, phase, load in product(faults, triggers.phases, LOADS)
    }


# --- what a suite exercises -------------------------------------------------------------------------------------------------------


def exercised(inputs: ResolvedRun, normal: Workload, triggers: Triggers) -> set[Point]:
    """The combinations of a scenario as it is run: one for each step, thing hit, and branch that comes to it."""
    comes, found = reached(inputs.index), set()
    load = load_level(inputs.workload, normal)
    for step in inputs.scenario.model.method:
        phase = phase_at(triggers, step.at)
        for dependency in {_service(inputs.index, t) for t in step.fault.targets(inputs.system)}:
            for branch in comes.get(dependency, ()):
                found.add(Point(branch, dependency, step.given()[0][0], phase, load))
    return found


def _service(index: ArchitectureIndex, target: Target) -> str:
    """What is hit as a dependency: of a link whom it leads to, of a pool the first who runs on it."""
    architecture, name = index.architecture, target.name.partition("#")[0]
    if target.kind == "link":
        return index.links[name].target if name in index.links else name
    if target.kind == "pool":
        return next((s for s, service in architecture.services.items() if name in service.pools), name)
    if target.kind == "failover" and name in architecture.control.failovers:
        return architecture.control.failovers[name].service
    return name


def phase_at(triggers: Triggers, at: int) -> str:
    """The phase of the day that holds an instant; outside all of them, "none"."""
    return next((name for name, phase in triggers.phases.items() if phase.since <= at < phase.until), "none")


def load_level(workload: Workload, normal: Workload) -> str:
    """Low, normal or high against the workload as its file has it."""
    mine, usual = _volume(workload), _volume(normal)
    share = mine / usual if usual else 1.0
    return "low" if share < LOW else "high" if share > HIGH else "normal"


def _volume(workload: Workload) -> float:
    return sum((flow.per_day or 0.0) + (flow.rate or 0.0) * 86400.0 for flow in workload.flows.values())


def covered(points: set[Point], every: set[Point]) -> list[CombinationRow]:
    """For t = 1, 2, 3: how many of the combinations of t factors' values are exercised, over all choices of t factors."""
    rows = []
    for t in STRENGTHS:
        have = need = 0
        for factors in combinations(range(len(FACTORS)), t):
            wanted = {tuple(p[i] for i in factors) for p in every}
            have += len({tuple(p[i] for i in factors) for p in points} & wanted)
            need += len(wanted)
        rows.append(CombinationRow(t=t, covered=have, of=need, share=have / need if need else None))
    return rows


# --- what to add --------------------------------------------------------------------------------------------------------------


def noticed(prices: Prices, window: Window) -> set[str]:
    """The mutants that a scenario of the window would fail with, by the bounds it would be written with. A run that was no valid
    experiment (the system was ill before the trigger) is unknown, and notices nothing."""
    base = prices.base[window.name][0]
    limits = bounds(prices, window)

    def fails(effect: DefectEffect) -> bool:
        return (
            effect.failed_share > limits.failed_share
            or effect.impaired_s + (base.impaired_s or 0.0) > limits.impaired_s
            or effect.duplicated + base.orders["duplicated"] > limits.duplicated
        )

    run = {name: effects[window.name] for name, effects in prices.effects.items() if window.name in effects}
    return {name for name, effect in run.items() if effect.valid and fails(effect)}


class SuggestedBounds(NamedTuple):
    """The bounds of a suggested scenario's expectations: at most this fraction of orders failed, this impaired time in seconds, and this
    number of duplicated orders."""

    failed_share: float
    impaired_s: float
    duplicated: int


def bounds(prices: Prices, window: Window) -> SuggestedBounds:
    """What the system without a defect keeps in this window (seed 1), with room."""
    base = prices.base[window.name][0]
    failed = SERIOUS * base.orders["failed_orders"] / max(1, base.orders["intended"])
    return SuggestedBounds(
        failed_share=round(max(FLOOR, failed), 5),
        impaired_s=(base.impaired_s or 0.0) + STEP_S,
        duplicated=int(SERIOUS * base.orders["duplicated"]),
    )


def suggest(prices: Prices, survivors: Sequence[str], yearly: Mapping[str, float], count: int) -> list[Suggestion]:
    """The windows that would catch most of the yearly price that is left, then most survivors, one after another."""
    left, rows = set(survivors), list[Suggestion]()
    windows = [w for w in prices.windows if w.name in prices.base]
    caught = {w.name: noticed(prices, w) for w in windows}
    while windows and len(rows) < count:
        worth = {
            w.name: (sum(max(0.0, yearly.get(n, 0.0)) for n in caught[w.name] & left), len(caught[w.name] & left))
            for w in windows
        }
        best = max(windows, key=lambda w: (worth[w.name], -windows.index(w)))
        if not worth[best.name][1]:
            break
        mine = caught[best.name] & left
        rows.append(Suggestion(window=best.name, catches=len(mine), failed_orders=worth[best.name][0], survivors=sorted(mine)))
        left -= mine
        windows.remove(best)
    return rows


def write_suggestions(prices: Prices, rows: Sequence[Suggestion], folder: Path) -> list[Suggestion]:
    """The suggestions with the scenario files that were written for them; each is green on the system without a defect at seed 1, by
    how its bounds are made."""
    folder.mkdir(parents=True, exist_ok=True)
    by_name = {window.name: window for window in prices.windows}
    written = []
    for row in rows:
        window = by_name[row.window]
        name = f"{window.trigger}-{window.phase}"
        limits = bounds(prices, window)
        expect: list[dict[str, object]] = [
            {"measure": "orders.failed_share", "at_most": limits.failed_share},
            {"measure": "impaired_s", "at_most": f"{significant(limits.impaired_s)}s"},
            {"measure": "orders.duplicated", "at_most": limits.duplicated},
        ]
        document = scenario_document(prices.triggers, window.trigger, window.phase, name=name, expect=expect)
        document["description"] = f"Suggested: it would catch {row.catches} planted defects that the suite lets pass."
        path = folder / f"{name}.yaml"
        path.write_text(to_yaml(Node.of(json.loads(json.dumps(document)), Origin("suggestion", str(path)))), encoding="utf-8")
        written.append(row.model_copy(update={"file": str(path)}))
    return written
