"""What a report says of a run first, on the page and in the terminal: where it was, how many orders failed, what is wrong, why."""

from __future__ import annotations

from chaos.i18n.causal import action_title, difference_text, first_cause
from chaos.i18n.findings import reason_text
from chaos.i18n.texts import LocalizedText, display_name, duration_text, join, shipped_name, translate, untranslated
from chaos.measures.formatting import fraction, instant, number
from chaos.results.run import RunResult
from chaos.results.stored_run import StoredRun
from simcore.journal.model import FLAGS

OUTAGES_SHOWN = 2
"""So many outages are named in the first sentence."""


def where(stored: StoredRun) -> LocalizedText:
    """Architecture, environment, workload, seed and window in one line; first, if so, that it was a live twin."""
    run, window = stored.run, stored.window
    place = translate(
        "page.where",
        architecture=display_name(run.architecture, run.own_names),
        environment=shipped_name(run.environment or "–"),
        workload=display_name(run.workload, run.own_names),
        seed=run.seed,
        begin=instant(window.begin_ns),
        end=instant(window.end_ns),
    )
    return join([translate("page.live"), place], ": ", "：") if stored.journal.meta.live else place


def nature(stored: StoredRun) -> LocalizedText:
    """What the run is no real system of: a simulation, or processes on one machine."""
    return translate("page.twin" if stored.journal.meta.live else "page.simulated")


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


def discrepancy(run: RunResult) -> LocalizedText | None:
    """What is not as it should be in the books, beside what clients saw; None if nothing is."""
    counts = {flag: run.measures.orders.count(flag) for flag in (*FLAGS, "reported_late")}
    found = [join([translate(f"truth.{flag}"), untranslated(number(n))], " ", " ") for flag, n in counts.items() if n]
    return join(found) if found else None


def conclusion(run: RunResult) -> LocalizedText:
    """What to conclude, in a sentence or two with their figures; that it cannot be concluded, if so."""
    if run.verdict == "unknown" or (run.verdict is None and run.reasons):
        return translate(
            "lead.unknown", why=reason_text(run.reason_data[0], run.chinese, run.own_names) if run.reasons else untranslated("–")
        )
    orders, wrongly = number(run.measures.orders.failed_orders), run.measures.orders.rejected_wrongly
    beside = [translate("lead.wrongly", n=number(wrongly))] if wrongly else []
    if not run.outages:
        held = translate("lead.steady" if run.measures.impaired_s is not None else "lead.counted", orders=orders)
        return join([held, *beside], " ", "")
    whole = sum(outage.failed_orders for outage in run.outages) == run.measures.orders.failed_orders
    key = "lead.outage" if whole else "lead.outage.part"
    parts = [
        translate(key, cause=cause, length=duration_text(outage.impaired_s), orders=number(outage.failed_orders))
        for outage, cause in zip(run.outages, _causes(run), strict=True)
    ]
    if len(parts) > OUTAGES_SHOWN:
        parts = [*parts[:OUTAGES_SHOWN], translate("lead.more", n=len(parts) - OUTAGES_SHOWN)]
    sentence = join(parts, "; ", "；")
    shown, acted = run.counterfactuals, []
    if shown is not None and shown.acted:
        acted = [translate(f"lead.{shown.effect}", difference=difference_text(shown.difference))]
    return join([translate("lead.violated", outages=sentence), *beside, *acted], " ", "")


def _causes(run: RunResult) -> list[LocalizedText]:
    """Of each outage: the actions without which it is not there, else what its chain begins at."""
    shown = run.counterfactuals.outages if run.counterfactuals is not None else []
    first = {graph.outage: first_cause(graph, run) for graph in run.chains}
    titles = {action.name: action_title(action.verb, action.target, run.own_names) for action in run.actions}
    found = []
    for i in range(len(run.outages)):
        if i < len(shown) and shown[i].only_with:
            found.append(join([titles[name] for name in shown[i].only_with if name in titles]))
        else:
            found.append(first.get(i) or translate("lead.cause_unknown"))
    return found


def reasons(run: RunResult) -> list[LocalizedText]:
    """Why the verdict is what it is."""
    return [reason_text(reason, run.chinese, run.own_names) for reason in run.reason_data]
