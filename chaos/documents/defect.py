"""What a file of a latent defect may say: a patch template, and the sites of an architecture where it applies."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, create_model, model_validator

from chaos.documents.sites import SITES, WORDS
from chaos.faults.fault import Fault
from simcore.base.errors import suggest
from simcore.base.model import FileName, Model
from simcore.files.patch import EditForm
from simcore.files.validation import Finding

BRACES = re.compile(r"\{([a-z_]+)\}")
"""A word of a site, in braces, in the texts of a defect."""
_READING = re.compile(r"(pool|unit|link|flow|call|operation|limit)/\S+/[a-z_]+|event/[a-z_]+(/\S+)?|fault/[a-z-]+")
Family = Literal[
    "timeouts",
    "retries",
    "breakers",
    "queues and pools",
    "failover",
    "consistency",
    "capacity",
    "flow control",
    "links",
    "alarms",
    "people",
    "batches and files",
]


class Sites(Model):
    """Which places of an architecture: all of a kind, or those whose words are as `where` says. `true` and `false` ask whether a
    word says anything, a list asks for one of its values."""

    kind: Literal[tuple(SITES)]  # type: ignore[valid-type]
    where: dict[str, bool | int | str | list[str]] = {}


class PermanentFault(Model):
    """A fault that holds from the beginning of every run to its end; no patch could plant it."""

    @model_validator(mode="after")
    def _one_fault(self) -> PermanentFault:
        if len(self.given()) != 1:
            raise ValueError(f"standing holds exactly one fault, not {len(self.given())}; see 'coredrill list faults'")
        return self

    def given(self) -> list[Fault]:
        """The faults that the file names: exactly one, once it is validated."""
        return [fault for key in type(self).model_fields if (fault := getattr(self, key)) is not None]


def permanent_fault_model(faults: Mapping[str, type[Fault]]) -> type[PermanentFault]:
    """`PermanentFault` with one optional key for every fault."""
    fields: dict[str, Any] = {name.replace("-", "_"): (fault | None, Field(None, alias=name)) for name, fault in faults.items()}
    return create_model("PermanentFault", __base__=PermanentFault, **fields)


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
    standing: dict[str, object] | None = Field(
        None, description="a fault that holds all the time, as a step of a scenario names it"
    )
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


def check_defect(defect: Defect, faults: Collection[str]) -> list[Finding]:
    """Words that its kind of site does not have, readings that are none, a permanent fault that is none of those there are."""
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
            for word in BRACES.findall(text)
            if word not in known
        ]
    for i, reading in enumerate(defect.needs):
        if not _READING.fullmatch(BRACES.sub("x", reading)):
            found.append(
                Finding(("needs", i), "is no reading", "write kind/name/field, event/WORD, event/WORD/SUBJECT or fault/NAME")
            )
    for name in defect.standing or {}:
        if name not in faults:
            found.append(Finding(("standing", name), "is no fault", suggest(name, faults), at_key=True))
    return found


def _texts(value: object, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _texts(child, (*keys, key))
    elif isinstance(value, (list, tuple)):
        for i, child in enumerate(value):
            yield from _texts(child, (*keys, i))
