"""Two defects at once: pairs that cost more together than the sum of what each costs alone, and whether a suite that notices single
defects notices pairs (the coupling effect).

There are too many pairs to try all: a budget of runs is spent on those first that reach the same pool, link, limit, operation or service,
or of which one holds the slots of the other's pool while somebody waits for it,
and of those that are as close on defects of two families first; within, in an order that is drawn once, so that no operator dominates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import combinations
from typing import NamedTuple

from chaos.coverage.kill_matrix import Matrix, cells_of, plan_of
from chaos.coverage.pricing import SEEDS, Window, harm_of, inert_in, window_runs, windows_of
from chaos.coverage.resources import Reach, Resource, closeness, reach_of, shared_by
from chaos.coverage.trial_runner import Baseline, TrialRunner, baseline
from chaos.documents.library import library
from chaos.documents.triggers import Triggers
from chaos.execution.inputs.planting import Mutant, MutantPair, Plantable, places
from chaos.execution.jobs import SystemReference
from chaos.measures.statistics import share_interval
from chaos.results.defect_pairs import CoupledShare, PairEffect, PairsResult
from simcore.base.errors import InputError
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex

MARGIN = 0.005
"""Of a window's orders: by so much more than the sum, with every seed, a pair costs more together."""
WINDOWS = 2
"""In which pairs are tried: the ordinary day at the open, and the trigger of the open that comes most often."""
AT_A_TIME = 20
"""Pairs that are run with one seed before those among them that stand out are run with all."""


class Candidate(NamedTuple):
    """A pair with what both reach."""

    pair: MutantPair
    shared: frozenset[Resource]


@dataclass
class Search:
    """What a search found: the pairs that cost more together, how many were tried, and the runs that they took."""

    budget: int
    runs: int = 0
    tried: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    found: list[PairEffect] = field(default_factory=list)


class Coupled(NamedTuple):
    """How many of the pairs that a suite was run on it kills, and the runs that they took."""

    share: CoupledShare
    pairs: list[MutantPair]
    runs: int


