"""No recorded order was still on its way to the exchange when the market closed."""

from __future__ import annotations

from typing import ClassVar

from chaos.checkers.checker import Checker
from chaos.checkers.flags import absent
from chaos.results.run import PropertyFinding
from simcore.journal.model import Journal


class NoneStranded(Checker):
    """No recorded order was still on its way to the exchange when the market closed."""

    name: ClassVar[str] = "none-stranded"
    title: ClassVar[str] = "none stranded at the close"
    title_zh: ClassVar[str] = "收盘无未报出委托"
    rank: ClassVar[int] = 3

    def check(self, journal: Journal) -> PropertyFinding:
        return absent(journal, "stranded")
