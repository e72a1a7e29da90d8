"""Where a defect can sit: the calls, pools, services, links, alarms, runbooks … of a resolved architecture.

A site has a label, unique among its kind, and words: what a selector may ask and a template may fill in. Labels are those of the
journal where it has one, so that what a run counted at a site can be looked up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simcore.files.validation import Keys
from simcore.model.architecture import Operation
from simcore.model.effects import EFFECTS
from simcore.model.index import ArchitectureIndex, CallSite
from simcore.model.steps import CLIENT, Call, Choose, RateLimit, Send, Work

Words = dict[str, object]


@dataclass(frozen=True)
class Site:
    """One place. `words` has at least `site` (the label) and, where patches reach it, `path`."""

    label: str
    words: Words


def path_of(keys: Keys) -> str:
    """How a patch writes the way to what has these keys in a file."""
    return "".join(f"[#{key}]" if isinstance(key, int) else f"[{key}]" if "." in key else f".{key}" for key in keys).lstrip(".")


def _layer(index: ArchitectureIndex, service: str) -> str:
    return "client" if service == CLIENT else index.architecture.services[service].layer


# --- operations and calls -----------------------------------------------------------------------------------------------------


def _calls(index: ArchitectureIndex) -> Iterator[Site]:
    """A call inside a repeat is one place in the file: it goes by the name of its first turn."""
    first = {placed.site_names[0] for placed in index.steps if placed.site_names}
    sites = [site for name, site in index.call_sites.items() if name in first and isinstance(site.step, Call)]
    patience: dict[str, int] = {}  # the longest timeout of those who call an operation
    bulkheads: dict[str, None] = {}
    for site in sites:
        call = site.step
        assert isinstance(call, Call)
        if call.timeout is not None:
            patience[call.call] = max(patience.get(call.call, 0), call.timeout)
        if call.bulkhead is not None:
            bulkheads[call.bulkhead] = None
    changing = _changing(index)
    for site in sites:
        words = _words_of_call(index, site, patience.get(site.body.name), list(bulkheads))
        yield Site(site.name, words | {"effects": site.target in changing})


def _words_of_call(index: ArchitectureIndex, site: CallSite, asked_for: int | None, bulkheads: list[str]) -> Words:
    """`asked_for` is how long those who call the caller's operation wait."""
    call = site.step
    assert isinstance(call, Call)
    retry, body = call.retry, site.body
    shorter = bool(call.timeout and asked_for and call.timeout < asked_for)
    return {
        "site": site.name,
        "path": path_of(site.keys),
        "caller": body.service,
        "caller_operation": body.operation,
        "caller_layer": _layer(index, body.service),
        "target": site.callee,
        "target_operation": site.target.partition(".")[2],
        "target_layer": _layer(index, site.callee),
        "timeout": call.timeout,
        "caller_patience": asked_for,
        "within_patience": shorter,
        "twice_caller_patience": f"{2 * asked_for}ns" if asked_for else None,
        "retry": retry is not None,
        "backoff": bool(retry and retry.backoff),
        "jitter": bool(retry and retry.jitter),
        "budget": bool(retry and retry.budget),
        "retries": retry.attempts - 1 if retry else 0,
        "retries_timeouts": bool(retry and "timeout" in retry.on),
        "breaker": call.breaker is not None,
        "bulkhead": call.bulkhead,
        "other_bulkhead": next((other for other in bulkheads if other != call.bulkhead), None),
        "connection": call.connection,
        "fallback": bool(call.fallback),
        "on_failure": call.on_failure,
    }


def _changing(index: ArchitectureIndex) -> frozenset[str]:
    """Operations that change anything, themselves or through what they call; sends are left out."""
    return index.may_have(EFFECTS, messages=False)


