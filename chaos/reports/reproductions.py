"""docs/reproductions.md: what was published beside what is simulated, Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chaos.measures.formatting import deviation
from chaos.results.reproduction import ComparedOutcome, FreshOutcome, Reproduction, landing

HEAD = """\
# Reproductions

Public incidents beside their simulation, one run each with seed {seeds}. This page is written by the command below, and a test runs
some of it again.

```sh
coredrill timelines {options}--markdown docs/reproductions.md
```

The files below `scenarios/incidents` list their inputs, what was fitted and what came out apart; numbers in brackets are the
project's list of sources. An outcome to which something was fitted shows nothing, and one that an input
implies or that the window cuts off could not have come out otherwise: neither is counted. A file says of an outcome
that is known to miss by how much over several seeds, and why; such a one is counted here and not judged. This is one run each:
a record is one draw, and so is a run: fresh seeds spread over a factor of two where people decide the minutes, and there the architecture
contributes no more than which alarm sounds, what a restart or a switch brings back, and what waits behind it. Where a file asks for more,
`coredrill run` judges the median of its seeds, so that it may land there and miss here, or the other way round.
What the model cannot see at all is in [limits.md](limits.md).

"""


FRESH = """\
The outcomes that count, over {runs} fresh seeds from 101 on, which nobody looked at while the files were written: the interval holds one more
run with probability 90 %, from the smallest to the largest of 19 (see [predictions.md](predictions.md)). It holds the chance of a run
alone, with every guess as the file has it.
"""


class OutcomeCells(NamedTuple):
    """An outcome as the cells of a table; `end` is how it ends: fitted, implied, lands or misses."""

    measure: str
    published: str
    simulated: str
    off: str
    end: str


def page(runs: Sequence[Reproduction], descriptions: Mapping[str, str], fresh: Sequence[FreshOutcome] = ()) -> str:
    """The whole page; `descriptions` are those of the scenarios' files, by name, `fresh` the outcomes over other seeds."""
    seeds = ", ".join(str(seed) for seed in sorted({run.seed for run in runs}))
    rows = [f"| [{run.name}](#{_anchor(run.name)}) | {row} |" for run in runs for row in _summary(run)]
    table = ["| incident | outcome | published | simulated | off by | |", "|---|---|---|---|---|---|", *rows, ""]
    lands, own = landing(runs)
    counted = f"Of {own} informative outcomes, neither fitted nor implied, {lands} land"
    total = f"{counted} within the share their file states, 30 % unless it says otherwise."
    options = f"--fresh {max(outcome.found.runs for outcome in fresh)} " if fresh else ""
    return HEAD.format(seeds=seeds, options=options) + "\n".join(
        [*table, total, "", *_over(fresh), *(section(run, descriptions[run.name]) for run in runs)]
    )


def _over(fresh: Sequence[FreshOutcome]) -> list[str]:
    """The outcomes that count, over fresh seeds; nothing without any."""
    if not fresh:
        return []
    rows = [
        f"| [{o.name}](#{_anchor(o.name)}) | `{o.measure}` | {o.published_shown} | {o.found.median_shown} | {o.found.range_shown} | "
        f"{'inside' if o.inside else 'outside'} |"
        for o in fresh
    ]
    inside, runs = sum(o.inside for o in fresh), max(o.found.runs for o in fresh)
    return [
        FRESH.format(runs=runs),
        "| incident | outcome | published | median | 90 % interval | |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        f"The published figure lies inside {inside} of {len(fresh)} intervals.",
        "",
    ]


def section(run: Reproduction, description: str) -> str:
    """One reproduction: title, what it shows, both timelines, the outcomes."""
    parts = [f"## {run.name}", "", f"**{run.title}.** {' '.join(description.split())}", ""]
    if run.timeline:
        rows = [f"| {line.published} | {line.simulated or ''} | {line.what} |" for line in run.timeline]
        parts += ["| published | simulated | |", "|---|---|---|", *rows, ""]
    if run.outcomes:
        rows = [f"| {' | '.join(outcome_cells(outcome))} |" for outcome in run.outcomes]
        parts += ["| outcome | published | simulated | off by | |", "|---|---|---|---|---|", *rows, ""]
    parts += [
        f"- Must come out: {e.expected}. Simulated: {e.simulated}{'' if e.holds else ', **missed**'}." for e in run.expectations
    ]
    parts += [f"- Fitted: {fitted}." for fitted in run.fitted]
    parts += [f"- `{outcome.measure}`: {outcome.misses}." for outcome in run.outcomes if outcome.misses]
    parts += [f"- `{outcome.measure}`: not counted: {outcome.implied}." for outcome in run.outcomes if outcome.implied]
    return "\n".join(parts).rstrip("\n") + "\n"


def _summary(run: Reproduction) -> list[str]:
    """Its outcomes for the page's first table; where the record has no figures, that."""
    if run.outcomes:
        return [" | ".join(outcome_cells(outcome)) for outcome in run.outcomes]
    kept = sum(bool(expectation.holds) for expectation in run.expectations)
    return [f"no figures published |  |  |  | {kept} of {len(run.expectations)} things that must come out do"]


def outcome_cells(outcome: ComparedOutcome) -> OutcomeCells:
    """An outcome for a table."""
    end = "fitted" if outcome.fitted else "implied" if outcome.implied else "lands" if outcome.lands else "misses"
    return OutcomeCells(f"`{outcome.measure}`", outcome.published_shown, outcome.simulated_shown, deviation(outcome.off), end)


def _anchor(name: str) -> str:
    return name.replace("/", "")
