"""An architecture, a workload and a seed become a plan: frozen arrays for the kernel and a table of names.

Everything a run needs is in the plan, so it can be copied to another process and run there to the same journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simcore.base.errors import InputError
from simcore.compile.arena import Floats, Ints
from simcore.compile.records import Column, RecordWriter
from simcore.kernel import layout as y
from simcore.kernel.random import mix_int
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex
from simcore.model.left_out import NOTHING, LeftOut
from simcore.model.workload import MARKET, Workload

Details = Mapping[str, object]
"""What the maker of a run adds to the journal's meta, JSON."""


@dataclass(frozen=True)
class Plan:
    """What a run needs. `m` and `f` are the kernel's arenas at the beginning of the run, read-only.

    `handles[kind][name]` is where a pool, instance (`unit`), link, call, flow, limit, service, operation or stream begins in `m`; `numbers` lists
    instances, operations and calls in the order of their numbers. Times are ns since midnight of the first day. `index` is that of the
    architecture: it gave the names. Actions that are `left_out` change nothing.
    """

    index: ArchitectureIndex
    workload: Workload
    seed: int
    start: int
    end: int
    span_sampling: int
    m: Ints
    f: Floats
    handles: dict[str, dict[str, int]]
    numbers: dict[str, list[str]]
    columns: list[Column]
    attribute_values: dict[str, list[str]]
    environment: str = "production"
    details: Details = field(default_factory=dict)
    left_out: LeftOut = NOTHING

    @property
    def architecture(self) -> Architecture:
        """The architecture that is run."""
        return self.index.architecture

    @property
    def markets(self) -> list[str]:
        """The exchanges by their numbers; none if nothing goes by the workload's attribute `exchange`: there is one then, without a name."""
        return self.attribute_values.get(MARKET, [])

    @property
    def seed_key(self) -> int:
        """mix(seed): what every key of this run begins with."""
        return mix_int(self.seed % (1 << 64))


def compile_plan(
    architecture: Architecture,
    workload: Workload,
    *,
    seed: int = 0,
    start: int = 0,
    end: int,
    span_sampling: int = 0,
    environment: str = "production",
    details: Details | None = None,
    left_out: LeftOut = NOTHING,
) -> Plan:
    """The plan of one run from `start` to `end` (ns since midnight of the first day).

    >>> from simcore.base.units import parse_clock
    >>> from simcore.library import load_pair
    >>> morning = parse_clock("09:30"), parse_clock("10:00")
    >>> plan = compile_plan(*load_pair("textbook/mm1", "textbook/open-800"), seed=1, start=morning[0], end=morning[1])
    >>> plan.numbers["unit"], plan.environment
    (['station#0', 'client#0'], 'production')

    `span_sampling` n > 0 keeps the hops of every n-th request. `details` goes into the journal's meta as it is; of `left_out` see
    simcore.model.left_out. Both files are taken to be
    checked (simcore.model.checks); raises InputError for what only shows here: an end before the start, an attribute the workload lacks.
    """
    if not 0 <= start < end:
        raise InputError(f"a run must end after it starts (start {start} ns, end {end} ns)")
    index = ArchitectureIndex(architecture)
    writer = RecordWriter(index, workload, seed, start, end)
    writer.write()
    writer.set(0, y.RUN_NOW, start)
    writer.set(0, y.RUN_GUARD, architecture.run_guard)
    writer.set(0, y.RUN_PROPAGATE, architecture.deadlines == "propagate")
    writer.set(0, y.RUN_SPAN_EVERY, span_sampling)
    return Plan(
        index,
        workload,
        seed,
        start,
        end,
        span_sampling,
        writer.m.frozen(),
        writer.f.frozen(),
        writer.handles,
        writer.numbers,
        writer.columns,
        writer.attribute_values,
        environment,
        details or {},
        left_out,
    )
