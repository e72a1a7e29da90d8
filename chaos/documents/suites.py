"""Suites as they are used: which scenarios their entries and patterns name, with paths that start where a command does."""

from __future__ import annotations

import fnmatch
from pathlib import Path

from chaos.documents.library import library
from chaos.documents.references import beside, require_file
from chaos.documents.scenario import Scenario
from chaos.documents.suite import Entry, Pair, Suite
from simcore.base.errors import InputError, suggest
from simcore.files.document import Node
from simcore.files.loading import Resolved, is_path


def entries_of(entry: Entry) -> list[Entry]:
    """The entry, or one for each scenario that its pattern matches. Raises InputError if it matches none."""
    if not is_pattern(entry.scenario):
        return [entry]
    known = library().shipped("scenario")
    matching = fnmatch.filter(known, entry.scenario)
    if not matching:
        raise InputError(f"no scenario matches {entry.scenario!r}", hint=suggest(entry.scenario, known))
    return [entry.model_copy(update={"scenario": name}) for name in matching]


def is_pattern(name: str) -> bool:
    """Whether a name stands for all scenarios that it matches."""
    return any(c in name for c in "*?[")


def scenarios_of(reference: str) -> list[str]:
    """The scenarios of a suite by name or path that are judged on their own; the name or path of a scenario stands for that alone. Raises
    InputError, also for a suite that has only pairs."""
    return list(dict.fromkeys(entry.scenario for entry in _entries(reference)))


def architecture_of(reference: str) -> str:
    """The architecture that all of these scenarios are for (see `scenarios_of`), by name or path. Raises InputError where they are for different
    ones."""
    found = dict.fromkeys(entry.architecture or _own_architecture(entry.scenario) for entry in _entries(reference))
    if len(found) > 1:
        raise InputError(f"{reference} has scenarios for {', '.join(found)}", hint="name one of them with --architecture")
    return next(iter(found))


def _own_architecture(scenario: str) -> str:
    resolved = library().resolve(scenario, Scenario)
    return beside(resolved.tree.origin.file, resolved.model.architecture)


def _entries(reference: str) -> list[Entry]:
    """One for each scenario. Raises InputError."""
    scenarios = library().shipped("scenario")
    if reference in scenarios and reference not in library().shipped("suite"):
        return [Entry(scenario=reference)]
    if is_path(reference) and Path(reference).is_file() and library().kind_of(Path(reference)).name == "scenario":
        return [Entry(scenario=reference)]
    found = [e for entry in load_suite(reference).scenarios for e in entries_of(entry)]
    if not found:
        raise InputError(f"{reference} has no scenario that is judged on its own", hint="name one of its scenarios instead")
    return found


def load_suite(reference: str) -> Suite:
    """A suite by name or path. Raises InputError."""
    return located(library().resolve(reference, Suite))


def located(suite: Resolved[Suite]) -> Suite:
    """The suite with paths that start where a command does: in the file they start at its own folder. Raises InputError, with the
    place in the file, for a reference that leads to no file."""
    file, model = suite.tree.origin.file, suite.model
    for entry in _entry_nodes(suite.tree):
        for kind in ("scenario", "architecture", "environment"):
            node = entry.get(kind)
            if node is not None:
                _require(node, kind, file)

    def moved(entry: Entry) -> Entry:
        references = entry.model_dump(include={"scenario", "architecture", "environment"}, exclude_none=True)
        return entry.model_copy(update={key: beside(file, reference) for key, reference in references.items()})

    def moved_pair(pair: Pair) -> Pair:
        return pair.model_copy(update={"a": moved(pair.a), "b": moved(pair.b)})

    return model.model_copy(
        update={"scenarios": [moved(entry) for entry in model.scenarios], "pairs": [moved_pair(pair) for pair in model.pairs]}
    )


def _entry_nodes(tree: Node) -> list[Node]:
    """Where a suite's file names scenarios."""
    lists = [node.value for key in ("scenarios", "pairs") if (node := tree.get(key)) is not None and isinstance(node.value, list)]
    entries = [entry for items in lists for entry in items]
    return [side for entry in entries for side in (entry.get("a"), entry.get("b")) if side is not None] + entries


def _require(node: Node, kind: str, file: str) -> None:
    name = str(node.value)
    if kind == "scenario" and is_pattern(name):
        try:
            entries_of(Entry(scenario=name))
        except InputError as error:
            raise node.origin.error(error.message, error.hint) from None
    elif node.value is not None:
        require_file(node, kind, beside(file, name))
