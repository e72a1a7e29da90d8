"""docs/architecture.md: it names every package, its picture has the imports as they are, and every row leads somewhere."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "architecture.md"
PICTURE = ROOT / "docs" / "images" / "architecture.svg"
MAKE = "run: python benchmarks/architecture_picture.py"
ARROW = re.compile(r'<path class="arrow" data-from="([\w.]+)" data-to="([\w.]+)"')
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)[^)]*\)")
Pairs = set[tuple[str, str]]


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    """The script that makes the picture and the tables."""
    spec = importlib.util.spec_from_file_location("architecture_picture", ROOT / "benchmarks" / "architecture_picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def modules(drawing: ModuleType) -> list[object]:
    """The modules of both packages, as the script reads them."""
    found: list[object] = drawing.modules_of(ROOT)
    return found


def page() -> str:
    """The page's text."""
    return PAGE.read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The rows of the table below a heading of the page."""
    section = page().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.split("\n") if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def packages() -> list[str]:
    """The folders of all packages, relative to the checkout, but for the two roots."""
    found = [p.parent.relative_to(ROOT).as_posix() for root in ("simcore", "chaos") for p in (ROOT / root).rglob("__init__.py")]
    return sorted(p for p in found if "/" in p)


def part(module: str) -> str:
    """The child of simcore or chaos that a dotted name leads to."""
    return ".".join(module.split(".")[:2])


def imports() -> Pairs:
    """Which child of simcore or chaos imports which: read with less care than the script, and independently of it."""
    found: Pairs = set()
    for path in (p for root in ("simcore", "chaos") for p in sorted((ROOT / root).rglob("*.py"))):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        unseen = {id(n) for branch in ast.walk(tree) if _is_for_types(branch) for n in ast.walk(branch)}
        for node in (n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom | ast.Import) and id(n) not in unseen):
            assert not getattr(node, "level", 0), f"{path}: a relative import, which this test does not read"
            base = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            names = [base + alias.name for alias in node.names]
            found |= {(part(".".join(path.relative_to(ROOT).with_suffix("").parts)), part(name)) for name in names}
    boxes = {p.replace("/", ".") for p in packages()} | {part(p.replace("/", ".")) for p in modules_on_top()}
    return {(a, b) for a, b in found if a != b and a in boxes and b in boxes}


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def modules_on_top() -> list[str]:
    """Modules that lie in simcore or chaos themselves, but for `__main__`, which starts the command line."""
    paths = [p for root in ("simcore", "chaos") for p in (ROOT / root).glob("*.py") if not p.stem.startswith("__")]
    return sorted(p.relative_to(ROOT).with_suffix("").as_posix() for p in paths)


def closure(pairs: Pairs) -> Pairs:
    """The pairs, and those that follow from them."""
    behind: dict[str, set[str]] = {}
    for a, b in pairs:
        behind.setdefault(a, set()).add(b)
    found = set()
    for start in behind:
        waiting, seen = [start], set()
        while waiting:
            fresh = behind.get(waiting.pop(), set()) - seen
            seen |= fresh
            waiting += fresh
        found |= {(start, end) for end in seen}
    return found


def drawn() -> Pairs:
    """The arrows of the picture."""
    return set(ARROW.findall(PICTURE.read_text(encoding="utf-8")))


# --- the picture --------------------------------------------------------------------------------------------------------


def test_arrows_are_the_imports() -> None:
    """Each arrow is an import, and each import is an arrow or follows from some."""
    there, arrows = imports(), drawn()
    assert arrows - there == set(), MAKE
    assert there - closure(arrows) == set(), MAKE


def test_no_arrow_follows_from_others() -> None:
    """What the page leaves out, it leaves out everywhere."""
    arrows = drawn()
    assert [pair for pair in sorted(arrows) if pair in closure(arrows - {pair})] == [], MAKE


def test_a_missing_arrow_is_found() -> None:
    """Without one of its arrows the picture no longer has all imports."""
    arrows, there = drawn(), imports()
    assert [arrow for arrow in arrows if not there - closure(arrows - {arrow})] == []


def test_picture_is_what_the_script_draws(drawing: ModuleType, modules: list[object]) -> None:
    """The file is made from this source, whatever the order of sets."""
    made = drawing.picture(drawing.package_imports(modules))
    assert PICTURE.read_text(encoding="utf-8") == made, MAKE


def test_data_flow_names_packages(drawing: ModuleType) -> None:
    """What the upper part says makes the next thing is there."""
    named = [name for _, _, makers in drawing.FLOW for name in makers]
    assert [
        n for n in named if not (ROOT / n.replace(".", "/")).is_dir() and not (ROOT / f"{n.replace('.', '/')}.py").is_file()
    ] == []


def test_notes_are_of_boxes_that_are_there(drawing: ModuleType, modules: list[object]) -> None:
    """No note of the script stands for a package that is gone."""
    assert set(drawing.NOTES) == set(drawing.package_imports(modules))


# --- the page -----------------------------------------------------------------------------------------------------------


def test_every_package_has_a_sentence() -> None:
    """The tables have a row for each package and each module beside them, with what it is."""
    said = dict(re.findall(r"^\| \[`([\w/.]+?)/?`\]\(\S+\) \| (.*) \|$", page(), re.MULTILINE))
    expected = {*packages(), *(f"{name}.py" for name in modules_on_top())}
    assert (expected - set(said), set(said) - expected) == (set(), set()), MAKE
    assert [name for name, sentence in said.items() if not re.match(r"[A-Z].{15,}[.:]$", sentence)] == []


def test_tables_are_what_the_source_says(drawing: ModuleType, modules: list[object]) -> None:
    """The sentences are those of the packages' docstrings."""
    assert drawing.page(page(), modules) == page(), MAKE


def test_every_place_to_add_something_is_there() -> None:
    """Each row leads to a file or folder that exists, and to a page that says how."""
    table = rows("Where to add what")
    assert len(table) > 20
    for what, write, how in table:
        places = LINK.findall(write)
        assert places, f"{what}: where?"
        assert [place for place in places if not (PAGE.parent / place).exists()] == []
        assert [page for page in LINK.findall(how) if (PAGE.parent / page).suffix == ".md"], f"{what}: how?"


def test_every_decision_has_its_test() -> None:
    """Each decision has its reason and a test that is there."""
    table = rows("Decisions")
    assert len(table) > 10
    for decision, because, test in table:
        assert len(because) > 30, decision
        (path,) = LINK.findall(test)
        assert (PAGE.parent / path).resolve().is_relative_to(ROOT / "tests"), decision
        assert (PAGE.parent / path).is_file(), decision


def test_the_page_is_where_a_newcomer_looks() -> None:
    """It is the first of the index, and the README's section on the layout leads to it."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert LINK.findall(index)[0] == "architecture.md"
    layout = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## Layout\n")[1].split("\n## ")[0]
    assert "docs/architecture.md" in LINK.findall(layout)
