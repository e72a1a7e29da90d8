"""What may have been written is asked for again, and nothing tells the second time from the first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from chaos.i18n.texts import join, translate, untranslated
from chaos.lint.rule import Found, Rule, Subject
from chaos.lint.sites import listed
from chaos.lint.walk import Calls
from simcore.model.effects import EFFECTS
from simcore.model.index import ArchitectureIndex

AMBIGUOUS = ("error", "timeout", "reset")
"""How a call can end whose callee may have done what it was asked for."""


class RetryWithoutKey(Rule):
    """A call asks again after an ambiguous outcome (timeout, reset, error), and the operation may write without an idempotency key: there,
    or wherever on its way the write stands."""

    name: ClassVar[str] = "retry-without-key"
    rank: ClassVar[int] = 6

    def check(self, subject: Subject) -> Iterator[Found]:
        unkeyed = _KeylessWrites(subject.index)
        for own in Calls.of(subject.index).calls.values():
            for spot in own:
                retry, writes = spot.step.retry, unkeyed.behind(spot.step.call)
                after = [code for code in AMBIGUOUS if retry is not None and retry.attempts > 1 and code in retry.on]
                if after and writes:
                    codes = join([untranslated(code) for code in after])
                    message = translate("lint.retry-without-key", site=spot.site, codes=codes, writes=listed(writes))
                    yield Found((*spot.keys, "retry"), message)


class _KeylessWrites:
    """Which writes a second request makes a second time, because no key stands before them."""

    def __init__(self, index: ArchitectureIndex) -> None:
        counted = {name for name, effect in EFFECTS.items() if effect.counts_as_effect}
        asking: dict[str, set[str]] = {}
        for site in index.call_sites.values():
            asking.setdefault(site.target, set()).add(site.body.name)
        self._behind: dict[str, list[str]] = {}
        for written in index.operations_with(counted):
            left, seen = [written], set()
            while left:
                name = left.pop()
                if name not in seen and not _has_key(index, name):
                    seen.add(name)
                    self._behind.setdefault(name, []).append(written)
                    left += asking.get(name, ())

    def behind(self, operation: str) -> list[str]:
        """The operations that write again when one is asked for again."""
        return self._behind.get(operation, [])


def _has_key(index: ArchitectureIndex, name: str) -> bool:
    body = index.bodies[name]
    return not body.is_flow and index.architecture.services[body.service].operations[body.operation].idempotency is not None
