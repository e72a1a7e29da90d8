"""Which faults there are: those of this folder's modules, and those of installed packages. Nothing registers itself."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType, ModuleType

import chaos.faults
from chaos import plugins
from chaos.faults.fault import LAYERS, Fault
from chaos.plugins import Plugin, Plugins

FaultCatalogue = Mapping[str, type[Fault]]

STEP_WORDS = ("name", "at", "for", "after")
"""What a step of a scenario, or of a trigger, says beside its fault: no fault is called so."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


def faults_of(modules: Iterable[ModuleType]) -> dict[str, type[Fault]]:
    """The faults that are defined in modules, by name, sorted. A module that defines none is a helper. Two of one name are a
    TypeError."""
    found: dict[str, type[Fault]] = {}
    for module in modules:
        for value in vars(module).values():
            if not (isinstance(value, type) and issubclass(value, Fault) and value.__module__ == module.__name__):
                continue
            if not value.__dict__.get("fault"):
                continue  # a family of faults
            other = found.setdefault(value.fault, value)
            if other is not value:
                raise TypeError(f"two faults are called {value.fault!r}: {other.__module__} and {value.__module__}")
    return dict(sorted(found.items()))


@functools.cache
def shipped_faults() -> FaultCatalogue:
    """The faults of this folder, by name, sorted. It is listed once in a process."""
    names = sorted(module.name for module in pkgutil.iter_modules(chaos.faults.__path__, "chaos.faults."))
    return MappingProxyType(faults_of(importlib.import_module(name) for name in names))


@functools.cache
def all_faults() -> FaultCatalogue:
    """The faults of this folder and of installed packages, by name, sorted. Raises PluginError."""
    return faults_with(plugins.installed())


def faults_with(extensions: Plugins) -> FaultCatalogue:
    """The faults of this folder and of extensions, by name, sorted. Raises PluginError."""
    return MappingProxyType(extensions.merged(plugins.FAULTS, shipped_faults(), _accepted))


def _accepted(plugin: Plugin, value: object) -> type[Fault]:
    if not (isinstance(value, type) and issubclass(value, Fault)):
        raise ValueError(f"{plugin.where} is no subclass of chaos.faults.fault.Fault")
    if value.fault != plugin.name:
        raise ValueError(f"the fault calls itself {value.fault!r}, the entry point {plugin.name!r}: write one name in both")
    if not _NAME.fullmatch(value.fault) or value.fault in STEP_WORDS:
        raise ValueError(
            f"{value.fault!r} is no name for a fault: write small letters, digits and -, and none of {', '.join(STEP_WORDS)}"
        )
    if value.layer not in LAYERS:
        raise ValueError(f"there is no layer {value.layer!r}: write one of {', '.join(LAYERS)}")
    if value.targets is Fault.targets or value.apply is Fault.apply:
        raise ValueError("a fault needs the methods targets and apply")
    value.model_json_schema()  # a field that no file could write shows here
    return value


def describe(fault: type[Fault]) -> str:
    """What the fault does, in one sentence: the first line of its docstring."""
    return (fault.__doc__ or "").strip().split("\n")[0]
