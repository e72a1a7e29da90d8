"""The file in which exercises are kept, a line each; and what to practise next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from chaos.results.drill_history import HeldExercise, LastTime, Next
from chaos.results.review import Rating
from simcore.base.errors import InputError, os_reason
from simcore.base.model import first_mistake

WORST: dict[Rating | None, int] = {"U": 4, "M": 3, "S": 2, None: 1, "P": 0}
"""How much a rating asks for practice."""


def read_history(path: Path) -> list[HeldExercise]:
    """The exercises of a file, oldest first; none if it is not there. Raises InputError with the line of what is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "it is no UTF-8 text"
        raise InputError(f"{path}: {reason}", hint="name a file that `coredrill room history` has written") from None
    return sorted((_read(path, n, line) for n, line in enumerate(lines, 1) if line.strip()), key=lambda one: one.held)


def _read(path: Path, number: int, line: str) -> HeldExercise:
    try:
        return HeldExercise.model_validate_json(line)
    except ValidationError as error:
        hint = "name a file that `coredrill room history` has written"
        raise InputError(f"no exercise: {first_mistake(error)}", hint=hint, file=str(path), line=number, column=1) from None


def with_exercise(history: Iterable[HeldExercise], one: HeldExercise) -> list[HeldExercise]:
    """The history with an exercise; one that is there already is replaced, but names that were deleted from it stay so."""
    known = list(history)
    kept = next((other for other in known if other.key == one.key), one)
    return sorted([*(other for other in known if other.key != one.key), one.added_again(kept)], key=lambda held: held.held)


def what_next(history: Sequence[HeldExercise], drills: Mapping[str, Sequence[str]]) -> Next:
    """What the history asks for; what was never done comes first. `drills` has the commands of each drill that there is, at least one."""
    held = [LastTime(drill, drill, _last(history, drill)) for drill in drills]
    begun = [LastTime(drill, c, _last(history, drill, c)) for drill, commands in drills.items() for c in commands]
    latest = {one.drill: one for one in history if one.drill in drills}
    rated = [(rating, LastTime(one.drill, name, one.held)) for one in latest.values() for name, rating in one.ratings.items()]
    worst = max(rated, key=lambda row: WORST[row[0]], default=None)
    none = worst is None or worst[0] == "P"
    return Next(
        min(held, key=_order),
        min(begun, key=_order, default=None),
        None if none or worst is None else worst[1],
        None if none or worst is None else worst[0],
    )


def _last(history: Iterable[HeldExercise], drill: str, command: str | None = None) -> str:
    return max((one.held for one in history if one.drill == drill and (command is None or command in one.commands)), default="")


def _order(one: LastTime) -> tuple[str, str, str]:
    return one.last, one.drill, one.what
