"""The shipped options: each is sound, serves a healthy open, and meets the customers that legacy-coupled meets."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from chaos.compare.costs import hardware
from chaos.execution.plain_run import run_plain
from chaos.execution.session import Session
from simcore.base.units import MINUTE, parse_clock
from simcore.journal.model import OUTCOMES, Journal
from simcore.library import LIBRARY, load_architecture

OPTIONS = sorted(name for name in LIBRARY.shipped("architecture") if name.startswith("options/"))
WINDOW = parse_clock("09:30"), parse_clock("09:31")


@cache
def healthy_minute(architecture: str) -> Journal:
    """The busiest minute of a normal day."""
    return run_plain(Session(), architecture, "normal-day", start=WINDOW[0] - MINUTE, window=WINDOW, seed=1).journal


def intents_of(journal: Journal, flow: str) -> np.ndarray:
    """Which intents of a flow were submitted in the window."""
    mine = journal.intents["flow"] == journal.names["flow"].index(flow)
    return mine & (journal.intents["submit_ns"] >= WINDOW[0]) & (journal.intents["submit_ns"] < WINDOW[1])


def test_the_options_are_there() -> None:
    """Eleven options, four stages of a migration, each stage on the one before, and two that decouple nothing."""
    assert len(OPTIONS) == 17
    folder = Path(LIBRARY.shipped("architecture")["options/cells"]).parent
    for stage in (2, 3, 4):
        assert f"extends: options/strangler-{stage - 1}\n" in (folder / f"strangler-{stage}.yaml").read_text()


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_serves_the_same_customers(name: str) -> None:
    """In the busiest minute nothing fails, every law holds, and the same customers submit the same orders at the same instants."""
    journal, base = healthy_minute(name), healthy_minute("legacy-coupled")
    assert [law for law in journal.conservation if not law.ok] == []
    for flow in ("place-order", "transfer"):
        mine, theirs = intents_of(journal, flow), intents_of(base, flow)
        for column in ("submit_ns", "customer"):
            assert np.array_equal(journal.intents[column][mine], base.intents[column][theirs])
        outcomes = journal.intents["outcome"][mine]
        answered = np.isin(outcomes, [OUTCOMES.index(o) for o in ("confirmed", "rejected", "pending")])
        assert answered.mean() >= 0.995


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_says_what_it_costs(name: str) -> None:
    """Its description names the price, and it has at least the machines of legacy-coupled."""
    model = load_architecture(name)
    text = " ".join(model.description.lower().split())
    assert any(word in text for word in ("cost", "price", "risk"))
    assert hardware(model).machines >= hardware(load_architecture("legacy-coupled")).machines


def test_replicas_stand_where_placement_says() -> None:
    """Of two sites the first keeps the service's own groups, so that a scenario that adds one hits that site alone."""
    model = load_architecture("options/two-sites")
    assert model.services["counter"].place_of(0) == ("primary", ["core-host", "core-power"])
    assert model.services["counter"].place_of(1) == ("second", ["second-hosts", "second-power"])
    cells = load_architecture("options/cells").services["counter"]
    assert [cells.place_of(r)[1][1] for r in range(4)] == ["core-power", "core-power", "second-power", "second-power"]
    assert load_architecture("legacy-coupled").services["counter"].place_of(1) == ("standby-room", ["standby-host"])
