"""Names of a room, and pages that may ask it."""

from __future__ import annotations

import socket

import pytest

from chaos.room.server.origins import Names

BEHIND = Names("127.0.0.1", "https://room.example:8443/drills/")


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1:8765", True),
        ("[::1]:8765", True),
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("10.1.2.3:8765", True),
        ("room.example:8443", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("user@127.0.0.1@evil.example", False),
        ("", False),
        ("[", False),
        (f"{socket.gethostname()}.local", False),
    ],
)
def test_an_address_is_known_and_a_name_of_somebody_else_is_not(host: str, known: bool) -> None:
    """DNS rebinding needs a name."""
    assert BEHIND.knows(host) is known


def test_a_machine_that_others_reach_is_known_by_its_own_name() -> None:
    """Not one that listens on itself alone."""
    assert Names("0.0.0.0").knows(f"{socket.gethostname()}:8765")
    assert not Names("0.0.0.0").knows("room.example")


@pytest.mark.parametrize(
    ("origin", "trusted"),
    [
        ("http://127.0.0.1:8765", True),
        ("https://room.example:8443", True),
        ("https://room.example", False),
        ("http://127.0.0.1:8766", False),
        ("http://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_own_pages_are_trusted(origin: str, trusted: bool) -> None:
    """Those of the address that was asked, and of the proxy's."""
    assert BEHIND.trusts(origin, "127.0.0.1:8765") is trusted
