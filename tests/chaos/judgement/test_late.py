"""Late orders and late reports are objectives of their own: an order that is confirmed at once may still be no service."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.execution.execute import execute
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.measures.intervals import STEADY, VIOLATED, Objective, evaluate_intervals
from simcore.journal.model import FLAGS, REPORTED_LATE
from tests.support.hand_journal import journal, spec, windows

SECONDS = 30


@pytest.mark.parametrize(("word", "bit"), [("late", FLAGS["late"]), ("reported_late", REPORTED_LATE)])
def test_more_than_the_share_is_a_violation(word: str, bit: int) -> None:
    """Of ten orders an interval one late is borne with 10 %, two are not; the other flag says nothing."""
    run = journal(SECONDS, windows("+++"))
    flags = np.zeros(len(run.intents["flags"]), np.int32)
    flags[[0, 10, 11]] = bit
    flags[[20, 21, 22]] = FLAGS["late"] + REPORTED_LATE - bit
    run = dataclasses.replace(run, intents=run.intents | {"flags": flags})
    asked = dataclasses.replace(spec(SECONDS), objectives={"order": Objective(None, None, None, 5, **{word: 0.1})})
    assert evaluate_intervals(run, asked).states.tolist() == [STEADY, VIOLATED, STEADY]


def test_the_shipped_exchange_scenario_shows_late_reports() -> None:
    """Shanghai reports three minutes late for twenty: impaired for as long, and no order failed."""
    run = execute(Session(), Job("requirements/dependencies/exchange-reports-late", 1))
    assert run.verdict == "pass"
    assert run.measures.impaired_s == 1200
    assert run.measures.orders.reported_late > 5000
    assert run.measures.orders.failed_orders == 0


def test_only_orders_can_be_late(tmp_path: Path) -> None:
    """Of another flow it is refused, with its place."""
    path = tmp_path / "late.yaml"
    path.write_text(
        'kind: scenario\nname: late\ntitle: Late logins\nwindow: { from: "10:00", to: "10:10" }\n'
        "steady_state: { objectives: { login: { success: 0.9, late: 0.1 } } }\nexpect: [{ measure: impaired_s, at_most: 0s }]\n"
    )
    said = CliRunner().invoke(main, ["validate", str(path)])
    assert said.exit_code == 2
    assert "late.yaml:5:" in said.output


def test_a_morning_without_faults_rejects_few_fund_orders() -> None:
    """Who redeems has the units: it was more than half."""
    run = execute(Session(), Job("requirements/release-gate/transfers-and-funds", 1))
    for name in ("fund-subscribe", "fund-redeem", "fast-redeem"):
        flow = run.measures.flows[name]
        assert flow.rejected <= 0.1 * flow.intended
    assert run.verdict == "pass"
