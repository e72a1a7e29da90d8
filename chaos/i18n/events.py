"""Events of the journal as texts, in both languages: what happened, of what, and the details."""

from __future__ import annotations

from collections.abc import Collection

from chaos.i18n.names import fault_name, own_text
from chaos.i18n.texts import LocalizedText, display_name, duration_text, join, lookup, phrase, translate, untranslated
from chaos.measures.formatting import instant, significant
from chaos.results.run import RunResult
from simcore.base.units import SECOND
from simcore.journal.model import Event, Scalar

_PREFIXES = {"verb": "verb", "approver": "approver", "code": "code", "approval": "approval", "how": "how", "layer": "layer"}
"""Details whose values are words of their own, and what the keys of their texts begin with."""


def target_name(target: str, own: Collection[str]) -> LocalizedText:
    """What a fault or an action is aimed at: `unit/counter#0` by its name, a list of such by all of their names. `own` are the run's own
    names."""
    return join([display_name(_without_kind(part.strip()), own) for part in target.split(",")])


def _without_kind(target: str) -> str:
    kind, _, name = target.partition("/")
    return name if name and "." not in kind else target


def event_subject(event: Event, run: RunResult) -> LocalizedText:
    """What an event is about: a step of the scenario by its own name, anything else by its name in the trade."""
    step = event.what.startswith("fault_")
    return own_text(run, event.subject) if step else target_name(event.subject, run.own_names)


def event_detail(event: Event, run: RunResult) -> LocalizedText:
    """The details of an event of a run in a row; empty for none."""
    parts = [
        join([lookup("detail", key, key.removesuffix("_ns").replace("_", " ")), _value(key, value, run.own_names)], " ", " ")
        for key, value in event.detail.items()
        if value is not None
    ]
    return join(parts, ", ", "，") if parts else untranslated("")


def _value(key: str, value: Scalar, own: Collection[str]) -> LocalizedText:
    if isinstance(value, bool):
        return translate("value.yes") if value else translate("value.no")
    if key == "since" and isinstance(value, int):
        return untranslated(instant(value))
    if key.endswith("_ns") and isinstance(value, int):
        return duration_text(value / SECOND)
    if isinstance(value, float):
        return untranslated(significant(value, 3))
    if not isinstance(value, str):
        return untranslated(value)
    if key == "fault":
        return fault_name(value)
    if key in _PREFIXES:
        return lookup(_PREFIXES[key], value)
    if key == "why":
        known = phrase("why", value, lambda name: display_name(name, own).zh)
        return known if known.zh != known.en else target_name(value, own)
    return target_name(value, own)
