"""What a search over pairs of defects found, as part of a coverage result."""

from __future__ import annotations

from chaos.results.summaries import Interval
from simcore.base.model import ResultModel


class PairEffect(ResultModel):
    """Two defects that in a window cost more harmed orders `together` than the sum of what each costs `alone` (means over seeds, in the
    order of `defects`): `beyond` the sum on average, and with the seed where it is least. `shared` is what both reach; `killed` whether
    the suite kills the pair where it is run, None where it was not run on it."""

    defects: list[str]
    shared: list[str]
    window: str
    alone: list[float]
    together: float
    beyond: float
    beyond_least: float
    seeds: int
    killed: bool | None = None


class CoupledShare(ResultModel):
    """Of the pairs that a suite was run on it killed so many; `pairs` are these. `interval` is that of the share at 95 %, which is None
    where no pair was tried; pairs are tried in the order of the search, so that it is one of the closest pairs, not of all `of` pairs."""

    of: int
    tried: int
    killed: int
    share: float | None
    interval: Interval
    pairs: list[list[str]]


class PairsResult(ResultModel):
    """A budgeted search over `pairs` of survivors, of which `sharing` reach the same resource: `tried` in production in `windows` with
    `seeds` seeds, `refused` because both cannot be planted at once; those that are `super_additive`: by more than `margin` of the window's
    orders, with every seed. The coupling effect: the share killed of pairs of which one member alone is killed, and of pairs of survivors."""

    pairs: int
    sharing: int
    tried: int
    refused: int
    windows: list[str]
    seeds: int
    margin: float
    super_additive: list[PairEffect]
    one_killed: CoupledShare
    none_killed: CoupledShare
    runs: int