def _operations(index: ArchitectureIndex) -> Iterator[Site]:
    changing = _changing(index)
    for label, body in index.bodies.items():
        if body.is_flow:
            continue
        service, path = index.architecture.services[body.service], f"services.{body.service}.operations.{body.operation}"
        operation = service.operations[body.operation]
        yield Site(
            label,
            {
                "site": label,
                "path": path,
                "service": body.service,
                "operation": body.operation,
                "layer": service.layer,
                "work": next((path_of(placed.keys) for placed in index.steps_of(label) if isinstance(placed.step, Work)), None),
                "effects": label in changing,
                "idempotency": operation.idempotency is not None,
                "sends": _sends(operation),
            },
        )


def _sends(operation: Operation) -> bool:
    return any(isinstance(step, Send) for step in operation.steps)


def _throttles(index: ArchitectureIndex) -> Iterator[Site]:
    for placed in index.steps:
        if isinstance(placed.step, RateLimit):
            label, limit = f"{placed.body.name}/{placed.step.rate_limit}", placed.step.rate_limit
            yield Site(label, {"site": label, "path": path_of(placed.keys), "limit": limit, "service": placed.body.service})


def _branches(index: ArchitectureIndex) -> Iterator[Site]:
    """Choices by probability: the first branch of each."""
    seen: Counter[str] = Counter()
    for body, step, keys, _ in index.steps:
        if isinstance(step, Choose):
            own = f"{body.name}/{step.name or 'choose'}"
            label = f"{own}#{seen[own]}" if seen[own] else own
            seen[own] += 1
            words = {"site": label, "path": path_of((*keys, "choose", 0)), "service": body.service, "operation": body.operation}
            yield Site(label, words | {"layer": _layer(index, body.service), "branches": len(step.choose)})


# --- what operations run on ---------------------------------------------------------------------------------------------------


def _services(index: ArchitectureIndex) -> Iterator[Site]:
    for name, service in index.architecture.services.items():
        words = {
            "site": name,
            "path": f"services.{name}",
            "service": name,
            "layer": service.layer,
            "replicas": service.replicas,
            "replicated": service.replicas > 1,
            "standby": service.standby is not None,
            "stateful": service.stateful,
            "groups": list(service.groups),
            "restarts": service.restart_time.constant != 0,
            "pools": list(service.pools),
            "replicates": bool(service.standby and service.stateful),
            "callee_pools": _callee_pools(index, name),
            "operations": len(service.operations),
            "works": any(isinstance(s, Work) for o in service.operations.values() for s in o.steps),
        }
        yield Site(name, words)


def _callee_pools(index: ArchitectureIndex, name: str) -> list[str] | None:
    """The pools of the first service it calls that has pools of its own, where its own may be merged into them."""
    services = index.architecture.services
    for site in index.call_sites.values():
        if site.caller == name and site.kind == "call" and services[name].pools:
            callee = services[site.callee]
            if callee.pools and callee.pools != services[name].pools and callee.layer != "external":
                return list(callee.pools)
    return None


def _pools(index: ArchitectureIndex) -> Iterator[Site]:
    for name, pool in index.architecture.pools.items():
        users = [index.architecture.services[s] for s, service in index.architecture.services.items() if name in service.pools]
        yield Site(
            name,
            {
                "site": name,
                "path": f"pools.{name}",
                "sized": isinstance(pool.slots, int),
                "bounded": isinstance(pool.queue, int),
                "slots": pool.slots,
                "per": pool.per,
                "gated": pool.gate is not None,
                "external": bool(users) and all(user.layer == "external" for user in users),
                "users": len(users),
            },
        )


def _limits(index: ArchitectureIndex) -> Iterator[Site]:
    for name, limit in index.architecture.limits.items():
        yield Site(name, {"site": name, "path": f"limits.{name}", "defers": limit.excess == "defer"})


