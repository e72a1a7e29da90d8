"""A message broker passes on durable messages: each planted mistake is found at its place, and its sound neighbour is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.execution.inputs.digests import digest_of
from simcore.base.errors import InputError
from simcore.library import load_architecture

ARCHITECTURE = """\
kind: architecture
name: a
pools: { own: { slots: 1 }, common: { slots: 1 } }
services:
  one:
    pools: [common]
    operations:
      op: { steps: [{ work: 1ms }, SENDS] }
  bus:
    message_broker: mqtt
    pools: [own]
    operations:
      pass: { steps: [{ work: 1ms }, PASSES] }
  two: { operations: { op: { steps: [{ work: 1ms }] } } }
flows: { order: { steps: [{ call: one.op }] } }
"""
SENDS, PASSES = "{ send: bus.pass, durable: true }", "{ send: two.op, durable: true }"


def mistake(folder: Path, *changes: tuple[str, str]) -> str | None:
    """What is wrong with the file with these texts in the place of others."""
    text = ARCHITECTURE
    for old, new in (*changes, ("SENDS", SENDS), ("PASSES", PASSES)):
        text = text.replace(old, new)
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    try:
        load_architecture(folder / "a.yaml")
    except InputError as error:
        return str(error).removeprefix(str(folder) + "/")
    return None


@pytest.mark.parametrize(
    "change",
    [("name: a", "name: b"), ("PASSES", f"{PASSES}, {PASSES}"), ("common: { slots: 1 }", "common: { slots: 2 }")],
)
def test_sound_ones(tmp_path: Path, change: tuple[str, str]) -> None:
    """Work, and one or several who get the message."""
    assert mistake(tmp_path, change) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("SENDS", "{ call: bus.pass }"), "services.one.operations.op.steps[bus.pass]: a call to the message broker bus"),
        (("SENDS", "{ send: bus.pass }"), "a message that may get lost, to the message broker bus"),
        (
            ("PASSES", "{ send: two.op }"),
            "services.bus.operations.pass.steps[two.op]: bus is a message broker, and cannot",
        ),
        (("PASSES", "{ send: two.op, durable: true, delay: 1s }"), "cannot take this step"),
        (("PASSES", "{ effect: record }, { send: two.op, durable: true }"), "cannot take this step"),
        (("PASSES", "{ work: 1ms }"), "the message broker bus passes pass on to nobody"),
        (("message_broker: mqtt", "message_broker: mqtt\n    replicas: 2"), "bus is a message broker, and has 2 instances"),
        (("pools: [own]", "pools: [common]"), "the message broker bus shares the pool 'common'"),
        (("message_broker: mqtt", "message_broker: kafka"), "services.bus.message_broker: "),
    ],
)
def test_mistakes(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    """Each says which, and where."""
    found = mistake(tmp_path, change)
    assert found is not None
    assert says in found


def test_architectures_without_one_are_what_they_were() -> None:
    """The word is no part of their digest."""
    assert "message_broker" not in load_architecture("live/broker").model_dump_json()
    assert digest_of(load_architecture("live/broker")) != digest_of(load_architecture("live/broker-mqtt"))
