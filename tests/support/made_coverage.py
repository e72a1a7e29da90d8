"""A coverage result put together of values instead of runs: something of everything that its text and its page can say."""

from __future__ import annotations

from chaos.coverage.yearly import ranks_of, sign_of
from chaos.results.coverage import (
    SCHEMA_VERSION,
    Assertion,
    BesideResult,
    CellResult,
    CombinationCoverage,
    CombinationRow,
    CoverageResult,
    CoverageSummary,
    DistinctScore,
    EffectFigures,
    ExpectationTrips,
    FamilyScore,
    Gap,
    KillSignature,
    MutantResult,
    NoDifference,
    OperatorScore,
    Outcome,
    Part,
    PriceParts,
    PriceResult,
    PriceRow,
    ReachingScenario,
    ReachResult,
    ScenarioKills,
    Status,
    WindowEffect,
    YearShares,
)
from chaos.results.defect_pairs import CoupledShare, PairEffect, PairsResult
from chaos.results.findability import (
    AttributionResult,
    BestFirstStep,
    EnvironmentChange,
    HeldOut,
    HeldOutStep,
    IncidentFinding,
    IncidentResult,
    NotMonotone,
    RandomStep,
    Setting,
    Suggestion,
    SuggestionTrial,
    SuiteCurve,
    SurvivorReasons,
)
from chaos.results.findings import Limits, Unit
from chaos.results.summaries import Interval

SUITE = ["smoke/close-of-the-day", "smoke/bank-hangs"]
GAPS = ["load-scale", "topology", "people"]
TITLE = "A pool of a quarter of its slots"
MUTANTS: list[tuple[str, Status, Part, Outcome]] = [
    ("pool-too-small@counter-threads", "killed", "noticed", "killed"),
    ("pool-leak@counter-threads", "survived", "changed", "survived"),
    ("slow-query@counter-db", "survived", "changed", "unknown"),
    ("timeout-missing@counter.login", "survived", "changed", "averted"),
    ("memory-leak@counter", "timed out", "over budget", "timed out"),
    ("lock-contention@counter", "survived", "unchanged", "red"),
    ("restart-slow@counter", "survived", "not reached", "inert"),
    ("replica-slow@app-access", "not present", "not present", "identical"),
    ("calendar-wrong@core", "impossible", "impossible", "impossible"),
]
PRICES: dict[str, tuple[float, Interval | None]] = {
    "pool-leak@counter-threads": (900.0, (500.0, 2000.0)),
    "slow-query@counter-db": (400.0, (-10.0, 950.0)),
    "lock-contention@counter": (0.0, (0.0, 0.0)),
    "restart-slow@counter": (-30.0, (-90.0, -4.0)),
}


def _mutants() -> list[MutantResult]:
    return [
        MutantResult(
            name=name,
            operator=name.partition("@")[0],
            site=name.partition("@")[2],
            family="queues and pools",
            title=TITLE,
            status=status,
            killed_by=[SUITE[1]] if status == "killed" else [],
            part=part,
            reached=[],
            worse=[SUITE[1]] if part == "changed" else [],
            no_difference=NoDifference(runs=3, changed=0, bound=0.6),
            cells={
                SUITE[0]: CellResult(outcome="survived", verdicts=["pass"], changed=0),
                SUITE[1]: CellResult(outcome=outcome, verdicts=["pass"], changed=1, worse=["impaired_s"]),
            },
            impossible="the workload has no calendar" if status == "impossible" else "",
        )
        for name, status, part, outcome in MUTANTS
    ]


def _summary(*, red: bool = False) -> CoverageSummary:
    parts: dict[Part, int] = {}
    for _, _, part, _ in MUTANTS:
        parts[part] = parts.get(part, 0) + 1
    return CoverageSummary(
        mutants=9,
        counted=7,
        killed=1,
        survived=5,
        timed_out=1,
        not_present=1,
        equivalent=0,
        impossible=1,
        score=None if red else 1 / 7,
        score_present=1 / 6,
        cells_with_a_kill=1,
        flaky=0,
        seed_scores=[0.1, 0.2],
        seeds=3,
        runs=54,
        kept=6,
        cells=18,
        conservation_broken=0,
        spared=4,
        stopped=1,
        averted=1,
        stopped_or_averted=2,
        differential=3,
        differential_alone=3,
        parts=parts,
        census=40,
        sampled=9,
        interval=(0.02, 0.5),
        distinct=DistinctScore(signatures=1, survivors=5, score=1 / 6, identical=[["a@b", "c@d"]]),
        balanced=0.2,
        red=[SUITE[0]] if red else [],
    )


