"""The whole of `coredrill coverage`: kill matrix, price of the survivors, why they survived, the curve, and what to add."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from chaos.coverage import scores as m
from chaos.coverage.assertions import missing_assertions
from chaos.coverage.attribution import Question, Why, attribute, changes, first_settings, hidden_by, reasons
from chaos.coverage.combinations import FACTORS, covered, exercised, faults_of, universe
from chaos.coverage.curve import best_first, held_out, is_exact, operators_of, random_order
from chaos.coverage.differences import MARGINS, unit_of
from chaos.coverage.incidents import NOTHING, against_incidents
from chaos.coverage.kill_matrix import Matrix, described, kill_matrix
from chaos.coverage.pairs import search_pairs
from chaos.coverage.pricing import SEEDS, Prices, load_triggers, price, ranking, require_windows
from chaos.coverage.reaching import reaching
from chaos.coverage.suggestions import SuggestionSearch
from chaos.coverage.trial_runner import TrialRunner, TrialSettings
from chaos.documents.library import library
from chaos.documents.suites import scenarios_of
from chaos.documents.triggers import Triggers
from chaos.execution.jobs import SystemReference
from chaos.execution.session import Session
from chaos.results.coverage import (
    SCHEMA_VERSION,
    BesideResult,
    CombinationCoverage,
    CoverageResult,
    Gap,
    PricedWindow,
    PriceResult,
    PriceRow,
)
from chaos.results.defect_pairs import PairsResult
from chaos.results.findability import AttributionResult, Suggestion, SuiteCurve
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload


@dataclass(frozen=True)
class CoverageOptions:
    """What is wanted beyond the kill matrix: budgets are runs (0: none of it); each window of a price, and of pairs, is run with `price_seeds` seeds;
    `suggest` scenarios are written to `folder`; `beside` is a suite and an environment that the same defects are planted in as well. The
    suite meets the causes of incidents within `incidents_budget`."""

    triggers: str = "brokers"
    price_budget: int = 0
    price_seeds: int = SEEDS
    pairs_budget: int = 0
    why_budget: int = 0
    suggest: int = 0
    folder: Path = Path("suggested")
    beside: tuple[str, str] | None = None
    suggest_budget: int = 2000
    incidents_budget: int = 0
    reach_budget: int = 0


def measure(session: Session, name: str, settings: TrialSettings, wanted: CoverageOptions) -> CoverageResult:
    """Plants defects one by one and runs the suite (or scenario) of a name or path on each: what `coredrill coverage` writes as JSON.

    `settings` say which defects, where and with how many seeds, `wanted` what else is computed. Raises InputError for files that are
    wrong, and for a suite that does not pass without any defect.

    >>> settings = TrialSettings("./architecture.yaml", "production", seeds=1, operators=("timeout-missing",), store="trials.jsonl")
    >>> with Session() as session:
    ...     result = measure(session, "./suite.yaml", settings, CoverageOptions())
    >>> [(mutant.name, mutant.status) for mutant in result.mutants]
    [('timeout-missing@core.place/bank.ask#0', 'survived')]
    """
    with TrialRunner(session, settings, name) as runner:
        return _measured(runner, name, wanted)


def _measured(runner: TrialRunner, name: str, wanted: CoverageOptions) -> CoverageResult:
    settings = runner.settings
    triggers = load_triggers(wanted.triggers)
    if wanted.price_budget or wanted.pairs_budget:
        require_windows(runner, triggers)
    found = kill_matrix(runner, scenarios_of(name), settings.environment)
    matrix = described(runner, found)
    beside = _beside(runner, *wanted.beside) if wanted.beside else None
    others = scenarios_of(wanted.beside[0]) if wanted.beside else []
    reach = reaching(runner, found, triggers, others, budget=wanted.reach_budget)
    assertions = missing_assertions(runner, found)
    prices, rows = _prices(runner, found, triggers, wanted)
    yearly = {row.name: row.harmed_orders for row in rows}
    why = _why(runner, found, wanted, yearly)
    return CoverageResult(
        schema_version=SCHEMA_VERSION,
        own_names=found.base.own_names,
        kind="coverage",
        suite=name,
        architecture=settings.architecture,
        environment=settings.environment,
        gaps=_gaps(settings.environment),
        replay=_command(name, settings, wanted),
        summary=matrix.summary.model_copy(update={"runs_in_all": runner.made + runner.kept}),
        operators=matrix.operators,
        mutants=matrix.mutants,
        scenarios=matrix.scenarios,
        expectations=matrix.expectations,
        signatures=matrix.signatures,
        families=matrix.families,
        beside=beside,
        assertions=assertions,
        reach=reach,
        price=_price(prices, rows, found),
        pairs=_pairs(runner, found, triggers, wanted),
        why=_explained(why, yearly),
        curve=_curve(found, yearly),
        combinations=_combinations(runner.session, found, triggers),
        suggestions=_suggestions(runner, prices, found, yearly, wanted),
        incidents=against_incidents(runner, found, wanted.incidents_budget) if wanted.incidents_budget else NOTHING,
    )


def _gaps(environment: str) -> list[Gap]:
    gaps = library().surroundings(environment).gaps
    return [Gap(name=name, kind=gap.kind, title=gap.title) for name, gap in gaps.items()]


def _command(name: str, settings: TrialSettings, wanted: CoverageOptions) -> str:
    words = ["coredrill", "coverage", name, "--architecture", settings.architecture, "--environment", settings.environment]
    words += [
        "--seed",
        str(settings.seed),
        "--seeds",
        str(settings.seeds),
        "--price",
        str(wanted.price_budget),
        "--price-seeds",
        str(wanted.price_seeds),
        "--pairs",
        str(wanted.pairs_budget),
        "--why",
        str(wanted.why_budget),
    ]
    words += ["--triggers", wanted.triggers] if wanted.triggers != CoverageOptions.triggers else []
    words += ["--suggest", str(wanted.suggest), "--suggest-runs", str(wanted.suggest_budget)] if wanted.suggest else []
    words += ["--incidents", str(wanted.incidents_budget)] if wanted.incidents_budget else []
    words += ["--beside", "@".join(wanted.beside)] if wanted.beside else []
    words += ["--reach", str(wanted.reach_budget)] if wanted.reach_budget else []
    words += ["--sample", str(settings.sample)] if settings.sample is not None else []
    words += ["--differential"] if settings.differential else []
    words += ["--exhaustive"] if settings.exhaustive else []
    if settings.margins != MARGINS:
        words += [w for margin in settings.margins for w in ("--worse", f"{margin.measure}={margin.amount}{unit_of(margin)}")]
    return shlex.join(words + [w for o in settings.operators or () for w in ("--defect", o)])


def _beside(runner: TrialRunner, name: str, environment: str) -> BesideResult:
    """What another suite notices of the same defects where it is run. Raises InputError where it is not green without them."""
    matrix = described(runner, kill_matrix(runner, scenarios_of(name), environment))
    return BesideResult(
        suite=name,
        environment=environment,
        gaps=_gaps(environment),
        summary=matrix.summary,
        mutants=matrix.mutants,
        scenarios=matrix.scenarios,
    )


# --- price ----------------------------------------------------------------------------------------------------------------------


class RankedPrices(NamedTuple):
    """Prices (None where none were wanted) and a row a mutant, survivors before what is killed, of each the highest price first."""

    prices: Prices | None
    rows: list[PriceRow]


def _prices(runner: TrialRunner, found: Matrix, triggers: Triggers, wanted: CoverageOptions) -> RankedPrices:
    """Prices of all that count, survivors first: what is killed is needed for the curve."""
    if not wanted.price_budget:
        return RankedPrices(None, [])
    alive = found.survivors
    dead = [x for x in found.mutants if found.statuses[x.name] == "killed"]
    prices = price(runner, [*alive, *dead], triggers, budget=wanted.price_budget, seeds=wanted.price_seeds)
    return RankedPrices(prices, [row for some in (alive, dead) for row in ranking(prices, [x.name for x in some])])


def _pairs(runner: TrialRunner, found: Matrix, triggers: Triggers, wanted: CoverageOptions) -> PairsResult | None:
    """Pairs of defects, where any runs are to be spent on them."""
    if not wanted.pairs_budget:
        return None
    return search_pairs(runner, found, triggers, budget=wanted.pairs_budget, seeds=wanted.price_seeds)


def _price(prices: Prices | None, rows: Sequence[PriceRow], found: Matrix) -> PriceResult:
    if prices is None:
        return PriceResult(ranking=[], windows=[], skipped=[], runs=0)
    alive = {x.name for x in found.survivors}
    return PriceResult(
        ranking=[row for row in rows if row.name in alive],
        killed=[row for row in rows if row.name not in alive],
        windows=[
            PricedWindow(name=w.name, per_year=w.weight, orders=prices.base[w.name][0].orders)
            for w in prices.windows
            if w.name in prices.base
        ],
        skipped=prices.skipped,
        runs=prices.runs,
        seeds=prices.seeds,
        triggers=prices.triggers.name,
    )


def _suggestions(
    runner: TrialRunner, prices: Prices | None, found: Matrix, yearly: Mapping[str, float], wanted: CoverageOptions
) -> list[Suggestion]:
    """What to add, each tried where the suite is run, with the files written."""
    if prices is None or not wanted.suggest:
        return []
    return SuggestionSearch(runner, found, prices, yearly, wanted.suggest, wanted.suggest_budget, wanted.folder).suggestions()


# --- why ------------------------------------------------------------------------------------------------------------------------


def _why(runner: TrialRunner, found: Matrix, wanted: CoverageOptions, yearly: Mapping[str, float]) -> Why | None:
    """The costliest first, so that a budget is spent on what matters."""
    if not wanted.why_budget:
        return None
    order = sorted(found.survivors, key=lambda x: -yearly.get(x.name, 0.0))
    return attribute(Question(runner, found.scenarios, found.base.environment, wanted.why_budget), order)


def _explained(why: Why | None, yearly: Mapping[str, float]) -> AttributionResult:
    if why is None:
        return AttributionResult(hidden_by={}, changes=[], skipped=[], skipped_pairs=[], red={}, runs=0)
    asked = set(first_settings(why.gaps))
    return AttributionResult(
        hidden_by={name: labels for name in why.tried if (labels := hidden_by(why, name)) or why.tried[name]},
        changes=changes(why, yearly),
        skipped=[name for name, left in why.left_out.items() if asked & set(left)],
        skipped_pairs=[f"{name}: {'+'.join(off)}" for name, left in why.left_out.items() for off in left if off not in asked],
        red=why.red,
        runs=why.runs,
        gaps=why.gaps,
        survivors=reasons(why),
    )


# --- the curve, combinations ----------------------------------------------------------------------------------------------------


def _curve(found: Matrix, yearly: Mapping[str, float]) -> SuiteCurve:
    """Defects caught and yearly failed orders that still slip through, as scenarios are added best first and in random order."""
    kills = m.killers(found.cells)
    counted = [x.name for x in found.mutants if found.statuses[x.name] in m.IN_DENOMINATOR]
    whole = sum(yearly.get(name, 0.0) for name in counted)
    return SuiteCurve(
        whole=whole,
        mutants=len(counted),
        best_first=best_first(kills, yearly, whole),
        random=random_order(kills, yearly, whole),
        exact=is_exact(kills),
        held_out=held_out(kills, operators_of(counted)),
    )


def _combinations(session: Session, found: Matrix, triggers: Triggers) -> CombinationCoverage:
    points, faults = set(), faults_of(triggers)
    architecture = library().resolve(found.settings.architecture, Architecture).model
    for name in found.scenarios:
        inputs = session.resolve(SystemReference(name, found.settings.architecture, found.settings.environment))
        points |= exercised(inputs, library().resolve(inputs.workload_reference, Workload).model, triggers)
        faults += [step.given()[0][0] for step in inputs.scenario.model.method]
    every = universe(architecture, triggers, dict.fromkeys(faults))
    return CombinationCoverage(factors=list(FACTORS), rows=covered(points, every))
