"""Two runs side by side on one page: any two journals, before and after, or a team's beside the best known. Each is its own page in a frame; one
instant moves both."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.i18n.names import own_text
from chaos.i18n.texts import LocalizedText, display_name, duration_text, join, translate, untranslated
from chaos.measures.formatting import Language, number, signed
from chaos.reports.run.headline import where
from chaos.reports.run.page import run_page
from chaos.reports.templating import environment, inlined, stylesheet
from chaos.results.run import Measures
from chaos.results.stored_run import StoredRun


@dataclass(frozen=True)
class Side:
    """A run as it stands on the page."""

    title: LocalizedText
    where: LocalizedText
    page: str


@dataclass(frozen=True)
class BesideRow:
    """A measure of both runs, and the second less the first (None: one of them has none)."""

    measure: LocalizedText
    left: LocalizedText
    right: LocalizedText
    difference: LocalizedText | None


def beside_page(
    left: StoredRun, right: StoredRun, language: Language = "en", names: tuple[LocalizedText, LocalizedText] | None = None
) -> str:
    """The page, HTML: one file, offline. `names` are what the two are called, else by their titles."""
    called = (None, None) if names is None else names
    sides = [_side(stored, name, language) for stored, name in zip((left, right), called, strict=True)]
    rows = [
        *(_counts(name, left.run.measures, right.run.measures) for name in ("failed_orders", "duplicated", "rejected_wrongly")),
        *(_times(name, left.run.measures, right.run.measures) for name in ("impaired_s", "recovery_s")),
        _customers(left.run.measures, right.run.measures),
    ]
    title = translate("beside.title", left=sides[0].title, right=sides[1].title)
    template = environment().get_template("beside.html")
    return template.render(title=title, language=language, css=stylesheet(), program=inlined("beside.js"), sides=sides, rows=rows)


def _side(stored: StoredRun, name: LocalizedText | None, language: Language) -> Side:
    run = stored.run
    own = own_text(run, run.title) if run.title else display_name(run.architecture, run.own_names)
    return Side(name or own, where(stored), run_page(stored, language))


def _counts(name: str, left: Measures, right: Measures) -> BesideRow:
    return _row(f"beside.{name}", getattr(left.orders, name), getattr(right.orders, name))


def _customers(left: Measures, right: Measures) -> BesideRow:
    return _row("beside.customers_affected", left.customers_affected, right.customers_affected)


def _row(key: str, left: int | None, right: int | None) -> BesideRow:
    shown = [untranslated("–" if value is None else number(value)) for value in (left, right)]
    apart = (
        None if left is None or right is None else untranslated(signed(right - left).replace("-", "−") if right != left else "0")
    )
    return BesideRow(translate(key), shown[0], shown[1], apart)


def _times(name: str, left: Measures, right: Measures) -> BesideRow:
    values = [getattr(left, name), getattr(right, name)]
    apart = None
    if None not in values:
        seconds = values[1] - values[0]
        sign = untranslated("−" if seconds < 0 else "+" if seconds else "")
        apart = join([sign, duration_text(abs(seconds))], "", "")
    return BesideRow(translate(f"beside.{name}"), duration_text(values[0]), duration_text(values[1]), apart)