def search_pairs(runner: TrialRunner, found: Matrix, triggers: Triggers, *, budget: int, seeds: int = SEEDS) -> PairsResult:
    """Spends half of a budget of runs on pairs of survivors in production, and half on whether the suite kills pairs."""
    alive = found.survivors
    dead = [mutant for mutant in found.mutants if found.statuses[mutant.name] == "killed"]
    reach = reaches(runner, [*alive, *dead])
    candidates = ordered(reach, list(combinations(alive, 2)))
    search = Search(budget // 2)
    windows = [w for w in windows_of(triggers) if w.phase == next(iter(triggers.phases))][:WINDOWS]
    _super_additive(runner, search, candidates, windows, seeds)
    mixed = ordered(reach, [(a, b) for a in alive for b in dead])
    rest, half = budget - search.runs, (budget - search.runs) // 2
    one = _coupled(runner, found, mixed, half)
    stands_out = {tuple(row.defects) for row in search.found}
    first = sorted(candidates, key=lambda candidate: candidate.pair.defects not in stands_out)
    none = _coupled(runner, found, first, rest - one.runs)
    return PairsResult(
        pairs=len(candidates),
        sharing=sum(bool(candidate.shared) for candidate in candidates),
        tried=len(search.tried),
        refused=len(search.refused),
        windows=[window.name for window in windows],
        seeds=seeds,
        margin=MARGIN,
        super_additive=_known(search.found, none),
        one_killed=one.share,
        none_killed=none.share,
        runs=search.runs + one.runs + none.runs,
    )


def _known(found: Sequence[PairEffect], tried: Coupled) -> list[PairEffect]:
    """The pairs found, those that cost most together first, with whether the suite kills them, of those that it was run on."""
    killed = {tuple(pair) for pair in tried.share.pairs}
    known = {pair.defects: pair.defects in killed for pair in tried.pairs}
    rows = [row.model_copy(update={"killed": known.get(tuple(row.defects))}) for row in found]
    return sorted(rows, key=lambda row: (-row.beyond, row.defects))


def reaches(runner: TrialRunner, chosen: Sequence[Mutant]) -> dict[str, Reach]:
    """What each mutant reaches on the architecture."""
    index = ArchitectureIndex(library().resolve(runner.settings.architecture, Architecture).model)
    found: dict[str, Reach] = {}
    for operator in dict.fromkeys(mutant.operator for mutant in chosen):
        defect = runner.session.files.defect(operator).model
        for site in places(defect, index):
            found[f"{operator}@{site.label}"] = reach_of(index, defect.sites.kind, site)
    return found


def ordered(reach: Mapping[str, Reach], pairs: Sequence[tuple[Mutant, Mutant]]) -> list[Candidate]:
    """The closest first: by the kind of what both reach, then two families before one; pairs of one operator at one site are none."""
    made = [_candidate(reach, *pair) for pair in pairs]
    return sorted(made, key=lambda c: (-closeness(c.shared), c.pair.first.family == c.pair.second.family, _drawn(c.pair)))


def _candidate(reach: Mapping[str, Reach], a: Mutant, b: Mutant) -> Candidate:
    first, second = sorted((a, b), key=lambda mutant: mutant.name)
    return Candidate(MutantPair(first, second), shared_by(reach[a.name], reach[b.name]))


def _drawn(pair: MutantPair) -> bytes:
    return blake2b(pair.name.encode(), digest_size=8).digest()


# --- more than the sum ----------------------------------------------------------------------------------------------------------


def _super_additive(
    runner: TrialRunner, search: Search, candidates: Sequence[Candidate], windows: Sequence[Window], seeds: int
) -> None:
    """Pairs a few at a time, each in every window with one seed, and where that is more than the sum with all."""
    bases = {}
    if search.budget < seeds * len(windows):
        return
    for window in windows:
        search.runs += seeds
        bases[window.name] = baseline(runner, [window.scenario], "production", seeds=tuple(range(1, seeds + 1)), what=window.name)
    singles: dict[str, dict[str, dict[int, float]]] = {window.name: {} for window in windows}
    at_most = (3 * seeds + 1) * len(windows)  # both alone and together with every seed, and once more with the first
    left = list(candidates)
    while left and search.budget - search.runs >= at_most:
        n = min(AT_A_TIME, (search.budget - search.runs) // at_most)
        some, left = [c for c in left[:n] if _fit(runner, search, c.pair, windows[0])], left[n:]
        for window in windows:
            _some(runner, search, some, window, bases[window.name], singles[window.name])
        search.tried += [c.pair.name for c in some]


def _fit(runner: TrialRunner, search: Search, pair: MutantPair, window: Window) -> bool:
    """Whether both can be planted at once in production; a pair that cannot is refused."""
    fits = _possible(runner, pair, window.scenario, "production")
    if not fits:
        search.refused.append(pair.name)
    return fits


def _some(
    runner: TrialRunner,
    search: Search,
    some: Sequence[Candidate],
    window: Window,
    base: Baseline,
    singles: dict[str, dict[int, float]],
) -> None:
    """A few pairs in a window: with one seed, and where they stand out with all. Their runs fit into the budget."""
    members = {m.name: m for c in some for m in (c.pair.first, c.pair.second) if m.name not in singles}
    singles.update(_harm(runner, search, window, base, list(members.values())))
    together = _harm(runner, search, window, _one_seed(base), [c.pair for c in some])
    orders = base.runs[window.scenario][0].orders["intended"]
    hot = [c for c in some if _beyond_both(c, singles, together)[0] > MARGIN * orders]
    whole = _harm(runner, search, window, base, [c.pair for c in hot])
    for candidate in hot:
        more = _beyond_both(candidate, singles, whole)
        if min(more) > MARGIN * orders:
            search.found.append(_effect(candidate, window, singles, whole[candidate.pair.name], more))


def _one_seed(base: Baseline) -> Baseline:
    """The baseline with the first seed alone."""
    return replace(base, runs={name: runs[:1] for name, runs in base.runs.items()})


def _harm(
    runner: TrialRunner, search: Search, window: Window, base: Baseline, what: Sequence[Plantable]
) -> dict[str, dict[int, float]]:
    """Harmed orders by seed, with less without. What could not act is not run."""
    runs = base.runs[window.scenario]
    asked = [x for x in what if not inert_in(x, base, window)]
    search.runs += len(runs) * len(asked)
    made = {x.name: runs for x in what} | window_runs(runner, window, base, asked)
    return {name: harm_of(mine, runs) for name, mine in made.items()}


def _beyond_both(
    candidate: Candidate, singles: Mapping[str, Mapping[int, float]], together: Mapping[str, Mapping[int, float]]
) -> list[float]:
    first, second = (singles[mutant.name] for mutant in (candidate.pair.first, candidate.pair.second))
    return beyond_sum(first, second, together[candidate.pair.name])


def beyond_sum(first: Mapping[int, float], second: Mapping[int, float], together: Mapping[int, float]) -> list[float]:
    """By seed what a pair costs beyond the sum of what both cost alone. One that spares orders alone costs nothing: two that spare the same
    ones would else cost what they cannot spare twice."""
    return [harm - max(0.0, first[seed]) - max(0.0, second[seed]) for seed, harm in sorted(together.items())]


def _effect(
    candidate: Candidate,
    window: Window,
    singles: Mapping[str, Mapping[int, float]],
    together: Mapping[int, float],
    beyond: Sequence[float],
) -> PairEffect:
    pair = candidate.pair
    return PairEffect(
        defects=list(pair.defects),
        shared=sorted(str(resource) for resource in candidate.shared),
        window=window.name,
        alone=[_mean(singles[name].values()) for name in pair.defects],
        together=_mean(together.values()),
        beyond=_mean(beyond),
        beyond_least=min(beyond),
        seeds=len(beyond),
    )


def _mean(values: Iterable[float]) -> float:
    """ZeroDivisionError without any."""
    numbers = list(values)
    return sum(numbers) / len(numbers)


# --- the coupling effect --------------------------------------------------------------------------------------------------------


def _coupled(runner: TrialRunner, found: Matrix, candidates: Sequence[Candidate], budget: int) -> Coupled:
    """How many of the first pairs, as many as a budget allows, the suite kills where it is run."""
    seeds, spent, chosen = runner.settings.seeds, 0, list[MutantPair]()
    for candidate in candidates:
        if not _possible(runner, candidate.pair, found.scenarios[0], found.base.environment):
            continue
        cost = len(plan_of(runner, candidate.pair, found.base, found.scenarios).trials) * seeds
        if spent + cost > budget:
            break
        spent += cost
        chosen.append(candidate.pair)
    cells = (
        cells_of(runner, chosen, found.base, found.scenarios, f"pairs of defects in {found.base.environment}") if chosen else {}
    )
    killed = [name for name, mine in cells.items() if any(cell.outcome == "killed" for cell in mine.values())]
    bounds = share_interval(len(killed), len(chosen))
    share = CoupledShare(
        of=len(candidates),
        tried=len(chosen),
        killed=len(killed),
        share=len(killed) / len(chosen) if chosen else None,
        interval=(bounds.low, bounds.high),
        pairs=[list(pair.defects) for pair in chosen if pair.name in killed],
    )
    return Coupled(share, chosen, spent)


def _possible(runner: TrialRunner, pair: MutantPair, scenario: str, environment: str) -> bool:
    """Whether both can be planted at once there."""
    try:
        runner.session.resolve(SystemReference(scenario, runner.settings.architecture, environment, defects=pair.defects))
    except InputError:
        return False
    return True
