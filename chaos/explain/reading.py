"""What a result that is kept as JSON leaves to explain: a verdict of `run` or `suite`, or a decided pair of `compare`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from chaos.documents.library import library
from chaos.explain.explanation import ExplanationPlan
from chaos.results.comparison import ComparedCell, ComparisonResult
from chaos.results.explanation import ExplanationResult
from chaos.results.run import GroupResult, SuiteResult
from simcore.base.errors import InputError, os_reason
from simcore.base.model import first_mistake
from simcore.files.document import read_document
from simcore.files.loading import is_path

T = TypeVar("T")
SUFFIX = ".json"


def plan_of_result(path: Path, asked: ExplanationPlan, scenario: str | None) -> ExplanationPlan:
    """What is asked, of the result in a file: its only verdict, or the one that `scenario` and the names in `asked` leave. Raises
    InputError where that is none, or several."""
    result = _read(path)
    if isinstance(result, SuiteResult):
        return _of_group(path, result, asked, scenario)
    return _of_cell(path, result, asked, scenario)


def read_explanation(path: Path) -> ExplanationResult:
    """What `coredrill explain` has written with --json. Raises InputError where that is something else."""
    try:
        return ExplanationResult.model_validate(_json(path))
    except ValidationError as error:
        hint = "name what explain wrote with --json"
        raise InputError(f"is no explanation: {first_mistake(error)}", str(path), hint=hint) from None


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {os_reason(error)}", str(path), hint="check the path") from None
    except ValueError:
        raise InputError("is no JSON", str(path), hint="name a file that --json has written") from None


def _read(path: Path) -> SuiteResult | ComparisonResult:
    raw = _json(path)
    kind = ComparisonResult if isinstance(raw, dict) and "cells" in raw else SuiteResult
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        hint = "name what run, suite or compare wrote with --json"
        raise InputError(f"is no result that can be explained: {first_mistake(error)}", str(path), hint=hint) from None


def _of_group(path: Path, result: SuiteResult, asked: ExplanationPlan, scenario: str | None) -> ExplanationPlan:
    """Results have names: what is no shipped file is named in `scenario` and in `asked` by its path."""
    wanted = [_name_of(reference) for reference in (scenario, asked.architecture, asked.environment)]
    found = [g for g in result.groups if all(w in (None, own) for w, own in zip(wanted, _own(g), strict=True))]
    group = _only(path, found, [f"{g.scenario} on {g.architecture}" for g in found])
    shipped = group.architecture if group.architecture in library().shipped("architecture") else None
    return replace(
        asked,
        scenario=scenario or str(group.scenario),
        architecture=asked.architecture or shipped,
        environment=asked.environment or group.environment,
        seed=group.seeds[0],
        replications=asked.replications or group.runs,
    )


def _name_of(reference: str | None) -> str | None:
    """What the file of a path calls itself; a name is itself."""
    if reference is None or not is_path(reference):
        return reference
    return read_document(Path(reference), "base").text("name") or reference


def _own(group: GroupResult) -> Sequence[str | None]:
    return (group.scenario, group.architecture, group.environment)


def _of_cell(path: Path, result: ComparisonResult, asked: ExplanationPlan, scenario: str | None) -> ExplanationPlan:
    stated = asked.measure if isinstance(asked.measure, str) else result.measures[0].name
    name, margins, _ = stated.partition("=")
    cells = [c for c in result.cells if isinstance(c, ComparedCell) and c.measure == name.strip()]
    wanted = (scenario, asked.against, asked.environment)
    found = [
        c for c in cells if all(w in (None, o) for w, o in zip(wanted, (c.scenario, c.architecture, c.environment), strict=True))
    ]
    cell = _only(path, found, [f"{c.scenario} on {c.architecture}" for c in found])
    seeds = [run.seed for run in result.runs]
    measure = next(m for m in result.measures if m.name == cell.measure)
    return replace(
        asked,
        scenario=cell.scenario,
        architecture=result.baseline,
        against=cell.architecture,
        environment=cell.environment,
        measure=asked.measure if margins else measure,
        seed=min(seeds, default=asked.seed),
        replications=asked.replications or cell.runs,
    )


def _only(path: Path, found: Sequence[T], names: Sequence[str]) -> T:
    """The one that was found. Raises InputError for none and for several."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError("has no such verdict", str(path), hint="check --scenario, --architecture, --against and --measure")
    listed = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    raise InputError(f"has {len(found)} verdicts: {listed}", str(path), hint="choose one with --scenario and --against")
