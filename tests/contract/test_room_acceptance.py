"""Six pages in a browser play a drill; benchmarks/room_acceptance.py does so for a quarter of an hour, and measures."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from .room_acceptance import Length, accept, chromium


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.skipif(sys.platform != "linux", reason="what a process uses is read from /proc")
async def test_nothing_is_lost_doubled_or_out_of_order(tmp_path: Path) -> None:
    """A page, a connection and the server are killed; every page has every message once and in order, no seat is sent what it may not know,
    and the digest is that of the same decisions uninterrupted. Not a word of how long anything takes."""
    if chromium() is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium; .ci/run installs it")
        pytest.skip("there is no Chromium: install Debian's package chromium, or name one in COREDRILL_CHROMIUM")
    found = await accept(tmp_path, Length(0, 24, 0.05), speed=60.0, browsers=1, report=lambda _: None)
    assert found["faults"] == []
    assert found["digest"] == found["replayed"]
    assert found["messages"] > 10
    assert min(found["back_after_s"].values()) > 0
