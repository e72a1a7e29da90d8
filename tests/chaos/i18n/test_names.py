"""How grades and the scenario's own texts are called."""

from __future__ import annotations

import pytest

from chaos.i18n.names import grade_text, own_text
from chaos.i18n.texts import LocalizedText, phrase
from chaos.results.run import Grade, Measures, Orders, RunResult

MAJOR = "严重 ICT 事件（DORA 所称 major）"


@pytest.mark.parametrize(
    ("grade", "english", "chinese"),
    [
        (Grade(grade="major", label="重大"), "major", "重大"),
        (Grade(grade="major", label="major", label_zh=MAJOR), "major", MAJOR),
        (Grade(grade="larger", label="larger"), "larger", "较大"),
        (Grade(grade="none", label="below every grade"), "below every grade", "未达事件标准"),
        (Grade(grade=None, label="not gradable", why="w"), "not gradable", "无法定级"),
    ],
)
def test_grades(grade: Grade, english: str, chinese: str) -> None:
    """The rule set's own word beside the grade, if it is English; in Chinese alone, so that DORA's major is never CSRC's 重大."""
    assert grade_text(grade) == LocalizedText(english, chinese)


def test_own_texts_of_a_scenario() -> None:
    """What its file says in Chinese is shown so, the rest as it is."""
    run = RunResult(
        architecture="a", seed=1, digest="d", measures=Measures(orders=Orders()), chinese={"The bank hangs": "银行假死"}
    )
    assert own_text(run, "The bank hangs") == LocalizedText("The bank hangs", "银行假死")
    assert own_text(run, "else") == LocalizedText("else", "else")


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("more than 7 tasks at once: a queue grew without bound", "同时处理的任务超过 7 个：有队列无限增长"),
        ("3 events beyond the first 9 were not kept", "前 9 条之后另有 3 条日志未保留"),
        ("conservation broken: a, b", "守恒校验未通过：a, b"),
        (
            "and more than 7 tasks at once: a queue grew without bound",
            "and more than 7 tasks at once: a queue grew without bound",
        ),
        ("nobody knows", "nobody knows"),
    ],
)
def test_what_the_simulator_says(text: str, chinese: str) -> None:
    """Its reasons are known by their words; another one stands as it is."""
    assert phrase("unknowable", text) == LocalizedText(text, chinese)


def test_what_stands_in_the_places_of_a_phrase_is_named() -> None:
    """As whoever asks says."""
    assert phrase("side", "x on y in z", str.upper).zh == "X（架构 Y，环境 Z）"
    assert phrase("side", "x in z", str.upper).zh == "X（环境 Z）"
