"""The exercise and its clock: what people send goes in, what each seat is to be sent comes out. It asks no clock itself: whoever calls
says what the time on the wall is, monotonic, s."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, assert_never

from pydantic import JsonValue

from chaos.documents.drill import SEATS, Seat
from chaos.i18n.texts import LocalizedText, translate
from chaos.room.exercise.messages import End, Entry, ExerciseMessage, Say
from chaos.room.protocol.changes import JsonObject, changes
from chaos.room.protocol.incoming import Branch, Clock, Expect, GoOn, Hello, Incoming, Ready, RoomMessage, Start
from chaos.room.protocol.state import rows
from chaos.room.server.folder import Branch as KeptBranch
from chaos.room.server.folder import ClockState, RoomFolder, Session
from chaos.room.server.pacing import Pacing
from chaos.room.server.solo import SOLO_SEAT, merged, sender
from simcore.base.errors import InputError
from simcore.base.units import SECOND
from simcore.journal.model import Journal
from simcore.journal.writer import write_journal

_REMEMBERED = 512
"""Answers to a seat that are kept, so that a message sent again after a lost connection acts once."""


class RoomExercise(Protocol):
    """What a room needs of an exercise (chaos.room.exercise.exercise)."""

    @property
    def now(self) -> int:
        """The instant at which it stands, ns."""

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""

    def advance(self, until: int) -> None:
        """Takes all that happens before `until`, ns."""

    def take(self, entry: Entry) -> None:
        """Does what an entry says. Raises InputError."""

    def view(self, seat: Seat) -> dict[str, JsonValue]:
        """What a seat may see now."""

    def finish(self) -> Journal:
        """The journal."""


class Outgoing(NamedTuple):
    """What a seat is to be sent: an answer, or how its state has changed."""

    seat: Seat
    kind: str
    body: JsonObject


class RefusedByRoom(InputError):  # noqa: N818 — named as what is sent
    """What the room itself does not allow now."""

    def __init__(self, key: str, hint: str = "") -> None:
        self.text: LocalizedText = translate(f"room.server.{key}")
        super().__init__(self.text.en, hint=hint)


@dataclass(frozen=True)
class Reply:
    """What a message is answered: done, or why not."""

    id: str
    why_not: InputError | None = None

    def frame(self) -> JsonObject:
        """As it is sent."""
        error = self.why_not
        if error is None:
            return {"kind": "done", "id": self.id}
        text = getattr(error, "text", LocalizedText(error.message, error.message))
        return {"kind": "refused", "id": self.id, "message": {"en": text.en, "zh": text.zh}, "hint": error.hint}


def carry_out(exercise: RoomExercise, entries: Iterable[Entry]) -> list[Reply]:
    """Takes entries that were taken before, to the same end: what was refused then is refused again. What each is answered."""
    replies = []
    for entry in entries:
        exercise.advance(entry.at)
        try:
            exercise.take(entry)
        except InputError as error:
            replies.append(Reply(entry.message.id, error))
        else:
            replies.append(Reply(entry.message.id))
    return replies


class Conductor:
    """An exercise under way. Made on a folder that has entries, it has carried them out, and waits, paused, where time stood. Once it has
    `moved`, it is the room's no more: another one, made on the same folder, goes on in the branch that was chosen."""

    def __init__(self, exercise: RoomExercise, session: Session, folder: RoomFolder) -> None:
        self._exercise, self._session, self._room, self._folder = exercise, session, folder, folder.current()
        self._begin, self._in_branch = exercise.now, folder.current_branch()
        self.moved = False
        self._pacing = Pacing(session.speed)
        self.state: ClockState = "lobby"
        self._paused_since: float | None = None
        self._present: dict[Seat, str] = {}
        self._ready: set[Seat] = set()
        self._branches: list[JsonObject] = []
        self._sent: dict[Seat, JsonObject] = {}
        self._answers: dict[Seat, OrderedDict[str, JsonObject]] = {}
        self._entries: list[Entry] = self._folder.entries()
        self._last: dict[Seat, JsonObject] | None = None
        """What the seats see of an exercise that has ended: it cannot be asked any more."""
        self._ended_at = 0
        self._alarmed = False
        self._go_on()

    def _go_on(self) -> None:
        for entry, reply in zip(self._entries, carry_out(self._exercise, self._entries), strict=True):
            self._remember(SOLO_SEAT if self._session.solo else entry.seat, entry.message.id, reply.frame())
        for branch in self._room.branches():
            self._keep(branch)
        mark = self._folder.last_mark()
        if mark is not None:
            self._exercise.advance(max(mark.at, self._exercise.now))
            self._pacing.speed = mark.speed
            self.state = "paused" if mark.state == "running" else mark.state
        if self._exercise.over:
            self._finish()
        else:
            self._alarmed = self._alarms()

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Those that somebody can have."""
        return tuple(seat for seat in SEATS if seat in self._session.tokens)

    # --- what people do -------------------------------------------------------------------------------------------------------

    def handle(self, seat: Seat, message: Incoming, wall: float) -> Outgoing:
        """Does what somebody in a seat has sent, at the instant at which the exercise stands; what they are answered."""
        known = self._answers[seat].get(message.id) if message.id and seat in self._answers else None
        if known is not None:
            return Outgoing(seat, "reply", known)
        reply = Reply(message.id)
        try:
            self._do(seat, message, wall)
        except InputError as error:
            reply = Reply(message.id, error)
        answer = reply.frame()
        self._remember(seat, message.id, answer)
        return Outgoing(seat, "reply", answer)

    def _remember(self, seat: Seat, key: str, answer: JsonObject) -> None:
        if key:
            answers = self._answers.setdefault(seat, OrderedDict())
            answers[key] = answer
            while len(answers) > _REMEMBERED:
                answers.popitem(last=False)

    def _do(self, seat: Seat, message: Incoming, wall: float) -> None:
        if isinstance(message, Hello | Expect | Ready | Start | Clock | Branch | GoOn):
            self._arrange(seat, message, wall)
        else:
            self._take(seat, message)

    def _arrange(self, seat: Seat, message: RoomMessage, wall: float) -> None:
        if isinstance(message, Hello):
            self._present[seat] = message.name or self._present.get(seat, "")
            if message.name:
                self._folder.add_name(seat, message.name)
        elif isinstance(message, Expect):
            self._folder.add_expectations(seat, message.answers)
        elif isinstance(message, Ready):
            self._ready.add(seat)
        elif seat != "facilitator" and not self._session.solo:
            raise RefusedByRoom("facilitator")
        elif isinstance(message, Start):
            if self.state != "lobby":
                raise RefusedByRoom("begun")
            self._set("running", wall)
        elif isinstance(message, Clock):
            self._clock(message, wall)
        elif isinstance(message, Branch):
            self._branch(message)
        elif isinstance(message, GoOn):
            self._go_on_in(message.branch)
        else:
            assert_never(message)

    def _clock(self, message: Clock, wall: float) -> None:
        if self.state in ("lobby", "over"):
            raise RefusedByRoom("no_clock")
        if message.speed is not None:
            self._pacing.speed = message.speed
        if message.paused is not None:
            self._set("paused" if message.paused else "running", wall)
        else:
            self._set(self.state, wall)

    def _set(self, state: ClockState, wall: float) -> None:
        if state == "running" and (self.state != "running" or not self._pacing.running):
            self._pacing.start(wall)
        if state != "running":
            self._pacing.stop()
        self.state = state
        self._folder.mark(self._exercise.now, state, self._pacing.speed)

    def _branch(self, message: Branch) -> None:
        if self.state == "lobby":
            raise RefusedByRoom("not_begun")
        at = self._now if message.at is None else message.at * SECOND
        if self.state == "over" and at >= self._now:
            raise RefusedByRoom("over")
        if not self._begin <= at <= self._now:
            raise RefusedByRoom("no_instant")
        session = self._session.model_copy(update={"starts": 0, "tokens": {}, "speed": self._pacing.speed})
        self._keep(self._room.branch(session, at, [entry for entry in self._entries if entry.at <= at]))

    def _keep(self, branch: KeptBranch) -> None:
        self._branches.append({"n": branch.number, "t": branch.at / SECOND, "folder": branch.folder})

    def _go_on_in(self, number: int) -> None:
        if number == self._in_branch:
            return
        if number and number not in [branch.number for branch in self._room.branches()]:
            raise RefusedByRoom("no_branch")
        if number:
            with self._room.in_branch(number).held(0):  # raises if a server of its own has it
                self._room.go_on_in(number)
        else:
            self._room.go_on_in(0)
        self._pacing.stop()
        self.moved = True

    def _take(self, seat: Seat, message: ExerciseMessage) -> None:
        """Writes down what somebody did, and then does it."""
        if self.state == "over":
            raise RefusedByRoom("over")
        facilitates = seat == "facilitator" or (self._session.solo and isinstance(message, End))
        if self.state == "lobby" and not isinstance(message, Say):
            raise RefusedByRoom("not_begun")
        if self.state == "paused" and not (isinstance(message, Say) or facilitates):
            raise RefusedByRoom("paused")
        acting: Seat = "facilitator" if isinstance(message, End) and facilitates else seat
        if self._session.solo and acting == SOLO_SEAT:
            acting = sender(self._played_views(), message)
        entry = Entry(at=self._exercise.now, seat=acting, message=message)
        self._folder.add_entry(entry)
        self._entries.append(entry)
        self._exercise.take(entry)
        if self._exercise.over:
            self._finish()

    @property
    def people(self) -> dict[Seat, str]:
        """Whose page is open, and how they want to be called."""
        return dict(self._present)

    def present(self, seat: Seat, here: bool, name: str = "") -> None:
        """Somebody has a seat's page open, or nobody any more."""
        if here:
            self._present.setdefault(seat, name)
        else:
            self._present.pop(seat, None)

    # --- time -----------------------------------------------------------------------------------------------------------------

    def wait(self, wall: float) -> float | None:
        """Seconds until there is something to do; None: only when somebody sends something."""
        return self._pacing.wait(wall)

    def tick(self, wall: float) -> None:
        """Goes on by a tick if one is due."""
        step = self._pacing.step(wall)
        if not step:
            return
        self._exercise.advance(self._exercise.now + step)
        if self._exercise.over:
            self._finish()
        else:
            self._slow_down()
            self._folder.mark(self._exercise.now, self.state, self._pacing.speed)

    def _slow_down(self) -> None:
        """Who is alone reads, decides and clicks for everybody: from the first alarm on the clock goes as fast as life, until they say
        otherwise."""
        if self._session.solo and not self._alarmed and self._alarms():
            self._alarmed, self._pacing.speed = True, 1.0

    def _alarms(self) -> bool:
        return bool(rows(self._exercise.view(SOLO_SEAT), "alarms"))

    def _finish(self) -> None:
        """Ends it: the journal is kept."""
        if self._last is not None:
            return
        self._pacing.stop()
        at = self._ended_at = self._exercise.now
        self._last = {seat: self._view_of(seat) for seat in self.seats}
        journal = self._exercise.finish()
        write_journal(journal, self._folder.path / "journal")
        self._folder.write_result({"digest": journal.digest, "at": at, "entries": len(self._entries)})
        self.state = "over"
        self._folder.mark(at, "over", self._pacing.speed)

    # --- what people see ------------------------------------------------------------------------------------------------------

    def outgoing(self, wall: float) -> list[Outgoing]:
        """How the states of the seats have changed since they were last asked for."""
        found = []
        for seat in self.seats:
            view = self._seen(seat, wall)
            changed = changes(self._sent.get(seat, {}), view)
            if changed:
                self._sent[seat] = view
                found.append(Outgoing(seat, "changes", changed))
        return found

    def _played_views(self) -> dict[Seat, Mapping[str, JsonValue]]:
        played = [seat for seat, by in self._session.seating.items() if by == "person" and seat != "facilitator"]
        return {seat: self._exercise.view(seat) for seat in dict.fromkeys([SOLO_SEAT, *played])}

    def _view_of(self, seat: Seat) -> JsonObject:
        return merged(self._played_views()) if self._session.solo else dict(self._exercise.view(seat))

    def _seen(self, seat: Seat, wall: float) -> JsonObject:
        view = dict(self._last[seat]) if self._last is not None else self._view_of(seat)
        view["clock"] = {**_object(view.get("clock")), **self._clock_now()}
        view["people"] = [self._person(row) for row in rows(view, "people")]
        view["seat"] = {**_object(view.get("seat")), "steers": seat == "facilitator" or self._session.solo}
        view["branch"] = next(({"n": row["n"], "t": row["t"]} for row in self._branches if row["n"] == self._in_branch), None)
        if seat == "facilitator" or self._session.solo:
            view["branches"] = [*self._branches]
        if seat == "facilitator":
            view["links"] = {str(other): token for other, token in self._session.tokens.items()}
        return view

    @property
    def _now(self) -> int:
        return self._exercise.now if self._last is None else self._ended_at

    def _clock_now(self) -> JsonObject:
        now = self._now / SECOND
        return {
            "t": now,
            "state": self.state,
            "speed": self._pacing.speed,
            "behind": self._pacing.behind,
            "paused_since": now if self.state == "paused" else None,
        }

    def _person(self, row: JsonObject) -> JsonObject:
        seat = next((seat for seat in SEATS if seat == row.get("seat")), None)
        if seat is None or self._session.seating.get(seat) != "person":
            return row
        here = (SOLO_SEAT if self._session.solo else seat) in self._present
        state = "away" if not here else "ready" if seat in self._ready else "here"
        return {
            **row,
            "name": self._present.get(seat) or None,
            "state": row.get("state") if row.get("state") == "absent" else state,
        }


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
