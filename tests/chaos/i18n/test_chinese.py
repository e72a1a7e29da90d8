"""The Chinese of everything that ships: all of it is there, in the words of docs/glossary.md, without a word of English left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from chaos.checkers.catalogue import shipped_checkers
from chaos.documents.defect import Defect
from chaos.documents.library import library
from chaos.documents.scenario import Scenario
from chaos.faults.catalogue import shipped_faults
from chaos.i18n.texts import catalogue, phrase, shipped_name
from chaos.measures.catalogue import measures
from chaos.measures.registry import Slot
from chaos.reports.run.charts.catalogue import shipped_charts
from simcore.library import load_architecture
from simcore.model.architecture import Architecture

ROOT = Path(__file__).resolve().parents[3]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2,}")
COMMAND = re.compile(r"coredrill [a-z]+( --\w+| FOLDER| FILE)*")
PLACE = re.compile(r"\{\w*\}")
ALLOWED = {
    *("App", "PC", "UPS", "SMARS", "Power", "Peg"),  # what the trade calls so
    *("DORA", "ICT", "major", "JavaScript", "Shift", "Home", "End", "coredrill"),  # proper names, keys of a keyboard
    *("Robinhood", "Kiwoom", "Knight", "Capital", "Zerodha"),  # firms without a settled Chinese name
}
WITHOUT_CHINESE = (
    "page.language",
    "sources.",
    "player.now",
    "suite.pair.cell",
    "figure.noticed.by",
    "reason.nothing_to_hold",
    "story.action.effect",
    "story.action.effects",
    "symptom.carried_out",
    "measure properties.PROPERTY",
)
"""Texts of figures and addresses alone, and the one that offers English."""

AVOIDED = {
    "出金扣款": "bank → broker is a deposit, 入金",
    "演练报告": "仿真运行报告",
    "应急演练(?!切换)": "of a run: 仿真; of the fault drill: 备机验证",
    "迟报": "报单延迟; 迟报 is an incident reported late",
    "延迟报出": "报单延迟",
    "批处理超时": "批处理延误",
    "深圳流速权": "深圳在途限制",
    "剧本|套件": "场景, 场景集",
    "日志摘要|的摘要": "校验值",
    "孤儿": "柜台缺单",
    "滞留": "收盘未报出",
    "重复报单": "重复委托",
    "受阻": "未能提交",
    "未决": "未答复",
    "受损": "未达标, 服务异常, 受影响",
    "合同号": "委托编号",
    "主张": "索赔",
    "实际账实": "账实核对结果",
    "未报(?!出)": "待报 or 未到交易所",
    "挂死": "假死",
    "(?<!数据)库争用|(?<!数据)库写阻塞": "数据库…",
    "池泄漏": "线程/连接泄漏",
    "最满": "占用最高",
    "槽位": "线程或连接",
    "凡共用": "共用它们的请求",
    "被击中": "直接受影响",
    "遇到它": "经过故障点",
    "起作用": "触发",
    "同源": "共因故障",
    "缺陷发布": "缺陷版本上线",
    "流量激增|指令流": "业务量激增, 突发报单",
    "劣化|迟缓": "性能下降, 延迟",
    "重复写": "重复申报",
    "非营业": "非服务时段",
    "会话丢失": "批量掉线重连",
    "滞后": "复制延迟",
    "丢包": "报文丢失",
    "级联(?!故障)": "故障传导",
    "未消": "未恢复告警",
    "派错": "误派",
    "接警": "认领",
    "知悉": "认领",
    "请示": "提请审批",
    "决策": "审批",
    "召人": "应急召集到岗",
    "看漏|检查遗漏": "漏判, 漏检",
    "(?<!应急)预案": "应急操作手册 for one alarm",
    "闸口": "开闭市控制",
    "登记结算": "中国结算",
    "席位": "交易单元; of phones 坐席",
    "记录委托|记录撤单|登记回报": "委托登记, 撤单登记, 回报入库",
    "(?<!第)三方存管": "第三方存管",
    "(?<!数据库)(?<!只读)副本": "实例",
    "跨种子|(?<!随机)种子": "全部种子, 随机种子",
    "守恒律|被破坏": "守恒校验, 未通过",
    "未达定级": "未达事件标准",
    "重现": "复现",
    "模拟": "仿真",
    "熔断(?!器)": "熔断器; 熔断 alone is the index's",
    "判定窗口": "判定区间",
    "逐字节相同的日志": "运行记录",
}  # fmt: skip


class Said(NamedTuple):
    """A Chinese text, and where it stands."""

    place: str
    text: str


def in_files(value: object, place: str) -> Iterator[Said]:
    """What a YAML file says in keys that end in `_zh`."""
    if isinstance(value, dict):
        for key, item in value.items():
            if str(key).endswith("_zh"):
                yield Said(f"{place}.{key}", str(item))
            yield from in_files(item, f"{place}.{key}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from in_files(item, f"{place}.{i}")


def everything() -> list[Said]:
    """All Chinese texts of the package and of the files that ship."""
    found = [Said(key, entry.zh) for key, entry in catalogue().items()]
    found += [Said(f"fault {name}", fault.title_zh) for name, fault in shipped_faults().items()]
    found += [Said(f"checker {name}", checker.title_zh) for name, checker in shipped_checkers().items()]
    found += [Said(f"measure {m.name}", m.title_zh) for m in measures().measures]
    for chart in shipped_charts():
        texts = (chart.title, chart.note, chart.choose, chart.unit)
        found += [Said(f"chart {chart.name}", text.zh) for text in texts if text is not None and text.en.strip(" %")]
    for path in (*sorted((ROOT / "scenarios").rglob("*.yaml")), ROOT / "chaos/cli/template.yaml"):
        found += in_files(yaml.safe_load(path.read_text(encoding="utf-8")), path.stem)
    return found


def latin(text: str) -> list[str]:
    """Words of a text that are neither code, nor places to fill, nor names that are allowed."""
    bare = PLACE.sub("", COMMAND.sub("", text))
    slots = {slot.value for slot in Slot}
    return [word for word in LATIN.findall(bare) if word not in ALLOWED | slots]


def avoided(text: str) -> list[str]:
    """Words of a text that the glossary has another word for."""
    return [word for word in AVOIDED if re.search(word, text.replace("全部种子", ""))]


def test_every_text_is_chinese() -> None:
    """Each has Chinese characters, but for those of figures and addresses alone."""
    assert [said for said in everything() if not CHINESE.search(said.text) and not said.place.startswith(WITHOUT_CHINESE)] == []
    assert len(everything()) > 900


def test_no_text_says_what_the_glossary_avoids() -> None:
    """Every word of the trade is the one that docs/glossary.md has for it."""
    assert [(said, word, AVOIDED[word]) for said in everything() for word in avoided(said.text)] == []


def test_no_text_has_english_left() -> None:
    """Letters are those of names and keys that have no Chinese."""
    skipped = ("page.language", "sources.")
    assert [(said, words) for said in everything() if (words := latin(said.text)) and not said.place.startswith(skipped)] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("演练报告", ["演练报告"]),
        ("未报出", []),
        ("第三方存管", []),
        ("三方存管", ["(?<!第)三方存管"]),
        ("全部种子的判定", []),
        ("熔断器", []),
        ("触发熔断", ["熔断(?!器)"]),
        ("只读副本", []),
    ],
)
def test_words_to_avoid_are_found(text: str, words: list[str]) -> None:
    """Where they stand alone, not within a longer word that is right."""
    assert avoided(text) == words


def test_english_is_found() -> None:
    """What is not in the list of names."""
    assert latin("{n} 次 timeout，App 接入") == ["timeout"]


def test_directions_of_transfers() -> None:
    """What the bank debits is a deposit at the broker, what it credits a withdrawal."""
    assert "入金" in shipped_name("debit").zh
    assert "银行转证券" in shipped_name("debit").zh
    assert "出金" in shipped_name("credit").zh
    assert "证券转银行" in shipped_name("credit").zh


def test_shipped_scenarios_say_everything_in_chinese() -> None:
    """The title, each step of the method (by its own name, or its fault's), each line of the timeline."""
    for name in library().shipped("scenario"):
        scenario = library().resolve(name, Scenario).model
        own = [scenario.title, *(step.label for step in scenario.method)]
        own += [line.what for line in (scenario.record.timeline if scenario.record else ())]
        assert [text for text in own if text not in scenario.chinese] == [], name


def test_defects_and_gaps_that_ship_have_chinese_titles() -> None:
    """Found by the English title of the file, so that a title that is changed there needs its Chinese again."""
    titles = [("defect", library().resolve(name, Defect).model.title) for name in library().shipped("defect")]
    for name in library().shipped("environment"):
        titles += [("gap", gap.title) for gap in library().surroundings(name).gaps.values() if gap.title]
    assert [title for prefix, title in titles if not CHINESE.search(phrase(prefix, title).zh)] == []
    assert len(titles) > 70


def test_what_architectures_name_has_chinese() -> None:
    """Services, operations, flows, pools, limits, links, groups, and all of the control section: who watches, who acts, what runs when."""
    names = {*library().shipped("environment"), *(n for n in library().shipped("workload") if "/" not in n)}
    for name in library().shipped("architecture"):
        if not name.startswith(("textbook/", "benchmark/")):
            names |= {name, *named_in(load_architecture(name))}
    assert sorted(n for n in names if not CHINESE.search(shipped_name(n).zh)) == []
    assert len(names) > 200


def test_what_scenarios_add_has_chinese() -> None:
    """Services, their operations, flows, pools, and steps of programs that a shipped scenario patches in."""
    names: set[str] = set()
    for path in sorted((ROOT / "scenarios").rglob("*.yaml")):
        file = yaml.safe_load(path.read_text(encoding="utf-8"))
        for edit in (file.get("patch") or []) if file["kind"] == "scenario" else []:
            names |= {*added(edit.get("value")), *added(edit.get("step"))}
    assert sorted(n for n in names if not CHINESE.search(shipped_name(n).zh)) == []
    assert "resolve" in names


def added(value: object) -> Iterator[str]:
    """The names of operations and steps in a value that is patched in."""
    if isinstance(value, dict):
        if isinstance(operations := value.get("operations"), dict):
            yield from operations
        if isinstance(name := value.get("name"), str):
            yield name
        for item in value.values():
            yield from added(item)
    elif isinstance(value, list):
        for item in value:
            yield from added(item)


def named_in(model: Architecture) -> list[str]:
    """What an architecture names."""
    control = model.control
    names = [*model.services, *model.flows, *model.pools, *model.limits, *(link.label for link in model.links)]
    for service in model.services.values():
        names += [*service.operations, *service.groups]
    for part in (
        "monitors",
        "robots",
        "complaints",
        "teams",
        "vendors",
        "runbooks",
        "checklists",
        "failovers",
        "files",
        "batches",
    ):
        names += list(getattr(control, part))
    names += [step.name for rule in control.failovers.values() for step in rule.steps]
    return names + [step.name for checks in control.checklists.values() for step in checks.steps]
