"""Faults compose: a sample of all pairs, and of every fault beside what people, a rollback and a permanent defect do."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.faults.catalogue import shipped_faults

from .fault_pairs import HARMLESS, SPECIMENS, Trial, trials, tried

SAMPLE = 48
SEED = 14
ALWAYS = [
    Trial("slow", "slow", "abutting", (0, 0)),
    Trial("slow", "slow", "nested", (0, 0)),
    Trial("crash", "crash", "overlapping", (0, 0)),
    Trial("crash", "hang", "nested", (0, 0)),
    Trial("hang", "crash", "overlapping", (0, 0)),
    Trial("restart", "hang", "nested", (0, 0)),
    Trial("restart", "hang", "nested", (1, 0)),
    Trial("restart", "crash", "nested", (0, 0)),
    Trial("restart", "pause", "nested", (0, 0)),
    Trial("hang", "restart", "overlapping", (0, 0)),
    Trial("partition", "link-loss", "overlapping", (0, 0)),
    Trial("capacity-loss", "operator-error", "nested", (0, 0)),
    Trial("grey-failure", "grey-failure", "overlapping", (0, 0)),
    Trial("wrong-calendar", "wrong-calendar", "nested", (0, 0)),
]


def numbers() -> list[int]:
    """Those always tried, and a sample of the others."""
    every = trials()
    chosen = {every.index(trial) for trial in ALWAYS}
    return sorted(chosen | set(random.Random(SEED).sample(range(len(every)), SAMPLE)))


def test_every_fault_has_its_specimens() -> None:
    """No fault of the catalogue is left out of the pairs."""
    assert set(SPECIMENS) == set(shipped_faults())
    assert {name for name, _ in HARMLESS} < set(SPECIMENS)


@pytest.mark.parametrize("number", numbers(), ids=lambda number: str(trials()[number]).replace(" ", "-"))
def test_faults_compose(number: int) -> None:
    """Order changes nothing, the end of one leaves the other in force, and what does nothing changes nothing."""
    assert tried(number).wrong == []


@pytest.mark.slow
def test_the_command_says_how_many_it_tried(root: Path) -> None:
    """Pairs, trials and violations stand in one line."""
    command = [sys.executable, str(root / "benchmarks/fault_pairs.py"), "2", "--processes", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=root)
    assert (done.returncode, done.stdout) == (0, "2 trials of 1 pairs of faults, 0 violations: 2 abutting\n")
