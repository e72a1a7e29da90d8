"""Rehearsals as reviews judge them: what each way to answer a drill comes to."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.documents.drill import SEATS
from chaos.execution.session import Session
from chaos.i18n.texts import LocalizedText
from chaos.measures.formatting import NONE, Language, duration, number
from chaos.room.exercise.prepared import PreparedDrill
from chaos.room.exercise.rehearsal import Way, entries_of, first_fault, ways
from chaos.room.review.playing import play


@dataclass(frozen=True)
class Rehearsed:
    """What came of a way: stock orders that failed and the impaired time, s, as in the result of a run, and the highest grade that people
    in the room would have seen (None: none was reached)."""

    failed: int
    impaired_s: float | None
    grade: LocalizedText | None


def rehearse(session: Session, drill: PreparedDrill, way: Way, seed: int = 1) -> Rehearsed:
    """Plays a way to its end. Raises InputError if the first fault has no time."""
    entries = entries_of(drill.model, way.steps, first_fault(drill.model)) if way.steps else []
    made = play(session, drill, seed, dict.fromkeys(SEATS, way.played), entries)
    grades = made.exercise.state.grades
    label = LocalizedText(grades[-1].grade.label, grades[-1].grade.label_zh or grades[-1].grade.label) if grades else None
    return Rehearsed(made.run.measures.orders.failed_orders, made.run.measures.impaired_s, label)


def table_of(drill: PreparedDrill, seed: int, language: Language) -> list[list[str]]:
    """A row for each way to answer a drill: the way, failed stock orders, impaired time, grade."""
    rows = []
    with Session() as session:
        for way in ways(drill.model):
            made = rehearse(session, drill, way, seed)
            grade = made.grade[language] if made.grade is not None else NONE
            rows.append([way.title[language], number(made.failed), duration(made.impaired_s, language=language), grade])
    return rows
