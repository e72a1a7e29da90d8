"""Who may sit where: an unguessable token for each seat that a person has."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping

from chaos.documents.drill import Seat

_BYTES = 32


def new_token() -> str:
    """A token of 256 random bits."""
    return secrets.token_urlsafe(_BYTES)


def seat_of(token: str, tokens: Mapping[Seat, str]) -> Seat | None:
    """The seat of a token; None for one that is nobody's. It takes as long for every wrong one."""
    given, found = token.encode("utf-8", "surrogatepass"), None
    for seat, known in tokens.items():
        if hmac.compare_digest(given, known.encode()):
            found = seat
    return found
