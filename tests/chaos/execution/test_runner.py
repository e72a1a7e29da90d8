"""The one runner of all campaigns, on work of no weight: what is kept is not made again, and how far it is can be seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.execution.progress import ProgressReporter
from chaos.execution.runner import JsonObject, TaskRunner, Work
from chaos.execution.session import Session


class Output:
    """Remembers what it is told."""

    def __init__(self, live: bool = False) -> None:
        self.live, self.lines = live, list[str]()

    def note(self, text: str) -> None:
        self.lines.append(f"note {text}")

    def show(self, text: str) -> None:
        self.lines.append(text)

    def clear(self) -> None:
        self.lines.append("clear")


class Squares(Work[int, int]):
    """A task is a number, its value the square. It counts what it makes."""

    made: list[int]

    def __init__(self) -> None:
        self.made = []

    def perform(self, session: Session, task: int) -> int:
        self.made.append(task)
        if task < 0:
            raise KeyboardInterrupt
        return task * task

    def key(self, task: int) -> str:
        return str(task)

    def scenario(self, task: int) -> str:
        return "squares"

    def target(self, task: int) -> str:
        return "simulated"

    def to_json(self, value: int) -> JsonObject:
        return {"square": value}

    def from_json(self, record: JsonObject) -> int | None:
        return record.get("square")

    def line(self, value: int) -> str:
        return f"= {value}"


def make(
    path: Path | None, tasks: list[int], inputs: str = "", *, resume: bool = True, output: Output | None = None
) -> tuple[dict[int, tuple[int, bool]], list[int]]:
    """What each task gave and whether it was kept, and which were made."""
    found: dict[int, tuple[int, bool]] = {}
    work = Squares()
    with Session(output) as session, TaskRunner(session, work, path=path, resume=resume) as runner:
        runner.make(
            tasks, [inputs] * len(tasks), "squares", lambda i, value, kept: found.update({tasks[i]: (value, kept)}), before=1
        )
    return found, work.made


def test_what_is_kept_is_not_made_again(tmp_path: Path) -> None:
    """Of the tasks that a store has with the same inputs none is made; with other inputs all are."""
    path = tmp_path / "store"
    assert make(path, [1, 2]) == ({1: (1, False), 2: (4, False)}, [1, 2])
    assert make(path, [1, 2, 3]) == ({1: (1, True), 2: (4, True), 3: (9, False)}, [3])
    assert make(path, [2], "changed") == ({2: (4, False)}, [2])
    assert make(path, [2], resume=False)[1] == [2]
    assert make(None, [2])[1] == [2]


def test_what_cannot_be_read_any_more_is_made_again(tmp_path: Path) -> None:
    """A record of another version counts as none."""
    path = tmp_path / "store"
    make(path, [2])
    with TaskRunner(Session(), Squares(), path=path, resume=True) as runner:
        assert runner.store is not None
        runner.store.add("3", "", {"cube": 27})
    assert make(path, [2, 3]) == ({2: (4, True), 3: (9, False)}, [3])


def test_progress_counts_what_is_kept_and_what_needs_no_making(tmp_path: Path) -> None:
    """`before` and what the store has come first; each of the others has a line with its number."""
    path, output = tmp_path / "store", Output()
    make(path, [1])
    make(path, [1, 2, 3], output=output)
    assert output.lines == ["note 2 of 4 squares are kept already", "[3/4] = 4", "[4/4] = 9", "clear"]


def test_an_interrupt_says_where_to_go_on(tmp_path: Path) -> None:
    """Ctrl-C is raised, after a note of how many are kept where; without a store there is none."""
    path, output = tmp_path / "store", Output()
    with pytest.raises(KeyboardInterrupt):
        make(path, [2, -1, 3], output=output)
    assert output.lines[-2:] == [f"note 2 squares are kept in {path}; continue with --resume", "clear"]
    assert make(path, [2])[1] == []
    quiet = Output()
    with pytest.raises(KeyboardInterrupt):
        make(None, [-1], output=quiet)
    assert not any("--resume" in line for line in quiet.lines)


@pytest.mark.parametrize(("live", "shown"), [(True, 8), (False, 4)])
def test_what_has_no_text_is_shown_in_quarters(live: bool, shown: int) -> None:
    """On a terminal each, elsewhere each quarter; a single piece of work has no line at all."""
    output = Output(live)
    progress = ProgressReporter(output, "mutants in staging", 8)
    for _ in range(8):
        progress.done()
    assert len(output.lines) == shown
    assert output.lines[-1] == "[8/8] mutants in staging"
    alone = Output(live)
    one = ProgressReporter(alone, "mutants", 1)
    one.done()
    one.end()
    assert alone.lines == []
