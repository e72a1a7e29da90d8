"""What one run showed: everything measured, what each step of the method did, why it is no valid experiment, and the verdict.

Reads the journal and the scenario; docs/verdicts.md has the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from chaos.checkers.catalogue import check_all
from chaos.documents.scenario import MustHappen, Scenario
from chaos.documents.scenario import Objective as StatedObjective
from chaos.documents.severity import RuleSet
from chaos.faults.fault import Fault
from chaos.i18n.findings import reason_text
from chaos.judgement import causes, severity
from chaos.judgement.verdict import Judgement, SeedOutcome, judge_run, seed_outcome
from chaos.measures.catalogue import measures as known_measures
from chaos.measures.compute import Computed, compute, confirmed_before, counted, grown
from chaos.measures.intervals import EvaluationSpec, Objective
from chaos.measures.registry import MeasuredRun
from chaos.results.findings import (
    Aborted,
    DidNotHappen,
    NeverJudged,
    NoEffect,
    NotDone,
    NothingConfirmed,
    NothingExercised,
    NotReached,
    Reason,
    Unknowable,
)
from chaos.results.run import (
    CounterFigures,
    FaultEvidence,
    Measures,
    PropertyFinding,
    TimelineLine,
    orders_of,
)
from simcore.base.units import SECOND
from simcore.journal.model import Event, Journal, all_rejected_wrongly
from simcore.journal.summary import Figures, FlowFigures
from simcore.journal.summary import figures as figures_of
from simcore.model.architecture import Flow
from simcore.model.index import ArchitectureIndex
from simcore.model.patience import client_timeout

Flows = Mapping[str, Flow]
NO_FLOWS: Flows = MappingProxyType({})
"""Of a journal whose architecture nobody knows: an answer is due within an evaluation interval."""


@dataclass(frozen=True)
class Assessment:
    """What a run showed. `invalid` says why it was no valid experiment, `missed` what must happen and did not, `doubts` why it
    cannot pass. `given_up_ns`: it was given up then, after its first step; what had not happened by then is no reason against it."""

    spec: EvaluationSpec
    measures: Measures
    properties: dict[str, PropertyFinding]
    faults: list[FaultEvidence]
    invalid: list[Reason]
    missed: list[Reason]
    doubts: list[Reason]
    judgement: Judgement
    given_up_ns: int | None = None

    @property
    def measured(self) -> MeasuredRun:
        """What was measured, as measures read it."""
        unseen = None if self.given_up_ns is None else max(0, self.spec.window[1] - self.given_up_ns) / SECOND
        return MeasuredRun(self.measures, self.properties, unseen)

    @property
    def valid(self) -> bool:
        """Whether it was a valid experiment, or was given up after its first step: what it shows then counts over the seeds."""
        return self.given_up_ns is not None or not (self.invalid or self.missed)

    def outcome(self, scenario: Scenario) -> SeedOutcome:
        """What the run counts for over the seeds of its scenario."""
        open_ = [e.measure for e in self.judgement.expectations if e.not_compared]
        return seed_outcome(scenario, self.measured, self.judgement.verdict, valid=self.valid, not_compared=open_)


def assess(
    scenario: Scenario,
    watchers: Mapping[str, str],
    journal: Journal,
    figures: Figures,
    rules: Mapping[str, RuleSet],
    metrics: Sequence[str] = (),
    flows: Flows = NO_FLOWS,
) -> Assessment:
    """Measures and judges a run. `watchers` says of each alarm's name what raises it: a monitor, a robot, customers; `rules` are those
    that grade how severe it was, by name; `metrics` are counted beside those that the scenario's measures need; `flows` are those of the
    architecture."""
    spec = spec_of(scenario, watchers, journal, flows)
    computed = compute(journal, spec)
    counters = {metric: counted(journal, metric, spec.since) for metric in dict.fromkeys((*scenario.counters, *metrics))}
    measures = _measures(journal, spec, figures, scenario, computed, rules).model_copy(update={"counters": counters})
    wrongly = _if_rejected_wrongly(journal, spec, scenario, rules, counters)
    properties = check_all(journal)
    faults = _evidence(scenario, journal)
    given_up = journal.given_up_ns if (journal.given_up_ns or 0) > spec.since else None
    evidence = faults if given_up is None else _ended(faults, journal)
    invalid, doubts = _invalid(journal, computed, evidence), _doubts(journal, computed, evidence)
    # Without a step the window itself is what is judged: what is broken in it fails, though nothing was confirmed.
    (doubts if spec.first_action is None else invalid).extend(_never_confirmed(journal, spec))
    since = min((s.at for s in scenario.method), default=scenario.start)
    missed: list[Reason] = [
        DidNotHappen(event=m.event, subject=m.subject, counter=m.counter, at_least=m.at_least)
        for m in scenario.must_happen
        if not _happened(m, journal, since)
    ]
    if given_up is None:
        invalid = [*_unknowable(journal), *invalid]
        judgement = judge_run(scenario, measures, properties, [*invalid, *missed], doubts, wrongly=wrongly)
        return Assessment(spec, measures, properties, faults, invalid, missed, doubts, judgement)
    doubts = [*_unknowable(journal), *doubts]
    judgement = judge_run(scenario, measures, properties, invalid, doubts, (spec.window[1] - spec.until) / SECOND, wrongly)
    return Assessment(spec, measures, properties, faults, invalid, [], doubts, judgement, given_up)


def _if_rejected_wrongly(
    journal: Journal,
    spec: EvaluationSpec,
    scenario: Scenario,
    rules: Mapping[str, RuleSet],
    counters: Mapping[str, CounterFigures],
) -> Measures | None:
    """What was measured if everything rejected from the first step on was rejected wrongly of which nobody knows whether it was: for want of
    a control run, or of rows to compare. None if there is nothing of the kind."""
    if spec.first_action is None:
        return None
    worst = None if journal.controlled else all_rejected_wrongly(journal, spec.first_action)
    bare = [flow for flow in journal.meta.flow_kinds if _rejects_without_rows(journal, flow, spec.first_action)]
    if worst is None and not bare:
        return None
    judged, asked = worst or journal, replace(spec, none_rightly=True)
    figures = figures_of(judged)
    flows = {name: _none_rightly(of) if name in bare else of for name, of in figures.flows.items()}
    figures = figures.model_copy(update={"flows": flows})
    found = _measures(judged, asked, figures, scenario, compute(judged, asked), rules)
    return found.model_copy(update={"counters": counters})


def _rejects_without_rows(journal: Journal, flow: str, since: int) -> bool:
    """Whether a flow without rows rejects anything from then on, ns."""
    if flow in journal.meta.recorded_flows or not journal.has_series("flow", flow, "rejected"):
        return False
    return bool(journal.series("flow", flow, "rejected")[journal.seconds + SECOND > since].any())


def _none_rightly(flow: FlowFigures) -> FlowFigures:
    """A flow's figures if all that it rejected was rejected wrongly."""
    ended = flow.confirmed + flow.rejected + flow.failed_all
    return flow.model_copy(update={"success": flow.confirmed / ended if ended else None})


