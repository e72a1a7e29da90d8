"""Comparisons put together of values instead of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chaos.compare.cases import Case
from chaos.compare.comparison import Pairs, compared, looks_of, power_of
from chaos.compare.plan import Cell
from chaos.compare.stopping import StoppingRule
from chaos.i18n.texts import untranslated
from chaos.measures.claims import Bearing, Design, judge_pairs
from chaos.results.comparison import (
    SCHEMA_VERSION,
    VERDICTS,
    ArchitectureCosts,
    CommonRandomNumbers,
    ComparedCell,
    ComparedMeasure,
    ComparisonResult,
    ComparisonSummary,
    Hardware,
    Latency,
    NotComparable,
)

Values = Mapping[str, Mapping[str, Sequence[float] | None]]
"""Of each scenario the values of each architecture, the baseline first; None: it cannot be run."""

FAILED = ComparedMeasure(name="orders.failed_share", margin=0.001, amount=0.01)


def made_comparison(values: Values, share: float = 0.2, machines: Mapping[str, int] | None = None) -> ComparisonResult:
    """What `compare` would make of them, by one measure, analysed once."""
    names = list(next(iter(values.values())))
    base, runs = names[0], max(len(v) for of in values.values() for v in of.values() if v is not None)
    wanted = [Cell(Case(s), a, FAILED) for s, of in values.items() for a in names[1:] if of[a] is not None]
    design = Design(len(wanted), (runs,), share=share)
    pairs = {c: _pairs(values[c.case.scenario][base], values[c.case.scenario][c.architecture]) for c in wanted}
    bearing = Bearing(FAILED.margin, FAILED.amount, share, 1.0)
    tests = {cell: judge_pairs(of.differences, bearing) for cell, of in pairs.items()}
    rule = StoppingRule(wanted, design)
    rule.analyse(0, tests)
    cells: list[ComparedCell | NotComparable] = [
        compared(cell, pairs[cell], tests[cell], rule.decision(cell), 1.0, design.counts, runs) for cell in wanted
    ]
    cells += [
        NotComparable(
            scenario=s, environment=None, architecture=a, measure=FAILED.name, verdict="not comparable", why="it lacks it"
        )
        for s, of in values.items()
        for a, v in of.items()
        if v is None
    ]
    return ComparisonResult(
        schema_version=SCHEMA_VERSION,
        baseline=base,
        measures=[FAILED],
        level=design.level,
        bad_share=share,
        looks=looks_of(design),
        power=power_of(design),
        architectures=[_costs(name, i, (machines or {}).get(name, 17 + i)) for i, name in enumerate(names)],
        cells=cells,
        details=[],
        runs=[],
        summary=ComparisonSummary(
            runs=runs * len(names) * len(values),
            verdicts={v: sum(c.verdict == v for c in cells) for v in VERDICTS},
            conservation_broken=0,
            common_random_numbers=CommonRandomNumbers(cells=0, variance_ratio=None),
        ),
    )


def _pairs(base: Sequence[float] | None, other: Sequence[float] | None) -> Pairs:
    a, b = list(base or ()), list(other or ())
    return Pairs(list(range(1, len(a) + 1)), a, b, 0, untranslated(""))


def _costs(name: str, number: int, machines: int) -> ArchitectureCosts:
    hardware = Hardware(machines=machines, standbys=2, slots=712)
    return ArchitectureCosts(
        name=name, title=name, hardware=hardware, latency={"place-order": Latency(mean=410.0 + number, p50=400, p99=487)}
    )
