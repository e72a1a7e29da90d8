"""Facilitators' guides: those in docs/drills are what the command makes of the drills' files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.documents.library import library
from chaos.room.exercise.guide import guide, table
from chaos.room.exercise.prepared import prepare

DRILLS = sorted(library().shipped("drill"))
GUIDES = Path(__file__).parents[4] / "docs" / "drills"
ALL = os.environ.get("COREDRILL_TEST_DRILLS") == "all"


@pytest.mark.parametrize("name", DRILLS)
def test_the_guide_in_docs_is_that_of_the_file(name: str) -> None:
    """But for its figures, which a rehearsal makes: with COREDRILL_TEST_DRILLS=all these too."""
    kept = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    if ALL:
        assert CliRunner().invoke(main, ["room", "guide", name]).stdout == kept
    before, _, rest = kept.partition("\n## What comes of it\n")
    _, _, after = rest.partition("\n## List of events\n")
    assert guide(prepare(name), "en") == f"{before}\n## List of events\n{after}"
    assert rest.count("\n| ") >= 5  # nobody, the rules, the best known response, another, below their head
    assert len(prepare(name).model.hot_wash) >= 3


@pytest.mark.parametrize("name", DRILLS)
def test_a_guide_is_in_both_languages(name: str) -> None:
    """Every inject of the list, with what is expected, and what to talk about."""
    drill = prepare(name)
    english, chinese = guide(drill, "en"), guide(drill, "zh")
    for inject in drill.model.injects:
        assert inject.title.en in english
        assert inject.title.zh in chinese
    assert "## Hot wash" in english
    assert "## 现场讲评" in chinese
    assert english.count("\n## ") == chinese.count("\n## ")


def test_a_cell_cannot_end_its_row() -> None:
    """Bars and line ends of a text are no markup."""
    assert table(["a", "b"], [["x|y", "1\n2"]])[2] == "| x\\|y | 1 2 |"
