"""The page of a run: one file, offline, in two languages. Everything in it comes from the run's folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from chaos.i18n.findings import found_text, limits_text, measure_title
from chaos.i18n.names import grade_basis, grade_text, own_text, property_name
from chaos.i18n.texts import LocalizedText, catalogue, display_name, duration_text, shipped_name, translate, untranslated
from chaos.measures.formatting import Language, number
from chaos.reports.run.acting import acting
from chaos.reports.run.chain_picture import chain_picture
from chaos.reports.run.customer_table import customer_table
from chaos.reports.run.figures import figures
from chaos.reports.run.headline import conclusion, nature, reasons, where
from chaos.reports.run.page_data import page_data
from chaos.reports.run.service_states import STATE_GLYPHS, STATES
from chaos.reports.run.story import story_parts
from chaos.reports.templating import ECHARTS_VERSION, chart_library, environment, inlined, script_json, stylesheet
from chaos.results.run import Measures, RunResult
from chaos.results.stored_run import StoredRun
from simcore.journal.model import FLAGS, OUTCOMES
from simcore.journal.summary import TRUTHS


class State(NamedTuple):
    """How a service is, in a word and as a sign."""

    word: str
    glyph: str


GLYPHS = {"pass": "✓", "fail": "✕", "unknown": "?"}
_EMBEDDED = (
    "chart.time",
    "player.",
    "band.",
    "lane.",
    "flag.",
    "events.",
    "hops.",
    "topology.",
    "section.replay",
    "again.copied",
)
_AS_IT_SHOULD = {
    "confirmed": {"placed_once", "recorded"}, "rejected": {"not_placed"}, "blocked": {"not_placed"},
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
            nature=nature(stored),
            glyph=GLYPHS.get(run.verdict or "", ""),
            figures=figures(run),
            lead=conclusion(run),
            title=own_text(run, run.title) if run.title else display_name(run.architecture, run.own_names),
            states=[State(word, glyph) for word, glyph in zip(STATES, STATE_GLYPHS, strict=True)],
            story=story_parts(stored),
            acting=acting(stored),
            chains=[chain_picture(graph, run) for graph in run.chains],
            recovery=_recovery(run.measures),
            drawn=bool(data.boxes),
            charts=[shown.chart for shown in data.charts],
            step=data.step,
            matrix=_matrix(run.measures),
            judged=_judged(run),
            conservation=_conservation(run),
            reasons=reasons(run),
            graded=_graded(run),
            timeline=[TimelineRow(line.published_ns, line.simulated_ns, own_text(run, line.what)) for line in run.timeline],
            kept=data.orders,
            spans_command=_with_spans(stored),
            customers=customer_table(stored),
            version=stored.journal.meta.coredrill_version,
            echarts=ECHARTS_VERSION,
            css=stylesheet(),
            program=inlined("page.js"),
            library=chart_library(),
            data=script_json(data.model_dump(mode="json")),
        )
    )


def _with_spans(stored: StoredRun) -> str | None:
    """The command that makes the run again and keeps hops; None where there is none, as of a live twin."""
    replay = stored.run.replay or ""
    usable = replay.startswith("coredrill replay ") and "--spans" not in replay and not stored.journal.meta.live
    return f"{replay} --spans 100 --html hops.html" if usable else None


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
    whole, before, rest = measures.recovery_s, measures.detect_before_s, measures.rest_s
    detected = _part("detect", "unnoticed", measures.detect_s)
    if before is not None:
        detected = replace(detected, note=translate("recovery.detect.before", time=duration_text(before)))
    elif whole is not None and (measures.detect_s or 0.0) > whole:
        detected = replace(detected, share=round(whole), note=translate("recovery.detect.after"))
    return [
        detected,
        _part("decide", "deciding", measures.decide_s),
        _part("act", "acting", measures.act_s),
        _part("restore", "restoring", measures.restore_s) if rest is None else _part("rest", "restoring", rest),
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

    truths: list[LocalizedText]
    rows: list[MatrixRow]


def _matrix(measures: Measures) -> Matrix:
    found = measures.client_truth
    rows = [outcome for outcome in (*OUTCOMES[1:], OUTCOMES[0]) if any(found.get(outcome, {}).values())]
    truths = [truth for truth in TRUTHS if any(found[outcome].get(truth) for outcome in rows)]
    cells = {o: [MatrixCell(found[o].get(truth, 0), truth not in _AS_IT_SHOULD[o]) for truth in truths] for o in rows}
    heads = [_truth(truth, sum(found[outcome].get(truth, 0) for outcome in rows), measures) for truth in truths]
    return Matrix(heads, [MatrixRow(o, cells[o], sum(found[o].values())) for o in rows])


def _truth(truth: str, count: int, measures: Measures) -> LocalizedText:
    """The heading of a column: of orders to which several apply, each stands in one column alone, which then says `only`."""
    word = translate(f"truth.{truth}")
    return translate("truth.only", truth=word) if truth in FLAGS and count != measures.orders.count(truth) else word


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
        _row(
            measure_title(e.measure, run.own_names),
            _unbroken(limits_text(data.bound)),
            found_text(data.found),
            e.holds,
            judged=e.judged,
        )
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


class GradeRow(NamedTuple):
    """A rule set's name, the grade by it, and why, or what it rests on."""

    rules: LocalizedText
    grade: LocalizedText
    why: LocalizedText


def _graded(run: RunResult) -> list[GradeRow]:
    return [GradeRow(shipped_name(name), grade_text(grade), grade_basis(grade)) for name, grade in run.measures.severity.items()]


class TimelineRow(NamedTuple):
    """A line of the published timeline, and when the same came in the run, ns."""

    published_ns: int
    simulated_ns: int | None
    what: LocalizedText


def _conservation(run: RunResult) -> LocalizedText:
    if broken := run.broken_laws:
        return translate("table.conservation.broken", laws=", ".join(broken))
    return translate("table.conservation.ok", n=len(run.conservation))
