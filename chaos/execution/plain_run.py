"""One run of an architecture under a workload, without a scenario: nothing is done to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chaos.execution.inputs.digests import digest_of
from chaos.execution.inputs.own_names import own_names
from chaos.execution.jobs import SIMULATED
from chaos.execution.session import Session
from chaos.execution.topology import topology_of
from chaos.results.stored_run import store_run
from simcore.files.patch import command_line_layer
from simcore.journal.model import Journal
from simcore.journal.writer import write_journal
from simcore.library import resolve_pair


class PlainRun(NamedTuple):
    """What a run left, and the wall time it took, s."""

    journal: Journal
    wall_s: float


def run_plain(
    session: Session,
    architecture: str,
    workload: str,
    *,
    start: int,
    window: tuple[int, int],
    seed: int,
    environment: str | None = None,
    assignments: Sequence[str] = (),
    spans: int = 0,
    folder: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> PlainRun:
    """Runs an architecture under a workload, each by name or path, and keeps the journal if a folder is named.

    The run begins at `start` and ends with `window`, which is what is measured: ns since midnight of the first day. Of every
    `spans`-th request the hops are kept (0: of none). `progress` is called with the simulated time, ns. Raises InputError.
    """
    layers = [command_line_layer(list(assignments))] if assignments else []
    pair = resolve_pair(architecture, workload, environment=environment, edits=layers)
    model, load = pair.architecture.model, pair.workload.model
    session.announce([SIMULATED])
    from simcore.compile.plan import compile_plan
    from simcore.simulation import simulate

    details = {"architecture_digest": digest_of(model), "window": list(window) if start < window[0] else None}
    plan = compile_plan(
        model,
        load,
        seed=seed,
        start=start,
        end=window[1],
        span_sampling=spans,
        environment=environment or "production",
        details=details,
    )
    began = time.perf_counter()
    journal = simulate(plan, progress=progress)
    wall_s = time.perf_counter() - began
    if folder is not None:
        write_journal(journal, folder)
        store_run(folder, topology=topology_of(plan.index), own_names=own_names(*pair))
    return PlainRun(journal, wall_s)
