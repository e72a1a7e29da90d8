"""The chance of the control plane: every draw is fixed by the run's seed, its purpose and a number, never by what was drawn before."""

from __future__ import annotations

import numpy as np

from simcore.compile.arena import Floats, Ints, distribution_record
from simcore.kernel import random
from simcore.model.distributions import Distribution


def uniforms(seed_key: int, purpose: str, numbers: Ints) -> Floats:
    """uniform(combine(seed_key ^ name(purpose), number)) for an array of numbers, float64."""
    key = np.uint64(seed_key ^ random.name_hash(purpose))
    with np.errstate(over="ignore"):
        x = (key ^ (numbers.astype(np.uint64) * random.GOLDEN)) + np.uint64(0x632BE59BD9B4E019)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    drawn: Floats = ((x >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53
    return drawn


class Chance:
    """The draws of one run, whose `seed_key` is that of its plan."""

    def __init__(self, seed_key: int) -> None:
        self._seed_key = seed_key
        self._purposes: dict[str, int] = {}
        self._distributions: dict[int, tuple[Distribution, Floats]] = {}  # by id, which is theirs alone as long as they are held

    def _key(self, purpose: str, n: int) -> int:
        if purpose not in self._purposes:
            self._purposes[purpose] = random.name_hash(f"control/{purpose}")
        return random.combine_int(self._seed_key ^ self._purposes[purpose], n % (1 << 64))

    def draw(self, purpose: str, n: int = 0) -> float:
        """A uniform random number in (0, 1)."""
        return (float(self._key(purpose, n) >> 11) + 0.5) * 2.0**-53

    def sample(self, distribution: Distribution, purpose: str, n: int = 0) -> int:
        """A random duration of the distribution, ns."""
        if id(distribution) not in self._distributions:
            self._distributions[id(distribution)] = distribution, np.array([*distribution_record(distribution), 0.0, 0.0])
        with np.errstate(over="ignore"):
            return int(
                random.sample_once(self._distributions[id(distribution)][1], np.uint64(0), np.uint64(self._key(purpose, n)))
            )
