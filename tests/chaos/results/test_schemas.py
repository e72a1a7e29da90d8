"""JSON Schemas of results: what commands write is what they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.results.schemas import RESULTS

Write = Callable[..., Path]


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


def written(command: list[str]) -> dict[str, Any]:
    """The JSON that a command writes."""
    run = CliRunner().invoke(main, [*command, "--json", "-"], catch_exceptions=False)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("result", ["run", "{file}", "--replications", "2"]),
        ("comparison", ["compare", "{file}", "--architectures", "{core},{core}", "--healthy", "{file}", "--replications", "1"]),
        ("sweep", ["sweep", "{file}", "--vary", "load=1,2"]),
    ],
    ids=["result", "comparison", "sweep"],
)
def test_results_fit_their_schema(name: str, command: list[str], tmp_path: Path, write: Write) -> None:
    """The result fits the schema, is read back as it was, and without its runs it fits no more."""
    file = write(tmp_path)
    core = tmp_path / "architecture.yaml"
    other = tmp_path / "other.yaml"
    other.write_text(core.read_text())
    words = [w.replace("{core},{core}", f"{core},{other}").replace("{file}", str(file)) for w in command]
    result = written(words)
    jsonschema.validate(result, schema(name))
    assert RESULTS[name].model_validate(result).json_object() == result
    assert not jsonschema.Draft202012Validator(schema(name)).is_valid({k: v for k, v in result.items() if k != "summary"})
