"""What is under test is what users get: the wheel, complete, and built from this checkout."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest


def package_folder(name: str) -> Path:
    """Where a package is imported from."""
    spec = importlib.util.find_spec(name)
    assert spec is not None, f"{name} is not installed: pip install '.[test]', or -e '.[test]' to work on it"
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations))).resolve()


def contents(folder: Path) -> dict[str, bytes]:
    """The files below a folder, by relative path, without what Python and numba cache."""
    files = [p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@pytest.mark.skipif(
    "COREDRILL_TEST_INSTALLED" not in os.environ, reason="COREDRILL_TEST_INSTALLED is not set: any way to install is fine"
)
@pytest.mark.parametrize("package", ["simcore", "chaos", "scenarios"])
def test_packages_come_from_the_wheel(package: str, root: Path, under_test: str) -> None:
    """With COREDRILL_TEST_INSTALLED set, as in CI, nothing is imported from the checkout."""
    assert under_test == "wheel"
    assert package_folder(package) != (root / package).resolve()
    assert "site-packages" in package_folder(package).parts


@pytest.mark.parametrize("package", ["simcore", "chaos", "scenarios"])
def test_installed_package_is_the_checkout(package: str, root: Path, under_test: str) -> None:
    """The wheel has every file of the checkout, data files too, byte for byte. If not: install again, or fix the build."""
    if under_test != "wheel":
        pytest.skip("the checkout itself is under test")
    installed, source = contents(package_folder(package)), contents(root / package)
    assert sorted(installed) == sorted(source)
    assert [name for name in source if source[name] != installed[name]] == []
