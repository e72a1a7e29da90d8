"""What an index says of small architectures, worked out by hand."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from simcore.base.errors import InputError
from simcore.library import load_architecture
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex, Part

Plain = dict[str, Any]


def index_of(services: Plain, flow: list[Plain], **more: Any) -> ArchitectureIndex:
    """The index of an architecture with one flow, `order`."""
    plain = {"kind": "architecture", "name": "a", "services": services, "flows": {"order": {"steps": flow}}, **more}
    return ArchitectureIndex(Architecture.model_validate(plain))


def service(*steps: Plain, **more: Any) -> Plain:
    """A service with one operation, `op`."""
    return {"operations": {"op": {"steps": list(steps)}}, **more}


def test_a_call_after_a_repeat_has_the_number_after_its_turns() -> None:
    """Three turns and one more call are four sites, one of which stands outside the repeat; a name counts for itself."""
    repeated = {"repeat": 3, "steps": [{"call": "shop.op"}, {"call": "shop.op", "name": "ask"}]}
    index = index_of({"shop": service()}, [repeated, {"call": "shop.op"}])
    assert list(index.call_sites) == [
        "client.order/shop.op#0",
        "client.order/ask",
        "client.order/shop.op#1",
        "client.order/ask#1",
        "client.order/shop.op#2",
        "client.order/ask#2",
        "client.order/shop.op#3",
    ]
    assert [placed.site_names for placed in index.steps if placed.site_names] == [
        ("client.order/shop.op#0", "client.order/shop.op#1", "client.order/shop.op#2"),
        ("client.order/ask", "client.order/ask#1", "client.order/ask#2"),
        ("client.order/shop.op#3",),
    ]


@pytest.mark.parametrize(("turn", "known"), [(3, True), (4, False)])
def test_a_reading_of_a_repeated_call_is_known(tmp_path: Path, turn: int, known: bool) -> None:
    """A monitor may read what the journal has, and nothing else."""
    metric = f"{{rate: [call/client.order/shop.op#{turn}/attempts]}}"
    (tmp_path / "a.yaml").write_text(
        "kind: architecture\nname: a\nservices: {shop: {operations: {op: {steps: [{work: 1ms}]}}}}\n"
        "flows: {order: {steps: [{repeat: 3, steps: [{call: shop.op}]}, {call: shop.op}]}}\n"
        f"control: {{monitors: {{m: {{metric: {metric}, above: 1}}}}}}\n"
    )
    if known:
        load_architecture(tmp_path / "a.yaml")
    else:
        with pytest.raises(InputError, match=r"client has no call 'client.order/shop.op#4'"):
            load_architecture(tmp_path / "a.yaml")


def test_what_is_repeated_no_times_does_not_exist() -> None:
    """Neither its calls nor its effects nor the pools it names."""
    step = {"repeat": 0, "steps": [{"call": "shop.op", "bulkhead": "p"}, {"effect": "record"}]}
    index = index_of({"shop": service()}, [step], pools={"p": {"slots": 1}})
    assert not index.call_sites
    assert index.resources_of("client") == ()
    assert not index.may_write


def test_a_body_too_large_is_refused_before_its_sites_are_listed(tmp_path: Path) -> None:
    """A thousand million calls would not fit into memory."""
    steps = "{call: shop.op}"
    for _ in range(3):
        steps = f"{{repeat: 1000, steps: [{steps}]}}"
    (tmp_path / "a.yaml").write_text(
        "kind: architecture\nname: a\nservices: {shop: {operations: {op: {steps: [{work: 1ms}]}}}}\n"
        f"flows: {{order: {{steps: [{steps}]}}}}\n"
        "control: {monitors: {m: {metric: {rate: [call/client.order/shop.op#0/attempts]}, above: 1}}}\n"
    )
    with pytest.raises(InputError, match=r"client.order unrolls to 1001001001 steps"):
        load_architecture(tmp_path / "a.yaml")


def test_instances_of_services_and_of_what_they_run_on() -> None:
    """A pool of each replica has as many instances as the largest of its users, standbys included; a shared one has its name."""
    services = {
        "shop": service(replicas=2, standby={"replicas": 1, "site": "second"}, pools=["own", "all"]),
        "store": service(pools=["own"]),
    }
    pools = {"own": {"slots": 1, "per": "replica"}, "all": {"slots": 1}, "unused": {"slots": 1, "per": "replica"}}
    index = index_of(services, [{"call": "shop.op"}], pools=pools)
    assert list(index.instances) == ["shop#0", "shop#1", "shop#2", "store#0"]
    assert [(i.number, i.standby, i.site) for i in index.instances_of("shop")] == [
        (0, False, "primary"),
        (1, False, "primary"),
        (2, True, "second"),
    ]
    assert index.resource_names("own") == ("own#0", "own#1", "own#2")
    assert index.resource_names("all") == ("all",)
    assert index.resource_names("unused") == ("unused#0",)
    assert [index.resource_name(name, 1) for name in ("own", "all")] == ["own#1", "all"]
    assert index.users_of("own") == ["shop", "store"]


def test_writes_reach_as_far_as_calls_and_messages() -> None:
    """A session is no write, and a message counts only where it is asked for."""
    services = {
        "shop": service({"send": "store.op"}),
        "store": service({"effect": "record"}),
        "door": service({"effect": "session.open"}),
    }
    index = index_of(services, [{"call": "shop.op"}, {"call": "door.op"}])
    assert index.may_write == {"client.order", "shop.op", "store.op"}
    assert index.may_have(["record"], messages=False) == {"store.op"}
    assert index.may_have(["session.open"], messages=False) == {"door.op", "client.order"}
    assert index.effects["store.op"] == ("record",)
    assert index.reached_from("client.order") == {"shop.op", "store.op", "door.op"}


def test_an_exchange_is_a_service_that_accepts_orders() -> None:
    """Whatever it is called; which of them an order comes to is decided by the routes on its way."""
    accept = service({"choose": [{"probability": 1, "steps": [{"effect": "order.accept"}]}]})
    route = {"route": "exchange", "cases": {"sse": [{"send": "north.op"}]}, "default": [{"call": "south.op"}]}
    index = index_of({"north": accept, "south": accept, "accept": service(route)}, [{"call": "accept.op"}])
    assert index.exchanges == ["north", "south"]
    assert index.exchanges_of("sse") == ["north"]
    assert index.exchanges_of("szse") == ["south"]
    assert index.services_for("bank") == []


def test_who_suffers_from_whom() -> None:
    """From a pool to the operation that needs it, and on to the flow over link and call site."""
    index = index_of(
        {"shop": service(pools=["threads"])},
        [{"call": "shop.op", "connection": "lines"}],
        pools={"threads": {"slots": 1}, "lines": {"slots": 1}},
        links=[{"from": "client", "to": "shop"}],
    )
    operation, flow = Part("operation", "shop.op"), Part("flow", "order")
    assert index.dependents[Part("pool", "threads")] == (operation,)
    assert index.dependents[Part("service", "shop")] == (operation,)
    assert index.dependents[operation] == (flow, Part("pool", "lines"), Part("pool", "threads"))
    assert index.dependents[Part("link", "client-shop")] == index.dependents[Part("call", "client.order/shop.op#0")] == (flow,)
    (connection,) = index.connections
    assert (connection.caller, connection.callee, connection.link) == ("client", "shop", index.architecture.links[0])


def test_an_index_is_copied_without_its_views() -> None:
    """A plan that goes to another process takes the architecture along, and no more."""
    index = index_of({"shop": service()}, [{"call": "shop.op"}])
    assert index.call_sites
    copy = pickle.loads(pickle.dumps(index))
    assert vars(copy) == {"architecture": index.architecture}
    assert list(copy.call_sites) == list(index.call_sites)
