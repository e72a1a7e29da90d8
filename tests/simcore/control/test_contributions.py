"""How contributions to a knob are put together, and what people who turn it end."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from simcore.control.knobs import (
    Grey,
    Knob,
    Rate,
    Rule,
    Taken,
    Without,
    all_take,
    either,
    latest,
    nested,
    product,
    rates,
    smallest,
    total,
    union,
)

CASES: list[tuple[Rule[Any], Any, Sequence[Any], Any]] = [
    (product, 1.0, [], 1.0),
    (product, 1.0, [500.0], 500.0),
    (product, 1.0, [3.0, 0.5, 2.0], 3.0),
    (product, 0.5, [3.0], 1.5),
    (rates, Rate(1.0), [], Rate(1.0)),
    (rates, Rate(1.0), [Rate.of(2.0, "a")], Rate(2.0, (Without("a", 1.0),))),
    (rates, Rate(1.0), [Rate.of(0.5, "a")], Rate(0.5, (Without("a", 1.0),))),
    (rates, Rate(3.0), [Rate.of(2.0, "a"), Rate.of(0.5, "b")], Rate(3.0, (Without("a", 1.5), Without("b", 6.0)))),
    (rates, Rate(1.0), [Rate.of(2.0, "a"), Rate.of(1.0, "b")], Rate(2.0, (Without("a", 1.0),))),
    (rates, Rate(1.0), [Rate.of(2.0, "a"), Rate.of(0.0, "b")], Rate(0.0, (Without("b", 2.0),))),
    (total, 0.01, [], 0.01),
    (total, 0.01, [0.99], 1.0),
    (total, 0, [7, 5], 12),
    (union, 0, [], 0),
    (union, 0, [0, 1], 1),
    (union, 1, [], 1),
    (either, 0.0, [], 0.0),
    (either, 0.0, [0.3], 0.3),
    (either, 0.0, [0.5, 0.5], 0.75),
    (either, 0.5, [0.5, 0.5], 0.875),
    (either, 0.2, [1.0], 1.0),
    (smallest, 16, [], 16),
    (smallest, 16, [4, 9], 4),
    (smallest, 2, [4, 9], 2),
    (nested, (), [(Grey(0.3, 5.0),), (Grey(0.9, 2.0),)], (Grey(0.9, 2.0), Grey(0.3, 5.0))),
    (nested, (), [(Grey(0.3, 5.0),), (Grey(1.0, 1.0),), (Grey(0.0, 9.0),)], (Grey(0.3, 5.0),)),
    (all_take, Taken(True, True), [Taken(True, False), Taken(False, True, False)], Taken(False, False, False)),
    (all_take, Taken(False, False), [Taken(False, False, False)], Taken(False, False, True)),
]


@pytest.mark.parametrize(("rule", "setting", "contributions", "value"), CASES)
def test_a_rule_gives_one_value_in_any_order(rule: Rule[Any], setting: Any, contributions: Sequence[Any], value: Any) -> None:
    """The value is exact, and the same whatever the order in which contributors came."""
    assert {rule(setting, list(order)) for order in permutations(contributions)} == {value}


def test_the_last_of_several_decides_until_it_ends() -> None:
    """Where alarms go has no sum: the last to misroute them decides, then the one before."""
    knob = Knob(latest, "own", lambda _: None)
    knob.contribute("a", "first")
    knob.contribute("b", "second")
    assert knob.value == "second"
    knob.release("b")
    assert knob.value == "first"
    knob.release("a")
    assert knob.value == "own"


def test_each_takes_back_its_own_alone() -> None:
    """Abutting, overlapping, nested: whoever ends, the others stay; the knob is turned only when its value changes."""
    turned: list[float] = []
    knob = Knob(product, 1.0, turned.append)
    knob.contribute("warm", 2.0)
    knob.contribute("hot", 500.0)
    knob.release("warm")
    knob.release("warm")
    knob.contribute("idle", 1.0)
    knob.release("idle")
    knob.release("hot")
    assert turned == [2.0, 1000.0, 500.0, 1.0]


def test_what_people_do_ends_what_is_not_firm() -> None:
    """A restart ends crashes, whoever made them; what holds the machine down itself it does not."""
    turned: list[int] = []
    knob = Knob(union, 0, turned.append)
    knob.contribute("crash", 1, firm=False)
    knob.contribute("no power", 1)
    knob.set(0)
    assert (knob.value, knob.holds("crash"), knob.holds("no power")) == (1, False, True)
    knob.release("no power")
    assert turned == [1, 0]


def test_a_setting_of_people_holds_on_when_a_fault_ends() -> None:
    """Nine slots by an operator, four left by a fault: four, and nine when it is over, not the sixteen of the file."""
    knob = Knob(smallest, 16, lambda _: None)
    knob.contribute("loss", 4)
    knob.set(9)
    assert knob.value == 4
    knob.release("loss")
    assert knob.value == 9


def test_a_contribution_that_changes_nothing_is_known_as_such() -> None:
    """A factor of one, a cut of what is cut already, and what leaves more than another does."""
    slow, cut, slots = Knob(product, 1.0, lambda _: None), Knob(union, 0, lambda _: None), Knob(smallest, 16, lambda _: None)
    slow.contribute("a", 1.0)
    cut.contribute("a", 1)
    slots.contribute("a", 4)
    assert [knob.differs("a") for knob in (slow, cut, slots)] == [False, True, True]
    cut.contribute("b", 1)
    slots.contribute("b", 9)
    assert (cut.differs("a"), cut.differs("b"), slots.differs("a"), slots.differs("b")) == (False, False, True, False)


@pytest.mark.parametrize(
    ("turns", "acts"),
    [
        ([(0, "a", 2.0), (0, "b", 0.5)], {"a": False, "b": False}),
        ([(0, "a", 2.0), (5, "b", 0.5)], {"a": True, "b": True}),
        ([(0, "a", 2.0), (5, "b", 0.25)], {"a": True, "b": True}),
        ([(0, "a", 2.0), (5, "a", None), (7, "a", 4.0), (7, "b", 0.25)], {"a": False, "b": False}),
        ([(0, "a", 2.0), (0, "b", 0.5), (3, "b", None)], {"a": True, "b": False}),
    ],
)
def test_who_cancel_each_other_out_act_once_the_knob_has_moved_for_some_of_them(
    turns: list[tuple[int, str, float | None]], acts: dict[str, bool]
) -> None:
    """At one instant nothing has moved yet; a knob to which nobody contributes any more has forgotten it."""
    clock = [0]
    knob = Knob(product, 1.0, lambda _: None, now=lambda: clock[0])
    for at, by, factor in turns:
        clock[0] = at
        if factor is None:
            knob.release(by)
        else:
            knob.contribute(by, factor)
    clock[0] += 1
    assert {by: knob.differs(by) for by in acts} == acts
