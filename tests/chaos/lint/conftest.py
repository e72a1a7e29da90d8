"""Small architectures as files, and what lint says of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.lint.catalogue import lint
from chaos.results.lint import LintFinding
from simcore.library import LIBRARY
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload

Findings = Callable[..., list[LintFinding]]


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    """What one rule finds in the text of an architecture, under that of a workload: `findings("starvation", text, workload=…)`."""

    def of(rule: str, architecture: str, *, workload: str = "") -> list[LintFinding]:
        file, load = tmp_path / "a.yaml", tmp_path / "w.yaml"
        file.write_text(f"kind: architecture\nname: a\n{architecture}")
        load.write_text(f"kind: workload\nname: w\n{workload}")
        customers = LIBRARY.resolve(load, Workload) if workload else None
        result = lint(LIBRARY.resolve(file, Architecture), customers)
        return [finding for finding in result.findings if finding.rule == rule]

    return of
