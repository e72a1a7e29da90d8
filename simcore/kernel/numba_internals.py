"""How the kernel is compiled quickly: once, as a whole, by private parts of Numba. Import it for the versions that jit.py names alone.

Numba compiles, optimises and emits every function on its own and again inside each of its callers. Here an inner function is only
lowered to LLVM's language; the optimiser sees it once, inside the entry that Python calls.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from llvmlite.binding import Linkage
from numba import types
from numba.core.compiler import CompilerBase, DefaultPassBuilder, _LowerResult
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering
from numba.core.types.functions import BaseFunction
from numba.extending import lower_builtin

# An unsigned index into a contiguous array is one address and one load or store. Numba's general way gives the same machine code
# after a detour that is a good part of the kernel's compile time, so the kernel's two kinds of arrays get the short one.
_DATA = 4  # position of the data pointer in Numba's array structure


def _index_directly(element: types.Type) -> None:
    array = types.Array(element, 1, "C")

    @lower_builtin(operator.getitem, array, types.uint64)
    def load(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.load(builder.gep(builder.extract_value(args[0], _DATA), [args[1]]))

    @lower_builtin(operator.setitem, array, types.uint64, element)
    def store(_context: Any, builder: Any, _signature: Any, args: Any) -> None:
        builder.store(args[2], builder.gep(builder.extract_value(args[0], _DATA), [args[1]]))


_index_directly(types.int64)
_index_directly(types.float64)


@register_pass(mutates_CFG=True, analysis_only=False)
class _InnerLowering(NativeLowering):
    """Lowering alone: linking, optimisation and machine code come with the entry the function is linked into."""

    _name = "inner_lowering"

    def run_pass(self, state: Any) -> bool:
        library = state.library = state.targetctx.codegen().create_library(state.func_id.func_qualname)
        library.enable_object_caching()

        def finalize() -> None:
            library._finalize_dynamic_globals()
            library._finalized = True

        library.finalize = finalize
        for flag in ("no_cpython_wrapper", "no_cfunc_wrapper", "no_compile"):
            setattr(state.flags, flag, True)
        super().run_pass(state)
        lowered = state["cr"]

        stand_in = (
            object().__reduce_ex__
        )  # a builtin of its own for Numba to know the function by; called from Python it raises TypeError
        state.targetctx.insert_user_function(stand_in, lowered.fndesc, [state.library])
        state["cr"] = _LowerResult(lowered.fndesc, lowered.call_helper, cfunc=stand_in, env=lowered.env)
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _EntryLowering(NativeLowering):
    """Lowering of an entry: what it was linked with belongs to it alone, so that the optimiser may inline and prune at will."""

    _name = "entry_lowering"

    def run_pass(self, state: Any) -> bool:
        library = state.library = state.targetctx.codegen().create_library(state.func_id.func_qualname)
        library.enable_object_caching()
        optimize, finalize = library._optimize_final_module, library.finalize

        def link_all_and_finalize() -> None:
            for linked in library._linking_libraries:  # grows while it is gone through
                library._linking_libraries += [
                    more for more in linked._linking_libraries if more not in library._linking_libraries
                ]
            finalize()

        def make_private_and_optimize() -> None:
            for function in library._final_module.functions:
                if not function.is_declaration and function.linkage == Linkage.linkonce_odr:
                    function.linkage = Linkage.internal
            optimize()

        library._optimize_final_module, library.finalize = make_private_and_optimize, link_all_and_finalize
        return bool(super().run_pass(state))


@contextmanager
def _remembered_types() -> Iterator[None]:
    """Of each sum of two integers Numba asks every meaning of + again whether it takes them. Here the first answer is kept while an
    entry is compiled."""
    of_functions: Any = BaseFunction
    ask, known = of_functions.get_call_type, {}

    def get_call_type(function: Any, context: Any, args: Any, kws: Any) -> Any:
        if kws or getattr(function.typing_key, "__module__", "") != "_operator":  # others belong to whom they were compiled for
            return ask(function, context, args, kws)
        if (function, args) not in known:
            known[function, args] = ask(function, context, args, kws)
        return known[function, args]

    of_functions.get_call_type = get_call_type
    try:
        yield
    finally:
        of_functions.get_call_type = ask


# Passes for what the kernel does without: closures, `with`, functions put in place of their calls, literal loops, rewritten branches.
_NEEDLESS = {
    "WithLifting",
    "InlineClosureLikes",
    "DeadBranchPrune",
    "RewriteDynamicRaises",
    "MakeFunctionToJitFunction",
    "InlineInlinables",
    "FindLiterallyCalls",
    "LiteralUnroll",
    "LiteralPropagationSubPipelinePass",
    "InlineOverloads",
    "NopythonRewrites",
}


def _compiler(lowering: type[NativeLowering]) -> type[CompilerBase]:
    """Numba's usual pipeline with another lowering."""

    class Compiler(CompilerBase):
        def compile_extra(self, function: Any) -> Any:
            with _remembered_types() if lowering is _EntryLowering else nullcontext():
                return super().compile_extra(function)

        def define_pipelines(self) -> list[Any]:
            pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
            pipeline.passes = [(p, text) for p, text in pipeline.passes if getattr(p, "__name__", "") not in _NEEDLESS]
            position = next(i for i, (p, _) in enumerate(pipeline.passes) if issubclass(p, NativeLowering))
            pipeline.passes[position] = (lowering, pipeline.passes[position][1])
            pipeline._finalized = False
            pipeline.finalize()
            return [pipeline]

    return Compiler


def entry_options(*, allocates: bool) -> dict[str, Any]:
    """Options of `njit` for what Python calls. Only those that make arrays (`allocates`) count references; elsewhere the counting
    would cost more than the work."""
    return {"no_cfunc_wrapper": True, "pipeline_class": _compiler(_EntryLowering), "_nrt": allocates}


def inner_options(*, inlined: bool) -> dict[str, Any]:
    """Options of `njit` for what only compiled code calls. The optimiser decides what is put in place of its calls, but for what must be
    (`inlined`)."""
    return {"pipeline_class": _compiler(_InnerLowering), "_nrt": False, "forceinline": inlined}


def merge_literals(compiled: Any) -> None:
    """Constants among the arguments of an inner function no longer make versions of their own."""
    template = compiled.get_call_template
    compiled.get_call_template = lambda args, kws: template(tuple(types.unliteral(a) for a in args), kws)
