"""Exercises over time: parts of the recovery and failed orders by date and team, and what to practise next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chaos.i18n.texts import LocalizedText, duration_text, join, translate
from chaos.measures.formatting import Language, number
from chaos.reports.many_runs import ManyRunsPage, Picture, Table
from chaos.reports.plots import Value, plot
from chaos.results.drill_history import HeldExercise, Next

PARTS = ("detect", "decide", "act", "restore")


def trends_page(history: Sequence[HeldExercise], asked: Next, language: Language) -> str:
    """The page, HTML, in one language: a picture a part of the recovery, and a table."""
    return ManyRunsPage(
        title=translate("history.title")[language],
        lead=translate("history.lead", n=len(history))[language],
        notes=[text[language] for text in next_texts(asked)],
        pictures=[picture for part in (*PARTS, "failed") if (picture := _picture(history, part, language)) is not None],
        grids=[],
        details=Table([text[language] for text in head()], [row(one, language) for one in history]),
    ).html()


def next_texts(asked: Next) -> Iterator[LocalizedText]:
    """What to practise next, in sentences."""
    never = translate("history.never")
    yield translate("history.next.drill", drill=asked.drill.drill, last=asked.drill.last or never)
    if asked.objective is not None:
        rating = translate(f"review.rating.{asked.rating or 'none'}")
        yield translate("history.next.objective", objective=asked.objective.what, drill=asked.objective.drill, rating=rating)
    if asked.command is not None:
        yield translate(
            "history.next.command", command=asked.command.what, drill=asked.command.drill, last=asked.command.last or never
        )


def _picture(history: Sequence[HeldExercise], part: str, language: Language) -> Picture | None:
    """None where no exercise has the figure."""
    values = [(n, _figure(one, part), one) for n, one in enumerate(history)]
    shown = [Value(n, value, f"{one.held} {one.team}".strip()) for n, value, one in values if value is not None]
    if not shown:
        return None
    title = translate(f"history.part.{part}")[language]
    written: Callable[[float], str] = number if part == "failed" else lambda y: duration_text(y)[language]
    return Picture(title, plot(shown, translate("history.exercises")[language], title, written, joined=True))


def _figure(one: HeldExercise, part: str) -> float | None:
    figures: dict[str, float | None] = {
        "detect": one.detect_s,
        "decide": one.decide_s,
        "act": one.act_s,
        "restore": one.restore_s,
        "failed": one.failed_orders,
    }
    return figures[part]


def head() -> list[LocalizedText]:
    """The head of the table."""
    return [
        translate(f"history.head.{name}")
        for name in ("held", "drill", "team", "people", *PARTS, "failed", "nobody", "best", "ratings")
    ]


def row(one: HeldExercise, language: Language) -> list[str]:
    """An exercise in the table."""
    people = ", ".join(dict.fromkeys(name for names in one.people.values() for name in names))
    ratings = " ".join(f"{name} {rating or '–'}" for name, rating in one.ratings.items())
    counts = ["–" if count is None else number(count) for count in (one.failed_orders, one.nobody, one.best)]
    times = [duration_text(_figure(one, part))[language] for part in PARTS]
    return [one.held, one.title_en if language == "en" else one.title_zh, one.team, people, *times, *counts, ratings]


def short_head() -> list[LocalizedText]:
    """The head of the table in a terminal."""
    parts = join([translate(f"history.head.{part}") for part in PARTS], " · ", " · ")
    rest = [translate(f"history.head.{name}") for name in ("failed", "nobody", "best", "ratings")]
    return [*(translate(f"history.head.{name}") for name in ("held", "drill", "team")), parts, *rest]


def short_row(one: HeldExercise, language: Language) -> list[str]:
    """An exercise in a terminal: the letters of its ratings in the order of its objectives."""
    times = " · ".join(duration_text(_figure(one, part))[language] for part in PARTS)
    counts = ["–" if count is None else number(count) for count in (one.failed_orders, one.nobody, one.best)]
    return [one.held, one.drill, one.team, times, *counts, "".join(rating or "–" for rating in one.ratings.values())]
