"""The arrays that a plan is made of, while it is made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Generic, SupportsInt, TypeVar

import numpy as np
from numpy.typing import NDArray

from simcore.kernel import random
from simcore.model.distributions import Z99, Distribution

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)

_WORDS_AT_FIRST = 1 << 19  # what is not written yet takes no memory, and an array that grows is copied


def wrap(number: int) -> np.int64:
    """An unsigned 64-bit number as the int64 with the same bits."""
    return np.int64(number - (1 << 64) if number >= 1 << 63 else number)


class Arena(Generic[Number]):
    """A one-dimensional array of int64 or float64 into which the compiler writes records one after another; it grows as needed.

    A handle is the index of a record's first word. The words below `reserved` are there from the beginning, for a header.
    """

    def __init__(self, dtype: type[Number], reserved: int) -> None:
        self.array: NDArray[Number] = np.zeros(max(_WORDS_AT_FIRST, reserved), dtype)
        self.used = reserved

    def take(self, count: SupportsInt) -> int:
        """`count` words, zeroed; returns the index of the first."""
        at, self.used = self.used, self.used + int(count)
        if self.used > len(self.array):
            grown: NDArray[Number] = np.zeros(2 * self.used, self.array.dtype)
            grown[:at] = self.array[:at]
            self.array = grown
        return at

    def put(self, values: Sequence[float] | Ints | Floats) -> int:
        """Stores values one after the other; returns the index of the first."""
        at = self.take(len(values))
        self.array[at : at + len(values)] = values
        return at

    def frozen(self) -> NDArray[Number]:
        """The part of the array that is in use, as a view; the array is read-only from now on."""
        words = self.array[: self.used]
        self.array.flags.writeable = words.flags.writeable = False
        return words


def distribution_record(d: Distribution) -> list[float]:
    """The words of a distribution in the float arena: family, then its parameters in ns (kernel/random.py reads them)."""
    if d.constant is not None:
        return [random.CONSTANT, d.constant, 0, 0]
    if d.exponential is not None:
        return [random.EXPONENTIAL, d.exponential, 0, 0]
    if d.lognormal is not None:
        n = d.lognormal
        if n.median is not None and n.p99 is not None:
            return [random.LOGNORMAL, math.log(n.median), math.log(n.p99 / n.median) / Z99, 0]
        assert n.mean is not None and n.scv is not None
        return [random.LOGNORMAL, math.log(n.mean) - math.log(1 + n.scv) / 2, math.sqrt(math.log(1 + n.scv)), 0]
    if d.gamma is not None:
        return [random.GAMMA, d.gamma.mean, d.gamma.shape, 0]
    if d.erlang is not None:
        return [random.ERLANG, d.erlang.mean, d.erlang.stages, 0]
    if d.hyperexponential is not None:
        return [random.HYPEREXPONENTIAL, *d.hyperexponential.phases()]
    if d.uniform is not None:
        return [random.UNIFORM, *d.uniform, 0]
    assert d.empirical is not None
    weights = d.empirical.weights or [1.0] * len(d.empirical.values)
    shares = np.cumsum(weights) / np.sum(weights)
    pairs = [x for pair in zip(shares, d.empirical.values, strict=True) for x in pair]
    return [random.EMPIRICAL, len(weights), *pairs]
