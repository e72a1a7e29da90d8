"""Surges of one flow together: what each brings, or keeps away, beside the others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chaos.documents.scenario import Scenario, step_model
from chaos.execution.target.executor import ScenarioExecutor
from chaos.faults.catalogue import shipped_faults
from simcore.base.units import MINUTE, parse_clock
from simcore.compile.plan import compile_plan
from simcore.journal.model import Journal
from simcore.library import load_pair
from simcore.simulation import simulate

STEP = step_model(shipped_faults())
START = parse_clock("10:00")
Surge = tuple[str, str, float]
"""From when to when, and the factor."""


def run(*surges: Surge) -> Journal:
    """A queue that 800 requests a second come to, for four minutes."""
    pair = load_pair("textbook/mm1", "textbook/open-800", workload_edits=[])
    plan = compile_plan(*pair, seed=3, start=START, end=START + 4 * MINUTE)
    (flow,) = pair[0].flows
    method = [
        STEP.model_validate(
            {
                "at": began,
                "for": f"{(parse_clock(ended) - parse_clock(began)) // 10**9}s",
                "surge": {"flows": [flow], "factor": factor},
            }
        )
        for began, ended, factor in surges
    ]
    scenario = Scenario.model_construct(method=method, abort=[], rollbacks=[])
    return simulate(plan, script=lambda core, control: ScenarioExecutor(scenario, core, control).begin())


def grown(journal: Journal) -> list[int]:
    """What each step brought or kept away."""
    told = {e.detail["step"]: int(e.detail["grown"] or 0) for e in journal.events if e.what == "fault_exercised"}
    return [told[step] for step in sorted(told)]  # type: ignore[type-var]


def came(journal: Journal) -> int:
    """How many intents came."""
    (flow,) = journal.meta.flow_kinds
    return journal.total("flow", flow, "started")


@pytest.mark.parametrize("factor", [0.0, 0.25, 0.5])
def test_a_lull_within_a_surge_has_kept_away_what_does_not_come(factor: float) -> None:
    """As many as are missing beside the surge alone, but for chance: whoever comes for a surge comes by chance of its own."""
    surge, lull = ("10:01:00", "10:03:00", 2.0), ("10:02:00", "10:02:30", factor)
    missing = came(run(surge)) - came(run(surge, lull))
    assert missing == pytest.approx(2 * (1 - factor) * 800 * 30, rel=0.05)
    for steps in ((surge, lull), (lull, surge)):
        assert grown(run(*steps))[steps.index(lull)] == pytest.approx(missing, rel=0.05)


@pytest.mark.parametrize(
    "surges",
    [
        [("10:01:00", "10:03:00", 2.0), ("10:01:00", "10:03:00", 0.5)],
        [("10:01:00", "10:02:00", 4.0), ("10:01:00", "10:02:00", 0.5), ("10:01:00", "10:02:00", 0.5)],
        [("10:01:00", "10:03:00", 1.0)],
    ],
)
def test_surges_that_cancel_each_other_out_from_the_beginning_changed_nothing(surges: Sequence[Surge]) -> None:
    """The same intents come as without them."""
    journal = run(*surges)
    assert set(grown(journal)) == {0}
    assert came(journal) == came(run())


def test_a_factor_of_one_within_a_surge_changes_nothing() -> None:
    """Neither who comes, nor what the surge is seen to bring."""
    surge = ("10:01:00", "10:03:00", 2.0)
    alone, beside = run(surge), run(surge, ("10:02:00", "10:02:30", 1.0))
    assert (came(beside), grown(beside)) == (came(alone), [*grown(alone), 0])


FLOOD: Surge = ("10:01:00", "10:01:40", 4.0)
PAIRS = {
    "overlapping": (("10:00:40", "10:01:20", 1.05), 20 + 20 * 4),
    "nested": (("10:01:10", "10:01:30", 1.05), 20 * 4),
    "around": (("10:00:50", "10:01:50", 1.05), 20 + 40 * 4),
    "a-small-lull": (("10:01:10", "10:01:30", 0.95), 20 * 4),
}


@pytest.mark.parametrize(("small", "seconds"), PAIRS.values(), ids=PAIRS)
def test_a_small_surge_beside_a_large_one_has_brought_its_own_intents_alone(small: Surge, seconds: int) -> None:
    """A twentieth of the 800 a second, and of what the large one makes of them: so many seconds' worth. The large one brought what does
    not come with the small one alone. In either order."""
    first, second = run(FLOOD, small), run(small, FLOOD)
    assert came(first) == came(second)
    assert grown(first) == grown(second)[::-1]
    large, little = grown(first)
    assert little == pytest.approx(seconds * 800 / 20, rel=0.1)
    assert large == pytest.approx(came(first) - came(run(small)), rel=0.02)


def test_a_surge_that_brings_nobody_beside_a_large_one_took_no_effect() -> None:
    """One in a hundred million of 800 a second, for twenty seconds."""
    assert grown(run(FLOOD, ("10:01:10", "10:01:30", 1 + 1e-8)))[1] == 0
