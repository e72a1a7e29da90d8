"""A drill alone in the terminal, typed by somebody who reads what stands there."""

from __future__ import annotations

import asyncio
import io
import queue
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_exercise import Threaded
from rich.console import Console
from short_drill import open_short, short

from chaos.cli.room_terminal import play
from chaos.measures.formatting import Language
from chaos.room.server.folder import RoomFolder
from chaos.room.server.opening import solo_session
from chaos.room.server.replay import replay_with
from chaos.room.server.room import Room
from chaos.room.server.serve import Address, serving


class Keyboard(io.TextIOBase):
    """Lines that are typed one by one."""

    def __init__(self) -> None:
        self._typed: queue.Queue[str] = queue.Queue()

    def type(self, line: str) -> None:
        self._typed.put(line)

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        while (line := self._typed.get()) != "quit":
            yield f"{line}\n"


class Terminal:
    """What is typed, and what stands there."""

    def __init__(self) -> None:
        self.keyboard, self._file, self._seen = Keyboard(), io.StringIO(), 0
        self.console = Console(file=self._file, width=400)

    @property
    def text(self) -> str:
        return self._file.getvalue()

    async def after(self, line: str, expected: str) -> str:
        """Types a line and waits for what is to come of it, at most a minute; it."""
        self._seen = len(self.text)
        self.keyboard.type(line)
        return await self.until(expected)

    async def until(self, expected: str) -> str:
        for _ in range(1200):
            if (found := re.search(expected, self.text[self._seen :])) is not None:
                return found[0]
            await asyncio.sleep(0.05)
        raise AssertionError(f"never stood there: {expected}\n{self.text}")


async def played(folder: RoomFolder, language: Language, terminal: Terminal) -> None:
    async with serving(Room(folder, open_short, Threaded), Address()) as served:
        await play(terminal.console, served.socket("operator"), language, folder.path, terminal.keyboard)  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_a_bank_is_cut_off_by_typing(tmp_path: Path) -> None:
    """From the lobby to the end: names by number or beginning, steps without a number, mistakes said with what would do."""
    folder, terminal = RoomFolder(tmp_path / "room"), Terminal()
    folder.create(solo_session("bank-slow", short(), 1, 60.0))
    playing = asyncio.create_task(played(folder, "en", terminal))
    await terminal.until(r"09:29:00  not begun, 60×; alarms not taken up: 0")
    for typed, said in (
        ("approve", "nothing waits for that"),
        ("nonsense", "no such word: nonsense; help lists them"),
        ("propose cut", "which one\\? cut-off-bank-a, cut-off-bank-b"),
        ("speed 99", "speed takes a number from 1 to 60"),
        ("report", "report takes a text"),
        ("propose 1", "the exercise has not begun"),
        ("offers", r"1 cut-off-bank-a +Cut bank-a off; takes 20 s, risk medium; can be undone"),
    ):
        await terminal.after(typed, said)
    await terminal.after("start", r"▲ requests waiting for counter threads  \[ack counter-queue\]")
    await terminal.after("pause", r"paused, 1×; alarms not taken up: \d+")
    await terminal.after("speed 6", "")
    await terminal.after("go", "running, 6×")
    await terminal.after("ack counter", "")
    await terminal.after("", "alarms not taken up")
    await terminal.after("alarms", "counter-queue  requests waiting for counter threads, ")
    await terminal.after(
        "propose cut-off-bank-a", r"c1 Cut bank-a off: proposed  \[approve, refuse\]|c1 Cut bank-a off: proposed  \[.*approve"
    )
    await terminal.after("approve", r"c1 Cut bank-a off: approved  \[begin, withdraw\]")
    await terminal.after("begin", r"c1 Cut bank-a off: under way")
    await terminal.after("say hello \x1b[2J there", "hello .*there")
    await terminal.after("end", r"the exercise is over: [\d,]+ failed orders, impaired for")
    await terminal.until(r"coredrill room replay .*room makes it again")
    terminal.keyboard.type("quit")
    await playing
    assert "\x1b[2J" not in terminal.text
    assert [entry.message.kind for entry in folder.entries()] == ["ack", "propose", "approve", "begin", "say", "end"]
    made = replay_with(folder, open_short(folder.session()))
    assert made.digest == made.kept


@pytest.mark.asyncio
async def test_a_chinese_terminal_is_chinese(tmp_path: Path) -> None:
    """But for the words one types, and names."""
    folder, terminal = RoomFolder(tmp_path / "room"), Terminal()
    folder.create(solo_session("bank-slow", short(), 1, 60.0))
    playing = asyncio.create_task(played(folder, "zh", terminal))
    await terminal.until("09:29:00  未开始，60 倍速；未确认告警：0；失败委托：0")
    await terminal.after("offers", "1 cut-off-bank-a +切断存管银行 A；需 20 秒，风险中；可恢复")
    await terminal.after("ack", "没有可执行此操作的对象")
    terminal.keyboard.type("quit")
    await playing
    assert "已保留；coredrill room host --resume" in terminal.text
