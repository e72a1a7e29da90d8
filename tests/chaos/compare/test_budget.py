"""Equal cost: all have the machines and sessions of the costliest, or say what they have no use for."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.compare.budget import Budget, budget_of, enlarged, equal_cost
from chaos.compare.cases import Case
from chaos.compare.plan import ComparisonPlan
from simcore.files.patch import command_line_layer
from simcore.library import LIBRARY, load_architecture
from simcore.model.architecture import Architecture

NAMES = ["legacy-coupled", *sorted(name for name in LIBRARY.shipped("architecture") if name.startswith("options/"))]


def with_edits(name: str, edits: list[str]) -> Architecture:
    return LIBRARY.resolve(name, Architecture, [command_line_layer(edits)]).model


def test_budgets_are_those_of_the_files() -> None:
    """legacy-coupled: 17 machines, two standbys, 24 sessions; four cells: 26 machines, 4 x 6 sessions; two sites: 2 x 24."""
    assert budget_of(load_architecture("legacy-coupled")) == Budget(19, 24)
    assert budget_of(load_architecture("options/cells")) == Budget(26, 24)
    assert budget_of(load_architecture("options/two-sites")) == Budget(20, 48)


@pytest.mark.parametrize("name", NAMES)
def test_with_its_edits_an_architecture_costs_what_the_costliest_does(name: str) -> None:
    given = equal_cost(
        {other: load_architecture(other) for other in ("legacy-coupled", "options/cells", "options/distributed-core", name)}
    )
    (own, budget) = (given[name], Budget(given[name].machines, given[name].sessions))
    cost = budget_of(with_edits(name, own.edits))
    assert (cost.machines + own.unused_machines, cost.sessions + own.unused_sessions) == budget
    costliest = [other for other, of in given.items() if budget_of(load_architecture(other)) == budget]
    assert [given[other].edits for other in costliest] == [[] for _ in costliest]


def test_of_two_both_have_what_the_costlier_has() -> None:
    """Seven machines more for the legacy core beside four cells: none of them can be a second counter."""
    given = equal_cost({name: load_architecture(name) for name in ("legacy-coupled", "options/cells")})
    replicas = {"pc-access": 4, "access-gateway": 4, "login": 4, "market-data": 3}
    assert given["legacy-coupled"].edits == [f"services.{name}.replicas={n}" for name, n in replicas.items()]
    assert given["options/cells"].edits == []


def test_sessions_come_with_connections() -> None:
    """Without them the counter could hold no more of the database than before."""
    edits = enlarged(load_architecture("legacy-coupled"), Budget(19, 34)).edits
    assert edits == ("pools.db-sessions.slots=34", "pools.counter-connections.slots=26")


def test_what_cannot_be_used_is_unused(tmp_path: Path) -> None:
    """One service of one machine without a pool has no use for anything."""
    file = tmp_path / "one.yaml"
    file.write_text(
        "kind: architecture\nname: one\nservices: { desk: { operations: { look: { steps: [{ work: 1ms }] } } } }\n"
        "flows: { ask: { steps: [{ call: desk.look }] } }\n"
    )
    found = enlarged(load_architecture(str(file)), Budget(5, 9))
    assert (found.edits, found.unused) == ((), Budget(4, 9))


def test_every_run_of_an_architecture_is_made_with_what_it_was_given() -> None:
    names = ("legacy-coupled", "options/cells")
    equal = equal_cost({name: load_architecture(name) for name in names})
    plan = ComparisonPlan(
        (Case("requirements/smoke/healthy-open"),), names, (5,), assignments=("pools.db-sessions.queue=9",), equal=equal
    )
    runs = [plan.job(plan.cases[0], "legacy-coupled", 0), *plan.healthy_jobs("legacy-coupled")]
    assert {run.assignments for run in runs} == {("pools.db-sessions.queue=9", *equal["legacy-coupled"].edits)}
    assert plan.job(plan.cases[0], "options/cells", 0).assignments == ("pools.db-sessions.queue=9",)
