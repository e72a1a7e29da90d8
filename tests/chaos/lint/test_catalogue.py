"""All rules together: what is listed, what is said, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.i18n.texts import catalogue
from chaos.lint.catalogue import lint, rules
from chaos.results.lint import LintResult
from simcore.library import LIBRARY
from simcore.model.architecture import Architecture

QUIET = """\
kind: architecture
name: quiet
services: { core: { operations: { ask: { steps: [{ work: 5ms }] } } } }
flows: { look: { steps: [{ call: core.ask, timeout: 1s }] } }
control: { monitors: { up: { metric: { gauge: ["unit/core#0/up"] }, below: 1 } } }
"""


def test_rules_are_found_in_order() -> None:
    """Each file of the folder has one, and each has its texts."""
    names = [rule.name for rule in rules()]
    assert names == [
        "starvation",
        "timeout-below-callee",
        "retries-multiplied",
        "pool-too-small",
        "unwatched-service",
        "retry-without-key",
        "endless-wait",
    ]
    assert {key for name in names for key in (f"lint.{name}", f"lint.{name}.reason")} <= set(catalogue())


def test_a_rule_that_needs_customers_says_that_it_was_not_checked() -> None:
    """Rather than that it found nothing."""
    result = lint(LIBRARY.resolve("textbook/mm1", Architecture))
    assert [rule.name for rule in result.rules if not rule.checked] == ["pool-too-small"]


def test_nothing_is_found(tmp_path: Path) -> None:
    """Exit code 0, and one line more than what was not checked."""
    file = tmp_path / "quiet.yaml"
    file.write_text(QUIET)
    done = CliRunner().invoke(main, ["lint", str(file)])
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "pool-too-small: not checked, for no workload is named (--workload)",
        "quiet: no findings",
    ]


def test_findings_have_their_place_and_reason(tmp_path: Path) -> None:
    """Exit code 1; file, line and column before each, and the reason once a rule; the same in the JSON."""
    out = tmp_path / "found.json"
    done = CliRunner().invoke(main, ["lint", "textbook/mm1", "--workload", "textbook/open-800", "--json", str(out)])
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "unwatched-service: 1 finding"
    assert lines[1].startswith("  nobody watches a service")
    assert "scenarios/architectures/textbook/mm1.yaml:11:3: no monitor reads station" in lines[2]
    assert lines[-1] == "textbook/mm1: 2 findings"
    result = LintResult.model_validate_json(out.read_text(encoding="utf-8"))
    assert [(f.rule, f.line) for f in result.findings] == [("unwatched-service", 11), ("endless-wait", 20)]
    assert result.workload == "textbook/open-800"


def test_in_chinese_and_to_standard_output() -> None:
    """The rules keep their names; with JSON on standard output nothing else is printed."""
    done = CliRunner().invoke(main, ["lint", "textbook/mm1", "--lang", "zh"])
    assert "textbook/mm1：检查出 2 处问题" in done.stdout
    printed = CliRunner().invoke(main, ["lint", "textbook/mm1", "--json", "-"])
    assert next(f["message_zh"] for f in json.loads(printed.stdout)["findings"]).startswith("没有监控")


@pytest.mark.parametrize(
    "arguments",
    [["nowhere"], ["textbook/mm1", "--workload", "normal-day"], ["textbook/mm1", "--set", "pools.none.slots=1"]],
    ids=["no-file", "no-fit", "no-place"],
)
def test_bad_input(arguments: list[str]) -> None:
    """Exit code 2: no such file, a workload that does not fit, a change of what is not there."""
    assert CliRunner().invoke(main, ["lint", *arguments]).exit_code == 2


def test_changes_and_environments_come_first(tmp_path: Path) -> None:
    """What is checked is the architecture with what the command line and the environment change."""
    file = tmp_path / "quiet.yaml"
    file.write_text(QUIET)
    silent = CliRunner().invoke(main, ["lint", str(file), "--set", "control.monitors.up.silenced=true"])
    assert (silent.exit_code, "unwatched-service: 1 finding" in silent.stdout) == (1, True)
    staged = CliRunner().invoke(main, ["lint", "legacy-coupled", "--environment", "staging", "--json", "-"])
    assert json.loads(staged.stdout)["environment"] == "staging"
