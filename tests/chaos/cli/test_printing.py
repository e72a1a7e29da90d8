"""Results of runs in a terminal, in both languages."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from chaos.cli.printing import LABEL, print_result, print_run
from chaos.measures.formatting import Language
from chaos.reports.junit import junit
from chaos.results.counterfactuals import CauseEdge, CauseGraph, CauseMember, CauseNode
from chaos.results.findings import BoundBroken, ExpectationFinding, Findings, FoundValue, Limits, NoEffect, Unit
from chaos.results.run import (
    Counts,
    ExpectationResult,
    Grade,
    GroupResult,
    Measures,
    Orders,
    OverSeedsResult,
    PairResult,
    PairRow,
    RunResult,
    SuiteResult,
    TimelineLine,
)

BOUND = Limits(measure="impaired_s", unit=Unit.DURATION, at_most=300.0, in_share=0.9)
RUN = RunResult(
    scenario="incidents/one",
    title="One bank hangs",
    chinese={"One bank hangs": "一家银行假死", "the bank hangs": "银行假死", "apps fail": "App 失败"},
    architecture="legacy-coupled",
    environment="production",
    workload="normal-day",
    seed=7,
    verdict="fail",
    reasons=["impaired_s ≤ 300 s in 90% of the runs, but it is 1110 s", "the bank hangs never took effect: it hit nothing"],
    digest="d",
    window=(34_200_000_000_000, 36_000_000_000_000),
    measures=Measures(
        orders=Orders(
            intended=1200, blocked=100, failed=20, unknown=3, failed_orders=123, failed_share=0.1025, late=5, duplicated=2
        ),
        impaired_s=1110.0,
        recovery_s_lower=1500.0,
        metastable=True,
        first_noticed="monitor",
        first_noticed_by="counter-queue",
        first_noticed_s=68.0,
        detect_s=246.0,
        decide_s=620.0,
        customers_active=900,
        customers_affected=90,
        severity={
            "csrc-2021-12": Grade(grade="major", label="重大"),
            "dora": Grade(grade="major", label="major", label_zh="严重 ICT 事件（DORA 所称 major）"),
        },
    ),
    expectations=[
        ExpectationResult(measure="impaired_s", expected="impaired_s ≤ 300 s in 90% of the runs", shown="1110 s", holds=False)
    ],
    chains=[
        CauseGraph(
            begin_ns=0,
            end_ns=1,
            links=3,
            nodes=[
                CauseNode(id="a", kind="step", names=["the bank hangs"], t_ns=34_200_000_000_000, state="injected"),
                CauseNode(id="b", kind="pool", names=["counter-threads"], t_ns=34_230_000_000_000, state="full", slots=24),
                CauseNode(
                    id="c",
                    kind="customers",
                    names=[],
                    t_ns=34_260_000_000_000,
                    state="fails",
                    members=[CauseMember(name="login", t_ns=34_260_000_000_000)],
                ),
            ],
            edges=[CauseEdge(cause="a", effect="b"), CauseEdge(cause="b", effect="c")],
        )
    ],
    timeline=[TimelineLine(published_ns=34_200_000_000_000, what="apps fail")],
    replay="coredrill replay incidents/one --seed 7",
    findings=Findings(
        reasons=[
            BoundBroken(bound=BOUND, found=FoundValue(unit=Unit.DURATION, value=1110.0)),
            NoEffect(step="the bank hangs"),
        ],
        expectations=[ExpectationFinding(bound=BOUND, found=FoundValue(unit=Unit.DURATION, value=1110.0))],
    ),
)
ENGLISH = """\
fail: One bank hangs
incidents/one on legacy-coupled in production, normal-day, seed 7, 09:30:00 to 10:00:00
  impaired_s ≤ 300 s in 90% of the runs, but it is 1110 s
  the bank hangs never took effect: it hit nothing

failed orders  123 of 1,200 (10.2%): blocked 100, failed 20, unknown 3
in truth       duplicated 2, late 5
impaired       18.5 min; recovery not within the run (at least 25.0 min); metastable
detected       by monitor counter-queue after 68 s
response       acknowledge 246 s, decide 10.3 min
customers      90 of 900 affected
severity       csrc-2021-12 major, dora major
timeline       09:30:00 published, – simulated: apps fail

what led to what, 3 links in 3 boxes
  09:30:00  fault the bank hangs: injected
  09:30:30  counter-threads: every one of 24 slots taken  ← fault the bank hangs
  09:31:00  customers: 1 flow fails: login  ← counter-threads
  not explained: no flow

again: coredrill replay incidents/one --seed 7
"""
CHINESE = """\
未通过：一家银行假死
incidents/one，架构 集中耦合的传统核心，环境 生产环境，负载 平常日，随机种子 7，09:30:00 至 10:00:00
  服务异常时长 ≤ 300 秒（90% 的运行），实际：1110 秒
  银行假死 未触发：没有产生任何影响

