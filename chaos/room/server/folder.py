"""What a room keeps in its folder, so that it can go on after it was killed.

| file | what |
|---|---|
| session.json | drill, its digest, seed, seating, speed, and the tokens of the seats; readable by its owner alone |
| decisions.jsonl | an entry a line: what somebody did, written through to the disk before it acts |
| clock.jsonl | how far simulated time was at each tick, and when the clock was stopped |
| expectations.jsonl | what people wrote down before the beginning |
| people.jsonl | how the people in the seats want to be called |
| branches/N | the same up to an instant |
| current.jsonl | in which branch it went on, the last line counts; 0: in none, as it began |
| result.json, journal/ | once it is over |
| lock | held by the process that has the exercise, so that there is one |
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, Field, JsonValue, ValidationError

from chaos.documents.drill import Played, Seat
from chaos.room.exercise.messages import Entry
from chaos.room.server.solo import SOLO_SEAT
from chaos.room.server.tokens import new_token
from simcore.base.errors import InputError, os_reason
from simcore.base.model import Model, ResultModel

ClockState = Literal["lobby", "running", "paused", "over"]


class Session(Model):
    """What does not change while a room is open."""

    drill: str = Field(description="name or path of the drill's file")
    digest: str = Field(description="of the drill with all that it names")
    seed: int
    seating: dict[Seat, Played]
    speed: float
    solo: bool = False
    tokens: dict[Seat, str] = {}
    bind: str | None = Field(None, description="where it was served last: address to listen on")
    port: int | None = Field(None, description="and port")
    behind: str | None = Field(None, description="and what links begin with behind a proxy")
    starts: int = Field(0, description="how often a server was started on it")

    def with_tokens(self) -> Session:
        """The same with a new token for each seat that somebody can have: those of persons, or of one who has all the only page."""
        seats = [SOLO_SEAT] if self.solo else [seat for seat, played in self.seating.items() if played == "person"]
        return self.model_copy(update={"tokens": {seat: new_token() for seat in seats}})


class ClockMark(Model):
    """Where simulated time stood, ns, at a time on the wall, s since 1970."""

    at: int
    state: ClockState
    speed: float
    wall: float


class Branch(NamedTuple):
    """A branch that was kept: its number, and the instant it goes on from, ns."""

    number: int
    at: int

    @property
    def folder(self) -> str:
        """Its folder, below the room's."""
        return f"branches/{self.number}"


class _Name(Model):
    """How a person in a seat wants to be called."""

    seat: Seat
    name: str


class _Expectations(Model):
    """What somebody in a seat wrote down before the beginning."""

    seat: Seat
    answers: dict[str, str]


class _Current(Model):
    """The branch in which a room goes on; 0: none."""

    branch: int


class _Result(ResultModel):
    """What of an exercise that is over was noted."""

    digest: str


