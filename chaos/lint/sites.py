"""Call sites and lengths of time in the messages of rules."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.i18n.texts import LocalizedText, duration_text, join, translate, untranslated
from simcore.base.units import SECOND

MOST = 3
"""So many names are listed; of more, how many."""


def seconds(ns: float) -> LocalizedText:
    """A length of time, ns."""
    return duration_text(ns / SECOND)


def listed(names: Sequence[str]) -> LocalizedText:
    """Names as the file has them, each once, the first few of many."""
    distinct = list(dict.fromkeys(names))
    shown = [untranslated(name) for name in distinct[:MOST]]
    more = [translate("lint.more", n=len(distinct) - MOST)] if len(distinct) > MOST else []
    return join([*shown, *more])
