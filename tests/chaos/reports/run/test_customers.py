"""Who was affected, and what they could claim."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.i18n.identities import Identities
from chaos.reports.run.customers import COMPLAINTS_PER_INCIDENT, complaints, impact, write_csv
from chaos.results.run import RunResult
from chaos.results.stored_run import StoredRun, read_run
from chaos.results.topology import Topology
from simcore.base.units import MINUTE
from simcore.journal.model import ACCEPTED_IN_CONTROL, FLAGS, OUTCOMES, REJECTED_IN_CONTROL, Journal

START = 10 * 60 * MINUTE
BACK = START + 60 * MINUTE


def stored_run_of(journal: Journal, back: int | None = BACK) -> StoredRun:
    """A run of a journal by hand in which service was back an hour after its start."""
    metrics = {"orders": {}, "recovered_at_ns": back, "first_violation_ns": START}
    run = RunResult.model_validate({"architecture": "hand", "seed": 1, "digest": "", "metrics": metrics})
    return StoredRun(Path(), journal, run, Topology(), [])


def order(outcome: str, **more: int) -> dict[str, int]:
    """A buy of 500 shares at 20 yuan (10,000 yuan), submitted at the start, an hour before service was back."""
    code = OUTCOMES.index(outcome)
    return {
        "customer": 7,
        "submit_ns": START,
        "answer_ns": START + 1,
        "outcome": code,
        "quantity": 500,
        "price_cents": 2000,
        "side": 1,
    } | more


@pytest.mark.parametrize(
    ("row", "provable", "claim"),
    [
        # an hour of four: the move is 2 % × √(60/240) = 1 %, of 10,000 yuan 100 yuan
        (order("failed"), 10_000, 10_000),
        (order("unknown"), 10_000, 10_000),
        (order("blocked"), 0, 10_000),  # never sent: there is no trace of it
        (order("unknown", placed=1, recorded=1), 0, 0),  # it went through, though the customer does not know
        (order("rejected", rejected_in_control=ACCEPTED_IN_CONTROL), 10_000, 10_000),  # without the fault it is accepted
        (order("confirmed", flags=FLAGS["lost"]), 10_000, 10_000),
        (order("confirmed", placed=3, recorded=1, flags=FLAGS["duplicated"]), 22_000, 22_000),  # two copies at 1 % + 0.1 %
        (order("failed", submit_ns=START + 45 * MINUTE, answer_ns=START + 45 * MINUTE), 5_000, 5_000),  # √(15/240) = 1/4: 0.5 %
    ],
    ids=["failed", "unknown", "blocked", "went-through", "rejected-wrongly", "lost", "duplicated", "later"],
)
def test_losses_by_hand(row: dict[str, int], provable: int, claim: int, by_hand: Callable[..., Journal]) -> None:
    """The stated assumptions, worked out by hand, in cents."""
    found = impact(stored_run_of(by_hand([row], minutes=60)))
    assert found.customers.tolist() == [7]
    assert (found.provable_cents.tolist(), found.claim_cents.tolist()) == ([provable], [claim])
    assert found.amount_cents.tolist() == [1_000_000]


def test_who_is_not_affected_is_not_listed(by_hand: Callable[..., Journal]) -> None:
    """Confirmed, refused for a business reason, under way, a probe, outside the window: none of them is on the list."""
    rows = [
        order("confirmed", placed=1),
        order("rejected"),
        order("rejected", rejected_in_control=REJECTED_IN_CONTROL),
        order("pending", answer_ns=0),
        order("failed", flow=1),
        order("failed", submit_ns=0, answer_ns=0),
    ]
    assert impact(stored_run_of(by_hand(rows))).customers.size == 0


def test_rows_add_up_by_customer(by_hand: Callable[..., Journal]) -> None:
    """Three intents of one customer and one of another; the larger claim first."""
    rows = [
        order("failed"),
        order("blocked"),
        order("unknown", flags=FLAGS["late"], placed=1),
        order("failed", customer=3, quantity=100),
    ]
    found = impact(stored_run_of(by_hand(rows, minutes=60)))
    assert found.customers.tolist() == [7, 3]
    assert found.intents.tolist() == [3, 1]
    assert {word: values.tolist() for word, values in found.counts.items() if values.any()} == {
        "failed": [1, 1],
        "blocked": [1, 0],
        "unknown": [1, 0],
        "late": [1, 0],
    }


def test_the_list_of_a_run_holds_every_failed_order(small_run: Path) -> None:
    """Its columns sum to the record's own counts of blocked, failed and unknown orders."""
    found, orders = impact(read_run(small_run)), read_run(small_run).run.measures.orders
    assert found.counts["unknown"].sum() == orders.unknown > 1000
    assert found.counts["blocked"].sum() == orders.blocked
    assert found.counts["failed"].sum() == orders.failed


def _rows(stored: StoredRun, language: Any) -> list[dict[str, str]]:
    text = io.StringIO()
    count = write_csv(stored, text, language)
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert len(rows) == count
    return rows


def test_the_csv_is_the_same_again_and_says_what_it_assumes(by_hand: Callable[..., Journal]) -> None:
    """Same bytes twice; amounts in yuan; the assumed daily move in every line; names by language, accounts not."""
    run = stored_run_of(by_hand([order("failed"), order("blocked", customer=12)], minutes=60))
    english, chinese = _rows(run, "en"), _rows(run, "zh")
    assert english == _rows(run, "en")
    assert english[0]["provable_loss_cny"] == "100.00"
    assert {row["assumed_daily_move"] for row in english} == {"0.02"}
    assert [row["account"] for row in english] == [row["account"] for row in chinese]
    assert all(any("\u4e00" <= c <= "\u9fff" for c in row["name"]) for row in chinese)
    assert english[0]["first_at"] == "10:00:00"


def test_an_identity_goes_with_the_number() -> None:
    """Whoever is asked first, a customer has the same name; two customers have two accounts."""
    one, other = Identities("zh"), Identities("zh")
    other.of(99)
    assert one.of(5) == other.of(5)
    assert one.of(5)[0] != one.of(6)[0]


@pytest.mark.parametrize(
    ("impaired_s", "affected", "expected"),
    [
        (0.0, 100, (0, 0)),
        (None, 100, (0, 0)),
        (43 * 60.0, 10_000, (286, 4783)),  # the overload the ratio is from
        (60.0, 10_000, (math.ceil(4783 / 43), 286)),  # short: by the minute is the lower bound
        (43 * 60.0, 50, (50, 50)),  # never more than were affected
    ],
)
def test_complaints_are_the_sourced_ratios(impaired_s: float | None, affected: int, expected: tuple[int, int]) -> None:
    """286 an incident [79], 4,783 in 43 minutes [80]."""
    assert round(COMPLAINTS_PER_INCIDENT) == 286
    assert complaints(impaired_s, affected) == expected
