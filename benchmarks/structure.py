"""The structure of a checkout in numbers, for the packages simcore and chaos.

    python benchmarks/structure.py [--tree DIR] [--json FILE]

What is counted:

- functions: every `def`, those in classes and in other functions too; their lines are counted without the docstring;
- returns of dicts: functions of chaos whose annotated return is a dict, another mapping, a TypedDict or a tuple of unlike parts.
  Aliases are resolved; a NamedTuple is a type, `tuple[X, ...]` a sequence, and `list[dict]` a list. `module_functions` are those
  that stand at the top of a module, `all` has methods and inner functions, too; with `or_one_side` those count as well of which
  a dict or a tuple is one side of `|`, as in `dict | None`;
- Any: the name in code, not in an import; `words` counts the word wherever it stands;
- documented: public functions, classes and methods with a docstring, but for plain models that only list fields;
- circles: sets of modules, or of packages, that import each other when they run, imports inside functions counted, those under
  TYPE_CHECKING not. A package imports what its modules do;
- duplicates: runs of six or more lines that are found twice, without comments, blank lines, imports and indentation;
- mutable state: functions with a cache, `global`, and lists, dicts and sets at the top of a module that are changed in it;
- private imports: names with a leading underscore imported from another module of simcore or chaos.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("simcore", "chaos")
KERNEL = "simcore.kernel"
MAPPINGS = {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict", "Counter", "TypedDict"}
TUPLES = {"tuple", "Tuple"}
CACHES = {"cache", "lru_cache", "cached"}
CHANGES = {"append", "add", "update", "setdefault", "pop", "popitem", "clear", "extend", "remove", "discard", "insert"}
SKIP = re.compile(r"# fmt: skip\s*$", re.MULTILINE)
BLOCK_LINES = 6

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Module:
    """A source file, parsed."""

    def __init__(self, tree: Path, path: Path) -> None:
        self.path = path.relative_to(tree).as_posix()
        parts = path.relative_to(tree).with_suffix("").parts
        self.is_package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_package else parts)
        self.package = self.name if self.is_package else ".".join(parts[:-1])
        self.source = path.read_text(encoding="utf-8")
        self.ast = ast.parse(self.source)

    @cached_property
    def functions(self) -> list[Function]:
        """All of them, inner ones too."""
        return [node for node in ast.walk(self.ast) if isinstance(node, Function)]

    @cached_property
    def imports(self) -> list[tuple[str, str]]:
        """(module, name) of what is imported when it runs; the name is empty for a plain import."""
        found = []
        for node in _executed(self.ast):
            if isinstance(node, ast.Import):
                found += [(alias.name, "") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                up = self.package.split(".")[: len(self.package.split(".")) - node.level + 1] if node.level else []
                base = ".".join([*up, *([node.module] if node.module else [])])
                found += [(base, alias.name) for alias in node.names]
        return found


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")):
            yield from _executed(child)


def modules_of(tree: Path) -> list[Module]:
    """The modules of both packages, in order of their paths."""
    return [Module(tree, path) for package in PACKAGES for path in sorted((tree / package).rglob("*.py"))]


def share(part: int, whole: int) -> dict[str, Any]:
    """A part of a whole, in percent, too."""
    return {"of": whole, "found": part, "percent": round(100 * part / max(whole, 1), 1)}


# --- sizes --------------------------------------------------------------------------------------------------------------


def lines_of(node: Function) -> int:
    """From `def` to the end, without the docstring."""
    first = node.body[0]
    docstring = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) is not None else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def sizes(modules: list[Module]) -> dict[str, Any]:
    """Files, packages, lines, and the largest of them."""
    files = sorted(((len(m.source.splitlines()), m.path) for m in modules), reverse=True)
    functions = sorted(((lines_of(f), f"{m.path}:{f.name}") for m in modules for f in m.functions), reverse=True)
    entries: dict[str, int] = defaultdict(int)
    for m in modules:
        entries[m.package] += not m.is_package
    return {
        "files": len(modules),
        "packages": sum(m.is_package for m in modules),
        "lines": sum(lines for lines, _ in files),
        "functions": len(functions),
        "largest_files": files[:5],
        "largest_functions": functions[:5],
        "files_over_400_lines": sum(lines > 400 for lines, _ in files),
        "functions_over_50_lines": sum(n > 50 for n, _ in functions),
        "modules_in_package": dict(sorted(entries.items(), key=lambda item: -item[1])),
    }


# --- types --------------------------------------------------------------------------------------------------------------


def aliases(modules: list[Module]) -> dict[str, ast.expr]:
    """What names at the top of modules stand for: other types, or the bases of classes that are a TypedDict."""
    found: dict[str, ast.expr] = {}
    for node in (node for m in modules for node in m.ast.body):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if isinstance(node.value, ast.Subscript | ast.Name):
                found[node.targets[0].id] = node.value
        elif (
            isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and "TypeAlias" in ast.unparse(node.annotation)
        ):
            found |= {node.target.id: node.value} if node.value is not None else {}
        elif isinstance(node, ast.ClassDef) and any("TypedDict" in ast.unparse(base) for base in node.bases):
            found[node.name] = ast.Name("TypedDict")
        elif type(node).__name__ == "TypeAlias":  # `type X = …`, of Python 3.12
            found[ast.unparse(getattr(node, "name"))] = getattr(node, "value")  # noqa: B009
    return found


def is_loose(annotation: ast.expr | None, known: dict[str, ast.expr], seen: tuple[str, ...] = ()) -> bool:
    """Whether an annotation is a mapping or a tuple of unlike parts, itself, as one side of `|` or by an alias."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    if isinstance(annotation, ast.BinOp):
        return is_loose(annotation.left, known, seen) or is_loose(annotation.right, known, seen)
    if isinstance(annotation, ast.Subscript):
        many = isinstance(annotation.slice, ast.Tuple) and ast.unparse(annotation.slice.elts[-1]) == "..."
        return not (many and ast.unparse(annotation.value) in TUPLES) and is_loose(annotation.value, known, seen)
    if not isinstance(annotation, ast.Name | ast.Attribute):
        return False
    name = annotation.id if isinstance(annotation, ast.Name) else annotation.attr
    return name in MAPPINGS | TUPLES or (name in known and name not in seen and is_loose(known[name], known, (*seen, name)))


