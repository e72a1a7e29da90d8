"""Faults by what they mean: an address leads to all that does the work, wherever an architecture does it, and to a share of a table's rows
where customers are divided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from chaos.documents.scenario import Scenario, step_model
from chaos.execution.target.executor import ScenarioExecutor
from chaos.faults.address import CounterpartyAddress, QueryAddress, ReleaseAddress, customer_share, shard_share
from chaos.faults.bad_release import BadRelease, Growth
from chaos.faults.catalogue import shipped_faults
from chaos.faults.slow import Slow
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.base.units import MS, SECOND, parse_clock
from simcore.compile.plan import compile_plan
from simcore.files.patch import command_line_layer
from simcore.journal.model import Journal
from simcore.library import load_pair
from simcore.model.index import ArchitectureIndex
from simcore.simulation import simulate

STEP = step_model(shipped_faults())
OPTIONS = ("legacy-coupled", "options/cells", "options/read-replica", "options/two-sites", "options/distributed-core")

ARCHITECTURE = """
kind: architecture
name: divided
services:
  books:
    layer: data
    software: books
    replicas: 3
    balance: shard
    shard_by: segment
    operations:
      read: { serves: position-query, reads: { table: orders }, steps: [{ work: 10ms }] }
      write: { serves: order-entry, steps: [{ work: 10ms }] }
      audit: { serves: position-query, reads: { table: orders, scope: all }, steps: [{ work: 10ms }] }
  copy:
    layer: data
    replicas: 3
    balance: shard
    shard_by: segment
    operations: { read: { serves: position-query, reads: { table: orders }, steps: [{ work: 10ms }] } }
flows:
  ask: { record: true, steps: [{ call: books.read }] }
  ask-copy: { record: true, steps: [{ call: copy.read }] }
  order: { record: true, steps: [{ call: books.write }] }
control:
  monitors:
    slow-answers: { metric: { ratio: { of: [flow/ask/ok], to: [flow/ask/started] } }, below: 0.5, every: 5s, breaches: 1 }
"""
WORKLOAD = """
kind: workload
name: divided
attributes:
  segment: { of: customer, weights: { s0: 1, s1: 2, s2: 3, s3: 2 } }
accounts: { count: 1000 }
flows:
  ask: { rate: 40/s }
  ask-copy: { rate: 10/s }
  order: { rate: 20/s }
