"""The demo's story in a terminal, in Chinese."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from chaos.cli.main import main

ALLOWED = {"App", "DORA", "coredrill", "demo", "seed", "init"}


@pytest.mark.slow
def test_the_demo_in_chinese() -> None:
    """Nothing English is left but names and commands."""
    result = CliRunner().invoke(main, ["demo", "--lang", "zh"], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout.startswith("一家银行变慢\n")
    story = re.sub(r"校验值 [0-9a-f]{32}", "", result.stdout)
    assert "判定          未通过\n  服务异常时长 ≤ 300 秒，实际：870 秒\n" in result.stdout
    assert [word for word in re.findall(r"[A-Za-z]{2,}", story) if word not in ALLOWED] == []
