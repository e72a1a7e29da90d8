"""One seed, one journal: whatever the process, the hash seed, the number of workers, the pieces a run is cut into, the compiler.

What is compared is the digest of the journal, which covers every number in it.
"""

from __future__ import annotations

import inspect
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from simcore.base.units import MINUTE, MS, SECOND, parse_clock
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload

from .random_architectures import cases
from .twin import Case

Fault = dict[str, Any]
OPEN = parse_clock("09:30")

# --- what is run --------------------------------------------------------------------------------------------------------

EVERYTHING = """
kind: architecture
name: everything
pools:
  threads: {slots: 3, queue: 9, per: replica}
  lanes: {slots: 2, queue: 5, discipline: lifo}
  desk: {slots: 1, queue: 20, discipline: priority}
  few: {slots: 2, queue: 2}
limits:
  paced: {rate: 90/s, burst: 2, excess: defer, max_wait: 60ms, per: replica}
  strict: {rate: 60/s, burst: 3, excess: refuse}
services:
  front:
    replicas: 2
    pools: [threads]
    balance: least_busy
    operations:
      ask:
        steps:
          - work: {lognormal: {median: 2ms, p99: 20ms}}
          - rate_limit: paced
          - call: shop.buy
            timeout: 40ms
            retry: {attempts: 3, backoff: 2ms, multiplier: 2, backoff_max: 7ms, jitter: 0.5, budget: {ratio: 0.3, burst: 4}}
            breaker: {window: 8, min_calls: 4, failure_rate: 0.5, open_for: 50ms, probes: 2}
            bulkhead: few
            connection: lanes
            fallback: [work: {erlang: {mean: 1ms, stages: 3}}]
  shop:
    replicas: 3
    balance: random
    contention: 0.1
    standby: {replicas: 1, capacity: 0.5}
    operations:
      buy:
        pools: [lanes]
        idempotency: {lifetime: 30ms}
        steps:
          - work: {hyperexponential: {mean: 5ms, scv: 4}}
          - hold: desk
            steps: [work: {gamma: {mean: 2ms, shape: 0.7}}]
          - choose:
              - {probability: 0.1, steps: [fail: rejected]}
              - {probability: 0.1, steps: [fail: error]}
              - {probability: 0.5, steps: [{repeat: 2, steps: [{call: store.keep, priority: 3, on_failure: ignore}]}]}
          - route: colour
            cases:
              red: [{wait: {uniform: [0, 3ms]}}, {rate_limit: strict}]
            default: [{work: {empirical: {values: [1ms, 4ms], weights: [3, 1]}}, draw: chance}]
          - effect: record
          - {send: store.keep, durable: true, delay: {exponential: 8ms}}
          - {send: store.keep, name: copy, priority: 1}
  store:
    replicas: 2
    balance: shard
    shard_by: colour
    operations:
      keep: {pools: [desk], steps: [{work: {exponential: 3ms}}, {effect: record}]}
links:
  - {from: client, to: front, latency: {lognormal: {mean: 1ms, scv: 2}}, loss: {request: 0.02, answer: 0.02}}
  - {from: front, to: shop, latency: {gamma: {mean: 1ms, shape: 3}}, loss: {request: 0.05, answer: 0.05}, duplication: 0.2}
  - {from: shop, to: store, duplication: 0.1, loss: {request: 0.1}}
flows:
  visit: {record: true, priority: 1, steps: [{call: front.ask, timeout: 200ms, retry: {attempts: 2}, on_failure: block}]}
  stay: {record: true, priority: 2, steps: [call: front.ask]}
  again: {record: true, steps: [{call: front.ask, timeout: 60ms}]}
deadlines: propagate
"""
VISITORS = """
kind: workload
name: visitors
accounts: {count: 30, activity_exponent: 1.2}
attributes: {colour: {of: customer, weights: {red: 2, blue: 1}}}
curves: {day: {points: [["00:00", 1], ["12:00", 2], ["24:00", 1]]}}
flows:
  visit: {per_day: 6000000, curve: day, backlog: {count: 15, over: 300ms}}
  stay: {closed: {clients: 5, think: {exponential: 30ms}}}
  again: {follows: {flow: visit, share: 0.5, after: {exponential: 100ms}}}
"""
LEGACY_FAULTS: list[Fault] = [
    {"at": OPEN - 45 * SECOND, "do": "hang", "service": "bank-a", "replica": 0},
    {"at": OPEN - 30 * SECOND, "do": "drop_sessions", "share": 0.3, "reconnect_over_ns": 20 * SECOND},
    {"at": OPEN - 20 * SECOND, "do": "slow", "service": "counter-db", "replica": 0, "factor": 4.0},
    {"at": OPEN, "do": "flow_rate", "flow": "place-order", "factor": 2.0},
    {"at": OPEN + 5 * SECOND, "do": "crash", "service": "counter", "replica": 0},
    {"at": OPEN + 12 * SECOND, "do": "restart", "service": "counter", "replica": 0},
    {"at": OPEN + 30 * SECOND, "do": "thaw", "service": "bank-a", "replica": 0},
]


