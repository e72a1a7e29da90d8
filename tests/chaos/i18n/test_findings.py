"""Reasons, bounds, what was found and symptoms as texts in both languages."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from chaos.i18n.findings import bound_text, found_text, limits_text, measure_title, metric_text, reason_text, symptom_text
from chaos.i18n.texts import LocalizedText
from chaos.measures.catalogue import measures
from chaos.results.findings import (
    Aborted,
    AtLimit,
    Bound,
    BoundBroken,
    CarriedOut,
    DidNotHappen,
    Fails,
    Found,
    FoundAtLeast,
    FoundMoreThan,
    FoundValue,
    Hit,
    Injected,
    Kinded,
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
    OrdersLate,
    PoolFull,
    PropertyFound,
    PropertyHolds,
    Reason,
    RequestsFail,
    RequestsRejected,
    Slow,
    Symptom,
    Text,
    Undecided,
    Unit,
    Unknowable,
    UnsteadyBefore,
)
from simcore.base.units import SECOND

ROOT = Path(__file__).resolve().parents[3]
IMPAIRED = Limits(measure="impaired_s", unit=Unit.DURATION, at_most=300.0)
GRADED = Limits(measure="severity.dora", unit=Unit.GRADE, at_most="ordinary")

SYMPTOMS: list[tuple[Symptom, str, str]] = [
    (Injected(fault="slow"), "step: slow", "注入故障：变慢"),
    (CarriedOut(verb="restart", by="core"), "restart, by core", "重启，由 core 执行"),
    (RequestsFail(), "customers' intents fail", "客户请求失败"),
    (PoolFull(), "every slot taken, others wait", "线程或连接占满，后来者排队"),
    (RequestsRejected(), "customers' intents are rejected wrongly", "客户请求被误拒"),
    (OrdersLate(), "orders are late", "委托延迟"),
    (AtLimit(), "at its limit", "达到限流上限"),
    (Fails(), "fails", "失败"),
    (Hit(), "hit", "直接受影响"),
    (Slow(times=3.0), "takes more than 3 times as long", "耗时超过平时 3 倍"),
]
BOUNDS: list[tuple[Bound, str, str]] = [
    (IMPAIRED, "impaired_s ≤ 300 s", "服务异常时长 ≤ 300 秒"),
    (
        Limits(measure="orders.failed_share", unit=Unit.FRACTION, at_least=0.01, at_most=0.05),
        "orders.failed_share ≤ 5.000% and ≥ 1.000%",
        "失败委托占比 ≤ 5.000% 且 ≥ 1.000%",
    ),
    (Limits(measure="metastable", unit=Unit.FLAG, equals=False), "metastable = false", "亚稳态 = 否"),
    (
        Limits(measure="orders.lost", unit=Unit.COUNT, at_most=1200, in_share=0.9),
        "orders.lost ≤ 1,200 in 90% of the runs",
        "丢单 ≤ 1,200（90% 的运行）",
    ),
    (
        Limits(measure="flows.login.p99_s", unit=Unit.DURATION, at_most=2.5, quantile=0.5),
        "flows.login.p99_s ≤ 2.5 s at quantile 0.5",
        "登录认证：响应 99 分位 ≤ 2.5 秒（0.5 分位）",
    ),
    (
        NearPublished(measure="impaired_s", unit=Unit.DURATION, published=3600.0, within=0.3),
        "impaired_s within 30% of the published 3600 s",
        "服务异常时长 与公开值 3600 秒 相差 30% 以内",
    ),
    (
        NearPublished(measure="impaired_s", unit=Unit.DURATION, published=3600.0, within=0.3, standing="fitted"),
        "impaired_s within 30% of the published 3600 s (fitted)",
        "服务异常时长 与公开值 3600 秒 相差 30% 以内（拟合所得）",
    ),
    (
        NearPublished(measure="impaired_s", unit=Unit.DURATION, published=3600.0, within=0.3, standing="misses"),
        "impaired_s within 30% of the published 3600 s (said to miss)",
        "服务异常时长 与公开值 3600 秒 相差 30% 以内（已说明不符）",
    ),
    (
        Limits(measure="severity.dora", unit=Unit.GRADE, equals="not-gradable"),
        "severity.dora = not gradable",
        "定级 欧盟 DORA = 无法定级",
    ),
    (PropertyHolds(name="none-lost"), "property none-lost holds", "无丢单"),
]
FOUND: list[tuple[Found, str, str]] = [
    (FoundValue(unit=Unit.DURATION, value=1110.0), "1110 s", "1110 秒"),
    (FoundValue(unit=Unit.FLAG, value=True), "true", "是"),
    (FoundValue(unit=Unit.GRADE, value="major"), "major", "重大"),
    (FoundValue(unit=Unit.GRADE, value="major", rules="csrc-2021-12"), "major", "重大"),
    (FoundValue(unit=Unit.GRADE, value="major", rules="dora"), "major", "严重（DORA major）"),
    (FoundValue(unit=Unit.COUNT, value=None), "no value", "无值"),
    (FoundMoreThan(unit=Unit.DURATION, value=1500.0), "more than 1500 s", "超过 1500 秒"),
    (FoundAtLeast(unit=Unit.DURATION, value=280.0), "at least 280 s", "至少 280 秒"),
    (NotGradable(), "not gradable", "无法定级"),
    (NotGradable(why="too short"), "not gradable (too short)", "无法定级（too short）"),
    (PropertyFound(holds=True, violations=0), "kept", "满足"),
    (PropertyFound(holds=False, violations=3656), "violated 3656 times", "违反 3656 次"),
    (PropertyFound(holds=False, violations=1), "violated 1 time", "违反 1 次"),
]
REASONS: list[tuple[Reason, str, str]] = [
    (
        BoundBroken(bound=PropertyHolds(name="none-lost"), found=PropertyFound(holds=False, violations=2)),
        "property none-lost does not hold: violated 2 times",
        "不满足 无丢单：违反 2 次",
    ),
    (DidNotHappen(event="breaker_opened"), "did not happen: breaker opened", "未发生：熔断器打开"),
    (
        BoundBroken(bound=IMPAIRED, found=FoundValue(unit=Unit.DURATION, value=1110.0)),
        "impaired_s ≤ 300 s, but it is 1110 s",
        "服务异常时长 ≤ 300 秒，实际：1110 秒",
    ),
    (
        NothingToHold(bound=GRADED, found=NotGradable(why="too short", why_zh="过短")),
        "severity.dora ≤ ordinary: not gradable (too short)",
        "定级 欧盟 DORA ≤ 一般：无法定级（过短）",
    ),
    (
        Unknowable(why="12 events beyond the first 9 were not kept"),
        "12 events beyond the first 9 were not kept",
        "前 9 条之后另有 12 条日志未保留",
    ),
    (
        NothingExercised(),
        "nothing was exercised: no window from the first step on had enough intents to judge",
        "未产生有效负载：首个步骤之后没有任何判定区间的请求数足够",
    ),
    (
        NotCompared(bound=IMPAIRED, found=FoundValue(unit=Unit.DURATION, value=120.0)),
        "impaired_s ≤ 300 s: 120 s, if nothing was rejected wrongly since the first step, which no control run says",
        "服务异常时长 ≤ 300 秒：若首个步骤之后没有误拒，则为 120 秒；因无对照运行，是否误拒无从得知",
    ),
    (
        Undecided(bound=IMPAIRED, found=FoundValue(unit=Unit.DURATION, value=120.0)),
        "impaired_s ≤ 300 s: 120 s when the run was given up, which decides nothing",
        "服务异常时长 ≤ 300 秒：仿真中止时为 120 秒，尚无定论",
    ),
    (
        NeverJudged(flows=["login", "place-order"]),
        "the objective of login, place-order was never judged: no evaluation interval from the first step on had min_count requests",
        "登录认证、委托下单 的服务目标从未得到判定：首个步骤之后没有任何判定区间的请求数达到下限",
    ),
    (
        NothingConfirmed(flows=["login", "place-order"]),
        "nothing was shown: no request was confirmed (login, place-order), and a reject alone is no success",
        "未能说明问题：没有请求得到确认（登录认证、委托下单），仅有业务拒绝不算成功",
    ),
    (UnsteadyBefore(seen=True), "the steady state did not hold before the method", "故障注入前未达稳态"),
    (
        UnsteadyBefore(seen=False),
        "the steady state was never seen before the method: too few intents in the windows before it",
        "注入前从未观察到稳态：此前判定区间的请求数太少",
    ),
    (
        NoEffect(step="the core hangs"),
        "the core hangs never took effect: it hit nothing",
        "the core hangs 未触发：没有产生任何影响",
    ),
    (
        NotReached(step="hung", at_ns=36_000 * SECOND, ended_ns=35_990 * SECOND, condition="flow/login/blocked"),
        "hung was not reached: it was to begin at 10:00:00, and the run was aborted at 09:59:50: flow login: blocked",
        "hung 未执行：计划于 10:00:00 开始，运行已于 09:59:50 中止（登录认证未能提交数）",
    ),
    (
        NotReached(step="hung", at_ns=36_000 * SECOND, ended_ns=35_990 * SECOND, why="conservation broken: l"),
        "hung was not reached: it was to begin at 10:00:00, and the run was given up at 09:59:50: conservation broken: l",
        "hung 未执行：计划于 10:00:00 开始，运行已于 09:59:50 提前停止（守恒校验未通过：l）",
    ),
    (
        NotDone(step="restart", why="no such pool"),
        "restart could not be done: no such pool",
        "restart 未能实施（程序信息：no such pool）",
    ),
    (DidNotHappen(event="alarm", subject="counter-queue"), "did not happen: alarm counter-queue", "未发生：告警（柜台排队）"),
    (
        DidNotHappen(counter="pool/phone-seats/refused", at_least=5),
        "did not happen: pool phone-seats: refused ≥ 5",
        "未发生：电话委托坐席拒绝数 ≥ 5",
    ),
    (
        NothingConfirmed(flows=["place-order"]),
        "nothing was shown: no request was confirmed (place-order), and a reject alone is no success",
        "未能说明问题：没有请求得到确认（委托下单），仅有业务拒绝不算成功",
    ),
    (
        Undecided(
            bound=Limits(measure="impaired_s", unit=Unit.DURATION, at_most=60), found=FoundValue(unit=Unit.DURATION, value=20.0)
        ),
        "impaired_s ≤ 60 s: 20 s when the run was given up, which decides nothing",
        "服务异常时长 ≤ 60 秒：仿真中止时为 20 秒，尚无定论",
    ),
    (Aborted(condition="flow/login/blocked"), "aborted: flow login: blocked", "中止：登录认证未能提交数"),
]
TABLE = [*((symptom_text(x), en, zh) for x, en, zh in SYMPTOMS), *((bound_text(x), en, zh) for x, en, zh in BOUNDS)]
TABLE += [*((found_text(x), en, zh) for x, en, zh in FOUND), *((reason_text(x), en, zh) for x, en, zh in REASONS)]


@pytest.mark.parametrize(
    ("text", "english", "chinese"), TABLE, ids=lambda x: x["en"][:30] if isinstance(x, LocalizedText) else ""
)
def test_each_has_a_text_in_both_languages(text: LocalizedText, english: str, chinese: str) -> None:
    """In English in the words that results of runs have had all along, and in Chinese."""
    assert text == LocalizedText(english, chinese)


@pytest.mark.parametrize(
    ("union", "shown"),
    [(Symptom, SYMPTOMS), (Bound, BOUNDS), (Found, FOUND), (Reason, REASONS)],
    ids=["symptom", "bound", "found", "reason"],
)
def test_every_kind_has_a_text(union: object, shown: list[tuple[Kinded, str, str]]) -> None:
    """None is left out above, and each is told by a `kind` of its own."""
    kinds = set(get_args(get_args(union)[0])) - {Text}
    assert {type(data) for data, *_ in shown} == kinds
    assert len({kind.model_fields["kind"].default for kind in kinds}) == len(kinds)


def test_a_sentence_of_an_older_run_stands_as_it_is() -> None:
    """In both languages, whatever it says."""
    text = Text(text="<b> ≤ 3")
    assert [shown["zh"] for shown in (symptom_text(text), bound_text(text), found_text(text), reason_text(text))] == [
        text.text
    ] * 4
    assert limits_text(text) == LocalizedText(text.text, text.text)


def test_every_measure_has_a_title_in_chinese() -> None:
    """Of each that a run may have, whatever stands in its slot; one that is declared nowhere is called by its name."""
    names = [m.name.replace("FLOW", "login").replace("PROPERTY", "none-lost") for m in measures().measures]
    assert [n for n in names if measure_title(n)["zh"].isascii() and not n.startswith(("counters", "severity"))] == []
    assert measure_title("flows.login.failed") == LocalizedText("login: failed", "登录认证：失败数")
    assert measure_title("nobody.knows") == LocalizedText("nobody.knows", "nobody.knows")


def test_no_report_reads_a_sentence_back() -> None:
    """Pages and texts are made without regular expressions: what they say of a run they know as data."""
    modules = [p for folder in ("chaos/reports", "chaos/i18n", "chaos/judgement") for p in sorted((ROOT / folder).rglob("*.py"))]
    imported = {
        (path.name, name.name)
        for path in modules
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert len(modules) > 20
    assert {path for path, name in imported if name in ("re", "regex")} == set()


def test_steps_of_a_scenario_are_called_as_its_file_says() -> None:
    """In Chinese, where it has Chinese; in English by its own name."""
    chinese = {"the core hangs": "柜台假死"}
    assert reason_text(NoEffect(step="the core hangs"), chinese) == LocalizedText(
        "the core hangs never took effect: it hit nothing", "柜台假死 未触发：没有产生任何影响"
    )
    assert reason_text(NotDone(step="another", why="w"), chinese)["zh"].startswith("another 未能实施")


@pytest.mark.parametrize(
    ("metric", "chinese"),
    [
        ("flow/place-order/ok", "委托下单已确认数"),
        ("call/counter.transfer/debit-a/timeouts", "柜台·银证转账（第三方存管） → 扣款（银行 A）超时次数"),
        ("pool/counter-threads/nobody_knows", "pool/counter-threads/nobody_knows"),
        ("done", "done"),
    ],
)
def test_metrics(metric: str, chinese: str) -> None:
    """What is counted of what; one that is not known stands as it is, and so does any in English."""
    assert metric_text(metric) == LocalizedText(metric, chinese)
