"""The simulated core as the system under test: a scenario's method carried out on a cosimulation."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from chaos.documents.library import library
from chaos.documents.overrides import layers as assignment_layers
from chaos.documents.references import beside, require_file
from chaos.documents.scenario import Responders, Rollback, Scenario, Step
from chaos.execution.digests import digest_of
from chaos.execution.planting import mutant_named
from chaos.faults.fault import Fault, System, Target
from chaos.measures.catalogue import measures
from simcore.base.errors import InputError, suggest
from simcore.control.event_names import BREAKER_WORDS, VOCABULARY
from simcore.files.document import Node
from simcore.files.loading import Resolved
from simcore.files.patch import Layer, edits_of
from simcore.files.validation import Finding, Keys
from simcore.journal.model import Journal
from simcore.library import Surroundings, require_fit
from simcore.model.architecture import Architecture
from simcore.model.control.section import Control
from simcore.model.index import ArchitectureIndex, instance_name
from simcore.model.metrics import FIELDS
from simcore.model.references import check_reading
from simcore.model.workload import Workload

if TYPE_CHECKING:
    from simcore.simulation import Memory

FAULT_WORDS = {
    "defect_stands": "a planted defect that is a fault of the whole run begins",
    "fault_started": "a step of the scenario begins (step, fault, targets)",
    "fault_failed": "a step of the scenario could not be done, or not be healed (why)",
    "fault_exercised": "what a step's counters grew by since it began (grown)",
    "fault_healed": "a step of the scenario is healed",
    "fault_skipped": "a step is left out after an abort",
    "aborted": "an abort condition was met (counter)",
    "rollback": "a rollback of the scenario is done",
    "actions_pending": "the number of incidents, runbooks and failovers under way has changed (count)",
}
Work = Generator[Any, Any, None]


class OutOfEventsError(Exception):
    """A run was given up: it needed more events than it was allowed."""


class Parts:
    """Files that several systems have in common, read once: the last few of each kind. Only as good as the files stay as they are."""

    def __init__(self, most: int = 64) -> None:
        self.most = most
        self.known: dict[Any, Any] = {}

    def get(self, key: Any, make: Callable[[], Any]) -> Any:
        """What is known under the key, made if it is not."""
        if key not in self.known:
            if len(self.known) >= self.most:
                del self.known[next(iter(self.known))]
            self.known[key] = make()
        return self.known[key]


class Simulated:
    """An architecture under a workload, as a scenario and the command line would have them. Raises InputError when made."""

    def __init__(
        self, scenario: Resolved[Scenario], *, architecture: str | None = None, environment: str | None = None, assignments: Sequence[str] = (),
        defect: str | None = None, parts: Parts | None = None,
    ) -> None:  # fmt: skip
        parts = parts or Parts()
        for kind, given in (("architecture", architecture), ("environment", environment), ("workload", None)):
            _require_file(scenario, kind, given)
        self.environment = environment or _beside(scenario, scenario.model.environment)
        place = parts.get(("environment", self.environment), lambda: library().surroundings(self.environment))
        model = as_run_in(scenario.model, place)
        self.scenario = scenario if model is scenario.model else Resolved(model, scenario.tree)
        self.architecture_reference = architecture or _beside(scenario, model.architecture)
        self.defect = mutant_named(defect, self.architecture_reference) if defect else None
        own, of_workload = _scenario_layer(scenario, "patch"), _scenario_layer(scenario, "workload_patch")
        said, said_of_workload = assignment_layers(assignments)
        edits = [place.architecture, own, *([self.defect.layer] if self.defect else []), said]
        key: Any = (self.architecture_reference, self.environment, defect, tuple(assignments), repr(model.patch))
        resolved: Resolved[Architecture] = parts.get(
            ("architecture", key), lambda: library().resolve(self.architecture_reference, Architecture, edits)
        )
        self.workload_reference = workload = _beside(scenario, model.workload)
        key = (workload, self.environment, tuple(assignments), repr(model.workload_patch))
        load: Resolved[Workload] = parts.get(
            ("workload", key), lambda: library().resolve(workload, Workload, [place.workload, of_workload, said_of_workload])
        )
        require_fit(resolved, load)
        self.workload = load.model
        control = _with_responders(resolved.model.control, model.responders)
        self.architecture = (
            resolved.model if control is resolved.model.control else resolved.model.model_copy(update={"control": control})
        )
        for fault in self.defect.standing if self.defect else ():
            fault.targets(self.system)
        findings = [*_target_findings(model, self.system), *_name_findings(model, self.system)]
        if findings:
            raise scenario.error(findings)

    @cached_property
    def index(self) -> ArchitectureIndex:
        """What is called how and depends on what in the architecture."""
        return ArchitectureIndex(self.architecture)

    @property
    def system(self) -> System:
        """What faults choose from."""
        return System(self.index, self.workload)

    def supports(self, fault: Fault) -> list[Target]:
        """What the fault would hit. Raises InputError."""
        return fault.targets(self.system)

    @cached_property
    def architecture_digest(self) -> str:
        """Of all that the resolved architecture says."""
        return digest_of(self.architecture)

    @cached_property
    def input_digest(self) -> str:
        """Changes with whatever decides what a run does, but for the seed."""
        from hashlib import blake2b

        parts = [
            self.scenario.model.model_dump_json(by_alias=True),
            self.architecture_digest,
            digest_of(self.workload),
            self.environment,
            *([repr(self.defect.standing)] if self.defect and self.defect.standing else []),
        ]
        return blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()

    def run(
        self, scenario: Scenario, seed: int, *, spans: int = 0, progress: Callable[[int], None] | None = None, most_events: int | None = None
    ) -> Journal:  # fmt: skip
        """One run with the method carried out. Numba is imported here. Raises OutOfEventsError, looked at every simulated minute, when
        the kernel has handled more than `most_events`."""
        from simcore.compile.plan import compile_plan
        from simcore.simulation import simulate

        details = {"architecture_digest": self.architecture_digest, "window": [scenario.window.begin, scenario.window.end]}
        plan = compile_plan(
            self.architecture, self.workload, seed=seed, start=scenario.start, end=scenario.end, span_sampling=spans,
            environment=self.environment, details=details,
        )  # fmt: skip
        standing = self.defect.standing if self.defect else ()

        cores: list[Any] = []

        def script(core: Any, control: Any) -> None:
            cores.append(core)
            for number, fault in enumerate(standing):
                core.env.process(_stand(fault, number, core, control))
            Conduct(scenario, core, control).begin()

        def told(now: int) -> None:
            if most_events is not None and cores[0].events > most_events:
                raise OutOfEventsError(f"more than {most_events} events by {now} ns")
            if progress:
                progress(now)

        followed = progress is not None or most_events is not None
        return simulate(plan, script=script, progress=told if followed else None, memory=_memory())

    def watchers(self) -> dict[str, str]:
        """What raises the alarm of each name: monitor, robot or customers."""
        control = self.architecture.control
        kinds = (("monitor", control.monitors), ("robot", control.robots), ("customers", control.complaints))
        return {name: kind for kind, rules in kinds for name in rules}


@cache
def _memory() -> Memory:
    """The memory that the runs of this process use one after the other."""
    from simcore.simulation import Memory

    return Memory()


def as_run_in(scenario: Scenario, place: Surroundings) -> Scenario:
    """The scenario as it is run in an environment: at its hours, no longer than its horizon, with those who are there."""
    begins = next((gap.begins_at for gap in place.gaps.values() if gap.begins_at is not None), scenario.window.begin)
    horizon = next((gap.horizon for gap in place.gaps.values() if gap.horizon is not None), None)
    absent = {who for gap in place.gaps.values() for who in gap.absent}
    moved, length = begins - scenario.window.begin, scenario.window.end - scenario.window.begin
    end = begins + min(length, horizon or length)
    changes: dict[str, Any] = {}
    if (begins, end) != (scenario.window.begin, scenario.window.end):
        steps = [step.model_copy(update={"at": step.at + moved}) for step in scenario.method]
        changes |= {
            "window": scenario.window.model_copy(update={"begin": begins, "end": end}),
            "method": [s for s in steps if s.at < end],
        }
    if absent:
        changes["responders"] = scenario.responders.model_copy(update=dict.fromkeys(absent, False))
    return scenario.model_copy(update=changes) if changes else scenario


def _require_file(scenario: Resolved[Scenario], kind: str, instead: str | None) -> None:
    """A reference of the scenario's file leads to a file, or the error has the reference's place. Raises InputError."""
    node = scenario.tree.get(kind)
    if instead is None and node is not None:
        require_file(node, kind, _beside(scenario, getattr(scenario.model, kind)))


def _beside(scenario: Resolved[Scenario], reference: str) -> str:
    """A path in a scenario file starts at the file's folder; a name is a name."""
    return beside(scenario.tree.origin.file, reference)


