"""JSON Schemas of kinds of files, for editors: what may be written, the short forms included."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, TypeAdapter

from simcore.base.units import Duration
from simcore.files.loading import Extension, Kind

JsonSchema = dict[str, Any]
"""A JSON Schema, a JSON object; the values of its keys have types of their own."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: Kind) -> JsonSchema:
    """The JSON Schema (2020-12) of a kind of file."""
    full = _definition(kind.model)
    definitions: JsonSchema = full.pop("$defs", {})
    schema: JsonSchema = {"$schema": DIALECT, "title": f"coredrill {kind.name}"}
    if not kind.extensible:
        schema |= {key: value for key, value in full.items() if key != "title"}
    else:
        extension = _definition(Extension)
        extension["properties"]["kind"] = {"const": kind.name}
        definitions |= extension.pop("$defs", {})
        definitions |= {kind.model.__name__: full, "Extension": extension}
        schema |= {
            "type": "object",
            "if": {"required": ["extends"]},
            "then": {"$ref": "#/$defs/Extension"},
            "else": {"$ref": f"#/$defs/{kind.model.__name__}"},
        }
    _allow_bare_durations(definitions)
    schema["$defs"] = {name: definitions[name] for name in sorted(definitions)}
    return schema


def _definition(model: type[BaseModel]) -> JsonSchema:
    return TypeAdapter(model).json_schema(by_alias=True, mode="validation")


def _allow_bare_durations(definitions: JsonSchema) -> None:
    """A distribution may be a bare duration, and is one family, which the model checks in ways no schema tells."""
    distribution = definitions.get("Distribution")
    if distribution is None:
        return
    duration = TypeAdapter(Duration).json_schema()
    definitions["Distribution"] = {
        "description": distribution.get("description", ""),
        "anyOf": [duration, distribution | {"minProperties": 1, "maxProperties": 1}],
    }
