"""The modules of a checkout as syntax, read without importing them. For the house rules of tests/repo and for benchmarks/structure.py."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("simcore", "chaos")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Module:
    """A source file, parsed; `path` is relative to the checkout, with slashes. Raises SyntaxError."""

    def __init__(self, path: str, source: str) -> None:
        parts = Path(path).with_suffix("").parts
        self.path, self.source = path, source
        self.is_package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_package else parts)
        self.package = ".".join(parts[:-1])
        self.ast = ast.parse(source)

    @cached_property
    def functions(self) -> list[Function]:
        """All of them, methods and inner ones too."""
        return [node for node in ast.walk(self.ast) if isinstance(node, Function)]

    @cached_property
    def imports(self) -> list[tuple[str, str]]:
        """(module, name) of what is imported when it runs, at its top or in a function; the name is empty for a plain import."""
        found = []
        for node in executed(self.ast):
            if isinstance(node, ast.Import):
                found += [(alias.name, "") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found += [(self.base_of(node), alias.name) for alias in node.names]
        return found

    def base_of(self, node: ast.ImportFrom) -> str:
        """The full name of the module that a `from … import` names, whether it is relative or not."""
        package = self.package.split(".")
        up = package[: len(package) - node.level + 1] if node.level else []
        return ".".join([*up, *([node.module] if node.module else [])])

    def bindings(self, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
        """The names that an import binds, each with the full name of what it stands for."""
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                yield alias.asname or alias.name, f"{self.base_of(node)}.{alias.name}"
            elif alias.asname:
                yield alias.asname, alias.name
            else:
                yield alias.name.partition(".")[0], alias.name.partition(".")[0]


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below one, and itself, but what stands under `if TYPE_CHECKING`."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")):
            yield from executed(child)


def modules_of(tree: Path, packages: Iterable[str] = PACKAGES) -> list[Module]:
    """The modules below some folders of a checkout, in order of their paths."""
    paths = [path for package in packages for path in sorted((tree / package).rglob("*.py"))]
    return [Module(path.relative_to(tree).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


@cache
def product() -> tuple[Module, ...]:
    """The modules of simcore and chaos, read once."""
    return tuple(modules_of(ROOT))


# --- who imports whom ---------------------------------------------------------------------------------------------------

Graph = dict[str, set[str]]


def graph_of(modules: Iterable[Module]) -> Graph:
    """Which modules each module imports when it runs; a name inside a module counts as that module."""
    by_name = {module.name: module for module in modules}

    def owner(name: str) -> str:
        while name and name not in by_name:
            name = name.rpartition(".")[0]
        return name

    found: Graph = {}
    for name, module in by_name.items():
        owners = {owner(f"{base}.{word}" if word else base) for base, word in module.imports}
        found[name] = owners - {name, ""}
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


def circles_of_children(modules: Iterable[Module]) -> set[tuple[str, tuple[str, ...]]]:
    """Every circle among the children of a package, and among the packages on top, as (package, its children in the circle)."""
    graph = graph_of(modules)
    packages = {"", *(".".join(parts[:n]) for parts in (name.split(".") for name in graph) for n in range(1, len(parts)))}
    return {(package, circle) for package in packages for circle in circles(children_graph(graph, package))}


# --- names --------------------------------------------------------------------------------------------------------------

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def top_statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements at the top of a module, those under `if`, `try` and `with` too, but none inside a definition."""
    for node in body:
        if isinstance(node, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                yield from top_statements(getattr(node, part, []))
        else:
            yield node


def targets(node: ast.AST) -> list[str]:
    """Names that an assignment binds; none for another statement."""
    if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return []
    found = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [n.id for target in found for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def bound_in(scope: Scope) -> set[str]:
    """Names that a function binds: its parameters and what it assigns, but for what it imports or declares global."""
    given = scope.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    bound = {argument.arg for argument in named if argument is not None}
    elsewhere: set[str] = set()
    body = scope.body if isinstance(scope.body, list) else [scope.body]
    for node in (n for part in body for n in ast.walk(part)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            bound.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.Global):
            elsewhere.update(node.names)
    return bound - elsewhere


def dotted(node: ast.AST) -> list[str]:
    """The words of `a.b.c`; none for anything else."""
    if isinstance(node, ast.Name):
        return [node.id]
    before = dotted(node.value) if isinstance(node, ast.Attribute) else []
    return [*before, node.attr] if before and isinstance(node, ast.Attribute) else []
