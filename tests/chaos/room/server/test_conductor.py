"""The exercise and its clock, by hand: no process, no network, and the time on the wall is what the test says."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from fake_exercise import BEGIN, FakeExercise, fake_folder

from chaos.documents.drill import Seat
from chaos.room.protocol.changes import applied
from chaos.room.protocol.incoming import parse
from chaos.room.server.conductor import Conductor
from chaos.room.server.folder import RoomFolder
from chaos.room.server.pacing import TICK
from chaos.room.server.replay import replay_with
from simcore.base.units import SECOND


class Table:
    """A conductor, the time on the wall, and the states that the seats have been sent."""

    def __init__(self, folder: RoomFolder) -> None:
        self.folder, self.wall, self.states = folder, 0.0, {}
        self.conductor = Conductor(FakeExercise(), folder.session(), folder)
        self.look()

    def look(self) -> dict[Seat, dict[str, Any]]:
        for seat, _, body in self.conductor.outgoing(self.wall):
            self.states[seat] = applied(self.states.get(seat, {}), body)
        return self.states

    def say(self, seat: Seat, kind: str, **fields: object) -> dict[str, Any]:
        frame = json.dumps({"v": 1, "kind": kind, **fields})
        return self.conductor.handle(seat, parse(frame), self.wall).body

    def go(self, ticks: int) -> None:
        for _ in range(ticks):
            self.wall += TICK
            self.conductor.tick(self.wall)


def test_from_the_lobby_to_the_end(tmp_path: Path) -> None:
    """Time goes when the facilitator says so, at the speed they say, and stands still when they say so."""
    table = Table(fake_folder(tmp_path / "room"))
    table.go(4)
    assert table.look()["operator"]["clock"]["state"] == "lobby"
    assert table.say("operator", "start")["kind"] == "refused"
    assert table.say("operator", "propose", command="cut")["message"]["zh"] == "演练尚未开始"
    assert table.say("operator", "say", text="hello")["kind"] == "done"
    assert table.say("facilitator", "start")["kind"] == "done"
    table.go(4)
    assert table.look()["operator"]["clock"]["t"] == 101
    assert table.say("facilitator", "clock", speed=10)["kind"] == "done"
    table.go(4)
    assert table.say("facilitator", "clock", paused=True)["kind"] == "done"
    table.go(4)
    clock = table.look()["operator"]["clock"]
    assert (clock["t"], clock["state"], clock["paused_since"]) == (111, "paused", 111)
    assert table.say("operator", "propose", command="cut")["kind"] == "refused"
    assert table.say("operator", "say", text="and now?")["kind"] == "done"
    table.say("facilitator", "clock", paused=False, speed=60)
    table.go(10)
    assert table.look()["operator"]["clock"]["state"] == "over"
    assert json.loads((tmp_path / "room/result.json").read_text())["entries"] == 2
    for kind, fields in (("say", {"text": "after"}), ("branch", {}), ("start", {}), ("clock", {"paused": False}), ("end", {})):
        assert table.say("facilitator", kind, **fields)["kind"] == "refused"
    assert table.say("facilitator", "hello")["kind"] == "done"


def test_a_decision_is_kept_before_it_acts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the exercise hears of it, it is in the file already."""
    table = Table(fake_folder(tmp_path / "room"))
    seen = []
    monkeypatch.setattr(FakeExercise, "take", lambda _, entry: seen.append(table.folder.entries()[-1] == entry))
    table.say("operator", "say", text="hello")
    assert seen == [True]


def test_a_message_sent_again_acts_once(tmp_path: Path) -> None:
    """Also when the server was killed in between."""
    table = Table(fake_folder(tmp_path / "room"))
    table.say("facilitator", "start")
    for _ in range(2):
        assert table.say("operator", "propose", id="x-1", command="cut") == {"kind": "done", "id": "x-1"}
    again = Table(table.folder)
    assert again.say("operator", "propose", id="x-1", command="cut")["kind"] == "done"
    assert [row["id"] for row in again.look()["operator"]["commands"]] == ["c1"]


def test_who_is_there_is_shown(tmp_path: Path) -> None:
    """Away, here, ready; the name is text as it was typed."""
    table = Table(fake_folder(tmp_path / "room"))
    table.conductor.present("operator", True)
    table.say("operator", "hello", name="<script>alert(1)</script>")
    table.say("operator", "ready")
    people = {row["seat"]: row for row in table.look()["approver"]["people"]}
    assert (people["operator"]["state"], people["operator"]["name"]) == ("ready", "<script>alert(1)</script>")
    assert people["approver"]["state"] == "away"


