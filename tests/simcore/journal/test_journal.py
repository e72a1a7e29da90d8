"""The journal: what goes in comes out, the same from memory and from disk, and what is damaged is refused."""

from __future__ import annotations

import ast
import errno
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from histograms import histogram_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simcore.base.units import SECOND
from simcore.journal import writer as writing
from simcore.journal.histogram import histogram_quantile
from simcore.journal.model import CODES, FLAGS, INTENT_COLUMNS, OUTCOMES, SIDES, SPAN_COLUMNS, Journal
from simcore.journal.reader import read_journal
from simcore.journal.storage import JournalError
from simcore.journal.writer import JournalWriter, write_journal

ROOT = Path(__file__).resolve().parents[3]
META = {
    "coredrill_version": "0.1.0", "architecture": "chain", "architecture_digest": "ab12", "workload": "steady",
    "environment": None, "seed": 7, "start_ns": 0, "end_ns": 10 * SECOND, "window": None, "span_sampling": 1,
    "calendar": "continuous", "flow_kinds": {"order": "order", "quote": "query"}, "recorded_flows": ["order"],
}  # fmt: skip
NAMES = {"pool": ["threads"], "unit": ["counter#0"], "flow": ["order", "quote"], "operation": ["counter.place"]}
COLUMNS = [
    ("pool", "threads", "granted", "cumulative"),
    ("pool", "threads", "busy", "gauge"),
    ("pool", "threads", "peak_busy", "peak"),
]
VALUES = np.array([[5, 2, 3], [5, 0, 4], [400, 7, 7]], dtype=np.int64)
INTENTS = {
    "request": [1, 2, 4], "flow": [0, 0, 0], "customer": [9, 8, 9], "submit_ns": [5, 10, 20], "answer_ns": [25, 1010, 0],
    "outcome": [1, 5, 0], "code": [0, 8, 0], "attempts": [1, 3, 1], "side": [1, 2, 1], "quantity": [100, 200, 300],
    "price_cents": [1500, 1501, 1502], "recorded": [1, 2, 0], "placed": [1, 2, 0], "flags": [0, 17, 0],
}  # fmt: skip
SPANS = {
    "request": [1], "path": [-1], "parent": [0], "unit": [0], "operation": [0],
    "arrive_ns": [6], "start_ns": [7], "end_ns": [9], "code": [0],
}  # fmt: skip
TOTALS = {("pool", "threads", "granted"): 400, ("pool", "threads", "peak_busy"): 7}
EVENTS = [(3, "fault", "counter#0", {"factor": 2.5, "kind": "slow"}), (9, "alarm", "threads", {"value": 7, "real": True})]


def table(columns: dict[str, list[int]]) -> dict[str, np.ndarray]:
    return {name: np.array(values, dtype=np.int64) for name, values in columns.items()}


GIVEN: dict[str, Any] = {
    "names": NAMES, "columns": COLUMNS, "values": VALUES, "intents": INTENTS, "spans": SPANS, "events": EVENTS, "totals": TOTALS,
    "histograms": {("flow", "order"): histogram_of(np.array([20, 1000]))}, "conservation": [("little", True, 12, 12)],
    "properties": {"none_lost": {"holds": True, "lost": 0}}, "counts": {"events": 10, "tasks": 4, "requests": 4},
    "unknown_reason": None,
}  # fmt: skip


def build(
    blocks: tuple[int, ...] = (3,), spool_bytes: int = 1 << 20, meta: dict[str, Any] | None = None, **changed: Any
) -> Journal:
    """A small journal; `blocks` says in how many rows at a time its series are given, `changed` replaces what is GIVEN."""
    given = GIVEN | changed
    writer = JournalWriter(spool_bytes)
    writer.begin(META | (meta or {}), given["names"], given["columns"])
    for block in np.split(given["values"], np.cumsum(blocks)[:-1]):
        writer.add_series(block)
    writer.add_events(given["events"])
    writer.add_intents(table(given["intents"]))
    writer.add_spans(table(given["spans"]))
    ends = ("totals", "histograms", "conservation", "properties", "counts", "unknown_reason")
    return writer.finish(**{name: given[name] for name in ends})


