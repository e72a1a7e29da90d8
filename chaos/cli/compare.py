"""What the commands compare and sweep do: names in, runs made, result object and text out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import click

from chaos.compare import tables
from chaos.compare.comparison import MEASURES, Comparison, Place, compare, kept_of, measure_of
from chaos.compare.sweep import MEASURES as SWEPT
from chaos.compare.sweep import Sweep, axis_of, sweep
from chaos.documents.scenario import Entry, register
from chaos.execution.drill import HARNESS_ERROR, Options, entries_of, load_suite
from chaos.execution.jobs import forget
from chaos.execution.runs import Runs
from chaos.measures.statistics import looks_of
from simcore.base.errors import InputError
from simcore.files import catalogue
from simcore.files.loading import kind_of


@dataclass(frozen=True)
class Outputs:
    """Where results go; text to stdout unless JSON does."""

    json_file: TextIO | None = None
    html: str | None = None


def run_comparison(
    names: Sequence[str],
    architectures: str,
    measures: Sequence[str],
    looks: str | None,
    healthy: str,
    options: Options,
    outputs: Outputs,
) -> int:
    """The command compare; its exit code. Raises InputError."""
    chosen = [name.strip() for name in architectures.split(",") if name.strip()]
    if len(set(chosen)) != len(chosen) or len(chosen) < 2:
        raise InputError(
            "--architectures: name two or more, each once; the first is the baseline",
            mend="such as legacy-coupled,options/bulkheads",
        )
    plan = Comparison(
        tuple(places_of(names, options.environment)), tuple(chosen), looks=_looks(looks, options.replications or 6),
        measures=tuple(measure_of(m) for m in measures) or MEASURES, seed=options.seed, assignments=options.assignments,
        healthy=healthy,
    )  # fmt: skip
    with _runs(options) as runs:
        result = compare(plan, runs)
    _write(result, tables.comparison(result), outputs)
    return HARNESS_ERROR if result["summary"]["conservation_broken"] else 0


def run_sweep(scenario: str, axes: Sequence[str], measures: Sequence[str], options: Options, outputs: Outputs) -> int:
    """The command sweep; its exit code. Raises InputError."""
    forget()
    plan = Sweep(
        scenario, tuple(axis_of(text) for text in axes), options.replications or 1, tuple(measures) or SWEPT, options.seed,
        options.architecture, options.environment, options.assignments,
    )  # fmt: skip
    with _runs(options) as runs:
        result = sweep(plan, runs)
    _write(result, tables.sweep(result), outputs)
    return HARNESS_ERROR if result["summary"]["conservation_broken"] else 0


def places_of(names: Sequence[str], environment: str | None) -> list[Place]:
    """The scenarios of suites, and scenarios by name, path or pattern, each once. Raises InputError."""
    register()
    forget()
    found: dict[Place, None] = {}
    for name in names:
        is_suite = kind_of(name) == "suite" if catalogue.is_path(name) else name in catalogue.shipped("suite")
        entries = load_suite(name).scenarios if is_suite else [Entry(scenario=name)]
        for entry in (e for one in entries for e in entries_of(one)):
            found[Place(entry.scenario, environment or entry.environment)] = None
    return list(found)


def _looks(text: str | None, cap: int) -> tuple[int, ...]:
    """The looks as said, or by the rule. Raises InputError."""
    if text is None:
        return tuple(looks_of(cap))
    try:
        looks = [int(part) for part in text.split(",")]
    except ValueError:
        looks = []
    if not looks or looks[0] < 1 or looks != sorted(set(looks)):
        raise InputError(f"--looks {text}: not rising numbers of runs", mend="such as --looks 10,15,20")
    return tuple(looks)


def _runs(options: Options) -> Runs:
    if options.resume and not options.store:
        raise InputError("--resume needs the file that the runs are kept in", mend="give it with --store FILE")
    path = Path(options.store) if options.store else None
    return Runs(path, resume=options.resume, workers=options.jobs, cluster=options.cluster, part=kept_of)


def _write(result: dict[str, Any], text: Sequence[str], outputs: Outputs) -> None:
    with outputs.json_file or nullcontext() as file:
        if file is not None:
            json.dump(result, file, ensure_ascii=False, indent=1)
            file.write("\n")
    if outputs.html is not None:
        from chaos.reports.campaigns import write_page

        write_page(result, Path(outputs.html))
    if getattr(outputs.json_file, "name", None) != "-":
        click.echo("\n".join(text))
