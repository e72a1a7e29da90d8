"""What a scenario names that its system does not have, found before anything runs."""

from __future__ import annotations

from chaos.documents.library import library
from chaos.documents.scenario import Scenario
from chaos.execution.target.executor import EVENT_WORDS
from chaos.measures.catalogue import measures
from simcore.base.errors import suggest
from simcore.control.event_names import BREAKER_WORDS, VOCABULARY
from simcore.files.validation import Finding, Keys
from simcore.model.index import ArchitectureIndex
from simcore.model.metrics import FIELDS
from simcore.model.references import check_reading


def name_findings(scenario: Scenario, index: ArchitectureIndex) -> list[Finding]:
    """What a scenario speaks of that the architecture does not have, nor a journal, nor the shipped rule sets."""
    architecture = index.architecture
    flows, found = architecture.flows, []
    for flow, objective in scenario.steady_state.objectives.items():
        keys = ("steady_state", "objectives", flow)
        if flow not in flows:
            found.append(Finding(keys, f"the architecture has no flow {flow!r}", suggest(flow, flows), at_key=True))
        elif objective.latency is not None and not flows[flow].record:
            found.append(
                Finding(
                    (*keys, "latency"),
                    f"the flow {flow} keeps no row an intent",
                    "leave latency out, or set record: true for the flow",
                )
            )
    for i, expectation in enumerate(scenario.expect):
        measured = measures().find(expectation.measure).flow
        if measured is not None and measured not in flows:
            found.append(
                Finding(("expect", i, "measure"), f"the architecture has no flow {measured!r}", suggest(measured, flows))
            )
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
    named: list[tuple[Keys, str]] = [(("expect", i, "measure"), e.measure) for i, e in enumerate(scenario.expect)]
    outcomes = scenario.record.outcomes if scenario.record else ()
    named += [(("record", "outcomes", i, "measure"), o.measure) for i, o in enumerate(outcomes)]
    readings += [(keys, counter) for keys, name in named if (counter := measures().find(name).counter) is not None]
    readings += [(("must_happen", i, "counter"), m.counter) for i, m in enumerate(scenario.must_happen) if m.counter]
    return found + [f for keys, reading in readings for f in check_reading(index, keys, reading) or _counted(keys, reading)]


def _word_findings(scenario: Scenario) -> list[Finding]:
    """Words of the journal that it never has, and rule sets that are not shipped."""
    words, rules = {*VOCABULARY, *BREAKER_WORDS, *EVENT_WORDS}, library().shipped("severity")
    events: list[tuple[Keys, str | None]] = [(("must_happen", i, "event"), m.event) for i, m in enumerate(scenario.must_happen)]
    events += [
        (("record", "timeline", i, "event"), line.event)
        for i, line in enumerate(scenario.record.timeline if scenario.record else ())
    ]
    found = [
        Finding(keys, f"the journal has no event {word!r}", suggest(word, words))
        for keys, word in events
        if word is not None and word not in words
    ]
    for i, expectation in enumerate(scenario.expect):
        graded_by = measures().find(expectation.measure).rules
        if graded_by is not None and graded_by not in rules:
            found.append(Finding(("expect", i, "measure"), f"no rule set is called {graded_by!r}", suggest(graded_by, rules)))
    return found


def _counted(keys: Keys, reading: str) -> list[Finding]:
    """An instant neither grows nor is reached."""
    mend = f"count another of {', '.join(field for field in FIELDS['unit'] if field != 'down_since')}"
    return [Finding(keys, f"{reading}: is an instant, not a counter", mend)] if reading.endswith("/down_since") else []
