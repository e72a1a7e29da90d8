"""The reproductions of public records: what each file must say, and one of them run.

All of them over their seeds: `coredrill suite incidents`, some minutes.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from chaos.documents.library import library
from chaos.documents.scenario import Record, Scenario
from chaos.execution.execute import result_of_run
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.judgement.verdict import counts
from chaos.results.run import RunResult
from simcore.base.units import MINUTE, parse_clock
from simcore.journal.model import OUTCOMES, SIDES, Journal

INCIDENTS = [name for name in library().shipped("scenario") if name.startswith("incidents/")]
SESSION = Session()
BROKERS = (
    "china-merchants-2022-03-14",
    "china-merchants-2022-05-16",
    "east-money-2023-03-21",
    "citic-2023-06-19",
    "dongxing-2023-12-21",
    "guosen-2007-02-01",
    "huaxi-2022-05-16",
)


def incident(name: str) -> tuple[Scenario, Record]:
    """An incident and its record; a requirement beside an incident has one without anything in it."""
    scenario: Scenario = SESSION.scenario(name).model
    return scenario, scenario.record or Record.model_construct(outcomes=[])


def run(name: str, seed: int = 1, **changes: Any) -> tuple[Journal, RunResult]:
    """The journal and the record of one run of an incident, of which parts may be changed."""
    job = Job(name, seed)
    system = SESSION.bind(job.system)
    journal = system.run(system.inputs.scenario.model.model_copy(update=changes), seed)
    return journal, result_of_run(SESSION, job, system, journal)


def test_the_brokers_of_the_record_are_there() -> None:
    """The seven incidents of Chinese brokers that the facts list, by name and day, are reproductions."""
    assert [incident(f"incidents/{day}")[0].purpose for day in BROKERS] == ["reproduction"] * len(BROKERS)


@pytest.mark.parametrize("name", INCIDENTS)
def test_a_reproduction_tells_inputs_fit_and_outcomes_apart(name: str) -> None:
    """Inputs with where they come from, outcomes with theirs, a timeline of which the simulation tells the time in part; what
    was fitted says to what."""
    scenario, record = incident(name)
    if scenario.purpose == "requirement":
        return
    assert scenario.source, "without a source it is no record"
    assert len(scenario.description.split()) >= 40, "a paragraph on what it shows"
    assert record.inputs
    assert all(i.source for i in (*record.inputs, *record.fitted))
    assert all("fitted" in f.source or "chosen" in f.source for f in record.fitted), "say what it was fitted to"
    assert all(o.source for o in record.outcomes)
    assert len(record.timeline) >= 2
    assert any(line.event for line in record.timeline)
    assert [line.at for line in record.timeline] == sorted(line.at for line in record.timeline)


@pytest.mark.parametrize("name", INCIDENTS)
def test_no_outcome_is_both_fitted_and_counted(name: str) -> None:
    """What was fitted is not held against the record; what misses says by how much; the others allow no more than 30 %."""
    _, record = incident(name)
    for outcome in record.outcomes:
        assert not (outcome.fitted and outcome.misses)
        assert outcome.within <= 0.3
        assert not outcome.misses or any(c.isdigit() for c in outcome.misses), "say by how much"


@pytest.mark.parametrize("name", INCIDENTS)
def test_how_long_it_lasts_is_not_put_in(name: str) -> None:
    """A step's `for` that ends the impairment is the published duration again: a counted impaired time is not that long."""
    scenario, record = incident(name)
    published = [o.published for o in record.outcomes if o.measure == "impaired_s" and counts(o)]
    for step in scenario.method:
        for figure in published:
            if isinstance(figure, (int, float)) and step.lasts is not None and figure > 0:
                assert not 0.9 <= step.lasts / (figure * 1_000_000_000) <= 1.1


def test_east_money_is_held_against_both_windows() -> None:
    """76 min are both windows of the day together, and the scenario covers both: the open and 13:00."""
    scenario, record = incident("incidents/east-money-2023-03-21")
    (outcome,) = record.outcomes
    assert (outcome.measure, outcome.published, counts(outcome)) == ("impaired_s", 76 * 60, True)
    assert scenario.window.begin < parse_clock("09:30") < parse_clock("13:00") + 16 * MINUTE < scenario.window.end


def test_kiwoom_is_held_against_the_first_of_its_six_windows() -> None:
    """57 min of the 265 are the one window that is simulated; the record's other five are on the next day, without an event."""
    scenario, record = incident("incidents/kiwoom-2025-04-03")
    (impaired,) = [o for o in record.outcomes if o.measure == "impaired_s"]
    assert impaired.published == 57 * 60
    assert scenario.window.end < parse_clock("24:00")
    later = [line for line in record.timeline if line.at >= parse_clock("24:00")]
    assert [line.event for line in later] == [None] * 5
    assert 57 + sum(int(re.findall(r"(\d+) min", line.what)[0]) for line in later) == 265


def test_a_login_that_is_down_keeps_people_out() -> None:
    """China Merchants, 2022-05-16: the team detects, rolls back, is back about 9:40; whoever has no session counts as blocked."""
    _, record = run("incidents/china-merchants-2022-05-16")
    assert record.verdict == "pass", record.reasons
    measures = record.measures
    assert 7 * 60 <= (measures.impaired_s or 0) <= 13 * 60
    assert measures.orders.blocked > 500
    times = {line.event: line.simulated_ns or 0 for line in record.timeline if line.event}
    assert parse_clock("09:30") < times["alarm"] < times["rolled_back"] < parse_clock("09:45")


def test_what_is_written_twice_is_short_of_shares_later() -> None:
    """Guosen, 2007-02-01, until 9:45: the same customers' same sells, with and without the fault; more are rejected with it, and
    nothing is lost or out of time."""
    scenario, _ = incident("incidents/guosen-2007-02-01")
    window = scenario.window.model_copy(update={"end": parse_clock("09:45")})
    rejected = {}
    for method in ([], scenario.method):
        journal, record = run(scenario.name, window=window, method=method)
        mine = journal.intents["flow"] == journal.names["flow"].index("place-order")
        sells = mine & (journal.intents["side"] == SIDES.index("sell"))
        rejected[bool(method)] = int((journal.intents["outcome"][sells] == OUTCOMES.index("rejected")).sum())
        assert record.measures.orders.lost == 0
    assert rejected[True] > rejected[False] + 30
    assert record.measures.orders.duplicated > 2000
    assert (record.measures.impaired_s or 0) <= MINUTE / 1e9
