"""The best response that a search finds: commands of the drill, begun on a grid of instants after the first alarm.

One command after another is added to what is best so far: first on a coarse grid, then on the fine one around the best instant. It is no
proof that there is nothing better, so its budget is part of what it says. Responses that nobody could give are left out: nothing is begun
before the first alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from chaos.documents.drill import ResponseStep
from chaos.room.review.playing import PlayedFigures
from simcore.base.units import MINUTE, SECOND

GRID = 30 * SECOND
COARSE = 2 * MINUTE
REACH = 12 * MINUTE
"""So long after the first alarm a command may be begun; this and the coarse grid are guesses at what is worth its runs."""
BUDGET = 200


class Step(NamedTuple):
    """A command, begun at an instant, ns."""

    at: int
    command: str


Response = tuple[Step, ...]
Try = Callable[[Sequence[Response]], Sequence[PlayedFigures]]
"""Plays responses, and says what each came to."""


class BestFound(NamedTuple):
    """The best response, what it came to, and how many runs were made to find it."""

    response: Response
    played: PlayedFigures
    runs: int


def cost(played: PlayedFigures) -> tuple[int, int, float]:
    """What is to be least: failed orders, then orders wrong in the books, then impaired time."""
    return played.figures.failed_orders, played.figures.wrong_in_the_books, played.figures.impaired_s or 0.0


def search(
    commands: Sequence[str], first_alarm: int, end: int, nobody: PlayedFigures, try_all: Try, budget: int = BUDGET
) -> BestFound:
    """Looks for it with at most `budget` runs; `nobody` is what comes of no response at all, which is where it begins."""
    best, runs = BestFound((), nobody, 0), 0
    while budget - runs > 0:
        improved = False
        for responses in _rounds(best, commands, first_alarm, end):
            tried = list(responses(best))[: budget - runs]
            if not tried:
                continue
            runs += len(tried)
            played = try_all(tried)
            found = [(cost(p), n) for n, p in enumerate(played) if not p.refused]
            if found and min(found)[0] < cost(best.played):
                n = min(found)[1]
                best, improved = BestFound(tried[n], played[n], runs), True
        if not improved:
            break
    return best._replace(runs=runs)


def _rounds(
    best: BestFound, commands: Sequence[str], first: int, end: int
) -> Iterator[Callable[[BestFound], Iterable[Response]]]:
    """What to try next: one command more on the coarse grid, then that command on the fine grid around where it is best."""
    left = [name for name in commands if name not in {step.command for step in best.response}]
    begin = -(-(first + 1) // GRID) * GRID
    last = min(end, first + REACH)
    known = set(best.response)

    def one_more(now: BestFound) -> Iterator[Response]:
        for name in left:
            for at in range(begin, last, COARSE):
                yield _with(now.response, Step(at, name))

    def around(now: BestFound) -> Iterator[Response]:
        for step in now.response:
            if step not in known:
                rest = tuple(other for other in now.response if other != step)
                for at in range(max(begin, step.at - COARSE + GRID), min(last, step.at + COARSE), GRID):
                    if at != step.at:
                        yield _with(rest, Step(at, step.command))

    yield one_more
    yield around


def _with(response: Response, step: Step) -> Response:
    return tuple(sorted((*response, step)))


def steps_of(response: Response) -> list[ResponseStep]:
    """A response as a drill's file would have it, its times from the beginning of the day."""
    return [ResponseStep.model_construct(after=step.at, command=step.command) for step in response]
