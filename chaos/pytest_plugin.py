"""Scenario and suite files as pytest tests, and the fixture `run_scenario` for tests in Python.

A YAML file with `kind: scenario` or `kind: suite` becomes one item a scenario and seed; what must hold over the seeds is one more
item, which makes all the runs. A fail is a failure, unknown is an error: neither is ever a skip. docs/scenarios.md has examples.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from chaos.documents.suite import Pair
    from chaos.execution.jobs import Job
    from chaos.execution.planning import PairedJobs
    from chaos.execution.session import Session
    from chaos.results.run import RunResult, Verdict

RECORDS_MAX = 1024
"""Of what was made last so many records stay, so that an item over the seeds need not make them again."""
_KIND = re.compile(r"^kind:\s*(scenario|suite)\s*(#.*)?$", re.MULTILINE)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What scenarios are run on."""
    text = (
        "What scenario files and run_scenario put under test, NAME or NAME:ADDRESS; 'coredrill list targets' names what there is."
    )
    parser.getgroup("coredrill").addoption("--coredrill-target", default="simulated", metavar="NAME[:ADDRESS]", help=text)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Closes what the runs have held open."""
    runs = config.stash.get(_RUNS, None)
    if runs is not None:
        runs.session.close()


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


# --- runs -------------------------------------------------------------------------------------------------------------------


class SharedRuns:
    """The runs of one pytest process, each made once: the item over the seeds shares those of the others."""

    def __init__(self, target: str) -> None:
        from chaos.execution.session import Session

        self.session, self.target = Session(), target
        self._records: dict[Job, RunResult] = {}

    def record(self, job: Job) -> RunResult:
        """What a run was judged to be. Raises BrokenLawError, and InputError."""
        from chaos import plugins
        from chaos.execution.execute import execute

        if job not in self._records:
            while len(self._records) >= RECORDS_MAX:
                del self._records[next(iter(self._records))]
            with plugins.blamed():
                self._records[job] = execute(self.session, job)
        record = self._records[job]
        if broken := record.broken_laws:
            raise BrokenLawError(f"a bug in coredrill: conservation broken: {', '.join(broken)}\nreplay: {record.replay}")
        return record


_RUNS = pytest.StashKey[SharedRuns]()


def _runs_of(config: pytest.Config) -> SharedRuns:
    if _RUNS not in config.stash:
        config.stash[_RUNS] = SharedRuns(config.getoption("--coredrill-target"))
    return config.stash[_RUNS]


# --- from files to items ----------------------------------------------------------------------------------------------------


class PlannedJobs(NamedTuple):
    """The jobs of a file that are judged on their own, and its pairs with theirs."""

    own: list[Job]
    pairs: list[tuple[Pair, list[PairedJobs]]]


class ScenarioFile(pytest.File):
    """A scenario or suite file."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item a scenario and seed, one for each group with expectations over its seeds, and one a pair of a suite."""
        from chaos import plugins
        from chaos.documents.library import library
        from simcore.base.errors import InputError

        runs, name = _runs_of(self.config), str(self.path.absolute())
        try:
            with plugins.blamed():
                alone = library().kind_of(name).name == "scenario"
                planned = _scenario(runs, name) if alone else _suite(runs, name)
        except InputError as error:
            raise self.CollectError(str(error)) from None
        yield from self._items(runs.session, planned.own, short=alone)
        for pair, jobs in planned.pairs:
            yield PairItem.from_parent(self, name=f"pair-{pair.name}", pair=pair, jobs=jobs)

    def _items(self, session: Session, jobs: list[Job], short: bool) -> Iterator[pytest.Item]:
        groups: dict[Any, list[Job]] = {}
        for job in jobs:
            groups.setdefault(job.group, []).append(job)
        for mine in groups.values():
            inputs = session.bind(mine[0].system).inputs
            scenario = inputs.scenario.model
            label = scenario.name if short else f"{scenario.name}-{inputs.architecture.name}-{inputs.environment}"
            for job in mine:
                yield RunItem.from_parent(self, name=f"{label}[seed-{job.seed}]", jobs=[job])
            if any(e.in_share is not None or e.quantile is not None for e in scenario.expect):
                yield RunItem.from_parent(self, name=f"{label}[over-seeds]", jobs=mine)


def _scenario(runs: SharedRuns, name: str) -> PlannedJobs:
    """The jobs of a scenario file, checked. Raises InputError."""
    from chaos.execution.planning import JobOptions, scenario_jobs

    jobs = scenario_jobs(runs.session, [name], JobOptions(target=runs.target))
    for job in jobs:
        runs.session.require(job)
    return PlannedJobs(jobs, [])


