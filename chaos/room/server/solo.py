"""One person in all seats: one view out of many, and the seat that a message is sent from."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from chaos.documents.drill import Seat
from chaos.room.exercise.messages import Announce, ExerciseMessage, Look, Propose
from chaos.room.protocol.changes import JsonObject
from chaos.room.protocol.state import rows
from chaos.room.server.stream import encoded

SOLO_SEAT: Seat = "operator"
"""The seat whose page the person has."""
_OFFERS = {"offers": "command", "looks": "look", "announcements": "announcement"}
_ROWS = _OFFERS | {"looking": "look"}


def merged(views: Mapping[Seat, Mapping[str, JsonValue]]) -> JsonObject:
    """The operator's view, with what any of the seats may do, and what any of them was said."""
    view: JsonObject = dict(views[SOLO_SEAT])
    for key, name in _ROWS.items():
        view[key] = list({str(row.get(name)): row for other in views.values() for row in rows(other, key)}.values())
    view["commands"] = _commands(views)
    lines = {encoded(row): row for other in views.values() for row in rows(other, "log")}
    view["log"] = [*sorted(lines.values(), key=_time)]
    return view


def sender(views: Mapping[Seat, Mapping[str, JsonValue]], message: ExerciseMessage) -> Seat:
    """The seat that may do what the message says; the operator's where none or any may."""
    for seat, view in views.items():
        if isinstance(message, Propose) and message.command in _names(view, "offers"):
            return seat
        if isinstance(message, Look) and message.look in _names(view, "looks"):
            return seat
        if isinstance(message, Announce) and message.announcement in _names(view, "announcements"):
            return seat
        for command in rows(view, "commands"):
            can = command.get("can")
            if command.get("id") == getattr(message, "command_id", "") and isinstance(can, list) and message.kind in can:
                return seat
    return SOLO_SEAT


def _names(view: Mapping[str, JsonValue], key: str) -> list[JsonValue]:
    return [row.get(_OFFERS[key]) for row in rows(view, key)]


def _time(row: Mapping[str, JsonValue]) -> float:
    at = row.get("t")
    return float(at) if isinstance(at, int | float) else 0.0


def _commands(views: Mapping[Seat, Mapping[str, JsonValue]]) -> list[JsonValue]:
    found: dict[str, JsonObject] = {}
    for view in views.values():
        for row in rows(view, "commands"):
            known = found.setdefault(str(row.get("id")), {**row, "can": []})
            can, more = known["can"], row.get("can")
            assert isinstance(can, list)
            known["can"] = [*can, *(verb for verb in more if verb not in can)] if isinstance(more, list) else can
    return [*found.values()]
