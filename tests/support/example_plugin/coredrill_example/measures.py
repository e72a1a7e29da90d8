"""A measure: how long nobody got an answer."""

from __future__ import annotations

import numpy as np

from chaos.measures.formatting import Unit
from chaos.measures.intervals import EvaluationSpec
from chaos.measures.registry import extension
from simcore.base.units import SECOND
from simcore.journal.model import OUTCOMES, Journal


def _longest_silence_s(journal: Journal, spec: EvaluationSpec) -> float:
    """The longest part of the window, s, in which no request was confirmed."""
    confirmed = journal.intents["outcome"] == OUTCOMES.index("confirmed")
    answers = np.sort(journal.intents["answer_ns"][confirmed])
    begin, end = spec.window
    inside = answers[(begin <= answers) & (answers <= end)]
    return float(np.diff([begin, *inside, end]).max()) / SECOND


LONGEST_SILENCE = extension(
    "longest_silence_s",
    Unit.DURATION,
    "longest silence",
    "最长无应答时间",
    "the longest time without any confirmed request",
    _longest_silence_s,
)
