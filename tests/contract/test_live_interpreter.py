"""The nodes of a live twin mean what the kernel means: on simulated time, by their own code, they answer every request alike.

What is left out is what chaos.live.capabilities says is otherwise: pools, limits and turns that several processes would have in common.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import reject
from hypothesis import strategies as st
from live_world import VirtualLoop, World
from pydantic import ValidationError

from chaos.documents.scenario import Scenario
from chaos.execution.jobs import SystemReference
from chaos.execution.session import Session
from chaos.live.blueprint import blueprint
from chaos.live.load import planned
from chaos.live.node.customers import OUTCOMES, Seen
from chaos.live.node.messages import CODES
from simcore.base.units import MS, SECOND, parse_duration
from simcore.compile.plan import Plan, compile_plan
from simcore.journal.model import Journal
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload
from simcore.simulation import simulate

from .random_architectures import architectures, explore, workloads

EXAMPLES = int(os.environ.get("COREDRILL_LIVE_EXAMPLES", "60"))
APART_NS = 5_000
"""How far apart two answers may be: a loop counts time in floating-point seconds."""
LATER_NS = 5 * SECOND


class Outcome(NamedTuple):
    """What became of a request, and when (ns; −1: nothing yet)."""

    outcome: str
    code: str
    answered: int


class SlowBank(World):
    """A line that takes longer for a while, both ways: what has set out meanwhile arrives so much later, also after the end."""

    def __init__(self, *given: Any, began: int, ended: int) -> None:
        super().__init__(*given)
        self.slow = range(began, ended)
        there, back = self.nodes["counter#0"].links, self.nodes["bank#0"].links
        set_out, go_back = there.set_out, back.go_back
        there.set_out = lambda message, service, arrive: set_out(message, service, self._later(service, arrive))  # type: ignore[method-assign]
        back.go_back = lambda message, service, arrive: go_back(message, service, self._later(service, arrive))  # type: ignore[method-assign]

    def _later(self, service: str, arrive: Callable[[], object]) -> Callable[[], object]:
        """What happens on arrival, by when it sets out."""
        if service != "bank" or self.clock.now() not in self.slow:
            return arrive
        return lambda: self.clock.at(self.clock.now() + LATER_NS, arrive)


def lived(plan: Plan, world: Any = World) -> dict[int, Outcome]:
    """What customers saw of a run of the plan by the nodes' own code, by request."""
    arrivals = planned(plan, ()).arrivals
    made = blueprint(plan.architecture, plan.workload, plan.seed, plan.start, plan.end)
    loop = VirtualLoop()
    with tempfile.TemporaryDirectory() as folder:
        here = world(made, Path(folder), loop)
        try:
            loop.run_until_complete(here.run(arrivals, plan.end))
            return {request: outcome_of(seen) for request, seen in here.seen.items()}
        finally:
            end(loop)


def end(loop: asyncio.AbstractEventLoop) -> None:
    """Whatever is under way is given up."""
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


PENDING = Outcome("pending", "", -1)


def outcome_of(seen: Seen) -> Outcome:
    """The same in the journal's words."""
    return PENDING if seen.answered < 0 else Outcome(seen.outcome, seen.code, seen.answered)


def simulated(journal: Journal) -> dict[int, Outcome]:
    """What the kernel's customers saw, by request."""
    columns = (journal.intents[name].tolist() for name in ("request", "outcome", "code", "answer_ns"))
    return {
        request: PENDING if OUTCOMES[outcome] == "pending" else Outcome(OUTCOMES[outcome], CODES[code], answered)
        for request, outcome, code, answered in zip(*columns, strict=True)
    }


def differences(kernel: dict[int, Outcome], nodes: dict[int, Outcome]) -> list[str]:
    """Requests that were answered otherwise, or at another time, the earliest first."""
    found = []
    for request, expected in kernel.items():
        answer = nodes.get(request)
        alike = answer is not None and answer[:2] == expected[:2] and abs(answer.answered - expected.answered) <= APART_NS
        if not alike:
            found.append((expected.answered, f"request {request}: kernel {expected}, nodes {answer}"))
    return [text for _, text in sorted(found)]


class Lone(NamedTuple):
    """A random case with one instance a service, none of which shares a pool or limit with another."""

    architecture: Architecture
    workload: Workload
    seed: int


@st.composite
def lone_cases(draw: st.DrawFn) -> Lone:
    """Cases without ties: of events at one instant nothing says which is first."""
    plain = own(draw(architectures()))
    for service in plain["services"].values():
        service.pop("replicas", None)
        service.pop("standby", None)
    for pool in plain["pools"].values():
        pool.pop("gate", None)
    linked = {(link["from"], link["to"]): link for link in plain["links"]}
    ways = [(a, b) for a in ["client", *plain["services"]] for b in plain["services"] if a < b]
    plain["links"] = [{"from": a, "to": b, "latency": "1ms"} | linked.get((a, b), {}) for a, b in ways]
    loads = draw(workloads(sorted(plain["flows"])))
    loads["flows"] = {flow: {"rate": load.get("rate", "200/s")} for flow, load in loads["flows"].items()}
    workload = Workload.model_validate(loads)
    try:
        return Lone(Architecture.model_validate(untied(plain)), workload, draw(st.integers(0, 99)))
    except ValidationError:  # a first pause longer than the longest
        reject()