def causes_of(found: Assessment, journal: Journal, index: ArchitectureIndex) -> list[causes.Link]:
    """The causal chain of a run that was assessed."""
    return causes.chain(journal, index, found.faults, found.spec)


def spec_of(scenario: Scenario, watchers: Mapping[str, str], journal: Journal, flows: Flows = NO_FLOWS) -> EvaluationSpec:
    """What a scenario asks of a run's journal; `flows` are those of the architecture."""
    steady = scenario.steady_state
    objectives = {
        flow: Objective(
            o.success,
            o.latency.quantile if o.latency else None,
            o.latency.at_most if o.latency else None,
            o.min_count,
            o.goodput,
            _answer_by(o, flows.get(flow), steady.every),
            o.late,
            o.reported_late,
        )
        for flow, o in steady.objectives.items()
    }
    healed = {e.detail.get("step"): e.t_ns for e in journal.events if e.what == "fault_healed"}
    over = [None if (after := s.fault.over_after()) is None else s.at + after for s in scenario.method]
    ends = [[t for t in (healed.get(i), by_itself) if t is not None] for i, by_itself in enumerate(over)]
    return EvaluationSpec(
        window=(scenario.window.begin, scenario.window.end),
        every=steady.every,
        hold=steady.hold,
        objectives=objectives,
        first_action=min((s.at for s in scenario.method), default=None),
        cleared_at=max(map(min, ends), default=0) if all(ends) else None,
        watchers=watchers,
        given_up=journal.given_up_ns,
    )


