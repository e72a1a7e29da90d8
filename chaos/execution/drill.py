"""What the commands run, suite, replay and demo do: jobs in, result object and text out."""

from __future__ import annotations

import fnmatch
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from chaos.documents.scenario import Entry, Pair, Suite, register
from chaos.execution.jobs import SCHEMA_VERSION, Job, Record, forget, grouped, load_scenario
from chaos.execution.runs import Runs, default_store
from chaos.execution.simulated import require_file
from chaos.judgement.causes import paths_to
from chaos.judgement.verdict import EXIT_CODES, combine, value_of
from chaos.measures.statistics import enough, median_interval, wilson
from simcore.base.errors import InputError, one_line, suggest
from simcore.base.units import format_clock, format_duration
from simcore.files import catalogue
from simcore.files.document import Node
from simcore.files.loading import Resolved, resolve

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
    cluster: str | None = None
    defect: str | None = None
    spans: int = 0


# --- from names to jobs -------------------------------------------------------------------------------------------------------


def scenario_jobs(names: Sequence[str], options: Options) -> list[Job]:
    """The jobs of scenarios by name, path or pattern such as `incidents/*`. Raises InputError."""
    forget()
    return [job for name in names for entry in entries_of(Entry(scenario=name)) for job in _jobs(entry, options, None)]


def suite_jobs(suite: Suite, options: Options) -> list[Job]:
    """The jobs of a suite, each once: first those that are judged on their own, then what only pairs need."""
    forget()
    pairs = [job for pair in suite.pairs for side in pair_jobs(pair, suite, options) for job in side]
    return list(dict.fromkeys([*own_jobs(suite, options), *pairs]))


def own_jobs(suite: Suite, options: Options) -> list[Job]:
    """The jobs of a suite that are judged on their own."""
    entries = [e for entry in suite.scenarios for e in entries_of(entry)]
    return [job for entry in entries for job in _jobs(entry, options, suite.replications)]


def pair_jobs(pair: Pair, suite: Suite, options: Options) -> tuple[list[Job], list[Job]]:
    """The jobs of both sides, seed by seed."""
    return _jobs(pair.a, options, suite.replications), _jobs(pair.b, options, suite.replications)


def entries_of(entry: Entry) -> list[Entry]:
    """The entry, or one for each scenario its pattern means."""
    register()
    if not _is_pattern(entry.scenario):
        return [entry]
    known = catalogue.shipped("scenario")
    found = fnmatch.filter(known, entry.scenario)
    if not found:
        raise InputError(f"no scenario matches {entry.scenario!r}", mend=suggest(entry.scenario, known))
    return [entry.model_copy(update={"scenario": name}) for name in found]


def _is_pattern(name: str) -> bool:
    return any(c in name for c in "*?[")


def _jobs(entry: Entry, options: Options, of_suite: int | None) -> list[Job]:
    runs = options.replications or entry.replications or of_suite or load_scenario(entry.scenario).model.replications
    architecture, environment = options.architecture or entry.architecture, options.environment or entry.environment
    return [
        Job(
            entry.scenario, options.seed + i, architecture, environment, options.assignments, options.journal, options.defect,
            spans=options.spans,
        )
        for i in range(runs)
    ]  # fmt: skip


def suite_scenarios(suite: Suite) -> list[str]:
    """The scenarios of a suite that are judged on their own, by name or path, each once."""
    return list(dict.fromkeys(e.scenario for entry in suite.scenarios for e in entries_of(entry)))


def load_suite(reference: str) -> Suite:
    """A suite by name or path. Raises InputError."""
    register()
    return located(resolve(reference, (), "suite"))


def located(suite: Resolved[Suite]) -> Suite:
    """The suite with paths that start where a command does: in the file they start at its own folder."""
    folder, model = Path(suite.tree.origin.file).parent, suite.model
    for entry in _entry_nodes(suite.tree):
        for kind in ("scenario", "architecture", "environment"):
            node = entry.get(kind)
            if node is not None:
                _require(node, kind, folder)

    def moved(entry: Entry) -> Entry:
        said = entry.model_dump(include={"scenario", "architecture", "environment"})
        return entry.model_copy(
            update={key: str(folder / name) for key, name in said.items() if name is not None and catalogue.is_path(name)}
        )

    pairs = [pair.model_copy(update={"a": moved(pair.a), "b": moved(pair.b)}) for pair in model.pairs]
    return model.model_copy(update={"scenarios": [moved(entry) for entry in model.scenarios], "pairs": pairs})


def _entry_nodes(tree: Node) -> list[Node]:
    """Where a suite's file names scenarios."""
    lists = [node.value for key in ("scenarios", "pairs") if (node := tree.get(key)) is not None and isinstance(node.value, list)]
    entries = [entry for items in lists for entry in items]
    return [side for entry in entries for side in (entry.get("a"), entry.get("b")) if side is not None] + entries


def _require(node: Node, kind: str, folder: Path) -> None:
    name = str(node.value)
    if kind == "scenario" and _is_pattern(name):
        try:
            entries_of(Entry(scenario=name))
        except InputError as error:
            raise node.origin.error(error.message, error.mend) from None
    elif node.value is not None:
        require_file(node, kind, str(folder / name) if catalogue.is_path(name) else name)


# --- running --------------------------------------------------------------------------------------------------------------------


