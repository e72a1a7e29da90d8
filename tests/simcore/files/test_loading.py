"""Reading files: what YAML means here, and that every mistake is one line with place, value and hint."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simcore.base.errors import InputError
from simcore.files.document import MAX_BYTES, MAX_DEPTH, parse_yaml
from simcore.library import LIBRARY, load_architecture, load_pair, load_workload, surroundings
from simcore.model.environment import Environment

SMALL = """\
kind: architecture
name: small
pools:
  threads: {slots: 8, queue: 100}
services:
  counter:
    replicas: 2
    pools: [threads]
    operations:
      place:
        steps:
          - work: 5ms
          - call: bank.check
            timeout: 200ms
  bank:
    operations:
      check:
        steps:
          - work: {lognormal: {median: 3ms, p99: 30ms}}
links:
  - {from: counter, to: bank, latency: 1ms}
flows:
  order:
    steps:
      - call: counter.place
        timeout: 2s
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file below the working directory, so that its path in errors is its name."""
    monkeypatch.chdir(tmp_path)

    def write(text: str | bytes, name: str = "file.yaml") -> Path:
        path = Path(name)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def fault(path: Path) -> str:
    """The error that loading the architecture raises, as the user sees it: one line."""
    with pytest.raises(InputError) as caught:
        load_architecture(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


def values(text: str) -> Any:
    """The plain data of a YAML text."""
    return parse_yaml(text, "f", "base").plain()


@pytest.mark.parametrize(
    "word", ["no", "yes", "on", "off", "1:30", "0o7", "0x1F", "010", "1_000", "True", "NULL", ".inf", ".nan", "2024-01-01"]
)
def test_yaml_1_1_traps_are_text(word: str) -> None:
    """What YAML 1.1 turns into a boolean, a number in base 60 or 8, or a date stays text."""
    assert values(f"a: {word}") == {"a": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("-3", -3),
        ("0", 0),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("'7'", "7"),
        ("!!str 7", "7"),
    ],
)
def test_scalars(text: str, value: object) -> None:
    """Booleans, null and decimal numbers are read as such, quoted or tagged as text they are text."""
    found = values(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_text() -> None:
    """A key is never a number or a boolean."""
    assert values("{1: a, true: b, no: c}") == {"1": "a", "true": "b", "no": "c"}


def test_good_file_loads(write: Write) -> None:
    """A sound file gives the model, short forms written out."""
    architecture = load_architecture(write(SMALL))
    assert architecture.services["counter"].replicas == 2
    assert architecture.links[0].latency.constant == 1_000_000


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("replicas: 2", "replicas: x", "file.yaml:7:15: services.counter.replicas: a whole number is needed (value: 'x')"),
        ("replicas: 2", "replicas: '2'", "file.yaml:7:15: services.counter.replicas: a whole number is needed (value: '2')"),
        ("replicas: 2", "replicas: 0", "file.yaml:7:15: services.counter.replicas: must be from 1 to 1024 (value: 0)"),
        (
            "timeout: 200ms",
            "breaker: {open_for: 1s, failure_rate: 50 %}",
            "a share is written as a number here (value: '50 %'); write 0.5",
        ),
        ("replicas: 2", "replcas: 2", "file.yaml:7:5: services.counter.replcas: unknown key; did you mean 'replicas'?"),
        (
            "work: 5ms",
            "work: 5",
            "file.yaml:12:19: services.counter.operations.place.steps[work#0].work: not a duration: 5; write a number and a unit",
        ),
        (
            "timeout: 200ms",
            "timeout: 200",
            "file.yaml:14:22: services.counter.operations.place.steps[bank.check].timeout: not a duration: 200",
        ),
        ("timeout: 200ms", "durable: true", "steps[bank.check].durable: unknown key; known: breaker, bulkhead, call"),
        (
            "timeout: 200ms",
            "work: 1ms",
            "file.yaml:13:13: services.counter.operations.place"
            ".steps[work#1].call: a step has one verb, this has 'work' and 'call'",
        ),
        (
            "- work: 5ms",
            "- wrk: 5ms",
            "a step is one of: work, wait, call, send, hold, rate_limit, effect, route, choose, repeat, fail; did you mean",
        ),
        ("{slots: 8, queue: 100}", "{queue: 100}", "file.yaml:4:3: pools.threads.slots: is missing; add 'slots: …'"),
        (
            "slots: 8",
            "slots: unlimted",
            "file.yaml:4:20: pools.threads.slots: a whole number is needed, or must be 'unlimited'"
            " (value: 'unlimted'); did you mean 'unlimited'?",
        ),
        ("{median: 3ms, p99: 30ms}", "{median: 3ms}", "lognormal needs either median and p99, or mean and scv"),
        ("kind: architecture", "kind: workload", "file.yaml:1:7: kind: this is a file of kind 'workload'"),
        (
            "kind: architecture",
            "kind: architektur",
            "file.yaml:1:7: kind: not a kind of file (value: 'architektur'); did you mean 'architecture'?",
        ),
        ("kind: architecture\n", "", "file.yaml:1:1: 'kind' is missing"),
        ("name: small", "name: Small", "file.yaml:2:7: name: not a name (value: 'Small'); begin with a lower-case letter"),
        ("call: bank.check", "call: bank", "not a target (value: 'bank'); write service.operation"),
        ("from: counter", "form: counter", "file.yaml:21:6: links[#0].form: unknown key; did you mean 'from'?"),
        ("  bank:\n", "  Bank:\n", "services.Bank: not a name"),
        ("flows:", "patch: []\nflows:", "patch: unknown key; patch goes with extends"),
        ("replicas: 2", "replicas: [1", "not well-formed YAML"),
        ("  counter:\n", "  bank:\n", "file.yaml:15:3: the key 'bank' stands twice (first in line 6); keep one of them"),
        (
            "    replicas: 2",
            "\treplicas: 2",
            "; indent with spaces, not tabs",
        ),
        (
            "replicas: 2",
            "replicas: !!python/object:os.system 2",
            "the tag 'tag:yaml.org,2002:python/object:os.system' is not known",
        ),
        ("replicas: 2", "<<: {replicas: 2}", "merge keys (<<) are not read; write the keys out"),
        ("replicas: 2", "replicas: 99999999999999999999", "the number is too large"),
        ("replicas: 2", "replicas: 1e999", "the number is too large"),
        ("replicas: 2", "replicas: *gone", "file.yaml:7:15: no anchor &gone stands before this alias"),
        ("replicas: 2", "? [a]\n    : 2", "a key must be a single word"),
    ],
)
def test_a_mistake_has_place_value_and_hint(write: Write, old: str, new: str, expected: str) -> None:
    """One planted mistake gives one line that says where, what and how to put it right."""
    assert old in SMALL
    assert expected in fault(write(SMALL.replace(old, new, 1)))


def test_first_mistake_first_and_the_others_counted(write: Write) -> None:
    """Of several mistakes the first in the file is told, and how many more there are."""
    text = SMALL.replace("slots: 8", "slots: -1").replace("replicas: 2", "replicas: x").replace("timeout: 2s", "timeout: 2")
    message = fault(write(text))
    assert message.startswith("file.yaml:4:20: pools.threads.slots: must be from 0 to 1000000")
    assert message.endswith("; and 2 more")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "file.yaml:1:1: the file is empty"),
        (b"# only a comment\n", "file.yaml:1:1: the file is empty"),
        (b"- a\n- b\n", "file.yaml:1:1: the file holds ['a', 'b'], not a mapping"),
        (b"just text", "not a mapping"),
        (b"kind: architecture\nname: caf\xe9\n", "file.yaml:2:10: is not UTF-8 text (byte 0xe9); save the file as UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00", "unprintable character U+007F"),
        (b"kind: a\x00b", "file.yaml:1:8: unprintable character U+0000"),
        (b"kind: architecture\n---\nkind: workload\n", "a second document begins"),
        (b"a: &x [*x]", "file.yaml:1:8: the alias *x stands inside its own anchor"),
        (b"a: " + b"[" * 100_000, "nested deeper than 64 levels"),
        (b"a: " + b"{a: " * 100_000, "nested deeper than 64 levels"),
        (b"- " * 100_000, "nested deeper than 64 levels"),
        (b"\n".join(b" " * n + b"a:" for n in range(100)), "nested deeper than 64 levels"),
        (b"a: " + b"9" * 100_000, "file.yaml:1:4: the number is too large"),
        (b"a: 1e" + b"9" * 100_000, "file.yaml:1:4: the number is too large"),
        (b"a: " + b"9" * 400 + b".5", "file.yaml:1:4: the number is too large"),
        (b"a: [" + b"1," * 300_000 + b"1]", "the file holds more than 200000 values"),
    ],
)
def test_file_that_is_no_document(write: Write, content: bytes, expected: str) -> None:
    """Whatever the bytes, the answer is one line."""
    assert expected in fault(write(content))


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ("{a: ", "}"), ("[\n ", "\n ]")], ids=["lists", "mappings", "lines"])
def test_depth_is_bounded_by_us(opens: str, closes: str) -> None:
    """The deepest file that is read, and one level more: whatever a parser's own limit is, ours is met first and said by us."""

    def nested(levels: int) -> str:
        return "a: " + opens * levels + "x" + closes * levels

    value = values(nested(MAX_DEPTH - 1))["a"]
    for _ in range(MAX_DEPTH - 1):
        value = value["a"] if isinstance(value, dict) else value[0]
    assert value == "x"
    for deeper in (MAX_DEPTH, MAX_DEPTH + 1, MAX_DEPTH + 2, 900, 5000):
        with pytest.raises(InputError, match=f"nested deeper than {MAX_DEPTH} levels"):
            values(nested(deeper))


