"""Actions read from events by hand."""

from __future__ import annotations

from typing import Any

from small_journal import build

from chaos.judgement.actions import actions_taken
from chaos.results.counterfactuals import ActionTaken
from simcore.journal.writer import LoggedEvent
from simcore.model.control.runbooks import Runbook

RUNBOOK = Runbook.model_validate({"alarms": ["queue"], "actions": [{"restart": "core"}, {"failover": "core"}]})
RESTART = {"verb": "restart", "target": "core"}


def read(*events: tuple[int, str, str, dict[str, Any]]) -> list[ActionTaken]:
    return actions_taken(build(events=[LoggedEvent(*event) for event in events]), {"mend": RUNBOOK})


def test_an_action_with_its_approval_its_error_and_its_end() -> None:
    """What happens to another subject, or to another action, is not its end."""
    (found,) = read(
        (1, "decide", "core", {}),
        (2, "decide", "bank", {}),
        (3, "action_started", "core", RESTART | {"by": "desk"}),
        (3, "action_error", "core", RESTART | {"how": "half_done"}),
        (4, "action_done", "bank", RESTART),
        (5, "action_done", "core", {"verb": "failover", "target": "core"}),
        (6, "action_failed", "core", RESTART | {"why": "no power"}),
    )
    assert (found.name, found.by, found.subject) == ("restart core", "desk", "core")
    assert (found.approved_ns, found.begun_ns, found.ended_ns) == (1, 3, 6)
    assert (found.end, found.error) == ("failed", "half_done")


def test_one_that_does_not_end_is_under_way() -> None:
    """And may have mattered."""
    (found,) = read((3, "action_started", "core", RESTART | {"by": "automation"}))
    assert (found.end, found.ended_ns, found.approved_ns, found.may_matter) == ("under_way", None, None, True)


def test_one_that_was_called_off() -> None:
    """Changed nothing."""
    (found,) = read(
        (3, "action_started", "core", RESTART | {"by": "desk"}), (6, "action_called_off", "core", RESTART | {"by": "desk"})
    )
    assert (found.end, found.ended_ns, found.may_matter) == ("called_off", 6, False)


def test_an_approved_runbook_that_found_nothing_to_do_is_its_first_action() -> None:
    """Nothing found without an approval, by a mere diagnosis, is no action."""
    found = read(
        (1, "diagnosed", "bank", {"runbook": "mend"}),
        (2, "nothing_found", "bank", {"team": "desk"}),
        (3, "diagnosed", "core", {"runbook": "mend"}),
        (4, "decide", "core", {"team": "desk"}),
        (4, "nothing_found", "core", {"team": "desk"}),
    )
    assert [(a.name, a.end, a.approved_ns, a.begun_ns, a.by) for a in found] == [("restart core", "not_needed", 4, None, "desk")]


def test_a_failover_that_begins_by_itself_is_an_action() -> None:
    """One that people or a scenario begin is not told twice."""
    found = read(
        (1, "failover_started", "core", {"by": "scenario", "service": "core"}),
        (2, "failover_done", "core", {}),
        (3, "failover_started", "core", {"by": "trigger", "service": "core"}),
        (5, "failover_aborted", "core", {}),
    )
    assert [(a.name, a.by, a.begun_ns, a.ended_ns, a.end) for a in found] == [("failover core", "trigger", 3, 5, "failed")]
