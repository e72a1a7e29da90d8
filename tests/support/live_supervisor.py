"""A supervisor with nothing to do: `python live_supervisor.py MODULE …` starts each module, says so, and waits to be interrupted.

It prints a line of JSON for each process that is ready, and `UP` when all are.
"""

from __future__ import annotations

import asyncio
import json
import sys

from chaos.live.processes import Processes


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _run(modules: list[str]) -> None:
    async with Processes() as processes:
        for number, module in enumerate(modules):
            ready = await processes.start(f"{number}", module.split())
            _say(json.dumps({"pid": ready.pid, **ready.facts}))
        _say("UP")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1:]))