@pytest.mark.parametrize(
    "text",
    ["'{}'", '"{}"', '"\\"{}"', "x  # {}", "word{}", "it's{} ", "|\n  {}\n\n  {}\n", ">-  # folded\n\n    {}\n"],
    ids=["single", "double", "escaped", "comment", "plain", "apostrophe", "literal", "folded"],
)
def test_brackets_in_text_nest_nothing(text: str) -> None:
    """What only looks like deep nesting is text: quoted, in a comment, inside a plain word, in a block."""
    many = "[{" * 200
    assert values(f"a: {text.replace('{}', many)}\nb: [1]")["b"] == [1]


def test_edits_cannot_nest_deeper_than_a_file(write: Write) -> None:
    """Edits that go into one another end at the same limit, at the edit that passes it."""
    from simcore.files.patch import command_line_layer

    deep = "{a: " * 60 + "1" + "}" * 60
    edits = command_line_layer([f"description={deep}", "description" + ".a" * 59 + f"={deep}"])
    with pytest.raises(InputError, match=f"nested deeper than {MAX_DEPTH} levels; set something less deep"):
        load_architecture(write(SMALL + "description: x\n"), [edits])


def test_byte_order_mark_is_skipped(write: Write) -> None:
    """A file saved with a byte order mark loads."""
    assert load_architecture(write("\ufeff" + SMALL)).name == "small"


