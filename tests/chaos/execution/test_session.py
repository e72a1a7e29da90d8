"""What a command keeps ends with it: files are read once within a session, and again in the next."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.execution import session as sessions
from chaos.execution import workers
from chaos.execution.jobs import Job, SystemReference
from chaos.execution.session import Session
from chaos.execution.workers import InWorker
from simcore.base.errors import InputError

Write = Callable[..., Path]


def test_a_file_is_read_once_in_a_session_and_again_in_the_next(tmp_path: Path, write: Write) -> None:
    """A change of the file is not seen by the session that has read it, and is seen by another."""
    reference = Job(str(write(tmp_path)), 1).system
    session = Session()
    digest = session.input_digest(reference)
    write(tmp_path, method="")
    assert session.input_digest(reference) == digest
    assert session.bind(reference) is session.bind(reference)
    assert Session().input_digest(reference) != digest


def test_systems_give_way_and_digests_stay(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many systems are held, those asked for last; what is known of the others needs no file any more."""
    monkeypatch.setattr(sessions, "SYSTEMS_MAX", 2)
    path = write(tmp_path)
    session = Session()
    references = [SystemReference(str(path), assignments=(f"pools.threads.slots={n}",)) for n in (4, 5, 6)]
    digests = [session.input_digest(reference) for reference in references]
    first = weakref.ref(session.bind(references[2]))
    assert first() is not None
    for reference in references[:2]:
        session.bind(reference)
    gc.collect()
    assert first() is None
    path.unlink()
    assert [session.input_digest(reference) for reference in references] == digests
    assert len(set(digests)) == 3


def test_leaving_a_session_closes_its_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each target is opened once, and closed with the session."""
    said: list[str] = []

    class Target:
        def announce(self, note: Callable[[str], None]) -> None:
            note("it takes long")

        def close(self) -> None:
            said.append("closed")

    def opened(reference: str) -> Target:
        said.append(f"opened {reference}")
        return Target()

    class Notes:
        live = False

        def note(self, text: str) -> None:
            said.append(text)

        show = note

        def clear(self) -> None:
            pass

    monkeypatch.setattr(sessions, "open_target", opened)
    with Session(Notes()) as session:
        session.announce(["twin:here", "twin:here"])
        session.target("twin:here")
    assert said == ["opened twin:here", "it takes long", "closed"]


def test_a_worker_has_one_session_for_each_command() -> None:
    """Tasks of a command share one; those of another close it and have their own."""
    seen: list[Session] = []

    def function(session: Session, task: int) -> int:
        seen.append(session)
        return task

    one, other = InWorker(function, "one"), InWorker(function, "other")
    assert [one(1), one(2), other(3), one(4)] == [1, 2, 3, 4]
    assert seen[0] is seen[1]
    assert len({id(session) for session in seen}) == 3
    assert [session.name for session in seen] == ["one", "one", "other", "one"]
    workers._WORKER.session = None


def test_what_cannot_be_bound_is_an_error_each_time(tmp_path: Path, write: Write) -> None:
    """A mistake in a file is not remembered as anything else."""
    path = write(tmp_path)
    path.write_text(path.read_text().replace("service: core", "service: cor"))
    session = Session()
    for _ in range(2):
        with pytest.raises(InputError, match="no service is called 'cor'"):
            session.require(Job(str(path), 1))
