"""What a state of a seat says, read from its plain data."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from chaos.room.protocol.changes import JsonObject


def rows(state: Mapping[str, JsonValue], key: str) -> list[JsonObject]:
    """The rows of one key of a state."""
    found = state.get(key)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def now(state: Mapping[str, JsonValue]) -> float:
    """Seconds of the simulated day."""
    clock = state["clock"]
    assert isinstance(clock, dict)
    return float(str(clock["t"]))


def is_over(state: Mapping[str, JsonValue]) -> bool:
    """Whether the exercise has ended."""
    return clock_state(state) == "over"


def clock_state(state: Mapping[str, JsonValue]) -> str:
    """What the clock does: lobby, running, paused or over; nothing where there is none."""
    clock = state.get("clock")
    return str(clock.get("state")) if isinstance(clock, dict) else ""
