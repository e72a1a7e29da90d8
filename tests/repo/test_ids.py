"""The names of the tests themselves: short enough to read in a log, and to write again on a command line."""

from __future__ import annotations

import pytest

ID_MAX = 120  # name and parameters, without the file


def too_long(ids: list[str]) -> list[str]:
    """The ids over the limit, cut to what can be read."""
    names = [(name, name.partition("::")[2]) for name in ids]
    return [f"{name[:200]}: {len(test)} characters; at most {ID_MAX}" for name, test in names if len(test) > ID_MAX]


def test_ids_are_short(request: pytest.FixtureRequest) -> None:
    """No test of this session has an id that is a whole file; tests/conftest.py cuts long parameters."""
    assert too_long([item.nodeid for item in request.session.items]) == []


def test_long_ids_are_found() -> None:
    """An id one character over the limit is caught, one at the limit is not, and the file's path does not count."""
    assert len(too_long(["a/test_a.py::" + "x" * (ID_MAX + 1)])) == 1
    assert too_long(["a" * 300 + ".py::" + "x" * ID_MAX]) == []