def everything() -> Case:
    """A second and a half with every policy, every family of durations and every kind of arrival."""
    faults = (
        {"at": 300 * MS, "do": "crash", "service": "shop", "replica": 1},
        {"at": 400 * MS, "do": "hang", "service": "store", "replica": 0},
        {"at": 600 * MS, "do": "restart", "service": "shop", "replica": 1},
        {"at": 600 * MS, "do": "grey", "service": "front", "replica": 0, "share": 0.5, "factor": 3.0},
        {"at": 700 * MS, "do": "thaw", "service": "store", "replica": 0},
        {"at": 800 * MS, "do": "link", "source": "shop", "target": "store", "partition_answer": "lost"},
        {"at": 900 * MS, "do": "flow_rate", "flow": "visit", "factor": 3.0},
    )
    architecture, workload = (yaml.safe_load(text) for text in (EVERYTHING, VISITORS))
    return Case(Architecture.model_validate(architecture), Workload.model_validate(workload), 5, 0, 1500 * MS, faults)


def legacy(start: int, end: int, accounts: int, instruments: int, faults: Iterable[Fault] = ()) -> Case:
    """A slice of a normal day on legacy-coupled; fewer customers and instruments than it has are sooner made."""
    from simcore.library import load_pair

    architecture, workload = load_pair("legacy-coupled", "normal-day")
    sizes = {"accounts": accounts, "instruments": instruments}
    smaller = {name: getattr(workload, name).model_copy(update={"count": count}) for name, count in sizes.items()}
    return Case(architecture, workload.model_copy(update=smaller), 11, start, end, tuple(faults))


def random_cases(count: int) -> list[Case]:
    """The first random architectures with faults; the same ones every time."""
    found: list[Case] = []

    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=count,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def keep(case: Case) -> None:
        found.append(case)

    keep()
    return found


def digest(case: Case, step_ns: int | None = None, script: Any = None, progress: Any = None, seed: int | None = None) -> str:
    """The digest of a case's journal, with every span in it, run here."""
    from simcore.compile.plan import compile_plan
    from simcore.simulation import Action, simulate

    seed = case.seed if seed is None else seed
    plan = compile_plan(case.architecture, case.workload, seed=seed, start=case.start, end=case.end, span_sampling=1)
    actions = [Action(f["at"], f["do"], {k: v for k, v in f.items() if k not in ("at", "do")}) for f in case.faults]
    journal = simulate(plan, actions, script=script, progress=progress, step_ns=step_ns)
    assert journal.unknown_reason is None
    return journal.digest


# --- other processes ----------------------------------------------------------------------------------------------------

