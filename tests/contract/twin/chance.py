"""Chance, as the page defines it: hashes of names, draws of keys, samples of distributions."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Any

from simcore.model.distributions import Distribution

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
Z_99 = 2.3263478740408408


def mix(x: int) -> int:
    """The finaliser of SplitMix64."""
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def combine(h: int, v: int) -> int:
    """Hash of a hash and a number; both are taken modulo 2^64."""
    h, v = h & MASK, v & MASK
    return mix(((h ^ (v * GOLDEN & MASK)) + 0x632BE59BD9B4E019) & MASK)


def name(text: str) -> int:
    """Hash of a name."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def draw(key: int, j: int = 0) -> float:
    """Draw j of a key: uniform in (0, 1)."""
    bits = key & MASK if j == 0 else mix(key + j * GOLDEN & MASK)
    return ((bits >> 11) + 0.5) * 2.0**-53


def rounded(duration_ns: float) -> int:
    """Nearest nanosecond, halves up."""
    return math.floor(duration_ns + 0.5)


def running_share(weights: Iterable[float], u: float) -> int:
    """Index of the first weight whose running share exceeds u."""
    weights = list(weights)
    total, running = sum(weights), 0.0
    for index, weight in enumerate(weights):
        running += weight
        if u < running / total:
            return index
    return len(weights) - 1


def inverse_normal(p: float) -> float:
    """P. J. Acklam's rational approximation of the normal quantile, without refinement; relative error below 1.15e-9."""
    a = -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.3577518672690, -30.66479806614716, 2.506628277459239
    b = -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1.0
    c = -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783
    d = 0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0

    def polynomial(coefficients: tuple[float, ...], x: float) -> float:
        value = 0.0
        for coefficient in coefficients:
            value = value * x + coefficient
        return value

    if p < 0.02425:
        q = math.sqrt(-2.0 * math.log(p))
        return polynomial(c, q) / polynomial(d, q)
    if p > 1.0 - 0.02425:
        q = math.sqrt(-2.0 * math.log(1.0 - p))
        return -polynomial(c, q) / polynomial(d, q)
    q = p - 0.5
    return q * polynomial(a, q * q) / polynomial(b, q * q)


def sample(distribution: Distribution, key: int) -> int:
    """A duration (ns) of the distribution by the draws of the key."""
    value: Any = getattr(distribution, distribution.kind)
    match distribution.kind:
        case "constant":
            return int(value)
        case "exponential":
            return rounded(-value * math.log(draw(key)))
        case "uniform":
            return rounded(value[0] + (value[1] - value[0]) * draw(key))
        case "erlang":
            return rounded(-(value.mean / value.stages) * sum(math.log(draw(key, j)) for j in range(value.stages)))
        case "hyperexponential":
            p, first, second = value.phases()
            return rounded(-(first if draw(key) < p else second) * math.log(draw(key, 1)))
        case "lognormal":
            if value.median is not None:
                mu, sigma = math.log(value.median), math.log(value.p99 / value.median) / Z_99
            else:
                sigma = math.sqrt(math.log(1.0 + value.scv))
                mu = math.log(value.mean) - sigma * sigma / 2.0
            return rounded(math.exp(mu + sigma * inverse_normal(draw(key))))
        case "empirical":
            return int(value.values[running_share(value.weights or [1.0] * len(value.values), draw(key))])
    raise ValueError(f"the twin has no sampler for {distribution.kind}")


def alias_table(weights: list[float]) -> tuple[list[float], list[int]]:
    """Vose's thresholds and aliases (M. D. Vose, IEEE Trans. Softw. Eng. 17, 1991)."""
    n, total = len(weights), sum(weights)
    share = [w * n / total for w in weights]
    threshold, alias = [1.0] * n, list(range(n))
    small, large = [i for i in range(n) if share[i] < 1.0], [i for i in range(n) if share[i] >= 1.0]
    while small and large:
        less, more = small.pop(), large.pop()
        threshold[less], alias[less] = share[less], more
        share[more] = share[more] + share[less] - 1.0
        (small if share[more] < 1.0 else large).append(more)
    return threshold, alias
