"""Mutants of the code that judges: one change each, and whether the tests that mirror its module notice.

A mutant is made in memory from the syntax tree and takes the place of its module in a forked process, so that no file is touched and many
can be tried at once. `benchmarks/mutants.py` is the command. Ready-made tools do not fit: cosmic-ray 8.7 and mutmut 3 run one test command
for all modules, take no seeded sample, and keep reasons as pragmas in the product; mutmut wraps each function, which Numba cannot compile.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
SURVIVORS = ROOT / "benchmarks" / "surviving_mutants.yaml"
TIMEOUT_S = 120.0
TOLERANCE_MAX = 1e-6
"""A float below it is a tolerance for rounding: what matters is that there is one."""
_LEDGER = "simcore/kernel/ledger"
_GIVEN_UP = (
    "tests/chaos/judgement/test_given_up.py::test_what_the_rest_of_the_window_could_change_is_open",
    "tests/chaos/judgement/test_given_up.py::test_a_recovery_that_had_not_come_is_no_shorter_than_what_was_seen",
    "tests/chaos/judgement/test_given_up.py::test_over_seeds_a_run_that_was_given_up_counts_for_what_it_decided",
)
_SETTLED_BY = (f"tests/{_LEDGER}/test_settlement_books.py", f"tests/{_LEDGER}/test_settlement.py")


class Target(NamedTuple):
    """A module whose code is changed; `functions`: only theirs. `also`: tests beside those that mirror it. Compiled code is tried as Python."""

    path: str
    functions: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """Its dotted name."""
        return self.path.removesuffix(".py").replace("/", ".")

    @property
    def compiled(self) -> bool:
        """Whether Numba compiles it."""
        return self.path.startswith("simcore/kernel/")

    def tests(self) -> list[str]:
        """The test files that mirror it: test_NAME.py, and test_NAME_….py, in the folder of tests that its own is mirrored by."""
        package, _, name = self.path.removesuffix(".py").rpartition("/")
        folder = ROOT / "tests" / package
        found = [*folder.glob(f"test_{name}_*.py"), *folder.glob(f"test_{name}.py")]
        return list(dict.fromkeys([*(str(p.relative_to(ROOT)) for p in sorted(found, reverse=True)), *self.also]))


TARGETS = (
    *(Target(f"chaos/measures/{name}.py") for name in ("claims", "compute", "intervals", "silence", "statistics")),
    Target("chaos/judgement/verdict.py", also=_GIVEN_UP),
    *(Target(f"chaos/judgement/{name}.py") for name in ("assessment", "severity", "pairs")),
    Target(f"{_LEDGER}/settlement.py"),
    Target(f"{_LEDGER}/exchange.py", ("_settle", "_book_all", "_release_today"), _SETTLED_BY),
    Target(f"{_LEDGER}/fund_company.py", ("_due", "_settle", "_confirm"), _SETTLED_BY),
)


class Mutant(NamedTuple):
    """One change: the `number`-th place of its module's tree and what becomes of it; `where` and `change` say it to people, and stay the
    same when other lines move."""

    target: Target
    number: int
    where: str
    change: str

    @property
    def name(self) -> str:
        """What the file of survivors calls it."""
        return f"{self.where}: {self.change}"


# --- the changes ----------------------------------------------------------------------------------------------------------------

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_CLAMPS = {"max", "min", "maximum", "minimum"}
_SWAPPED = {"any": "all", "all": "any"}
_SETTINGS = {"strict", "axis", "dtype"}  # keywords whose change is an error, or one of form


def _replacements(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """What may become of a node of the tree."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            changed = copy.deepcopy(node)
            changed.ops[i] = _COMPARED[type(op)]()
            yield changed
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _COUNTED:
        changed = copy.deepcopy(node)
        changed.op = _COUNTED[type(node.op)]()
        yield changed
    elif isinstance(node, ast.BoolOp):
        changed = copy.deepcopy(node)
        changed.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        yield changed
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
        yield node.operand
    elif isinstance(node, ast.Constant) and not isinstance(parent, ast.Expr):
        yield from (ast.Constant(value) for value in _constants(node.value))
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    if isinstance(node, ast.If | ast.IfExp) and isinstance(node.test, ast.Name | ast.Attribute | ast.Call):
        changed = copy.deepcopy(node)
        changed.test = ast.UnaryOp(ast.Not(), node.test)
        yield changed


