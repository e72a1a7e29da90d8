"""Numbers of the structure that may only get better. Each bound is what the packages have now: who improves one lowers it here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from source_counts import documentation, skips, types
from source_tree import ROOT, Module, product


class Ratchet(NamedTuple):
    """A number that is counted, its bound, and what is wanted. `slack`: so much better before the bound must follow."""

    says: str
    count: Callable[[tuple[Module, ...], Path], float]
    bound: float
    goal: float
    slack: float = 0.0

    def misfit(self, found: float) -> str | None:
        """What is wrong with a number; None if it is at the bound, or as much better as the slack allows."""
        if found > self.bound:
            return f"{self.says}: {found:g}, at most {self.bound:g}"
        if found < max(self.bound - self.slack, 0) and self.bound > self.goal:
            return f"{self.says}: {found:g}; lower the bound of {self.bound:g}"
        return None


RATCHETS = [
    Ratchet(
        "the word Any in simcore and chaos without the kernel",
        lambda found, _: types(found)["Any_words"]["without_kernel"],
        bound=150,
        goal=150,
    ),
    Ratchet(
        "percent of chaos' module functions that return a dict or a bare tuple",
        lambda found, _: types(found)["returns_dict_or_tuple"]["module_functions"]["percent"],
        bound=5,
        goal=5,
    ),
    Ratchet(
        "percent of all functions of chaos that return a dict or a bare tuple",
        lambda found, _: types(found)["returns_dict_or_tuple"]["all"]["percent"],
        bound=5,
        goal=5,
    ),
    Ratchet(
        "percent of public functions, classes and methods without a docstring",
        lambda found, _: 100 - documentation(found)["with_methods"]["percent"],
        bound=10,
        goal=10,
    ),
    Ratchet("`# fmt: skip`", lambda found, tree: skips(tree, found)["in_all"], bound=60, goal=60),
]


@pytest.mark.parametrize("ratchet", RATCHETS, ids=lambda ratchet: ratchet.says)
def test_it_gets_no_worse(ratchet: Ratchet) -> None:
    """The number is within its bound, and the bound is not loose."""
    assert ratchet.misfit(ratchet.count(product(), ROOT)) is None


def test_a_ratchet_only_tightens() -> None:
    """Worse than the bound is caught, and so is a bound that lags behind, until the goal is reached."""
    ratchet = Ratchet("x", lambda _, __: 0, bound=10, goal=5, slack=1)
    assert [ratchet.misfit(n) is None for n in (11, 10, 9, 8)] == [False, True, True, False]
    assert Ratchet("x", lambda _, __: 0, bound=5, goal=5).misfit(0) is None


WORSE = """
from typing import Any
Alias = dict[str, int]
class Named(TypedDict):
    '''A mapping all the same.'''
class Tupled(NamedTuple): ...
def a(x: Any) -> Alias: ...
def b() -> tuple[int, str]: ...
def c() -> Named: ...
def d() -> "dict[str, Any]": ...
def e() -> tuple[int, ...]: ...
def f() -> list[dict[str, int]]: ...
def g() -> Tupled: ...
"""


def test_what_is_counted() -> None:
    """Aliases, quoted annotations and TypedDicts are dicts; sequences of one kind, lists and NamedTuples are not."""
    modules = (Module("chaos/a.py", WORSE),)
    assert types(modules)["returns_dict_or_tuple"]["module_functions"]["found"] == 4
    assert types(modules)["Any_words"]["without_kernel"] == 3
    assert documentation(modules)["with_methods"] == {"of": 9, "found": 1, "percent": 11.1}
