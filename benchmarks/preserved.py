"""What a change must preserve, recorded from one checkout and compared with another.

    python benchmarks/preserved.py record --out before.json --tree OLD --python OLD/.venv/bin/python
    python benchmarks/preserved.py record --out after.json
    python benchmarks/preserved.py compare before.json after.json --except exceptions.json

Recorded are, for every run of the suite `full`, the digest of its journal; a second digest, of everything in the journal's folder
but `meta.architecture_digest`, the version of coredrill and the first digest; and digests of its parts and of every key of its
record, so that a difference can be placed. Then the documents that are made by running: the page of `coredrill timelines`, the
block of benchmarks/story.py and that block of docs/comparing.md which takes one replication, by benchmarks/compare.py.

Every checkout is copied first and its own programs run in the copy, so that it stays as it is. Nothing of it is imported here:
the journal is read with json, zipfile and numpy alone, so that neither side of a comparison is trusted to read itself.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SUITE = "full"
LEFT_OUT = {".git", ".venv", ".coredrill", ".hypothesis", "build", "dist", "node_modules"}
DIGEST = re.compile(r"\b[0-9a-f]{32}\b")  # of a journal or of an input; it is compared by its own key, and left out of all others
BLOCKS = re.compile(r"<!-- made by:? (.*?) -->\n(.*?)(?=<!-- end -->)", re.DOTALL)
ONCE = re.compile(r"--replications 1(?!\d)")
MAY_DIFFER = ("digest", "input_digest")  # may differ where the second digest does not: they know the shape of the files' models
MAY_FAIL = 1  # exit code of a suite in which an expectation is not kept

Parts = dict[str, str]


# --- digests ------------------------------------------------------------------------------------------------------------


def digest_of(value: Any) -> str:
    """Of what JSON can say, all of it."""
    return _hex(_canonical(value))


def bare_digest_of(value: Any) -> str:
    """The same, in which digests of journals and inputs do not count."""
    return _hex(DIGEST.sub("(digest)", _canonical(value)))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def journal_parts(folder: Path) -> Parts:
    """A digest of each part of a journal's folder: every key of its head, and all arrays of each other file."""
    head = json.loads((folder / "journal.json").read_text(encoding="utf-8"))
    head["meta"] = {key: value for key, value in head["meta"].items() if key not in ("architecture_digest", "coredrill_version")}
    parts = {key: digest_of(value) for key, value in head.items() if key != "digest"}
    return parts | {path.stem: _arrays(path) for path in sorted(folder.glob("*.npz"))}


def _arrays(path: Path) -> str:
    """Of the names, types, shapes and bytes of all arrays of a file, whatever their order and how they are packed."""
    state = hashlib.sha256()
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            with archive.open(name) as member:
                array = np.lib.format.read_array(member, allow_pickle=False)
            state.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()[:16]


