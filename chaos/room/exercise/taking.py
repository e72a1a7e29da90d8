"""What becomes of each message: who may send it, and what it does."""

from __future__ import annotations

from collections.abc import Mapping

from chaos.documents.drill import Inject, Seat, Text
from chaos.i18n.texts import LocalizedText, translate
from chaos.room.exercise import messages as m
from chaos.room.exercise.records import CommandState, InjectState, LookState, both
from chaos.room.exercise.refusal import RefusedError
from chaos.room.exercise.scene import Scene
from chaos.room.exercise.seconds import Seconds
from chaos.room.exercise.state import State
from simcore.base.errors import suggest
from simcore.base.units import SECOND, format_clock
from simcore.model.control.decisions import Acknowledge, Act
from simcore.model.control.decisions import Report as TroubleReport

LOOKING_ON: frozenset[Seat] = frozenset(["facilitator", "scribe"])


class Taking:
    """Carries out messages at the instant at which the exercise stands, or refuses them."""

    def __init__(self, scene: Scene, state: State, seconds: Seconds) -> None:
        self._scene, self._state, self._seconds = scene, state, seconds

    def take(self, seat: Seat, message: m.ExerciseMessage) -> None:
        """Does what it says. Raises RefusedError, or another InputError; nothing is changed then."""
        if seat in self._state.absent:
            raise RefusedError("absent")
        match message:
            case m.Ack():
                self._acknowledge(seat, message)
            case m.Propose():
                self._propose(seat, message)
            case m.Withdraw() | m.Approve() | m.Refuse() | m.Begin():
                self._handle(seat, message)
            case m.Look():
                self._look(seat, message)
            case m.Say():
                to = None if message.to == "all" else frozenset[Seat]([seat, message.to])
                self._state.note(self._scene.now, "said", message.text, self._name(seat), to)
            case m.Report():
                self._report(seat, message)
            case m.Announce():
                self._announce(seat, message)
            case m.SendInject() | m.Compose() | m.Answer() | m.GiveHint() | m.End():
                self._facilitate(seat, message)

    def _name(self, seat: Seat) -> LocalizedText:
        rules = self._state.drill.seats.get(seat)
        return both(rules.title) if rules is not None else translate(f"room.seat.{seat}")

    def _team(self, seat: Seat) -> str | None:
        """The team of the architecture that acts for a seat: its own first, else the first that people play."""
        rules = self._state.drill.seats.get(seat)
        own = [t for t in (rules.teams if rules is not None else []) if t in self._scene.run.played]
        return next(iter(own or sorted(self._scene.run.played)), None)

    # --- alarms, commands -------------------------------------------------------------------------------------------------------

    def _acknowledge(self, seat: Seat, message: m.Ack) -> None:
        alarm, team = self._state.alarms.get(message.alarm), self._team(seat)
        if seat in LOOKING_ON or team is None:
            raise RefusedError("not_yours")
        if alarm is None:
            raise RefusedError("no_alarm", suggest(message.alarm, self._state.alarms), alarm=message.alarm)
        self._scene.decide(Acknowledge(team=team, alarm=message.alarm))
        if alarm.taken_at is None:
            alarm.by, alarm.taken_at = seat, self._scene.now
        self._notice(seat)

    def _notice(self, seat: Seat) -> None:
        if self._state.first_fault() is not None:
            self._state.noticed.setdefault(seat, self._scene.now)

    def _propose(self, seat: Seat, message: m.Propose) -> None:
        commands = self._state.drill.commands
        rules = commands.get(message.command)
        if rules is None:
            raise RefusedError("no_command", suggest(message.command, commands), command=message.command)
        if seat not in rules.by:
            raise RefusedError("not_yours")
        if rules.team not in self._scene.run.played:
            raise RefusedError("automated", team=rules.team)
        if any(c.name == message.command and c.state in ("proposed", "approved", "begun") for c in self._state.commands.values()):
            raise RefusedError("under_way", command=both(rules.title))
        command = CommandState(len(self._state.commands) + 1, message.command, rules, seat)
        command.reach("proposed", self._scene.now)
        self._state.commands[command.id] = command
        self._log(command, "proposed", seat)
        if rules.approver is None:
            command.reach("approved", self._scene.now)

    def _log(self, command: CommandState, what: str, seat: Seat) -> None:
        text = translate(f"room.log.{what}", n=command.number, command=both(command.rules.title))
        self._state.note(self._scene.now, "event", text, self._name(seat))

    def _handle(self, seat: Seat, message: m.Withdraw | m.Approve | m.Refuse | m.Begin) -> None:
        command = self._state.commands.get(message.command_id)
        if command is None:
            raise RefusedError("no_command", suggest(message.command_id, self._state.commands), command=message.command_id)
        if message.kind not in may(seat, command):
            theirs = command.rules.approver if message.kind in ("approve", "refuse") else command.by
            raise RefusedError("not_yours" if seat != theirs else "not_now", state=translate(f"room.state.{command.state}"))
        if isinstance(message, m.Withdraw):
            command.reach("withdrawn", self._scene.now)
        elif isinstance(message, m.Approve):
            self._seconds.approve(command)
        elif isinstance(message, m.Refuse):
            command.reach("refused", self._scene.now)
            command.reason = message.reason
        else:
            self._begin(command)
            self._notice(seat)
        self._log(command, command.state, seat)

    def _begin(self, command: CommandState) -> None:
        if any(c.state == "begun" and c.key == command.key for c in self._state.commands.values()):
            raise RefusedError("under_way", command=both(command.rules.title))
        rules = command.rules
        self._scene.decide(Act(team=rules.team, subject=rules.subject, action=rules.action))
        command.reach("begun", self._scene.now)

    # --- looking, reporting, announcing -------------------------------------------------------------------------------------------

    def _look(self, seat: Seat, message: m.Look) -> None:
        rules = self._state.drill.looks.get(message.look)
        if rules is None:
            raise RefusedError("no_look", suggest(message.look, self._state.drill.looks), look=message.look)
        if seat == "scribe" or (rules.by and seat not in rules.by):
            raise RefusedError("not_yours")
        if any(k.name == message.look and k.by == seat and not k.answered for k in self._state.looks.values()):
            raise RefusedError("under_way", command=both(rules.title))
        sums = {name: self._scene.sums(metric) for name, metric in rules.reads.items()}
        look = LookState(len(self._state.looks) + 1, message.look, rules, seat, self._scene.now, sums)
        self._state.looks[look.id] = look

    def _report(self, seat: Seat, message: m.Report) -> None:
        if seat in LOOKING_ON:
            raise RefusedError("not_yours")
        now, team, filled = self._scene.now, self._team(seat), message.filled()
        self._check_form(filled)
        if message.service is not None and team is not None:
            self._scene.decide(TroubleReport(team=team, service=message.service))
        self._state.reports.append(now)
        self._state.note(now, "report", " / ".join(filled.values()), self._name(seat))
        self._notice(seat)
        if self._state.known_since is None:
            self._state.known_since = now

    def _check_form(self, filled: Mapping[str, str]) -> None:
        """Raises RefusedError for a field that the form of the rule set does not have, and one that it wants and was left empty."""
        rules = self._seconds.rules.reporting
        form = {field.field: field for field in rules.form} if rules is not None else {}
        for name in filled:
            if form and name not in form:
                raise RefusedError("no_field", suggest(name, form), field=name)
        for name, field in form.items():
            if field.required and name not in filled:
                raise RefusedError("empty_field", field=LocalizedText(field.title, field.title_zh))

    def _announce(self, seat: Seat, message: m.Announce) -> None:
        known = self._state.drill.announcements
        announcement = known.get(message.announcement)
        if announcement is None:
            raise RefusedError("no_announcement", suggest(message.announcement, known), announcement=message.announcement)
        if seat not in announcement.by:
            raise RefusedError("not_yours")
        if message.announcement in self._state.announced:
            raise RefusedError("announced")
        self._state.announced[message.announcement] = self._scene.now
        self._scene.calm(announcement.retries, announcement.calls)
        self._state.note(self._scene.now, "announcement", both(announcement.text), self._name(seat))

    # --- the facilitator ----------------------------------------------------------------------------------------------------------

    def _facilitate(self, seat: Seat, message: m.SendInject | m.Compose | m.Answer | m.GiveHint | m.End) -> None:
        if seat != "facilitator":
            raise RefusedError("not_yours")
        now = self._scene.now
        if isinstance(message, m.SendInject):
            self._inject(message)
        elif isinstance(message, m.Compose):
            self._compose(message)
        elif isinstance(message, m.Answer):
            look = self._state.looks.get(message.look_id)
            if look is None or look.answered:
                raise RefusedError("no_look", look=message.look_id)
            look.answered = True
            self._state.note(now, "look", message.text, both(look.rules.title), frozenset([look.by]))
        elif isinstance(message, m.GiveHint):
            hint = next((h for h in self._state.drill.hints if h.hint == message.hint), None)
            if hint is None:
                known: Mapping[str, object] = {h.hint: h for h in self._state.drill.hints}
                raise RefusedError("no_hint", suggest(message.hint, known), hint_name=message.hint)
            self._state.hints.add(hint.hint)
            self._state.note(now, "hint", both(hint.text), self._name(seat), frozenset(hint.to) or None)
        else:
            self._state.ended = True

    def _inject(self, message: m.SendInject) -> None:
        found = next((i for i in self._state.injects if i.rules.inject == message.inject), None)
        if found is None:
            known = [i.rules.inject for i in self._state.injects]
            raise RefusedError("no_inject", suggest(message.inject, known), inject=message.inject)
        if found.state == "sent":
            raise RefusedError("sent")
        if message.do == "send":
            self._seconds.send(found)
        else:
            found.state = "held" if message.do == "hold" else "armed"

    def _compose(self, message: m.Compose) -> None:
        """One more line of the list of events; what is typed is the same in both languages."""
        if message.at is not None and message.at * SECOND < self._scene.now:
            raise RefusedError("past")
        number = len(self._state.injects) + 1
        text, sender = Text(en=message.text, zh=message.text), Text(en=message.sender, zh=message.sender)
        at = None if message.at is None else format_clock(message.at * SECOND)
        rules = Inject.model_validate(
            {"inject": f"added-{number}", "title": text, "at": at, "message": text, "sender": sender, "to": message.to}
        )
        self._state.injects.append(InjectState(number, rules))
        if at is None:
            self._seconds.send(self._state.injects[-1])


def may(seat: Seat, command: CommandState) -> list[str]:
    """What a seat can do about a command now: kinds of messages."""
    found = []
    if seat == command.by and command.state == "approved":
        found.append("begin")
    if seat == command.by and command.state in ("proposed", "approved"):
        found.append("withdraw")
    if seat == command.rules.approver and command.state == "proposed":
        found += ["approve", "refuse"]
    return found
