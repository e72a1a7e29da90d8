"""A room as people use it: six headless Chromium play bank-slow at 10x for 15 minutes. What it prints stands in
results/room-acceptance.json.

    python benchmarks/room_acceptance.py [--minutes 15] [--speed 10] [--browsers 6]

The drill's window is made as long as that takes. tests/contract/room_acceptance.py says what is played, killed and measured. A message is
to be with all pages in less than 400 ms in 99 of 100 cases, a page that was killed back within two seconds; the machine's load stands
beside it. Exit code 1 if a message was lost, doubled or out of order, a seat was sent what it may not know, or the digest is another one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

import run as benchmarks

STEP_S = 2.0
"""Seconds between two messages: they fall on every part of a tick."""
ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "support")]  # behind what is installed


def main() -> int:
    """Prints one JSON object."""
    from contract.room_acceptance import Length, accept

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15.0, help="on the wall (15)")
    parser.add_argument("--speed", type=float, default=10.0, help="simulated seconds in a second (10)")
    parser.add_argument("--browsers", type=int, default=6, help="processes of Chromium that the six pages are in (6)")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        length = Length(said.minutes * 60, 1, STEP_S)
        playing = accept(Path(folder), length, said.speed, said.browsers, lambda text: print(text, file=sys.stderr))
        results = asyncio.run(playing)
    print(json.dumps(results, indent=1))
    benchmarks.save("room-acceptance", results)
    return 1 if results["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
