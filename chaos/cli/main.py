"""The command line. Commands import what they need when they run, so that help and checks stay quick."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

if TYPE_CHECKING:
    from simcore.files.loading import Resolved

BAD_INPUT, HARNESS_ERROR, INTERRUPTED = 2, 3, 130
CLOSED_PIPE = 141  # as the shell has it for a program that writes to a closed pipe; never a verdict


class Group(click.Group):
    """A group whose mistakes are one line on stderr and an exit code: 2 for the user's, 3 for ours, 130 for Ctrl-C."""

    def __call__(self, *args: Any, **extra: Any) -> Any:
        """As a program of its own: once the exit code is settled, Ctrl-C changes nothing any more."""
        try:
            return self.main(*args, **extra)
        except KeyboardInterrupt:  # another one, while the first was told of
            raise SystemExit(INTERRUPTED) from None
        finally:
            with contextlib.suppress(KeyboardInterrupt):
                signal.signal(signal.SIGINT, signal.SIG_IGN)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Runs a command and ends in SystemExit. (With `standalone_mode` off, and to complete words, it is click's own.)"""
        if not extra.get("standalone_mode", True) or "_COREDRILL_COMPLETE" in os.environ:
            return super().main(args, prog_name, **extra)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        try:
            code = self._run(list(sys.argv[1:] if args is None else args), prog_name or "coredrill")
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit is silent
            code = CLOSED_PIPE
        except (KeyboardInterrupt, click.Abort):
            _end(INTERRUPTED, "interrupted")
        except click.ClickException as error:
            _end(BAD_INPUT, _usage(error))
        except Exception as error:
            _end_by(error)
        sys.exit(code)

    def _run(self, args: list[str], prog_name: str) -> int:
        """The exit code of a command: what it returns if that is a number, else 0."""
        try:
            with self.make_context(prog_name, args) as context:
                result = self.invoke(context)
        except click.exceptions.Exit as end:
            return end.exit_code
        return result if isinstance(result, int) else 0


def _end(code: int, message: str) -> NoReturn:
    from simcore.base.errors import one_line

    click.echo(one_line(message), err=True)
    sys.exit(code)


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "coredrill"
    message = " ".join(error.format_message().split())
    return f"{command}: {message.rstrip('.')}; see '{command} --help'"


def _end_by(error: Exception) -> NoReturn:
    from simcore.base.errors import InputError

    if isinstance(error, InputError):
        _end(BAD_INPUT, str(error))
    traceback.print_exception(error)
    _end(HARNESS_ERROR, f"coredrill: a fault of coredrill itself: {type(error).__name__}: {error}")


def _version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from importlib import metadata

    try:
        version = metadata.version("coredrill")
    except metadata.PackageNotFoundError:
        version = "(not installed: run from a checkout)"
    click.echo(f"coredrill {version}")
    context.exit()


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version and exit.")
def main() -> None:
    """Chaos engineering for a simulated securities trading core."""


KIND = click.Choice(["architecture", "workload", "environment", "scenario", "suite", "severity", "defect", "triggers"])
LISTS = {
    "scenarios": "scenario", "suites": "suite", "architectures": "architecture", "workloads": "workload",
    "environments": "environment", "severity": "severity", "defects": "defect", "triggers": "triggers", "faults": "",
}  # fmt: skip

_set_option = click.option("--set", "assignments", metavar="PATH=VALUE", multiple=True, help="Change a value; may be repeated.")
_environment_option = click.option("--environment", metavar="NAME|FILE", help="Apply an environment.")
_spans_option = click.option(
    "--spans",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    metavar="N",
    help="Keep the hops of every N-th request; 0: of none.",
)


@main.command("list")
@click.argument("what", type=click.Choice(list(LISTS)))
@click.option("--json", "json_file", type=click.File("w"), metavar="FILE", help="Write a list of objects; - is stdout.")
def list_command(what: str, json_file: TextIO | None) -> None:
    """List what is shipped."""
    import json

    entries = _faults() if what == "faults" else _shipped(LISTS[what])
    if json_file is not None:
        json_file.write(json.dumps(entries, ensure_ascii=False, indent=2) + "\n")
        return
    width = max((len(entry["name"]) for entry in entries), default=0)
    for entry in entries:
        click.echo(f"{entry['name']:<{width}}  {entry['title']}".rstrip())


def _shipped(kind: str) -> list[dict[str, str]]:
    from chaos.documents.scenario import register
    from simcore.files import catalogue
    from simcore.files.document import display_path, read_document

    register()
    found = []
    for name, path in catalogue.shipped(kind).items():
        title = read_document(path, "base").text("title") or ""
        found.append({"name": name, "title": title, "file": display_path(path)})
    return found


def _faults() -> list[dict[str, str]]:
    from chaos.faults import describe, load_faults

    return [{"name": name, "title": describe(fault), "layer": fault.layer} for name, fault in load_faults().items()]


@main.command()
@click.argument("name")
@click.option("--resolved", is_flag=True, help="Every value as YAML, with its origin.")
@_environment_option
@_set_option
def show(name: str, resolved: bool, environment: str | None, assignments: tuple[str, ...]) -> None:
    """Show a file, by NAME or path, or the words of a fault."""
    from chaos.documents.rendering import summary, to_yaml
    from chaos.faults import load_faults
    from simcore.model.architecture import Architecture

    if name in load_faults():
        click.echo(_fault_words(name), nl=False)
        return
    found = _resolve(name, environment, assignments)
    if isinstance(found.model, Architecture) and not resolved:
        click.echo(summary(found.model), nl=False)
    else:
        click.echo(to_yaml(found.tree, origins=resolved), nl=False)


def _fault_words(name: str) -> str:
    """A fault's description and what may be written under its name."""
    import inspect

    from chaos.faults import load_faults
    from chaos.faults.fault import Fault

    fault = load_faults()[name]
    lines = [f"{name} ({fault.layer})", "", inspect.cleandoc(fault.__doc__ or ""), ""]
    for key, field in fault.model_fields.items():
        default = "needed" if field.is_required() else f"default {field.default}"
        lines.append(f"  {field.alias or key}: {default}" + (f"; {field.description}" if field.description else ""))
    assert issubclass(fault, Fault)
    return "\n".join(lines) + "\n"


@main.command()
@click.argument("a")
@click.argument("b")
@_environment_option
def diff(a: str, b: str, environment: str | None) -> None:
    """Print what differs between two files, each by name or path, after all they extend: - in A alone, + in B alone, ~ both."""
    from chaos.documents.rendering import differences

    left, right = (_resolve(name, environment, ()) for name in (a, b))
    for line in differences(left.tree, right.tree):
        click.echo(line)


@main.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--workload", metavar="NAME|FILE", help="Check that the architectures can be run under this workload.")
@_environment_option
@_set_option
def validate(files: tuple[str, ...], workload: str | None, environment: str | None, assignments: tuple[str, ...]) -> None:
    """Check files, by name or path: each mistake with its place and the mend, one line a file."""
    from simcore.base.errors import InputError
    from simcore.files.loading import require_fit
    from simcore.model.architecture import Architecture

    bad = 0
    load = _resolve(workload, environment, (), "workload") if workload is not None else None
    for file in files:
        try:
            found = _resolve(file, environment, assignments)
            _check_whole(file, found, environment)
            if load is not None and isinstance(found.model, Architecture):
                require_fit(found, load)
            click.echo(f"{file}: sound")
        except InputError as error:
            bad += 1
            click.echo(str(error), err=True)
    if bad:
        sys.exit(BAD_INPUT)


def _check_whole(file: str, found: Resolved[Any], environment: str | None) -> None:
    """A scenario against the architecture it is for, a suite with all its scenarios. Raises InputError."""
    from chaos.documents.scenario import Scenario, Suite

    if isinstance(found.model, Scenario):
        from chaos.execution.simulated import Simulated

        Simulated(found, environment=environment)
    elif isinstance(found.model, Suite):
        from chaos.execution.drill import Options, located, suite_jobs
        from chaos.execution.jobs import prepare

        for job in suite_jobs(located(found), Options(environment=environment)):
            prepare(job)


@main.command()
@click.argument("kind", type=KIND)
def schema(kind: str) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    import json

    from chaos.documents.scenario import register
    from simcore.schema import json_schema

    register()
    click.echo(json.dumps(json_schema(kind), ensure_ascii=False, indent=2))


@main.command()
@click.argument("architecture")
@click.option("--workload", required=True, metavar="NAME|FILE", help="Who the customers are and what they intend, when.")
@click.option(
    "--window", default="09:15-10:00", show_default=True, metavar="FROM-TO", help="The part of the day that is measured."
)
@click.option(
    "--warmup", default="15min", show_default=True, metavar="DURATION", help="The run begins this much before the window."
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0, 2**63 - 1), help="Same seed, same customers, same luck."
)
@_environment_option
@_set_option
@_spans_option
@click.option("--json", "json_file", type=click.File("w"), metavar="FILE", help="Write the result object; - is stdout.")
@click.option("--journal", "folder", type=click.Path(file_okay=False), metavar="DIR", help="Keep the journal in a folder.")
def simulate(
    architecture: str, workload: str, window: str, warmup: str, seed: int, environment: str | None, assignments: tuple[str, ...],
    spans: int, json_file: TextIO | None, folder: str | None,
) -> int:  # fmt: skip
    """Run an ARCHITECTURE (name or file) under a workload and print what became of it."""
    from chaos.execution.progress import report, run_once, window_and_warmup

    measured, warmup_ns = window_and_warmup(window, warmup)
    journal, wall_s = run_once(
        architecture, workload, environment=environment, assignments=assignments, window=measured, warmup_ns=warmup_ns, seed=seed,
        spans=spans, progress=True, folder=folder,
    )  # fmt: skip
    return report(journal, wall_s, json_file)


