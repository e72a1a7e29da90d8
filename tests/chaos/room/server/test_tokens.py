"""Tokens of seats."""

from __future__ import annotations

from chaos.room.server.tokens import new_token, seat_of


def test_a_token_is_for_its_seat_alone() -> None:
    """Long, never the same twice; anything else is nobody's."""
    tokens = {"operator": new_token(), "approver": new_token()}
    assert min(map(len, tokens.values())) >= 43
    assert new_token() != tokens["operator"]
    assert [seat_of(token, tokens) for token in tokens.values()] == ["operator", "approver"]
    for wrong in ("", tokens["operator"][:-1], tokens["operator"] + "x", "é", "\ud800", "x" * 100_000):
        assert seat_of(wrong, tokens) is None
