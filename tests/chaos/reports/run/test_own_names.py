"""A system of the user's own whose names are words of the glossary with another meaning: nothing calls them by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from made_comparison import made_comparison
from rich.console import Console

from chaos.cli.printing import print_run
from chaos.i18n.findings import measure_title, reason_text
from chaos.i18n.texts import LocalizedText, display_name, shipped_name
from chaos.reports.comparison import comparison_page
from chaos.reports.pairs import pair_title
from chaos.reports.run.page import run_page
from chaos.reports.run.story import story
from chaos.reports.run.terminal import lines
from chaos.reports.suite import groups_of, suite_page
from chaos.results.findings import NothingConfirmed
from chaos.results.run import PairResult, RunResult, own_names_of
from chaos.results.stored_run import StoredRun, read_run

SHIPPED = {"order": "委托报送", "core": "核心系统", "desk": "自营交易系统"}
"""In the glossary a flow of the live twin, a team, and a house's own trading system; in the small system a flow, a service, and a team."""


def said(text: str) -> list[str]:
    """The shipped names that are in a text."""
    return [chinese for chinese in SHIPPED.values() if chinese in text]


def printed(run: RunResult) -> str:
    """What `run --lang zh` prints."""
    console = Console(width=200)
    with console.capture() as capture:
        print_run(run, console, "zh")
    return capture.get()


def forgetful(stored: StoredRun) -> StoredRun:
    """The same run, if it did not know its own names."""
    return replace(stored, run=stored.run.model_copy(update={"own_names": []}))


def test_the_run_knows_its_own_names(small_run: Path) -> None:
    """Those that are words of the glossary, and no others."""
    assert read_run(small_run).run.own_names == ["ask", "bank", "core", "desk", "order", "place"]
    assert {name: shipped_name(name).zh for name in SHIPPED} == SHIPPED


def test_page_story_and_terminal_call_them_as_the_files_do(small_run: Path) -> None:
    """All in Chinese; a run that does not know its own names shows that each would say the shipped ones."""
    stored = read_run(small_run)
    ways = [
        lambda of: run_page(of, "zh"),
        lambda of: "\n".join(text for text, _ in lines(of, "zh")),
        lambda of: "\n".join(sentence.text.zh for sentence in story(of)),
        lambda of: printed(of.run),
    ]
    assert [said(tell(stored)) for tell in ways] == [[], [], [], []]
    assert said(ways[0](forgetful(stored))) == list(SHIPPED.values())
    assert all(said(tell(forgetful(stored))) for tell in ways)


def test_pages_of_several_runs_call_them_so(small_run: Path) -> None:
    """A suite's column, what is claimed of a pair, and a comparison's costs by flow."""
    run = read_run(small_run).run.model_copy(update={"architecture": "order"})
    for own, title in (([], "委托报送"), (own_names_of([run]), "order")):
        runs = [run.model_copy(update={"own_names": own})]
        assert (f">{title}<" in suite_page(LocalizedText("t", "t"), runs, [None], groups_of(runs), language="zh")) is True
        pair = PairResult(
            name="p", measure="flows.order.failed", at_least=1, a="a", b="b", seeds=[], verdict="pass", why="", own_names=own
        )
        assert title in pair_title(pair).zh
        made = made_comparison({"a": {"base": [0.4] * 8, "other": [0.1] * 8}})
        costs = [a.model_copy(update={"latency": {"order": a.latency["place-order"]}}) for a in made.architectures]
        page = comparison_page(made.model_copy(update={"architectures": costs, "own_names": own}))
        assert f"{title} " in page
        assert (SHIPPED["order"] in page) is (not own)


def test_a_reason_calls_a_flow_so() -> None:
    """In English by its name, as ever."""
    reason = NothingConfirmed(flows=["order", "login"])
    assert "（委托报送、登录认证）" in reason_text(reason).zh
    assert "（order、登录认证）" in reason_text(reason, {}, ["order"]).zh
    assert reason_text(reason, {}, ["order"]).en == reason_text(reason).en
    assert measure_title("flows.order.failed", ["order"]) == LocalizedText("order: failed", "order：失败数")
    assert measure_title("flows.order.failed").zh == "委托报送：失败数"


def test_each_part_of_a_name_is_looked_up_alone() -> None:
    """An operation of one's own at a shipped service, its replica, and its call site."""
    assert display_name("counter.order", ["order"]).zh == "柜台·order"
    assert display_name("counter#1", ["order"]).zh == "柜台#1"
    assert display_name("order#1", ["order"]).zh == "order#1"
    assert display_name("counter.order/debit", ["order", "counter"]).zh.startswith("counter·order → 银行扣款")
