"""The list of commands and the commands themselves say the same."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import click
import pytest

from chaos.cli.live import LIVE_COMMANDS, live
from chaos.cli.main import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    """The sentence in the list of commands, which is shown without loading any, begins the command's own help."""
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name
    assert " ".join((command.help or "").split()).startswith(COMMANDS[name].says.rstrip("."))


@pytest.mark.parametrize("name", LIVE_COMMANDS)
def test_the_list_of_live_commands_says_what_they_say(name: str) -> None:
    """The same one level below."""
    command = live.get_command(click.Context(live), name)  # type: ignore[attr-defined]
    assert command is not None
    assert command.name == name
    assert " ".join((command.help or "").split()).startswith(LIVE_COMMANDS[name].says.rstrip("."))


def test_the_help_loads_no_command(python: Callable[..., object]) -> None:
    """`coredrill --help` imports none of the modules that commands are defined in."""
    program = (
        "import sys\nfrom chaos.cli.main import COMMANDS, main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print({where.where.partition(':')[0] for where in COMMANDS.values()} & set(sys.modules), file=sys.stderr)"
    )
    done = python("-c", program)
    assert "Commands:" in done.stdout  # type: ignore[attr-defined]
    assert done.stderr.strip() == "set()"  # type: ignore[attr-defined]


def test_no_command_loads_at_once_what_few_runs_need(python: Callable[..., object]) -> None:
    """The modules of all commands, imported, bring neither the compiler nor templates nor a cluster's client: these take their time."""
    program = (
        "import sys, importlib\nfrom chaos.cli.main import COMMANDS\n"
        "for command in COMMANDS.values():\n    importlib.import_module(command.where.partition(':')[0])\n"
        "print(sorted({'jinja2', 'numba', 'pandas', 'scipy', 'distributed', 'simpy'} & set(sys.modules)))"
    )
    assert python("-c", program).stdout.strip() == "[]"  # type: ignore[attr-defined]


def test_a_command_that_is_not_there_is_a_mistake_of_the_user() -> None:
    """Exit code 2, in one line."""
    with pytest.raises(SystemExit) as end:
        main(["nonsense"])
    assert end.value.code == 2


@pytest.mark.parametrize("name", LIVE_COMMANDS)
def test_every_command_of_the_twin_has_an_example_that_it_takes(name: str) -> None:
    """As those of coredrill itself."""
    command = live.get_command(click.Context(live), name)
    assert command is not None
    program, group, shown, *arguments = shlex.split(" ".join((command.help or "").partition("Example: ")[2].split()))
    assert (program, group, shown) == ("coredrill", "live", name)
    end = arguments.index(">") if ">" in arguments else len(arguments)
    command.make_context(name, arguments[:end]).close()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_an_example_that_the_command_takes(name: str) -> None:
    """Under `Example:`, with the options it has; nothing is run."""
    command = main.get_command(click.Context(main), name)
    assert command is not None
    example = " ".join((command.help or "").partition("Example: ")[2].split())
    program, shown, *arguments = shlex.split(example)
    assert (program, shown) == ("coredrill", name)
    end = arguments.index(">") if ">" in arguments else len(arguments)
    command.make_context(name, arguments[:end]).close()
