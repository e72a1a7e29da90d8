"""What the commands run, suite, replay and demo do: jobs in, result object and text out."""

from __future__ import annotations

import fnmatch
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import Console

from chaos.causes import paths_to
from chaos.runner import SCHEMA_VERSION, Job, Record, forget, grouped, load_scenario, prepare, run_jobs
from chaos.scenario import Entry, Pair, Suite, register
from chaos.simulate import announce_compilation
from chaos.statistics import enough, median_interval, wilson
from chaos.store import Store
from chaos.verdict import EXIT_CODES, combine, value_of
from simcore import catalogue
from simcore.errors import InputError, one_line, suggest
from simcore.loading import resolve
from simcore.units import format_clock, format_duration

HARNESS_ERROR = 3
Result = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What the command line says about runs; None leaves it to the files."""

    architecture: str | None = None
    environment: str | None = None
    seed: int = 1
    replications: int | None = None
    jobs: int = 1
    assignments: tuple[str, ...] = ()
    journal: str | None = None
    store: str | None = None
    resume: bool = False


# --- from names to jobs -------------------------------------------------------------------------------------------------------


def scenario_jobs(names: Sequence[str], options: Options) -> list[Job]:
    """The jobs of scenarios by name, path or pattern such as `incidents/*`. Raises InputError."""
    forget()
    return [job for name in names for entry in _entries(Entry(scenario=name)) for job in _jobs(entry, options, None)]


def suite_jobs(suite: Suite, options: Options, beside: Path | None = None) -> list[Job]:
    """The jobs of a suite, each once, pairs included."""
    forget()
    entries = [e for entry in suite.scenarios for e in _entries(entry, beside)] + [
        e for pair in suite.pairs for e in (pair.a, pair.b)
    ]
    jobs = [job for entry in entries for job in _jobs(entry, options, suite.replications)]
    return list(dict.fromkeys(jobs))


def _entries(entry: Entry, beside: Path | None = None) -> list[Entry]:
    """The entry, or one for each scenario its pattern means."""
    register()
    if not any(c in entry.scenario for c in "*?["):
        if catalogue.is_path(entry.scenario) and beside is not None:
            return [entry.model_copy(update={"scenario": str(beside / entry.scenario)})]
        return [entry]
    known = catalogue.shipped("scenario")
    found = fnmatch.filter(known, entry.scenario)
    if not found:
        raise InputError(f"no scenario matches {entry.scenario!r}", mend=suggest(entry.scenario, known))
    return [entry.model_copy(update={"scenario": name}) for name in found]


def _jobs(entry: Entry, options: Options, of_suite: int | None) -> list[Job]:
    runs = options.replications or entry.replications or of_suite or load_scenario(entry.scenario).model.replications
    architecture, environment = options.architecture or entry.architecture, options.environment or entry.environment
    return [
        Job(entry.scenario, options.seed + i, architecture, environment, options.assignments, options.journal)
        for i in range(runs)
    ]


def load_suite(reference: str) -> Suite:
    """A suite by name or path. Raises InputError."""
    register()
    suite: Suite = resolve(reference, (), "suite").model
    return suite


# --- running --------------------------------------------------------------------------------------------------------------------


def run_all(jobs: Sequence[Job], options: Options, name: str, *, keep: bool, suite: Suite | None = None) -> Result:
    """Makes what is not yet kept and puts the result together: the same bytes whenever and however it was made."""
    digests = {job.key: prepare(job).input_digest for job in jobs}
    path = Path(options.store) if options.store else default_store(name, jobs)
    store = Store(path, resume=options.resume) if keep or options.store or options.resume else None
    records = {job.key: r for job in jobs if store and (r := store.get(job.key, digests[job.key])) is not None}
    left = [job for job in jobs if job.key not in records]
    if left:
        announce_compilation()
    teller = _Teller(len(jobs), len(records))

    def done(job: Job, record: Record) -> None:
        record = json.loads(json.dumps(record))  # as it would be read back, so that a resumed result is the same
        records[job.key] = record
        if store is not None:
            store.add(job.key, digests[job.key], record)
        teller.tell(record)

    try:
        run_jobs(left, options.jobs, done)
    except KeyboardInterrupt:
        if store is not None:
            click.echo(f"{len(records)} of {len(jobs)} runs are kept in {path}; go on with --resume", err=True)
        raise
    finally:
        teller.end()
        if store is not None:
            store.close()
    return result_of(jobs, records, _compared(suite, records, options) if suite else [])


def default_store(name: str, jobs: Sequence[Job]) -> Path:
    """Where a suite's runs are kept: below .coredrill, by the suite's name and a digest of the jobs."""
    digest = blake2b("\n".join(job.key for job in jobs).encode(), digest_size=6).hexdigest()
    return Path(".coredrill") / f"{Path(name).name.removesuffix('.yaml')}-{digest}.jsonl"


class _Teller:
    """Progress on stderr: a line a run on a terminal rewritten in place, elsewhere one line each."""

    def __init__(self, total: int, made: int) -> None:
        self.total, self.made, self.live = total, made, sys.stderr.isatty()
        if made:
            click.echo(f"{made} of {total} runs are kept already", err=True)

    def tell(self, record: Record) -> None:
        self.made += 1
        if self.total > 1:
            text = one_line(f"[{self.made}/{self.total}] {record['verdict']:<7} {record['scenario']} seed {record['seed']}")
            click.echo(f"\r{text[:118]:<118}" if self.live else text, nl=not self.live, err=True)

    def end(self) -> None:
        if self.live and self.total > 1:
            click.echo("\r" + " " * 118 + "\r", nl=False, err=True)


def result_of(jobs: Sequence[Job], records: Mapping[str, Record], compared: Sequence[dict[str, Any]] = ()) -> Result:
    """The result object (schema version 1) of finished jobs, in their order."""
    runs, groups = [records[job.key] for job in jobs], grouped(jobs, dict(records))
    verdict = combine([*(g["verdict"] for g in groups), *(p["verdict"] for p in compared)])
    broken = sum(not law["ok"] for run in runs for law in run["conservation"])
    counts = {v: sum(g["verdict"] == v for g in groups) for v in ("pass", "fail", "unknown")}
    summary = {"runs": len(runs), "scenarios": len(groups), "verdict": verdict, "conservation_broken": broken} | counts
    return {"schema_version": SCHEMA_VERSION, "runs": runs, "groups": groups, "pairs": list(compared), "summary": summary}


def _compared(suite: Suite, records: Mapping[str, Record], options: Options) -> list[dict[str, Any]]:
    """The pairs of a suite with what was found."""
    return [
        _compare(pair, _jobs(pair.a, options, suite.replications), _jobs(pair.b, options, suite.replications), records)
        for pair in suite.pairs
    ]


def _compare(pair: Pair, a: list[Job], b: list[Job], records: Mapping[str, Record]) -> dict[str, Any]:
    """The difference of a measure between two places, seed by seed."""
    rows = []
    for left, right in zip(a, b, strict=False):
        runs = records.get(left.key), records.get(right.key)
        if runs[0] is None or runs[1] is None:
            continue
        values = [None if r["invalid"] else value_of(r["metrics"], r["properties"], pair.measure) for r in runs if r is not None]
        numbers = [v for v in values if isinstance(v, (int, float))]
        difference = numbers[0] - numbers[1] if len(numbers) == 2 else None
        rows.append({"seed": left.seed, "a": values[0], "b": values[1], "difference": difference})
    kept = sum(row["difference"] is not None and row["difference"] >= pair.at_least for row in rows)
    untold = sum(row["difference"] is None for row in rows)
    need = max(1, enough(pair.in_share, len(rows)))
    verdict = "unknown" if not rows else "pass" if kept >= need else "fail" if kept + untold < need else "unknown"
    return {
        "name": pair.name,
        "measure": pair.measure,
        "at_least": pair.at_least,
        "seeds": rows,
        "verdict": verdict,
        "why": pair.why,
    }


def exit_code(result: Result) -> int:
    """3 if a conservation law is broken, else that of the verdict."""
    return HARNESS_ERROR if result["summary"]["conservation_broken"] else EXIT_CODES[result["summary"]["verdict"]]


# --- writing --------------------------------------------------------------------------------------------------------------------


def write_reports(result: Result, name: str, json_file: TextIO | None, junit_file: str | None) -> None:
    """The files asked for."""
    if json_file is not None:
        json.dump(result, json_file, ensure_ascii=False, indent=1)
        json_file.write("\n")
    if junit_file is not None:
        from chaos.reports.junit import junit

        target = Path(junit_file)
        temporary = target.with_name(target.name + f".{os.getpid()}")
        temporary.write_bytes(junit(result, name))
        temporary.replace(target)


STYLE = {"pass": "green", "fail": "bold red", "unknown": "yellow"}


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(one_line(text), style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)


def print_result(result: Result, console: Console) -> None:
    """One run at length, several as a line a scenario with the reasons and replay lines of what did not pass."""
    if len(result["runs"]) == 1 and not result["pairs"]:
        print_run(result["runs"][0], console)
    else:
        for group in result["groups"]:
            _print_group(group, [r for r in result["runs"] if _same(r, group)], console)
        for pair in result["pairs"]:
            _print_pair(pair, console)
        summary = result["summary"]
        _say(console, "")
        _say(
            console,
            f"{summary['verdict']}: {summary['scenarios']} scenarios, {summary['runs']} runs: "
            f"{summary['pass']} pass, {summary['fail']} fail, {summary['unknown']} unknown",
            STYLE[summary["verdict"]],
        )
    if result["summary"]["conservation_broken"]:
        _say(
            console,
            f"conservation: {result['summary']['conservation_broken']} laws BROKEN: a fault of coredrill itself",
            "bold red",
        )


def _same(run: Mapping[str, Any], group: Mapping[str, Any]) -> bool:
    return all(run[key] == group[key] for key in ("scenario", "architecture", "environment"))


def _print_group(group: Mapping[str, Any], runs: Sequence[Record], console: Console) -> None:
    failed, impaired = ([r["metrics"]["orders"]["failed_orders"] for r in runs], [r["metrics"]["impaired_s"] for r in runs])
    place = f"{group['scenario']} on {group['architecture']} in {group['environment']}"
    _say(
        console,
        f"{group['verdict']:<7} {place}: impaired {_spread(impaired, ' s')}, failed orders {_spread(failed)}",
        STYLE[group["verdict"]],
    )
    for expectation in group["expectations"]:
        low, high = wilson(expectation["held"], expectation["runs"])
        _say(
            console,
            f"        {expectation['verdict']}: {expectation['expected']}: held in {expectation['held']} of {expectation['runs']} runs, "
            f"{expectation['needed']} needed (95 % interval of the share {low:.0%} to {high:.0%})",
        )
    bad = [r for r in runs if r["verdict"] != "pass"]
    for run in bad[:3]:
        for reason in run["reasons"][:3]:
            _say(console, f"        seed {run['seed']}: {reason}")
        _say(console, f"        {run['replay']}")
    if len(bad) > 3:
        _say(console, f"        and {len(bad) - 3} more runs that did not pass")


def _spread(values: Sequence[float], unit: str = "") -> str:
    """The value; of several the median with its interval, or with the range where they are too few for one."""
    if len(set(values)) == 1:
        return f"{values[0]:,g}{unit}"
    from chaos.statistics import median

    interval = median_interval(values)
    low, high = interval or (min(values), max(values))
    return f"median {median(values):,g}{unit} ({'95 % interval' if interval else 'range'} {low:,g} to {high:,g})"


def _print_pair(pair: Mapping[str, Any], console: Console) -> None:
    _say(
        console,
        f"{pair['verdict']:<7} pair {pair['name']}: {pair['measure']} differs by at least {pair['at_least']:g}",
        STYLE[pair["verdict"]],
    )
    for row in pair["seeds"][:5]:
        _say(console, f"        seed {row['seed']}: {row['a']} against {row['b']}")


def print_run(run: Record, console: Console) -> None:
    """One run for a person: verdict, reasons, measures, who noticed, causal chain, how to see it again."""
    m = run["metrics"]
    orders = m["orders"]
    _say(console, f"{run['verdict']}: {run['title']}", STYLE[run["verdict"]])
    _say(
        console,
        f"{run['scenario']} on {run['architecture']} in {run['environment']}, {run['workload']}, seed {run['seed']}, "
        f"{format_clock(run['window'][0])} to {format_clock(run['window'][1])}",
    )
    for reason in run["reasons"]:
        _say(console, f"  {reason}")
    _say(console, "")
    share = "" if orders["failed_share"] is None else f" ({orders['failed_share']:.2%})"
    _say(
        console,
        f"failed orders  {orders['failed_orders']:,} of {orders['intended']:,}{share}: "
        f"blocked {orders['blocked']:,}, failed {orders['failed']:,}, unknown {orders['unknown']:,}",
        "bold",
    )
    truths = [f"{name} {orders[name]:,}" for name in ("duplicated", "lost", "orphan", "stranded", "late") if orders[name]]
    if truths:
        _say(console, f"in truth       {', '.join(truths)}")
    recovery = (
        _seconds(m["recovery_s"])
        if m["recovery_s"] is not None
        else f"not within the run (more than {_seconds(m['recovery_s_lower'])})"
    )
    _say(
        console, f"impaired       {_seconds(m['impaired_s'])}; recovery {recovery}" + ("; metastable" if m["metastable"] else "")
    )
    if m["first_noticed"]:
        _say(console, f"first noticed  by {m['first_noticed']} {m['first_noticed_by']} after {_seconds(m['first_noticed_s'])}")
    split = [
        f"{what} {_seconds(m[f'{what}_s'])}"
        for what in ("detect", "decide", "act", "restore", "reconciled")
        if m[f"{what}_s"] is not None
    ]
    if split:
        _say(console, f"response       {', '.join(split)}")
    _say(console, f"customers      {m['customers_affected']:,} of {m['customers_active']:,} hit")
    grades = ", ".join(f"{name} {grade['label']}" for name, grade in m["severity"].items())
    _say(console, f"severity       {grades}")
    _print_outcomes(run, console)
    flows = [link["name"] for link in run["causes"] if link["kind"] == "flow"]
    print_chain(paths_to(run["causes"], flows[:1] + [f for f in ("login", "place-order") if f in flows]), console)
    _say(console, "")
    _say(console, f"again: {run['replay']}")


def _print_outcomes(run: Record, console: Console) -> None:
    for line in run["timeline"]:
        simulated = "–" if line["simulated_ns"] is None else format_clock(line["simulated_ns"])
        _say(console, f"timeline       {format_clock(line['published_ns'])} published, {simulated} simulated: {line['what']}")


def print_chain(links: Sequence[Mapping[str, Any]], console: Console) -> None:
    """The causal chain, a line a link, in time order."""
    if not links:
        return
    _say(console, "")
    _say(console, "what led to what", "bold")
    for link in links:
        because = f"  ← {link['because'].partition('/')[2]}" if link["because"] else ""
        _say(console, f"  {format_clock(link['t_ns'])[:8]}  {link['kind']} {link['name']}: {link['what']}{because}")


def _seconds(value: float | None) -> str:
    return "–" if value is None else format_duration(round(value) * 1_000_000_000) if value < 60 else f"{value / 60:.1f} min"
