"""The review that is made when an exercise is over: every seat sees how far it is, whoever has a seat can open it, nobody else."""

from __future__ import annotations

import asyncio
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from fake_exercise import Threaded, fake_folder, open_fake

from chaos.room.client.seat import SeatClient
from chaos.room.protocol.changes import JsonObject
from chaos.room.server.reviewing import review_command, reviewing
from chaos.room.server.room import Room
from chaos.room.server.serve import Address, serving

WRITES = (
    "import pathlib, sys; print('[1/2] so far', file=sys.stderr); print('[x] else', file=sys.stderr); "
    "pathlib.Path(sys.argv[1], 'review.html').write_text('<p>reviewed</p>')"
)


def command(program: str) -> object:
    """A command that runs a program on the room's folder."""
    return lambda folder: [sys.executable, "-c", program, str(folder)]


def fetched(address: str) -> tuple[int, str, str]:
    """Status, content policy and text of a page."""
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, answer.headers["content-security-policy"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["content-security-policy"], ""


@pytest.mark.asyncio
async def test_every_seat_sees_it_come_and_can_open_it(tmp_path: Path) -> None:
    """Not before the exercise is over; by a seat's token alone, and nothing else of the folder."""
    folder = fake_folder(tmp_path / "room")
    room = Room(folder, open_fake, Threaded, command(WRITES))  # type: ignore[arg-type]
    async with (
        serving(room, Address()) as served,
        SeatClient(served.socket("facilitator")) as facilitator,
        SeatClient(served.socket("operator")) as operator,
    ):
        page = f"http://127.0.0.1:{served.port}/review/{served.room.session.tokens['operator']}"
        assert (await facilitator.send("start")).done
        assert "review" not in operator.state
        assert (await asyncio.to_thread(fetched, f"{page}/review.html"))[0] == 404
        assert (await facilitator.send("end")).done
        await operator.until(lambda state: (state.get("review") or {}).get("state") == "ready")  # type: ignore[union-attr]
        status, policy, text = await asyncio.to_thread(fetched, f"{page}/review.html")
        assert (status, text) == (200, "<p>reviewed</p>")
        assert "default-src 'none'" in policy
        for other in (f"{page}/decisions.jsonl", f"{page}x/review.html", f"{page}/..%2freview.html", f"{page}/review-run.html"):
            assert (await asyncio.to_thread(fetched, other))[0] == 404


@pytest.mark.asyncio
async def test_in_a_branch_it_is_that_of_the_branch(tmp_path: Path) -> None:
    """When the room goes on in another branch, the review of where it was is gone from its pages, and another one is made there."""
    writes = WRITES.replace("<p>reviewed</p>", "' + str(pathlib.Path(sys.argv[1]).name) + '")
    room = Room(fake_folder(tmp_path / "room"), open_fake, Threaded, command(writes))  # type: ignore[arg-type]
    async with serving(room, Address()) as served, SeatClient(served.socket("facilitator")) as facilitator:
        page = f"http://127.0.0.1:{served.port}/review/{served.room.session.tokens['operator']}/review.html"
        ready = lambda state: (state.get("review") or {}).get("state") == "ready"  # noqa: E731
        assert (await facilitator.send("start")).done
        await facilitator.until(lambda state: state["clock"]["t"] > 101)
        assert (await facilitator.send("end")).done
        await facilitator.until(ready)
        assert (await asyncio.to_thread(fetched, page))[2] == "room"
        assert (await facilitator.send("branch", at=101)).done
        assert (await facilitator.send("go_on", branch=1)).done
        state = await facilitator.until(lambda state: state["clock"]["state"] == "paused")
        assert not state.get("review")
        assert (await asyncio.to_thread(fetched, page))[0] == 404
        assert (await facilitator.send("clock", paused=False)).done
        assert (await facilitator.send("end")).done
        await facilitator.until(ready)
        assert (await asyncio.to_thread(fetched, page))[2] == "1"


@pytest.mark.asyncio
@pytest.mark.parametrize(("program", "ends"), [(WRITES, "ready"), ("raise SystemExit(2)", "failed"), ("", "failed")])
async def test_how_far_it_is(tmp_path: Path, program: str, ends: str) -> None:
    """Numbers as the command says them; one that writes no page has failed."""
    heard: list[JsonObject] = []
    await reviewing(tmp_path, command(program), heard.append)  # type: ignore[arg-type]
    assert heard[0] == {"review": {"state": "making", "made": None, "of": None}}
    assert heard[-1] == {"review": {"state": ends, "made": None, "of": None}}
    assert ({"review": {"state": "making", "made": 1, "of": 2}} in heard) == (program == WRITES)


@pytest.mark.asyncio
async def test_a_room_that_is_closed_ends_it(tmp_path: Path) -> None:
    """No process is left."""
    heard: list[JsonObject] = []
    program = "import os, sys, time; print(f'[{os.getpid()}/1]', file=sys.stderr, flush=True); time.sleep(600)"
    task = asyncio.create_task(reviewing(tmp_path, command(program), heard.append))  # type: ignore[arg-type]
    while len(heard) < 2:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    state = heard[1]["review"]
    assert isinstance(state, dict)
    assert not Path(f"/proc/{state['made']}").exists()


def test_the_command_is_coredrills_own(tmp_path: Path) -> None:
    """As a person would give it."""
    assert review_command(tmp_path)[1:] == ["-m", "chaos", "room", "review", str(tmp_path)]
