"""Chains of causes in boxes: of links made by hand, of a small system, and of incidents that load causes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.documents.library import library
from chaos.execution.execute import execute
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.i18n.causal import first_cause, node_titles, state_text
from chaos.i18n.texts import LocalizedText
from chaos.judgement.cause_graph import BOXES_MAX, boxes_of, cause_graphs
from chaos.judgement.causes import Link, Root
from chaos.measures.formatting import instant
from chaos.results.counterfactuals import CauseEdge, CauseGraph, CauseNode
from chaos.results.findings import CarriedOut, Fails, Hit, Injected, PoolFull, RequestsFail, Slow, Symptom
from chaos.results.run import FaultEvidence, RunResult
from simcore.base.units import SECOND
from simcore.model.index import Part

STEP = Root("step", "the bank is slow", 0, (Part("service", "bank"),), Injected(fault="slow"))
CLOCK = (10 * 60 + 2) * 60 * SECOND
RESTART = Root("action", "restart core", 0, (Part("service", "core"),), CarriedOut(verb="restart", by="desk"))


def link(at_s: int, part: str, because: str | None, symptom: Symptom, root: int = 0) -> Link:
    cause = None if because is None else Part(*because.split("/", 1))
    depth = 0 if because is None else 1
    return Link(at_s * SECOND, depth, Part(*part.split("/", 1)), symptom, cause, root)


BANK = [
    link(0, "service/bank", None, STEP.symptom),
    link(0, "operation/bank.credit", "service/bank", Hit()),
    link(10, "operation/core.transfer", "operation/bank.credit", Slow(times=3)),
    link(20, "pool/threads", "operation/core.transfer", PoolFull()),
    link(20, "operation/core.place", "pool/threads", Slow(times=3)),
    link(20, "operation/core.login", "pool/threads", Fails()),
    link(30, "operation/gateway.place", "operation/core.place", Slow(times=3)),
    link(30, "operation/gateway.transfer", "operation/core.transfer", Slow(times=3)),
    link(40, "flow/order", "operation/gateway.place", RequestsFail()),
    link(50, "flow/transfer", "operation/gateway.transfer", RequestsFail()),
]


def shapes(links: list[Link], roots: list[Root]) -> tuple[list[tuple[str, list[str], str]], list[tuple[int, int]]]:
    """Boxes as (kind, names or members, state), and arrows by their numbers."""
    boxes, arrows = boxes_of(links, roots)
    numbers = {box: i for i, box in enumerate(boxes)}
    told = [(box.kind, sorted({m.part.name for m in box.links}), box.state) for box in boxes]
    return told, sorted((numbers[a], numbers[b]) for a, b in arrows)


def test_operations_fold_by_service_and_a_service_that_led_to_itself_is_two_boxes() -> None:
    """What a step hit is one box with it; the gateway is one, whichever of the core's boxes it suffers from; so are customers."""
    boxes, arrows = shapes(BANK, [STEP])
    assert boxes == [
        ("step", ["bank", "bank.credit"], "injected"),
        ("service", ["core.transfer"], "slow"),
        ("pool", ["threads"], "full"),
        ("service", ["core.login", "core.place"], "fails"),
        ("service", ["gateway.place", "gateway.transfer"], "slow"),
        ("customers", ["order", "transfer"], "fails"),
    ]
    assert arrows == [(0, 1), (1, 2), (1, 4), (2, 3), (3, 4), (4, 5)]


def test_an_action_is_a_box_of_its_own_before_what_it_was_done_to() -> None:
    """Its service's operations are another."""
    boxes, arrows = shapes(
        [
            link(0, "service/core", None, RESTART.symptom),
            link(0, "operation/core.place", "service/core", Hit()),
            link(10, "flow/order", "operation/core.place", RequestsFail()),
        ],
        [RESTART],
    )
    assert [kind for kind, _, _ in boxes] == ["action", "service", "customers"]
    assert arrows == [(0, 1), (1, 2)]


