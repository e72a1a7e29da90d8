"""Where a defect can sit: the calls, pools, services, links, alarms, runbooks … of a resolved architecture.

A site has a label, unique among its kind, and words: what a selector may ask and a template may fill in. Labels are those of the
journal where it has one, so that what a run counted at a site can be looked up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from simcore.model.architecture import (
    Architecture,
    Call,
    Choose,
    Effect,
    Operation,
    RateLimit,
    Repeat,
    Route,
    Send,
    Service,
    Work,
)

CLIENT = "client"  # the journal's name for the caller of what customers do
Words = dict[str, Any]


@dataclass(frozen=True)
class Site:
    """One place. `words` has at least `site` (the label) and, where patches reach it, `path`."""

    label: str
    words: Words


class Step(NamedTuple):
    """A step of an operation or flow, where a patch finds it, and the label that the journal counts a call under."""

    service: str
    operation: str
    step: Any
    path: str
    label: str


# --- walking through operations ---------------------------------------------------------------------------------------------


def steps_of(architecture: Architecture) -> Iterator[Step]:
    """Every step of every operation and flow, outer before inner, in file order."""
    for name, service in architecture.services.items():
        for op, operation in service.operations.items():
            yield from _walk(name, op, operation.steps, f"services.{name}.operations.{op}.steps", Counter())
    for name, flow in architecture.flows.items():
        yield from _walk(CLIENT, name, flow.steps, f"flows.{name}.steps", Counter())


def _walk(service: str, operation: str, steps: list[Any], path: str, seen: Counter[str]) -> Iterator[Step]:
    for i, step in enumerate(steps):
        here = f"{path}[#{i}]"
        label = _label(f"{service}.{operation}", step, seen) if isinstance(step, (Call, Send)) else ""
        yield Step(service, operation, step, here, label)
        for inner, segment in _inner(step):
            for turn in range(step.repeat if isinstance(step, Repeat) else 1):
                found = list(_walk(service, operation, inner, here + segment, seen))
                yield from found if turn == 0 else ()


def _label(operation: str, step: Call | Send, seen: Counter[str]) -> str:
    """As the journal names a call: its own name, or its target with the number of those before it."""
    target = step.call if isinstance(step, Call) else step.send
    key = f"name {step.name}" if step.name else f"target {target}"
    turn = seen[key]
    seen[key] += 1
    if step.name:
        return f"{operation}/{step.name}#{turn}" if turn else f"{operation}/{step.name}"
    return f"{operation}/{target}#{turn}"


def _inner(step: Any) -> list[tuple[list[Any], str]]:
    """The lists of steps inside a step, with their path segment."""
    if isinstance(step, Route):
        cases = [(steps, _segment("cases", key)) for key, steps in step.cases.items()]
        return cases + ([(step.default, ".default")] if step.default else [])
    if isinstance(step, Choose):
        return [(branch.steps, f".choose[#{i}].steps") for i, branch in enumerate(step.choose)]
    if isinstance(step, Call):
        return [(step.fallback, ".fallback")] if step.fallback else []
    inner = getattr(step, "steps", None)
    return [(inner, ".steps")] if inner else []


def _segment(holder: str, key: str) -> str:
    return f".{holder}[{key}]" if "." in key else f".{holder}.{key}"


# --- operations and calls -----------------------------------------------------------------------------------------------------


def _calls(architecture: Architecture) -> Iterator[Site]:
    steps = [s for s in steps_of(architecture) if isinstance(s.step, Call)]
    patience: dict[str, int] = {}  # the longest timeout of those who call an operation
    for s in steps:
        if s.step.timeout is not None:
            patience[s.step.call] = max(patience.get(s.step.call, 0), s.step.timeout)
    effects = _with_effects(architecture)
    for s in steps:
        call, (target, _, operation) = s.step, s.step.call.partition(".")
        retry, asked_for = call.retry, patience.get(f"{s.service}.{s.operation}")
        shorter = bool(call.timeout and asked_for and call.timeout < asked_for)
        yield Site(s.label, {
            "site": s.label, "path": s.path, "caller": s.service, "caller_operation": s.operation,
            "caller_layer": "client" if s.service == CLIENT else architecture.services[s.service].layer,
            "target": target, "target_operation": operation, "target_layer": architecture.services[target].layer,
            "timeout": call.timeout, "caller_patience": asked_for, "within_patience": shorter,
            "twice_caller_patience": f"{2 * asked_for}ns" if asked_for else None,
            "retry": retry is not None, "backoff": bool(retry and retry.backoff), "jitter": bool(retry and retry.jitter),
            "budget": bool(retry and retry.budget), "retries": retry.attempts - 1 if retry else 0,
            "retries_timeouts": bool(retry and "timeout" in retry.on), "breaker": call.breaker is not None, "bulkhead": call.bulkhead,
            "other_bulkhead": next((o.step.bulkhead for o in steps if o.step.bulkhead not in (None, call.bulkhead)), None),
            "connection": call.connection, "fallback": bool(call.fallback), "effects": effects[call.call], "on_failure": call.on_failure,
        })  # fmt: skip


def _with_effects(architecture: Architecture) -> dict[str, bool]:
    """Whether an operation changes anything, itself or through what it calls; sends are left out."""
    steps: dict[str, list[Any]] = {f"{s}.{o}": [] for s, service in architecture.services.items() for o in service.operations}
    for s in steps_of(architecture):
        steps.setdefault(f"{s.service}.{s.operation}", []).append(s.step)
    known = {name: any(isinstance(step, Effect) for step in own) for name, own in steps.items()}
    for _ in known:
        for name, own in steps.items():
            known[name] |= any(isinstance(step, Call) and known[step.call] for step in own)
    return known


def _operations(architecture: Architecture) -> Iterator[Site]:
    effects = _with_effects(architecture)
    works: dict[str, str] = {}
    for s in steps_of(architecture):
        if isinstance(s.step, Work):
            works.setdefault(f"{s.service}.{s.operation}", s.path)
    for name, service in architecture.services.items():
        for op, operation in service.operations.items():
            label, path = f"{name}.{op}", f"services.{name}.operations.{op}"
            yield Site(label, {
                "site": label, "path": path, "service": name, "operation": op, "layer": service.layer, "work": works.get(label),
                "effects": effects[label], "idempotency": operation.idempotency is not None, "sends": _sends(operation),
            })  # fmt: skip


def _sends(operation: Operation) -> bool:
    return any(isinstance(step, Send) for step in operation.steps)


def _throttles(architecture: Architecture) -> Iterator[Site]:
    for s in steps_of(architecture):
        if isinstance(s.step, RateLimit):
            label = f"{s.service}.{s.operation}/{s.step.rate_limit}"
            yield Site(label, {"site": label, "path": s.path, "limit": s.step.rate_limit, "service": s.service})


def _branches(architecture: Architecture) -> Iterator[Site]:
    """Choices by probability: the first branch of each."""
    seen: Counter[str] = Counter()
    for s in steps_of(architecture):
        if isinstance(s.step, Choose):
            own = f"{s.service}.{s.operation}/{s.step.name or 'choose'}"
            label = f"{own}#{seen[own]}" if seen[own] else own
            seen[own] += 1
            words = {"site": label, "path": f"{s.path}.choose[#0]", "service": s.service, "operation": s.operation}
            layer = "client" if s.service == CLIENT else architecture.services[s.service].layer
            yield Site(label, words | {"layer": layer, "branches": len(s.step.choose)})


# --- what operations run on ---------------------------------------------------------------------------------------------------


def _services(architecture: Architecture) -> Iterator[Site]:
    for name, service in architecture.services.items():
        words = {
            "site": name, "path": f"services.{name}", "service": name, "layer": service.layer, "replicas": service.replicas,
            "replicated": service.replicas > 1, "standby": service.standby is not None, "stateful": service.stateful,
            "groups": list(service.groups), "restarts": service.restart_time.constant != 0, "pools": list(service.pools),
            "replicates": bool(service.standby and service.stateful), "callee_pools": _callee_pools(architecture, name, service),
            "operations": len(service.operations), "works": any(isinstance(s, Work) for o in service.operations.values() for s in o.steps),
        }  # fmt: skip
        yield Site(name, words)


def _callee_pools(architecture: Architecture, name: str, service: Service) -> list[str] | None:
    """The pools of the first service it calls that has pools of its own, where its own may be merged into them."""
    for s in steps_of(architecture):
        if s.service == name and isinstance(s.step, Call) and service.pools:
            callee = architecture.services[s.step.call.partition(".")[0]]
            if callee.pools and callee.pools != service.pools and callee.layer != "external":
                return list(callee.pools)
    return None


def _pools(architecture: Architecture) -> Iterator[Site]:
    for name, pool in architecture.pools.items():
        users = [architecture.services[s] for s, service in architecture.services.items() if name in service.pools]
        yield Site(name, {
            "site": name, "path": f"pools.{name}", "sized": isinstance(pool.slots, int), "bounded": isinstance(pool.queue, int),
            "slots": pool.slots, "per": pool.per, "gated": pool.gate is not None,
            "external": bool(users) and all(user.layer == "external" for user in users), "users": len(users),
        })  # fmt: skip


def _limits(architecture: Architecture) -> Iterator[Site]:
    for name, limit in architecture.limits.items():
        yield Site(name, {"site": name, "path": f"limits.{name}", "defers": limit.excess == "defer"})


def _links(architecture: Architecture) -> Iterator[Site]:
    seen: Counter[str] = Counter(f"{link.source}-{link.target}" for link in architecture.links)
    layers = {name: service.layer for name, service in architecture.services.items()}
    for link in architecture.links:
        label = f"{link.source}-{link.target}"
        if seen[label] == 1:
            ends = (layers.get(link.source, "client"), layers.get(link.target, "client"))
            yield Site(label, {
                "site": label, "path": f"links[{label}]", "source": link.source, "target": link.target,
                "client": "client" in ends, "external": "external" in ends, "inside": not {"client", "external"} & set(ends),
            })  # fmt: skip


def _flows(architecture: Architecture) -> Iterator[Site]:
    probed = {robot.flow for robot in architecture.control.robots.values()}
    for name, flow in architecture.flows.items():
        yield Site(name, {"site": name, "path": f"flows.{name}", "flow": name, "flow_kind": flow.kind, "probed": name in probed})


def _exchanges(architecture: Architecture) -> Iterator[Site]:
    for name, service in architecture.services.items():
        if "accept" in service.operations:
            yield Site(name, {"site": name, "path": f"services.{name}", "service": name})


def _core(architecture: Architecture) -> Iterator[Site]:
    yield Site(
        "core", {"site": "core", "propagates": architecture.deadlines == "propagate", "orders": _takes_orders(architecture)}
    )


def _takes_orders(architecture: Architecture) -> bool:
    return any(flow.kind == "order" for flow in architecture.flows.values())


# --- people and what they look at -----------------------------------------------------------------------------------------------


def _alarms(architecture: Architecture) -> Iterator[Site]:
    control = architecture.control
    for kind, section in (("monitor", "monitors"), ("robot", "robots"), ("complaints", "complaints")):
        for name, rule in getattr(control, section).items():
            yield Site(name, {
                "site": name, "path": f"control.{section}.{name}", "alarm": kind, "layer": rule.layer, "routed": rule.route is not None,
                "other_team": next((team for team in control.teams if team != rule.route), None), "flow": getattr(rule, "flow", None),
            })  # fmt: skip


def _runbooks(architecture: Architecture) -> Iterator[Site]:
    for name, runbook in architecture.control.runbooks.items():
        yield Site(name, {
            "site": name, "path": f"control.runbooks.{name}", "several": len(runbook.actions) > 1, "last": f"#{len(runbook.actions) - 1}",
            "automated": runbook.automated, "oral": runbook.approval == "oral", "practised": runbook.practised > 0,
        })  # fmt: skip


def _people(section: str) -> Callable[[Architecture], Iterator[Site]]:
    def found(architecture: Architecture) -> Iterator[Site]:
        control = architecture.control
        holder = control.approval.chain if section == "approval.chain" else getattr(control, section)
        for name in holder:
            yield Site(name, {"site": name, "path": f"control.{section}.{name}", "name": name})

    return found


def _failovers(architecture: Architecture) -> Iterator[Site]:
    for name, failover in architecture.control.failovers.items():
        words = {
            "site": name,
            "path": f"control.failovers.{name}",
            "service": failover.service,
            "triggered": failover.trigger is not None,
        }
        starts = next((step.name for step in failover.steps if "start_standby" in step.does), None)
        yield Site(name, words | {"start": starts, "reconciles": bool(failover.reconcile), "failover": name})


def _files(architecture: Architecture) -> Iterator[Site]:
    for name, file in architecture.control.files.items():
        yield Site(name, {"site": name, "path": f"control.files.{name}", "settles": file.settles})


def _batches(architecture: Architecture) -> Iterator[Site]:
    for name, batch in architecture.control.batches.items():
        yield Site(name, {"site": name, "path": f"control.batches.{name}", "holds": bool(batch.holds), "settles": batch.settles})


SITES: dict[str, Callable[[Architecture], Iterator[Site]]] = {
    "call": _calls, "operation": _operations, "throttle": _throttles, "branch": _branches, "service": _services, "pool": _pools,
    "limit": _limits, "link": _links, "flow": _flows, "exchange": _exchanges, "core": _core, "alarm": _alarms, "runbook": _runbooks,
    "approver": _people("approval.chain"), "team": _people("teams"), "vendor": _people("vendors"), "failover": _failovers,
    "file": _files, "batch": _batches,
}  # fmt: skip
"""Kinds of sites."""

WORDS: dict[str, tuple[str, ...]] = {
    "call": ("site", "path", "caller", "caller_operation", "caller_layer", "target", "target_operation", "target_layer", "timeout",
             "caller_patience", "within_patience", "twice_caller_patience", "retry", "backoff", "jitter", "budget", "retries", "retries_timeouts",
             "breaker", "bulkhead", "other_bulkhead", "connection", "fallback", "effects", "on_failure"),
    "operation": ("site", "path", "service", "operation", "layer", "work", "effects", "idempotency", "sends"),
    "throttle": ("site", "path", "limit", "service"),
    "branch": ("site", "path", "service", "operation", "layer", "branches"),
    "service": ("site", "path", "service", "layer", "replicas", "replicated", "standby", "stateful", "groups", "restarts", "pools",
                "replicates", "callee_pools", "operations", "works"),
    "pool": ("site", "path", "sized", "bounded", "slots", "per", "gated", "external", "users"),
    "limit": ("site", "path", "defers"),
    "link": ("site", "path", "source", "target", "client", "external", "inside"),
    "flow": ("site", "path", "flow", "flow_kind", "probed"),
    "exchange": ("site", "path", "service"),
    "core": ("site", "propagates", "orders"),
    "alarm": ("site", "path", "alarm", "layer", "routed", "other_team", "flow"),
    "runbook": ("site", "path", "several", "last", "automated", "oral", "practised"),
    "approver": ("site", "path", "name"), "team": ("site", "path", "name"), "vendor": ("site", "path", "name"),
    "failover": ("site", "path", "service", "triggered", "start", "reconciles", "failover"),
    "file": ("site", "path", "settles"),
    "batch": ("site", "path", "holds", "settles"),
}  # fmt: skip
"""The words of each kind of site: what `where` may ask and a template may name in braces."""


def sites_of(architecture: Architecture, kind: str) -> list[Site]:
    """All sites of a kind, in file order."""
    return list(SITES[kind](architecture))
