"""What a run leaves out, so that another one of the same seed shows what came of it: actions, all of them, or the scenario's method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.base.errors import InputError, show_value, suggest
from simcore.model.control.section import Control
from simcore.model.left_out import EVERY_ACTION, NOTHING, LeftOut, action_name, action_of

METHOD = "method"
"""Stands for the steps of a scenario's method."""
REPAIR = "repair"


@dataclass(frozen=True)
class LeftOutOfRun:
    """What has no effect in a run: `actions`, and with `method` the steps of the scenario are not carried out."""

    actions: LeftOut = NOTHING
    method: bool = False

    @property
    def names(self) -> list[str]:
        """As `leave_out` takes them, in one order."""
        return [METHOD] * self.method + self.actions.names


NOTHING_LEFT_OUT = LeftOutOfRun()


def leave_out(control: Control, names: Sequence[str]) -> LeftOutOfRun:
    """What the names stand for. Raises InputError for an action that nobody can take, and for what is no time of day."""
    actions = [name for name in names if name != METHOD]
    known = possible_actions(control)
    for name in map(action_of, actions):
        # what a vendor can repair is known only when it is broken
        if name not in known and name != EVERY_ACTION and not name.startswith(f"{REPAIR} "):
            raise InputError(f"no action is called {show_value(name)}", hint=suggest(name, [METHOD, EVERY_ACTION, *known]))
    try:
        return LeftOutOfRun(LeftOut.of(actions), METHOD in names)
    except ValueError as error:
        raise InputError(str(error)) from error


def possible_actions(control: Control) -> list[str]:
    """The actions of all runbooks, and the failovers, which may begin by themselves."""
    found = [action_name(a.verb, a.target) for runbook in control.runbooks.values() for a in runbook.actions]
    return list(dict.fromkeys([*found, *(action_name("failover", name) for name in control.failovers)]))
