"""What is published where."""

from __future__ import annotations

import pytest

from chaos.live.mqtt import topics


def test_names_of_any_kind_make_one_level() -> None:
    """Separators and wildcards in a name are written otherwise, and two names never make one topic."""
    assert topics.quotes("600000") == "quotes/600000"
    assert topics.reports("a/b+c#d") == "reports/a%2Fb%2Bc%23d"
    assert topics.control("bank", "pool size") == "control/bank/pool%20size"
    assert len({topics.alarms(name) for name in ("a/b", "a%2Fb", "a b", "客户", "a+b")}) == 5
    with pytest.raises(ValueError, match="no empty level"):
        topics.reports("")


def test_quality_of_service() -> None:
    """Quotes may be lost, the rest must not be; there are no other topics."""
    assert {family: topics.qos_of(topics.everything(family)) for family in topics.QOS} == {
        "quotes": 0,
        "reports": 1,
        "messages": 1,
        "alarms": 1,
        "control": 1,
    }
    for topic in ("", "#", "+/a", "orders/1", "$SYS/x", "reports\0/x", topics.HERE, topics.reports("客" * 100)):
        with pytest.raises(ValueError, match="not a topic of the twin"):
            topics.qos_of(topic)
