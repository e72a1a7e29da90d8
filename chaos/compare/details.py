"""What happened in a case on an architecture, beside the verdicts: orders by kind, recovery, severity, latency, properties."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from chaos.checkers.catalogue import all_checkers
from chaos.compare.cases import Case
from chaos.compare.costs import LATENCY_FLOWS
from chaos.compare.summaries import share_of, spread_of, verdicts_of
from chaos.measures.catalogue import measures
from chaos.measures.statistics import Bounds, mean_interval, paired_shares_interval, restricted
from chaos.results.comparison import CaseDetail, RecoveryComparison, ViolationShare
from chaos.results.run import Measures, RunResult
from chaos.results.summaries import Spread

ORDERS = ("blocked", "failed", "unknown", "rejected_wrongly", "duplicated", "lost", "orphan", "stranded", "late")


def detail(case: Case, architecture: str, mine: Sequence[RunResult], base: Sequence[RunResult], horizon_s: float) -> CaseDetail:
    """What these runs show beside those of the baseline with the same seeds; recovery up to a horizon."""
    of_runs = [run.measures for run in mine]
    return CaseDetail(
        scenario=case.scenario,
        environment=case.environment,
        title=mine[0].title,
        architecture=architecture,
        runs=len(mine),
        verdicts=verdicts_of(mine),
        orders={kind: _spread(f"orders.{kind}", mine) for kind in ORDERS},
        impaired_s=_spread("impaired_s", mine),
        p99_s={flow: _spread(f"flows.{flow}.p99_s", mine) for flow in LATENCY_FLOWS},
        recovery=_recovery(base, mine, horizon_s),
        metastable=share_of(sum(m.metastable is True for m in of_runs), len(mine)),
        severity=_grades(of_runs),
        violated={name: _violations(name, base, mine) for name in all_checkers()},
    )


def _spread(name: str, runs: Sequence[RunResult]) -> Spread | None:
    """Of the runs that have a value of a measure."""
    measure = measures().find(name)
    values = (measure.value(run) for run in runs)
    return spread_of([value for value in values if isinstance(value, (int, float))])


def _grades(of_runs: Sequence[Measures]) -> dict[str, dict[str, int]]:
    """In how many runs each rule set gave each grade."""
    found: dict[str, dict[str, int]] = {}
    for of_run in of_runs:
        for rules, graded in of_run.severity.items():
            of_rules, grade = found.setdefault(rules, {}), graded.grade or "not gradable"
            of_rules[grade] = of_rules.get(grade, 0) + 1
    return found


def _violations(name: str, base: Sequence[RunResult], mine: Sequence[RunResult]) -> ViolationShare:
    """In how many runs a property was violated, and the share's difference to the baseline by seed."""
    in_base, in_mine = ([name in run.properties and run.properties[name].holds is False for run in runs] for runs in (base, mine))
    pairs = list(zip(in_base, in_mine, strict=True))
    both, only_mine, only_base = pairs.count((True, True)), pairs.count((False, True)), pairs.count((True, False))
    share = share_of(both + only_mine, len(pairs))
    return ViolationShare(
        runs=share.runs,
        share=share.share,
        interval=share.interval,
        difference=(only_mine - only_base) / len(pairs),
        difference_interval=paired_shares_interval(only_mine, only_base, len(pairs)),
    )


def _recovery(base: Sequence[RunResult], mine: Sequence[RunResult], horizon_s: float) -> RecoveryComparison:
    """Mean recovery up to the horizon, the difference by seed, and who was back first."""
    of_base, of_mine = (
        restricted([run.measures.recovery_s for run in runs], [run.measures.recovery_s_lower for run in runs], horizon_s)
        for runs in (base, mine)
    )
    differences = [b - a for a, b in zip(of_base.least, of_mine.least, strict=True)]
    least = [b - a for a, b in zip(of_base.most, of_mine.least, strict=True)]
    most = [b - a for a, b in zip(of_base.least, of_mine.most, strict=True)]
    return RecoveryComparison(
        horizon_s=horizon_s,
        restricted_mean_s=fmean(of_mine.least),
        restricted_mean_s_upper=fmean(of_mine.most),
        difference_s=fmean(differences),
        difference_interval_s=_between(mean_interval(least, -horizon_s, horizon_s), mean_interval(most, -horizon_s, horizon_s)),
        win=sum(d < 0 for d in differences),
        tie=sum(d == 0 for d in differences),
        loss=sum(d > 0 for d in differences),
        not_recovered=sum(not run.measures.recovered for run in mine),
    )


def _between(least: Bounds | None, most: Bounds | None) -> Bounds | None:
    """From the lower end of one interval to the upper end of the other."""
    return Bounds(least.low, most.high) if least and most else None
