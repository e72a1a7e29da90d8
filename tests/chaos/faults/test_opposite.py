"""Steps that turn one knob in opposite directions: the evidence of each says what it did itself, be it that together they do nothing."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.documents.scenario import Scenario, step_model
from chaos.execution.target.executor import ScenarioExecutor
from chaos.faults.catalogue import shipped_faults
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import compile_plan
from simcore.files.patch import command_line_layer
from simcore.journal.model import Journal
from simcore.library import load_pair
from simcore.simulation import simulate

STEP = step_model(shipped_faults())
START = parse_clock("10:00")
Spell = tuple[int, int, float]
"""From which second to which, and the factor or coefficient."""


def run(fault: str, word: str, *spells: Spell, contention: float = 0.0) -> Journal:
    """Ten seconds of a station with two places that 800 requests a second come to, each with work of 1 ms."""
    edits = [command_line_layer(["pools.servers.slots=2", f"services.station.contention={contention}"])]
    plan = compile_plan(
        *load_pair("textbook/mm1", "textbook/open-800", edits=edits), seed=5, start=START, end=START + 10 * SECOND
    )
    method: list[Any] = [
        STEP.model_validate({"at": f"10:00:{began:02}", "for": f"{ended - began}s", fault: {"service": "station", word: value}})
        for began, ended, value in spells
    ]
    scenario = Scenario.model_construct(method=method, abort=[], rollbacks=[])
    return simulate(plan, script=lambda core, control: ScenarioExecutor(scenario, core, control).begin())


def grown(journal: Journal) -> list[int]:
    """What met each step."""
    told = {e.detail["step"]: int(e.detail["grown"] or 0) for e in journal.events if e.what == "fault_exercised"}
    return [told[step] for step in sorted(told)]  # type: ignore[type-var]


def begun(journal: Journal, began: int, ended: int) -> int:
    """Pieces of work that began in these seconds: each as it gets a place."""
    return int(journal.series("pool", "servers", "granted")[began:ended].sum())


@pytest.mark.parametrize(
    ("slow", "quick"),
    [((2, 8, 2.0), (4, 6, 0.5)), ((2, 6, 2.0), (4, 8, 0.5)), ((2, 4, 2.0), (4, 6, 0.5)), ((2, 8, 2.0), (4, 6, 0.25))],
    ids=["nested", "overlapping", "abutting", "more-than-undone"],
)
def test_each_is_credited_with_the_work_that_takes_another_time_for_it(slow: Spell, quick: Spell) -> None:
    """All that begins while it is in force, also while both together leave the work as it is."""
    for spells in ((slow, quick), (quick, slow)):
        journal = run("slow", "factor", *spells)
        assert grown(journal) == [begun(journal, began, ended) for began, ended, _ in spells]
        assert min(grown(journal)) > 1000


def test_those_that_cancel_each_other_out_from_the_beginning_do_nothing() -> None:
    """The run is as without them; as soon as one ends, the other does something."""
    spells = ((2, 6, 2.0), (2, 6, 0.5))
    journal = run("slow", "factor", *spells)
    assert grown(journal) == [0, 0]
    assert journal.quantile("flow", "request", 0.5) == run("slow", "factor").quantile("flow", "request", 0.5)
    assert grown(run("slow", "factor", (2, 6, 300.0), (2, 6, 0.0033333333333))) == [0, 0]  # but for less than a ns
    longer = run("slow", "factor", (2, 8, 2.0), (2, 6, 0.5))
    assert grown(longer) == [begun(longer, 6, 8), 0]


def test_one_that_changes_nothing_beside_another_is_idle() -> None:
    """A factor of one within a slow spell, though all that work takes another time than drawn."""
    journal = run("slow", "factor", (2, 8, 2.0), (4, 6, 1.0))
    assert grown(journal) == [begun(journal, 2, 8), 0]


def test_coefficients_of_contention_that_cancel_each_other_out() -> None:
    """One raises the store's 0.5 by 0.4, the other lowers it by as much: each meets what begins beside another piece of work."""
    journal = run("store-contention", "coefficient", (2, 8, 0.9), (4, 6, 0.1), contention=0.5)
    up, down = grown(journal)
    assert 0 < down < begun(journal, 4, 6)
    assert down < up < begun(journal, 2, 8)


def test_contention_beside_slow_work_meets_only_what_is_crowded() -> None:
    """Not all that the other step slows."""
    edits = {"slow": {"service": "station", "factor": 1.5}, "store-contention": {"service": "station", "coefficient": 1.0}}
    plan = compile_plan(*load_pair("textbook/mm1", "textbook/open-800", edits=[]), seed=5, start=START, end=START + 4 * SECOND)
    method = [STEP.model_validate({"at": "10:00:01", "for": "2s", fault: said}) for fault, said in edits.items()]
    scenario = Scenario.model_construct(method=method, abort=[], rollbacks=[])
    journal = simulate(plan, script=lambda core, control: ScenarioExecutor(scenario, core, control).begin())
    assert grown(journal) == [begun(journal, 1, 3), 0]
