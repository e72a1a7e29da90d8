"""The command demo: a story in one run."""

from __future__ import annotations

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.exit_codes import of_result
from chaos.cli.inspect import TEMPLATE
from chaos.cli.printing import Printer, print_acting, print_chains, print_verdict, verdict_text
from chaos.cli.progress import StderrProgress
from chaos.execution.campaign import ExecutionOptions, result_of, run_all
from chaos.execution.execute import journal_folder
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.i18n.names import grade_text
from chaos.i18n.texts import LocalizedText, display_name, duration_text, join, lookup, shipped_name, translate
from chaos.judgement.causes import paths_to
from chaos.measures.formatting import Language, fraction, minute, number, rounded
from chaos.reports.write import journals, write_run
from chaos.results.run import Measures

BANK = "bank-a"

SPANS = 100
"""Of one request in so many the hops are kept, so that the page has single orders."""


@click.command()
@click.option("--seed", default=1, show_default=True, type=options.SEED)
@options.html
@options.language
def demo(seed: int, html: str | None, language: Language) -> int:
    """One bank slows down at the open; nobody can log in or place an order. A short story with figures.

    Example: coredrill demo --html demo.html
    """
    with journals(html is not None, None) as folder, Session(StderrProgress()) as session:
        return show(session, Console(), seed, folder, html, language)


def show(
    session: Session, console: Console, seed: int, folder: str | None = None, html: str | None = None, language: Language = "en"
) -> int:
    """Runs the template's scenario and prints what happened. The exit code is 0 if what the demo shows did happen, else that of the run.

    With `folder`, where the journal is kept, and `html` it writes the page of the run, too.
    """
    job = Job(str(TEMPLATE), seed, journal=folder, spans=SPANS)
    index = session.bind(job.system).inputs.index
    run = run_all(session, [job], ExecutionOptions(), "demo", causes=True)[job.key]
    orders = run.measures.orders
    callers = sorted({site.body.name for site in index.call_sites.values() if site.callee == BANK})

    out = Printer(console, language)
    step, (begin, end) = run.faults[0], run.window or (0, 0)
    bank = display_name(BANK, run.own_names)
    out(translate("demo.title"), style="bold")
    out()
    logins = number(run.measures.flows["login"].intended)
    out(translate("demo.day", orders=number(orders.intended), logins=logins, begin=minute(begin), end=minute(end)))
    names = join([display_name(caller, run.own_names) for caller in callers])
    out(translate("demo.fault", at=minute(step.began_ns or 0), bank=bank, callers=names))
    out(translate("demo.nobody_calls"))
    out()
    _print_outcome(run.measures, out)
    print_verdict(run, translate("demo.verdict", verdict=verdict_text(run)), out)
    print_acting(run, console, language)
    print_chains(run, console, language)
    pools = [display_name(link.name, run.own_names) for link in paths_to(run.causes, ["place-order"]) if link.kind == "pool"]
    if pools:
        out()
        out(translate("demo.pools", pools=join(pools, " and "), bank=bank))
    out(translate("demo.again", digest=run.digest, seed=seed))
    if html is not None:
        write_run(journal_folder(session, job), html, language, replay=f"coredrill demo --seed {seed}")
        out(translate("demo.page", file=html))
    happened = step.took_effect and not run.invalid and orders.failed_orders > 0
    if happened and not run.broken_laws:
        return 0
    summary = result_of(session, [job], {job.key: run}).summary
    return of_result(summary.verdict, summary.conservation_broken)


def _print_outcome(measures: Measures, out: Printer) -> None:
    orders, login = measures.orders, measures.flows["login"]
    failed = translate(
        "demo.failed",
        failed=number(orders.failed_orders),
        intended=number(orders.intended),
        share=fraction(orders.failed_share or 0.0),
        blocked=number(orders.blocked),
        errors=number(orders.failed),
        unknown=number(orders.unknown),
    )
    out(failed, style="bold")
    out(translate("demo.logins", blocked=number(login.blocked), intended=number(login.intended)))
    if orders.duplicated:
        out(translate("demo.duplicated", n=number(orders.duplicated)))
    out(translate("demo.impaired", time=duration_text(measures.impaired_s or 0.0)))
    if measures.first_noticed:
        by = LocalizedText(measures.first_noticed_by or "", shipped_name(measures.first_noticed_by or "").zh)
        who = lookup("terminal.noticed.who", measures.first_noticed)
        before = measures.first_noticed_before_s
        key = "demo.noticed" if before is None else "demo.noticed.before"
        out(translate(key, who=who, name=by, time=rounded((measures.first_noticed_s if before is None else before) or 0.0)))
    grades = [
        LocalizedText(f"{name}: {grade_text(grade).en}", f"{shipped_name(name).zh}：{grade_text(grade).zh}")
        for name, grade in measures.severity.items()
    ]
    out(translate("demo.severity", grades=join(grades, ", ", "；")))
