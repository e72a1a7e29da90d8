"""What reports say, in English and 简体中文. The texts are in texts.json: key → [English, Chinese], with {places} to fill."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Literal

from simcore.base.units import SECOND, format_clock

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class LocalizedText(dict[str, str]):
    """One text in every language: language → text."""


@functools.cache
def catalogue() -> dict[str, list[str]]:
    """Key → [English, Chinese]."""
    found: dict[str, list[str]] = json.loads(Path(__file__).with_name("texts.json").read_text(encoding="utf-8"))
    return found


def translate(key: str, **parts: object) -> LocalizedText:
    """The text of a key with its places filled; a part may itself be LocalizedText. KeyError for a key that there is not."""
    texts = catalogue()[key]
    return LocalizedText({
        lang: text.format(**{k: v[lang] if isinstance(v, LocalizedText) else v for k, v in parts.items()})
        for lang, text in zip(LANGUAGES, texts, strict=True)
    })  # fmt: skip


def untranslated(text: object) -> LocalizedText:
    """The same text in every language."""
    return LocalizedText(dict.fromkeys(LANGUAGES, str(text)))


def lookup(prefix: str, word: object, otherwise: object = None) -> LocalizedText:
    """The text of prefix.word; where there is none, the word itself (or what is given) as it stands."""
    key = f"{prefix}.{word}"
    return translate(key) if key in catalogue() else untranslated(word if otherwise is None else otherwise)


def join(parts: list[LocalizedText], english: str = ", ", chinese: str = "、") -> LocalizedText:
    """Texts in a row."""
    return LocalizedText({"en": english.join(p["en"] for p in parts), "zh": chinese.join(p["zh"] for p in parts)})


def display_name(identifier: str) -> LocalizedText:
    """A service, pool or flow: in Chinese by the trade's own name where it is known. A replica keeps its number."""
    base, mark, number = identifier.partition("#")
    if base.count(".") == 1:
        return join([display_name(part) for part in base.split(".")], ".", "·")
    name = lookup("name", base)
    return LocalizedText({lang: text + mark + number for lang, text in name.items()})


def clock(t_ns: int | None) -> str:
    """09:30:15; – for none."""
    return "–" if t_ns is None else format_clock(t_ns - t_ns % SECOND)


def seconds(value: float | None) -> LocalizedText:
    """A length of time for people: 45 s, 18.5 min, 2.3 h."""
    if value is None:
        return untranslated("–")
    for unit, size, chinese in (("h", 3600, "小时"), ("min", 60, "分钟"), ("s", 1, "秒")):
        if value >= 2 * size or size == 1:
            number = f"{value / size:,.1f}".removesuffix(".0") if size > 1 else f"{value:,.0f}"
            return LocalizedText({"en": f"{number} {unit}", "zh": f"{number} {chinese}"})
    raise AssertionError