def _is_union(annotation: ast.expr | None) -> bool:
    return isinstance(annotation, ast.BinOp)


def types(modules: list[Module]) -> dict[str, Any]:
    """How loosely things are typed."""
    known = aliases(modules)
    chaos = [m for m in modules if m.name.split(".")[0] == "chaos"]
    top = [f for m in chaos for f in m.ast.body if isinstance(f, Function)]
    every = [f for m in chaos for f in m.functions]
    taking = [
        f for f in every if any(is_loose(a.annotation, known) for a in (*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs))
    ]
    anys = {m.name: sum(isinstance(n, ast.Name) and n.id == "Any" for n in ast.walk(m.ast)) for m in modules}
    words = {m.name: len(re.findall(r"\bAny\b", m.source)) for m in modules}
    outside = [name for name in anys if not f"{name}.".startswith(f"{KERNEL}.")]
    return {
        "returns_dict_or_tuple": {
            f"{name}{more}": share(sum(is_loose(f.returns, known) for f in of if more or not _is_union(f.returns)), len(of))
            for name, of in (("module_functions", top), ("all", every))
            for more in ("", "_or_one_side")
        },
        "takes_dict_or_tuple": share(len(taking), len(every)),
        "Any": {"in_all": sum(anys.values()), "without_kernel": sum(anys[name] for name in outside)},
        "Any_words": {"in_all": sum(words.values()), "without_kernel": sum(words[name] for name in outside)},
    }


# --- documentation ------------------------------------------------------------------------------------------------------


def _public(body: Iterable[ast.stmt]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body)


def _is_plain_model(node: Definition) -> bool:
    if not isinstance(node, ast.ClassDef) or "Model" not in [ast.unparse(base) for base in node.bases]:
        return False
    return all(isinstance(part, ast.AnnAssign | ast.Assign) or getattr(part, "name", "").startswith("_") for part in node.body)


def documentation(modules: list[Module]) -> dict[str, Any]:
    """Docstrings of modules; of public functions and classes; and of those with the public methods of public classes."""
    everything = [node for m in modules for node in _public(m.ast.body) if not _is_plain_model(node)]
    outer = {id(node) for m in modules for node in m.ast.body}
    top = [node for node in everything if id(node) in outer]
    return {
        "modules": share(sum(bool(ast.get_docstring(m.ast)) for m in modules), len(modules)),
        "functions_and_classes": share(sum(bool(ast.get_docstring(n)) for n in top), len(top)),
        "with_methods": share(sum(bool(ast.get_docstring(node)) for node in everything), len(everything)),
    }


# --- coupling -----------------------------------------------------------------------------------------------------------


