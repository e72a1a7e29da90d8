"""Why a defect survived: each difference between the test environment and production is switched off alone, and the suite run again.

A defect that then is killed was hidden by that difference. One that lives with all differences switched off was hidden by none of
them: no scenario of the suite notices it, wherever it is run. Pairs are tried where all together kill and none alone does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from chaos.coverage.kill_matrix import Matrix, cells_of, plan_of
from chaos.coverage.trial_runner import Baseline, TrialRunner, baseline
from chaos.documents.library import library
from chaos.execution.inputs.planting import Mutant
from chaos.results.coverage import EnvironmentChange

SUITE = "the suite"
AT_A_TIME = 6
"""Survivors that are explained before the next ones are looked at."""


@dataclass
class Why:
    """`hidden_by` is mutant → the gaps, or pairs joined by +, each of which switched off lets the suite kill it; `SUITE` alone where
    nothing does. `red` are scenarios that were not green with a gap switched off, and so could not kill there."""

    gaps: list[str]
    hidden_by: dict[str, list[str]] = field(default_factory=dict)
    red: dict[str, list[str]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    skipped_pairs: list[str] = field(default_factory=list)
    runs: int = 0
    grounds: set[str] = field(default_factory=set)


def attribute(runner: TrialRunner, found: Matrix, survivors: Sequence[Mutant], *, budget: int) -> Why:
    """Takes survivors in the order given, as long as their runs fit into the budget; the others are `skipped`."""
    environment = found.base.environment
    why = Why(list(library().surroundings(environment).gaps))
    if not why.gaps:
        why.hidden_by = {mutant.name: [SUITE] for mutant in survivors}
        return why
    for i in range(0, len(survivors), AT_A_TIME):
        _explain(runner, found, survivors[i : i + AT_A_TIME], why, budget)
    return why


def _explain(runner: TrialRunner, found: Matrix, survivors: Sequence[Mutant], why: Why, budget: int) -> None:
    """A few survivors from all gaps off to pairs, so that a budget explains the first ones wholly before it looks at the next."""
    whole = _killed(runner, found, survivors, [*why.gaps], why, budget)
    why.hidden_by |= {name: [] if killed else [SUITE] for name, killed in whole.items()}
    open_ = [mutant for mutant in survivors if whole.get(mutant.name)]
    for gap in why.gaps:
        _note(why, _killed(runner, found, open_, [gap], why, budget), gap)
    left = [mutant for mutant in open_ if not why.hidden_by[mutant.name]]
    for pair in combinations(why.gaps, 2):
        left = [mutant for mutant in left if mutant.name not in why.skipped]
        killed = _killed(runner, found, left, list(pair), why, budget)
        why.skipped_pairs += [f"{mutant.name}: {'+'.join(pair)}" for mutant in left if mutant.name not in killed]
        _note(why, killed, "+".join(pair))


def _note(why: Why, killed: Mapping[str, bool], label: str) -> None:
    for name, dead in killed.items():
        if dead:
            why.hidden_by[name].append(label)


def _killed(
    runner: TrialRunner, found: Matrix, survivors: Sequence[Mutant], off: Sequence[str], why: Why, budget: int
) -> dict[str, bool]:
    """Which of the survivors the suite kills with some gaps switched off; those the budget does not reach are left out, and noted."""
    if not survivors:
        return {}
    environment = "~".join([found.base.environment, *off])
    if environment not in why.grounds:
        cost = len(found.scenarios) * runner.settings.seeds
        if why.runs + cost > budget:
            why.skipped += [x.name for x in survivors if x.name not in why.skipped] if len(off) != 2 else []
            return {}
        why.runs += cost
        why.grounds.add(environment)
    base = baseline(runner, found.scenarios, environment)
    green = [name for name in found.scenarios if base.green[name]]
    if len(green) < len(found.scenarios):
        why.red["any gap" if len(off) > 2 else "+".join(off)] = [name for name in found.scenarios if not base.green[name]]
    chosen = _within(runner, survivors, base, green, why, budget)
    why.skipped += [x.name for x in survivors if x not in chosen and x.name not in why.skipped] if len(off) != 2 else []
    what = f"mutants without {'+'.join(off) if len(off) < 3 else 'any gap'}"
    cells = cells_of(runner, chosen, base, green, what, stop=True)
    return {name: any(cell.outcome == "killed" for cell in mine.values()) for name, mine in cells.items()}


def _within(
    runner: TrialRunner, survivors: Sequence[Mutant], base: Baseline, green: Sequence[str], why: Why, budget: int
) -> list[Mutant]:
    """As many, from the first on, as the budget allows."""
    chosen = []
    for mutant in survivors:
        cost = len(plan_of(runner, mutant, base, green).trials) * runner.settings.seeds
        if why.runs + cost > budget:
            break
        why.runs += cost
        chosen.append(mutant)
    return chosen


def changes(why: Why, prices: Mapping[str, float]) -> list[EnvironmentChange]:
    """What one change of the test environment, or a better suite, would buy: the highest yearly price first, then most survivors."""
    labels = [*why.gaps, *sorted({label for labels in why.hidden_by.values() for label in labels} - {*why.gaps})]
    rows = []
    for label in labels:
        mine = [name for name, labels_of in why.hidden_by.items() if label in labels_of]
        alone = [name for name in mine if why.hidden_by[name] == [label]]
        price = sum(max(0.0, prices.get(name, 0.0)) for name in mine)
        rows.append(EnvironmentChange(change=label, catches=len(mine), only_this=len(alone), failed_orders=price, survivors=mine))
    return sorted(rows, key=lambda row: (-row.failed_orders, -row.catches, row.change))
