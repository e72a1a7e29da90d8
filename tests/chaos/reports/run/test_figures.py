"""The figures at the head of a page, and the sentence that says what to conclude."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaos.i18n.causal import acting_text, outage_texts
from chaos.reports.run.figures import figures
from chaos.reports.run.headline import conclusion
from chaos.results.counterfactuals import (
    ActionEffect,
    ActionTaken,
    Counterfactuals,
    Difference,
    Effect,
    End,
    Outage,
    OutageCauses,
    RunFigures,
)
from chaos.results.findings import Findings, NothingExercised
from chaos.results.run import RunResult
from chaos.results.stored_run import read_run

OUTAGES = [
    Outage(begin_ns=0, end_ns=60_000_000_000, impaired_s=60.0, failed_orders=30),
    Outage(begin_ns=120_000_000_000, end_ns=300_000_000_000, impaired_s=180.0, failed_orders=12),
]


@pytest.fixture
def run(small_run: Path) -> RunResult:
    """The small run."""
    return read_run(small_run).run


def changed(run: RunResult, **parts: Any) -> RunResult:
    """The run with other orders and measures (`orders__late=3`), or other parts of its own."""
    orders = {key.removeprefix("orders__"): parts.pop(key) for key in list(parts) if key.startswith("orders__")}
    measures = {key: parts.pop(key) for key in list(parts) if key in type(run.measures).model_fields}
    of_orders = run.measures.orders.model_copy(update=orders)
    return run.model_copy(update={"measures": run.measures.model_copy(update={"orders": of_orders, **measures}), **parts})


def shown(run: RunResult) -> dict[str, tuple[str, list[str], bool]]:
    """Name → figure, the lines below it, and whether it is red."""
    return {figure.name: (figure.value["en"], [line["en"] for line in figure.lines], figure.bad) for figure in figures(run)}


def test_figures_are_those_of_the_record(run: RunResult) -> None:
    """Each by its one name; the limit of the scenario below it, in red because it is broken; at most six."""
    found = shown(run)
    assert found["orders.failed_orders"][0] == f"{run.measures.orders.failed_orders:,}"
    value, lines, bad = found["impaired_s"]
    assert (value, lines, bad) == ("110 s" if run.measures.impaired_s == 110 else value, ["limit ≤ 60 s"], True)
    assert found["recovery_s"][2] is False
    assert len(found) <= 6


def test_nothing_is_red_that_breaks_no_limit(run: RunResult) -> None:
    """A bad figure without a limit is a figure."""
    found = shown(changed(run, expectations=[], findings=Findings(), orders__failed_orders=9_999))
    assert not any(bad for _, _, bad in found.values())


@pytest.mark.parametrize(
    ("flags", "name", "value", "lines"),
    [
        ({"duplicated": 7, "late": 2}, "orders.duplicated", "7", ["late 2"]),
        ({"lost": 1}, "orders.lost", "1", []),
        ({"late": 3}, "orders.late", "3", []),
    ],
)
def test_the_books(run: RunResult, flags: dict[str, int], name: str, value: str, lines: list[str]) -> None:
    """The gravest way in which books and clients differ is the figure, the others stand below; none is no figure."""
    none = dict.fromkeys(("orders__duplicated", "orders__lost", "orders__orphan", "orders__stranded", "orders__late"), 0)
    found = shown(changed(run, expectations=[], findings=Findings(), **(none | {f"orders__{k}": n for k, n in flags.items()})))
    assert found[name][:2] == (value, lines)
    assert sum(key.startswith("orders.") for key in found) == 2
    assert sum(key.startswith("orders.") for key in shown(changed(run, **none))) == 1


def test_parts_of_the_impaired_time_add_up(run: RunResult) -> None:
    """With several outages their lengths stand below the sum."""
    found = shown(changed(run, impaired_s=240.0, outages=OUTAGES, expectations=[], findings=Findings()))
    assert found["impaired_s"][:2] == ("240 s", ["60 s + 180 s"])


def acted(effect: Effect, only_with: list[str], end: End = "done") -> Counterfactuals:
    """A run with a restart held against another: 42 failed orders, without acting 30."""
    none = dict.fromkeys(
        ("blocked", "failed", "unknown", "duplicated", "lost", "orphan", "stranded", "late", "failed_requests"), 0
    )
    figures = [RunFigures(failed_orders=n, impaired_s=60.0, **none) for n in (42, 30)]
    between = Difference(failed_orders=12, impaired_s=180.0, wrong_in_the_books=0, failed_requests=0)
    causes = [OutageCauses(acting=False, unaided=True), OutageCauses(only_with=only_with, acting=True, unaided=False)]
    restart = ActionTaken(verb="restart", target="core", by="desk", end=end)
    action = ActionEffect(name=restart.name, taken=[restart], effect=effect, difference=between, without=figures[1])
    return Counterfactuals(
        as_run=figures[0], nobody_acts=figures[1], effect=effect, difference=between, actions=[action], outages=causes, runs=2
    )


def test_what_to_conclude(run: RunResult) -> None:
    """Nothing where the verdict is unknown; that the level held; the outages with their figures; and what acting did."""
    unknown = changed(run, verdict="unknown", reasons=["nothing was exercised"], findings=Findings(reasons=[NothingExercised()]))
    assert conclusion(unknown)["en"].startswith("Nothing can be concluded: ")
    held = changed(run, outages=[], orders__failed_orders=0, impaired_s=0.0)
    assert conclusion(held)["en"] == "The service level held throughout; 0 orders failed."
    wrongly = changed(run, outages=[], orders__failed_orders=0, orders__rejected_wrongly=4_321, impaired_s=0.0)
    assert (
        conclusion(wrongly)["en"]
        == "The service level held throughout; 0 orders failed. In addition 4,321 orders were rejected wrongly."
    )
    assert "4,321" in conclusion(wrongly)["zh"]
    assert shown(wrongly)["orders.failed_orders"][1][1].startswith("in addition 4,321 rejected wrongly")
    plain = changed(run, outages=OUTAGES, chains=[], counterfactuals=None, orders__failed_orders=42)
    assert conclusion(plain)["en"] == (
        "The service level was not kept: no cause found (60 s, 30 failed orders); no cause found (180 s, 12 failed orders)."
    )
    assert conclusion(changed(plain, counterfactuals=acted("hurt", [])))["en"].endswith(
        "Acting hurt: +12 failed orders, +180 s impaired."
    )
    assert conclusion(changed(plain, counterfactuals=acted("no_difference", [])))["en"].endswith("Acting made no difference.")
    assert conclusion(changed(plain, counterfactuals=acted("mixed", [])))["en"].endswith(
        "Acting helped and hurt: +12 failed orders, +180 s impaired."
    )


@pytest.mark.parametrize("end", ["called_off", "not_needed"])
def test_where_nothing_was_carried_out_nothing_is_said_of_acting(run: RunResult, end: End) -> None:
    """Neither in the headline nor of an outage; that it was over as soon without help is said where somebody did something."""
    plain = changed(run, outages=OUTAGES, chains=[], counterfactuals=None, orders__failed_orders=42)
    idle = changed(plain, counterfactuals=acted("no_difference", [], end))
    assert conclusion(idle) == conclusion(plain)
    assert acting_text(acted("no_difference", [], end))["en"] == "No action was carried out."
    assert not any("action" in text["en"] for text in outage_texts(idle))
    assert "over as soon with no action" in outage_texts(changed(plain, counterfactuals=acted("no_difference", [])))[0]["en"]


def test_who_noticed_is_said_of_a_run_without_an_outage_too(run: RunResult) -> None:
    """A flood of orders that fails none is noticed all the same."""
    found = shown(
        changed(run, first_violation_ns=None, first_noticed="monitor", first_noticed_by="desk-turnover", first_noticed_s=114.0)
    )
    assert found["first_noticed_s"][:2] == ("114 s", ["by monitor desk-turnover"])
