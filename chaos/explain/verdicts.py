"""What the verdict is that is explained: that of a scenario's seeds, or of a pair of architectures by a measure; and how it is reached."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from chaos.compare.comparison import judged, paired
from chaos.compare.stopping import StoppingRule
from chaos.documents.scenario import Scenario
from chaos.judgement.verdict import judge_runs
from chaos.measures.catalogue import measures
from chaos.measures.claims import Design
from chaos.results.comparison import ComparedMeasure
from chaos.results.run import RunResult

Sides = Sequence[Sequence[RunResult]]
"""The runs of each side, seed by seed."""


class Judge(ABC):
    """Reaches the verdict over the runs of a block of seeds, and says how a measure came out in one of them."""

    decided: ClassVar[tuple[str, ...]]
    """The verdicts that can flip, and that another can flip to."""

    @abstractmethod
    def verdict(self, sides: Sides) -> str:
        """Over all runs."""

    @abstractmethod
    def value(self, runs: Sequence[RunResult]) -> float | None:
        """What is screened, in one seed's run of each side; None if it has no value."""


class ScenarioJudge(Judge):
    """Whether a scenario passes: as `run` judges it."""

    decided = ("pass", "fail")

    def __init__(self, scenario: Scenario, measure: str) -> None:
        self.scenario, self.measure = scenario, measures().find(measure)

    def verdict(self, sides: Sides) -> str:
        """Pass, fail or unknown."""
        return judge_runs(self.scenario, sides[0]).verdict

    def value(self, runs: Sequence[RunResult]) -> float | None:
        """The measure, or what it is longer than, if the run's end cut it off."""
        found = self.measure.number(runs[0])
        return self.measure.lower_bound(runs[0]) if found is None else found


class PairJudge(Judge):
    """Whether the second of two architectures is better than the first by a measure: as `compare` decides one cell, at one analysis. What is
    more often better counts as better."""

    decided = ("better", "worse", "mixed", "equivalent")

    def __init__(self, measure: ComparedMeasure, window_s: float, bad_share: float) -> None:
        self.measure, self.window_s, self.bad_share = measure, window_s, bad_share

    def verdict(self, sides: Sides) -> str:
        """Better, worse, mixed, equivalent or inconclusive."""
        base, other = sides
        pairs = paired(self.measure.name, base, other)
        rule = StoppingRule(["pair"], Design(1, (len(base),), share=self.bad_share))
        rule.analyse(0, {"pair": judged(self.measure, pairs, self.window_s, self.bad_share)})
        decision = rule.decision("pair")
        return "inconclusive" if decision is None else decision.verdict.removeprefix("more often ")

    def value(self, runs: Sequence[RunResult]) -> float | None:
        """The difference of the measure, the second's less the first's."""
        differences = paired(self.measure.name, [runs[0]], [runs[1]]).differences
        return differences[0] if differences else None
