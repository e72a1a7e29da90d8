"""What goes over the line in a room, recorded seat by seat while everything happens in it, and what of it a seat may not know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chaos.documents.drill import SEATS, Drill, Seat
from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.prepared import PreparedDrill
from chaos.room.protocol.changes import applied
from chaos.room.protocol.incoming import parse
from chaos.room.server.conductor import Conductor, RoomExercise
from chaos.room.server.folder import RoomFolder
from chaos.room.server.opening import new_session
from chaos.room.server.pacing import TICK
from chaos.room.server.stream import Stream

Frame = dict[str, Any]

TEXT = {"en", "zh"}
STATE = """
drill.name drill.title drill.briefing drill.window[] drill.objectives[] drill.rules[] drill.questions[].question drill.questions[].text
drill.hot_wash[] branch.n branch.t
seat.name seat.title seat.person seat.steers people[].seat people[].title people[].person people[].name people[].state
clock.t clock.speed clock.state clock.behind clock.phase clock.paused_since severity.seconds severity.grade
severity.grades[].title severity.grades[].after severity.grades[].reached
duty.state duty.known_since duty.due_at duty.last_report duty.next_at
duty.form[].field duty.form[].title duty.form[].required
alarms[].id alarms[].title alarms[].state alarms[].since alarms[].by alarms[].at alarms[].reading alarms[].bound alarms[].unit
signs[].title signs[].n signs[].of signs[].t map.links[][]
map.nodes[].id map.nodes[].title map.nodes[].x map.nodes[].y map.nodes[].state
map.nodes[].readings[].title map.nodes[].readings[].value map.nodes[].readings[].bound map.nodes[].readings[].side
map.nodes[].readings[].state map.nodes[].readings[].unit
orders.title orders.bin orders.t0 orders.kinds[] orders.rows.from orders.rows.rows[][] orders.rows[][] orders.failed
offers[].command offers[].title offers[].duration offers[].risk offers[].undo offers[].final offers[].approver
looks[].look looks[].title looks[].takes looking[].look looking[].title looking[].ends
announcements[].announcement announcements[].title announcements[].text announcements[].at
commands[].id commands[].n commands[].command commands[].title commands[].takes commands[].risk commands[].undo commands[].final commands[].approver
commands[].state commands[].times.proposed commands[].times.approved commands[].times.begun commands[].times.done commands[].times.failed
commands[].times.refused commands[].times.withdrawn commands[].by commands[].reason commands[].can[] commands[].progress
log.from log.rows[].t log.rows[].kind log.rows[].from log.rows[].to log.rows[].to[] log.rows[].text
log[].t log[].kind log[].from log[].to log[].to[] log[].text review.state review.made review.of
"""
ANSWER = "v seq kind id message hint"
ALLOWED = {*ANSWER.split(), *(f"{where}.{path}" for where in ("state", "changes") for path in STATE.split())}
"""Every place of a frame at which a seat other than exercise control's may be sent something. One that is not here is a leak until
somebody has looked at it. A text in both languages is one place."""
BEGINNINGS = {path[:n] for path in ALLOWED for n in range(1, len(path) + 1) if path[n - 1] == "]" or path[n : n + 1] in ("", ".")}
"""And those of absent values and empty lists above them."""
COUNTERS = ("pool/", "call/", "flow/", "unit/", "link/", "duplicat")
KINDS = ["confirmed", "reject", "unknown", "error", "blocked", "open"]


def recorded(drill: PreparedDrill, folder: Path, exercise: RoomExercise | None = None, *, each: int = 1) -> dict[Seat, list[str]]:
    """A room of a drill in which all that can be done is done: the frames of each seat, as they go over its websockets, with a snapshot
    now and then. A tick is 15 s of the simulated day; `each` so many seats are sent what has changed."""
    session = new_session(drill.model.name, drill, 1, SEATS, 60.0)
    kept = RoomFolder(folder)
    kept.create(session)
    conductor = Conductor(exercise or Exercise(drill, 1, session.seating), session, kept)
    return _Recording(conductor, drill.model).run(each)


class _Recording:
    def __init__(self, conductor: Conductor, drill: Drill) -> None:
        self._conductor, self._drill, self._wall = conductor, drill, 0.0
        self._streams = {seat: Stream(0) for seat in SEATS}
        self._frames: dict[Seat, list[str]] = {seat: [] for seat in SEATS}

    def run(self, each: int) -> dict[Seat, list[str]]:
        """From the lobby to the end."""
        self._hear(snapshot=True)
        self._say("facilitator", "start")
        tick = 0
        while self._conductor.state != "over":
            self._wall += TICK
            self._conductor.tick(self._wall)
            self._act(tick)
            if tick % each == 0:
                self._hear(snapshot=tick % (each * 40) == 0)
            tick += 1
        self._hear(snapshot=True)
        return self._frames

    def _hear(self, *, snapshot: bool) -> None:
        for seat, _, body in self._conductor.outgoing(self._wall):
            self._streams[seat].tick(body)
        for seat, stream in self._streams.items():
            seen = json.loads(self._frames[seat][-1])["seq"] if self._frames[seat] else None
            self._frames[seat] += stream.since(seen)
            if snapshot:
                self._frames[seat] += stream.since(None)

    def _say(self, seat: Seat, kind: str, **fields: object) -> None:
        message = parse(json.dumps({"v": 1, "kind": kind, **fields}))
        self._streams[seat].reply(self._conductor.handle(seat, message, self._wall).body)

    def _act(self, tick: int) -> None:
        """Everybody takes up all alarms, and in turn tries everything that there is and some of what there is not."""
        drill = self._drill
        seat = SEATS[tick % len(SEATS)]
        for row in self._streams[seat].state["alarms"]:
            if row["state"] == "open":
                self._say(seat, "ack", alarm=row["id"])
        for row in self._streams[seat].state["commands"]:
            for verb in row["can"][:1]:
                self._say(seat, verb, command_id=row["id"])
        turn = tick // len(SEATS)
        chosen = [("propose", "command", list(drill.commands)), ("look", "look", list(drill.looks))]
        chosen += [("announce", "announcement", list(drill.announcements)), ("propose", "command", ["none-such"])]
        kind, field, names = chosen[turn % len(chosen)]
        if names:
            self._say(seat, kind, **{field: names[turn // len(chosen) % len(names)]})
        if turn % 5 == 0:
            self._say(seat, "say", text=f"{seat} here", to=SEATS[turn % len(SEATS)])
            self._say(seat, "report", text="orders fail", impact="some", measures="looking")
        if seat == "facilitator" and turn % 3 == 0:
            rest = [row for row in self._streams[seat].state["msel"] if row["state"] == "armed"]
            self._say(seat, "inject", inject=rest[-1]["id"] if rest else "none", do=("hold", "release", "send")[turn % 3])
            for question in self._streams[seat].state["questions"][:1]:
                self._say(seat, "answer", look_id=question["id"], text="nobody answers")


def leaks(frames: Mapping[Seat, list[str]], drill: PreparedDrill) -> list[str]:
    """What seats other than exercise control's were sent that they may not know: what, to whom."""
    return sorted({f"{leak} to {seat}" for seat in SEATS if seat != "facilitator" for leak in _leaks(seat, frames[seat], drill)})


