"""Every fault of the catalogue that violates something has a chain of causes from it to the flows that suffer."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.execution.execute import execute
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.faults.catalogue import shipped_faults
from chaos.results.run import RunResult

SCENARIO = """\
kind: scenario
name: small
title: One fault
architecture: legacy-coupled
workload: normal-day
window: { from: "09:30", to: "09:37" }
steady_state:
  every: 30s
  hold: 1min
  objectives:
    place-order: { success: 0.99, latency: { quantile: 0.95, at_most: 1s }, late: 0.05, reported_late: 0.05 }
    cancel-order: { success: 0.95 }
    login: { success: 0.99 }
    transfer: { success: 0.95 }
method:
  - { name: it, at: "09:32", for: 2min, FAULT }
expect:
  - { measure: impaired_s, at_most: 0s }
"""
QUICK = {
    "wrong-calendar: a holiday": "wrong-calendar: { holiday: true }",
    "exchange-degradation: late": "exchange-degradation: { reports_late: 2min }",
    "bank-out-of-hours: refused": "bank-out-of-hours: { bank: bank-a, answer: refused }",
}
"""Those whose flows suffer though nothing that they call fails."""
REST = {
    "crash": "crash: { service: counter }",
    "hang": "hang: { service: login }",
    "pause": "pause: { service: login }",
    "slow": "slow: { service: risk-check, factor: 5000 }",
    "grey-failure": "grey-failure: { service: risk-check, share: 0.9, factor: 5000 }",
    "errors": "errors: { service: risk-check, share: 0.5 }",
    "restart": "restart: { service: counter }",
    "replica-loss": "replica-loss: { service: login, replicas: [0], noticed_after: 1min }",
    "capacity-loss": "capacity-loss: { pool: counter-connections, left: 0.07 }",
    "pool-leak": "pool-leak: { pool: counter-connections, every: 2s }",
    "memory-leak": "memory-leak: { service: login, every: 4s, pause: 20s }",
    "link-latency": "link-latency: { from: login, to: counter, add: 5s }",
    "link-loss": "link-loss: { from: counter, to: risk-check, request: 0.5 }",
    "duplication": "duplication: { to: risk-check, share: 1 }",
    "partition": "partition: { from: login, to: counter }",
    "partition: an exchange": "partition: { from: order-router, to: sse, messages: reset }",
    "flow-control-shrink": "flow-control-shrink: { limits: [gateway-sse], left: 0.02 }",
    "store-contention": "store-contention: { service: counter-db, coefficient: 50 }",
    "store-write-stall": "store-write-stall: { service: counter-db, factor: 500 }",
    "surge": "surge: { flows: [login, position-query], factor: 100 }",
    "burst": "burst: { flow: position-query, count: 400000, over: 1min }",
    "session-drop": "session-drop: { share: 1, over: 10s }",
    "bad-release": "bad-release: { service: risk-check, errors: 0.5 }",
    "shared-fate-outage": "shared-fate-outage: { group: core-power }",
    "double-router-writes": "double-router-writes: { share: 1 }",
    "slow-reports": "slow-reports: { delay: 2min }",
    "exchange-degradation: errors": "exchange-degradation: { errors: 0.9 }",
    "exchange-degradation: slow": "exchange-degradation: { slow: 500 }",
    "bank-out-of-hours: silence": "bank-out-of-hours: { bank: bank-a, answer: silence }",
    "counterparty-out-of-hours": "counterparty-out-of-hours: { counterparty: exchange, service: sse }",
    "wrong-calendar: late": "wrong-calendar: { late_by: 30min }",
    "wrong-calendar: queues": "wrong-calendar: { late_by: 4min, queues: true }",
    "operator-error": "operator-error: { stops: login }",
}
WITHOUT_OUTAGE = {"duplication", "double-router-writes"}
"""What is done twice is wrong in the books; no flow fails."""
NO_FLOW = {
    "silenced-alarm",
    "misrouted-alarm",
    "standby-misconfigured",
    "replication-lag",
    "failover",
    "drill",
    "bad-file",
    "batch-overrun",
}
"""Faults of people and of what happens at night: the shipped scenarios are their test."""


def run(fault: str, folder: Path) -> RunResult:
    path = folder / "scenario.yaml"
    path.write_text(SCENARIO.replace("FAULT", fault))
    with Session() as session:
        return execute(session, Job(str(path), 1))


def check(found: RunResult, *, violates: bool) -> None:
    """A chain from the step to a flow, no flow of the outage that fails without being reached, and nothing where nothing is violated."""
    assert bool(found.outages) is violates
    for graph in found.chains[:1] if violates else ():
        assert graph.unexplained == []
        assert graph.nodes[0].kind == "step"
        assert any(node.kind == "customers" and node.members for node in graph.nodes)


@pytest.mark.parametrize("case", QUICK)
def test_what_suffers_from_an_answer_or_a_message_is_explained(case: str, tmp_path: Path) -> None:
    """Orders that are rejected for the wrong calendar, or late for late reports; transfers that the bank refuses."""
    check(run(QUICK[case], tmp_path), violates=True)


@pytest.mark.slow
@pytest.mark.parametrize("case", REST)
def test_the_fault_is_at_the_beginning_of_a_chain(case: str, tmp_path: Path) -> None:
    """All others."""
    check(run(REST[case], tmp_path), violates=case not in WITHOUT_OUTAGE)


def test_no_fault_is_forgotten() -> None:
    """Each of the catalogue is tried, or said to hit no flow by itself."""
    tried = {fault.partition(":")[0] for fault in (*QUICK.values(), *REST.values())}
    assert tried | NO_FLOW == set(shipped_faults())
