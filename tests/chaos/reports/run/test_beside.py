"""Two runs side by side: one instant and one language for both, and the difference of their figures."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from chaos.i18n.texts import LocalizedText
from chaos.reports.run.beside import beside_page
from chaos.results.stored_run import read_run


def test_differences_are_the_second_less_the_first(small_run: Path) -> None:
    """Counts and times, with their signs; what one side lacks has none."""
    left = read_run(small_run)
    measures = left.run.measures
    other = measures.model_copy(
        update={
            "orders": measures.orders.model_copy(update={"failed_orders": measures.orders.failed_orders + 1234}),
            "impaired_s": (measures.impaired_s or 0) + 600,
            "recovery_s": None,
        }
    )
    right = dataclasses.replace(left, run=left.run.model_copy(update={"measures": other}))
    names = LocalizedText("<b>ours</b>", "我方"), LocalizedText("theirs", "对方")
    page = beside_page(left, right, "en", names)
    assert "+1,234" in page
    assert '<span lang="en">+10.0 min</span>' in page
    assert page.count('<td class="n">–</td>') == 1
    assert "<b>ours" not in page
    assert page.count("<iframe ") == 2


def test_one_instant_and_one_language_for_both(
    tmp_path: Path, small_run: Path, drill: Callable[..., Result], visit: Callable[..., Any]
) -> None:
    """Whichever player is moved."""
    file = tmp_path / "both.html"
    assert drill("report", str(small_run), str(small_run), "--beside", "--html", str(file)).exit_code == 0
    opened = visit(file)
    frames = [frame for frame in opened.page.frames if frame != opened.page.main_frame]
    for moved, other in (frames, frames[::-1]):
        moved.locator("#scrub").press("Home")
        moved.locator("#scrub").press("ArrowRight")
        moved.locator("#scrub").press("ArrowRight")
        clock = moved.inner_text("#clock")
        other.wait_for_function("clock => document.getElementById('clock').textContent === clock", arg=clock)
        moved.locator("#scrub").press("End")
    opened.page.click("#language")
    for frame in frames:
        frame.wait_for_function("() => document.documentElement.lang === 'zh-CN'")
    assert opened.complaints == []


def test_two_folders_and_a_file_are_asked_for(tmp_path: Path, small_run: Path, drill: Callable[..., Result]) -> None:
    """One folder, or no file: exit code 2."""
    assert drill("report", str(small_run), "--beside", "--html", str(tmp_path / "a.html")).exit_code == 2
    assert drill("report", str(small_run), str(small_run), "--beside").exit_code == 2
