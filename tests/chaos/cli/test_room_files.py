"""room review, room history, report --beside and room guide on files that are broken, torn, foreign or not theirs: exit code 2, one sentence, and
nothing changed."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from reviewed_room import copied, reviewed, write_drill

from chaos.cli.main import main
from chaos.results.drill_history import held_exercise

BINARY = bytes(range(256)) * 4


def command(*words: str | Path) -> Result:
    """What a command comes to, in this process."""
    return CliRunner().invoke(main, [str(word) for word in words])


def refused(result: Result) -> str:
    """The one sentence with which a command ended in exit code 2."""
    assert result.exit_code == 2, (result.exit_code, result.output)
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert "Traceback" not in line
    return line


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# --- room review ----------------------------------------------------------------------------------------------------------------


def put(name: str, content: bytes | str) -> Callable[[Path], None]:
    """A file in the place of the room's; a folder where the content is empty and the name ends in a slash."""

    def change(room: Path) -> None:
        path = room / name.rstrip("/")
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        if name.endswith("/"):
            path.mkdir()
            (path / "mine.txt").write_text("mine", encoding="utf-8")
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return change


def edited(key: str, value: object) -> Callable[[Path], None]:
    """The session with another value."""

    def change(room: Path) -> None:
        path = room / "session.json"
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {key: value}), encoding="utf-8")

    return change


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty session": (put("session.json", ""), "session.json"),
    "binary session": (put("session.json", BINARY), "session.json"),
    "torn session": (put("session.json", '{"drill": "bank-slow", "dig'), "session.json"),
    "another session": (put("session.json", '{"hello": 1}'), "session.json"),
    "session is a folder": (put("session.json/", ""), "folder"),
    "no such drill": (edited("drill", "bank-slower"), "bank-slower"),
    "drill is a folder": (edited("drill", "/"), "/"),
    "another drill": (edited("drill", "bank-slow"), "not as it was"),
    "seed of text": (edited("seed", "one"), "session.json"),
    "decisions are a folder": (put("decisions.jsonl/", ""), "decisions.jsonl"),
    "binary decisions": (put("decisions.jsonl", BINARY), "decisions.jsonl"),
    "decision of nobody": (put("decisions.jsonl", '{"at": 1, "seat": "cook", "message": {"kind": "end"}}\n'), "line 1"),
    "decision before time": (
        put("decisions.jsonl", '{"at": -1, "seat": "operator", "message": {"kind": "say", "text": "x"}}\n'),
        "line 1",
    ),
    "decision at no time": (
        put("decisions.jsonl", '{"at": 1e40, "seat": "operator", "message": {"kind": "say", "text": "x"}}\n'),
        "line 1",
    ),
    "clock is a folder": (put("clock.jsonl/", ""), "clock.jsonl"),
    "broken people": (put("people.jsonl", "{}\n"), "people.jsonl"),
    "broken expectations": (put("expectations.jsonl", "[]\n"), "expectations.jsonl"),
    "torn result": (put("result.json", '{"dig'), "result.json"),
    "list for a result": (put("result.json", "[]"), "result.json"),
    "result is a folder": (put("result.json/", ""), "result.json"),
    "another result": (put("result.json", '{"digest": "0"}'), "do not come to the journal"),
    "binary notes": (put("review.yaml", BINARY), "review.yaml"),
    "empty notes": (put("review.yaml", ""), "review.yaml"),
    "notes are a folder": (put("review.yaml/", ""), "review.yaml"),
    "runs are a folder": (put("review-runs.jsonl/", ""), "review-runs.jsonl"),
    "run is a file": (put("run", "mine"), "run"),
    "run holds other things": (put("run/", ""), "run"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_room_is_one_sentence(name: str, tmp_path: Path) -> None:
    """Which names the file, and nothing of the room is changed."""
    room = copied(tmp_path)
    change, says = BROKEN[name]
    change(room)
    before = contents(room)
    assert says in refused(command("room", "review", room))
    assert contents(room) == before


def test_a_folder_that_is_no_room(tmp_path: Path) -> None:
    """None there, an empty one, a file."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for name in ("none", "empty", "file"):
        assert "name the folder of a room" in refused(command("room", "review", tmp_path / name))
    assert contents(tmp_path) == {"file": b"x"}


@pytest.mark.parametrize("words", [["--search", "201"], ["--search", "-1"], ["--jobs", "0"], ["--lang", "fr"], ["--html", "/"]])
def test_a_wrong_option_of_a_review(words: list[str], tmp_path: Path) -> None:
    """Before anything is played."""
    assert words[0] in refused(command("room", "review", tmp_path, *words))


def test_what_was_played_by_another_program_is_played_again(tmp_path: Path) -> None:
    """A file of runs that is torn or another's, and a run of the best course that is: both are made again, as they were."""
    room = copied(tmp_path)
    put("review-runs.jsonl", BINARY)(room)
    put("run-best/run.json", "{")(room)
    result = command("room", "review", room)
    assert result.exit_code == 0, result.output
    assert (
        json.loads((room / "review.json").read_text(encoding="utf-8"))["decisions"]
        == reviewed().review.json_object()["decisions"]
    )


# --- room history ---------------------------------------------------------------------------------------------------------------

HOSTILE = "[/b][red]<script>alert(1)</script>\x1b[31m | 甲"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A file with an exercise of a hostile team, with hostile names."""
    one = held_exercise(reviewed().review, HOSTILE).model_copy(update={"people": {"operator": [HOSTILE, "Lin"]}})
    file = tmp_path / "history.jsonl"
    file.write_text(one.model_dump_json() + "\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("content", "says"),
    [(BINARY, "UTF-8"), (b"{}\n", "line 1"), (b'{"key": "a', "line 1"), (b"[]", "line 1"), (b"null\n", "line 1")],
    ids=["binary", "another", "torn", "list", "null"],
)
def test_a_broken_history_is_one_sentence(content: bytes, says: str, tmp_path: Path) -> None:
    """Which names the line; the file stays as it was."""
    file = tmp_path / "history.jsonl"
    file.write_bytes(content)
    line = refused(command("room", "history", file, "--add", reviewed().folder))
    assert says in line or f"{file}:1" in line
    assert file.read_bytes() == content


def test_what_cannot_be_added_or_deleted(history: Path, tmp_path: Path) -> None:
    """A room without a review, with a torn one, no room; a name that nobody has; a history that is a folder. The file stays as it was."""
    before, room = history.read_bytes(), tmp_path / "room"
    room.mkdir()
    assert "room review" in refused(command("room", "history", history, "--add", room))
    (room / "review.json").write_text('{"drill": ', encoding="utf-8")
    assert "is no review" in refused(command("room", "history", history, "--add", room))
    assert "nobody called 'Chen'" in refused(command("room", "history", history, "--forget", "Chen"))
    assert str(tmp_path) in refused(command("room", "history", tmp_path))
    assert history.read_bytes() == before


def test_names_are_text(history: Path, tmp_path: Path) -> None:
    """In the terminal without control characters, in the page without markup, whatever team and people are called."""
    page = tmp_path / "trends.html"
    shown = command("room", "history", history, "--html", page)
    assert shown.exit_code == 0, shown.output
    assert "\x1b" not in shown.stdout
    assert "<script>" not in page.read_text(encoding="utf-8").replace("<script>\n", "")
    assert "[/b]" in page.read_text(encoding="utf-8")
    assert command("room", "history", history, "--forget", HOSTILE).exit_code == 0
    assert json.loads(history.read_text(encoding="utf-8"))["people"] == {"operator": ["Lin"]}


# --- report --beside ------------------------------------------------------------------------------------------------------------


def test_a_run_that_may_not_be_looked_at(small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of somebody else's: its name and the reason. (Whoever runs these tests may be allowed everything.)"""

    def forbidden(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "", str(path))

    monkeypatch.setattr(Path, "is_file", forbidden)
    line = refused(command("report", small_run, small_run, "--beside", "--html", tmp_path / "both.html"))
    assert str(small_run) in line
    assert "no permission" in line


def test_a_room_that_may_not_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before anything is played."""
    room = copied(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: not (Path(path) == room and mode & os.W_OK))
    assert "no permission to write into it" in refused(command("room", "review", room))


WINDOW = ("--workload", "normal-day", "--window", "09:30-09:31", "--warmup", "1min")


def test_two_runs_of_which_one_cannot_be_read(small_run: Path, tmp_path: Path) -> None:
    """No folder, no run, a torn record, a torn journal: its name, and no page. One folder, three, and no file: what is wanted."""
    page, torn = tmp_path / "both.html", tmp_path / "torn"
    shutil.copytree(small_run, torn)
    (torn / "run.json").write_text('{"format": "coredrill-run", ', encoding="utf-8")
    cut = Path(shutil.copytree(small_run, tmp_path / "cut"))
    (cut / "series.npz").write_bytes((cut / "series.npz").read_bytes()[:100])
    (tmp_path / "empty").mkdir()
    for name in ("none", "empty", "torn", "cut"):
        for pair in ((small_run, tmp_path / name), (tmp_path / name, small_run)):
            assert name in refused(command("report", *pair, "--beside", "--html", page))
    for words in ((small_run,), (small_run,) * 3):
        assert "two folders" in refused(command("report", *words, "--beside", "--html", page))
    assert not page.exists()


def test_two_runs_of_other_systems_and_lengths(small_run: Path, tmp_path: Path) -> None:
    """A simulation of a minute of another architecture beside an outage: each under its own name, what one has not is a dash."""
    other = tmp_path / "other"
    simulated = command("simulate", "legacy-coupled", *WINDOW, "--journal", other)
    assert simulated.exit_code == 0, simulated.output
    page = tmp_path / "both.html"
    assert command("report", small_run, other, "--beside", "--html", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("<iframe ") == 2
    assert "legacy-coupled" in text


# --- room guide -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def drill(tmp_path: Path) -> Path:
    """A drill's file of one's own."""
    return write_drill(tmp_path)


def test_a_guide_of_what_is_no_drill(tmp_path: Path, drill: Path) -> None:
    """No file, a folder, a scenario, binary, torn, empty: its name."""
    (tmp_path / "binary.yaml").write_bytes(BINARY)
    (tmp_path / "torn.yaml").write_text(drill.read_text(encoding="utf-8")[:400] + "\n  - [", encoding="utf-8")
    (tmp_path / "empty.yaml").write_text("", encoding="utf-8")
    for name in ("none.yaml", ".", "scenario.yaml", "binary.yaml", "torn.yaml", "empty.yaml"):
        line = refused(command("room", "guide", tmp_path / name, "--no-figures"))
        assert name in line or str(tmp_path) in line
    assert "bank-slow" in refused(command("room", "guide", "bank-slwo"))
    assert "--seed" in refused(command("room", "guide", drill, "--seed", "-1"))


def test_words_of_a_drill_are_no_markup(drill: Path) -> None:
    """In the Markdown that is printed: neither elements nor the end of a table's cell."""
    text = drill.read_text(encoding="utf-8")
    title = next(line for line in text.splitlines() if line.startswith("title: "))
    drill.write_text(text.replace(title, 'title: "<script>alert(1)</script> | x"'), encoding="utf-8")
    made = command("room", "guide", drill, "--no-figures")
    assert made.exit_code == 0, made.output
    assert "&lt;script>alert(1)" in made.stdout
    assert "<" not in made.stdout
