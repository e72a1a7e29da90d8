"""The twin as a target: `--target twin`."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from importlib.util import find_spec
from typing import TYPE_CHECKING

from chaos.documents.scenario import Scenario
from chaos.execution.inputs.resolve import ResolvedRun
from chaos.execution.target.protocol import AS_USUAL, RunLimits, RunOptions
from chaos.execution.target.simulated import plan_of
from chaos.faults.fault import Fault, Target
from chaos.live.capabilities import require_fault, require_run, require_targets
from chaos.live.proxy.server import chosen
from simcore.base.errors import InputError
from simcore.journal.model import Journal

if TYPE_CHECKING:
    from simcore.compile.plan import Plan

TWIN, LONG = "twin", "long"
"""The target's name, and the address under which it may take long: `twin:long`."""
ATTEMPTS = 3
"""A run whose customers came late is repeated so often at most: then it counts as it is."""
LATENESS_SHARE = 0.25
"""Of the tightest latency that an objective asks for, so much may 1 customer in 100 come late."""
LATENESS_MAX_NS = 250_000_000


def require_packages() -> None:
    """Raises InputError if what the extra `live` installs is not there, or TOXIPROXY names no server."""
    if find_spec("aiohttp") is None:
        raise InputError("the twin needs packages that are not installed", hint="pip install 'coredrill[live]'")
    chosen()


class TwinTarget:
    """A live twin: each instance a process on this machine, links through proxies, in real time; with --long also windows over 10 minutes."""

    def __init__(self, address: str = "") -> None:
        if address not in ("", LONG):
            raise InputError(
                f"the twin has no address {address!r}", hint="write --target twin, with --long for a window over 10 minutes"
            )
        require_packages()
        self._long = address == LONG
        self._note: Callable[[str], None] = lambda text: None

    def bind(self, inputs: ResolvedRun) -> TwinUnderTest:
        """The twin of an architecture under a workload. Raises InputError, before anything starts, for what it cannot be."""
        require_run(inputs, long=self._long)
        return TwinUnderTest(inputs, self._say)

    def _say(self, text: str) -> None:
        self._note(text)

    def announce(self, note: Callable[[str], None]) -> None:
        """Says that a twin takes as long as what it shows."""
        self._note = note
        note("a twin runs in real time: a second of its window takes a second")

    def close(self) -> None:
        """Every run has left nothing behind already."""


class TwinUnderTest:
    """An architecture as processes, for runs one after the other."""

    def __init__(self, inputs: ResolvedRun, note: Callable[[str], None]) -> None:
        self.inputs, self._note = inputs, note

    @property
    def input_digest(self) -> str:
        """That of the files, and that it is a twin: what a run does besides depends on the machine."""
        return blake2b(f"twin {self.inputs.digest}".encode(), digest_size=16).hexdigest()

    @property
    def watchers(self) -> dict[str, str]:
        """Those of the architecture's control section."""
        return self.inputs.watchers

    def supports(self, fault: Fault) -> list[Target]:
        """What the fault would hit. Raises InputError if a twin cannot do it, or its selector finds nothing."""
        require_fault(fault)
        targets = fault.targets(self.inputs.system)
        require_targets(fault, targets, self.inputs.index)
        return targets

    @property
    def limits(self) -> RunLimits:
        """No hops of requests are kept, events are not counted; actions cannot be left out, for no two runs are the same to the letter."""
        return RunLimits(spans=False, events=False, one_at_a_time=True)

    def plan(self, scenario: Scenario, seed: int) -> Plan:
        """What is run, as the simulator would have it."""
        return plan_of(self.inputs, scenario, seed)

    def run(self, scenario: Scenario, seed: int, options: RunOptions = AS_USUAL) -> Journal:
        """One run with the method carried out. Repeated at most twice if the customers came late, and for nothing else: a process that failed by
        itself is no matter of chance."""
        from chaos.live.run import run_twin

        for attempt in range(ATTEMPTS):
            live = run_twin(
                self.plan(scenario, seed),
                scenario,
                self.inputs.permanent_faults,
                lateness_max_ns=lateness_allowed(scenario),
                progress=options.progress,
                note=self._note,
            )
            if not live.came_late or attempt == ATTEMPTS - 1:
                break
            self._note(f"{scenario.name}, seed {seed}: {live.journal.meta.unknown_reason}; once more")
        return live.journal


def lateness_allowed(scenario: Scenario) -> int:
    """By how much 1 customer in 100 may come late, ns: a quarter of the tightest latency among the objectives."""
    asked = [
        objective.latency.at_most for objective in scenario.steady_state.objectives.values() if objective.latency is not None
    ]
    return min(LATENESS_MAX_NS, round(LATENESS_SHARE * min(asked, default=LATENESS_MAX_NS * 4)))
