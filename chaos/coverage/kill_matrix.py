"""`coredrill coverage`: plant every defect at every site, run the suite where it is usually run, and count what it notices."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple, get_args

from chaos.coverage import scores as m
from chaos.coverage.parts import parts_of, reached_in
from chaos.coverage.signatures import balanced_score, by_family, distinct_score, kill_signatures, sample_interval
from chaos.coverage.trial_runner import Baseline, TrialKey, TrialRunner, TrialSettings, baseline, require_green
from chaos.coverage.trials import Trial, inert
from chaos.documents.library import library
from chaos.execution.inputs.planting import Mutant, Plantable, mutants, places
from chaos.execution.jobs import SystemReference
from chaos.results.coverage import (
    CellResult,
    CoverageSummary,
    ExpectationTrips,
    MatrixResult,
    MutantResult,
    Observation,
    OperatorScore,
    Outcome,
    Part,
    ScenarioKills,
    Status,
    TrialResult,
)
from simcore.base.errors import InputError
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex

EVENTS_FACTOR = 30
"""A run that needs so many times the events of the same run without the defect has timed out."""
EVENTS_MIN = 1_000_000


# --- mutants over scenarios -----------------------------------------------------------------------------------------------------


class MutantPlan(NamedTuple):
    """The trials a mutant needs in an environment, and the scenarios that it cannot change."""

    trials: tuple[Trial, ...]
    spared: list[str]


def plan_of(
    runner: TrialRunner, mutant: Plantable, base: Baseline, scenarios: Sequence[str], *, stop: bool = False
) -> MutantPlan:
    """What has to be run of a mutant. With `stop` the seeds that can change no verdict any more are left out."""
    s, trials, spared = runner.settings, [], []
    for name in scenarios:
        runs = base.runs[name]
        can = [r for r in runs if s.exhaustive or not inert(mutant.needs, r.readings, deadlines=base.deadlines[name])]
        if not can:
            spared.append(name)
            continue
        trials.append(
            Trial(
                name,
                s.architecture,
                base.environment,
                s.seed_numbers,
                mutant.defects,
                events_budget(runs),
                stop,
                base.digests[name],
            )
        )
    return MutantPlan(tuple(trials), spared)


def events_budget(runs: Sequence[Observation]) -> tuple[int, ...]:
    """How many events each run may need with a defect, by the same runs without it."""
    return tuple(max(EVENTS_MIN, EVENTS_FACTOR * run.events) for run in runs)


def fitting(runner: TrialRunner, chosen: Sequence[Mutant], base: Baseline, scenarios: Sequence[str], most: int) -> list[Mutant]:
    """As many mutants, from the first on, as at most so many runs allow even if every seed has to be run."""
    found, runs = list[Mutant](), 0
    for mutant in chosen:
        runs += sum(len(trial.seeds) for trial in plan_of(runner, mutant, base, scenarios, stop=True).trials)
        if runs > most:
            break
        found.append(mutant)
    return found


def cells_of(
    runner: TrialRunner, chosen: Sequence[Plantable], base: Baseline, scenarios: Sequence[str], what: str, *, stop: bool = False
) -> dict[str, dict[str, m.Cell]]:
    """The kill matrix of some mutants under some scenarios in an environment: mutant → scenario → cell, of which the outcome `killed`
    says that the scenario passes without the mutant and fails with it, by the verdict over the block of seeds. With `stop` a cell has only
    as many runs as decide that."""
    plans = [plan_of(runner, mutant, base, scenarios, stop=stop) for mutant in chosen]
    asked = [i for i, (trials, _) in enumerate(plans) if trials]
    inputs = [cells_inputs(chosen[i], [base.digests[t.scenario] for t in plans[i][0]]) for i in asked]
    given = dict(zip(asked, runner.make([plans[i][0] for i in asked], inputs, what), strict=True))
    found = {}
    for i, mutant in enumerate(chosen):
        trials, spared = plans[i]
        cells = {name: m.Cell("inert") for name in spared}
        for trial, result in zip(trials, given.get(i, []), strict=True):
            plain, green = base.runs[trial.scenario], base.green[trial.scenario]
            cells[trial.scenario] = m.cell_of(result, plain, green=green, margins=runner.settings.margins)
        found[mutant.name] = {name: cells[name] for name in scenarios}
        _note(runner, mutant, trials, given.get(i, []))
    return found


def cells_inputs(mutant: Plantable, digests: Sequence[str]) -> str:
    """Changes with what decides the cells of a mutant: its edits, and the systems it is planted in."""
    said = repr([mutant.said, list(digests)])
    return blake2b(said.encode(), digest_size=12).hexdigest()


def _note(runner: TrialRunner, mutant: Plantable, trials: Sequence[Trial], given: Sequence[TrialResult]) -> None:
    """Remembers what the runs said beyond their verdicts."""
    for trial, result in zip(trials, given, strict=True):
        runner.details[TrialKey(mutant.name, trial.scenario, str(trial.environment))] = result


def absent(runner: TrialRunner, architecture: Architecture, chosen: Sequence[Mutant]) -> set[str]:
    """The mutants whose site an architecture (that of the environment) does not have."""
    index, known = ArchitectureIndex(architecture), dict[str, set[str]]()
    for mutant in chosen:
        if mutant.operator not in known:
            known[mutant.operator] = {site.label for site in places(runner.session.files.defect(mutant.operator).model, index)}
    return {mutant.name for mutant in chosen if mutant.site not in known[mutant.operator]}


def in_production(runner: TrialRunner, chosen: Sequence[Mutant], scenario: str) -> dict[str, m.Does]:
    """What each of the mutants does to the system of production: nothing, byte for byte (a defect that is none), or not even that,
    because the changed files would be refused."""
    s = runner.settings
    plain = SystemReference(scenario, s.architecture, "production")
    found: dict[str, m.Does] = {}
    for mutant in chosen:
        try:
            digest = runner.session.input_digest(plain._replace(defects=mutant.defects))
        except InputError:
            found[mutant.name] = "impossible"
        else:
            found[mutant.name] = "same" if digest == runner.session.input_digest(plain) else "changes"
    return found


# --- all of it ----------------------------------------------------------------------------------------------------------------


@dataclass
class Matrix:
    """The kill matrix of a suite with everything it was made from; how many of its runs were made for it, and how many kept before. The
    mutants are the whole `census`, or a sample of so many. `reached` has the scenarios that reach each, `parts` where it is in the census."""

    settings: TrialSettings
    scenarios: list[str]
    base: Baseline
    mutants: list[Mutant]
    cells: dict[str, dict[str, m.Cell]]
    statuses: dict[str, Status]
    made: int
    kept: int
    census: int
    reached: dict[str, list[str]]
    parts: dict[str, Part]

    @property
    def survivors(self) -> list[Mutant]:
        """Those that production can have and the suite does not notice."""
        return [x for x in self.mutants if self.statuses[x.name] in ("survived", "timed out", "not present")]


def kill_matrix(runner: TrialRunner, scenarios: Sequence[str], environment: str) -> Matrix:
    """Every mutant under every scenario in an environment. Raises InputError where the suite is not green there without them (but for the
    differential column alone, if the settings want it), and for wrong files."""
    s, made, kept = runner.settings, runner.made, runner.kept
    architecture = library().resolve(s.architecture, Architecture).model
    every = mutants(runner.session.files, architecture, s.operators)
    if not every:
        raise InputError(f"no defect has a site on {s.architecture}", hint="name other operators with --defect")
    chosen = drawn(every, s)
    base = baseline(runner, scenarios, environment)
    if not s.differential:
        require_green(base)
    cells = cells_of(runner, chosen, base, scenarios, f"mutants in {environment}")
    gone = absent(
        runner, library().resolve(s.architecture, Architecture, [library().surroundings(environment).architecture]).model, chosen
    )
    unchanged = [x for x in chosen if all(c.outcome in ("identical", "impossible") for c in cells[x.name].values())]
    there = in_production(runner, unchanged, scenarios[0])
    statuses = {
        x.name: m.status_of(list(cells[x.name].values()), present=x.name not in gone, in_production=there.get(x.name, "changes"))
        for x in chosen
    }
    reached = {x.name: reached_in(runner, x, base, scenarios) for x in chosen}
    parts = parts_of(chosen, cells, statuses, reached)
    made, kept = runner.made - made, runner.kept - kept
    return Matrix(s, list(scenarios), base, chosen, cells, statuses, made, kept, len(every), reached, parts)


def drawn(every: Sequence[Mutant], settings: TrialSettings) -> list[Mutant]:
    """All of them, or as many as are to be sampled, drawn without replacement by the settings' seed, in their order."""
    if settings.sample is None or settings.sample >= len(every):
        return list(every)
    chosen = sorted(random.Random(settings.seed).sample(range(len(every)), settings.sample))
    return [every[i] for i in chosen]


