"""Reports as files, each written whole or not at all."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from chaos.i18n.texts import LocalizedText, translate
from chaos.measures.formatting import Language, number
from chaos.reports.run.beside import beside_page
from chaos.reports.run.customers import write_csv
from chaos.reports.run.page import run_page
from chaos.reports.run.trace import write_trace
from chaos.reports.suite import groups_of, suite_page
from chaos.results.run import RunResult, SuiteResult
from chaos.results.stored_run import read_run
from simcore.base.errors import InputError, os_reason


@contextmanager
def journals(wanted: bool, folder: str | None) -> Iterator[str | None]:
    """Where runs keep their journals: in the folder named; else, if pages are wanted of them, in a temporary one."""
    if not wanted or folder is not None:
        yield folder
        return
    with TemporaryDirectory(prefix="coredrill-") as temporary:
        yield temporary


def write_text(path: Path, text: str, *, bom: bool = False) -> None:
    """Writes a file by another name and renames it. Raises InputError if it cannot."""
    write_bytes(path, text.encode("utf-8-sig" if bom else "utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file by another name and renames it. Raises InputError if it cannot."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise InputError(
            f"cannot write {path}: {os_reason(error)}", hint="name a file in a folder that you can write to"
        ) from None


def write_run(folder: str | Path, file: str | Path, language: Language = "en", replay: str | None = None) -> None:
    """The page of one run. `replay` takes the place of the command that the folder names."""
    stored = read_run(folder)
    if replay is not None:
        stored = dataclasses.replace(stored, run=stored.run.model_copy(update={"replay": replay}))
    write_text(Path(file), run_page(stored, language))


def write_beside(
    left: str | Path,
    right: str | Path,
    file: str | Path,
    language: Language = "en",
    names: tuple[LocalizedText, LocalizedText] | None = None,
) -> None:
    """The page of two runs side by side; `names` as for `beside_page`."""
    write_text(Path(file), beside_page(read_run(left), read_run(right), language, names))


def write_suite(
    title: LocalizedText, index: Path, folders: Sequence[Path], result: SuiteResult | None = None, language: Language = "en"
) -> None:
    """The matrix, and beside it a page for each run whose folder is there. `result` has runs (in the order of the folders),
    groups and pairs; without it the runs are those of the folders."""
    pages = index.with_name("runs") if index.name == "index.html" else index.with_name(f"{index.stem}-runs")
    runs: list[RunResult] = []
    links: list[str | None] = []
    for i, folder in enumerate(folders):
        if result is not None and not folder.is_dir():
            runs.append(result.runs[i])
            links.append(None)
            continue
        stored = read_run(folder)
        name = f"{i + 1:03d}-{_plain(stored.run)}.html"
        write_text(pages / name, run_page(stored, language))
        runs.append(stored.run)
        links.append(f"{pages.name}/{name}")
    groups = groups_of(runs) if result is None else result.groups
    write_text(index, suite_page(title, runs, links, groups, result.pairs if result else (), language))


def _plain(run: RunResult) -> str:
    """A name for a file: letters, digits, hyphens."""
    parts = (run.scenario or "simulation", run.architecture, run.environment or "", f"seed-{run.seed}")
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in " ".join(parts).lower())
    return "-".join(words.split())[:120]


def write_with(path: str, writer: Callable[[IO[str]], int], *, bom: bool = False) -> int:
    """What a writer of a text file gives, kept whole; how many entries it wrote."""
    from io import StringIO

    text = StringIO()
    count = writer(text)
    write_text(Path(path), text.getvalue(), bom=bom)
    return count


def export(folder: str, language: Language, csv_file: str | None, trace_file: str | None) -> list[str]:
    """The customer list and the trace of one run, as far as asked for; a line for a person on each."""
    stored, lines = read_run(folder), []
    if csv_file is not None:  # with a byte order mark: spreadsheets take Chinese names for something else without
        count = write_with(csv_file, lambda file: write_csv(stored, file, language), bom=True)
        lines.append(translate("terminal.customers_written", file=csv_file, n=number(count))[language])
    if trace_file is not None:
        count = write_with(trace_file, lambda file: write_trace(stored, file))
        lines.append(translate("terminal.requests_written", file=trace_file, n=number(count))[language])
    return lines
