"""What would have noticed: for mutants that change something unnoticed an assertion, for mutants that are not reached a scenario.

An assertion is a bound on a measure in a scenario, taken from the runs without a defect, with a margin, and tried on as many further
seeds without a defect: what these break is not proposed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chaos.coverage.differences import SHARE
from chaos.coverage.kill_matrix import Matrix
from chaos.coverage.trial_runner import TrialKey, TrialRunner, baseline
from chaos.i18n.findings import bound_text
from chaos.measures.catalogue import measures
from chaos.measures.formatting import Unit
from chaos.measures.registry import GRADES, Better, NamedMeasure
from chaos.measures.statistics import enough
from chaos.results.coverage import Assertion, Observation
from chaos.results.findings import Limits

RELATIVE = 0.1
"""A bound leaves so much of its value as a margin, and at least the amount below."""
AT_LEAST = {Unit.DURATION: 0.1, Unit.FRACTION: 0.01, Unit.COUNT: 5.0, Unit.GRADE: 0.0, Unit.FLAG: 0.0}
"""A tenth of a second, one in a hundred, five of a count; a grade and a flag have no margin."""


@dataclass(frozen=True)
class Bound:
    """The worst value a measure may have in a scenario, on its scale; `upper`: larger ones are worse."""

    measure: NamedMeasure
    value: float
    upper: bool

    def breaks(self, run: Observation) -> bool:
        """Whether a run has a value that is worse, and would be judged by it: what is no valid experiment is not."""
        if run.invalid or run.missed:
            return False
        found = run.values.get(self.measure.name)
        return found is not None and (found > self.value if self.upper else found < self.value)

    @property
    def limits(self) -> Limits:
        """As an expectation has it."""
        name, unit, value = self.measure.name, self.measure.unit, self.value
        if unit is Unit.FLAG:
            return Limits(measure=name, unit=unit, equals=bool(value))
        said = GRADES[int(value)] if unit is Unit.GRADE else int(value) if unit is Unit.COUNT else value
        if self.upper:
            return Limits(measure=name, unit=unit, at_most=said)
        return Limits(measure=name, unit=unit, at_least=said)

    @property
    def line(self) -> str:
        """As a scenario file writes it below `expect:`."""
        word, said = next((w, v) for w in ("at_most", "at_least", "equals") if (v := getattr(self.limits, w)) is not None)
        if self.measure.unit is Unit.DURATION:
            said = f"{round(said * 1000)}ms"
        return f"- {{ measure: {self.measure.name}, {word}: {str(said).lower()} }}"


def bounds_of(runs: Sequence[Observation]) -> list[Bound]:
    """A bound for every measure of which all runs without a defect have a value, and that has a better end."""
    names = [name for name in runs[0].values if all(name in run.values for run in runs)] if runs else []
    found = []
    for name in names:
        measure = measures().find(name)
        if measure.declared.better is not Better.NEITHER:
            upper = measure.declared.better is Better.LESS
            values = [run.values[name] for run in runs]
            found.append(Bound(measure, _with_margin(measure.unit, max(values) if upper else min(values), upper=upper), upper))
    return found


def _with_margin(unit: Unit, worst: float, *, upper: bool) -> float:
    """The worst value with its margin, rounded away from it to what a person would write; a share stays one."""
    margin = max(RELATIVE * abs(worst), AT_LEAST[unit]) if AT_LEAST[unit] else 0.0
    value = worst + margin if upper else worst - margin
    step = {Unit.DURATION: 0.1, Unit.FRACTION: 0.001, Unit.COUNT: 1.0}.get(unit)
    if step is None:
        return value
    rounded = (math.ceil(value / step - 1e-9) if upper else math.floor(value / step + 1e-9)) * step
    return round(min(1.0, max(0.0, rounded)) if unit is Unit.FRACTION else max(0.0, rounded), 3)


def broken_by(bound: Bound, runs: Sequence[Observation]) -> bool:
    """Whether a mutant breaks a bound surely: in two of three of its seeds."""
    return bool(runs) and sum(bound.breaks(run) for run in runs) >= max(1, enough(SHARE, len(runs)))


def missing_assertions(runner: TrialRunner, found: Matrix) -> list[Assertion]:
    """Assertions that together would notice what changed unnoticed, the one that notices most of what is left first. Of a mutant that no
    measure shows in a valid run there is none."""
    candidates = _candidates(runner, found)
    left, chosen = {name for mutants in candidates.values() for name in mutants}, list[Assertion]()
    while left:
        (scenario, bound), mutants = max(candidates.items(), key=lambda row: (len(row[1] & left), len(row[1]), _plain(row[0])))
        limits = bound.limits
        chosen.append(
            Assertion(
                scenario=scenario,
                measure=bound.measure.name,
                bound=limits,
                expected=bound_text(limits)["en"],
                line=bound.line,
                notices=len(mutants & left),
                mutants=sorted(mutants),
            )
        )
        left -= mutants
    return chosen


def _plain(key: tuple[str, Bound]) -> tuple[int, str, str]:
    """Among equals, a measure that is judged everywhere before one of a flow, then by name."""
    return (-key[1].measure.name.count("."), key[1].measure.name, key[0])


def _candidates(runner: TrialRunner, found: Matrix) -> Mapping[tuple[str, Bound], set[str]]:
    """By scenario and bound the mutants that changed something unnoticed and break it."""
    unnoticed = [x.name for x in found.mutants if found.parts[x.name] == "changed"]
    scenarios = [name for name in found.scenarios if any(found.cells[x][name].changed for x in unnoticed)]
    if not scenarios:
        return {}
    s = runner.settings
    fresh = tuple(range(s.seed + s.seeds, s.seed + 2 * s.seeds))
    again = baseline(runner, scenarios, found.base.environment, seeds=fresh, what=f"{found.base.environment}, further seeds")
    made: dict[tuple[str, Bound], set[str]] = {}
    for scenario in scenarios:
        for bound in bounds_of(found.base.runs[scenario]):
            if not any(bound.breaks(run) for run in again.runs[scenario]):
                breaks = {
                    name
                    for name in unnoticed
                    if broken_by(bound, runner.runs_of(TrialKey(name, scenario, found.base.environment)))
                }
                if breaks:
                    made[scenario, bound] = breaks
    return made