# --- scenarios ------------------------------------------------------------------------------------------------------------

_architecture_option = click.option("--architecture", metavar="NAME|FILE", help="Instead of the scenario's own.")
_seed_option = click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**63 - 1), help="The first seed.")
_journal_option = click.option(
    "--journal", type=click.Path(file_okay=False), metavar="DIR", help="Keep each run's journal in a folder below."
)
_html_option = click.option(
    "--html", type=click.Path(dir_okay=False), metavar="FILE", help="Write a page to look at; of several runs a matrix of pages."
)
_html_folder_option = click.option(
    "--html",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Write index.html, a page a run, and the journals into a folder.",
)
_language_option = click.option("--lang", "language", default="en", show_default=True, type=click.Choice(["en", "zh"]))
_json_option = click.option(
    "--json", "json_file", type=click.File("w", lazy=True), metavar="FILE", help="Write the result object; - is stdout."
)
_junit_option = click.option(
    "--junit", type=click.Path(dir_okay=False), metavar="FILE", help="Write JUnit XML; unknown is an error in it."
)


_defect_option = click.option(
    "--defect", metavar="OPERATOR@SITE", help="Plant a defect; 'coredrill list defects' names operators."
)

_jobs_option = click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 1024), metavar="N", help="Processes.")
_cluster_option = click.option(
    "--cluster", metavar="ADDRESS", help="Run on the workers of this Dask scheduler instead, such as tcp://host:8786."
)
_store_option = click.option("--store", type=click.Path(dir_okay=False), metavar="FILE", help="Where finished runs are kept.")
_resume_option = click.option("--resume", is_flag=True, help="Go on with what is kept; the result is the same as of one go.")