def _constants(value: object) -> list[bool | int | float]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        if abs(value) < TOLERANCE_MAX:
            return [0.0] if value else [0.1, -0.1]
        return [value * 1.1, value * 0.9]
    return []


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    """A clamp loses one side; any and all change places."""
    function = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if (
        function in _CLAMPS
        and len(node.args) == 2
        and not node.keywords
        and not any(isinstance(a, ast.Starred) for a in node.args)
    ):
        yield from node.args
    if function in _SWAPPED:
        changed = copy.deepcopy(node)
        if isinstance(changed.func, ast.Attribute):
            changed.func.attr = _SWAPPED[function]
        else:
            changed.func = ast.Name(_SWAPPED[function], ast.Load())
        yield changed


class _Place(NamedTuple):
    """A node of the tree: the nodes above it, the field of its parent that it stands in, and its index there, if that is a list."""

    above: tuple[ast.AST, ...]
    field: str
    index: int | None
    node: ast.AST


def _places(node: ast.AST, above: tuple[ast.AST, ...] = ()) -> Iterator[_Place]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params", "format_spec"):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or (isinstance(child, ast.keyword) and child.arg in _SETTINGS):
                continue
            yield _Place((*above, node), field, index, child)
            yield from _places(child, (*above, node))


def _function_of(above: Sequence[ast.AST]) -> str:
    """The qualified name of what a node is in; empty for the module itself."""
    return ".".join(a.name for a in above if isinstance(a, ast.FunctionDef | ast.ClassDef))


def _put(place: _Place, node: ast.AST) -> None:
    parent = place.above[-1]
    if place.index is None:
        setattr(parent, place.field, node)
    else:
        getattr(parent, place.field)[place.index] = node


def _shown(node: ast.AST) -> str:
    """An expression in one line; of a statement with a body its head."""
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split("\n", 1)[0].split())


def _context(place: _Place) -> ast.AST:
    """The part around a node that says where it stands: an expression of some length, at most the statement."""
    for node in (place.node, *reversed(place.above)):
        if isinstance(node, ast.stmt) or (isinstance(node, ast.expr) and len(_shown(node)) > 14):
            return node
    return place.node


def _changes(tree: ast.Module, target: Target) -> Iterator[tuple[str, str, _Place, ast.AST]]:
    for place in list(_places(tree)):
        function = _function_of(place.above)
        if target.functions and function not in target.functions:
            continue
        if isinstance(place.node, ast.Constant) and any(isinstance(a, ast.JoinedStr) for a in place.above):
            continue
        for replacement in list(_replacements(place.node, place.above[-1])):
            context = _context(place)
            before = _shown(context)
            _put(place, replacement)
            after = _shown(replacement if context is place.node else context)
            _put(place, place.node)
            yield function, f"{before} → {after}", place, replacement


def changes_of(text: str) -> list[str]:
    """What may be changed in a source text, as mutants of it would be called."""
    return [change for _, change, _, _ in _changes(ast.parse(text), Target(""))]


def mutants_of(target: Target) -> list[Mutant]:
    """Every mutant of a module, in the order of its text."""
    found, seen = [], Counter[str]()
    tree = ast.parse((ROOT / target.path).read_text(encoding="utf-8"))
    for number, (function, change, _, _) in enumerate(_changes(tree, target)):
        where = f"{target.path} {function}".strip()
        seen[where + change] += 1
        again = seen[where + change]
        found.append(Mutant(target, number, where, change if again == 1 else f"{change} ({again})"))
    return found


def all_mutants(only: Sequence[str] = ()) -> list[Mutant]:
    """Every mutant; `only`: of the modules whose path holds one of these words."""
    return [m for target in TARGETS if not only or any(word in target.path for word in only) for m in mutants_of(target)]


