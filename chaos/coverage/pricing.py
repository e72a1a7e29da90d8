"""What a defect costs in production: its effect in each trigger's window of each phase of the day, with the same customers and the
same random streams as without it, times how often that happens in a year.

The price is that of a defect that is there for a year. A window stands for its phase; whole days are not simulated.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from chaos.coverage.kill_matrix import cells_inputs
from chaos.coverage.trial_runner import Baseline, TrialRunner, baseline
from chaos.coverage.trials import ORDERS, Trial, inert
from chaos.documents.library import library
from chaos.documents.triggers import Triggers, scenario_document
from chaos.execution.inputs.planting import Mutant
from chaos.measures.registry import rank
from chaos.results.coverage import DefectEffect, EffectFigures, Observation, PriceRow, WindowEffect
from chaos.results.summaries import Interval
from simcore.files.loading import is_path

KINDS = tuple(name for name in ORDERS if name != "intended")
FIGURES = (*KINDS, "impaired_s", "customers")
DRAWS = 2000
"""Of the rates, for the interval of a year's expectation."""
SHOWN = (0.05, 0.95)


class Window(NamedTuple):
    """A trigger in a phase: its weight is the mean number of times a year."""

    trigger: str
    phase: str
    share: float
    weight: float
    scenario: str

    @property
    def name(self) -> str:
        """``trigger@phase``."""
        return f"{self.trigger}@{self.phase}"


@dataclass
class Prices:
    """What was run, and what was not. `effects` is mutant → window → figures (mutated minus unmutated, mean over seeds)."""

    triggers: Triggers
    windows: list[Window]
    base: dict[str, list[Observation]]
    effects: dict[str, dict[str, DefectEffect]]
    skipped: list[str]
    runs: int


def load_triggers(reference: str) -> Triggers:
    """A file of triggers by name or path. Raises InputError."""
    found = library().resolve(reference, Triggers)
    model = found.model
    if is_path(model.workload):
        model = model.model_copy(update={"workload": str(Path(found.tree.origin.file).parent.resolve() / model.workload)})
    return model


def windows_of(triggers: Triggers) -> list[Window]:
    """Every trigger in every phase: those of the first phase, the open, before all others, heaviest first."""
    found = []
    for trigger, what in triggers.triggers.items():
        for phase, when in triggers.phases.items():
            share = 1.0 if what.every_phase else when.share
            name = f"triggers/{trigger}-{phase}"
            expect = [{"measure": "orders.failed_share", "at_most": 1.0}]
            document = scenario_document(triggers, trigger, phase, name=name, expect=expect)
            found.append(Window(trigger, phase, share, share * what.per_year.mean, json.dumps(document)))
    first = next(iter(triggers.phases))
    return sorted(found, key=lambda window: (window.phase != first, -window.weight))


def price(runner: TrialRunner, chosen: Sequence[Mutant], triggers: Triggers, *, budget: int, seeds: int = 1) -> Prices:
    """The effect of each mutant in each window in production. Windows are taken in the order of `windows_of`, each for all mutants or
    for none, as long as their runs fit into the budget. Where a defect cannot change a run its effect is 0 without one."""
    found = Prices(triggers, windows_of(triggers), {}, {mutant.name: {} for mutant in chosen}, [], 0)
    for i, window in enumerate(found.windows):
        if found.runs + seeds > budget:
            found.skipped += [w.name for w in found.windows[i:]]
            break
        base = baseline(runner, [window.scenario], "production", seeds=tuple(range(1, seeds + 1)), what=window.name)
        found.runs += seeds
        runs = base.runs[window.scenario]
        asked = [x for x in chosen if not _inert(x, base, window)]
        if found.runs + seeds * len(asked) > budget:
            found.skipped += [w.name for w in found.windows[i:]]
            break
        found.runs += seeds * len(asked)
        found.base[window.name] = runs
        _fill(runner, found, window, base, chosen, asked)
    return found


def _inert(mutant: Mutant, base: Baseline, window: Window) -> bool:
    runs = base.runs[window.scenario]
    return all(inert(mutant.needs, run.readings, deadlines=base.deadlines[window.scenario]) for run in runs)


