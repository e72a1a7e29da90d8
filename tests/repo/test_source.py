"""House rules on source files: docstrings, function length, nothing left to do, the project's own words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = [p for package in ("simcore", "chaos", "benchmarks") for p in sorted((ROOT / package).rglob("*.py"))]

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

FUNCTION_LINES_MAX = 50
# Longer functions, with their exact length and the reason. The table may only shrink: a new entry needs a very good
# reason, and a function that got shorter must say so here.
LONGER: dict[str, tuple[int, str]] = {
    "simcore/kernel/interpreter.py:run": (
        145,
        "the interpreter: one branch for each instruction, so that the compiler sees them together",
    ),
}


def definitions(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Functions and classes with their dotted names: the module's own and those in classes, not those inside functions."""
    for node in tree.body:
        if isinstance(node, Definition):
            yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from definitions(node, f"{prefix}{node.name}.")


def is_public(name: str) -> bool:
    """Whether no part of a dotted name begins with an underscore."""
    return not any(part.startswith("_") for part in name.split("."))


def is_plain_model(node: Definition) -> bool:
    """A model of a file's word that only lists fields and private checks: its fields are its description."""
    if not isinstance(node, ast.ClassDef) or "Model" not in [ast.unparse(base) for base in node.bases]:
        return False
    return all(isinstance(part, ast.AnnAssign | ast.Assign) or getattr(part, "name", "").startswith("_") for part in node.body)


def undocumented(source: str) -> list[str]:
    """Public functions and classes of a module without a docstring; methods are left to judgement."""
    found = [(name, node) for name, node in definitions(ast.parse(source)) if "." not in name]
    return [name for name, node in found if is_public(name) and not ast.get_docstring(node) and not is_plain_model(node)]


def function_lengths(source: str) -> dict[str, int]:
    """Lines of each function from its `def` to its end, without the docstring."""
    lengths = {}
    for name, node in definitions(ast.parse(source)):
        if not isinstance(node, ast.ClassDef):
            has_docstring = ast.get_docstring(node) is not None
            docstring = (node.body[0].end_lineno or 0) - node.body[0].lineno + 1 if has_docstring else 0
            lengths[name] = (node.end_lineno or 0) - node.lineno + 1 - docstring
    return lengths


def misfits(lengths: dict[str, int], longer: dict[str, tuple[int, str]]) -> list[str]:
    """What breaks the ratchet: functions over the limit and not in the table, and entries that are not exact."""
    over = {name: n for name, n in lengths.items() if n > FUNCTION_LINES_MAX}
    new = [f"{name} has {n} lines; at most {FUNCTION_LINES_MAX}: split it" for name, n in over.items() if name not in longer]
    grown = [f"{name} has grown from {longer[name][0]} to {n} lines" for name, n in over.items() if longer.get(name, (n,))[0] < n]
    shrunk = [
        f"{name}: lower its entry to {over.get(name, 0)}, or drop it" for name in longer if over.get(name, 0) < longer[name][0]
    ]
    return new + grown + shrunk


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_public_things_have_docstrings(path: Path) -> None:
    """Whatever is public says what it is."""
    assert undocumented(path.read_text(encoding="utf-8")) == []


def test_missing_docstrings_are_found() -> None:
    """Functions and classes without a docstring are caught; private ones and plain models are not."""
    source = "class A: ...\nclass B(Model):\n x: int\ndef _f(): ...\nasync def g(): ...\ndef h(): 'doc'"
    assert undocumented(source) == ["A", "g"]


def test_functions_fit_a_screen() -> None:
    """No function is longer than the limit but those in the table, which are exactly as long as it says."""
    lengths = {}
    for path in PRODUCT:
        found = function_lengths(path.read_text(encoding="utf-8"))
        lengths |= {f"{path.relative_to(ROOT).as_posix()}:{name}": n for name, n in found.items()}
    assert misfits(lengths, LONGER) == []


def test_length_ratchet_only_tightens() -> None:
    """A new long function, one that grew and an entry that is too generous are each caught; an exact entry is not."""
    over = FUNCTION_LINES_MAX + 1
    assert misfits({"new": over}, {})
    assert misfits({"grown": over + 1}, {"grown": (over, "")})
    assert misfits({"shorter": over}, {"shorter": (over + 1, "")})
    assert misfits({}, {"gone": (over, "")})
    assert misfits({"short": FUNCTION_LINES_MAX, "exact": over}, {"exact": (over, "")}) == []


def test_docstrings_do_not_count_as_lines() -> None:
    """Explaining a function better does not make it too long."""
    assert function_lengths("def f():\n  '''a\n  b\n  '''\n  return 1") == {"f": 2}


