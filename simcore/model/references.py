"""Names in the `control:` section that are not defined: teams, alarms, services, pools, readings and the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from simcore.base.errors import suggest
from simcore.files.validation import Finding, Keys
from simcore.model.architecture import Architecture, Standby
from simcore.model.control.fields import PerItem
from simcore.model.control.runbooks import Action
from simcore.model.control.section import Control
from simcore.model.index import ArchitectureIndex
from simcore.model.metrics import FIELDS, parse_metric
from simcore.model.steps import CLIENT
from simcore.model.trading_calendar import CALENDARS

Reference = tuple[Keys, str, str | None, Collection[str]]


def check_control(index: ArchitectureIndex) -> list[Finding]:
    """Findings about the control section, keys from the top of the file; empty if every name leads somewhere."""
    architecture, control = index.architecture, index.architecture.control
    found = [
        Finding((*keys,), f"no {what} named {name!r}", suggest(name, known))
        for keys, what, name, known in _references(index, control)
        if name is not None and name not in known
    ]
    for keys, reading in _readings(control):
        found += check_reading(index, keys, reading)
    return found + _rules(architecture, control)


def check_action(index: ArchitectureIndex, action: Action, at: Keys) -> list[Finding]:
    """Findings about the names in an action that stands at `at`; empty if every one leads somewhere."""
    return [
        Finding((*at, verb), f"no {what} named {name!r}", suggest(name, known))
        for verb, what, name, known in _of_action(index, index.architecture.control, action)
        if name not in known
    ]


def alarm_names(control: Control) -> list[str]:
    """All that can raise an alarm, in file order."""
    return [*control.monitors, *control.robots, *control.complaints, *control.checklists]


def gate_names(architecture: Architecture) -> set[str]:
    """Gates of the architecture's pools and of every timetable."""
    return {p.gate for p in architecture.pools.values() if p.gate} | {g for c in CALENDARS.values() for g in c.gates}


def _references(index: ArchitectureIndex, c: Control) -> Iterator[Reference]:
    a = index.architecture
    for section in ("monitors", "robots", "complaints"):
        for name, rule in getattr(c, section).items():
            at: Keys = ("control", section, name)
            yield (*at, "route"), "team", rule.route, c.teams
            yield (*at, "misroute_to"), "team", rule.misroute_to, c.teams
            yield (*at, "points_at"), "service", rule.points_at, a.services
    for name, robot in c.robots.items():
        probes = [n for n, flow in a.flows.items() if flow.kind == "probe"]
        yield ("control", "robots", name, "flow"), "flow of kind probe", robot.flow, probes
        yield ("control", "robots", name, "while_open"), "gate", robot.while_open, gate_names(a)
    for name, line in c.complaints.items():
        for i, flow in enumerate(line.flows):
            yield ("control", "complaints", name, "flows", i), "flow", flow, a.flows
    for name, team in c.teams.items():
        yield ("control", "teams", name, "vendor"), "vendor", team.vendor, c.vendors
    yield from _of_runbooks(index, c)
    yield from _of_checklists(a, c)
    yield from _of_failovers(a, c)
    yield from _of_batches(a, c)


def _of_runbooks(index: ArchitectureIndex, c: Control) -> Iterator[Reference]:
    for name, runbook in c.runbooks.items():
        at: Keys = ("control", "runbooks", name)
        for i, alarm in enumerate(runbook.alarms):
            yield (*at, "alarms", i), "alarm", alarm, alarm_names(c)
        yield (*at, "subject"), "service", runbook.subject, index.architecture.services
        for i, action in enumerate(runbook.actions):
            for verb, what, target, known in _of_action(index, c, action):
                yield (*at, "actions", i, verb), what, target, known


def _of_action(index: ArchitectureIndex, c: Control, action: Action) -> Iterator[tuple[str, str, str, Collection[str]]]:
    a = index.architecture
    if action.verb in ("restart", "rotate_out", "rotate_in"):
        service, mark, number = action.target.partition("#")
        yield action.verb, "service", service, a.services
        if mark and service in a.services:
            yield action.verb, f"replica of {service}", number, [str(i) for i in range(a.services[service].replicas)]
    elif action.rollback is not None:
        yield "rollback", "service", action.rollback, a.services
    elif action.repair is not None:
        places = [place for instance in index.instances.values() for place in (instance.site, *instance.groups)]
        yield "repair", "service, group or site", action.repair, [*a.services, *places]
    elif action.failover is not None:
        yield "failover", "failover", action.failover, c.failovers
    elif action.reconcile is not None:
        yield "reconcile", "reconciliation", action.reconcile, [str(n) for n in c.reconciliations]
    elif action.limit_rate is not None:
        yield "limit_rate", "limit", action.limit_rate.limit, a.limits
    elif action.slots is not None:
        yield "slots", "pool", action.slots.pool, a.pools
    for flow in action.switch_channel or ():
        yield "switch_channel", "flow", flow, a.flows
    if action.isolate is not None:
        yield from (("isolate", "gate", gate, gate_names(a)) for gate in action.isolate.gates)
        yield from (("isolate", "pool", pool, a.pools) for pool in action.isolate.pools)
        yield from (("isolate", "call", call, index.call_sites) for call in action.isolate.calls)


