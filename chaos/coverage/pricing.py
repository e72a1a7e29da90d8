"""What a defect costs in production: its effect in each trigger's window of each phase of the day, with the same customers and the
same random streams as without it. `chaos.coverage.yearly` makes a year of them.

A window stands for its phase; whole days are not simulated.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from chaos.coverage.kill_matrix import cells_inputs
from chaos.coverage.trial_runner import Baseline, TrialRunner, baseline
from chaos.coverage.trials import ORDERS, Trial, inert
from chaos.coverage.yearly import Exposure, Shown, Year, YearPrice, days_until_found, ranks_of, sample_of, sign_of
from chaos.documents.library import library
from chaos.documents.triggers import Range, Triggers, scenario_document
from chaos.execution.inputs.planting import Mutant, Plantable, mutants
from chaos.execution.jobs import SystemReference
from chaos.measures.registry import rank
from chaos.results.coverage import DefectEffect, EffectFigures, Observation, PriceParts, PriceRow, WindowEffect
from simcore.base.errors import InputError, suggest
from simcore.files.loading import is_path
from simcore.model.architecture import Architecture

KINDS = tuple(name for name in ORDERS if name != "intended")
HARMED = "harmed_orders"
FIGURES = (*KINDS, HARMED, "impaired_s", "customers")
SEEDS = 3
"""Of each window, unless something else is said."""


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
    """What was run, and what was not. `effects` is mutant → window → figures (mutated minus unmutated, mean over seeds), `harm` mutant →
    window → seed → harmed orders (failed or rejected wrongly), mutated minus unmutated; `points` counts the mutation points of each
    family."""

    triggers: Triggers
    windows: list[Window]
    base: dict[str, list[Observation]]
    effects: dict[str, dict[str, DefectEffect]]
    skipped: list[str]
    runs: int
    seeds: int
    mutants: dict[str, Mutant]
    points: Mapping[str, int]
    harm: dict[str, dict[str, dict[int, float]]] = field(default_factory=dict)

    @property
    def first_phase(self) -> str:
        """The open."""
        return next(iter(self.triggers.phases))


def load_triggers(reference: str) -> Triggers:
    """A file of triggers by name or path. Raises InputError, also where it speaks of defects that there are not."""
    found = library().resolve(reference, Triggers)
    model = found.model
    for name in model.presence.defects:
        if not is_path(name) and name not in library().shipped("defect"):
            raise InputError(
                f"{reference}: presence: there is no defect {name!r}", hint=suggest(name, library().shipped("defect"))
            )
    if is_path(model.workload):
        model = model.model_copy(update={"workload": str(Path(found.tree.origin.file).parent.resolve() / model.workload)})
    return model


def windows_of(triggers: Triggers) -> list[Window]:
    """Every trigger in every phase: first the ordinary day, which all others are held against, then those of the first phase, the open,
    before all others, heaviest first."""
    found = []
    for trigger, what in triggers.triggers.items():
        for phase, when in triggers.phases.items():
            share = 1.0 if what.every_phase or what.every_day else when.share
            often = what.per_year.mean if what.per_year is not None else float(triggers.found.trading_days)
            name = f"triggers/{trigger}-{phase}"
            expect = [{"measure": "orders.failed_share", "at_most": 1.0}]
            document = scenario_document(triggers, trigger, phase, name=name, expect=expect)
            found.append(Window(trigger, phase, share, share * often, json.dumps(document)))
    first = next(iter(triggers.phases))
    return sorted(found, key=lambda window: (window.trigger != triggers.day, window.phase != first, -window.weight))


def require_windows(runner: TrialRunner, triggers: Triggers) -> None:
    """Reads every window before anything is run. Raises InputError for triggers that do not fit the architecture."""
    where = runner.settings.architecture
    for window in windows_of(triggers):
        try:
            runner.session.bind(SystemReference(window.scenario, where, "production"))
        except InputError as error:
            raise InputError(
                f"the triggers {triggers.name} cannot happen to {where}: {error}", hint="name others with --triggers FILE"
            ) from None


def price(runner: TrialRunner, chosen: Sequence[Mutant], triggers: Triggers, *, budget: int, seeds: int = SEEDS) -> Prices:
    """The effect of each mutant in each window in production. Windows are taken in the order of `windows_of`, each for all mutants or
    for none, as long as their runs fit into the budget. Where a defect cannot change a run its effect is 0 without one."""
    found = Prices(
        triggers=triggers,
        windows=windows_of(triggers),
        base={},
        effects={mutant.name: {} for mutant in chosen},
        skipped=[],
        runs=0,
        seeds=seeds,
        mutants={mutant.name: mutant for mutant in chosen},
        points=points_of(runner, chosen),
        harm={mutant.name: {} for mutant in chosen},
    )
    for i, window in enumerate(found.windows):
        if found.runs + seeds > budget:
            found.skipped += [w.name for w in found.windows[i:]]
            break
        base = baseline(runner, [window.scenario], "production", seeds=tuple(range(1, seeds + 1)), what=window.name)
        found.runs += seeds
        asked = [x for x in chosen if not inert_in(x, base, window)]
        if found.runs + seeds * len(asked) > budget:
            found.skipped += [w.name for w in found.windows[i:]]
            break
        found.runs += seeds * len(asked)
        found.base[window.name] = base.runs[window.scenario]
        _fill(runner, found, window, base, chosen, asked)
    return found


def points_of(runner: TrialRunner, chosen: Sequence[Mutant]) -> Counter[str]:
    """The mutation points of each family on the architecture: of all operators that are shipped, and of those chosen beside them."""
    architecture = library().resolve(runner.settings.architecture, Architecture).model
    known = {mutant.name: mutant.family for mutant in (*mutants(runner.session.files, architecture), *chosen)}
    return Counter(known.values())


def inert_in(mutant: Plantable, base: Baseline, window: Window) -> bool:
    """Whether a defect cannot have changed the runs of a window: none of what it needs grew without it."""
    runs = base.runs[window.scenario]
    return all(inert(mutant.needs, run.readings, deadlines=base.deadlines[window.scenario]) for run in runs)


def _fill(
    runner: TrialRunner, found: Prices, window: Window, base: Baseline, chosen: Sequence[Mutant], asked: Sequence[Mutant]
) -> None:
    runs = base.runs[window.scenario]
    made = {mutant.name: runs for mutant in chosen} | window_runs(runner, window, base, asked)
    for mutant in chosen:
        found.effects[mutant.name][window.name] = _difference(made[mutant.name], runs)
        found.harm[mutant.name][window.name] = harm_of(made[mutant.name], runs)


def window_runs(runner: TrialRunner, window: Window, base: Baseline, asked: Sequence[Plantable]) -> dict[str, list[Observation]]:
    """The runs of each mutant in a window in production, with the seeds of the runs without it; those themselves where the mutant
    leaves the system as it is, or cannot be planted."""
    runs, digest = base.runs[window.scenario], base.digests[window.scenario]
    seeds, where = tuple(r.seed for r in runs), runner.settings.architecture
    trials = [(Trial(window.scenario, where, "production", seeds, x.defects, unmutated=digest, sound=True),) for x in asked]
    inputs = [cells_inputs(x, [digest]) for x in asked]
    given = runner.make(trials, inputs, f"mutants in {window.name}")
    return {mutant.name: result[0].runs or runs for mutant, result in zip(asked, given, strict=True)}


def harm_of(runs: Sequence[Observation], base: Sequence[Observation]) -> dict[int, float]:
    """By seed the harmed orders that a defect makes, of the seeds that were counted on both sides."""
    return {a.seed: _figure(a, HARMED) - _figure(b, HARMED) for a, b in zip(runs, base, strict=True) if a.orders and b.orders}


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
    if name == HARMED:
        return float(run.orders["failed_orders"] + run.orders["rejected_wrongly"])
    if name in KINDS:
        return float(run.orders[name])
    return float((run.impaired_s if name == "impaired_s" else run.customers) or 0.0)


# --- a year -------------------------------------------------------------------------------------------------------------------


def shown_of(found: Prices, mutant: str) -> Shown:
    """What the runs showed of a mutant: the ordinary day by seed, and each other window's excess over its phase of that day by seed."""
    harm, day = found.harm[mutant], found.triggers.day
    phases = {w.phase: harm[w.name] for w in found.windows if w.trigger == day and w.name in harm}
    seeds = set.intersection(*(set(mine) for mine in phases.values())) if phases else set()
    whole = [sum(mine[seed] for mine in phases.values()) for seed in sorted(seeds)]
    excess = {
        (w.trigger, w.phase): sample_of([harm[w.name][seed] - phases[w.phase][seed] for seed in sorted(both)])
        for w in found.windows
        if w.trigger != day and w.name in harm and w.phase in phases
        for both in [set(harm[w.name]) & set(phases[w.phase])]
        if both
    }
    if not whole:
        return Shown(sample_of([0.0]), 0, len(found.triggers.phases), {})
    return Shown(sample_of(whole), len(phases), len(found.triggers.phases) - len(phases), excess)


