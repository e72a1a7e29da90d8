"""System properties of a finished run, one short file each: findings about the architecture, read from the journal alone."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from simcore.journal.model import Journal


def check_all(journal: Journal) -> dict[str, dict[str, Any]]:
    """Every property by name: whether it `holds` (None: nothing to tell it from), and how many violations were found."""
    findings = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")):
        checker = importlib.import_module(f"{__name__}.{module}")
        findings[checker.NAME] = checker.check(journal)
    return findings
