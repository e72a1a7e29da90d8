"""A review in some lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from chaos.i18n.causal import difference_text
from chaos.i18n.texts import duration_text, join, translate, untranslated
from chaos.measures.formatting import Language, instant, number
from chaos.reports.review.page import EFFECT_SIGNS, RATING_SIGNS, course_texts, held_text, lead, said, value_text
from chaos.results.review import Review


def lines(review: Review, language: Language) -> Iterator[str]:
    """Title and what mattered; objectives; courses; decisions."""
    yield f"{said(review.shown_as)[language]}: {said(review.title)[language]}"
    yield held_text(review)[language]
    yield from (course[language] for course in course_texts(review))
    yield lead(review)[language]
    yield ""
    for rating in review.ratings:
        value = translate("review.evidence.never") if rating.value is None else value_text(rating, rating.value)
        word = translate(f"review.rating.{rating.rating or 'none'}")
        yield f"{rating.rating or '–'} {RATING_SIGNS[rating.rating]} {said(rating.text)[language]}: {value[language]} ({word[language]})"
    yield ""
    for played in review.courses:
        figures = played.figures
        parts = [
            translate(f"review.course.{played.course}"),
            join([translate("review.head.failed"), untranslated(number(figures.failed_orders))], " ", " "),
            join([translate("review.head.duplicated"), untranslated(number(figures.duplicated))], " ", " "),
            join([translate("review.head.impaired"), duration_text(figures.impaired_s)], " ", " "),
        ]
        yield "  ".join(part[language] for part in parts)
    for decision in review.decisions:
        text = translate(f"review.effect.{decision.effect}")[language]
        what = difference_text(decision.difference)[language]
        yield f"{decision.number}. {instant(decision.begun_ns)} {said(decision.title)[language]}: {EFFECT_SIGNS[decision.effect]} {text}; {what}"
