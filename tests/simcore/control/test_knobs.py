"""The knobs that the control plane is written against are those that there are."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import simcore.control
from simcore.control.handles import Knobs
from simcore.control.injection import Injection

NAMES = [name for name in vars(Knobs) if not name.startswith("_")]


def parameters(function: object) -> list[tuple[str, object, str]]:
    """Name, kind and type of every parameter."""
    found = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return [(p.name, p.kind, str(p.annotation).replace("FileState", "File")) for p in found]


@pytest.mark.parametrize("name", NAMES)
def test_a_knob_is_what_the_protocol_says(name: str) -> None:
    """The protocol and the injection agree on names, kinds and types of its parameters."""
    assert parameters(getattr(Knobs, name)) == parameters(getattr(Injection, name))


def test_the_protocol_has_every_knob_that_is_turned() -> None:
    """Nothing in the control plane turns a knob that the protocol lacks."""
    sources = [path.read_text(encoding="utf-8") for path in Path(simcore.control.__path__[0]).rglob("*.py")]
    turned = {name for source in sources for name in re.findall(r"\binject\.(\w+)\(", source)}
    assert turned - set(NAMES) == set()
    assert len(turned) > 5