def _many(command: Any) -> Any:
    """The options of commands that make many runs."""
    for option in reversed((
        _architecture_option, _environment_option, _set_option, _seed_option,
        click.option("--replications", type=click.IntRange(1, 100_000), metavar="N", help="Runs a scenario, with seeds one after another."),
        _jobs_option, _cluster_option, _json_option, _junit_option, _journal_option, _spans_option, _store_option, _resume_option,
    )):  # fmt: skip
        command = option(command)
    return command


@main.command()
@click.argument("scenarios", nargs=-1, required=True)
@_many
@_defect_option
@_html_option
def run(scenarios: tuple[str, ...], json_file: TextIO | None, junit: str | None, html: str | None, **said: Any) -> int:
    """Run SCENARIOS, each a name, a path or a pattern such as 'incidents/*', and judge them."""
    from chaos.execution.drill import scenario_jobs
    from chaos.reports.write import journals

    with journals(html is not None, said["journal"]) as said["journal"]:
        options = _options(said)
        return _drill(scenario_jobs(scenarios, options), options, "run", json_file, junit, html=html)


@main.command("suite")
@click.argument("name")
@_many
@_html_folder_option
def suite_command(name: str, json_file: TextIO | None, junit: str | None, html: str | None, **said: Any) -> int:
    """Run the suite NAME (or a path). Finished runs are kept below .coredrill: --resume goes on after any stop."""
    from chaos.execution.drill import load_suite, suite_jobs

    if html is not None:
        said["journal"] = said["journal"] or os.path.join(html, "journals")  # noqa: PTH118
    options, found = _options(said), load_suite(name)
    return _drill(suite_jobs(found, options), options, name, json_file, junit, keep=True, suite=found, html=html)


