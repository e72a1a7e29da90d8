"""A switchboard without a data plane."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from simcore.control.switches import Switchboard


class Recorder:
    """A switchboard that writes down what is set. Every tenth customer is logged in."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.set: list[tuple[Any, ...]] = []

    @property
    def now(self) -> int:
        """The present instant, ns."""
        return self._now()

    def logged_in(self) -> Any:
        """Customers 0, 10, 20 and so on."""
        return np.arange(0, 1000, 10)

    def __getattr__(self, name: str) -> Any:
        if name not in vars(Switchboard):
            raise AttributeError(name)
        return partial(self._called, name)

    def _called(self, name: str, *arguments: Any, **named: Any) -> None:
        self.set.append((name, *arguments, *named.values()))