# --- series -------------------------------------------------------------------------------------------------------------


def test_series_by_mode() -> None:
    """Cumulative columns come back as increments, gauges and peaks as they were; seconds say when each begins."""
    journal = build()
    assert journal.series("pool", "threads", "granted").tolist() == [5, 0, 395]
    assert journal.series("pool", "threads", "busy").tolist() == [2, 0, 7]
    assert journal.series("pool", "threads", "peak_busy").tolist() == [3, 4, 7]
    assert journal.seconds.tolist() == [0, SECOND, 2 * SECOND]
    with pytest.raises(KeyError, match="no series of pool threads queue"):
        journal.series("pool", "threads", "queue")


@given(arrays(np.int64, st.tuples(st.integers(1, 9), st.just(4))), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_any_gauge_survives(values: np.ndarray, cut: int) -> None:
    """All of int64, however it is cut into blocks, spooled to a file or not, from memory and from disk."""
    columns = [("pool", "threads", f"g{i}", "gauge") for i in range(4)]
    cut = min(cut, len(values))
    whole = build((len(values),), columns=columns, values=values)
    parts = build((cut, len(values) - cut), spool_bytes=1, columns=columns, values=values)
    for journal in (whole, parts):
        assert [journal.series("pool", "threads", f"g{i}").tolist() for i in range(4)] == values.T.tolist()
    assert whole.digest == parts.digest


def test_memory_stays_flat() -> None:
    """Beyond its limit the spool is a file; idle columns take no bytes at all."""
    rng = np.random.default_rng(1)
    values = np.zeros((400, 3), np.int64)
    values[:, 1] = rng.integers(0, 50, 400)
    journal = build((200, 200), spool_bytes=100, meta={"end_ns": 400 * SECOND}, values=values)
    assert journal.stored_series.nbytes == 400
    assert journal.stored_series.spool.file is not None
    assert journal.series("pool", "threads", "busy").tolist() == values[:, 1].tolist()


def test_a_block_may_be_used_again() -> None:
    """The writer keeps nothing of the caller's buffer."""
    writer, block = JournalWriter(), VALUES.copy()
    writer.begin(META, NAMES, COLUMNS)
    writer.add_series(block)
    block[:] = -1
    journal = writer.finish({}, {}, [], {}, {"events": 0, "tasks": 0, "requests": 0})
    assert journal.series("pool", "threads", "busy").tolist() == [2, 0, 7]
    assert len(journal.intents["request"]) == 0


# --- what the writer refuses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"values": np.array([[5, 0, 0], [4, 0, 0]])}, "a cumulative counter falls: pool threads granted"),
        ({"values": np.zeros((3, 2), np.int64)}, r"a block is int64 \[seconds, 3\]"),
        ({"values": np.zeros((11, 3), np.int64)}, "the series are longer than the run"),
        ({"columns": [*COLUMNS[:2], ("pool", "ghost", "busy", "gauge")]}, "not among the names: pool ghost"),
        ({"columns": [COLUMNS[1], *COLUMNS[1:]]}, "a series or histogram occurs twice"),
        ({"columns": [*COLUMNS[:2], ("pool", "threads", "busy2", "mean")]}, "columns"),
        ({"totals": {("pool", "ghost", "busy"): 1}}, "not among the names: pool ghost"),
        ({"names": NAMES | {"pool": ["threads", "threads"]}}, "a name occurs twice among: pool"),
        ({"names": NAMES | {"flow": ["order"]}}, "flow_kinds and recorded_flows"),
        ({"meta": {"recorded_flows": []}}, "order flows without a row an intent: order"),
        ({"meta": {"window": [5, 5]}}, "a window starts before it ends"),
        ({"meta": {"seed": "7"}}, "meta.seed"),
        ({"counts": {"events": 1}}, "no count of requests, tasks"),
        ({"intents": INTENTS | {"flow": [0, 2, 0]}}, r"column flow holds a value that is not in \[0, 2\)"),
        ({"intents": INTENTS | {"outcome": [1, 6, 0]}}, "column outcome"),
        ({"intents": INTENTS | {"outcome": [1, 300, 0]}}, "does not fit"),
        ({"intents": INTENTS | {"answer_ns": [4, 1010, 0]}}, "answered after it was submitted"),
        ({"intents": INTENTS | {"answer_ns": [25, 1010, 30]}}, "a pending one not at all"),
        ({"intents": {"request": [1]}}, "columns are request, flow"),
        ({"intents": INTENTS | {"flow": [0]}}, "of one length"),
        ({"spans": SPANS | {"unit": [1]}}, "column unit"),
        ({"histograms": {("flow", "order"): np.array([3, -1])}}, "counts less than nothing"),
        ({"properties": {"none_lost": {"lost": 0}}}, "says whether it `holds`"),
        ({"properties": {"none_lost": {"holds": True, "share": float("nan")}}}, "a number is not finite"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, Any], message: str) -> None:
    """A mistake of the caller's is a ValueError that names the value, not a journal that lies."""
    with pytest.raises(ValueError, match=message):
        build((len(changed.get("values", VALUES)),), **changed)


