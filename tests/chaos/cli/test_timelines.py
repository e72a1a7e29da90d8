"""Published timelines beside simulated ones, and the page that keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.documents.library import shipped_for
from chaos.execution.execute import execute
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.judgement.reproduction import reproduction_of
from chaos.reports.reproductions import outcome_cells, section
from chaos.results.reproduction import ReproductionsResult, landing
from chaos.results.schemas import result_schema

CHECKED = ["incidents/everbright-2013-08-16", "incidents/knight-2012-08-01"]  # the cheapest to run whole
RECORD = """\
purpose: reproduction
record:
  fitted: [{ what: length, value: 2min, source: the record }]
  outcomes:
    - { measure: impaired_s, published: 2min, source: a guess }
    - { measure: recovery_s, published: 10min, source: a guess, misses: too short by far }
    - { measure: orders.unknown, published: 1, fitted: true, source: a guess }
    - { measure: impaired_s, published: 2min, implied: the step lasts so long, source: a guess }
  timeline:
    - { at: "10:02", what: nothing answers, event: fault_started }
    - { at: "10:05", what: an apology }
"""

SESSION = Session()


@pytest.fixture(scope="module")
def written(root: Path) -> str:
    return (root / "docs/reproductions.md").read_text(encoding="utf-8")


@pytest.fixture
def small(tmp_path: Path, write: Callable[..., Path]) -> Path:
    path = write(tmp_path, more=RECORD)
    path.write_text(path.read_text().replace("expect:\n  - { measure: impaired_s, at_most: 10min }\n", ""))
    return path


def test_every_reproduction_is_on_the_page(written: str) -> None:
    """No shipped reproduction is left out, and none is on the page that is not shipped."""
    sections = [line.removeprefix("## ") for line in written.splitlines() if line.startswith("## ")]
    assert sections == shipped_for("reproduction")


@pytest.mark.parametrize("name", CHECKED)
def test_page_is_what_a_run_gives(name: str, written: str) -> None:
    """Run again, a reproduction gives the page's section letter by letter: coredrill timelines --markdown docs/reproductions.md."""
    scenario = SESSION.scenario(name).model
    made = section(reproduction_of(scenario, execute(SESSION, Job(name, 1))), scenario.description)
    assert made in written + "\n"


@pytest.mark.parametrize("name", shipped_for("reproduction"))
def test_page_has_what_the_file_says(name: str, written: str) -> None:
    """Title, lines of the timeline, fitted parameters and stated misses stand in a section as they stand in the file."""
    scenario = SESSION.scenario(name).model
    assert scenario.record is not None
    there = written.split(f"\n## {name}\n")[1].split("\n## ")[0]
    texts = [scenario.title, *(t.what for t in scenario.record.timeline), *(p.value for p in scenario.record.fitted)]
    texts += (
        [o.misses for o in scenario.record.outcomes]
        + [o.implied for o in scenario.record.outcomes]
        + [f"`{o.measure}`" for o in scenario.record.outcomes]
    )
    assert [text for text in texts if text not in there] == []


def test_outcomes_are_held_against_what_was_published(small: Path) -> None:
    """Of four outcomes one lands, one misses and says so; one was fitted and one could not come out otherwise, and these do not count."""
    run = reproduction_of(SESSION.scenario(str(small)).model, execute(SESSION, Job(str(small), 1)))
    assert [(outcome.measure, outcome.lands) for outcome in run.outcomes] == [
        ("impaired_s", True),
        ("recovery_s", False),
        ("orders.unknown", False),
        ("impaired_s", True),
    ]
    assert landing([run]) == (1, 2)
    assert [outcome_cells(outcome).end for outcome in run.outcomes] == ["lands", "misses", "fitted", "implied"]
    assert run.json_object()["timeline"] == [
        {"what": "nothing answers", "published": "10:02:00", "simulated": "10:02:00"},
        {"what": "an apology", "published": "10:05:00", "simulated": None},
    ]


def run_command(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["timelines", *arguments], catch_exceptions=False)


def test_command_prints_and_writes(small: Path, tmp_path: Path) -> None:
    """Both timelines on stdout, progress on stderr, the same figures in the JSON, exit code 0 for a pass."""
    result = run_command(str(small), "--replications", "2", "--json", str(tmp_path / "told.json"))
    assert result.exit_code == 0
    assert "10:02:00   10:02:00   nothing answers" in result.stdout
    assert "[2/2] pass" in result.stderr
    assert "[2/2]" not in result.stdout
    shown = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    assert shown["summary"] == {"runs": 2, "verdict": "pass", "outcomes": 4, "outcomes_landing": 2}
    assert "fresh" not in shown or shown["fresh"] == []
    assert shown["runs"][0]["outcomes"][0]["simulated"] == pytest.approx(120, abs=20)
    jsonschema.validate(shown, result_schema("reproductions"))
    assert ReproductionsResult.model_validate(shown).json_object() == shown
    spoiled = shown | {"runs": [shown["runs"][0] | {"outcomes": [{"measure": "impaired_s"}]}]}
    assert not jsonschema.Draft202012Validator(result_schema("reproductions")).is_valid(spoiled)


def test_requirement_has_no_timeline(tmp_path: Path, write: Callable[..., Path]) -> None:
    """A scenario without a public record is the user's mistake: exit 2, in one line."""
    result = run_command(str(write(tmp_path)))
    assert result.exit_code == 2
    assert "no public record" in result.stderr


def test_fresh_seeds_make_intervals(small: Path, tmp_path: Path) -> None:
    """Beside each outcome that counts: the hang of two minutes lies inside what two other seeds show, the ten minutes outside."""
    page = tmp_path / "page.md"
    run_command(str(small), "--fresh", "2", "--json", str(tmp_path / "found.json"), "--markdown", str(page))
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert [(o["measure"], o["found"]["runs"]) for o in found["fresh"]] == [("impaired_s", 2), ("recovery_s", 2)]
    assert found["fresh"][1]["inside"] is False
    assert len(found["runs"]) == 1
    assert "inside" in page.read_text(encoding="utf-8").split("## ")[0]
    jsonschema.validate(found, result_schema("reproductions"))
