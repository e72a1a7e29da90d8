"""Rehearsals: what each drill comes to when nobody acts, and by its stored responses.

All drills to their end, a minute: COREDRILL_TEST_DRILLS=all pytest tests/chaos/room/exercise/test_rehearsal.py
"""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.documents.drill import Drill
from chaos.documents.library import library
from chaos.room.exercise.prepared import prepare
from chaos.room.exercise.rehearsal import Way, entries_of, first_fault, played, ways
from chaos.room.review.rehearsing import Rehearsed
from simcore.base.errors import InputError
from simcore.base.units import MINUTE, SECOND

DRILLS = sorted(library().shipped("drill"))
EVERYTHING = os.environ.get("COREDRILL_TEST_DRILLS") == "all"
QUICK = ("stale-standby",)


def way_of(drill: Drill, name: str) -> Way:
    """A way of a drill by its name."""
    return next(way for way in ways(drill) if way.name == name)


@pytest.mark.parametrize("name", DRILLS if EVERYTHING else QUICK)
def test_the_best_known_response_loses_clearly_fewer_orders_than_nobody(name: str) -> None:
    """Replayed from what is stored: a quarter fewer at least; in the quick form up to twelve minutes after the first fault."""
    drill = prepare(name)
    until = None if EVERYTHING else first_fault(drill.model) + 12 * MINUTE
    best, nobody = (played(drill, way_of(drill.model, how), until=until).state for how in ("best", "nobody"))
    assert nobody.failed > 500
    assert best.failed < 0.75 * nobody.failed
    assert all(command.state == "done" for command in best.commands.values())


@pytest.mark.parametrize("name", DRILLS)
def test_every_drill_has_responses_that_can_be_sent(name: str) -> None:
    """A best known one with its figures, and one at least that people are tempted to give."""
    drill = library().resolve(name, Drill).model
    assert drill.best is not None
    assert "seed 1" in drill.best.source
    assert drill.responses
    for way in ways(drill)[2:]:
        entries = entries_of(drill, way.steps, first_fault(drill))
        assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
        assert len(entries) >= len(way.steps)


def test_a_command_is_proposed_approved_and_begun_by_who_may() -> None:
    """At the instant of its step; one that nobody must approve is begun at once."""
    drill = library().resolve("stale-standby", Drill).model
    assert drill.best is not None
    sent = [
        ((e.at - first_fault(drill)) // SECOND, e.seat, e.message.kind)
        for e in entries_of(drill, drill.best.steps, first_fault(drill))
    ]
    assert sent == [
        (100, "vendor", "propose"),
        (100, "vendor", "begin"),
        (150, "operator", "propose"),
        (150, "approver", "approve"),
        (150, "operator", "begin"),
        (180, "notices", "announce"),
    ]


def test_a_drill_without_a_timed_fault_has_no_first_one() -> None:
    """Nothing then says from when a response counts."""
    drill = library().resolve("bank-slow", Drill).model
    with pytest.raises(InputError, match="no fault of its list of events has a time"):
        first_fault(drill.model_copy(update={"injects": drill.injects[1:]}))


def test_the_command_prints_what_each_response_comes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """In both languages, a line a response."""
    drill = prepare("bank-slow")
    made = Rehearsed(6131, 600.0, None)
    monkeypatch.setattr("chaos.room.review.rehearsing.rehearse", lambda *_: made)
    printed = CliRunner().invoke(main, ["room", "rehearse", "bank-slow", "--lang", "zh"]).stdout
    assert "失败委托" in printed
    assert "无人处置" in printed
    assert len(printed.splitlines()) == 1 + len(ways(drill.model))
