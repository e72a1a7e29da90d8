"""No import circles: neither among modules nor among the children of a package. Imports inside functions count."""

from __future__ import annotations

import pytest
from source_tree import Module, circles, circles_of_children, graph_of, product


def test_children_of_packages_form_no_circle() -> None:
    """Packages and modules can be read, and changed, from below."""
    assert circles_of_children(product()) == set()


def test_modules_form_no_circle() -> None:
    """Nor does a package's own `__init__` form one with what lies in it."""
    assert circles(graph_of(product())) == []


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
    assert circles_of_children(Module(path, source) for path, source in sources.items()) == expected


def test_a_planted_circle_with_its_package_is_found() -> None:
    """A package that imports what lies in it must not be imported from there."""
    sources = {"p/__init__.py": "from p import a", "p/a.py": "import p.b", "p/b.py": "from p import f"}
    assert circles(graph_of(Module(path, source) for path, source in sources.items())) == [("p", "p.a", "p.b")]
