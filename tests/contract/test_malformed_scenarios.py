"""A scenario file with a mistake in it is refused with its place, whatever the mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli.main import main

from .malformed_scenarios import MISTAKES, refusal
from .random_scenarios import write

EACH = 5


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_its_place(mistake: str, tmp_path: Path) -> None:
    """Exit code 2 and one line with file, line and column, from validate and run alike."""
    first = list(MISTAKES).index(mistake)
    found = [refusal(first + i * len(MISTAKES), 0, tmp_path) for i in range(EACH)]
    assert {one.mistake for one in found} == {mistake}
    assert [(one.number, one.wrong) for one in found if one.wrong] == []


def test_without_a_mistake_the_files_are_sound(tmp_path: Path) -> None:
    """What is made malformed is valid to begin with."""
    for number in range(5):
        result = CliRunner().invoke(main, ["validate", str(write(number, 0, tmp_path))])
        assert (result.exit_code, result.stderr) == (0, "")
