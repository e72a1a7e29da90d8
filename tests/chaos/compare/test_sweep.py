"""Sweeps: values at points, what is a value, and where the metastable region begins."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click import Context
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.compare.summaries import share_of
from chaos.compare.sweep import Axis, SweepPlan, axis_of, metastable_from
from chaos.reports.sweep import sweep_page
from chaos.results.sweep import MetastableFrom, SweepPoint, SweepResult
from simcore.base.errors import InputError

Write = Callable[..., Path]


def swept(*arguments: str) -> dict[str, Any]:
    """The result object of the command."""
    done = CliRunner().invoke(main, ["sweep", *arguments, "--json", "-"], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_timeout_changes_what_a_hang_costs(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two customers' patiences: with the longer one an order that was sent just before the thaw is confirmed, not unknown."""
    monkeypatch.chdir(tmp_path)
    path = "flows.order.steps[core.place].timeout"
    result = swept(str(write(tmp_path)), "--vary", f"{path}=500ms,40s")
    failed = [p["measures"]["orders.failed_share"]["median"] for p in result["points"]]
    assert failed[1] < failed[0] * 0.8
    assert result["metastable_from"] == [{"line": None, "from": None, "after": None}]


def test_load_scales_every_arrival(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the load is twice the intents, on either value of the second parameter; the workload's own words work too."""
    monkeypatch.chdir(tmp_path)
    result = swept(
        str(write(tmp_path)), "--vary", "load=1,2", "--vary", "pools.threads.slots=6,8", "--measure", "orders.intended"
    )
    intended = {tuple(p["values"]): p["measures"]["orders.intended"]["median"] for p in result["points"]}
    assert list(intended) == [("1", "6"), ("1", "8"), ("2", "6"), ("2", "8")]
    assert intended["2", "6"] == pytest.approx(2 * intended["1", "6"], rel=0.05)
    assert intended["1", "6"] == intended["1", "8"]
    pages = [sweep_page(SweepResult.model_validate(r)) for r in (result, {**result, "axes": result["axes"][:1]})]
    assert [page for page in pages if "load" not in page] == []
    one = swept(str(write(tmp_path)), "--vary", "workload.flows.order.rate=20/s,40/s", "--measure", "orders.intended")
    assert [p["measures"]["orders.intended"]["median"] for p in one["points"]] == [intended["1", "8"], intended["2", "8"]]


@pytest.mark.parametrize("command", ["compare", "coverage", "sweep"])
def test_commands_that_make_many_runs_speak_chinese(command: str) -> None:
    """Each has the option --lang."""
    assert "--lang" in [name for option in main.get_command(Context(main), command).params for name in option.opts]  # type: ignore[union-attr]


def test_a_sweep_in_chinese(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed, and the page."""
    monkeypatch.chdir(tmp_path)
    arguments = [str(write(tmp_path)), "--vary", "load=1,2", "--lang", "zh", "--html", "page.html"]
    done = CliRunner().invoke(main, ["sweep", *arguments], catch_exceptions=False)
    assert "失败委托占比" in done.stdout
    assert "orders.failed_share" not in done.stdout
    assert '<html lang="zh-CN">' in Path("page.html").read_text(encoding="utf-8")


def test_where_metastable_begins() -> None:
    """The first value, line by line, at which half of the runs stay down; and the one before it."""
    plan = SweepPlan("s", (Axis("load", ("1", "2", "3")), Axis("slots", ("a", "b", "c"))), 4)
    hits = {("1", "a"): 0, ("2", "a"): 2, ("3", "a"): 4, ("1", "b"): 3, ("2", "b"): 4, ("3", "b"): 0}
    points = [SweepPoint.model_construct(values=list(point), metastable=share_of(hits.get(point, 1), 4)) for point in plan.points]
    assert metastable_from(plan, points) == [
        MetastableFrom(line="a", begins="2", after="1"),
        MetastableFrom(line="b", begins="1", after=None),
        MetastableFrom(line="c", begins=None, after=None),
    ]


def test_values_are_yaml() -> None:
    """Commas in brackets, braces and quotes belong to a value."""
    assert axis_of("a.b=1,2s, {x: 1, y: [2, 3]},'p,q'") == Axis("a.b", ("1", "2s", "{x: 1, y: [2, 3]}", "'p,q'"))
    for bad in ("a.b", "a.b=1", "a.b=1,1", "a.b=1,,2", "=1,2", "a.b=1,{x"):
        with pytest.raises(InputError):
            axis_of(bad)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--vary", "pools.thread.slots=1,2"), "did you mean 'threads'?"),
        (("--vary", "load=1,nothing"), "the load is a factor"),
        (("--vary", "a=1,2", "--vary", "a=1,2"), "different parameters"),
        (("--vary", "load=1,2", "--measure", "properties.reconciled"), "a sweep shows numbers"),
    ],
)
def test_mistakes_are_reported(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], why: str
) -> None:
    """One line, exit 2, before anything is run."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["sweep", str(write(tmp_path)), *arguments])
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert why in done.stderr
