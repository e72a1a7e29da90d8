"""The history of exercises: one file for all, from which trends over weeks and teams are read, and what to practise next."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chaos.results.review import Rating, Review
from simcore.base.model import ResultModel


class HeldExercise(ResultModel):
    """An exercise that was reviewed. `key` tells it from all others; `people` are the names in its seats, which can be deleted (`forgotten`: how many
    were). Times are parts of the recovery, s, None where it did not come to them."""

    key: str
    drill: str
    title_en: str
    title_zh: str
    held: str
    team: str
    seed: int
    people: dict[str, list[str]] = {}
    ratings: dict[str, Rating | None]
    objectives: dict[str, str]
    detect_s: float | None
    decide_s: float | None
    act_s: float | None
    restore_s: float | None
    failed_orders: int
    nobody: int | None
    best: int | None
    commands: list[str]
    forgotten: int = 0

    def without(self, name: str) -> HeldExercise:
        """The same without a person's name."""
        found = sum(known == name for names in self.people.values() for known in names)
        return self._with_names(lambda seat, known: known != name, self.forgotten + found)

    def added_again(self, kept: HeldExercise) -> HeldExercise:
        """The same in the place of what was kept of it before: names that were deleted there do not come back."""
        return (
            self._with_names(lambda seat, known: known in kept.people.get(seat, []), kept.forgotten) if kept.forgotten else self
        )

    def _with_names(self, wanted: Callable[[str, str], bool], forgotten: int) -> HeldExercise:
        people = {seat: [name for name in names if wanted(seat, name)] for seat, names in self.people.items()}
        update = {"people": {seat: names for seat, names in people.items() if names}, "forgotten": forgotten}
        return self.model_copy(update=update)


class LastTime(NamedTuple):
    """Something to practise, in a drill, and when it was last done (a date, "": never)."""

    drill: str
    what: str
    last: str


class Next(NamedTuple):
    """What to practise next: the drill that was held longest ago, the command of all drills that was begun longest ago, and the objective
    that was rated worst when its drill was last held, with the rating (None: all were performed)."""

    drill: LastTime
    command: LastTime | None
    objective: LastTime | None
    rating: Rating | None


def held_exercise(review: Review, team: str) -> HeldExercise:
    """What of a review is kept."""
    measures, nobody = review.measures, review.course("nobody")
    best = review.course("best_found") or review.course("best_known")
    return HeldExercise(
        key=f"{review.drill_digest}-{review.seed}-{review.held}-{review.courses[0].digest}",
        drill=review.drill,
        title_en=review.shown_as.en + ("" if review.branch is None else f" (branch {review.branch.number})"),
        title_zh=review.shown_as.zh + ("" if review.branch is None else f"（分支 {review.branch.number}）"),
        held=review.held,
        team=team,
        seed=review.seed,
        people={taken.seat: taken.names for taken in review.seats if taken.names},
        ratings={rating.objective: rating.rating for rating in review.ratings},
        objectives={rating.objective: rating.text.en for rating in review.ratings},
        detect_s=measures.detect_s,
        decide_s=measures.decide_s,
        act_s=measures.act_s,
        restore_s=measures.restore_s,
        failed_orders=measures.orders.failed_orders,
        nobody=None if nobody is None else nobody.figures.failed_orders,
        best=None if best is None else best.figures.failed_orders,
        commands=sorted({d.name for d in review.decisions if d.kind == "command"}),
    )