def test_customers_who_fill_something_are_apart_from_those_who_suffer_from_it() -> None:
    """A flow that fails, asks elsewhere, and so brings down another."""
    boxes, arrows = shapes(
        [
            link(0, "service/bank", None, STEP.symptom),
            link(10, "flow/see", "service/bank", RequestsFail()),
            link(20, "pool/seats", "flow/see", PoolFull()),
            link(30, "flow/order", "pool/seats", RequestsFail()),
        ],
        [STEP],
    )
    assert [(kind, names) for kind, names, _ in boxes] == [
        ("step", ["bank"]), ("customers", ["see"]), ("pool", ["seats"]), ("customers", ["order"]),
    ]  # fmt: skip
    assert arrows == [(0, 1), (1, 2), (2, 3)]


def test_a_long_row_of_services_becomes_short() -> None:
    """Services that follow each other are one box, those nearest to the customers first, until there are no more than wanted."""
    row = [link(0, "service/bank", None, STEP.symptom)]
    before = "service/bank"
    for n in range(9):
        row.append(link(n + 1, f"operation/s{n}.do", before, Slow(times=3)))
        before = f"operation/s{n}.do"
    row.append(link(20, "flow/order", before, RequestsFail()))
    boxes, _ = boxes_of(row, [STEP])
    assert len(boxes) == BOXES_MAX
    assert boxes[-2].of == ("s4", "s5", "s6", "s7", "s8")


LATER = [
    link(0, "service/bank", None, STEP.symptom),
    link(0, "operation/bank.read", "service/bank", Hit()),
    link(0, "operation/core.place", "operation/bank.read", Slow(times=3)),
    link(0, "operation/gateway.place", "operation/core.place", Slow(times=3)),
    link(20, "operation/gateway.login", "operation/login.ask", Slow(times=3)),
    link(30, "flow/order", "operation/gateway.place", RequestsFail()),
    link(30, "flow/login", "operation/gateway.login", RequestsFail()),
]


def spans(links: list[Link]) -> list[tuple[tuple[str, ...], int]]:
    """Of each box its place and since when, s; no arrow goes back in time, and no box stands before an earlier one."""
    boxes, arrows = boxes_of(links, [STEP])
    assert all(cause.since <= effect.since for cause, effect in arrows)
    assert [box.since for box in boxes] == sorted(box.since for box in boxes)
    return [(box.of or (box.kind,), box.since // SECOND) for box in boxes]


def test_a_box_is_not_earlier_than_what_led_to_part_of_it() -> None:
    """The gateway was slow before login was, and later because of login as well: login and gateway are one box, since the earlier."""
    login = link(10, "operation/login.ask", "operation/core.place", Slow(times=3))
    links = sorted([*LATER, login], key=lambda made: made.at)
    assert spans(links) == [(("the bank is slow",), 0), (("core",), 0), (("gateway", "login"), 0), (("customers",), 30)]


def test_a_service_that_suffers_again_from_something_later_is_two_boxes() -> None:
    """A pool that filled up in between is no service to fold into it."""
    pool = link(10, "pool/threads", "operation/core.place", PoolFull())
    login = link(10, "operation/login.ask", "pool/threads", Slow(times=3))
    links = sorted([*LATER, pool, login], key=lambda made: (made.at, made.part.kind != "pool"))
    assert spans(links) == [
        (("the bank is slow",), 0),
        (("core",), 0),
        (("gateway",), 0),
        (("threads",), 10),
        (("login",), 10),
        (("gateway",), 20),
        (("customers",), 30),
    ]


# --- runs -------------------------------------------------------------------------------------------------------------------


def require_sound(run: RunResult) -> None:
    """Every box but roots has a cause that stands before it and is no later than what it is a cause of; boxes are in the order of time, and
    no two have one name."""
    assert [graph.outage for graph in run.chains] == (list(range(len(run.outages))) or [None])
    for graph in run.chains:
        since = {node.id: node.t_ns for node in graph.nodes}
        assert all(since[edge.cause] <= since[edge.effect] for edge in graph.edges)
        assert list(since.values()) == sorted(since.values())
        titles = [title.en for title in node_titles(graph, run).values()]
        assert len(set(titles)) == len(titles)
        places = {node.id: i for i, node in enumerate(graph.nodes)}
        caused = {edge.effect for edge in graph.edges}
        assert all(places[edge.cause] < places[edge.effect] for edge in graph.edges)
        assert all(node.id in caused or node.kind in ("step", "action") for node in graph.nodes)
        assert len(graph.nodes) <= BOXES_MAX
        injected = {step.began_ns for step in run.faults}
        assert all(node.t_ns in injected if node.kind == "step" else node.t_ns >= graph.begin_ns for node in graph.nodes)
        assert all(node.t_ns == min(m.t_ns for m in node.members) for node in graph.nodes if node.kind == "customers")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in library().shipped("scenario") if name.startswith("incidents/")])
