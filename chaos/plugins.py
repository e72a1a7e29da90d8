"""Extensions by outside packages: entry points of the groups below. docs/extending.md builds a package with one of each.

A package declares in its pyproject.toml what it extends:

    [project.entry-points."coredrill.faults"]
    meteor = "drillkit.faults:Meteor"

Nothing has to be registered: whatever reads a catalogue (of faults, measures, checkers, targets) reads what is installed as well, in
every process. What cannot be used is one `PluginError`.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from typing import TypeVar

from simcore.base.errors import InputError

T = TypeVar("T")

FAULTS, MEASURES, CHECKERS, TARGETS = (f"coredrill.{what}" for what in ("faults", "measures", "checkers", "targets"))
GROUPS = (FAULTS, MEASURES, CHECKERS, TARGETS)
FOR_AUTHORS = "this is for its authors to correct"


class PluginError(InputError):
    """An extension that cannot be used, or that failed: its name, its distribution, why, and what to do."""


class Plugin:
    """An extension that an installed package declares: `name` in its group, and the `distribution` with its version."""

    def __init__(self, entry_point: metadata.EntryPoint) -> None:
        self.name, self.group, self.where = entry_point.name, entry_point.group, entry_point.value
        dist = entry_point.dist
        self.package = dist.name if dist is not None else "a package without metadata"
        self.distribution = f"{dist.name} {dist.version}" if dist is not None else self.package
        self._entry_point = entry_point

    def __str__(self) -> str:
        return f"plug-in {self.name!r} of {self.distribution}"

    @property
    def module(self) -> str:
        """The module that it lies in."""
        return self._entry_point.module

    def load(self) -> object:
        """What the entry point names. Raises PluginError if its module cannot be imported, or does not have it."""
        try:
            return self._entry_point.load()
        except (Exception, SystemExit) as error:
            raise self.error(f"cannot be loaded from {self.where}: {_named(error)}") from None

    def error(self, message: str, hint: str = "") -> PluginError:
        """The error of this extension."""
        return PluginError(
            f"{self} ({self.group}) {message}", hint=hint or f"get a {self.package} that fits, or 'pip uninstall {self.package}'"
        )


def _named(error: BaseException) -> str:
    """The exception in one line: a message may go on for many."""
    return ": ".join([type(error).__name__, *str(error).splitlines()[:1]])


class Plugins:
    """The extensions of some entry points. Each is loaded when its group is asked for; nothing of this changes afterwards."""

    def __init__(self, entry_points: Iterable[metadata.EntryPoint]) -> None:
        self.plugins = tuple(
            sorted((Plugin(e) for e in entry_points if e.group in GROUPS), key=lambda p: (p.group, p.name, p.distribution))
        )

    def __iter__(self) -> Iterator[Plugin]:
        return iter(self.plugins)

    @property
    def distributions(self) -> tuple[str, ...]:
        """The packages that extend anything, with their versions, in order. Where these are the same, so are the catalogues."""
        return tuple(sorted({plugin.distribution for plugin in self.plugins}))

    def merged(self, group: str, own: Mapping[str, T], accept: Callable[[Plugin, object], T]) -> dict[str, T]:
        """coredrill's own members of a catalogue and those of a group's extensions, by name, sorted.

        `accept` makes a member of what an entry point names; its ValueError says why it cannot. Raises PluginError for an
        extension that cannot be loaded, is refused, or has a name that is taken.
        """
        found, givers = dict(own), dict.fromkeys(own, "coredrill itself")
        for plugin in self.plugins:
            if plugin.group != group:
                continue
            if plugin.name in found:
                raise plugin.error(
                    f"has the name of one of {givers[plugin.name]}", "uninstall one of them, or give it another name"
                )
            loaded = plugin.load()
            try:
                found[plugin.name] = accept(plugin, loaded)
            except (Exception, SystemExit) as error:
                reason = str(error) if isinstance(error, ValueError) else _named(error)
                raise plugin.error(f"cannot be used: {reason}") from None
            givers[plugin.name] = plugin.distribution
        return dict(sorted(found.items()))

    def giver(self, group: str, name: str) -> Plugin | None:
        """The extension that a member of a catalogue is; None for coredrill's own."""
        return next((plugin for plugin in self.plugins if (plugin.group, plugin.name) == (group, name)), None)

    def culprit(self, error: BaseException) -> PluginError | None:
        """What to say of an exception that was raised in the code of an extension; None if it was raised elsewhere.

        The innermost place in its package counts: an extension may well be called by coredrill, and call coredrill.
        """
        packages = {plugin.module.partition(".")[0]: plugin for plugin in self.plugins}
        for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
            name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            if name in packages:
                place = f"{frame.f_globals['__name__']}, line {line}"
                plugin = packages[name]
                return PluginError(
                    f"the plug-in {plugin.distribution} failed in {place}: {_named(error)}",
                    hint=FOR_AUTHORS,
                )
        return None


@functools.cache
def installed() -> Plugins:
    """The extensions of what is installed. The distributions are read once in a process, which takes some ms: what is installed
    while it runs is not seen."""
    return Plugins(entry_point for group in GROUPS for entry_point in metadata.entry_points(group=group))


@contextmanager
def blamed(extension: Plugin | None = None) -> Iterator[None]:
    """An exception that was raised in the code of an extension becomes a PluginError; others, and mistakes of users, stay.

    Where one `extension` is called, or what it gave is looked at, none of the others stays: it takes the wrong arguments, or gave
    what is of no use.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        found = installed().culprit(error)
        if found is None and extension is not None:
            found = extension.error(f"failed: {_named(error)}", FOR_AUTHORS)
        if found is None:
            raise
        raise found from None
