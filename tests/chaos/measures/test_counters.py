"""Measures `counters.READING.MEASURE`: of any counter of the journal, for what no flow's outcome tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.execution.execute import execute
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.measures.catalogue import measures
from simcore.base.errors import InputError

FAILED = "counters.flow/order/unknown"


def test_counter_has_its_growth_and_how_long_it_grew(tmp_path: Path, write: Callable[..., Path]) -> None:
    """Orders fail while the core hangs, from 10:02 to 10:04, and until their queue is worked off; bounds
    on both are judged, and one that is too tight fails."""
    expect = f"{{ measure: {FAILED}.lasted_s, at_least: 110s, at_most: 130s }}\n{{ measure: {FAILED}.grown, at_least: 1000 }}"
    record = execute(Session(), Job(str(write(tmp_path, expect=expect)), 1))
    shown = record.measures.counters["flow/order/unknown"]
    assert record.verdict == "pass"
    assert shown.grown == record.measures.flows["order"].unknown
    assert 120 <= (shown.lasted_s or 0) <= 130  # the queue of those two minutes is worked off in a few seconds
    tight = f"{{ measure: {FAILED}.lasted_s, at_most: 1min }}"
    assert execute(Session(), Job(str(write(tmp_path, expect=tight, name="tight")), 1)).verdict == "fail"


def test_counter_that_does_not_grow_lasts_no_time(tmp_path: Path, write: Callable[..., Path]) -> None:
    """What nothing moves has grown by nothing, for 0 s: a value, and no missing one."""
    expect = "{ measure: counters.flow/order/blocked.lasted_s, at_most: 0s }\n{ measure: counters.flow/order/blocked.grown, at_most: 0 }"
    assert execute(Session(), Job(str(write(tmp_path, expect=expect)), 1)).verdict == "pass"


@pytest.mark.parametrize(
    "measure", ["counters.flow/order.grown", "counters.flow/order/failed", "counters.pool/threads/busy.mean", "counters."]
)
def test_wrong_counter_measure_is_refused(measure: str) -> None:
    """A measure that names no metric, or nothing of it, is a mistake of the file."""
    assert measures().problem(measure) is not None


def test_metric_of_a_measure() -> None:
    """Names with dots of their own (an operation's) stay whole; other measures have no metric."""
    assert measures().find("counters.operation/sse.accept/done.grown").counter == "operation/sse.accept/done"
    assert measures().find("orders.failed").counter is None


def test_counter_that_leads_nowhere_has_a_place(tmp_path: Path, write: Callable[..., Path]) -> None:
    """A reading the architecture does not have is told with file and line before anything runs."""
    path = write(tmp_path, expect="{ measure: counters.flow/nobody/failed.grown, at_most: 0 }")
    with pytest.raises(InputError, match="nobody") as caught:
        execute(Session(), Job(str(path), 1))
    assert caught.value.line is not None
