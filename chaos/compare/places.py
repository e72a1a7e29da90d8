"""Where architectures are compared: the scenarios of suites, and scenarios by name, path or pattern."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.compare.comparison import Place
from chaos.documents.scenario import Entry, register
from chaos.documents.suites import entries_of, load_suite
from simcore.files import catalogue
from simcore.files.loading import kind_of


def places_of(names: Sequence[str], environment: str | None) -> list[Place]:
    """The scenarios of suites, and scenarios by name, path or pattern, each once, in an environment (None: the suite's, else the
    scenario's own). Raises InputError."""
    register()
    found: dict[Place, None] = {}
    for name in names:
        is_suite = kind_of(name) == "suite" if catalogue.is_path(name) else name in catalogue.shipped("suite")
        entries = load_suite(name).scenarios if is_suite else [Entry(scenario=name)]
        for entry in (e for one in entries for e in entries_of(one)):
            found[Place(entry.scenario, environment or entry.environment)] = None
    return list(found)
