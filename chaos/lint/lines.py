"""Business lines: which operations each comes to, and which pools it takes from."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from chaos.i18n.texts import LocalizedText, lookup
from chaos.lint.walk import Calls
from simcore.model.architecture import Flow
from simcore.model.steps import CLIENT

LINES = {"order": "trading", "cancel": "trading"}
"""Kinds of flows that belong to a line of another name. The exchanges' reports come of orders and cancels, and so belong to their line."""
LOGIN, NO_LINE = "login", "probe"
"""The line of logins, and the kind of the flows of robots, which are nobody's business."""


class Line(NamedTuple):
    """A business line: the operations that its customers ask for themselves (`entries`), all that it comes to from there by calls or
    messages, their services, and the pools that those take from."""

    name: str
    entries: frozenset[str]
    operations: frozenset[str]
    services: frozenset[str]
    pools: frozenset[str]


def line_of(name: str, flow: Flow) -> str | None:
    """The business line of a flow, by its kind; a plain `request` is a line of its own. None for a robot's."""
    if flow.kind == NO_LINE:
        return None
    return name if flow.kind == "request" else LINES.get(flow.kind, flow.kind)


def line_text(line: str) -> LocalizedText:
    """What a line is called."""
    return lookup("lint.line", line)


def business_lines(calls: Calls) -> list[Line]:
    """The business lines of an architecture, in the order of its flows.

    A flow of another line that logs in first does so as one of the login line: what it asks for is what a flow of the kind `login` asks for.
    """
    flows = calls.index.architecture.flows
    logins = {target for name, flow in flows.items() if flow.kind == LOGIN for target in _asked(calls, name)}
    entries: dict[str, set[str]] = {}
    for name, flow in flows.items():
        line = line_of(name, flow)
        for target in _asked(calls, name) if line is not None else ():
            entries.setdefault(LOGIN if target in logins else str(line), set()).add(target)
    return [_line(calls, line, asked) for line, asked in entries.items()]


def _asked(calls: Calls, flow: str) -> list[str]:
    body = f"{CLIENT}.{flow}"
    return [*(spot.step.call for spot in calls.calls[body]), *calls.sends[body]]


def _line(calls: Calls, name: str, entries: Collection[str]) -> Line:
    index = calls.index
    operations = frozenset(entries).union(*(index.reached_from(operation) for operation in entries))
    return Line(
        name,
        frozenset(entries),
        operations,
        frozenset(operation.partition(".")[0] for operation in operations),
        frozenset(pool for operation in operations for pool in index.resources_of_body(operation)),
    )
