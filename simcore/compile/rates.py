"""Who acts how much."""

from __future__ import annotations

import functools

import numpy as np

from simcore.compile.arena import Floats
from simcore.kernel import random


@functools.lru_cache(maxsize=4)
def activity_table(count: int, exponent: float) -> Floats:
    """The alias table of so many customers, number i of whom acts in proportion to (i + 1) ** -exponent; float64 [2 * count]."""
    table = np.empty(2 * count)
    if exponent == 0.0:
        table[0::2], table[1::2] = 1.0, np.arange(count)
    else:
        random.alias_table(np.arange(1, count + 1, dtype=float) ** -exponent, table)
    table.flags.writeable = False
    return table
