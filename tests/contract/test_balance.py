"""`least_busy` has no favourite: a replica that fails at once is asked by its share, whichever its number."""

from __future__ import annotations

import pytest

from simcore.base.units import SECOND
from simcore.compile.plan import compile_plan
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload
from simcore.simulation import Action, simulate

ARCHITECTURE = Architecture.model_validate(
    {
        "kind": "architecture",
        "name": "one-of-four",
        "services": {
            "gw": {"operations": {"ask": {"steps": [{"call": "db.read", "timeout": "1s"}]}}},
            "db": {"replicas": 4, "balance": "least_busy", "operations": {"read": {"steps": [{"work": "10ms"}]}}},
        },
        "flows": {"request": {"record": True, "steps": [{"call": "gw.ask", "timeout": "2s"}]}},
    }
)
WORKLOAD = Workload.model_validate({"kind": "workload", "name": "load", "flows": {"request": {"rate": "50/s"}}})


@pytest.mark.parametrize("replica", range(4))
def test_a_quarter_of_the_requests_meet_one_replica_of_four(replica: int) -> None:
    """About a quarter fail; a little more, because who fails at once is idle while the others are at work."""
    plan = compile_plan(ARCHITECTURE, WORKLOAD, seed=1, start=0, end=300 * SECOND)
    journal = simulate(plan, [Action(0, "error_rate", {"service": "db", "replica": replica, "share": 1.0})])
    asked = [journal.total("unit", f"db#{n}", "done") + journal.total("unit", f"db#{n}", "failed") for n in range(4)]
    shares = [n / sum(asked) for n in asked]
    assert 0.25 <= shares[replica] <= 0.31
    assert all(0.22 <= share <= 0.25 for n, share in enumerate(shares) if n != replica)
    assert journal.total("flow", "request", "failed") == pytest.approx(asked[replica], abs=1)
