"""The tests notice one-line bugs in what judges: a sample of the mutants of benchmarks/mutants.py, and the list of those that may live."""

from __future__ import annotations

import os

import pytest
from mutation import ROOT, TARGETS, Mutant, all_mutants, changes_of, mutants_of, reasons, sample, tried, unexplained

SEED, SAMPLE = int(os.environ.get("COREDRILL_MUTANTS_SEED", "0")), 12


@pytest.fixture(scope="module")
def every() -> list[Mutant]:
    """All of them."""
    return all_mutants()


@pytest.mark.slow
def test_a_sample_of_the_mutants_is_killed(every: list[Mutant]) -> None:
    """All that are drawn but those whose reason to live is known. COREDRILL_MUTANTS_SEED draws others."""
    known = reasons()
    chosen = [m for m in sample(every, SAMPLE + len(known), SEED) if m.name not in known][:SAMPLE]
    assert {m.name: end for m, end in tried(chosen, 2) if end not in ("killed", "timeout")} == {}


def test_survivors_are_mutants_and_have_reasons(every: list[Mutant]) -> None:
    """One that the code has outlived is taken from the list."""
    assert unexplained(every, reasons()) == []
    assert unexplained(every, {every[0].name: "", "nobody: x → y": "gone", every[1].name: "the same"}) == [
        every[0].name,
        "nobody: x → y",
    ]


def test_names_of_mutants_are_their_own(every: list[Mutant]) -> None:
    """No two are called the same, so that a reason is one mutant's; every module has tests that mirror it."""
    assert len({m.name for m in every}) == len(every)
    assert {t.path for t in TARGETS if not t.tests() or not mutants_of(t)} == set()
    assert all((ROOT / test.partition("::")[0]).is_file() for t in TARGETS for test in t.tests())


def test_a_sample_is_drawn_by_its_seed(every: list[Mutant]) -> None:
    """The same again, others with another seed; leaving one out moves one."""
    first = sample(every, 20, 1)
    assert sample(every, 20, 1) == first
    assert sample(every, 20, 2) != first
    without = sample([m for m in every if m != first[0]], 20, 1)
    assert len(set(first) & set(without)) == 19


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("a < b", ["a <= b"]),
        ("a >= b > c", ["a > b > c", "a >= b >= c"]),
        ("a == b", ["a != b"]),
        ("a is not b", ["a is b"]),
        ("a in b", ["a not in b"]),
        ("a + b", ["a - b"]),
        ("a // b", ["a * b"]),
        ("a & b", ["a | b"]),
        ("a += b", ["a -= b"]),
        ("a and b", ["a or b"]),
        ("not a", ["a"]),
        ("-a", ["a"]),
        ("a[3]", ["a[4]", "a[2]"]),
        ("a = True", ["a = False"]),
        ("a = 2.0", ["a = 2.2", "a = 1.8"]),
        ("a = 1e-9", ["a = 0.0"]),
        ("max(a, b)", ["a", "b"]),
        ("np.minimum(a, b)", ["a", "b"]),
        ("a.any()", ["a.all()"]),
        ("all(a)", ["any(a)"]),
        ("a if b else c", ["a if not b else c"]),
        ("if a: pass", ["if not a:"]),
        # these are left alone
        ("max(a, key=b)", []),
        ("zip(a, strict=True)", []),
        ("def f(a: A[3]) -> B[4]: pass", []),
        ("f'{a:3}'", []),
        ("'a < 1'", []),
        ("@f(3)\nclass A: pass", []),
    ],
)
def test_what_may_be_changed(text: str, becomes: list[str]) -> None:
    """One thing at a time, of the kinds of one-line bugs; no types, texts or settings."""
    assert [change.partition(" → ")[2] for change in changes_of(text)] == becomes
