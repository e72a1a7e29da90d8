"""Files and folders that options name to be written: missing folders are made, and what cannot be written is refused before anything runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from simcore.base.errors import InputError, os_reason


class OutputFile(click.File):
    """A text file, written with its folders when the command ends, if anything was to be written. - is standard output."""

    def __init__(self) -> None:
        super().__init__("w", encoding="utf-8", lazy=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """What commands write to. Fails with the reason if the file could not be written."""
        if value == "-" or not isinstance(value, str):
            return super().convert(value, param, ctx)
        _require_writable(self, value, param, ctx)
        unopened = _Unopened(value)
        if ctx is not None:
            ctx.call_on_close(unopened.close)
        return unopened


class _Unopened:
    """A text file that is made when the command has ended, with the folders above it, if anything was written to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._parts: list[str] = []

    def write(self, text: str) -> int:
        """Keeps a text for the file."""
        self._parts.append(text)
        return len(text)

    def close(self) -> None:
        """Writes what was kept. Raises InputError if the file cannot be written."""
        if self._parts:
            try:
                Path(self.name).parent.mkdir(parents=True, exist_ok=True)
                Path(self.name).write_text("".join(self._parts), encoding="utf-8")
            except OSError as error:
                raise InputError(f"cannot write {self.name}: {os_reason(error)}") from None


class OutputPath(click.Path):
    """The path of a file, or of a `folder`, that will be written."""

    def __init__(self, *, folder: bool = False) -> None:
        super().__init__(file_okay=not folder, dir_okay=folder)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Fails with the reason if it cannot be written."""
        path = super().convert(value, param, ctx)
        _require_writable(self, str(path), param, ctx)
        return path


def _require_writable(
    kind: OutputFile | OutputPath, value: str, param: click.Parameter | None, ctx: click.Context | None
) -> None:
    reason = _obstacle(Path(value), folder=isinstance(kind, click.Path) and not kind.file_okay)
    if reason:
        kind.fail(f"cannot write {value}: {reason}", param, ctx)


def _obstacle(path: Path, *, folder: bool) -> str:
    """Why a file, or files in a `folder`, could not be written there; "" if nothing is in the way. Nothing is made."""
    try:
        if path.exists():
            if path.is_dir() and not folder:
                return "it is a folder"
            return "" if os.access(path, os.W_OK) else "no permission"
        nearest = next(parent for parent in path.absolute().parents if parent.exists())
    except (OSError, ValueError) as error:
        return os_reason(error)
    if not nearest.is_dir():
        return f"{nearest} is a file, not a folder"
    return "" if os.access(nearest, os.W_OK | os.X_OK) else f"no permission to write into {nearest}"
