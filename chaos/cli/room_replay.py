"""The command room replay: an exercise made again from what a room has kept."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from chaos.cli.exit_codes import FAIL, PASS
from chaos.cli.printing import say
from chaos.measures.formatting import number


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def replay(folder: Path) -> int:
    """Make the exercise that a room's folder DIR holds again, and print what came of it.

    Exit code 1 if the room had ended and its journal's digest was another one, else 0.
    """
    from chaos.room.server.replay import replayed

    made, console = replayed(folder), Console()
    say(console, f"{made.drill}, seed {made.seed}: {number(made.entries)} decisions, {number(made.refused)} of them refused")
    for name, count in made.orders.items():
        say(console, f"orders {name}: {number(count)}")
    say(console, f"digest {made.digest}")
    if made.kept is None:
        say(console, "the room had not come to its end: this is what the decisions come to without any more of them")
    elif made.kept != made.digest:
        say(console, f"the room's own digest was {made.kept}", "bold red")
        return FAIL
    return PASS
