"""Proxies by name: each listens on an address, connects onward to its upstream, and puts its toxics on every connection."""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from chaos.live import LOOPBACK
from chaos.live.proxy.link import Connection, End
from chaos.live.proxy.toxics import Toxic


class ApiError(Exception):
    """A request that cannot be done: what the API answers, and with which HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.message, self.status = message, status


@dataclass
class ProxyOptions:
    """What a proxy is made of. `listen` and `upstream` are `host:port`; no host means 127.0.0.1, port 0 any free one."""

    name: str
    listen: str
    upstream: str
    enabled: bool = True


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port`. Raises ApiError for anything else, in the words of Go's net package."""
    host, colon, port = address.rpartition(":")
    if not colon:
        raise ApiError(f"listen tcp: address {address}: missing port in address", 500)
    if not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ApiError(f"listen tcp: address {port}: invalid port", 500)
    return host.removeprefix("[").removesuffix("]") or LOOPBACK, int(port)


def _on_this_machine(host: str) -> bool:
    """Whether who listens there can be reached by programs of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def join_address(host: str, port: int) -> str:
    """`host:port`, an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Proxy:
    """A proxy. `listen` becomes the real address when it starts; `traffic` counts bytes by stream and by 'received' or 'sent'."""

    def __init__(self, options: ProxyOptions) -> None:
        self.name, self.listen, self.upstream = options.name, options.listen or f"{LOOPBACK}:0", options.upstream
        self.toxics: dict[str, Toxic] = {}
        self.traffic: Counter[tuple[str, str]] = Counter()
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._connecting: set[asyncio.Task[None]] = set()
        self._waiting: set[End] = set()

    @property
    def enabled(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    async def start(self) -> None:
        """Listen. Raises ApiError if the address cannot be had, or other machines could reach it."""
        if self._server is not None:
            return
        host, port = split_address(self.listen)
        if not _on_this_machine(host):
            raise ApiError(f"listen tcp {self.listen}: bind: proxies of this server listen on 127.0.0.1 alone", 403)
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: End(self._accepted), host, port)
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno and error.errno > 0 else "cannot resolve the host"
            raise ApiError(f"listen tcp {self.listen}: bind: {reason}", 500) from error
        self.listen = join_address(*self._server.sockets[0].getsockname()[:2])

    async def stop(self) -> None:
        """Listen no more, and close every connection."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in self._connecting:
            task.cancel()
        for end in self._waiting:
            end.close()
        for connection in list(self.connections):
            connection.close()
        self._waiting.clear()
        self.connections.clear()
        await asyncio.sleep(
            0
        )  # so that the sockets that were informed to close are closed; not until a peer has read its last bytes

    # --- connections ----------------------------------------------------------------------------------------------------

    def _accepted(self, client: End) -> None:
        """A client is there; nothing is read from it until the upstream is, too."""
        assert client.transport is not None
        client.transport.pause_reading()
        self._waiting.add(client)
        task = asyncio.get_running_loop().create_task(self._connect(client))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, client: End) -> None:
        host, port = split_address(self.upstream)
        upstream = End()
        try:
            await asyncio.get_running_loop().create_connection(lambda: upstream, host, port)
        except OSError:
            client.close()  # as the real one: a dead upstream accepts and then closes
            return
        finally:
            self._waiting.discard(client)
        if client.transport is None or client.transport.is_closing() or not self.enabled:
            upstream.close()
            client.close()
            return
        connection = Connection(client, upstream, list(self.toxics.values()), self._count)
        self.connections.add(connection)
        client.on_lost = upstream.on_lost = lambda: self.connections.discard(connection)
        client.transport.resume_reading()

    def _count(self, stream: str, received: int, sent: int) -> None:
        self.traffic[stream, "received"] += received
        self.traffic[stream, "sent"] += sent

    # --- toxics ---------------------------------------------------------------------------------------------------------

    def add_toxic(self, toxic: Toxic) -> None:
        """Put a toxic on all connections, present and future. Raises ApiError if its name is taken."""
        if toxic.name in self.toxics:
            raise ApiError("toxic already exists", 409)
        self.toxics[toxic.name] = toxic
        for connection in list(self.connections):
            connection.lines[toxic.stream].add(toxic)

    def toxic(self, name: str) -> Toxic:
        """The toxic of a name. Raises ApiError if there is none."""
        if name not in self.toxics:
            raise ApiError("toxic not found", 404)
        return self.toxics[name]

    def change_toxic(self, toxic: Toxic) -> None:
        """Replace a toxic of the same name and stream."""
        self.toxics[toxic.name] = toxic
        for connection in list(self.connections):
            connection.lines[toxic.stream].change(toxic)

    def remove_toxic(self, name: str) -> None:
        """Take a toxic away. Raises ApiError if there is none."""
        toxic = self.toxic(name)
        del self.toxics[name]
        for connection in list(self.connections):
            connection.lines[toxic.stream].remove(name)

    def toxics_in_order(self) -> list[Toxic]:
        """Those of the upstream direction first, each direction in the order in which they act."""
        return sorted(self.toxics.values(), key=lambda toxic: Toxic.STREAMS.index(toxic.stream))

    def shown(self) -> dict[str, object]:
        """As the API shows it."""
        toxics = [toxic.shown() for toxic in self.toxics_in_order()]
        address = {"name": self.name, "listen": self.listen, "upstream": self.upstream}
        return {**address, "enabled": self.enabled, "Logger": {}, "toxics": toxics}


class Proxies:
    """All proxies of a server, by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Proxy] = {}

    def __iter__(self) -> Iterator[Proxy]:
        return iter([self._by_name[name] for name in sorted(self._by_name)])

    def find(self, name: str) -> Proxy:
        """The proxy of a name. Raises ApiError if there is none."""
        if name not in self._by_name:
            raise ApiError("proxy not found", 404)
        return self._by_name[name]

    async def add(self, options: ProxyOptions) -> Proxy:
        """A new proxy. Raises ApiError if its name or address is taken."""
        if options.name in self._by_name:
            raise ApiError("proxy already exists", 409)
        return await self._put(options)

    async def add_or_replace(self, options: ProxyOptions) -> Proxy:
        """The proxy as described: one that is so already keeps its connections and toxics, another of its name is stopped first."""
        before = self._by_name.get(options.name)
        if before is not None:
            if (before.listen, before.upstream) == (options.listen, options.upstream):
                return before
            await before.stop()
        return await self._put(options)

    async def _put(self, options: ProxyOptions) -> Proxy:
        proxy = Proxy(options)
        if options.enabled:
            await proxy.start()
        self._by_name[options.name] = proxy
        return proxy

    async def change(self, name: str, options: ProxyOptions) -> Proxy:
        """Give a proxy another address or upstream, which closes its connections, or switch it on or off."""
        proxy = self.find(name)
        if (options.listen, options.upstream) != (proxy.listen, proxy.upstream):
            await proxy.stop()
            proxy.listen, proxy.upstream = options.listen, options.upstream
        await (proxy.start() if options.enabled else proxy.stop())
        return proxy

    async def remove(self, name: str) -> None:
        """Stop a proxy and forget it. Raises ApiError if there is none."""
        proxy = self.find(name)
        del self._by_name[name]
        await proxy.stop()

    async def reset(self) -> None:
        """Take every toxic away and switch every proxy on. Raises ApiError at the first address that cannot be had."""
        for proxy in self:
            for name in list(proxy.toxics):
                proxy.remove_toxic(name)
        for proxy in self:
            await proxy.start()

    async def stop(self) -> None:
        """Stop them all."""
        for proxy in self:
            await proxy.stop()
