"""A run in sentences: what was injected, what suffered, what was done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.reports.run.headline import conclusion
from chaos.reports.run.story import STEPS, story, suffering
from chaos.results.run import FaultEvidence
from chaos.results.stored_run import StoredRun, read_run


@pytest.fixture
def stored(small_run: Path) -> StoredRun:
    return read_run(small_run)


def told(stored: StoredRun) -> list[str]:
    return [sentence.text.en for sentence in story(stored)]


def with_steps(stored: StoredRun, count: int, *, names: list[str]) -> StoredRun:
    """As if so many steps had hit the core, all from 10:02 on, and the chain began at those named."""
    (step,) = stored.run.faults
    faults = [FaultEvidence(**step.model_dump() | {"name": f"step {n}", "took_effect": n != 1}) for n in range(count)]
    (graph,) = stored.run.chains
    root = graph.nodes[0].model_copy(update={"names": names})
    chain = graph.model_copy(update={"nodes": [root, *graph.nodes[1:]]})
    return replace(stored, run=stored.run.model_copy(update={"faults": faults, "chains": [chain]}))


def test_every_step_is_named_and_which_never_took_effect(stored: StoredRun) -> None:
    """A sentence each, of more than four their number."""
    found = told(with_steps(stored, STEPS + 2, names=["step 0"]))
    assert found[0].startswith("First, step 0: ")
    assert found[1].startswith("Then, step 1: ")
    assert [text.endswith(" It never took effect.") for text in found[:STEPS]] == [False, True, False, False]
    assert [text for text in found if "step " in text] == found[:STEPS]
    assert found[STEPS] == "Further steps: 2."


def test_the_headline_names_all_that_the_chain_begins_at(stored: StoredRun) -> None:
    """Of more than four their number."""
    assert "fault step 0, step 2 (" in conclusion(with_steps(stored, 3, names=["step 0", "step 2"]).run)["en"]
    names = [f"step {n}" for n in range(6)]
    assert "fault step 0, step 1, step 2, step 3, 2 more (" in conclusion(with_steps(stored, 6, names=names).run)["en"]


def test_the_flows_of_the_story_are_those_of_the_chain(stored: StoredRun) -> None:
    """Those that no arrow reaches as well, which have no time."""
    (graph,) = stored.run.chains
    assert list(suffering(graph)) == ["order"]
    assert "Customers felt it in: order (10:02:00)." in told(stored)
    lacking = graph.model_copy(update={"unexplained": ["login"]})
    other = replace(stored, run=stored.run.model_copy(update={"chains": [lacking]}))
    assert "Customers felt it in: order (10:02:00), login." in told(other)


def test_orders_that_are_at_the_exchange_though_the_customer_saw_them_refused_are_said(stored: StoredRun) -> None:
    """In the story, whatever of the books else is right; and the table of outcomes marks them."""
    measures = stored.run.measures
    assert not any("yet at the exchange" in text for text in told(stored))
    seen = {**measures.client_truth, "rejected": {"placed_once": 3, "late": 1, "not_placed": 9}}
    other = replace(stored, run=stored.run.model_copy(update={"measures": measures.model_copy(update={"client_truth": seen})}))
    assert "Rejected or failed for the customer, yet at the exchange: 4." in told(other)[-1]
