"""docs/coverage.md tells a story with figures: at small size, that it is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

from click.testing import CliRunner

from chaos.cli.main import main

PAGE = (Path(__file__).resolve().parents[3] / "docs/coverage.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([^`]+@[^`]+)` \| (noticed|not noticed|not present) \| (noticed|not noticed) \|", re.MULTILINE)
PUBLISHED = {name: (in_staging, at_the_open) for name, in_staging, at_the_open in ROW.findall(PAGE)}
WORDS = {"killed": "noticed", "survived": "not noticed", "not present": "not present", "timed out": "not noticed"}
SAMPLE = ("memory-leak@counter", "pool-leak@counter-connections", "slow-query@counter-db.record-order")
COMMAND = "coredrill coverage release-gate --environment staging --beside at-the-open@production"


def test_the_page_tells_of_every_planted_defect() -> None:
    """Its table has the rows the story speaks of, the sample among them, and both suites notice what it counts."""
    assert set(SAMPLE) <= set(PUBLISHED)
    for column, words in enumerate(("`release-gate` in staging", "`at-the-open` in production")):
        counted = sum(row[column] == "noticed" for row in PUBLISHED.values())
        assert f"{words}: {counted} of {len(PUBLISHED)} noticed" in PAGE


def test_the_story_is_true(tmp_path: Path) -> None:
    """Both suites are green without defects, and notice of the sample what the page says; one command tells of both."""
    assert COMMAND in PAGE
    defects = [word for name in SAMPLE for word in ("--defect", name)]
    words = [
        *COMMAND.split()[1:],
        "--seeds",
        "1",
        "--store",
        str(tmp_path / "runs"),
        *defects,
        "--json",
        str(tmp_path / "out.json"),
    ]
    made = CliRunner().invoke(main, words, catch_exceptions=False)
    assert made.exit_code == 0, made.output
    result = json.loads((tmp_path / "out.json").read_text())
    for column, of in enumerate((result, result["beside"])):
        assert {x["name"]: WORDS[x["status"]] for x in of["mutants"]} == {name: PUBLISHED[name][column] for name in SAMPLE}
