"""The section `known:`: which values an entry holds for, what it refuses, and how values between its bounds are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from simcore.base.errors import InputError
from simcore.files.known import Quantity, quantity
from simcore.files.loading import Resolved
from simcore.files.patch import command_line_layer
from simcore.library import LIBRARY
from simcore.model.architecture import Architecture

BASE = """\
kind: architecture
name: base
pools:
  threads: {slots: 8}
  others: {slots: 8}
services:
  counter:
    pools: [threads]
    restart_time: {lognormal: {median: 2min, p99: 8min}}
    contention: 0.01
    operations:
      place:
        steps:
          - work: 5ms
          - {call: bank.check, timeout: 200ms, retry: {attempts: 3, backoff: 1s}}
          - {call: bank.other, timeout: 30ms}
  bank: {operations: {check: {steps: [{work: 3ms}]}, other: {steps: [{work: 3ms}]}}}
flows:
  order: {steps: [{call: counter.place}]}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def resolved(known: str, base: str = BASE, name: str = "base.yaml", assignments: tuple[str, ...] = ()) -> Resolved[Architecture]:
    """A file with these lines of a section `known:`."""
    lines = "".join(f"  {line}\n" for line in known.strip().splitlines())
    Path(name).write_text(f"{base}known:\n{lines}" if lines else base)
    return LIBRARY.resolve(name, Architecture, [command_line_layer(assignments)])


def extended(patch: str, known: str = "", assignments: tuple[str, ...] = ()) -> Resolved[Architecture]:
    """A file that extends the base with a patch of one edit, and knows this."""
    base = f"kind: architecture\nname: more\nextends: base.yaml\npatch:\n  - {patch}\n"
    return resolved(known, base, "more.yaml", assignments)


def shown(found: Resolved[Architecture]) -> dict[str, list[str]]:
    """The paths of each entry's values."""
    return {entry.path: [value.place.path for value in entry.values] for entry in found.known}


def test_values_stay_where_they_are_and_no_run_depends_on_what_is_known() -> None:
    """The section is in the model and in the document, and in no dump of it: digests do not change."""
    found = resolved("pools.threads.slots: {how: guess, from: a rule, range: [4, 16]}")
    plain = resolved("")
    assert found.model.pools["threads"].slots == 8
    assert found.model.known["pools.threads.slots"].source == "a rule"
    assert plain.model.known == {}
    assert found.model.model_dump_json() == plain.model.model_dump_json()
    assert "known" in found.document


def test_one_entry_may_hold_for_several_values() -> None:
    """Wildcards are those of patches, and `also` adds what no wildcard reaches; a distribution is one value."""
    found = resolved("""
"services.counter.operations.*.steps.*.timeout": {how: guess, from: patience, range: [0.5x, 2x]}
pools.*.slots: {how: config, from: the machine, range: [4, 16]}
services.counter.restart_time: {how: measured, from: "[6]", also: [services.bank.operations.check]}
""")
    place = "services.counter.operations.place.steps"
    assert shown(found) == {
        "services.counter.operations.*.steps.*.timeout": [f"{place}[bank.check].timeout", f"{place}[bank.other].timeout"],
        "pools.*.slots": ["pools.threads.slots", "pools.others.slots"],
        "services.counter.restart_time": ["services.counter.restart_time", "services.bank.operations.check"],
    }


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (
            "pools.thread.slots: {how: guess, from: x, range: [4, 16]}",
            ":21:3: pools.thread.slots: there is no 'thread' in pools; did you mean",
        ),
        (
            "pools.threads.queue: {how: config, from: x}",
            ":21:3: pools.threads.queue: there is no 'queue' in pools.threads; it is not written",
        ),
        ("pools.*.queue: {how: config, from: x}", ":21:3: pools.*.queue: matches nothing"),
        ("pools.threads.slots: {how: config, from: x, also: [pools.a.slots]}", ":21:54: pools.a.slots: there is no 'a' in pools"),
        (
            "pools.threads.slots: {how: guess, from: x, range: [9, 16]}",
            ":21:3: pools.threads.slots is 8, outside of its range [9, 16]",
        ),
        (
            "pools.threads.slots: {how: guess, from: x, range: [1s, 9s]}",
            ":21:3: pools.threads.slots is 8, and the range is of another kind",
        ),
        ("pools.threads.slots: {how: guess, from: x, range: [2x, 3x]}", ":21:3: pools.threads.slots: the range does not hold 1x"),
        (
            "services.counter.restart_time: {how: guess, from: x, range: [1s, 9s]}",
            ":21:3: services.counter.restart_time is no single number",
        ),
        ("services.counter.pools: {how: guess, from: x, range: [0.5x, 2x]}", ":21:3: services.counter.pools cannot be scaled"),
        (
            "services.counter.operations.*.steps.*.timeout: {how: guess, from: x, range: [1ms, 1s]}",
            "are not equal; write factors",
        ),
        ("pools.threads.slots: {how: guess, from: x}", "known[pools.threads.slots]: a guess needs a range"),
        ("pools.threads.slots: {how: guess, from: x, range: [16, 4]}", "known[pools.threads.slots]: the range does not rise"),
        ("pools.threads.slots: {how: guess, from: x, range: [4, 2x]}", "known[pools.threads.slots]: the range is no two numbers"),
        (
            "pools.threads.slots: {how: hearsay, from: x}",
            "known[pools.threads.slots].how: must be 'measured', 'config' or 'guess'",
        ),
        ("pools.threads.slots: {how: config}", "known[pools.threads.slots].from: is missing"),
    ],
)
def test_mistakes_have_a_place(entry: str, says: str) -> None:
    """File, line, what is wrong and a hint."""
    with pytest.raises(InputError) as raised:
        resolved(entry)
    assert says in str(raised.value)
    assert str(raised.value).startswith("base.yaml:21:")


