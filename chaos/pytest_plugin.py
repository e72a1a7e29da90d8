"""Scenario and suite files as pytest tests, and the fixture `drill` for tests in Python.

A YAML file with `kind: scenario` or `kind: suite` becomes one item a scenario and seed; what must hold over the seeds is one more
item, which makes all the runs. A fail is a failure, unknown is an error: neither is ever a skip. docs/scenarios.md has examples.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from chaos.documents.suite import Pair
    from chaos.execution.jobs import Job
    from chaos.results.run import RunResult, SuiteResult, Verdict

    Sides = tuple[Pair, tuple[list[Job], list[Job]]]

_KIND = re.compile(r"^kind:\s*(scenario|suite)\s*(#.*)?$", re.MULTILINE)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Scenario and suite files, and nothing else."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    try:
        found = _KIND.search(file_path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    if found is None:
        return None
    made: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
    return made


class FailedError(Exception):
    """A run whose verdict is fail."""


class UnknownError(Exception):
    """A run whose verdict is unknown."""


class BrokenLawError(Exception):
    """A run in which a conservation law did not hold: the simulator is wrong, whatever the verdict."""


VERDICTS = (FailedError, UnknownError, BrokenLawError)


class ScenarioFile(pytest.File):
    """A scenario or suite file."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item a scenario and seed, one for each group with expectations over its seeds, and one a pair of a suite."""
        from chaos.documents.library import library
        from simcore.base.errors import InputError

        name = str(self.path.absolute())
        try:
            alone = library().kind_of(name).name == "scenario"
            jobs, pairs = _scenario(name) if alone else _suite(name)
        except InputError as error:
            raise self.CollectError(str(error)) from None
        yield from self._runs(jobs, short=alone)
        for pair, (a, b) in pairs:
            yield PairItem.from_parent(self, name=f"pair-{pair.name}", pair=pair, a=a, b=b)

    def _runs(self, jobs: list[Job], short: bool) -> Iterator[pytest.Item]:
        from chaos.execution.jobs import prepare

        groups: dict[Any, list[Job]] = {}
        for job in jobs:
            groups.setdefault(job.group, []).append(job)
        for mine in groups.values():
            target = prepare(mine[0])
            label = (
                target.scenario.model.name
                if short
                else f"{target.scenario.model.name}-{target.architecture.name}-{target.environment}"
            )
            for job in mine:
                yield RunItem.from_parent(self, name=f"{label}[seed-{job.seed}]", jobs=[job])
            if any(e.in_share is not None or e.quantile is not None for e in target.scenario.model.expect):
                yield RunItem.from_parent(self, name=f"{label}[over-seeds]", jobs=mine)


def _scenario(name: str) -> tuple[list[Job], list[Sides]]:
    """The jobs of a scenario file, checked. Raises InputError."""
    from chaos.execution.jobs import prepare
    from chaos.execution.planning import JobOptions, scenario_jobs

    jobs = scenario_jobs([name], JobOptions())
    for job in jobs:
        prepare(job)
    return jobs, []


def _suite(name: str) -> tuple[list[Job], list[Sides]]:
    """The jobs of a suite that are judged on their own, and its pairs with theirs; all checked. Raises InputError."""
    from chaos.documents.suites import load_suite
    from chaos.execution.jobs import prepare
    from chaos.execution.planning import JobOptions, own_jobs, pair_jobs, suite_jobs

    suite, options = load_suite(name), JobOptions()
    for job in suite_jobs(suite, options):
        prepare(job)
    return own_jobs(suite, options), [(pair, pair_jobs(pair, suite, options)) for pair in suite.pairs]


class RunItem(pytest.Item):
    """One run; or, of a scenario with expectations over its seeds, all of them."""

    def __init__(self, *, jobs: list[Job], **options: Any) -> None:
        super().__init__(**options)
        self.jobs = jobs

    def runtest(self) -> None:
        """Makes the runs, and raises what is not a pass."""
        from chaos.execution.campaign import result_of
        from chaos.reports.junit import properties_of

        records = {job.key: _executed(job) for job in self.jobs}
        if len(self.jobs) == 1 and not self.name.endswith("[over-seeds]"):
            run = records[self.jobs[0].key]
            self.user_properties.extend(properties_of(run))
            _raise(run.verdict, [*run.reasons, f"replay: {run.replay}"])
            return
        result = result_of(self.jobs, records)
        lines = [
            f"{e.expected}: held in {e.held} of {e.runs} runs, {e.needed} needed"
            for e in result.groups[0].expectations
            if e.verdict != "pass"
        ]
        lines += [run.replay for run in result.runs if run.verdict != "pass"][:3]
        _raise(_over(result), lines)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The reasons and the line to replay, without a traceback, for verdicts and mistakes in files."""
        from simcore.base.errors import InputError

        if isinstance(excinfo.value, (*VERDICTS, InputError)):
            return f"{self.path}:1: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """File and name."""
        return self.path, 0, self.name


class PairItem(pytest.Item):
    """A pair of a suite: the runs of both sides, and the difference that is the point."""

    def __init__(self, *, pair: Pair, a: list[Job], b: list[Job], **options: Any) -> None:
        super().__init__(**options)
        self.pair, self.a, self.b = pair, a, b

    def runtest(self) -> None:
        """Makes the runs of both sides, and raises if the difference is not there."""
        from chaos.judgement.pairs import judge_pair, pair_lines

        found = judge_pair(self.pair, [(a.seed, _executed(a), _executed(b)) for a, b in zip(self.a, self.b, strict=False)])
        claim = f"{found.measure} of {found.a} exceeds that of {found.b} by at least {found.at_least:g}"
        _raise(found.verdict, [claim, *pair_lines(found)])

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The claim and the values of both sides, without a traceback."""
        if isinstance(excinfo.value, VERDICTS):
            return f"{self.path}:1: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """File and name."""
        return self.path, 0, self.name


@functools.lru_cache(maxsize=1024)
def _executed(job: Job) -> RunResult:
    """A run; the item over the seeds shares those of the others in its process."""
    from chaos.execution.jobs import execute

    record = execute(job)
    if broken := record.broken_laws:
        raise BrokenLawError(f"a fault of coredrill itself: conservation broken: {', '.join(broken)}\nreplay: {record.replay}")
    return record


def _over(result: SuiteResult) -> Verdict:
    from chaos.judgement.verdict import combine

    return combine(e.verdict for e in result.groups[0].expectations)


def _raise(verdict: Verdict | None, lines: list[str]) -> None:
    if verdict != "pass":
        raise (FailedError if verdict == "fail" else UnknownError)("\n".join([verdict or "unknown", *lines]))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """An unknown verdict and a broken law are errors, as of a fixture, and not failed assertions."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if (
        isinstance(item, (RunItem, PairItem))
        and call.excinfo is not None
        and isinstance(call.excinfo.value, (UnknownError, BrokenLawError))
    ):
        report.when = "setup"


@pytest.fixture
def drill() -> Callable[..., RunResult]:
    """Runs a scenario and returns the run's result: `drill("name or path", seed=3, architecture="…")`.

    The test asserts what it likes of `run.measures`; `run.verdict` is the scenario's own.
    """
    from chaos.execution.jobs import Job, execute, forget

    def make(
        scenario: str | Path,
        *,
        seed: int = 1,
        architecture: str | None = None,
        environment: str | None = None,
        changes: tuple[str, ...] = (),
    ) -> RunResult:
        forget()
        return execute(Job(str(scenario), seed, architecture, environment, changes))

    return make