def _window() -> WindowEffect:
    figures = dict.fromkeys(EffectFigures.model_fields, 12.0)
    return WindowEffect(
        **figures,
        severity="major",
        severity_without="none",
        recovery_s=60.0,
        recovered=True,
        valid=True,
        failed_share=0.1,
        window="bank-slow@open",
        trigger="bank-slow",
        phase="open",
        excess=7.0,
    )


def _price() -> PriceResult:
    ranks = ranks_of(list(PRICES.values()))
    zero = EffectFigures.model_validate(dict.fromkeys(EffectFigures.model_fields, 0.0))
    rows = [
        PriceRow(
            name=name,
            harmed_orders=value,
            interval=interval,
            sign=sign_of(interval, float(value == 0.0)),
            rank=rank.first,
            rank_to=rank.last,
            years=YearShares(costs=0.5, spares=0.25, nothing=0.25),
            parts=PriceParts(ordinary_days=value, triggers=0.0, left_out=0.0),
            present=0.01,
            found_days=60.0,
            shows=value > 500,
            day=1.0,
            figures=zero,
            worst=_window(),
            at_the_open=_window(),
            windows=3,
        )
        for (name, (value, interval)), rank in zip(PRICES.items(), ranks, strict=True)
    ]
    return PriceResult(ranking=rows, windows=[], skipped=["counter-dies@close"], runs=9, seeds=3, triggers="brokers")


def _pairs() -> PairsResult:
    row = PairEffect(
        defects=["pool-leak@counter-threads", "slow-query@counter-db"],
        shared=["counter-threads"],
        window="twice-the-load@open",
        alone=[1.0, 2.0],
        together=90.0,
        beyond=87.0,
        beyond_least=80.0,
        seeds=3,
        killed=False,
    )
    tried = CoupledShare(of=10, tried=4, killed=1, share=0.25, interval=(0.01, 0.8), pairs=[])
    none = CoupledShare(of=10, tried=0, killed=0, share=None, interval=(0.0, 1.0), pairs=[])
    return PairsResult(
        pairs=10,
        sharing=3,
        tried=4,
        refused=1,
        windows=["twice-the-load@open"],
        seeds=3,
        margin=0.005,
        super_additive=[row],
        one_killed=tried,
        none_killed=none,
        runs=20,
    )


def _why() -> AttributionResult:
    noticed = Setting(off=["load-scale"], outcome="noticed", by=[SUITE[1]], red=[])
    missed = Setting(off=["topology"], outcome="not noticed", by=[], red=[])
    open_ = Setting(off=GAPS, outcome="not judged", by=[], red=[SUITE[0]])
    masked = [NotMonotone(off=["load-scale"], more=["load-scale", "topology"])]
    first = SurvivorReasons(
        name="pool-leak@counter-threads",
        settings=[noticed, missed, open_],
        hides=["load-scale"],
        enough=["people"],
        shows=["topology"],
        not_monotone=masked,
        left_out=[["people"]],
    )
    second = SurvivorReasons(
        name="slow-query@counter-db", settings=[open_], hides=[], enough=[], shows=[], not_monotone=[], left_out=[]
    )
    return AttributionResult(
        hidden_by={first.name: ["load-scale"], second.name: ["the suite"]},
        changes=[EnvironmentChange(change="load-scale", catches=1, only_this=1, harmed_orders=900.0, survivors=[first.name])],
        skipped=["restart-slow@counter"],
        skipped_pairs=[],
        red={"load-scale+topology": [SUITE[0]]},
        runs=30,
        gaps=GAPS,
        survivors=[first, second],
    )


def _curve() -> SuiteCurve:
    steps = [(SUITE[1], 1), (SUITE[0], 0)]
    return SuiteCurve(
        whole=1300.0,
        mutants=7,
        best_first=[BestFirstStep(scenario=name, adds=n, caught=1, weight=1.0, slips=1270.0) for name, n in steps],
        random=[
            RandomStep(caught=0.5, weight=0.5, slips=1285.0, band=(0, 1), least=0, most=1),
            RandomStep(caught=1.0, weight=1.0, slips=1270.0, band=(1, 1), least=1, most=1),
        ],
        held_out=HeldOut(by="operators", splits=200, steps=[HeldOutStep(chosen=1.0, held_out=0.5)] * 2),
    )


