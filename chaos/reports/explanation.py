"""What explains a verdict, as lines for a terminal in both languages. Reads the result alone."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.i18n.texts import LocalizedText, shipped_name, translate, untranslated
from chaos.measures.catalogue import measures
from chaos.measures.formatting import Language
from chaos.reports.tables import measure_name, table
from chaos.results.explanation import ExplanationResult, GuessEffect, SearchedGuess

SHOWN = 12
"""So many guesses are listed; the JSON has all."""


def explanation_lines(result: ExplanationResult) -> list[LocalizedText]:
    """The verdict, the guesses with the largest effects, and where it flips."""
    counts = result.summary
    head = translate(
        "explain.head" if result.against is None else "explain.head.pair",
        scenario=result.scenario,
        architecture=shipped_name(result.architecture),
        against=shipped_name(str(result.against)),
        environment=shipped_name(str(result.environment)),
        verdict=_verdict(result, result.verdict),
        seeds=len(result.seeds),
    )
    screened = translate(
        "explain.screened",
        guesses=len(result.guesses),
        runs=counts.screening,
        walks=counts.walks,
        measure=measure_name(result.measure.name, ()),
    )
    moving = [guess for guess in result.guesses if guess.absolute]
    still = len(result.guesses) - len(moving)
    lines = [head, screened, untranslated(""), *(_table(result, moving[:SHOWN]) if moving else [])]
    lines += [translate("explain.more", n=len(moving) - SHOWN)] if len(moving) > SHOWN else []
    lines += [translate("explain.still", n=still)] if still else []
    lines.append(untranslated(""))
    if not result.decided:
        return [*lines, translate("explain.undecided")]
    if not result.searched:
        return [*lines, translate("explain.nothing")]
    return [
        *lines,
        *(line for guess in result.searched for line in _flips(result, guess)),
        translate("explain.runs", runs=counts.runs),
    ]


def _verdict(result: ExplanationResult, verdict: str) -> LocalizedText:
    return translate(f"verdict.{verdict}" if result.against is None else f"explain.verdict.{verdict}")


def _table(result: ExplanationResult, shown: Sequence[GuessEffect]) -> list[LocalizedText]:
    rendered = [
        table(
            [translate(f"explain.column.{c}")[language] for c in ("guess", "standing", "range", "effect", "deviation")],
            [_row(result, guess, language) for guess in shown],
        )
        for language in ("en", "zh")
    ]
    return [LocalizedText(en, zh) for en, zh in zip(*rendered, strict=True)]


def _row(result: ExplanationResult, guess: GuessEffect, language: Language) -> list[str]:
    several = f" ({guess.values})" if guess.values > 1 else ""
    return [
        guess.name + several,
        guess.standing,
        f"{guess.low} – {guess.high}",
        _amount(result, guess.absolute, guess.mean, language),
        _amount(result, guess.deviation, None, language),
    ]


def _amount(result: ExplanationResult, value: float | None, sign: float | None, language: Language) -> str:
    """A change of the measure, with + or − where all go one way."""
    if value is None:
        return "–"
    one_way = sign is not None and value > 0 and abs(abs(sign) - value) <= 1e-9 * value
    mark = ("+" if sign is not None and sign > 0 else "−") if one_way else ""
    return mark + measures().find(result.measure.name).difference_text(value, language)


def _flips(result: ExplanationResult, guess: SearchedGuess) -> Sequence[LocalizedText]:
    if guess.flips:
        return [
            translate(
                "explain.flip", guess=guess.name, kept=flip.kept, flipped=flip.flipped, verdict=_verdict(result, flip.verdict)
            )
            for flip in guess.flips
        ]
    ends = [_verdict(result, end) for end in (guess.at_low, guess.at_high) if end is not None]
    same = all(end in (result.verdict, None) for end in (guess.at_low, guess.at_high))
    if same:
        return [translate("explain.no_flip", guess=guess.name)]
    low, high = ends[0], ends[-1]
    return [translate("explain.no_flip.ends", guess=guess.name, low=low, high=high)]
