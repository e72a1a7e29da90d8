"""What the command says of runs that were held against others."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from chaos.cli.causes import lines, print_causes
from chaos.results.counterfactuals import ActionEffect, ActionTaken, Counterfactuals, Difference, Effect, End, RunFigures
from chaos.results.run import Measures, Orders, RunResult


def figures(failed_orders: int, duplicated: int = 0) -> RunFigures:
    rest = dict.fromkeys(("blocked", "failed", "unknown", "lost", "orphan", "stranded", "late", "failed_requests"), 0)
    return RunFigures(failed_orders=failed_orders, duplicated=duplicated, impaired_s=60.0, **rest)


def run(effect: Effect, end: End = "done", *, books: int = 0) -> RunResult:
    """A run with one restart that ended in that way: 42 failed orders, without it 50."""
    own, nobody = figures(42, books), figures(50)
    between = Difference(failed_orders=-8, impaired_s=0.0, wrong_in_the_books=books, failed_requests=0)
    restart = ActionTaken(verb="restart", target="core", by="desk", begun_ns=0, ended_ns=1, end=end)
    action = ActionEffect(name=restart.name, taken=[restart], effect=effect, difference=between, without=nobody)
    shown = Counterfactuals(as_run=own, nobody_acts=nobody, effect=effect, difference=between, actions=[action], runs=2)
    measures = Measures(orders=Orders(intended=100, failed_orders=42))
    return RunResult(scenario="one", architecture="small", seed=1, digest="0", measures=measures, counterfactuals=shown)


def test_helped_and_hurt_is_said_with_what_is_wrong_in_the_books() -> None:
    """And listed with the actions, like what hurt."""
    headline, reason = (text for text, _ in lines(run("mixed", books=69)))
    assert headline == (
        "▲▼ both one seed 1: failed orders 42, nobody acting 50; impaired 60 s, nobody acting 60 s; wrong in the books 69, nobody acting 0"
    )
    assert "helped and hurt: restart core" in reason
    assert "−8 failed orders, but +69 orders wrong in the books" in reason


@pytest.mark.parametrize("end", ["called_off", "not_needed"])
def test_nothing_is_said_of_acting_where_nobody_acted(end: End) -> None:
    """The run is counted apart."""
    ((text, style),) = lines(run("no_difference", end))
    assert (text, style) == ("– nobody acted one seed 1: failed orders 42; impaired 60 s", "")


def test_runs_are_counted_by_what_acting_did() -> None:
    """Each once."""
    out = io.StringIO()
    runs = [run("helped"), run("mixed"), run("hurt"), run("hurt"), run("no_difference"), run("no_difference", "called_off")]
    print_causes(runs, Console(file=out, width=1000))
    assert (
        "6 runs of 1 scenario: acting helped in 1, made no difference in 1, helped and hurt in 1, was worse than not acting in 2; "
        "nobody acted in 1; 0 failing flows are not explained; 12 runs made" in out.getvalue()
    )
