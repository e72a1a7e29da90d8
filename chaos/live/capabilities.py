"""What a twin can do, and what it cannot and why: asked before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from chaos.execution.inputs.resolve import ResolvedRun
from chaos.faults.fault import Fault, Target
from simcore.base.errors import InputError
from simcore.base.units import DAY, MINUTE, format_duration
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex
from simcore.model.workload import Workload

WINDOW_MAX_NS = 10 * MINUTE
"""A second of a twin takes a second: a longer window is run only when it is asked for."""

FAULTS_REFUSED: Mapping[str, str] = {
    "bad-file": "no file of a counterparty is read within some minutes",
    "batch-overrun": "no batch runs within some minutes",
    "failover": "a twin's standby opens the ledger of the one before it: there is no second copy to go over to",
    "drill": "a twin's standby opens the ledger of the one before it: there is no second copy to go over to",
    "replication-lag": "a twin's standby opens the ledger of the one before it: there is no second copy that could be behind",
    "standby-misconfigured": "a twin's standby opens the ledger of the one before it: there is nothing to go over to",
}
"""By fault, why a twin cannot do it; every other fault is done with the knobs below."""


class Capability(NamedTuple):
    """Something that files can say or faults can turn, how a twin does it, and where that differs from the simulated core."""

    kind: str
    what: str
    how: str
    differs: str = ""


CAPABILITIES = (
    Capability("step", "work", "the task sleeps for the drawn time", "wakes a little late, later on a busy machine"),
    Capability("step", "wait", "the task sleeps", "as work"),
    Capability("step", "call", "a request over TCP, and its answer"),
    Capability(
        "step",
        "send",
        "a message over TCP; a durable one is in the sender's SQLite file until it is dealt with",
        "one that was cut off on its way comes again when the receiver is back, or after a second",
    ),
    Capability(
        "service",
        "message_broker",
        "mosquitto or amqtt as a process; a durable message to it is published over MQTT with quality of service 1, and kept until it is "
        "dealt with",
        "its work and its pools are the real one's; it is reached without a proxy; crash kills it, and it comes back on its port",
    ),
    Capability(
        "step",
        "hold, pools",
        "slots with a queue in each process",
        "a pool that replicas share is divided among them, rounded up",
    ),
    Capability("step", "rate_limit", "a cell rate limiter in each process", "one that replicas share is divided among them"),
    Capability(
        "step", "effect", "a row in the SQLite file of the books that it is written into, entered by the simulator's own rules"
    ),
    Capability("step", "route, choose, repeat, fail", "as in the simulated core, by the same draws"),
    Capability(
        "policy",
        "timeout, retry, budget, breaker, bulkhead, connection, fallback, on_failure, deadlines",
        "in the caller's process",
    ),
    Capability(
        "policy",
        "idempotency",
        "a key in the service's SQLite file, written with the effect",
        "requests of one key at two instances at once do not see each other",
    ),
    Capability("balance", "round_robin", "each caller in turn", "each calling process counts for itself"),
    Capability(
        "balance",
        "least_busy",
        "the instance that this caller waits for least often",
        "each caller knows its own requests alone",
    ),
    Capability("balance", "random, shard", "by the same draws"),
    Capability(
        "knob",
        "crash, restart",
        "kill -9, and the proxies that lead there are disabled; then a new process, loaded while the instance was down",
        "it is up as soon as it has read its ledger, or when a process has started, if that takes longer than it was down",
    ),
    Capability(
        "knob",
        "hang, pause",
        "SIGSTOP, between two tasks, and SIGCONT; work is put off by as long as a pause took",
        "a process that hangs makes nothing of the work it has begun; what was due meanwhile comes at once afterwards",
    ),
    Capability("knob", "slow, errors, grey, contention, work, slots, queue, rate, call policy", "a message to the node"),
    Capability("knob", "rotation", "a message to every caller"),
    Capability(
        "knob",
        "link: latency added",
        "a toxic `latency` in both directions; when it changes requests go by a new proxy, and the one before delivers what it has",
        "in whole milliseconds; the answer to what had set out before a change takes as long as it did",
    ),
    Capability(
        "knob",
        "link: held",
        "a toxic `latency` longer than any run, taken away at the heal",
        "what was held comes at the heal, not when TCP would try again",
    ),
    Capability(
        "knob",
        "link: reset",
        "a toxic `timeout` of 0, taken away at the heal: then the connections close",
        "both directions of a connection close",
    ),
    Capability("knob", "link: lost, losses, copies, latency factor", "in the sending node, by the same draws"),
    Capability("knob", "flow rate", "a surge is planned with the arrivals", "`switch_channel` of a runbook does nothing"),
    Capability("knob", "sessions, bursts", "a message to the customers"),
    Capability("knob", "gates, markets", "a message to the nodes"),
    Capability(
        "people",
        "monitors, robots, operators, runbooks",
        "the simulator's own processes, in real time",
        "they see counters up to 0.1 s old",
    ),
    Capability(
        "people",
        "failovers of the control section",
        "processes killed and started, callers hear of the rotation",
        "a standby opens the ledger of the one before it: nothing is lost",
    ),
    Capability(
        "people",
        "reconciliations of the control section",
        "they take their time",
        "they find nothing: the ledgers are reconciled after the run",
    ),
)


def markdown() -> str:
    """The table above and the refusals, as docs/live.md has them."""
    rows = ["| | what | how | where it differs |", "|---|---|---|---|"]
    rows += [f"| {row.kind} | {row.what} | {row.how} | {row.differs} |" for row in CAPABILITIES]
    rows += ["", "| refused fault | why |", "|---|---|"]
    rows += [f"| `{fault}` | {why} |" for fault, why in FAULTS_REFUSED.items()]
    return "\n".join(rows) + "\n"


def require_fault(fault: Fault) -> None:
    """Raises InputError for a fault that a twin cannot do, with the reason."""
    reason = FAULTS_REFUSED.get(fault.fault)
    if reason is not None:
        raise InputError(f"a twin cannot do {fault.fault}", hint=reason)


BROKER_FAULTS = ("crash", "restart", "hang", "pause", "memory-leak", "replica-loss", "shared-fate-outage", "operator-error")
"""The faults that stop, kill or start processes: what can be done to a real message broker."""


def require_targets(fault: Fault, targets: Sequence[Target], index: ArchitectureIndex) -> None:
    """Raises InputError for a fault that would hit the message broker otherwise than a twin can: it runs a real one, which
    knows no knobs, and nodes reach it without a proxy."""
    services = index.architecture.services
    for broker in (name for name, service in services.items() if service.message_broker):
        hit = {
            "unit": fault.fault not in BROKER_FAULTS
            and any(of == "unit" and name.partition("#")[0] == broker for of, name in targets),
            "link": any(of == "link" and broker in _ends_of(index, name) for of, name in targets),
            "pool": any(of in ("pool", "limit") and index.users_of(name.partition("#")[0]) == [broker] for of, name in targets),
            "operation": any(of == "operation" and name.partition(".")[0] == broker for of, name in targets),
        }
        for kind in (kind for kind, is_hit in hit.items() if is_hit):
            raise InputError(f"a twin cannot do {fault.fault} to {broker}, which is a message broker", hint=_BROKER_HINTS[kind])


_BROKER_HINTS = {
    "unit": f"it is a real one in a twin: {', '.join(BROKER_FAULTS[:4])} are possible",
    "link": "a twin reaches it without a proxy",
    "pool": "it is a real one in a twin, which has no such pool or limit",
    "operation": "it is a real one in a twin, which takes the time that it takes",
}


def _ends_of(index: ArchitectureIndex, label: str) -> tuple[str, str]:
    link = index.links[label]
    return link.source, link.target


def require_run(inputs: ResolvedRun, *, long: bool) -> None:
    """Raises InputError for a scenario, architecture or workload that a twin cannot be, naming what and why."""
    scenario = inputs.scenario.model
    if scenario.end - scenario.start > WINDOW_MAX_NS and not long:
        length = format_duration(scenario.end - scenario.start)
        raise InputError(
            f"a twin cannot run {scenario.name}: with its warm-up it takes {length}, for a second of a twin takes a second",
            hint="add --long to run it all the same, or give it a shorter window",
        )
    require_system(inputs.architecture, inputs.workload, scenario.start, scenario.end, scenario.name)


def require_system(architecture: Architecture, workload: Workload, start: int, end: int, name: str) -> None:
    """Raises InputError for an architecture or a workload that a twin cannot be from `start` to `end`, ns; `name` is what is to be run."""
    for what, why in _unable(architecture, workload, start, end):
        raise InputError(f"a twin cannot run {name}: {what}", hint=why)


def _unable(architecture: Architecture, workload: Workload, start: int, end: int) -> Iterator[tuple[str, str]]:
    brokers = [name for name, service in architecture.services.items() if service.message_broker]
    if len(brokers) > 1:
        yield f"{' and '.join(brokers)} are message brokers", "a twin has one: leave message_broker out of the others"
    for flow, load in workload.flows.items():
        if load.closed is not None:
            yield f"the arrivals of {flow} wait for answers", "a twin's load is planned before it starts: give the flow a rate"
    for name, batch in architecture.control.batches.items():
        if any(start < batch.at + day * DAY < end for day in range(start // DAY, end // DAY + 1)):
            yield f"the batch {name} begins in its window", "choose a window without batches"
