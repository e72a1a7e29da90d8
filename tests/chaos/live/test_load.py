"""The load of a twin: who comes, and who a lull keeps away, as in the simulated core."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.documents.scenario import step_model
from chaos.faults.catalogue import shipped_faults
from chaos.live.load import planned
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