@main.command()
@click.argument("scenario")
@_architecture_option
@_environment_option
@_set_option
@_defect_option
@_seed_option
@_journal_option
@_json_option
@_spans_option
@_html_option
def replay(scenario: str, json_file: TextIO | None, html: str | None, **said: Any) -> int:
    """Make one run again, as the line of a failure says: same seed, same customers, same luck, same digest."""
    from chaos.execution.drill import scenario_jobs
    from chaos.reports.write import journals

    with journals(html is not None, said["journal"]) as said["journal"]:
        options = _options(said | {"replications": 1})
        return _drill(scenario_jobs([scenario], options), options, "replay", json_file, None, html=html)


@main.command("timelines")
@click.argument("scenarios", nargs=-1)
@_seed_option
@click.option("--replications", default=1, show_default=True, type=click.IntRange(1, 1000), metavar="N", help="Runs a scenario.")
@_jobs_option
@_json_option
@click.option(
    "--markdown", type=click.File("w", lazy=True), metavar="FILE", help="Write the page docs/reproductions.md; - is stdout."
)
def timelines_command(scenarios: tuple[str, ...], json_file: TextIO | None, markdown: TextIO | None, **said: Any) -> int:
    """Run reproductions of public incidents (none named: all) and set what was published beside what is simulated."""
    from chaos.cli.timelines import tell

    return tell(scenarios, _options(said), json_file, markdown)


def _campaign(command: Any) -> Any:
    """The options of commands that make campaigns: many runs that are read together."""
    for option in reversed((
        _environment_option, _set_option, _seed_option,
        click.option("--replications", type=click.IntRange(1, 100_000), metavar="N", help="At most so many runs a place."),
        _jobs_option, _cluster_option, _json_option,
        click.option("--html", type=click.Path(dir_okay=False), metavar="FILE", help="Write a page that needs no network."),
        _store_option, _resume_option,
    )):  # fmt: skip
        command = option(command)
    return command


@main.command("compare")
@click.argument("suites", nargs=-1, required=True)
@click.option("--architectures", required=True, metavar="A,B,…", help="By name or path; the first is the baseline.")
@click.option("--measure", "measures", multiple=True, metavar="NAME=MARGIN", help="What is decided by; may be repeated.")
@click.option(
    "--looks", metavar="N,N,…", help="After how many runs it is looked at; default half, three quarters and all of them."
)
@click.option(
    "--healthy",
    default="requirements/smoke/healthy-open",
    metavar="SCENARIO",
    help="Where latency is measured: nothing is broken.",
)
@_campaign
def compare_command(
    suites: tuple[str, ...], architectures: str, measures: tuple[str, ...], looks: str | None, healthy: str, json_file: TextIO | None,
    html: str | None, **said: Any,
) -> int:  # fmt: skip
    """Compare architectures over SUITES (or scenarios, or patterns): same customers, same luck, pair by pair with the first."""
    from chaos.cli.compare import Outputs, run_comparison

    return run_comparison(suites, architectures, measures, looks, healthy, _options(said), Outputs(json_file, html))


