"""The figures at the head of a run's page: at most six, each with its limit or its base, red where a limit is broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chaos.i18n.findings import limits_text
from chaos.i18n.texts import LocalizedText, display_name, duration_text, join, lookup, translate, untranslated
from chaos.measures.formatting import number
from chaos.reports.run.headline import failed_orders
from chaos.results.findings import PropertyHolds
from chaos.results.run import RunResult
from simcore.journal.model import FLAGS

_PROPERTY_OF = {"duplicated": "no-duplicates", "lost": "none-lost", "orphan": "no-orphans", "stranded": "none-stranded"}


@dataclass(frozen=True)
class Figure:
    """A large figure with its title and the lines below it. `name` is what the record calls it."""

    name: str
    title: LocalizedText
    value: LocalizedText
    lines: list[LocalizedText]
    bad: bool


def figures(run: RunResult) -> list[Figure]:
    """Orders first; what needs a scenario only where there is one."""
    measures = run.measures
    found = [_failed(run)]
    if (wrong := _wrong(run)) is not None:
        found.append(wrong)
    if measures.impaired_s is not None:
        found += [_impaired(run), _recovery(run)]
        if measures.first_violation_ns is not None or measures.first_noticed_s is not None:
            found.append(_detected(run))
        if measures.customers_affected is not None:
            active = translate("figure.customers.of", active=number(measures.customers_active or 0))
            found.append(_figure(run, "customers_affected", untranslated(number(measures.customers_affected)), [active]))
    return found


def _figure(
    run: RunResult, name: str, value: LocalizedText, lines: Iterable[LocalizedText | None] = (), also: Iterable[str] = ()
) -> Figure:
    """A figure with the limits that the scenario sets for it, or for what else stands for it."""
    limits, bad = [], False
    for expectation, data in zip(run.expectations, run.expectation_data, strict=True):
        if expectation.measure in (name, *also):
            zero = isinstance(data.bound, PropertyHolds)
            limits.append(translate("figure.limit", limit=untranslated("0") if zero else limits_text(data.bound)))
            bad |= expectation.judged and expectation.holds is False
    said = [line for line in lines if line is not None]
    return Figure(name, translate(f"figure.{name}"), value, [*said, *limits], bad)


def _failed(run: RunResult) -> Figure:
    orders = run.measures.orders
    value = untranslated(number(orders.failed_orders))
    of, _, *wrongly = failed_orders(run)
    return _figure(run, "orders.failed_orders", value, [of, *wrongly], ["orders.failed_share"])


def _wrong(run: RunResult) -> Figure | None:
    """The first of the ways in which books and clients differ that occurred, the others below it; None if none did."""
    counts = {flag: run.measures.orders.count(flag) for flag in FLAGS}
    occurred = [flag for flag, count in counts.items() if count]
    if not occurred:
        return None
    first, *others = occurred
    rest = [join([translate(f"truth.{flag}"), untranslated(number(counts[flag]))], " ", " ") for flag in others]
    property_name = f"properties.{_PROPERTY_OF.get(first, first)}"
    return _figure(run, f"orders.{first}", untranslated(number(counts[first])), [join(rest)] if rest else (), [property_name])


def _impaired(run: RunResult) -> Figure:
    """With what the outages contribute, where there are several."""
    parts = [duration_text(outage.impaired_s) for outage in run.outages] if len(run.outages) > 1 else []
    value = duration_text(run.measures.impaired_s)
    return _figure(run, "impaired_s", value, [join(parts, " + ", " + ")] if parts else ())


def _recovery(run: RunResult) -> Figure:
    measures = run.measures
    stuck = translate("figure.metastable") if measures.metastable else None
    if measures.first_violation_ns is None:
        return _figure(run, "recovery_s", translate("figure.never"))
    if measures.recovery_s is None:
        value = translate("figure.recovery.lower", time=duration_text(measures.recovery_s_lower))
        return _figure(run, "recovery_s", value, [stuck])
    return _figure(run, "recovery_s", duration_text(measures.recovery_s), [stuck])


def _detected(run: RunResult) -> Figure:
    """When the first alarm, failed probe or call came, and from whom."""
    measures = run.measures
    if measures.first_noticed_s is None:
        return _figure(run, "first_noticed_s", translate("figure.noticed.never"))
    who = translate(
        "figure.noticed.by",
        who=lookup("watcher", measures.first_noticed),
        name=display_name(measures.first_noticed_by or "", run.own_names),
    )
    before = measures.first_noticed_before_s
    early = translate("figure.noticed.before", time=duration_text(before)) if before is not None else None
    return _figure(run, "first_noticed_s", duration_text(measures.first_noticed_s), [who, early])
