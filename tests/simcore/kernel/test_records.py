"""The kernel's records: one declaration, from which the layout, the journal's columns and the documentation follow."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from simcore.journal import model as journal
from simcore.kernel import generate, layout, records
from simcore.kernel.records import CODE_SETS, CONSTANTS, JOURNAL_RECORDS, RECORDS, Codes, Kept, Mode, Record, Word
from simcore.model.metrics import FIELDS, TRAFFIC, parse_metric
from simcore.model.steps import FailureCode

KERNEL = Path(layout.__file__).parent
DOCS = Path(__file__).parents[3] / "docs"

UPPER = re.compile(r"[A-Z][A-Z0-9_]*")


# --- what is generated --------------------------------------------------------------------------------------------------


def test_the_layout_is_what_the_records_say() -> None:
    """layout.py is as the generator would write it."""
    assert generate.LAYOUT.read_text(encoding="utf-8") == generate.layout()


@pytest.mark.parametrize("page", generate.PAGES)
def test_the_tables_of_the_documentation_are_what_the_records_say(page: str) -> None:
    """Each page has a generated table, and it is as the generator would write it."""
    text = (DOCS / page).read_text(encoding="utf-8")
    assert generate.MARKED.search(text)
    assert generate.with_tables(text) == text


def test_a_stale_table_is_found() -> None:
    """A table that a word is missing from is written again."""
    text = (DOCS / "journal.md").read_text(encoding="utf-8")
    assert generate.with_tables(re.sub(r"\| pool \| `busy` .*\n", "", text)) == text


# --- names --------------------------------------------------------------------------------------------------------------


def test_no_two_constants_have_one_name() -> None:
    """What the generator writes defines every name once."""
    assigned = [node.targets[0].id for node in ast.parse(generate.layout()).body if isinstance(node, ast.Assign)]  # type: ignore[attr-defined]
    assert len(assigned) == len(set(assigned))


def test_a_prefix_belongs_to_one_record_or_one_set_of_codes() -> None:
    """Whoever reads POOL_BUSY knows which record it is of: no prefix is used twice, and no code or constant borrows a record's."""
    prefixes = [record.prefix for record in RECORDS] + [codes.prefix for codes in CODE_SETS if codes.prefix]
    assert len(prefixes) == len(set(prefixes))
    of_records = {record.prefix for record in RECORDS}
    names = [codes.constant(name) for codes in CODE_SETS for name in codes.names] + [constant.name for constant in CONSTANTS]
    assert [name for name in names if name.partition("_")[0] in of_records] == ["KEY_EMPTY", "KEY_REMOVED"]  # of KEY_KEY itself


def test_the_ledger_has_prefixes_of_its_own() -> None:
    """An offset or code of the ledger cannot be taken for one of the state arena."""
    prefixes = {record.prefix for record in RECORDS} | {codes.prefix for codes in CODE_SETS if codes.prefix}
    found: set[str] = set()
    for path in sorted((KERNEL / "ledger").glob("*.py")):
        assigned = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign)]
        found |= {node.id for a in assigned for t in a.targets for node in ast.walk(t) if isinstance(node, ast.Name)}
    assert {name for name in found if UPPER.fullmatch(name)}
    assert {name for name in found if "_" in name and name.partition("_")[0] in prefixes} == set()


def test_the_kernel_takes_its_words_by_name() -> None:
    """No star import: a reader sees where a name comes from."""
    sources = {p.name: p.read_text(encoding="utf-8") for p in sorted(KERNEL.rglob("*.py"))}
    assert [name for name, text in sources.items() if re.search(r"^from .* import \*", text, re.MULTILINE)] == []


# --- records ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.prefix)
def test_words_do_not_overlap(record: Record) -> None:
    """Each word has room of its own within its record, named once."""
    taken = [at + i for word, at in record.offsets() for i in range(word.width)]
    assert len(taken) == len(set(taken))
    assert max(taken) < record.length
    names = [word.name for word in record.words]
    assert len(names) == len(set(names))


def test_overlapping_words_are_found() -> None:
    """The check above can fail."""
    with pytest.raises(AssertionError):
        test_words_do_not_overlap(Record("TEST", "", (Word("wide", "", width=3), Word("within", "", at=2))))


def test_pools_keys_and_parking_begin_like_queues() -> None:
    """What works on queues works on them: their own words begin behind the queue's, and a pool's queue is the queue's length."""
    queue = records.QUEUE.length
    assert min(at for word, at in records.POOL.offsets() if word.name != "queue") == queue
    assert min(at for _, at in records.KEY.offsets()) == queue
    assert {word.name: word.width for word in records.INSTANCE.words}["parked"] == queue
    assert layout.POOL_QUEUE == layout.QUEUE_LENGTH


