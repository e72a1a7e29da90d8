"""How what several do to one knob is put together: each holds a contribution of its own, and takes back its own alone.

A knob has a setting, which is the architecture's until people or the timetable turn it, and the contributions of those whose effect
lasts until they end it: steps of a scenario, permanent defects. A rule makes one value of them all, whatever the order they came in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar, get_args

V = TypeVar("V")
Rule = Callable[[V, Sequence[V]], V]
"""The value of a knob by its setting and what contributors add; the order of these must not matter unless the rule says so."""


def product(setting: float, contributions: Sequence[float]) -> float:
    """Factors multiply: three times as slow, twice over, is six times as slow."""
    return math.prod(sorted(contributions), start=setting)


def total(setting: float, contributions: Sequence[float]) -> float:
    """What is added adds up, kept to 12 decimals so that what was taken away leaves nothing behind."""
    return round(setting + sum(sorted(contributions)), 12) if contributions else setting


def union(setting: int, contributions: Sequence[int]) -> int:
    """Whatever stops something stops it, however many others do."""
    return int(bool(setting) or any(contributions))


Cut = Literal["none", "held", "reset", "lost"]
"""What becomes of what comes to a link that is cut, the worst last; "none": there is no cut."""


def worst(setting: Cut, contributions: Sequence[Cut]) -> Cut:
    """Of several cuts that which leaves least: what is lost is neither held nor reset."""
    return max((setting, *contributions), key=get_args(Cut).index)


def either(setting: float, contributions: Sequence[float]) -> float:
    """Shares hit independently of each other: 1 - ∏(1 - p)."""
    shares = sorted(share for share in (setting, *contributions) if share > 0.0)
    return (shares[0] if shares else 0.0) if len(shares) < 2 else 1.0 - math.prod(1.0 - share for share in shares)


def smallest(setting: float, contributions: Sequence[float]) -> float:
    """The narrowest place decides."""
    return min((setting, *contributions))


def latest(setting: V, contributions: Sequence[V]) -> V:
    """The last to begin decides, and when it ends the one before."""
    return contributions[-1] if contributions else setting


class Grey(NamedTuple):
    """A share of the requests whose work takes `factor` times as long."""

    share: float
    factor: float


def nested(setting: tuple[Grey, ...], contributions: Sequence[tuple[Grey, ...]]) -> tuple[Grey, ...]:
    """Grey failures hit the same requests: those of a smaller share suffer from the larger ones as well. The largest share first; what
    changes nothing is left out."""
    every = [grey for greys in (setting, *contributions) for grey in greys if grey.share > 0.0 and grey.factor != 1.0]
    return tuple(sorted(every, reverse=True))


class Without(NamedTuple):
    """What the factor on a rate would be without one of those who contribute to it."""

    by: str
    factor: float


class Rate(NamedTuple):
    """A factor on a flow's rate, and what it would be without each of those who contribute to it."""

    factor: float
    without: tuple[Without, ...] = ()

    @classmethod
    def of(cls, factor: float, by: str = "") -> Rate:
        """What one alone makes of it."""
        return cls(factor, (Without(by, 1.0),))

    @property
    def most(self) -> float:
        """The highest that it would be if one of them did not contribute."""
        return max((self.factor, *(without.factor for without in self.without)))


def rates(setting: Rate, contributions: Sequence[Rate]) -> Rate:
    """Factors multiply. Without a lull that lies within a surge there were more. Who makes no difference is left out."""
    by_name = sorted(contributions, key=lambda rate: rate.without)
    factors = [rate.factor for rate in by_name]
    made = product(setting.factor, factors)
    others = [product(setting.factor, factors[:i] + factors[i + 1 :]) for i in range(len(factors))]
    without = [Without(rate.without[0].by, other) for rate, other in zip(by_name, others, strict=True) if other != made]
    return Rate(made, tuple(without))


class Taken(NamedTuple):
    """What a market takes: orders, cancels, and orders recorded for later while it takes none."""

    orders: bool
    cancels: bool
    overnight: bool = True


def all_take(setting: Taken, contributions: Sequence[Taken]) -> Taken:
    """A market takes what everybody lets it take. Out of its own hours nobody's mistake shows."""
    every = (setting, *contributions)
    orders = all(taken.orders for taken in every)
    overnight = all(taken.overnight for taken in every) if setting.orders and not orders else setting.overnight
    return Taken(orders, all(taken.cancels for taken in every), overnight)


class Contribution(NamedTuple, Generic[V]):
    """What somebody adds to a knob. `firm`: people who turn the knob cannot end it."""

    value: V
    firm: bool


class Band(NamedTuple):
    """Draws, from `low` up to `high`, that come out otherwise for a contributor than they would without it."""

    by: str
    low: float
    high: float


def _itself(value: object) -> object:
    return value


class Added(NamedTuple, Generic[V]):
    """What a contributor adds to a knob."""

    by: str
    value: V


class Knob(Generic[V]):
    """One knob of one target. `turned` is called with the new value whenever it changes, `touched` whenever anybody has done anything
    to it; `now` says what time it is, ns, and `level` what of a value makes a difference to requests."""

    def __init__(
        self,
        rule: Rule[V],
        setting: V,
        turned: Callable[[V], None],
        touched: Callable[[], None] = lambda: None,
        now: Callable[[], int] = lambda: 0,
        level: Callable[[V], object] = _itself,
    ) -> None:
        self._rule, self._setting, self._turned, self._touched = rule, setting, turned, touched
        self._now, self._level, self._since, self._moved = now, level, 0, False
        self._contributions: dict[str, Contribution[V]] = {}
        self.value = self._made()

    def _made(self, without: str | None = None) -> V:
        values = [c.value for by, c in self._contributions.items() if by != without]
        return self._rule(self._setting, values)

    def _update(self) -> None:
        value, self.value, now = self.value, self._made(), self._now()
        if value != self.value:
            self._moved |= now > self._since and not self._neutral(value)
            self._since = now
            self._turned(self.value)
        self._moved &= bool(self._contributions)
        self._touched()

    def _neutral(self, value: V) -> bool:
        """Whether it is as if nobody contributed."""
        return self._level(value) == self._level(self._rule(self._setting, ()))

    def set(self, setting: V) -> None:
        """People, or the timetable, turn the knob: that is its setting from now on, and ends what is not firm."""
        self._setting = setting
        self.clear()

    def clear(self, *, but: str | None = None) -> None:
        """Ends the contributions that are not firm, but not that of one contributor."""
        self._contributions = {by: c for by, c in self._contributions.items() if c.firm or by == but}
        self._update()

    def contribute(self, by: str, value: V, *, firm: bool = True) -> None:
        """What this contributor adds from now on, in place of what it added before."""
        self._contributions[by] = Contribution(value, firm)
        self._update()

    def release(self, by: str) -> None:
        """Takes back what this contributor adds, if it does."""
        if self._contributions.pop(by, None) is not None:
            self._update()

    def holds(self, by: str) -> bool:
        """Whether the contributor adds anything, be it without effect."""
        return by in self._contributions

    def without(self, by: str) -> V:
        """Where the knob would stand without this contributor."""
        return self._made(without=by)

    def contributions(self) -> list[Added[V]]:
        """Who adds what."""
        return [Added(by, contribution.value) for by, contribution in self._contributions.items()]

    def differs(self, by: str) -> bool:
        """Whether the knob would stand elsewhere without this contributor. Those who cancel each other out do nothing, unless the knob has
        stood elsewhere before for some of them."""
        if by not in self._contributions or self._level(self._made(without=by)) == self._level(self.value):
            return False
        return self._moved or not self._neutral(self.value)
