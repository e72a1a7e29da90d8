"""What people call faults and properties: each says it itself, in its own file."""

from __future__ import annotations

from chaos.checkers.catalogue import all_checkers
from chaos.faults.catalogue import all_faults
from chaos.i18n.texts import LocalizedText, translate
from chaos.results.run import Grade, RunResult


def fault_name(name: str) -> LocalizedText:
    """A fault: in English the word that files have for it. One that is not installed here by that word alone."""
    fault = all_faults().get(name)
    return LocalizedText(name, (fault.title_zh if fault is not None else "") or name)


def property_name(name: str) -> LocalizedText:
    """A property of the system; one that is not checked here by the word that files have for it."""
    checker = all_checkers().get(name)
    title = (checker.title if checker is not None else "") or name
    return LocalizedText(title, (checker.title_zh if checker is not None else "") or title)


def own_text(run: RunResult, text: str) -> LocalizedText:
    """A text of the scenario that was run (its title, the name of a step, a line of its timeline): in Chinese as its file says it."""
    return LocalizedText(text, run.chinese.get(text, text))


def grade_text(grade: Grade) -> LocalizedText:
    """A grade: its word with the rule set's own for it, if that is English; in Chinese the latter alone."""
    word = translate(f"grade.{grade.grade or 'null'}")
    if grade.grade in (None, "none"):
        return word
    own = grade.label if grade.label != grade.grade else ""
    return LocalizedText(f"{word.en} ({own})" if own and own.isascii() else word.en, grade.label_zh or own or word.zh)


def grade_basis(grade: Grade) -> LocalizedText:
    """Why a grade cannot be decided, else what its rule rests on; empty where neither is said."""
    if grade.why:
        return LocalizedText(grade.why, grade.why_zh or grade.why)
    return LocalizedText(grade.source or "", grade.source_zh or grade.source or "")
