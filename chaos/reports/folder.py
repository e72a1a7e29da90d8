"""A run's folder: its journal, and beside it `run.json` with what the journal does not say: the verdict, why, and what the
architecture looks like. Reports are made from the folder alone. Both are untrusted input.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simcore.base.units import SECOND
from simcore.journal.model import BESIDE, Journal, JournalError, Scalar
from simcore.journal.summary import result

FORMAT, SCHEMA_VERSION = "coredrill-run", 1
BYTES_MAX = 64 << 20

Verdict = Literal["pass", "fail", "unknown"]
Text = Annotated[str, Field(max_length=20_000)]
Number = int | float | None


class _Part(BaseModel):
    """Strict about what is read, silent about what is not: a later coredrill may say more."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


class Step(_Part):
    """A step of the method."""

    name: Text
    fault: Text
    began_ns: int | None = None
    ended_ns: int | None = None
    targets: list[Text] = []
    took_effect: bool = True
    failed: Text | None = None


class Link(_Part):
    """A link of the causal chain: `because` is kind/name of its cause, null for a step."""

    t_ns: int
    kind: Text
    name: Text
    what: Text
    because: Text | None = None
    depth: int = 0

    @property
    def node(self) -> str:
        """kind/name."""
        return f"{self.kind}/{self.name}"


class Expectation(_Part):
    """A bound, what was found, and whether it was kept."""

    measure: Text
    expected: Text
    shown: Text
    holds: bool | None = None
    judged: bool = True


class Grade(_Part):
    """A severity by one rule set."""

    grade: Text | None = None
    label: Text
    why: Text | None = None
    source: Text | None = None


class Milestone(_Part):
    """A line of a published timeline."""

    published_ns: int
    what: Text
    simulated_ns: int | None = None


class Metrics(_Part):
    """What was measured; without a scenario, only what the journal itself counts."""

    orders: dict[str, Number]
    flows: dict[str, dict[str, Any]] = {}
    client_truth: dict[str, dict[str, int]] = {}
    impaired_s: float | None = None
    recovery_s: float | None = None
    recovery_s_lower: float | None = None
    recovered: bool | None = None
    metastable: bool | None = None
    first_violation_ns: int | None = None
    recovered_at_ns: int | None = None
    detect_s: float | None = None
    decide_s: float | None = None
    act_s: float | None = None
    restore_s: float | None = None
    reconciled_s: float | None = None
    first_noticed: Text | None = None
    first_noticed_by: Text | None = None
    first_noticed_s: float | None = None
    customers_active: int | None = None
    customers_affected: int | None = None
    severity: dict[str, Grade] = {}


class Law(_Part):
    """A conservation law."""

    law: Text
    ok: bool
    expected: Scalar = None
    found: Scalar = None


class Run(_Part):
    """The record of a run: docs/scenarios.md and docs/verdicts.md say what its parts mean. A simulation without a scenario has
    neither verdict nor expectations."""

    scenario: Text | None = None
    title: Text = ""
    purpose: Text = ""
    architecture: Text
    environment: Text | None = None
    workload: Text = ""
    seed: int
    verdict: Verdict | None = None
    reasons: list[Text] = []
    digest: Text
    window: Annotated[list[int], Field(min_length=2, max_length=2)] | None = None
    metrics: Metrics
    properties: dict[str, dict[str, Scalar]] = {}
    conservation: list[Law] = []
    expectations: list[Expectation] = []
    faults: list[Step] = []
    causes: list[Link] = []
    timeline: list[Milestone] = []
    replay: Text = ""


class Drawn(_Part):
    """A service in the picture."""

    layer: Text = "core"
    replicas: int = 1
    position: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    description: Text = ""
    pools: list[Text] = []


class Edge(_Part):
    """Who calls whom, through which sites."""

    source: Text = Field(alias="from")
    target: Text = Field(alias="to")
    sites: list[Text] = []


class Picture(_Part):
    """What the architecture looks like; of `chaos.results.topology`."""

    services: Annotated[dict[str, Drawn], Field(max_length=2000)] = {}
    edges: Annotated[list[Edge], Field(max_length=20_000)] = []
    flows: dict[str, Text] = {}


class _File(_Part):
    format: Literal["coredrill-run"]
    schema_version: int
    record: Run | None = None
    picture: Picture = Picture()
    violated: list[Annotated[list[int], Field(min_length=2, max_length=2)]] = []


@dataclass(frozen=True)
class Kept:
    """A run as its folder has it. `violated` are the stretches [from, to), ns, in which the steady state was violated."""

    folder: Path
    journal: Journal
    run: Run
    picture: Picture
    violated: list[tuple[int, int]]

    @property
    def span(self) -> tuple[int, int]:
        """From the first second of the series to the end of the last one, ns."""
        begin = int(self.journal.meta["start_ns"])
        return begin, min(begin + self.journal.seconds.size * SECOND, int(self.journal.meta["end_ns"]))

    @property
    def window(self) -> tuple[int, int]:
        """What was measured, ns."""
        return (self.run.window[0], self.run.window[1]) if self.run.window else self.span


def keep(
    folder: str | Path, *, picture: Mapping[str, Any], record: Mapping[str, Any] | None = None, violated: Iterable[tuple[int, int]] = (),
) -> None:  # fmt: skip
    """Writes `run.json` beside a journal, whole or not at all."""
    found = {
        "format": FORMAT, "schema_version": SCHEMA_VERSION, "record": record, "picture": picture,
        "violated": [[int(a), int(b)] for a, b in violated],
    }  # fmt: skip
    target = Path(folder) / BESIDE
    temporary = target.with_name(f"{target.name}.{os.getpid()}")
    temporary.write_text(json.dumps(found, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    temporary.replace(target)


def read(folder: str | Path) -> Kept:
    """The run kept in a folder. Raises JournalError (an InputError) for what is not one, is damaged, or of another version."""
    journal = Journal.read(folder)
    path = Path(folder) / BESIDE
    found = _read_beside(path) if path.is_file() else None
    if found is None or found.record is None:
        plain = result(journal)["runs"][0]
        run = Run.model_validate(plain | {"reasons": [plain["unknown_reason"]] if plain["unknown_reason"] else []})
    elif found.record.digest != journal.digest:
        raise JournalError("this is the record of another journal", file=str(path), mend="run the scenario again")
    else:
        run = found.record
    violated = [(a, b) for a, b in found.violated] if found else []
    return Kept(Path(folder), journal, run, found.picture if found else Picture(), violated)


def _read_beside(path: Path) -> _File:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise JournalError(f"larger than {BYTES_MAX} bytes", file=str(path), mend="run the scenario again")
        raw = json.loads(path.read_text(encoding="utf-8"))
        version = raw.get("schema_version") if isinstance(raw, dict) else None
        if isinstance(raw, dict) and raw.get("format") == FORMAT and version != SCHEMA_VERSION:
            mend = "run the scenario again, or use the coredrill that wrote it"
            raise JournalError(f"schema_version is {version!r}, this coredrill reads {SCHEMA_VERSION}", file=str(path), mend=mend)
        return _File.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        why = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    except (OSError, ValueError, RecursionError) as error:
        why = str(error) or type(error).__name__
    raise JournalError(f"not the record of a run: {why}", file=str(path), mend="run the scenario again")
