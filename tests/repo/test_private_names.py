"""A name with a leading underscore is its module's own, and what a module imports can be read off its imports."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import pytest
from source_tree import Module, dotted, product


def is_private(name: str) -> bool:
    """Whether a word begins with an underscore, and is none of Python's own."""
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def private_uses(modules: Iterable[Module]) -> list[str]:
    """Private names of one module that another imports, or takes as an attribute of the imported module, with their lines."""
    known = {module.name: module for module in modules}
    found = []
    for module in known.values():
        bound: dict[str, str] = {}
        for node in ast.walk(module.ast):
            if isinstance(node, ast.Import | ast.ImportFrom):
                bound.update(module.bindings(node))
        for node in ast.walk(module.ast):
            names: list[str] = []
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [name for _, name in module.bindings(node)]
            elif isinstance(node, ast.Attribute) and (words := dotted(node)) and words[0] in bound:
                names = [".".join([bound[words[0]], *words[1:]])]
            for name in names:
                owner, _, word = name.rpartition(".")
                if is_private(word) and owner in known and owner != module.name:
                    found.append(f"{module.path}:{getattr(node, 'lineno', 0)}: {name}")
    return found


def stars(modules: Iterable[Module]) -> list[str]:
    """The modules that take all names of another, as `path: module`."""
    return [f"{module.path}: {base}" for module in modules for base, name in module.imports if name == "*"]


def test_no_module_uses_the_private_names_of_another() -> None:
    """What two modules need has a public name, or lies in one of them."""
    assert private_uses(product()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from p.a import _secret",
        "def f():\n    from .a import _secret as s",
        "import p.a\np.a._secret()",
        "from p import a as b\nx = b._secret.deep",
        "if TYPE_CHECKING:\n    from p.a import _secret",
    ],
)
def test_planted_private_uses_are_found(source: str) -> None:
    """By `from … import`, relative or not, and by an attribute of the module, whatever it is called."""
    (found,) = private_uses([Module("p/__init__.py", ""), Module("p/a.py", "_secret = 1"), Module("p/b.py", source)])
    assert found.endswith("p.a._secret")


def test_a_module_may_use_its_own_private_names() -> None:
    """Nor do special names count, nor those of other projects."""
    source = "import json\nfrom p import a\n_own = 1\nprint(_own, a.__name__, json._default_decoder)"
    assert private_uses([Module("p/__init__.py", ""), Module("p/a.py", ""), Module("p/b.py", source)]) == []


def test_no_star_import() -> None:
    """Every name says where it comes from."""
    assert stars(product()) == []


def test_planted_star_imports_are_found() -> None:
    """At the top and in a package's `__init__`."""
    sources = {"p/__init__.py": "from .a import *", "p/b.py": "from p.a import *"}
    assert stars(Module(path, source) for path, source in sources.items()) == ["p/__init__.py: p.a", "p/b.py: p.a"]
