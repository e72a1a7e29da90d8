"""What a report says of a run first, on the page and in the terminal: where it was, how many orders failed, what is amiss, why."""

from __future__ import annotations

from chaos.i18n.findings import reason_text
from chaos.i18n.texts import LocalizedText, display_name, join, translate, untranslated
from chaos.measures.formatting import fraction, instant, number
from chaos.results.run import RunResult
from chaos.results.stored_run import StoredRun
from simcore.journal.model import FLAGS


def where(stored: StoredRun) -> LocalizedText:
    """Architecture, environment, workload, seed and window in one line."""
    run, window = stored.run, stored.window
    return translate(
        "page.where",
        architecture=display_name(run.architecture),
        environment=display_name(run.environment or "–"),
        workload=display_name(run.workload),
        seed=run.seed,
        begin=instant(window.begin_ns),
        end=instant(window.end_ns),
    )


def failed_orders(run: RunResult) -> list[LocalizedText]:
    """Of how many orders so many failed, and in which ways; and beside them those that were rejected wrongly."""
    orders = run.measures.orders
    share = orders.failed_orders / orders.intended if orders.intended else None
    wrongly = [translate("figure.failed.wrongly", n=number(orders.rejected_wrongly))] if orders.rejected_wrongly else []
    return [
        translate("figure.failed.of", intended=number(orders.intended), share=fraction(share)),
        translate(
            "figure.failed.split", blocked=number(orders.blocked), failed=number(orders.failed), unknown=number(orders.unknown)
        ),
        *wrongly,
    ]


def amiss(run: RunResult) -> LocalizedText | None:
    """What is not as it should be in the books, beside what clients saw; None if nothing is."""
    counts = {flag: run.measures.orders.count(flag) for flag in FLAGS}
    found = [join([translate(f"truth.{flag}"), untranslated(number(n))], " ", " ") for flag, n in counts.items() if n]
    return join(found) if found else None


def reasons(run: RunResult) -> list[LocalizedText]:
    """Why the verdict is what it is."""
    return [reason_text(reason, run.chinese) for reason in run.reason_data]
