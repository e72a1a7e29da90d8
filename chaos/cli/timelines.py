"""What was published beside what is simulated, for every reproduction: `coredrill timelines`, and docs/reproductions.md, which
`coredrill timelines --markdown docs/reproductions.md` writes and a test keeps true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TextIO

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.exit_codes import BY_VERDICT
from chaos.cli.options import taken
from chaos.cli.output import is_stdout, write_json
from chaos.cli.printing import say as say_line
from chaos.cli.progress import StderrProgress
from chaos.documents.library import library
from chaos.documents.scenario import Outcome, Scenario
from chaos.execution.campaign import ExecutionOptions
from chaos.execution.planning import JobOptions, scenario_jobs
from chaos.execution.runs import Runs
from chaos.execution.session import Session
from chaos.i18n.findings import found_text
from chaos.judgement.verdict import combine, found_in
from chaos.measures.catalogue import measures
from chaos.measures.formatting import deviation, instant
from chaos.results.run import SCHEMA_VERSION, RunResult
from simcore.base.errors import InputError
from simcore.files.document import read_document

Story = dict[str, Any]

HEAD = """\
# Reproductions

Public incidents beside their simulation, one run each with seed {seeds}. This page is written by the command below, and a test runs
some of it again.

```sh
coredrill timelines --markdown docs/reproductions.md
```

The files below `scenarios/incidents` list their inputs, what was fitted and what came out apart; numbers in brackets are the
project's list of sources. An outcome to which something was fitted shows nothing and is not counted. A file says of an outcome
that is known to miss by how much over several seeds, and why; such a one is counted here and not judged. This is one run each:
a record is one draw, and so is a run. Where a file asks for more, `coredrill run` judges the median of its seeds, so that it may
land there and miss here, or the other way round. What the model cannot see at all is in [limits.md](limits.md).

"""


# --- what there is to tell ----------------------------------------------------------------------------------------------------


def reproductions() -> list[str]:
    """The names of the shipped scenarios that reproduce a public record."""
    shipped = library().shipped("scenario")
    return [name for name, path in shipped.items() if read_document(path, "base").text("purpose") == "reproduction"]


def story(scenario: Scenario, run: RunResult) -> Story:
    """A reproduction's run as plain JSON types: the two timelines, and each outcome with what was published of it."""
    assert scenario.record is not None
    lines = [{"what": t.what, "published": _clock(t.published_ns), "simulated": _clock(t.simulated_ns)} for t in run.timeline]
    told = [{"expected": e.expected, "simulated": e.shown, "holds": e.holds} for e in run.expectations[: len(scenario.expect)]]
    return {
        "name": scenario.name,
        "title": scenario.title,
        "scenario": run.scenario,
        "architecture": run.architecture,
        "environment": run.environment,
        "seed": run.seed,
        "verdict": run.verdict,
        "reasons": run.reasons,
        "digest": run.digest,
        "timeline": lines,
        "outcomes": [_outcome(o, run) for o in scenario.record.outcomes],
        "expectations": told,
        "fitted": [f"{p.what}: {p.value} ({p.source})" for p in scenario.record.fitted],
        "replay": run.replay,
    }


def _outcome(outcome: Outcome, run: RunResult) -> dict[str, Any]:
    measure = measures().find(outcome.measure)
    value, published = measure.value(run), outcome.published
    off = None
    if isinstance(value, (int, float)) and isinstance(published, (int, float)) and published:
        off = (value - published) / published
    lands = value == published if off is None else abs(off) <= outcome.within
    return {
        "measure": outcome.measure,
        "published": published,
        "simulated": value,
        "off": off,
        "within": outcome.within,
        "lands": bool(lands),
        "fitted": outcome.fitted,
        "misses": outcome.misses,
        "source": outcome.source,
        "published_shown": measure.text(published),
        "simulated_shown": found_text(found_in(measure, run))["en"] if value is None else measure.text(value),
    }


def _clock(t_ns: int | None) -> str | None:
    return None if t_ns is None else instant(t_ns)


class Landings(NamedTuple):
    """Of the outcomes to which nothing was fitted: how many land, and how many there are."""

    lands: int
    outcomes: int


def counted(stories: Iterable[Story]) -> Landings:
    """How many outcomes land."""
    own = [o for s in stories for o in s["outcomes"] if not o["fitted"]]
    return Landings(sum(o["lands"] for o in own), len(own))


# --- the page -----------------------------------------------------------------------------------------------------------------


def page(stories: Sequence[Story]) -> str:
    """docs/reproductions.md."""
    seeds = ", ".join(str(seed) for seed in sorted({s["seed"] for s in stories}))
    rows = [f"| [{s['name']}](#{_anchor(s['name'])}) | {o} |" for s in stories for o in _summary(s)]
    table = ["| incident | outcome | published | simulated | off by | |", "|---|---|---|---|---|---|", *rows, ""]
    lands, own = counted(stories)
    total = f"Of {own} outcomes to which nothing was fitted {lands} land within the share their file states, 30 % unless it says otherwise."
    return HEAD.format(seeds=seeds) + "\n".join([*table, total, "", *(section(s) for s in stories)])