def _scenario_layer(scenario: Resolved[Scenario], key: str) -> Layer:
    node: Node | None = scenario.tree.get(key)
    return Layer("scenario", scenario.model.name, edits_of(node))


def _with_responders(control: Control, who: Responders) -> Control:
    """The control section without those who are not there."""
    changes: dict[str, Any] = {}
    if not who.monitors:
        changes |= {"monitors": {}, "checklists": {}}
    if not who.robots:
        changes["robots"] = {}
    if not who.complaints:
        changes["complaints"] = {}
    if not who.operators:
        for kind in ("monitors", "robots", "complaints"):
            rules = changes.get(kind, getattr(control, kind))
            changes[kind] = {
                n: r.model_copy(update={"route": None, "misroute": 0.0, "misroute_to": None}) for n, r in rules.items()
            }
        changes |= {"runbooks": {}, "checklists": {}}
    if not changes:
        return control
    kept = {
        *changes.get("monitors", control.monitors),
        *changes.get("robots", control.robots),
        *changes.get("complaints", control.complaints),
    }
    if "runbooks" not in changes:
        kept |= set(changes.get("checklists", control.checklists))
        alarms = {n: [a for a in r.alarms if a in kept] for n, r in control.runbooks.items()}
        changes["runbooks"] = {n: r.model_copy(update={"alarms": alarms[n]}) for n, r in control.runbooks.items() if alarms[n]}
    changes["failovers"] = {
        n: f.model_copy(update={"trigger": f.trigger if f.trigger in kept else None}) for n, f in control.failovers.items()
    }
    return control.model_copy(update=changes)


