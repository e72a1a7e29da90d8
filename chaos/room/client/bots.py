"""Two bots: one does nothing, one follows the best known response of a drill."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from chaos.documents.drill import Drill, Seat
from chaos.room.client.seat import SeatClient
from chaos.room.protocol.changes import JsonObject
from chaos.room.protocol.state import is_over, now, rows
from simcore.base.units import SECOND

AGAIN_S = 10.0
"""Simulated seconds until something that was refused is tried again: a guess."""


async def do_nothing(seat: SeatClient) -> None:
    """Sits there to the end, as somebody who is overwhelmed does."""
    await seat.until(is_over)


@dataclass(frozen=True)
class Step:
    """A command that is proposed, or an announcement that is made, so many seconds after the first alarm."""

    after: float
    command: str | None = None
    announcement: str | None = None


def best_steps(drill: Drill) -> list[Step]:
    """The best known response of a drill, in order; nothing if it has none."""
    known = drill.best.steps if drill.best is not None else []
    return sorted((Step(step.after / SECOND, step.command, step.announcement) for step in known), key=lambda step: step.after)


async def follow(seats: Mapping[Seat, SeatClient], steps: Iterable[Step]) -> list[str]:
    """Takes up every alarm, and from the first one on does what the runbook says, in the seats it has: each command is proposed in a
    seat that may, approved where a seat may, and begun. Returns the commands that were begun; those refused are left out."""
    first = next(iter(seats.values()))
    upkeep = [asyncio.create_task(_acknowledge(seat)) for seat in seats.values()]
    upkeep += [asyncio.create_task(_press(seat, "approve")) for seat in seats.values()]
    upkeep += [asyncio.create_task(_press(seat, "begin")) for seat in seats.values()]
    proposed = asyncio.create_task(_propose(seats, steps))
    try:
        await first.until(is_over)
    finally:
        for task in [*upkeep, proposed]:
            task.cancel()
        await asyncio.gather(*upkeep, proposed, return_exceptions=True)
    return list(
        dict.fromkeys(str(row["command"]) for seat in seats.values() for row in rows(seat.state, "commands") if _begun(row))
    )


async def _propose(seats: Mapping[Seat, SeatClient], steps: Iterable[Step]) -> None:
    first = next(iter(seats.values()))
    begin = now(await first.until(lambda state: is_over(state) or bool(rows(state, "alarms"))))
    for step in steps:
        at = begin + step.after
        await first.until(lambda state, at=at: is_over(state) or now(state) >= at)  # type: ignore[misc]
        for seat in seats.values():
            if step.announcement is not None and any(
                r.get("announcement") == step.announcement for r in rows(seat.state, "announcements")
            ):
                done = (await seat.send("announce", announcement=step.announcement)).done
            elif step.command is not None and any(row.get("command") == step.command for row in rows(seat.state, "offers")):
                done = (await seat.send("propose", command=step.command)).done
            else:
                continue
            if done:
                break


async def _acknowledge(seat: SeatClient) -> None:
    tried: set[tuple[str, float]] = set()

    def fresh(state: JsonObject) -> list[tuple[str, float]]:
        opened = [(str(row["id"]), float(str(row["since"]))) for row in rows(state, "alarms") if row.get("state") == "open"]
        return [alarm for alarm in opened if alarm not in tried]

    while True:
        for alarm in fresh(await seat.until(lambda state: bool(fresh(state)))):
            tried.add(alarm)
            await seat.send("ack", alarm=alarm[0])


async def _press(seat: SeatClient, verb: str) -> None:
    pressed: set[str] = set()

    def waiting(state: JsonObject) -> list[str]:
        can = [(str(row["id"]), row.get("can")) for row in rows(state, "commands")]
        return [key for key, verbs in can if isinstance(verbs, list) and verb in verbs and key not in pressed]

    while True:
        for key in waiting(await seat.until(lambda state: bool(waiting(state)))):
            if (await seat.send(verb, command_id=key)).done:
                pressed.add(key)
            else:  # whoever was called away comes back
                again = now(seat.state) + AGAIN_S
                await seat.until(lambda state, again=again: is_over(state) or now(state) >= again)  # type: ignore[misc]


def _begun(row: Mapping[str, JsonValue]) -> bool:
    return row.get("state") in ("begun", "done", "failed")
