"""What reports say, in English and 简体中文. The texts are in words.json: key → [English, Chinese], with {places} to fill."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from simcore.base.units import format_clock

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Said(dict[str, str]):
    """One text in every language: language → text."""


@functools.cache
def catalogue() -> dict[str, list[str]]:
    """Key → [English, Chinese]."""
    found: dict[str, list[str]] = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    return found


def say(key: str, **parts: object) -> Said:
    """The text of a key with its places filled; a part may itself be Said. KeyError for a key that there is not."""
    texts = catalogue()[key]
    return Said({
        lang: text.format(**{k: v[lang] if isinstance(v, Said) else v for k, v in parts.items()})
        for lang, text in zip(LANGUAGES, texts, strict=True)
    })  # fmt: skip


def plain(text: object) -> Said:
    """The same text in every language."""
    return Said(dict.fromkeys(LANGUAGES, str(text)))


def known(prefix: str, word: object, otherwise: object = None) -> Said:
    """The text of prefix.word; where there is none, the word itself (or what is given) as it stands."""
    key = f"{prefix}.{word}"
    return say(key) if key in catalogue() else plain(word if otherwise is None else otherwise)


def joined(parts: list[Said], english: str = ", ", chinese: str = "、") -> Said:
    """Texts in a row."""
    return Said({"en": english.join(p["en"] for p in parts), "zh": chinese.join(p["zh"] for p in parts)})


def name(identifier: str) -> Said:
    """A service, pool or flow: in Chinese by the trade's own name where it is known. A replica keeps its number."""
    base, mark, number = identifier.partition("#")
    if base.count(".") == 1:
        return joined([name(part) for part in base.split(".")], ".", "·")
    called = known("name", base)
    return Said({lang: text + mark + number for lang, text in called.items()})


def clock(t_ns: int | None) -> str:
    """09:30:15; – for none."""
    return "–" if t_ns is None else re.sub(r"\.\d+$", "", format_clock(t_ns))


def seconds(value: float | None) -> Said:
    """A length of time for people: 45 s, 18.5 min, 2.3 h."""
    if value is None:
        return plain("–")
    for unit, size, chinese in (("h", 3600, "小时"), ("min", 60, "分钟"), ("s", 1, "秒")):
        if value >= 2 * size or size == 1:
            number = f"{value / size:,.1f}".removesuffix(".0") if size > 1 else f"{value:,.0f}"
            return Said({"en": f"{number} {unit}", "zh": f"{number} {chinese}"})
    raise AssertionError


_SLOW = re.compile(r"takes more than (\S+) times as long")
_EXACT = {
    "customers' intents fail": "cause.flow", "every slot taken, others wait": "cause.pool", "at its limit": "cause.limit",
    "fails": "cause.fails", "hit": "cause.hit",
}  # fmt: skip


def symptom(what: str) -> Said:
    """How a thing of the causal chain was not well."""
    if what in _EXACT:
        return say(_EXACT[what])
    if what.startswith("step: "):
        return say("cause.step", fault=known("faultname", what.removeprefix("step: ")))
    slow = _SLOW.fullmatch(what)
    return say("cause.slow", n=slow[1]) if slow else plain(what)


def measure(what: str) -> Said:
    """A measure of an expectation."""
    group, _, rest = what.partition(".")
    if group == "properties":
        return known("property", rest)
    if group == "severity":
        return say("measure.severity", rules=rest)
    if group == "flows":
        flow, _, part = rest.rpartition(".")
        return say("measure.flow", flow=name(flow), what=known("measure.flow", part))
    return known("measure", what)


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


def bound(measured: str, expected: str) -> Said:
    """What an expectation wants of its measure, without the measure's name."""
    text = "" if measured.startswith("properties.") else expected.removeprefix(measured).strip()
    if (within := _WITHIN.fullmatch(text)) is not None:
        note = _NOTES.get(within["note"], within["note"] or "")
        return Said({"en": text, "zh": f"与公开值 {within['value']} 相差 {within['share']} 以内{note}"})
    if (part := _SHARE.fullmatch(text)) is not None:
        return Said({"en": text, "zh": f"{part['bounds']}（{part['share']} 的运行）"})
    return plain(text)


_VIOLATED = re.compile(r"violated ([\d,]+) times")


def found(shown: str) -> Said:
    """The value of an expectation as it is shown."""
    violated = _VIOLATED.fullmatch(shown)
    return say("table.violated", n=violated[1]) if violated else say("table.kept") if shown == "kept" else plain(shown)


def reason(text: str, expectations: Iterable[tuple[str, str, str]]) -> Said:
    """Why a verdict is what it is; `expectations` are (measure, expected, shown). What is not known stays as it is."""
    for measured, expected, shown in expectations:
        parts = {"measure": measure(measured), "bound": bound(measured, expected), "shown": found(shown)}
        if text == f"{expected}, but it is {shown}":
            return Said({"en": text, "zh": say("reason.but", **parts)["zh"].replace(" ，", "，")})
        if text.startswith(f"{expected}: "):
            return Said({"en": text, "zh": say("reason.novalue", **parts)["zh"]})
    matches = ((key, pattern.fullmatch(text)) for key, pattern in _REASONS)
    return next((say(key, **match.groupdict()) for key, match in matches if match), plain(text))