# --- names that lead nowhere, before anything runs --------------------------------------------------------------------------


def _target_findings(scenario: Scenario, system: System) -> list[Finding]:
    found = []
    for i, step in enumerate(scenario.method):
        try:
            if not step.fault.targets(system):
                found.append(Finding(("method", i), "hits nothing"))
        except InputError as error:
            found.append(Finding(("method", i, step.given()[0][0]), error.message, error.mend))
    return found


def _name_findings(scenario: Scenario, system: System) -> list[Finding]:
    flows, found = system.architecture.flows, []
    for flow, objective in scenario.steady_state.objectives.items():
        keys = ("steady_state", "objectives", flow)
        if flow not in flows:
            found.append(Finding(keys, f"the architecture has no flow {flow!r}", suggest(flow, flows), at_key=True))
        elif objective.latency is not None and not flows[flow].record:
            found.append(
                Finding(
                    (*keys, "latency"),
                    f"the flow {flow} keeps no row an intent",
                    "leave latency out, or set record: true for the flow",
                )
            )
    for i, expectation in enumerate(scenario.expect):
        measured = measures().find(expectation.measure).flow
        if measured is not None and measured not in flows:
            found.append(
                Finding(("expect", i, "measure"), f"the architecture has no flow {measured!r}", suggest(measured, flows))
            )
    for i, rollback in enumerate(scenario.rollbacks):
        for kind, name in (
            ("services", rollback.restart),
            ("services", rollback.release),
            *(("pools", p) for p in rollback.pools or ()),
        ):
            known = getattr(system.architecture, kind)
            if name is not None and name not in known:
                found.append(Finding(("rollbacks", i), f"there is no {name!r} among the {kind}", suggest(name, known)))
    found += _word_findings(scenario)
    readings: list[tuple[Keys, str]] = [(("abort", i, "counter"), a.counter) for i, a in enumerate(scenario.abort)]
    named: list[tuple[Keys, str]] = [(("expect", i, "measure"), e.measure) for i, e in enumerate(scenario.expect)]
    outcomes = scenario.record.outcomes if scenario.record else ()
    named += [(("record", "outcomes", i, "measure"), o.measure) for i, o in enumerate(outcomes)]
    readings += [(keys, counter) for keys, name in named if (counter := measures().find(name).counter) is not None]
    readings += [(("must_happen", i, "counter"), m.counter) for i, m in enumerate(scenario.must_happen) if m.counter]
    return found + [
        f for keys, reading in readings for f in check_reading(system.index, keys, reading) or _counted(keys, reading)
    ]


