"""The part of docs/predictions.md that `coredrill predict` makes: what was predicted of each case, Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.measures.formatting import NONE, counted, percent
from chaos.results.prediction import Answer, CasePrediction, PredictedRange

BEGIN, END = "<!-- made by: coredrill predict --markdown docs/predictions.md -->\n", "<!-- end -->\n"
GUESSES = ("guess", "from", "to", "drawn", "rests on")
HEAD = ("question", "measure", "median", "90 % interval, chance and guesses", "90 % interval, chance alone")


def page(cases: Sequence[CasePrediction], before: str) -> str:
    """The page `before` with what the command makes of it put in again; an empty one gets a heading."""
    made = BEGIN + block(cases) + END
    head, begin, rest = before.partition(BEGIN)
    if not begin:
        return f"{before.rstrip()}\n\n{made}" if before.strip() else f"# Predictions\n\n{made}"
    return head + made + rest.partition(END)[2]


def block(cases: Sequence[CasePrediction]) -> str:
    """What stands between the marks: the cases, one after another."""
    return "\n".join(section(case) for case in cases)


def section(case: CasePrediction) -> str:
    """One case: what is modelled, the questions with what is predicted, what is missing, the guesses."""
    asked = [answer for answer in case.answers if answer.measure]
    parts = [f"## {case.name}", "", f"**{case.title}.** {' '.join(case.description.split())}", ""]
    parts += [*_table(HEAD, [cells(answer) for answer in asked]), ""]
    parts += [f"Runs of each kind: {case.seeds}, with seeds from {case.first_seed} on.{_judged(case)}{_coverage(asked)}", ""]
    parts += [
        f"- {answer.question} Not predicted, the facts imply it: {answer.given}." for answer in case.answers if answer.given
    ]
    parts += [f"- {answer.question} Not answered. Missing: {answer.missing}." for answer in case.answers if answer.missing]
    parts += [
        "",
        *_table(GUESSES, [[guess.what, guess.low, guess.high, guess.spread, guess.source] for guess in case.guesses]),
        "",
    ]
    return "\n".join([*parts, f"Sources: {' · '.join(case.source)}", ""])


def cells(answer: Answer) -> list[str]:
    """A question that the model answers as the cells of a row. Of a bound it is how likely it is kept."""
    measure = f"`{answer.measure}` {answer.bound}".strip()
    if answer.predicted is None or answer.chance is None:
        return [answer.question, measure, NONE, f"kept in {percent(answer.share)}", f"kept in {percent(answer.chance_share)}"]
    return [answer.question, measure, answer.predicted.median_shown, answer.predicted.range_shown, answer.chance.range_shown]


def _coverage(answers: Sequence[Answer]) -> str:
    ranges: list[PredictedRange] = [
        found for answer in answers for found in (answer.predicted, answer.chance) if found is not None
    ]
    least = min((found.coverage for found in ranges), default=0.9)
    return "" if least >= 0.9 - 1e-9 else f" So few runs make intervals of {percent(least)}, not of 90 %."


def _judged(case: CasePrediction) -> str:
    """How many of the drawn runs could be judged, where that is not all: others contradict the facts, or showed nothing."""
    runs = min((answer.predicted.runs for answer in case.answers if answer.predicted is not None), default=case.seeds)
    return "" if runs == case.seeds else f" Of those with drawn guesses {runs} count, the others contradict the facts."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def summary(cases: Sequence[CasePrediction]) -> str:
    """How much was predicted, in a line."""
    answers = [answer for case in cases for answer in case.answers]
    predicted = sum(answer.measure is not None for answer in answers)
    return f"{counted(len(cases), 'case')}: {predicted} of {counted(len(answers), 'question')} answered"