def test_words_that_the_journal_keeps_are_documented() -> None:
    """Whoever reads a journal finds out what each of its counters counts."""
    assert [f"{r.prefix}.{w.name}" for r in RECORDS for w in r.words if w.mode and not w.docs] == []
    assert [r.prefix for r in RECORDS if any(w.mode for w in r.words) != bool(r.kind)] == []


def test_codes_are_numbered_and_named() -> None:
    """Numbers count from 0, or in powers of two; names of constants can be told from those of files."""
    codes = Codes("", {"one": "", "two": "", "three": ""}, prefix="A", constants={"two": "ZWEI"})
    assert [codes.number(name) for name in codes.names] == [0, 1, 2]
    assert [codes.constant(name) for name in codes.names] == ["A_ONE", "ZWEI", "A_THREE"]
    assert codes._replace(bits=True).number("three") == 4
    with pytest.raises(ValueError, match="four"):
        codes.number("four")


# --- what the journal and the control plane make of them ----------------------------------------------------------------


def test_the_columns_of_the_journal() -> None:
    """Names, modes and order of a pool's columns; an integral is cumulative there, and the peaks are those of the second."""
    assert [(name, mode) for name, mode, _ in JOURNAL_RECORDS["pool"].series()] == [
        ("busy", "gauge"),
        ("queue", "gauge"),
        ("slots", "gauge"),
        ("granted", "cumulative"),
        ("refused", "cumulative"),
        ("waited", "cumulative"),
        ("busy_ns", "cumulative"),
        ("wait_ns", "cumulative"),
        ("peak_busy", "peak"),
        ("peak_queue", "peak"),
    ]
    offsets = {name: at for name, _, at in JOURNAL_RECORDS["pool"].series()}
    assert offsets["peak_busy"] == layout.POOL_SECOND_BUSY
    assert JOURNAL_RECORDS["pool"].totals()["peak_busy"] == layout.POOL_PEAK_BUSY


def test_metrics_are_the_totals_and_one_instant() -> None:
    """What may be read is what the journal's totals hold, and of an instance when it went down."""
    assert {kind: {*fields} - {*JOURNAL_RECORDS[kind].totals()} for kind, fields in FIELDS.items()} == {
        kind: {"down_since"} if kind == "unit" else set() for kind in JOURNAL_RECORDS
    }


def test_what_counts_as_traffic() -> None:
    """The counters by which a fault shows that something met it."""
    assert {kind: fields for kind, fields in TRAFFIC.items() if fields} == {
        "pool": ("refused", "waited"),
        "unit": ("done", "failed"),
        "link": ("sent",),
        "flow": ("started",),
        "call": ("attempts",),
        "limit": ("deferred", "refused"),
    }


@pytest.mark.parametrize(
    ("metric", "is_gauge", "is_word"),
    [
        ("pool/threads/busy", True, True),
        ("pool/threads/peak_queue", True, True),
        ("pool/threads/busy_ns", False, False),
        ("pool/threads/wait_ns", False, True),
        ("unit/core#0/down_since", True, False),
        ("call/core.order/bank/charge#0/attempts", False, True),
    ],
)
def test_how_a_metric_may_be_read(metric: str, is_gauge: bool, is_word: bool) -> None:
    """Gauges have no growth; integrals and `down_since` are not at hand at any instant."""
    name = parse_metric(metric)
    assert (name.is_gauge, name.is_word) == (is_gauge, is_word)
    assert "/".join(name) == metric


def test_an_integral_is_a_total_of_the_pools_alone() -> None:
    """Only pools are brought up to now before a run is read."""
    integrals = {record.kind for record in RECORDS for word in record.words if word.mode is Mode.INTEGRAL}
    assert integrals == {"pool"}
    assert all(word.kept is not Kept.SERIES for word in records.POOL.words if word.mode is Mode.INTEGRAL)


def test_codes_of_files_and_journals_are_the_kernels() -> None:
    """The journal and the files, which do not import the kernel, count and name ends and outcomes as it does."""
    assert journal.CODES == tuple(records.CODES.names) == layout.CODES
    assert journal.OUTCOMES == tuple(records.OUTCOMES.names) == layout.OUTCOMES
    assert get_args(FailureCode) == tuple(records.CODES.names)[1:]
