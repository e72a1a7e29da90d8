"""Counter-based chance: every draw is a hash of who asks for what, never of what was drawn before.

Keys are uint64, arithmetic wraps. Only logarithm, exponential and square root are used, on scalars, so that the
compiled kernel and plain Python agree to the last bit. docs/semantics.md says which key belongs to which draw.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

from simcore.kernel.jit import entry, inner

U = np.uint64
Floats = np.ndarray[Any, np.dtype[np.float64]]

_S30, _S27, _S31, _S11 = U(30), U(27), U(31), U(11)
_M1, _M2 = U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
GOLDEN = U(0x9E3779B97F4A7C15)
_C = U(0x632BE59BD9B4E019)
_M1_INT, _M2_INT, _GOLDEN_INT, _C_INT, _MASK = int(_M1), int(_M2), int(GOLDEN), int(_C), (1 << 64) - 1  # for Python's ints
_TWO_M53 = 2.0**-53

# Families of distributions: word 0 of a distribution record in the float arena.
CONSTANT, EXPONENTIAL, LOGNORMAL, GAMMA, ERLANG, HYPEREXPONENTIAL, UNIFORM, EMPIRICAL = range(8)


def name_hash(name: str) -> int:
    """The 64-bit number of a name: BLAKE2b, 8 bytes, little endian (as an unsigned Python int)."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def mix_int(x: int) -> int:
    """`mix` for Python's ints."""
    x = ((x ^ (x >> 30)) * _M1_INT) & _MASK
    x = ((x ^ (x >> 27)) * _M2_INT) & _MASK
    return x ^ (x >> 31)


def combine_int(h: int, v: int) -> int:
    """`combine` for Python's ints."""
    return mix_int(((h ^ (v * _GOLDEN_INT)) + _C_INT) & _MASK)


@inner
def mix(x):
    """SplitMix64's finaliser (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014)."""
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


@inner
def combine(h, v):
    """A new key from a key and a number, both uint64."""
    return mix((h ^ (v * GOLDEN)) + _C)


@inner
def uniform(key):
    """A float64 in (0, 1) from the upper 53 bits of a key."""
    return (np.float64(key >> _S11) + 0.5) * _TWO_M53


@inner
def draw(key, j):
    """The j-th (uint64) uniform of a key; number 0 is `uniform(key)` itself."""
    if j == U(0):
        return uniform(key)
    return uniform(mix(key + j * GOLDEN))


@inner
def normal(u):
    """Standard normal quantile of u: P. J. Acklam's rational approximation, relative error below 1.15e-9."""
    if u < 0.02425 or u > 0.97575:
        q = math.sqrt(-2.0 * math.log(u if u < 0.5 else 1.0 - u))
        z = (
            (
                (((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e00) * q - 2.549732539343734e00) * q
                + 4.374664141464968e00
            )
            * q
            + 2.938163982698783e00
        ) / (
            (((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e00) * q + 3.754408661907416e00) * q
            + 1.0
        )
        return z if u < 0.5 else -z
    q = u - 0.5
    r = q * q
    return (
        (
            (
                (((-3.969683028665376e01 * r + 2.209460984245205e02) * r - 2.759285104469687e02) * r + 1.383577518672690e02) * r
                - 3.066479806614716e01
            )
            * r
            + 2.506628277459239e00
        )
        * q
        / (
            (
                (((-5.447609879822406e01 * r + 1.615858368580409e02) * r - 1.556989798598866e02) * r + 6.680131188771972e01) * r
                - 1.328068155288572e01
            )
            * r
            + 1.0
        )
    )


@inner
def gamma(shape, key):
    """Gamma variate of mean `shape`, scale 1: Marsaglia and Tsang, ACM TOMS 26 (2000) 363.

    Try i uses draws 2i and 2i+1; below shape 1 it is boosted with draw 32767.
    """
    boost = 1.0
    if shape < 1.0:
        boost = math.exp(math.log(draw(key, U(32767))) / shape)
        shape = shape + 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    i = U(0)
    while True:
        z = normal(draw(key, i))
        v = 1.0 + c * z
        v = v * v * v
        if v > 0.0:
            log_u = math.log(draw(key, i + U(1)))
            if log_u < 0.5 * z * z + d - d * v + d * math.log(v):
                return d * v * boost
        i += U(2)


@inner
def sample_float(f, at, key):
    """One value, float ns, of the distribution whose record is at `at` (uint64) of the float arena `f`."""
    family = int(f[at])
    a, b, c = f[at + U(1)], f[at + U(2)], f[at + U(3)]
    if family == EXPONENTIAL:
        return -a * math.log(uniform(key))
    if family == CONSTANT:
        return a
    if family == LOGNORMAL:
        return math.exp(a + b * normal(uniform(key)))
    if family == HYPEREXPONENTIAL:
        return -(b if uniform(key) < a else c) * math.log(draw(key, U(1)))
    if family == UNIFORM:
        return a + (b - a) * uniform(key)
    if family == ERLANG:
        total = 0.0
        for j in range(int(b)):
            total += math.log(draw(key, U(j)))
        return -(a / b) * total
    if family == GAMMA:
        return (a / b) * gamma(b, key)
    u = uniform(key)
    i = U(0)
    last = U(int(a)) - U(1)
    while i < last and f[at + U(2) + i + i] <= u:
        i += U(1)
    return f[at + U(3) + i + i]


@inner
def sample(f, at, key):
    """One duration, int64 ns, rounded half up."""
    return np.int64(math.floor(sample_float(f, at, key) + 0.5))


def alias_table(weights: Floats, table: Floats) -> None:
    """Vose's alias method: fills `table` (threshold, alias alternating) from weights; small and large are stacks filled in
    ascending order, what is left over keeps threshold 1 (M. D. Vose, IEEE Trans. Softw. Eng. 17 (1991) 972)."""
    n = len(weights)
    scaled = weights * (n / np.cumsum(weights)[-1])  # added up one by one, so that every machine has the same sum
    table[0::2], table[1::2] = 1.0, np.arange(n)
    small = np.flatnonzero(scaled < 1.0)
    stack = np.concatenate([small, np.flatnonzero(scaled >= 1.0)])  # small ones from below, large ones from above
    _pair(scaled, stack, len(small), table)


@entry
def _pair(scaled, stack, small, table):
    large, top = small, len(stack) - 1  # the large stack is popped from the end it was filled to last
    while small > 0 and top >= large:
        s, g = U(stack[U(small - 1)]), U(stack[U(top)])
        small -= 1
        top -= 1
        table[s + s], table[s + s + U(1)] = scaled[s], float(g)
        scaled[g] = (scaled[g] + scaled[s]) - 1.0
        if scaled[g] < 1.0:
            stack[U(small)] = np.int64(g)
            small += 1
        else:
            top += 1
            stack[U(top)] = np.int64(g)


@entry
def sample_once(f, at, key):
    """`sample`, for Python to call."""
    return sample(f, at, key)