def run_of(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of one run: its digest, the second one, and the digests of the parts of its journal and of its record."""
    parts = journal_parts(folder)
    beside = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    keys = {key: bare_digest_of(value) for key, value in record.items() if key not in MAY_DIFFER}
    more = {f"run.json {key}": bare_digest_of(value) for key, value in beside.items()}
    separate = {key: record[key] for key in MAY_DIFFER}
    return {**separate, "second": digest_of(parts), "journal": parts, "record": keys | more}


def key_of(record: Mapping[str, Any]) -> str:
    """What tells a run from the others of a suite."""
    return " ".join([record["scenario"], record["architecture"], record["environment"] or "-", str(record["seed"])])


# --- recording ----------------------------------------------------------------------------------------------------------


class Checkout:
    """A copy of a checkout, and the interpreter of the environment in which its programs run."""

    def __init__(self, tree: Path, python: str, folder: Path, jobs: int) -> None:
        self.copy, self.python, self.folder, self.jobs = folder / "checkout", python, folder, str(jobs)
        shutil.copytree(tree, self.copy, ignore=lambda _, names: LEFT_OUT.intersection(names), symlinks=True)

    def run(self, *arguments: str, may: tuple[int, ...] = (0,)) -> str:
        """Runs Python on these arguments in the copy; what it prints. Raises ClickException for another exit code than those."""
        environment = os.environ | {"PYTHONPATH": str(self.copy), "PYTHONHASHSEED": "0", "COLUMNS": "200", "NO_COLOR": "1"}
        done = subprocess.run(
            [self.python, *arguments], cwd=self.copy, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode not in may:
            raise click.ClickException(f"{' '.join(arguments)} ended in {done.returncode}:\n{done.stderr[-2000:]}")
        return done.stdout

    def page(self, name: str) -> str:
        """A page of the documentation as it is now."""
        return (self.copy / "docs" / name).read_text(encoding="utf-8")


def suite_runs(checkout: Checkout, spans: int) -> dict[str, Any]:
    """The runs of the suite, and the digests of what its result says of all of them."""
    journals, result_file = checkout.folder / "journals", checkout.folder / "suite.json"
    more = [
        "--spans",
        str(spans),
        "--store",
        str(checkout.folder / "store"),
        "--journal",
        str(journals),
        "--json",
        str(result_file),
    ]
    checkout.run("-m", "chaos", "suite", SUITE, "--jobs", checkout.jobs, *more, may=(0, MAY_FAIL))
    result = json.loads(result_file.read_text(encoding="utf-8"))
    folders = {}
    for path in journals.glob("*/run.json"):
        folders[key_of(json.loads(path.read_text(encoding="utf-8"))["record"])] = path.parent
    runs = {key_of(record): run_of(folders[key_of(record)], record) for record in result["runs"]}
    shutil.rmtree(journals)
    return {"runs": runs, "result": {key: bare_digest_of(value) for key, value in result.items() if key != "runs"}}


def timelines(checkout: Checkout, _price: int, _why: int) -> str:
    """The page of `coredrill timelines`."""
    return checkout.run("-m", "chaos", "timelines", "--jobs", checkout.jobs, "--markdown", "-")


def story(checkout: Checkout, price: int, why: int) -> str:
    """The block that benchmarks/story.py makes, with so many runs for prices and for reasons."""
    checkout.run("benchmarks/story.py", "--jobs", checkout.jobs, "--price", str(price), "--why", str(why))
    return "".join(body for what, body in BLOCKS.findall(checkout.page("coverage.md")) if "story.py" in what)


def page(checkout: Checkout, _price: int, _why: int) -> str:
    """The blocks of docs/comparing.md with one replication, made by benchmarks/compare.py."""
    commands = [what for what, _ in BLOCKS.findall(checkout.page("comparing.md")) if ONCE.search(what)]
    if not commands:
        raise click.ClickException("no block of docs/comparing.md has one replication")
    for command in commands:
        checkout.run("benchmarks/compare.py", "page", "--only", command, "--more", f"--jobs {checkout.jobs}")
    return "".join(f"{what}\n{body}" for what, body in BLOCKS.findall(checkout.page("comparing.md")) if what in commands)


DOCUMENTS: dict[str, Callable[[Checkout, int, int], str]] = {"timelines": timelines, "page": page, "story": story}


def _commit(tree: Path) -> dict[str, Any]:
    def git(*arguments: str) -> str | None:
        done = subprocess.run(["git", "-C", str(tree), *arguments], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    return {"commit": git("rev-parse", "HEAD"), "uncommitted_changes": bool(git("status", "--porcelain"))}


def _written(found: Mapping[str, Any]) -> str:
    """JSON with a line for each run and document, so that a version control shows which of them changed."""
    lines = []
    for key, value in found.items():
        if key in ("runs", "documents"):
            inner = ",\n".join(f"  {json.dumps(name)}: {json.dumps(of, separators=(',', ':'))}" for name, of in value.items())
            lines.append(f" {json.dumps(key)}: {{\n{inner}\n }}")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


@click.group(context_settings={"show_default": True})
def main() -> None:
    """Records and compares what must be preserved; see the head of this file."""


@main.command()
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--tree", default=ROOT, type=click.Path(path_type=Path, exists=True, file_okay=False), help="The checkout.")
@click.option("--python", default=sys.executable, help="The interpreter of the checkout's environment.")
@click.option("--jobs", default=2, type=click.IntRange(1))
@click.option(
    "--spans", default=100, type=click.IntRange(0), help="Keep the hops of every N-th request, so that they count, too."
)
@click.option("--price", default=24, type=click.IntRange(1), help="Runs for the prices of the story.")
@click.option("--why", default=48, type=click.IntRange(1), help="Runs for the reasons of the story.")
@click.option("--only", type=click.Choice(["suite", *DOCUMENTS]), multiple=True, help="Record these alone.")
def record(out: Path, tree: Path, python: str, jobs: int, spans: int, price: int, why: int, only: tuple[str, ...]) -> None:
    """Run the suite and the documents of a checkout, and write what they gave."""
    seconds: dict[str, float] = {}
    documents: dict[str, list[str]] = {}
    runs: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout(tree.resolve(), python, Path(folder), jobs)
        for name in only or ("suite", *DOCUMENTS):
            begin = time.perf_counter()
            if name == "suite":
                runs = suite_runs(checkout, spans)
            else:
                documents[name] = DOCUMENTS[name](checkout, price, why).splitlines()
            seconds[name] = round(time.perf_counter() - begin, 1)
            click.echo(f"{name}: {seconds[name]:,.0f} s", err=True)
    options = {"suite": SUITE, "spans": spans, "price": price, "why": why}
    out.write_text(
        _written({**_commit(tree), "seconds": seconds, "options": options, **runs, "documents": documents}), encoding="utf-8"
    )
    click.echo(
        f"wrote {out}: {len(runs.get('runs', ()))} runs, {len(documents)} documents, {sum(seconds.values()):,.0f} s", err=True
    )


# --- comparing ----------------------------------------------------------------------------------------------------------


def differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The keys at which two mappings differ, in order."""
    return [key for key in {**old, **new} if old.get(key) != new.get(key)]


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[str]]:
    """By what it is about, each with its lines: parts of runs, and documents, that are not as they were. Empty if all is preserved."""
    found: dict[str, list[str]] = {}
    if old["options"] != new["options"]:
        found["options"] = [f"recorded with {old['options']} and with {new['options']}: they cannot be compared"]
    for name in differing(old.get("result", {}), new.get("result", {})):
        found[f"result {name}"] = []
    before, after = old.get("runs", {}), new.get("runs", {})
    for name in {**before, **after}:
        if name not in before or name not in after:
            found[f"run {name}"] = [f"only in the {'old' if name in before else 'new'} one"]
        else:
            found |= {f"run {name}: {part}": lines for part, lines in _parts(before[name], after[name]).items()}
    for name in differing(old["documents"], new["documents"]):
        was, now = (of["documents"].get(name, []) for of in (old, new))
        found[f"document {name}"] = list(difflib.unified_diff(was, now, "old", "new", lineterm="", n=1))
    return found


