"""Names that nothing uses: definitions at the top of modules, and methods, that no code which can run refers to.

A scan of the syntax; nothing is imported. What runs is what stands at the top of a module and belongs to no definition (imports
excepted), and the roots, which something outside calls; what that refers to can run, and so on. A name at the top of a module is
referred to by that name in its module, by an import of it, or as an attribute of its module. A method is referred to by an
attribute of that name on anything, by the same word in a short string (`getattr`) or in a template. So a definition that only
refers to itself, or that only dead code refers to, is dead.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from source_tree import Definition, Module, Scope, bound_in, dotted, targets, top_statements

CALLED_BY_DECORATOR = {"field_validator", "model_validator", "model_serializer", "field_serializer", "computed_field", "command"}
STRING_MAX = 200  # longer ones are prose
WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass
class References:
    """What a piece of code refers to: full names of what stands at the top of modules, and words that methods may have."""

    names: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)


@dataclass
class Defined:
    """A definition: `word` is its name alone, `owner` the full name of the class that it is a method of, "" for none.

    `is_called` says that somebody else calls it: it has a special name, or a decorator that hands it over to pydantic or click.
    """

    name: str
    word: str
    owner: str
    is_called: bool = False
    references: References = field(default_factory=References)


class Definitions:
    """The definitions of some modules, and what refers to what."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules = {module.name: module for module in modules}
        self.at_top: dict[str, set[str]] = {}
        for name, module in self.modules.items():
            nodes = list(top_statements(module.ast.body))
            self.at_top[name] = {node.name for node in nodes if isinstance(node, Definition)} | {
                w for n in nodes for w in targets(n)
            }
        self.defined: dict[str, Defined] = {}
        self.running: list[References] = []
        for module in self.modules.values():
            _Reader(self, module).read()

    def owner(self, name: str) -> str:
        """The module or definition that a dotted name leads to, without what follows it; "" for what is not ours."""
        while name:
            module, _, word = name.rpartition(".")
            if name in self.modules or word in self.at_top.get(module, ()):
                return name
            name = module
        return ""

    def dead(self, roots: Iterable[str] = (), texts: Iterable[str] = ()) -> list[str]:
        """Full names of what cannot run, sorted. `roots` are patterns of full names; in `texts` are words of methods."""
        live = {name for root in roots for name in self.defined if re.fullmatch(root, name)}
        names, words = set[str](), set(WORD.findall("\n".join(texts)))
        waiting = [*self.running, *(self.defined[name].references for name in live)]
        while waiting:
            for references in waiting:
                names |= references.names
                words |= references.words
            reached = [n for n, d in self.defined.items() if n not in live and _is_reached(d, names, words, live)]
            live.update(reached)
            waiting = [self.defined[name].references for name in reached]
        return sorted(set(self.defined) - live)


def _is_reached(defined: Defined, names: set[str], words: set[str], live: set[str]) -> bool:
    if not defined.owner:
        return defined.name in names or defined.is_called
    return defined.owner in live and (defined.is_called or defined.word in words)


class _Reader:
    """Reads one module."""

    def __init__(self, found: Definitions, module: Module) -> None:
        self.found, self.module = found, module
        self.imported = {
            name: full
            for node in ast.walk(module.ast)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name, full in module.bindings(node)
        }

    def read(self) -> None:
        top = References()
        self.found.running.append(top)
        for node in top_statements(self.module.ast.body):
            names = [name for name in targets(node) if name != "__all__"]
            if isinstance(node, Definition):
                self._definition(node, self.module.name, "")
            elif names:
                for name in names:
                    self._define(name, self.module.name, "", node)
            elif not isinstance(node, ast.Import | ast.ImportFrom):
                self._refer(node, top, set())
        for node in self.module.ast.body:
            for part in (getattr(node, "test", None), *getattr(node, "items", [])):
                if part is not None and isinstance(node, ast.If | ast.With):
                    self._refer(part, top, set())

    def _definition(self, node: Definition, prefix: str, owner: str) -> None:
        if not isinstance(node, ast.ClassDef):
            made = self._define(node.name, prefix, owner, node)
            decorators = {ast.unparse(d.func if isinstance(d, ast.Call) else d).rpartition(".")[2] for d in node.decorator_list}
            made.is_called |= bool(decorators & CALLED_BY_DECORATOR)
            return
        name = f"{prefix}.{node.name}"
        made = self.found.defined.setdefault(name, Defined(name, node.name, owner))
        for part in (*node.bases, *node.keywords, *node.decorator_list, *node.body):
            if isinstance(part, Definition):
                self._definition(part, name, name)
            else:
                self._refer(part, made.references, set())

    def _define(self, word: str, prefix: str, owner: str, node: ast.AST) -> Defined:
        name = f"{prefix}.{word}"
        made = self.found.defined.setdefault(name, Defined(name, word, owner, is_called=bool(owner) and word.startswith("__")))
        self._refer(node, made.references, set())
        made.references.names.discard(name)
        if owner:
            made.references.words.discard(word)
        return made

    def _refer(self, node: ast.AST, into: References, hidden: set[str]) -> None:
        """Collects what code refers to; `hidden` are names that a function binds itself."""
        if isinstance(node, Scope):
            hidden = hidden | bound_in(node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            into.names |= {self.found.owner(full) for _, full in self.module.bindings(node)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) <= STRING_MAX:
            into.words |= set(WORD.findall(node.value))
        elif isinstance(node, ast.Name | ast.Attribute) and (words := dotted(node)) and words[0] not in hidden:
            full = self.imported.get(words[0], f"{self.module.name}.{words[0]}")
            into.names.add(self.found.owner(".".join([full, *words[1:]])))
        if isinstance(node, ast.Attribute):
            into.words.add(node.attr)
        for child in ast.iter_child_nodes(node):
            self._refer(child, into, hidden)