def test_what_the_model_refuses_goes_first() -> None:
    """A slip in a name of the file is not reported as a path that finds nothing."""
    with pytest.raises(InputError, match="unknown key"):
        resolved("pools.threads.slots: {how: config, from: x}", BASE.replace("pools:\n", "pool:\n"))


def test_a_file_that_extends_another_knows_what_both_know() -> None:
    """What its edits change is no longer what the base knew, whether they set it, scale it or take it away; its own entries hold for the
    values as it has them, and take the place of those with the same path."""
    resolved("""
pools.*.slots: {how: config, from: base, range: [4, 16]}
services.counter.contention: {how: guess, from: base, range: [0, 0.02]}
""")
    assert shown(extended("{set: pools.threads.slots, to: 99}"))["pools.*.slots"] == ["pools.others.slots"]
    assert "services.counter.contention" not in shown(extended("{remove: services.counter.contention}"))
    assert "services.counter.contention" not in extended("{remove: services.counter.contention}").model.known
    own = extended(
        "{scale: services.counter.contention, by: 4}", "services.counter.contention: {how: guess, from: more, range: [0, 0.1]}"
    )
    assert [entry.known.source for entry in own.known] == ["base", "more"]
    assert [entry.origin.file for entry in own.known] == ["base.yaml", "more.yaml"]
    again = extended("{set: pools.threads.slots, to: 9}", "pools.threads.slots: {how: guess, from: more, range: [4, 16]}")
    assert shown(again)["pools.threads.slots"] == ["pools.threads.slots"]
    with pytest.raises(InputError, match=r"more\.yaml:7:3: pools\.threads\.slots is 99, outside"):
        extended("{set: pools.threads.slots, to: 99}", "pools.threads.slots: {how: guess, from: more, range: [4, 16]}")


def test_what_a_later_layer_sets_is_no_guess_of_the_file() -> None:
    """A value of the command line need not lie in the range, and is not spoken of."""
    found = resolved("pools.*.slots: {how: guess, from: base, range: [4, 16]}", assignments=("pools.threads.slots=99",))
    assert shown(found) == {"pools.*.slots": ["pools.others.slots"]}


def test_each_value_belongs_to_the_last_entry_that_names_it() -> None:
    """A wildcard for most, and a line for what is known better."""
    found = resolved("pools.*.slots: {how: guess, from: x, range: [4, 16]}\npools.threads.slots: {how: measured, from: y}")
    assert shown(found) == {"pools.*.slots": ["pools.others.slots"], "pools.threads.slots": ["pools.threads.slots"]}


def test_values_between_the_bounds_are_assignments() -> None:
    """A number goes straight from bound to bound, whole ones stay whole; factors go by ratios, over all amounts of a distribution."""
    found = resolved("""
pools.*.slots: {how: guess, from: x, range: [4, 13]}
services.counter.restart_time: {how: guess, from: x, range: [0.5x, 8x]}
"services.counter.operations.place.steps[bank.check].timeout": {how: guess, from: x, range: [100ms, 2s]}
services.counter.operations.place.steps.*.retry.attempts: {how: guess, from: x, range: [0.34x, 2x]}
""")
    slots, restart, timeout, attempts = found.known
    assert slots.position == pytest.approx(4 / 9)
    assert slots.assignments_at(0.5) == ["pools.threads.slots=8", "pools.others.slots=8"]
    assert (restart.position, restart.text_at(0.5)) == (0.25, "2x")
    assert restart.assignments_at(0.5) == ['services.counter.restart_time={"lognormal": {"median": "4min", "p99": "16min"}}']
    assert timeout.text_at(0.25) == "575ms"
    assert [attempts.assignments_at(x)[0].rpartition("=")[2] for x in (0.0, 1.0)] == ["1", "6"]
    for entry in found.known:
        for x in (0.0, 0.3, 1.0):
            resolved("", assignments=tuple(entry.assignments_at(x)))


@pytest.mark.parametrize("text", ["250ms", "1.5s", "10min", "2h", "3d", "40us", "7ns", "50/s", "0.5x", "0ns"])
def test_a_quantity_is_written_as_it_is_read(text: str) -> None:
    """In the largest unit that it holds, with what is significant."""
    found = quantity(text)
    assert found is not None
    assert found.text == text


def test_a_quantity_has_four_digits() -> None:
    """More of what lies between two bounds would be no knowledge."""
    assert Quantity(123_456_789_000, "duration").text == "2.058min"
    assert Quantity(120_000.0, "number").text == "120000"
    assert quantity(True) is None
    assert quantity("slow") is None
