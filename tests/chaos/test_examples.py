"""The examples in docstrings run, and each entry point of the Python API has one."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import pytest

import chaos
import simcore

ENTRY_POINTS = (
    "simcore.library.load_architecture",
    "simcore.library.load_workload",
    "simcore.library.load_pair",
    "simcore.compile.plan.compile_plan",
    "simcore.simulation.simulate",
    "simcore.journal.reader.read_journal",
    "simcore.counterparties.counterparty.Counterparty",
    "chaos.execution.execute.execute",
    "chaos.execution.campaign.suite_result",
    "chaos.compare.comparison.compare",
    "chaos.compare.sweep.sweep",
    "chaos.coverage.measurement.measure",
    "chaos.judgement.verdict.holds",
    "chaos.judgement.severity.grade",
    "chaos.results.stored_run.read_run",
    "chaos.checkers.catalogue.check_all",
    "chaos.checkers.checker.Checker",
    "chaos.faults.fault.Fault",
    "chaos.measures.registry.extension",
)
"""What a program calls or subclasses. The example of a target is in docs/extending.md, that of the fixture in docs/scenarios.md: other
tests run those."""


LARGER = "kind: architecture\nname: larger\nextends: ./architecture.yaml\npatch: [{set: pools.threads.slots, to: 16}]\n"


def examples() -> list[doctest.DocTest]:
    """All examples of docstrings in both packages."""
    found = []
    for package in (simcore, chaos):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ">>> " in _source(info):
                found += doctest.DocTestFinder().find(importlib.import_module(info.name))
    return [example for example in found if example.examples]


def _source(info: pkgutil.ModuleInfo) -> str:
    spec = info.module_finder.find_spec(info.name, None)
    return Path(spec.origin).read_text(encoding="utf-8") if spec is not None and spec.origin is not None else ""


EXAMPLES = {example.name: example for example in examples()}


def test_each_entry_point_has_an_example() -> None:
    """Somebody who calls one for the first time can copy lines that work."""
    assert [name for name in ENTRY_POINTS if name not in EXAMPLES] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_shows_what_it_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[..., Path]
) -> None:
    """In a folder with a small architecture, a larger one, a scenario in which its core hangs for two minutes, and a suite of that."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    (tmp_path / "larger.yaml").write_text(LARGER)
    (tmp_path / "suite.yaml").write_text(
        "kind: suite\nname: small\ntitle: One scenario\nscenarios: [{scenario: ./scenario.yaml}]\n"
    )
    said: list[str] = []
    failed = doctest.DocTestRunner(verbose=False).run(EXAMPLES[name], out=said.append).failed
    assert failed == 0, "".join(said)


def test_a_wrong_example_is_found() -> None:
    """One whose last line is not what comes out fails."""
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(wrong, out=lambda _: None).failed == 1
