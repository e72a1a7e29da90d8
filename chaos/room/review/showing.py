"""What an exercise shows of itself: its alarms, what each seat did, reports and announcements, what was expected and done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chaos.documents.drill import Expected, Seat
from chaos.i18n.texts import LocalizedText
from chaos.results.review import AlarmReview, Deed, Evidence, ExpectedReview, InjectReview, LaneMark, Words
from chaos.room.exercise import messages as m
from chaos.room.exercise.figures import alarm_title
from chaos.room.exercise.messages import Entry
from chaos.room.exercise.state import State
from chaos.room.review.notes import Notes
from chaos.room.review.playing import words
from simcore.journal.model import Event

_OVER = ("done", "failed")


def alarms_of(events: Iterable[Event], entries: Sequence[Entry], state: State) -> list[AlarmReview]:
    """Every alarm that was raised, in order; one that was raised again stands again."""
    taken = [(e.at, e.message.alarm, e.seat) for e in entries if isinstance(e.message, m.Ack)]
    found: list[AlarmReview] = []
    standing: dict[str, int] = {}
    for event in events:
        name = event.subject if event.what != "ack" else str(event.detail.get("alarm"))
        if event.what in ("alarm", "false_alarm") and name not in standing:
            standing[name] = len(found)
            title = words(alarm_title(state.drill, name, state.own_names))
            found.append(AlarmReview(name=name, title=title, raised_ns=event.t_ns, false=event.what == "false_alarm"))
        elif event.what == "alarm_cleared" and name in standing:
            n = standing.pop(name)
            found[n] = found[n].model_copy(update={"cleared_ns": event.t_ns})
        elif event.what == "ack" and name in standing and found[n := standing[name]].taken_ns is None:
            by = next((seat for at, alarm, seat in taken if alarm == name and at == event.t_ns), "automated")
            found[n] = found[n].model_copy(update={"taken_ns": event.t_ns, "by": by})
    return found


def reported(entries: Iterable[Entry]) -> list[Evidence]:
    """The reports to the regulator."""
    return [Evidence(what="reported", at_ns=e.at, seat=e.seat) for e in entries if isinstance(e.message, m.Report)]


def announced(state: State, entries: Iterable[Entry]) -> list[Evidence]:
    """The announcements to customers."""
    known = state.drill.announcements
    return [
        Evidence(what="announced", at_ns=e.at, seat=e.seat, title=words(known[e.message.announcement].title))
        for e in entries
        if isinstance(e.message, m.Announce)
    ]


# --- lanes --------------------------------------------------------------------------------------------------------------------


def lanes_of(state: State, entries: Sequence[Entry]) -> list[LaneMark]:
    """What each seat did, in order of time."""
    marks = [*_of_entries(state, entries), *_of_commands(state), *_of_looks(state), *_of_absences(state)]
    return sorted(marks, key=lambda mark: (mark.at_ns, mark.seat, mark.deed))


def _of_entries(state: State, entries: Sequence[Entry]) -> Iterator[LaneMark]:
    proposed = list[str]()
    for entry in entries:
        message = entry.message
        if isinstance(message, m.Ack):
            yield _mark(entry, "ack", alarm_title(state.drill, message.alarm, state.own_names))
        elif isinstance(message, m.Propose):
            proposed.append(message.command)
            yield _mark(entry, "propose", words(state.drill.commands[message.command].title))
        elif isinstance(message, m.Approve | m.Refuse | m.Withdraw):
            name = proposed[int(message.command_id[1:]) - 1]
            yield _mark(entry, message.kind, words(state.drill.commands[name].title))
        elif isinstance(message, m.Say):
            yield _mark(entry, "say", message.text)
        elif isinstance(message, m.Report):
            yield _mark(entry, "report", message.text)
        elif isinstance(message, m.Announce):
            yield _mark(entry, "announce", words(state.drill.announcements[message.announcement].title))


def _mark(entry: Entry, deed: Deed, text: Words | LocalizedText | str) -> LaneMark:
    shown = text if isinstance(text, Words) else words(text)
    return LaneMark(seat=entry.seat, deed=deed, at_ns=entry.at, text=shown)


def _of_commands(state: State) -> Iterator[LaneMark]:
    for command in state.commands.values():
        if "begun" in command.times:
            end = next((command.times[over] for over in _OVER if over in command.times), None)
            title = words(command.rules.title)
            yield LaneMark(seat=command.by, deed="command", at_ns=command.times["begun"], until_ns=end, text=title)


def _of_looks(state: State) -> Iterator[LaneMark]:
    for look in state.looks.values():
        yield LaneMark(seat=look.by, deed="look", at_ns=look.began, until_ns=look.ends, text=words(look.rules.title))


def _of_absences(state: State) -> Iterator[LaneMark]:
    for inject in state.injects:
        if inject.rules.absent is not None and inject.done_at is not None:
            until = None if inject.rules.lasts is None else inject.done_at + inject.rules.lasts
            title = words(inject.rules.title)
            yield LaneMark(seat=inject.rules.absent, deed="absent", at_ns=inject.done_at, until_ns=until, text=title)


# --- what was expected --------------------------------------------------------------------------------------------------------


def injects_of(state: State, notes: Notes) -> list[InjectReview]:
    """The list of events, with exercise control's word on each."""
    found = []
    for inject in state.injects:
        rules, note = inject.rules, notes.injects.get(inject.rules.inject)
        found.append(
            InjectReview(
                number=inject.number,
                inject=rules.inject,
                title=words(rules.title),
                kind=rules.does,
                sent_ns=inject.done_at,
                expected=None if rules.expected is None else words(rules.expected),
                done=None if note is None else note.done,
                note="" if note is None else note.note,
            )
        )
    return found


def expected_of(state: State, entries: Sequence[Entry], *, alone: bool = False) -> list[ExpectedReview]:
    """What the file expects of seats, and when each did it first since the first fault. Where one person is `alone` in all of them it counts
    whichever seat did it."""
    since, found = state.first_fault(), []
    for line in state.drill.expected:
        times = [
            at for at, seat in _times(state, line, entries) if since is not None and at >= since and (alone or seat == line.by)
        ]
        due = None if since is None else since + line.within
        found.append(ExpectedReview(text=words(line.text), seat=line.by, due_ns=due, done_ns=min(times, default=None)))
    return found


_DEEDS = {"acknowledge": "ack", "announce": "announce", "report": "report", "refuse": "refuse"}
"""What is expected, and the kind of message by which it is done."""
Done = tuple[int, Seat]
"""When something was done, ns, and in which seat."""


def _times(state: State, line: Expected, entries: Sequence[Entry]) -> Iterator[Done]:
    """Whenever somebody did what a line expects."""
    if line.does is not None:
        yield from ((entry.at, entry.seat) for entry in entries if entry.message.kind == _DEEDS[line.does])
    elif line.look is not None:
        yield from ((look.began, look.by) for look in state.looks.values() if look.name == line.look)
    elif line.announcement is not None:
        made = ((entry, entry.message) for entry in entries)
        yield from (
            (entry.at, entry.seat)
            for entry, message in made
            if isinstance(message, m.Announce) and message.announcement == line.announcement
        )
    elif line.command is not None:
        approver = state.drill.commands[line.command].approver
        reached = "approved" if approver == line.by else "proposed"
        for command in state.commands.values():
            if command.name == line.command and reached in command.times:
                yield command.times[reached], line.by if reached == "approved" else command.by
