"""Of a flow that keeps no rows: which requests got no answer in time, from how many began and how many ended in each second."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Silence(NamedTuple):
    """By second: requests that were submitted then and got no answer in time; and ends then of requests that were overdue already."""

    unanswered: Ints
    late: Ints


def overdue(found: Silence, within: int, seconds: int, intervals: int) -> Ints:
    """The fewest requests submitted before each of so many intervals of so many `seconds` that can have been overdue at its end: no answer
    for `within` seconds after the one in which they were submitted, and none by then."""
    begun, ended = (np.concatenate(([0], np.cumsum(of))) for of in found)
    begins = np.arange(intervals) * seconds
    ends = begins + seconds
    stand: Ints = np.maximum(begun[np.maximum(np.minimum(begins, ends - within), 0)] - ended[ends], 0)
    return stand


def silence(started: Ints, ended: Ints, within: int, at_the_end: int) -> Silence:
    """The fewest requests that can have been unanswered for `within` seconds after the one in which they were submitted, given how many
    began and ended in each second: an end is taken to be that of the oldest request which it is in time for. At the end of the run
    those count as unanswered that have waited for more than `at_the_end` seconds."""
    unanswered, late = np.zeros_like(started), np.zeros_like(started)
    begun, done = np.cumsum(started), np.cumsum(ended)
    due = np.minimum(np.arange(started.size) + within, started.size - 1)
    if (done[due] >= begun).all():  # first in, first out: everything was in time
        return Silence(unanswered, late)
    waiting: deque[list[int]] = deque()  # [second, requests]
    for second, (new, ends) in enumerate(zip(started.tolist(), ended.tolist(), strict=True)):
        if new:
            waiting.append([second, new])
        while waiting and waiting[0][0] < second - within:
            began, left = waiting.popleft()
            unanswered[began] = left
        while ends and waiting:
            matched = min(ends, waiting[0][1])
            waiting[0][1] -= matched
            ends -= matched
            if not waiting[0][1]:
                waiting.popleft()
        late[second] = ends
    for second, left in waiting:
        if started.size - second > at_the_end:
            unanswered[second] = left
    return Silence(unanswered, late)
