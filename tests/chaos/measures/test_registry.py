"""Measures as they are declared: names, families, units, and what the documentation says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.measures.catalogue import BUILT_IN, measures
from chaos.measures.formatting import Unit
from chaos.measures.registry import MeasuredRun, MeasureRegistry, Slot, extension
from chaos.results.run import Grade, Measures, Orders, PropertyFinding
from simcore.journal.summary import FlowFigures

RUN = MeasuredRun(
    Measures(
        orders=Orders(intended=10, failed_orders=2),
        impaired_s=90.0,
        recovery_s=None,
        recovery_s_lower=600.0,
        severity={"dora": Grade(grade="major", label="major"), "mute": Grade(grade=None, label="not gradable", why="no table")},
    ),
    {"none-lost": PropertyFinding(holds=True)},
)


def test_a_name_is_found_with_its_subject() -> None:
    """The word in capitals of a family stands for the rest of the name, dots and all."""
    found = [measures().find(n) for n in ("impaired_s", "flows.login.p99_s", "counters.operation/sse.accept/done.grown")]
    assert [(m.declared.name, m.subject) for m in found] == [
        ("impaired_s", ""),
        ("flows.FLOW.p99_s", "login"),
        ("counters.METRIC.grown", "operation/sse.accept/done"),
    ]
    assert (found[1].flow, found[2].counter, measures().find("severity.dora").rules) == (
        "login",
        "operation/sse.accept/done",
        "dora",
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("impaired", "unknown measure; did you mean 'impaired_s'?"),
        ("orders.lots", "did you mean 'orders.lost'?"),
        ("orders.speed", "orders.failed_orders"),
        ("flows.login", "flows.FLOW.success"),
        ("flows..success", "unknown measure"),
        ("counters.nothing.grown", "write counters.KIND/NAME/FIELD.MEASURE"),
        ("properties.speed", "known: properties.no-duplicates"),
        ("", "unknown measure"),
        ("flows.FLOW", "unknown measure"),
    ],
)
def test_a_wrong_name_is_answered_with_what_there_is(name: str, says: str) -> None:
    """Of a group its members, else everything."""
    assert says in (measures().problem(name) or "")


def test_values_are_read_and_shown() -> None:
    """A value with its unit; where there is none, what is known instead."""
    names = ("impaired_s", "recovery_s", "severity.dora", "properties.none-lost", "properties.reconciled")
    assert [measures().find(n).value(RUN) for n in names] == [90.0, None, "major", True, None]
    assert [measures().find(n).number(RUN) for n in names] == [90.0, None, 3.0, 1.0, None]
    assert [measures().find(n).lower_bound(RUN) for n in names[:2]] == [None, 600.0]


def test_a_run_lists_its_measures() -> None:
    """Each once, families by what the run has."""
    names = [measure.name for measure in measures().in_run(RUN)]
    assert len(set(names)) == len(names)
    assert {"severity.dora", "severity.mute", "properties.none-lost"} <= set(names)
    assert not any(name.startswith(("flows.", "counters.")) for name in names)


def test_two_of_one_name_are_a_mistake() -> None:
    """A registry does not hide one behind the other."""
    with pytest.raises(ValueError, match="declared twice: measure impaired_s"):
        MeasureRegistry(BUILT_IN, {}).with_more([BUILT_IN[0]])


def test_an_extension_gives_values() -> None:
    """Numbers of numpy are plain afterwards; what is no value is a mistake of the extension, and so is a bad name."""

    def registry(value: object) -> MeasureRegistry:
        declared = extension("odd_s", Unit.DURATION, "odd", "怪", "odd", lambda journal, spec: value)  # type: ignore[arg-type,return-value]
        return MeasureRegistry([declared], {})

    import numpy as np

    assert registry(np.float64(2.5)).computed(None, None) == {"odd_s": 2.5}  # type: ignore[arg-type]
    for bad in ([1], float("nan"), float("inf"), "major", np.arange(2)):
        with pytest.raises(TypeError, match="odd_s"):
            registry(bad).computed(None, None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no name for a measure"):
        extension("Odd.s", Unit.COUNT, "odd", "怪", "odd", lambda journal, spec: 1)


@pytest.mark.parametrize("measure", BUILT_IN, ids=lambda measure: measure.name)
def test_every_declaration_is_whole(measure) -> None:  # type: ignore[no-untyped-def]
    """Titles in both languages with the family's word, a meaning in one line, and a name that its own pattern takes."""
    for title in (measure.title, measure.title_zh):
        assert title
        assert measure.slot is None or measure.slot.value in title
    assert re.search(r"[一-鿿]", measure.title_zh) or measure.slot is Slot.PROPERTY
    assert measure.meaning
    assert "\n" not in measure.meaning
    assert "|" not in measure.meaning
    assert re.fullmatch(measure.pattern, measure.name.replace("METRIC", "flow/login/failed"))


def test_the_page_has_the_table(root: Path) -> None:
    """docs/verdicts.md says what the command says."""
    page = (root / "docs/verdicts.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- made by: coredrill (list measures --markdown) -->\n(.*?)<!-- end -->", page, re.DOTALL)
    assert found is not None
    assert CliRunner().invoke(main, found[1].split()).stdout == found[2]


def test_a_measure_is_shown() -> None:
    """By the name of its family, or of one of it: what it means, and what it is not for."""
    shown = [CliRunner().invoke(main, ["show", name]).stdout for name in ("flows.FLOW.success", "flows.login.success")]
    assert shown[0] == shown[1]
    assert "not with compare: " in shown[0]


def test_shares_of_a_flow_without_rows_never_come_to_more_than_all() -> None:
    """300 began in the window; 319 ended, 287 confirmed and 32 failed: of 319. Where fewer ended, of what was intended."""
    counts = {"kind": "query", "recorded": False, "confirmed": 287, "rejected": 0, "blocked": 0, "failed": 30, "unknown": 2}
    rest = {"pending": None, "success": None, "p50_ns": None, "p99_ns": None}
    for intended, of in ((300, 319), (319, 319), (400, 400)):
        flow = FlowFigures.model_validate({**counts, **rest, "intended": intended})
        assert flow.asked == of
        run = MeasuredRun(Measures.model_validate({"orders": {}, "flows": {"ask": flow}}), {}, None)
        assert measures().find("flows.ask.goodput").value(run) == 287 / of
        assert measures().find("flows.ask.failed_share").value(run) == 32 / of
