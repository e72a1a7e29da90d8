"""How the kernel is compiled: once, as a whole.

Numba compiles, optimises and emits every function on its own and again inside each of its callers, which for a deep kernel takes
minutes. Here an `inner` function is only lowered to LLVM's language; the optimiser sees it once, inside the `entry` that Python calls.
Entries are kept on disk under a digest of the kernel's sources and of the compiler's version, so that no stale code runs.
With NUMBA_DISABLE_JIT=1 both are the plain Python functions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import njit
from numba.core.compiler import CompilerBase, DefaultPassBuilder, _LowerResult
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


@register_pass(mutates_CFG=True, analysis_only=False)
class _InnerLowering(NativeLowering):  # type: ignore[misc]
    """Lowering without optimisation and machine code: both come with the entry the function is linked into."""

    _name = "inner_lowering"

    def run_pass(self, state: Any) -> bool:
        state.library = state.targetctx.codegen().create_library(state.func_id.func_qualname)
        state.library.enable_object_caching()
        state.library._optimize_final_module = lambda: None
        for flag in ("no_cpython_wrapper", "no_cfunc_wrapper", "no_compile"):
            setattr(state.flags, flag, True)
        super().run_pass(state)
        lowered = state["cr"]

        stand_in = object().__reduce_ex__  # a builtin of its own for Numba to know the function by; called from Python it raises TypeError
        state.targetctx.insert_user_function(stand_in, lowered.fndesc, [state.library])
        state["cr"] = _LowerResult(lowered.fndesc, lowered.call_helper, cfunc=stand_in, env=lowered.env)
        return True


class _InnerCompiler(CompilerBase):  # type: ignore[misc]
    def define_pipelines(self) -> list[Any]:
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        position = next(i for i, (p, _) in enumerate(pipeline.passes) if issubclass(p, NativeLowering))
        pipeline.passes[position] = (_InnerLowering, pipeline.passes[position][1])
        pipeline._finalized = False
        pipeline.finalize()
        return [pipeline]


def _cache_folder() -> str:
    """The folder of compiled entries: NUMBA_CACHE_DIR, or the user's cache, then a digest of what the code depends on."""
    digest = hashlib.blake2b(f"{numba.__version__} {np.__version__}".encode(), digest_size=8)
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    from numba.misc.appdirs import AppDirs

    base = Path(numba.config.CACHE_DIR or Path(AppDirs("coredrill", appauthor=False).user_cache_dir))
    return str(base / f"coredrill-kernel-{digest.hexdigest()}")


CACHE_FOLDER = _cache_folder()
Decorator = Callable[[Callable[..., Any]], Any]


def entry(function: Callable[..., Any]) -> Any:
    """Decorator of what Python calls: compiled with everything it uses when first called, then kept on disk."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = CACHE_FOLDER
    try:
        return njit(cache=True, no_cfunc_wrapper=True)(function)
    finally:
        numba.config.CACHE_DIR = before


inner: Decorator = njit(pipeline_class=_InnerCompiler)
