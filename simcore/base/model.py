"""The bases of all models, of files and of results, and the few types that every kind of file uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
FileName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_/-]{0,127}$")]


class Model(BaseModel):
    """Base of all file models: unknown keys are errors, values are not coerced silently, instances do not change.

    What `simcore.files` has to know of a model beyond its fields, the model says itself: `scales`, `as_default`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    scales: ClassVar[bool] = False
    """Whether the edit `scale` multiplies every amount in it, as in a distribution of durations."""

    def as_default(self) -> object:
        """What a file would write for this value where it stands as a default, as plain data: an empty mapping, whose keys
        have their own defaults; a model with a short form returns that. None: there is nothing to write."""
        return {}


@dataclass(frozen=True)
class Verbs:
    """Mark of a union, in its `Annotated`, whose members differ by one key each: the verb, their first field.

    In paths an item of such a list is called by its verb or, if that holds text (a target, a pool), by the text. `noun` is
    what messages call an item; `forms` the model of each verb.
    """

    noun: str
    forms: Mapping[str, type[Model]]


class ResultModel(BaseModel):
    """Base of all models of results, of a run, a comparison, a coverage measurement: one form, in memory and on disk.

    Strict about what is read and silent about unknown keys, for a later version may say more; instances do not change. A field
    that was never set is left out of the JSON, so that what was read is written back as it was.
    """

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    def json_object(self) -> dict[str, JsonValue]:
        """The JSON object, of plain types."""
        return self.model_dump(mode="json", exclude_unset=True)


_PLAIN = {
    "missing": "is missing",
    "extra_forbidden": "is unknown here",
    "model_type": "should be a mapping",
    "dict_type": "should be a mapping",
    "model_attributes_type": "should be a mapping",
    "tuple_type": "should be a list",
    "list_type": "should be a list",
}


def first_mistake(error: ValidationError) -> str:
    """Where the first thing lies that a model did not accept, and what is wrong with it: ``record.verdict: should be 'pass' or 'fail'``."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    said = first.get("ctx", {}).get("error") if first["type"] == "value_error" else None
    what = str(said) if said is not None else _PLAIN.get(first["type"], first["msg"].replace("Input should", "should"))
    return f"{where}: {what}" if where else what
