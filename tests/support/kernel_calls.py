"""Ways in from Python for the kernel's inner functions, which only compiled code can call. On the path of every test."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from simcore.kernel.jit import entry


@cache
def callable_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, to be called as it is written; compiled once a process."""

    def call(*args):  # type: ignore[no-untyped-def]
        return function(*args)

    return entry(call, allocates=True, kept=False)  # type: ignore[no-any-return]
