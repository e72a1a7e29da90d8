"""Chance in plain Python: the same keys and the same draws as the simulator's kernel (docs/semantics.md), without NumPy or a compiler.

A node draws by who asks for what, as the kernel does, so that the same intent has the same work to do in both.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import lru_cache

MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_CONSTANT, _EXPONENTIAL, _LOGNORMAL, _GAMMA, _ERLANG, _HYPEREXPONENTIAL, _UNIFORM, _EMPIRICAL = range(8)


def mix(x: int) -> int:
    """The finaliser of SplitMix64, of a number below 2^64."""
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def combine(h: int, v: int) -> int:
    """A new key from a key and a number."""
    return mix(((h ^ v * _GOLDEN) + 0x632BE59BD9B4E019) & MASK)


@lru_cache(maxsize=4096)
def name(text: str) -> int:
    """The number of a name."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def draw(key: int, j: int = 0) -> float:
    """Draw number j of a key: uniform in (0, 1)."""
    bits = key & MASK if j == 0 else mix((key + j * _GOLDEN) & MASK)
    return ((bits >> 11) + 0.5) * 2.0**-53


def uniform(key: int, purpose: str, v: int = 0) -> float:
    """What is drawn for a purpose by whom the key stands for."""
    return draw(combine(key + name(purpose) & MASK, v))


def chosen(shares: Sequence[float], u: float) -> int:
    """Number of the first running share above u; the last, if none is."""
    return next((i for i, share in enumerate(shares[:-1]) if u < share), len(shares) - 1)


def normal(p: float) -> float:
    """Standard normal quantile: P. J. Acklam's rational approximation, relative error below 1.15e-9."""
    a = -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.3577518672690, -30.66479806614716, 2.506628277459239
    b = -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1.0
    c = -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783
    d = 0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0
    if 0.02425 <= p <= 0.97575:
        q = p - 0.5
        return q * _polynomial(a, q * q) / _polynomial(b, q * q)
    q = math.sqrt(-2.0 * math.log(min(p, 1.0 - p)))
    z = _polynomial(c, q) / _polynomial(d, q)
    return z if p < 0.5 else -z


def _polynomial(coefficients: Sequence[float], x: float) -> float:
    value = 0.0
    for coefficient in coefficients:
        value = value * x + coefficient
    return value


def _gamma(shape: float, key: int) -> float:
    """Marsaglia and Tsang, ACM TOMS 26 (2000) 363, with the draws that simcore.kernel.random takes."""
    boost = 1.0
    if shape < 1.0:
        boost = math.exp(math.log(draw(key, 32767)) / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    i = 0
    while True:
        z = normal(draw(key, i))
        v = (1.0 + c * z) ** 3
        if v > 0.0 and math.log(draw(key, i + 1)) < 0.5 * z * z + d - d * v + d * math.log(v):
            return d * v * boost
        i += 2


def sample(record: Sequence[float], key: int) -> int:
    """One duration, ns, of the distribution whose record simcore.compile.arena.distribution_record made."""
    return math.floor(_value(record, key) + 0.5)


def _value(record: Sequence[float], key: int) -> float:
    family, a, b, c = int(record[0]), record[1], record[2], record[3]
    if family == _CONSTANT:
        return a
    if family == _EXPONENTIAL:
        return -a * math.log(draw(key))
    if family == _LOGNORMAL:
        return math.exp(a + b * normal(draw(key)))
    if family == _HYPEREXPONENTIAL:
        return -(b if draw(key) < a else c) * math.log(draw(key, 1))
    if family == _UNIFORM:
        return a + (b - a) * draw(key)
    if family == _ERLANG:
        return -(a / b) * sum(math.log(draw(key, j)) for j in range(int(b)))
    if family == _GAMMA:
        return (a / b) * _gamma(b, key)
    return record[3 + 2 * chosen(record[2::2], draw(key))]


def scaled(record: Sequence[float], factor: float) -> list[float]:
    """The record of durations `factor` times as long."""
    family, rest = int(record[0]), list(record[1:])
    if family == _LOGNORMAL:
        rest[0] += math.log(factor)
    elif family == _EMPIRICAL:
        rest[2::2] = [value * factor for value in rest[2::2]]
    elif family == _HYPEREXPONENTIAL:
        rest[1:3] = [value * factor for value in rest[1:3]]
    elif family == _UNIFORM:
        rest[0:2] = [value * factor for value in rest[0:2]]
    else:
        rest[0] *= factor
    return [record[0], *rest]
