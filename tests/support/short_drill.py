"""bank-slow in a window of five minutes, in which the bank is slow from the beginning of its second minute on."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.prepared import PreparedDrill, prepare
from chaos.room.server.folder import Session
from simcore.base.units import MINUTE, parse_clock
from simcore.files.loading import Resolved


@cache
def short() -> PreparedDrill:
    """Resolved once."""
    drill = prepare("bank-slow")
    window = drill.scenario.window.model_copy(update={"begin": parse_clock("09:29"), "end": parse_clock("09:34")})
    scenario = drill.scenario.model_copy(update={"window": window, "warmup": MINUTE})
    resolved = Resolved(scenario, drill.inputs.scenario.tree)
    return PreparedDrill(drill.model, replace(drill.inputs, scenario=resolved))


def open_short(session: Session) -> Exercise:
    """As chaos.room.server.opening.open_exercise, of the short drill whatever the session names."""
    return Exercise(short(), session.seed, session.seating)
