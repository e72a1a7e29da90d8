"""The facilitator's guide of a drill, Markdown, from the drill's file: purpose, seats, list of events, what to watch, and what to talk about
afterwards. Trainees do not read it: it names the fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from chaos.documents.drill import TIMES, Drill, Inject, ObjectiveMeasure, Seat, Text, When
from chaos.i18n.texts import LocalizedText, duration_text, join, translate, untranslated
from chaos.measures.formatting import Language, instant, minute, number
from chaos.room.exercise.prepared import PreparedDrill
from chaos.room.exercise.records import both
from simcore.base.units import MINUTE, SECOND

Row = Sequence[str]


def guide(drill: PreparedDrill, language: Language, figures: Iterable[Row] = ()) -> str:
    """The guide in a language. `figures` are what each way to answer the drill comes to: way, failed orders, impaired time, grade."""
    text = "\n".join([*_parts(drill, language, list(figures))]) + "\n"
    return text.replace("<", "&lt;")  # a drill's words are text, never markup


def _parts(prepared: PreparedDrill, language: Language, figures: Sequence[Row]) -> Iterator[str]:
    drill = prepared.model

    def say(key: str, **parts: object) -> str:
        return translate(f"guide.{key}", **parts)[language]

    window = prepared.scenario.window
    yield f"# {say('title', shown=both(drill.shown_as), title=LocalizedText(drill.title, drill.title_zh or drill.title))}"
    yield ""
    yield say("made", name=drill.name)
    yield from _section(
        say("purpose"), [drill.description] if language == "en" and drill.description else [], _texts(drill, language)
    )
    yield from _section(
        say("time"),
        [say("time.text", begin=minute(window.begin), end=minute(window.end), speed=number(drill.speed), wall=_wall(prepared))],
    )
    yield from _section(say("seats"), [], _seats(drill, language))
    if figures:
        head = [translate(f"room.rehearsal.{name}")[language] for name in ("way", "failed", "impaired", "grade")]
        yield from _section(say("figures"), [say("figures.note", name=drill.name)], table(head, figures))
    yield from _section(
        say("events"), [say("events.note")], table([say(f"events.{c}") for c in COLUMNS], _events(drill, language))
    )
    yield from _section(
        say("watch"),
        [],
        [f"- {_title(drill, e.by)[language]}: {both(e.text)[language]} ({_within(e.within)[language]})" for e in drill.expected],
    )
    yield from _section(say("hints"), [], [f"- {both(hint.text)[language]}" for hint in drill.hints])
    yield from _section(say("hot_wash"), [], [f"- {both(text)[language]}" for text in drill.hot_wash])


def _section(title: str, texts: Iterable[str], lines: Iterable[str] = ()) -> Iterator[str]:
    found, rows = list(texts), list(lines)
    if found or rows:
        yield f"\n## {title}\n"
        yield from found
        if found and rows:
            yield ""
        yield from rows


def table(head: Row, rows: Iterable[Row]) -> list[str]:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines]


def _texts(drill: Drill, language: Language) -> list[str]:
    """The objectives with the bounds of their grades."""
    found = []
    for objective in drill.objectives:
        bounds = [_bound(objective.measure, bound)[language] for bound in (objective.performed, objective.some, objective.major)]
        found.append(f"- {both(objective.text)[language]} ({translate('review.bounds', bounds=' · '.join(bounds))[language]})")
    return found


def _bound(measure: ObjectiveMeasure, bound: int) -> LocalizedText:
    return duration_text(bound / SECOND) if measure in TIMES else untranslated(number(bound))


def _wall(prepared: PreparedDrill) -> LocalizedText:
    window = prepared.scenario.window
    return duration_text((window.end - window.begin) / SECOND / prepared.model.speed)


def _within(within: int) -> LocalizedText:
    return translate("guide.within", time=duration_text(within / SECOND))


def _title(drill: Drill, seat: Seat) -> LocalizedText:
    rules = drill.seats.get(seat)
    return both(rules.title) if rules is not None else translate(f"room.seat.{seat}")


def _seats(drill: Drill, language: Language) -> list[str]:
    """Each seat with what it may do, and who has it when no person takes it."""
    found = []
    for seat, rules in drill.seats.items():
        commands = [both(c.title) for c in drill.commands.values() if seat in c.by]
        approves = [both(c.title) for c in drill.commands.values() if c.approver == seat]
        notices = [both(a.title) for a in drill.announcements.values() if seat in a.by]
        may = [
            translate(f"guide.may.{what}", titles=join(titles, ", ", "、"))
            for what, titles in (("propose", commands), ("approve", approves), ("announce", notices))
            if titles
        ]
        empty = translate(f"guide.empty.{rules.empty}")
        said = join([both(rules.title), join([*may, empty], "; ", "；")], ": ", "：")
        found.append(f"- {said[language]}")
    return found


COLUMNS = ("n", "when", "from", "what", "expected")


def _events(drill: Drill, language: Language) -> Iterator[Row]:
    for n, inject in enumerate(drill.injects, 1):
        sender = both(inject.sender)[language] if inject.sender is not None else translate(f"guide.kind.{inject.does}")[language]
        what = both(inject.title)[language] + ("" if inject.message is None else f": {both(inject.message)[language]}")
        yield str(n), _when(drill, inject)[language], sender, what, _said(inject.expected, language)


def _said(text: Text | None, language: Language) -> str:
    return "–" if text is None else both(text)[language]


def _when(drill: Drill, inject: Inject) -> LocalizedText:
    """When it is sent: a time, a condition, or by hand; and what holds it back."""
    at = None if inject.at is None else instant(inject.at) if inject.at % MINUTE else minute(inject.at)
    when = untranslated(at) if at is not None else _condition(drill, inject.when)
    if inject.unless is None:
        return when
    return join([when, translate("guide.unless", title=both(drill.announcements[inject.unless].title))], "; ", "；")


def _condition(drill: Drill, when: When | None) -> LocalizedText:
    if when is None:
        return translate("guide.by_hand")
    named: Callable[[str, LocalizedText], LocalizedText] = lambda what, title: translate(f"guide.when.{what}", title=title)  # noqa: E731
    if when.alarm is not None:
        alarm = drill.alarms.get(when.alarm)
        found = named("alarm", both(alarm) if alarm is not None else untranslated(when.alarm))
    elif when.command is not None:
        found = named(f"command.{when.reached}", both(drill.commands[when.command].title))
    elif when.announcement is not None:
        found = named("announcement", both(drill.announcements[when.announcement].title))
    else:
        found = named("counter", untranslated(when.counter or ""))
    return join([found, translate("guide.after", time=duration_text(when.after / SECOND))], ", ", "，") if when.after else found
