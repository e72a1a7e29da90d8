"""When a comparison is decided: claims tested at interim analyses, with the error level accounted for. Knows nothing of runs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from chaos.measures.statistics import SignTest, holm, spending

Decided = Literal["better", "worse", "equivalent"]
Claim = Literal["differs", "within"]
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Decision:
    """What was decided about a cell, and at which analysis (0 is the first)."""

    verdict: Decided
    analysis: int


class StoppingRule(Generic[K]):
    """Which claims about cells stand, analysis by analysis. Over all cells and analyses the chance of one false 'better' or 'worse'
    is at most `level`, and so is that of one false 'equivalent': Holm's procedure at each, with that analysis's part of the level.

    `counts` are the numbers of runs after which the analyses take place. Cells that are decided are analysed no more.
    """

    def __init__(self, cells: Sequence[K], counts: Sequence[int], level: float = 0.05) -> None:
        self.cells, self.counts, self.levels = list(cells), list(counts), spending(counts, level)
        self.decisions: dict[K, Decision] = {}
        self._decided: dict[Claim, int] = {"differs": 0, "within": 0}

    @property
    def open(self) -> list[K]:
        """The cells (an architecture in a case by a measure) that no analysis has decided yet."""
        return [cell for cell in self.cells if cell not in self.decisions]

    def analyse(self, number: int, tests: Mapping[K, SignTest]) -> None:
        """Analysis `number` (0 is the first): decides those cells that can be, given the sign test of each cell that is still open. Less of a
        measure is better. What is decided is added to `decisions`."""
        differ = self._decide("differs", {cell: tests[cell].differs for cell in self.open}, number)
        within = self._decide("within", {cell: tests[cell].within for cell in self.open}, number)
        for cell in self.open:
            if cell in within:
                self.decisions[cell] = Decision("equivalent", number)
            elif cell in differ:
                self.decisions[cell] = Decision("better" if tests[cell].below < tests[cell].above else "worse", number)

    def _decide(self, claim: Claim, p_values: Mapping[K, float], number: int) -> set[K]:
        found = holm(p_values, self.levels[number], len(self.cells), self._decided[claim])
        self._decided[claim] += len(found)
        return found
