"""The page of a run: one file, offline, in two languages. Everything in it comes from the run's folder."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from chaos.i18n.findings import found_text, limits_text, measure_title, reason_text
from chaos.i18n.texts import Language, LocalizedText, catalogue, clock, lookup, seconds, translate, untranslated
from chaos.reports import customers
from chaos.reports.page import page_data
from chaos.reports.story import story, truths
from chaos.results.findings import ExpectationFinding
from chaos.results.run import ExpectationResult, RunResult
from chaos.results.stored_run import StoredRun
from simcore.journal.model import OUTCOMES
from simcore.journal.summary import TRUTHS

HERE = Path(__file__).parent
ECHARTS, ECHARTS_VERSION = HERE / "vendor" / "echarts" / "echarts.common.min.js", "6.1.0"
CHARTS = ("outcomes", "latency", "pools", "queues")
CUSTOMERS_SHOWN = 20
_EMBEDDED = ("outcome.", "chart.", "player.", "band.", "lane.", "events.", "topology.", "section.replay", "again.copied")
_AS_IT_SHOULD = {
    "confirmed": {"placed_once", "recorded"}, "rejected": {"not_placed", "placed_once"}, "blocked": {"not_placed"},
    "failed": {"not_placed"}, "unknown": set[str](), "pending": {"not_placed", "recorded"},
}  # fmt: skip


def run_page(stored: StoredRun, language: Language = "en") -> str:
    """The page, HTML."""
    data = page_data(stored)
    texts = {key: texts for key, texts in catalogue().items() if key.startswith(_EMBEDDED)}
    return environment().get_template("run.html").render(
        run=stored.run, language=language, where=where(stored), figures=_figures(stored), story=story(stored), recovery=_recovery(stored),
        drawn=bool(data["boxes"]), chain=data["chain"], charts=CHARTS, step=data["step"], matrix=_matrix(stored), judged=_judged(stored),
        conservation=_conservation(stored), reasons=reasons(stored), customers=_customers(stored),
        version=str(stored.journal.meta["coredrill_version"]),
        echarts=ECHARTS_VERSION, css=stylesheet(), program=_file("page.js"), library=_library(), data=_json(data | {"words": texts}),
    )  # fmt: skip


@functools.cache
def environment() -> Environment:
    """Templates, with everything escaped that does not say it is markup."""
    found = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    found.globals |= {"translate": translate, "lookup": lookup, "clock": clock}
    return found


def _file(name: str) -> Markup:
    return Markup((HERE / "templates" / name).read_text(encoding="utf-8"))


def stylesheet() -> Markup:
    """The style of every page."""
    return _file("page.css")


def _library() -> Markup:
    return Markup(ECHARTS.read_text(encoding="utf-8"))


def _json(value: Any) -> Markup:
    """JSON that can stand in a script element: without <, >, & and the line breaks that JavaScript knows and JSON does not."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


# --- the parts of the page --------------------------------------------------------------------------------------------------


def where(stored: StoredRun) -> LocalizedText:
    """Architecture, environment, workload, seed and window in one line."""
    run, (begin, end) = stored.run, stored.window
    return translate(
        "page.where", architecture=run.architecture, environment=run.environment or "–", workload=run.workload, seed=run.seed,
        begin=clock(begin), end=clock(end),
    )  # fmt: skip


def _figure(key: str, value: LocalizedText, lines: Iterable[LocalizedText | None] = (), *, bad: bool = False) -> dict[str, Any]:
    return {"title": translate(f"figure.{key}"), "value": value, "lines": [line for line in lines if line], "bad": bad}


def percent(share: float | None) -> str:
    """A share for people."""
    return "–" if share is None else f"{share:.2%}" if share < 0.1 else f"{share:.1%}"


