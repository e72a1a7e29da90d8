"""Who got no answer in time, of a flow that counts by the second: first in, first out, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from chaos.measures.silence import silence


def told(started: list[int], ended: list[int], within: int, at_the_end: int = 1) -> tuple[list[int], list[int]]:
    """Unanswered and late by second."""
    found = silence(np.array(started, np.int64), np.array(ended, np.int64), within, at_the_end)
    return found.unanswered.tolist(), found.late.tolist()


@pytest.mark.parametrize(("wait", "late"), [(1, False), (2, False), (3, True)])
def test_an_end_in_the_last_second_is_in_time(wait: int, late: bool) -> None:
    """Two seconds after the one of the submission are enough."""
    ended = [0] * 6
    ended[wait] = 4
    unanswered, overdue = told([4, 0, 0, 0, 0, 0], ended, 2)
    assert unanswered == ([4, 0, 0, 0, 0, 0] if late else [0] * 6)
    assert overdue == ([0, 0, 0, 4, 0, 0] if late else [0] * 6)


def test_the_oldest_that_is_in_time_ends_first() -> None:
    """Three and two begin, four end in time: of the second lot one is left, and it is overdue two seconds later."""
    assert told([3, 2, 0, 0, 0], [0, 4, 0, 0, 0], 1) == ([0, 1, 0, 0, 0], [0] * 5)
    assert told([3, 2, 0, 0, 0], [0, 0, 1, 0, 0], 1) == ([3, 1, 0, 0, 0], [0] * 5)
    assert told([3, 2, 0, 0, 0], [0, 0, 3, 0, 0], 1) == ([3, 0, 0, 0, 0], [0, 0, 1, 0, 0])


@pytest.mark.parametrize(("at_the_end", "left"), [(1, [0, 0, 0, 2, 0]), (2, [0, 0, 0, 0, 0]), (0, [0, 0, 0, 2, 7])])
def test_what_waits_at_the_end_counts_if_it_has_waited_longer(at_the_end: int, left: list[int]) -> None:
    """Two have waited for two seconds when the run ends, seven for one."""
    assert told([0, 0, 0, 2, 7], [0] * 5, 9, at_the_end)[0] == left


def test_where_everything_is_in_time_nobody_is_silent() -> None:
    """Also those of the last seconds whose time is not over."""
    assert told([1, 1, 1], [1, 1, 1], 0) == ([0] * 3, [0] * 3)
    assert told([1, 1, 1], [0, 1, 2], 1) == ([0] * 3, [0] * 3)
    assert told([0, 0], [0, 0], 1) == ([0, 0], [0, 0])
