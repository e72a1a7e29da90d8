"""What exercise control adds to a review by hand: ratings that it decides otherwise, whether what was expected of an inject was done, and the
improvement plan. It stands in `review.yaml` of the room's folder, which people edit."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, JsonValue, field_validator

from chaos.documents.drill import Drill, Seat, Text
from chaos.i18n.texts import LocalizedText, duration_text, join, translate
from chaos.results.review import AlarmReview, DecisionReview, Improvement, ObjectiveRating, Override, Rating
from chaos.room.review.playing import words
from simcore.base.errors import suggest
from simcore.base.model import Model, Name
from simcore.base.units import MINUTE
from simcore.files.document import read_document
from simcore.files.validation import Finding, findings_error, validate

FILE = "review.yaml"
STALE_S = 5 * MINUTE / 1e9
"""An approval that lay for longer than this before the command was begun is a finding: a guess."""
_Line = Annotated[str, Field(max_length=2000)]


class RatingNote(Model):
    """A rating that exercise control decides, and why."""

    rating: Rating
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    by: _Line = ""


class InjectNote(Model):
    """Whether what was expected of an inject was done."""

    done: bool
    note: _Line = ""


class PlanLine(Model):
    """A line of the improvement plan; `finding` in both languages or in one's own words."""

    finding: Text | Annotated[str, Field(min_length=1, max_length=2000)]
    change: _Line = ""
    owner: _Line = ""
    by: Annotated[str, Field(description="date, year-month-day")] = ""
    state: Literal["open", "under_way", "done"] = "open"

    @field_validator("by")
    @classmethod
    def _a_date(cls, value: str) -> str:
        parts = value.split("-")
        if value and ([len(p) for p in parts] != [4, 2, 2] or not all(p.isdigit() for p in parts)):
            raise ValueError("write the date as 2026-12-31, in quotes")
        return value


class Notes(Model):
    """The file `review.yaml`."""

    kind: Literal["review-notes"]
    ratings: dict[Name, RatingNote] = {}
    injects: dict[Name, InjectNote] = {}
    participants: dict[Seat, list[Annotated[str, Field(min_length=1, max_length=60)]]] = {}
    plan: list[PlanLine] = []

    def overrides(self) -> Mapping[str, Override]:
        """The ratings by objective."""
        return {name: Override(rating=n.rating, reason=n.reason, by=n.by) for name, n in self.ratings.items()}

    def improvements(self) -> list[Improvement]:
        """The plan."""
        return [
            Improvement(finding=words(line.finding), change=line.change, owner=line.owner, by=line.by, state=line.state)
            for line in self.plan
        ]


def read_notes(folder: Path, drill: Drill) -> Notes | None:
    """The notes of a room; None if there are none yet. Raises InputError with file, line and column for what is wrong in them."""
    path = folder / FILE
    if not path.exists():
        return None
    tree = read_document(path, "notes")
    notes = validate(Notes, tree)
    objectives, injects = [o.objective for o in drill.objectives], [i.inject for i in drill.injects]
    wrong = [_unknown("ratings", name, "objective", objectives) for name in notes.ratings if name not in objectives]
    wrong += [_unknown("injects", name, "inject", injects) for name in notes.injects if name not in injects]
    wrong += [_unknown("participants", seat, "seat", drill.seats) for seat in notes.participants if seat not in drill.seats]
    if wrong:
        raise findings_error(tree, Notes, wrong)
    return notes


def _unknown(where: str, name: str, what: str, known: Iterable[str]) -> Finding:
    return Finding((where, name), f"the drill has no {what} {name!r}", suggest(name, known), at_key=True)


# --- a first plan ---------------------------------------------------------------------------------------------------------------


def findings(
    ratings: Sequence[ObjectiveRating], decisions: Sequence[DecisionReview], alarms: Sequence[AlarmReview]
) -> list[LocalizedText]:
    """What should stand in an improvement plan: objectives that were not met as they should, actions that hurt, approvals that were old
    when they were used, alarms that nobody took up."""
    missed = {alarm.name: _said(alarm.title) for alarm in alarms if alarm.taken_ns is None and not alarm.false}
    return [
        *(
            translate("review.finding.objective", text=_said(r.text), rating=translate(f"review.rating.{r.rating}"))
            for r in ratings
            if r.rating not in (None, "P")
        ),
        *(translate(f"review.finding.{d.effect}", title=_said(d.title)) for d in decisions if d.effect in ("hurt", "mixed")),
        *(
            translate("review.finding.stale", title=_said(d.title), time=duration_text(d.waited_s))
            for d in decisions
            if d.waited_s is not None and d.waited_s > STALE_S
        ),
        *([translate("review.finding.missed", title=join(list(missed.values()), ", ", "、"))] if missed else []),
    ]


def _said(text: object) -> LocalizedText:
    return LocalizedText(getattr(text, "en", ""), getattr(text, "zh", ""))


def first_notes(found: Iterable[LocalizedText]) -> Notes:
    """Notes to begin with: what was found, for people to say what is changed, by whom and when."""
    return Notes(kind="review-notes", plan=[PlanLine(finding=Text(en=text.en, zh=text.zh)) for text in found])


_HEAD = """\
# What exercise control adds to the review of this exercise. Edit it, and run `coredrill room review` again.
# ratings:      OBJECTIVE: {rating: P|S|M|U, reason: why it is not what the bounds say, by: who says so}
# injects:      INJECT: {done: true|false, note: what was done}
# participants: SEAT: [names]
# plan:         finding, change, owner, by (a date in quotes), state (open, under_way, done)
"""


def write_notes(folder: Path, notes: Notes) -> Path:
    """Writes the file, which must not be there yet."""
    content: dict[str, JsonValue] = notes.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump({"kind": notes.kind, **content}, allow_unicode=True, sort_keys=False, width=130)
    path, new = folder / FILE, folder / f".{FILE}.{os.getpid()}"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(_HEAD + text)
    os.link(new, path)  # whole, and not in the place of one that is there
    new.unlink()
    return path