def _figures(stored: StoredRun) -> list[dict[str, Any]]:
    metrics, failed = stored.run.measures, stored.run.measures.orders.failed_orders
    figures = [_figure("failed", untranslated(f"{failed:,}"), failed_orders(stored.run), bad=failed > 0)]
    if (amiss := truths(stored)) is not None:
        figures.append(_figure("truth", amiss, bad=True))
    if metrics.impaired_s is None:
        return figures
    figures += [_figure("impaired", seconds(metrics.impaired_s), bad=metrics.impaired_s > 0), _recovery_figure(stored)]
    if metrics.first_violation_ns is not None:
        noticed = metrics.first_noticed_s
        who = translate("figure.noticed.by", who=lookup("watcher", metrics.first_noticed), name=metrics.first_noticed_by or "")
        value = translate("figure.noticed.never") if noticed is None else seconds(noticed)
        figures.append(_figure("noticed", value, [who if noticed is not None else None], bad=noticed is None))
    if metrics.customers_affected is not None:
        active = translate("figure.customers.of", active=f"{metrics.customers_active or 0:,}")
        figures.append(_figure("customers", untranslated(f"{metrics.customers_affected:,}"), [active]))
    return figures


def failed_orders(run: RunResult) -> list[LocalizedText]:
    """Of how many orders so many failed, and in which ways."""
    orders = run.measures.orders
    share = orders.failed_orders / orders.intended if orders.intended else None
    return [
        translate("figure.failed.of", intended=f"{orders.intended:,}", share=percent(share)),
        translate(
            "figure.failed.split", blocked=f"{orders.blocked:,}", failed=f"{orders.failed:,}", unknown=f"{orders.unknown:,}"
        ),
    ]


def _recovery_figure(stored: StoredRun) -> dict[str, Any]:
    metrics = stored.run.measures
    stuck = translate("figure.metastable") if metrics.metastable else None
    if metrics.first_violation_ns is None:
        return _figure("recovery", translate("figure.never"))
    if metrics.recovery_s is None:
        return _figure("recovery", translate("figure.recovery.lower", time=seconds(metrics.recovery_s_lower)), [stuck], bad=True)
    return _figure(
        "recovery", seconds(metrics.recovery_s), [translate("figure.recovery.detail", at=clock(metrics.recovered_at_ns)), stuck]
    )


_SPLIT = (("detect", "unnoticed"), ("decide", "deciding"), ("act", "acting"), ("restore", "restoring"))


def _recovery(stored: StoredRun) -> list[dict[str, Any]]:
    """The split of the way back; empty if there was none."""
    metrics = stored.run.measures
    if metrics.first_violation_ns is None:
        return []
    parts = [(word, colour, getattr(metrics, f"{word}_s")) for word, colour in _SPLIT] + [
        ("reconciled", "", metrics.reconciled_s)
    ]
    return [
        {
            "title": translate(f"recovery.{word}"), "colour": colour, "share": round(value or 0) if colour else 0,
            "time": translate("recovery.missing") if value is None else seconds(value), "note": translate(f"recovery.{word}.note"),
        }
        for word, colour, value in parts
    ]  # fmt: skip


def _matrix(stored: StoredRun) -> dict[str, Any]:
    found = stored.run.measures.client_truth
    rows = [outcome for outcome in (*OUTCOMES[1:], OUTCOMES[0]) if any(found.get(outcome, {}).values())]
    truths = [truth for truth in TRUTHS if any(found[outcome].get(truth) for outcome in rows)]
    cells = {o: [{"count": found[o].get(truth, 0), "bad": truth not in _AS_IT_SHOULD[o]} for truth in truths] for o in rows}
    return {"truths": truths, "rows": [{"outcome": o, "cells": cells[o], "total": sum(found[o].values())} for o in rows]}


def reasons(stored: StoredRun) -> list[LocalizedText]:
    """Why the verdict is what it is."""
    return [reason_text(reason) for reason in stored.run.reason_data]


