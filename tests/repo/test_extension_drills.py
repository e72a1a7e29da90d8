"""An extension takes the files that the documentation says, and no more: benchmarks/extension_drills.py, run here in copies."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
DRILLS = {"fault": 2, "measure": 2, "checker": 2, "defect operator": 1, "counterparty": 3, "chart": 2}
SLOW = {"fault", "counterparty", "chart"}


@pytest.fixture(scope="module")
def drills() -> ModuleType:
    """The script."""
    spec = importlib.util.spec_from_file_location("extension_drills", ROOT / "benchmarks/extension_drills.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in DRILLS])
def test_an_extension_takes_so_many_files(name: str, drills: ModuleType, tmp_path: Path) -> None:
    """Made from the documentation's own examples it works, and nothing else was edited by hand."""
    done = drills.drill(name, tmp_path)
    assert done.error == ""
    assert len(done.edited) == DRILLS[name]


def test_an_edit_too_many_is_seen(drills: ModuleType, tmp_path: Path) -> None:
    """A product file that is changed, and one that is added, are counted; what a command makes is not."""
    copy = drills.Copy(tmp_path)
    for path in ("simcore/laws.py", "chaos/faults/new.py", "docs/faults.md"):
        copy.write(path, "changed")
    assert copy.edited() == ["chaos/faults/new.py", "simcore/laws.py"]


def test_a_broken_example_is_seen(drills: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example that is not there, or does not run, fails the drill."""
    monkeypatch.setitem(drills.DRILLS, "nothing", drills.Drill(lambda copy: copy.example("coverage.md", "yaml", "no such"), 0))
    monkeypatch.setitem(drills.DRILLS, "broken", drills.Drill(lambda copy: copy.python("-c", "1 / 0"), 0))
    assert drills.drill("nothing", tmp_path / "a").error != ""
    assert "ZeroDivisionError" in drills.drill("broken", tmp_path / "b").error
