"""Measures and the quantities that they are held against, as files and options write them: numbers, shares, durations, grades."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from chaos.measures.catalogue import measures
from chaos.measures.registry import GRADES, NOT_GRADABLE
from simcore.base.units import SECOND, parse_duration


def parse_quantity(value: object) -> object:
    """A duration becomes seconds, `12 %` a fraction; numbers and grades stay. Raises ValueError for a text that is none of them."""
    if isinstance(value, str) and value not in (*GRADES, NOT_GRADABLE):
        if value.endswith("%"):
            try:
                return float(value[:-1]) / 100.0
            except ValueError:
                raise ValueError(f"not a percentage: {value!r}; write a number and %, such as 0.5 %") from None
        return parse_duration(value) / SECOND
    return value


Quantity = Annotated[
    float | Literal[(*GRADES, NOT_GRADABLE)],  # type: ignore[valid-type]
    BeforeValidator(parse_quantity),
    WithJsonSchema(
        {"type": ["number", "string"], "description": "a number, a share such as 2 %, a duration such as 10min, or a grade"}
    ),
]


def parse_margin(option: str) -> float:
    """The number, share or duration of an option. Raises ValueError for anything else, and for less than 0."""
    try:
        margin = float(option)
    except ValueError:
        quantity = parse_quantity(option)
        if not isinstance(quantity, float):
            raise ValueError(f"no number, share or duration: {option!r}") from None
        margin = quantity
    if not 0 <= margin < float("inf"):
        raise ValueError(f"not 0 or more: {option!r}")
    return margin


def _known_measure(name: str) -> str:
    problem = measures().problem(name)
    if problem is not None:
        raise ValueError(f"{name}: {problem}")
    return name


class _MeasureSchema:
    """What editors offer for a measure: those that there are, and patterns of those that are families."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        known = measures().measures
        single, families = [m.name for m in known if m.slot is None], [m.pattern for m in known if m.slot is not None]
        return handler(core_schema) | {"anyOf": [{"enum": single}, *({"pattern": pattern} for pattern in families)]}


MeasureName = Annotated[str, Field(max_length=200), AfterValidator(_known_measure), _MeasureSchema()]
"""The name of a measure, such as impaired_s or flows.login.p99_s."""