def _judged(stored: StoredRun) -> list[dict[str, Any]]:
    """Expectations, then the properties none of them is about."""
    rows = [_expectation(e, data) for e, data in zip(stored.run.expectations, stored.run.expectation_data, strict=True)]
    said = {e.measure for e in stored.run.expectations}
    for name, of in stored.run.properties.items():
        if f"properties.{name}" not in said:
            what = (
                translate("table.unchecked")
                if of.holds is None
                else translate("table.kept")
                if of.holds
                else translate("table.violated", n=f"{of.violations:,}")
            )
            rows.append({"title": lookup("property", name), "bound": untranslated(""), "found": what, **_result(of.holds, False)})
    return rows


def _expectation(e: ExpectationResult, data: ExpectationFinding) -> dict[str, Any]:
    named = {"title": measure_title(e.measure), "bound": _unbroken(limits_text(data.bound)), "found": found_text(data.found)}
    return named | _result(e.holds, e.judged)


def _unbroken(text: LocalizedText) -> LocalizedText:
    """A sign stays on the line of its figure."""
    for sign in "≤≥=":
        text = LocalizedText({language: said.replace(f"{sign} ", f"{sign}\u00a0") for language, said in text.items()})
    return text


def _result(holds: Any, judged: bool) -> dict[str, Any]:
    if not judged:
        return {"result": translate("table.shown"), "tone": "" if holds is not False else "bad"}
    key = "table.novalue" if holds is None else "verdict.pass" if holds else "verdict.fail"
    return {"result": translate(key), "tone": "" if holds is None else "good" if holds else "bad"}


def _conservation(stored: StoredRun) -> LocalizedText:
    if broken := stored.run.broken_laws:
        return translate("table.conservation.broken", laws=", ".join(broken))
    return translate("table.conservation.ok", n=len(stored.run.conservation))


def _yuan(cents: int) -> str:
    return f"{cents / 100:,.0f}"


def _customers(stored: StoredRun) -> dict[str, Any]:
    found = customers.impact(stored)
    totals = (found.amount_cents, found.provable_cents, found.claim_cents)
    amount, provable, claim = (_yuan(int(t.sum())) for t in totals)
    shown = min(CUSTOMERS_SHOWN, found.customers.size)
    words = [w for w in customers.COUNTED if found.counts[w].any()]
    who = {language: customers.Identities(language) for language in ("en", "zh")} if shown else {}
    rows = []
    for i in range(shown):
        number = int(found.customers[i])
        names = {language: identities.of(number) for language, identities in who.items()}
        counts = [int(found.counts[w][i]) for w in words]
        money = [_yuan(int(t[i])) for t in totals]
        person = LocalizedText({language: name for language, (_, name) in names.items()})
        rows.append({"customer": number, "account": names["en"][0], "name": person, "counts": counts, "money": money})
    total = translate(
        "customers.total", n=f"{found.customers.size:,}", intents=f"{int(found.intents.sum()):,}", amount=amount, provable=provable, claim=claim,
    )  # fmt: skip
    headings = [lookup("outcome", w, None) if f"outcome.{w}" in catalogue() else translate(f"truth.{w}") for w in words]
    return {
        "rows": rows, "words": headings, "total": total, "complaints": _complaints(stored, int(found.customers.size)), "note": _assumptions(),
        "top": translate("customers.top", n=shown),
    }  # fmt: skip


def _assumptions() -> LocalizedText:
    return translate(
        "customers.note", move=f"{customers.DAILY_MOVE:.0%}", session=customers.SESSION_MIN, cost=f"{customers.UNDO_COST:.1%}"
    )


def _complaints(stored: StoredRun, hurt: int) -> LocalizedText:
    low, high = customers.complaints(stored.run.measures.impaired_s, hurt)
    million = customers.WON_PER_COMPLAINT / 1e6
    return translate(
        "customers.complaints", low=f"{low:,}", high=f"{high:,}", low_won=f"{low * million:,.0f}", high_won=f"{high * million:,.0f}",
        per_incident=round(customers.COMPLAINTS_PER_INCIDENT), per_minute=round(customers.COMPLAINTS_PER_MINUTE), each=f"{million:.2f}",
    )  # fmt: skip
