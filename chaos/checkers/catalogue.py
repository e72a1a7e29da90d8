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
from chaos.checkers.checker import Checker
from chaos.plugins import Plugin, Plugins
from chaos.results.run import PropertyFinding
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
    """The checkers of this folder, by rank and name. It is listed once in a process."""
    names = sorted(module.name for module in pkgutil.iter_modules(chaos.checkers.__path__, "chaos.checkers."))
    return _in_order(checkers_of(map(importlib.import_module, names)))


@functools.cache
def all_checkers() -> CheckerCatalogue:
    """The checkers of this folder and of installed packages, by rank and name. Raises PluginError."""
    return checkers_with(plugins.installed())


def checkers_with(extensions: Plugins) -> CheckerCatalogue:
    """The checkers of this folder and of extensions, by rank and name. Raises PluginError."""
    return _in_order(extensions.merged(plugins.CHECKERS, shipped_checkers(), _accepted))


def _in_order(checkers: Mapping[str, Checker]) -> CheckerCatalogue:
    return MappingProxyType({name: checkers[name] for name in sorted(checkers, key=lambda name: (checkers[name].rank, name))})


def _accepted(plugin: Plugin, value: object) -> Checker:
    if not (isinstance(value, type) and issubclass(value, Checker)):
        raise ValueError(f"{plugin.where} is no subclass of chaos.checkers.checker.Checker")
    if value.name != plugin.name:
        raise ValueError(f"the checker calls itself {value.name!r}, the entry point {plugin.name!r}: write one name in both")
    if not _NAME.fullmatch(value.name):
        raise ValueError(f"{value.name!r} is no name for a checker: write small letters, digits and -")
    return value()


def check_all(journal: Journal, checkers: CheckerCatalogue | None = None) -> dict[str, PropertyFinding]:
    """What a run shows of every property of the system, by the checker's name, sorted; without `checkers` of all that are installed.
    Raises PluginError where a checker of an installed package fails.

    >>> from chaos.execution.execute import run_once
    >>> from chaos.execution.jobs import Job
    >>> from chaos.execution.session import Session
    >>> job = Job("./scenario.yaml", seed=1)
    >>> with Session() as session:
    ...     journal = run_once(session.bind(job.system), job)
    >>> check_all(journal)["no-duplicates"]
    PropertyFinding(holds=True, violations=0)
    """
    found = checkers if checkers is not None else all_checkers()
    return {name: _finding(found[name], journal) for name in sorted(found)}


def _finding(checker: Checker, journal: Journal) -> PropertyFinding:
    with plugins.blamed(plugins.installed().giver(plugins.CHECKERS, checker.name)):
        finding: object = checker.check(journal)
        if not isinstance(finding, PropertyFinding):
            raise TypeError(f"{checker.name}: {finding!r} is no PropertyFinding")
    return finding


def implied(checkers: CheckerCatalogue) -> tuple[str, ...]:
    """The properties that a requirement is held to unless it says which, in order."""
    return tuple(name for name, checker in checkers.items() if checker.implied)


def describe(checker: Checker) -> str:
    """What holds, in one sentence: the first line of its docstring."""
    return (type(checker).__doc__ or "").strip().split("\n")[0]
