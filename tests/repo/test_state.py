"""No module-level mutable state: what a run does depends on what it is given, never on what ran before in the process."""

from __future__ import annotations

import pytest
from module_state import Lasting, lasting
from source_tree import Module, product

PURE = "a pure function of its arguments"
SHIPPED = "reads the package's own files, which do not change while a process runs; what it gives is not changed"
INSTALLED = "made of what is installed, which is read once in a process; what it gives is not changed"

ALLOWED: dict[str, str] = {
    "cache chaos/checkers/catalogue.py:all_checkers": INSTALLED,
    "cache chaos/checkers/catalogue.py:shipped_checkers": SHIPPED,
    "cache chaos/documents/library.py:library": INSTALLED,
    "cache chaos/faults/catalogue.py:all_faults": INSTALLED,
    "cache chaos/faults/catalogue.py:shipped_faults": SHIPPED,
    "cache chaos/i18n/texts.py:catalogue": SHIPPED,
    "cache chaos/live/node/chance.py:name": PURE,
    "cache chaos/measures/catalogue.py:measures": INSTALLED,
    "cache chaos/measures/claims.py:_at_most": PURE,
    "cache chaos/measures/claims.py:_heads": PURE,
    "cache chaos/measures/statistics.py:_beta": PURE,
    "cache chaos/measures/statistics.py:_median_rank": PURE,
    "cache chaos/plugins.py:installed": INSTALLED,
    "cache chaos/reports/templating.py:environment": SHIPPED,
    "cache simcore/compile/rates.py:activity_table": PURE,
    "cache simcore/model/metrics.py:parse_metric": PURE,
    "changed chaos/execution/workers.py:_WORKER": "a worker process keeps the session of the command that it works for; it makes another for another",
    "changed simcore/kernel/jit.py:_config": "Numba's own settings: the folder of its cache has no other way in, and is put back",
}
"""What may last, and why: `kind path:name`. A new entry needs a reason of these kinds."""


def test_nothing_lasts_but_what_is_pure() -> None:
    """Each thing that outlives a call is listed, with the reason why no result can depend on it."""
    assert [f"{kind} {name}" for kind, name in lasting(product()) if f"{kind} {name}" not in ALLOWED] == []


def test_the_list_has_nothing_that_is_gone() -> None:
    """An entry that is not needed any more is taken off."""
    assert set(ALLOWED) - {f"{kind} {name}" for kind, name in lasting(product())} == set()


@pytest.mark.parametrize(
    ("source", "kind", "name"),
    [
        ("@functools.cache\ndef read(path):\n    return open(path)", "cache", "read"),
        ("class A:\n    @lru_cache(maxsize=1)\n    def f(self): ...", "cache", "f"),
        ("def f():\n    global n\n    n = 1", "global", "n"),
        ("SEEN = set()\ndef f(x):\n    SEEN.add(x)", "changed", "SEEN"),
        ("SEEN: dict[str, int] = {}\ndef f(x):\n    def g():\n        SEEN[x] = 1", "changed", "SEEN"),
        ("SEEN = {}\ndef f(x):\n    del SEEN[x]", "changed", "SEEN"),
        ("class A:\n    n = 0\ndef f():\n    A.n = 1", "changed", "A"),
        ("def f():\n    f.calls = 1", "changed", "f"),
        ("NUMBERS = itertools.count()", "stateful", "NUMBERS"),
        ("class Pool:\n    def take(self):\n        self.taken.append(1)\nPOOL = Pool()", "stateful", "POOL"),
    ],
)
def test_planted_state_is_found(source: str, kind: str, name: str) -> None:
    """Every way to keep something between calls that the scan knows."""
    assert lasting([Module("p/a.py", source)]) == [Lasting(kind, f"p/a.py:{name}")]


def test_state_planted_in_another_module_is_found() -> None:
    """To change what another module holds is no better, even at the top, where it depends on the order of imports."""
    sources = {
        "p/a.py": "KINDS = {}",
        "p/b.py": "from p.a import KINDS\nKINDS['b'] = 1",
        "p/c.py": "from p import a\na.KINDS.clear()",
    }
    assert lasting(Module(path, source) for path, source in sources.items()) == [Lasting("changed", "p/a.py:KINDS")]


@pytest.mark.parametrize(
    "source",
    [
        "TABLE = {}\nfor i in range(9):\n    TABLE[i] = i * i",
        "SEEN = set()\ndef f(SEEN):\n    SEEN.add(1)",
        "ITEMS = []\ndef f():\n    ITEMS = [1]\n    ITEMS.append(2)",
        "class A:\n    def __init__(self):\n        self.a = []\n    def f(self):\n        return A()\n",
        "class Frozen:\n    def __init__(self):\n        self.a = 1\nONE = Frozen()",
        "class A:\n    @functools.cached_property\n    def f(self): ...",
    ],
)
def test_what_does_not_last_is_left_alone(source: str) -> None:
    """Tables built where they stand, local names, objects that only their making fills."""
    assert lasting([Module("p/a.py", source)]) == []
