"""Who turns knobs in a run: every step of a scenario, and every permanent defect, under a name that follows from what it says.

The name keys what it contributes to knobs and the chance that is its own, so that the place of a step in the file's list, and what
else is in the list, change nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from chaos.documents.scenario import Step
from chaos.faults.fault import Fault


class Contributing(NamedTuple):
    """A step with its position in the file's list and the name of what it contributes."""

    number: int
    step: Step
    by: str


def in_order(method: Sequence[Step]) -> list[Contributing]:
    """The steps in the order in which those of one instant begin: by their times, then by what they say. Of steps that say the same
    each has a name of its own."""
    ordered = sorted(range(len(method)), key=lambda n: (method[n].at, *_words(method[n]), method[n].label, n))
    seen: Counter[str] = Counter()
    found = []
    for number in ordered:
        step = method[number]
        by = _name(*_words(step))
        found.append(Contributing(number, step, f"{by}/{seen[by]}" if seen[by] else by))
        seen[by] += 1
    return found


def of_permanent(faults: Sequence[Fault]) -> list[str]:
    """The names of faults that stand for the whole run."""
    names = [_name(fault.fault, _said(fault), "permanent") for fault in faults]
    return [f"{name}/{names[:n].count(name)}" if name in names[:n] else name for n, name in enumerate(names)]


def _words(step: Step) -> tuple[str, str, str]:
    return step.fault.fault, _said(step.fault), f"{step.at}/{step.lasts}"


def _said(fault: Fault) -> str:
    return json.dumps(fault.model_dump(mode="json", by_alias=True), sort_keys=True)


def _name(fault: str, said: str, when: str) -> str:
    return f"{fault}/{blake2b(f'{said}/{when}'.encode(), digest_size=6).hexdigest()}"
