"""How long a customer may wait: what the time-outs of a flow's own steps add up to."""

from __future__ import annotations

from simcore.model.distributions import Distribution
from simcore.model.steps import Call, Choose, Hold, RateLimit, Repeat, Retry, Route, Step, Steps, Wait, Work, inner


def client_timeout(steps: Steps) -> int | None:
    """The longest that a client can wait whose flow has these steps, ns: every attempt of every call times out, with the waits between
    them. None where nothing bounds it: a call without a time-out, a slot that is waited for, a time that is drawn without bound."""
    total = 0
    for step in steps:
        longest = _longest(step)
        if longest is None:
            return None
        total += longest
    return total


def _longest(step: Step) -> int | None:
    if isinstance(step, Hold | RateLimit):
        return None
    if isinstance(step, Call):
        return _of_call(step)
    if isinstance(step, Wait):
        return _most(step.wait)
    if isinstance(step, Work):
        return _most(step.work)
    if isinstance(step, Repeat):
        once = client_timeout(step.steps)
        return None if once is None else step.repeat * once
    branches = [client_timeout(steps) for _, steps in inner(step)] if isinstance(step, Choose | Route) else []
    longest = [branch for branch in branches if branch is not None]
    return None if len(longest) < len(branches) else max(longest, default=0)


def _of_call(call: Call) -> int | None:
    fallback = client_timeout(call.fallback) if call.fallback is not None else 0
    if call.timeout is None or call.bulkhead is not None or fallback is None:
        return None
    return call.timeout * (call.retry.attempts if call.retry else 1) + (_backoffs(call.retry) if call.retry else 0) + fallback


def _backoffs(retry: Retry) -> int:
    total = 0.0
    for attempt in range(retry.attempts - 1):
        backoff = retry.backoff * retry.multiplier**attempt
        total += min(backoff, retry.backoff_max) if retry.backoff_max is not None else backoff
    return int(total)


def _most(distribution: Distribution) -> int | None:
    """The longest draw; None without bound."""
    if distribution.constant is not None:
        return distribution.constant
    if distribution.uniform is not None:
        return distribution.uniform[1]
    return max(distribution.empirical.values) if distribution.empirical is not None else None
