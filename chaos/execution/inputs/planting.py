"""Planting latent defects (`chaos.documents.defect`): an operator at a site of an architecture is a mutant, `OPERATOR@SITE`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from chaos.documents.defect import BRACES, Defect
from chaos.documents.library import library
from chaos.documents.sites import Site, sites_of
from chaos.execution.inputs.files import ResolvedFileCache
from chaos.faults.fault import Fault
from simcore.base.errors import InputError, show_value, suggest
from simcore.files.document import Node
from simcore.files.loading import Resolved, is_path
from simcore.files.patch import DEFECT, Edit, Layer, edits_of
from simcore.files.validation import validate
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex


class Plantable(Protocol):
    """What can be planted in a system: a defect at a site, or several at once."""

    @property
    def name(self) -> str:
        """Unique among all of an architecture."""

    @property
    def defects(self) -> tuple[str, ...]:
        """All that is planted, each OPERATOR@SITE, as a job has them."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Readings of which one must have grown in a run without it, for it to have been able to change the run; empty: it always may."""

    @property
    def said(self) -> str:
        """Changes with what it does to a system."""


@dataclass(frozen=True)
class Mutant:
    """A defect at a site. `layer` changes the architecture, `permanent_faults` hold all the time, `needs` as in `Defect`."""

    operator: str
    site: str
    family: str
    title: str
    layer: Layer
    permanent_faults: tuple[Fault, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.operator}@{self.site}"

    @property
    def defects(self) -> tuple[str, ...]:
        """Its name, as a job has the names of all that is planted."""
        return (self.name,)

    @property
    def said(self) -> str:
        """Its edits and permanent faults."""
        return repr([self.layer.edits, self.permanent_faults])


@dataclass(frozen=True)
class MutantPair:
    """Two defects planted at once, in the order of their names."""

    first: Mutant
    second: Mutant

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.first.name} + {self.second.name}"

    @property
    def defects(self) -> tuple[str, ...]:
        """Both, as a job has them."""
        return (self.first.name, self.second.name)

    @property
    def needs(self) -> tuple[str, ...]:
        """Those of both: while neither could act, both together change no more than each. None if either always may act."""
        return self.first.needs + self.second.needs if self.first.needs and self.second.needs else ()

    @property
    def said(self) -> str:
        """What both do."""
        return repr([self.first.said, self.second.said])


def mutants(files: ResolvedFileCache, architecture: Architecture, operators: Sequence[str] | None = None) -> list[Mutant]:
    """Every operator (all that are shipped, or those named) at every site of an architecture, each once, however often it is named;
    OPERATOR@SITE names one site. Raises InputError."""
    names = list(library().shipped("defect")) if operators is None else operators
    index = ArchitectureIndex(architecture)
    found: dict[tuple[str, str], Mutant] = {}
    for mutant in (mutant for name in names for mutant in _mutants(files, index, name)):
        found.setdefault((_file_of(mutant.operator), mutant.site), mutant)
    return list(found.values())


def _file_of(operator: str) -> str:
    """What two names of an operator have in common: a path that is written otherwise leads to the same file."""
    return str(Path(operator).resolve()) if is_path(operator) else operator


def _mutants(files: ResolvedFileCache, index: ArchitectureIndex, name: str) -> list[Mutant]:
    operator, mark, label = name.partition("@")
    defect = files.defect(operator)
    sites = {site.label: site for site in places(defect.model, index)}
    if mark and label not in sites:
        raise InputError(f"{operator} has no site {show_value(label)} on {index.architecture.name}", hint=suggest(label, sites))
    return [plant(operator, defect, sites[label]) for label in ([label] if mark else sites)]


def mutant_named(files: ResolvedFileCache, name: str, architecture: str) -> Mutant:
    """`OPERATOR@SITE` on an architecture by name or path. Raises InputError."""
    operator, mark, label = name.partition("@")
    if not mark:
        raise InputError(
            f"{show_value(name)} is no planted defect", hint="write OPERATOR@SITE; 'coredrill list defects' names operators"
        )
    defect = files.defect(operator)
    sites = files.get(
        "sites", (operator, architecture), lambda: {s.label: s for s in places(defect.model, files.index(architecture))}
    )
    if label not in sites:
        raise InputError(f"{operator} has no site {show_value(label)} on {architecture}", hint=suggest(label, sites))
    return plant(operator, defect, sites[label])


def planted_together(files: ResolvedFileCache, names: Sequence[str], architecture: str) -> tuple[Mutant, ...]:
    """Defects that one system has at once, in the order of their names, which is of no importance. Raises InputError."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{twice} is to be planted twice", hint="name each defect once")
    return tuple(mutant_named(files, name, architecture) for name in sorted(names))


def places(defect: Defect, index: ArchitectureIndex) -> list[Site]:
    """The sites of an architecture where a defect applies."""
    return [site for site in sites_of(index, defect.sites.kind) if all(_meets(site, w, v) for w, v in defect.sites.where.items())]


def _meets(site: Site, word: str, wanted: bool | int | str | list[str]) -> bool:
    value = site.words.get(word)
    if isinstance(wanted, bool):
        return bool(value) == wanted
    return value in wanted if isinstance(wanted, list) else value == wanted


def plant(operator: str, resolved: Resolved[Defect], site: Site) -> Mutant:
    """A defect, called `operator` by the name or path that its file has, at a site: its template filled in."""
    defect = resolved.model
    name = f"{operator}@{site.label}"
    patch = resolved.tree.get("patch")
    edits = edits_of(_filled(patch, site)) if patch is not None else []
    layer = Layer("defect", name, [_from(edit, name) for edit in edits])
    permanent_faults = resolved.tree.get("standing")
    faults = (
        tuple(validate(library().permanent_fault, _filled(permanent_faults, site)).given())
        if permanent_faults is not None
        else ()
    )
    needs = tuple(str(_fill(reading, site)) for reading in defect.needs)
    return Mutant(operator, site.label, defect.family, defect.title, layer, faults, needs)


def _from(edit: Edit, name: str) -> Edit:
    return replace(edit, origin=edit.origin._replace(layer=f"{DEFECT}{name}"))


def _filled(node: Node, site: Site) -> Node:
    copy = node.copy()
    for leaf in copy.walk():
        if isinstance(leaf.value, str):
            filled = Node.of(_fill(leaf.value, site), leaf.origin)
            leaf.value = filled.value
    return copy


def _fill(text: str, site: Site) -> Any:
    """A text that is one word in braces becomes the word's value; in others words are filled in as text."""
    alone = BRACES.fullmatch(text)
    if alone:
        return site.words[alone[1]]
    return BRACES.sub(lambda match: str(site.words[match[1]]), text)