def _suggestions() -> list[Suggestion]:
    there = SuggestionTrial(
        environment="production", green=True, tried=4, left_out=1, survivors=["pool-leak@counter-threads"], harmed_orders=900.0
    )
    red = SuggestionTrial(environment="staging", green=False, tried=0, left_out=0, survivors=[], harmed_orders=0.0)
    hidden = {"pool-leak@counter-threads": ["load-scale"]}
    return [
        Suggestion(window="bank-slow@open", promise=True, adds=1, here=there, production=there),
        Suggestion(window="counter-dies@close", promise=False, adds=0, here=red, production=there, hidden_by=hidden),
    ]


def _incidents() -> IncidentResult:
    def incident(name: str, *, planted: bool, noticed: bool, why: str = "") -> IncidentFinding:
        return IncidentFinding(
            name=f"incidents/{name}",
            title="A counter that stood still",
            title_zh="柜台停摆",
            why=why,
            defects=["pool-leak"] if noticed else [],
            mutants=int(noticed),
            killed=int(noticed),
            latent=planted,
            planted=planted,
            green=2,
            noticed_by=[SUITE[1]] if noticed else [],
            unknown=[] if noticed else [SUITE[0]],
        )

    outside = "what happened came from outside: nothing was there to be planted before the day"
    found = [
        incident("huaxi-2022-05-16", planted=True, noticed=True),
        incident("knight-2012-08-01", planted=True, noticed=False),
        incident("citic-2023-06-19", planted=False, noticed=False, why=outside),
    ]
    return IncidentResult(incidents=found, skipped=[], runs=12)


def made_coverage() -> CoverageResult:
    """What `coverage` would write of a suite of two scenarios in staging, with another beside it that is not green."""
    mutants = _mutants()
    gaps = [
        Gap(name=gap, kind="other", title="A tenth of the customers' requests" if gap == "load-scale" else "") for gap in GAPS
    ]
    scenarios = [ScenarioKills(name=SUITE[0], kills=0, alone=0), ScenarioKills(name=SUITE[1], kills=1, alone=1)]
    beside = BesideResult(
        suite="at-the-open",
        environment="production",
        gaps=[],
        summary=_summary(red=True),
        mutants=[x.model_copy(update={"killed_by": []}) for x in mutants],
        scenarios=scenarios,
    )
    bound = Limits(measure="impaired_s", unit=Unit.DURATION, at_most=90)
    return CoverageResult(
        schema_version=SCHEMA_VERSION,
        kind="coverage",
        suite="smoke",
        architecture="legacy-coupled",
        environment="staging",
        gaps=gaps,
        replay="coredrill coverage smoke",
        summary=_summary(),
        operators=[
            OperatorScore(
                name="pool-too-small",
                title=TITLE,
                family="queues and pools",
                **{name: getattr(_summary(), name) for name in OperatorScore.__base__.model_fields},
            )
        ],
        mutants=mutants,
        scenarios=scenarios,
        expectations=[
            ExpectationTrips(scenario=SUITE[0], expected="impaired_s ≤ 90 s", tripped_by=0),
            ExpectationTrips(scenario=SUITE[0], expected="property none-lost holds", tripped_by=0),
            ExpectationTrips(scenario=SUITE[1], expected="orders.lost ≥ 1 and ≤ 3 in 90% of the runs", tripped_by=0),
        ],
        signatures=[KillSignature(scenarios=[SUITE[1]], mutants=[mutants[0].name])],
        families=[FamilyScore(family="queues and pools", counted=7, killed=1, score=1 / 7, share=1.0)],
        beside=beside,
        assertions=[
            Assertion(
                scenario=SUITE[1],
                measure="impaired_s",
                bound=bound,
                expected="impaired_s ≤ 90 s",
                line="- { measure: impaired_s, at_most: 90s }",
                notices=2,
                mutants=["pool-leak@counter-threads"],
            )
        ],
        reach=ReachResult(
            rows=[ReachingScenario(scenario="smoke/restart", reaches=1, mutants=["restart-slow@counter"])],
            runs=2,
            tried=2,
            candidates=5,
            needs={"restart-slow@counter": ["unit/counter/restarts"], "memory-leak@spare": []},
            nowhere=["memory-leak@spare"],
        ),
        price=_price(),
        pairs=_pairs(),
        why=_why(),
        curve=_curve(),
        combinations=CombinationCoverage(factors=["fault", "load"], rows=[CombinationRow(t=1, covered=2, of=4, share=0.5)]),
        suggestions=_suggestions(),
        incidents=_incidents(),
    )
