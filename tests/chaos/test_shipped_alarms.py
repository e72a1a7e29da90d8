"""The alarms of the shipped architectures and incidents: ratios are over all that there is, and sound when everything fails."""

from __future__ import annotations

import pytest

from chaos.documents.library import library
from chaos.documents.scenario import Scenario
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from simcore.base.units import SECOND
from simcore.compile.plan import compile_plan
from simcore.library import load_pair
from simcore.model.architecture import Architecture
from simcore.model.control.alarms import Monitor, Ratio
from simcore.model.metrics import parse_metric
from simcore.simulation import Action, simulate

WHOLES: dict[str, list[set[str]]] = {
    "flow": [{"started"}, {"ok", "rejected", "failed", "unknown", "blocked"}],
    "unit": [{"done", "failed"}],
    "operation": [{"done", "failed"}],
    "call": [{"attempts", "withheld"}],
    "pool": [{"granted", "refused"}],
    "limit": [{"passed", "refused"}],
    "link": [{"sent"}],
}
"""By kind, the fields that together are everything: what a share is a share of."""
GOOD = {"flow": {"ok", "rejected"}, "unit": {"done"}, "operation": {"done"}, "limit": {"passed"}, "pool": {"granted"}}


def architectures() -> list[str]:
    """Shipped architectures and options."""
    return sorted(library().shipped("architecture"))


def scenarios() -> list[str]:
    """Shipped scenarios that change the alarms."""
    return sorted(
        name
        for name in library().shipped("scenario")
        if any("monitors" in str(edit) for edit in library().resolve(name, Scenario).model.patch)
    )


def faults(ratio: Ratio) -> list[str]:
    """What is wrong with a ratio: a thing above the line that is not below it, or of which a part is missing there."""
    below: dict[tuple[str, str], set[str]] = {}
    for reading in map(parse_metric, ratio.to):
        below.setdefault((reading.kind, reading.name), set()).add(reading.field)
    above: dict[tuple[str, str], set[str]] = {}
    for reading in map(parse_metric, ratio.of):
        above.setdefault((reading.kind, reading.name), set()).add(reading.field)
    wrong = [f"{'/'.join(thing)} is not over all of it" for thing in above if below.get(thing, set()) not in WHOLES[thing[0]]]
    halves = [
        f"{'/'.join(thing)}: a part of what is good"
        for thing, fields in above.items()
        if fields & GOOD.get(thing[0], set()) and not GOOD[thing[0]] <= fields
    ]
    return wrong + halves


def monitors(architecture: Architecture) -> dict[str, Monitor]:
    """Its alarm rules by name."""
    return dict(architecture.control.monitors)


@pytest.mark.parametrize("name", [*architectures()])
def test_ratios_of_shipped_architectures_have_matching_denominators(name: str) -> None:
    """A share is over all of what it is a part of."""
    found = library().resolve(name, Architecture).model
    assert {n: faults(m.metric.ratio) for n, m in monitors(found).items() if m.metric.ratio and faults(m.metric.ratio)} == {}


@pytest.mark.parametrize("name", scenarios())
def test_ratios_of_shipped_scenarios_have_matching_denominators(name: str) -> None:
    """Those that a scenario adds or changes too."""
    found = Session().bind(Job(name, 1).system).inputs.architecture
    assert {n: faults(m.metric.ratio) for n, m in monitors(found).items() if m.metric.ratio and faults(m.metric.ratio)} == {}


@pytest.mark.parametrize(
    ("of", "to", "sound"),
    [
        (["operation/a.b/failed"], ["operation/a.b/done"], False),
        (["operation/a.b/failed"], ["operation/a.b/done", "operation/a.b/failed"], True),
        (["flow/order/failed"], ["flow/order/ok"], False),
        (["flow/order/failed"], ["flow/login/started"], False),
        (["flow/order/ok"], ["flow/order/started"], False),
        (["flow/order/ok", "flow/order/rejected"], ["flow/order/started"], True),
        (["call/a.b/c/failures"], ["call/a.b/c/attempts"], False),
        (["call/a.b/c/failures"], ["call/a.b/c/attempts", "call/a.b/c/withheld"], True),
    ],
)
def test_what_matches(of: list[str], to: list[str], sound: bool) -> None:
    """What is turned away by an open breaker fails without having been sent, and a reject is a good answer."""
    assert (faults(Ratio(of=of, to=to)) == []) is sound


@pytest.mark.parametrize("knob", ["crash", "hang"])
def test_the_legacy_cores_shares_sound_when_everything_fails(knob: str) -> None:
    """The gateway that all orders and logins pass refuses everything, or answers nothing, from 9:31 on: both alarms sound."""
    architecture, workload = load_pair("legacy-coupled", "normal-day")
    start = (9 * 60 + 30) * 60 * SECOND
    plan = compile_plan(architecture, workload, seed=1, start=start, end=start + 300 * SECOND)
    replicas = range(architecture.services["access-gateway"].replicas)
    actions = [Action(start + 60 * SECOND, knob, {"service": "access-gateway", "replica": n}) for n in replicas]
    events = simulate(plan, actions).events
    assert {"order-success", "login-success"} <= {e.subject for e in events if e.what == "alarm"}


@pytest.mark.parametrize("cut", ["held", "reset", "lost"])
def test_a_cut_bank_line_sounds_whatever_becomes_of_its_requests(cut: str) -> None:
    """At the open the largest bank is asked about twice in three seconds; none of it comes through."""
    architecture, workload = load_pair("legacy-coupled", "normal-day")
    start = (9 * 60 + 30) * 60 * SECOND
    plan = compile_plan(architecture, workload, seed=1, start=start, end=start + 240 * SECOND)
    action = Action(start + 10 * SECOND, "link", {"source": "counter", "target": "bank-a", "partition_request": cut})
    events = simulate(plan, [action]).events
    assert "bank-lines" in {e.subject for e in events if e.what == "alarm"}