失败委托       1,200 笔中 123 笔（10.2%）：未能提交 100，报错 20，结果不明 3
账实核对       重复委托 2、报单延迟 5
服务异常       18.5 分钟；恢复时间 运行期内未恢复（至少 25.0 分钟）；亚稳态
发现           监控 柜台排队，68 秒后
处置过程       认领 246 秒、审批 10.3 分钟
客户           活跃 900 名，受影响 90 名
事件定级       证监会公告〔2021〕12 号：重大；欧盟 DORA：严重 ICT 事件（DORA 所称 major）
时间线         公开 09:30:00，仿真 –：App 失败

因果链，3 条归为 3 组
  09:30:00  故障：银行假死：注入
  09:30:30  柜台线程池：24 个线程或连接占满  ← 故障：银行假死
  09:31:00  客户：1 类业务失败：登录认证  ← 柜台线程池
  未能解释的业务类型：无

复现：coredrill replay incidents/one --seed 7
"""


def printed(result: RunResult | SuiteResult, *language: Language) -> str:
    out = io.StringIO()
    console = Console(file=out, width=200)
    if isinstance(result, RunResult):
        print_run(result, console, *language)
    else:
        print_result(result, console, *language)
    return out.getvalue()


def many() -> SuiteResult:
    """Three runs of a scenario, and a pair."""
    group = GroupResult(
        scenario="incidents/one",
        title="One bank hangs",
        architecture="legacy-coupled",
        environment="production",
        runs=3,
        seeds=[1, 2, 3],
        verdict="fail",
        expectations=[
            OverSeedsResult(
                measure="impaired_s", expected=RUN.expectations[0].expected, held=0, broken=3, runs=3, needed=3, verdict="fail"
            )
        ],
    )
    pair = PairResult(
        name="coupling",
        measure="impaired_s",
        at_least=60.0,
        a="incidents/one",
        b="incidents/one on options/bulkheads in staging",
        seeds=[PairRow(seed=1, a=1110.0, b=0.0, difference=1110.0)],
        verdict="pass",
        why="shared or not",
        why_zh="共用与否",
    )
    runs = [RUN.model_copy(update={"seed": seed}) for seed in (1, 2, 3)]
    summary = Counts.model_validate(
        {"runs": 3, "scenarios": 1, "pairs": 1, "verdict": "fail", "conservation_broken": 0, "pass": 1, "fail": 1, "unknown": 0}
    )
    return SuiteResult(schema_version=1, runs=runs, groups=[group], pairs=[pair], summary=summary)


@pytest.mark.parametrize(
    ("language", "text"), [((), ENGLISH), (("en",), ENGLISH), (("zh",), CHINESE)], ids=["default", "en", "zh"]
)
def test_one_run(language: tuple[Language, ...], text: str) -> None:
    """Verdict, reasons, figures, timeline, chain and how to see it again; English without being asked."""
    assert printed(RUN, *language).rstrip("\n") == text.rstrip("\n")


def test_figures_stand_below_each_other_in_chinese() -> None:
    """A character takes two cells of the terminal."""
    lines = [line for line in printed(RUN, "zh").split("\n") if line.startswith(("失败委托", "客户", "账实核对"))]
    assert [cell_len(line[: len(line) - len(line.split(maxsplit=1)[1])]) for line in lines] == [LABEL + 1] * 3


def test_who_was_early_is_said_to_be() -> None:
    """An alarm before the violation, and what is left of a recovery that needed no action."""
    early = {"first_noticed_s": 0.0, "first_noticed_before_s": 95.0, "recovery_s": 1000.0, "first_violation_ns": 1}
    run = RUN.model_copy(update={"measures": RUN.measures.model_copy(update=early)})
    assert "detected       by monitor counter-queue 95 s before the violation\n" in printed(run)
    assert "response       acknowledge 246 s, decide 10.3 min, rest 134 s\n" in printed(run)
    assert "监控 柜台排队，比未达标早 95 秒" in printed(run, "zh")


def test_a_quantile_is_said_by_its_value() -> None:
    """Which of the values it is, on the terminal and in JUnit; without one, that it is not known."""
    expected = "impaired_s ≤ 300 s at quantile 0.9"
    over = OverSeedsResult(
        measure="impaired_s",
        expected=expected,
        held=17,
        broken=3,
        runs=20,
        quantile_rank=18,
        quantile_value=310.0,
        verdict="fail",
    )
    whole = many()
    groups = [group.model_copy(update={"expectations": [over]}) for group in whole.groups]
    said = f"{expected}: it is 310 s (value 18 of 20 in ascending order)"
    assert f"        fail: {said}\n" in printed(whole.model_copy(update={"groups": groups}))
    assert f'message="{said}"' in junit(whole.model_copy(update={"groups": groups}), "x").decode()
    open_ = [
        group.model_copy(update={"expectations": [over.model_copy(update={"quantile_value": None})]}) for group in whole.groups
    ]
    assert "：impaired_s ≤ 300 s at quantile 0.9，实际：未知（有运行无值）（20 个值由小到大第 18 个）\n" in printed(
        whole.model_copy(update={"groups": open_}), "zh"
    )


def test_runs_that_are_unknown_are_not_said_to_have_broken_it() -> None:
    """Three of four held it and of one nobody knows. Exact by Clopper and Pearson: of 3 of 4 at least 19 %, of 4 of 4 at most all. Of one
    run that is unknown nothing is known at all; of four of which one broke it no more than 3 of 4 can have kept it."""
    whole = many()
    over = (
        whole.groups[0].expectations[0].model_copy(update={"runs": 4, "held": 3, "broken": 0, "needed": 3, "verdict": "unknown"})
    )

    def made(**changed: int) -> SuiteResult:
        mine = over.model_copy(update=changed)
        return whole.model_copy(update={"groups": [g.model_copy(update={"expectations": [mine]}) for g in whole.groups]})

    said = "held in 3 of 4 runs, not known of 1, 3 needed"
    assert f"{said} (95 % interval of the share 19% to 100%)" in " ".join(printed(made()).split())
    assert said in junit(made(), "x").decode()
    assert "4次运行中3次成立，1次未知，需要3次" in "".join(printed(made(), "zh").split())
    nothing = " ".join(printed(made(runs=1, held=0, needed=1)).split())
    assert "held in 0 of 1 run, not known of 1, 1 needed (95 % interval of the share 0% to 100%)" in nothing
    assert "(95 % interval of the share 7% to 99%)" in " ".join(printed(made(held=2, broken=1)).split())


def test_many_runs_in_english() -> None:
    """A line a scenario with reasons and replay lines of what did not pass, pairs, a summary."""
    text = printed(many())
    assert text.startswith("fail    incidents/one on legacy-coupled in production: impaired 18.5 min, failed orders 123\n")
    assert (
        "        fail: impaired_s ≤ 300 s in 90% of the runs: held in 0 of 3 runs, 3 needed (95 % interval of the share 0% to "
        in text
    )
    assert (
        "pass    pair coupling: impaired_s of incidents/one exceeds that of incidents/one on options/bulkheads in staging" in text
    )
    assert text.endswith("fail: 1 case and 1 pair judged (1 pass, 1 fail, 0 unknown), 3 runs made\n")


def test_many_runs_say_what_was_rejected_wrongly() -> None:
    """Beside the failed orders, where any were."""
    orders = RUN.measures.orders.model_copy(update={"rejected_wrongly": 4_321})
    run = RUN.model_copy(update={"measures": RUN.measures.model_copy(update={"orders": orders})})
    result = many()
    wrongly = result.model_copy(update={"runs": [run.model_copy(update={"seed": one.seed}) for one in result.runs]})
    assert printed(wrongly).split("\n")[0].endswith("failed orders 123; rejected wrongly 4,321")
    assert "；误拒 4,321 笔" in printed(wrongly, "zh").split("\n")[0]


def test_many_runs_in_chinese() -> None:
    """The same, and nothing English but names in files and commands."""
    text = printed(many(), "zh")
    assert text.startswith(
        "未通过  一家银行假死（架构 集中耦合的传统核心，环境 生产环境）：服务异常 18.5 分钟，失败委托 123 笔\n"
    )
    assert "        未通过：服务异常时长 ≤ 300 秒（90% 的运行）：3 次运行中 0 次成立，需要 3 次（比例的 95% 区间 0% 至 " in text
    assert "        随机种子 1：银行假死 未触发：没有产生任何影响" in text
    assert "的 服务异常时长 比 incidents/one（架构 舱壁隔离方案，环境 预发布环境） 至少高 60 秒" in text
    assert (
        "        随机种子 1：incidents/one 1110 秒，incidents/one（架构 舱壁隔离方案，环境 预发布环境） 0 秒\n        共用与否\n"
        in text
    )
    assert text.endswith("未通过：判定 1 个用例和 1 组配对（通过 1，未通过 1，无法判定 0），共运行 3 次\n")


@pytest.mark.parametrize(("language", "first"), [("en", "live twin: "), ("zh", "实时数字孪生：")])
def test_a_run_of_a_twin_is_said_to_be_one_first(language: Language, first: str) -> None:
    """Of one run and of a line of several; a simulated one is not."""
    twin = RUN.model_copy(update={"live": True})
    assert printed(twin, language).startswith(first)
    simulated = many()
    live = simulated.model_copy(update={"runs": [run.model_copy(update={"live": True}) for run in simulated.runs]})
    assert printed(live, language).startswith(first)
    assert first not in printed(RUN, language) + printed(simulated, language)
