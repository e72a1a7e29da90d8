"""What `--set` and `--vary` change: `PATH=VALUE` in the architecture, `workload.PATH=VALUE` in the workload, and `load=FACTOR`, with
which all customers come so many times as often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from simcore.base.errors import InputError
from simcore.files.document import Origin
from simcore.files.patch import Edit, Layer, command_line_layer

LOAD, WORKLOAD = "load", "workload."
ARRIVALS = ("flows.*.per_day", "flows.*.rate", "flows.*.backlog.count", "flows.*.closed.clients")


class OverrideLayers(NamedTuple):
    """What the command line changes, of either file."""

    architecture: Layer
    workload: Layer


def layers(assignments: Sequence[str]) -> OverrideLayers:
    """The command line's layers. Raises InputError."""
    of_load = [text for text in assignments if text.partition("=")[0].strip() == LOAD]
    of_workload = [text for text in assignments if text.startswith(WORKLOAD)]
    own = [text for text in assignments if text not in of_load and text not in of_workload]
    scaled = [edit for text in of_load for edit in _scaled(text)]
    set_there = command_line_layer([text.removeprefix(WORKLOAD) for text in of_workload], WORKLOAD)
    return OverrideLayers(command_line_layer(own), Layer("command line", "", (*scaled, *set_there.edits)))


def _scaled(text: str) -> list[Edit]:
    origin = Origin("command line", f"--set {text}")
    try:
        factor = float(text.partition("=")[2])
    except ValueError:
        factor = 0.0
    if not 0 < factor <= 1000:
        raise InputError(f"--set {text}: the load is a factor above 0, at most 1000", hint="write load=2")
    return [Edit("scale", path, origin, by=factor, override=True, if_present=True) for path in ARRIVALS]