def sample(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many of them by a seed, each chosen by its own name: a change elsewhere in the code hardly moves the choice."""

    def drawn(mutant: Mutant) -> bytes:
        return hashlib.blake2b(f"{seed} {mutant.name}".encode(), digest_size=8).digest()

    return sorted(sorted(mutants, key=drawn)[:count], key=lambda m: (m.target.path, m.number))


# --- trying them ----------------------------------------------------------------------------------------------------------------


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a tree that was changed."""

    def __init__(self, target: Target, code: object) -> None:
        self._target, self._code = target, code

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if name != self._target.module:
            return None
        return importlib.util.spec_from_file_location(name, ROOT / self._target.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)


def changed_code(target: Target, number: int | None) -> object:
    """The compiled module, with its mutant of that number; None: unchanged."""
    path = ROOT / target.path
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if number is not None:
        _, _, place, replacement = next(change for i, change in enumerate(_changes(tree, target)) if i == number)
        _put(place, replacement)
    return compile(ast.fix_missing_locations(tree), str(path), "exec")


def _run_tests(target: Target, number: int | None) -> int:
    """pytest's exit code for the module with that mutant; in a forked process."""
    import pytest

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.meta_path.insert(0, _Finder(target, changed_code(target, number)))
    quiet = [
        "-x",
        "-q",
        "--tb=no",
        "--assert=plain",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--hypothesis-seed=0",
        "-m",
        "not slow",
    ]
    plain = ["-W", "ignore:overflow:RuntimeWarning"] if target.compiled else []
    return int(pytest.main([*quiet, *plain, *target.tests()]))


def _tried(target: Target, number: int | None) -> str:
    """What the tests say: killed, survived, timeout, or why they could not be run."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        code = 70
        try:
            code = _run_tests(target, number)
        finally:
            os._exit(code)
    end = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            # 1: a test failed; 2, 4, 70: the module cannot even be imported, which every test that needs it notices
            code = os.waitstatus_to_exitcode(status)
            return "survived" if code == 0 else "killed" if code in (1, 2, 4, 70) else f"exit {code}"
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


def _warm(target: Target) -> None:
    """Imports what takes long and does not depend on the module."""
    import hypothesis  # noqa: F401
    import pytest  # noqa: F401
    import scipy.stats  # noqa: F401

    for node in ast.walk(ast.parse((ROOT / target.path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            importlib.import_module(node.module)


def serve(path: str, numbers: Sequence[str]) -> None:
    """Tries mutants of one module and prints a line for each; `base` is the module as it is. In a process of its own (`tried`)."""
    target = next(t for t in TARGETS if t.path == path)
    os.chdir(ROOT)
    _warm(target)
    for number in numbers:
        sys.stdout.write(f"{number} {_tried(target, None if number == 'base' else int(number))}\n")
        sys.stdout.flush()


def tried(mutants: Sequence[Mutant], jobs: int = 1) -> Iterator[tuple[Mutant, str]]:
    """Each mutant with what the tests that mirror its module say, as they come. RuntimeError if tests fail without a mutant."""
    chunks, running = _chunks(mutants, jobs), list[tuple[subprocess.Popen[str], list[Mutant]]]()
    while chunks or running:
        while chunks and len(running) < jobs:
            chunk = chunks.pop(0)
            running.append((_server(chunk), chunk))
        process, chunk = running.pop(0)
        lines = (process.communicate()[0]).split("\n")
        said = dict(line.split(" ", 1) for line in lines if line)
        if said.get("base") != "survived":
            raise RuntimeError(f"the tests of {chunk[0].target.path} without a mutant: {said.get('base', 'no answer')}")
        yield from ((mutant, said.get(str(mutant.number), "no answer")) for mutant in chunk)


def _server(chunk: Sequence[Mutant]) -> subprocess.Popen[str]:
    target = chunk[0].target
    words = [target.path, "base", *(str(m.number) for m in chunk)]
    environment = os.environ | ({"NUMBA_DISABLE_JIT": "1"} if target.compiled else {})
    command = "import sys, mutation; mutation.serve(sys.argv[1], sys.argv[2:])"
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), *(entry for entry in sys.path if entry)])
    return subprocess.Popen([sys.executable, "-c", command, *words], stdout=subprocess.PIPE, text=True, env=environment)


def _chunks(mutants: Sequence[Mutant], jobs: int) -> list[list[Mutant]]:
    size = min(24, -(-len(mutants) // max(1, jobs)))
    chunks: list[list[Mutant]] = []
    for mutant in mutants:
        if chunks and chunks[-1][-1].target == mutant.target and len(chunks[-1]) < size:
            chunks[-1].append(mutant)
        else:
            chunks.append([mutant])
    return chunks


# --- those that may live ----------------------------------------------------------------------------------------------------------


def reasons() -> dict[str, str]:
    """Survivors that are known, by name, with the reason why no test can or need kill them."""
    listed = yaml.safe_load(SURVIVORS.read_text(encoding="utf-8")) or []
    return {f"{entry['where']}: {entry['change']}": entry["reason"] for entry in listed}


def unexplained(mutants: Sequence[Mutant], known: dict[str, str]) -> list[str]:
    """Names in the list of survivors that are no mutant any more, or have no reason."""
    names = {m.name for m in mutants}
    return [name for name, reason in known.items() if name not in names or not str(reason or "").strip()]