@main.command()
@click.argument("suite")
@_architecture_option
@click.option("--environment", default="staging", show_default=True, metavar="NAME|FILE", help="Where the suite is run.")
@click.option("--defect", "operators", multiple=True, metavar="NAME[@SITE]", help="Plant this one alone; may be repeated.")
@click.option(
    "--seeds", default=3, show_default=True, type=click.IntRange(1, 1000), metavar="N", help="Runs of each cell, from seed 1 on."
)
@click.option("--beside", metavar="SUITE@ENV", help="Plant the same defects under another suite in another environment, too.")
@_jobs_option
@_cluster_option
@click.option(
    "--price",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    metavar="RUNS",
    help="Price defects in production with at most so many runs.",
)
@click.option(
    "--why",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    metavar="RUNS",
    help="Switch gaps off one by one with at most so many runs.",
)
@click.option("--triggers", default="brokers", show_default=True, metavar="NAME|FILE", help="What happens in a year, for prices.")
@click.option(
    "--suggest",
    default=0,
    metavar="N",
    type=click.IntRange(0),
    help="Write so many scenarios that would buy most; needs --price.",
)
@click.option(
    "--into",
    default="suggested",
    show_default=True,
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Folder of suggested scenarios.",
)
@click.option("--all-seeds", is_flag=True, help="Run also the seeds that decide nothing any more.")
@click.option("--exhaustive", is_flag=True, help="Run also what the defect cannot change.")
@click.option("--at-least", type=click.FloatRange(0, 1), metavar="SHARE", help="Exit 1 if the mutation score is lower.")
@_store_option
@_resume_option
@_json_option
@click.option(
    "--html", "html_file", type=click.File("w", lazy=True, encoding="utf-8"), metavar="FILE", help="Write one page to look at."
)
def coverage(
    suite: str, architecture: str | None, environment: str, operators: tuple[str, ...], beside: str | None, suggest: int, into: str,
    price: int, why: int, triggers: str, at_least: float | None, json_file: TextIO | None, html_file: TextIO | None, **said: Any,
) -> int:  # fmt: skip
    """What a SUITE does not notice: plant every defect at every site, run it, and count."""
    from pathlib import Path

    from chaos.coverage.kill_matrix import Setting
    from chaos.coverage.measurement import Wishes, measure, tell
    from simcore.base.errors import InputError

    if suggest and not price:
        raise InputError("--suggest needs prices", mend="give --price RUNS as well, such as --price 1000")
    other, _, there = (beside or "").rpartition("@")
    if beside and not (other and there):
        raise InputError(f"--beside {beside}: names a suite and an environment", mend="such as --beside at-the-open@production")
    setting = Setting(architecture or "legacy-coupled", environment, operators=operators or None, **said)
    wishes = Wishes(triggers, price, why, suggest, Path(into), (other, there) if beside else None)
    result = measure(suite, setting, wishes)
    return tell(result, json_file, html_file, at_least)


@main.command("sweep")
@click.argument("scenario")
@click.option(
    "--vary", "axes", multiple=True, required=True, metavar="PATH=A,B,…", help="A parameter and its values; once or twice."
)
@click.option("--measure", "measures", multiple=True, metavar="NAME", help="What is shown; may be repeated.")
@_architecture_option
@_campaign
def sweep_command(
    scenario: str, axes: tuple[str, ...], measures: tuple[str, ...], json_file: TextIO | None, html: str | None, **said: Any
) -> int:  # fmt: skip
    """Run a SCENARIO over the values of one or two parameters: paths of the architecture, workload.PATH, or load (a factor)."""
    from chaos.cli.compare import Outputs, run_sweep

    return run_sweep(scenario, axes, measures, _options(said), Outputs(json_file, html))


def _options(said: dict[str, Any]) -> Any:
    from chaos.execution.drill import Options

    return Options(**said)


