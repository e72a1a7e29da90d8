"""Random valid scenarios for a small broker: whatever the catalogue does to it, the harness ends with a verdict.

A scenario is fixed by its number and a seed. It goes the whole way, from files on disk to the printed and the written result.
Every second one leaves the broker's policies sound: it may lose time and refuse orders, and double or lose none.
tests/contract/test_random_scenarios.py runs some, benchmarks/random_scenarios.py many.
"""

from __future__ import annotations

import faulthandler
import io
import json
import random
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from chaos.checkers.catalogue import implied, shipped_checkers
from chaos.execution.target.executor import EVENT_WORDS
from chaos.faults.catalogue import shipped_faults
from chaos.faults.fault import Fault
from chaos.faults.system import System
from chaos.measures.catalogue import measures
from chaos.measures.formatting import Unit
from chaos.measures.registry import GRADES
from simcore.base.errors import InputError
from simcore.base.units import SECOND, format_clock, parse_clock, parse_duration
from simcore.control.event_names import VOCABULARY
from simcore.files.document import read_document
from simcore.model.architecture import Architecture
from simcore.model.checks import check_architecture
from simcore.model.index import ArchitectureIndex
from simcore.model.metrics import FIELDS
from simcore.model.patience import client_timeout
from simcore.model.workload import Workload

from .healthy import example
from .random_architectures import ATTRIBUTE_VALUES, architectures

Plain = dict[str, Any]
Rng = random.Random

BROKER = Path(__file__).parent / "broker"
OPENINGS = (
    "09:14:50",
    "09:29:40",
    "09:29:50",
    "10:00",
    "11:29:40",
    "12:59:40",
    "14:56:40",
    "14:59:30",
    "16:30",
    "03:00",
    "23:59:30",
    "d2 09:29:40",
)
DURATIONS = ("1ms", "50ms", "1s", "3s", "8s", "20s", "1min", "2h", "3650d")
NUMBERS = (0, 0.001, 0.05, 0.3, 0.5, 0.9, 1, 1.5, 2, 5, 10)
COSTLY = {"surge": 15, "burst": 2000}  # a thousandfold surge is valid, and takes a thousand times as long
EVENTS_MOST = 3_000_000  # a run of a minute and a half that has more is going round in a circle
WATCHDOG_S = 120.0
WATCHERS = ("monitors", "robots", "complaints")
NEIGHBOURS = 40  # random architectures to choose from; to draw one takes longer than a run


class Run(NamedTuple):
    """What came of a scenario: `faults` are (name, took effect), `broken` and `alarms` the laws and properties violated."""

    number: int
    sound: bool
    verdicts: list[str]
    faults: list[tuple[str, bool]]
    broken: list[str]
    alarms: list[str]
    events: int


def scenario_run(number: int, seed: int, folder: Path) -> Run:
    """Writes the scenario of this number into the folder, runs it, judges it and makes every report of it."""
    from rich.console import Console

    from chaos.cli.printing import print_result
    from chaos.execution.campaign import result_of
    from chaos.execution.execute import result_of_run, run_once
    from chaos.execution.jobs import Job
    from chaos.execution.session import Session
    from chaos.reports.junit import junit

    faulthandler.dump_traceback_later(WATCHDOG_S, exit=True)
    path = write(number, seed, folder)
    session = Session()
    jobs = [Job(str(path), 1 + i) for i in range(2 if number % 10 == 0 else 1)]
    records, events = {}, 0
    for job in jobs:
        system = session.bind(job.system)
        journal = run_once(system, job)
        events = max(events, journal.meta.counts["events"])
        records[job.key] = result_of_run(session, job, system, journal)
    result = result_of(session, jobs, records)
    print_result(result, Console(file=io.StringIO()))
    junit(result, "random")
    faulthandler.cancel_dump_traceback_later()
    json.dumps(result.json_object(), allow_nan=False)
    runs = result.runs
    return Run(
        number,
        is_sound(number),
        [str(run.verdict) for run in runs],
        [(f.fault, f.took_effect) for r in runs for f in r.faults],
        [f"{law.law}: expected {law.expected}, found {law.found}" for r in runs for law in r.conservation if not law.ok],
        [name for r in runs for name in implied(shipped_checkers()) if r.properties[name].holds is False],
        events,
    )


