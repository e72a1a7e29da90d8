"""Runs kept in folders, journals made by hand, and a browser."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from chaos.cli.main import main
from chaos.results.stored_run import check_of
from simcore.base.units import MINUTE, SECOND
from simcore.journal.model import INTENT_COLUMNS, SPAN_COLUMNS, Journal
from simcore.journal.writer import JournalWriter


def _drill(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


@pytest.fixture(scope="session")
def drill() -> Callable[..., Result]:
    """`drill("report", …)` runs the command line in this process."""
    return _drill


@pytest.fixture
def planted(copied: Path) -> Callable[..., Path]:
    """Changes the record of a run: `planted(title="<b>")` and the like; the journal stays."""

    def change(**parts: Any) -> Path:
        path = copied / "run.json"
        found = json.loads(path.read_text(encoding="utf-8"))
        found["record"] |= {k: v for k, v in parts.items() if k != "picture"}
        found["picture"] = parts.get("picture", found["picture"])
        path.write_text(json.dumps(found | {"check": check_of(found)}), encoding="utf-8")
        return copied

    return change


# --- journals by hand -------------------------------------------------------------------------------------------------------


def _by_hand(rows: list[dict[str, int]], *, spans: list[dict[str, int]] | None = None, minutes: int = 4) -> Journal:
    """A journal of one flow of orders from 10:00 on: `rows` give what is not 0 of each intent, `spans` of each hop."""
    start = 10 * 60 * MINUTE
    meta = {
        "coredrill_version": "0",
        "architecture": "hand",
        "architecture_digest": "",
        "workload": "none",
        "environment": None,
        "seed": 1,
        "start_ns": start,
        "end_ns": start + minutes * MINUTE,
        "window": None,
        "span_sampling": 1,
        "calendar": "continuous",
        "flow_kinds": {"order": "order", "look": "probe"},
        "recorded_flows": ["order", "look"],
    }
    names = {
        "flow": ["order", "look"],
        "unit": ["core#0", "bank#0"],
        "operation": ["core.place", "bank.ask"],
        "pool": ["threads"],
    }
    writer = JournalWriter()
    writer.begin(meta, names, [("pool", "threads", "slots", "gauge"), ("pool", "threads", "busy_ns", "cumulative")])
    seconds = np.arange(1, minutes * 60 + 1, dtype=np.int64)
    writer.add_series(np.stack([np.full(seconds.size, 4), 2 * SECOND * seconds], axis=1))
    writer.add_intents({c: np.array([row.get(c, 0) for row in rows], np.int64) for c in INTENT_COLUMNS})
    writer.add_spans({c: np.array([span.get(c, 0) for span in spans or []], np.int64) for c in SPAN_COLUMNS})
    return writer.finish({}, {}, [], {}, {"events": 0, "tasks": 0, "requests": len(rows)})


@pytest.fixture(scope="session")
def by_hand() -> Callable[..., Journal]:
    """`by_hand(rows, spans=…, minutes=…)` makes a journal."""
    return _by_hand


# --- the browser ------------------------------------------------------------------------------------------------------------


def _chromium() -> str | None:
    named = os.environ.get("COREDRILL_CHROMIUM")
    return named or next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium. Only outside CI may there be none. While it is open Playwright keeps an event loop running, beside which no other
    can run in this process: so it is closed with its module, before tests that need a loop of their own."""
    path = _chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium; .ci/run installs it")
        pytest.skip("there is no Chromium: install Debian's package chromium, or name one in COREDRILL_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


class Opened:
    """A page in the browser, with what went wrong and what it asked the network for."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.context = browser.new_context(viewport=options.pop("viewport", {"width": 1280, "height": 800}), **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())

    def until(self, expression: str) -> None:
        """Waits, at most a minute, until it is true. (Playwright's own way is an eval, which the page forbids.)"""
        for _ in range(600):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"never came true: {expression}")

    def bin(self) -> int:
        """The bin the page shows."""
        return int(self.page.evaluate("document.body.dataset.bin"))

    def cursors(self) -> list[float]:
        """Where the line of now is in each chart, px."""
        found: list[float] = self.page.evaluate(
            "[...document.querySelectorAll('.cursor')].map((c) => parseFloat(getComputedStyle(c).left))"
        )
        return found

    def charts(self) -> list[dict[str, Any]]:
        """The charts that the page's program is to draw, with their data."""
        found: list[dict[str, Any]] = self.page.evaluate("JSON.parse(document.getElementById('data').textContent).charts")
        return found

    def states(self) -> dict[str, str]:
        """Service → what its node says after its sign."""
        says = "n.querySelector('.say').textContent.slice(2)"
        script = f"Object.fromEntries([...document.querySelectorAll('.node')].map((n) => [n.dataset.node, {says}]))"
        found: dict[str, str] = self.page.evaluate(script)
        return found


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Opened]]:
    """`visit(file, viewport=…, color_scheme=…)` opens a page."""
    opened: list[Opened] = []

    def visit(file: Path, **options: Any) -> Opened:
        opened.append(Opened(browser, file, **options))
        return opened[-1]

    yield visit
    for one in opened:
        one.context.close()


@pytest.fixture(scope="session")
def small_page(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the small run."""
    file = tmp_path_factory.mktemp("page") / "run.html"
    assert _drill("report", str(small_run), "--html", str(file)).exit_code == 0
    return file
