"""A message broker that is killed: in the simulated core, in a twin, and what a twin refuses to do to one."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from real_time import IN_REAL_TIME

from chaos.documents.scenario import step_model
from chaos.execution.execute import execute
from chaos.execution.jobs import Job, SystemReference
from chaos.execution.session import Session
from chaos.faults.catalogue import shipped_faults
from chaos.live.capabilities import require_system, require_targets
from chaos.live.compare import pair_of
from chaos.live.node.store import entries_of
from chaos.live.run import Twin, own_folder
from chaos.live.target import TWIN
from simcore.base.errors import InputError
from simcore.base.units import SECOND, parse_clock
from simcore.library import load_pair

SCENARIO = "live/broker-lost"
BOOKED, SENT = "operation/counter.book-report/done", "call/order-router.report/message-broker.report#0/attempts"
STEP = step_model(shipped_faults())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_the_simulated_core(seed: int) -> None:
    """Down from 10:00:06 to 10:00:14: nothing is booked in the seven or eight whole seconds between, and nothing that was sent is missing a
    second after the end of what was sent. No order suffers."""
    with Session() as session:
        system = session.bind(SystemReference(SCENARIO))
        journal = system.run(system.inputs.scenario.model, seed)
    booked, sent = (journal.series(*name.split("/", 1)[0:1], *name.split("/", 1)[1].rsplit("/", 1)) for name in (BOOKED, SENT))
    began = journal.meta.start_ns // SECOND
    down = slice(parse_clock("10:00:06") // SECOND - began, parse_clock("10:00:14") // SECOND - began)
    assert booked[down][1:].sum() == 0
    assert booked[down][0] < 5
    assert sent[down].sum() > 400
    assert booked[down.stop : down.stop + 2].sum() > sent[down].sum()
    assert sent.sum() - booked.sum() < 10  # those of the last milliseconds are under way
    assert all(law.ok for law in journal.conservation)


@IN_REAL_TIME
@pytest.mark.parametrize("seed", [1, 2])
def test_in_a_twin(seed: int) -> None:
    """The pair agrees, and the scenario's own expectations hold: orders are confirmed, reports come as late as the broker does."""
    with Session() as session:
        simulated, live = execute(session, Job(SCENARIO, seed)), execute(session, Job(SCENARIO, seed, target=TWIN))
    if live.verdict == "unknown":
        pytest.skip(f"nothing can be concluded: {live.reasons}")
    assert [difference for difference in pair_of(simulated, live).differences if not difference.holds] == []
    assert (simulated.verdict, live.verdict, live.broken_laws, live.reasons) == ("pass", "pass", [], [])


@IN_REAL_TIME
def test_every_report_of_the_exchange_is_booked() -> None:
    """The ledgers of exchange and counter, read by themselves: of every order that the exchange took or filled the counter has heard the
    latest, though the broker was killed meanwhile, and the order router, too."""
    with Session() as session:
        system = session.bind(SystemReference(SCENARIO, target=TWIN))
        plan = system.plan(system.inputs.scenario.model, 5)
    method = [
        STEP.model_validate({"at": "10:00:02", "for": "4s", "crash": {"service": "message-broker"}}),
        STEP.model_validate({"at": "10:00:04", "for": "3s", "crash": {"service": "order-router"}}),
        STEP.model_validate({"at": "10:00:08", "for": "2s", "crash": {"service": "counter"}}),
        STEP.model_validate({"at": "10:00:12", "for": "1s", "crash": {"service": "message-broker"}}),
    ]
    scenario = system.inputs.scenario.model.model_copy(update={"method": method})
    with own_folder() as folder:
        twin = Twin(plan, folder, method)
        asyncio.run(twin.run(scenario, (), 10 * SECOND))
        reported, booked = (
            latest(folder, "exchange", ("order.accept", "order.fill")),
            latest(folder, "core", ("order.report",)),
        )
    before = {order: number for order, (at, number) in reported.items() if at < plan.end - 3 * SECOND}
    assert len(before) > 600
    assert {order: number for order, number in before.items() if booked.get(order, (0, -1))[1] < number} == {}


def latest(folder: Path, ledger: str, effects: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """Of each order when it was last written of in a ledger, and the highest number that was reported of it."""
    found: dict[str, tuple[int, int]] = {}
    with sqlite3.connect(folder / f"{ledger}.db") as db:
        for entry in entries_of(db):
            if entry.effect in effects and not entry.rejected:
                order = entry.result if ledger == "exchange" else entry.order
                at, number = found.get(order.name, (0, -1))
                found[order.name] = max(at, entry.at), max(number, order.report)
    return found


@pytest.mark.parametrize(
    ("fault", "words", "refused"),
    [
        ("crash", {"service": "message-broker"}, False),
        ("hang", {"service": "message-broker"}, False),
        ("restart", {"service": "message-broker"}, False),
        ("slow", {"service": "message-broker", "factor": 3}, True),
        ("errors", {"service": "message-broker", "share": 0.5}, True),
        ("slow", {"service": "counter", "factor": 3}, False),
        ("link-latency", {"from": "order-router", "to": "message-broker", "add": "1s"}, True),
        ("partition", {"from": "message-broker", "to": "counter"}, True),
        ("partition", {"from": "counter", "to": "bank"}, False),
        ("capacity-loss", {"pool": "message-threads", "left": 0.5}, True),
        ("capacity-loss", {"pool": "report-threads", "left": 0.5}, False),
    ],
)
def test_what_can_be_done_to_a_real_broker(fault: str, words: dict[str, Any], refused: bool) -> None:
    """It is killed, started and stopped; what has no meaning for it is refused by name, before anything starts."""
    step = STEP.model_validate({"at": "10:00:02", "for": "1s", fault: words})
    with Session() as session:
        inputs = session.resolve(SystemReference(SCENARIO))
    targets = step.fault.targets(inputs.system)
    if refused:
        with pytest.raises(InputError, match=f"a twin cannot do {fault} to message-broker, which is a message broker"):
            require_targets(step.fault, targets, inputs.index)
    else:
        require_targets(step.fault, targets, inputs.index)


def test_a_second_message_broker_is_refused() -> None:
    """A twin runs one."""
    architecture, workload = load_pair("live/broker-mqtt", "live/steady")
    made = architecture.services["message-broker"]
    two = architecture.model_copy(update={"services": {**architecture.services, "other-broker": made}})
    start = parse_clock("10:00")
    require_system(architecture, workload, start, start + SECOND, "x")
    with pytest.raises(InputError, match="message-broker and other-broker are message brokers"):
        require_system(two, workload, start, start + SECOND, "x")
