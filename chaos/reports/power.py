"""What a comparison's design can decide, in sentences: before it is run, below its tables, and on its page."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.i18n.texts import LocalizedText, join, translate, untranslated
from chaos.measures.formatting import percent
from chaos.results.comparison import ClaimPower, ComparedCell, ComparisonResult


def power_notes(power: Sequence[ClaimPower], runs: int, cells: int) -> list[LocalizedText]:
    """Which claims so many runs cannot decide beside so many cells, and how many it takes; and how far apart means must be."""
    closed = [of for of in power if not of.decidable]
    needed = join([translate(f"power.needed.{of.claim}", runs=of.runs_needed) for of in closed], ", ", "，")
    most = max((of.runs_needed for of in closed), default=0)
    notes = []
    if closed:
        key = "power.none" if len(closed) == len(power) else "power.some"
        notes.append(translate(key, runs=runs, cells=cells, needed=needed, most=most))
    least = [untranslated(percent(of.least_mean)) for of in power if of.least_mean is not None]
    return [*notes, *(translate("power.mean", share=share, runs=runs) for share in least)]


def notes_of(result: ComparisonResult) -> list[LocalizedText]:
    """The same of a result."""
    first = result.measures[0].name
    cells = sum(isinstance(cell, ComparedCell) and cell.measure == first for cell in result.cells)
    return power_notes(result.power, result.looks[-1].runs, cells)
