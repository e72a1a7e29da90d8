"""Where architectures are compared: the scenarios of suites, and scenarios by name, path or pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.documents.library import library
from chaos.documents.suite import Entry
from chaos.documents.suites import entries_of, is_pattern, load_suite
from simcore.base.errors import InputError, show_value, suggest
from simcore.files.loading import is_path


@dataclass(frozen=True)
class Case:
    """A scenario in an environment (None: its own)."""

    scenario: str
    environment: str | None = None


def cases_of(names: Sequence[str], environment: str | None) -> list[Case]:
    """The scenarios of suites, and scenarios by name, path or pattern, each once, in an environment (None: the suite's, else the
    scenario's own). Raises InputError."""
    found: dict[Case, None] = {}
    for name in names:
        is_suite = library().kind_of(name).name == "suite" if is_path(name) else name in library().shipped("suite")
        if not is_suite:
            _require_known(name)
        entries = load_suite(name).scenarios if is_suite else [Entry(scenario=name)]
        for entry in (e for one in entries for e in entries_of(one)):
            found[Case(entry.scenario, environment or entry.environment)] = None
    return list(found)


def _require_known(name: str) -> None:
    """Raises InputError, with suites and scenarios to choose from, for a name of neither."""
    known = [*library().shipped("suite"), *library().shipped("scenario")]
    if not (is_path(name) or is_pattern(name) or name in known or Path(name).exists()):
        raise InputError(f"no suite and no scenario is called {show_value(name)}", hint=suggest(name, known))