def own(plain: dict[str, Any]) -> dict[str, Any]:
    """The same with pools and limits of their own for each service and for the customers, and for each purpose: nobody waits for a slot
    that it holds itself."""
    made: dict[str, Any] = {"pools": {}, "limits": {}}

    def renamed(value: Any, user: str, purpose: str = "") -> Any:
        if isinstance(value, dict):
            return {key: renamed(inner, user, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [renamed(inner, user, purpose) for inner in value]
        for kind in made:
            if isinstance(value, str) and value in plain[kind]:
                name = f"{value}-{user}-{purpose}"
                made[kind][name] = plain[kind][value] | {"per": "shared"}
                return name
        return value

    services = {name: renamed(service, name) for name, service in plain["services"].items()}
    return plain | {"services": services, "flows": renamed(plain["flows"], "client")} | made


def untied(value: Any, key: str = "") -> Any:
    """The same with work, waits, delays and latencies that vary instead of taking one value, or one of few."""
    if key in ("work", "wait", "delay", "latency") and isinstance(value, str):
        low = parse_duration(value)
        return {"uniform": [value, f"{low + MS // 3}ns"]}
    if isinstance(value, dict):
        if "empirical" in value:
            return {"exponential": "2ms"}
        return {name: untied(inner, name) for name, inner in value.items()}
    return [untied(inner) for inner in value] if isinstance(value, list) else value


def described(case: Lone) -> str:
    """The case as files without defaults."""
    models = (case.architecture, case.workload)
    return json.dumps([*(m.model_dump(mode="json", by_alias=True, exclude_defaults=True) for m in models), case.seed], indent=1)


def plan_of(session: Session, scenario: str, seed: int) -> Plan:
    """The plan of a scenario's run."""
    inputs = session.resolve(SystemReference(scenario))
    model: Scenario = inputs.scenario.model
    return compile_plan(inputs.architecture, inputs.workload, seed=seed, start=model.start, end=model.end)


def test_a_healthy_broker_is_the_same_request_by_request() -> None:
    """Orders through four nodes and transfers through three: to the nanosecond, nearly."""
    with Session() as session:
        plan = plan_of(session, "live/healthy", 1)
    assert len(plan.architecture.services) == 8
    kernel = simulated(simulate(plan))
    assert Counter(found.outcome for found in kernel.values())["confirmed"] > 1_000
    assert differences(kernel, lived(plan)) == []


def test_reports_by_a_message_broker_are_the_same_request_by_request() -> None:
    """With the broker as a node of its own, as real processes have none."""
    with Session() as session:
        plan = plan_of(session, "live/broker-lost", 1)
    kernel = simulated(simulate(plan))
    assert Counter(found.outcome for found in kernel.values())["confirmed"] > 1_000
    assert differences(kernel, lived(plan)) == []


def test_a_slow_bank_is_the_same_request_by_request() -> None:
    """Queues, time-outs, late work and retries, if what a slow line holds comes in its own time."""
    with Session() as session:
        plan = plan_of(session, "live/slow-bank", 1)
        system = session.bind(SystemReference("live/slow-bank"))
        scenario = system.inputs.scenario.model
        kernel = simulated(system.run(scenario, 1))
    (step,) = scenario.method
    world = partial(SlowBank, began=step.at, ended=step.at + (step.lasts or 0))
    assert Counter(found.outcome for found in kernel.values())["unknown"] > 100
    assert differences(kernel, lived(plan, world)) == []


class LostAnswers(World):
    """A gateway whose answers to customers are lost for a while."""

    def __init__(self, *given: Any, began: int, ended: int) -> None:
        super().__init__(*given)
        for instant, cut in ((began, "lost"), (ended, None)):
            self.clock.at(instant, partial(self._cut, cut))

    def _cut(self, cut: str | None) -> None:
        self.nodes["gateway#0"].links.way("client", "gateway").cut_answer = cut


def test_lost_answers_are_the_same_request_by_request() -> None:
    """Who asks again, and who gives up."""
    with Session() as session:
        plan = plan_of(session, "live/answers-lost", 1)
        system = session.bind(SystemReference("live/answers-lost"))
        scenario = system.inputs.scenario.model
        kernel = simulated(system.run(scenario, 1))
    (step,) = scenario.method
    world = partial(LostAnswers, began=step.at, ended=step.at + (step.lasts or 0))
    assert Counter(found.outcome for found in kernel.values())["unknown"] > 20
    assert differences(kernel, lived(plan, world)) == []


def test_random_architectures_are_the_same_request_by_request() -> None:
    """Small ones with all policies, of one instance a service."""
    tried = Counter[str]()

    def check(case: Lone) -> None:
        plan = compile_plan(case.architecture, case.workload, seed=case.seed, start=0, end=SECOND)
        kernel = simulated(simulate(plan))
        found = differences(kernel, lived(plan))
        assert found == [], f"{len(found)} of {len(kernel)}:\n" + "\n".join(found[:3]) + f"\n{described(case)}"
        tried.update(f"{outcome.outcome} {outcome.code}" for outcome in kernel.values())
        tried["cases"] += 1

    explore(lone_cases(), check, EXAMPLES)
    assert tried["cases"] >= EXAMPLES
    assert len(tried) > 10, tried
