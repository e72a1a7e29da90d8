"""The command demo: a story in one run."""

from __future__ import annotations

from collections.abc import Callable

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.exit_codes import of_result
from chaos.cli.inspect import TEMPLATE
from chaos.cli.printing import print_acting, print_chains
from chaos.cli.printing import say as say_line
from chaos.cli.progress import StderrProgress
from chaos.execution.campaign import ExecutionOptions, result_of, run_all
from chaos.execution.execute import journal_folder
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.judgement.causes import paths_to
from chaos.measures.formatting import Language, fraction, minute, number, rounded
from chaos.reports.write import journals, write_run
from chaos.results.run import Measures

BANK = "bank-a"


@click.command()
@click.option("--seed", default=1, show_default=True, type=options.SEED)
@options.html
@options.language
def demo(seed: int, html: str | None, language: Language) -> int:
    """One bank slows down at the open; nobody can log in or place an order. A short story with figures."""
    with journals(html is not None, None) as folder, Session(StderrProgress()) as session:
        return show(session, Console(), seed, folder, html, language)


def show(
    session: Session, console: Console, seed: int, folder: str | None = None, html: str | None = None, language: Language = "en"
) -> int:
    """Runs the template's scenario and prints what happened. The exit code is 0 if what the demo shows did happen, else that of the run.

    With `folder`, where the journal is kept, and `html` it writes the page of the run, too.
    """
    job = Job(str(TEMPLATE), seed, journal=folder)
    index = session.bind(job.system).inputs.index
    run = run_all(session, [job], ExecutionOptions(), "demo", causes=True)[job.key]
    orders = run.measures.orders
    callers = sorted({site.body.name for site in index.call_sites.values() if site.callee == BANK})

    def say(text: str = "", style: str = "") -> None:
        say_line(console, text, style)

    step, (begin, end) = run.faults[0], run.window or (0, 0)
    say("One bank slows down", "bold")
    say()
    say(
        f"A mid-size broker on a normal day: {number(orders.intended)} stock orders and {number(run.measures.flows['login'].intended)} logins "
        f"between {minute(begin)} and {minute(end)}."
    )
    say(
        f"At {minute(step.began_ns or 0)} {BANK} begins to answer a hundred times as slowly. Nothing else is touched. "
        f"What calls {BANK}: {', '.join(callers)}."
    )
    say("No stock order and no login calls it.")
    say()
    _say_outcome(run.measures, say)
    print_acting(run, console)
    print_chains(run, console)
    pools = [link.name for link in paths_to(run.causes, ["place-order"]) if link.kind == "pool"]
    if pools:
        say()
        say(
            f"Stock orders and logins share {' and '.join(pools)} with the calls that wait for {BANK}, "
            "and those give nothing back until they are answered."
        )
    say(f"digest {run.digest}; see it again: coredrill demo --seed {seed}; change it: coredrill init")
    if html is not None:
        write_run(journal_folder(session, job), html, language, replay=f"coredrill demo --seed {seed}")
        say(f"replayed and charted in {html}")
    happened = step.took_effect and not run.invalid and orders.failed_orders > 0
    if happened and not run.broken_laws:
        return 0
    summary = result_of(session, [job], {job.key: run}).summary
    return of_result(summary.verdict, summary.conservation_broken)


def _say_outcome(measures: Measures, say: Callable[..., None]) -> None:
    orders, login = measures.orders, measures.flows["login"]
    say(
        f"failed stock orders  {number(orders.failed_orders)} of {number(orders.intended)} ({fraction(orders.failed_share or 0.0)}): "
        f"blocked at login {number(orders.blocked)}, failed {number(orders.failed)}, outcome unknown {number(orders.unknown)}",
        "bold",
    )
    say(f"logins that failed   {number(login.blocked)} of {number(login.intended)}")
    if orders.duplicated:
        say(f"placed twice         {number(orders.duplicated)}, by customers who tried again without an answer")
    say(f"impaired             {rounded((measures.impaired_s or 0.0) / 60)} minutes in session")
    if measures.first_noticed:
        by, after = measures.first_noticed_by, measures.first_noticed_s or 0.0
        say(f"first noticed        by {measures.first_noticed} {by}, {rounded(after)} s after the service level broke")
    grades = ", ".join(f"{name}: {grade.label}" for name, grade in measures.severity.items())
    say(f"severity             {grades}")
