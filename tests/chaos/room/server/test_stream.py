"""Frames of a seat: no gap, what was missed after a break, a snapshot where that is not kept."""

from __future__ import annotations

import json

from chaos.room.server.stream import KEPT_CHARACTERS, KEPT_FRAMES, Stream


def seqs(frames: list[str]) -> list[int]:
    return [json.loads(frame)["seq"] for frame in frames]


def test_what_was_missed_comes_without_a_gap() -> None:
    """From the frame after the last that was seen; nothing for who has seen all."""
    stream = Stream(1000)
    for n in range(10):
        stream.tick({"clock": {"t": n}})
    assert seqs(stream.since(1004)) == [1005, 1006, 1007, 1008, 1009, 1010]
    assert stream.since(1010) == []


def test_a_snapshot_where_the_frames_are_not_kept() -> None:
    """For who is new, was away too long, or saw frames of another start of the server."""
    stream = Stream(0)
    for n in range(KEPT_FRAMES + 5):
        stream.tick({"clock": {"t": n}})
    assert len(stream.since(5)) == KEPT_FRAMES
    for seen in (None, 4, stream.seq + 1):
        (frame,) = map(json.loads, stream.since(seen))
        assert frame == {"v": 1, "seq": stream.seq, "kind": "snapshot", "state": {"clock": {"t": KEPT_FRAMES + 4}}}


def test_what_is_kept_is_bounded() -> None:
    """Long frames are kept in smaller numbers."""
    stream = Stream(0)
    for _ in range(10):
        stream.tick({"alarms": ["x" * (KEPT_CHARACTERS // 4)]})
    assert len(stream.since(7)) == 3
    assert json.loads(stream.since(1)[0])["kind"] == "snapshot"
