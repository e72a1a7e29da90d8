"""JSON Schemas of results: what commands write is what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.results.schemas import RESULTS


def schema(name: str) -> dict[str, Any]:
    """What `coredrill schema` prints."""
    found: dict[str, Any] = json.loads(CliRunner().invoke(main, ["schema", name]).stdout)
    return found


@pytest.mark.parametrize("name", RESULTS)
def test_a_schema_is_one(name: str) -> None:
    """Each is a JSON Schema of its dialect, with a description of every part."""
    found = schema(name)
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    assert [part for part, of in found["$defs"].items() if not of.get("description") and "enum" not in of] == []


def test_what_run_writes_fits_its_schema(small_run: Path) -> None:
    """The result object of a run is valid; one with a verdict that there is not, or without a digest, is not."""
    result = json.loads((small_run.parents[1] / "result.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema("result"))
    assert list(validator.iter_errors(result)) == []
    run = result["runs"][0]
    for spoiled in (run | {"verdict": "splendid"}, {key: value for key, value in run.items() if key != "digest"}):
        assert list(validator.iter_errors(result | {"runs": [spoiled]}))
