"""Checks beyond the models: each planted mistake is found at its place, and its sound neighbour is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from simcore.base.errors import InputError
from simcore.library import load_architecture, load_pair, load_workload
from simcore.model.checks import MAX_STEPS, unrolled

ARCHITECTURE = """\
kind: architecture
name: a
pools:
  p1: {slots: 1}
  p2: {slots: 1}
  p3: {slots: 1}
  p4: {slots: 1}
  p5: {slots: 1}
limits: {cap: {rate: 50/s}}
services:
  one:
    pools: [p1]
    operations:
      op:
        steps:
STEPS
  two:
    operations:
      op: {steps: [SECOND]}
links: [{from: one, to: two, latency: LATENCY}]
flows:
  order:
    steps: [FLOW]
"""
WORKLOAD = """\
kind: workload
name: w
attributes: {bank: {of: customer, weights: {icbc: 1, ccb: 1}}}
curves: {day: {points: [["09:30", 1], ["15:00", 1]]}}
flows: {order: {rate: 10/s}}
"""


def architecture(*steps: str, second: str = "work: 1ms", flow: str = "call: one.op", latency: str = "0ns") -> str:
    """An architecture whose first operation has these steps; `second` and `flow` are one step each, or several with ``}, {``."""
    text = ARCHITECTURE.replace("STEPS", "\n".join(f"          - {{{step}}}" for step in steps) or "          []")
    return text.replace("SECOND", f"{{{second}}}").replace("FLOW", f"{{{flow}}}").replace("LATENCY", latency)


def message(tmp_path: Path, text: str, workload: str | None = None) -> str | None:
    """The error of an architecture (under a workload), without the path of the file; None if it is sound."""
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "w.yaml").write_text(workload or "")
    try:
        if workload is None:
            load_architecture(tmp_path / "a.yaml")
        else:
            load_pair(tmp_path / "a.yaml", tmp_path / "w.yaml")
    except InputError as error:
        return str(error).replace(f"{tmp_path}/", "")
    return None


def deep(n: int) -> str:
    """A step that holds the pools p2 … one in the other, n of them."""
    text = "work: 1ms"
    for i in range(n + 1, 1, -1):
        text = f"hold: p{i}, steps: [{{{text}}}]"
    return text


FAULTS = {
    "hold of no pool": (
        architecture("hold: p9, steps: []"),
        "a.yaml:16:20: services.one.operations.op.steps[p9].hold: there is no pool 'p9' (value: 'p9')",
    ),
    "limit": (architecture("rate_limit: cup"), "there is no limit 'cup' (value: 'cup'); did you mean 'cap'?"),
    "effect": (
        architecture("effect: order.rekord"),
        "there is no effect 'order.rekord' (value: 'order.rekord'); did you mean 'order.record'?",
    ),
    "bulkhead": (architecture("call: two.op, bulkhead: p9"), "there is no pool 'p9'"),
    "service of a call": (architecture("call: tow.op"), "there is no service 'tow' (value: 'tow.op'); did you mean 'two.op'?"),
    "operation of a send": (architecture("send: two.oq"), "there is no operation of two 'oq' (value: 'two.oq'); known: op"),
    "target of a flow": (
        architecture(flow="call: one.oq"),
        "a.yaml:23:20: flows.order.steps[one.oq].call: there is no operation of one 'oq'",
    ),
    "pool of a service": (architecture().replace("[p1]", "[p1, p9]"), "services.one.pools[p9]: there is no pool 'p9'"),
    "link to nowhere": (architecture().replace("to: two", "to: three"), "links[one-three].to: there is no service 'three'"),
    "two links": (architecture().replace("links: [", "links: [{from: one, to: two}, "), "a second link from one to two"),
    "service called client": (
        architecture().replace("  two:", "  client:").replace("to: two", "to: client"),
        "'client' stands for the customers' side",
    ),
    "timeout 0": (architecture("call: two.op, timeout: 0"), "a timeout of 0 lets no call succeed"),
    "one name for two steps": (
        architecture("call: two.op, name: x", "send: two.op, name: x"),
        "a second step is called 'x' in one.op",
    ),
    "pool held twice": (
        architecture("hold: p1, steps: []"),
        "the task holds 'p1' already and may wait for itself (value: 'p1'); hold a pool once",
    ),
    "pool held inside a hold": (architecture("hold: p2, steps: [{call: two.op, connection: p2}]"), "the task holds 'p2' already"),
    "bulkhead that is the connection": (
        architecture("call: two.op, connection: p2, bulkhead: p2"),
        "the task holds 'p2' already",
    ),
    "pool twice at the start": (architecture().replace("[p1]", "[p1, p1]"), "one.op acquires the pool 'p1' twice"),
    "five pools at once": (
        architecture(deep(4)),
        "the task holds 5 pools at once: p1, p2, p3, p4, p5 (value: 'p5'); hold at most 4",
    ),
    "five pools with connection": (
        architecture("hold: p2, steps: [{hold: p3, steps: [{call: two.op, bulkhead: p4, connection: p5}]}]"),
        "holds 5 pools at once",
    ),
    "circle of calls": (
        architecture("work: 1ms", "call: two.op", second="call: one.op"),
        "calls go round in a circle: one.op → two.op → one.op",
    ),
    "circle through a fallback": (
        architecture("call: two.op, fallback: [{call: one.op}]"),
        "calls go round in a circle: one.op → one.op",
    ),
    "circle through a case": (
        architecture("route: side, cases: {buy: [{call: one.op}]}"),
        "calls go round in a circle: one.op → one.op",
    ),
    "timeless circle of sends": (
        architecture("send: two.op", second="send: one.op"),
        "messages go round without time passing: one.op → two.op → one.op (value: 'one.op'); give the send a delay, or work",
    ),
    "timeless circle of a send and a call": (
        architecture("call: two.op", second="send: one.op, delay: 0"),
        "messages go round without time passing",
    ),
    "draw at two places of a flow": (
        architecture("work: 1ms, draw: x", "call: two.op", second="work: 1ms, draw: x"),
        "the flow 'order' draws 'x' more than once (in one.op, two.op)",
    ),
    "draw reached twice": (
        architecture("call: two.op", "send: two.op", second="work: 1ms, draw: x"),
        "the flow 'order' draws 'x' more than once (in two.op)",
    ),
    "draw in a repeat": (architecture("repeat: 2, steps: [{work: 1ms, draw: x}]"), "the flow 'order' draws 'x' more than once"),
    "repeats of repeats": (
        architecture("repeat: 1000, steps: [{repeat: 1000, steps: [{work: 1ms}]}]"),
        f"one.op unrolls to 1001001 steps; repeat less: at most {MAX_STEPS}",
    ),
    "too many sites": (
        architecture("repeat: 1000, steps: [{call: two.op}]").replace("    pools: [p1]", "    replicas: 1024"),
        "up to here the services have 1025024 steps",
    ),
    "too many slots": (
        architecture()
        .replace("p2: {slots: 1}", "p2: {slots: 1000000, per: replica}")
        .replace("    pools: [p1]", "    replicas: 100"),
        "up to here the pools have 100000001 slots (value: 1000000)",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted_mistake_is_found(name: str, tmp_path: Path) -> None:
    """An architecture with one mistake of each kind is refused, with its place and a hint."""
    text, expected = FAULTS[name]
    found = message(tmp_path, text)
    assert found is not None
    assert expected in found


SOUND = {
    "plain": architecture("work: 1ms"),
    "four pools at once": architecture(deep(3)),
    "a pool again after its release": architecture("hold: p2, steps: []", "hold: p2, steps: []"),
    "a fallback after bulkhead and connection": architecture(
        "hold: p2, steps: [{call: two.op, bulkhead: p3, connection: p4, fallback: [{hold: p3, steps: []}]}]"
    ),
    "a call that never happens": architecture("repeat: 0, steps: [{call: one.op}]"),
    "a circle of sends with work": architecture("send: two.op", "work: 1ms", second="send: one.op"),
    "a circle of sends with a delay": architecture("send: two.op", second="send: one.op, delay: 1s"),
    "a circle of sends over a slow link": architecture("send: two.op", second="send: one.op", latency="1ms"),
    "a circle of sends by chance": architecture("choose: [{probability: 0.5, steps: [{send: one.op}]}]"),
    "one draw in branches that exclude each other": architecture(
        "route: side, cases: {buy: [{work: 1ms, draw: x}], sell: [{work: 2ms, draw: x}]}"
    ),
    "links there and back": architecture().replace("links: [", "links: [{from: two, to: one}, {from: client, to: one}, "),
    "a thousand repeats": architecture("repeat: 1000, steps: [{work: 1ms}]"),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_neighbour_passes(name: str, tmp_path: Path) -> None:
    """What looks like a mistake and is none is let through."""
    assert message(tmp_path, SOUND[name]) is None


SHARDED = architecture("work: 1ms").replace("    pools: [p1]", "    balance: shard\n    shard_by: bank")
PAIR_FAULTS = {
    "route by nothing": (
        architecture("route: bnk, cases: {icbc: []}"),
        WORKLOAD,
        "a.yaml:16:21: services.one.operations.op.steps[bnk].route: there is no attribute 'bnk' (value: 'bnk'); did you",
    ),
    "case of no value": (
        architecture("route: bank, cases: {icbc: [], cbc: []}"),
        WORKLOAD,
        "a.yaml:16:45: services.one.operations.op.steps[bank].cases.cbc: there is no value of bank 'cbc'; did you mean 'icbc'?",
    ),
    "case of a built-in": (
        architecture("route: session, cases: {maybe: []}"),
        WORKLOAD,
        "there is no value of session 'maybe'; known: no, yes",
    ),
    "shard by nothing": (
        SHARDED.replace("shard_by: bank", "shard_by: bonk"),
        WORKLOAD,
        "services.one.shard_by: there is no attribute 'bonk'",
    ),
    "flow that is not there": (
        architecture("work: 1ms"),
        WORKLOAD.replace("order:", "ordr:"),
        "w.yaml:5:9: flows.ordr: there is no flow of the architecture 'ordr'; did you mean 'order'?",
    ),
    "clock that stops": (
        architecture(second="work: 0"),
        WORKLOAD.replace("rate: 10/s", "closed: {clients: 1, think: 0}"),
        "w.yaml:5:17: flows.order.closed: a closed population that neither thinks nor waits stops the clock",
    ),
}


@pytest.mark.parametrize("name", PAIR_FAULTS)
def test_pair_that_does_not_fit_is_refused(name: str, tmp_path: Path) -> None:
    """An architecture and a workload that do not fit are told by the file to hint."""
    text, workload, expected = PAIR_FAULTS[name]
    found = message(tmp_path, text, workload)
    assert found is not None
    assert expected in found


@pytest.mark.parametrize(
    ("text", "workload"),
    [
        (
            architecture(
                "route: bank, cases: {icbc: []}", "route: side, cases: {buy: [], sell: []}", "route: session, cases: {no: []}"
            ),
            WORKLOAD,
        ),
        (SHARDED, WORKLOAD),
        (architecture("work: 1ms"), WORKLOAD.replace("rate: 10/s", "closed: {clients: 1, think: 0}")),
        (architecture("call: two.op", latency="1ms"), WORKLOAD.replace("rate: 10/s", "closed: {clients: 1, think: 0}")),
    ],
)
def test_pair_that_fits_passes(text: str, workload: str, tmp_path: Path) -> None:
    """Attributes of the workload and the built-in ones are known; no think time is fine where the flow takes time."""
    assert message(tmp_path, text, workload) is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("rate: 10/s", "per_day: 10, curve: dya", "there is no curve 'dya' (value: 'dya'); did you mean 'day'?"),
        ("{bank: ", "{side: ", "the attribute 'side' is built in (buy, sell)"),
        ("name: w", "name: w\ncalendar: ashare", "there is no calendar 'ashare' (value: 'ashare'); did you mean 'a-share'?"),
        ("name: w", "name: w\naccounts: {online: {curve: dya, peak: 0.1}}", "there is no curve 'dya' (value: 'dya')"),
        ('"15:00"', '"9:00"', "the times of a curve must ascend"),
        ('"15:00"', "15", "not a time of day: 15"),
    ],
)
def test_workload_mistake_is_found(old: str, new: str, expected: str, tmp_path: Path) -> None:
    """A workload is checked on its own too."""
    assert old in WORKLOAD
    (tmp_path / "w.yaml").write_text(WORKLOAD.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        load_workload(tmp_path / "w.yaml")
    assert expected in str(caught.value)


def test_unrolled_counts_every_step(tmp_path: Path) -> None:
    """The count is that of the steps with every repeat written out, branches included."""
    (tmp_path / "a.yaml").write_text(
        architecture("repeat: 3, steps: [{work: 1ms}, {hold: p2, steps: [{work: 1ms}]}]", "work: 1ms")
    )
    steps = load_architecture(tmp_path / "a.yaml").services["one"].operations["op"].steps
    assert unrolled(steps) == 1 + 3 * 3 + 1
