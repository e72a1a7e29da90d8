"""What there is besides files: faults, checkers, measures, targets, and the extensions that give some of them, for `list` and `show`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from chaos import plugins
from chaos.checkers import catalogue as checkers
from chaos.checkers.checker import Checker
from chaos.execution.target import catalogue as targets
from chaos.faults import catalogue as faults
from chaos.faults.fault import Fault
from chaos.measures.catalogue import measures
from chaos.measures.registry import Measure
from simcore.files.fields import bounds_text, choices, default_text, fields_of


@dataclass(frozen=True)
class Listed:
    """A line of a list; `more` is what JSON has beside it."""

    name: str
    title: str
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, str]:
        """As JSON has it."""
        return {"name": self.name, "title": self.title, **self.more}


def _faults() -> Iterator[Listed]:
    for name, fault in faults.all_faults().items():
        yield Listed(name, faults.describe(fault), {"layer": fault.layer, **_giver(plugins.FAULTS, name)})


def _checkers() -> Iterator[Listed]:
    for name, checker in checkers.all_checkers().items():
        yield Listed(name, checkers.describe(checker), _giver(plugins.CHECKERS, name))


def _measures() -> Iterator[Listed]:
    for measure in measures().measures:
        more = {
            "title_zh": measure.title_zh,
            "meaning": measure.meaning,
            "unit": measure.unit.value,
            "better": measure.better.value,
        }
        yield Listed(measure.name, measure.title, {**more, **_giver(plugins.MEASURES, measure.name)})


def _targets() -> Iterator[Listed]:
    for name, opener in targets.all_targets().items():
        yield Listed(name, targets.describe(opener), _giver(plugins.TARGETS, name))


def _plugins() -> Iterator[Listed]:
    for plugin in plugins.installed():
        title = f"{plugin.group} of {plugin.distribution}, in {plugin.where}"
        yield Listed(plugin.name, title, {"group": plugin.group, "plugin": plugin.distribution})


CATALOGUES: Mapping[str, Callable[[], Iterator[Listed]]] = {
    "faults": _faults, "checkers": _checkers, "measures": _measures, "targets": _targets, "plugins": _plugins,
}  # fmt: skip
"""What lists each catalogue, by the word that the command has for it."""


def catalogue_names() -> Iterator[str]:
    """The name of everything that `show` explains: faults, checkers, measures, targets."""
    yield from (*faults.all_faults(), *checkers.all_checkers(), *targets.all_targets(), *(m.name for m in measures().measures))


def explanation(name: str) -> str | None:
    """What `show` says of a fault, a checker, a measure or a target; None for a name that is none of them. Raises PluginError."""
    if name in (known := faults.all_faults()):
        return _fault(known[name])
    if name in (properties := checkers.all_checkers()):
        return _checker(properties[name])
    declared = next((measure for measure in measures().measures if measure.name == name), None)
    if declared is not None or measures().problem(name) is None:
        return _measure(declared or measures().find(name).declared)
    opener = targets.all_targets().get(name)
    return f"{name}{_of(plugins.TARGETS, name)}\n\n{inspect.getdoc(opener)}\n" if opener is not None else None


def _fault(fault: type[Fault]) -> str:
    """Its description and what may be written under its name."""
    lines = [f"{fault.fault} ({fault.layer}){_of(plugins.FAULTS, fault.fault)}", "", inspect.cleandoc(fault.__doc__ or ""), ""]
    if fault.requires:
        lines += [f"  give {fault.requires}", ""]
    lines += [f"  {key}: {'; '.join(_about(fault, key))}" for key in fields_of(fault)]
    return "\n".join(lines) + "\n"


def _about(fault: type[Fault], key: str) -> Iterator[str]:
    """What may be written for a word of a fault: whether it is needed, which values it takes, what it means."""
    default = default_text(fault, key)
    yield "needed" if default is None else f"default {default}" if default else "optional"
    if words := choices(fault, key):
        yield f"one of {', '.join(words)}"
    if bounds := bounds_text(fault, key, None):
        yield bounds
    if description := fields_of(fault)[key].description:
        yield description


def _checker(checker: Checker) -> str:
    return f"{checker.name}{_of(plugins.CHECKERS, checker.name)}\n\n{inspect.cleandoc(type(checker).__doc__ or '')}\n"


def _measure(measure: Measure) -> str:
    """What it means, and which commands do not take it."""
    lines = [
        f"{measure.name} ({measure.unit.value}){_of(plugins.MEASURES, measure.name)}",
        "",
        f"{measure.title}: {measure.meaning}",
        "",
    ]
    lines.append(f"  better: {measure.better.value}")
    refused = (("compare", measure.not_compared), ("sweep", measure.not_swept))
    lines += [f"  not with {command}: {why}" for command, why in refused if why]
    return "\n".join(lines) + "\n"


def _giver(group: str, name: str) -> dict[str, str]:
    """The package that an extension comes from; nothing for coredrill's own."""
    plugin = plugins.installed().giver(group, name)
    return {"plugin": plugin.distribution} if plugin is not None else {}


def _of(group: str, name: str) -> str:
    return "".join(f", of {distribution}" for distribution in _giver(group, name).values())
