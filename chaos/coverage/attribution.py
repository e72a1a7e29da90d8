"""Why a defect survived: the suite is run again with differences between the test environment and production switched off.

A survivor is tried with all gaps off, with each off alone, and with each left on alone. Nothing is taken to be monotone: that a defect is
noticed with a gap off does not say that it is noticed with more of them off, and where it is not, that is said.

- A gap *hides* a defect when switching it off alone lets the suite notice it.
- A gap *is enough* to hide it when the suite notices it with all gaps off and, with this one left on alone, does not, though every
  scenario that noticed it is green there.
- A defect is *not monotone* when the suite notices it with some gaps off and not with more of them off, though a scenario that noticed
  it is green there too.
- A gap *shows* a defect that is noticed with this gap left on alone, and not with all gaps off.
- It is *the suite* that misses it when nothing of what was tried lets the suite notice it.

Where the suite notices it with several gaps off and with no single one, those that are each enough to hide it are switched off together;
if they do not explain it, pairs are tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from chaos.coverage.kill_matrix import cells_of, fitting
from chaos.coverage.trial_runner import TrialKey, TrialRunner, baseline
from chaos.documents.library import library
from chaos.execution.inputs.planting import Mutant
from chaos.results.findability import EnvironmentChange, NotMonotone, Setting, SettingOutcome, SurvivorReasons

SUITE, ALL = "the suite", "all gaps"
AT_A_TIME = 6
"""Survivors that are explained before the next ones are looked at."""
Off = tuple[str, ...]
"""The gaps that are switched off, in the order of the environment's file."""


@dataclass
class Why:
    """`tried` has what was made of each survivor in the order of its runs, `left_out` what the budget did not reach. `runs` were made,
    `grounds` are the environments whose runs without any defect are counted in them, `red` the scenarios that were not green there."""

    gaps: list[str]
    tried: dict[str, dict[Off, Setting]] = field(default_factory=dict)
    left_out: dict[str, list[Off]] = field(default_factory=dict)
    runs: int = 0
    grounds: set[str] = field(default_factory=set)
    red: dict[str, list[str]] = field(default_factory=dict)

    def noticed(self, name: str, off: Off) -> bool:
        """Whether the suite was seen to notice a survivor with these gaps off."""
        setting = self.tried[name].get(off)
        return setting is not None and setting.outcome == "noticed"

    def label(self, off: Off) -> str:
        """What a setting is called: its gaps joined by +, or in short."""
        if len(off) == len(self.gaps) > 2:
            return "any gap"
        left = [gap for gap in self.gaps if gap not in off]
        return f"all but {left[0]}" if len(left) == 1 and len(off) > 2 else "+".join(off)


@dataclass(frozen=True)
class Question:
    """Some scenarios in an environment, whose survivors are to be explained within a budget of runs."""

    runner: TrialRunner
    scenarios: Sequence[str]
    environment: str
    budget: int


def attribute(question: Question, survivors: Sequence[Mutant]) -> Why:
    """Takes survivors in the order given, a few at a time from all gaps off to pairs, so that a budget explains the first ones wholly
    before it looks at the next."""
    why = Why(list(library().surroundings(question.environment).gaps))
    for survivor in survivors:
        why.tried[survivor.name], why.left_out[survivor.name] = {}, []
    for i in range(0, len(survivors), AT_A_TIME):
        some = survivors[i : i + AT_A_TIME]
        for off in first_settings(why.gaps):
            _try(question, some, off, why)
        _together(question, some, why)
    return why


def first_settings(gaps: Sequence[str]) -> list[Off]:
    """All gaps off, each off alone, each left on alone: each setting once."""
    alone = [(gap,) for gap in gaps]
    left_on = [tuple(other for other in gaps if other != gap) for gap in gaps]
    return [off for off in dict.fromkeys([tuple(gaps), *alone, *left_on]) if off]


def _together(question: Question, survivors: Sequence[Mutant], why: Why) -> None:
    """Of survivors that are noticed with several gaps off and no single one: the gaps that are each enough to hide them together, and
    where those do not explain it pairs."""
    for survivor in survivors:
        name = survivor.name
        if _hiding(why, name) or not any(why.noticed(name, off) for off in why.tried[name]):
            continue
        needed = tuple(enough(why, name))
        if 2 <= len(needed) < len(why.gaps):
            _try(question, [survivor], needed, why)
            if why.noticed(name, needed):
                continue
        for pair in combinations(why.gaps, 2):
            _try(question, [survivor], pair, why)


# --- runs ------------------------------------------------------------------------------------------------------------------------


def _try(question: Question, survivors: Sequence[Mutant], off: Off, why: Why) -> None:
    """The suite on survivors with some gaps off; those that the budget does not reach are noted."""
    survivors = [x for x in survivors if off not in why.tried[x.name] and off not in why.left_out[x.name]]
    runner, environment = question.runner, "~".join([question.environment, *off])
    if not survivors or not _ground(question, environment, why):
        _leave_out(why, survivors, off)
        return
    base = baseline(runner, question.scenarios, environment)
    red = [name for name in question.scenarios if not base.green[name]]
    if red:
        why.red[why.label(off)] = red
    green = [name for name in question.scenarios if base.green[name]]
    chosen = fitting(runner, survivors, base, green, question.budget - why.runs)
    _leave_out(why, [x for x in survivors if x not in chosen], off)
    cells = cells_of(runner, chosen, base, green, f"mutants without {why.label(off)}", stop=True)
    for name, mine in cells.items():
        by = [scenario for scenario, cell in mine.items() if cell.outcome == "killed"]
        outcome: SettingOutcome = "noticed" if by else "not judged" if red else "not noticed"
        why.tried[name][off] = Setting(off=list(off), outcome=outcome, by=by, red=red)
        why.runs += sum(len(runner.runs_of(TrialKey(name, scenario, environment))) for scenario in green)