def test_expectations_are_kept(tmp_path: Path) -> None:
    """What somebody wrote down before the beginning."""
    table = Table(fake_folder(tmp_path / "room"))
    table.say("operator", "expect", answers={"first": "柜台"})
    assert json.loads((tmp_path / "room/expectations.jsonl").read_text()) == {"seat": "operator", "answers": {"first": "柜台"}}


def test_a_branch_goes_on_from_where_it_was_kept(tmp_path: Path) -> None:
    """In a room of its own; what is done there is nothing to the first."""
    table = Table(fake_folder(tmp_path / "room"))
    table.say("facilitator", "start")
    table.go(20)
    table.say("operator", "ack", alarm="slow")
    table.say("facilitator", "branch")
    table.go(20)
    assert table.look()["facilitator"]["branches"] == [{"n": 1, "t": 105.0, "folder": "branches/1"}]
    assert Table(table.folder).look()["facilitator"]["branches"] == table.look()["facilitator"]["branches"]
    other = RoomFolder(tmp_path / "room/branches/1")
    other.write_session(table.folder.session())
    branch = Table(other)
    assert branch.look()["operator"]["clock"]["t"] == 105
    assert branch.look()["operator"]["alarms"][0]["state"] == "acknowledged"


def test_all_seats_go_on_in_a_branch_and_come_back(tmp_path: Path) -> None:
    """From an instant that has passed: without what was done later, paused; the room comes back to it when it is opened again; what was
    done elsewhere stays there, and both replay to their own digests."""
    table = Table(fake_folder(tmp_path / "room"))
    table.say("operator", "hello", name="Lin")
    table.say("facilitator", "start")
    table.go(20)
    table.say("operator", "ack", alarm="slow")
    table.go(20)
    table.say("operator", "propose", command="cut")
    first = (tmp_path / "room/decisions.jsonl").read_bytes()
    for at in (99, 111):
        assert table.say("facilitator", "branch", at=at)["message"]["zh"] == "演练未到该时刻，或当时尚未开始"
    assert table.say("operator", "branch", at=107)["kind"] == table.say("operator", "go_on", branch=1)["kind"] == "refused"
    assert table.say("facilitator", "branch", at=107)["kind"] == "done"
    assert table.say("facilitator", "go_on", branch=2)["message"]["en"] == "there is no such branch"
    assert table.say("facilitator", "go_on", branch=0)["kind"] == "done"
    assert not table.conductor.moved
    assert table.say("facilitator", "go_on", branch=1)["kind"] == "done"
    assert table.conductor.moved
    table = Table(table.folder)
    seen = table.look()["operator"]
    assert (seen["clock"]["t"], seen["clock"]["state"], seen["commands"]) == (107, "paused", [])
    assert seen["alarms"][0]["state"] == "acknowledged"
    assert seen["branch"] == {"n": 1, "t": 107.0}
    table.say("facilitator", "clock", paused=False, speed=60)
    table.say("operator", "say", text="another way")
    table.go(20)
    assert table.look()["operator"]["clock"]["state"] == "over"
    branch = RoomFolder(tmp_path / "room/branches/1")
    assert branch.names() == {"operator": ["Lin"]}
    assert (tmp_path / "room/decisions.jsonl").read_bytes() == first
    assert not (tmp_path / "room/result.json").exists()
    assert table.say("facilitator", "go_on", branch=0)["kind"] == "done"
    table = Table(table.folder)
    assert (table.look()["operator"]["clock"]["t"], table.look()["operator"].get("branch")) == (110, None)
    table.say("facilitator", "end")
    made = [replay_with(folder, FakeExercise()) for folder in (table.folder, branch)]
    assert [one.kept for one in made] == [one.digest for one in made]
    assert [one.entries for one in made] == [3, 2]


def test_one_can_go_back_when_it_is_over(tmp_path: Path) -> None:
    """To an instant before the end, not to the end itself; a branch that another server has is refused."""
    table = Table(fake_folder(tmp_path / "room"))
    table.say("facilitator", "start")
    table.go(20)
    table.say("facilitator", "end")
    assert table.say("facilitator", "branch", at=105)["kind"] == "refused"
    assert table.say("facilitator", "branch", at=103)["kind"] == "done"
    with RoomFolder(tmp_path / "room/branches/1").held(0):
        assert "open in another server" in table.say("facilitator", "go_on", branch=1)["message"]["en"]
    assert table.say("facilitator", "go_on", branch=1)["kind"] == "done"
    assert Table(table.folder).look()["facilitator"]["clock"]["state"] == "paused"


