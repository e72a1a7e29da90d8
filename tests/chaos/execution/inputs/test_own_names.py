"""Names that a user's files give to something: of those alone the shipped Chinese name is not meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.execution.inputs.own_names import own_names
from simcore.files.document import parse_yaml
from simcore.files.patch import Layer, command_line_layer, edits_of
from simcore.library import ResolvedPair, resolve_pair

OWN = """\
kind: architecture
name: legacy-coupled
pools: {threads: {slots: 8}, phone-seats: {slots: 2}}
services:
  counter:
    pools: [threads, phone-seats]
    groups: [core-host, cupboard]
    operations: {accept: {steps: [{work: 20ms}, {call: bank.debit, timeout: 2s, name: resolve}]}}
  bank: {layer: external, operations: {debit: {steps: [{work: 5ms}]}}}
links: [{from: counter, to: bank}]
flows: {transfer: {kind: order, record: true, steps: [{call: counter.accept, timeout: 1s}]}}
control:
  monitors: {bank-timeouts: {metric: {rate: [flow/transfer/unknown]}, above: 1, every: 10s, breaches: 2, route: network}}
  teams: {network: {members: 1}}
"""
WORKLOAD = "kind: workload\nname: busy-day\naccounts: {count: 1000}\nflows: {transfer: {rate: 20/s}}\n"
EXTENDS = "kind: architecture\nname: ours\nextends: legacy-coupled\npatch:\n"


def pair(folder: Path, architecture: str, workload: str = "normal-day", edits: list[Layer] | None = None) -> ResolvedPair:
    """An architecture of the user's own under a workload, edited."""
    (folder / "ours.yaml").write_text(architecture, encoding="utf-8")
    return resolve_pair(folder / "ours.yaml", workload, edits=edits or [])


def test_shipped_files_give_every_name_its_meaning() -> None:
    """Whatever an environment and a command line change in them."""
    assert own_names(*resolve_pair("legacy-coupled", "normal-day", environment="staging")) == []
    edits = [command_line_layer(["pools.counter-threads.slots=50"])]
    assert own_names(*resolve_pair("options/two-sites", "normal-day", edits=edits)) == []


def test_a_file_of_the_users_own_gives_its_names_their_meaning(tmp_path: Path) -> None:
    """Of the file itself, its pools, services, operations, steps, links, groups, flows, alarms and teams; of those that the glossary has, and
    not what it only speaks of: a pool that a service uses, a service that a step calls."""
    (tmp_path / "day.yaml").write_text(WORKLOAD, encoding="utf-8")
    found = own_names(*pair(tmp_path, OWN, str(tmp_path / "day.yaml")))
    mine = "accept bank bank-timeouts busy-day core-host counter counter-bank debit legacy-coupled network phone-seats resolve transfer"
    assert found == mine.split()


@pytest.mark.parametrize(
    ("patch", "own"),
    [
        ("- {scale: pools.counter-threads.slots, by: 2}", []),
        ("- {set: pools.counter-threads, to: {slots: 9}}", []),
        ("- {set: services.counter.groups, to: [core-power, core-host-2]}", ["core-host-2"]),
        ("- {add: pools.name-threads, value: {slots: 9}}", ["name-threads"]),
        (
            "- {add: services.desk, value: {operations: {quote: {steps: [{call: sse.accept, name: look}]}}}}",
            ["desk", "look", "quote"],
        ),
        ("- {add: 'links[counter-counter]', value: {from: counter, to: counter, latency: 1ms}}", ["counter-counter"]),
    ],
)
def test_who_extends_a_shipped_file_owns_what_he_adds(tmp_path: Path, patch: str, own: list[str]) -> None:
    """To change a thing is not to give its name to another; a group is one's own that no shipped file puts anything into."""
    assert own_names(*pair(tmp_path, f"{EXTENDS}  {patch}\n")) == own


def test_a_scenario_of_ones_own_may_add_to_a_shipped_architecture(tmp_path: Path) -> None:
    """Its patch is a layer like another."""
    patch = parse_yaml("[{add: pools.name-threads, value: {slots: 9}}]", str(tmp_path / "drill.yaml"), "scenario")
    pair = resolve_pair("legacy-coupled", "normal-day", edits=[Layer("scenario", "drill", edits_of(patch))])
    assert own_names(*pair) == ["name-threads"]
