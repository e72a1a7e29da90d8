"""Incidents that were modelled without their outcome: the command, and the page that it writes into."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.documents.library import shipped_for
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.reports.predictions import BEGIN, END, HEAD, page
from chaos.results.prediction import PredictionsResult
from chaos.results.schemas import result_schema

CHECKED = ["predictions/content-network-2025-12-05", "predictions/market-data-2024-06-03"]  # the cheapest to run
SMALL = """\
purpose: prediction
prediction:
  guesses: [{ what: patience, from: 1s, to: 3s, sets: { "flows.order.steps[core.place].timeout": 1 }, source: guess }]
  questions:
    - { ask: 1. How long?, measure: impaired_s }
    - { ask: 2. Within three minutes?, measure: recovery_s, at_most: 3min }
    - { ask: 3. Within a second?, measure: recovery_s, at_most: 1s }
    - { ask: 4. Who?, missing: people }
    - { ask: 5. Where?, given: there is one place }
"""
SESSION = Session()


@pytest.fixture(scope="module")
def written(root: Path) -> str:
    return (root / "docs/predictions.md").read_text(encoding="utf-8")


def run_command(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["predict", *arguments], catch_exceptions=False)


@pytest.mark.parametrize("name", shipped_for("prediction"))
def test_a_prediction_is_sound(name: str, written: str) -> None:
    """It names its sources, what it draws can be run, and the page has every question, every guess and the table's head."""
    scenario = SESSION.scenario(name).model
    assert scenario.prediction is not None
    assert scenario.source
    assert len(scenario.description.split()) >= 40
    for seed in range(4):
        texts = [text for drawn in scenario.prediction.drawn(seed, name) for text in drawn.assignments]
        SESSION.bind(Job(name, seed, assignments=tuple(texts)).system)
    there = written.split(f"\n## {name}\n")[1].split("\n## ")[0]
    assert f"| {' | '.join(HEAD)} |" in there
    said = [question.ask for question in scenario.prediction.questions] + [guess.what for guess in scenario.prediction.guesses]
    assert [text for text in said if text not in there] == []


def test_every_prediction_is_on_the_page(written: str) -> None:
    """At least five cases, none on the page that is not shipped; what was tried before stays a miss, and how it is judged is said."""
    sections = [line.removeprefix("## ") for line in written.splitlines() if line.startswith("## predictions/")]
    assert sections == shipped_for("prediction")
    assert len(sections) >= 5
    assert "142 min | **miss**" in written
    assert "102:359" in written


@pytest.mark.parametrize("name", CHECKED)
def test_three_seeds_fall_where_the_page_says(name: str, written: str) -> None:
    """Of the first question the median of three runs is within half the low end and twice the high end of the published interval."""
    result = json.loads(run_command(name, "--seeds", "3", "--json", "-").stdout)
    found = result["cases"][0]["answers"][0]["predicted"]
    row = next(line for line in written.split(f"\n## {name}\n")[1].splitlines() if line.startswith("| 1."))
    low, high = (60 * float(figure.replace(",", "")) for figure in re.findall(r"([\d,.]+) min", row.split(" | ")[3]))
    assert low / 2 <= found["median"] <= 2 * high
    assert found["coverage"] == 0.5


def test_small_case_is_answered(tmp_path: Path, write: Callable[..., Path]) -> None:
    """Answers in the terminal and in JSON; progress on stderr; exit code 0; what is missing or given is said and not answered."""
    file, kept = str(write(tmp_path, more=SMALL)), tmp_path / "found.json"
    result = run_command(file, "--seeds", "2", "--json", str(kept), "--markdown", str(tmp_path / "page.md"))
    assert result.exit_code == 0
    assert "[4/4]" in result.stderr
    assert "missing: people" in result.stdout
    assert "3 of 5 questions answered" in result.stdout
    found = json.loads(kept.read_text(encoding="utf-8"))
    jsonschema.validate(found, result_schema("predictions"))
    assert PredictionsResult.model_validate(found).json_object() == found
    answers = found["cases"][0]["answers"]
    assert answers[0]["chance"]["low"] == pytest.approx(120, abs=20)
    assert [answer["share"] for answer in answers[1:3]] == [1.0, 0.0]
    assert (tmp_path / "page.md").read_text(encoding="utf-8").startswith(f"# Predictions\n\n{BEGIN}")


def test_what_people_wrote_stays(tmp_path: Path) -> None:
    """Only what stands between the marks is made."""
    assert page([], f"# A\n\n{BEGIN}old\n{END}\nlast\n") == f"# A\n\n{BEGIN}{END}\nlast\n"
    assert page([], "# A\n") == f"# A\n\n{BEGIN}{END}"


def test_requirement_predicts_nothing(tmp_path: Path, write: Callable[..., Path]) -> None:
    """A scenario without a prediction is the user's mistake: exit 2, in one line."""
    result = run_command(str(write(tmp_path)))
    assert result.exit_code == 2
    assert "predicts nothing" in result.stderr
