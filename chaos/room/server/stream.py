"""What one seat is sent: frames numbered without a gap, the last of them kept, and the state after them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping

from pydantic import JsonValue

from chaos.room.protocol.changes import JsonObject, applied

KEPT_FRAMES = 400
KEPT_CHARACTERS = 2_000_000
VERSION = 1


def encoded(frame: Mapping[str, JsonValue]) -> str:
    """A frame as it goes over the line."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Stream:
    """The frames of a seat, of which all its clients get the same. Numbers begin after `first`."""

    def __init__(self, first: int) -> None:
        self.seq = first
        self.state: JsonObject = {}
        self._kept: deque[str] = deque()
        self._characters = 0

    def tick(self, changed: Mapping[str, JsonValue]) -> None:
        """The state has changed."""
        self.state = applied(self.state, changed)
        self._add({"kind": "tick", "changes": dict(changed)})

    def reply(self, reply: Mapping[str, JsonValue]) -> None:
        """A message of one of its clients was accepted (done) or refused."""
        self._add(reply)

    def _add(self, frame: Mapping[str, JsonValue]) -> None:
        self.seq += 1
        text = encoded({"v": VERSION, "seq": self.seq, **frame})
        self._kept.append(text)
        self._characters += len(text)
        while len(self._kept) > KEPT_FRAMES or self._characters > KEPT_CHARACTERS:
            self._characters -= len(self._kept.popleft())

    def since(self, seen: int | None) -> list[str]:
        """What somebody who saw frame `seen` has to be sent to be up to date: what was missed, or, where that is not kept, a snapshot,
        which has the number of the last frame that is in it."""
        missed = None if seen is None else self.seq - seen
        if missed is not None and 0 <= missed <= len(self._kept):
            return list(self._kept)[len(self._kept) - missed :]
        return [encoded({"v": VERSION, "seq": self.seq, "kind": "snapshot", "state": self.state})]
