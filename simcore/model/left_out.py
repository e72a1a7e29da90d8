"""What a run leaves out: actions that are carried out, take their time and report success, and change nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simcore.base.units import format_clock, parse_clock

EVERY_ACTION = "all"
"""Stands for every action: nobody acts."""


def action_name(verb: str, target: str) -> str:
    """How an action is called: what is done to what, ``restart counter``, whoever does it and however often."""
    return f"{verb} {target}".strip()


FROM = " from "
"""Stands between an action and the time of day from which on it is left out."""


def from_instant(name: str, at: int) -> str:
    """The name of an action, left out only from an instant (ns) on: ``restart counter from 10:03:00``."""
    return f"{name}{FROM}{format_clock(at)}"


def action_of(name: str) -> str:
    """The action of a name that may say from when on it is left out."""
    return name.partition(FROM)[0]


@dataclass(frozen=True)
class LeftOut:
    """The actions that have no effect in a run, by `action_name` or `from_instant`; `everything`: none has any.

    An action is left out each time that it is carried out, retries included, whoever does it: people, a runbook, a vendor, or a failover
    that starts by itself. Drawn durations stay what they are, so that up to the first such action the run is the same.
    """

    actions: frozenset[str] = frozenset()
    everything: bool = False

    @classmethod
    def of(cls, names: Iterable[str]) -> LeftOut:
        """From a list of names, `EVERY_ACTION` among them or not. Raises ValueError for what is no time of day."""
        chosen = frozenset(names)
        for name in chosen:
            if FROM in name:
                parse_clock(name.partition(FROM)[2])
        return cls(chosen - {EVERY_ACTION}, EVERY_ACTION in chosen)

    def covers(self, verb: str, target: str, at: int) -> bool:
        """Whether this action is left out when its command comes at an instant, ns."""
        name = action_name(verb, target)
        since = [parse_clock(left.partition(FROM)[2]) for left in self.actions if FROM in left and action_of(left) == name]
        return self.everything or name in self.actions or any(at >= instant for instant in since)

    @property
    def names(self) -> list[str]:
        """As `of` takes them, in one order."""
        return [EVERY_ACTION] * self.everything + sorted(self.actions)


NOTHING = LeftOut()
