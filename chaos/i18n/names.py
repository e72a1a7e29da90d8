"""What people call faults and properties: each says it itself, in its own file."""

from __future__ import annotations

from chaos.checkers.catalogue import all_checkers
from chaos.faults.catalogue import all_faults
from chaos.i18n.texts import LocalizedText


def fault_name(name: str) -> LocalizedText:
    """A fault: in English the word that files have for it. One that is not installed here by that word alone."""
    fault = all_faults().get(name)
    return LocalizedText(name, (fault.title_zh if fault is not None else "") or name)


def property_name(name: str) -> LocalizedText:
    """A property of the system; one that is not checked here by the word that files have for it."""
    checker = all_checkers().get(name)
    title = (checker.title if checker is not None else "") or name
    return LocalizedText(title, (checker.title_zh if checker is not None else "") or title)