def exposure_of(found: Prices, mutant: str, shown: Shown) -> Exposure:
    """How often a mutant gets into production, and whether it shows there on an ordinary day."""
    planted, presence, day = found.mutants[mutant], found.triggers.presence, found.triggers.day
    present = presence.defects.get(planted.operator)
    if present is None:
        family = next((r for name, r in presence.families.items() if name == planted.family), presence.a_year)
        points = found.points[planted.family]
        present = Range(low=family.low / points, likely=family.likely / points, high=family.high / points)
    runs = [found.base[w.name] for w in found.windows if w.trigger == day and w.name in found.base]
    orders = sum(sum(run.orders.get("intended", 0) for run in mine) / len(mine) for mine in runs)
    return Exposure(present, planted.family, orders > 0 and shown.day.mean / orders >= found.triggers.found.shows_from)


class _Priced(NamedTuple):
    name: str
    shown: Shown
    exposure: Exposure
    year: YearPrice


def ranking(found: Prices, names: Sequence[str]) -> list[PriceRow]:
    """The mutants with a year's price, the highest first, with the ranks they may have."""
    year, rows = Year(found.triggers), []
    for name in names:
        shown = shown_of(found, name)
        exposure = exposure_of(found, name, shown)
        rows.append(_Priced(name, shown, exposure, year.price(name, shown, exposure)))
    rows.sort(key=lambda row: (-row.year.whole, row.name))
    ranks = ranks_of([(row.year.whole, row.year.interval) for row in rows])
    return [_row(found, year, row, *ranked) for row, ranked in zip(rows, ranks, strict=True)]


