"""What seats are sent while everything happens, and the pages they are served, say nothing that a seat may not know.

COREDRILL_TEST_DRILLS=all records a frame a tick of every shipped drill; else one in six.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fake_exercise import fake_folder, open_fake
from room_traffic import Frame, leaks, recorded, secrets_of
from starlette.types import Message

from chaos.documents.drill import SEATS, Seat
from chaos.documents.library import library
from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.prepared import prepare
from chaos.room.pages import page_files
from chaos.room.server.app import make_app
from chaos.room.server.origins import Names
from chaos.room.server.room import Room

DRILLS = [*library().shipped("drill")]
EACH = 1 if os.environ.get("COREDRILL_TEST_DRILLS") == "all" else 6

prepared = cache(prepare)


@pytest.fixture(autouse=True)
def _not_through_to_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is not looked at here."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Mapping[Seat, list[str]]]:
    """Of a drill, recorded once."""
    return cache(lambda name: recorded(prepared(name), tmp_path_factory.mktemp("rooms") / name, each=EACH))


@pytest.mark.parametrize("name", DRILLS)
def test_no_seat_is_sent_what_it_may_not_know(name: str, frames: Callable[[str], Mapping[Seat, list[str]]]) -> None:
    """No fault, step, inject or hint, no counter that nobody monitors, no duplicates, no look of another seat; and all that happened,
    so that there was something to keep back."""
    drill, sent = prepared(name), frames(name)
    assert leaks(sent, drill) == []
    control = "".join(sent["facilitator"])
    assert [inject.title.zh for inject in drill.model.injects if inject.title.zh not in control] == []
    log = json.loads(sent["facilitator"][-1])["state"]["log"]
    assert {row["kind"] for row in log} >= {"said", "event", "look", "inject", "report", "announcement"}
    commands = {row["state"] for row in json.loads(sent["operator"][-1])["state"]["commands"]}
    assert commands & {"done", "failed"}


def _log(frame: Frame, **row: object) -> None:
    frame["state"]["log"].append({"t": 1.0, "kind": "event", "from": "", "to": None, "text": "nothing"} | row)


def _node(frame: Frame) -> Frame:
    node: Frame = next(node for node in frame["state"]["map"]["nodes"] if node["state"] == "unmonitored")
    return node


READING = {"title": {"en": "threads", "zh": "线程"}, "value": 7, "bound": 9, "side": "above", "state": "within"}
PLANTED: dict[str, Callable[[Frame], Any]] = {
    "fault": lambda frame: _log(frame, text="slow-bank"),
    "step": lambda frame: _log(frame, text={"en": "now: bank-a slows down", "zh": "现在"}),
    "expected": lambda frame: _log(frame, text="trust your own counters"),
    "chinese title": lambda frame: _log(frame, text={"en": "now", "zh": "误告警：银行专线"}),
    "another's look": lambda frame: _log(frame, kind="look", to=["vendor"]),
    "drill": lambda frame: frame["state"]["drill"].update(name="bank-slow"),
    "truth": lambda frame: frame["state"].update(truth={"nodes": []}),
    "list of events": lambda frame: frame["state"].update(msel=[]),
    "duplicates": lambda frame: frame["state"].update(duplicated=3),
    "duplicates among orders": lambda frame: frame["state"]["orders"]["kinds"].append("twice"),
    "a counter's name": lambda frame: _log(frame, text="pool/counter-threads/busy 24"),
    "a reading": lambda frame: _node(frame)["readings"].append(READING),
    "a state": lambda frame: _node(frame).update(state="within"),
    "a figure of a node": lambda frame: _node(frame).update(fullest=1.0),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found(what: str, frames: Callable[[str], Mapping[Seat, list[str]]]) -> None:
    """A frame to the database administrator with something in it that is none of theirs."""
    sent = frames("bank-slow")
    frame = json.loads(sent["dba"][-1])
    assert frame["kind"] == "snapshot"
    PLANTED[what](frame)
    found = leaks({seat: [] for seat in SEATS} | {"dba": [json.dumps(frame, ensure_ascii=False)]}, prepared("bank-slow"))
    assert found
    assert all(leak.endswith(" to dba") for leak in found)


def test_an_exercise_that_says_too_much_is_found(tmp_path: Path) -> None:
    """All the way from the exercise: the truth in the map, while the fault is in force."""

    class Leaky(Exercise):
        def view(self, seat: Seat) -> dict[str, Any]:
            told, seen = super().view("facilitator")["truth"], dict(super().view(seat))
            return seen | {"map": {**seen["map"], "truth": told}}

    drill = prepared("bank-slow")
    exercise = Leaky(drill, 1, dict.fromkeys(SEATS, "person"))
    found = leaks(recorded(drill, tmp_path / "room", exercise, each=60), drill)
    assert "place state.map.truth.nodes[].fault to scribe" in found
    assert "name 'slow-bank' to scribe" in found


@pytest.mark.asyncio
async def test_pages_say_nothing_of_any_drill(tmp_path: Path) -> None:
    """Every file that a seat is served, with its token, is free of all shipped drills' secrets, and nothing else is served."""
    folder = fake_folder(tmp_path / "room")
    room = Room(folder, open_fake)
    app, query = make_app(room, Names()), f"token={room.session.tokens['operator']}".encode()

    async def get(path: str) -> tuple[int, str]:
        answer: list[Message] = []

        async def receive() -> Message:
            await asyncio.sleep(0)
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            answer.append(message)

        scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "root_path": ""}
        await app(scope | {"headers": [(b"host", b"127.0.0.1")]}, receive, send)
        return answer[0]["status"], b"".join(part.get("body", b"") for part in answer[1:]).decode()

    secrets = {secret for name in DRILLS for secret in secrets_of(prepared(name))}
    for path in page_files():
        status, text = await get(f"/{path}")
        assert status == 200
        assert text
        assert [secret for secret in secrets if secret in text] == []
    kept = ("session.json", "decisions.jsonl", "clock.jsonl", "result.json", "branches/1/session.json", "", ".", "drawing")
    assert [await get(f"/{path}") for path in kept] == [(404, "Not Found")] * len(kept)
