"""What acting did, in words."""

from __future__ import annotations

from chaos.i18n.causal import difference_text, node_titles
from chaos.i18n.texts import LocalizedText
from chaos.results.counterfactuals import CauseEdge, CauseGraph, CauseMember, CauseNode, Difference
from chaos.results.run import Measures, Orders, RunResult
from simcore.base.units import SECOND


def test_figures_that_disagree_are_said_against_each_other() -> None:
    """What is better comes first; what is the same is left out then."""
    sooner = Difference(failed_orders=0, impaired_s=-600.0, wrong_in_the_books=69, failed_requests=0)
    assert difference_text(sooner) == LocalizedText(
        "−10.0 min impaired, but +69 orders wrong in the books", "服务异常时长 −10.0 分钟，但账实不符 +69 笔"
    )
    fewer = Difference(failed_orders=-20, impaired_s=0.0, wrong_in_the_books=0, failed_requests=500)
    assert difference_text(fewer)["en"] == "−20 failed orders, but +500 failed requests"
    alike = Difference(failed_orders=-20, impaired_s=0.0, wrong_in_the_books=-1, failed_requests=-500)
    assert difference_text(alike)["en"] == "−20 failed orders, −1 order wrong in the books"
    same = Difference(failed_orders=0, impaired_s=0.0, wrong_in_the_books=0, failed_requests=0)
    assert difference_text(same)["en"] == "the same figures"
    one = Difference(failed_orders=1, impaired_s=0.0, wrong_in_the_books=0, failed_requests=0)
    assert difference_text(one) == LocalizedText("+1 failed order", "失败委托 +1 笔")


def node(name: str, kind: str, at_s: int, *members: str, of: tuple[str, ...] = ()) -> CauseNode:
    held = [CauseMember(name=member, t_ns=at_s * SECOND) for member in members]
    return CauseNode(id=name, kind=kind, names=list(of), t_ns=at_s * SECOND, state="slow", members=held)  # type: ignore[arg-type]


def titles(*nodes: CauseNode, edges: tuple[tuple[str, str], ...] = ()) -> list[str]:
    graph = CauseGraph(begin_ns=0, end_ns=1, nodes=list(nodes), edges=[CauseEdge(cause=a, effect=b) for a, b in edges])
    run = RunResult(architecture="small", seed=1, digest="0", measures=Measures(orders=Orders()))
    return [title.en for title in node_titles(graph, run).values()]


def test_boxes_of_one_place_are_told_apart() -> None:
    """By what they hold if that is little, else by what they come of; a place that has one box has its name alone."""
    first = node("a", "service", 1, "core.place", of=("core",))
    pool = node("p", "pool", 2, of=("threads",))
    rest = node("b", "service", 3, "core.login", "core.look", "core.ask", of=("core", "login"))
    people, others = node("c", "customers", 4, "login", "query"), node("d", "customers", 5, "order")
    arrows = (("a", "p"), ("p", "b"), ("b", "c"))
    assert titles(first, pool, people) == ["core", "threads", "customers"]
    assert titles(first, pool, rest, people, others, edges=arrows) == [
        "core (place)",
        "threads",
        "core, login (← threads)",
        "customers (login, query)",
        "customers (order)",
    ]
    assert titles(first, node("e", "service", 61, "core.place", of=("core",))) == [
        "core (place) 00:00:01",
        "core (place) 00:01:01",
    ]