def _ground(question: Question, environment: str, why: Why) -> bool:
    """Whether the runs without any defect are there, or fit into the budget."""
    cost = len(question.scenarios) * question.runner.settings.seeds
    if environment not in why.grounds:
        if why.runs + cost > question.budget:
            return False
        why.runs += cost
        why.grounds.add(environment)
    return True


def _leave_out(why: Why, survivors: Iterable[Mutant], off: Off) -> None:
    for mutant in survivors:
        if off not in why.left_out[mutant.name] and off not in why.tried[mutant.name]:
            why.left_out[mutant.name].append(off)


# --- what follows from them ------------------------------------------------------------------------------------------------------


def _hiding(why: Why, name: str) -> list[str]:
    """Gaps each of which switched off alone lets the suite notice a survivor."""
    return [gap for gap in why.gaps if why.noticed(name, (gap,))]


def enough(why: Why, name: str) -> list[str]:
    """Gaps each of which left on alone hides a survivor from every scenario that notices it with all of them off."""
    whole = why.tried[name].get(tuple(why.gaps))
    if whole is None or whole.outcome != "noticed":
        return []
    if len(why.gaps) == 1:
        return list(why.gaps)  # left on alone it is the environment as it is, where the defect survived
    found = []
    for gap in why.gaps:
        alone = why.tried[name].get(tuple(other for other in why.gaps if other != gap))
        if alone is not None and alone.outcome != "noticed" and not set(whole.by) & set(alone.red):
            found.append(gap)
    return found


def shows(why: Why, name: str) -> list[str]:
    """Gaps each of which, left on alone, lets the suite notice a survivor that it does not notice with all of them off."""
    whole = tuple(why.gaps)
    masked = [set(found.off) for found in not_monotone(why, name) if found.more == list(whole)]
    return [gap for gap in why.gaps if set(whole) - {gap} in masked]


def not_monotone(why: Why, name: str) -> list[NotMonotone]:
    """For each setting in which the suite notices a survivor, the one with most more gaps off in which it does not."""
    made, found = why.tried[name], []
    for off, setting in sorted(made.items(), key=lambda item: len(item[0])):
        if setting.outcome != "noticed":
            continue
        more = [
            other
            for other, there in made.items()
            if set(off) < set(other) and there.outcome != "noticed" and set(setting.by) - set(there.red)
        ]
        if more:
            found.append(NotMonotone(off=list(off), more=list(sorted(more, key=len)[-1])))
    return found


def hidden_by(why: Why, name: str) -> list[str]:
    """The changes of the environment that let the suite notice a survivor: single gaps; else the fewest gaps together, `ALL` of them where
    neither a pair nor those that are each enough do; `SUITE` if nothing that was tried does, and all that is asked of every survivor
    was. Nothing where the budget left that open."""
    single = _hiding(why, name)
    if single:
        return single
    several = [off for off in why.tried[name] if why.noticed(name, off)]
    few = [off for off in several if len(off) <= max(2, len(enough(why, name)))]
    if few:
        return [_change(why, off) for off in few if len(off) == min(map(len, few))]
    if several:
        return [ALL] if tuple(why.gaps) in several else [_change(why, off) for off in several]
    asked = all(off in why.tried[name] for off in first_settings(why.gaps))
    return [SUITE] if asked else []


def _change(why: Why, off: Off) -> str:
    return ALL if len(off) == len(why.gaps) > 2 else why.label(off)


def reasons(why: Why) -> list[SurvivorReasons]:
    """What was tried of each survivor, and what follows."""
    return [
        SurvivorReasons(
            name=name,
            settings=list(made.values()),
            hides=_hiding(why, name),
            enough=enough(why, name),
            shows=shows(why, name),
            not_monotone=not_monotone(why, name),
            left_out=[list(off) for off in why.left_out[name]],
        )
        for name, made in why.tried.items()
    ]


def changes(why: Why, prices: Mapping[str, float]) -> list[EnvironmentChange]:
    """What one change of the test environment, or a better suite, would buy: the highest yearly price first, then most survivors. A
    survivor that spares orders counts as what it is, below zero."""
    hidden = {name: hidden_by(why, name) for name in why.tried}
    labels = [*why.gaps, *sorted({label for labels in hidden.values() for label in labels} - {*why.gaps})]
    rows = []
    for label in labels:
        mine = [name for name, labels_of in hidden.items() if label in labels_of]
        alone = [name for name in mine if hidden[name] == [label]]
        price = sum(prices.get(name, 0.0) for name in mine)
        rows.append(EnvironmentChange(change=label, catches=len(mine), only_this=len(alone), harmed_orders=price, survivors=mine))
    return sorted(rows, key=lambda row: (-row.harmed_orders, -row.catches, row.change))
