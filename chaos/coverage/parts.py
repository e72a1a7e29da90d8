"""Reach, infect, notice: what became of each mutant of the census, in parts of which each mutant is in exactly one.

A mutant is *reached* if a scenario exercises its mutation point, *changed* if a run came out otherwise than without it, *noticed* if a
scenario fails with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chaos.coverage.scores import Cell
from chaos.coverage.trial_runner import Baseline, TrialRunner
from chaos.coverage.trials import inert
from chaos.execution.inputs.planting import Mutant
from chaos.results.coverage import Part, Status

POINT_COUNTERS: Mapping[str, tuple[str, ...]] = {
    "call": ("call/{site}/attempts",),
    "operation": ("operation/{site}/",),
    "branch": ("operation/{body}/",),
    "throttle": ("operation/{body}/",),
    "service": ("operation/{site}.",),
    "exchange": ("operation/{site}.",),
    "pool": ("pool/{site}/granted", "pool/{site}#"),
    "link": ("link/{site}/sent",),
    "limit": ("limit/{site}/", "limit/{site}#"),
}
"""By kind of mutation point the beginnings of the counters that grow when it is exercised. Of the other kinds, what people and alarms do,
nothing is counted at the point: it is taken to be reached where its scenario is run."""
OF_STATUS: Mapping[Status, Part] = {
    "killed": "noticed",
    "timed out": "over budget",
    "not present": "not present",
    "equivalent": "equivalent",
    "impossible": "impossible",
}


def exercises(mutant: Mutant, kind: str, readings: Sequence[str], *, deadlines: bool) -> bool:
    """Whether a run with these counters grown comes to the mutation point, and to what the mutant needs."""
    if inert(mutant.needs, readings, deadlines=deadlines):
        return False
    words = {"site": mutant.site, "body": mutant.site.partition("/")[0]}
    wanted = tuple(counter.format(**words) for counter in POINT_COUNTERS.get(kind, ()))
    return not wanted or any(reading.startswith(wanted) for reading in readings)


def kind_of_point(runner: TrialRunner, mutant: Mutant) -> str:
    """What kind of mutation point the mutant's operator has."""
    return str(runner.session.files.defect(mutant.operator).model.sites.kind)


def reached_in(runner: TrialRunner, mutant: Mutant, base: Baseline, scenarios: Iterable[str]) -> list[str]:
    """The scenarios of a baseline that reach a mutant, in any of their runs."""
    kind = kind_of_point(runner, mutant)
    return [
        name
        for name in scenarios
        if any(exercises(mutant, kind, run.readings, deadlines=base.deadlines[name]) for run in base.runs[name])
    ]


def part_of(status: Status, cells: Mapping[str, Cell], *, reached: bool) -> Part:
    """The part of the census that a mutant is in. What changed is reached, whatever the counters say."""
    if status != "survived":
        return OF_STATUS[status]
    if any(cell.changed for cell in cells.values()):
        return "changed"
    return "unchanged" if reached else "not reached"


def parts_of(
    mutants: Sequence[Mutant],
    cells: Mapping[str, Mapping[str, Cell]],
    statuses: Mapping[str, Status],
    reached: Mapping[str, Sequence[str]],
) -> dict[str, Part]:
    """Of each mutant by name the part that it is in. `reached` are the scenarios that reach it."""
    return {
        x.name: part_of(statuses[x.name], cells[x.name], reached=any(cells[x.name][name].verdicts for name in reached[x.name]))
        for x in mutants
    }