class RoomFolder:
    """The folder of a room. Raises InputError for one that cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, session: Session) -> None:
        """Begins a new one; a folder that holds a room already is refused."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.path}: {os_reason(error)}") from None
        if (self.path / "session.json").exists():
            raise InputError(f"{self.path} holds a room already", hint="--resume goes on with it; --folder names another")
        self.write_session(session)
        _append(self.path / "decisions.jsonl", "", through=True)
        _directory_through(self.path)

    @contextmanager
    def held(self, patience: float) -> Iterator[None]:
        """The room is this process's alone; one that ends may hold it still for `patience` seconds. Raises InputError."""
        until = time.monotonic() + patience
        with os.fdopen(os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600), "rb") as lock:
            while not _locked(lock):
                if time.monotonic() > until:
                    raise InputError(f"{self.path} is open in another server", hint="stop that one, or go on with its room there")
                time.sleep(0.05)
            yield

    def write_session(self, session: Session) -> None:
        """Replaces what is known of the session, whole or not at all."""
        new = self.path / "session.json.new"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(session.model_dump_json(indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path / "session.json")

    def session(self) -> Session:
        """What is known of the session."""
        try:
            return Session.model_validate_json((self.path / "session.json").read_bytes())
        except OSError as error:
            raise InputError(f"{self.path}: {os_reason(error)}", hint="name the folder of a room") from None
        except ValidationError:
            raise InputError(f"{self.path / 'session.json'} is not what a room writes") from None

    def entries(self) -> list[Entry]:
        """What was done, in order. A last line that was not finished when the server was killed did not act, and does not count."""
        return list(_read(self.path / "decisions.jsonl", Entry))

    def last_mark(self) -> ClockMark | None:
        """How far the clock was; None: it never went."""
        marks = self.marks()
        return marks[-1] if marks else None

    def marks(self) -> list[ClockMark]:
        """Where simulated time stood, from the beginning on; what a machine that lost power has left in their place is passed over, for
        they are not written through."""
        found = []
        for line in _whole_lines(self.path / "clock.jsonl"):
            with suppress(ValidationError):
                found.append(ClockMark.model_validate_json(line))
        return found

    def expectations(self) -> dict[Seat, Mapping[str, str]]:
        """What each seat wrote down before the beginning, by the names of the drill's questions."""
        return {line.seat: line.answers for line in _read(self.path / "expectations.jsonl", _Expectations)}

    def add_entry(self, entry: Entry) -> None:
        """Writes an entry through to the disk."""
        _append(self.path / "decisions.jsonl", entry.model_dump_json(), through=True)

    def mark(self, at: int, state: ClockState, speed: float) -> None:
        """Notes where simulated time stands. It outlives the server, but need not outlive the machine."""
        _append(self.path / "clock.jsonl", ClockMark(at=at, state=state, speed=speed, wall=time.time()).model_dump_json())

    def add_expectations(self, seat: Seat, answers: Mapping[str, str]) -> None:
        """Notes what a seat expects; the last line of a seat counts."""
        _append(
            self.path / "expectations.jsonl",
            json.dumps({"seat": seat, "answers": dict(answers)}, ensure_ascii=False),
            through=True,
        )

    def add_name(self, seat: Seat, name: str) -> None:
        """Notes who has a seat."""
        if name not in self.names().get(seat, []):
            _append(self.path / "people.jsonl", json.dumps({"seat": seat, "name": name}, ensure_ascii=False))

    def names(self) -> dict[Seat, list[str]]:
        """Who had each seat, as far as they gave names."""
        found: dict[Seat, list[str]] = {}
        for said in _read(self.path / "people.jsonl", _Name):
            found.setdefault(said.seat, []).append(said.name)
        return found

    def kept_digest(self) -> str | None:
        """The digest of the journal that the room noted when it was over; None: it was not."""
        path = self.path / "result.json"
        if not path.exists():
            return None
        try:
            return _Result.model_validate_json(path.read_bytes()).digest
        except OSError as error:
            raise InputError(f"{path}: {os_reason(error)}") from None
        except ValidationError:
            raise InputError(f"{path} is not what a room writes") from None

    def write_result(self, result: Mapping[str, JsonValue]) -> None:
        """Notes what it came to."""
        (self.path / "result.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def branch(self, session: Session, at: int, entries: Iterable[Entry]) -> Branch:
        """A folder below in which this room, or another one, can go on from an instant, ns, at which these entries had been taken. What
        people wrote before the beginning, and their names, come with it; its tokens are others."""
        below = self.path / "branches"
        number = 1 + sum(1 for _ in below.iterdir()) if below.exists() else 1
        other = RoomFolder(below / str(number))
        other.create(session)
        for name in ("expectations.jsonl", "people.jsonl"):
            if (self.path / name).exists():
                shutil.copyfile(self.path / name, other.path / name)
        _append(other.path / "decisions.jsonl", "\n".join(entry.model_dump_json() for entry in entries), through=True)
        other.mark(at, "paused", session.speed)
        return Branch(number, at)

    def branches(self) -> list[Branch]:
        """Those that were kept, in order."""
        below = self.path / "branches"
        paths = (
            sorted((p for p in below.iterdir() if p.name.isdecimal()), key=lambda path: int(path.name)) if below.exists() else []
        )
        kept = [(path, RoomFolder(path).marks()) for path in paths]
        return [Branch(int(path.name), marks[0].at) for path, marks in kept if marks]

    def current_branch(self) -> int:
        """The number of the branch in which the room goes on; 0: in none."""
        lines = list(_read(self.path / "current.jsonl", _Current))
        return lines[-1].branch if lines else 0

    def in_branch(self, number: int) -> RoomFolder:
        """The folder of a branch; 0: the room's own."""
        return RoomFolder(self.path / "branches" / str(number)) if number else self

    def current(self) -> RoomFolder:
        """The folder of where the room goes on."""
        return self.in_branch(self.current_branch())

    def go_on_in(self, number: int) -> None:
        """From now on the room goes on in a branch; 0: as it began."""
        _append(self.path / "current.jsonl", _Current(branch=number).model_dump_json(), through=True)


def _append(path: Path, line: str, *, through: bool = False) -> None:
    """Adds a line; one before it that was not finished is cut off first."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+") as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
        file.write((line + "\n").encode() if line else b"")
        if through:
            file.flush()
            os.fsync(file.fileno())


def _directory_through(path: Path) -> None:
    """That files are in a folder is on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _whole_lines(path: Path) -> list[bytes]:
    try:
        return [line for line in path.read_bytes().split(b"\n")[:-1] if line]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"{path}: {os_reason(error)}") from None


_Line = TypeVar("_Line", bound=BaseModel)


def _read(path: Path, model: type[_Line]) -> Iterator[_Line]:
    """The whole lines of a file; none if it is not there. Raises InputError with the number of one that is something else."""
    for n, line in enumerate(_whole_lines(path), 1):
        try:
            yield model.model_validate_json(line)
        except ValidationError:
            raise InputError(f"{path}, line {n}, is not what a room writes") from None


def _locked(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
