"""The load of a twin: who comes, and who a lull keeps away, as in the simulated core."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.documents.scenario import Step, step_model
from chaos.execution.target.contributors import in_order
from chaos.faults.catalogue import shipped_faults
from chaos.live.load import Load, planned
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import compile_plan
from simcore.library import load_pair
from simcore.simulation import Action, simulate

STEP = step_model(shipped_faults())
START = parse_clock("10:00:00")


def surge(at: str, lasts: str, factor: float) -> dict[str, Any]:
    return {"at": f"10:00:{at}", "for": lasts, "surge": {"flows": ["place-order"], "factor": factor}}


@pytest.mark.parametrize(
    ("method", "brought", "kept"),
    [
        ([surge("02", "3s", 0.25)], 0, 90),
        ([surge("02", "3s", 2)], 120, 0),
        ([surge("01", "6s", 2), surge("03", "2s", 0.5)], 160, 80),
    ],
)
def test_whom_a_factor_brings_and_keeps_away(method: list[dict[str, Any]], brought: int, kept: int) -> None:
    """Of 40 orders a second; both while it holds, and together as many as the simulated core counts."""
    plan = compile_plan(*load_pair("live/broker", "live/steady"), seed=1, start=START, end=START + 10 * SECOND)
    steps = [STEP.model_validate(step) for step in method]
    load = planned(plan, steps)
    flow = list(plan.architecture.flows).index("place-order")
    extra = [arrival.due for arrival in load.arrivals if arrival.extra]
    assert len(extra) == pytest.approx(brought, abs=35)
    assert sum(away.intents for away in load.kept) == pytest.approx(kept, abs=35)
    assert {away.flow for away in load.kept} <= {flow}
    begins, ends = steps[-1].at, steps[-1].at + (steps[-1].lasts or 0)
    assert all(begins < away.at < ends for away in load.kept)
    if len(steps) == 1:  # what injections set does not multiply
        factors = ((steps[0].at, method[0]["surge"]["factor"]), (ends, 1))
        injections = [Action(at, "flow_rate", {"flow": "place-order", "factor": factor}) for at, factor in factors]
        changed = simulate(plan, injections).total("flow", "place-order", "rate_changed")
        assert changed == len(extra) + sum(away.intents for away in load.kept)


# --- what each step did ------------------------------------------------------------------------------------------------------


def surges(*surges: tuple[int, int, float]) -> list[Step]:
    return [
        STEP.model_validate(
            {"at": f"10:00:{began:02}", "for": f"{ended - began}s", "surge": {"flows": ["request"], "factor": factor}}
        )
        for began, ended, factor in surges
    ]


def load_of(method: list[Step]) -> Load:
    """Twenty seconds of 800 requests a second."""
    plan = compile_plan(*load_pair("textbook/mm1", "textbook/open-800", edits=[]), seed=3, start=START, end=START + 20 * SECOND)
    return planned(plan, method)


@pytest.mark.parametrize(("factor", "least"), [(0.0, 4000), (0.5, 2000), (3.0, 8000)])
def test_what_a_step_brings_or_keeps_away_is_counted_as_it_goes_on(factor: float, least: int) -> None:
    """At its end as many as are missing, or are more, than without it: of 800 a second for five seconds."""
    method = surges((5, 10, factor))
    alone, made = load_of([]), load_of(method)
    (changed,) = made.changes.values()
    difference = abs(len(made.arrivals) - len(alone.arrivals))
    assert changed.by(START + 10 * SECOND) == pytest.approx(difference, abs=1) == pytest.approx(least, rel=0.1)
    assert (changed.by(START + 5 * SECOND), changed.by(START + 20 * SECOND)) == (0, changed.intents[-1])
    assert changed.by(START + 7 * SECOND) == pytest.approx(0.4 * least, rel=0.1)


def test_each_step_has_its_own_of_one_flow() -> None:
    """A lull within a surge, and the surge: the first kept away what the second would have brought."""
    method = surges((2, 18, 2.0), (5, 10, 0.5))
    changes = load_of(method).changes
    surge, lull = (changes["request", by].by(START + 20 * SECOND) for _, _, by in in_order(method))
    assert surge == pytest.approx(800 * (11 + 5 * 0.5), rel=0.1)
    assert lull == pytest.approx(800 * 5, rel=0.1)
