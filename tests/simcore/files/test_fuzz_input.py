"""Whatever a file holds, reading it ends in a model or in one InputError with a place: never in another exception."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simcore.base.errors import InputError
from simcore.files.document import parse_yaml
from simcore.files.patch import command_line_layer
from simcore.library import LIBRARY
from simcore.model.environment import Environment

FILES = [path.read_text(encoding="utf-8") for kind in LIBRARY.kinds for path in list(LIBRARY.shipped(kind).values())[:12]]
FILES.append("""\
kind: architecture
name: all-verbs
pools: {p: {slots: 2, per: replica}, q: {slots: unlimited}}
limits: {cap: {rate: 50/s, excess: refuse}}
services:
  a:
    pools: [p]
    balance: shard
    shard_by: bank
    standby: {replicas: 1, mode: hot}
    operations:
      op:
        idempotency: {lifetime: 1min}
        steps:
          - {work: {hyperexponential: {mean: 1ms, scv: 4}}, draw: x}
          - {wait: {empirical: {values: [1ms, 2ms], weights: [1, 2]}}}
          - {hold: q, steps: [{rate_limit: cap}, {effect: record}]}
          - {route: side, cases: {buy: [{work: {uniform: [1ms, 2ms]}}]}, default: [{fail: error}]}
          - {choose: [{probability: 0.5, steps: [{send: b.op, durable: true, delay: 1s}]}]}
          - repeat: 3
            steps:
              - call: b.op
                retry: {attempts: 3, backoff: 5ms, budget: {ratio: 0.1}}
                breaker: {open_for: 5s}
                fallback: [{work: {erlang: {mean: 1ms, stages: 2}}}]
  b: {operations: {op: {steps: [{work: {gamma: {mean: 1ms, shape: 2}}}]}}}
links: [{from: a, to: b, latency: {exponential: 1ms}, loss: {request: 0.1}}]
flows: {order: {steps: [{call: a.op, timeout: 2s}]}}
""")
LIGHT = settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.just([[]]),
    st.just({"work": {"lognormal": None}}),
    st.just([{"call": "a.op", "work": 1}]),
    st.just("9" * 400 + "s"),
    st.just("1" * 30 + "/s"),
    st.just({"from": 1}),
    st.just("d" + "9" * 40 + " 09:30"),
    st.just("\x00\ud7ff\u2028"),
    st.just(10**30),
    st.just("*"),
)


def outcome(path: Path) -> str:
    """``sound``, or the error's line, which has the file in it."""
    results = set()
    for kind in LIBRARY.kinds.values():
        try:
            LIBRARY.resolve(path, kind.model)
            results.add("sound")
        except InputError as error:
            text = str(error)
            assert text.isprintable()
            assert str(path) in text
            results.add(text)
    return "sound" if "sound" in results else max(results)


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The keys of every value inside plain data."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [at, *(place for key, value in inner for place in places(value, (*at, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid file with one to three values or keys replaced, removed or moved."""
    data = parse_yaml(draw(st.sampled_from(FILES)), "f", "base").plain()
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(data)[1:] or [("kind",)]))
        holder = data
        for key in way:
            holder = holder[key]
        action = draw(st.sampled_from(["value", "remove", "key"]))
        if action == "value" or isinstance(holder, list):
            holder[last] = copy.deepcopy(draw(ODD))
        elif action == "remove":
            holder.pop(last, None)
        else:
            holder[draw(st.text(max_size=6))] = holder.pop(last, None)
        if not isinstance(data, dict) or len(places(data)) < 2:
            break
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


@LIGHT
@given(text=mutated())
def test_mutated_files(tmp_path: Path, text: str) -> None:
    """A valid file with something odd in it is sound or refused in one line."""
    path = tmp_path / "fuzz.yaml"
    path.write_text(text, encoding="utf-8")
    outcome(path)


@LIGHT
@given(data=st.data())
def test_cut_and_mangled_text(tmp_path: Path, data: st.DataObject) -> None:
    """A file cut short, or with characters thrown in, is sound or refused in one line."""
    text = data.draw(st.sampled_from(FILES))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    insert = data.draw(st.text(alphabet="{}[]:,-&*!|>'\"%@`#?~\t\n <aé中\x85", max_size=6))
    path = tmp_path / "fuzz.yaml"
    path.write_text(text[:start] + insert + text[end:], encoding="utf-8")
    outcome(path)


@LIGHT
@given(content=st.binary(max_size=200))
def test_random_bytes(tmp_path: Path, content: bytes) -> None:
    """Bytes without meaning are refused, and never sound."""
    path = tmp_path / "fuzz.yaml"
    path.write_bytes(content)
    assert outcome(path) != "sound"


@LIGHT
@given(path=st.text(max_size=30), value=st.text(max_size=10))
def test_random_assignments(path: str, value: str) -> None:
    """Any --set is applied or refused in one line that names it."""
    line = ""
    try:
        LIBRARY.resolve("staging", Environment, [command_line_layer([f"{path}={value}"])])
    except InputError as error:
        line = str(error)
    assert line == "" or line.isprintable()


def test_the_seeds_are_sound(tmp_path: Path) -> None:
    """What is mutated is valid to begin with, so that mutations reach every check."""
    for i, text in enumerate(FILES):
        path = tmp_path / f"{i}.yaml"
        path.write_text(text, encoding="utf-8")
        assert outcome(path) == "sound"