def is_sound(number: int) -> bool:
    """Whether the policies of the broker are left as they should be."""
    return number % 2 == 0


# --- the files --------------------------------------------------------------------------------------------------------------


def write(number: int, seed: int, folder: Path) -> Path:
    """The files of a scenario; the scenario's path."""
    rng = random.Random(f"{seed}/{number}")
    parts, places = _parts(rng.randrange(NEIGHBOURS) if rng.random() < 0.3 else None), {}
    system = System(
        ArchitectureIndex(Architecture.model_validate(parts["architecture"])), Workload.model_validate(parts["workload"])
    )
    for kind, plain in parts.items():
        same = plain is _broker(kind)
        places[kind] = str(BROKER / f"{kind}.yaml") if same else f"./{_dump(plain, folder / f'{kind}.yaml').name}"
    return _dump(Author(rng, system, is_sound(number)).scenario() | places, folder / "scenario.yaml")


def _dump(plain: Plain, path: Path) -> Path:
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(plain, file, getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)
    return path


@cache
def _broker(kind: str) -> Plain:
    plain: Plain = read_document(BROKER / f"{kind}.yaml", "base").plain()
    return plain


def _parts(neighbour: int | None) -> dict[str, Plain]:
    """Architecture and workload: the broker alone, or beside a random architecture with a trickle of customers of its own."""
    broker, load = _broker("architecture"), _broker("workload")
    if neighbour is None:
        return {"architecture": broker, "workload": load}
    more, weights = _neighbour(neighbour), {value: i for i, value in enumerate(ATTRIBUTE_VALUES)}
    joined = {kind: broker[kind] | more[kind] for kind in ("pools", "limits", "services", "flows")}
    attributes = {"colour": {"of": "customer", "weights": weights}, "mood": {"of": "intent", "weights": weights}}
    flows = {flow: {"rate": "3/s"} for flow in more["flows"]}
    return {
        "architecture": broker | joined | {"links": broker["links"] + more["links"], "deadlines": more["deadlines"]},
        "workload": load | {"attributes": load["attributes"] | attributes, "flows": load["flows"] | flows},
    }


@cache
def _neighbour(number: int) -> Plain:
    """A random architecture that a file may hold: a step that is refused, because its task might wait for itself, is mere work."""
    plain: Plain = example(architectures(), number)
    while findings := check_architecture(Architecture.model_validate(plain)):
        holder, place = plain, [key for key in findings[0].keys if key != "pools"]
        way = [i for i, key in enumerate(place) if isinstance(key, int)]
        for key in place[: way[-1]]:
            holder = holder[key]
        holder[place[way[-1]]] = {"work": "1ms"}
    return plain


# --- the scenario -------------------------------------------------------------------------------------------------------------

SIZES: Sequence[tuple[str, Sequence[Any]]] = (
    ("pools.counter-threads.slots", (1, 4, 40)),
    ("pools.counter-threads.queue", (0, 5, "unbounded")),
    ("pools.connections.slots", (1, 3, 30)),
    ("pools.window.slots", (1, 20)),
    ("pools.access-threads.discipline", ("lifo", "priority")),
    ("limits.gateway.rate", ("3/s", "1000/s")),
    ("limits.front-door.rate", ("5/s", "20/s")),
    ("services.access.balance", ("random", "least_busy")),
    ("services.db.contention", (0, 0.5)),
    ("services.counter.restart_time", ("1s", "1min")),
    ("control.approval.oral_after", (None,)),
    ("control.runbooks.restart-counter.automated", (True,)),
    ("control.runbooks.switch-db.automated", (True,)),
    ("control.failovers.counter.drift", (0, 1.0)),
    ("control.monitors.order-success.route", (None,)),
    ("control.teams.operations.members", (1,)),
)
UNSOUND: Sequence[tuple[str, Any]] = (
    ("services.counter.operations.place.idempotency", None),
    ("services.db.operations.record-order.idempotency", None),
    ("services.sse.operations.accept.idempotency", None),
    ("services.szse.operations.accept.idempotency", None),
    ("services.db.standby.replication", "asynchronous"),
    ("flows.order.steps[access.place].timeout", "30ms"),
)


