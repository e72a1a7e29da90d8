"""A room as somebody has it who types the commands: opened, killed, gone on with, closed, replayed."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.cli.room_bot import socket_of
from chaos.room.client.seat import SeatClient
from chaos.room.protocol.state import clock_state, now, rows
from chaos.room.server.folder import RoomFolder

COREDRILL = [sys.executable, "-m", "chaos"]


class Command:
    """`coredrill room host` as a process, and the links that it has printed."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COREDRILL, "room", "host", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  (begun in the background it is ignored)
        )
        self.links: dict[str, str] = {}
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = re.fullmatch(r"(\w+) +(http://\S+)", line.strip())
            if found is not None:
                self.links[found[1]] = found[2]
            if "closes the room" in line:
                return
        raise AssertionError("it printed no links")

    def socket(self, seat: str) -> str:
        """The websocket of a seat, from its link."""
        return socket_of(self.links[seat])

    def interrupted(self) -> str:
        """What it says when somebody presses Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=30)[0]


@contextlib.contextmanager
def opened(*arguments: str) -> Iterator[Command]:
    """A room that is open; it is gone afterwards."""
    command = Command(*arguments)
    with command.process:
        try:
            yield command
        finally:
            command.process.kill()


@pytest.mark.asyncio
async def test_a_killed_room_goes_on_by_its_folder(tmp_path: Path) -> None:
    """With the same links, paused where it stood, and with what was decided; its end is that of the decisions alone."""
    folder = tmp_path / "room"
    with opened("login-storm", "--seat", "operator", "--port", "0", "--folder", str(folder), "--speed", "60") as first:
        async with SeatClient(first.socket("operator")) as operator, SeatClient(first.socket("facilitator")) as control:
            assert (await control.send("start")).done
            assert (await operator.send("say", text="before")).done
            before = now(await operator.until(lambda state: len(rows(state, "log")) > 0))
    with opened("--resume", "--folder", str(folder)) as second:
        assert second.links == first.links
        async with SeatClient(second.socket("operator")) as operator, SeatClient(second.socket("facilitator")) as control:
            assert clock_state(operator.state) == "paused"
            assert now(operator.state) >= before
            assert [row["text"] for row in rows(operator.state, "log") if row["kind"] == "said"] == ["before"]
            assert (await control.send("clock", paused=False)).done
            assert (await operator.send("say", text="after")).done
            assert (await control.send("end")).done
        assert "closed; kept in" in second.interrupted()
    assert [entry.message.kind for entry in RoomFolder(folder).entries()] == ["say", "say", "end"]
    replayed = CliRunner().invoke(main, ["room", "replay", str(folder)])
    assert replayed.exit_code == 0, replayed.output
    assert "3 decisions, 0 of them refused" in replayed.output