def _answer_by(objective: StatedObjective, flow: Flow | None, every: int) -> int:
    """So long after its submission a request has to have an answer, ns."""
    if objective.answer_by is not None:
        return objective.answer_by
    if objective.latency is not None:
        return objective.latency.at_most
    patience = client_timeout(flow.steps) if flow is not None else None
    return every if patience is None else patience


def _measures(
    journal: Journal, spec: EvaluationSpec, figures: Figures, scenario: Scenario, computed: Computed, rules: Mapping[str, RuleSet]
) -> Measures:
    """Everything measured. Orders are those whose flow is of kind order, submitted in the window."""
    impairment, customers, unsteady = computed.impairment, computed.customers, computed.unsteady
    harm = severity.Harm(
        impairment.impaired_s, impairment.share_lost, customers.customers_active or 0, customers.customers_affected or 0
    )
    extensions = known_measures().computed(journal, spec)
    found = Measures(
        orders=orders_of(figures.orders),
        flows=figures.flows,
        client_truth=figures.client_truth,
        severity={name: severity.grade(rule_set, harm, scenario.system) for name, rule_set in rules.items()},
    )
    parts = (impairment, computed.response, customers, computed.batches, computed.stability)
    more: dict[str, object] = {name: getattr(part, name) for part in parts for name in part.model_fields_set}
    more |= {"unsteady_because": reason_text(unsteady)["en"] if unsteady is not None else ""}
    return found.model_copy(update=more | ({"extensions": extensions} if extensions else {}))


def _evidence(scenario: Scenario, journal: Journal) -> list[FaultEvidence]:
    """Of each step of the method: when it began and ended, what it hit, and whether it exercised anything."""
    found = []
    for i, step in enumerate(scenario.method):
        of_step = [e for e in journal.events if e.detail.get("step") == i and e.what.startswith("fault_")]
        by_kind = {e.what: e for e in of_step}
        started, counted = by_kind.get("fault_started"), by_kind.get("fault_exercised")
        failed = next((str(e.detail["why"]) for e in of_step if e.what == "fault_failed"), None)
        grown = int(counted.detail["grown"] or 0) if counted else 0
        took = (
            started is not None
            and counted is not None
            and failed is None
            and step.fault.took_effect(journal, started.t_ns, counted.t_ns, grown)
        )
        found.append(
            FaultEvidence(
                name=step.label,
                fault=step.given()[0][0],
                began_ns=started.t_ns if started else None,
                ended_ns=by_kind["fault_healed"].t_ns if "fault_healed" in by_kind else None,
                over_ns=_over(step.fault, by_kind, journal),
                targets=str(started.detail["targets"]).split(", ") if started else [],
                grown=grown,
                took_effect=bool(took),
                failed=failed,
                without_target="fault_without_target" in by_kind,
                unreached_ns=step.at if started is None and _ended_before(journal, i, step.at) else None,
            )
        )
    return found


def _ended_before(journal: Journal, number: int, at: int) -> bool:
    """Whether the run was aborted, or given up, before the step of this number was to begin, at `at`, ns."""
    skipped = any(e.what == "fault_skipped" and e.detail.get("step") == number for e in journal.events)
    return skipped or (journal.given_up_ns is not None and at >= journal.given_up_ns)


def _over(fault: Fault, of_step: Mapping[str, Event], journal: Journal) -> int | None:
    """Since when a step's effect was over otherwise than by its healing, from its events, or because it is over by itself."""
    after, started, healed = fault.over_after(), of_step.get("fault_started"), of_step.get("fault_healed")
    if after is not None and started is not None and (healed is None or started.t_ns + after < healed.t_ns):
        return started.t_ns + after
    if "fault_over" in of_step:
        return int(of_step["fault_over"].detail["since"] or 0)
    left = "fault_healed" in of_step and bool(of_step["fault_healed"].detail.get("left"))
    return journal.meta.end_ns if left else None