def test_aliases_cannot_explode(write: Write) -> None:
    """Nine levels of nine aliases, a thousand million values, are refused at once."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    before = time.process_time()
    assert "more than 200000 values" in fault(write("\n".join(lines)))
    assert time.process_time() - before < 10


def test_huge_file_is_not_read(write: Write) -> None:
    """A file of 100 MB is refused by its size alone (here a sparse one)."""
    path = write(b"")
    os.truncate(path, 100_000_000)
    assert fault(path) == f"file.yaml: the file is too large (100.0 MB); at most {MAX_BYTES // 1_000_000} MB are read"


def test_what_is_no_file(write: Write, tmp_path: Path) -> None:
    """A directory, a pipe and a file that is not there are told apart."""
    write(SMALL)
    os.mkfifo("pipe.yaml")
    assert "is a directory" in fault(tmp_path)
    assert "is not a regular file" in fault(Path("pipe.yaml"))
    assert fault(Path("gone.yaml")) == "gone.yaml: no such file; check the path"
    assert "cannot be read" in fault(Path("a\0b.yaml"))
    assert "cannot be read" in fault(Path("a" * 5000 + ".yaml"))


def test_wrong_name_suggests_the_right_one() -> None:
    """A name with a slip in it leads to the one meant."""
    with pytest.raises(InputError, match=r"no environment is called 'stagin'; did you mean 'staging'\?"):
        LIBRARY.resolve("stagin", Environment)


def test_every_shipped_file_is_sound_and_named_by_its_path() -> None:
    """Each shipped file loads by name, and says the name it is found by."""
    for kind in LIBRARY.kinds.values():
        shipped = LIBRARY.shipped(kind.name)
        assert shipped, kind
        assert {name: LIBRARY.resolve(name, kind.model).document["name"] for name in shipped} == {name: name for name in shipped}


def test_aliased_values_do_not_share_their_fate(write: Write) -> None:
    """A value used by alias twice is two values: changing one leaves the other."""
    text = SMALL.replace("replicas: 2", "replicas: &n 2").replace("  bank:\n", "  bank:\n    replicas: *n\n")
    from simcore.files.patch import command_line_layer

    architecture = load_architecture(write(text), [command_line_layer(["services.bank.replicas=5"])])
    assert [service.replicas for service in architecture.services.values()] == [2, 5]


WORKLOAD = """\
kind: workload
name: load
accounts: {count: 1000}
flows:
  order: {rate: 10/s}
"""


def test_pair_and_environment(write: Write) -> None:
    """An environment changes the architecture and the workload: staging halves replicas and slots, and has a twentieth of the accounts."""
    paths = write(SMALL, "a.yaml"), write(WORKLOAD, "w.yaml")
    architecture, workload = load_pair(*paths, environment="staging")
    assert [architecture.services[s].replicas for s in ("counter", "bank")] == [1, 1]
    assert (architecture.pools["threads"].slots, workload.accounts.count) == (4, 50)
    assert load_pair(*paths, environment="production") == (load_architecture(paths[0]), load_workload(paths[1]))


def test_environment_names_its_values() -> None:
    """A value that an environment set says so, and for which gap."""
    layer = surroundings("staging").architecture
    assert all(edit.origin.layer.startswith("environment staging/") for edit in layer.edits)
    assert "environment staging/topology" in {edit.origin.layer for edit in layer.edits}


def test_control_section_is_held_to_its_model(write: Write) -> None:
    """A mistake in `control:` is found when the file is read, with its place."""
    message = fault(write(SMALL + "control:\n  monitorz: {}\n"))
    assert re.match(r"file\.yaml:28:3: control.monitorz: unknown key; did you mean 'monitors'\?", message)
