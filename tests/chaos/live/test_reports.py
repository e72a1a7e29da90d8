"""Execution reports over MQTT: each one that a ledger books comes to its customer, once, though the broker is killed and comes back by itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest
from real_time import IN_REAL_TIME

from chaos.live.observe import reports_heard
from chaos.live.run import LiveRun, Twin, own_folder
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import compile_plan
from simcore.library import load_pair

LAW = "every execution report has come to its customer"


def with_the_broker_killed(seconds: int, kills: int) -> tuple[LiveRun, Twin]:
    """A twin of the live-sized broker for so long, whose MQTT broker is killed so often."""
    start = parse_clock("10:00:00")
    plan = compile_plan(*load_pair("live/broker", "live/steady"), seed=2, start=start, end=start + seconds * SECOND)

    async def run(twin: Twin) -> LiveRun:
        async with twin.system:
            await twin.begin()
            disturbing = asyncio.create_task(disturb(twin))
            await twin.core.run(plan.end)
            await disturbing
            usage = dict(twin.system.usage())
            await twin.system.finish()
        return twin.written_down(usage, 10 * SECOND)

    async def disturb(twin: Twin) -> None:
        for _ in range(kills):
            await asyncio.sleep(seconds / (kills + 1))
            os.kill(twin.system.broker_pid, signal.SIGKILL)

    with own_folder() as folder:
        twin = Twin(plan, folder)
        return asyncio.run(run(twin)), twin


NO_MOSQUITTO = pytest.mark.skipif(shutil.which("mosquitto") is None, reason="mosquitto is not on PATH")


@IN_REAL_TIME
@pytest.mark.parametrize("kind", ["amqtt", pytest.param("mosquitto", marks=NO_MOSQUITTO)])
@pytest.mark.parametrize(("seconds", "kills"), [(8, 1), (30, 5)], ids=["one kill", "five kills"])
def test_no_report_is_lost_or_comes_twice(seconds: int, kills: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The customers have heard of everything that was booked; quotes came too."""
    if kind == "amqtt":
        folders = [folder for folder in os.environ["PATH"].split(":") if not (Path(folder) / "mosquitto").exists()]
        monkeypatch.setenv("PATH", ":".join(folders))
    live, twin = with_the_broker_killed(seconds, kills)
    law = next(law for law in live.journal.conservation if law.law == LAW)
    assert law.ok
    assert isinstance(law.expected, int)
    assert law.expected > 20 * seconds
    assert twin.system.heard["quotes"] > 0
    assert all(law.ok for law in live.journal.conservation)


@pytest.mark.parametrize(
    ("came", "ok"),
    [(["a", "b"], True), (["a", "b", "late"], True), (["a"], False), (["a", "b", "?"], False)],
    ids=["all", "one booked after the end", "one missing", "one of nobody's"],
)
def test_the_law_of_reports_can_be_broken(came: list[str], ok: bool) -> None:
    """Missing and invented reports each break it."""
    law = reports_heard({"a": 1, "b": 2, "late": 30}, 10, {"reports": came})
    assert not isinstance(law, str)
    assert law[1] is ok


@pytest.mark.parametrize(
    ("heard", "unsettled", "judged"),
    [
        ({"reports": ["a"]}, 1, None),
        ({"reports": []}, 1, False),
        ({"reports": ["a", "?"]}, 1, False),
        ({"reports": ["a", "b"]}, 1, True),
        ({}, 0, None),
    ],
    ids=["on its way", "one on its way, one lost", "one invented", "sent again", "the customers say nothing"],
)
def test_reports_that_are_on_their_way_are_not_lost(heard: dict[str, list[str]], unsettled: int, judged: bool | None) -> None:
    """Where the broker, or the customers' process, does not answer the law is not judged; what is nowhere breaks it all the same."""
    law = reports_heard({"a": 1, "b": 2}, 10, heard, unsettled)
    assert (None if isinstance(law, str) else law[1]) is judged
