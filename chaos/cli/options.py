"""Options that several commands have, and how they become what the library takes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar, cast

import click

from chaos.cli.files import OutputFile, OutputPath
from chaos.cli.words import WholeNumber, Word
from chaos.execution.jobs import LAST_SEED, SIMULATED
from simcore.base.errors import InputError

C = TypeVar("C", bound=Callable[..., Any])
D = TypeVar("D")

SEED = WholeNumber(0, LAST_SEED, shown=False)
RUNS = WholeNumber(1, 100_000)
FRESH = 101
"""The first of the fresh seeds: those below it may have been looked at while a scenario was written."""

assignments = click.option("--set", "assignments", metavar="PATH=VALUE", multiple=True, help="Change a value; may be repeated.")
environment = click.option("--environment", metavar="NAME|FILE", help="Apply an environment.")
spans = click.option(
    "--spans",
    default=0,
    show_default=True,
    type=WholeNumber(0),
    metavar="N",
    help="Keep the hops of every N-th request; 0: of none.",
)
architecture = click.option("--architecture", metavar="NAME|FILE", help="Instead of the scenario's own.")
seed = click.option("--seed", default=1, show_default=True, type=SEED, help="The first seed.")
journal = click.option(
    "--journal", type=OutputPath(folder=True), metavar="DIR", help="Keep each run's journal in a folder below."
)
html = click.option(
    "--html",
    type=OutputPath(),
    metavar="FILE",
    help="Write a page that needs no network; of several runs, a matrix of pages.",
)
html_page = click.option("--html", type=OutputPath(), metavar="FILE", help="Write a page that needs no network.")
html_folder = click.option(
    "--html",
    type=OutputPath(folder=True),
    metavar="DIR",
    help="Write index.html, a page a run, and the journals into a folder.",
)
language = click.option(
    "--lang",
    "language",
    default="en",
    show_default=True,
    type=Word(["en", "zh"]),
    help="The language of what is printed, and in which a page opens.",
)
json_file = click.option("--json", "json_file", type=OutputFile(), metavar="FILE", help="Write the result object; - is stdout.")
junit = click.option("--junit", type=OutputPath(), metavar="FILE", help="Write JUnit XML; unknown is an error in it.")
defects = click.option(
    "--defect",
    "defects",
    multiple=True,
    metavar="OPERATOR@SITE",
    help="Plant a defect; may be repeated. 'coredrill list defects' names operators.",
)
_target = click.option(
    "--target",
    default=SIMULATED,
    show_default=True,
    metavar="NAME[:ADDRESS]",
    help="What is put under test; 'coredrill list targets' names what there is.",
)
long = click.option(
    "--long",
    is_flag=True,
    help="Let a live twin run for more than 10 minutes of real time.",
)


def target(command: C) -> C:
    """What is put under test, and whether it may take long: the command gets both as one `target`."""

    @functools.wraps(command)
    def chosen(*arguments: object, target: str, long: bool, **given: object) -> object:
        return command(*arguments, target=long_target(target) if long else target, **given)

    return _target(long(cast(C, chosen)))


def long_target(reference: str) -> str:
    """The reference of a target that may take long in real time. Raises InputError for one that does not run in real time."""
    from chaos.live.target import LONG, TWIN

    if reference not in (TWIN, f"{TWIN}:{LONG}"):
        raise InputError(f"--long is for what runs in real time, not for the target {reference}", hint=f"add --target {TWIN}")
    return f"{TWIN}:{LONG}"


jobs = click.option("--jobs", default=1, show_default=True, type=WholeNumber(1, 1024), metavar="N", help="Processes.")
cluster = click.option(
    "--cluster", metavar="ADDRESS", help="Run on the workers of this Dask scheduler instead, such as tcp://host:8786."
)
store = click.option("--store", type=OutputPath(), metavar="FILE", help="Where finished runs are kept.")
resume = click.option(
    "--resume",
    is_flag=True,
    help="Continue with the finished runs that are kept; the result is the same as of an uninterrupted command.",
)


leave_out = click.option(
    "--leave-out",
    "left_out",
    metavar="ACTION",
    multiple=True,
    help="An action, such as 'restart counter' or 'restart counter from 10:03', takes its time and changes nothing; 'all': every one; "
    "'method': no fault.",
)
causes = click.option(
    "--causes/--no-causes",
    default=None,
    help="Say what acting did, by further runs of the same seed; for one run, and with --html, as a rule.",
)


def replications(text: str) -> Callable[[C], C]:
    """The option of how many seeds, with its help."""
    return click.option("--replications", type=RUNS, metavar="N", help=text)


def many_runs(command: C) -> C:
    """The options of commands that make many runs and judge each."""
    for option in reversed(
        (
            architecture,
            environment,
            assignments,
            seed,
            replications("Runs a scenario, with seeds one after another."),
            jobs,
            cluster,
            json_file,
            junit,
            journal,
            spans,
            store,
            resume,
            target,
        )
    ):
        command = option(command)
    return command


def many_runs_together(command: C) -> C:
    """The options of commands that make many runs which are read together."""
    for option in reversed(
        (
            environment,
            assignments,
            seed,
            replications(
                "At most so many runs of each case and architecture (default 20), or of each combination of values (default 1). To decide "
                "everything compare needs 20 for one comparison, 25 for three and more for more: it says how many before it runs."
            ),
            jobs,
            cluster,
            json_file,
            html_page,
            language,
            store,
            resume,
            target,
        )
    ):
        command = option(command)
    return command


def taken(kind: type[D], given: dict[str, Any]) -> D:
    """An options dataclass filled from a command's parameters: the fields of `kind` that `given` has by name, the others at their defaults.

    `given` may hold more than `kind` has fields for; that is left out.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: given[name] for name in names if name in given})
