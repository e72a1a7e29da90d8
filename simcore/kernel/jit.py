"""How the kernel is compiled: decorators for what Python calls (`entry`) and for what only compiled code calls (`inner`).

Plain Numba takes a minute or two for a kernel as deep as this one. With the versions in `TRIED_WITH` its private parts
(numba_internals.py) do it in a third of that; with any other the kernel is compiled by `numba.njit` alone, to the same journals.
Entries are kept on disk under a digest of the kernel's sources and of the compiler's version, so that no stale code runs.
With NUMBA_DISABLE_JIT=1 all are the plain Python functions, and Numba is not even imported: a process that has few of them to call
starts sooner and is smaller.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

TRIED_WITH = ("0.68.0", "0.68.1")
"""The versions of Numba whose private parts are as numba_internals.py takes them to be: the tests have passed with each."""

JIT = os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")
if JIT:
    import numba

VERSION = numba.__version__ if JIT else ""
IS_TRIED = VERSION in TRIED_WITH
NOTICE = (
    None
    if IS_TRIED or not JIT
    else f"numba {VERSION} is none of the versions that the fast way to compile was tried with ({', '.join(TRIED_WITH)}): "
    "the kernel is compiled the plain way, which takes about three times as long and gives the same results"
)
"""What a user should know when the kernel is compiled; None if there is nothing."""

if IS_TRIED:
    from simcore.kernel import numba_internals

_config: Any = numba.config if JIT else None  # its attributes are made at run time


def _user_cache() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "coredrill"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "coredrill"


def _cache_folder() -> str:
    """The folder of compiled entries: NUMBA_CACHE_DIR, or the user's cache, then a digest of what the code depends on."""
    digest = hashlib.blake2b(f"{VERSION} {np.__version__}".encode(), digest_size=8)
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return str(Path((_config and _config.CACHE_DIR) or _user_cache()) / f"coredrill-kernel-{digest.hexdigest()}")


CACHE_FOLDER = _cache_folder()
_njit: Any = numba.njit if JIT else None  # its private options are not in Numba's type stubs
Decorator = Callable[[Callable[..., Any]], Any]


def entry(function: Callable[..., Any], *, allocates: bool = False, kept: bool = True) -> Any:
    """Decorator of what Python calls: compiled with everything it uses when first called, then kept on disk.

    What tests make up is not kept (`kept=False`). Those that make arrays must say so (`allocates`).
    """
    if not JIT:
        return function
    before = _config.CACHE_DIR
    _config.CACHE_DIR = CACHE_FOLDER
    try:
        return _njit(cache=kept, **numba_internals.entry_options(allocates=allocates) if IS_TRIED else {})(function)
    finally:
        _config.CACHE_DIR = before


def inner(function: Callable[..., Any], *, inlined: bool = False) -> Any:
    """Decorator of what only compiled code calls. `inlined`: it must be put in place of its calls, for speed."""
    if not JIT:
        return function
    if not IS_TRIED:
        return _njit(function)
    compiled = _njit(**numba_internals.inner_options(inlined=inlined))(function)
    numba_internals.merge_literals(compiled)
    return compiled


entry_that_allocates: Decorator = partial(entry, allocates=True)
inner_inlined: Decorator = partial(inner, inlined=True)
