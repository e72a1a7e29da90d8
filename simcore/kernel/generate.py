"""Writes what follows from the records (`records.py`): the constants of `layout.py`, and the tables in docs/.

    python -m simcore.kernel.generate

A test holds the files to what this would write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from simcore.kernel.records import CODE_SETS, CODES, CONSTANTS, JOURNAL_RECORDS, OUTCOMES, RECORDS, Codes, Kept, Record

LAYOUT = Path(__file__).parent / "layout.py"
DOCS = Path(__file__).parents[2] / "docs"
MARKED = re.compile(r"(<!-- (\w+): written by simcore/kernel/generate\.py -->\n)(.*?)(<!-- end -->)", re.DOTALL)

_HEAD = '''"""Offsets, codes and constants of the kernel's arenas. Written by simcore/kernel/generate.py from records.py: change it there.

All state of a run is one flat int64 array `m`. A handle is an absolute index into it, always uint64 (unsigned indices need no
wrap-around check, and mixing int64 with uint64 would give float64); 0 is no handle. Offsets are added to a record's handle:
`m[task + y.TASK_PC]`. Floating-point parameters live in a second array `f`, found through handles kept in the records.
"""

from __future__ import annotations

import numpy as np

U = np.uint64
'''


def _comment(text: str) -> str:
    return f"  # {text}" if text else ""


def _of_record(record: Record) -> Iterator[str]:
    yield ""
    yield f"# {record.docs}"
    for word, at in record.offsets():
        yield f"{record.prefix}_{word.name.upper()} = U({at})" + _comment(word.docs)
    yield f"{record.prefix}_SIZE = U({record.length})"


def _of_codes(codes: Codes) -> Iterator[str]:
    yield ""
    yield f"# {codes.docs}"
    for name, docs in codes.names.items():
        yield f"{codes.constant(name)} = {codes.number(name)}" + _comment(docs)


def layout() -> str:
    """The source text of simcore/kernel/layout.py, made from the declarations in records.py."""
    lines = [_HEAD, "# --- records ---"]
    for record in RECORDS:
        lines += _of_record(record)
    lines += ["", "# --- codes ---"]
    for codes in CODE_SETS:
        lines += _of_codes(codes)
    lines += ["", "# --- their names in files and journals ---", f"CODES = {_texts(CODES)}", f"OUTCOMES = {_texts(OUTCOMES)}"]
    lines += ["", "# --- other constants ---"]
    for name, value, docs, unsigned in CONSTANTS:
        lines.append(f"{name} = {f'U({value})' if unsigned else value}" + _comment(docs))
    return "\n".join(lines) + "\n"


def _texts(codes: Codes) -> str:
    return "(" + ", ".join(f'"{name}"' for name in codes.names) + ")"


def counters_table() -> str:
    """A Markdown table of what the journal keeps of each kind, as docs/journal.md shows it."""
    rows = ["| kind | field | mode | kept in | counts, or is | and not |", "|---|---|---|---|---|---|"]
    for kind, record in JOURNAL_RECORDS.items():
        for word in record.words:
            if word.mode is not None and word.kept is not Kept.SERIES:
                kept = Kept.BOTH if any(word.label == name for name, _, _ in record.series()) else Kept.TOTAL
                rows.append(f"| {kind} | `{word.label}` | {word.mode.value} | {kept.value} | {word.docs} | {word.excludes} |")
    return "\n".join(rows) + "\n"


def records_table() -> str:
    """A Markdown table of the records, as docs/kernel.md shows it."""
    rows = ["| prefix | words | what one is |", "|---|---|---|"]
    rows += [f"| `{r.prefix}_` | {r.length}{' floats' if r.floats else ''} | {r.docs} |" for r in RECORDS]
    return "\n".join(rows) + "\n"


TABLES = {"counters": counters_table, "records": records_table}
PAGES = ("journal.md", "kernel.md")


def with_tables(page: str) -> str:
    """A page of the documentation with its marked tables as they should be."""
    return MARKED.sub(lambda match: match[1] + TABLES[match[2]]() + match[4], page)


def main() -> None:
    """Writes layout.py and, in a checkout, the tables of the documentation."""
    LAYOUT.write_text(layout(), encoding="utf-8")
    for path in (DOCS / name for name in PAGES):
        if path.is_file():
            path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
