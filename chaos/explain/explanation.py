"""Explains a verdict by the guesses it hinges on: screens them all by elementary effects, then searches the ranges of the largest for where
the verdict flips. docs/explaining.md says what that shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chaos.compare.plan import BAD_SHARE, MEASURES, REPLICATIONS, compared_measure, require_measures
from chaos.documents.scenario import Scenario
from chaos.execution.inputs.resolve import known_of_run
from chaos.execution.jobs import SIMULATED, Job
from chaos.execution.planning import metrics_of
from chaos.execution.runs import Runs
from chaos.explain.effects import Effect, Trajectory, effects, trajectories
from chaos.explain.flips import Point, Search, searched
from chaos.explain.guesses import Guess, guesses_of
from chaos.explain.verdicts import Judge, PairJudge, ScenarioJudge
from chaos.measures.catalogue import measures
from chaos.results.comparison import ComparedMeasure
from chaos.results.explanation import (
    SCHEMA_VERSION,
    ExplanationResult,
    ExplanationSummary,
    Flip,
    GuessEffect,
    SearchedGuess,
)
from chaos.results.run import RunResult
from simcore.base.errors import InputError
from simcore.base.units import SECOND

SEARCHED = 3
"""So many guesses, those with the largest effects, are searched."""
WALKS_MAX = 10
"""More walks through all guesses change no ranking that matters: Morris used four."""
RUNS = 300

Positions = Mapping[int, float]
"""Guesses by number that are not where the files have them, with their positions."""


@dataclass(frozen=True)
class ExplanationPlan:
    """What is explained: the verdict of a scenario, or with `against` that of this architecture compared with `architecture`.

    `measure` is as `compare` has it, or its option (None: the scenario's first expectation that is broken, else
    the first that any guess moves; of pairs the primary measure).
    `runs` are those of the screening at most, `replications` the seeds of a verdict (None: the scenario's; of pairs the fewest that can
    decide)."""

    scenario: str
    architecture: str | None = None
    against: str | None = None
    environment: str | None = None
    assignments: tuple[str, ...] = ()
    measure: str | ComparedMeasure | None = None
    runs: int = RUNS
    replications: int | None = None
    seed: int = 1
    target: str = SIMULATED

    @property
    def sides(self) -> Sequence[str | None]:
        """The architectures of both sides of a pair, or of the one."""
        return [self.architecture] if self.against is None else [self.architecture, self.against]


class Screened(NamedTuple):
    """The effects of all guesses by a measure, and the judge that reads it."""

    measure: ComparedMeasure
    judge: Judge
    effects: list[Effect | None]


def part_of(run: RunResult) -> RunResult:
    """What of a run an explanation needs, so that hundreds fit in memory."""
    broken = [law for law in run.conservation if not law.ok]
    return run.model_copy(update={"conservation": broken, "faults": [], "causes": [], "timeline": []})


def explain_verdict(plan: ExplanationPlan, runs: Runs) -> ExplanationResult:
    """Makes the runs and puts the result together: what `coredrill explain` writes as JSON. Raises InputError."""
    return _Explanation(plan, runs).result()


class _Explanation:
    """An explanation under way."""

    def __init__(self, plan: ExplanationPlan, runs: Runs) -> None:
        self.plan, self.runs, session = plan, runs, runs.session
        scenario = session.scenario(plan.scenario)
        known = [
            known_of_run(session.files, scenario, architecture=a, environment=plan.environment, assignments=plan.assignments)
            for a in plan.sides
        ]
        self.guesses = guesses_of(known)
        self.block = plan.replications or (scenario.model.replications if plan.against is None else REPLICATIONS)
        self.measure = self._asked()
        self.metrics = metrics_of([self.measure.name] if self.measure is not None else [])
        self.scenario: Scenario = session.bind(self._job(0, 0, {}).system).inputs.scenario.model
        self.walks = self._walks()
        for side in range(len(plan.sides)):
            require_measures(session, self._job(side, 0, {}), [self.measure.name] if self.measure is not None else [])

    def _asked(self) -> ComparedMeasure | None:
        """The measure of the plan; None to choose one by the runs. Raises InputError."""
        text = self.plan.measure
        if isinstance(text, ComparedMeasure):
            return text
        if text is None:
            return None if self.plan.against is None else MEASURES[0]
        usual = next((m for m in MEASURES if m.name == text), None)
        if usual is not None or "=" in text or self.plan.against is not None:
            return usual or compared_measure(text)
        try:
            measures().find(text)
        except ValueError as error:
            raise InputError(f"--measure {text}: {error}") from None
        return ComparedMeasure(name=text, margin=0.0, amount=0.0)

    def _walks(self) -> list[Trajectory]:
        """As many walks through all guesses as there are runs for. Raises InputError if there are none."""
        if not self.guesses:
            raise InputError(
                f"{self.plan.scenario}: its files mark no number as a guess", hint="write the section known: docs/files.md"
            )
        needed = (len(self.guesses) + 1) * len(self.plan.sides)
        count = min(WALKS_MAX, self.plan.runs // needed)
        if not count:
            raise InputError(
                f"--runs {self.plan.runs}: to move each of {len(self.guesses)} guesses once takes {needed} runs",
                hint=f"give --runs {needed} or more",
            )
        return trajectories(len(self.guesses), count, self.plan.seed)

    # --- runs ---------------------------------------------------------------------------------------------------------------

    def _job(self, side: int, number: int, positions: Positions) -> Job:
        """The run of one seed on one side."""
        plan = self.plan
        changes = [a for i, at in positions.items() for a in self.guesses[i].assignments(side, at)]
        return Job(
            plan.scenario,
            plan.seed + number,
            plan.sides[side],
            plan.environment,
            (*plan.assignments, *changes),
            target=plan.target,
            metrics=self.metrics,
        )

    def _record(self, side: int, number: int, positions: Positions) -> RunResult:
        return self.runs.records[self._job(side, number, positions).key]

    def _verdicts(self, points: Sequence[Positions], what: str) -> list[str]:
        """Over the block of seeds at each point."""
        sides, seeds = range(len(self.plan.sides)), range(self.block)
        self.runs.make([self._job(s, n, p) for p in points for n in seeds for s in sides], what)
        return [self.judge.verdict([[self._record(s, n, p) for n in seeds] for s in sides]) for p in points]

    def _walk(self) -> None:
        """Makes the runs of the screening. The points of a walk have one seed, so that only the guess differs."""
        sides = range(len(self.plan.sides))
        for w, walk in enumerate(self.walks):
            jobs = [self._job(s, w % self.block, dict(enumerate(point))) for point in walk.points for s in sides]
            self.runs.make(jobs, f"runs of walk {w + 1} of {len(self.walks)}")

    def _effects(self, judge: Judge) -> list[Effect | None]:
        """The effects of all guesses on what a judge says of the runs of the screening."""
        sides = range(len(self.plan.sides))
        values = [
            [judge.value([self._record(s, w % self.block, dict(enumerate(point))) for s in sides]) for point in walk.points]
            for w, walk in enumerate(self.walks)
        ]
        return effects(self.walks, values)

    def _candidates(self, base: Sequence[RunResult]) -> list[ComparedMeasure]:
        """What a scenario may be screened by: its expectations on numbers, those first that a run breaks."""
        names = dict.fromkeys(e.measure for e in self.scenario.expect if measures().find(e.measure).numeric)
        broken = {e.measure for run in base for e in run.expectations if e.holds is False}
        found = sorted(names or [MEASURES[0].name], key=lambda name: name not in broken)
        return [ComparedMeasure(name=name, margin=0.0, amount=0.0) for name in found]

    def _judge(self, measure: ComparedMeasure) -> Judge:
        window = self.scenario.window
        if self.plan.against is None:
            return ScenarioJudge(self.scenario, measure.name)
        return PairJudge(measure, (window.end - window.begin) / SECOND, BAD_SHARE)

    def _screened(self, base: Sequence[RunResult]) -> Screened:
        """By the measure that was asked for, else by the first candidate that any guess moves."""
        asked = [self.measure] if self.measure is not None else self._candidates(base)
        self._walk()
        found = [Screened(m, judge, self._effects(judge)) for m in asked for judge in (self._judge(m),)]
        return next((s for s in found if any(e is not None and e.absolute > 0 for e in s.effects)), found[0])

    # --- the result -------------------------------------------------------------------------------------------------------------

    def result(self) -> ExplanationResult:
        """Makes the runs and returns the result."""
        plan = self.plan
        sides, seeds = range(len(plan.sides)), range(self.block)
        self.runs.make([self._job(s, n, {}) for n in seeds for s in sides], "runs of the verdict")
        base = [[self._record(s, n, {}) for n in seeds] for s in sides]
        screened = self._screened(base[0])
        self.judge, found = screened.judge, screened.effects
        verdict = self.judge.verdict(base)
        ranked = sorted(range(len(self.guesses)), key=lambda i: -(e.absolute if (e := found[i]) is not None else -1.0))
        decided = verdict in self.judge.decided
        largest = [i for i in ranked[:SEARCHED] if (e := found[i]) is not None and e.absolute > 0] if decided else []
        return ExplanationResult(
            schema_version=SCHEMA_VERSION,
            scenario=plan.scenario,
            title=base[0][0].title,
            architecture=base[0][0].architecture,
            against=base[1][0].architecture if plan.against is not None else None,
            environment=base[0][0].environment,
            measure=screened.measure,
            seeds=[run.seed for run in base[0]],
            verdict=verdict,
            decided=decided,
            guesses=[_effect_of(self.guesses[i], found[i]) for i in ranked],
            searched=self._searched(largest, verdict),
            summary=self._summary(),
        )

    def _searched(self, numbers: Sequence[int], verdict: str) -> list[SearchedGuess]:
        """The guesses of these numbers, each moved alone."""
        chosen = [self.guesses[i] for i in numbers]

        def ask(points: Sequence[Point]) -> list[str]:
            return self._verdicts([{numbers[p.factor]: p.at} for p in points], "runs of the search")

        def is_open(way: Search) -> bool:
            texts = [chosen[way.factor].text_at(at) for at in (way.kept, way.middle, way.flipped or 0.0)]
            return texts[1] not in (texts[0], texts[2])

        ways = searched([guess.position for guess in chosen], verdict, self.judge.decided, ask, is_open)
        return [self._found(guess, [way for way in ways if way.factor == i]) for i, guess in enumerate(chosen)]

    def _found(self, guess: Guess, ways: Sequence[Search]) -> SearchedGuess:
        at_end = {way.end: way.at_end for way in ways}
        flips = [
            Flip(
                kept=guess.text_at(way.kept),
                flipped=guess.text_at(way.flipped),
                verdict=way.verdict,
                assignments=[guess.assignments(side, way.flipped) for side in range(len(self.plan.sides))],
            )
            for way in ways
            if way.flipped is not None
        ]
        return SearchedGuess(name=guess.name, at_low=at_end.get(0.0), at_high=at_end.get(1.0), flips=flips)

    def _summary(self) -> ExplanationSummary:
        records = self.runs.records.values()
        screening = sum(len(walk.points) for walk in self.walks) * len(self.plan.sides)
        return ExplanationSummary(
            runs=len(records),
            screening=screening,
            walks=len(self.walks),
            block=self.block * len(self.plan.sides),
            conservation_broken=sum(len(run.broken_laws) for run in records),
        )


def _effect_of(guess: Guess, found: Effect | None) -> GuessEffect:
    return GuessEffect(
        name=guess.name,
        source=guess.entry.known.source,
        values=guess.values,
        standing=guess.text_at(guess.position),
        low=guess.text_at(0.0),
        high=guess.text_at(1.0),
        absolute=None if found is None else found.absolute,
        mean=None if found is None else found.mean,
        deviation=None if found is None else found.deviation,
        steps=0 if found is None else found.count,
    )
