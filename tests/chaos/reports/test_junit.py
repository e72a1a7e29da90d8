"""JUnit lists what was measured of a run, whoever declares it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.execution.execute import execute
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.measures.catalogue import BUILT_IN, measures
from chaos.measures.formatting import Unit
from chaos.measures.registry import extension
from chaos.reports import junit


def test_every_measure_of_a_run_is_listed(tmp_path: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Coredrill's own, families by what the run has, and one of an installed package, with its value."""
    with Session() as session:
        run = execute(session, Job(str(write(tmp_path)), 1))
    outside = extension("odd_s", Unit.DURATION, "odd", "怪", "odd", lambda journal, spec: 1.0)
    run = run.model_copy(update={"measures": run.measures.model_copy(update={"extensions": {"odd_s": 1.5}})})
    known = measures().with_more([outside])
    monkeypatch.setattr(junit, "measures", lambda: known)
    listed = dict(junit.properties_of(run))
    single = {measure.name for measure in BUILT_IN if measure.slot is None}
    families = {"flows.order.success", "properties.none-lost", *(f"severity.{name}" for name in run.measures.severity)}
    assert single | families | {"odd_s"} <= set(listed)
    assert listed["odd_s"] == "1.5"
    assert listed["impaired_s"] == str(run.measures.impaired_s)