def _row(found: Prices, year: Year, of: _Priced, first: int, last: int) -> PriceRow:
    effects = found.effects[of.name]
    run = [window for window in found.windows if window.name in effects]
    stays = days_until_found(found.triggers.found, of.exposure.shows)
    return PriceRow(
        name=of.name,
        harmed_orders=of.year.whole,
        interval=of.year.interval,
        sign=sign_of(of.year.interval, of.year.years.nothing if of.year.years else 0.0),
        rank=first,
        rank_to=last,
        years=of.year.years,
        parts=PriceParts(ordinary_days=of.year.day, triggers=of.year.triggers, left_out=of.year.left_out),
        present=of.exposure.present.mean,
        found_days=stays.mean,
        shows=of.exposure.shows,
        day=of.shown.day.mean,
        figures=_figures(found, year, run, of),
        worst=_worst(run, effects, found.triggers.day),
        at_the_open=_worst([w for w in run if w.phase == found.first_phase], effects, found.triggers.day),
        windows=len(run),
    )


def _figures(found: Prices, year: Year, run: Sequence[Window], of: _Priced) -> EffectFigures:
    """A year's expectation of every figure, in the windows that were run."""
    effects, day = found.effects[of.name], found.triggers.day
    days = {w.phase: effects[w.name] for w in run if w.trigger == day}
    stays = days_until_found(found.triggers.found, of.exposure.shows)
    often = {w.name: year.expected(of.exposure.shows, w.trigger, w.phase) for w in run if w.trigger != day and w.phase in days}

    def expected(name: str) -> float:
        ordinary = stays.mean * sum(getattr(effect, name) for effect in days.values())
        beyond = sum(
            often[w.name] * (getattr(effects[w.name], name) - getattr(days[w.phase], name)) for w in run if w.name in often
        )
        return of.exposure.present.mean * float(ordinary + beyond)

    return EffectFigures(**{name: expected(name) for name in FIGURES})


def _worst(windows: Sequence[Window], effects: Mapping[str, DefectEffect], day: str) -> WindowEffect | None:
    """The window with most harmed orders; None without any."""
    window = max(windows, key=lambda w: effects[w.name].harmed_orders, default=None)
    if window is None:
        return None
    mine, ordinary = effects[window.name], effects.get(f"{day}@{window.phase}")
    excess = mine.harmed_orders - ordinary.harmed_orders if window.trigger != day and ordinary is not None else None
    return WindowEffect(window=window.name, trigger=window.trigger, phase=window.phase, excess=excess, **dict(mine))
