"""The differential column: what is worse than its own run without the defect, on the same seed, by a declared margin.

It needs no scenario that passes, so that red scenarios and drills can serve; it is never part of the score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chaos.documents.quantities import parse_margin, require_unit
from chaos.measures.catalogue import measures
from chaos.measures.formatting import Unit
from chaos.measures.registry import Better
from chaos.measures.statistics import enough
from chaos.results.coverage import Observation
from simcore.base.errors import InputError

SHARE = 2 / 3
"""Of the seeds: in so many one and the same measure must be worse, at least in one."""


class Margin(NamedTuple):
    """By how much a measure must be worse to count: of a share and a number as it is, of a time s."""

    measure: str
    amount: float


MARGINS = (
    Margin("impaired_s", 60.0),
    Margin("orders.failed_share", 0.01),
    Margin("orders.rejected_wrongly", 10.0),
    Margin("orders.duplicated", 10.0),
    Margin("orders.lost", 10.0),
    Margin("orders.orphan", 10.0),
    Margin("orders.stranded", 10.0),
    Margin("orders.late", 10.0),
)
"""A minute without service, one order in a hundred, ten orders: guesses at what somebody who compares two runs would notice."""


def margin_of(option: str) -> Margin:
    """`NAME=MARGIN`, the margin a number above 0, a share such as `1 %` or a duration. Raises InputError."""
    name, _, amount = (part.strip() for part in option.partition("="))
    try:
        measure = measures().find(name)
        number = parse_margin(amount)
        require_unit(measure, number if amount.replace(".", "", 1).isdigit() else amount)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        raise InputError(f"--worse {option}: {message}", hint=hint or "such as impaired_s=60s") from None
    if not measure.numeric or measure.declared.better is Better.NEITHER:
        raise InputError(f"--worse {option}: of {name} no value is worse", hint="such as impaired_s=60s")
    if number <= 0:
        raise InputError(f"--worse {option}: the margin is above 0", hint="such as impaired_s=60s")
    return Margin(name, number)


def unit_of(margin: Margin) -> str:
    """What an option writes after the amount."""
    return "s" if measures().find(margin.measure).unit is Unit.DURATION else ""


def worse_in(runs: Sequence[Observation], base: Sequence[Observation], margins: Sequence[Margin]) -> tuple[str, ...]:
    """The measures that are worse than on the same seed without the defect by at least their margin, in enough of the seeds."""
    plain = {run.seed: run.values for run in base}
    found = []
    for margin in margins:
        sign = -1.0 if measures().find(margin.measure).declared.better is Better.MORE else 1.0
        worse = [_by(margin.measure, run.values, plain.get(run.seed, {})) * sign >= margin.amount for run in runs]
        if runs and sum(worse) >= max(1, enough(SHARE, len(runs))):
            found.append(margin.measure)
    return tuple(found)


def _by(name: str, with_it: Mapping[str, float], without: Mapping[str, float]) -> float:
    """By how much a measure is higher with the defect; 0 where a side has no value of it."""
    return with_it[name] - without[name] if name in with_it and name in without else 0.0
