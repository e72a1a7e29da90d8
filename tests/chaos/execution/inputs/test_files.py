"""Files that are read once: what is kept of each kind, and what gives way."""

from __future__ import annotations

from chaos.execution.inputs.files import ResolvedFileCache


def test_what_was_asked_for_longest_ago_gives_way() -> None:
    """Each kind has its own room; asking for something keeps it."""
    made: list[str] = []

    def get(kind: str, key: str) -> str:
        return cache.get(kind, key, lambda: made.append(key) or key.upper())  # type: ignore[func-returns-value]

    cache = ResolvedFileCache(per_kind_max=2)
    assert [get("a", key) for key in ("x", "y", "x", "z")] == ["X", "Y", "X", "Z"]  # z takes the place of y
    assert get("b", "x") == "X"
    assert [get("a", key) for key in ("x", "z", "y")] == ["X", "Z", "Y"]
    assert made == ["x", "y", "z", "x", "y"]


def test_a_failure_is_not_kept() -> None:
    """What could not be made is tried again."""
    cache = ResolvedFileCache()
    tries: list[int] = []

    def fail() -> int:
        tries.append(1)
        raise ValueError

    for _ in range(2):
        try:
            cache.get("a", "x", fail)
        except ValueError:
            continue
    assert len(tries) == 2
