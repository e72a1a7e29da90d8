"""The small systems in which tests of coverage plant defects: what they share, and how their files are written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

WORKLOAD = "kind: workload\nname: small\naccounts: {count: 2000}\nflows: {order: {rate: 20/s}, look: {rate: 20/s}}\n"


def eight_threads(look: str = "5ms", order: str = "5ms", patience: str = "2s", *, spare: str = "", aside: str = "") -> str:
    """An architecture: a core of eight threads that serves orders, which take `order` and ask a bank for as long as `patience`, and looks, which take
    `look`; a spare service (with `spare` in it) and those of the lines `aside`, which nothing calls."""
    return f"""\
kind: architecture
name: small
pools: {{threads: {{slots: 8}}}}
services:
  core:
    pools: [threads]
    operations:
      place: {{steps: [{{work: {order}}}, {{call: bank.ask, timeout: {patience}, on_failure: ignore}}, {{effect: order.record}}]}}
      look: {{steps: [{{work: {look}}}]}}
  bank: {{layer: external, operations: {{ask: {{steps: [{{work: 5ms}}]}}}}}}
  spare: {{{spare}operations: {{idle: {{steps: [{{work: 5ms}}]}}}}}}
{aside}flows:
  order: {{kind: order, record: true, steps: [{{call: core.place, timeout: 10s}}]}}
  look: {{kind: query, record: true, steps: [{{call: core.look, timeout: 3s}}]}}
"""


def defect_file(name: str, sites: str, *lines: str) -> str:
    """A defect's file: where it has sites, and what it does there."""
    return "\n".join([f"kind: defect\nname: {name}\ntitle: {name}\nfamily: capacity\nsites: {sites}", *lines, ""])


def patching(edit: str) -> str:
    """The line of a defect that makes one edit."""
    return f"patch: [{{{edit}}}]"


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Files by their names without `.yaml`."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[Path]:
    """The working directory is the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder
