"""What lives longer than a call: caches, `global`, and objects at the top of a module that code changes.

A scan of the syntax, so it knows names and not types. An object at the top of a module is changed where a function stores into it
(`X[...] = `, `X.a = `, `X.append(...)`), in its own module or in one that imports it; and an instance made at the top of a module
may change if its class has a method that stores into `self`, other than those that make it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from source_tree import Function, Module, bound_in, dotted, targets, top_statements

CACHES = {"cache", "lru_cache", "cached"}
CHANGES = {
    *("append", "add", "update", "setdefault", "pop", "popitem", "popleft", "appendleft", "clear"),
    *("extend", "remove", "discard", "insert", "sort", "reverse", "__setitem__", "set"),
}
STATEFUL = {"count", "cycle", "iter", "local", "Lock", "RLock", "ContextVar", "Random", "default_rng", "defaultdict", "deque"}
STATEFUL |= {"WeakKeyDictionary", "WeakValueDictionary", "Counter", "OrderedDict"}
MAKING = {"__init__", "__new__", "__post_init__", "model_post_init", "__init_subclass__", "__set_name__"}


class Lasting(NamedTuple):
    """Something that lasts: `kind` is cache, global, changed or stateful; `name` is its module's path, a colon and its name."""

    kind: str
    name: str


def lasting(modules: Iterable[Module]) -> list[Lasting]:
    """All that lasts in some modules, sorted."""
    known = {module.name: module for module in modules}
    top = {name: {word for node in top_statements(m.ast.body) for word in _binds(node)} for name, m in known.items()}
    stateful = {f"{name}.{word}" for name, module in known.items() for word in _stateful_classes(module)}
    found: set[Lasting] = set()
    for module in known.values():
        where = _Names(module, top)
        found |= {Lasting("cache", f"{module.path}:{f.name}") for f in module.functions if any(map(_is_cache, f.decorator_list))}
        for node in ast.walk(module.ast):
            if isinstance(node, ast.Global):
                found |= {Lasting("global", f"{module.path}:{name}") for name in node.names}
        for full in where.changed():
            found.add(Lasting("changed", _placed(full, known)))
        for node in top_statements(module.ast.body):
            value = getattr(node, "value", None)
            if isinstance(value, ast.Call) and targets(node) and where.makes(value) & (stateful | STATEFUL):
                found |= {Lasting("stateful", f"{module.path}:{name}") for name in targets(node)}
    return sorted(found)


def _binds(node: ast.stmt) -> list[str]:
    return [node.name] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else targets(node)


def _placed(full: str, known: dict[str, Module]) -> str:
    module = max((name for name in known if full.startswith(f"{name}.")), key=len)
    return f"{known[module].path}:{full.removeprefix(f'{module}.')}"


def _is_cache(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called).rpartition(".")[2] in CACHES


def _stored(node: ast.AST) -> ast.expr | None:
    """What a node stores into: the X of `X[...] = `, `X.a = `, `X.append(...)`."""
    if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
        return node.func.value
    return None


def _stateful_classes(module: Module) -> Iterator[str]:
    """Classes at the top of a module that have a method which stores into `self`."""
    for node in module.ast.body:
        if isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, Function) and part.name not in MAKING]
            stored = [s for method in methods for part in ast.walk(method) if (s := _stored(part)) is not None]
            if any(dotted(s)[:1] == ["self"] for s in stored):
                yield node.name


class _Names:
    """The names of one module, and what they stand for at the top of it or of another of the modules."""

    def __init__(self, module: Module, top: dict[str, set[str]]) -> None:
        self.module, self.top = module, top
        self.imported = {
            name: full
            for node in ast.walk(module.ast)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name, full in module.bindings(node)
        }

    def full(self, words: list[str]) -> str:
        """The full name of what stands at the top of a module that dotted words begin with; "" if none does."""
        first = self.imported.get(words[0], f"{self.module.name}.{words[0]}")
        parts = [*first.split("."), *words[1:]]
        for n in range(len(parts), 0, -1):
            if parts[n - 1] in self.top.get(".".join(parts[: n - 1]), ()):
                return ".".join(parts[:n])
        return ""

    def changed(self) -> Iterator[str]:
        """Full names of what functions of this module store into."""
        yield from self._changed(self.module.ast, set(), inside=False)

    def _changed(self, node: ast.AST, hidden: set[str], *, inside: bool) -> Iterator[str]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            hidden, inside = hidden | bound_in(node), True
        stored = _stored(node)
        words = dotted(stored) if stored is not None else []
        if words and words[0] not in hidden and (full := self.full(words)):
            own = full.rpartition(".")[0] == self.module.name
            if inside or not own:
                yield full
        for child in ast.iter_child_nodes(node):
            yield from self._changed(child, hidden, inside=inside)

    def makes(self, call: ast.Call) -> set[str]:
        """What a call makes an instance of: the last word, and the full name of one of ours."""
        words = dotted(call.func.value if isinstance(call.func, ast.Subscript) else call.func)
        return {words[-1], self.full(words)} if words else set()
