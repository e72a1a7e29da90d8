"""`coredrill coverage`: plant every defect at every site, run the suite where it is usually run, and count what it notices."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import click

from chaos.coverage import scores as m
from chaos.coverage.trials import PASS, Trial, attempt, forget, inert, system
from chaos.documents.library import library
from chaos.execution.jobs import forget as forget_files
from chaos.execution.planting import Mutant, load_defect, mutants, places
from chaos.execution.progress import announce_compilation
from chaos.execution.runs import Line
from chaos.execution.store import Store
from chaos.execution.workers import Place, require_same_files, run_tasks
from simcore.base.errors import InputError
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex

EVENTS_FACTOR = 30
"""A run that needs so many times the events of the same run without the defect has timed out."""
EVENTS_MIN = 1_000_000


@dataclass(frozen=True)
class Setting:
    """Where and how: `seeds` from 1 on; `operators` limits the defects; `exhaustive` runs what cannot differ, too; `all_seeds` also
    those that decide nothing any more."""

    architecture: str
    environment: str
    seeds: int = 3
    jobs: int = 1
    cluster: str | None = None
    operators: tuple[str, ...] | None = None
    store: str | None = None
    resume: bool = False
    exhaustive: bool = False
    all_seeds: bool = False

    @property
    def seed_numbers(self) -> tuple[int, ...]:
        return tuple(range(1, self.seeds + 1))


@dataclass
class Ground:
    """What a suite shows in one environment without any defect: by scenario the digest of the system and the runs."""

    environment: str
    digests: dict[str, str]
    runs: dict[str, list[dict[str, Any]]]
    deadlines: dict[str, bool]
    green: dict[str, bool] = field(init=False)

    def __post_init__(self) -> None:
        self.green = {name: all(run["verdict"] == PASS for run in runs) for name, runs in self.runs.items()}


class Bench:
    """Makes trials on processes, keeps what is made, and counts the runs that are `made` and those that were `kept`. A trial that is
    kept is not made again."""

    def __init__(self, setting: Setting, name: str) -> None:
        forget()
        forget_files()
        self.setting, self.made, self.kept = setting, 0, 0
        self.counted: set[str] = set()
        self.grounds: dict[Any, Ground] = {}
        self.details: dict[tuple[str, str, str], dict[str, Any]] = {}
        path = Path(setting.store) if setting.store else _default_store(name, setting)
        self.store = Store(path, resume=setting.resume)
        self.path = path

    def make(self, batches: Sequence[tuple[Trial, ...]], inputs: Sequence[str], what: str) -> list[list[dict[str, Any]]]:
        """What each batch gave, in their order. `inputs` changes with whatever decides what comes of a batch."""
        keys = [json.dumps([trial.key for trial in batch]) for batch in batches]
        found: dict[int, list[dict[str, Any]]] = {}
        for i, key in enumerate(keys):
            record = self.store.get(key, inputs[i])
            if record is not None:
                found[i] = record["given"]
        self.kept += sum(_runs(given) for i, given in found.items() if keys[i] not in self.counted)
        self.counted.update(keys)
        left = [i for i in range(len(batches)) if i not in found]
        if left:
            announce_compilation()
        teller = _Teller(what, len(batches), len(found))

        def done(task: tuple[int, tuple[Trial, ...]], given: list[dict[str, Any]]) -> None:
            i = task[0]
            given = json.loads(json.dumps(given))
            found[i] = given
            self.store.add(keys[i], inputs[i], {"given": given})
            self.made += _runs(given)
            teller.tell()

        try:
            run_tasks(_task, [(i, batches[i]) for i in left], done, Place(self.setting.jobs, self.setting.cluster))
        except KeyboardInterrupt:
            click.echo(f"{len(found)} of {len(batches)} are kept in {self.path}; go on with --resume", err=True)
            raise
        finally:
            teller.end()
        return [found[i] for i in range(len(batches))]


def _runs(given: Sequence[Mapping[str, Any]]) -> int:
    return sum(len(trial.get("runs", ())) for trial in given)


def _task(numbered: tuple[int, tuple[Trial, ...]]) -> list[dict[str, Any]]:
    return attempt(numbered[1])


def _default_store(name: str, setting: Setting) -> Path:
    said = json.dumps([name, setting.architecture, setting.environment, setting.seeds])
    return Path(".coredrill") / f"coverage-{blake2b(said.encode(), digest_size=6).hexdigest()}.jsonl"


class _Teller:
    """Progress on stderr: on a terminal each batch, elsewhere each quarter of them."""

    def __init__(self, what: str, total: int, made: int) -> None:
        self.what, self.total, self.made, self.line = what, total, made, Line(70)
        if made:
            click.echo(f"{what}: {made} of {total} are kept already", err=True)

    def tell(self) -> None:
        self.made += 1
        if self.line.live or self.made % max(1, self.total // 4) == 0:
            self.line.show(f"{self.what}: {self.made} of {self.total}")

    def end(self) -> None:
        self.line.clear()


# --- the ground ---------------------------------------------------------------------------------------------------------------


def ground(
    bench: Bench, scenarios: Sequence[str], environment: str, *, seeds: tuple[int, ...] | None = None, what: str = ""
) -> Ground:
    """Scenarios without a defect in an environment. Raises InputError for a file that is wrong."""
    s = bench.setting
    known = (tuple(scenarios), environment, seeds)
    if known in bench.grounds:
        return bench.grounds[known]
    trials = [Trial(name, s.architecture, environment, seeds or s.seed_numbers, readings=True) for name in scenarios]
    systems = [system(trial) for trial in trials]
    digests = {name: target.input_digest for name, target in zip(scenarios, systems, strict=True)}
    given = bench.make([(t,) for t in trials], list(digests.values()), f"without defects, {what or environment}")
    for name, (made,) in zip(scenarios, given, strict=True):
        require_same_files(name, made["digest"], digests[name])
    deadlines = {name: target.architecture.deadlines == "propagate" for name, target in zip(scenarios, systems, strict=True)}
    runs = {name: g[0]["runs"] for name, g in zip(scenarios, given, strict=True)}
    bench.grounds[known] = Ground(environment, digests, runs, deadlines)
    return bench.grounds[known]


def require_green(found: Ground) -> None:
    """Raises InputError naming the scenarios that do not pass, with the reason of the first run."""
    for name, runs in found.runs.items():
        for run in runs:
            if run["verdict"] != PASS:
                red = [n for n, green in found.green.items() if not green]
                also = f"; nor do {', '.join(n for n in red if n != name)}" if len(red) > 1 else ""
                raise InputError(
                    f"{name} does not pass in {found.environment} without any defect: {run['verdict']} with seed {run['seed']}"
                    f" ({'; '.join(run['why'][:1]) or 'no reason given'}){also}",
                    mend="coverage counts what a green suite fails to notice: mend the architecture, or leave the scenario out",
                )


# --- mutants over scenarios -----------------------------------------------------------------------------------------------------


def plan_of(bench: Bench, mutant: Mutant, base: Ground, scenarios: Sequence[str]) -> tuple[tuple[Trial, ...], list[str]]:
    """The trials a mutant needs in an environment, and the scenarios it cannot change."""
    s, trials, spared = bench.setting, [], []
    for name in scenarios:
        runs = base.runs[name]
        can = [r for r in runs if s.exhaustive or not inert(mutant.needs, r["readings"], deadlines=base.deadlines[name])]
        if not can:
            spared.append(name)
            continue
        most = tuple(max(EVENTS_MIN, EVENTS_FACTOR * run["events"]) for run in runs)
        trials.append(Trial(
            name, s.architecture, base.environment, s.seed_numbers, mutant.name, most,
            None if s.all_seeds else m.kills_needed(s.seeds), base.digests[name],
        ))  # fmt: skip
    return tuple(trials), spared


def cells_of(
    bench: Bench, chosen: Sequence[Mutant], base: Ground, scenarios: Sequence[str], what: str
) -> dict[str, dict[str, m.Cell]]:
    """The kill matrix of some mutants under some scenarios in an environment."""
    plans = [plan_of(bench, mutant, base, scenarios) for mutant in chosen]
    asked = [i for i, (trials, _) in enumerate(plans) if trials]
    inputs = [cells_inputs(chosen[i], [base.digests[t.scenario] for t in plans[i][0]]) for i in asked]
    given = dict(zip(asked, bench.make([plans[i][0] for i in asked], inputs, what), strict=True))
    found = {}
    for i, mutant in enumerate(chosen):
        trials, spared = plans[i]
        cells = {name: m.Cell("inert") for name in spared}
        for trial, result in zip(trials, given.get(i, []), strict=True):
            effects = {run["seed"]: run["effect"] for run in base.runs[trial.scenario]}
            cells[trial.scenario] = m.cell_of(result, effects, bench.setting.seeds)
        found[mutant.name] = {name: cells[name] for name in scenarios}
        _note(bench, mutant, trials, given.get(i, []))
    return found


def cells_inputs(mutant: Mutant, digests: Sequence[str]) -> str:
    """Changes with what decides the cells of a mutant: its edits, and the systems it is planted in."""
    said = repr([mutant.layer.edits, mutant.standing, list(digests)])
    return blake2b(said.encode(), digest_size=12).hexdigest()


def _note(bench: Bench, mutant: Mutant, trials: Sequence[Trial], given: Sequence[Mapping[str, Any]]) -> None:
    """Remembers what the runs said beyond their verdicts."""
    for trial, result in zip(trials, given, strict=True):
        bench.details[mutant.name, trial.scenario, str(trial.environment)] = dict(result)


def absent(architecture: Architecture, chosen: Sequence[Mutant]) -> set[str]:
    """The mutants whose site an architecture (that of the environment) does not have."""
    index, known = ArchitectureIndex(architecture), dict[str, set[str]]()
    for mutant in chosen:
        if mutant.operator not in known:
            known[mutant.operator] = {site.label for site in places(load_defect(mutant.operator).model, index)}
    return {mutant.name for mutant in chosen if mutant.site not in known[mutant.operator]}


def in_production(bench: Bench, chosen: Sequence[Mutant], scenario: str) -> dict[str, Literal["changes", "same", "impossible"]]:
    """What each of the mutants does to the system of production: nothing, byte for byte (a defect that is none), or not even that,
    because the changed files would be refused."""
    s = bench.setting
    plain = system(Trial(scenario, s.architecture, "production", ())).input_digest
    found: dict[str, Literal["changes", "same", "impossible"]] = {}
    for mutant in chosen:
        try:
            digest = system(Trial(scenario, s.architecture, "production", (), mutant.name)).input_digest
        except InputError:
            found[mutant.name] = "impossible"
        else:
            found[mutant.name] = "same" if digest == plain else "changes"
    return found


# --- all of it ----------------------------------------------------------------------------------------------------------------


@dataclass
class Matrix:
    """The kill matrix of a suite with everything it was made from; how many of its runs were made for it, and how many kept before."""

    setting: Setting
    scenarios: list[str]
    base: Ground
    mutants: list[Mutant]
    cells: dict[str, dict[str, m.Cell]]
    statuses: dict[str, m.Status]
    made: int
    kept: int

    @property
    def survivors(self) -> list[Mutant]:
        """Those that production can have and the suite does not notice."""
        return [x for x in self.mutants if self.statuses[x.name] in ("survived", "timed out", "not present")]


def kill_matrix(bench: Bench, scenarios: Sequence[str], environment: str) -> Matrix:
    """Every mutant under every scenario in an environment. Raises InputError where the suite is not green there without them, and for
    wrong files."""
    s, made, kept = bench.setting, bench.made, bench.kept
    base = ground(bench, scenarios, environment)
    require_green(base)
    architecture = library().resolve(s.architecture, Architecture).model
    chosen = mutants(architecture, s.operators)
    if not chosen:
        raise InputError(f"no defect has a site on {s.architecture}", mend="name other operators with --defect")
    cells = cells_of(bench, chosen, base, scenarios, f"with defects, {environment}")
    gone = absent(
        library().resolve(s.architecture, Architecture, [library().surroundings(environment).architecture]).model, chosen
    )
    unchanged = [x for x in chosen if all(c.outcome in ("identical", "impossible") for c in cells[x.name].values())]
    there = in_production(bench, unchanged, scenarios[0])
    statuses = {
        x.name: m.status_of(list(cells[x.name].values()), present=x.name not in gone, in_production=there.get(x.name, "changes"))
        for x in chosen
    }
    return Matrix(s, list(scenarios), base, chosen, cells, statuses, bench.made - made, bench.kept - kept)


def described(bench: Bench, found: Matrix) -> dict[str, Any]:
    """The matrix as plain data: `summary`, `operators`, `mutants`, `scenarios`, `expectations`."""
    names = list(found.statuses.values())
    per_seed = m.seed_scores(found.cells, found.statuses, found.setting.seeds)
    summary = m.score(names) | {"seed_scores": per_seed, "seeds": found.setting.seeds} | m.flaky_kills(found.cells)
    summary |= {"runs": found.made + found.kept, "kept": found.kept, "cells": len(found.mutants) * len(found.scenarios)}
    summary["conservation_broken"] = sum(run.get("broken", 0) for d in bench.details.values() for run in d.get("runs", ()))
    summary |= {"spared": sum(c.outcome == "inert" for cells in found.cells.values() for c in cells.values())}
    return {
        "summary": summary, "operators": _operators(found), "mutants": [_mutant(bench, found, x) for x in found.mutants],
        "scenarios": _scenarios(found), "expectations": _expectations(bench, found),
    }  # fmt: skip


def _operators(found: Matrix) -> list[dict[str, Any]]:
    by: dict[str, list[Mutant]] = {}
    for mutant in found.mutants:
        by.setdefault(mutant.operator, []).append(mutant)
    return [
        {"name": name, "title": mine[0].title, "family": mine[0].family} | m.score([found.statuses[x.name] for x in mine])
        for name, mine in by.items()
    ]


def _mutant(bench: Bench, found: Matrix, mutant: Mutant) -> dict[str, Any]:
    cells = found.cells[mutant.name]
    shown = {name: {"outcome": c.outcome, "verdicts": list(c.verdicts), "changed": c.changed} for name, c in cells.items()}
    why = next((
        str(d["impossible"]) for name in cells if (d := bench.details.get((mutant.name, name, found.base.environment), {})) and "impossible" in d
    ), "")  # fmt: skip
    return {
        "name": mutant.name, "operator": mutant.operator, "site": mutant.site, "family": mutant.family, "title": mutant.title,
        "status": found.statuses[mutant.name], "killed_by": [name for name, c in cells.items() if c.outcome == "killed"],
        "no_difference": m.no_difference(list(cells.values())), "cells": shown, "impossible": why,
    }  # fmt: skip


def _scenarios(found: Matrix) -> list[dict[str, Any]]:
    kills = m.killers(found.cells)
    return [{"name": name, "kills": len(kills[name]), "alone": len(_alone(kills, name))} for name in found.scenarios]


def _alone(kills: Mapping[str, set[str]], name: str) -> set[str]:
    """What no other scenario kills."""
    return kills[name] - set().union(*(mine for other, mine in kills.items() if other != name))


def _expectations(bench: Bench, found: Matrix) -> list[dict[str, Any]]:
    """Every expectation and property of the suite with the number of defects that tripped it in any run."""
    tripped: dict[tuple[str, str], set[str]] = {}
    for (mutant, scenario, environment), result in bench.details.items():
        if environment == found.base.environment:
            for run in result.get("runs", ()):
                for expected in run["tripped"]:
                    tripped.setdefault((scenario, expected), set()).add(mutant)
    rows = []
    for name in found.scenarios:
        expectations = found.base.runs[name][0]["expected"]
        rows += [{"scenario": name, "expected": e, "tripped_by": len(tripped.get((name, e), ()))} for e in expectations]
    return rows