def _fill(
    runner: TrialRunner, found: Prices, window: Window, base: Baseline, chosen: Sequence[Mutant], asked: Sequence[Mutant]
) -> None:
    runs, digest = base.runs[window.scenario], base.digests[window.scenario]
    trials = [
        (
            Trial(
                window.scenario,
                runner.settings.architecture,
                "production",
                tuple(r.seed for r in runs),
                x.defects,
                unmutated=digest,
            ),
        )
        for x in asked
    ]
    inputs = [cells_inputs(x, [digest]) for x in asked]
    given = runner.make(trials, inputs, f"mutants in {window.name}")
    for mutant in chosen:
        found.effects[mutant.name][window.name] = _difference(runs, runs)
    for mutant, result in zip(asked, given, strict=True):
        made = result[0].runs or runs
        found.effects[mutant.name][window.name] = _difference(made, runs)


def _difference(runs: Sequence[Observation], base: Sequence[Observation]) -> DefectEffect:
    """Mean over the seeds that were valid on both sides, with the most severe grade of severity and the longest recovery."""
    pairs = [(a, b) for a, b in zip(runs, base, strict=True) if a.orders and b.orders]
    n = len(pairs) or 1
    longest = [a.recovery_s if a.recovery_s is not None else a.recovery_s_lower for a, _ in pairs]
    return DefectEffect(
        **{name: sum(_figure(a, name) - _figure(b, name) for a, b in pairs) / n for name in FIGURES},
        severity=max((grade for a, _ in pairs for grade in a.severity.values()), key=rank, default="none"),
        severity_without=max((grade for _, b in pairs for grade in b.severity.values()), key=rank, default="none"),
        recovery_s=max((x for x in longest if x is not None), default=None),
        recovered=all(a.recovery_s is not None for a, _ in pairs),
        valid=not any(run.invalid for run in runs),
        failed_share=sum(a.orders["failed_orders"] / max(1, a.orders["intended"]) for a, _ in pairs) / n,
    )


def _figure(run: Observation, name: str) -> float:
    if name in KINDS:
        return float(run.orders[name])
    return float((run.impaired_s if name == "impaired_s" else run.customers) or 0.0)


# --- a year -------------------------------------------------------------------------------------------------------------------


def year_of(found: Prices, mutant: str) -> PriceRow:
    """A year's expectation of each figure, and of failed orders the 5 % and 95 % quantiles over the rates, each triangular over its
    range and independent of the others; all from what was run."""
    effects = found.effects[mutant]
    run = [window for window in found.windows if window.name in effects]
    figures = EffectFigures(**{name: sum(w.weight * getattr(effects[w.name], name) for w in run) for name in FIGURES})
    by_trigger: dict[str, float] = {}
    for window in run:
        by_trigger[window.trigger] = by_trigger.get(window.trigger, 0.0) + window.share * effects[window.name].failed_orders
    return PriceRow(
        name=mutant,
        failed_orders=figures.failed_orders,
        interval=_interval(found.triggers, by_trigger),
        figures=figures,
        worst=_worst(run, effects),
        at_the_open=_worst([w for w in run if w.phase == next(iter(found.triggers.phases))], effects),
        windows=len(run),
    )


def _worst(windows: Sequence[Window], effects: Mapping[str, DefectEffect]) -> WindowEffect | None:
    """The window with most failed orders; None without any."""
    window = max(windows, key=lambda w: effects[w.name].failed_orders, default=None)
    if window is None:
        return None
    return WindowEffect(window=window.name, trigger=window.trigger, phase=window.phase, **dict(effects[window.name]))


def _interval(triggers: Triggers, by_trigger: Mapping[str, float]) -> Interval:
    """Quantiles of the sum over triggers of rate times effect."""
    if not any(by_trigger.values()):
        return 0.0, 0.0
    draws = random.Random(1)
    sums = []
    for _ in range(DRAWS):
        rates = {t: draws.triangular(r.low, r.high, r.likely) for t in by_trigger for r in [triggers.triggers[t].per_year]}
        sums.append(sum(rates[t] * effect for t, effect in by_trigger.items()))
    sums.sort()
    return sums[int(SHOWN[0] * DRAWS)], sums[int(SHOWN[1] * DRAWS)]


def ranking(found: Prices, names: Sequence[str]) -> list[PriceRow]:
    """The mutants with a year's price, the highest first."""
    return sorted((year_of(found, name) for name in names), key=lambda row: (-row.failed_orders, row.name))
