"""A caller gives up before what it called does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from chaos.i18n.texts import translate
from chaos.lint.rule import Found, Rule, Subject
from chaos.lint.sites import listed, seconds
from chaos.lint.walk import Calls


class TimeoutBelowCallee(Rule):
    """A call has a shorter timeout than a call that its callee makes. Deadlines that travel with the request make up for it."""

    name: ClassVar[str] = "timeout-below-callee"
    rank: ClassVar[int] = 2

    def check(self, subject: Subject) -> Iterator[Found]:
        if subject.architecture.deadlines == "propagate":
            return
        calls = Calls.of(subject.index)
        for body, own in calls.calls.items():
            for spot in own:
                waits = spot.step.timeout
                timed = [(caller.step.timeout, caller.site) for caller in calls.callers[body] if caller.step.timeout is not None]
                shorter = [(timeout, site) for timeout, site in timed if waits is not None and timeout < waits]
                if shorter:
                    yield Found(
                        (*spot.keys, "timeout"),
                        translate(
                            "lint.timeout-below-callee",
                            site=spot.site,
                            waits=seconds(waits or 0),
                            callers=listed([site for _, site in shorter]),
                            gives_up=seconds(min(timeout for timeout, _ in shorter)),
                        ),
                    )
