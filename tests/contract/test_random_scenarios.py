"""Whatever the catalogue does to a small broker, a scenario ends with a verdict, and every law of conservation holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from chaos.faults.catalogue import shipped_faults

from .random_scenarios import EVENTS_MOST, Run, is_sound, scenario_run, write

COUNT = 100
WAIT_FOR_OTHERS = {
    "replication-lag",
    "standby-misconfigured",
    "bad-file",
    "batch-overrun",
    "misrouted-alarm",
    "silenced-alarm",
    "wrong-calendar",
}
"""What only a failover, a file, a batch, an alarm or the next session meets, which a short run seldom has."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """The first scenarios; one that raises fails whatever asks for them."""
    return [scenario_run(number, 0, tmp_path_factory.mktemp("random")) for number in range(COUNT)]


def test_no_law_breaks_and_no_run_goes_in_circles(done: list[Run]) -> None:
    """No traceback, no conservation alarm, and no more events than a minute and a half of a small broker can have."""
    assert [(run.number, run.broken) for run in done if run.broken] == []
    assert [(run.number, run.events) for run in done if run.events > EVENTS_MOST] == []


def test_sound_policies_keep_every_order(done: list[Run]) -> None:
    """With keys and careful retries no order is doubled, lost or orphaned, whatever goes wrong around it."""
    sound = [run for run in done if run.sound]
    assert len(sound) == COUNT // 2
    assert [(run.number, run.alarms) for run in sound if run.alarms] == []


def test_unsound_policies_are_found_out(done: list[Run]) -> None:
    """The same broker without its keys does double, lose or orphan orders: the properties can be violated."""
    assert any(run.alarms for run in done if not run.sound)


def test_the_scenarios_say_something(done: list[Run]) -> None:
    """All verdicts occur, most kinds of fault occur, and most faults meet something."""
    verdicts = Counter(verdict for run in done for verdict in run.verdicts)
    assert {"pass", "fail", "unknown"} == set(verdicts)
    every = [(name, took_effect) for run in done for name, took_effect in run.faults]
    assert len({name for name, _ in every}) > 0.8 * len(shipped_faults())
    met = [took_effect for name, took_effect in every if name not in WAIT_FOR_OTHERS]
    assert sum(met) > 0.5 * len(met)


def test_a_number_is_always_the_same_scenario(tmp_path: Path) -> None:
    """So that a failure can be repeated; another seed is another scenario."""
    texts = [write(7, seed, tmp_path).read_text() for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]
    assert [is_sound(number) for number in (0, 1)] == [True, False]