def _ended(faults: Sequence[FaultEvidence], journal: Journal) -> list[FaultEvidence]:
    """The steps whose end was reached, and those whose beginning was not: of the others nobody knows what they would have met."""
    ended = {e.detail.get("step") for e in journal.events if e.what == "fault_exercised"}
    return [
        fault
        for i, fault in enumerate(faults)
        if i in ended or fault.failed is not None or fault.without_target or fault.unreached_ns is not None
    ]


def _unknowable(journal: Journal) -> list[Reason]:
    """Why the simulation itself cannot tell, if so."""
    return [] if journal.unknown_reason is None else [Unknowable(why=journal.unknown_reason)]


def _invalid(journal: Journal, computed: Computed, faults: Sequence[FaultEvidence]) -> list[Reason]:
    """Why this was no valid experiment."""
    invalid: list[Reason] = []
    if _nothing_judged(computed):
        invalid.append(NothingExercised())
    if computed.unsteady is not None:
        invalid.append(computed.unsteady)
    return invalid + ([] if _any_exercised(faults) else _idle(faults))


def _nothing_judged(computed: Computed) -> bool:
    """Whether no evaluation interval had enough requests to judge any objective."""
    intervals = computed.impairment.windows
    return intervals is not None and not intervals.steady and not intervals.violated


def _idle(faults: Sequence[FaultEvidence]) -> list[Reason]:
    """The steps that never took effect, of those that the run came to."""
    return [
        NoEffect(step=fault.name)
        for fault in faults
        if fault.failed is None and not fault.took_effect and not fault.without_target and fault.unreached_ns is None
    ]


def _any_exercised(faults: Sequence[FaultEvidence]) -> bool:
    """Whether some step showed what it had to show, if only that there is nothing of it here."""
    return any(fault.took_effect or fault.without_target for fault in faults)


def _unreached(journal: Journal, faults: Sequence[FaultEvidence]) -> list[Reason]:
    """The steps that the run ended before, with when and why it did."""
    aborted = next((e for e in journal.events if e.what == "aborted"), None)
    return [
        NotReached(step=fault.name, at_ns=at, ended_ns=aborted.t_ns, condition=aborted.subject)
        if aborted is not None
        else NotReached(step=fault.name, at_ns=at, ended_ns=journal.ended_ns, why=journal.unknown_reason)
        for fault in faults
        if (at := fault.unreached_ns) is not None
    ]


def _never_confirmed(journal: Journal, spec: EvaluationSpec) -> list[Reason]:
    """Flows that show nothing because none of their requests is confirmed: each flow with an objective, and orders."""
    orders = [flow for flow, kind in journal.meta.flow_kinds.items() if kind == "order"]
    flows = [[flow] for flow in spec.objectives]
    if not set(orders) & set(spec.objectives) and any(journal.total("flow", flow, "started") > 0 for flow in orders):
        flows.append(orders)
    return [NothingConfirmed(flows=group) for group in flows if not confirmed_before(journal, group, spec)]


def _doubts(journal: Journal, computed: Computed, faults: Sequence[FaultEvidence]) -> list[Reason]:
    """Why the run cannot pass though what it shows may fail."""
    flows = [] if _nothing_judged(computed) else computed.never_judged
    doubts: list[Reason] = [NotDone(step=fault.name, why=fault.failed) for fault in faults if fault.failed is not None]
    doubts += [NeverJudged(flows=flows)] if flows and journal.given_up_ns is None else []
    doubts += _idle(faults) if _any_exercised(faults) else []
    doubts += _unreached(journal, faults)
    return doubts + [Aborted(condition=e.subject) for e in journal.events if e.what == "aborted"]


def _happened(condition: MustHappen, journal: Journal, since: int) -> bool:
    if condition.counter is not None:
        return grown(journal, condition.counter, since) >= condition.at_least
    found = sum(e.what == condition.event and e.t_ns >= since and condition.subject in (None, e.subject) for e in journal.events)
    return found >= condition.at_least


def timeline_of(scenario: Scenario, journal: Journal) -> list[TimelineLine]:
    """The published timeline of a reproduction with the simulated time of each line that names an event."""
    lines = []
    for line in scenario.record.timeline if scenario.record else ():
        at = (
            next((e.t_ns for e in journal.events if e.what == line.event and line.subject in (None, e.subject)), None)
            if line.event
            else None
        )
        lines.append(TimelineLine(published_ns=line.at, what=line.what, event=line.event, simulated_ns=at))
    return lines