def _parts(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[str]]:
    """The parts of a run that differ: `second digest`, `journal PART`, `record KEY`."""
    second = {"second digest": [f"{old['second']}, now {new['second']}"]} if old["second"] != new["second"] else {}
    return second | {f"{kind} {key}": [] for kind in ("journal", "record") for key in differing(old[kind], new[kind])}


def excepted(path: Path | None) -> dict[str, str]:
    """Reasons by what may differ, from a JSON object such as {"run *: record severity": "why"}: `*` stands for anything."""
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path else {}
    if empty := [name for name, reason in found.items() if not reason.strip()]:
        raise click.ClickException(f"an exception has a reason: {', '.join(empty)}")
    return found


def sorted_out(names: Iterable[str], patterns: Iterable[str]) -> dict[str, list[str]]:
    """The names by the first pattern that each fits; below the empty pattern those that fit none."""
    found: dict[str, list[str]] = {pattern: [] for pattern in (*patterns, "")}
    for name in names:
        found[next((pattern for pattern in found if pattern and fnmatchcase(name, pattern)), "")].append(name)
    return found


@main.command()
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--except", "exceptions", type=click.Path(path_type=Path, exists=True), help="JSON: what differs, and why it may.")
def compare(old: Path, new: Path, exceptions: Path | None) -> None:
    """Print what differs; exit 1 if anything does that is not excepted, or if an exception does not differ."""
    before, after = (json.loads(path.read_text(encoding="utf-8")) for path in (old, new))
    reasons, found = excepted(exceptions), differences(before, after)
    groups = sorted_out(found, reasons)
    for name in groups[""]:
        click.echo("\n    ".join([f"{name}: DIFFERS", *found[name]]))
    for pattern, reason in reasons.items():
        click.echo(f"{pattern}: {len(groups[pattern]) or 'NONE'} excepted: {reason}")
        for line in (line for name in groups[pattern] for line in found[name]):
            click.echo(f"    {line}")
    shared = [name for name in before.get("runs", {}) if name in after.get("runs", {})]
    for key in MAY_DIFFER:
        changed = sum(before["runs"][name][key] != after["runs"][name][key] for name in shared)
        click.echo(f"{key}: {changed} of {len(shared)} runs have another (allowed)")
    runs, documents, bad = len(before.get("runs", {})), len(before["documents"]), len(groups[""])
    click.echo(f"{runs} runs and {documents} documents: {bad} parts differ, {len(found) - bad} excepted")
    sys.exit(1 if bad or not all(groups[pattern] for pattern in reasons) else 0)


if __name__ == "__main__":
    main()