def test_chains_of_incidents_are_sound(name: str) -> None:
    """No arrow goes back in time, and all the rest, of every reproduction."""
    with Session() as session:
        require_sound(execute(session, Job(name, 1)))


def flows_of(graph: CauseGraph) -> set[str]:
    return {member.name for node in graph.nodes if node.kind == "customers" for member in node.members}


@pytest.mark.parametrize(
    ("scenario", "pool"),
    [("incidents/kiwoom-2025-04-03", "counter-threads"), ("incidents/zerodha-2019-08-29", "counter-connections")],
)
def test_orders_that_load_of_another_kind_costs_are_explained(scenario: str, pool: str) -> None:
    """Amendments, or the bookings of one order, fill what orders need: a chain leads from the load to every flow that fails."""
    with Session() as session:
        run = execute(session, Job(scenario, 1))
    require_sound(run)
    assert run.measures.orders.failed_orders > 5000
    first = run.chains[0]
    assert first.nodes[0].kind == "step"
    assert pool in [name for node in first.nodes if node.kind == "pool" for name in node.names]
    assert {"place-order", "margin-order", "login"} <= flows_of(first)
    assert list(itertools.chain(*(graph.unexplained for graph in run.chains))) == []


@pytest.mark.parametrize(
    "scenario",
    ["requirements/load/reconnect-storm", "incidents/china-merchants-2022-03-14", "requirements/infrastructure/grey-replica"],
)
def test_no_flow_is_left_unexplained(scenario: str) -> None:
    """Lost sessions, customers who ring instead, and one that is only slow."""
    with Session() as session:
        run = execute(session, Job(scenario, 1))
    require_sound(run)
    assert [graph.unexplained for graph in run.chains] == [[] for _ in run.chains]
    assert any(flows_of(graph) for graph in run.chains)


def test_a_flow_that_no_arrow_reaches_is_said_so(tmp_path: Path, write: Callable[..., Path]) -> None:
    """The step hits a service that no order comes to; the orders fail because their own work suddenly takes longer than they wait."""
    spare = '{ at: "10:02", for: 2min, hang: { service: spare } }'
    path = write(tmp_path, method=spare)
    with Session() as session:
        reference = Job(str(path), 1).system
        system = session.bind(reference)
        hung = session.bind(Job(str(write(tmp_path, name="hung")), 1).system)
        journal = hung.run(hung.inputs.scenario.model, 1)
        faults = [FaultEvidence(name="spare", fault="hang", began_ns=CLOCK, targets=["unit/spare#0"])]
        (graph,) = cause_graphs(journal, system.inputs.index, faults, [], [], SECOND)
    assert graph.unexplained == ["order"]
    assert graph.nodes == []


REAL = '{ name: real, at: "10:06", for: 2min, slow: { service: bank, factor: 400 } }'


