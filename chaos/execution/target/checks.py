"""What a scenario names that its system does not have, found before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

from chaos.documents.library import library
from chaos.documents.scenario import Objective, Scenario
from chaos.execution.target.executor import EVENT_WORDS
from chaos.measures.catalogue import measures
from simcore.base.errors import suggest
from simcore.control.event_names import BREAKER_WORDS, VOCABULARY
from simcore.files.validation import Finding, Keys
from simcore.model.architecture import Flow
from simcore.model.index import ArchitectureIndex
from simcore.model.metrics import FIELDS
from simcore.model.patience import client_timeout
from simcore.model.references import check_reading


def name_findings(scenario: Scenario, index: ArchitectureIndex) -> list[Finding]:
    """What a scenario speaks of that the architecture does not have, nor a journal, nor the shipped rule sets."""
    architecture = index.architecture
    flows, found = architecture.flows, []
    for flow, objective in scenario.steady_state.objectives.items():
        keys = ("steady_state", "objectives", flow)
        if flow not in flows:
            found.append(Finding(keys, f"the architecture has no flow {flow!r}", suggest(flow, flows), at_key=True))
        else:
            found += _objective_findings(keys, objective, flow, flows[flow])
    for i, expectation in enumerate(scenario.expect):
        found += measure_findings(expectation.measure, ("expect", i, "measure"), index)
    for i, rollback in enumerate(scenario.rollbacks):
        for kind, name in (
            ("services", rollback.restart),
            ("services", rollback.release),
            *(("pools", p) for p in rollback.pools or ()),
        ):
            known = getattr(architecture, kind)
            if name is not None and name not in known:
                found.append(Finding(("rollbacks", i), f"there is no {name!r} among the {kind}", suggest(name, known)))
    found += _word_findings(scenario)
    readings: list[tuple[Keys, str]] = [(("abort", i, "counter"), a.counter) for i, a in enumerate(scenario.abort)]
    outcomes = enumerate(scenario.record.outcomes if scenario.record else ())
    named: list[tuple[Keys, str]] = [(("record", "outcomes", i, "measure"), o.measure) for i, o in outcomes]
    readings += [(keys, counter) for keys, name in named if (counter := measures().find(name).counter) is not None]
    readings += [(("must_happen", i, "counter"), m.counter) for i, m in enumerate(scenario.must_happen) if m.counter]
    return found + [f for keys, reading in readings for f in check_reading(index, keys, reading) or _counted(keys, reading)]


def _objective_findings(keys: Keys, objective: Objective, name: str, flow: Flow) -> Iterator[Finding]:
    """What an objective asks of a flow that keeps no rows, and one of a flow that keeps them which nothing says an end of waiting of."""
    if objective.latency is not None and not flow.record:
        yield Finding(
            (*keys, "latency"), f"the flow {name} keeps no row an intent", "leave latency out, or set record: true for the flow"
        )
    for word in ("late", "reported_late"):
        if getattr(objective, word) is not None and flow.kind != "order":
            yield Finding((*keys, word), f"the flow {name} is not of kind order", "ask it of a flow of orders")
    if flow.record and objective.answer_by is None and objective.latency is None and client_timeout(flow.steps) is None:
        message = f"nothing says by when a {name} has to be answered: its client waits for ever"
        yield Finding(keys, message, "give answer_by, a latency, or the flow's own calls a timeout", at_key=True)


def _word_findings(scenario: Scenario) -> list[Finding]:
    """Words of the journal that it never has."""
    words = {*VOCABULARY, *BREAKER_WORDS, *EVENT_WORDS}
    events: list[tuple[Keys, str | None]] = [(("must_happen", i, "event"), m.event) for i, m in enumerate(scenario.must_happen)]
    events += [
        (("record", "timeline", i, "event"), line.event)
        for i, line in enumerate(scenario.record.timeline if scenario.record else ())
    ]
    return [
        Finding(keys, f"the journal has no event {word!r}", suggest(word, words))
        for keys, word in events
        if word is not None and word not in words
    ]


def measure_findings(name: str, keys: Keys, index: ArchitectureIndex) -> list[Finding]:
    """What a measure is a measure of, and there is not: a flow, a metric, a rule set."""
    measure, flows, rules = measures().find(name), index.architecture.flows, library().shipped("severity")
    if measure.flow is not None and measure.flow not in flows:
        return [Finding(keys, f"the architecture has no flow {measure.flow!r}", suggest(measure.flow, flows))]
    if measure.declared.of_rows and measure.flow is not None and not flows[measure.flow].record:
        hint = "set record: true for the flow, or take another measure"
        return [Finding(keys, f"the flow {measure.flow} keeps no row an intent: in the window nobody knows it", hint)]
    if measure.rules is not None and measure.rules not in rules:
        return [Finding(keys, f"no rule set is called {measure.rules!r}", suggest(measure.rules, rules))]
    if measure.counter is not None:
        return check_reading(index, keys, measure.counter) or _counted(keys, measure.counter)
    return []


def _counted(keys: Keys, reading: str) -> list[Finding]:
    """An instant neither grows nor is reached."""
    hint = f"count another of {', '.join(field for field in FIELDS['unit'] if field != 'down_since')}"
    return [Finding(keys, f"{reading}: is an instant, not a counter", hint)] if reading.endswith("/down_since") else []
