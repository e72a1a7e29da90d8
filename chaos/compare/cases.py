"""Where architectures are compared: the scenarios of suites, and scenarios by name, path or pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.documents.library import library
from chaos.documents.suite import Entry
from chaos.documents.suites import entries_of, load_suite
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
        entries = load_suite(name).scenarios if is_suite else [Entry(scenario=name)]
        for entry in (e for one in entries for e in entries_of(one)):
            found[Case(entry.scenario, environment or entry.environment)] = None
    return list(found)
