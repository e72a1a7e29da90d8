"""The kernel does what the page says: request by request and span by span it agrees with the twin on random architectures."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import twin
from .random_architectures import UNHURRIED, cases, explore

# COREDRILL_TWIN_EXAMPLES=3000 COREDRILL_TWIN_NUMBER=7 pytest tests/contract/test_twin.py: more cases, and others than those of 0.
EXAMPLES = int(os.environ.get("COREDRILL_TWIN_EXAMPLES", "300"))
NUMBER = int(os.environ.get("COREDRILL_TWIN_NUMBER", "0"))
SHRINK = os.environ.get("COREDRILL_TWIN_SHRINK", "0") != "0"
KERNEL = importlib.util.find_spec("simcore.simulation") is not None

# What must come to pass, each in so many of 300 cases or more: names of twin.Result.seen, and what clients and tasks were told.
LEAST = 5
TRIED = """
    work, wait, call, send, hold, ratelimit, effect, route, choose, fail
    slowed work, grey work, work in contention, error by the instance's rate
    queued fifo, queued lifo ahead of others, queued priority ahead of others, full queue, deadline in a queue, deadline at a step
    passed a rate limit, deferred by a rate limit, refused by a rate limit
    retry, backoff, backoff with jitter, not on the list of retries, no budget for a retry
    bad call of a breaker: closed to open, good call of a breaker: closed to open, rejected by a breaker
    good probe of a breaker: open to closed, good probe of a breaker: open to open, bad probe of a breaker: open to open
    gave up an answer at the deadline, left a queue at the deadline
    timeout in a connection's queue, late work, fallback, on_failure fail, on_failure ignore, on_failure block
    picked by round_robin, picked by random, picked by least_busy, least_busy of several, picked by shard, no replica
    link with latency, request lost, answer lost, request at a partition, answer at a partition
    request held by a cut, answer held by a cut, request reset by a cut, answer reset by a cut, duplicated call, duplicated send
    delayed send, durable send, durable send again, durable send waits for its instance, delivered at a restart
    first of its key, key in flight, key answered, key forgotten, key of a failure after an effect
    route to a case, route to the default, no route
    work stopped, arrived in a pause, killed, parked, thawed, refused by an instance that is down
    fault crash, fault restart, fault hang, fault thaw, fault pause, fault resume, fault slow, fault grey, fault error_rate, fault contention
    fault rotate_in, fault rotate_out, fault link, fault call_policy, fault pool_slots, fault pool_queue, fault gate, fault limit_rate
    closed population, open arrivals, backlog, deadlines propagate, standby, draw by name
    client pending, client blocked, client confirmed, client rejected, client failed, client unknown
    client told rejected, client told refused, client told rate_limited, client told breaker_open, client told bulkhead_full
    client told error, client told timeout
    task told ok, task told rejected, task told refused, task told error, task told rate_limited, task told deadline, task told reset
"""


def run_kernel(case: twin.Case) -> twin.Result:
    """The same case in the compiled kernel, its journal put into the twin's words."""
    from simcore.compile.plan import compile_plan
    from simcore.journal.model import CODES, OUTCOMES
    from simcore.simulation import Action, simulate

    plan = compile_plan(case.architecture, case.workload, seed=case.seed, start=case.start, end=case.end, span_sampling=1)
    actions = [Action(f["at"], f["do"], {key: value for key, value in f.items() if key not in ("at", "do")}) for f in case.faults]
    journal = simulate(plan, actions)
    requests = []
    for row in rows(journal.intents):
        outcome = OUTCOMES[row["outcome"]]
        answered, code = (None, "") if outcome == "pending" else (row["answer_ns"], CODES[row["code"]])
        flow = journal.names["flow"][row["flow"]]
        requests.append(twin.RequestRecord(row["request"], flow, row["submit_ns"], answered, outcome, code, row["recorded"]))
    spans = []
    for row in rows(journal.spans):
        instance, operation = journal.names["unit"][row["unit"]], journal.names["operation"][row["operation"]].partition(".")[2]
        if instance.startswith("client"):
            continue  # the flow itself: its request says the same
        code = CODES[row["code"]]
        spans.append(twin.Span(row["request"], row["path"], instance, operation, row["arrive_ns"], row["end_ns"], code))
    pools = {}
    for pool, total in journal.totals.get("pool", {}).items():
        fields = ("granted", "refused", "peak_busy", "busy_ns", "queue_ns")
        totals = twin.PoolTotals(*(total[field] for field in fields))
        if totals.granted or totals.refused or totals.queue_integral:
            pools[pool] = totals
    return twin.Result(sorted(requests), sorted(spans), pools)


