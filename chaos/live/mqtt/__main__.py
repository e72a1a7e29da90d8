"""The broker as a process of the twin: `python -m chaos.live.mqtt PARENT [PORT]`; it ends with its parent."""

from __future__ import annotations

import argparse
import asyncio
import sys

from chaos.live import LOOPBACK
from chaos.live.foreign import ForeignError, serve
from chaos.live.lifetime import announce, called_up, die_with, until_stopped
from chaos.live.mqtt.broker import amqtt, mosquitto, mosquitto_on_path


async def listen(address: str, port: int, program: str | None) -> None:
    """Serve until this process is to end. Raises ForeignError if the broker cannot start or ends before."""
    if program is None:
        async with amqtt(address, port) as number:
            announce(port=number, broker="amqtt")
            await until_stopped()
        return
    async with mosquitto(program, address, port) as foreign:
        await serve(foreign, broker="mosquitto")


def main() -> None:
    """Parse the command line, and serve."""
    parser = argparse.ArgumentParser(prog="python -m chaos.live.mqtt", description=__doc__)
    parser.add_argument("parent", type=int, help="the number of the process with which it is to end")
    parser.add_argument("port", type=int, nargs="?", default=0, help="where it listens (any port)")
    parser.add_argument("--listen", default=LOOPBACK, metavar="ADDRESS", help="an address of this machine (127.0.0.1)")
    parser.add_argument("--amqtt", action="store_true", help="amqtt, though mosquitto is there")
    parser.add_argument("--prepared", action="store_true", help="wait for a line on standard input before it listens")
    arguments = parser.parse_args()
    die_with(arguments.parent)
    if arguments.prepared and not called_up():
        return
    try:
        asyncio.run(listen(arguments.listen, arguments.port, None if arguments.amqtt else mosquitto_on_path()))
    except ForeignError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