# --- other people's words -----------------------------------------------------------------------------------------------

# Beginnings of messages that belong to libraries: they change with a version, and a test that quotes one then fails. What a user
# reads is worded here; a library's detail may follow it. Each pattern hides one letter, so that this file passes its own test.
QUOTED = {
    "PyYAML": r"while (?:parsing|scanning|constructin[g])|found (?:character|undefined|unexpecte[d])|mapping values ar[e]"
    r"|did not fin[d]|could not determine a constructo[r]|exceeded maximum (?:nesting )?dept[h]",
    "pydantic": r"Input shoul[d]|Extra input[s]|Field require[d]|validation errors? fo[r]|Value erro[r],|recursion limit exceede[d]",
    "click": r"[Nn]o such optio[n]|[Mm]issing (?:argument|optio[n]|parameter)|Invalid value fo[r]|Got unexpected extr[a]"
    r"|is not one o[f] |Usag[e]: |Try .*--help. fo[r]",
    "json": r"Expecting (?:value|propert[y]|',')|Extra dat[a]|Unterminated strin[g]|Invalid control characte[r]|JSON complian[t]",
    "numpy": r"destination is read-onl[y]|\"read-onl[y]\"|out of bounds fo[r] axis|could not be broadcas[t]|Cannot load file containin[g]",
    "Python": r"could not convert strin[g]|invalid literal fo[r]|maximum recursion dept[h]|Exceeds the limi[t]|invalid start byt[e]"
    r"|No such file o[r]|Permission denie[d]|Is a director[y]|Connection refuse[d]|No space left o[n]",
    "jsonschema": r"is not of typ[e]|is a required propert[y]|Additional properties ar[e]|does not match any of th[e]",
}


def quotations(source: str) -> list[str]:
    """The texts of a Python file that quote a library's message, with line and whose it is; docstrings are free."""
    tree = ast.parse(source)
    prose = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in prose]
    return [
        f"line {n.lineno} quotes {who}: {n.value!r}" for n in texts for who, p in QUOTED.items() if re.search(p, repr(n.value))
    ]


def test_no_test_quotes_another_librarys_message() -> None:
    """Tests are green with the newest version of a library, whatever it calls a mistake by then."""
    files = sorted((ROOT / "tests").rglob("*.py"))
    found = [f"{p.relative_to(ROOT).as_posix()} {hit}" for p in files for hit in quotations(p.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize("text", ["Input shoul" + "d be a number", "found characte" + "r that", "No such optio" + "n: --x"])
def test_quotations_are_found(text: str) -> None:
    """A library's sentence in an assertion is caught; the same in a docstring is not."""
    assert len(quotations(f"assert {text!r} in said")) == 1
    assert quotations(f'def f():\n    """{text}"""') == []


# --- words --------------------------------------------------------------------------------------------------------------

SKIPPED = {".git", ".venv", "venv", "__pycache__", ".hypothesis", "build", "dist", "node_modules"}
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".html", ".css", ".js", ".j2", ".txt", ".cfg", ".ini", ""}
TEXT_BYTES_MAX = 500_000  # vendored libraries are longer

# Each pattern hides one letter in brackets, so that this file passes its own test.
UNWANTED = {
    r"\bTOD[O]\b|\bFIXM[E]\b|\bXX[X]\b|\bHAC[K]\b": "nothing is left to do in a file that is committed; write an issue",
    r"(?<![\w.$}/~-])/(?:hom[e]|roo[t]|User[s]|tm[p]|wor[k]|far[m])/": "a path of one machine",
    r"(?i)\b(?:claud[e]|anthropi[c]|chatgp[t]|openA[I]|copilo[t])\b": "the files speak of the project alone",
    r"(?i)\bas an A[I]\b|\bsubagen[t]s?\b": "the files speak of the project alone",
    r"(?:<{7}|>{7}) ": "a merge conflict",
}


QUAINT = {
    r"(?i)\bluc[k]y?\b": "say random numbers, a draw, a random stream",
    r"(?i)\bdea[r](?:er|est)?\b": "say costly, or what it costs",
    r"(?<![./\"])(?i:\bmen[d](?:s|ed|ing)?\b)(?![\":=])": "people fix, a service recovers, a message has a hint",
    r"(?i)\bran[g]\b|\bwho ring[s]\b": "customers call",
    r"(?i)\b(?:wa[s]|wer[e]|order[s]|customer[s]|intent[s]) hurt\b": "customers and orders are affected",
    r"(?i)\b(?:ane[w]|afres[h]|amis[s]|whenc[e]|henc[e]|les[t]|whils[t]|naugh[t])\b": "say again, wrong, from where, so",
    r"(?i)\bin earnes[t]\b|\bin one g[o]\b|\blead[s]? nowher[e]\b": "say real, uninterrupted, not defined",
    r"(?i)\bphone des[k]s?\b|\bslipped digi[t]s?\b": "say hotline or customer service line, wrong digit",
    r"(?i)\bfault of coredril[l]\b": "a fault is injected; this is a bug in coredrill",
}
"""Words that a reader who knows the field would stumble over, and what is said instead: docs/glossary.md."""

QUAINT_IN_PACKAGES = QUAINT | {r"(?i)\btol[d]\b": "say reported, called with, distinguished"}

QUAINT_AND_STAYS = {
    ("docs/glossary.md", "luc" + "k"): "it lists the words to avoid",
    ("docs/control.md", "mend"): "a table of keys, which keep their spelling",
    ("scenarios/architectures/legacy-coupled.yaml", "phone des" + "k"): "descriptions of an architecture are part of its digest",
    ("chaos/i18n/texts.json", "phone des" + "k"): "it translates that description",
}
"""Exceptions by file and word, and why."""


def project_texts() -> list[Path]:
    """Every text file of the checkout but generated and vendored ones."""
    found = []
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        ours = SKIPPED.isdisjoint(parts) and not any(part.endswith((".egg-info", "_cache")) for part in parts)
        if ours and path.suffix in TEXT and path.is_file() and path.stat().st_size < TEXT_BYTES_MAX:
            found.append(path)
    return found


class Hit(NamedTuple):
    """A word that should not be there: its line, itself, and why."""

    line: int
    word: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.word!r}: {self.reason}"


