"""Pairs: a difference of exactly the bound is enough, in exactly the share of seeds; what has no value decides nothing."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.documents.suite import Pair
from chaos.judgement.pairs import judge_pair
from chaos.results.run import Measures, PairResult, RunResult


def run(impaired: float | None, *, invalid: bool = False, doubtful: bool = False, grade: str | None = None) -> RunResult:
    """A run with that impaired time, and that grade."""
    severity = {"dora": {"grade": grade, "label": "x"}}
    measured = Measures.model_validate({"orders": {}, "impaired_s": impaired, "severity": severity})
    return RunResult(architecture="small", seed=1, digest="", measures=measured, invalid=invalid, doubtful=doubtful)


def judged(*pairs: tuple[Any, Any], share: float = 1.0, **said: Any) -> PairResult:
    """The pair of scenarios a and b over runs, one pair of them a seed."""
    more = {"measure": "impaired_s", "at_least": "10s", "in_share": share} | said
    pair = Pair.model_validate({"name": "p", "a": {"scenario": "x"}, "b": {"scenario": "y"}} | more)
    return judge_pair(pair, [(seed, a, b) for seed, (a, b) in enumerate(pairs)])


@pytest.mark.parametrize(("a", "verdict"), [(19.0, "fail"), (20.0, "pass"), (21.0, "pass"), (0.0, "fail")])
def test_a_difference_of_exactly_the_bound_is_enough(a: float, verdict: str) -> None:
    """20 s against 10 s is 10 s more."""
    found = judged((run(a), run(10.0)))
    assert (found.verdict, found.seeds[0].difference) == (verdict, a - 10.0)
    assert (found.seeds[0].a, found.seeds[0].b) == (a, 10.0)


GOOD, BAD, OPEN = (run(20.0), run(0.0)), (run(0.0), run(0.0)), (run(20.0), run(0.0, invalid=True))


@pytest.mark.parametrize(
    ("pairs", "share", "verdict"),
    [
        ([GOOD, GOOD, GOOD, BAD], 0.75, "pass"),
        ([GOOD, GOOD, BAD, BAD], 0.75, "fail"),
        ([GOOD, GOOD, OPEN, BAD], 0.75, "unknown"),
        ([GOOD, OPEN, BAD, BAD], 0.75, "fail"),
        ([GOOD, GOOD, OPEN, OPEN], 0.5, "pass"),
        ([OPEN], 0.5, "unknown"),
        ([BAD, BAD], 0.01, "fail"),
        ([GOOD, BAD], 0.01, "pass"),
        ([], 1.0, "unknown"),
        ([OPEN, BAD], 0.5, "unknown"),
        ([BAD], 1e-12, "fail"),
        ([(run(20.0), None), (None, run(0.0))], 1.0, "unknown"),
        ([GOOD, (run(20.0), None), (None, run(0.0))], 1.0, "pass"),
    ],
)
def test_a_share_of_the_seeds_must_show_it(pairs: Any, share: float, verdict: str) -> None:
    """Of those that were made on both sides; one at least. What has no value may still have shown it."""
    found = judged(*pairs, share=share)
    assert found.verdict == verdict
    assert len(found.seeds) == sum(a is not None and b is not None for a, b in pairs)


@pytest.mark.parametrize("odd", [{"invalid": True}, {"doubtful": True}])
def test_a_run_that_is_no_valid_experiment_has_no_value(odd: Any) -> None:
    """On either side, though it was measured."""
    for pair in ((run(20.0, **odd), run(0.0)), (run(20.0), run(0.0, **odd)), (run(None), run(0.0)), (run(20.0), run(None))):
        found = judged(pair)
        assert (found.verdict, found.seeds[0].difference) == ("unknown", None)


def test_grades_differ_by_how_many_lie_between() -> None:
    """Major is one above larger."""
    found = judged((run(0.0, grade="major"), run(0.0, grade="larger")), measure="severity.dora", at_least=1)
    assert (found.verdict, found.seeds[0].difference) == ("pass", 1)


def test_a_side_says_where_it_was_run() -> None:
    """The scenario, and what it was run on and in, if the suite says so."""
    found = judged(
        GOOD, a={"scenario": "x", "architecture": "core", "environment": "staging"}, b={"scenario": "y", "environment": "dev"}
    )
    assert (found.a, found.b) == ("x on core in staging", "y in dev")
    assert judged(GOOD, a={"scenario": "x", "architecture": "core"}).a == "x on core"
