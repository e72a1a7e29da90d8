"""Reasons, bounds, values and symptoms as texts, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chaos.i18n.texts import LocalizedText, catalogue, display_name, lookup, translate, untranslated
from chaos.results.findings import Injected, Slow, Symptom, Text


def symptom(symptom: Symptom) -> LocalizedText:
    """How a part of the causal chain was not well."""
    if isinstance(symptom, Text):
        return untranslated(symptom.text)
    if isinstance(symptom, Injected):
        return translate("symptom.injected", fault=lookup("faultname", symptom.fault))
    if isinstance(symptom, Slow):
        return translate("symptom.slow", times=f"{symptom.times:g}")
    return translate(f"symptom.{symptom.kind}")


def measure(what: str) -> LocalizedText:
    """A measure of an expectation."""
    group, _, rest = what.partition(".")
    if group == "properties":
        return lookup("property", rest)
    if group == "severity":
        return translate("measure.severity", rules=rest)
    if group == "flows":
        flow, _, part = rest.rpartition(".")
        return translate("measure.flow", flow=display_name(flow), what=lookup("measure.flow", part))
    return lookup("measure", what)


_REASONS = (
    ("reason.noeffect", re.compile(r"(?P<what>.*) never took effect: nothing met it")),
    ("reason.didnot", re.compile(r"did not happen: (?P<what>.*)")),
    ("reason.couldnot", re.compile(r"(?P<what>.*?) could not be done: (?P<why>.*)")),
    ("reason.aborted", re.compile(r"aborted: (?P<what>.*)")),
    *((key, re.compile(re.escape(catalogue()[key][0]))) for key in ("reason.exercised", "reason.unsteady", "reason.unseen")),
)


_WITHIN = re.compile(r"within (?P<share>\S+) of the published (?P<value>.*?)(?P<note> \(.*\))?")
_SHARE = re.compile(r"(?P<bounds>.*) in (?P<share>\S+) of the runs")
_NOTES = {" (fitted)": "（拟合所得）", " (said to miss)": "（已说明不符）", None: ""}


def bound(measured: str, expected: str) -> LocalizedText:
    """What an expectation wants of its measure, without the measure's name."""
    text = "" if measured.startswith("properties.") else expected.removeprefix(measured).strip()
    if (within := _WITHIN.fullmatch(text)) is not None:
        note = _NOTES.get(within["note"], within["note"] or "")
        return LocalizedText({"en": text, "zh": f"与公开值 {within['value']} 相差 {within['share']} 以内{note}"})
    if (part := _SHARE.fullmatch(text)) is not None:
        return LocalizedText({"en": text, "zh": f"{part['bounds']}（{part['share']} 的运行）"})
    return untranslated(text)


_VIOLATED = re.compile(r"violated ([\d,]+) times")


def found(shown: str) -> LocalizedText:
    """The value of an expectation as it is shown."""
    violated = _VIOLATED.fullmatch(shown)
    return (
        translate("table.violated", n=violated[1])
        if violated
        else translate("table.kept")
        if shown == "kept"
        else untranslated(shown)
    )


def reason(text: str, expectations: Iterable[tuple[str, str, str]]) -> LocalizedText:
    """Why a verdict is what it is; `expectations` are (measure, expected, shown). What is not known stays as it is."""
    for measured, expected, shown in expectations:
        parts = {"measure": measure(measured), "bound": bound(measured, expected), "shown": found(shown)}
        if text == f"{expected}, but it is {shown}":
            return LocalizedText({"en": text, "zh": translate("reason.but", **parts)["zh"].replace(" ，", "，")})
        if text.startswith(f"{expected}: "):
            return LocalizedText({"en": text, "zh": translate("reason.novalue", **parts)["zh"]})
    matches = ((key, pattern.fullmatch(text)) for key, pattern in _REASONS)
    return next((translate(key, **match.groupdict()) for key, match in matches if match), untranslated(text))