@cache
def _catalogue() -> dict[str, tuple[type[Fault], Plain]]:
    """Every fault by name, with the schema of its words."""
    return {name: (model, model.model_json_schema()) for name, model in sorted(shipped_faults().items())}


class Author:
    """Writes one random scenario for a system."""

    def __init__(self, rng: Rng, system: System, sound: bool) -> None:
        self.rng, self.system, self.sound = rng, system, sound
        self.begin = parse_clock(rng.choice(OPENINGS))
        self.warmup = rng.choice([0, 10, 25, 25, 25]) * SECOND
        self.end = self.begin + rng.choice([20, 40, 60]) * SECOND
        self.start = max(0, self.begin - self.warmup)
        self.present = {who: self.chance(0.8) for who in (*WATCHERS, "operators")}
        self.flows = [name for name, flow in system.architecture.flows.items() if flow.kind != "probe"]

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def some(self, make: Callable[[], Any], most: int) -> list[Any]:
        return [make() for _ in range(self.rng.randint(0, most))]

    def clock(self, since: int | None = None) -> str:
        """A time of day within the run, from `since` on."""
        begin = self.start if since is None else since
        return format_clock(begin + self.rng.randrange((self.end - begin) // SECOND) * SECOND)

    def scenario(self) -> Plain:
        """The plain contents of the file."""
        rng = self.rng
        every = rng.choice([1, 2, 5])
        made = {
            "kind": "scenario",
            "name": "random",
            "title": "Whatever may happen",
            "system": rng.choice(["real-time", "other"]),
            "window": {"from": format_clock(self.begin), "to": format_clock(self.end)},
            "warmup": f"{self.warmup // SECOND}s",
            "patch": self.edits(),
            "steady_state": {"every": f"{every}s", "hold": f"{every * rng.randint(1, 4)}s", "objectives": self.objectives()},
            "method": self.some(self.step, 4),
            "responders": self.present,
            "abort": self.some(
                lambda: {"counter": self.reading(), "at_least": rng.choice([1, 20, 300])}, 1 if self.chance(0.3) else 0
            ),
            "rollbacks": self.some(self.rollback, 2 if self.chance(0.3) else 0),
            "must_happen": self.some(self.must_happen, 2 if self.chance(0.3) else 0),
            "expect": [self.expectation(), *self.some(self.expectation, 3)],
        }
        if not made["abort"] and not self.comes(made["method"], made["rollbacks"]):
            made["rollbacks"] = []
        if self.chance(0.2):
            made["properties"] = self.rng.sample(list(shipped_checkers()), 2)
        return made | ({"purpose": "reproduction", "record": self.record()} if self.chance(0.15) else {})

    def comes(self, method: list[Plain], rollbacks: list[Plain]) -> bool:
        """Whether every step ends so early that all that is done afterwards is done within the run."""
        if not all("for" in step for step in method):
            return False
        last = max((parse_clock(step["at"]) + parse_duration(step["for"]) for step in method), default=self.start)
        return last + sum(parse_duration(rollback["after"]) for rollback in rollbacks) < self.end - 1

    # -- the system ------------------------------------------------------------------------------------------------------------

    def edits(self) -> list[Plain]:
        """What is due falls into the run; sizes vary; of policies that are unsound, one or two."""
        due = [
            "files.clearing.due",
            "files.funds.due",
            "batches.day-start.at",
            "batches.settlement.at",
            "checklists.day-start.at",
        ]
        edits = [{"set": f"control.{path}", "to": self.clock()} for path in due]
        for path, values in self.rng.sample(SIZES, self.rng.randint(0, 4)):
            value = self.rng.choice(values)
            edits.append({"remove": path} if value is None else {"set": path, "to": value})
        for path, value in () if self.sound else self.rng.sample(UNSOUND, self.rng.randint(1, 3)):
            edits.append({"remove": path} if value is None else {"set": path, "to": value})
        return edits

    def objectives(self) -> Plain:
        made = {}
        for flow in self.rng.sample(self.flows, self.rng.randint(1, 3)):
            one: Plain = {"success": self.rng.choice([0.5, 0.9, 0.99]), "min_count": self.rng.choice([1, 3, 20])}
            if self.system.architecture.flows[flow].record and self.chance(0.5):
                one["latency"] = {"quantile": self.rng.choice([0.5, 0.99, 1.0]), "at_most": self.rng.choice(DURATIONS[1:5])}
            model = self.system.architecture.flows[flow]
            bound = "latency" in one or not model.record or client_timeout(model.steps) is not None
            if not bound or self.chance(0.3):
                one["answer_by"] = self.rng.choice(DURATIONS[1:5])
            made[flow] = one
        return made

    def reading(self) -> str:
        """A counter or gauge of anything the system has."""
        a = self.system.architecture
        names = {
            "pool": ["counter-threads", "access-threads#1"],
            "limit": ["gateway", "front-door#0"],
            "flow": list(a.flows),
            "unit": [f"{s}#0" for s in a.services],
            "link": [f"{link.source}-{link.target}" for link in a.links],
            "call": list(self.system.index.call_sites),
            "operation": [n for n, b in self.system.index.bodies.items() if not b.is_flow],
        }
        kind = self.rng.choice(sorted(names))
        return f"{kind}/{self.rng.choice(names[kind])}/{self.rng.choice([f for f in FIELDS[kind] if f != 'down_since'])}"

    # -- the method --------------------------------------------------------------------------------------------------------------

    def step(self) -> Plain:
        made = {"at": self.clock(self.begin), **self.fault()}
        return made | ({"for": self.rng.choice(DURATIONS[1:])} if self.chance(0.8) else {})

    def fault(self) -> Plain:
        """A fault of the catalogue with words that hit something."""
        catalogue = _catalogue()
        anybody = self.names("", "alarms") != []
        name = self.rng.choice([n for n, (model, _) in catalogue.items() if anybody or "alarms" not in model.model_fields])
        model, schema = catalogue[name]
        for _ in range(2000):
            words = self.words(name, schema, schema.get("$defs", {}))
            try:
                if model.model_validate(words).targets(self.system):
                    return {name: words}
            except (ValidationError, InputError):
                continue
        raise AssertionError(f"no words found for {name}")

    def words(self, fault: str, schema: Plain, inner: Plain) -> Plain:
        """What is needed, and some of what is not."""
        chosen = [key for key in schema["properties"] if key in schema.get("required", ()) or self.chance(0.3)]
        return {key: self.word(fault, key, schema["properties"][key], inner) for key in chosen}

    def word(self, fault: str, key: str, spec: Plain, inner: Plain) -> Any:
        """A value that the schema of one of the fault's words allows."""
        spec = next((s for s in spec.get("anyOf", ()) if s.get("type") != "null"), spec)
        if "oneOf" in spec:
            return self.word(fault, key, self.rng.choice(spec["oneOf"]), inner)
        if "$ref" in spec:
            return self.words(fault, inner[spec["$ref"].rpartition("/")[2]], inner)
        if "enum" in spec:
            return self.rng.choice(spec["enum"])
        if spec["type"] == ["string", "integer"]:
            return self.rng.choice(DURATIONS)
        if spec["type"] == "array":
            return [self.word(fault, key, spec["items"], inner) for _ in range(self.rng.randint(1, 2))]
        if spec["type"] == "object" and "propertyNames" in spec:
            some = self.rng.choice(spec["propertyNames"]["enum"])
            return {some: self.word(fault, key, spec["additionalProperties"], inner)}
        if spec["type"] == "boolean":
            return self.chance(0.5)
        if spec["type"] == "string":
            return self.rng.choice(self.names(fault, key))
        return self.number(fault, spec)

    def number(self, fault: str, spec: Plain) -> float:
        low, high = spec.get("minimum", spec.get("exclusiveMinimum", 0)), spec.get("maximum", spec.get("exclusiveMaximum", 10))
        high = min(high, COSTLY.get(fault, high))
        whole = spec["type"] == "integer"
        inside = [x for x in (*NUMBERS, low, high) if low <= x <= high and (not whole or x == int(x))]
        found = self.rng.choice(inside)
        return int(found) if whole else float(found)

    def names(self, fault: str, key: str) -> list[str]:
        """What a word of a fault may name."""
        a = self.system.architecture
        control, services = a.control, list(a.services)
        standbys = [s.standby for s in a.services.values() if s.standby]
        known: dict[str, Sequence[str]] = {
            "service": services,
            "stops": services,
            "bank": services,
            "exchange": ["sse", "szse"],
            "from": ["client", *services],
            "to": services,
            "release-of": [s.software for s in a.services.values() if s.software] or ["counter"],
            "stop_on": list(control.monitors) or ["monitor"],
            "site": [x.site for x in (*a.services.values(), *standbys) if x.site],
            "group": [g for x in (*a.services.values(), *standbys) for g in x.groups],
            "pool": list(a.pools),
            "windows": list(a.pools),
            "limit": list(a.limits),
            "limits": list(a.limits),
            "flow": self.flows,
            "flows": self.flows,
            "file": list(control.files),
            "batch": list(control.batches),
            "failover": list(control.failovers),
            "steps": [s.name for f in control.failovers.values() for s in f.steps],
            "of": [self.reading()],
            "alarms": [name for who in WATCHERS if self.present[who] for name in getattr(control, who)],
            "operations": [o for s in a.services.values() for o in s.operations],
        }
        return list(control.teams if (fault, key) == ("misrouted-alarm", "to") else known[key])

    # -- what ends it, and what is expected ------------------------------------------------------------------------------------

    def rollback(self) -> Plain:
        a = self.system.architecture
        what = self.rng.choice(
            [
                {"restart": self.rng.choice(list(a.services))},
                {"release": self.rng.choice(list(a.services))},
                {"pools": self.rng.sample(list(a.pools), 2)},
            ]
        )
        return what | {"after": self.rng.choice(["0s", "2s", "1min"])}

    def must_happen(self) -> Plain:
        if self.chance(0.5):
            return {"counter": self.reading(), "at_least": self.rng.choice([1, 50])}
        return {"event": self.rng.choice([*VOCABULARY, *EVENT_WORDS])} | ({"subject": "counter"} if self.chance(0.3) else {})

    def measure(self) -> str:
        """Any measure: first its group, or one of the whole run, then which."""
        pick = self.rng.choice
        group = pick([*dict.fromkeys(m.group for m in measures().measures), ""])
        name = pick([m.name for m in measures().measures if m.group == group])
        recorded = [flow for flow in self.flows if self.system.architecture.flows[flow].record]
        of_rows = any(m.of_rows for m in measures().measures if m.name == name)
        subjects = {
            "FLOW": pick(recorded if of_rows else self.flows),
            "METRIC": self.reading(),
            "RULES": pick(["dora", "csrc-2021-12"]),
            "PROPERTY": pick(list(shipped_checkers())),
        }
        return ".".join(subjects.get(part, part) for part in name.split("."))

    def value(self, measure: str) -> Any:
        bounds: dict[Unit, Sequence[Any]] = {
            Unit.GRADE: GRADES,
            Unit.DURATION: DURATIONS,
            Unit.FRACTION: ["1 %", 0.5, 1.0],
            Unit.COUNT: [0, 1, 20, 1e6],
        }
        return self.rng.choice(bounds[measures().find(measure).unit])

    def expectation(self) -> Plain:
        measure = self.measure()
        if measures().find(measure).unit is Unit.FLAG:
            made: Plain = {"measure": measure, "equals": self.chance(0.5)}
        else:
            made = {"measure": measure, self.rng.choice(["at_most", "at_least", "equals"]): self.value(measure)}
        if self.chance(0.2):
            return made | {"in_share": self.rng.choice([0.01, 0.5, 1.0])}
        quantiles = measures().find(measure).numeric
        return made | ({"quantile": self.rng.choice([0, 0.5, 1])} if quantiles and self.chance(0.2) else {})

    def record(self) -> Plain:
        outcomes = []
        for measure in (self.measure() for _ in range(self.rng.randint(1, 3))):
            boolean = measure.startswith("properties.") or measure in ("metastable", "recovered")
            if not boolean:
                outcomes.append(
                    {"measure": measure, "published": self.value(measure), "source": "chance", "fitted": self.chance(0.3)}
                )
        outcomes = outcomes or [{"measure": "impaired_s", "published": "10s", "source": "chance"}]
        events = [None, "alarm", "detect", "fault_started", "failover_done"]
        timeline = self.some(lambda: {"at": self.clock(), "what": "something", "event": self.rng.choice(events)}, 2)
        return {"outcomes": outcomes, "timeline": timeline}