@pytest.mark.parametrize(
    ("other", "names"),
    [
        ('{ name: mild, at: "10:05", for: 4min, slow: { service: bank, factor: 2 } }', ["mild", "real"]),
        ('{ name: idle, at: "10:05", for: 4min, slow: { service: bank, factor: 1 } }', ["real"]),
        ('{ name: early, at: "10:02", for: 20s, slow: { service: bank, factor: 2 } }', ["real"]),
    ],
    ids=["overlapping", "without effect", "over before"],
)
def test_steps_of_one_target_are_named_if_they_were_in_force(
    tmp_path: Path, write: Callable[..., Path], other: str, names: list[str]
) -> None:
    """Of two slows of one bank both are the root if both slowed it during the outage; else the one that did. Chain, headline and story."""
    with Session() as session:
        run = execute(session, Job(str(write(tmp_path, method=f"{other}\n  - {REAL}")), 1))
    first = run.chains[0].nodes[0]
    assert (first.kind, first.names) == ("step", names)
    assert [node.kind for node in run.chains[0].nodes].count("step") == 1
    assert first_cause(run.chains[0], run) == LocalizedText(f"fault {', '.join(names)}", f"故障：{'、'.join(names)}")


def test_steps_that_hit_nothing_in_common_are_boxes_of_their_own() -> None:
    """A third hits what both do: then they are one, each with what led to something."""
    a, b = (
        Root("step", "a", 0, (Part("service", "bank"),), STEP.symptom),
        Root("step", "b", 0, (Part("pool", "p"),), STEP.symptom),
    )
    both = Root("step", "c", 0, (*a.parts, *b.parts), STEP.symptom)
    links = [
        link(0, "service/bank", None, STEP.symptom, 0),
        link(0, "pool/p", None, STEP.symptom, 1),
        link(10, "flow/order", "service/bank", RequestsFail(), 0),
        link(20, "flow/quote", "pool/p", RequestsFail(), 1),
    ]
    assert [box.of for box in boxes_of(links, [a, b]).boxes if box.kind == "step"] == [("a",), ("b",)]
    assert [box.of for box in boxes_of(links, [a, b, both]).boxes if box.kind == "step"] == [("a", "c", "b")]
    assert [box.of for box in boxes_of(links[::2], [a, b, both]).boxes if box.kind == "step"] == [("a", "c")]


def test_steps_of_before_are_asked_when_those_of_the_outage_explain_less(tmp_path: Path, write: Callable[..., Path]) -> None:
    """During the outage only a slow spare was in force, which nobody asks: the chain begins at the hang that was over."""
    method = '{ name: hang, at: "10:02", for: 20s, hang: { service: core } }'
    with Session() as session:
        job = Job(str(write(tmp_path, method=method)), 1)
        run, inputs = execute(session, job), session.bind(job.system).inputs
        journal = session.bind(job.system).run(inputs.scenario.model, 1)
    (hang,), (outage,) = run.faults, run.outages
    spare = FaultEvidence(name="spare", fault="slow", began_ns=outage.begin_ns, targets=["unit/spare#0"])
    over = hang.model_copy(update={"ended_ns": outage.begin_ns})
    (graph,) = cause_graphs(journal, inputs.index, [over, spare], [], [outage], SECOND)
    assert (graph.nodes[0].names, graph.unexplained) == (["hang"], [])
    assert graph.nodes[0].until_ns == outage.begin_ns
    assert state_text(graph.nodes[0]).en == f"injected, over since {instant(outage.begin_ns)}"


AGAIN = (
    '{ name: hang, at: "10:02", for: 5min, hang: { service: core } }\n'
    '  - { name: restart, at: "10:03", restart: { service: core } }\n'
    '  - { name: errors, at: "10:05", for: 1min, errors: { service: core, share: 1 } }'
)


