"""The fault catalogue: every module of this folder registers the faults it defines."""

from __future__ import annotations

import importlib
import pkgutil

from chaos.faults.fault import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "describe", "load_faults"]


def load_faults() -> dict[str, type[Fault]]:
    """Every fault by its name, sorted."""
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
    return dict(sorted(FAULTS.items()))


def describe(fault: type[Fault]) -> str:
    """What the fault does, in one sentence: the first line of its docstring."""
    return (fault.__doc__ or "").strip().split("\n")[0]
