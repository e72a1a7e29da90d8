"""What acting did, by hand: which differences count, and what leaving an action out shows of an outage."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.i18n.causal import acting_text, action_text, again_texts
from chaos.judgement.counterfactuals import Later, counterfactuals, difference, effect, later_times, names_to_leave_out
from chaos.results.counterfactuals import ActionTaken, Counterfactuals, Outage, RunFigures
from chaos.results.run import FaultEvidence, Measures, Orders, RunResult
from simcore.base.units import SECOND


def figures(failed_orders: int = 0, impaired_s: float = 0.0, duplicated: int = 0, requests: int = 0) -> RunFigures:
    rest = dict.fromkeys(("blocked", "failed", "unknown", "lost", "orphan", "stranded", "late"), 0)
    return RunFigures(failed_orders=failed_orders, duplicated=duplicated, failed_requests=requests, impaired_s=impaired_s, **rest)


@pytest.mark.parametrize(
    ("with_it", "without", "expected"),
    [
        (figures(105), figures(100), "hurt"),
        (figures(104), figures(100), "no_difference"),
        (figures(100), figures(105), "helped"),
        (figures(10_000), figures(9_900), "hurt"),
        (figures(10_000), figures(9_901), "no_difference"),
        (figures(100, 60.0), figures(100, 0.0), "hurt"),
        (figures(100, 59.0), figures(100, 0.0), "no_difference"),
        (figures(100, 0.0), figures(100, 60.0), "helped"),
        (figures(100, 600.0), figures(200, 0.0), "mixed"),
        (figures(100, 0.0, 69), figures(100, 600.0), "mixed"),
        (figures(100, 0.0, 69, 100), figures(200, 0.0, 0, 200), "mixed"),
        (figures(100, 0.0, 4), figures(100, 600.0), "helped"),
        (figures(100, 600.0, 69), figures(95, 0.0), "hurt"),
        (figures(100, requests=500), figures(200, requests=400), "mixed"),
        (figures(duplicated=5), figures(), "hurt"),
        (figures(duplicated=4), figures(), "no_difference"),
        (figures(requests=5), figures(), "hurt"),
        (figures(requests=1), figures(requests=6), "helped"),
        (figures(), figures(), "no_difference"),
    ],
)
def test_all_figures_that_differ_decide(with_it: RunFigures, without: RunFigures, expected: str) -> None:
    """Five orders and one in a hundred, a minute, five orders wrong in the books, five requests: each bound itself counts.
    Where some are better and some worse, it is both."""
    assert effect(with_it, without) == expected


CUT, LATER = 36_000 * SECOND, 39_600 * SECOND


@pytest.mark.parametrize(
    ("with_it", "without", "expected"),
    [
        ((100, 60.0, None), (200, 120.0, CUT), "helped"),  # it is worse already
        ((200, 120.0, None), (100, 60.0, CUT), "open"),  # how much more would have come?
        ((100, 60.0, None), (100, 60.0, CUT), "open"),
        ((200, 120.0, CUT), (100, 60.0, None), "hurt"),
        ((100, 60.0, CUT), (200, 120.0, None), "open"),
        ((200, 60.0, CUT), (100, 120.0, None), "hurt"),
        ((200, 60.0, CUT), (100, 120.0, LATER), "open"),
        ((100, 60.0, CUT), (200, 120.0, CUT), "helped"),  # until the same instant
        ((100, 60.0, CUT), (100, 60.0, CUT), "no_difference"),
    ],
)
def test_a_run_that_was_given_up_shows_what_can_only_become_more(with_it: Any, without: Any, expected: str) -> None:
    """Failed orders and impaired time; what is wrong in the books may be put right later, and decides nothing."""
    a, b = (
        figures(orders, impaired, duplicated=duplicated).model_copy(update={"given_up_ns": at})
        for (orders, impaired, at), duplicated in ((with_it, 500), (without, 500 if with_it[2] == without[2] else 0))
    )
    assert effect(a, b) == expected


def test_a_difference_is_what_came_of_it() -> None:
    """More with the action is plus."""
    found = difference(figures(8257, 1110.0, 3656, 9), figures(6138, 870.0, 3514, 9))
    assert found.model_dump() == {
        "failed_orders": 2119, "impaired_s": 240.0, "wrong_in_the_books": 142, "failed_requests": 0,
    }  # fmt: skip


# --- whole runs -------------------------------------------------------------------------------------------------------------


def outage(begin: int, end: int, failed: int = 0) -> Outage:
    return Outage(begin_ns=begin * SECOND, end_ns=end * SECOND, impaired_s=float(end - begin), failed_orders=failed)


def action(verb: str, target: str = "core", end: str = "done") -> ActionTaken:
    return ActionTaken(verb=verb, target=target, by="desk", begun_ns=0, ended_ns=1, end=end)  # type: ignore[arg-type]


def run(*outages: Outage, actions: tuple[ActionTaken, ...] = (), failed: int | None = None) -> RunResult:
    orders = sum(o.failed_orders for o in outages) if failed is None else failed
    return RunResult(
        architecture="small",
        seed=1,
        digest="0",
        measures=Measures(
            orders=Orders(intended=1000, failed_orders=orders, unknown=orders), impaired_s=sum(o.impaired_s for o in outages)
        ),
        faults=[FaultEvidence(name="step", fault="hang")],
        outages=list(outages),
        actions=list(actions),
    )


RESTART = action("restart")


def told(with_it: RunResult, nobody: RunResult, without: RunResult, control: RunResult | None = None) -> Counterfactuals:
    return counterfactuals(with_it, nobody, {"restart core": without}, control)


def test_an_outage_that_only_an_action_makes() -> None:
    """The second one is not there without the restart; the first is, and ends by itself."""
    with_it = run(outage(100, 400, 60), outage(600, 700, 20), actions=(RESTART,))
    without = run(outage(100, 400, 60))
    found = told(with_it, without, without, run())
    assert [o.only_with for o in found.outages] == [[], ["restart core"]]
    assert [o.acting for o in found.outages] == [False, True]
    assert [o.unaided for o in found.outages] == [True, False]
    assert [o.without_method_s for o in found.outages] == [0.0, 0.0]
    assert found.actions[0].effect == found.effect == "hurt"
    assert found.runs == 4


@pytest.mark.parametrize(
    ("end_without", "ended_by", "prolonged_by"),
    [(460, ["restart core"], []), (459, [], []), (341, [], []), (340, [], ["restart core"])],
)
def test_an_action_ended_an_outage_only_if_it_lasts_a_minute_longer_without(
    end_without: int, ended_by: list[str], prolonged_by: list[str]
) -> None:
    """And prolonged it if it is over a minute sooner without."""
    other = run(outage(100, end_without))
    (found,) = told(run(outage(100, 400), actions=(RESTART,)), other, other).outages
    assert (found.ended_by, found.prolonged_by) == (ended_by, prolonged_by)
    assert found.without_method_s is None


def test_an_outage_is_unaided_unless_it_lasts_longer_when_nobody_acts() -> None:
    """A minute more is longer."""
    with_it = run(outage(100, 400), actions=(RESTART,))
    longer, shorter = run(outage(100, 460)), run(outage(100, 459))
    assert not told(with_it, longer, longer).outages[0].unaided
    assert told(with_it, shorter, longer).outages[0].unaided


def test_a_run_that_was_given_up_says_nothing_of_what_came_after() -> None:
    """Given up at 500: of the outage before it shows the end, and that the later one is not there it does not show; nor has that
    ended with or without help, if the run itself was given up in it."""
    cut = run(outage(100, 300)).model_copy(update={"given_up_ns": 500 * SECOND})
    first, second = told(run(outage(100, 400), outage(600, 700), actions=(RESTART,)), cut, cut, cut).outages
    assert (first.only_with, first.prolonged_by, first.acting, first.without_method_s) == ([], ["restart core"], False, 200.0)
    assert (second.only_with, second.acting, second.unaided, second.without_method_s) == ([], False, False, None)
    shown = told(run(outage(100, 400, 60), outage(600, 700), actions=(RESTART,)), cut, cut)
    assert (shown.effect, shown.actions[0].effect) == ("open", "open")
    assert "acting ? is undecided; left out, the run was given up at 00:08:20" in acting_text(shown).en
    assert "runs of different length, not comparable" in action_text(shown.actions[0], shown, ()).en
    longer = run(outage(100, 900))
    with_it = run(outage(100, 400), actions=(RESTART,)).model_copy(update={"given_up_ns": 400 * SECOND})
    (last,) = told(with_it, run(outage(100, 420)), longer).outages
    assert (last.ended_by, last.unaided) == ([], False)


def test_what_was_called_off_or_found_nothing_to_do_made_no_difference_and_needs_no_run() -> None:
    """It is told all the same."""
    actions = (action("restart", end="called_off"), action("isolate", end="not_needed"))
    assert names_to_leave_out(actions) == []
    found = counterfactuals(run(outage(100, 400, 60), actions=actions), None, {}, None)
    assert [(a.name, a.effect) for a in found.actions] == [("restart core", "no_difference"), ("isolate core", "no_difference")]
    assert found.nobody_acts == found.as_run
    assert (found.effect, found.runs) == ("no_difference", 1)
    assert found.outages[0].unaided
    assert not found.acted
    assert counterfactuals(run(actions=(*actions, RESTART)), run(), {"restart core": run()}, None).acted


def test_an_action_taken_twice_is_left_out_once() -> None:
    """All times that it is taken are one action; what failed or is under way counts."""
    actions = [action("restart"), action("restart", end="failed"), action("failover", end="under_way")]
    assert names_to_leave_out(actions) == ["restart core", "failover core"]
    found = counterfactuals(run(actions=tuple(actions)), run(), {"restart core": run(), "failover core": run()}, None)
    assert [len(a.taken) for a in found.actions] == [2, 1]


# --- an action that is taken in several outages -----------------------------------------------------------------------------------


def taken(begun: int, ended: int | None, end: str = "done") -> ActionTaken:
    return RESTART.model_copy(
        update={"begun_ns": begun * SECOND, "ended_ns": None if ended is None else ended * SECOND, "end": end}
    )


TWICE = run(outage(120, 180), outage(240, 310), actions=(taken(139, 179), taken(259, 299)))
"""A hang from 120 on that the first restart ends at 180, and errors from 240 to 310, over soon after the second restart."""
ON = run(outage(120, 420))
"""Without any restart the hang goes on until 420."""


def test_what_one_taking_did_to_the_first_outage_is_not_said_of_the_second() -> None:
    """The second restart, left out alone, changes nothing: the errors end all the same. Only the first outage was over sooner."""
    (when,) = later_times(TWICE)
    assert when == Later(1, "restart core", 180 * SECOND)
    found = counterfactuals(TWICE, ON, {"restart core": ON}, run(), {when: run(outage(120, 180), outage(240, 310))})
    assert [o.ended_by for o in found.outages] == [["restart core"], []]
    assert [o.unaided for o in found.outages] == [False, False]
    assert [o.only_with for o in found.outages] == [[], []]
    assert found.runs == 5


@pytest.mark.parametrize(
    ("end", "ended_by", "prolonged_by"), [(370, ["restart core"], []), (369, [], []), (251, [], []), (250, [], ["restart core"])]
)
def test_what_the_second_taking_did_is_said_of_the_second_outage(end: int, ended_by: list[str], prolonged_by: list[str]) -> None:
    """Left out alone, the outage lasts a minute longer, or is over a minute sooner."""
    (when,) = later_times(TWICE)
    other = run(outage(120, 180), outage(240, end))
    found = counterfactuals(TWICE, ON, {"restart core": ON}, run(), {when: other}).outages[1]
    assert (found.ended_by, found.prolonged_by) == (ended_by, prolonged_by)


def test_an_outage_that_any_taking_makes_is_not_there_without_it() -> None:
    """By the second alone, and by the first though the second, left out alone, changes nothing."""
    (when,) = later_times(TWICE)
    first_only, both = run(outage(120, 180)), run(outage(120, 180), outage(240, 300))
    assert counterfactuals(TWICE, ON, {"restart core": ON}, run(), {when: first_only}).outages[1].only_with == ["restart core"]
    assert counterfactuals(TWICE, ON, {"restart core": first_only}, run(), {when: both}).outages[1].only_with == ["restart core"]


def test_a_run_still_in_an_outage_of_before_says_nothing_of_a_later_one() -> None:
    """One restart, in the first outage. That the first would have gone on beyond the second did not shorten the second."""
    once = run(outage(120, 180), outage(240, 300), actions=(taken(139, 179),))
    assert later_times(once) == []
    found = counterfactuals(once, ON, {"restart core": ON}, run()).outages
    assert [(o.ended_by, o.prolonged_by, o.only_with, o.acting) for o in found] == [
        (["restart core"], [], [], False),
        ([], [], [], False),
    ]
    ends = run(outage(120, 180), outage(180, 400))
    assert counterfactuals(once, ends, {"restart core": ends}, run()).outages[1].ended_by == ["restart core"]


@pytest.mark.parametrize(
    ("second", "counts"),
    [
        (taken(259, 299), True),
        (taken(259, None, "under_way"), True),
        (taken(181, 190), True),
        (taken(181, 190, "called_off"), False),
        (taken(170, 180), False),
        (taken(170, 181), True),
        (taken(300, 340), False),
        (taken(299, 340), True),
    ],
)
def test_only_what_was_under_way_since_the_outage_before_is_tried_alone(second: ActionTaken, counts: bool) -> None:
    """From the end of the first outage, 180, to that of the second, 300; what was called off needs no run."""
    seen = run(outage(120, 180), outage(240, 300), actions=(taken(139, 179), second))
    assert bool(later_times(seen)) is counts


def test_an_action_that_helped_once_and_hurt_once_did_both() -> None:
    """The first restart saves 240 s, the second costs 70: together 170 s less, and yet one of them hurt. Each is told."""
    (when,) = later_times(TWICE)
    both, rest = run(outage(120, 420)), run(outage(120, 180))
    (found,) = counterfactuals(TWICE, both, {"restart core": both}, run(), {when: rest}).actions
    assert (found.effect, found.difference.impaired_s) == ("mixed", -170.0)
    assert [(part.since_ns, part.effect, part.difference.impaired_s) for part in found.again] == [(180 * SECOND, "hurt", 70.0)]
    (line,) = again_texts(found)
    assert line.en == "of that from 00:03:00 on ▼ hurt: +70 s impaired"
    (same,) = counterfactuals(TWICE, both, {"restart core": both}, run(), {when: TWICE}).actions
    assert (same.effect, same.again[0].effect) == ("helped", "no_difference")
