"""No dead code: whatever simcore, chaos and the benchmarks define, something in them uses. That a test uses it is not enough."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from dead_names import Definitions
from source_tree import Module, product

ROOT = Path(__file__).resolve().parents[2]

ROOTS = {
    r"chaos\.pytest_plugin\.(pytest_\w+|drill|run_scenario)": "hooks and fixtures of the pytest plug-in",
    r"chaos\.pytest_plugin\.\w+\.(collect|runtest|repr_failure|reportinfo)": "methods of items and collectors that pytest calls",
    r"chaos\.cli\.group\.Group\.(list_commands|get_command|format_commands|resolve_command)": "methods that click calls",
    r"chaos\.cli\.\w+\.\w+\.(convert|write)": "methods of options' types and files that click and json call",
    r"chaos\.i18n\.texts\._Counting\.format_field": "a method that string.Formatter calls",
    r".+\.model_post_init": "a method that pydantic calls",
    r"chaos\.live\.mqtt\.broker\._Reader\.readexactly": "a method that amqtt calls",
    r"chaos\.live\.node\.commands\.Control\.do_\w+": "commands, called by their names",
    r"chaos\.live\.(node\.wire|proxy\.link)\.\w+\.(\w+_(made|received|lost|writing))": "methods that asyncio calls",
    r"chaos\.room\.server\.serve\._Server\.capture_signals": "a method that uvicorn calls",
    r"simcore\.kernel\.numba_internals\.\w+\.run_pass": "a method that Numba calls",
    r"chaos\.(faults|checkers)\.(?!(fault|checker|common|flags|catalogue|document)\.)\w+\.[A-Z]\w*": "found by listing the folder",
    r"chaos\.lint\.rules\.\w+\.[A-Z]\w*": "found by listing the folder",
    r"simcore\.counterparties\.\w+\.COUNTERPARTY": "found by listing the folder",
    r"chaos\.reports\.run\.charts\.\w+\.CHART": "found by listing the folder",
    r"simcore\.kernel\.ledger\.\w+\.BOOKS": "found by the list of counterparties",
    r"simcore\.kernel\.records\.[A-Z_]+": "records and codes are collected from the module's own names",
    r"simcore\.kernel\.layout\.\w+": "written by simcore/kernel/generate.py, whole, whether the kernel needs a word or not",
    r"chaos\.faults\.fault\.On[A-Z]\w+(\.targets)?": "families to derive a fault from: docs/writing-a-fault.md promises them",
    r"chaos\.measures\.registry\.extension": "what an extension makes a measure with",
    r"simcore\.compile\.program\.Assembler\.[a-z]+": "one method a kind of step, called by the name of the kind",
}
"""What is called from outside, or by a name that is put together, as patterns of full names; each with its reason."""


def entry_points() -> str:
    """A pattern of what pyproject.toml, the list of commands and the targets' catalogue name as `module:name`."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"].values()
    naming = ("chaos/cli/main.py", "chaos/execution/target/catalogue.py")
    listed = [
        where for path in naming for where in re.findall(r'"(chaos\.[\w.]+:\w+)"', (ROOT / path).read_text(encoding="utf-8"))
    ]
    return "|".join(re.escape(where.replace(":", ".")) for where in (*scripts, *listed))


@cache
def scanned() -> Definitions:
    """The packages and the benchmarks, whose modules import each other by their bare names."""
    benchmarks = [Module(path.name, path.read_text(encoding="utf-8")) for path in sorted((ROOT / "benchmarks").glob("*.py"))]
    return Definitions([*product(), *benchmarks])


def templates() -> list[str]:
    """Texts of pages: they use methods by name."""
    folder = ROOT / "chaos/reports/templates"
    return [path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()) if path.suffix in {".html", ".js"}]


def test_nothing_is_dead() -> None:
    """Code that is not used is taken out; what somebody outside uses is among the roots, with the reason."""
    dead = scanned().dead([*ROOTS, entry_points()], templates())
    assert dead == []


def test_roots_are_needed() -> None:
    """Without a root something would be dead; a pattern that spares nothing is taken off."""
    for root in ROOTS:
        others = [pattern for pattern in (*ROOTS, entry_points()) if pattern != root]
        assert scanned().dead(others, templates()) != [], root


DEAD = [
    ("p.a.f", {"p/a.py": "def f(): ..."}),
    ("p.a.f", {"p/a.py": "def f(n): return f(n - 1)"}),
    ("p.a.TABLE", {"p/a.py": "TABLE = {}"}),
    ("p.a.A", {"p/a.py": "class A: ...\ndef g(A): return A\ng(1)"}),
    ("p.a.A.f", {"p/a.py": "class A:\n    def f(self): ...\n    def g(self): ...\nA().g()"}),
    ("p.a.f", {"p/a.py": "def f(): ...", "p/b.py": "import p.a\np.a.g(f=1)"}),
    ("p.a.A", {"p/a.py": "class A:\n    @model_validator\n    def f(self): ..."}),
    ("p.a.f", {"p/a.py": "def f(): ...", "p/b.py": "def g():\n    from p.a import f"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sources"), DEAD)
def test_planted_dead_names_are_found(name: str, sources: dict[str, str]) -> None:
    """A function, constant, class or method that nothing uses, itself excepted, or that only dead code uses."""
    assert name in Definitions(Module(path, source) for path, source in sources.items()).dead()


@pytest.mark.parametrize(
    "sources",
    [
        {"p/a.py": "def f(): ...\nf()"},
        {"p/a.py": "def f(): ...", "p/b.py": "from .a import f as g\ng()"},
        {"p/a.py": "def f(): ...", "p/b.py": "from p import a\na.f()"},
        {"p/a.py": "class A:\n    def f(self): ...\n    def __len__(self): ...\ngetattr(A(), 'f')"},
        {"p/a.py": "class A:\n    @model_validator\n    def f(self): ...\nprint(A)"},
        {"p/a.py": "N = 1\ndef f(n=N):\n    n += 1\nif f():\n    pass"},
    ],
)
def test_names_in_use_pass(sources: dict[str, str]) -> None:
    """By name, by import, as an attribute, by a string, by a decorator, as a default."""
    assert Definitions(Module(path, source) for path, source in sources.items()).dead() == []


def test_a_template_uses_methods() -> None:
    """A word of a template may be a method."""
    found = Definitions([Module("p/a.py", "class A:\n    def f(self): ...\nA()")])
    assert (found.dead(), found.dead(texts=["{{ a.f }}"])) == (["p.a.A.f"], [])