def _suite(runs: SharedRuns, name: str) -> PlannedJobs:
    """The jobs of a suite and of its pairs, all checked. Raises InputError."""
    from chaos.documents.suites import load_suite
    from chaos.execution.planning import JobOptions, own_jobs, pair_jobs, suite_jobs

    session, suite, options = runs.session, load_suite(name), JobOptions(target=runs.target)
    for job in suite_jobs(session, suite, options):
        session.require(job)
    pairs = [(pair, pair_jobs(session, pair, suite, options)) for pair in suite.pairs]
    return PlannedJobs(own_jobs(session, suite, options), pairs)


# --- items ------------------------------------------------------------------------------------------------------------------


class RunItem(pytest.Item):
    """One run; or, of a scenario with expectations over its seeds, all of them."""

    def __init__(self, *, jobs: list[Job], **options: Any) -> None:
        super().__init__(**options)
        self.jobs = jobs

    def runtest(self) -> None:
        """Makes the runs, and raises what is not a pass."""
        from chaos.execution.campaign import result_of
        from chaos.i18n.findings import held_text
        from chaos.i18n.texts import untranslated
        from chaos.judgement.verdict import combine
        from chaos.reports.junit import properties_of

        runs = _runs_of(self.config)
        records = {job.key: runs.record(job) for job in self.jobs}
        if len(self.jobs) == 1 and not self.name.endswith("[over-seeds]"):
            run = records[self.jobs[0].key]
            self.user_properties.extend(properties_of(run))
            _raise(run.verdict, [*run.reasons, f"replay: {run.replay}"])
            return
        result = result_of(runs.session, self.jobs, records)
        expectations = result.groups[0].expectations
        lines = [held_text(e, untranslated(e.expected))["en"] for e in expectations if e.verdict != "pass"]
        lines += [run.replay for run in result.runs if run.verdict != "pass"][:3]
        _raise(combine(e.verdict for e in expectations), lines)

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

    def __init__(self, *, pair: Pair, jobs: list[PairedJobs], **options: Any) -> None:
        super().__init__(**options)
        self.pair, self.jobs = pair, jobs

    def runtest(self) -> None:
        """Makes the runs of both sides, and raises if the difference is not there."""
        from chaos.judgement.pairs import judge_pair
        from chaos.reports.pairs import pair_claim, pair_lines

        runs = _runs_of(self.config)
        found = judge_pair(self.pair, [(a.seed, runs.record(a), runs.record(b)) for a, b in self.jobs])
        _raise(found.verdict, [text["en"] for text in (pair_claim(found), *pair_lines(found))])

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The claim and the values of both sides, without a traceback."""
        from simcore.base.errors import InputError

        if isinstance(excinfo.value, (*VERDICTS, InputError)):
            return f"{self.path}:1: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """File and name."""
        return self.path, 0, self.name


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


# --- for tests in Python ----------------------------------------------------------------------------------------------------


@pytest.fixture
def run_scenario(pytestconfig: pytest.Config) -> Callable[..., RunResult]:
    """A function that runs a scenario, by name or path, and returns the run's result. Files are read again at each call.

        def test_login_survives_a_slow_bank(run_scenario):
            run = run_scenario("bank-slow.yaml", seed=3, architecture="options/bulkheads")
            assert run.verdict == "pass"
            assert run.measures.flows["login"].success > 0.99

    `run.verdict` is what the scenario's own expectations came to, `run.measures` everything that was measured. Its keywords: `seed` (1),
    `architecture` and `environment` (None: the scenario's own), `changes` (`PATH=VALUE`, as `--set` has them), `target` (None: that of
    `--coredrill-target`). It raises InputError for files that are wrong, and for a run that the target cannot make.
    """
    from chaos.execution.execute import execute
    from chaos.execution.jobs import Job
    from chaos.execution.session import Session

    def make(
        scenario: str | Path,
        *,
        seed: int = 1,
        architecture: str | None = None,
        environment: str | None = None,
        changes: tuple[str, ...] = (),
        target: str | None = None,
    ) -> RunResult:
        target = target or pytestconfig.getoption("--coredrill-target")
        with Session() as session:
            return execute(session, Job(str(scenario), seed, architecture, environment, changes, target=target))

    return make


@pytest.fixture
def drill(run_scenario: Callable[..., RunResult]) -> Callable[..., RunResult]:
    """The older name of `run_scenario`."""
    return run_scenario
