"""What is counted in the modules of a checkout: types, documentation, state. For tests/repo/test_ratchets.py and benchmarks/structure.py.

- Returns of dicts: functions of chaos whose annotated return is a dict, another mapping, a TypedDict or a tuple of unlike parts.
  Aliases are resolved; a NamedTuple is a type, `tuple[X, ...]` a sequence, and `list[dict]` a list. `module_functions` are those
  that stand at the top of a module, `all` has methods and inner functions, too; with `or_one_side` those count as well of which
  a dict or a tuple is one side of `|`, as in `dict | None`.
- Any: the name in code, not in an import; `words` counts the word wherever it stands.
- Documented: public functions, classes and methods with a docstring, but for plain models that only list fields.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from source_tree import Definition, Function, Module

KERNEL = "simcore.kernel"
MAPPINGS = {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict", "Counter", "TypedDict"}
TUPLES = {"tuple", "Tuple"}
SKIP = re.compile(r"# fmt: skip\s*$", re.MULTILINE)


def share(part: int, whole: int) -> dict[str, Any]:
    """A part of a whole, in percent, too."""
    return {"of": whole, "found": part, "percent": round(100 * part / max(whole, 1), 1)}


def lines_of(node: Function) -> int:
    """Lines of a function from `def` to its end, without the docstring."""
    first = node.body[0]
    docstring = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) is not None else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


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


# --- the formatter -------------------------------------------------------------------------------------------------------


def skips(tree: Path, modules: list[Module]) -> dict[str, int]:
    """Places the formatter is told to leave alone: in both packages, and with the tests and benchmarks."""
    others = [path for folder in ("tests", "benchmarks") for path in sorted((tree / folder).rglob("*.py"))]
    ours = sum(len(SKIP.findall(m.source)) for m in modules)
    return {"in_packages": ours, "in_all": ours + sum(len(SKIP.findall(path.read_text(encoding="utf-8"))) for path in others)}
