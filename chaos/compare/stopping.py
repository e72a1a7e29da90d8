"""When a comparison is decided: claims tested at interim analyses, with the error level accounted for. Knows nothing of runs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from chaos.measures.claims import CLAIMS, Claim, Design, PairTests, holm

Decided = Literal["better", "worse", "more often better", "more often worse", "mixed", "equivalent"]
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Holding:
    """A claim about a cell that holds: in which direction (None for equivalence, which has none), and since which analysis."""

    better: bool | None
    analysis: int


@dataclass(frozen=True)
class Decision:
    """What was decided about a cell, and at which analysis (0 is the first)."""

    verdict: Decided
    analysis: int


class StoppingRule(Generic[K]):
    """Which claims about cells hold by one measure, analysis by analysis. Over all cells and analyses the chance of one false difference is
    at most the design's level, and so is that of one false equivalence: Holm's procedure for each claim at each analysis, with what that one
    may spend on it. A claim that holds is tested no more.
    """

    def __init__(self, cells: Sequence[K], design: Design) -> None:
        self.cells, self.design = list(cells), design
        self.levels: dict[Claim, list[float]] = {claim: design.levels(claim) for claim in CLAIMS}
        self.holds: dict[Claim, dict[K, Holding]] = {claim: {} for claim in CLAIMS}
        self._open = dict.fromkeys(self.cells)

    @property
    def open(self) -> list[K]:
        """The cells that are still to be run: of which a further verdict may come."""
        return list(self._open)

    def analyse(self, number: int, tests: Mapping[K, PairTests]) -> None:
        """Analysis `number` (0 is the first), given the tests of those cells that have been run on."""
        for claim in CLAIMS:
            held = self.holds[claim]
            p_values = {cell: test.p(claim) for cell, test in tests.items() if cell not in held}
            for cell in holm(p_values, self.levels[claim][number], len(self.cells), len(held)):
                held[cell] = Holding(None if claim == "within" else tests[cell].is_better(claim), number)
        for cell, test in tests.items():
            if self._is_done(cell, test, number):
                self._open.pop(cell, None)

    def _is_done(self, cell: K, test: PairTests, number: int) -> bool:
        """Means or equivalence are decided; or it is decided which is better more often, and the means would not be at the last
        analysis, if the evidence grew as it did until now."""
        if cell in self.holds["mean"] or cell in self.holds["within"]:
            return True
        counts, level = self.design.counts, self.levels["mean"][-1]
        hopeless: bool = test.p("mean") ** (counts[-1] / counts[number]) > level / len(self.cells)
        return cell in self.holds["often"] and hopeless

    def decision(self, cell: K) -> Decision | None:
        """What the claims that hold amount to; None if none does. Means come first, then equivalence."""
        mean, often, within = (self.holds[claim].get(cell) for claim in CLAIMS)
        if mean is not None and often is not None and mean.better != often.better:
            return Decision("mixed", max(mean.analysis, often.analysis))
        if mean is not None:
            return Decision("better" if mean.better else "worse", mean.analysis)
        if within is not None:
            return Decision("equivalent", within.analysis)
        if often is not None:
            return Decision("more often better" if often.better else "more often worse", often.analysis)
        return None