def run_all(jobs: Sequence[Job], options: Options, name: str, *, keep: bool, suite: Suite | None = None) -> Result:
    """Makes what is not yet kept and puts the result together: the same bytes whenever and however it was made."""
    path = Path(options.store) if options.store else default_store(name, jobs)
    kept = path if keep or options.store or options.resume else None
    with Runs(kept, resume=options.resume, workers=options.jobs, cluster=options.cluster) as runs:
        runs.make(jobs)
    records = runs.records
    if suite is None:
        return result_of(jobs, records)
    own = {job.group for job in own_jobs(suite, options)}
    compared = [compare(pair, *pair_jobs(pair, suite, options), records) for pair in suite.pairs]
    return result_of(jobs, records, compared, own)


def result_of(
    jobs: Sequence[Job],
    records: Mapping[str, Record],
    compared: Sequence[dict[str, Any]] = (),
    own: Collection[Any] | None = None,
) -> Result:
    """The result object (schema version 1) of finished jobs, in their order. Groups of jobs that are not among `own` (None: all
    are) were made for a pair's sake: what they are held to on their own does not count, the pair's difference does."""
    runs, groups = [records[job.key] for job in jobs], grouped(jobs, dict(records))
    for key, group in zip(dict.fromkeys(job.group for job in jobs), groups, strict=True):
        group["counts"] = own is None or key in own
    counted = [group["verdict"] for group in groups if group["counts"]]
    judged = [*counted, *(pair["verdict"] for pair in compared)]
    broken = sum(not law["ok"] for run in runs for law in run["conservation"])
    summary = {"runs": len(runs), "scenarios": len(counted), "pairs": len(compared), "verdict": combine(judged)}
    summary |= {"conservation_broken": broken} | {v: judged.count(v) for v in ("pass", "fail", "unknown")}
    return {"schema_version": SCHEMA_VERSION, "runs": runs, "groups": groups, "pairs": list(compared), "summary": summary}


def compare(pair: Pair, a: Sequence[Job], b: Sequence[Job], records: Mapping[str, Record]) -> dict[str, Any]:
    """The difference of a measure between two places, seed by seed. A run that was no valid experiment has no value."""
    rows = []
    for left, right in zip(a, b, strict=False):
        runs = records.get(left.key), records.get(right.key)
        if runs[0] is None or runs[1] is None:
            continue
        values = [
            None if r["invalid"] or r["doubtful"] else value_of(r["metrics"], r["properties"], pair.measure)
            for r in runs
            if r is not None
        ]
        numbers = [v for v in values if isinstance(v, (int, float))]
        difference = numbers[0] - numbers[1] if len(numbers) == 2 else None
        rows.append({"seed": left.seed, "a": values[0], "b": values[1], "difference": difference})
    kept = sum(row["difference"] is not None and row["difference"] >= pair.at_least for row in rows)
    untold = sum(row["difference"] is None for row in rows)
    need = max(1, enough(pair.in_share, len(rows)))
    verdict = "unknown" if not rows else "pass" if kept >= need else "fail" if kept + untold < need else "unknown"
    return {
        "name": pair.name, "measure": pair.measure, "at_least": pair.at_least, "a": _place(pair.a), "b": _place(pair.b),
        "seeds": rows, "verdict": verdict, "why": pair.why,
    }  # fmt: skip


def _place(entry: Entry) -> str:
    """A side of a pair as a person would name it."""
    places = [f" on {entry.architecture}" if entry.architecture else "", f" in {entry.environment}" if entry.environment else ""]
    return entry.scenario + "".join(places)


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
    if len(result["runs"]) == 1:
        print_run(result["runs"][0], console)
    else:
        for group in (g for g in result["groups"] if g["counts"]):
            _print_group(group, [r for r in result["runs"] if _same(r, group)], console)
        for pair in result["pairs"]:
            _print_pair(pair, console)
        summary = result["summary"]
        _say(console, "")
        _say(
            console,
            f"{summary['verdict']}: {summary['scenarios']} scenarios, "
            + (f"{summary['pairs']} pairs, " if summary["pairs"] else "")
            + f"{summary['runs']} runs: {summary['pass']} pass, {summary['fail']} fail, {summary['unknown']} unknown",
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
    from chaos.measures.statistics import median

    interval = median_interval(values)
    low, high = interval or (min(values), max(values))
    return f"median {median(values):,g}{unit} ({'95 % interval' if interval else 'range'} {low:,g} to {high:,g})"


def _print_pair(pair: Mapping[str, Any], console: Console) -> None:
    _say(
        console,
        f"{pair['verdict']:<7} pair {pair['name']}: {pair['measure']} of {pair['a']} exceeds that of {pair['b']} "
        f"by at least {pair['at_least']:g}",
        STYLE[pair["verdict"]],
    )
    for line in pair_lines(pair):
        _say(console, f"        {line}")


def pair_lines(pair: Mapping[str, Any]) -> list[str]:
    """The values of both sides by seed, and what makes it the point."""
    told = [[f"{v:,g}" if isinstance(v, (int, float)) else "no value" for v in (row["a"], row["b"])] for row in pair["seeds"]]
    lines = [f"seed {row['seed']}: {a} against {b}" for row, (a, b) in zip(pair["seeds"], told, strict=True)]
    return lines[:5] + ([pair["why"]] if pair["why"] else [])


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
