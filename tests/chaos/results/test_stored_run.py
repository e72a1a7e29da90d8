"""A run's folder: what is read from it, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.reports.run.page import run_page
from chaos.results.stored_run import SCHEMA_VERSION, check_of, read_run, restore_run, store_run
from chaos.results.topology import Topology
from simcore.base.units import MINUTE, SECOND
from simcore.journal import model as journal
from simcore.journal.reader import read_journal
from simcore.journal.storage import JournalError
from simcore.journal.writer import write_journal


def test_the_folder_alone_is_enough(small_run: Path, tmp_path: Path) -> None:
    """A copy elsewhere, without scenario and architecture files, has verdict, topology and violated windows."""
    stored = read_run(shutil.copytree(small_run, tmp_path / "elsewhere"))
    assert (stored.run.verdict, stored.run.title) == ("fail", "A small drill")
    assert set(stored.topology.services) == {"core", "bank", "spare"}
    assert {(e.source, e.target) for e in stored.topology.edges} == {("core", "bank"), ("client", "core")}
    assert stored.topology.services["core"].pools == ["threads"]
    fault = stored.run.faults[0].began_ns or 0
    assert sum(b - a for a, b in stored.violated) == (stored.run.measures.impaired_s or 0) * SECOND
    assert fault <= stored.violated[0][0] <= fault + MINUTE


def test_a_journal_alone_is_no_run(copied: Path) -> None:
    """A fail must not become a run without a verdict because a file is gone."""
    (copied / "run.json").unlink()
    assert "there is no run.json: what the run was judged to be is missing" in refused(copied)


def test_a_simulation_is_reported_without_a_verdict(copied: Path) -> None:
    """Without a record the figures that the journal counts are there, and no verdict is."""
    with_record = read_run(copied).run.measures.orders
    store_run(copied, topology=Topology())
    stored = read_run(copied)
    assert stored.run.verdict is None
    assert stored.run.measures.orders.failed_orders == with_record.failed_orders
    assert not stored.topology.services


EDITS: dict[str, Callable[[Any], None]] = {
    "verdict": lambda raw: raw["record"].update(verdict="pass", reasons=[]),
    "measure": lambda raw: raw["record"]["metrics"]["orders"].update(failed_orders=0),
    "no-record": lambda raw: raw.pop("record"),
    "judged-no-more": lambda raw: raw.update(record=None),
    "picture": lambda raw: raw["picture"]["services"].pop("bank"),
    "violated": lambda raw: raw.update(violated=[]),
    "check": lambda raw: raw.update(check="0" * 32),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_record_is_refused(copied: Path, edit: str) -> None:
    """Whatever was edited: exit 2, one line with the file."""
    path = copied / "run.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    EDITS[edit](raw)
    path.write_text(json.dumps(raw), encoding="utf-8")
    assert "run.json: changed since it was written" in refused(copied)


def test_how_a_record_is_laid_out_is_no_matter(copied: Path) -> None:
    """Indented and with its keys in another order it says the same."""
    path = copied / "run.json"
    before = read_run(copied)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")), indent=2, sort_keys=True), encoding="utf-8")
    assert read_run(copied).run == before.run


def test_an_edited_record_gets_no_story(copied: Path) -> None:
    """What a later command adds to a record must not make an edited one whole."""
    run = read_run(copied).run
    _changed(copied, "run.json", violated=[])
    with pytest.raises(JournalError, match="changed since it was written"):
        restore_run(copied, run)


def refused(folder: Path) -> str:
    """What `coredrill report` says of a folder that it refuses, in one line."""
    result = CliRunner().invoke(main, ["report", str(folder)])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    return result.stderr


def test_an_older_run_is_shown_in_its_own_sentences(copied: Path) -> None:
    """A folder of a coredrill that knew no `findings` still makes a page; what it said in English stands there in both languages."""
    path = copied / "run.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    del raw["record"]["findings"]
    path.write_text(json.dumps(raw | {"check": check_of(raw)}), encoding="utf-8")
    page = run_page(read_run(copied), "zh")
    (reason,) = raw["record"]["reasons"]
    assert f'<span lang="en">{reason}</span><span lang="zh-CN">{reason}</span>' in page.replace("\u00a0", " ")


@pytest.mark.parametrize("long", [20_000, 20_001])
def test_a_text_is_not_longer_than_a_report_would_write(copied: Path, long: int) -> None:
    """The bound is our own and names the place."""
    path = copied / "run.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["record"]["faults"][0]["name"] = "x" * long
    path.write_text(json.dumps(raw | {"check": check_of(raw)}), encoding="utf-8")
    if long == 20_000:
        assert len(read_run(copied).run.faults[0].name) == long
    else:
        with pytest.raises(JournalError, match=r"record\.faults\.0\.name: longer than 20000 characters"):
            read_run(copied)


def test_a_kept_run_can_be_replaced(copied: Path) -> None:
    """A journal is written over a folder that holds a run; the old record goes with the old journal."""
    write_journal(read_journal(copied), copied)
    assert not (copied / "run.json").exists()


def _changed(folder: Path, file: str, **parts: Any) -> None:
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | parts), encoding="utf-8")


@pytest.mark.parametrize(("file", "version"), [("journal.json", journal.SCHEMA_VERSION), ("run.json", SCHEMA_VERSION)])
def test_an_unknown_schema_version_is_a_clear_message(copied: Path, file: str, version: int) -> None:
    """Exit 2, one line, with the file, the version found and the one that is read; no traceback."""
    _changed(copied, file, schema_version=version + 98)
    result = CliRunner().invoke(main, ["report", str(copied)])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert f"{file}: schema_version is {version + 98}, this coredrill reads {version}" in result.stderr


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda raw: raw["record"].update(digest="0" * 32), "another journal"),
        (lambda raw: raw["record"].update(verdict="splendid"), "record.verdict"),
        (lambda raw: raw["record"]["metrics"].update(impaired_s="long"), "record.metrics.impaired_s"),
        (lambda raw: raw["picture"]["services"]["core"].update(position=["left", "top"]), "position"),
        (lambda raw: raw.update(violated=[[1]]), "violated"),
        (lambda raw: raw.update(format="holiday-pictures"), "format"),
    ],
    ids=["digest", "verdict", "measure", "position", "violated", "format"],
)
def test_what_is_not_a_record_is_refused(copied: Path, spoil: Callable[[Any], None], message: str) -> None:
    """Each spoiled record is an error that names the place, not a page."""
    path = copied / "run.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    spoil(raw)
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(JournalError, match=message) as caught:
        read_run(copied)
    assert not re.search(r"Errno|\bInput\b|_File|Expecting|dictionary", str(caught.value))


@pytest.mark.parametrize("text", ["{", "[]", "null", '"x"', "[" * 100_000], ids=["torn", "list", "null", "text", "deep"])
def test_what_is_not_json_is_refused(copied: Path, text: str) -> None:
    """A torn, empty or absurd file is an error."""
    (copied / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(
        JournalError, match=r"run\.json: not the record of a run: (it is no JSON|it holds no mapping|its JSON)"
    ) as caught:
        read_run(copied)
    assert not re.search(r"Errno|\bInput\b|_File|Expecting|dictionary|recursion", str(caught.value))