def graph(modules: list[Module]) -> dict[str, set[str]]:
    """Which module imports which when it runs."""
    names = {m.name for m in modules}
    found: dict[str, set[str]] = {}
    for m in modules:
        targets = (full if (full := f"{base}.{name}") in names else base for base, name in m.imports)
        found[m.name] = {target for target in targets if target in names and target != m.name}
    return found


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Sets of nodes that reach each other, the largest first."""
    reached = {node: _reached(node, edges) for node in edges}
    sets = {frozenset(other for other in reached[node] if node in reached[other]) for node in edges}
    return sorted((sorted(of) for of in sets if len(of) > 1), key=lambda of: (-len(of), of))


def _reached(node: str, edges: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [node]
    while waiting:
        fresh = edges.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += fresh
    return found


def coupling(modules: list[Module]) -> dict[str, Any]:
    """Circles of imports, private imports and star imports."""
    edges, package = graph(modules), {m.name: m.package for m in modules}
    between: dict[str, set[str]] = defaultdict(set)
    for name, targets in edges.items():
        between[package[name]] |= {package[target] for target in targets} - {package[name]}
    ours = [(m.name, base, name) for m in modules for base, name in m.imports if base.split(".")[0] in PACKAGES]
    private = [
        f"{at}: {base}.{name}" for at, base, name in ours if name.startswith("_") and not name.startswith("__") and base != at
    ]
    return {
        "circles_of_modules": circles(edges),
        "circles_of_packages": circles(between),
        "edges_between_modules": sum(map(len, edges.values())),
        "edges_between_packages": sum(map(len, between.values())),
        "private_imports": sorted(private),
        "star_imports": sum(name == "*" for _, _, name in ours),
    }


# --- what is better not there -------------------------------------------------------------------------------------------


def duplicates(modules: list[Module]) -> dict[str, Any]:
    """Runs of lines that are found twice or more, and how many lines lie in one."""
    places: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    kept: list[list[tuple[int, str]]] = []
    for number, m in enumerate(modules):
        lines = ((n, re.sub(r"\s+", " ", line.partition("  #")[0]).strip()) for n, line in enumerate(m.source.splitlines(), 1))
        kept.append([(n, text) for n, text in lines if text and not text.startswith(("#", "import ", "from "))])
        for i in range(len(kept[-1]) - BLOCK_LINES + 1):
            places[tuple(text for _, text in kept[-1][i : i + BLOCK_LINES])].append((number, i))
    inside = {(number, i + k) for at in places.values() if len(at) > 1 for number, i in at for k in range(BLOCK_LINES)}
    starts = sorted((number, i) for number, i in inside if (number, i - 1) not in inside)
    shown = []
    for number, i in starts:
        length = next(k for k in range(len(inside) + 1) if (number, i + k) not in inside)
        shown.append(f"{modules[number].path}:{kept[number][i][0]}, {length} lines")
    return {"lines": len(inside), "blocks": shown}


def state(modules: list[Module]) -> dict[str, Any]:
    """What lives longer than a call: caches, `global`, and containers at the top of a module that are changed."""
    cached = [f"{m.path}:{f.name}" for m in modules for f in m.functions if any(_is_cache(d) for d in f.decorator_list)]
    names = [f"{m.path}: {', '.join(n.names)}" for m in modules for n in ast.walk(m.ast) if isinstance(n, ast.Global)]
    return {"caches": cached, "global": names, "changed_containers": [name for m in modules for name in _changed(m)]}


def _is_cache(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called).rpartition(".")[2] in CACHES


def _changed(m: Module) -> list[str]:
    made = {"dict", "list", "set", "defaultdict", "WeakKeyDictionary", "WeakValueDictionary", "OrderedDict"}
    held: set[str] = set()
    for node in m.ast.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        call = isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2].partition("[")[0] in made
        if isinstance(target, ast.Name) and (
            call or isinstance(value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp)
        ):
            held.add(target.id)
    touched = set()
    for part in (part for f in m.functions for part in ast.walk(f)):
        if isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store | ast.Del):
            touched.add(ast.unparse(part.value))
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in CHANGES:
            touched.add(ast.unparse(part.func.value))
    return [f"{m.path}: {name}" for name in sorted(held & touched)]


def skips(tree: Path, modules: list[Module]) -> dict[str, int]:
    """Places the formatter is told to leave alone: in both packages, and with the tests and benchmarks."""
    others = [path for folder in ("tests", "benchmarks") for path in sorted((tree / folder).rglob("*.py"))]
    ours = sum(len(SKIP.findall(m.source)) for m in modules)
    return {"in_packages": ours, "in_all": ours + sum(len(SKIP.findall(path.read_text(encoding="utf-8"))) for path in others)}


# --- what is shown ------------------------------------------------------------------------------------------------------


def measure(tree: Path) -> dict[str, Any]:
    """All numbers of a checkout."""
    modules = modules_of(tree)
    commit = subprocess.run(
        ["git", "-C", str(tree), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "commit": commit,
        "sizes": sizes(modules),
        "types": types(modules),
        "documented": documentation(modules),
        "coupling": coupling(modules),
        "duplicates": duplicates(modules),
        "state": state(modules),
        "fmt_skip": skips(tree, modules),
    }


def told(value: Any, name: str = "") -> Iterator[str]:
    """Lines to read: a list of names is its length, and at most ten of them."""
    if isinstance(value, dict) and set(value) == {"of", "found", "percent"}:
        yield f"{name}: {value['found']:,} of {value['of']:,}, {value['percent']} %"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from told(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        yield f"{name}: {len(value)}"
        yield from (f"    {', '.join(map(str, of)) if isinstance(of, list | tuple) else of}" for of in value[:10])
    else:
        yield f"{name}: {value:,}" if isinstance(value, int) else f"{name}: {value}"


@click.command(context_settings={"show_default": True})
@click.option("--tree", default=ROOT, type=click.Path(path_type=Path, exists=True, file_okay=False), help="The checkout.")
@click.option("--json", "out", type=click.Path(path_type=Path, dir_okay=False), help="Write the numbers, with every name.")
def main(tree: Path, out: Path | None) -> None:
    """Numbers of the structure; see the head of this file."""
    found = measure(tree.resolve())
    for line in told(found):
        click.echo(line)
    if out is not None:
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
