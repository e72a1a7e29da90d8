"""Reasons, bounds, what was found and symptoms as texts, in both languages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import assert_never

from chaos.i18n.names import fault_name, property_name
from chaos.i18n.texts import LocalizedText, catalogue, display_name, join, lookup, phrase, shipped_name, translate, untranslated
from chaos.measures.catalogue import measures
from chaos.measures.formatting import instant, percent, significant
from chaos.measures.formatting import text as value_text
from chaos.measures.registry import NOT_GRADABLE, Slot
from chaos.results.findings import (
    Aborted,
    Bound,
    BoundBroken,
    CarriedOut,
    DidNotHappen,
    Found,
    FoundAtLeast,
    FoundMoreThan,
    FoundValue,
    Injected,
    Limits,
    NearPublished,
    NeverJudged,
    NoEffect,
    NotCompared,
    NotDone,
    NotGradable,
    NothingConfirmed,
    NothingExercised,
    NothingToHold,
    NotReached,
    PropertyFound,
    PropertyHolds,
    Reason,
    Slow,
    Symptom,
    Text,
    Undecided,
    Unit,
    Unknowable,
    UnsteadyBefore,
    Value,
)
from chaos.results.run import OverSeedsResult, RunResult

_NONE: Mapping[str, str] = MappingProxyType({})


def symptom_text(symptom: Symptom) -> LocalizedText:
    """How a part of the causal chain was not well."""
    if isinstance(symptom, Text):
        return untranslated(symptom.text)
    if isinstance(symptom, Injected):
        return translate("symptom.injected", fault=fault_name(symptom.fault))
    if isinstance(symptom, CarriedOut):
        return translate("symptom.carried_out", verb=lookup("verb", symptom.verb), by=symptom.by)
    if isinstance(symptom, Slow):
        return translate("symptom.slow", times=significant(symptom.times))
    return translate(f"symptom.{symptom.kind}")


def measure_title(name: str, own: Collection[str] = ()) -> LocalizedText:
    """What people call a measure; one that is not declared here (the run was made where an extension is installed) by its name. `own` are
    the run's own names, here and below."""
    try:
        measure = measures().find(name)
    except ValueError:
        return untranslated(name)
    slot = measure.declared.slot
    subject = untranslated(measure.subject)
    if slot is Slot.FLOW:
        subject = display_name(measure.subject, own)
    elif slot is Slot.PROPERTY:
        subject = property_name(measure.subject)
    elif slot is Slot.METRIC:
        subject = metric_text(measure.subject, own)
    elif slot is Slot.RULES:
        subject = shipped_name(measure.subject)
    return LocalizedText(measure.title(subject.en, "en"), measure.title(subject.zh, "zh"))


def metric_text(metric: str, own: Collection[str] = ()) -> LocalizedText:
    """A metric, `kind/name/field`: in Chinese what it counts of what, where that is known; else as it stands."""
    rest, _, field = metric.rpartition("/")
    known = catalogue().get(f"metric.{field}")
    name = rest.partition("/")[2]
    return LocalizedText(metric, display_name(name, own)["zh"] + known.zh if known is not None and name else metric)


def exact_value(unit: Unit, value: Value, rules: str | None = None) -> LocalizedText:
    """A value as a verdict needs it, in full; of a grade the word that its rule set has for it, `rules` being the set's name."""
    english = value_text(unit, value, exact=True)
    if unit is Unit.GRADE:
        if value == NOT_GRADABLE:
            return translate("grade.null")
        named = f"grade.{rules}.{value}"
        return LocalizedText(english, translate(named if named in catalogue() else f"grade.{value}")["zh"])
    return LocalizedText(english, value_text(unit, value, exact=True, language="zh"))


def _rules(measure: str) -> str | None:
    return measure.removeprefix("severity.") if measure.startswith("severity.") else None


# --- bounds and what was found ------------------------------------------------------------------------------------------------