def _stand(fault: Fault, number: int, core: Any, control: Any) -> Work:
    """A fault that is there from the beginning, and belongs to the system rather than to the scenario."""
    yield core.env.timeout(0)
    core.log("defect_stands", fault.fault, number=number)
    made = fault.apply(core, control)
    if made is not None:
        yield from made


def _word_findings(scenario: Scenario) -> list[Finding]:
    """Words of the journal that it never has, and rule sets that are not shipped."""
    words, rules = {*VOCABULARY, *BREAKER_WORDS, *FAULT_WORDS}, library().shipped("severity")
    events: list[tuple[Keys, str | None]] = [(("must_happen", i, "event"), m.event) for i, m in enumerate(scenario.must_happen)]
    events += [
        (("record", "timeline", i, "event"), line.event)
        for i, line in enumerate(scenario.record.timeline if scenario.record else ())
    ]
    found = [
        Finding(keys, f"the journal has no event {word!r}", suggest(word, words))
        for keys, word in events
        if word is not None and word not in words
    ]
    for i, expectation in enumerate(scenario.expect):
        graded_by = measures().find(expectation.measure).rules
        if graded_by is not None and graded_by not in rules:
            found.append(Finding(("expect", i, "measure"), f"no rule set is called {graded_by!r}", suggest(graded_by, rules)))
    return found


def _counted(keys: Keys, reading: str) -> list[Finding]:
    """An instant neither grows nor is reached."""
    mend = f"count another of {', '.join(field for field in FIELDS['unit'] if field != 'down_since')}"
    return [Finding(keys, f"{reading}: is an instant, not a counter", mend)] if reading.endswith("/down_since") else []


# --- carrying out the method --------------------------------------------------------------------------------------------------


