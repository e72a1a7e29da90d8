"""The commands the documentation shows exist, and the cheap ones stay cheap."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from chaos.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def shown_commands(text: str) -> list[list[str]]:
    """Arguments of every `coredrill …` in the shell blocks of a Markdown text, one list a command."""
    commands = []
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
            lexer.whitespace_split = True  # a colon is part of a word
            words = list(lexer)
            starts = [i for i, word in enumerate(words) if word == "coredrill" or word.endswith("/coredrill")]
            for i in starts:
                rest = words[i + 1 :]
                end = next((n for n, word in enumerate(rest) if set(word) <= set("|&;<>")), len(rest))
                commands.append(rest[:end])
    return commands


def usage_fault(arguments: list[str]) -> str | None:
    """Why the command line would not take these arguments; None if it would. Nothing is run."""
    assert isinstance(main, click.Group)
    if not arguments or arguments[0].startswith("--"):
        return None
    command = main.get_command(click.Context(main), arguments[0])
    if command is None:
        return f"no such command: {arguments[0]}"
    try:
        command.make_context(arguments[0], arguments[1:]).close()
    except click.exceptions.Exit:
        return None
    except click.UsageError as error:
        return f"coredrill {shlex.join(arguments)}: {error.format_message()}"
    return None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_shown_commands_exist(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command in the documentation is one the command line takes, with its options."""
    monkeypatch.chdir(tmp_path)
    faults = [fault for arguments in shown_commands(path.read_text(encoding="utf-8")) if (fault := usage_fault(arguments))]
    assert faults == []


def test_wrong_commands_are_found() -> None:
    """A command or an option that does not exist is caught."""
    text = "```sh\n.venv/bin/coredrill nonsense && coredrill validate --nonsense | cat\n```\n"
    assert [bool(usage_fault(arguments)) for arguments in shown_commands(text)] == [True, True]


def test_readme_shows_every_command() -> None:
    """The README mentions each command at least once."""
    assert isinstance(main, click.Group)
    shown = {arguments[0] for arguments in shown_commands((ROOT / "README.md").read_text(encoding="utf-8")) if arguments}
    assert set(main.list_commands(click.Context(main))) - shown == set()


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["list", "architectures"], ["schema", "architecture"], ["validate", "legacy-coupled"]],
    ids=" ".join,
)
def test_cheap_commands_do_not_load_the_compiler(arguments: list[str], python) -> None:  # type: ignore[no-untyped-def]
    """Help, listings and checks start fast: numba (0.3 s and more) is not imported."""
    program = (
        "import sys\n"
        "from chaos.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    code = end.code or 0\n"
        "print('numba' in sys.modules, code, file=sys.stderr)"
    )
    done = python("-c", program, *arguments)
    assert done.stderr.splitlines()[-1:] == ["False 0"], done.stderr


@pytest.mark.parametrize("module", ["simcore.files.loading", "simcore.journal.model", "chaos.cli.main"])
def test_module_does_not_load_the_compiler(module: str, python) -> None:  # type: ignore[no-untyped-def]
    """Reading files and journals works without numba, indirect imports included."""
    done = python("-c", f"import sys, {module}; print('numba' in sys.modules)")
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr
