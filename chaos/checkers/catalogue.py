"""Which checkers there are: those of this folder's modules, and those of installed packages. Nothing registers itself."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType, ModuleType

import chaos.checkers
from chaos import plugins
from chaos.checkers.checker import Checker, CheckResult
from chaos.plugins import Plugin, Plugins
from simcore.journal.model import Journal

CheckerCatalogue = Mapping[str, Checker]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


def checkers_of(modules: Iterable[ModuleType]) -> dict[str, Checker]:
    """The checkers that are defined in modules, by name. A module that defines none is a helper. Two of one name are a TypeError."""
    found: dict[str, Checker] = {}
    for module in modules:
        for value in vars(module).values():
            if not (isinstance(value, type) and issubclass(value, Checker) and value.__module__ == module.__name__):
                continue
            if not value.__dict__.get("name") or inspect.isabstract(value):
                continue  # what several checkers share
            if value.name in found:
                raise TypeError(
                    f"two checkers are called {value.name!r}: {type(found[value.name]).__module__} and {module.__name__}"
                )
            found[value.name] = value()
    return found


@functools.cache
def shipped_checkers() -> CheckerCatalogue:
    """The checkers of this folder, by name. It is listed once in a process."""
    names = sorted(module.name for module in pkgutil.iter_modules(chaos.checkers.__path__, "chaos.checkers."))
    return MappingProxyType(checkers_of(map(importlib.import_module, names)))


def all_checkers(extensions: Plugins | None = None) -> CheckerCatalogue:
    """The checkers of this folder and of extensions (None: of what is installed), by rank and name. Raises PluginError."""
    found = extensions if extensions is not None else plugins.installed()
    merged = found.merged(plugins.CHECKERS, shipped_checkers(), _accepted)
    return MappingProxyType({name: merged[name] for name in sorted(merged, key=lambda name: (merged[name].rank, name))})


def _accepted(plugin: Plugin, value: object) -> Checker:
    if not (isinstance(value, type) and issubclass(value, Checker)):
        raise ValueError(f"{plugin.where} is no subclass of chaos.checkers.checker.Checker")
    if value.name != plugin.name:
        raise ValueError(f"the checker calls itself {value.name!r}, the entry point {plugin.name!r}: write one name in both")
    if not _NAME.fullmatch(value.name):
        raise ValueError(f"{value.name!r} is no name for a checker: write small letters, digits and -")
    return value()


def check_all(journal: Journal, checkers: CheckerCatalogue | None = None) -> dict[str, CheckResult]:
    """What a run shows of every property, by name, sorted."""
    found = checkers if checkers is not None else all_checkers()
    return {name: found[name].check(journal) for name in sorted(found)}


def describe(checker: Checker) -> str:
    """What holds, in one sentence: the first line of its docstring."""
    return (type(checker).__doc__ or "").strip().split("\n")[0]
