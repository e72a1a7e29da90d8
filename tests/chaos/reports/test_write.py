"""Reports as commands write them: pages of one run, matrices of several, the customer list, the trace."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chaos.cli.main import main

Drill = Callable[..., Result]
Write = Callable[..., Path]
SUITE = "kind: suite\nname: s\ntitle: Two drills\nreplications: 2\nscenarios: [{ scenario: ./scenario.yaml }, { scenario: ./calm.yaml }]\n"
PAIR = "pairs:\n  - name: point\n    a: { scenario: ./scenario.yaml }\n    b: { scenario: ./calm.yaml }\n    at_least: 1000\n"


@pytest.fixture
def suite(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A suite of a drill that fails and a calm one that passes, two seeds each, and a pair of them."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, expect="{ measure: impaired_s, at_most: 1min }")
    calm = write(tmp_path, method="", name="calm")
    calm.write_text(calm.read_text().replace("name: small", "name: calm").replace("A small drill", "A calm day"))
    (tmp_path / "s.yaml").write_text(SUITE + PAIR)
    return tmp_path / "s.yaml"


def links(text: str) -> list[str]:
    """Addresses of a page's links."""
    return re.findall(r'<a href="([^"]+)"', text)


def test_a_suite_is_a_matrix_that_leads_to_its_runs(suite: Path, drill: Drill, visit: Callable[..., Any]) -> None:
    """Rows of scenarios with their verdicts, four links that lead to pages of the right runs, journals beside; and a browser
    that follows a link in Chinese arrives in Chinese."""
    assert drill("suite", "s.yaml", "--html", "out").exit_code == 1
    text = Path("out/index.html").read_text(encoding="utf-8")
    assert len(links(text)) == 4
    for link in links(text):
        assert f"seed {link[-6]}" in Path("out", link).read_text(encoding="utf-8")
    assert len(list(Path("out/journals").iterdir())) == 4
    opened = visit(Path("out/index.html").absolute())
    cells = opened.page.locator(".matrix tbody tr").all_inner_texts()
    assert ["fail" in cells[0], "pass" in cells[1]] == [True, True]
    assert "exceeds" in opened.page.inner_text("main")
    opened.page.click("#language")
    opened.page.locator("a.run").first.click()
    opened.page.wait_for_load_state("load")  # the page's program has then chosen the language
    assert opened.page.locator("#verdict").inner_text() == "✕ 未通过"
    assert opened.complaints == []


def test_a_resumed_suite_still_leads_to_its_runs(suite: Path, drill: Drill) -> None:
    """What was kept has its journals in the same folder: the matrix is the same, byte for byte."""
    drill("suite", "s.yaml", "--html", "out", "--store", "kept")
    whole = Path("out/index.html").read_bytes()
    Path("out/index.html").unlink()
    drill("suite", "s.yaml", "--html", "out", "--store", "kept", "--resume")
    assert Path("out/index.html").read_bytes() == whole


def test_runs_kept_without_journals_have_no_link(suite: Path, drill: Drill) -> None:
    """The verdicts stand in the matrix all the same."""
    drill("suite", "s.yaml", "--store", "kept")
    drill("suite", "s.yaml", "--html", "out", "--store", "kept", "--resume")
    text = Path("out/index.html").read_text(encoding="utf-8")
    assert links(text) == []
    assert text.count("seed 1") >= 2


def test_several_runs_make_a_matrix_and_one_a_page(suite: Path, drill: Drill) -> None:
    """`run --html` of two scenarios links two pages and leaves no journal behind; of one it is the page itself."""
    drill("run", "scenario.yaml", "calm.yaml", "--html", "both.html")
    found = links(Path("both.html").read_text(encoding="utf-8"))
    assert [Path(link).is_file() for link in found] == [True, True]
    drill("run", "calm.yaml", "--html", "calm.html", "--seed", "4")
    page = Path("calm.html").read_text(encoding="utf-8")
    assert "A calm day" in page
    assert "No customer was affected." in page
    assert {p.name for p in Path().iterdir()} == {
        "architecture.yaml",
        "workload.yaml",
        "scenario.yaml",
        "calm.yaml",
        "s.yaml",
        "both.html",
        "both-runs",
        "calm.html",
    }


def test_replay_gives_the_same_page(suite: Path, drill: Drill) -> None:
    """The page of a run and that of its replay differ in nothing but what they say of how to replay it."""
    drill("run", "scenario.yaml", "--html", "run.html")
    drill("replay", "scenario.yaml", "--html", "replay.html")
    assert Path("run.html").read_bytes() == Path("replay.html").read_bytes()


def test_report_of_folders(suite: Path, drill: Drill) -> None:
    """Two folders make the matrix that the command of the runs makes, but for what only it knows; one makes a terminal report."""
    drill("run", "scenario.yaml", "calm.yaml", "--journal", "kept")
    folders = sorted(str(p) for p in Path("kept").iterdir())
    drill("report", *folders, "--html", "matrix.html")
    text = Path("matrix.html").read_text(encoding="utf-8")
    assert re.findall(r'<td><span class="badge (\w+)"', text) == ["pass", "fail"]
    assert "A calm day" in drill("report", folders[0]).stdout


def test_a_simulation_without_a_scenario_has_a_page(
    tmp_path: Path, drill: Drill, write: Write, visit: Callable[..., Any]
) -> None:
    """What `simulate --journal` keeps has no verdict, but topology and charts."""
    write(tmp_path)
    small = [
        str(tmp_path / "architecture.yaml"),
        "--workload",
        str(tmp_path / "workload.yaml"),
        "--window",
        "10:00-10:04",
        "--warmup",
        "1min",
    ]
    assert drill("simulate", *small, "--journal", str(tmp_path / "kept")).exit_code == 0
    assert drill("report", str(tmp_path / "kept"), "--html", str(tmp_path / "page.html")).exit_code == 0
    opened = visit(tmp_path / "page.html")
    assert opened.page.locator("#verdict").inner_text() == "not judged"
    assert opened.states()["core"] == "healthy"
    assert opened.complaints == []


def test_customer_list_and_trace(small_run: Path, tmp_path: Path, drill: Drill) -> None:
    """Both are written whole; the list has a byte order mark, for spreadsheets; Perfetto's format is JSON with traceEvents."""
    told = drill(
        "report", str(small_run), "--csv", str(tmp_path / "affected.csv"), "--trace", str(tmp_path / "trace.json"), "--lang", "zh"
    ).stdout
    assert (tmp_path / "affected.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "affected.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert f"{len(rows):,} 名客户" in told
    assert sum(int(row["unknown"]) for row in rows) > 1000
    assert json.loads((tmp_path / "trace.json").read_text(encoding="utf-8"))["traceEvents"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no journal here"),
        (["A", "B", "--csv", "x.csv"], "name one folder"),
        (["A", "--html", "A/run.json/page.html"], "cannot write"),
    ],
    ids=["nowhere", "two", "unwritable"],
)
def test_mistakes_are_one_line(arguments: list[str], message: str, copied: Path) -> None:
    """Exit 2, without a traceback."""
    result = CliRunner().invoke(main, ["report", *(a.replace("A", str(copied), 1) if a[0] == "A" else a for a in arguments)])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
