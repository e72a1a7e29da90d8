"""What each seat may see, as plain data. All of it is made here, so that nothing a seat may not know can reach it by another way."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import JsonValue

from chaos.documents.drill import SEATS, Seat
from chaos.execution.topology import topology_of
from chaos.i18n.names import grade_text
from chaos.i18n.texts import LocalizedText, display_name, shipped_name, translate
from chaos.reports.run.topology_layout import CLIENT, layout
from chaos.room.exercise.figures import alarm_title, bound_of, monitored, monitors_of, reading_of, readings, takes, truth
from chaos.room.exercise.records import CommandState, LogLine, Words, both
from chaos.room.exercise.scene import Scene
from chaos.room.exercise.seconds import BIN, Seconds
from chaos.room.exercise.state import State
from chaos.room.exercise.taking import LOOKING_ON, may
from simcore.base.units import SECOND
from simcore.control.alarms import MonitorProcess
from simcore.model.control.alarms import Monitor
from simcore.model.trading_calendar import calendar_named

Json = dict[str, JsonValue]


def words(text: Words) -> JsonValue:
    """A text in both languages as an object; what a person typed as it is."""
    return {"en": text.en, "zh": text.zh} if isinstance(text, LocalizedText) else text


def seconds(at: int | None) -> float | None:
    """An instant in seconds of the simulated day."""
    return None if at is None else at / SECOND


def unit_of(monitor: Monitor) -> JsonValue:
    """What a monitor's readings are in; None for a number."""
    kind = monitor.metric.sums()[0]
    return words(translate("room.unit.rate")) if kind == "rate" else "%" if kind == "ratio" else None