def bound_text(bound: Bound, own: Collection[str] = ()) -> LocalizedText:
    """A bound with its measure: in English by the name that files give it, in Chinese as people call it."""
    if isinstance(bound, Text):
        return untranslated(bound.text)
    if isinstance(bound, PropertyHolds):
        chinese = property_name(bound.name).zh
        return LocalizedText(translate("bound.property_holds", name=bound.name).en, chinese)
    measure = LocalizedText(bound.measure, measure_title(bound.measure, own).zh)
    return join([measure, limits_text(bound)], " ", " ")


def limits_text(bound: Bound) -> LocalizedText:
    """A bound without its measure; empty where there is nothing more to say. A sentence of an older run stands whole."""
    if isinstance(bound, NearPublished):
        published = exact_value(bound.unit, bound.published, _rules(bound.measure))
        note = translate(f"bound.{bound.standing}") if bound.standing != "counts" else untranslated("")
        return join([translate("bound.near_published", within=percent(bound.within), published=published), note], "", "")
    if isinstance(bound, Limits):
        return _limits(bound)
    return untranslated(bound.text if isinstance(bound, Text) else "")


def _limits(bound: Limits) -> LocalizedText:
    signs = (("≤", bound.at_most), ("≥", bound.at_least), ("=", bound.equals))
    rules = _rules(bound.measure)
    parts = [
        join([untranslated(sign), exact_value(bound.unit, value, rules)], " ", " ") for sign, value in signs if value is not None
    ]
    between = join(parts, " and ", " 且 ")
    if bound.in_share:
        return translate("bound.in_share", limits=between, share=percent(bound.in_share))
    if bound.quantile is not None:
        return translate("bound.quantile", limits=between, quantile=significant(bound.quantile))
    return between


def expected_text(english: str) -> LocalizedText:
    """A bound with its measure as results keep it where they count by it alone, in English: in Chinese as people call it."""
    name, _, limits = english.partition(" ")
    if name == "property":
        return phrase("bound", english, lambda held: property_name(held).zh)
    chinese = phrase("bound", limits, _chinese_limits).zh
    return LocalizedText(english, f"{measure_title(name).zh} {_chinese_limits(limits) if chinese == limits else chinese}")


def _chinese_limits(english: str) -> str:
    """Signs and values: the words between them, units and grades in Chinese."""
    words = {"and": "且", "s": "秒", "true": "是", "false": "否", "no": "无", "value": "值"}
    return " ".join(words.get(word, lookup("grade", word).zh) for word in english.split(" "))


def found_text(found: Found) -> LocalizedText:
    """What a run shows of a measure."""
    if isinstance(found, Text):
        return untranslated(found.text)
    if isinstance(found, FoundValue):
        return translate("found.none") if found.value is None else exact_value(found.unit, found.value, found.rules)
    if isinstance(found, FoundMoreThan):
        return translate("found.more_than", value=exact_value(found.unit, found.value))
    if isinstance(found, FoundAtLeast):
        return translate("found.at_least", value=exact_value(found.unit, found.value))
    if isinstance(found, NotGradable):
        why = LocalizedText(found.why, found.why_zh or found.why)
        return translate("found.not_gradable_because", why=why) if found.why else translate("found.not_gradable")
    if isinstance(found, PropertyFound):
        return translate("table.kept") if found.holds else translate("table.violated", n=f"{found.violations}")
    assert_never(found)


def held_text(over: OverSeedsResult, expected: LocalizedText) -> LocalizedText:
    """How an expectation over the seeds came out: in how many runs it held, or the value at the quantile. `expected` is the bound."""
    if over.quantile_rank is None:
        known = {"expected": expected, "held": over.held, "runs": over.runs, "needed": over.needed}
        return (
            translate("over.share.unknown", **known, unknown=over.unknown) if over.unknown else translate("over.share", **known)
        )
    return translate("over.quantile", expected=expected, value=at_quantile_text(over), rank=over.quantile_rank, runs=over.runs)