def described(runner: TrialRunner, found: Matrix) -> MatrixResult:
    """The matrix as a result."""
    return MatrixResult(
        signatures=kill_signatures(found.cells),
        families=by_family(found.mutants, found.statuses),
        summary=_summary(runner, found),
        operators=_operators(found),
        mutants=[_mutant(runner, found, mutant) for mutant in found.mutants],
        scenarios=_scenarios(found),
        expectations=_expectations(runner, found),
    )


def _identity(runner: TrialRunner, found: Matrix, mutant: Mutant) -> str:
    """Equal for mutants whose systems are the same, byte for byte, in all that was run; of one that was not, for the same edits. Of what is
    not present here it is the system in production: here all of them leave it as it is."""
    if found.statuses[mutant.name] == "not present":
        return _in_production(runner, found, mutant)
    of = [(name, runner.details.get(TrialKey(mutant.name, name, found.base.environment))) for name in found.scenarios]
    digests = [(name, result.digest) for name, result in of if result is not None and result.digest is not None]
    return repr(digests or _edits(mutant))


def _in_production(runner: TrialRunner, found: Matrix, mutant: Mutant) -> str:
    system = SystemReference(found.scenarios[0], found.settings.architecture, "production", defects=mutant.defects)
    try:
        return runner.session.input_digest(system)
    except InputError:
        return _edits(mutant)


