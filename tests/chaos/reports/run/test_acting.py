"""The table of what each action did, and the two curves."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from chaos.reports.run.acting import CURVE_WIDTH, RIGHT, acting
from chaos.results.counterfactuals import ActionEffect, ActionTaken, Counterfactuals, Difference, Effect, FailedOrders, RunFigures
from chaos.results.stored_run import StoredRun, read_run
from simcore.base.units import SECOND


def figures(failed: int, impaired: float, begin_ns: int) -> RunFigures:
    """Half of the orders failed a minute after the other half."""
    none = dict.fromkeys(
        ("blocked", "failed", "unknown", "duplicated", "lost", "orphan", "stranded", "late", "failed_requests"), 0
    )
    counts = [FailedOrders(at_ns=begin_ns + minute * 60 * SECOND, count=failed // 2) for minute in (1, 2)]
    return RunFigures(failed_orders=failed, impaired_s=impaired, failed_over_time=counts, **none)


@pytest.fixture
def hurt(small_run) -> StoredRun:  # type: ignore[no-untyped-def]
    """The small run as if a restart had cost 40 orders, and a second action had found nothing to do."""
    stored = read_run(small_run)
    begin = stored.window.begin_ns
    own, without = figures(100, 240.0, begin), figures(60, 60.0, begin)
    restart = ActionTaken(
        verb="restart",
        target="core",
        by="team",
        approved_ns=begin,
        begun_ns=begin + SECOND,
        ended_ns=begin + 60 * SECOND,
        end="done",
    )
    idle = ActionTaken(verb="isolate", target="core.place/ask", by="team", subject="bank", approved_ns=begin, end="not_needed")

    def row(taken: ActionTaken, effect: Effect, other: RunFigures) -> ActionEffect:
        between = Difference(
            failed_orders=own.failed_orders - other.failed_orders,
            impaired_s=(own.impaired_s or 0) - (other.impaired_s or 0),
            wrong_in_the_books=0,
            failed_requests=0,
        )
        return ActionEffect(name=taken.name, taken=[taken], effect=effect, difference=between, without=other)

    found = Counterfactuals(
        as_run=own,
        nobody_acts=without,
        effect="hurt",
        difference=Difference(failed_orders=40, impaired_s=180.0, wrong_in_the_books=0, failed_requests=0),
        actions=[row(restart, "hurt", without), row(idle, "no_difference", own)],
        runs=3,
    )
    return replace(stored, run=stored.run.model_copy(update={"counterfactuals": found}))


def test_each_action_has_its_figures(hurt: StoredRun) -> None:
    """What hurt has a plus and both figures; what found nothing to do made no difference, and is there."""
    found = acting(hurt)
    assert found is not None
    restart, isolate = found.rows
    assert (restart.difference, restart.as_run, restart.without, restart.impaired["en"]) == ("+40", "100", "60", "+180 s")
    assert (restart.effect["en"], restart.tone) == ("▼ hurt", "bad")
    assert (isolate.difference, isolate.as_run, isolate.without, isolate.impaired["en"]) == ("0", "100", "100", "0")
    assert (isolate.effect["en"], isolate.title["en"]) == ("= made no difference", "isolate bank")
    assert "60 failed orders" in found.nobody["en"]


def test_the_curves_part_where_the_runs_do(hurt: StoredRun) -> None:
    """Both end at the right edge, the run's own higher (a smaller y), shaded while the action was under way."""
    picture = acting(hurt).picture  # type: ignore[union-attr]
    without, own = picture.curves
    last = [int(re.findall(r"V(\d+)", curve.path)[-1]) for curve in (own, without)]
    assert last[0] < last[1]
    assert all(curve.path.endswith(f"H{CURVE_WIDTH - RIGHT}") for curve in picture.curves)
    assert (own.label["en"], without.label["en"]) == ("100 as run", "60 left out")
    assert picture.shade[0] < picture.shade[1]


def test_a_run_held_against_no_other_has_no_table(small_run) -> None:  # type: ignore[no-untyped-def]
    """Nothing is claimed of acting."""
    stored = read_run(small_run)
    assert acting(replace(stored, run=stored.run.model_copy(update={"counterfactuals": None}))) is None
