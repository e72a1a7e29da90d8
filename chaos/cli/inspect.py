"""Commands that read files and run nothing: list, show, diff, validate, schema, init."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from chaos.cli import options
from chaos.cli.catalogues import CATALOGUES, Listed, catalogue_names, explanation
from chaos.cli.exit_codes import BAD_INPUT
from chaos.cli.files import OutputFile, OutputPath
from chaos.cli.words import Word
from chaos.documents.drill import Drill
from chaos.documents.library import library
from chaos.documents.rendering import differences, summary, to_yaml
from chaos.documents.scenario import Scenario
from chaos.documents.suite import Suite
from chaos.results.schemas import RESULTS, result_schema
from simcore.base.errors import InputError, os_reason, show_value, suggest
from simcore.base.units import format_clock
from simcore.files.document import display_path, read_document
from simcore.files.loading import Resolved, is_path
from simcore.files.patch import Layer, command_line_layer
from simcore.library import require_fit
from simcore.model.architecture import Architecture
from simcore.schema import json_schema

KINDS = ("architecture", "workload", "environment", "scenario", "suite", "severity", "defect", "triggers", "drill")
LISTS = {
    "scenarios": "scenario", "suites": "suite", "architectures": "architecture", "workloads": "workload",
    "environments": "environment", "severity": "severity", "defects": "defect", "triggers": "triggers", "drills": "drill",
}  # fmt: skip
"""What of the files is listed, and its kind."""
TEMPLATE = Path(__file__).parent / "template.yaml"


@click.command("list")
@click.argument("what", metavar="WHAT", type=Word([*LISTS, *CATALOGUES]))
@click.option("--json", "json_file", type=OutputFile(), metavar="FILE", help="Write a list of objects; - is stdout.")
@click.option("--markdown", is_flag=True, help="As a Markdown table.")
def list_command(what: str, json_file: TextIO | None, markdown: bool) -> None:
    """List what is shipped, or what extensions are installed.

    WHAT is one of scenarios, suites, architectures, workloads, environments, severity (rules), defects, triggers, drills, faults, checkers,
    measures, targets and plugins.

    Example: coredrill list scenarios
    """
    entries = list(_shipped(LISTS[what]) if what in LISTS else CATALOGUES[what]())
    if json_file is not None:
        json_file.write(json.dumps([entry.document for entry in entries], ensure_ascii=False, indent=2) + "\n")
        return
    if markdown:
        columns = ("meaning", "unit", "better") if what == "measures" else ("title",)
        rows = [[f"`{entry.name}`", *(entry.document[column] for column in columns)] for entry in entries]
        for row in (["name", *columns], ["---"] * (len(columns) + 1), *rows):
            click.echo(f"| {' | '.join(row)} |")
        return
    width = max((len(entry.name) for entry in entries), default=0)
    for entry in entries:
        click.echo(f"{entry.name:<{width}}  {entry.title}".rstrip())


def _shipped(kind: str) -> Iterator[Listed]:
    for name, path in library().shipped(kind).items():
        yield Listed(name, read_document(path, "base").text("title") or "", {"file": display_path(path)})


@click.command()
@click.argument("name")
@click.option("--resolved", is_flag=True, help="Every value as YAML, with its origin.")
@click.option("--targets", is_flag=True, help="Of a scenario: what each of its steps hits.")
@click.option("--architecture", metavar="NAME|FILE", help="With --targets: in this architecture, not the scenario's own.")
@options.environment
@options.assignments
def show(
    name: str, resolved: bool, targets: bool, architecture: str | None, environment: str | None, assignments: tuple[str, ...]
) -> None:
    """Show a file, by NAME or path, or what a fault, checker, measure or target is.

    What a scenario strikes: coredrill show incidents/east-money-2023-03-21 --targets --architecture options/read-replica

    Example: coredrill show options/bulkheads --resolved
    """
    if architecture is not None and not targets:
        raise InputError("--architecture says where to look for targets", hint="add --targets")
    if targets:
        click.echo(_targets(name, architecture, environment, assignments), nl=False)
        return
    if (explained := explanation(name)) is not None:
        click.echo(explained, nl=False)
        return
    known = {*catalogue_names(), *(shipped for kind in library().kinds for shipped in library().shipped(kind))}
    if not is_path(name) and name not in known and not Path(name).exists():
        raise InputError(f"nothing is called {show_value(name)}", hint=suggest(name, known))
    found = _resolve(name, environment, assignments)
    if isinstance(found.model, Architecture) and not resolved:
        click.echo(summary(found.model), nl=False)
    else:
        click.echo(to_yaml(found.tree, origins=resolved), nl=False)


def _targets(name: str, architecture: str | None, environment: str | None, assignments: Sequence[str]) -> str:
    """What each step of a scenario hits, a line for each kind of thing. Raises InputError."""
    from chaos.execution.jobs import SystemReference
    from chaos.execution.session import Session

    with Session() as session:
        resolved = session.resolve(SystemReference(name, architecture, environment, tuple(assignments)))
    system, lines = resolved.system, list[str]()
    for step in resolved.scenario.model.method:
        hit = step.fault.targets(system)
        lines.append(
            f"{format_clock(step.at)}  {step.label}" + (f" ({step.fault.fault})" if step.label != step.fault.fault else "")
        )
        if not hit:
            lines.append("    nothing: the architecture does without it")
        lines += [f"    {target}" for target in hit]
        lines += [f"    of it operation/{operation}" for operation in step.fault.operations_hit(system)]
    return "\n".join(lines) + "\n" if lines else f"{name} does nothing to the system\n"


@click.command()
@click.argument("a")
@click.argument("b")
@options.environment
def diff(a: str, b: str, environment: str | None) -> None:
    """Print what differs between two files, each by name or path, after all they extend: - in A alone, + in B alone, ~ both.

    Example: coredrill diff legacy-coupled options/bulkheads
    """
    left, right = (_resolve(name, environment, ()) for name in (a, b))
    for line in differences(left, right):
        click.echo(line)


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--workload", metavar="NAME|FILE", help="Check that the architectures can be run under this workload.")
@options.environment
@options.assignments
def validate(files: tuple[str, ...], workload: str | None, environment: str | None, assignments: tuple[str, ...]) -> None:
    """Check files, by name or path: each mistake with its place and a hint, one line a file.

    Example: coredrill validate scenario.yaml my-core.yaml
    """
    bad = 0
    load = _resolve(workload, environment, (), "workload") if workload is not None else None
    for file in files:
        try:
            found = _resolve(file, environment, assignments)
            _check_whole(found, environment)
            if load is not None and isinstance(found.model, Architecture):
                require_fit(found, load)
            click.echo(f"{file}: sound")
        except InputError as error:
            bad += 1
            click.echo(str(error), err=True)
    if bad:
        sys.exit(BAD_INPUT)


def _check_whole(found: Resolved[Any], environment: str | None) -> None:
    """A scenario against the architecture it is for, a suite with all its scenarios, a drill against its scenario. Raises InputError."""
    from chaos.documents.suites import located
    from chaos.execution.planning import JobOptions, suite_jobs
    from chaos.execution.session import Session
    from chaos.room.exercise.prepared import prepare_resolved

    with Session() as session:
        if isinstance(found.model, Scenario):
            session.check(found, environment)
        elif isinstance(found.model, Suite):
            for job in suite_jobs(session, located(found), JobOptions(environment=environment)):
                session.bind(job.system)
        elif isinstance(found.model, Drill):
            prepare_resolved(found)


@click.command()
@click.argument("kind", metavar="KIND", type=Word([*KINDS, *RESULTS]))
def schema(kind: str) -> None:
    """Print the JSON Schema of a kind of file, for editors, or of what a command writes as JSON, for programs.

    KIND is one of architecture, workload, environment, scenario, suite, severity, defect, triggers, drill; or, of results, result (of run, suite,
    replay), comparison, sweep, simulation, coverage, reproductions, lint, explanation.

    Example: coredrill schema scenario > scenario.schema.json
    """
    found = result_schema(kind) if kind in RESULTS else json_schema(library().kinds[kind])
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@click.command()
@click.argument("file", default="scenario.yaml", type=OutputPath())
def init(file: str) -> None:
    """Write a commented scenario to start from to FILE.

    Example: coredrill init drills/first.yaml
    """
    write_template(file)
    click.echo(f"{file} is written; run it with: coredrill run {file}")


def write_template(file: str) -> None:
    """Writes the scenario to start from. Raises InputError if the file exists or cannot be written."""
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        with Path(file).open("x", encoding="utf-8") as target:
            target.write(TEMPLATE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise InputError(f"{file} exists already", hint="name another file") from None
    except OSError as error:
        raise InputError(
            f"cannot write {file}: {os_reason(error)}", hint="name a file in a folder that you can write to"
        ) from None


def _resolve(reference: str, environment: str | None, assignments: Sequence[str], kind: str | None = None) -> Resolved[Any]:
    """The file with the environment (unless it is one itself) and the command line's changes."""
    stated = library().kinds[kind] if kind is not None else library().kind_of(reference)
    layers: list[Layer] = [command_line_layer(assignments)]
    if environment is not None and stated.name in ("architecture", "workload"):
        place = library().surroundings(environment)
        layers.append(place.workload if stated.name == "workload" else place.architecture)
    return library().resolve(reference, stated.model, layers)