def _edits(mutant: Mutant) -> str:
    """What it changes, without the places in its file."""
    edits = [(e.verb, e.path, e.value and e.value.plain(), e.by, e.beside, e.after) for e in mutant.layer.edits]
    return repr([mutant.permanent_faults, edits])


def _summary(runner: TrialRunner, found: Matrix) -> CoverageSummary:
    scored = m.score(list(found.statuses.values()))
    identities = {x.name: _identity(runner, found, x) for x in found.mutants}
    population = found.census - scored.equivalent - scored.impossible
    worse = m.differential(found.cells, found.statuses)

    def beside(*outcomes: Outcome) -> int:
        return len(m.unkilled_with(found.cells, found.statuses, outcomes))

    green = any(found.base.green.values())
    return CoverageSummary(
        **dict(scored) | ({} if green else {"score": None, "score_present": None}),
        **dict(m.flaky_kills(found.cells)),
        seed_scores=m.seed_scores(found.cells, found.statuses, found.settings.seeds),
        seeds=found.settings.seeds,
        runs=found.made + found.kept,
        kept=found.kept,
        cells=len(found.mutants) * len(found.scenarios),
        conservation_broken=sum(run.broken for result in runner.details.values() for run in result.runs),
        spared=sum(cell.outcome == "inert" for cells in found.cells.values() for cell in cells.values()),
        stopped=beside("unknown"),
        averted=beside("averted"),
        stopped_or_averted=beside("unknown", "averted"),
        differential=len(worse),
        differential_alone=sum(found.statuses[name] != "killed" for name in worse),
        margins={margin.measure: margin.amount for margin in found.settings.margins},
        parts={part: [*found.parts.values()].count(part) for part in get_args(Part)},
        census=found.census,
        sampled=len(found.mutants) if len(found.mutants) < found.census else None,
        interval=sample_interval(scored.killed, scored.counted, population) if len(found.mutants) < found.census else None,
        distinct=distinct_score(found.statuses, kill_signatures(found.cells), identities),
        balanced=balanced_score(by_family(found.mutants, found.statuses)),
        red=[name for name in found.scenarios if not found.base.green[name]],
    )


def _operators(found: Matrix) -> list[OperatorScore]:
    by: dict[str, list[Mutant]] = {}
    for mutant in found.mutants:
        by.setdefault(mutant.operator, []).append(mutant)
    return [
        OperatorScore(
            name=name, title=mine[0].title, family=mine[0].family, **dict(m.score([found.statuses[x.name] for x in mine]))
        )
        for name, mine in by.items()
    ]


def _mutant(runner: TrialRunner, found: Matrix, mutant: Mutant) -> MutantResult:
    cells = found.cells[mutant.name]
    results = [runner.details.get(TrialKey(mutant.name, name, found.base.environment)) for name in cells]
    return MutantResult(
        name=mutant.name,
        operator=mutant.operator,
        site=mutant.site,
        family=mutant.family,
        title=mutant.title,
        status=found.statuses[mutant.name],
        part=found.parts[mutant.name],
        reached=found.reached[mutant.name],
        killed_by=m.with_outcome(cells, "killed"),
        stopped=m.with_outcome(cells, "unknown"),
        averted=m.with_outcome(cells, "averted"),
        worse=[name for name, cell in cells.items() if cell.worse],
        no_difference=m.no_difference(list(cells.values())),
        cells={n: _cell(c) for n, c in cells.items()},
        impossible=next((result.impossible for result in results if result and result.impossible is not None), ""),
    )


def _cell(cell: m.Cell) -> CellResult:
    return CellResult(outcome=cell.outcome, verdicts=list(cell.verdicts), changed=cell.changed, worse=list(cell.worse))


def _scenarios(found: Matrix) -> list[ScenarioKills]:
    kills = m.killers(found.cells)
    return [ScenarioKills(name=name, kills=len(kills[name]), alone=len(_alone(kills, name))) for name in found.scenarios]


def _alone(kills: Mapping[str, set[str]], name: str) -> set[str]:
    """What no other scenario kills."""
    return kills[name] - set().union(*(mine for other, mine in kills.items() if other != name))


def _expectations(runner: TrialRunner, found: Matrix) -> list[ExpectationTrips]:
    """Every expectation and property of the suite with the number of defects that tripped it in any run. One that is broken without any
    defect is tripped by none."""
    without = {
        name: {*found.base.tripped[name], *(text for run in found.base.runs[name] for text in run.tripped)}
        for name in found.scenarios
    }
    tripped: dict[str, dict[str, set[str]]] = {name: {} for name in found.scenarios}
    for key, result in runner.details.items():
        if key.environment == found.base.environment and key.scenario in tripped:
            broken = {*result.tripped, *(text for run in result.runs for text in run.tripped)}
            for expected in broken - without[key.scenario]:
                tripped[key.scenario].setdefault(expected, set()).add(key.mutant)
    return [
        ExpectationTrips(scenario=name, expected=expected, tripped_by=len(tripped[name].get(expected, ())))
        for name in found.scenarios
        for expected in found.base.runs[name][0].expected
    ]
