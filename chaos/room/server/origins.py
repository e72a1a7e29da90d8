"""Under which names a room may be asked for, and from whose pages.

A page of elsewhere, open in a browser on the same machine, must not reach the room: neither under a name of its own that it lets point
here (DNS rebinding), nor by a websocket across sites.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Names:
    """What a server is known as: addresses of the network and localhost, the machine's own name if others may reach it, and the address of
    the proxy in front."""

    bind: str = "127.0.0.1"
    behind: str | None = None

    def knows(self, host: str) -> bool:
        """Whether a request's Host is one of its names. Nobody else can make an address of the network point elsewhere."""
        name = _name(f"//{host}")
        return name is not None and (_is_address(name) or name in self._own())

    def trusts(self, origin: str, host: str) -> bool:
        """Whether a request of a page with that Origin, sent to that Host, comes from the room's own pages."""
        if self.behind is not None and origin == _origin(self.behind):
            return True
        return origin in (f"http://{host}", f"https://{host}")

    def _own(self) -> set[str]:
        own = {"localhost"} | ({_name(self.behind) or ""} if self.behind is not None else set())
        if not _is_loopback(self.bind):
            machine = socket.gethostname().lower()
            own |= {machine, f"{machine}.local"}
        return own


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(address: str) -> bool:
    return _is_address(address) and ipaddress.ip_address(address).is_loopback
