"""Latent defects as files: a patch template, and the sites of an architecture where it applies. An operator at a site is a mutant,
`OPERATOR@SITE`."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import Field, create_model, model_validator

from chaos.coverage.sites import SITES, WORDS, Site, sites_of
from chaos.faults import load_faults
from chaos.faults.fault import Fault
from simcore.base.errors import InputError, show_value, suggest
from simcore.base.model import FileName, Model
from simcore.files import catalogue
from simcore.files.document import Node
from simcore.files.loading import Resolved, resolve
from simcore.files.patch import Edit, EditForm, Layer, edits_of
from simcore.files.validation import Finding, validate
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex

_BRACES = re.compile(r"\{([a-z_]+)\}")
_READING = re.compile(r"(pool|unit|link|flow|call|operation|limit)/\S+/[a-z_]+|event/[a-z_]+(/\S+)?|fault/[a-z-]+")
Family = Literal[
    "timeouts", "retries", "breakers", "queues and pools", "failover", "consistency", "capacity", "flow control", "links",
    "alarms", "people", "batches and files",
]  # fmt: skip


class Sites(Model):
    """Which places of an architecture: all of a kind, or those whose words are as `where` says. `true` and `false` ask whether a
    word says anything, a list asks for one of its values."""

    kind: Literal[tuple(SITES)]  # type: ignore[valid-type]
    where: dict[str, bool | int | str | list[str]] = {}


class StandingBase(Model):
    """A fault that holds from the beginning of every run to its end; no patch could plant it."""

    @model_validator(mode="after")
    def _one_fault(self) -> StandingBase:
        if len(self.given()) != 1:
            raise ValueError(f"standing holds exactly one fault, not {len(self.given())}; see 'coredrill list faults'")
        return self

    def given(self) -> list[Fault]:
        """The faults that are named."""
        return [fault for key in type(self).model_fields if (fault := getattr(self, key)) is not None]


@functools.cache
def standing_model() -> type[StandingBase]:
    """`StandingBase` with one optional key for every fault of the catalogue."""
    fields: dict[str, Any] = {
        name.replace("-", "_"): (fault | None, Field(None, alias=name)) for name, fault in load_faults().items()
    }
    return create_model("Standing", __base__=StandingBase, **fields)


class Defect(Model):
    """A way in which a system may be wrong before anything happens. In the texts of `patch` and `standing` a word of the site in
    braces is filled in: `"{path}.timeout"`."""

    kind: Literal["defect"]
    name: FileName
    title: Annotated[str, Field(min_length=1)]
    description: str = ""
    source: list[str] = Field([], description="the incident or study it is drawn from")
    family: Family
    sites: Sites
    patch: list[EditForm] = []
    standing: dict[str, Any] | None = Field(None, description="a fault that holds all the time, as a step of a scenario names it")
    needs: list[str] = Field(
        [],
        description="readings (kind/name/field, event/WORD/SUBJECT, fault/NAME) of which one must have grown in a run without the defect "
        "for the defect to have been able to change it; absent: it always may",
    )

    @model_validator(mode="after")
    def _does_something(self) -> Defect:
        if not self.patch and self.standing is None:
            raise ValueError("a defect needs patch, standing or both")
        return self


def check_defect(defect: Defect) -> list[Finding]:
    """Words that its kind of site does not have, readings that are none, a standing fault that is none."""
    known = WORDS[defect.sites.kind]
    found = [
        Finding(("sites", "where", word), f"a {defect.sites.kind} has no word {word!r}", suggest(word, known), at_key=True)
        for word in defect.sites.where
        if word not in known
    ]
    document = defect.model_dump(exclude_none=True, by_alias=True)
    for key in ("patch", "standing", "needs"):
        found += [
            Finding((key, *keys), f"a {defect.sites.kind} has no word {word!r}", suggest(word, known))
            for keys, text in _texts(document.get(key))
            for word in _BRACES.findall(text)
            if word not in known
        ]
    for i, reading in enumerate(defect.needs):
        if not _READING.fullmatch(_BRACES.sub("x", reading)):
            found.append(
                Finding(("needs", i), "is no reading", "write kind/name/field, event/WORD, event/WORD/SUBJECT or fault/NAME")
            )
    for name in defect.standing or {}:
        if name not in load_faults():
            found.append(Finding(("standing", name), "is no fault", suggest(name, load_faults()), at_key=True))
    return found


def _texts(value: Any, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _texts(child, (*keys, key))
    elif isinstance(value, (list, tuple)):
        for i, child in enumerate(value):
            yield from _texts(child, (*keys, i))


# --- mutants ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mutant:
    """A defect at a site. `layer` changes the architecture, `standing` holds all the time, `needs` as in `Defect`."""

    operator: str
    site: str
    family: str
    title: str
    layer: Layer
    standing: tuple[Fault, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.operator}@{self.site}"


def mutants(architecture: Architecture, operators: Sequence[str] | None = None) -> list[Mutant]:
    """Every operator (all that are shipped, or those named) at every site of an architecture; OPERATOR@SITE names one site.
    Raises InputError."""
    from chaos.documents.scenario import register

    register()
    names = list(catalogue.shipped("defect")) if operators is None else operators
    index = ArchitectureIndex(architecture)
    return [mutant for name in names for mutant in _mutants(index, name)]


def _mutants(index: ArchitectureIndex, name: str) -> list[Mutant]:
    reference, mark, label = name.partition("@")
    found = load_defect(reference)
    sites = {site.label: site for site in places(found.model, index)}
    if mark and label not in sites:
        raise InputError(f"{reference} has no site {show_value(label)} on {index.architecture.name}", mend=suggest(label, sites))
    return [plant(reference, found, sites[label]) for label in ([label] if mark else sites)]


def load_defect(reference: str) -> Resolved[Defect]:
    """A defect file by name or path. Raises InputError."""
    from chaos.documents.scenario import register

    register()
    return _read(reference)


@functools.lru_cache(maxsize=256)
def _read(reference: str) -> Resolved[Defect]:
    return resolve(reference, (), "defect")


def forget() -> None:
    """Files are read again."""
    _read.cache_clear()
    _base.cache_clear()
    _sites.cache_clear()


def places(defect: Defect, index: ArchitectureIndex) -> list[Site]:
    """The sites of an architecture where a defect applies."""
    return [site for site in sites_of(index, defect.sites.kind) if all(_meets(site, w, v) for w, v in defect.sites.where.items())]


def _meets(site: Site, word: str, wanted: bool | int | str | list[str]) -> bool:
    value = site.words.get(word)
    if isinstance(wanted, bool):
        return bool(value) == wanted
    return value in wanted if isinstance(wanted, list) else value == wanted


def plant(reference: str, found: Resolved[Defect], site: Site) -> Mutant:
    """A defect, called by the name or path it was found by, at a site: its template filled in."""
    defect = found.model
    name = f"{reference}@{site.label}"
    patch = found.tree.get("patch")
    edits = edits_of(_filled(patch, site)) if patch is not None else []
    layer = Layer("defect", name, [_from(edit, name) for edit in edits])
    standing = found.tree.get("standing")
    faults = tuple(validate(standing_model(), _filled(standing, site)).given()) if standing is not None else ()
    needs = tuple(str(_fill(reading, site)) for reading in defect.needs)
    return Mutant(reference, site.label, defect.family, defect.title, layer, faults, needs)


def _from(edit: Edit, name: str) -> Edit:
    return replace(edit, origin=edit.origin._replace(layer=f"defect {name}"))


def _filled(node: Node, site: Site) -> Node:
    copy = node.copy()
    for leaf in copy.walk():
        if isinstance(leaf.value, str):
            filled = Node.of(_fill(leaf.value, site), leaf.origin)
            leaf.value = filled.value
    return copy


def _fill(text: str, site: Site) -> Any:
    """A text that is one word in braces becomes the word's value; in others words are filled in as text."""
    alone = _BRACES.fullmatch(text)
    if alone:
        return site.words[alone[1]]
    return _BRACES.sub(lambda match: str(site.words[match[1]]), text)


# --- by name ------------------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=32)
def _base(reference: str) -> ArchitectureIndex:
    return ArchitectureIndex(resolve(reference).model)


@functools.lru_cache(maxsize=1024)
def _sites(operator: str, architecture: str) -> dict[str, Site]:
    return {site.label: site for site in places(load_defect(operator).model, _base(architecture))}


def mutant_named(name: str, architecture: str) -> Mutant:
    """`OPERATOR@SITE` on an architecture by name or path. Raises InputError."""
    operator, mark, label = name.partition("@")
    if not mark:
        raise InputError(
            f"{show_value(name)} is no planted defect", mend="write OPERATOR@SITE; 'coredrill list defects' names operators"
        )
    found = load_defect(operator)
    sites = _sites(operator, architecture)
    if label not in sites:
        raise InputError(f"{operator} has no site {show_value(label)} on {architecture}", mend=suggest(label, sites))
    return plant(operator, found, sites[label])
