"""Measures and the quantities that they are held against, as files and options write them: numbers, shares, durations, grades."""

from __future__ import annotations

import math
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from chaos.measures.catalogue import measures
from chaos.measures.formatting import Unit
from chaos.measures.registry import GRADES, NOT_GRADABLE, NamedMeasure
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


def require_unit(measure: NamedMeasure, value: object, *, difference: bool = False) -> None:
    """Raises ValueError, with a hint, for what a value of the measure (or, with `difference`, a difference of two) is never written as, or can
    never be: a duration without unit, a share above 1, a negative count."""
    unit, text = measure.unit, isinstance(value, str)
    if value is None or unit is Unit.GRADE or (isinstance(value, bool) and unit is Unit.FLAG):
        return
    percent = text and str(value).endswith("%")
    number = parse_quantity(value) if text else value
    if isinstance(number, str) or (isinstance(value, bool)):
        raise ValueError(f"{measure.name} is {_WRITTEN[unit].name}; write {_WRITTEN[unit].hint}")
    if unit is Unit.DURATION and (percent or (not text and number != 0)):
        hint = f"write {value}s" if not text and isinstance(value, (int, float)) and value > 0 else f"write {_WRITTEN[unit].hint}"
        raise ValueError(f"{measure.name} is a duration, and needs a unit; {hint}")
    if unit in (Unit.COUNT, Unit.FRACTION) and text and not percent:
        raise ValueError(f"{measure.name} is {_WRITTEN[unit].name}, no duration; write {_WRITTEN[unit].hint}")
    if unit is Unit.COUNT and percent:
        raise ValueError(f"{measure.name} is a count, no share; write {_WRITTEN[unit].hint}")
    if isinstance(number, (int, float)):
        _require_range(measure, float(number), difference)


def _require_range(measure: NamedMeasure, number: float, difference: bool) -> None:
    low = (-1.0 if measure.unit is Unit.FRACTION else -math.inf) if difference else 0.0
    high = 1.0 if measure.unit is Unit.FRACTION else math.inf
    if not low <= number <= high:
        which = "from 0 to 1 (100 %)" if high == 1.0 else "0 or more"
        raise ValueError(f"{measure.name} is {_WRITTEN[measure.unit].name}, {which}; write {_WRITTEN[measure.unit].hint}")


class _Written(NamedTuple):
    name: str
    hint: str


_WRITTEN = {
    Unit.DURATION: _Written("a duration", "a number and a unit, such as 10min"),
    Unit.FRACTION: _Written("a share", "a number such as 0.02, or a percentage such as 2 %"),
    Unit.COUNT: _Written("a count", "a number, such as 20"),
    Unit.FLAG: _Written("true or false", "equals: true or equals: false"),
}

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
