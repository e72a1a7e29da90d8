"""The commands around the live twin."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.i18n.identities import Identities
from chaos.live.up import HeardReport, heard_report

SMALL = ["textbook/mm1", "--workload", "textbook/open-800", "--load", "0.05"]
PATIENCE_S = 120


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """`coredrill live up` in a process of its own, with a temporary folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "chaos", "live", "up", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"TMPDIR": str(folder)},
    )


def test_the_page_has_the_table(root: Path) -> None:
    """docs/live.md says what the command says."""
    found = re.search(
        r"<!-- made by: coredrill (live table) -->\n(.*?)<!-- end -->",
        (root / "docs/live.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert found is not None
    assert CliRunner().invoke(main, found[1].split()).stdout == found[2]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["no-such-thing"], "no-such-thing"),
        ([*SMALL, "--for", "2h"], "--for 2h: from 1s to 1h"),
        ([*SMALL, "--for", "soon"], "--for 'soon'"),
        ([*SMALL, "--at", "noon"], "--at 'noon'"),
        (["textbook/machine-repairman", "--workload", "textbook/machine-repairman"], "wait for answers"),
    ],
)
def test_what_cannot_be_started_is_refused(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything starts, in one line, with exit code 2."""
    with pytest.raises(SystemExit) as end:
        main(["live", "up", *words])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_it_is_up_for_a_time(tmp_path: Path) -> None:
    """Endpoints, figures, what the ledgers say; a journal that is marked as live; nothing left."""
    process = started(tmp_path, *SMALL, "--for", "2s", "--every", "1", "--journal", str(tmp_path / "kept"))
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode in (0, 4), output  # 4: the machine was too busy
    for line in (
        r"station#0 +127\.0\.0\.1:\d+",
        r"is up: 4 processes",
        r"came \d+: confirmed",
        r"conservation: all \d+ laws hold",
    ):
        assert re.search(line, output), output
    assert '"live": true' in (tmp_path / "kept" / "journal.json").read_text(encoding="utf-8").replace(
        '"live":true', '"live": true'
    )
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_an_interrupt_ends_it_in_order(tmp_path: Path) -> None:
    """Ctrl-C while it is up: those who are there are answered, the ledgers are reconciled, exit code as ever, nothing left."""
    process = started(tmp_path, *SMALL, "--every", "0.5")
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if " came " in line:
            process.send_signal(signal.SIGINT)
            break
    rest, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode in (0, 4), "".join(lines) + rest
    assert re.search(r"conservation: all \d+ laws hold", rest)
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_shown_with_whom_it_came_to(tmp_path: Path) -> None:
    """By the name that the list of affected customers has for the account, and how long after it was booked. Of events nobody speaks."""
    process = started(tmp_path, "live/broker", "--workload", "live/steady", "--for", "3s", "--every", "1")
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode in (0, 4), output
    found = re.search(
        r"the last report, \S+ after the counter booked it: (.+), account (\d+): core:\d+ (is open|has ended), ", output
    )
    assert found, output
    assert Identities("en").of(int(found[2]) - 880_000_000) == (found[2], found[1])
    assert re.search(r"MQTT: +mqtt://127\.0\.0\.1:\d+ \((mosquitto|amqtt)\): reports/ACCOUNT", output)
    assert "live twin: live/broker" in output
    assert re.search(r"^digest ", output, re.MULTILINE)
    assert " events" not in output


@pytest.mark.parametrize(("says", "filled", "ended"), [(0, 0, False), (1, 0, True), (600, 300, False), (601, 300, True)], ids=str)
def test_what_a_report_says(says: int, filled: int, ended: bool) -> None:
    """Twice the shares that are filled in all, and one more at the end."""
    report = {"customer": 7, "order": "counter:3", "report": says, "at": 1_000, "came": 1_500}
    assert heard_report(report) == HeardReport(7, "counter:3", filled, ended, 500)
    assert heard_report(None) is None