def hits(text: str, patterns: Mapping[str, str]) -> list[Hit]:
    """Where a text has one of the patterns."""
    return [
        Hit(number, match[0], reason)
        for number, line in enumerate(text.splitlines(), 1)
        for pattern, reason in patterns.items()
        for match in re.finditer(pattern, line)
    ]


def unwanted(text: str) -> list[str]:
    """Unwanted words of a text, with line number and reason."""
    return [str(hit) for hit in hits(text, UNWANTED)]


def quaint(path: str, text: str) -> list[Hit]:
    """Quaint words of a file."""
    return hits(text, QUAINT_IN_PACKAGES if path.startswith(("simcore/", "chaos/")) else QUAINT)


def test_files_hold_no_unwanted_words() -> None:
    """No file of the project has an unfinished note, a path of one machine, a workplace name or a merge conflict."""
    found = [f"{p.relative_to(ROOT)}: {hit}" for p in project_texts() for hit in unwanted(p.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    "text", ["# TO" + "DO later", "see /wor" + "k/shared", "open('/tm" + "p/x')", "thanks, Cla" + "ude", "<" * 7 + " main"]
)
def test_unwanted_words_are_found(text: str) -> None:
    """Each kind of unwanted word is caught."""
    assert len(unwanted(text)) == 1


@pytest.mark.parametrize("text", ["usr/tmp" + "/", "https://example.org/home" + "/x", "$dir/tmp" + "/x", "a todo list"])
def test_innocent_words_pass(text: str) -> None:
    """Relative paths, addresses and ordinary words are left alone."""
    assert unwanted(text) == []


def test_files_use_the_words_of_the_field() -> None:
    """No file has a word that the glossary has another for, but where an exception says why; each exception is needed."""
    texts = {p.relative_to(ROOT).as_posix(): p.read_text(encoding="utf-8") for p in project_texts()}
    ours = {path: text for path, text in texts.items() if not path.startswith("benchmarks/results/")}
    found = {(path, hit.word.lower(), str(hit)) for path, text in ours.items() for hit in quaint(path, text)}
    assert [f"{path}: {hit}" for path, word, hit in sorted(found) if (path, word) not in QUAINT_AND_STAYS] == []
    assert set(QUAINT_AND_STAYS) <= {(path, word) for path, word, _ in found}


@pytest.mark.parametrize(
    "text", ["the same luc" + "k", "the dea" + "rest mutants", "what people men" + "d", "nobody was hur" + "t", "in earn" + "est"]
)
def test_quaint_words_are_found(text: str) -> None:
    """Each is found in a page."""
    assert len(quaint("docs/page.md", text)) == 1


@pytest.mark.parametrize(
    "text", ["{respond: 5s, mend: 1h}", "vendor.mend", "a clear, strange ring", "the reading was tol" + "d apart"]
)
def test_keys_and_other_words_pass(text: str) -> None:
    """Keys keep their spelling; what is meant literally outside of the packages is left alone."""
    assert quaint("docs/page.md", text) == []
