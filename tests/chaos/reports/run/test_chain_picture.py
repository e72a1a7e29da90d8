"""The chain of causes as a drawing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chaos.reports.run.chain_picture import HEIGHT, WIDTH, chain_picture
from chaos.results.counterfactuals import CauseEdge, CauseGraph, CauseMember, CauseNode
from chaos.results.run import RunResult
from chaos.results.stored_run import read_run
from simcore.base.units import SECOND

GRAPH = CauseGraph(
    outage=0,
    begin_ns=0,
    end_ns=100 * SECOND,
    nodes=[
        CauseNode(id="step", kind="step", names=["bank slow"], t_ns=SECOND, state="injected"),
        CauseNode(id="pool", kind="pool", names=["threads"], t_ns=9 * SECOND, state="full", slots=24),
        CauseNode(id="gate", kind="service", names=["gate"], t_ns=5 * SECOND, state="slow"),
        CauseNode(
            id="people",
            kind="customers",
            names=[],
            t_ns=20 * SECOND,
            state="fails",
            members=[CauseMember(name="login", t_ns=20 * SECOND)],
        ),
    ],
    edges=[
        CauseEdge(cause="step", effect="pool"),
        CauseEdge(cause="step", effect="gate"),
        CauseEdge(cause="pool", effect="people"),
    ],
    links=9,
    unexplained=["query"],
)


@pytest.fixture
def run(small_run: Path) -> RunResult:
    """The small run: its steps have no Chinese names."""
    return read_run(small_run).run


def test_causes_stand_left_of_their_effects(run: RunResult) -> None:
    """Columns by the longest way from a first cause, in a column by time; an arrow for each edge, from edge to edge of the boxes."""
    picture = chain_picture(GRAPH, run)
    assert [box.title["en"] for box in picture.boxes] == ["fault bank slow", "gate", "threads", "customers"]
    xs = [box.x for box in picture.boxes]
    assert xs[0] < xs[1] == xs[2] < xs[3]
    assert picture.boxes[1].y + HEIGHT < picture.boxes[2].y
    assert (picture.width >= xs[3] + WIDTH, picture.height >= picture.boxes[2].y + HEIGHT) == (True, True)
    starts = [tuple(map(int, re.match(r"M(\d+) (\d+)", arrow).groups())) for arrow in picture.arrows]
    assert starts[2] == (picture.boxes[2].x + WIDTH, picture.boxes[2].y + HEIGHT // 2)


def test_first_causes_and_full_pools_are_framed(run: RunResult) -> None:
    """And the pool says how many slots it had; members and flows without explanation are named."""
    picture = chain_picture(GRAPH, run)
    assert [box.framed for box in picture.boxes] == [True, False, True, False]
    assert "24" in picture.boxes[2].says["en"]
    assert "login" in picture.boxes[3].members["en"]
    assert "query" in picture.unexplained["en"]
    assert [box.t for box in picture.boxes] == [1, 5, 9, 20]


def test_no_chain_is_an_empty_drawing(run: RunResult) -> None:
    """Nothing to draw, and no error."""
    picture = chain_picture(CauseGraph(begin_ns=0, end_ns=1), run)
    assert (picture.boxes, picture.arrows, picture.width) == ([], [], 0)
