"""What reports say, in both languages."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from chaos.checkers.catalogue import shipped_checkers
from chaos.execution.target.executor import EVENT_WORDS
from chaos.faults.catalogue import shipped_faults
from chaos.i18n.names import fault_name, property_name
from chaos.i18n.texts import catalogue, display_name, duration_text, translate
from chaos.measures.registry import GRADES
from simcore.journal.model import FLAGS, OUTCOMES
from simcore.journal.summary import TRUTHS
from simcore.library import LIBRARY, load_architecture

ROOT = Path(__file__).resolve().parents[3]


def places(text: str) -> set[str]:
    """The names of the places to fill."""
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    """Two texts a key, none empty, and what one fills in the other fills in."""
    for key, texts in catalogue().items():
        assert len(texts) == 2, key
        assert all(texts), key
        assert places(texts[0]) == places(texts[1]), key


def test_no_key_is_given_twice() -> None:
    """JSON would keep the last one, and whoever asks for the first would say something else."""
    keys = re.findall(r'^ "([^"]+)": \[', (ROOT / "chaos/i18n/texts.json").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(keys) == len(catalogue())
    assert [key for key in set(keys) if keys.count(key) > 1] == []


@pytest.mark.parametrize(
    ("n", "says"),
    [("1", "1 flow fails"), ("2", "2 flows fail"), ("0", "0 flows fail"), ("1,001", "1,001 flows fail"), (1, "1 flow fails")],
)
def test_one_and_several(n: object, says: str) -> None:
    """A text says by itself what one of them is called."""
    assert translate("customers.fails", n=n)["en"] == says
    assert translate("customers.fails", n=n)["zh"] == f"{n} 类业务失败"


@pytest.mark.parametrize(("n", "says"), [("+1", "+1 failed order"), ("−1", "−1 failed order"), ("−2", "−2 failed orders")])
def test_one_more_or_less(n: str, says: str) -> None:
    """A sign does not make several of one."""
    assert translate("difference.orders", n=n)["en"] == says


def test_whatever_is_logged_has_its_words() -> None:
    """Every event of the control plane's documentation, every word of the harness, outcomes, truths, flags, grades, faults."""
    page = (ROOT / "docs/control.md").read_text(encoding="utf-8").split("## Events in the journal")[1]
    logged = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)) | set(EVENT_WORDS)
    assert len(logged) > 60
    wanted = {f"event.{what}" for what in logged} | {f"outcome.{o}" for o in OUTCOMES} | {f"truth.{t}" for t in (*TRUTHS, *FLAGS)}
    wanted |= {f"grade.{grade}" for grade in GRADES}
    assert wanted - catalogue().keys() == set()


def test_faults_and_properties_have_chinese_names() -> None:
    """Each of coredrill's own says what it is called; of one that is not installed here the word stands as it is."""
    assert [name for name in shipped_faults() if fault_name(name)["zh"] == name] == []
    assert [name for name in shipped_checkers() if property_name(name)["zh"] == property_name(name)["en"]] == []
    assert (fault_name("crash")["zh"], property_name("none-lost")["en"]) == ("宕机", "no confirmed order lost")
    assert (fault_name("elsewhere")["zh"], property_name("elsewhere")["zh"]) == ("elsewhere", "elsewhere")


def test_the_legacy_core_speaks_the_trades_language() -> None:
    """Every service, flow and pool of the shipped core has a Chinese name of its own."""
    model = load_architecture("legacy-coupled")
    names = [*model.services, *model.flows, *model.pools]
    assert [n for n in names if display_name(n, ())["zh"] == n] == []
    assert (display_name("counter", ())["zh"], display_name("order-router", ())["zh"], display_name("counter#1", ())["zh"]) == (
        "柜台",
        "报盘",
        "柜台#1",
    )
    assert display_name("counter.transfer", ())["zh"] == "柜台·银证转账（第三方存管）"
    assert LIBRARY.shipped("architecture")


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "0 s"), (45.2, "45 s"), (119, "119 s"), (1110, "18.5 min"), (7200, "120.0 min")]
)
def test_lengths_of_time(value: float | None, text: str) -> None:
    """Seconds to five minutes, then minutes, as in every table and verdict."""
    assert duration_text(value)["en"] == text


def test_a_key_that_there_is_not_is_an_error() -> None:
    """Nothing is ever said by accident."""
    with pytest.raises(KeyError):
        translate("no.such.text")
