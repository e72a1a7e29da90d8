"""What is declared is found by listing the folder, and any chart is drawn from its declaration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chaos.i18n.texts import LocalizedText, untranslated
from chaos.reports.run import page_data
from chaos.reports.run.bins import Bins, bins_of
from chaos.reports.run.charts.catalogue import charts_of, shipped_charts
from chaos.reports.run.charts.chart import Chart, Series
from chaos.reports.run.page import run_page
from chaos.results.stored_run import StoredRun, read_run

HELPERS = {"__init__", "catalogue", "chart"}


@pytest.fixture(scope="module")
def stored(small_run: Path) -> StoredRun:
    """The small run."""
    return read_run(small_run)


def _ramp(bins: Bins) -> list[Series]:
    """0, 1, 2, …, and its double from the second bin on; the third is drawn only when chosen."""
    ramp = list(range(bins.count))
    doubled = [None, *(2.0 * i for i in ramp[1:])]
    return [
        Series(LocalizedText("ramp", "斜坡"), ramp),
        Series(untranslated("<b>twice"), doubled, "down"),
        Series(untranslated("flat"), [7] * bins.count, choice=untranslated("first")),
        Series(untranslated("steep"), [9] * bins.count, choice=untranslated("second")),
    ]


PLANTED = Chart(
    name="planted",
    place=5,
    title=LocalizedText("A planted chart", "新增图表"),
    note=LocalizedText("every {step} seconds", "每 {step} 秒一点"),
    series=_ramp,
    unit=LocalizedText(" pieces", " 件"),
    digits=3,
    choose=LocalizedText("which", "哪一种"),
)


def module(name: str, **declared: object) -> ModuleType:
    """A module that declares something."""
    found = ModuleType(name)
    vars(found).update(declared)
    return found


def test_every_file_of_the_folder_declares_a_chart(root: Path) -> None:
    """A file that forgot its CHART is not passed over in silence; a chart is called as its file is."""
    files = {path.stem for path in (root / "chaos/reports/run/charts").glob("*.py")} - HELPERS
    assert {chart.name for chart in shipped_charts()} == files


def test_charts_stand_by_place_and_not_by_file(stored: StoredRun) -> None:
    """The order of modules does not matter; one without a chart is a helper; two of one name are an error."""
    a, b = (PLANTED.model_copy(update={"name": name, "place": place}) for name, place in (("a", 2), ("b", 1)))
    modules = [module("x", CHART=a), module("y", CHART=b), module("z", CHART="none")]
    assert charts_of(modules) == charts_of(reversed(modules)) == (b, a)
    with pytest.raises(TypeError, match="two charts are called 'a', one of them in y"):
        charts_of([module("x", CHART=a), module("y", CHART=a)])


def test_titles_and_notes_are_in_two_languages() -> None:
    """Each has all of its texts, and the Chinese are no copies."""
    for chart in shipped_charts():
        texts = [text for text in (chart.title, chart.filled_note(10), chart.choose) if text is not None]
        assert all(text.en and text.zh and text.en != text.zh for text in texts)


@pytest.mark.parametrize(
    ("series", "complaint"),
    [
        (Series(untranslated("x"), [1]), "chart planted: x has 1 values, and there are"),
        (Series(untranslated("x"), [], choice=untranslated("y")), "chart planted: x is a matter of choice"),
    ],
)
def test_a_series_that_cannot_be_drawn_is_an_error(stored: StoredRun, series: Series, complaint: str) -> None:
    """One value a bin; a choice has a word for what is chosen."""
    bins = bins_of(stored.journal)
    values = series.values or [1] * bins.count
    chart = PLANTED.model_copy(update={"series": lambda _: [series._replace(values=values)], "choose": None})
    with pytest.raises(ValueError, match=complaint):
        page_data.shown_chart(chart, bins)


def test_a_declared_chart_is_drawn(
    stored: StoredRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visit: Callable[..., Any]
) -> None:
    """With nothing but its declaration it stands first on the page: titles, note, what can be chosen, its lines in their colours, what
    the reader points at, and its table, in both languages."""
    monkeypatch.setattr(page_data, "shipped_charts", lambda: (PLANTED, *shipped_charts()))
    file = tmp_path / "page.html"
    file.write_text(run_page(stored), encoding="utf-8")
    opened = visit(file)
    page, figure = opened.page, opened.page.locator("#figure-planted")
    assert page.locator("#charts figure").first.get_attribute("id") == "figure-planted"
    assert page.inner_text("#figure-planted h3") == "A planted chart every 10 seconds"
    assert page.get_attribute("#chart-planted", "aria-label") == "A planted chart: ramp, <b>twice, flat"
    down = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--down').trim()")
    assert figure.locator(f"#chart-planted path[stroke='{down}']").count() > 0
    page.select_option("#choice-planted", label="second")
    page.select_option("#zoom", "all")
    figure.locator("summary").click()
    opened.until("document.querySelector('#figure-planted table') !== null")
    assert figure.locator("th[scope=col]").all_inner_texts() == ["time", "ramp", "<b>twice", "steep"]
    rows = [figure.locator("tbody tr").nth(i).locator("td").all_inner_texts() for i in (0, 1)]
    last = int(rows[0][0])  # a row is the peak of its bins, here of the last one
    assert rows == [[str(last), str(2 * last), "9"], [str(2 * last + 1), str(4 * last + 2), "9"]]
    figure.locator("#chart-planted").hover(position={"x": 300, "y": 100})
    opened.until("document.querySelector('#chart-planted').innerText.includes('9.00 pieces')")
    page.click("#language")
    assert page.get_attribute("#chart-planted", "aria-label") == "新增图表: 斜坡, <b>twice, steep"
    assert opened.complaints == []


def test_every_chart_of_the_page_is_drawn(small_page: Path, visit: Callable[..., Any]) -> None:
    """Each is a picture with its title and the names of what is drawn, and its table has their columns."""
    opened = visit(small_page)
    shown = opened.charts()
    assert [one["chart"]["name"] for one in shown] == [chart.name for chart in shipped_charts()]
    for one in shown:
        name = one["chart"]["name"]
        names = [series["name"]["en"] for series in one["series"] if series["choice"] in (None, 0)]
        assert opened.page.get_attribute(f"#chart-{name}", "aria-label") == f"{one['chart']['title']['en']}: {', '.join(names)}"
        assert opened.page.locator(f"#chart-{name} svg path").count() > len(names)
        opened.page.locator(f"#figure-{name} summary").click()
        opened.until(f"document.querySelector('#figure-{name} table') !== null")
        assert opened.page.locator(f"#figure-{name} th[scope=col]").all_inner_texts() == ["time", *names]
    assert opened.complaints == []
