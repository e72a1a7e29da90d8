"""Nodes of a twin killed with -9 at random instants under load, and started again: what its ledgers say afterwards.

tests/contract/test_live_kills.py kills some, benchmarks/live_kills.py many.
"""

from __future__ import annotations

import asyncio
import random
from typing import NamedTuple

from chaos.live.run import Twin
from chaos.live.up import UpListener, UpOptions, plan_up, run_up
from simcore.base.units import HOUR, SECOND
from simcore.journal.summary import simulation_run

DOWN_S = (0.2, 1.0)
"""How long a killed node stays down, from and to, in seconds."""
APART_S = (0.5, 2.0)
"""How long after the last a node is killed, from and to."""


class Kill(NamedTuple):
    """Which instance was killed, and how many seconds after the run had begun."""

    instance: str
    at_s: float


class KilledRun(NamedTuple):
    """A run whose nodes were killed: by which seed when; how many orders came, were confirmed, and are lost or there twice in truth; what is
    broken."""

    seed: int
    kills: list[Kill]
    orders: int
    confirmed: int
    lost: int
    duplicated: int
    broken: list[str]
    entries: int

    @property
    def sound(self) -> bool:
        """Whether all laws hold, no order that was confirmed is lost, and nothing ended by itself."""
        return not self.broken and not self.lost


def killed(seed: int, count: int, architecture: str = "live/broker", load: float = 0.5) -> KilledRun:
    """One run in which so many nodes are killed one after the other, chosen and timed by the seed."""
    chance = random.Random(seed)
    kills: list[Kill] = []

    async def during(twin: Twin) -> None:
        for _ in range(count):
            await asyncio.sleep(chance.uniform(*APART_S))
            instance = chance.choice(twin.system.instances)
            service, _, replica = instance.partition("#")
            kills.append(Kill(instance, round((twin.now() - twin.plan.start) / SECOND, 3)))
            twin.switches.set_down(service, int(replica), True)
            await asyncio.sleep(chance.uniform(*DOWN_S))
            twin.switches.set_down(service, int(replica), False)
            while not twin.meter.read(f"unit/{instance}/up"):
                await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)

    seconds = 60 + 20 * count  # at most: it ends when all have been killed and are back
    options = UpOptions(architecture, "live/steady", load, seed, 10 * HOUR, seconds * SECOND, 60.0)
    silent = UpListener(lambda started: None, lambda figures: None, lambda text: None)
    stopped = run_up(plan_up(options), options, silent, during)
    found = simulation_run(stopped.live.journal)
    orders, confirmed = found.metrics.orders, found.metrics.client_truth.get("confirmed", {})
    broken = [law.law for law in found.conservation if not law.ok] + stopped.died
    lost = confirmed.get("lost", 0) + confirmed.get("not_placed", 0)
    return KilledRun(seed, kills, orders.intended, orders.confirmed, lost, orders.duplicated, broken, stopped.live.entries)