def _links(index: ArchitectureIndex) -> Iterator[Site]:
    seen: Counter[str] = Counter(link.label for link in index.architecture.links)
    layers = {name: service.layer for name, service in index.architecture.services.items()}
    for link in index.architecture.links:
        label = link.label
        if seen[label] == 1:
            ends = (layers.get(link.source, "client"), layers.get(link.target, "client"))
            yield Site(
                label,
                {
                    "site": label,
                    "path": f"links[{label}]",
                    "source": link.source,
                    "target": link.target,
                    "client": "client" in ends,
                    "external": "external" in ends,
                    "inside": not {"client", "external"} & set(ends),
                },
            )


def _flows(index: ArchitectureIndex) -> Iterator[Site]:
    probed = {robot.flow for robot in index.architecture.control.robots.values()}
    for name, flow in index.architecture.flows.items():
        yield Site(name, {"site": name, "path": f"flows.{name}", "flow": name, "flow_kind": flow.kind, "probed": name in probed})


def _exchanges(index: ArchitectureIndex) -> Iterator[Site]:
    for name in index.exchanges:
        yield Site(name, {"site": name, "path": f"services.{name}", "service": name})


def _core(index: ArchitectureIndex) -> Iterator[Site]:
    yield Site(
        "core", {"site": "core", "propagates": index.architecture.deadlines == "propagate", "orders": _takes_orders(index)}
    )


def _takes_orders(index: ArchitectureIndex) -> bool:
    return any(flow.kind == "order" for flow in index.architecture.flows.values())


# --- people and what they look at -----------------------------------------------------------------------------------------------


def _alarms(index: ArchitectureIndex) -> Iterator[Site]:
    control = index.architecture.control
    for kind, section in (("monitor", "monitors"), ("robot", "robots"), ("complaints", "complaints")):
        for name, rule in getattr(control, section).items():
            yield Site(
                name,
                {
                    "site": name,
                    "path": f"control.{section}.{name}",
                    "alarm": kind,
                    "layer": rule.layer,
                    "routed": rule.route is not None,
                    "other_team": next((team for team in control.teams if team != rule.route), None),
                    "flow": getattr(rule, "flow", None),
                },
            )


def _runbooks(index: ArchitectureIndex) -> Iterator[Site]:
    for name, runbook in index.architecture.control.runbooks.items():
        yield Site(
            name,
            {
                "site": name,
                "path": f"control.runbooks.{name}",
                "several": len(runbook.actions) > 1,
                "last": f"#{len(runbook.actions) - 1}",
                "automated": runbook.automated,
                "oral": runbook.approval == "oral",
                "practised": runbook.practised > 0,
            },
        )


def _people(section: str) -> Callable[[ArchitectureIndex], Iterator[Site]]:
    def found(index: ArchitectureIndex) -> Iterator[Site]:
        control = index.architecture.control
        holder = control.approval.chain if section == "approval.chain" else getattr(control, section)
        for name in holder:
            yield Site(name, {"site": name, "path": f"control.{section}.{name}", "name": name})

    return found


def _failovers(index: ArchitectureIndex) -> Iterator[Site]:
    for name, failover in index.architecture.control.failovers.items():
        words = {
            "site": name,
            "path": f"control.failovers.{name}",
            "service": failover.service,
            "triggered": failover.trigger is not None,
        }
        starts = next((step.name for step in failover.steps if "start_standby" in step.does), None)
        yield Site(name, words | {"start": starts, "reconciles": bool(failover.reconcile), "failover": name})


def _files(index: ArchitectureIndex) -> Iterator[Site]:
    for name, file in index.architecture.control.files.items():
        yield Site(name, {"site": name, "path": f"control.files.{name}", "settles": file.settles})


def _batches(index: ArchitectureIndex) -> Iterator[Site]:
    for name, batch in index.architecture.control.batches.items():
        yield Site(name, {"site": name, "path": f"control.batches.{name}", "holds": bool(batch.holds), "settles": batch.settles})


SITES: dict[str, Callable[[ArchitectureIndex], Iterator[Site]]] = {
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


def sites_of(index: ArchitectureIndex, kind: str) -> list[Site]:
    """All sites of a kind, in file order."""
    return list(SITES[kind](index))