def _leaks(seat: Seat, frames: list[str], drill: PreparedDrill) -> Iterator[str]:
    secrets = secrets_of(drill)
    state: Frame = {}
    for text in frames:
        frame = json.loads(text)
        yield from (f"place {path}" for path in places(frame) if path not in BEGINNINGS)
        yield from (f"secret {secret!r}" for secret in [*secrets, *COUNTERS] if secret in text)
        yield from (f"name {said!r}" for said in strings(frame) if said in names_of(drill.model))
        state = frame["state"] if frame["kind"] == "snapshot" else applied(state, frame.get("changes", {}))
        yield from _unmonitored(state, drill)
    yield from (f"order kind {kind}" for kind in state.get("orders", {}).get("kinds", []) if kind not in KINDS)
    others = {other for row in state.get("log", []) if row["kind"] == "look" for other in row["to"]} - {seat}
    yield from (f"a look of {other}" for other in others)


def _unmonitored(state: Frame, drill: PreparedDrill) -> Iterator[str]:
    """Readings of what has no monitor."""
    monitors = drill.inputs.architecture.control.monitors
    for node in state["map"]["nodes"]:
        watched = [name for name, monitor in monitors.items() if monitor.points_at == node["id"] and not monitor.silenced]
        if len(node["readings"]) > len(watched) or (node["state"] != "unmonitored") != bool(watched):
            yield f"readings of {node['id']}"


def secrets_of(drill: PreparedDrill) -> list[str]:
    """Texts that give away what happens: title and name, steps and injects by their titles, what people should do about them, hints."""
    model = drill.model
    found = [model.name, model.title, model.title_zh, *(step.label for step in drill.scenario.method)]
    for inject in model.injects:
        found += [inject.title.en, inject.title.zh]
        found += [inject.expected.en, inject.expected.zh] if inject.expected is not None else []
    found += [text for hint in model.hints for text in (hint.text.en, hint.text.zh)]
    return [secret for secret in found if secret]


def names_of(drill: Drill) -> set[str]:
    """What is exercise control's as a whole text, for part of it may stand in others: names in the drill's file, and what is expected."""
    names = {inject.inject for inject in drill.injects} | {hint.hint for hint in drill.hints}
    texts = {text for expected in drill.expected for text in (expected.text.en, expected.text.zh)}
    return (names | texts) - shown_of(drill)


def shown_of(drill: Drill) -> set[str]:
    """Names and titles that everybody is shown, whatever else is called so."""
    offered = [*drill.commands.values(), *drill.looks.values(), *drill.announcements.values()]
    names = {*drill.commands, *drill.looks, *drill.announcements, *drill.alarms, *(q.question for q in drill.questions)}
    return names | {text for one in offered for text in (one.title.en, one.title.zh)}


def places(value: object, path: str = "") -> Iterator[str]:
    """Where a frame has something: keys with dots, elements of a list with brackets."""
    if isinstance(value, dict) and value and set(value) != TEXT:
        for key, item in value.items():
            yield from places(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for item in value:
            yield from places(item, f"{path}[]")
    elif value != []:
        yield path
    else:
        yield f"{path}[]"


def strings(value: object) -> Iterator[str]:
    """Every text in a frame."""
    if isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value
