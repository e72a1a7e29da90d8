"""The history of exercises, and what to practise next."""

from __future__ import annotations

from pathlib import Path

import pytest
from reviewed_room import MARKUP, reviewed

from chaos.results.drill_history import HeldExercise, held_exercise
from chaos.results.review import Rating
from chaos.room.review.history import read_history, what_next, with_exercise
from simcore.base.errors import InputError

DRILLS = {"one": ["cut", "restart"], "two": ["restart"]}


def held(drill: str, day: str, commands: list[str], **ratings: Rating | None) -> HeldExercise:
    """An exercise on a day."""
    return HeldExercise(
        key=f"{drill}-{day}",
        drill=drill,
        title_en=drill,
        title_zh=drill,
        held=day,
        team="t",
        seed=1,
        people={"operator": ["Lin", "Chen"], "dba": ["Lin"]},
        ratings=ratings,
        objectives={},
        detect_s=None,
        decide_s=None,
        act_s=None,
        restore_s=None,
        failed_orders=1,
        nobody=2,
        best=None,
        commands=commands,
    )


def test_what_was_never_done_comes_first_then_what_was_longest_ago() -> None:
    """Drills, commands, and the worst rating of the latest time."""
    first = what_next([], DRILLS)
    assert (first.drill.what, first.command is not None and first.command.what, first.objective) == ("one", "cut", None)
    history = [
        held("one", "2026-01-05", ["cut"], report="U", orders="P"),
        held("two", "2026-01-06", ["restart"], report="S"),
        held("one", "2026-01-07", ["cut"], report="P", orders="P"),
    ]
    found = what_next(history, DRILLS)
    assert (found.drill.what, found.drill.last) == ("two", "2026-01-06")
    assert found.command is not None
    assert (found.command.drill, found.command.what, found.command.last) == ("one", "restart", "")
    assert found.objective is not None
    assert (found.objective.drill, found.objective.what, found.rating) == ("two", "report", "S")


def test_all_performed_asks_for_no_objective() -> None:
    """A drill is still named."""
    found = what_next([held("one", "2026-01-07", ["cut"], orders="P")], DRILLS)
    assert (found.objective, found.rating, found.drill.what) == (None, None, "two")


def test_an_exercise_is_kept_once_and_a_name_can_be_deleted(tmp_path: Path) -> None:
    """Added again it is replaced; a name is gone from every seat, and the seat with it if nobody else had it."""
    one = held("one", "2026-01-07", [])
    assert with_exercise([one], one) == [one]
    assert one.without("Lin").people == {"operator": ["Chen"]}
    file = tmp_path / "history.jsonl"
    file.write_text(f"{one.model_dump_json()}\n\n", encoding="utf-8")
    assert read_history(file) == [one]
    assert read_history(tmp_path / "none") == []


def test_a_deleted_name_does_not_come_back(tmp_path: Path) -> None:
    """When the room from which the exercise came is added again; its other names, and what else changed, do."""
    one = held("one", "2026-01-07", [])
    again = one.model_copy(update={"team": "days"})
    (kept,) = with_exercise([one.without("Lin")], again)
    assert (kept.people, kept.team, kept.forgotten) == ({"operator": ["Chen"]}, "days", 2)
    assert with_exercise([one], again) == [again]


def test_a_line_that_is_no_exercise_is_named(tmp_path: Path) -> None:
    """With its number."""
    file = tmp_path / "history.jsonl"
    file.write_text(f"{held('one', '2026-01-07', []).model_dump_json()}\n{{}}\n", encoding="utf-8")
    with pytest.raises(InputError, match="no exercise") as error:
        read_history(file)
    assert error.value.line == 2


def test_what_is_kept_of_a_review() -> None:
    """Figures, ratings, names; nothing that anybody said."""
    review = reviewed().review
    kept = held_exercise(review, "nights")
    assert kept.failed_orders == review.measures.orders.failed_orders
    assert kept.commands == ["cut-off-bank-a", "restart-counter"]
    assert kept.people == {"operator": [MARKUP]}
    assert set(kept.ratings) == {rating.objective for rating in review.ratings}
