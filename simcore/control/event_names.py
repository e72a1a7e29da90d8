"""The words the control plane writes into the journal: `what` of each event. docs/control.md prints the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simcore.control.handles import Core

VOCABULARY: dict[str, str] = {
    "phase": "a phase of the trading day begins",
    "gate": "a gate opens or shuts (open, held_by)",
    "day_settled": "open orders have expired, today's shares can be sold",
    "alarm": "an alarm is raised (layer, points_at, team)",
    "false_alarm": "an alarm is raised though its metric is within the threshold",
    "alarm_silenced": "an alarm would have been raised, but is silenced",
    "alarm_unrouted": "an alarm is raised that goes to nobody",
    "alarm_misrouted": "an alarm goes to the wrong team",
    "alarm_cleared": "the alarm's metric is within its threshold again",
    "probe_failed": "an inspection robot's synthetic intent failed or was too slow (code)",
    "complaints": "customers complained by telephone (count)",
    "sessions_dropped": "customers with an open client have lost their session and log in again (count)",
    "called_in": "nobody is free on duty: somebody is called in",
    "ack": "somebody of the team has taken the alarm up",
    "handed_over": "the team passes a misrouted alarm on",
    "detect": "people know: end of the detection time",
    "diagnosed": "the team knows, or thinks it knows, what to do (runbook)",
    "nothing_found": "the alarm was false, or its cause was gone before anything was done",
    "incident_merged": "what to do is under way for another incident: the two are one (into)",
    "no_runbook": "nothing left to try and no vendor to ask",
    "approval_asked": "somebody in the approval chain is asked",
    "approved": "somebody in the approval chain agrees",
    "decide": "approval is complete enough to begin: end of the decision time",
    "automation_started": "an automated runbook begins with its check",
    "automation_stopped": "the alarm has cleared during an automated runbook's check",
    "automation_failed": "an automated runbook did not clear the alarm",
    "action_started": "a person or an automated runbook begins an action (error_probability)",
    "action_error": "the action is done wrongly (how)",
    "action_done": "the action's last command is given",
    "action_failed": "the action could not be done (why)",
    "action_called_off": "before the action's command a look shows that the trouble is over: nothing is done",
    "act": "an action has been done: end of the acting time",
    "verified": "after the action the team checks whether the alarms' causes are gone (ok)",
    "restore": "the causes of the incident's alarms are gone after an action: end of the restoration time",
    "vendor_called": "the incident is escalated to the vendor",
    "vendor_tried": "the vendor has tried to fix it (ok)",
    "incident_closed": "the team is done with the incident",
    "check_done": "a line of a checklist is done",
    "check_skipped": "a line of a checklist is left out",
    "check_found": "a line of a checklist finds something",
    "check_overlooked": "a line of a checklist had something to find and did not",
    "change": "a change to a service (it drifts from its standby)",
    "rolled_back": "the last change to a service is undone",
    "rollback_failed": "undoing the last change to a service failed: it stays as it is",
    "failover_started": "a failover begins (by)",
    "failover_step": "a step of a failover ends (ok, why)",
    "failover_skipped": "a step of a failover is left out by mistake or by rule",
    "failover_aborted": "a failover is given up and the primary put back",
    "failover_called_off": "before a failover's first effect a look shows that the trouble is over: nothing is done",
    "failover_done": "the standby serves",
    "unreplicated_lost": "what the primary had not yet sent to its standby is gone (lag_ns)",
    "lag_met": "what faults add to the lag of a standby counts: the failover waits for it, or what was not sent is gone (added_ns)",
    "drill_started": "a drill begins (steps)",
    "drill_done": "a drill has exercised the failover (repaired)",
    "reconciliation_started": "core and counterparty are compared (items)",
    "reconciled": "core and counterparty agree again (differences)",
    "file_arrived": "a file has come and its check has passed",
    "file_late": "a file will come late",
    "file_corrupt": "a file's check fails: it is asked for again",
    "file_missing": "a file has not come: it is asked for",
    "file_bad_undetected": "a corrupt file passes its check",
    "batch_waiting": "a batch is due but lacks what it needs",
    "batch_started": "a batch begins",
    "batch_failed": "a batch fails (it is run again unless gave_up)",
    "batch_done": "a batch is done",
    "batch_overrun": "a batch is done only after the gates it holds should have opened",
}


BREAKER_WORDS = ("breaker_opened", "breaker_half_open", "breaker_closed")
"""What the kernel writes of the breakers of a call site."""


def note(core: Core, what: str, subject: str, **detail: str | int | float | bool | None) -> None:
    """Log an event, insisting on the vocabulary."""
    assert what in VOCABULARY, what
    core.log(what, subject, **detail)