# Runs by itself, so that nothing of the test's process goes into it but the cases. Compiles the plan over there as well.
ELSEWHERE = """
from __future__ import annotations

import json
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any

Case = SimpleNamespace

DIGEST

def run(fields: dict[str, Any]) -> str:
    return digest(Case(**fields))

if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        cases = pickle.load(file)
    workers = int(sys.argv[2])
    if workers:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            digests = list(pool.map(run, cases))
    else:
        digests = [run(case) for case in cases]
    print(json.dumps(digests))
"""
Elsewhere = Callable[..., list[str]]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    """Digests of cases run in a process of their own, or by `workers` processes; `environment` is added to its environment."""

    def run(cases: Iterable[Case], workers: int = 0, **environment: str) -> list[str]:
        script, data = tmp_path / "elsewhere.py", tmp_path / "cases.pickle"
        script.write_text(ELSEWHERE.replace("DIGEST", inspect.getsource(digest)), encoding="utf-8")
        data.write_bytes(pickle.dumps([vars(case) for case in cases]))
        path = os.pathsep.join(entry for entry in sys.path if entry)
        done = subprocess.run(
            [sys.executable, str(script), str(data), str(workers)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            env=os.environ | {"PYTHONPATH": path} | environment,
        )
        assert done.returncode == 0, done.stderr
        digests: list[str] = json.loads(done.stdout)
        return digests

    return run


def test_neither_process_nor_hash_seed_nor_number_of_workers_changes_a_journal(elsewhere: Elsewhere) -> None:
    """The same cases give the same digests here, in processes with other hash seeds, by one worker and shared out among two."""
    varied = [legacy(OPEN - 5 * SECOND, OPEN + 5 * SECOND, 20000, 5000), everything(), *random_cases(6)]
    varied += [Case(**(vars(varied[1]) | {"seed": seed})) for seed in range(4)]
    here = [digest(case) for case in varied]
    assert elsewhere(varied, workers=1, PYTHONHASHSEED="1") == here
    assert elsewhere(varied, workers=2, PYTHONHASHSEED="4321") == here


def test_interpreted_and_compiled_make_the_same_journal(elsewhere: Elsewhere) -> None:
    """With the compiler off, the kernel's source in plain Python gives the digests of the compiled one: every policy, random
    architectures with faults, and two seconds of the opening of legacy-coupled."""
    some = [everything(), legacy(OPEN - SECOND, OPEN + SECOND, 500, 100, LEGACY_FAULTS[3:4]), *random_cases(8)]
    assert elsewhere(some, NUMBA_DISABLE_JIT="1") == [digest(case) for case in some]


def test_another_seed_is_another_journal() -> None:
    """Different seeds give different digests."""
    for case in (everything(), legacy(OPEN, OPEN + 2 * SECOND, 500, 100)):
        assert len({digest(case, seed=seed) for seed in (0, 1, 2, 2**31, 2**63 - 1)}) == 5


# --- pieces -------------------------------------------------------------------------------------------------------------


def test_pieces_change_nothing_on_legacy_coupled() -> None:
    """Two minutes around the opening, with faults, come out the same in one piece and in many, of round and of odd lengths."""
    case = legacy(OPEN - MINUTE, OPEN + MINUTE, 20000, 5000, LEGACY_FAULTS)
    whole = digest(case)
    for step_ns in (MINUTE, SECOND, 999_999_937, 123_456_789, 7_000_001):
        assert digest(case, step_ns) == whole, f"step_ns={step_ns}"
    assert digest(case, progress=lambda now: None) == whole


def test_pieces_change_nothing_on_random_architectures() -> None:
    """Random architectures with faults come out the same in pieces, also of a millisecond and less, where cuts meet events."""
    for case in [everything(), *random_cases(14)]:
        whole = digest(case)
        for step_ns in (7 * MS, MS, 3_333_333):
            assert digest(case, step_ns) == whole, f"step_ns={step_ns}: {case}"


def test_a_cut_does_not_change_the_number_of_events() -> None:
    """A timer that no longer counts is no event, whether that is noticed before or after it was due: the inner timeout at 10 ms
    calls off the outer one at 30 ms, and nothing else happens until 100 ms."""
    services = """
        shop: {operations: {buy: {steps: [{call: store.take, timeout: 10ms, on_failure: ignore}]}}}
        store: {operations: {take: {steps: [work: 100ms]}}}
    """
    flows = {"visit": {"steps": [{"call": "shop.buy", "timeout": "30ms"}]}}
    model = {"kind": "architecture", "name": "timers", "services": yaml.safe_load(services), "flows": flows}
    load = {"kind": "workload", "name": "timers", "flows": {"visit": {"closed": {"clients": 1, "think": "500ms"}}}}
    case = Case(Architecture.model_validate(model), Workload.model_validate(load), 1, 0, 900 * MS)
    assert digest(case, 20 * MS) == digest(case)


def test_a_cut_does_not_come_between_two_actions_of_one_instant() -> None:
    """What control does at an instant comes before the kernel goes on, also where one action leads to another as a piece ends."""
    case = everything()

    def script(core: Any, control: Any) -> None:
        first_done = core.env.event()

        def first() -> Iterator[Any]:
            yield core.env.timeout(SECOND)
            core.inject.pool_slots("lanes", 6)  # makes those who queue ready
            first_done.succeed()

        def second() -> Iterator[Any]:
            yield first_done
            core.inject.slow("shop", 0, 3.0)  # ready or not, their work begins after this

        core.env.process(second())
        core.env.process(first())

    whole = digest(case, script=script)
    assert whole != digest(case)
    for step_ns in (SECOND, 500 * MS, 250 * MS, MS, 333_333_333):
        assert digest(case, step_ns, script) == whole, f"step_ns={step_ns}"


# --- types --------------------------------------------------------------------------------------------------------------

# Infers the types of the whole kernel without making machine code: numba's own lowering is replaced by its signature alone.
INFER = """
import json
import operator
import sys

from numba import types
from numba.core import funcdesc, ir, typed_passes
from numba.core.compiler import _LowerResult

inferred = []
stage = typed_passes.type_inference_stage

def noting_stage(typing_context, target_context, interp, args, *more, **named):
    result = stage(typing_context, target_context, interp, args, *more, **named)
    inferred.append((interp.func_id, result.typemap, result.calltypes))
    return result

def signature_alone(self, state):
    described = funcdesc.PythonFunctionDescriptor.from_specialized_function(
        state.func_ir, state.typemap, state.return_type, state.calltypes, mangler=state.targetctx.mangler, inline=False,
        noalias=False, abi_tags=[state.flags.get_mangle_string()],
    )
    state.library = state.library or state.targetctx.codegen().create_library(state.func_id.func_qualname)
    state["cr"] = _LowerResult(described, None, cfunc=object().__reduce_ex__, env=None)
    return True

typed_passes.type_inference_stage = noting_stage
typed_passes.NativeLowering.run_pass = signature_alone

def floating(kind):
    return isinstance(kind, types.Float) or isinstance(kind, types.Array) and isinstance(kind.dtype, types.Float)

def compile_all():
    from simcore.kernel import loop
    from simcore.kernel.jit import inner

    words, reals = types.Array(types.int64, 1, "C"), types.Array(types.float64, 1, "C")
    inner(loop.advance.py_func).compile((words, reals, words, words, types.int64))
    inner(loop.act.py_func).compile((words, reals, types.int64, types.uint64, types.int64))

def planted():
    from numba import njit
    import numpy as np

    def mixed(m, i):
        m[0] = m[1] / 3
        mean = m[1] + i
        if mean > 3:
            mean = 0.5
        return i < m[2], mean

    mixed.__module__ = "simcore.kernel.planted"
    try:
        njit(mixed).compile((types.Array(types.int64, 1, "C"), types.uint64))
    except Exception:
        pass  # there is no machine code to wrap

(planted if sys.argv[1] == "planted" else compile_all)()
mixed, stored, named, functions = [], [], {}, set()
for function, typemap, calltypes in inferred:
    if not function.func.__module__.startswith("simcore."):
        continue
    label = function.func.__module__.rsplit(".", 1)[1] + "." + function.func_name
    functions.add(label)
    for variable, kind in typemap.items():
        name = variable.split(".")[0]
        if not name.startswith("$") and name != "arg" and isinstance(kind, types.Float):
            named.setdefault(label, set()).add(name)
    for statement, signature in calltypes.items():
        if getattr(statement, "op", "").endswith("binop") and statement.fn not in (operator.truediv, operator.itruediv):
            kinds = [typemap[part.name] for part in (statement.lhs, statement.rhs)]
            signs = {kind.signed for kind in map(types.unliteral, kinds) if isinstance(kind, types.Integer)}
            to_float = any(map(floating, (*signature.args, signature.return_type))) and not any(map(floating, kinds))
            if len(signs) == 2 or to_float:
                mixed.append(f"{label}: {statement.loc.line}")
        if isinstance(statement, (ir.SetItem, ir.StaticSetItem)):
            if not floating(typemap[statement.target.name]) and floating(typemap[statement.value.name]):
                stored.append(f"{label}: {statement.loc.line}")
print(json.dumps([mixed, stored, {k: sorted(v) for k, v in named.items()}, sorted(functions)]))
"""
FLOATS = {
    "loop.arrive": "keep",
    "loop.schedule_by_rate": "factor gap in_minute rate",
    "loop.take_sample": "value",
    "random.gamma": "boost c d log_u shape v z",
    "random.normal": "q r u z",
    "random.sample_float": "a b c total u",
    "interpreter.credit": "drawn",
    "interpreter.hits": "drawn share",
    "interpreter.backoff": "jitter wait",
    "interpreter.begin": "share",
    "interpreter.chosen_branch": "u",
    "interpreter.is_duplicated": "share",
    "interpreter.send_answer": "loss",
    "interpreter.send_over_link": "loss",
    "interpreter.value_of": "u",
    "interpreter.work_ns": "contention drawn duration share",
    "accounts.owned_at_first": "u",
    "accounts.lognormal": "median sigma u",
}


def inferred_types(what: str) -> tuple[list[str], list[str], dict[str, list[str]], list[str]]:
    """Where integers are mixed or become floats, where a float is stored among integers, the float variables of each function,
    all functions; of the kernel or of a planted one."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-c", INFER, what], capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout))  # type: ignore[return-value]


def test_no_integer_of_the_kernel_has_become_a_float() -> None:
    """No operation mixes int64 with uint64, none on integers goes through floats but a division, no float is stored among
    integers, and only the variables listed are floats. Mixed, NumPy gives a float, Numba an int64, but compares as floats:
    digits above 2^53 would be lost, and compiled and interpreted differ."""
    mixed, stored, named, functions = inferred_types("kernel")
    assert mixed == []
    assert stored == []
    assert {name: " ".join(variables) for name, variables in named.items()} == FLOATS
    assert {"loop.advance", "loop.act", "interpreter.run", "pools.release", "events.next_time", "effects.apply"} <= set(functions)


def test_planted_mixtures_of_integers_are_found() -> None:
    """A sum and a comparison of int64 and uint64, a quotient stored and a variable that may be a float are each reported."""
    mixed, stored, named, _ = inferred_types("planted")
    assert [len(mixed), len(stored), named] == [2, 1, {"planted.mixed": ["mean"]}]
