"""A client of a Toxiproxy server, ours or the real one. Every call has a time-out: a DELETE of a toxic has been seen to hang."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Literal

import aiohttp

from chaos.live.proxy.proxies import ProxyOptions

TIMEOUT_S = 2.0

Stream = Literal["upstream", "downstream"]


class ProxyError(Exception):
    """A Toxiproxy server that refused a request, did not answer in time, or is not there."""


class ToxiproxyClient:
    """Calls one server at `url`, such as http://127.0.0.1:8474. To be used as an asynchronous context manager."""

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        self.url = url.rstrip("/")
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s))

    async def __aenter__(self) -> ToxiproxyClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections to the server."""
        await self._session.close()

    async def _call(self, method: str, path: str, body: object = None, missing_ok: bool = False) -> object:
        """The answer to one request. Raises ProxyError with what was asked and what the server said."""
        try:
            async with self._session.request(method, f"{self.url}{path}", json=body) as response:
                if response.status == 404 and missing_ok:
                    return None
                if response.status >= 400:
                    raise ProxyError(f"{method} {path}: {response.status} {(await response.text()).strip()}")
                return await response.json(content_type=None) if response.status != 204 else None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ProxyError(f"{method} {self.url}{path}: {type(error).__name__} {error}".rstrip()) from error

    async def populate(self, proxies: Sequence[ProxyOptions]) -> dict[str, str]:
        """Make or replace these proxies; the address on which each listens, by name."""
        body = [{"name": p.name, "listen": p.listen, "upstream": p.upstream, "enabled": p.enabled} for p in proxies]
        answer = await self._call("POST", "/populate", body)
        made = answer.get("proxies") if isinstance(answer, dict) else None
        if not isinstance(made, list):
            raise ProxyError(f"POST /populate: the answer is no Toxiproxy's: {answer!r}"[:200])
        return {proxy["name"]: proxy["listen"] for proxy in made}

    async def remove(self, proxy: str) -> None:
        """Close a proxy and forget it; nothing happens if it is gone already."""
        await self._call("DELETE", f"/proxies/{proxy}", missing_ok=True)

    async def set_enabled(self, proxy: str, enabled: bool) -> None:
        """Let a proxy listen, or close it with all its connections."""
        await self._call("POST", f"/proxies/{proxy}", {"enabled": enabled})

    async def set_upstream(self, proxy: str, upstream: str) -> None:
        """Let a proxy lead elsewhere, as when a node comes back on another port; its connections are closed."""
        await self._call("POST", f"/proxies/{proxy}", {"upstream": upstream})

    async def add_toxic(self, proxy: str, name: str, kind: str, stream: Stream, attributes: Mapping[str, int]) -> None:
        """Put a toxic on all connections of a proxy, present and future."""
        body = {"name": name, "type": kind, "stream": stream, "toxicity": 1.0, "attributes": dict(attributes)}
        await self._call("POST", f"/proxies/{proxy}/toxics", body)

    async def change_toxic(self, proxy: str, name: str, attributes: Mapping[str, int]) -> None:
        """Give a toxic other attributes."""
        await self._call("POST", f"/proxies/{proxy}/toxics/{name}", {"attributes": dict(attributes)})

    async def remove_toxic(self, proxy: str, name: str) -> None:
        """Take a toxic away; nothing happens if it is gone already."""
        await self._call("DELETE", f"/proxies/{proxy}/toxics/{name}", missing_ok=True)

    async def reset(self) -> None:
        """Switch every proxy on and take every toxic away."""
        await self._call("POST", "/reset")

    async def version(self) -> str:
        """The server's own word for its version."""
        answer = await self._call("GET", "/version")
        return str(answer.get("version")) if isinstance(answer, dict) else ""
