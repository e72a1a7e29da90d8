"""System properties of a finished run, one short file each: findings about the architecture, read from the journal alone."""

from __future__ import annotations

from typing import Any

from chaos.checkers import catalogue
from simcore.journal.model import Journal


def check_all(journal: Journal) -> dict[str, dict[str, Any]]:
    """Every property by name: whether it `holds` (None: nothing to tell it from), and how many violations were found."""
    return {name: found._asdict() for name, found in catalogue.check_all(journal).items()}
