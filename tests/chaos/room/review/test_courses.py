"""Which decisions a list has, and the list without one of them."""

from __future__ import annotations

from reviewed_room import ENTRIES, entry

from chaos.room.exercise.messages import Announce, Approve, Begin, End, Propose, Refuse, Withdraw
from chaos.room.review.courses import Decision, by_control, decisions_of, effective, refused_then, without

TAKEN = [e for n, e in enumerate(ENTRIES) if n != 6]


def test_decisions_are_commands_begun_and_announcements_in_order_of_effect() -> None:
    """What was refused or withdrawn is none; a command counts from when it was begun."""
    entries = [
        entry("09:30", "vendor", Propose(command="a")),
        entry("09:31", "vendor", Propose(command="b")),
        entry("09:32", "approver", Refuse(command_id="c2", reason="no")),
        entry("09:33", "vendor", Propose(command="c")),
        entry("09:34", "vendor", Withdraw(command_id="c3")),
        entry("09:35", "notices", Announce(announcement="n")),
        entry("09:36", "approver", Approve(command_id="c1")),
        entry("09:37", "vendor", Begin(command_id="c1")),
    ]
    assert decisions_of(entries) == [
        Decision(1, "announcement", "n", "notices", (5,)),
        Decision(2, "command", "a", "vendor", (0, 6, 7)),
    ]


def test_a_command_left_out_is_withdrawn_at_once_and_the_others_keep_their_names() -> None:
    """Its approval goes with it."""
    cut, notice, restart = decisions_of(TAKEN)
    left = without(TAKEN, cut)
    assert [type(e.message).__name__ for e in left] == [
        "Ack",
        "Look",
        "Propose",
        "Withdraw",
        "Say",
        "Propose",
        "Announce",
        "Report",
        "Approve",
        "Begin",
    ]
    assert left[3] == entry("09:32:50", "vendor", Withdraw(command_id="c1"))
    assert left[-1] == TAKEN[effective(TAKEN, restart)]
    assert without(TAKEN, notice) == [e for e in TAKEN if not isinstance(e.message, Announce)]


def test_decisions_that_another_course_refuses_are_named() -> None:
    """By the beginning of the command, not by what came before it."""
    cut, notice, restart = decisions_of(TAKEN)
    left = without(TAKEN, cut)
    assert refused_then([notice, restart], TAKEN, left, [len(left) - 1]) == [restart.number]
    assert refused_then([notice, restart], TAKEN, left, [len(left) - 2]) == []


def test_exercise_control_does_the_same_in_every_course() -> None:
    """Events it sent, and the end."""
    end = entry("09:36", "facilitator", End())
    assert by_control([*TAKEN, end]) == [end]