def test_events_are_put_in_order_of_time() -> None:
    """Sorted by time; what was logged first at an instant stays first."""
    events = [(5, "b", "x", {}), (3, "late", "x", {}), (5, "a", "x", {})]
    assert [event.what for event in build(events=events).events] == ["late", "b", "a"]


def test_too_many_events_make_the_run_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is dropped in silence."""
    monkeypatch.setattr(writing, "EVENTS_MAX", 1)
    journal = build()
    assert len(journal.events) == 1
    assert journal.unknown_reason == "1 events beyond the first 1 were not kept"
    assert build(unknown_reason="run guard").unknown_reason == "run guard"


# --- reading back -------------------------------------------------------------------------------------------------------


def test_a_journal_from_disk_is_the_same(tmp_path: Path) -> None:
    """Everything comes back, with the types the documentation states, and cannot be changed."""
    journal = build()
    write_journal(journal, tmp_path / "run")
    again = read_journal(tmp_path / "run")
    assert again.digest == journal.digest
    for field in ("meta", "names", "columns", "totals", "events", "conservation", "properties"):
        assert getattr(again, field) == getattr(journal, field), field
    for mine, theirs, types in ((again.intents, journal.intents, INTENT_COLUMNS), (again.spans, journal.spans, SPAN_COLUMNS)):
        assert {name: array.dtype.str for name, array in mine.items()} == types
        assert all(np.array_equal(mine[name], theirs[name]) for name in types)
    assert again.intents["flags"].tolist() == [0, 17, 0]
    assert again.spans["path"].tolist() == [2**64 - 1]
    assert again.total("pool", "threads", "granted") == 400
    assert again.quantile("flow", "order", 1.0) == histogram_quantile(histogram_of(np.array([1000])), 1.0)
    assert again.series("pool", "threads", "granted").tolist() == [5, 0, 395]
    assert not again.intents["outcome"].flags.writeable
    for call in (again.total, again.series):
        with pytest.raises(KeyError, match="pool threads none"):
            call("pool", "threads", "none")


def test_numpy_reads_the_tables(tmp_path: Path) -> None:
    """A notebook needs no more than np.load."""
    write_journal(build(), tmp_path / "run")
    for name, columns in (
        ("intents", INTENT_COLUMNS),
        ("spans", SPAN_COLUMNS),
        ("histograms", ["counts"]),
        ("series", ["widths", "data"]),
    ):
        with np.load(tmp_path / "run" / f"{name}.npz", allow_pickle=False) as archive:
            assert sorted(archive) == sorted(columns)
            arrays = {column: archive[column] for column in columns}
        if name == "intents":
            assert arrays["customer"].tolist() == [9, 8, 9]


def test_a_journal_without_columns_or_rows(tmp_path: Path) -> None:
    """A run of nothing is a journal too."""
    writer = JournalWriter()
    writer.begin(META | {"flow_kinds": {}, "recorded_flows": []}, {}, [])
    journal = writer.finish({}, {}, [], {}, {"events": 0, "tasks": 0, "requests": 0})
    write_journal(journal, tmp_path / "run")
    assert read_journal(tmp_path / "run").digest == journal.digest


@pytest.mark.parametrize(
    "changed",
    [
        {"meta": {"seed": 8}},
        {"totals": TOTALS | {("pool", "threads", "granted"): 401}},
        {"events": EVENTS[:1]},
        {"values": VALUES + [[0, 0, 1]]},
        {"intents": INTENTS | {"flags": [0, 16, 0]}},
        {"spans": SPANS | {"path": [5]}},
        {"histograms": {("flow", "order"): histogram_of(np.array([20, 2000]))}},
        {"properties": {}},
        {"unknown_reason": "guard"},
        {"conservation": [("little", True, 12.0, 12)]},
        {"names": NAMES | {"limit": ["router"]}},
    ],
)
def test_the_digest_sees_every_part(changed: dict[str, Any]) -> None:
    """Whatever differs, the digest differs."""
    assert build(**changed).digest != build().digest


def test_what_a_later_version_says_of_a_run_is_kept(tmp_path: Path) -> None:
    """A key that is not known comes back, and counts in the digest; every value can be had by its name as well."""
    journal = build(meta={"mood": {"of the day": [1.5, None]}})
    write_journal(journal, tmp_path / "run")
    again = read_journal(tmp_path / "run")
    assert again.meta["mood"] == {"of the day": [1.5, None]}
    assert (again.digest == journal.digest, journal.digest == build().digest) == (True, False)
    assert again.meta["seed"] == again.meta.seed == 7
    with pytest.raises(KeyError):
        again.meta["moods"]


def test_the_digest_sees_nothing_else(tmp_path: Path) -> None:
    """Not the version of coredrill, the order of keys, the type of integers, or when and where the files were written."""
    base = build()
    shuffled = build(totals=dict(reversed([(key, np.int64(value)) for key, value in TOTALS.items()])))
    assert shuffled.digest == base.digest == build(meta={"coredrill_version": "9.9"}).digest
    for name in ("one", "two"):
        write_journal(base, tmp_path / name)
        assert read_journal(tmp_path / name).digest == base.digest
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_the_digest_of_this_journal() -> None:
    """Contents have this digest on every machine and version; a change means another schema version."""
    assert build().digest == "7f4c08ecc5a2ad103bbb3b1203885270"


# --- folders ------------------------------------------------------------------------------------------------------------


def test_an_older_journal_is_replaced_and_nothing_is_left_over(tmp_path: Path) -> None:
    """Parents are made, an empty folder is used, an older journal goes."""
    target = tmp_path / "runs" / "a"
    target.mkdir(parents=True)
    write_journal(build(), target)
    newer = build(meta={"seed": 8})
    write_journal(newer, target)
    assert read_journal(target).digest == newer.digest
    assert [entry.name for entry in target.parent.iterdir()] == ["a"]


@pytest.mark.parametrize("make", ["file", "folder", "journal with notes", "other journal.json"])
def test_what_is_not_a_journal_is_not_overwritten(tmp_path: Path, make: str) -> None:
    """A file, a folder of something else, or a journal with a stranger's file in it stay as they are."""
    target = tmp_path / "run"
    if make == "file":
        target.write_text("thesis")
        kept = target
    else:
        if make == "journal with notes":
            write_journal(build(), target)
        target.mkdir(exist_ok=True)
        kept = target / ("journal.json" if make == "other journal.json" else "thesis.txt")
        kept.write_text("thesis")
    with pytest.raises(JournalError, match="is not a journal; name a new folder"):
        write_journal(build(), target)
    assert kept.read_text() == "thesis"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_a_failed_write_leaves_the_older_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the new journal only."""
    write_journal(build(), tmp_path / "run")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(writing, "write_arrays", full)
    with pytest.raises(JournalError, match="run: the journal cannot be written: the disk is full"):
        write_journal(build(meta={"seed": 8}), tmp_path / "run")
    assert read_journal(tmp_path / "run").meta.seed == 7
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


# --- untrusted files ----------------------------------------------------------------------------------------------------


def edit_head(**changed: Any) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        file = folder / "journal.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | changed))

    return damage


def replace_member(file: str, member: str, array: np.ndarray | bytes) -> Callable[[Path], None]:
    """Puts another array, or other bytes, in the place of one member of an .npz."""

    def damage(folder: Path) -> None:
        with zipfile.ZipFile(folder / file) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        if isinstance(array, bytes):
            members[f"{member}.npy"] = array
        else:
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=True)
            members[f"{member}.npy"] = buffer.getvalue()
        with zipfile.ZipFile(folder / file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return damage


def huge_header() -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<i8", "fortran_order": False, "shape": (10**15,)})
    return buffer.getvalue() + bytes(24)


def truncate(file: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: len(content) * 2 // 3])

    return damage


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "another schema version": (edit_head(schema_version=1), "schema_version is 1, this coredrill reads 3; run the"),
    "a version that is no number": (edit_head(schema_version=[1]), r"schema_version is \[1\]"),
    "another format": (edit_head(format="tape"), "not a journal: no format 'coredrill-journal'"),
    "a changed seed": (edit_head(meta=META | {"seed": 8, "unknown_reason": None, "counts": GIVEN["counts"]}), "digest"),
    "an unknown key": (edit_head(extra=1), r"journal\.json: not a whole journal: extra: is unknown here"),
    "negative rows": (edit_head(intents=-1), "intents: "),
    "rows beyond reason": (edit_head(intents=10**12), "request"),
    "rows beyond int64": (edit_head(intents=10**30), "request"),
    "more seconds than the run has": (edit_head(series_blocks=[512] * 10**6), "longer than the run"),
    "blocks of another size": (edit_head(series_blocks=[10**9]), "not in blocks of 512 s"),
    "another number of seconds": (edit_head(series_blocks=[4]), "data would be"),
    "an event with a list": (edit_head(events=[[1, "a", "b", {"x": []}]]), "events.0"),
    "events out of order": (edit_head(events=[[2, "a", "b", {}], [1, "a", "b", {}]]), "not in order of time"),
    "a name with a terminal code": (edit_head(names=NAMES | {"limit": ["\x1b[31m"]}), "printable"),
    "not a number": (edit_head(properties={"p": {"holds": True, "x": float("nan")}}), "journal.json"),
    "no journal.json": (lambda folder: (folder / "journal.json").unlink(), "there is no journal.json"),
    "no table": (lambda folder: (folder / "spans.npz").unlink(), "not a whole journal: spans.npz is missing; run the simulation again"),
    "an empty journal.json": (lambda folder: (folder / "journal.json").write_text(""), "it is no JSON from line 1, column 1 on"),
    "a journal.json of binary": (lambda folder: (folder / "journal.json").write_bytes(b"\xff\xfe\x00"), "not a whole journal"),
    "a deep journal.json": (lambda folder: (folder / "journal.json").write_text("[" * 200_000), "its JSON is nested too deep"),
    "a list for a journal.json": (lambda folder: (folder / "journal.json").write_text("[]"), "not a journal"),
    "a cut journal.json": (truncate("journal.json"), "not a whole journal"),
    "cut intents": (truncate("intents.npz"), "intents.npz is cut off or changed"),
    "cut series": (truncate("series.npz"), "not a whole journal"),
    "a table that is no archive": (lambda folder: (folder / "histograms.npz").write_bytes(b"hello"), "not a whole journal"),
    "a pickle": (replace_member("intents.npz", "flow", np.array([{}, {}, {}], dtype=object)), "flow"),
    "floats for integers": (replace_member("intents.npz", "submit_ns", np.zeros(3)), "submit_ns is not an array of <i8"),
    "too few rows": (replace_member("intents.npz", "request", np.zeros(2, np.int64)), "request"),
    "too many rows": (replace_member("intents.npz", "request", np.zeros(3000, np.int64)), "request would be"),
    "another byte order": (replace_member("intents.npz", "submit_ns", np.zeros(3, ">i8")), "submit_ns is not an array of <i8"),
    "a header that asks for petabytes": (replace_member("intents.npz", "request", huge_header()), "request is not an array"),
    "an unknown column": (replace_member("spans.npz", "salary", np.zeros(1, np.int64)), "spans.npz should hold request"),
    "a code that is none": (replace_member("intents.npz", "code", np.array([0, 10, 0], np.int8)), "column code"),
    "a width that is none": (replace_member("series.npz", "widths", np.array([[3, 1, 1]], np.uint8)), "a width is not one of"),
    "a changed increment": (replace_member("series.npz", "data", np.zeros(12, np.uint8)), "digest"),
    "a changed span": (replace_member("spans.npz", "end_ns", np.array([10], np.int64)), "digest"),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_one_clear_error(tmp_path: Path, what: str) -> None:
    """Whatever is wrong with the files, reading raises JournalError that names the file or folder, in one line."""
    write_journal(build(), tmp_path / "run")
    damage, message = DAMAGE[what]
    damage(tmp_path / "run")
    with pytest.raises(JournalError, match=message) as caught:
        read_journal(tmp_path / "run")
    said = str(caught.value)
    assert said.startswith(str(tmp_path / "run"))
    assert "\n" not in said
    assert not re.search(r"Errno|[Zz]ip|Expecting|\binputs?\b|\bInput\b|codec|recursion|Error\b|zlib|decompress", said)


def test_a_journal_that_is_not_there(tmp_path: Path) -> None:
    """No folder is told apart from a damaged one."""
    with pytest.raises(JournalError, match="no journal here"):
        read_journal(tmp_path / "nowhere")


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_flipped_byte_never_passes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """One byte changed anywhere is an error, or (in padding, dates and the like) the journal is still the same."""
    folder = tmp_path_factory.mktemp("flip") / "run"
    journal = build()
    write_journal(journal, folder)
    file = folder / data.draw(st.sampled_from(sorted(entry.name for entry in folder.iterdir())))
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    try:
        assert read_journal(folder).digest == journal.digest
    except JournalError:
        pass
    finally:
        shutil.rmtree(folder)


# --- agreement ----------------------------------------------------------------------------------------------------------


def test_the_documentation_lists_the_columns() -> None:
    """docs/journal.md names every column of the tables, outcomes and codes by their numbers, and every flag."""
    text = (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")
    for numbered in (OUTCOMES, CODES, SIDES):
        assert ", ".join(f"{i} {name}" for i, name in enumerate(numbered)) in text
    assert ", ".join(f"{bit} {name}" for name, bit in FLAGS.items()) in text
    assert all(name in text for name in (*INTENT_COLUMNS, *SPAN_COLUMNS))


def test_the_kernel_has_the_same_codes() -> None:
    """Numbers in the tables mean the same to the kernel, whose layout is read without importing it."""
    tree = ast.parse((ROOT / "simcore" / "kernel" / "layout.py").read_text(encoding="utf-8"))
    constants = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    assert ast.literal_eval(constants["CODES"]) == CODES
    assert ast.literal_eval(constants["OUTCOMES"]) == OUTCOMES


def test_a_journal_is_read_without_the_simulator(python: Callable[..., Any], tmp_path: Path) -> None:
    """Neither Numba nor SimPy is imported."""
    write_journal(build(), tmp_path / "run")
    code = (
        "import sys; from simcore.journal.reader import read_journal; import simcore.journal.summary; read_journal(sys.argv[1]); "
    )
    code += "print([name for name in ('numba', 'simpy', 'simcore.kernel') if name in sys.modules])"
    done = python("-c", code, str(tmp_path / "run"))
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
