"""A run in a few sentences: what failed first, what it dragged down, who noticed, who decided what, who was affected."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from chaos.i18n.causal import action_title, came_of_it, outage_texts, taken_text
from chaos.i18n.names import fault_name, own_text
from chaos.i18n.texts import LocalizedText, display_name, duration_text, join, lookup, translate, untranslated
from chaos.measures.formatting import instant, number
from chaos.reports.run.headline import discrepancy
from chaos.results.counterfactuals import ActionEffect, ActionTaken, CauseGraph
from chaos.results.run import FaultEvidence, Measures, RunResult
from chaos.results.stored_run import StoredRun
from simcore.base.units import SECOND

STEPS, TARGETS, ACTIONS = 4, 4, 3
REFUSED = ("rejected", "blocked", "failed")
"""What customers see of an order that they take not to be placed."""
AT_THE_EXCHANGE = ("placed_once", "duplicated", "orphan", "late")


class Sentence(NamedTuple):
    """A sentence, and the instant it is about, ns, if it is one."""

    t_ns: int | None
    text: LocalizedText


def story(stored: StoredRun) -> list[Sentence]:
    """The sentences, in the order of time as far as they have one."""
    return _in_order([*_happened(stored), *_outages(stored.run)]) + [_affected(stored)]


class StoryPart(NamedTuple):
    """The sentences about one outage under its heading; what belongs to none has no heading."""

    title: LocalizedText | None
    sum: LocalizedText | None
    sentences: list[Sentence]


def story_parts(stored: StoredRun) -> list[StoryPart]:
    """The story by outage: to each belongs what happened since the one before, up to its end."""
    run, parts = stored.run, []
    rest = _in_order(_happened(stored)) + [_affected(stored)]
    for i, (outage, text) in enumerate(zip(run.outages, outage_texts(run), strict=True)):
        mine = [s for s in rest if s.t_ns is not None and s.t_ns <= outage.end_ns]
        rest = [s for s in rest if s not in mine]
        parts.append(StoryPart(translate("outage.title", n=i + 1, of=len(run.outages)), text, mine))
    return [*parts, StoryPart(None, None, rest)]


def _in_order(sentences: list[Sentence]) -> list[Sentence]:
    """Those about an instant first, by time."""
    timed = sorted((s for s in sentences if s.t_ns is not None), key=lambda s: s.t_ns or 0)
    return [*timed, *(s for s in sentences if s.t_ns is None)]


def _happened(stored: StoredRun) -> list[Sentence]:
    """What was injected, what it did, who noticed, what was done and when it was over; the outages as such are `_outages`."""
    found = [*_injected(stored.run), *_dragged(stored.run)]
    if stored.run.measures.first_violation_ns is not None:
        return [*found, _noticed(stored), *_acted(stored.run), _recovered(stored)]
    if stored.run.measures.impaired_s is not None:
        found.append(Sentence(None, translate("story.calm")))
        if stored.run.measures.first_noticed is not None:
            found += [_noticed(stored), *(_acted(stored.run) if stored.run.actions else [])]
    return found


def _injected(run: RunResult) -> list[Sentence]:
    """A sentence for each step, the first of them by time; that there are more, if so; and which the architecture has nothing for."""
    absent = [translate("story.fault.absent", name=own_text(run, step.name)) for step in run.faults if step.without_target]
    begun = sorted((s for s in run.faults if s.began_ns is not None), key=lambda s: s.began_ns or 0)
    if not begun:
        return [Sentence(None, text) for text in absent or [translate("story.nofault")]]
    found = [Sentence(step.began_ns, _step(step, run, first=step is begun[0])) for step in begun[:STEPS]]
    if len(begun) > STEPS:
        found.append(Sentence(begun[STEPS].began_ns, translate("story.fault.more", n=len(begun) - STEPS)))
    return found + [Sentence(None, text) for text in absent]


def _step(step: FaultEvidence, run: RunResult, *, first: bool) -> LocalizedText:
    """What was injected where; that it took no effect, if so."""
    targets = [display_name(target.partition("/")[2] or target, run.own_names) for target in step.targets[:TARGETS]]
    text = translate(
        "story.fault" if first else "story.fault.then",
        name=own_text(run, step.name),
        fault=fault_name(step.fault),
        target=join(targets) if targets else untranslated("–"),
    )
    return text if step.took_effect else join([text, translate("story.fault.idle")], " ", "")


def _dragged(run: RunResult) -> list[Sentence]:
    """Pools that filled up and flows that failed, outage by outage, the same as in its chain of causes, in time order."""
    sentences = []
    for graph in run.chains:
        pools = [node for node in graph.nodes if node.kind == "pool"]
        names = [display_name(name, run.own_names) for name in dict.fromkeys(name for node in pools for name in node.names)]
        if names:
            sentences.append(Sentence(pools[0].t_ns, translate("story.pools", pools=join(names))))
        flows = sorted(suffering(graph).items(), key=lambda flow: (flow[1], flow[0]))
        named = [_since(display_name(name, run.own_names), t_ns) for name, t_ns in flows]
        named += [display_name(name, run.own_names) for name in graph.unexplained]
        if named:
            sentences.append(Sentence(flows[0][1] if flows else graph.begin_ns, translate("story.flows", flows=join(named))))
    return sorted(sentences, key=lambda sentence: sentence.t_ns or 0)


def suffering(graph: CauseGraph) -> dict[str, int]:
    """The flows that a chain leads to, and since when each was not well, ns."""
    found: dict[str, int] = {}
    for member in (m for node in graph.nodes if node.kind == "customers" for m in node.members):
        found[member.name] = min(found.get(member.name, member.t_ns), member.t_ns)
    return found


def _since(name: LocalizedText, t_ns: int) -> LocalizedText:
    return join([name, untranslated(f"({instant(t_ns)})")], " ", "")


def _noticed(stored: StoredRun) -> Sentence:
    metrics = stored.run.measures
    begun = min((step.began_ns for step in stored.run.faults if step.began_ns is not None), default=0)
    since = metrics.first_violation_ns if metrics.first_violation_ns is not None else begun
    if metrics.first_noticed is None or metrics.first_noticed_s is None:
        return Sentence(None, translate("story.unnoticed"))
    at = since + round((metrics.first_noticed_s - (metrics.first_noticed_before_s or 0.0)) * SECOND)
    parts = {
        "who": lookup("watcher", metrics.first_noticed),
        "name": display_name(metrics.first_noticed_by or "", stored.run.own_names),
        "when": _when(metrics),
    }
    if metrics.detect_s is None:
        return Sentence(at, translate("story.noticed.only", **parts))
    known = since + round((metrics.detect_s - (metrics.detect_before_s or 0.0)) * SECOND)
    return Sentence(at, translate("story.noticed", **parts, at=instant(known)))


def _when(metrics: Measures) -> LocalizedText:
    """When the first alarm came: so long before or after the violation; without one after the first step."""
    if metrics.first_noticed_before_s is not None:
        return translate("story.before", time=duration_text(metrics.first_noticed_before_s))
    since = translate("story.since.violation" if metrics.first_violation_ns is not None else "story.since.step")
    return translate("story.after", time=duration_text(metrics.first_noticed_s), since=since)


def _acted(run: RunResult) -> list[Sentence]:
    """The first actions; and where runs without one tell what it did, that at the first time it was carried out."""
    shown = run.counterfactuals
    effects = {effect.name: effect for effect in shown.actions} if shown is not None else {}
    found = []
    for action in run.actions[:ACTIONS]:
        effect = effects.pop(action.name, None) if action.may_matter else None
        found.append(Sentence(action.begun_ns or action.approved_ns, _action(action, effect, run.own_names)))
    return found or [Sentence(None, translate("story.undecided"))]


def _action(action: ActionTaken, effect: ActionEffect | None, own: Collection[str]) -> LocalizedText:
    """What was done, and what came of all times that it was."""
    title = action_title(action.verb, action.target, own)
    parts = [translate("story.action", action=title, taken=taken_text(action, own))]
    if effect is not None:
        times = sum(taken.may_matter for taken in effect.taken)
        key = "story.action.effect" if times == 1 else "story.action.effects"
        shown = translate(f"effect.{effect.effect}")
        parts.append(translate(key, effect=shown, difference=came_of_it(effect), times=times))
    return join(parts, " ", "")


def _recovered(stored: StoredRun) -> Sentence:
    metrics = stored.run.measures
    if metrics.recovered_at_ns is None:
        return Sentence(None, translate("story.notrecovered"))
    return Sentence(metrics.recovered_at_ns, translate("story.recovered", after=duration_text(metrics.recovery_s)))


def _outages(run: RunResult) -> list[Sentence]:
    return [
        Sentence(outage.end_ns, join([text, untranslated("")], ".", "。"))
        for outage, text in zip(run.outages, outage_texts(run), strict=True)
    ]


def _affected(stored: StoredRun) -> Sentence:
    orders = stored.run.measures.orders
    figures = {key: number(orders.count(word)) for key, word in _FIGURES.items()}
    text = translate("story.affected", **figures)
    refused = sum(stored.run.measures.client_truth.get(o, {}).get(t, 0) for o in REFUSED for t in AT_THE_EXCHANGE)
    if refused:
        text = join([text, translate("story.mismatch", n=number(refused))], " ", "")
    wrong = discrepancy(stored.run)
    return Sentence(None, join([text, translate("story.truth", what=wrong)], " ", "") if wrong is not None else text)


_FIGURES = {"failed": "failed_orders", "intended": "intended", "blocked": "blocked", "failedin": "failed", "unknown": "unknown"}