def _of_checklists(a: Architecture, c: Control) -> Iterator[Reference]:
    for name, checklist in c.checklists.items():
        at: Keys = ("control", "checklists", name)
        yield (*at, "team"), "team", checklist.team, c.teams
        yield (*at, "points_at"), "service", checklist.points_at, a.services
        for i, item in enumerate(checklist.steps):
            for j, monitor in enumerate(item.monitors):
                yield (*at, "steps", i, "monitors", j), "monitor", monitor, c.monitors


def _of_failovers(a: Architecture, c: Control) -> Iterator[Reference]:
    for name, failover in c.failovers.items():
        at: Keys = ("control", "failovers", name)
        yield (*at, "service"), "service", failover.service, a.services
        yield (*at, "trigger"), "alarm", failover.trigger, alarm_names(c)
        for i, counterparty in enumerate(failover.reconcile):
            yield (*at, "reconcile", i), "reconciliation", counterparty, [str(n) for n in c.reconciliations]


def _of_batches(a: Architecture, c: Control) -> Iterator[Reference]:
    for name, batch in c.batches.items():
        at: Keys = ("control", "batches", name)
        for i, need in enumerate(batch.needs):
            yield (*at, "needs", i), "file or batch", need, [*c.files, *(b for b in c.batches if b != name)]
        for i, gate in enumerate(batch.holds):
            yield (*at, "holds", i), "gate", gate, gate_names(a)


def _readings(c: Control) -> Iterator[tuple[Keys, str]]:
    for name, monitor in c.monitors.items():
        yield from ((("control", "monitors", name, "metric"), r) for r in monitor.metric.readings())
    for counterparty, reconciliation in c.reconciliations.items():
        at: Keys = ("control", "reconciliations", counterparty)
        yield from _items((*at, "per_item"), reconciliation.per_item)
        if reconciliation.in_doubt is not None:
            yield from (((*at, "in_doubt", "of"), r) for r in reconciliation.in_doubt.of)
    for name, batch in c.batches.items():
        yield from _items(("control", "batches", name, "per_item"), batch.per_item)
    for name, failover in c.failovers.items():
        for i, step in enumerate(failover.steps):
            yield from _items(("control", "failovers", name, "steps", i, "per_item"), step.per_item)


def _items(keys: Keys, items: list[PerItem]) -> Iterator[tuple[Keys, str]]:
    yield from (((*keys, i, "of"), reading) for i, item in enumerate(items) for reading in item.of)


def check_reading(index: ArchitectureIndex, keys: Keys, reading: str) -> list[Finding]:
    """A finding, at these keys, if the reading ``kind/name/field`` is not defined; its kind exists."""
    kind, name, field = parse_metric(reading)
    if field not in FIELDS[kind]:
        return [Finding(keys, f"a {kind} has no reading {field!r}", f"it has {', '.join(FIELDS[kind])}")]
    a, base = index.architecture, name.partition("#")[0]
    names: dict[str, Collection[str]] = {
        "pool": a.pools,
        "unit": a.services,
        "flow": a.flows,
        "link": index.links,
        "call": [*a.services, CLIENT],
        "operation": [body.name for body in index.bodies.values() if not body.is_flow],
        "limit": a.limits,
    }
    subject = name.partition(".")[0] if kind == "call" else base
    if subject not in names[kind]:
        return [Finding(keys, f"{reading}: no {kind} named {subject!r}", suggest(subject, names[kind]))]
    if kind == "call" and name not in index.call_sites:
        own = [site.name for site in index.call_sites.values() if site.caller == subject]
        return [Finding(keys, f"{reading}: {subject} has no call {name!r}", suggest(name, own))]
    if kind not in ("unit", "pool", "limit"):
        return []
    known = [i.name for i in index.instances_of(base)] if kind == "unit" else index.resource_names(base)
    hint = f"{base} has #0 to #{len(known) - 1}" if base not in known else f"{base} is one for all"
    return [] if name in known else [Finding(keys, f"{reading}: not one {'instance' if kind == 'unit' else kind}", hint)]


def _rules(a: Architecture, c: Control) -> list[Finding]:
    """What is wrong though every name exists."""
    twice = [name for name, times in Counter(alarm_names(c)).items() if times > 1]
    hint = "give monitors, robots, complaints and checklists different names"
    found = [Finding(("control",), f"several sources of alarms are named {name!r}", hint) for name in twice]
    hint = "rename one: `needs` could mean either"
    found += [Finding(("control", "files", n), f"a batch is named {n!r} too", hint) for n in c.files if n in c.batches]
    for name, failover in c.failovers.items():
        standby: Standby | None = a.services[failover.service].standby if failover.service in a.services else Standby()
        if standby is None:
            at: Keys = ("control", "failovers", name, "service")
            found.append(Finding(at, f"{failover.service} has no standby to go over to", "give the service a standby"))
        drops = any("drop_sessions" in step.does for step in failover.steps)
        if drops and all(flow.kind != "login" for flow in a.flows.values()):
            found.append(Finding(("control", "failovers", name), "drop_sessions needs a flow of kind login", "add one"))
    return found
