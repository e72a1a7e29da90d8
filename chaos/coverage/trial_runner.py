"""Trials made on workers and kept, and what a suite shows without any defect: the baseline that trials are held against."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from pydantic import ValidationError

from chaos.coverage.differences import MARGINS, Margin
from chaos.coverage.trials import PASS, UNKNOWN, Trial, attempt
from chaos.execution.jobs import SIMULATED
from chaos.execution.runner import JsonObject, TaskRunner, Work, require_same_files
from chaos.execution.session import Session
from chaos.execution.workers import Workers
from chaos.results.coverage import Observation, TrialResult
from chaos.results.run import Verdict
from simcore.base.errors import InputError

Batch = tuple[Trial, ...]
"""Trials of one system, which are made by one worker because they share what is read, and kept together."""
Given = list[TrialResult]


@dataclass(frozen=True)
class TrialSettings:
    """Where and how: so many `seeds` from `seed` on; `operators` limits the defects; `exhaustive` runs what cannot differ, too;
    of so many mutants a `sample` is drawn by `seed` (None: all).
    `margins` are those of the differential column; with `differential` scenarios that are red without a defect serve it, and kill nothing
    by verdict."""

    architecture: str
    environment: str
    seeds: int = 3
    jobs: int = 1
    cluster: str | None = None
    operators: tuple[str, ...] | None = None
    store: str | None = None
    resume: bool = False
    exhaustive: bool = False
    seed: int = 1
    sample: int | None = None
    differential: bool = False
    margins: tuple[Margin, ...] = MARGINS

    @property
    def seed_numbers(self) -> tuple[int, ...]:
        """The seeds that each trial is run with, one after another: a block, over which the verdict is given."""
        return tuple(range(self.seed, self.seed + self.seeds))


@dataclass
class Baseline:
    """What a suite shows in one environment without any defect: by scenario the digest of the system, the runs, and what `run` makes of
    them together: the verdict, and the expectations over the seeds that are broken. `own_names` are names of the glossary that files of the
    user's own give to something."""

    environment: str
    digests: dict[str, str]
    runs: dict[str, list[Observation]]
    deadlines: dict[str, bool]
    verdicts: dict[str, Verdict]
    tripped: dict[str, list[str]]
    own_names: list[str]

    @property
    def green(self) -> dict[str, bool]:
        """By scenario whether it passes: what is not green can kill nothing."""
        return {name: verdict == PASS for name, verdict in self.verdicts.items()}


class BaselineKey(NamedTuple):
    """Identifies a baseline (a suite's runs without any defect): which scenarios, in which environment, with which seeds (None: those of the
    settings)."""

    scenarios: tuple[str, ...]
    environment: str
    seeds: tuple[int, ...] | None


class TrialKey(NamedTuple):
    """A mutant under a scenario in an environment."""

    mutant: str
    scenario: str
    environment: str


class TrialWork(Work[Batch, Given]):
    """A task is a batch of trials, what it gives a list of what each of them gave."""

    def perform(self, session: Session, task: Batch) -> Given:
        """Makes the batch's trials one after another, with the worker's session."""
        return [attempt(session, trial) for trial in task]

    def key(self, task: Batch) -> str:
        """The keys of the batch's trials, as JSON."""
        return json.dumps([trial.key for trial in task])

    def scenario(self, task: Batch) -> str:
        """The scenario of the batch's first trial."""
        return task[0].scenario

    def target(self, task: Batch) -> str:
        """Always the simulated core: defects can be planted nowhere else."""
        return SIMULATED

    def to_json(self, value: Given) -> JsonObject:
        """Everything that the trials gave, as JSON types."""
        return {"given": [trial.json_object() for trial in value]}

    def from_json(self, record: JsonObject) -> Given | None:
        """What the trials gave; None if it was kept in another form."""
        try:
            return [TrialResult.model_validate(trial) for trial in record["given"]]
        except (KeyError, ValidationError):
            return None