def section(told: Story) -> str:
    """One reproduction: title, what it shows, both timelines, the outcomes."""
    scenario = library().resolve(told["name"], Scenario).model
    parts = [f"## {told['name']}", "", f"**{told['title']}.** {' '.join(scenario.description.split())}", ""]
    if told["timeline"]:
        rows = [f"| {t['published']} | {t['simulated'] or ''} | {t['what']} |" for t in told["timeline"]]
        parts += ["| published | simulated | |", "|---|---|---|", *rows, ""]
    if told["outcomes"]:
        rows = [f"| {' | '.join(_cells(o))} |" for o in told["outcomes"]]
        parts += ["| outcome | published | simulated | off by | |", "|---|---|---|---|---|", *rows, ""]
    parts += [
        f"- Must come out: {e['expected']}. Simulated: {e['simulated']}{'' if e['holds'] else ', **missed**'}."
        for e in told["expectations"]
    ]
    parts += [f"- Fitted: {fitted}." for fitted in told["fitted"]]
    parts += [f"- `{o['measure']}`: {o['misses']}." for o in told["outcomes"] if o["misses"]]
    return "\n".join(parts).rstrip("\n") + "\n"


def _summary(told: Story) -> list[str]:
    """Its outcomes for the page's first table; where the record has no figures, that."""
    if told["outcomes"]:
        return [" | ".join(_cells(o)) for o in told["outcomes"]]
    kept = sum(bool(e["holds"]) for e in told["expectations"])
    return [f"no figures published |  |  |  | {kept} of {len(told['expectations'])} things that must come out do"]


def _cells(outcome: dict[str, Any]) -> list[str]:
    off = deviation(outcome["off"])
    end = "fitted" if outcome["fitted"] else "lands" if outcome["lands"] else "misses"
    return [f"`{outcome['measure']}`", outcome["published_shown"], outcome["simulated_shown"], off, end]


def _anchor(name: str) -> str:
    return name.replace("/", "")


# --- the command --------------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("scenarios", nargs=-1)
@options.seed
@click.option("--replications", default=1, show_default=True, type=click.IntRange(1, 1000), metavar="N", help="Runs a scenario.")
@options.jobs
@options.json_file
@click.option(
    "--markdown", type=click.File("w", lazy=True), metavar="FILE", help="Write the page docs/reproductions.md; - is stdout."
)
def timelines(scenarios: tuple[str, ...], json_file: TextIO | None, markdown: TextIO | None, **given: Any) -> int:
    """Run reproductions of public incidents (none named: all) and set what was published beside what is simulated."""
    with Session(StderrProgress()) as session:
        jobs = scenario_jobs(session, scenarios or reproductions(), taken(JobOptions, given))
        for name in dict.fromkeys(job.scenario for job in jobs):
            if session.scenario(name).model.record is None:
                raise InputError(f"{name} reproduces no public record", hint=f"reproductions: {', '.join(reproductions())}")
        with Runs(session, workers=taken(ExecutionOptions, given).workers) as runs:
            runs.make(jobs)
        stories = [story(session.scenario(job.scenario).model, runs.records[job.key]) for job in jobs]
    verdict = combine(s["verdict"] for s in stories)
    lands, own = counted(stories)
    summary = {"runs": len(stories), "verdict": verdict, "outcomes": own, "outcomes_landing": lands}
    write_json({"schema_version": SCHEMA_VERSION, "runs": stories, "summary": summary}, json_file)
    if markdown is not None:
        markdown.write(page(stories))
    if not (is_stdout(json_file) or is_stdout(markdown)):
        print_stories(stories, Console())
    return BY_VERDICT[verdict]


def print_stories(stories: Sequence[Story], console: Console) -> None:
    """Both timelines and the outcomes of each, for a person."""

    def say(text: str, style: str = "") -> None:
        say_line(console, text, style)

    for told in stories:
        say(told["title"], "bold")
        say(f"{told['name']}, seed {told['seed']}: {told['verdict']}")
        if told["timeline"]:
            say("  published  simulated")
        for line in told["timeline"]:
            say(f"  {line['published']}   {line['simulated'] or '':<8}   {line['what']}")
        for outcome in told["outcomes"]:
            measure, published, simulated, off, end = _cells(outcome)
            say(f"  {measure.strip('`')}: published {published}, simulated {simulated} ({off or '–'}): {end}")
        for expectation in told["expectations"]:
            say(f"  must come out: {expectation['expected']}; simulated {expectation['simulated']}")
        say("")
    lands, own = counted(stories)
    say(f"{lands} of {own} outcomes to which nothing was fitted land")
