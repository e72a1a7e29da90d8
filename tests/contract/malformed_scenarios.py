"""Scenario files with something wrong in them: each is refused in one line with file, line and column, and never with a traceback.

A file is fixed by its number and a seed: a random valid scenario (random_scenarios.py) with one mistake. Some mistakes are made in
the data, some in the text. tests/contract/test_malformed_scenarios.py tries some, benchmarks/malformed_scenarios.py many.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from click.testing import CliRunner

from .random_scenarios import write

Rng = random.Random
Way = tuple[Any, ...]

PLACE = re.compile(r"[^\n:]+\.yaml:[1-9]\d*:[1-9]\d*: [^\n]+\n")
DURATION = re.compile(r"\d+(\.\d+)?(ms|s|min|h|d)")
FREE_TEXT = {"title", "source", "what", "name", "subject", "kind"}


class Finding(NamedTuple):
    """What the command line made of a file; `wrong` is empty if it was refused as it should be."""

    number: int
    mistake: str
    wrong: str


def refusal(number: int, seed: int, folder: Path) -> Finding:
    """Writes the file of this number, has it validated and run, and looks at how it is refused."""
    from chaos.cli.main import main

    rng = random.Random(f"malformed/{seed}/{number}")
    path = write(rng.randrange(10_000), seed, folder)
    mistake = list(MISTAKES)[number % len(MISTAKES)]
    path.write_bytes(MISTAKES[mistake](rng, path.read_text(encoding="utf-8")))
    for command in ("validate", "run"):
        result = CliRunner().invoke(main, [command, str(path)])
        if result.exit_code != 2 or result.stdout or not PLACE.fullmatch(result.stderr):
            return Finding(number, mistake, f"{command}: exit {result.exit_code}, {(result.stderr or result.stdout)[-300:]!r}")
    return Finding(number, mistake, "")


# --- mistakes in the data -------------------------------------------------------------------------------------------------------


def _in_data(change: Callable[[Rng, Any], None]) -> Callable[[Rng, str], bytes]:
    """A mistake that is made in the plain contents of the file."""

    def make(rng: Rng, text: str) -> bytes:
        plain = yaml.safe_load(text)
        change(rng, plain)
        return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True).encode()

    return make


def _places(value: Any, way: Way = ()) -> Iterator[Way]:
    """The keys of every value below a mapping or list."""
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*way, key)
        yield from _places(below, (*way, key))


def _at(plain: Any, way: Way) -> Any:
    for key in way:
        plain = plain[key]
    return plain


def _set(plain: Any, way: Way, value: Any) -> None:
    _at(plain, way[:-1])[way[-1]] = value


def _unknown_key(rng: Rng, plain: Any) -> None:
    """A key that no word of the file has; mappings whose keys are names of flows are left alone."""
    mappings = [()] + [w for w in _places(plain) if isinstance(_at(plain, w), dict) and w[-1] != "objectives"]
    _at(plain, rng.choice(mappings))[rng.choice(["frob", "Title", "at-most", "for ", "原因"])] = rng.choice([1, None, "x", []])


def _misspelt_key(rng: Rng, plain: Any) -> None:
    way = rng.choice([w for w in _places(plain) if isinstance(w[-1], str) and len(w[-1]) > 2 and w[-2:-1] != ("objectives",)])
    holder, key = _at(plain, way[:-1]), way[-1]
    holder[key[0] + key[2] + key[1] + key[3:] if key[1] != key[2] else f"{key}x"] = holder.pop(key)


def _wrong_unit(rng: Rng, plain: Any) -> None:
    """A duration without unit, with another one, or below nothing."""
    steady = [("warmup",), ("steady_state", "every"), ("steady_state", "hold")]
    found = [
        w
        for w in _places(plain)
        if isinstance(_at(plain, w), str) and DURATION.fullmatch(_at(plain, w)) and w[0] in ("method", "rollbacks")
    ]
    _set(plain, rng.choice(steady + found), rng.choice([5, "5", "5 seconds", "-5s", "5S", "1:30", "1e3s", 2.5, "s", "½min"]))


def _dangling_name(rng: Rng, plain: Any) -> None:
    """A name of something that is not there."""
    plain["method"].append({"at": plain["window"]["from"], "crash": {"service": "counter"}})
    plain["rollbacks"].append({"restart": "counter"})
    plain["abort"].append({"counter": "flow/order/failed", "at_least": 1})
    plain["must_happen"] += [{"counter": "call/counter.place/db.record-order#0/timeouts"}, {"event": "alarm"}]
    plain["expect"].append({"measure": "flows.order.success", "at_least": 0.5})
    ways: list[tuple[Way, str]] = [
        (("architecture",), "nowhere"),
        (("workload",), "nowhere"),
        (("environment",), "nowhere"),
        (("architecture",), "./nowhere.yaml"),
        (("method", -1, "crash", "service"), "nobody"),
        (("rollbacks", -1, "restart"), "nobody"),
        (("abort", -1, "counter"), "flow/nobody/failed"),
        (("abort", -1, "counter"), "flow/order/nothing"),
        (("must_happen", -1, "event"), "nothing_of_the_kind"),
        (("must_happen", -2, "counter"), "call/counter.place/nobody#0/timeouts"),
        (("must_happen", -2, "counter"), "unit/counter#7/done"),
        (("expect", -1, "measure"), "flows.nobody.success"),
        (("expect", -1, "measure"), "severity.nobody"),
        (("expect", -1, "measure"), "orders.nothing"),
    ]
    way, name = rng.choice(ways)
    _set(plain, way, name)


def _wrong_type(rng: Rng, plain: Any) -> None:
    """Something of another shape where one is needed."""
    words = ["window", "steady_state", "method", "expect", "title", "responders", "patch", "architecture"]
    way, odd = (rng.choice(words),), [7, "x", [[]], {"a": {"b": []}}, True, [None], -1.5]
    if rng.random() < 0.3:
        way = rng.choice(
            [
                ("window", "from"),
                ("steady_state", "every"),
                ("steady_state", "objectives"),
                ("expect", 0),
                ("expect", 0, "measure"),
            ]
        )
    fits = {"title": str, "architecture": str}.get(str(way[-1]))
    _set(plain, way, rng.choice([value for value in odd if fits is None or not isinstance(value, fits)]))


def _huge_number(rng: Rng, plain: Any) -> None:
    plain["method"].append({"at": plain["window"]["from"], "slow": {"service": "counter", "factor": 2}})
    plain["must_happen"].append({"event": "alarm", "at_least": 1})
    way = rng.choice(
        [
            ("warmup",),
            ("window", "to"),
            ("method", -1, "slow", "factor"),
            ("replications",),
            ("steady_state", "every"),
            ("must_happen", -1, "at_least"),
        ]
    )
    numbers = [f"{'9' * 40}s", 10**400, f"d{'9' * 30} 09:30", f"{'9' * 400}"]
    _set(plain, way, rng.choice(numbers))


def _missing_part(rng: Rng, plain: Any) -> None:
    del plain[rng.choice(["kind", "name", "title", "window", "steady_state", "expect"])]
    plain["purpose"] = "requirement"
    plain.pop("record", None)


def _contradiction(rng: Rng, plain: Any) -> None:
    """Every word is known, and together they make no sense."""
    begin, end = plain["window"]["from"], plain["window"]["to"]
    bad: list[tuple[str, Any]] = [
        ("window", {"from": end, "to": begin}),
        ("method", [{"at": begin}]),
        ("method", [{"at": begin, "crash": {}}]),
        ("method", [{"at": begin, "crash": {"service": "counter"}, "hang": {"service": "counter"}}]),
        ("method", [{"at": "d9 09:00", "crash": {"service": "counter"}}]),
        ("method", [{"at": begin, "crash": {"service": "db", "site": "far-room"}}]),
        ("method", [{"at": begin, "crash": {"service": "counter", "replicas": [9]}}]),
        ("method", [{"at": begin, "surge": {"flows": ["cancel"], "factor": 2}}]),
        ("expect", [{"measure": "impaired_s"}]),
        ("expect", [{"measure": "metastable", "at_most": 3}]),
        ("expect", [{"measure": "impaired_s", "at_most": "1s", "in_share": 0.5, "quantile": 0.5}]),
        ("expect", [{"measure": "impaired_s", "at_most": "larger"}]),
        ("must_happen", [{}]),
        ("rollbacks", [{"restart": "counter", "release": "counter"}]),
        ("abort", [{"counter": "unit/counter#0/down_since", "at_least": 1}]),
        ("steady_state", {"every": "7s", "hold": "10s", "objectives": {"order": {"success": 0.9}}}),
        ("steady_state", {"objectives": {"login": {"latency": {"at_most": "1s"}}}}),
        ("purpose", "reproduction" if plain.get("purpose") is None else "requirement"),
        ("patch", [{"set": "services.nobody.replicas", "to": 2}]),
        ("patch", [{"set": "services.counter.replicas", "to": "many"}]),
        ("patch", [{"sett": "services.counter.replicas", "to": 2}]),
        ("patch", [{"set": "services[", "to": 2}]),
    ]
    key, value = rng.choice(bad)
    plain[key] = value


# --- mistakes in the text -------------------------------------------------------------------------------------------------------


def _broken_yaml(rng: Rng, text: str) -> bytes:
    lines = text.splitlines()
    at = rng.randrange(1, len(lines))
    bad = [
        "\tx: 1",
        "}",
        "x: [1, 2",
        "x: 'unclosed",
        "? [a]: b",
        "- - : :",
        "x: &a",
        "@x: 1",
        "x: !!python/object:os.system 1",
        "%x",
        "x: *gone",
    ]
    return "\n".join([*lines[:at], rng.choice(bad), *lines[at:]]).encode()


def _twice(rng: Rng, text: str) -> bytes:
    """A key twice, a merge key, a second document."""
    return (text + rng.choice(["title: again\n", "<<: {title: x}\n", "---\nkind: scenario\n", "...\n---\na: 1\n"])).encode()


def _deep(rng: Rng, text: str) -> bytes:
    depth = rng.choice([100, 5_000, 200_000])
    left, right = rng.choice([("[", "]"), ("{a: ", "}")])
    return f"{text}description: {left * depth}1{right * depth * rng.randrange(2)}\n".encode()


def _bomb(rng: Rng, text: str) -> bytes:
    """Aliases of aliases: a few hundred bytes that mean billions of values, or a value inside itself."""
    if rng.random() < 0.2:
        return f"{text}description: &self [*self]\n".encode()
    width, levels = rng.choice([(9, 9), (2, 40)])
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return ("\n".join(lines) + "\n" + text).encode()


def _binary(rng: Rng, text: str) -> bytes:
    raw = text.encode()
    at = rng.randrange(len(raw))
    return rng.choice(
        [
            rng.randbytes(300),
            raw[:at] + b"\x00" + raw[at:],
            raw[:at] + b"\xff\xfe" + raw[at:],
            text.encode("utf-16"),
            b"\x7fELF" + bytes(60),
            raw[:at] + b"\xed\xa0\x80" + raw[at:],
            raw[:at] + "\u0007".encode() + raw[at:],
            b"",
        ]
    )


def _no_mapping(rng: Rng, text: str) -> bytes:
    return rng.choice(
        [b"42\n", b"- kind: scenario\n", b"just text\n", b"null\n", b"# nothing\n", b"kind: [scenario]\n", b"kind: frob\n"]
    )


MISTAKES: dict[str, Callable[[Rng, str], bytes]] = {
    "unknown key": _in_data(_unknown_key), "misspelt key": _in_data(_misspelt_key), "wrong unit": _in_data(_wrong_unit),
    "dangling name": _in_data(_dangling_name), "wrong type": _in_data(_wrong_type), "huge number": _in_data(_huge_number),
    "missing part": _in_data(_missing_part), "contradiction": _in_data(_contradiction), "broken YAML": _broken_yaml,
    "twice": _twice, "deep nesting": _deep, "alias bomb": _bomb, "binary": _binary, "no mapping": _no_mapping,
}  # fmt: skip
