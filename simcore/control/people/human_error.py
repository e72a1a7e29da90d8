"""Human error by HEART: a base rate for the kind of task, multiplied by what makes it worse.

Multipliers: PMC8248607 (DOMAIN.md [98]); each counts as (max - 1) x proportion + 1 [99]. Base rates are HEART's generic
tasks [memory].
"""

from __future__ import annotations

from collections.abc import Mapping

TASKS: Mapping[str, float] = {
    "novel": 0.55,  # unfamiliar, done at speed
    "restore-unaided": 0.26,  # restore a state without a procedure
    "complex": 0.16,
    "rapid": 0.09,  # fairly simple, done rapidly
    "routine": 0.02,  # routine, practised
    "restore-procedure": 0.003,  # restore a state following a procedure
}

CONDITIONS: Mapping[str, float] = {
    "unfamiliar": 17.0,
    "time_shortage": 11.0,
    "poor_signal": 10.0,
    "no_undo": 8.0,
    "overload": 6.0,
    "inexperience": 3.0,
    "no_independent_check": 3.0,
}


def error_probability(task: str, proportions: Mapping[str, float]) -> float:
    """Probability that the task is done wrongly, at most 1; `proportions` says how far each condition holds, 0 to 1."""
    probability = TASKS[task]
    for condition, proportion in proportions.items():
        probability *= (CONDITIONS[condition] - 1.0) * proportion + 1.0
    return min(1.0, probability)
