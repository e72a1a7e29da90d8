"""The search for a better response, on costs that are known: it finds what is best on its grid, within its budget, and nothing that nobody
could have done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from chaos.results.counterfactuals import RunFigures
from chaos.room.review.playing import PlayedFigures
from chaos.room.review.search import GRID, REACH, Response, Step, search
from simcore.base.units import MINUTE, SECOND

FIRST = 34_328 * SECOND + 7
BEGIN = 34_350 * SECOND  # the first instant of the grid after the first alarm
COMMANDS = ["a", "b", "c"]


def came_to(failed: int, refused: Sequence[int] = ()) -> PlayedFigures:
    """An exercise with so many failed orders."""
    counts = dict.fromkeys(
        ("blocked", "failed", "unknown", "duplicated", "lost", "orphan", "stranded", "late", "failed_requests"), 0
    )
    figures = RunFigures(failed_orders=failed, impaired_s=None, **counts)
    return PlayedFigures(
        figures=figures,
        customers=None,
        grade=None,
        commands=[],
        refused=list(refused),
        digest="",
        first_fault_ns=0,
        first_alarm_ns=FIRST,
    )


def playing(cost: Callable[[Response], int], tried: list[Response]) -> Callable[[Sequence[Response]], list[PlayedFigures]]:
    """Plays responses by their cost."""

    def play(responses: Sequence[Response]) -> list[PlayedFigures]:
        tried.extend(responses)
        return [came_to(cost(response)) for response in responses]

    return play


def apart(response: Response, best: dict[str, int]) -> int:
    """How far a response is from the best one: 1,000 a command that it lacks or has for nothing, and a second each off the instant."""
    begun = {step.command: step.at for step in response}
    missing = 1000 * len(best.keys() ^ begun.keys())
    return missing + sum(abs(begun[name] - best[name]) // SECOND for name in best.keys() & begun.keys())


@pytest.mark.parametrize(
    "best", [{}, {"b": BEGIN + 150 * SECOND}, {"a": BEGIN, "c": BEGIN + 9 * MINUTE}], ids=["none", "one", "two"]
)
def test_it_finds_what_is_best_on_the_grid(best: dict[str, int]) -> None:
    """No command, one, or two, each at its own instant."""
    tried: list[Response] = []
    nobody = came_to(apart((), best))
    found = search(COMMANDS, FIRST, BEGIN + 60 * MINUTE, nobody, playing(lambda r: apart(r, best), tried))
    assert {step.command: step.at for step in found.response} == best
    assert found.runs == len(tried) <= 200
    assert found.played.figures.failed_orders == 0


def test_nothing_is_begun_before_the_first_alarm_nor_off_the_grid_nor_too_late() -> None:
    """Every response that is tried could have been given."""
    tried: list[Response] = []
    search(COMMANDS, FIRST, BEGIN + 60 * MINUTE, came_to(9), playing(lambda r: 8 - len(r), tried))
    instants = {step.at for response in tried for step in response}
    assert min(instants) == BEGIN > FIRST
    assert max(instants) < FIRST + REACH
    assert all(instant % GRID == 0 for instant in instants)


def test_it_spends_no_more_than_its_budget() -> None:
    """Seven runs are seven."""
    tried: list[Response] = []
    found = search(COMMANDS, FIRST, BEGIN + 60 * MINUTE, came_to(9), playing(lambda r: 8 - len(r), tried), budget=7)
    assert len(tried) == found.runs == 7


def test_a_response_that_could_not_be_carried_out_is_none() -> None:
    """However few orders fail in it."""

    def play(responses: Sequence[Response]) -> list[PlayedFigures]:
        return [came_to(0, refused=[0]) for _ in responses]

    found = search(COMMANDS, FIRST, BEGIN + 5 * MINUTE, came_to(9), play)
    assert found.response == ()
    assert found.played.figures.failed_orders == 9


def test_steps_are_in_order_of_time() -> None:
    """So that a response is the same however it was found."""
    tried: list[Response] = []
    search(COMMANDS, FIRST, BEGIN + 60 * MINUTE, came_to(9), playing(lambda r: 8 - len(r), tried), budget=60)
    assert all(list(response) == sorted(response) for response in tried)
    assert any(len(response) == 2 for response in tried)
    assert isinstance(tried[0][0], Step)