class Conduct:
    """One run's method as SimPy processes. What it does and sees stands in the journal; it decides nothing about the verdict."""

    def __init__(self, scenario: Scenario, core: Any, control: Any) -> None:
        self.scenario, self.core, self.control = scenario, core, control
        self.stop = core.env.event()
        self.last = core.plan.end - 1

    def begin(self) -> None:
        """Start everything. Called before the run begins."""
        env, method = self.core.env, self.scenario.method
        steps = [env.process(self._step(i, step)) for i, step in enumerate(method)]
        if method and self.scenario.abort:
            env.process(self._abort(min(step.at for step in method)))
        if self.scenario.rollbacks:
            env.process(self._rollbacks(steps))
        self.control.pending.changed = lambda count: self.core.log("actions_pending", "", count=count)

    def _step(self, number: int, step: Step) -> Work:
        env, core, fault, label = self.core.env, self.core, step.fault, step.label
        yield env.timeout(step.at - env.now)
        if self.stop.triggered:
            core.log("fault_skipped", label, step=number)
            return
        readings = fault.readings(core.plan)
        before = self._sum(readings)
        targets = [str(t) for t in fault.targets(core.plan)]
        core.log("fault_started", label, step=number, fault=fault.fault, targets=", ".join(targets)[:300])
        running = self._do(fault.apply, number, label)
        begun = env.process(running) if running is not None else None
        ends = self.last if step.lasts is None else min(step.at + step.lasts, self.last)
        yield env.timeout(ends - env.now) | self.stop
        core.log("fault_exercised", label, step=number, grown=self._sum(readings) - before)
        if begun is not None and begun.is_alive:
            begun.interrupt("healed")
        if env.now >= self.last or (step.lasts is None and not self.stop.triggered):
            return
        yield env.timeout(0)
        mending = self._do(fault.heal, number, label)
        if mending is not None:
            yield env.process(mending)
        core.log("fault_healed", label, step=number)

    def _do(self, act: Callable[[Any, Any], Any], number: int, label: str) -> Work | None:
        """Calls it; what it leaves to be done as time goes by is a process that can be stopped. A failure goes into the journal."""
        try:
            made = act(self.core, self.control)
        except Exception as error:
            self._failed(number, label, error)
            return None
        return None if made is None else self._guarded(made, number, label)

    def _guarded(self, work: Work, number: int, label: str) -> Work:
        import simpy

        try:
            yield from work
        except simpy.Interrupt:
            work.close()
        except Exception as error:
            self._failed(number, label, error)

    def _failed(self, number: int, label: str, error: Exception) -> None:
        self.core.log("fault_failed", label, step=number, why=f"{type(error).__name__}: {error}"[:300])

    def _sum(self, readings: Sequence[str]) -> int:
        total = 0
        for reading in readings:
            kind, rest = reading.split("/", 1)
            name, field = rest.rsplit("/", 1)
            total += self.core.read(kind, name, field)
        return total

    def _abort(self, first: int) -> Work:
        env, core = self.core.env, self.core
        yield env.timeout(first - env.now)
        watches = {}
        for condition in self.scenario.abort:
            kind, rest = condition.counter.split("/", 1)
            name, field = rest.rsplit("/", 1)
            watches[core.watch(kind, name, field, core.read(kind, name, field) + condition.at_least)] = condition.counter
        met = yield env.any_of(list(watches))
        core.log("aborted", watches[next(iter(met))])
        self.stop.succeed()

    def _rollbacks(self, steps: Sequence[Any]) -> Work:
        env = self.core.env
        yield env.all_of(list(steps))
        for rollback in self.scenario.rollbacks:
            if env.now + rollback.after >= self.last:
                return
            yield env.timeout(rollback.after)
            try:
                yield from self._roll_back(rollback)
            except Exception as error:
                self._failed(-1, "rollback", error)

    def _roll_back(self, rollback: Rollback) -> Work:
        core, services = self.core, self.core.plan.architecture.services
        if rollback.restart is not None:
            name = rollback.restart
            ailing = [
                r
                for r in range(services[name].replicas)
                if not core.read("unit", instance_name(name, r), "up") or core.read("unit", instance_name(name, r), "hung")
            ]
            for replica in ailing:
                core.inject.crash(name, replica)
            if ailing:
                yield core.env.timeout(core.sample(services[name].restart_time, f"rollback/{name}"))
            for replica in ailing:
                core.inject.restart(name, replica)
            core.log("rollback", name, restarted=len(ailing))
        if rollback.release is not None:
            core.log("rollback", rollback.release, undone=self.control.changes.roll_back(rollback.release))
        for pool in rollback.pools or ():
            made = core.plan.architecture.pools[pool]
            if isinstance(made.slots, int):
                core.inject.pool_slots(pool, made.slots)
            if isinstance(made.queue, int):
                core.inject.pool_queue(pool, made.queue)
            core.log("rollback", pool)
