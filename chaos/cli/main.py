"""The command line: the list of commands. Each is loaded when it is asked for, so that help and checks stay quick."""

from __future__ import annotations

from importlib import metadata

import click

from chaos.cli.group import Group, LazyCommand

COMMANDS = {
    "list": LazyCommand("chaos.cli.inspect:list_command", "List what is shipped, or what extensions are installed."),
    "show": LazyCommand(
        "chaos.cli.inspect:show", "Show a file, by NAME or path, or what a fault, checker, measure or target is."
    ),
    "diff": LazyCommand(
        "chaos.cli.inspect:diff", "Print what differs between two files, each by name or path, after all they extend."
    ),
    "validate": LazyCommand(
        "chaos.cli.inspect:validate", "Check files, by name or path: each mistake with its place and a hint, one line a file."
    ),
    "lint": LazyCommand(
        "chaos.cli.lint:lint",
        "Check an ARCHITECTURE (name or file) for weaknesses that can be seen without a run, each with its place and its reason.",
    ),
    "schema": LazyCommand(
        "chaos.cli.inspect:schema",
        "Print the JSON Schema of a kind of file, for editors, or of what a command writes as JSON, for programs.",
    ),
    "init": LazyCommand("chaos.cli.inspect:init", "Write a commented scenario to start from to FILE."),
    "simulate": LazyCommand(
        "chaos.cli.simulate:simulate", "Run an ARCHITECTURE (name or file) under a workload and print what became of it."
    ),
    "run": LazyCommand(
        "chaos.cli.run:run", "Run SCENARIOS, each a name, a path or a pattern such as 'incidents/*', and judge them."
    ),
    "suite": LazyCommand("chaos.cli.run:suite", "Run the suite NAME (or a path)."),
    "replay": LazyCommand(
        "chaos.cli.run:replay",
        "Make one run again, as the line of a failure says: same seed, same customers, same random numbers, same digest.",
    ),
    "timelines": LazyCommand(
        "chaos.cli.timelines:timelines",
        "Run reproductions of public incidents (none named: all) and set what was published beside what is simulated.",
    ),
    "predict": LazyCommand(
        "chaos.cli.predict:predict",
        "Run cases whose outcome was not known to who modelled them (none named: all), and print what they predict, with intervals.",
    ),
    "causes": LazyCommand(
        "chaos.cli.causes:causes",
        "Run SCENARIOS (none named: all shipped) and say where acting is worse than not acting, and what the chains of causes leave open.",
    ),
    "compare": LazyCommand(
        "chaos.cli.compare:compare",
        "Compare architectures over SUITES (or scenarios, or patterns): same customers, same random streams, pair by pair with the first.",
    ),
    "sweep": LazyCommand(
        "chaos.cli.compare:sweep",
        "Run a SCENARIO over the values of one or two parameters: paths of the architecture, workload.PATH, or load (a factor).",
    ),
    "explain": LazyCommand(
        "chaos.cli.explain:explain",
        "Say which guesses the verdict of a SCENARIO, or of a RESULT kept with --json, hinges on, and where it flips.",
    ),
    "coverage": LazyCommand(
        "chaos.cli.coverage:coverage",
        "What a SUITE (or a single scenario) does not notice: plant every defect at every mutation point, run it, and count.",
    ),
    "report": LazyCommand("chaos.cli.report:report", "Report on runs from the folders in which --journal has kept them."),
    "live": LazyCommand("chaos.cli.live:live", "The live twin: an architecture as real processes on this machine."),
    "room": LazyCommand("chaos.cli.room:room", "The drill room: people in seats practise on the simulated core."),
    "demo": LazyCommand("chaos.cli.demo:demo", "One bank slows down at the open; nobody can log in or place an order."),
}
"""All commands. A test holds each sentence to the beginning of the command's own help."""


def _version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    try:
        version = metadata.version("coredrill")
    except metadata.PackageNotFoundError:
        version = "(not installed: run from a checkout)"
    click.echo(f"coredrill {version}")
    context.exit()


@click.group(cls=Group, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version and exit.")
def main() -> None:
    """Chaos engineering for a simulated securities trading core."""


if __name__ == "__main__":
    main()
