"""What a run leaves out: actions that are carried out, take their time and report success, and change nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EVERY_ACTION = "all"
"""Stands for every action: nobody acts."""


def action_name(verb: str, target: str) -> str:
    """How an action is called: what is done to what, ``restart counter``, whoever does it and however often."""
    return f"{verb} {target}".strip()


@dataclass(frozen=True)
class LeftOut:
    """The actions that have no effect in a run, by `action_name`; `everything`: none has any.

    An action is left out each time that it is carried out, retries included, whoever does it: people, a runbook, a vendor, or a failover
    that starts by itself. Drawn durations stay what they are, so that up to the first such action the run is the same.
    """

    actions: frozenset[str] = frozenset()
    everything: bool = False

    @classmethod
    def of(cls, names: Iterable[str]) -> LeftOut:
        """From a list of names, `EVERY_ACTION` among them or not."""
        chosen = frozenset(names)
        return cls(chosen - {EVERY_ACTION}, EVERY_ACTION in chosen)

    def covers(self, verb: str, target: str) -> bool:
        """Whether this action is left out."""
        return self.everything or action_name(verb, target) in self.actions

    @property
    def names(self) -> list[str]:
        """As `of` takes them, in one order."""
        return [EVERY_ACTION] * self.everything + sorted(self.actions)


NOTHING = LeftOut()
