"""Reasons, bounds, what was found and symptoms as texts in both languages."""

from __future__ import annotations

from typing import get_args

import pytest

from chaos.i18n.findings import symptom
from chaos.results.findings import AtLimit, Fails, Hit, Injected, Kinded, PoolFull, RequestsFail, Slow, Symptom, Text


def kinds_of(union: object) -> set[type[Kinded]]:
    """The models of a union that is told by `kind`, but for the sentences of older runs."""
    return set(get_args(get_args(union)[0])) - {Text}


SYMPTOMS: list[tuple[Symptom, str, str]] = [
    (Injected(fault="slow"), "step: slow", "注入故障：变慢"),
    (RequestsFail(), "customers' intents fail", "客户请求失败"),
    (PoolFull(), "every slot taken, others wait", "槽位占满，后来者排队"),
    (AtLimit(), "at its limit", "达到流控上限"),
    (Fails(), "fails", "失败"),
    (Hit(), "hit", "被击中"),
    (Slow(times=3.0), "takes more than 3 times as long", "耗时超过平时 3 倍"),
]


@pytest.mark.parametrize(("data", "english", "chinese"), SYMPTOMS, ids=lambda x: x.kind if isinstance(x, Kinded) else "")
def test_a_symptom_is_told_in_both_languages(data: Symptom, english: str, chinese: str) -> None:
    """Each in the words that journals of runs have had all along, and in Chinese."""
    assert symptom(data) == {"en": english, "zh": chinese}


def test_every_kind_is_told() -> None:
    """No kind of symptom is left out above."""
    assert {type(data) for data, *_ in SYMPTOMS} == kinds_of(Symptom)


def test_a_sentence_of_an_older_run_stands_as_it_is() -> None:
    """In both languages, whatever it says."""
    assert symptom(Text(text="<b>")) == {"en": "<b>", "zh": "<b>"}
