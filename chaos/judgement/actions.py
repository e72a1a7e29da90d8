"""What people, runbooks, vendors and triggers did in a run, read from the events of its journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from chaos.results.counterfactuals import ActionTaken, End
from simcore.journal.model import Event, Journal
from simcore.model.control.runbooks import Runbook
from simcore.model.left_out import action_name

_ENDS: Mapping[str, End] = MappingProxyType({"action_done": "done", "action_failed": "failed", "action_called_off": "called_off"})
_FAILOVER_ENDS: Mapping[str, End] = MappingProxyType(
    {"failover_done": "done", "failover_aborted": "failed", "failover_called_off": "called_off"}
)
TRIGGER = "trigger"


def actions_taken(journal: Journal, runbooks: Mapping[str, Runbook]) -> list[ActionTaken]:
    """Everything that was done or about to be done, in order of time."""
    events = journal.events
    found = [*_begun(events), *_not_needed(events, runbooks), *_triggered(events)]
    return sorted(found, key=lambda a: (a.begun_ns or a.approved_ns or 0, a.name, a.by))


def _begun(events: Sequence[Event]) -> Iterator[ActionTaken]:
    for i, event in enumerate(events):
        if event.what != "action_started":
            continue
        verb, target = str(event.detail["verb"]), str(event.detail["target"])
        later = [e for e in events[i:] if e.subject == event.subject and _name_of(e) == action_name(verb, target)]
        ended = next((e for e in later if e.what in _ENDS), None)
        error = next((str(e.detail["how"]) for e in later if e.what == "action_error" and e.t_ns == event.t_ns), None)
        yield ActionTaken(
            verb=verb,
            target=target,
            by=str(event.detail["by"]),
            subject=event.subject,
            approved_ns=_approved(events[:i], event.subject),
            begun_ns=event.t_ns,
            ended_ns=ended.t_ns if ended else None,
            end=_ENDS[ended.what] if ended else "under_way",
            error=error,
        )


def _name_of(event: Event) -> str:
    return action_name(str(event.detail.get("verb", "")), str(event.detail.get("target", "")))


def _approved(before: Sequence[Event], subject: str) -> int | None:
    return next((e.t_ns for e in reversed(before) if e.what == "decide" and e.subject == subject), None)


def _not_needed(events: Sequence[Event], runbooks: Mapping[str, Runbook]) -> Iterator[ActionTaken]:
    """What was approved when the trouble was over already: the first action of the runbook that was found."""
    for i, event in enumerate(events):
        if event.what != "nothing_found":
            continue
        mine = [e for e in events[:i] if e.subject == event.subject and e.what in ("diagnosed", "decide")]
        if len(mine) < 2 or mine[-1].what != "decide" or str(mine[-2].detail.get("runbook")) not in runbooks:
            continue
        action = runbooks[str(mine[-2].detail["runbook"])].actions[0]
        yield ActionTaken(
            verb=action.verb,
            target=action.target,
            by=str(event.detail["team"]),
            subject=event.subject,
            approved_ns=mine[-1].t_ns,
            end="not_needed",
        )


def _triggered(events: Sequence[Event]) -> Iterator[ActionTaken]:
    """Failovers that began by themselves."""
    for i, event in enumerate(events):
        if event.what == "failover_started" and event.detail.get("by") == TRIGGER:
            ended = next((e for e in events[i:] if e.subject == event.subject and e.what in _FAILOVER_ENDS), None)
            yield ActionTaken(
                verb="failover",
                target=event.subject,
                by=TRIGGER,
                subject=str(event.detail.get("service", event.subject)),
                begun_ns=event.t_ns,
                ended_ns=ended.t_ns if ended else None,
                end=_FAILOVER_ENDS[ended.what] if ended else "under_way",
            )
