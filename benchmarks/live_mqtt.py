"""How fast is MQTT in the twin? `python benchmarks/live_mqtt.py` measures reports from one channel to another over each broker there is.

At a steady rate: the time from `publish` to the callback, half and 99 of 100 of the messages within so much; and at full speed: messages
per second, until the receiver's acknowledgement. With `--kills N` the broker is killed so often while they flow, and the exit code is 3
if one is lost or given twice.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT), str(ROOT / "tests" / "support")]  # behind what is installed


class Load(NamedTuple):
    """What is sent: so many messages, at a rate a second (0: as fast as they are taken), with so many kills of the broker meanwhile."""

    messages: int
    rate: float
    kills: int = 0


class Measured(NamedTuple):
    """Times in seconds from `publish` to the callback, in order; how long all took; how many came once, and how many were sent."""

    times: list[float]
    took_s: float
    once: int
    sent: int


async def measured(kind: str, load: Load) -> Measured:
    """Reports from one channel to another over a broker of its own."""
    from mqtt_broker import broker_process

    from chaos.live.mqtt import topics
    from chaos.live.mqtt.client import Channel, Delivery

    times: list[float] = []
    came: Counter[object] = Counter()

    def had(delivery: Delivery) -> None:
        times.append(time.perf_counter() - float(str(delivery.body["at"])))
        came[delivery.body["n"]] += 1

    everything = topics.everything(topics.REPORTS)
    async with (
        broker_process(kind) as broker,
        Channel("clients", broker.port) as clients,
        Channel("exchange", broker.port, receivers={everything: ["clients"]}) as exchange,
    ):
        await clients.subscribe(everything, had)
        await asyncio.gather(clients.connected(), exchange.connected())
        kill_at = {load.messages * (kill + 1) // (load.kills + 1) for kill in range(load.kills)}
        begin = time.perf_counter()
        for number in range(load.messages):
            if number in kill_at:
                await broker.kill()
                await asyncio.sleep(random.uniform(0, 0.3))
                await broker.start()
            if load.rate:
                await asyncio.sleep(begin + number / load.rate - time.perf_counter())
            await exchange.publish(topics.reports(f"{number % 50}"), {"n": number, "at": time.perf_counter()})
        await exchange.settled()
        took = time.perf_counter() - begin
    return Measured(sorted(times), took, sum(count == 1 for count in came.values()), load.messages)


def main() -> int:
    """Measures, prints, and returns the exit code."""
    from chaos.live.mqtt.broker import mosquitto_on_path

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=3000, help="of each measurement (3000)")
    parser.add_argument("--rate", type=float, default=200, help="messages a second of the steady load (200)")
    parser.add_argument("--kills", type=int, default=0, help="kill the broker so often, and count what is lost or given twice")
    arguments = parser.parse_args()
    bad = 0
    for kind in ("mosquitto", "amqtt") if mosquitto_on_path() else ("amqtt",):
        if arguments.kills:
            run = asyncio.run(measured(kind, Load(arguments.messages, arguments.rate, arguments.kills)))
            bad += run.sent - run.once
            print(f"{kind}: killed {arguments.kills} times, {run.sent - run.once} of {run.sent} messages lost or given twice")
            continue
        steady = asyncio.run(measured(kind, Load(arguments.messages, arguments.rate))).times
        full = asyncio.run(measured(kind, Load(arguments.messages, 0)))
        print(
            f"{kind}: at {arguments.rate:g}/s p50 {steady[len(steady) // 2] * 1e3:.2f} ms, "
            f"p99 {steady[len(steady) * 99 // 100] * 1e3:.2f} ms; at most {full.sent / full.took_s:,.0f}/s"
        )
    return 3 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
