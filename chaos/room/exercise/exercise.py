"""An exercise: a drill as it goes on. Time is advanced, messages are taken, each seat's view is asked for.

It has no clock and knows no network. The same drill, seed, seating and entries leave the same journal, however time is cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from chaos.documents.drill import Played, Seat
from chaos.i18n.texts import translate
from chaos.room.exercise.figures import alarm_title
from chaos.room.exercise.messages import Entry
from chaos.room.exercise.prepared import PreparedDrill
from chaos.room.exercise.records import AlarmState, both
from chaos.room.exercise.refusal import RefusedError
from chaos.room.exercise.scene import Scene
from chaos.room.exercise.seconds import Seconds
from chaos.room.exercise.state import State
from chaos.room.exercise.taking import Taking
from chaos.room.exercise.view import View
from simcore.base.units import SECOND, format_clock
from simcore.journal.model import Journal
from simcore.journal.writer import LoggedEvent


class Exercise:
    """A drill under way, at first at the beginning of its scenario's window. `seating` says who has each seat; one that it does not name
    is as the drill has it when it is empty.

    >>> from chaos.room.exercise.messages import Announce, Entry
    >>> from chaos.room.exercise.prepared import prepare
    >>> exercise = Exercise(prepare("bank-slow"), seed=1, seating={"notices": "person"})
    >>> begin = exercise.now
    >>> exercise.advance(begin + 30 * SECOND)
    >>> exercise.take(Entry(at=exercise.now, seat="notices", message=Announce(announcement="transfers-slow")))
    >>> exercise.view("notices")["log"][-1]["kind"]
    'announcement'
    """

    def __init__(self, drill: PreparedDrill, seed: int, seating: Mapping[Seat, Played]) -> None:
        self.drill, self.seed, self.seating = drill, seed, dict(seating)
        self.entries: list[Entry] = []
        """What was taken, in order. What was refused is not among it."""
        self.state = State(drill.model, self.seating, drill.inputs.own_names)
        seats = drill.model.seats.items()
        self._played = frozenset(t for s, r in seats if self.state.played(s) != "automated" for t in r.teams)
        self._scene = Scene(drill, seed, self._played, self._hear)
        self._seconds = Seconds(self._scene, self.state)
        self._taking = Taking(self._scene, self.state, self._seconds)
        self._view = View(self._scene, self.state, self._seconds)
        self._seconds.pass_second()

    @classmethod
    def replay(cls, drill: PreparedDrill, seed: int, seating: Mapping[Seat, Played], entries: Iterable[Entry]) -> Exercise:
        """The exercise in which the entries have been taken, at the instant of the last. Raises as `take` does."""
        exercise = cls(drill, seed, seating)
        for entry in entries:
            exercise.take(entry)
        return exercise

    @property
    def now(self) -> int:
        """The instant at which the exercise stands, ns since midnight of the first day."""
        return self._scene.now

    @property
    def over(self) -> bool:
        """Whether nothing more happens: the window is at its end, or the facilitator has ended it."""
        return self.state.ended or self._scene.run.over

    @property
    def report_due(self) -> int | None:
        """By when the first report to the regulator is due, ns; None while nothing has to be reported."""
        return self._seconds.report_due

    def advance(self, until: int) -> None:
        """Takes all that happens before `until`, ns, and, at whole seconds up to it, what happens by itself. Raises ValueError for an
        instant that has passed."""
        while not self.over and self.now < until:
            second = (self.now // SECOND + 1) * SECOND
            self._scene.advance(min(second, until))
            if self.now == second and not self._scene.run.over:
                self._seconds.pass_second()
        if until < self.now and not self.over:
            raise ValueError(f"the exercise stands at {self.now} ns: {until} ns has passed")

    def take(self, entry: Entry) -> None:
        """Goes on to the entry's instant, and does there what its message says. Raises RefusedError, or another InputError with a hint,
        for what cannot be done; nothing is changed then, but the time."""
        self.advance(entry.at)
        if self.over:
            raise RefusedError("over")
        self._taking.take(entry.seat, entry.message)
        self.entries.append(entry)

    def view(self, seat: Seat) -> dict[str, JsonValue]:
        """What a seat may see now, as plain data: the keys of the protocol's state, in seconds of the day. Truth, list of events, hints
        and what went wrong unnoticed are the facilitator's alone."""
        return self._view.of(seat)

    def finish(self) -> Journal:
        """The journal, of the whole window; of an exercise that was ended, up to there. Nothing can be done afterwards but read `state`
        and `entries`."""
        if self.state.ended:
            return self._scene.finish(f"the exercise was ended at {format_clock(self.now // SECOND * SECOND)}")
        self.advance(self.drill.scenario.end)
        return self._scene.finish(None)

    # --- what the control plane says ----------------------------------------------------------------------------------------------

    def _hear(self, event: LoggedEvent) -> None:
        if event.what in ("alarm", "false_alarm"):
            self.state.alarms[event.subject] = AlarmState(event.subject, event.t_ns)
            self._note(event.t_ns, "alarm", event.subject)
        elif event.what == "alarm_cleared":
            self.state.alarms.pop(event.subject, None)
            self._note(event.t_ns, "alarm_cleared", event.subject)
        elif event.what == "ack" and (alarm := self.state.alarms.get(str(event.detail.get("alarm")))) is not None:
            if alarm.taken_at is None and event.detail.get("team") not in self._played:
                alarm.by, alarm.taken_at = "automated", event.t_ns
        elif event.what == "detect" and self.state.known_since is None:
            self.state.known_since = event.t_ns
        elif event.what in ("action_done", "action_failed", "action_called_off"):
            self._end_command(event)

    def _note(self, at: int, what: str, alarm: str) -> None:
        title = alarm_title(self.state.drill, alarm, self.state.own_names)
        self.state.note(at, "event", translate(f"room.log.{what}", alarm=title))

    def _end_command(self, event: LoggedEvent) -> None:
        key = tuple(str(event.detail.get(word)) for word in ("by", "verb", "target"))
        for command in self.state.commands.values():
            if command.state == "begun" and command.key == key:
                command.reach("done" if event.what == "action_done" else "failed", event.t_ns)
                command.reason = str(event.detail.get("why", ""))
                title = both(command.rules.title)
                self.state.note(event.t_ns, "event", translate(f"room.log.{command.state}", n=command.number, command=title))
                return
