"""Where architectures are compared: the scenarios of suites, and scenarios by name, path or pattern."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.compare.comparison import Place
from chaos.documents.library import library
from chaos.documents.suite import Entry
from chaos.documents.suites import entries_of, load_suite
from simcore.files.loading import is_path


def places_of(names: Sequence[str], environment: str | None) -> list[Place]:
    """The scenarios of suites, and scenarios by name, path or pattern, each once, in an environment (None: the suite's, else the
    scenario's own). Raises InputError."""
    found: dict[Place, None] = {}
    for name in names:
        is_suite = library().kind_of(name).name == "suite" if is_path(name) else name in library().shipped("suite")
        entries = load_suite(name).scenarios if is_suite else [Entry(scenario=name)]
        for entry in (e for one in entries for e in entries_of(one)):
            found[Place(entry.scenario, environment or entry.environment)] = None
    return list(found)
