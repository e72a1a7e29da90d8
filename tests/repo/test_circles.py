"""No import circles: among the children of every package the imports form none. Imports inside functions count."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("simcore", "chaos")
Graph = dict[str, set[str]]

# Circles that are there still, as (package, its children in the circle). The table may only shrink.


def module_name(path: Path) -> str:
    """The dotted name of a file relative to the checkout; a package's is that of its folder."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str, path: Path) -> set[str]:
    """Full names of what a module imports when it runs, at its top or in a function; not what only type checkers see."""
    package = path.parent.parts
    names: set[str] = set()
    for node in _executed(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            names.update(".".join([*base, *([node.module] if node.module else []), alias.name]) for alias in node.names)
    return names


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")):
            yield from _executed(child)


def graph_of(sources: Mapping[Path, str]) -> Graph:
    """Which modules each module imports; a name inside a module counts as that module."""
    names = {module_name(path) for path in sources}

    def owner(name: str) -> str:
        while name and name not in names:
            name = name.rpartition(".")[0]
        return name

    found: Graph = {}
    for path, source in sources.items():
        mine = module_name(path)
        found[mine] = {other for name in imported(source, path) if (other := owner(name)) and other != mine}
    return found


def children_graph(graph: Graph, package: str) -> Graph:
    """The imports between the direct children of a package ("" for the top), by the children's own names."""

    def child(module: str) -> str:
        rest = module.removeprefix(f"{package}.") if package else module
        return rest.split(".")[0] if rest != module or not package else ""

    found: Graph = {}
    for module, others in graph.items():
        for other in others:
            a, b = child(module), child(other)
            if a and b and a != b:
                found.setdefault(a, set()).add(b)
                found.setdefault(b, set())
    return found


def circles(graph: Graph) -> list[tuple[str, ...]]:
    """Groups of nodes that can all reach each other, by name (each node reaches the others through imports)."""
    reach = {node: _reachable(graph, node) for node in graph}
    groups = {tuple(sorted(b for b in reach[a] if a in reach[b])) for a in graph if a in reach[a]}
    return sorted(groups)


def _reachable(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(graph.get(node, ()))
    return seen


def all_circles(sources: Mapping[Path, str]) -> set[tuple[str, tuple[str, ...]]]:
    """Every circle among the children of every package, and among the packages on top."""
    graph = graph_of(sources)
    packages = {"", *(".".join(parts[:n]) for parts in (name.split(".") for name in graph) for n in range(1, len(parts)))}
    return {(package, circle) for package in packages for circle in circles(children_graph(graph, package))}


def product() -> dict[Path, str]:
    """The source of every module of the packages, by its path relative to the checkout."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in paths}


def test_imports_form_no_circle() -> None:
    """Modules and packages can be read, and changed, from below."""
    assert all_circles(product()) == set()


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"p/a.py": "import p.b", "p/b.py": "def f():\n    from p import a"}, {("p", ("a", "b"))}),
        ({"p/x/a.py": "import p.y.b", "p/y/b.py": "import p.x.c", "p/x/c.py": ""}, {("p", ("x", "y"))}),
        ({"p/a.py": "if TYPE_CHECKING:\n    import p.b", "p/b.py": "import p.a"}, set()),
        ({"p/a.py": "from p.b import thing", "p/b.py": "from . import c", "p/c.py": ""}, set()),
    ],
    ids=["inside a function", "between packages", "types alone", "none"],
)
def test_planted_circles_are_found(sources: dict[str, str], expected: set[tuple[str, tuple[str, ...]]]) -> None:
    """A circle hidden in a function, and one that only packages form, are found; what only type checkers see is none."""
    assert all_circles({Path(path): source for path, source in sources.items()}) == expected