class View:
    """The views of one exercise."""

    def __init__(self, scene: Scene, state: State, clockwork: Seconds) -> None:
        self._scene, self._state, self._seconds = scene, state, clockwork
        topology = topology_of(scene.drill.inputs.index)
        self._boxes = layout(topology, state.own_names).boxes
        self._links: list[JsonValue] = [[edge.source, edge.target] for edge in topology.edges]
        self._calendar = calendar_named(scene.drill.inputs.workload.calendar)

    def of(self, seat: Seat) -> Json:
        """The state of a seat: every key of the protocol's that it may see."""
        parts: dict[str, Callable[[Seat], JsonValue]] = {
            "drill": self._drill,
            "seat": self._seat,
            "people": self._people,
            "clock": self._clock,
            "severity": self._severity,
            "duty": self._duty,
            "alarms": self._alarms,
            "signs": self._signs,
            "map": self._map,
            "orders": self._orders,
            "offers": self._offers,
            "looks": self._looks,
            "looking": self._looking,
            "announcements": self._announcements,
            "commands": self._commands,
            "log": self._log,
        }
        found = {key: make(seat) for key, make in parts.items()}
        return found | (self._facilitator() if seat == "facilitator" else {})

    def _drill(self, seat: Seat) -> JsonValue:
        """The drill's own name may say what will happen, and is the facilitator's."""
        drill, window = self._state.drill, self._scene.drill.scenario.window
        return {
            "name": drill.name if seat == "facilitator" else None,
            "title": words(both(drill.shown_as)),
            "briefing": words(both(drill.briefing)),
            "window": [seconds(window.begin), seconds(window.end)],
            "objectives": [words(both(o.text)) for o in drill.objectives],
            "rules": [words(both(rule)) for rule in drill.rules],
            "questions": [{"question": q.question, "text": words(both(q.text))} for q in drill.questions],
            "hot_wash": [words(both(text)) for text in drill.hot_wash] if self._over() else [],
        }

    def _over(self) -> bool:
        return self._state.ended or self._scene.run.over

    def _title(self, seat: Seat) -> JsonValue:
        rules = self._state.drill.seats.get(seat)
        return words(both(rules.title) if rules is not None else translate(f"room.seat.{seat}"))

    def _seat(self, seat: Seat) -> JsonValue:
        return {"name": seat, "title": self._title(seat), "person": self._state.played(seat)}

    def _people(self, _: Seat) -> JsonValue:
        return [
            {
                "seat": seat,
                "title": self._title(seat),
                "person": self._state.played(seat),
                "state": "absent" if seat in self._state.absent else "here",
            }
            for seat in SEATS
        ]

    def _clock(self, _: Seat) -> JsonValue:
        now = min(self._scene.now, self._scene.drill.scenario.end - 1)
        phase = shipped_name(self._calendar.phase_at(now).name)
        title = words(LocalizedText(phase.en.replace("-", " "), phase.zh))
        return {"t": seconds(self._scene.now), "state": "over" if self._over() else "running", "phase": title}

    def _severity(self, _: Seat) -> JsonValue:
        reached = {r.grade.label: r for r in self._state.grades}
        grades: list[JsonValue] = []
        for mark in self._state.ahead:
            known = reached.get(mark.grade.label)
            title = words(grade_text(mark.grade))
            grades.append({"title": title, "after": seconds(mark.after), "reached": None if known is None else seconds(known.at)})
        worst = self._state.grades[-1].grade if self._state.grades else None
        return {
            "seconds": self._state.impaired_ns / SECOND,
            "grades": grades,
            "grade": None if worst is None else words(grade_text(worst)),
        }

    def _duty(self, _: Seat) -> JsonValue:
        rules, reports, now = self._seconds.rules.reporting, self._state.reports, self._scene.now
        if rules is None:
            return {"state": "none", "known_since": None, "due_at": None, "last_report": None, "next_at": None, "form": []}
        first, last = self._seconds.report_due, reports[-1] if reports else None
        due = first if first is None or last is None else last + rules.every.within
        waiting: Json = {"state": "reported" if last is not None else "none" if due is None else "due"}
        return (waiting if due is None or now <= due else {"state": "late"}) | {
            "known_since": seconds(self._state.known_since),
            "due_at": seconds(first),
            "last_report": seconds(last),
            "next_at": seconds(due),
            "form": [{"field": f.field, "title": {"en": f.title, "zh": f.title_zh}, "required": f.required} for f in rules.form],
        }

    # --- what calls for people --------------------------------------------------------------------------------------------------

    def _alarms(self, _: Seat) -> JsonValue:
        control = self._scene.drill.inputs.architecture.control
        found: list[JsonValue] = []
        for alarm in self._state.alarms.values():
            monitor, process = control.monitors.get(alarm.name), self._scene.control.monitors.get(alarm.name)
            found.append(
                {
                    "id": alarm.name,
                    "title": words(alarm_title(self._state.drill, alarm.name, self._state.own_names)),
                    "state": "open" if alarm.taken_at is None else "acknowledged",
                    "since": seconds(alarm.since),
                    "by": alarm.by,
                    "at": seconds(alarm.taken_at),
                    "reading": None if process is None else reading_of(process),
                    "bound": None if monitor is None else bound_of(monitor).value,
                    "unit": None if monitor is None else unit_of(monitor),
                }
            )
        return found

    def _signs(self, _: Seat) -> JsonValue:
        return [
            {
                "title": words(alarm_title(self._state.drill, name, self._state.own_names)),
                "n": process.bad_in_a_row,
                "of": process.rule.breaches,
                "t": seconds(self._scene.now),
            }
            for name, process in self._watching()
            if process.bad_in_a_row and name not in self._state.alarms
        ]

    def _watching(self) -> list[tuple[str, MonitorProcess]]:
        return [(n, p) for n, p in self._scene.control.monitors.items() if not p.rule.silenced]

    def _map(self, _: Seat) -> JsonValue:
        nodes: list[JsonValue] = []
        control = self._scene.drill.inputs.architecture.control
        for name, box in self._boxes.items():
            rows = readings(self._scene, self._state, monitors_of(control, name))
            title = translate("room.client") if name == CLIENT else display_name(name, self._state.own_names)
            state = monitored(rows)
            made: Json = {"id": name, "title": words(title), "x": box.x, "y": box.y, "state": state}
            nodes.append(made | {"readings": [row.as_json(words(row.title)) for row in rows]})
        return {"nodes": nodes, "links": self._links}

    def _orders(self, _: Seat) -> JsonValue:
        kinds: list[JsonValue] = ["confirmed", "reject", "unknown", "error", "blocked", "open"]
        rows: list[JsonValue] = [list(row) for row in self._state.orders]
        begin = seconds(self._scene.drill.scenario.window.begin)
        return {
            "title": words(translate("room.orders")),
            "bin": BIN // SECOND,
            "t0": begin,
            "kinds": kinds,
            "rows": rows,
            "failed": self._state.failed,
        }

    # --- what people can do -----------------------------------------------------------------------------------------------------

    def _offers(self, seat: Seat) -> JsonValue:
        played = self._scene.run.played
        return [
            {
                "command": name,
                "title": words(both(rules.title)),
                "duration": takes(rules.action),
                "risk": rules.risk,
                "undo": words(both(rules.undo)),
                "final": rules.action.undo is False,
                "approver": rules.approver,
            }
            for name, rules in self._state.drill.commands.items()
            if (seat in rules.by or seat in LOOKING_ON) and rules.team in played
        ]

    def _looks(self, seat: Seat) -> JsonValue:
        return [
            {"look": name, "title": words(both(look.title)), "takes": look.takes / SECOND}
            for name, look in self._state.drill.looks.items()
            if seat != "scribe" and (not look.by or seat in look.by)
        ]

    def _looking(self, seat: Seat) -> JsonValue:
        """The looks of a seat that have not been answered, and when they are at the latest."""
        return [
            {"look": look.name, "title": words(both(look.rules.title)), "ends": seconds(look.ends)}
            for look in self._state.looks.values()
            if look.by == seat and not look.answered
        ]

    def _announcements(self, seat: Seat) -> JsonValue:
        return [
            {
                "announcement": name,
                "title": words(both(a.title)),
                "text": words(both(a.text)),
                "at": seconds(self._state.announced.get(name)),
            }
            for name, a in self._state.drill.announcements.items()
            if seat in a.by or seat in LOOKING_ON
        ]

    def _commands(self, seat: Seat) -> JsonValue:
        return [self._command(seat, command) for command in self._state.commands.values()]

    def _command(self, seat: Seat, command: CommandState) -> JsonValue:
        rules, begun = command.rules, command.times.get("begun")
        duration = takes(rules.action)
        elapsed = 0.0 if begun is None else (self._scene.now - begun) / SECOND
        running = command.state == "begun" and duration
        return {
            "id": command.id,
            "n": command.number,
            "command": command.name,
            "title": words(both(rules.title)),
            "takes": duration,
            "risk": rules.risk,
            "undo": words(both(rules.undo)),
            "final": rules.action.undo is False,
            "approver": rules.approver,
            "state": command.state,
            "times": {state: seconds(at) for state, at in command.times.items()},
            "by": command.by,
            "reason": command.reason,
            "can": list(may(seat, command)),
            "progress": min(1.0, elapsed / duration) if running else float(command.state == "done"),
        }

    def _log(self, seat: Seat) -> JsonValue:
        lines = [line for line in self._state.log if seat == "facilitator" or line.to is None or seat in line.to]
        return [self._line(line) for line in lines]

    def _line(self, line: LogLine) -> JsonValue:
        return {
            "t": seconds(line.at),
            "kind": line.kind,
            "from": words(line.sender),
            "to": None if line.to is None else [str(seat) for seat in sorted(line.to)],
            "text": words(line.text),
        }

    # --- the facilitator alone --------------------------------------------------------------------------------------------------

    def _facilitator(self) -> Json:
        drill, state = self._state.drill, self._state
        return {
            "truth": {"nodes": [node.as_json() for node in truth(self._scene, state)]},
            "msel": self._msel(),
            "noticed": self._noticed(),
            "hints": [{"hint": h.hint, "text": words(both(h.text)), "given": h.hint in state.hints} for h in drill.hints],
            "questions": [
                {"id": k.id, "look": k.name, "title": words(both(k.rules.title)), "by": k.by, "ends": seconds(k.ends)}
                for k in state.looks.values()
                if not k.answered
            ],
            "failed": state.failed,
            "branches": [],
        }

    def _msel(self) -> JsonValue:
        found: list[JsonValue] = []
        for inject in self._state.injects:
            rules = inject.rules
            due = inject.met_at is not None and inject.state == "armed"
            found.append(
                {
                    "id": rules.inject,
                    "n": inject.number,
                    "at": seconds(rules.at),
                    "when": None if rules.when is None else rules.when.model_dump(mode="json", exclude_defaults=True),
                    "title": words(both(rules.title)),
                    "from": None if rules.sender is None else words(both(rules.sender)),
                    "to": [str(seat) for seat in rules.to],
                    "kind": rules.does,
                    "expected": None if rules.expected is None else words(both(rules.expected)),
                    "state": "due" if due else inject.state,
                    "done_at": seconds(inject.done_at),
                }
            )
        return found

    def _noticed(self) -> JsonValue:
        state = self._state
        facts: list[JsonValue] = [
            {"id": i.rules.inject, "title": words(both(i.rules.title)), "at": seconds(i.done_at)}
            for i in state.injects
            if i.rules.does == "fault" and i.done_at is not None
        ]
        rows: list[JsonValue] = [
            {"seat": s, "at": seconds(state.noticed.get(s))} for s in state.drill.seats if s not in LOOKING_ON
        ]
        return {"facts": facts, "rows": rows}
