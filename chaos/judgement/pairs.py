"""Pairs of a suite: two runs of equal seeds whose difference is the point."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.documents.suite import Entry, Pair
from chaos.measures.catalogue import measures
from chaos.measures.registry import NamedMeasure
from chaos.measures.statistics import enough
from chaos.results.run import PairResult, PairRow, RunResult, Verdict, own_names_of


def judge_pair(pair: Pair, runs: Sequence[tuple[int, RunResult | None, RunResult | None]]) -> PairResult:
    """The difference of the pair's measure between its sides, seed by seed: `runs` has the seed and the runs of both sides, and a
    seed counts where both were made. A run that was no valid experiment has no value."""
    measure = measures().find(pair.measure)
    rows = [_row(measure, seed, a, b) for seed, a, b in runs if a is not None and b is not None]
    kept = sum(row.difference is not None and row.difference >= pair.at_least for row in rows)
    without_value = sum(row.difference is None for row in rows)
    need = max(1, enough(pair.in_share, len(rows)))
    verdict: Verdict = "unknown"
    if rows:
        verdict = "pass" if kept >= need else "fail" if kept + without_value < need else "unknown"
    return PairResult(
        name=pair.name,
        measure=pair.measure,
        at_least=pair.at_least,
        a=_side(pair.a),
        b=_side(pair.b),
        seeds=rows,
        verdict=verdict,
        why=pair.why,
        why_zh=pair.why_zh,
        own_names=own_names_of(run for _, *sides in runs for run in sides if run is not None),
    )


def _row(measure: NamedMeasure, seed: int, a: RunResult, b: RunResult) -> PairRow:
    values = [None if run.invalid or run.doubtful else measure.value(run) for run in (a, b)]
    levels = [measure.level(value) for value in values]
    difference = None if levels[0] is None or levels[1] is None else levels[0] - levels[1]
    return PairRow(seed=seed, a=values[0], b=values[1], difference=difference)


def _side(entry: Entry) -> str:
    """A side of a pair as a person would name it."""
    where = [f" on {entry.architecture}" if entry.architecture else "", f" in {entry.environment}" if entry.environment else ""]
    return entry.scenario + "".join(where)
