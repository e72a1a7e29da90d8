"""Who may import whom. The rules are the architecture; each is shown to fail on a planted violation."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


def imports(source: str, path: str) -> set[str]:
    """Full names of what a module imports when it runs, at its top or in a function; `path` is relative to the checkout."""
    package = list(Path(path).with_suffix("").parts)[:-1]
    names: set[str] = set()
    for node in _executed(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            names.update(".".join([*base, *([node.module] if node.module else []), alias.name]) for alias in node.names)
    return names


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        yield from _executed(child)


def within(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of the packages or in one of them."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def standard(name: str) -> bool:
    """Whether a dotted name belongs to Python's standard library."""
    return name.split(".")[0] in sys.stdlib_module_names


class Rule(NamedTuple):
    """`where` is the path (a prefix) it holds for, `but` the paths it spares, `allows` what may be imported there."""

    says: str
    where: str
    but: tuple[str, ...]
    allows: Callable[[str], bool]
    planted: tuple[str, str]


RULES = [
    Rule(
        "the kernel imports numpy and numba alone",
        "simcore/kernel/",
        (),
        lambda name: (
            standard(name) or within(name, "numpy", "numba", "llvmlite", "simcore.kernel")
        ),  # llvmlite is a part of numba
        ("simcore/kernel/planted.py", "from simcore.base.units import MS"),
    ),
    Rule(
        "only the cosimulation, its switches and chance reach the kernel from the control plane",
        "simcore/control/",
        ("simcore/control/cosimulation.py", "simcore/control/kernel_switches.py", "simcore/control/chance.py"),
        lambda name: not within(name, "simcore.kernel"),
        ("simcore/control/planted.py", "from ..kernel import state"),
    ),
    Rule(
        "the control plane is written for any core and any switchboard",
        "simcore/control/",
        ("simcore/control/cosimulation.py",),
        lambda name: not within(name, "simcore.control.cosimulation", "simcore.control.kernel_switches"),
        ("simcore/control/planted.py", "from simcore.control.cosimulation import Cosimulation"),
    ),
    Rule(
        "SimPy is the control plane's alone",
        "simcore/",
        ("simcore/control/", "simcore/simulation/"),
        lambda name: not within(name, "simpy"),
        ("simcore/planted.py", "import simpy.core"),
    ),
    Rule(
        "simcore never imports chaos",
        "simcore/",
        (),
        lambda name: not within(name, "chaos"),
        ("simcore/planted.py", "def f():\n    import chaos.faults"),
    ),
    Rule(
        "the journal imports neither the kernel nor a simulation library",
        "simcore/journal/",
        (),
        lambda name: not within(name, "numba", "simpy", "simcore.kernel", "simcore.control", "simcore.simulation"),
        ("simcore/journal/planted.py", "from simcore import kernel"),
    ),
    Rule(
        "chaos reaches the kernel only through a run",
        "chaos/",
        (),
        lambda name: not within(name, "numba", "simcore.kernel"),
        ("chaos/planted.py", "from simcore.kernel.layout import TASK"),
    ),
    Rule(
        "checkers read the journal alone, and give what results hold",
        "chaos/checkers/",
        ("chaos/checkers/catalogue.py",),
        lambda name: (
            not within(name, "simcore", "chaos")
            or within(name, "simcore.journal", "simcore.base.units", "chaos.checkers", "chaos.results.run")
        ),
        ("chaos/checkers/planted.py", "from simcore.simulation import simulate"),
    ),
    Rule(
        "measures read the journal and result types alone",
        "chaos/measures/",
        ("chaos/measures/catalogue.py",),
        lambda name: (
            not within(name, "simcore", "chaos")
            or within(name, "simcore.journal", "simcore.base", "chaos.results", "chaos.measures")
        ),
        ("chaos/measures/planted.py", "from chaos.execution.jobs import run"),
    ),
    Rule(
        "reports read a run's folder and result types alone",
        "chaos/reports/",
        (),
        lambda name: (
            not within(name, "simcore", "chaos")
            or within(
                name,
                "simcore.journal",
                "chaos.measures",
                "chaos.results",
                "chaos.i18n",
                "simcore.base",
                "chaos.reports",
            )
        ),
        ("chaos/reports/planted.py", "from chaos.execution.target.simulated import Simulated"),
    ),
    Rule(
        "only the command line and the terminal's report import click and rich",
        "",
        ("chaos/cli/", "chaos/reports/run/terminal.py"),
        lambda name: not within(name, "click", "rich"),
        ("chaos/execution/planted.py", "def f():\n    import click"),
    ),
    Rule(
        "only targets and exercises run the simulator, or plan for it",
        "chaos/",
        ("chaos/execution/target/simulated.py", "chaos/execution/plain_run.py", "chaos/live/", "chaos/room/exercise/scene.py"),
        lambda name: not within(name, "simcore.simulation", "simcore.compile"),
        ("chaos/execution/planted.py", "def f():\n    from simcore.simulation import simulate"),
    ),
    Rule(
        "nothing imports the command line",
        "",
        ("chaos/__main__.py", "chaos/cli/", "chaos/pytest_plugin.py"),
        lambda name: not within(name, "chaos.cli"),
        ("chaos/planted.py", "from . import cli"),
    ),
]


def violations(rule: Rule, path: str, source: str) -> list[str]:
    """The imports of one file that a rule forbids."""
    if not path.startswith(rule.where) or path.startswith(rule.but or ("\0",)):
        return []
    return [f"{path} imports {name}" for name in sorted(imports(source, path)) if not rule.allows(name)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.says)
def test_import_rule_holds(rule: Rule) -> None:
    """No file of the packages imports what its place forbids."""
    files = [p for package in ("simcore", "chaos") for p in sorted((ROOT / package).rglob("*.py"))]
    found = [v for p in files for v in violations(rule, p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8"))]
    assert not found, f"{rule.says}: {found}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.says)
def test_import_rule_can_fail(rule: Rule) -> None:
    """Each rule catches a planted import."""
    path, source = rule.planted
    assert violations(rule, path, source)


def test_types_only_imports_are_free() -> None:
    """An import under TYPE_CHECKING does not run, so it couples nothing."""
    assert imports("if TYPE_CHECKING:\n    import numba\nimport numpy", "simcore/compile/plan.py") == {"numpy"}


def missing_names(source: str, siblings: dict[str, str]) -> list[str]:
    """What a script takes from the scripts beside it and they do not define, as `module.name`."""
    wanted = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.module in siblings]
    defined = {module: set(_bound(ast.parse(text))) for module, text in siblings.items()}
    return [f"{n.module}.{alias.name}" for n in wanted for alias in n.names if alias.name not in defined[n.module or ""]]


def _bound(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)


def test_scripts_find_what_they_take_from_each_other() -> None:
    """No other test imports most of the benchmarks, so a name that was changed in one would be missed in the next."""
    scripts = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "benchmarks").glob("*.py")}
    assert len(scripts) > 15
    assert {name: missing for name, text in scripts.items() if (missing := missing_names(text, scripts))} == {}


def test_a_name_that_is_not_there_is_found() -> None:
    """The old name of a function, and the new one."""
    siblings = {"runs": "def examine() -> None: ...\nCOUNT = 3\n"}
    assert missing_names("from runs import COUNT, examine, look\n", siblings) == ["runs.look"]
