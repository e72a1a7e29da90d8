"""A run in sentences: what was injected, what suffered, what was done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.reports.run.headline import conclusion
from chaos.reports.run.story import STEPS, story, suffering
from chaos.results.counterfactuals import ActionEffect, ActionTaken, Counterfactuals, Difference, RunFigures
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


def test_a_step_that_an_architecture_has_nothing_for_is_no_idle_one(stored: StoredRun) -> None:
    """It neither began nor failed to take effect: the architecture does without what it would hit."""
    (step,) = stored.run.faults
    absent = FaultEvidence(name="the fund query", fault="slow", took_effect=False, without_target=True)
    for faults in ([step, absent], [absent]):
        found = told(replace(stored, run=stored.run.model_copy(update={"faults": faults})))
        assert "the fund query: this architecture does without what it would hit." in found
        assert not [text for text in found if "took effect" in text or text.startswith("Nothing was injected")]


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


def test_what_an_action_did_is_said_once_and_of_no_time_at_which_nothing_was_done(stored: StoredRun) -> None:
    """It was called off, carried out twice, and found nothing to do: the figures are those of the two times together."""
    counts = dict.fromkeys(("blocked", "unknown", "duplicated", "lost", "orphan", "stranded", "late"), 0)
    figures = RunFigures(failed_orders=9, failed=9, failed_requests=9, impaired_s=60.0, **counts)
    more = Difference(failed_orders=7, impaired_s=0.0, wrong_in_the_books=0, failed_requests=7)
    begun = stored.run.outages[0].begin_ns
    for ends, key in ((("called_off", "done", "done"), "All 2 times together it hurt: "), (("called_off", "done"), "It hurt: ")):
        taken = [
            ActionTaken(verb="restart", target="core", by="desk", begun_ns=begun + n, ended_ns=begun + n, end=end)  # type: ignore[arg-type]
            for n, end in enumerate(ends)
        ]
        effect = ActionEffect(name="restart core", taken=taken, effect="hurt", difference=more, without=figures)
        shown = Counterfactuals(as_run=figures, nobody_acts=figures, effect="hurt", difference=more, actions=[effect], runs=2)
        acted = [text for text in told(_with(stored, actions=taken, counterfactuals=shown)) if text.startswith("Action: ")]
        assert [key in text for text in acted] == [False, True, *[False] * (len(ends) - 2)]
        assert [text for text in acted if "hurt" in text] == [acted[1]]


def test_orders_that_failed_outside_of_outages_are_not_said_to_have_failed_in_them(stored: StoredRun) -> None:
    """Of all failed orders those of the outage; where that is all of them, as it is."""
    (outage,) = stored.run.outages
    for failed, said in ((outage.failed_orders, " failed orders)"), (outage.failed_orders + 1, " of the failed orders)")):
        orders = stored.run.measures.orders.model_copy(update={"failed_orders": failed})
        measures = stored.run.measures.model_copy(update={"orders": orders})
        assert f"{outage.failed_orders:,}{said}" in conclusion(_with(stored, measures=measures).run)["en"]


def _with(stored: StoredRun, **changes: object) -> StoredRun:
    return replace(stored, run=stored.run.model_copy(update=changes))
