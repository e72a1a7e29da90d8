"""Texts in English and 简体中文. They are in texts.json: key → [English, Chinese], with {places} to fill."""

from __future__ import annotations

import functools
import json
import string
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from chaos.measures.formatting import Language, duration


@dataclass(frozen=True)
class LocalizedText:
    """One text in every language: `text["zh"]`."""

    en: str
    zh: str

    def __getitem__(self, language: Language) -> str:
        """The text in a language."""
        return self.en if language == "en" else self.zh

    def map(self, change: Callable[[str], str]) -> LocalizedText:
        """The text changed in the same way in every language."""
        return LocalizedText(change(self.en), change(self.zh))


class Entry(NamedTuple):
    """A text of the catalogue, its {places} not yet filled."""

    en: str
    zh: str


@functools.cache
def catalogue() -> dict[str, Entry]:
    """Every text by its key."""
    found: dict[str, list[str]] = json.loads(Path(__file__).with_name("texts.json").read_text(encoding="utf-8"))
    return {key: Entry(*texts) for key, texts in found.items()}


class _Counting(string.Formatter):
    """Formats texts in which ``{n:run|runs}`` is the first word after one, else the second."""

    def format_field(self, value: object, format_spec: str) -> str:
        """The word for a count, else what is formatted as usual."""
        one, mark, many = format_spec.partition("|")
        if not mark:
            return str(super().format_field(value, format_spec))
        return one if str(value).lstrip("+-−") == "1" else many


_COUNTING = _Counting()


def translate(key: str, **parts: object) -> LocalizedText:
    """The text of a key with its places filled; a part may itself be localized. KeyError for a key that there is not.

    >>> translate("suite.seed", seed=3)["en"]
    'seed 3'
    """
    entry = catalogue()[key]

    def filled(text: str, language: Language) -> str:
        given = {k: v[language] if isinstance(v, LocalizedText) else v for k, v in parts.items()}
        return _COUNTING.vformat(text, (), given) if "|" in text else text.format(**given)

    return LocalizedText(filled(entry.en, "en"), filled(entry.zh, "zh"))


def untranslated(text: object) -> LocalizedText:
    """The same text in every language."""
    return LocalizedText(str(text), str(text))


def lookup(prefix: str, word: object, otherwise: object = None) -> LocalizedText:
    """The text of prefix.word; where there is none, the word itself (or what is given) as it stands."""
    key = f"{prefix}.{word}"
    return translate(key) if key in catalogue() else untranslated(word if otherwise is None else otherwise)


def phrase(prefix: str, text: str, shown: Callable[[str], str] = str) -> LocalizedText:
    """A sentence that was written in English elsewhere, such as by the simulator: in Chinese by the first text below `prefix` that it
    fills, `shown` being how what stands in its places is called; else as it stands.

    >>> phrase("unknowable", "3 events beyond the first 9 were not kept")["zh"]
    '前 9 条之后另有 3 条日志未保留'
    """
    for key, entry in catalogue().items():
        if key.startswith(f"{prefix}.") and (parts := _parts_of(entry.en, text)) is not None:
            return LocalizedText(text, entry.zh.format(**{place: shown(part) for place, part in parts.items()}))
    return untranslated(text)


def _parts_of(template: str, text: str) -> dict[str, str] | None:
    """What stands in the places of a template that a text fills; None if it is another's."""
    found: dict[str, str] = {}
    waiting, rest = "", text
    for literal, place, _, _ in string.Formatter().parse(template):
        before, mark, rest = rest.partition(literal) if literal else ("", "", rest)
        if literal and (not mark or (before and not waiting)):
            return None
        if waiting and literal:
            found[waiting] = before
        waiting = place or ""
    if waiting:
        found[waiting] = rest
        rest = ""
    return None if rest else found


def join(parts: Sequence[LocalizedText], english: str = ", ", chinese: str = "、") -> LocalizedText:
    """Texts in a row, with what stands between them in each language."""
    return LocalizedText(english.join(p.en for p in parts), chinese.join(p.zh for p in parts))


def shipped_name(name: str) -> LocalizedText:
    """An architecture, an environment or a rule set: in Chinese as people call those that ship; any other by the name or path it is given."""
    return LocalizedText(name, lookup("name", name).zh)


def display_name(identifier: str, own: Collection[str]) -> LocalizedText:
    """A service, pool or flow: in Chinese by the trade's own name where it is known, unless a user's file calls something of its own so
    (`own`, of a run its `own_names`). A replica keeps its number, a call site stands after what calls."""
    caller, slash, site = identifier.partition("/")
    if slash and caller.count(".") == 1:
        return join([display_name(caller, own), display_name(site, own)], "/", " → ")
    base, mark, number = identifier.partition("#")
    if base.count(".") == 1:
        return join([display_name(part, own) for part in base.split(".")], ".", "·")
    shown = untranslated(base) if base in own else lookup("name", base)
    return shown.map(lambda name: name + mark + number)


def in_glossary(identifier: str) -> bool:
    """Whether a name has a Chinese one."""
    return f"name.{identifier}" in catalogue()


def duration_text(seconds: float | None) -> LocalizedText:
    """A length of time: 45 s, 18.5 min; a dash for none."""
    return LocalizedText(duration(seconds), duration(seconds, language="zh"))
