"""axe-core on a page: whether people with a screen reader, or with a keyboard alone, can use it."""

from __future__ import annotations

import importlib.resources
import importlib.util
import os
from typing import Any

import pytest

SERIOUS = """async () => (await axe.run()).violations.filter((one) => ['serious', 'critical'].includes(one.impact))
  .map((one) => [one.id, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200))])"""


def program() -> str:
    """The program of axe-core, of the package axe-playwright-python. Only outside CI may it be missing."""
    if importlib.util.find_spec("axe_playwright_python") is None:
        if os.environ.get("CI"):
            pytest.fail("axe-playwright-python is not installed")
        pytest.skip("axe-playwright-python is not installed")
    return (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def serious(page: Any) -> list[Any]:
    """What axe-core finds on a page in which the program was put."""
    found: list[Any] = page.evaluate(SERIOUS)
    return found