class TrialRunner:
    """Makes trials, keeps what is made, and counts the runs that are `made` and those that were `kept` before. A context manager: leaving
    it closes the file in which trials are kept."""

    def __init__(self, session: Session, settings: TrialSettings, name: str) -> None:
        self.session, self.settings, self.made, self.kept = session, settings, 0, 0
        self.counted: set[str] = set()
        self.baselines: dict[BaselineKey, Baseline] = {}
        self.details: dict[TrialKey, TrialResult] = {}
        path = Path(settings.store) if settings.store else _default_store(name, settings)
        self.runner = TaskRunner(session, TrialWork(), Workers(settings.jobs, settings.cluster), path, resume=settings.resume)

    def __enter__(self) -> TrialRunner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.runner.__exit__(kind, error, trace)

    def runs_of(self, key: TrialKey) -> list[Observation]:
        """The runs that were made of a mutant under a scenario in an environment; none where it was not run."""
        found = self.details.get(key)
        return found.runs if found is not None else []

    def make(self, batches: Sequence[Batch], inputs: Sequence[str], what: str) -> list[Given]:
        """What each batch gave, in their order. `inputs` changes with whatever decides what comes of a batch; `what` they are called, as
        in "3 mutants in staging"."""
        found: dict[int, Given] = {}

        def made(i: int, given: Given, kept: bool) -> None:
            found[i] = given
            runs, key = sum(len(trial.runs) for trial in given), self.runner.work.key(batches[i])
            if not kept:
                self.made += runs
            elif key not in self.counted:
                self.kept += runs
            self.counted.add(key)

        self.runner.make(batches, inputs, what, made)
        return [found[i] for i in range(len(batches))]


def _default_store(name: str, settings: TrialSettings) -> Path:
    said = json.dumps([name, settings.architecture, settings.environment, settings.seed_numbers])
    return Path(".coredrill") / f"coverage-{blake2b(said.encode(), digest_size=6).hexdigest()}.jsonl"


# --- the baseline -------------------------------------------------------------------------------------------------------------


def baseline(
    runner: TrialRunner, scenarios: Sequence[str], environment: str, *, seeds: tuple[int, ...] | None = None, what: str = ""
) -> Baseline:
    """Scenarios without a defect in an environment. Raises InputError for a file that is wrong."""
    settings, known = runner.settings, BaselineKey(tuple(scenarios), environment, seeds)
    if known in runner.baselines:
        return runner.baselines[known]
    trials = [
        Trial(name, settings.architecture, environment, seeds or settings.seed_numbers, counters=True) for name in scenarios
    ]
    inputs = {trial.scenario: runner.session.bind(trial.system).inputs for trial in trials}
    digests = {name: runner.session.input_digest(trial.system) for name, trial in zip(scenarios, trials, strict=True)}
    deadlines = {name: of.architecture.deadlines == "propagate" for name, of in inputs.items()}
    given = runner.make([(t,) for t in trials], list(digests.values()), f"scenarios without defects in {what or environment}")
    for name, (unmutated,) in zip(scenarios, given, strict=True):
        require_same_files(name, str(unmutated.digest), digests[name])
    runs = {name: g[0].runs for name, g in zip(scenarios, given, strict=True)}
    verdicts = {name: g[0].verdict or UNKNOWN for name, g in zip(scenarios, given, strict=True)}
    tripped = {name: g[0].tripped for name, g in zip(scenarios, given, strict=True)}
    own = sorted({name for of in inputs.values() for name in of.own_names})
    runner.baselines[known] = Baseline(environment, digests, runs, deadlines, verdicts, tripped, own)
    return runner.baselines[known]


def require_green(found: Baseline) -> None:
    """Raises InputError naming the scenarios that do not pass, with the first reason."""
    red = [name for name, green in found.green.items() if not green]
    for name in red[:1]:
        also = f"; nor do {', '.join(n for n in red if n != name)}" if len(red) > 1 else ""
        raise InputError(
            f"{name} does not pass in {found.environment} without any defect: {_why_red(found, name)}{also}",
            hint="coverage counts what a green suite fails to notice: fix the architecture, leave the scenario out, or let it serve the "
            "differential column alone with --differential",
        )


def _why_red(found: Baseline, name: str) -> str:
    """The verdict over the seeds, and its reason in a run, or over them."""
    verdict = found.verdicts[name]
    for run in found.runs[name]:
        if run.verdict == verdict:
            return f"{verdict} with seed {run.seed} ({'; '.join(run.why[:1]) or 'no reason given'})"
    return f"{verdict} over {len(found.runs[name])} seeds ({'; '.join(found.tripped[name][:1]) or 'no reason given'})"