@pytest.mark.parametrize("number", range(20))
def test_killed_at_any_moment_it_comes_to_the_same_digest(tmp_path: Path, number: int) -> None:
    """Random decisions, refused ones among them, pauses, speeds, and a server that is killed now and then: the digest is that of the
    same decisions taken one after the other."""
    rng = random.Random(number)
    table = Table(fake_folder(tmp_path / "room", speed=rng.choice([1.0, 10.0, 37.5])))
    table.say("facilitator", "start")
    while table.look()["operator"]["clock"]["state"] != "over":
        table.go(rng.randrange(8))
        what = rng.randrange(6)
        if what == 0:
            before = table.look()["operator"]["clock"]["t"]
            table = Table(table.folder)
            assert table.look()["operator"]["clock"]["t"] == before
            table.say("facilitator", "clock", paused=False)
        elif what == 1:
            table.say("facilitator", "clock", paused=True)
            table.say("approver", "say", text=f"pause {number}")
            table.say("facilitator", "clock", paused=False, speed=rng.choice([5.0, 60.0]))
        elif what == 2:
            table.say("operator", "ack", alarm=rng.choice(["slow", "none"]))
        elif what == 3:
            table.say("operator", "propose", command="cut")
    made = replay_with(table.folder, FakeExercise())
    assert made.kept == made.digest
    assert made.digest != replay_with(fake_folder(tmp_path / "none"), FakeExercise()).digest or made.entries == made.refused


def test_alone_one_has_all_seats(tmp_path: Path) -> None:
    """One page offers all; the seat is the one that may."""
    table = Table(fake_folder(tmp_path / "room", solo=True))
    assert table.say("operator", "start")["kind"] == "done"
    table.say("operator", "propose", command="cut")
    assert table.look()["operator"]["commands"][0]["can"] == ["approve"]
    table.say("operator", "approve", command_id="c1")
    assert table.look()["operator"]["commands"][0]["can"] == ["begin"]
    table.say("operator", "begin", command_id="c1")
    table.say("operator", "end")
    assert [entry.seat for entry in table.folder.entries()] == ["operator", "approver", "operator", "facilitator"]
    assert table.folder.entries()[0].at == BEGIN
    assert BEGIN % SECOND == 0


def test_alone_one_has_time_from_the_first_alarm_on(tmp_path: Path) -> None:
    """The clock slows down once, to 1×; whoever has it faster again keeps it so, also after a restart. In a room of many it does not."""
    for solo, speed in ((True, 1), (False, 8)):
        table = Table(fake_folder(tmp_path / f"{solo}", speed=8.0, solo=solo))
        assert table.say("operator" if solo else "facilitator", "start")["kind"] == "done"
        table.go(2)
        assert table.look()["operator"]["clock"]["speed"] == speed
    alone = Table(RoomFolder(tmp_path / "True"))
    alone.say("operator", "clock", paused=False, speed=8)
    alone.go(2)
    assert alone.look()["operator"]["clock"]["speed"] == 8


def test_what_was_refused_stays_refused_after_a_restart(tmp_path: Path) -> None:
    """A message sent again is answered as it was, also when one person has all seats."""
    table = Table(fake_folder(tmp_path / "room"))
    table.say("facilitator", "start")
    refused = table.say("operator", "ack", id="x-1", alarm="none")
    assert refused["kind"] == "refused"
    assert Table(table.folder).say("operator", "ack", id="x-1", alarm="none") == refused
    alone = Table(fake_folder(tmp_path / "alone", solo=True))
    for kind, fields in (("start", {}), ("propose", {"command": "cut"}), ("approve", {"command_id": "c1"})):
        assert alone.say("operator", kind, id=kind, **fields)["kind"] == "done"
    again = Table(alone.folder)
    assert again.say("operator", "approve", id="approve", command_id="c1")["kind"] == "done"
    assert len(again.folder.entries()) == 2


def test_who_says_much_makes_nobody_else_act_twice(tmp_path: Path) -> None:
    """Answers are remembered seat by seat."""
    table = Table(fake_folder(tmp_path / "room"))
    table.say("facilitator", "start")
    table.say("operator", "propose", id="mine", command="cut")
    for n in range(600):
        table.say("scribe", "ready", id=f"much-{n}")
    table.say("operator", "propose", id="mine", command="cut")
    assert len(table.folder.entries()) == 1
