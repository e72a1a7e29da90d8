"""The page of a run: one file, offline, in two languages. Everything in it comes from the run's folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from chaos.i18n.findings import found_text, limits_text, measure_title
from chaos.i18n.names import property_name
from chaos.i18n.texts import LocalizedText, catalogue, duration_text, lookup, translate, untranslated
from chaos.measures.formatting import Language, instant, number
from chaos.reports.run.customer_table import customer_table
from chaos.reports.run.headline import amiss, failed_orders, reasons, where
from chaos.reports.run.page_data import page_data
from chaos.reports.run.story import story
from chaos.reports.templating import ECHARTS_VERSION, chart_library, environment, script_json, stylesheet, template_file
from chaos.results.run import Measures, RunResult
from chaos.results.stored_run import StoredRun
from simcore.journal.model import OUTCOMES
from simcore.journal.summary import TRUTHS

_EMBEDDED = ("chart.time", "player.", "band.", "lane.", "events.", "topology.", "section.replay", "again.copied")
_AS_IT_SHOULD = {
    "confirmed": {"placed_once", "recorded"}, "rejected": {"not_placed", "placed_once"}, "blocked": {"not_placed"},
    "failed": {"not_placed"}, "unknown": set[str](), "pending": {"not_placed", "recorded"},
}  # fmt: skip


def run_page(stored: StoredRun, language: Language = "en") -> str:
    """The page, HTML."""
    run, words = stored.run, {key: entry for key, entry in catalogue().items() if key.startswith(_EMBEDDED)}
    data = page_data(stored, words)
    return (
        environment()
        .get_template("run.html")
        .render(
            run=run,
            language=language,
            where=where(stored),
            figures=_figures(run),
            story=story(stored),
            recovery=_recovery(run.measures),
            drawn=bool(data.boxes),
            chain=data.chain,
            charts=[shown.chart for shown in data.charts],
            step=data.step,
            matrix=_matrix(run.measures),
            judged=_judged(run),
            conservation=_conservation(run),
            reasons=reasons(run),
            customers=customer_table(stored),
            version=stored.journal.meta.coredrill_version,
            echarts=ECHARTS_VERSION,
            css=stylesheet(),
            program=template_file("page.js"),
            library=chart_library(),
            data=script_json(data.model_dump(mode="json")),
        )
    )


# --- figures ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """A large figure with its title and the lines below it."""

    title: LocalizedText
    value: LocalizedText
    lines: list[LocalizedText]
    bad: bool


def _figure(key: str, value: LocalizedText, lines: Iterable[LocalizedText | None] = (), *, bad: bool = False) -> Figure:
    return Figure(translate(f"figure.{key}"), value, [line for line in lines if line is not None], bad)


def _figures(run: RunResult) -> list[Figure]:
    measures, failed = run.measures, run.measures.orders.failed_orders
    figures = [_figure("failed", untranslated(number(failed)), failed_orders(run), bad=failed > 0)]
    if (wrong := amiss(run)) is not None:
        figures.append(_figure("truth", wrong, bad=True))
    if measures.impaired_s is None:
        return figures
    figures += [_figure("impaired", duration_text(measures.impaired_s), bad=measures.impaired_s > 0), _recovery_figure(measures)]
    if measures.first_violation_ns is not None:
        noticed = measures.first_noticed_s
        who = translate("figure.noticed.by", who=lookup("watcher", measures.first_noticed), name=measures.first_noticed_by or "")
        value = translate("figure.noticed.never") if noticed is None else duration_text(noticed)
        figures.append(_figure("noticed", value, [who if noticed is not None else None], bad=noticed is None))
    if measures.customers_affected is not None:
        active = translate("figure.customers.of", active=number(measures.customers_active or 0))
        figures.append(_figure("customers", untranslated(number(measures.customers_affected)), [active]))
    return figures


def _recovery_figure(measures: Measures) -> Figure:
    stuck = translate("figure.metastable") if measures.metastable else None
    if measures.first_violation_ns is None:
        return _figure("recovery", translate("figure.never"))
    if measures.recovery_s is None:
        return _figure(
            "recovery", translate("figure.recovery.lower", time=duration_text(measures.recovery_s_lower)), [stuck], bad=True
        )
    at = translate("figure.recovery.detail", at=instant(measures.recovered_at_ns))
    return _figure("recovery", duration_text(measures.recovery_s), [at, stuck])


# --- the way back -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RecoveryPart:
    """A part of the way back: its colour and share (s) in the bar, none for what is not in it."""

    title: LocalizedText
    colour: str
    share: int
    time: LocalizedText
    note: LocalizedText


def _recovery(measures: Measures) -> list[RecoveryPart]:
    """The split of the way back; empty if there was none."""
    if measures.first_violation_ns is None:
        return []
    return [
        _part("detect", "unnoticed", measures.detect_s),
        _part("decide", "deciding", measures.decide_s),
        _part("act", "acting", measures.act_s),
        _part("restore", "restoring", measures.restore_s),
        _part("reconciled", "", measures.reconciled_s),
    ]


def _part(word: str, colour: str, value: float | None) -> RecoveryPart:
    time = translate("recovery.missing") if value is None else duration_text(value)
    share = round(value or 0) if colour else 0
    return RecoveryPart(translate(f"recovery.{word}"), colour, share, time, translate(f"recovery.{word}.note"))


# --- tables -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MatrixCell:
    """Orders of one outcome and one truth; `bad` where the two do not go together."""

    count: int
    bad: bool


@dataclass(frozen=True)
class MatrixRow:
    """Orders that clients saw end in one way."""

    outcome: str
    cells: list[MatrixCell]
    total: int


@dataclass(frozen=True)
class Matrix:
    """What clients saw, by row, against what is true, by column."""

    truths: list[str]
    rows: list[MatrixRow]


def _matrix(measures: Measures) -> Matrix:
    found = measures.client_truth
    rows = [outcome for outcome in (*OUTCOMES[1:], OUTCOMES[0]) if any(found.get(outcome, {}).values())]
    truths = [truth for truth in TRUTHS if any(found[outcome].get(truth) for outcome in rows)]
    cells = {o: [MatrixCell(found[o].get(truth, 0), truth not in _AS_IT_SHOULD[o]) for truth in truths] for o in rows}
    return Matrix(truths, [MatrixRow(o, cells[o], sum(found[o].values())) for o in rows])


@dataclass(frozen=True)
class JudgedRow:
    """An expectation, or a property that none is about: its bound, what was found, and how that counts."""

    title: LocalizedText
    bound: LocalizedText
    found: LocalizedText
    result: LocalizedText
    tone: Literal["", "good", "bad"]


def _judged(run: RunResult) -> list[JudgedRow]:
    """Expectations, then the properties none of them is about."""
    rows = [
        _row(measure_title(e.measure), _unbroken(limits_text(data.bound)), found_text(data.found), e.holds, judged=e.judged)
        for e, data in zip(run.expectations, run.expectation_data, strict=True)
    ]
    expected = {e.measure for e in run.expectations}
    for name, of in run.properties.items():
        if f"properties.{name}" not in expected:
            found = translate("table.kept") if of.holds else translate("table.violated", n=number(of.violations))
            found = translate("table.unchecked") if of.holds is None else found
            rows.append(_row(property_name(name), untranslated(""), found, of.holds, judged=False))
    return rows


def _row(title: LocalizedText, bound: LocalizedText, found: LocalizedText, holds: bool | None, *, judged: bool) -> JudgedRow:
    if not judged:
        return JudgedRow(title, bound, found, translate("table.shown"), "bad" if holds is False else "")
    key = "table.novalue" if holds is None else "verdict.pass" if holds else "verdict.fail"
    return JudgedRow(title, bound, found, translate(key), "" if holds is None else "good" if holds else "bad")


def _unbroken(text: LocalizedText) -> LocalizedText:
    """A sign stays on the line of its figure."""
    for sign in ("≤ ", "≥ ", "= "):
        text = LocalizedText(text.en.replace(sign, f"{sign[0]}\u00a0"), text.zh.replace(sign, f"{sign[0]}\u00a0"))
    return text


def _conservation(run: RunResult) -> LocalizedText:
    if broken := run.broken_laws:
        return translate("table.conservation.broken", laws=", ".join(broken))
    return translate("table.conservation.ok", n=len(run.conservation))
