"""The executable specification: docs/semantics.md once more, as plain SimPy, independent of the kernel and of the plan.

`simulate(case)` runs a validated architecture and workload and returns every request and every task. It is slow and meant to
be read beside the page, a module a chapter: chance, program (names of steps), state, policies, world (time and order), links,
calls, tasks, arrivals, faults. Outside it: gamma, arrivals by a curve or that follow others, attributes of instruments,
effects other than `record`.
"""

from __future__ import annotations

from .case import Case, PoolTotals, RequestRecord, Result, Span
from .chance import GOLDEN, MASK, alias_table, combine, draw, inverse_normal, mix, name
from .program import Target, all_targets, reached
from .run import simulate

__all__ = [
    "GOLDEN",
    "MASK",
    "Case",
    "PoolTotals",
    "RequestRecord",
    "Result",
    "Span",
    "Target",
    "alias_table",
    "all_targets",
    "combine",
    "draw",
    "inverse_normal",
    "mix",
    "name",
    "reached",
    "simulate",
]
