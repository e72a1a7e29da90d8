"""Runs of a live twin say so wherever they are reported; simulated runs do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_journal import build

from chaos.measures.formatting import Language
from chaos.reports.junit import properties_of
from chaos.reports.run.page import run_page
from chaos.reports.run.terminal import lines
from chaos.results.run import unjudged
from chaos.results.stored_run import StoredRun
from chaos.results.topology import Topology
from simcore.journal.summary import simulation_run


def stored(live: bool) -> StoredRun:
    journal = build({"live": True} if live else {})
    return StoredRun(Path("here"), journal, unjudged(simulation_run(journal)), Topology(), [])


@pytest.mark.parametrize("live", [True, False])
def test_page_and_terminal_say_that_a_run_was_live(live: bool) -> None:
    """In both languages: in the line that says where it was, and in the sentence on what it is no real system of."""
    run = stored(live)
    page = run_page(run)
    for text in ("live twin: chain", "real processes on one machine", "实时数字孪生：", "本机上的真实进程"):
        assert (text in page) is live, text
    assert ("A simulation. No real system" in page) is not live
    said: list[tuple[Language, str]] = [("en", "live twin: chain"), ("zh", "实时数字孪生：")]
    for language, text in said:
        assert any(text in line for line, _ in lines(run, language)) is live


@pytest.mark.parametrize("live", [True, False])
def test_junit_has_a_property(live: bool) -> None:
    """`live` is `true`, or not there."""
    run = stored(live).run.model_copy(update={"live": live})
    assert dict(properties_of(run)).get("live") == ("true" if live else None)