def _drill(
    jobs: Any, options: Any, name: str, json_file: TextIO | None, junit: str | None, *, keep: bool = False, suite: Any = None,
    html: str | None = None,
) -> int:  # fmt: skip
    from rich.console import Console

    from chaos.execution.drill import exit_code, print_result, run_all, write_reports

    result = run_all(jobs, options, name, keep=keep, suite=suite)
    write_reports(result, name, json_file, junit)
    if getattr(json_file, "name", None) != "-":
        print_result(result, Console())
    if html is not None:
        _write_pages(html, jobs, result, suite)
    return exit_code(result)


def _write_pages(html: str, jobs: Any, result: Any, suite: Any) -> None:
    """The page of one run, the matrix of several, or of a suite the folder with its matrix."""
    from pathlib import Path

    from chaos.execution.jobs import journal_folder
    from chaos.reports.write import write_run, write_suite

    folders = [journal_folder(job) for job in jobs]
    if suite is not None:
        write_suite(suite.title or suite.name, Path(html) / "index.html", folders, result)
    elif len(folders) == 1:
        write_run(folders[0], html)
    else:
        write_suite("coredrill", Path(html), folders, result)


@main.command("report")
@click.argument("folders", metavar="JOURNAL...", nargs=-1, required=True)
@_html_option
@_language_option
@click.option(
    "--csv", "csv_file", type=click.Path(dir_okay=False), metavar="FILE", help="Write who was hurt, and what they could claim."
)
@click.option(
    "--trace", "trace_file", type=click.Path(dir_okay=False), metavar="FILE", help="Write the sampled hops, for Perfetto."
)
@click.option("--terminal", is_flag=True, help="Tell it here, in 40 lines; so it does if no file is asked for.")
def report_command(
    folders: tuple[str, ...], html: str | None, language: Any, csv_file: str | None, trace_file: str | None, terminal: bool
) -> None:
    """Report on runs from the folders in which --journal has kept them."""
    from pathlib import Path

    from rich.console import Console

    from chaos.reports.folder import read
    from chaos.reports.terminal import print_report
    from chaos.reports.write import export, write_run, write_suite

    if len(folders) > 1 and (csv_file or trace_file):
        raise click.UsageError("--csv and --trace are of one run: name one folder", click.get_current_context())
    if html is not None and len(folders) == 1:
        write_run(folders[0], html, language)
    elif html is not None:
        write_suite("coredrill", Path(html), [Path(folder) for folder in folders], language=language)
    if csv_file is not None or trace_file is not None:
        for line in export(folders[0], language, csv_file, trace_file):
            click.echo(line)
    if terminal or not (html or csv_file or trace_file):
        for folder in folders:
            print_report(read(folder), Console(), language)


@main.command()
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**63 - 1))
@_html_option
@_language_option
def demo(seed: int, html: str | None, language: Any) -> int:
    """One bank slows down at the open; nobody can log in or place an order. A short story with figures."""
    from rich.console import Console

    from chaos.cli.demo import tell
    from chaos.reports.write import journals

    with journals(html is not None, None) as folder:
        return tell(Console(), seed, folder, html, language)


@main.command()
@click.argument("file", default="scenario.yaml", type=click.Path(dir_okay=False))
def init(file: str) -> None:
    """Write a commented scenario to start from to FILE."""
    from chaos.cli.demo import write_template

    write_template(file)
    click.echo(f"{file} is written; run it with: coredrill run {file}")


def _resolve(reference: str, environment: str | None, assignments: Sequence[str], kind: str | None = None) -> Resolved[Any]:
    """The file with the environment (unless it is one itself) and the command line's changes."""
    from chaos.documents.scenario import register
    from simcore.files.loading import environment_layers, kind_of, resolve
    from simcore.files.patch import Layer, command_line_layer

    register()
    kind = kind or kind_of(reference)
    layers: list[Layer] = [command_line_layer(assignments)]
    if environment is not None and kind in ("architecture", "workload"):
        layers.append(environment_layers(environment)[kind == "workload"])
    return resolve(reference, layers, kind)


if __name__ == "__main__":
    main()
