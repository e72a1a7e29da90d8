"""What must hold between runs that differ in one thing, whatever the figures are: relations that a fair comparison rests on.

A few cases on every run; all of them with COREDRILL_TEST_METAMORPHIC=all (about twenty minutes on two cores).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from chaos.documents.library import library
from chaos.execution.execute import execute
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.results.run import RunResult
from simcore.base.errors import InputError
from simcore.library import load_architecture

ALL = os.environ.get("COREDRILL_TEST_METAMORPHIC") == "all"
HANG, SLOW = "requirements/dependencies/bank-hang", "requirements/dependencies/bank-slow"
NOBODY = ("all",)
BASE = "legacy-coupled"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as opened:
        yield opened


def share(run: RunResult) -> float:
    """The share of the orders that failed, in points."""
    return 100 * (run.measures.orders.failed_share or 0.0)


def outcome(run: RunResult) -> tuple[object, ...]:
    """What became of everybody, whatever things are called."""
    flows = [(flow.intended, flow.confirmed, flow.failed_all, flow.rejected) for _, flow in sorted(run.measures.flows.items())]
    return (*flows, run.measures.impaired_s, run.measures.orders.failed_orders)


# --- names ---------------------------------------------------------------------------------------------------------------------


def renamed(folder: Path, old: str, new: str, *, load: bool = False) -> Job:
    """The bank's hang on a legacy core in which everything called `old` is called `new`: in the architecture, with `load` in the workload
    and the environment's files too."""
    files = {name: library().shipped(kind)[name] for kind, name in (("architecture", BASE), ("workload", "normal-day"))}
    texts = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
    for name, text in texts.items():
        changed = text.replace(old, new) if name == BASE or load else text
        (folder / f"{name}.yaml").write_text(changed, encoding="utf-8")
    return Job(str(scenario(folder)), 1, architecture=str(folder / f"{BASE}.yaml"))


def scenario(folder: Path, step: str = "hang: { on: { counterparty: bank, rank: 1 } }") -> Path:
    """Five minutes of that fault in a quiet quarter of an hour, nobody acting, under the workload beside it."""
    path = folder / f"{'-'.join(step.split(':')[0].split())}-{len(step)}.yaml"
    path.write_text(
        f"""
kind: scenario
name: by-meaning
title: by meaning
workload: {folder / "normal-day.yaml"}
window: {{ from: "10:00", to: "10:12" }}
responders: {{ operators: false }}
steady_state: {{ objectives: {{ place-order: {{ success: 0.5 }} }} }}
method: [{{ at: "10:04", for: 5min, {step} }}]
expect: [{{ measure: orders.failed_share, at_most: 1 }}]
"""
    )
    return path


def test_a_bank_by_another_name_has_the_same_outcome(session: Session, tmp_path: Path) -> None:
    """Its work is drawn by `draw: bank`, which stays; the fault finds it by its customers."""
    (tmp_path / "as-it-is").mkdir()
    (tmp_path / "renamed").mkdir()
    as_it_is = execute(session, renamed(tmp_path / "as-it-is", "bank-a", "bank-a", load=True))
    other = execute(session, renamed(tmp_path / "renamed", "bank-a", "first-bank", load=True))
    assert outcome(as_it_is) == outcome(other)
    assert as_it_is.faults[0].targets == ["unit/bank-a#0"]
    assert other.faults[0].targets == ["unit/first-bank#0"]
    assert other.faults[0].took_effect


def test_a_fault_by_a_name_finds_nothing_where_the_name_is_another(session: Session, tmp_path: Path) -> None:
    """The old way, planted again: the run is refused, so that a comparison has no figure there, not a perfect one."""
    job = renamed(tmp_path, "counter-db", "ledger-db")
    by_name = "bad-release: { service: counter-db, operations: { read-positions: 38 } }"
    with pytest.raises(InputError, match="no service is called 'counter-db'"):
        execute(session, replace(job, scenario=str(scenario(tmp_path, by_name))))
    found = execute(
        session, replace(job, scenario=str(scenario(tmp_path, "bad-release: { on: { query: position-query }, slow: 38 }")))
    )
    assert found.faults[0].targets == ["unit/ledger-db#0"]
    assert found.faults[0].took_effect


# --- capacity ------------------------------------------------------------------------------------------------------------------


class Hurts(NamedTuple):
    """More of a pool that makes a scenario worse, why, and what must be left out for it to do so no longer."""

    scenario: str
    pool: str
    because: str


EXCEPTIONS: list[Hurts] = []
SCENARIOS = [HANG, SLOW, "requirements/load/three-times-the-day", "incidents/kiwoom-2025-04-03"] if ALL else [HANG]
POOLS = (
    [name for name, pool in load_architecture(BASE).pools.items() if pool.slots != "unlimited"] if ALL else ["counter-threads"]
)
MARGIN = 0.5
"""Points of the failed share that two runs may differ by through chance alone."""


def test_more_of_a_pool_never_hurts_but_where_it_is_said_why(session: Session) -> None:
    """Twice the slots, nobody acting: never more failed orders."""
    architecture = load_architecture(BASE)
    worse = []
    for name in SCENARIOS:
        plain = execute(session, Job(name, 1, left_out=NOBODY))
        for pool in POOLS:
            slots = architecture.pools[pool].slots
            assert slots != "unlimited"
            more = execute(session, Job(name, 1, left_out=NOBODY, assignments=(f"pools.{pool}.slots={2 * slots}",)))
            if share(more) > share(plain) + MARGIN and (name, pool) not in {(e.scenario, e.pool) for e in EXCEPTIONS}:
                worse.append((name, pool, share(plain), share(more)))
    assert worse == []


# --- time and size -------------------------------------------------------------------------------------------------------------


def shifted(folder: Path, name: str, seconds: int) -> Path:
    """A scenario whose first step begins so many seconds later."""
    text = library().shipped("scenario")[name].read_text(encoding="utf-8")
    assert 'at: "09:30"' in text
    at = 9 * 3600 + 30 * 60 + seconds
    path = folder / f"{name.replace('/', '-')}-{seconds}.yaml"
    path.write_text(text.replace('at: "09:30"', f'at: "{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}"'), encoding="utf-8")
    return path


def test_ten_seconds_sooner_or_later_make_no_difference(session: Session, tmp_path: Path) -> None:
    """The mean of the paired differences of the failed share stays within a point over 20 seeds (3 on every run)."""
    seeds = range(1, 21) if ALL else range(1, 4)
    for seconds in (-10, 10):
        differences = []
        for seed in seeds:
            at, moved = Job(HANG, seed, left_out=NOBODY), Job(str(shifted(tmp_path, HANG, seconds)), seed, left_out=NOBODY)
            differences.append(share(execute(session, moved)) - share(execute(session, at)))
        assert abs(sum(differences) / len(differences)) < 1.0, (seconds, differences)


def test_more_of_a_fault_is_not_better(session: Session, tmp_path: Path) -> None:
    """The bank slower by more and more, nobody acting: the failed share never falls by more than chance explains."""
    text = library().shipped("scenario")[SLOW].read_text(encoding="utf-8")
    assert "factor: 30" in text
    shares = []
    for factor in (10, 30, 60, 100, 200, 400) if ALL else (10, 60, 200):
        path = tmp_path / f"slow-{factor}.yaml"
        path.write_text(text.replace("factor: 30", f"factor: {factor}"), encoding="utf-8")
        shares.append(share(execute(session, Job(str(path), 1, left_out=NOBODY))))
    assert all(b >= a - MARGIN for a, b in pairwise(shares)), shares
    assert shares[-1] > shares[0]
