"""The exit codes of every command. Of several that apply the first in this order counts: 130, 3, 2, 1, 4, 0."""

from __future__ import annotations

PASS, FAIL, BAD_INPUT, HARNESS_ERROR, UNKNOWN, INTERRUPTED = 0, 1, 2, 3, 4, 130
CLOSED_PIPE = 141  # as the shell has it for a program that writes to a closed pipe; never a verdict
BY_VERDICT = {"pass": PASS, "fail": FAIL, "unknown": UNKNOWN}


def of_result(verdict: str, conservation_broken: int) -> int:
    """3 if a conservation law is broken, for then no verdict counts; else that of the verdict."""
    return HARNESS_ERROR if conservation_broken else BY_VERDICT[verdict]
