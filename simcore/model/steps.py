"""Walking the steps of operations and flows as they stand in the file. simcore.model.index has what is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simcore.files.validation import Keys
from simcore.model.architecture import Call, Choose, Hold, Repeat, Route, Send, Step

CLIENT = "client"
"""The service whose operations are the flows; no file may declare it."""

Steps = Sequence[Step]


def inner(step: Step) -> list[tuple[Keys, Steps]]:
    """The lists of steps inside a step, with their keys below it."""
    if isinstance(step, (Hold, Repeat)):
        return [(("steps",), step.steps)]
    if isinstance(step, Call):
        return [(("fallback",), step.fallback)] if step.fallback is not None else []
    if isinstance(step, Choose):
        return [(("choose", i, "steps"), branch.steps) for i, branch in enumerate(step.choose)]
    if isinstance(step, Route):
        cases: list[tuple[Keys, Steps]] = [(("cases", case), steps) for case, steps in step.cases.items()]
        return cases + ([(("default",), step.default)] if step.default is not None else [])
    return []


def placed(steps: Steps, keys: Keys) -> Iterator[tuple[Keys, Step]]:
    """Every step of a list, the inner ones too, with its keys in the file."""
    for i, step in enumerate(steps):
        yield (*keys, i), step
        for below, more in inner(step):
            yield from placed(more, (*keys, i, *below))


def callee(step: Call | Send) -> str:
    """``service.operation`` that a call or send asks for."""
    return step.call if isinstance(step, Call) else step.send
