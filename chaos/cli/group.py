"""The group of all commands: modules loaded when a command is asked for, mistakes as one line on stderr, exit codes."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import click

from chaos.cli.exit_codes import BAD_INPUT, CLOSED_PIPE, HARNESS_ERROR, INTERRUPTED
from chaos.cli.standard_output import StandardOutput, standard_output

_NO_BUGS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""What the system says of a disk, wherever it is met."""


class LazyCommand(NamedTuple):
    """Where a command is defined, `module:name`, and the first sentence of its help, so that listing commands loads none of them."""

    where: str
    says: str


class Group(click.Group):
    """A group whose mistakes are one line on stderr and an exit code: 2 for the user's, 3 for ours, 130 for Ctrl-C.

    `lazy` has the commands that are loaded when they are asked for, by name.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand] | None = None, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        return sorted({*self.lazy, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, its module loaded; None if there is none."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, _, name = self.lazy[cmd_name].where.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names. Of a name that is none the error has the likely one."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from simcore.base.errors import show_value, suggest

            ctx.fail(f"no command is called {show_value(args[0])}; {suggest(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help, without loading them."""
        names = self.list_commands(ctx)
        limit = formatter.width - 6 - max(map(len, names))
        rows = [(name, self._help_of(ctx, name).get_short_help_str(limit)) for name in names]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _help_of(self, ctx: click.Context, name: str) -> click.Command:
        known = click.Command(name, help=self.lazy[name].says) if name in self.lazy else self.get_command(ctx, name)
        assert known is not None
        return known

    def __call__(self, *args: Any, **extra: Any) -> Any:
        """As a program of its own: once the exit code is settled, Ctrl-C changes nothing any more."""
        try:
            return self.main(*args, **extra)
        except KeyboardInterrupt:  # another one, while the first was being reported
            raise SystemExit(INTERRUPTED) from None
        finally:
            with contextlib.suppress(KeyboardInterrupt):
                signal.signal(signal.SIGINT, signal.SIG_IGN)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Runs a command and ends in SystemExit. (With `standalone_mode` off, and to complete words, it is click's own.)"""
        if not extra.get("standalone_mode", True) or "_COREDRILL_COMPLETE" in os.environ:
            return super().main(args, prog_name, **extra)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        with standard_output() as output:
            try:
                code = self._settled(list(sys.argv[1:] if args is None else args), prog_name or "coredrill", output)
            finally:
                with contextlib.suppress(OSError):
                    output.flush()
                if output.failure is not None:
                    output.give_up()
        sys.exit(code)

    def _settled(self, args: list[str], prog_name: str, output: StandardOutput) -> int:
        """The exit code of a command that has come to its end, or whose reader has gone away. Of one that has not SystemExit has it."""
        try:
            code = self._run(args, prog_name)
            output.flush()
        except (KeyboardInterrupt, click.Abort):
            _end(INTERRUPTED, "interrupted")
        except click.ClickException as error:
            _end(BAD_INPUT, _usage(error))
        except Exception as error:
            if isinstance(output.failure, BrokenPipeError):
                return CLOSED_PIPE
            if output.failure is not None:
                _end(BAD_INPUT, _not_written(output.failure))
            _end_by(error)
        return code

    def _run(self, args: list[str], prog_name: str) -> int:
        """The exit code of a command: what it returns if that is a number, else 0."""
        try:
            with self.make_context(prog_name, args) as context:
                result = self.invoke(context)
        except click.exceptions.Exit as end:
            return end.exit_code
        return result if isinstance(result, int) else 0


def _end(code: int, message: str) -> NoReturn:
    from simcore.base.errors import one_line

    click.echo(one_line(message), err=True)
    sys.exit(code)


def _not_written(failure: OSError) -> str:
    from simcore.base.errors import os_reason

    return f"standard output cannot be written: {os_reason(failure)}"


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "coredrill"
    message = " ".join(error.format_message().split())
    return f"{command}: {message.rstrip('.')}; see '{command} --help'"


def _end_by(error: Exception) -> NoReturn:
    from chaos import plugins
    from simcore.base.errors import InputError, os_reason

    if isinstance(error, InputError):
        _end(BAD_INPUT, str(error))
    if isinstance(error, OSError) and error.errno in _NO_BUGS:
        where = f"{error.filename}: " if error.filename else ""
        _end(BAD_INPUT, f"{where}it cannot be written: {os_reason(error)}")
    if (blamed := plugins.installed().culprit(error)) is not None:
        _end(BAD_INPUT, str(blamed))
    traceback.print_exception(error)
    _end(HARNESS_ERROR, f"coredrill: a bug in coredrill: {type(error).__name__}: {error}")
