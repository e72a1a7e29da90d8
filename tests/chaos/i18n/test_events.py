"""Events of the journal in both languages."""

from __future__ import annotations

import pytest

from chaos.i18n.events import event_detail, event_subject, target_name
from chaos.i18n.texts import LocalizedText
from chaos.results.run import Measures, Orders, RunResult
from simcore.journal.model import Event, Scalar

RUN = RunResult(
    architecture="a",
    seed=1,
    digest="d",
    measures=Measures(orders=Orders()),
    chinese={"the bank hangs": "银行假死", "counter": "计数"},
)


@pytest.mark.parametrize(
    ("detail", "english", "chinese"),
    [
        ({"fault": "hang", "targets": "unit/a#0, unit/counter#1"}, "fault hang, targets a#0, counter#1", "故障 假死，对象 a#0、柜台#1"),
        ({"verb": "restart", "by": "core"}, "action restart, by core", "处置动作 重启，执行者 核心系统"),
        ({"approver": "it-head"}, "approver the IT head", "审批人 信息技术负责人"),
        ({"layer": "business", "points_at": None}, "layer business", "层次 业务"),
        ({"code": "timeout", "latency_ns": 2_400_000_000}, "code timeout, latency 2.4 s", "代码 超时，耗时 2.4 秒"),
        ({"how": "wrong_value", "error_probability": 0.00925}, "how wrong_value, error probability 0.00925", "方式 数值有误，失误概率 0.00925"),
        ({"ok": True, "solved": False}, "ok yes, solved no", "成功 是，已解决 否"),
        ({"why": "nothing to repair"}, "why nothing to repair", "原因 没有可修复的故障"),
        ({"why": "failover counter"}, "why failover counter", "原因 主备切换 柜台"),
        ({"why": "operations"}, "why operations", "原因 运维"),
        ({"count": 3, "unheard_of": "x"}, "count 3, unheard of x", "数量 3，unheard of x"),
        ({}, "", ""),
    ],
)  # fmt: skip
def test_details(detail: dict[str, Scalar], english: str, chinese: str) -> None:
    """Names, words of their own, lengths of time, flags; what is empty is left out, and what is not known stands as it is."""
    assert event_detail(Event(0, "e", "s", detail), RUN) == LocalizedText(english, chinese)


def test_subjects() -> None:
    """A step of the scenario is called as its file calls it, anything else by its name in the trade."""
    assert event_subject(Event(0, "fault_started", "the bank hangs", {}), RUN) == LocalizedText("the bank hangs", "银行假死")
    assert event_subject(Event(0, "fault_healed", "counter", {}), RUN).zh == "计数"
    assert event_subject(Event(0, "alarm", "counter", {}), RUN).zh == "柜台"


@pytest.mark.parametrize(
    ("target", "chinese"),
    [
        ("flow/place-order", "委托下单"),
        ("call/counter.transfer/debit-a", "柜台·银证转账（第三方存管） → 扣款（银行 A）"),
        ("counter.transfer/debit-a,counter", "柜台·银证转账（第三方存管） → 扣款（银行 A）、柜台"),
        ("somebody", "somebody"),
    ],
)
def test_targets(target: str, chinese: str) -> None:
    """Without the kind that the journal puts before a name."""
    assert target_name(target, ()).zh == chinese