"""


def shipped(name: str) -> System:
    architecture, workload = load_pair(name, "normal-day")
    return System(ArchitectureIndex(architecture), workload)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("divided")
    (folder / "architecture.yaml").write_text(ARCHITECTURE)
    (folder / "workload.yaml").write_text(WORKLOAD)
    return str(folder / "architecture.yaml"), str(folder / "workload.yaml")


def made(files: tuple[str, str], *, without: Sequence[str] = (), edits: Sequence[str] = ()) -> System:
    """The divided system, with (next to) nobody for some flows."""
    less = command_line_layer([f"flows.{flow}.rate=0.000001/s" for flow in without])
    architecture, workload = load_pair(*files, edits=[command_line_layer(edits)], workload_edits=[less])
    return System(ArchitectureIndex(architecture), workload)


@pytest.fixture(scope="module")
def divided(files: tuple[str, str]) -> System:
    return made(files)


def run(system: System, method: Sequence[Mapping[str, Any]], seconds: int = 60) -> Journal:
    scenario = Scenario.model_construct(method=[STEP.model_validate(s) for s in method], abort=[], rollbacks=[])
    start = parse_clock("10:00")
    plan = compile_plan(system.architecture, system.workload, seed=3, start=start, end=start + seconds * SECOND)
    journal = simulate(plan, script=lambda core, control: ScenarioExecutor(scenario, core, control).begin())
    assert [law for law in journal.conservation if not law.ok] == []
    return journal


def mean_ms(journal: Journal, unit: str) -> float:
    """The mean time that requests spend at an instance."""
    return journal.total("unit", unit, "sojourn_ns") / max(1, journal.total("unit", unit, "done")) / MS


# --- addresses -----------------------------------------------------------------------------------------------------------------


def test_the_bank_with_the_most_customers_has_rank_1_whatever_it_is_called() -> None:
    system = shipped("legacy-coupled")
    found = [CounterpartyAddress(counterparty="bank", rank=rank).services(system) for rank in (1, 2, 3, 4)]
    assert found == [["bank-a"], ["bank-b"], ["bank-c"], ["bank-d"]]
    assert [customer_share(system, bank[0]) for bank in found] == pytest.approx([0.4, 0.3, 0.2, 0.1])
    layer = command_line_layer(["attributes.bank.weights.bank-d=5"])
    architecture, workload = load_pair("legacy-coupled", "normal-day", workload_edits=[layer])
    other = System(ArchitectureIndex(architecture), workload)
    assert CounterpartyAddress(counterparty="bank", rank=1).services(other) == ["bank-d"]


def test_no_bank_of_that_rank_is_an_error_with_what_there_is() -> None:
    with pytest.raises(InputError, match=r"no bank of rank 5 in legacy-coupled.*it has 4: bank-a, bank-b, bank-c, bank-d"):
        CounterpartyAddress(counterparty="bank", rank=5).services(shipped("legacy-coupled"))


@pytest.mark.parametrize("name", OPTIONS)
def test_a_query_is_found_in_the_original_and_in_copies(name: str) -> None:
    system = shipped(name)
    copies = [("counter-db-copy", "read-positions")] if "counter-db-copy" in system.architecture.services else []
    assert QueryAddress(query="position-query").operations(system) == [("counter-db", "read-positions"), *copies]


def test_a_release_is_of_every_service_that_runs_the_program() -> None:
    assert ReleaseAddress(release_of="counter").services(shipped("legacy-coupled")) == ["counter"]
    assert ReleaseAddress(release_of="counter").services(shipped("options/read-replica")) == ["counter", "query-server"]
    with pytest.raises(InputError, match="did you mean 'counter'"):
        ReleaseAddress(release_of="countr").services(shipped("legacy-coupled"))


def test_every_operation_of_the_legacy_core_but_matching_says_what_it_serves() -> None:
    """What nobody addresses, the exchange's own matching, is all that says nothing: an option's new operations must not be missed either."""
    for name in (*OPTIONS, "options/strangler-4", "options/async-bank-adapters"):
        services = shipped(name).architecture.services
        silent = {
            f"{s}.{o}"
            for s, service in services.items()
            for o, operation in service.operations.items()
            if operation.serves is None
        }
        assert silent <= {f"{exchange}.{what}" for exchange in ("sse", "szse") for what in ("match", "match-rest")}, name


# --- rows ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIONS)
def test_shards_hold_all_rows_together_and_a_copy_those_of_its_shard(name: str) -> None:
    system = shipped(name)
    for service, operation in QueryAddress(query="position-query").operations(system):
        service_made = system.architecture.services[service]
        held = [Growth(of=["flow/a/ok"], rows=1).held_by(system, service, operation, n) for n in range(service_made.replicas)]
        assert sum(held) == pytest.approx(1.0 if service_made.balance == "shard" else service_made.replicas)


def test_a_shard_has_its_customers_share_by_their_weights(divided: System) -> None:
    """Four values on three replicas: the first and the fourth go to replica 0."""
    assert [shard_share(divided, "books", n) for n in range(3)] == pytest.approx([3 / 8, 2 / 8, 3 / 8])
    grows = Growth(of=["flow/order/ok"], rows=100)
    assert [grows.held_by(divided, "copy", "read", n) for n in range(3)] == pytest.approx([3 / 8, 2 / 8, 3 / 8])
    assert grows.held_by(divided, "books", "audit", 1) == 1.0


def test_a_shard_reads_through_its_own_rows(divided: System) -> None:
    """With 8,000 rows of which a factor of 17 holds at 8,000, shares of 3/8, 2/8, 3/8 make 10 ms of work 70, 50 and 70 ms."""
    grows = {"of": ["flow/order/blocked"], "rows": 8000, "already": 8000}
    journal = run(divided, [{"at": "10:00", "bad-release": {"on": {"query": "position-query"}, "slow": 17, "grows": grows}}], 20)
    assert [round(mean_ms(journal, f"copy#{n}"), 3) for n in range(3)] == [70.0, 50.0, 70.0]


# --- what it does ----------------------------------------------------------------------------------------------------------------


CANARY = {
    "on": {"release-of": "books"},
    "functions": {"order-entry": 5},
    "rollout": {"groups": [[1], [0, 2]], "wait": "10min", "stop_on": ["slow-answers"]},
}


@pytest.mark.parametrize(("without", "expected"), [(["ask"], [10.0, 50.0, 10.0]), (["order"], [10.0, 10.0, 10.0])])
def test_an_operation_can_be_slow_at_a_canary_alone(files: tuple[str, str], without: list[str], expected: list[float]) -> None:
    """Replica 1 has the release, which slows what serves order entry by 5; what else it does stays as it is."""
    journal = run(made(files, without=without), [{"at": "10:00", "bad-release": CANARY}])
    assert [round(mean_ms(journal, f"books#{n}"), 3) for n in range(3)] == expected


def test_a_rollout_goes_on_group_by_group_and_ends_with_all(divided: System) -> None:
    rollout = {"groups": [[0], [1], [2]], "wait": "20s", "stop_on": ["slow-answers"]}
    journal = run(divided, [{"at": "10:00", "bad-release": {"on": {"release-of": "books"}, "slow": 2, "rollout": rollout}}], 90)
    steps = [(e.t_ns - parse_clock("10:00"), e.detail["replicas"]) for e in journal.events if e.what == "rollout_step"]
    assert steps == [(20 * SECOND, "books#1"), (40 * SECOND, "books#2")]


def test_a_rollout_stops_when_a_monitor_sounds_and_is_taken_back(files: tuple[str, str]) -> None:
    """All that comes to the canary fails, 3/8 of the customers: a monitor that sounds below 0.7 hears it, and nobody else gets the release."""
    system = made(files, edits=["control.monitors.slow-answers.below=0.7"])
    rollout = {"groups": [[0], [1, 2]], "wait": "20s", "stop_on": ["slow-answers"]}
    method = [{"at": "10:00", "bad-release": {"on": {"release-of": "books"}, "errors": 1.0, "rollout": rollout}}]
    short, long = run(system, method, 21), run(system, method, 60)
    events = [(e.what, e.t_ns - parse_clock("10:00")) for e in long.events if e.what.startswith("rollout")]
    assert events == [("rollout_stopped", 20 * SECOND)]
    failed = [journal.total("unit", "books#0", "errors_injected") for journal in (short, long)]
    assert failed[0] == failed[1] > 0
    assert long.total("unit", "books#1", "errors_injected") == 0


def test_a_slow_query_slows_no_other_work(files: tuple[str, str]) -> None:
    slow = [{"at": "10:00", "slow": {"on": {"query": "position-query"}, "factor": 3}}]
    journal = run(made(files, without=["ask"]), slow)
    assert [round(mean_ms(journal, f"copy#{n}"), 3) for n in range(3)] == [30.0, 30.0, 30.0]
    assert [round(mean_ms(journal, f"books#{n}"), 3) for n in range(3)] == [10.0, 10.0, 10.0]


# --- what is not there -------------------------------------------------------------------------------------------------------------


REMOVES = "removes=[{function: fund, because: this broker sells no funds}]"
FUND = [{"at": "10:00", "slow": {"on": {"query": "fund"}, "factor": 2}}]


def test_where_a_function_is_nowhere_served_it_is_an_error(divided: System) -> None:
    with pytest.raises(InputError, match="nothing in divided reads a table for fund"):
        Slow(on=QueryAddress(query="fund"), factor=2).targets(divided)


def test_what_is_done_to_a_function_that_is_removed_hits_nothing_by_design(files: tuple[str, str]) -> None:
    system = made(files, edits=[REMOVES])
    journal, plain = run(system, FUND), run(system, [])
    assert [e.what for e in journal.events if e.what.startswith("fault")] == ["fault_without_target"]
    flows = [("flow", flow, "ok") for flow in system.architecture.flows]
    assert [journal.total(*flow) for flow in flows] == [plain.total(*flow) for flow in flows]


def test_a_release_hits_functions_that_its_software_serves() -> None:
    release = BadRelease(on=ReleaseAddress(release_of="counter"), functions={"quote": 3})
    with pytest.raises(InputError, match="nothing in counter serves quote"):
        release.targets(shipped("legacy-coupled"))