def at_quantile_text(over: OverSeedsResult) -> LocalizedText:
    """The value at the quantile of an expectation over the seeds."""
    if over.quantile_value is None:
        return translate("over.open")
    return exact_value(measures().find(over.measure).unit, over.quantile_value)


# --- reasons --------------------------------------------------------------------------------------------------------------------


def reason_text(reason: Reason, chinese: Mapping[str, str] = _NONE, own: Collection[str] = ()) -> LocalizedText:
    """Why a verdict is what it is; `chinese` has the Chinese of the scenario's own texts, such as the names of its steps."""

    def step(text: str) -> LocalizedText:
        return LocalizedText(text, chinese.get(text, text))

    if isinstance(reason, Text):
        return untranslated(reason.text)
    if isinstance(reason, BoundBroken) and isinstance(reason.bound, PropertyHolds):
        name = LocalizedText(reason.bound.name, property_name(reason.bound.name).zh)
        return translate("reason.property_broken", name=name, found=found_text(reason.found))
    if isinstance(reason, BoundBroken | NothingToHold | Undecided | NotCompared):
        return translate(f"reason.{reason.kind}", bound=bound_text(reason.bound, own), found=found_text(reason.found))
    if isinstance(reason, Unknowable):
        return phrase("unknowable", reason.why)
    if isinstance(reason, UnsteadyBefore):
        return translate("reason.unsteady_before" if reason.seen else "reason.never_steady_before")
    if isinstance(reason, NothingExercised):
        return translate("reason.nothing_exercised")
    if isinstance(reason, NeverJudged):
        return translate("reason.never_judged", flows=join([display_name(flow, own) for flow in reason.flows], ", ", "、"))
    if isinstance(reason, NothingConfirmed):
        return translate("reason.nothing_confirmed", flows=join([display_name(flow, own) for flow in reason.flows], ", ", "、"))
    if isinstance(reason, NoEffect):
        return translate("reason.no_effect", step=step(reason.step))
    if isinstance(reason, NotReached):
        why = phrase("unknowable", reason.why or "") if reason.condition is None else _reading(reason.condition, own)
        key = "reason.not_reached" if reason.condition is None else "reason.not_reached.aborted"
        return translate(key, step=step(reason.step), at=instant(reason.at_ns), ended=instant(reason.ended_ns), why=why)
    if isinstance(reason, NotDone):
        return translate("reason.not_done", step=step(reason.step), why=reason.why)
    if isinstance(reason, DidNotHappen):
        return translate("reason.did_not_happen", what=_happening(reason, own))
    if isinstance(reason, Aborted):
        return translate("reason.aborted", condition=_reading(reason.condition, own))
    assert_never(reason)


def reasons_text(run: RunResult) -> LocalizedText:
    """Why the verdict of a run is what it is, in one line."""
    return join([reason_text(reason, run.chinese, run.own_names) for reason in run.reason_data], "; ", "；")


def _happening(reason: DidNotHappen, own: Collection[str]) -> LocalizedText:
    """An event or a counter, and how often, if more than once."""
    event = " ".join(filter(None, (lookup("event", reason.event or "")["en"], reason.subject)))
    what = (
        _reading(reason.counter, own) if reason.counter else LocalizedText(event, _event(reason.event or "", reason.subject, own))
    )
    return what.map(lambda what: what + (f" ≥ {reason.at_least}" if reason.at_least > 1 else ""))


def _reading(metric: str, own: Collection[str]) -> LocalizedText:
    """A counter in a sentence: flow place-order: ok."""
    rest, _, field = metric.rpartition("/")
    kind, _, name = rest.partition("/")
    return LocalizedText(f"{kind} {name}: {field.replace('_', ' ')}", metric_text(metric, own)["zh"])


def _event(event: str, subject: str | None, own: Collection[str]) -> str:
    what = lookup("event", event)["zh"]
    return f"{what}（{display_name(subject, own)['zh']}）" if subject else what
