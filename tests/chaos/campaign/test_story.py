"""docs/coverage.md tells a story with figures: at small size, that it is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli import main

PAGE = (Path(__file__).resolve().parents[3] / "docs/coverage.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([^`]+@[^`]+)` \| (noticed|not noticed|not present) \| (noticed|not noticed) \|", re.MULTILINE)
TOLD = {name: (in_staging, at_the_open) for name, in_staging, at_the_open in ROW.findall(PAGE)}
WORDS = {"killed": "noticed", "survived": "not noticed", "not present": "not present", "timed out": "not noticed"}
SAMPLE = ("memory-leak@counter", "pool-leak@counter-connections", "slow-query@counter-db.record-order")


def found(suite: str, environment: str, folder: Path) -> dict[str, str]:
    """What the page would say of the sample after one seed."""
    defects = [word for name in SAMPLE for word in ("--defect", name)]
    words = ["coverage", suite, "--environment", environment, "--seeds", "1", "--store", str(folder / "runs"), *defects]
    result = CliRunner().invoke(main, [*words, "--json", str(folder / "out.json")], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return {x["name"]: WORDS[x["status"]] for x in json.loads((folder / "out.json").read_text())["mutants"]}


def test_the_page_tells_of_every_planted_defect() -> None:
    """Its table has the rows the story speaks of, the sample among them, and both suites notice what it counts."""
    assert set(SAMPLE) <= set(TOLD)
    for column, words in enumerate(("`release-gate` in staging", "`at-the-open` in production")):
        counted = sum(row[column] == "noticed" for row in TOLD.values())
        assert f"{words}: {counted} of {len(TOLD)} noticed" in PAGE


@pytest.mark.parametrize(("column", "suite", "environment"), [(0, "release-gate", "staging"), (1, "at-the-open", "production")])
def test_the_story_is_true(column: int, suite: str, environment: str, tmp_path: Path) -> None:
    """The suite is green without defects, and notices of the sample what the page says."""
    assert found(suite, environment, tmp_path) == {name: TOLD[name][column] for name in SAMPLE}
