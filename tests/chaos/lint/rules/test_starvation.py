"""One business line can hold every slot of a pool that other lines share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.lint.catalogue import lint
from chaos.results.lint import LintFinding
from simcore.files.patch import command_line_layer
from simcore.library import LIBRARY
from simcore.model.architecture import Architecture

DATA = Path(__file__).parents[1] / "data"
Findings = Callable[..., list[LintFinding]]

SHARED = """\
pools:
  front: {{ slots: 10, per: replica }}
  queries: {{ slots: 4, queue: {queue} }}
services:
  gate:
    replicas: 2
    pools: [front]
    operations:
      query: {{ steps: [{{ {verb}: counter.query, {more} }}] }}
      order: {{ steps: [{{ call: counter.order }}] }}
  counter:
    operations:
      query: {{ pools: [queries], steps: [{{ work: 5ms }}] }}
      order: {{ steps: [{{ work: 5ms }}] }}
flows:
  look: {{ kind: query, steps: [{{ call: gate.query }}] }}
  buy: {{ kind: order, record: true, steps: [{{ call: gate.order }}] }}
"""


def shared(queue: str = "16", verb: str = "call", more: str = "name: ask") -> str:
    return SHARED.format(queue=queue, verb=verb, more=more)


def test_slots_and_queue_as_many_as_the_shared_pool_has(findings: Findings) -> None:
    """4 slots and 16 waiting are as many as two gates have threads: queries can have them all, and nobody can buy."""
    orders, queries = findings("starvation", shared())
    assert (queries.path, queries.line, queries.column) == ("pools.queries.queue", 5, 31)
    assert queries.message == (
        "the line query can hold all 20 slots of front while it stands at counter.query: the tightest pool between is queries: "
        "4 slots + 16 waiting; starved: trading"
    )
    assert "业务条线停在 counter.query 时" in queries.message_zh
    assert "the line trading can hold all 20 slots of front while it stands at counter.order: no pool between" in orders.message


def test_one_place_fewer_and_the_others_go_on(findings: Findings) -> None:
    """One slot of the gate is always free of queries. (Orders have nothing between.)"""
    assert [finding.path for finding in findings("starvation", shared("15"))] == ["pools.front"]


def test_a_message_holds_no_slot(findings: Findings) -> None:
    """What is sent waits without a thread of the gate."""
    assert [finding.path for finding in findings("starvation", shared("unbounded", "send"))] == ["pools.front"]


@pytest.mark.parametrize(("seats", "found"), [(20, ["pools.front", "pools.queries.queue"]), (19, ["pools.front"])])
def test_a_pool_held_before_bounds_it_as_well(findings: Findings, seats: int, found: list[str]) -> None:
    """Of callers with fewer slots than the shared pool no more can come at once, however long the queues behind it are."""
    desk = "  desk: { pools: [seats], operations: { query: { steps: [{ call: gate.query }] } } }\nflows:"
    text = shared("unbounded").replace("steps: [{ call: gate.query }]", "steps: [{ call: desk.query }]").replace("flows:", desk)
    text = text.replace("pools:\n", f"pools:\n  seats: {{ slots: {seats} }}\n", 1)
    assert sorted(finding.path for finding in findings("starvation", text)) == found


def test_a_bulkhead_of_the_call_bounds_it(findings: Findings) -> None:
    """The pool of a call itself lies between, too."""
    bounded = shared("unbounded", more="bulkhead: fence").replace("pools:\n", "pools:\n  fence: { slots: 4, queue: 15 }\n", 1)
    assert [finding.path for finding in findings("starvation", bounded)] == ["pools.front"]


def test_an_operation_that_all_lines_come_to_starves_nobody_else(findings: Findings) -> None:
    """What is slow there is slow for everybody anyway."""
    same = shared("unbounded").replace("call: counter.order", "call: counter.query, name: as-well")
    assert findings("starvation", same) == []


def test_logging_in_belongs_to_the_login_line(findings: Findings) -> None:
    """Orders that log in first do not stand at the login server as orders."""
    text = (
        shared("unbounded")
        .replace("kind: query", "kind: login")
        .replace("record: true, steps: [", "record: true, steps: [{ call: gate.query }, ")
    )
    starved = [finding.message for finding in findings("starvation", text) if "line login" in finding.message]
    assert [message.rpartition("; ")[2] for message in starved] == ["starved: trading"]


def test_it_names_the_queues_of_the_kept_bulkheads() -> None:
    """Today's queue of position queries is longer than the gateway has threads; the messages name who is starved."""
    found = lint(LIBRARY.resolve(DATA / "bulkheads-kept.yaml", Architecture)).findings
    queries = [f for f in found if f.rule == "starvation" and f.path == "pools.counter-queries.queue"]
    assert [f.message.partition(" while")[0].partition("all ")[2] for f in queries] == [
        "80 slots of pc-threads",
        "240 slots of app-threads",
        "160 slots of gateway-threads",
    ]
    for finding in queries:
        assert "counter-queries: 3 slots + 300 waiting; starved: fund, login, trading, transfer" in finding.message
        assert finding.file.endswith("bulkheads-kept.yaml")


@pytest.mark.parametrize(("queue", "found"), [("76", 0), ("77", 1)])
def test_queues_that_are_short_enough(queue: str, found: int) -> None:
    """3 slots and 76 places are one fewer than the 80 threads of the smallest pool that is shared; one more, and it is found."""
    layer = command_line_layer([f"pools.counter-queries.queue={queue}"])
    corrected = lint(LIBRARY.resolve(DATA / "bulkheads-corrected.yaml", Architecture, [layer]))
    assert len([f for f in corrected.findings if f.rule == "starvation"]) == found


def test_nothing_of_it_in_the_corrected_copy() -> None:
    """As it stands, without changes."""
    corrected = lint(LIBRARY.resolve(DATA / "bulkheads-corrected.yaml", Architecture))
    assert [f for f in corrected.findings if f.rule == "starvation"] == []
