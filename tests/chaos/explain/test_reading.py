"""Which verdict of a kept result is explained."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_comparison import FAILED, made_comparison

from chaos.explain.explanation import ExplanationPlan
from chaos.explain.reading import plan_of_result
from simcore.base.errors import InputError

ASKED = ExplanationPlan("kept.json")
GROUP = {
    "scenario": "requirements/smoke/healthy-open", "title": "", "architecture": "legacy-coupled", "environment": "production", "runs": 3,
    "seeds": [7, 8, 9], "verdict": "pass", "expectations": [], "counts": True,
}  # fmt: skip
COUNTS = {
    "runs": 3,
    "scenarios": 1,
    "pairs": 0,
    "verdict": "pass",
    "conservation_broken": 0,
    "passed": 1,
    "failed": 0,
    "unknown": 0,
}


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file of the result."""
    return tmp_path / "kept.json"


def suite(path: Path, *groups: dict[str, object]) -> None:
    """Writes a suite's result of these groups."""
    path.write_text(json.dumps({"schema_version": 1, "runs": [], "groups": list(groups), "pairs": [], "summary": COUNTS}))


def test_the_only_verdict_is_explained_with_its_seeds(kept: Path) -> None:
    """Scenario, architecture, environment and seeds are those of the result, unless something else is asked."""
    suite(kept, GROUP)
    plan = plan_of_result(kept, ASKED, None)
    assert plan == replace(
        ASKED, scenario=str(GROUP["scenario"]), architecture="legacy-coupled", environment="production", seed=7, replications=3
    )
    assert plan_of_result(kept, replace(ASKED, replications=5), None).replications == 5


def test_of_several_one_is_chosen(kept: Path) -> None:
    """By scenario or architecture; of none and of several the error lists what there is."""
    suite(kept, GROUP, GROUP | {"architecture": "options/bulkheads"})
    with pytest.raises(InputError, match=r"has 2 verdicts: .* on legacy-coupled, .* on options/bulkheads; choose one"):
        plan_of_result(kept, ASKED, None)
    assert plan_of_result(kept, replace(ASKED, architecture="options/bulkheads"), None).architecture == "options/bulkheads"
    with pytest.raises(InputError, match="has no such verdict"):
        plan_of_result(kept, ASKED, "requirements/smoke/reports-late")


def test_a_scenario_that_is_not_shipped_is_named_by_its_path(kept: Path, tmp_path: Path) -> None:
    """Results have names alone; the file says which it is."""
    mine = tmp_path / "mine.yaml"
    mine.write_text("kind: scenario\nname: own\n")
    suite(kept, GROUP | {"scenario": "own", "architecture": "own-core"}, GROUP)
    plan = plan_of_result(kept, ASKED, str(mine))
    assert (plan.scenario, plan.architecture) == (str(mine), None)


def test_a_pair_is_explained_by_the_measure_that_decided_it(kept: Path) -> None:
    """The baseline, the other architecture, as many seeds, and the margins of the comparison; of several cells one is chosen."""
    result = made_comparison({"s": {"a": [0.0] * 9, "b": [0.5] * 9, "c": [0.1] * 9}})
    kept.write_text(json.dumps(result.json_object()))
    with pytest.raises(InputError, match="has 2 verdicts: s on b, s on c"):
        plan_of_result(kept, ASKED, None)
    plan = plan_of_result(kept, replace(ASKED, against="c"), None)
    assert (plan.scenario, plan.architecture, plan.against, plan.replications, plan.measure) == ("s", "a", "c", 9, FAILED)
    asked = replace(ASKED, against="b", measure="orders.failed_share=1%")
    assert plan_of_result(kept, asked, "s").measure == "orders.failed_share=1%"
    with pytest.raises(InputError, match="has no such verdict"):
        plan_of_result(kept, replace(asked, measure="impaired_s"), None)


@pytest.mark.parametrize(
    ("text", "says"), [("{", "is no JSON"), ("[]", "is no result that can be explained"), ("{}", "schema_version: is missing")]
)
def test_what_is_no_result_says_so(kept: Path, text: str, says: str) -> None:
    """One line, with the file."""
    kept.write_text(text)
    with pytest.raises(InputError, match=says):
        plan_of_result(kept, ASKED, None)