def test_what_a_restart_has_ended_is_no_cause_of_a_later_outage(tmp_path: Path, write: Callable[..., Path]) -> None:
    """The hang, to last until 10:07, is over at 10:03; at 10:05 the same instance begins to fail, for that alone."""
    path = write(tmp_path, method=AGAIN)
    path.write_text(path.read_text().replace("success: 0.99", "success: 0.9"))
    architecture = tmp_path / "architecture.yaml"
    architecture.write_text(architecture.read_text().replace("core: {pools", "core: {restart_time: 10s, pools"))
    with Session() as session:
        run = execute(session, Job(str(path), 1))
    assert [(o.begin_ns - CLOCK) // SECOND for o in run.outages] == [0, 180]
    assert [(g.nodes[0].names, (g.nodes[0].t_ns - CLOCK) // SECOND) for g in run.chains] == [
        (["hang", "restart"], 0),
        (["errors"], 180),
    ]
    hang, restart, errors = run.faults
    assert (hang.in_force_until, hang.ended_ns) == (CLOCK + 60 * SECOND, CLOCK + 300 * SECOND)
    assert restart.in_force_until == CLOCK + 70 * SECOND
    assert (errors.over_ns, errors.in_force_until) == (None, CLOCK + 240 * SECOND)
    assert run.chains[1].nodes[0].until_ns is None
    require_sound(run)


@pytest.mark.parametrize(("rollback", "over_s"), [("", 600), ("rollbacks: [{ after: 30s, restart: core }]\n", 90)])
def test_what_a_step_leaves_behind_is_in_force_until_it_is_put_right(
    tmp_path: Path, write: Callable[..., Path], rollback: str, over_s: int
) -> None:
    """A core that nobody starts when its crash has ended: down to the end, 10:12, or until the rollback at 10:03:30 starts it."""
    method = '{ at: "10:02", for: 1min, crash: { service: core, restart: people } }'
    with Session() as session:
        (crash,) = execute(session, Job(str(write(tmp_path, method=method, more=rollback)), 1)).faults
    assert (crash.ended_ns, crash.over_ns) == (CLOCK + 60 * SECOND, CLOCK + over_s * SECOND)


def test_a_step_in_force_since_before_the_outage_is_shown_at_its_own_instant(tmp_path: Path, write: Callable[..., Path]) -> None:
    """A slow bank from 10:02 to 10:11, cut off meanwhile: of the second outage, too, it was injected at 10:02."""
    method = '{ name: slow, at: "10:02", for: 9min, slow: { service: bank, factor: 400 } }'
    with Session() as session:
        job = Job(str(write(tmp_path, method=method)), 1)
        run, inputs = execute(session, job), session.bind(job.system).inputs
        journal = session.bind(job.system).run(inputs.scenario.model, 1)
    (outage,) = run.outages
    parts = [(outage.begin_ns, CLOCK + 120 * SECOND), (CLOCK + 240 * SECOND, outage.end_ns)]
    outages = [outage.model_copy(update={"begin_ns": begin, "end_ns": end}) for begin, end in parts]
    first, second = cause_graphs(journal, inputs.index, run.faults, [], outages, SECOND)
    assert second.begin_ns == CLOCK + 120 * SECOND
    for graph in (first, second):
        root = graph.nodes[0]
        assert (root.names, root.t_ns, root.until_ns) == (["slow"], CLOCK, None)
        assert {member.t_ns for member in root.members} == {CLOCK}


def _graph(until: int | None, *, caused: bool) -> CauseGraph:
    """A chain from a step, and from an action that comes of it or of nothing."""
    return CauseGraph(
        outage=0,
        begin_ns=5,
        end_ns=9,
        nodes=[
            CauseNode(id="step-0", kind="step", names=["slow bank"], t_ns=1, state="injected", until_ns=until),
            CauseNode(id="action-1", kind="action", names=["restart counter"], t_ns=4, state="carried_out"),
            CauseNode(id="service-2", kind="service", names=["counter"], t_ns=5, state="down"),
        ],
        edges=[
            CauseEdge(cause="action-1", effect="service-2"),
            *([CauseEdge(cause="step-0", effect="action-1")] if caused else []),
        ],
    )


@pytest.mark.parametrize(
    ("until", "caused", "says"),
    [
        (None, False, "fault slow bank, restart counter"),
        (3, False, "restart counter, fault slow bank"),
        (3, True, "fault slow bank"),
    ],
    ids=["in force", "over before", "an effect of it"],
)
def test_actions_that_an_outage_begins_at_are_named(until: int | None, caused: bool, says: str) -> None:
    """First where every fault was over before the outage; not where the chain leads from the fault to them."""
    run = RunResult.model_construct(chinese={})
    found = first_cause(_graph(until, caused=caused), run)
    assert found is not None
    assert found.en == says
