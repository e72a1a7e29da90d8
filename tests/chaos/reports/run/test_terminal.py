"""The report in a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from chaos.reports.run.terminal import COLUMNS, LINES_MAX, lines, spark
from chaos.results.stored_run import read_run


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_story_fits_forty_lines(small_run: Path, language: str, drill: Callable[..., Result]) -> None:
    """Verdict, figures, sparklines, digest and replay line, plain when piped."""
    result = drill("report", str(small_run), "--lang", language)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    shown = result.stdout.rstrip("\n").split("\n")
    assert len(shown) <= LINES_MAX
    run = read_run(small_run).run
    assert shown[0].startswith("fail: A small drill" if language == "en" else "未通过：A small drill")
    assert run.digest in result.stdout
    assert shown[-1] == run.replay
    assert f"{run.measures.orders.failed_orders:,}" in result.stdout
    assert sum(len(set(line) & set("▁▂▃▄▅▆▇█")) > 0 for line in shown) >= 4


def test_many_reasons_and_sentences_are_cut_not_grown(planted: Callable[..., Path], small_run: Path) -> None:
    """A run with a hundred reasons and as many links still fits, and ends in its replay line."""
    run = read_run(small_run).run
    links = [{"t_ns": 36_200_000_000_000 + i, "kind": "pool", "name": f"p{i}", "what": "fails"} for i in range(100)]
    shown = lines(read_run(planted(reasons=[f"reason {i}" for i in range(100)], causes=links)))
    assert len(shown) <= LINES_MAX
    assert shown[-1][0] == run.replay


def test_control_characters_do_not_reach_the_terminal(planted: Callable[..., Path], drill: Callable[..., Result]) -> None:
    """A title that would clear the screen and start a new line is shown escaped, on one line."""
    folder = planted(title="\x1b[2J\nowned")
    result = drill("report", str(folder))
    assert "\x1b" not in result.stdout
    assert result.stdout.splitlines()[0].endswith(r"\x1b[2J\nowned")


def test_sparks() -> None:
    """Heights in eighths of the top, rounded up: a little is never nothing; without any there is no bar."""
    assert spark(np.array([0, 1, 50, 100]), 100) == " ▁▄█"
    assert spark(np.array([0, 0]), 0) == "  "
    assert len(spark(np.zeros(COLUMNS, int), 5)) == COLUMNS