def rows(columns: dict[str, Any]) -> Iterator[dict[str, int]]:
    """Rows of a table of columns, as plain integers."""
    names = list(columns)
    for values in zip(*(columns[name].tolist() for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def difference(kernel: twin.Result, expected: twin.Result) -> str | None:
    """The first request, else the span of the earliest time, else the pool, in which two results differ; None if in none."""
    for what in ("requests", "spans"):
        found, wanted = getattr(kernel, what), getattr(expected, what)
        odd = [(shown(item), f"kernel {item}") for item in surplus(found, wanted)]
        odd += [(shown(item), f"twin   {item}") for item in surplus(wanted, found)]
        if odd:
            odd.sort(key=lambda pair: pair[0])
            lines = "\n  ".join(text for _, text in odd[:4])
            return f"{len(odd)} {what} differ (kernel {len(found)}, twin {len(wanted)}); the earliest:\n  {lines}"
    for pool in sorted(kernel.pools.keys() | expected.pools.keys()):
        if kernel.pools.get(pool) != expected.pools.get(pool):
            return f"pool {pool}:\n  kernel {kernel.pools.get(pool)}\n  twin   {expected.pools.get(pool)}"
    return None


def surplus(items: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    return list((Counter(items) - Counter(others)).elements())


def shown(item: twin.RequestRecord | twin.Span) -> int:
    """When something was answered or ended, which is when a difference begins to show."""
    if isinstance(item, twin.Span):
        return item.ended
    return item.submitted if item.answered is None else item.answered


def described(case: twin.Case) -> str:
    """The case as a person would file it: files without defaults, seed, times, faults."""
    models = {"architecture": case.architecture, "workload": case.workload}
    plain = {key: model.model_dump(mode="json", by_alias=True, exclude_defaults=True) for key, model in models.items()}
    return json.dumps(plain | {key: value for key, value in vars(case).items() if key not in models}, indent=1)


def tried(case: twin.Case, result: twin.Result) -> set[str]:
    """The names of all that a case has come to try."""
    loads = case.workload.flows.values()
    text = repr(case.architecture.flows)
    there = {
        "closed population": any(load.closed for load in loads),
        "open arrivals": any(load.rate for load in loads),
        "backlog": any(load.backlog and load.backlog.count for load in loads),
        "deadlines propagate": case.architecture.deadlines == "propagate",
        "standby": any(service.standby for service in case.architecture.services.values()),
        "draw by name": "draw='chance'" in text,
    }
    printed = {f"client {request.outcome}" for request in result.requests}
    printed |= {f"client told {request.code}" for request in result.requests}
    printed |= {f"task told {span.code}" for span in result.spans}
    return {name for name, holds in there.items() if holds} | printed | set(result.seen)


def rare(seen: Counter[str], examples: int) -> dict[str, int]:
    """What should have come to pass more often in so many examples."""
    names = [name.strip() for line in TRIED.strip().splitlines() for name in line.split(",")]
    return {name: seen[name] for name in names if seen[name] * 300 < LEAST * examples}


@pytest.mark.slow
@pytest.mark.skipif(not KERNEL, reason="simcore.simulation is not there")
def test_kernel_and_twin_agree() -> None:
    """On every random case kernel and twin give the same requests, the same spans and the same pool totals; and what the page
    speaks of did come to pass in the cases: every policy, fault, fate of a message, code and outcome.

    Shrinking a difference takes minutes, so that it is done on demand: COREDRILL_TWIN_SHRINK=1.
    """
    seen: Counter[str] = Counter()

    def agree(case: twin.Case) -> None:
        expected = twin.simulate(case)
        found = difference(run_kernel(case), expected)
        assert found is None, f"{found}\n{described(case)}"
        seen.update(tried(case, expected))

    explore(cases(), agree, EXAMPLES, NUMBER, SHRINK)
    assert EXAMPLES < 300 or rare(seen, EXAMPLES) == {}


# --- the cases ----------------------------------------------------------------------------------------------------------

DIGESTS = """
import hashlib, importlib, sys
sys.path.append(sys.argv[1])
for module in sys.argv[2:]:
    importlib.import_module(module)
from contract.random_architectures import cases, explore
explore(cases(), lambda case: print(hashlib.sha256(repr(case).encode()).hexdigest()), 30)
"""


def digests(hash_seed: str, *modules: str) -> list[str]:
    """Digests of the first cases as drawn by a process of its own, after it has imported the modules."""
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-c", DIGESTS, str(Path(__file__).parents[1]), *modules]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_cases_are_the_same_in_every_process() -> None:
    """Neither the hash seed nor what else a process has imported changes the cases."""
    first = digests("1")
    assert len(set(first)) > 30  # among them the simplest, again for every ten
    assert digests("4321", "simcore.simulation", "chaos.cli.main") == first


def test_what_is_rare_is_found() -> None:
    """The list of what must come to pass can fail: in one thing, and in all of them."""
    plenty = Counter(rare(Counter(), 300)) + Counter(dict.fromkeys(rare(Counter(), 300), LEAST))
    assert len(plenty) > 90
    assert rare(plenty, 300) == {}
    assert rare(plenty - Counter({"late work": 1}), 300) == {"late work": LEAST - 1}
    assert len(rare(plenty, 301)) == len(plenty)


# --- the twin and the comparison themselves -----------------------------------------------------------------------------


def test_a_twins_run_is_sound() -> None:
    """Requests are numbered in order of arrival, tasks end after they arrive and within the run, pools keep to their bounds."""

    def check(case: twin.Case) -> None:
        result = twin.simulate(case)
        assert [r.request for r in result.requests] == list(range(1, len(result.requests) + 1))
        assert [r.submitted for r in result.requests] == sorted(r.submitted for r in result.requests)
        for r in result.requests:
            assert case.start <= r.submitted <= (case.end if r.answered is None else r.answered) <= case.end
            assert (r.answered is None) == (r.outcome == "pending")
        assert all(case.start <= span.arrived <= span.ended < case.end for span in result.spans)
        for totals in result.pools.values():
            assert totals.busy_integral <= totals.peak_busy * (case.end - case.start)
            assert totals.peak_busy <= totals.granted

    explore(cases(), check, 40)


def test_a_twins_run_repeats() -> None:
    """The same case gives the same result."""

    def check(case: twin.Case) -> None:
        first, again = twin.simulate(case), twin.simulate(case)
        assert difference(first, again) is None
        assert first.seen == again.seen

    explore(cases(), check, 10)


@settings(UNHURRIED, derandomize=True, max_examples=10)
@given(cases(), st.data())
def test_a_planted_difference_is_found(case: twin.Case, data: st.DataObject) -> None:
    """The comparison can fail: one request, span or pool changed is reported, with both sides."""
    result = twin.simulate(case)
    for what in ("requests", "spans"):
        items = list(getattr(result, what))
        if items:
            i = data.draw(st.integers(0, len(items) - 1))
            items[i] = type(items[i])(**(asdict(items[i]) | {"code": "planted"}))
            printed = difference(twin.Result(**(vars(result) | {what: items})), result)
            assert printed is not None
            assert printed.startswith(f"2 {what} differ")
            assert "'planted'" in printed
    if result.pools:
        printed = difference(twin.Result(result.requests, result.spans, {}), result)
        assert printed is not None
        assert printed.startswith(f"pool {min(result.pools)}:\n  kernel None\n  twin   PoolTotals(")


def test_mix_is_splitmix64s() -> None:
    """`mix` of the first states of SplitMix64 with seed 0 gives its published first outputs."""
    outputs = [twin.mix(i * twin.GOLDEN & twin.MASK) for i in (1, 2, 3)]
    assert outputs == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_inverse_normal_is_within_its_published_error() -> None:
    """Acklam's approximation: relative error below 1.15e-9 in the tails and in the middle."""
    for p in (1e-9, 1e-3, 0.02, 0.3, 0.5001, 0.9, 0.98, 0.99999):
        z = twin.inverse_normal(p)
        assert math.erfc(-z / math.sqrt(2.0)) / 2.0 == pytest.approx(p, rel=1e-7)


def test_alias_table_keeps_the_weights() -> None:
    """Each customer's share of buckets and aliases is its share of the weights."""
    weights = [1.0, 0.5, 0.25, 0.125, 3.0]
    threshold, alias = twin.alias_table(weights)
    for i, weight in enumerate(weights):
        given_away = sum(1.0 - t for t, a in zip(threshold, alias, strict=True) if a == i)
        assert (threshold[i] + given_away) / len(weights) == pytest.approx(weight / sum(weights))
