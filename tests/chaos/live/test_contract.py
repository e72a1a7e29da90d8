"""What simulated core and twin must agree in, on real processes: short on every run, in full with COREDRILL_TEST_LIVE=all.

No wall-clock time is judged. A run whose customers came late even when repeated says nothing: it is skipped, not failed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from real_time import IN_REAL_TIME
from toxiproxy_server import program

from chaos.execution.execute import execute
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.live.compare import pair_of
from chaos.live.target import TWIN
from chaos.results.run import RunResult

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios" / "live"
KEYED = "live/broker-keyed"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as made:
        yield made


def live(session: Session, job: Job) -> RunResult:
    """The run of a job on a twin."""
    run = execute(session, Job(**{**vars(job), "target": TWIN}))
    if run.verdict == "unknown":
        pytest.skip(f"nothing can be concluded: {run.reasons}")
    return run


def shortened(name: str, seconds: int) -> str:
    """A scenario of so many seconds, as a document."""
    document: dict[str, Any] = yaml.safe_load((SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8"))
    document["window"]["to"] = f"10:00:{seconds:02}"
    return json.dumps(document | {"warmup": "1s"})


def matrix(run: RunResult) -> set[tuple[str, str]]:
    """What customers saw together with what is true: the kinds of which there is more than a handful."""
    return {(seen, truth) for seen, row in run.measures.client_truth.items() for truth, n in row.items() if n > 5}


def check_healthy(session: Session, scenario: str) -> None:
    simulated, run = execute(session, Job(scenario, 1)), live(session, Job(scenario, 1))
    assert run.measures.orders.intended == simulated.measures.orders.intended
    assert run.measures.orders.failed_orders == 0
    assert run.measures.orders.duplicated == 0
    assert run.measures.first_noticed is None
    assert run.broken_laws == []


def test_a_healthy_twin_for_some_seconds(session: Session) -> None:
    """The same orders come; none fails, no alarm is raised, and the ledgers keep all laws."""
    check_healthy(session, shortened("healthy", 4))


@IN_REAL_TIME
def test_a_healthy_twin(session: Session) -> None:
    """The same for as long as the scenario is."""
    check_healthy(session, "live/healthy")


@IN_REAL_TIME
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_slow_bank(session: Session, seed: int) -> None:
    """Failed orders and impaired time are close."""
    pair = pair_of(execute(session, Job("live/slow-bank", seed)), live(session, Job("live/slow-bank", seed)))
    assert [difference for difference in pair.differences if not difference.holds] == []


@IN_REAL_TIME
def test_a_counter_that_is_killed(session: Session) -> None:
    """Confirmed orders survive kill -9, and the ledgers of counter, exchange and bank keep all laws: money in doubt is in transit."""
    run = live(session, Job("live/counter-killed", 1))
    assert run.measures.orders.lost == 0
    assert run.measures.orders.failed_orders > 100
    assert run.broken_laws == []


@IN_REAL_TIME
def test_answers_that_are_lost_duplicate_orders_unless_they_have_a_key(session: Session) -> None:
    """Who asks again without a key places another order; with one gets the first answer."""
    bare = live(session, Job("live/answers-lost", 1))
    keyed = live(session, Job("live/answers-lost", 1, architecture=KEYED))
    assert bare.measures.orders.duplicated > 50
    assert keyed.measures.orders.duplicated == 0
    assert keyed.measures.orders.confirmed > 0.9 * keyed.measures.orders.intended


@IN_REAL_TIME
@pytest.mark.parametrize("kind", ["held", "reset", "lost"])
def test_a_cut_of_each_kind(session: Session, kind: str) -> None:
    """What customers saw and what is true come together in the same ways, simulated and live; and in other ways by kind of cut."""
    job = Job(f"live/answers-{kind}", 1)
    simulated, run = execute(session, job), live(session, job)
    assert matrix(run) == matrix(simulated)
    assert [d for d in pair_of(simulated, run).differences if not d.holds] == []
    unknown = any(seen == "unknown" for seen, _ in matrix(run))
    assert unknown == (kind != "held")


@IN_REAL_TIME
@pytest.mark.skipif(
    shutil.which("toxiproxy-server") is None, reason="no toxiproxy-server on PATH: neither Debian nor PyPI has one"
)
@pytest.mark.parametrize("scenario", ["live/slow-bank", "live/counter-killed", "live/answers-held", "live/answers-reset"])
def test_the_same_with_the_real_toxiproxy(session: Session, scenario: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow lines, killed processes and cuts by the server that ours is made after."""
    monkeypatch.setenv("TOXIPROXY", "toxiproxy-server")
    pair = pair_of(execute(session, Job(scenario, 1)), live(session, Job(scenario, 1)))
    assert [difference for difference in pair.differences if not difference.holds] == []


@IN_REAL_TIME
def test_the_same_with_a_server_by_its_path(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of others' that is started with the twin."""
    monkeypatch.setenv("TOXIPROXY", str(program(tmp_path)))
    pair = pair_of(execute(session, Job("live/slow-bank", 1)), live(session, Job("live/slow-bank", 1)))
    assert [difference for difference in pair.differences if not difference.holds] == []
