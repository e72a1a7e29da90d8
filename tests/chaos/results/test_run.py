"""The result of a run: one form in memory and on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chaos.results.findings import Fails, Findings, Slow
from chaos.results.run import RunResult


@pytest.fixture
def plain(small_run: Path) -> dict[str, Any]:
    """The JSON of the small run's result."""
    found: dict[str, Any] = json.loads((small_run / "run.json").read_text(encoding="utf-8"))["record"]
    return found


def test_what_is_read_is_written_back_as_it_was(plain: dict[str, Any]) -> None:
    """Key for key and in the same order, though parts that have nothing to say are left out."""
    run = RunResult.model_validate(plain)
    assert json.dumps(run.json_object()) == json.dumps(plain)
    assert RunResult.model_validate(json.loads(json.dumps(run.json_object()))) == run


def test_a_result_does_not_change(plain: dict[str, Any]) -> None:
    """Nobody who is given a result can change what it says."""
    run = RunResult.model_validate(plain)
    with pytest.raises(ValidationError, match="frozen"):
        run.verdict = "pass"


def test_a_later_version_may_say_more(plain: dict[str, Any]) -> None:
    """A key that is not known is passed over; a value of the wrong type is not."""
    assert RunResult.model_validate(plain | {"weather": "fine"}) == RunResult.model_validate(plain)
    with pytest.raises(ValidationError, match="seed"):
        RunResult.model_validate(plain | {"seed": "1"})


def test_every_sentence_has_its_data(plain: dict[str, Any]) -> None:
    """Reasons, expectations and causes each have one behind them, in the same order."""
    run = RunResult.model_validate(plain)
    assert [len(run.reasons), len(run.expectations), len(run.causes)] == [1, 4, 3]
    counts = [len(run.findings.reasons), len(run.findings.expectations), len(run.findings.symptoms)]
    assert counts == [1, 4, 3]
    assert [symptom.kind for symptom in run.findings.symptoms] == ["injected", "slow", "requests_fail"]


def test_a_run_without_data_has_its_sentences(plain: dict[str, Any]) -> None:
    """As an older coredrill stored it: reasons, bounds and symptoms stand in English."""
    del plain["findings"]
    run = RunResult.model_validate(plain)
    assert [reason.kind for reason in run.reason_data] == ["text"]
    assert [found.bound.kind for found in run.expectation_data] == ["text"] * 4


def test_data_that_does_not_go_with_the_sentences_is_passed_over(plain: dict[str, Any]) -> None:
    """Where there are more reasons than data, the reasons count: a folder is untrusted."""
    run = RunResult.model_validate(plain | {"reasons": ["one", "two"]})
    assert [reason.model_dump()["text"] for reason in run.reason_data] == ["one", "two"]


def test_a_kind_is_always_in_the_json() -> None:
    """Though it is a default that nobody sets."""
    findings = Findings(symptoms=[Fails(), Slow(times=3.0)])
    assert findings.json_object() == {"symptoms": [{"kind": "fails"}, {"kind": "slow", "times": 3.0}]}
    with pytest.raises(ValidationError, match="kind"):
        Findings.model_validate({"symptoms": [{"kind": "sleepy"}]})
