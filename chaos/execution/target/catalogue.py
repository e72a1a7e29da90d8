"""Targets by name: the simulated core, the twin, and those of installed packages (entry points `coredrill.targets`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pkgutil import resolve_name
from typing import cast

from chaos.execution.jobs import SIMULATED
from chaos.execution.target.protocol import OpenTarget
from chaos.execution.target.simulated import SimulatedTarget
from chaos.plugins import TARGETS, Plugin, installed
from simcore.base.errors import InputError, show_value, suggest

Opener = Callable[[str], OpenTarget]
"""Opens a target at an address, a text that may be empty: a folder, a host. Raises InputError if there is nothing. Its docstring's first
line is what `coredrill list targets` says of it."""

BY_NAME: Mapping[str, str] = {"twin": "chaos.live.target:TwinTarget"}
"""Targets that are found as those of installed packages are: what they need beyond the runs themselves is of no concern here."""


def built_in() -> dict[str, Opener]:
    """What opens each target of coredrill's own."""
    return {SIMULATED: SimulatedTarget} | {name: cast(Opener, resolve_name(where)) for name, where in BY_NAME.items()}


def all_targets() -> dict[str, Opener]:
    """What opens the target of each name, those of installed packages included. Raises PluginError for one that cannot be used."""
    return installed().merged(TARGETS, built_in(), _opener)


def _opener(plugin: Plugin, value: object) -> Opener:
    if not callable(value):
        raise ValueError(f"it is {value!r}, and should be what opens the target at an address")
    return cast(Opener, value)


def describe(opener: Opener) -> str:
    """What the target is, in one sentence: the first line of its docstring."""
    return (opener.__doc__ or "").strip().split("\n")[0]


def open_target(reference: str) -> OpenTarget:
    """The target of a reference, `NAME` or `NAME:ADDRESS`, where the address says which of many (a folder, a host). Raises
    InputError for a name that no target has, and for an address that leads to nothing."""
    name, _, address = reference.partition(":")
    known = all_targets()
    if name not in known:
        raise InputError(f"no target is called {show_value(name)}", hint=suggest(name, known))
    return known[name](address)
