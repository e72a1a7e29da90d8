"""Every measure that one command takes, all take, and of one run they all have the same value.

The small broker loses its database for a minute; with the seed used here every measure has a value. Each command names all measures
at once; those that are refused are refused before anything is run, for the reason that is declared.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import CliRunner, Result

from chaos.checkers.catalogue import all_checkers
from chaos.cli.main import main
from chaos.coverage.trials import Trial, attempt
from chaos.documents.library import library
from chaos.execution.session import Session
from chaos.i18n.findings import measure_title
from chaos.measures.catalogue import measures
from chaos.measures.formatting import Unit
from chaos.measures.registry import NamedMeasure, Slot

SEED = "8"
METRICS = ("flow/order/failed", "call/access.place/counter.place#0/timeouts", "pool/counter-threads/queue")
SCENARIO: dict[str, Any] = {
    "kind": "scenario", "name": "everything", "title": "The database is lost for a minute", "architecture": "./architecture.yaml",
    "workload": "./workload.yaml", "window": {"from": "09:31", "to": "09:34"}, "warmup": "1min",
    "steady_state": {"every": "5s", "hold": "15s", "objectives": {"order": {"success": 0.9, "min_count": 10}}},
    "method": [{"at": "09:31:30", "for": "1min", "crash": {"service": "db"}}],
}  # fmt: skip


def named() -> list[NamedMeasure]:
    """Every measure that a scenario of the broker can name."""
    subjects: dict[Slot, tuple[str, ...]] = {
        Slot.FLOW: ("order", "login"),
        Slot.METRIC: METRICS,
        Slot.RULES: tuple(library().shipped("severity")),
        Slot.PROPERTY: tuple(all_checkers()),
    }
    return [
        measures().find(measure.name.replace(measure.slot.value, subject) if measure.slot else measure.name)
        for measure in measures().measures
        for subject in (subjects[measure.slot] if measure.slot else ("",))
        if not (measure.of_rows and subject == "login")  # which has none
    ]


NAMED = named()
COMPARED = [m.name for m in NAMED if not m.declared.not_compared]
SWEPT = [m.name for m in NAMED if not m.declared.not_swept]


def coredrill(*arguments: str, code: int = 0) -> Result:
    """The command, in this process."""
    done = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def bound(measure: NamedMeasure) -> dict[str, Any]:
    """An expectation of it."""
    wanted: dict[Unit, dict[str, Any]] = {
        Unit.DURATION: {"at_least": "0s"},
        Unit.FRACTION: {"at_least": 0},
        Unit.COUNT: {"at_least": 0},
        Unit.GRADE: {"at_least": "none"},
        Unit.FLAG: {"equals": True},
    }
    return {"measure": measure.name, **wanted[measure.unit]}


class Ran(NamedTuple):
    """The broker's folder, and what `run` says of the run."""

    folder: Path
    run: dict[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        """Every measure's value, from the expectations on it."""
        return {e["measure"]: e["value"] for e in self.run["expectations"]}


@pytest.fixture(scope="module")
def ran(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """`run` with an expectation of every measure, its JUnit and its page."""
    folder = tmp_path_factory.mktemp("every")
    for name in ("architecture.yaml", "workload.yaml"):
        (folder / name).write_text((root / "tests/contract/broker" / name).read_text(encoding="utf-8"))
    wide = {
        "kind": "architecture",
        "name": "wide",
        "extends": "./architecture.yaml",
        "patch": [{"set": "pools.connections.slots", "to": 9}],
    }
    (folder / "wide.yaml").write_text(yaml.safe_dump(wide))
    (folder / "everything.yaml").write_text(yaml.safe_dump(SCENARIO | {"expect": [bound(m) for m in NAMED]}))
    plain = {"name": "plain", "expect": [{"measure": "impaired_s", "at_most": "1h"}]}
    (folder / "plain.yaml").write_text(yaml.safe_dump(SCENARIO | plain))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = CliRunner().invoke(
            main, ["run", "./everything.yaml", "--seed", SEED, "--json", "run.json", "--junit", "run.xml", "--html", "run.html"]
        )
    assert done.exit_code in (0, 1), done.output
    return Ran(folder, json.loads((folder / "run.json").read_text())["runs"][0])


@pytest.fixture(autouse=True)
def _here(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ran.folder)


def test_run_has_a_value_of_each(ran: Ran) -> None:
    """None of them is without a value in this run, so that what follows means something."""
    assert list(ran.values)[: len(NAMED)] == [m.name for m in NAMED]
    gradable = [name for name, value in ran.values.items() if value is None and not name.startswith("severity.")]
    assert gradable == []


def test_junit_and_the_page_have_each(ran: Ran) -> None:
    """The value in full in JUnit; on the page its name and its value as verdicts write it."""
    properties = {p.get("name"): p.get("value") for p in ET.parse("run.xml").getroot().iter("property")}
    missing = [name for name, value in ran.values.items() if properties[name] != ("" if value is None else str(value))]
    assert missing == []
    page = html.unescape(Path("run.html").read_text(encoding="utf-8"))
    for measure in NAMED:
        title = measure_title(measure.name, ran.run["own_names"])
        assert title["en"] in page
        assert title["zh"] in page
        if (value := ran.values[measure.name]) is not None:
            assert measure.text(value, exact=True) in page


def test_a_suites_pairs_take_each(ran: Ran) -> None:
    """A pair by every measure: the values of its sides are those of the run, also where no expectation of the scenario needs them."""
    side = {"scenario": "./plain.yaml"}
    pairs = [
        {"name": f"pair-{i}", "a": side, "b": side, "measure": measure.name, "at_least": 0} for i, measure in enumerate(NAMED)
    ]
    suite = {"kind": "suite", "name": "pairs", "title": "Pairs", "scenarios": [], "pairs": pairs}
    Path("suite.yaml").write_text(yaml.safe_dump(suite))
    done = CliRunner().invoke(main, ["suite", "./suite.yaml", "--seed", SEED, "--json", "-", "--junit", "suite.xml"])
    result = json.loads(done.stdout)
    assert {run["digest"] for run in result["runs"]} == {ran.run["digest"]}
    assert {p["measure"]: p["seeds"][0]["a"] for p in result["pairs"]} == ran.values
    printed = {p["measure"]: p["verdict"] for p in result["pairs"] if ran.values[p["measure"]] is not None}
    assert set(printed.values()) == {"pass"}


def test_compare_takes_each(ran: Ran) -> None:
    """All that are comparable, by runs of a scenario that does not speak of them."""
    options = [word for name in COMPARED for word in ("--measure", f"{name}=0")]
    base = ("compare", "./plain.yaml", "--architectures", "./architecture.yaml,./wide.yaml", "--healthy", "./plain.yaml")
    result = json.loads(
        coredrill(*base, "--seed", SEED, "--replications", "1", "--json", "-", "--html", "c.html", *options).stdout
    )
    run = next(run for run in result["runs"] if run["architecture"] == "small-broker")
    assert run["digest"] == ran.run["digest"]
    assert run["metrics"] == {name: ran.values[name] for name in COMPARED}
    cells = {cell["measure"]: cell for cell in result["cells"]}
    assert {name: cells[name]["baseline"]["median"] for name in COMPARED} == {name: float(ran.values[name]) for name in COMPARED}
    page = html.unescape(Path("c.html").read_text(encoding="utf-8"))
    assert [name for name in COMPARED if measure_title(name)["en"] not in page] == []


def test_sweep_takes_each(ran: Ran) -> None:
    """All that are numbers; the first point is the architecture as it is."""
    options = [word for name in SWEPT for word in ("--measure", name)]
    vary = ("--vary", "pools.connections.slots=8,9")
    done = coredrill("sweep", "./plain.yaml", *vary, "--seed", SEED, "--json", "-", "--html", "s.html", *options)
    result = json.loads(done.stdout)
    assert result["runs"][0]["digest"] == ran.run["digest"]
    found = {name: spread["median"] for name, spread in result["points"][0]["measures"].items()}
    assert found == {name: float(ran.values[name]) for name in SWEPT}
    page = Path("s.html").read_text(encoding="utf-8")
    titles = [measure_title(name, result["own_names"])["en"] for name in SWEPT]
    assert [title for title in titles if title not in html.unescape(page)] == []


def test_coverage_is_judged_by_each(ran: Ran) -> None:
    """A trial sees every expectation, and those broken that the run breaks."""
    with Session() as session:
        (shown,) = attempt(session, Trial("./everything.yaml", None, None, (int(SEED),))).runs
    expected = [e["expected"] for e in ran.run["expectations"]]
    assert shown.expected == expected
    assert shown.tripped == [e["expected"] for e in ran.run["expectations"] if e["judged"] and e["holds"] is False]


REFUSED: list[tuple[str, str, Callable[[NamedMeasure], str]]] = [
    (m.name, command, why)
    for m in NAMED
    for command, why in (("compare", lambda m: m.declared.not_compared), ("sweep", lambda m: m.declared.not_swept))
    if why(m)
]


@pytest.mark.parametrize(("name", "command", "why"), REFUSED, ids=[f"{command}-{name}" for name, command, _ in REFUSED])
def test_what_is_refused_is_refused_at_once(name: str, command: str, why: Callable[[NamedMeasure], str]) -> None:
    """Exit code 2 and the declared reason, before any run: nothing is kept."""
    rest = {
        "compare": ("--architectures", "./architecture.yaml,./wide.yaml", "--measure", f"{name}=0"),
        "sweep": ("--vary", "pools.connections.slots=8,9", "--measure", name),
    }[command]
    done = coredrill(command, "./plain.yaml", *rest, "--store", f"{command}.jsonl", code=2)
    assert why(measures().find(name)) in done.stderr
    assert not Path(f"{command}.jsonl").exists()


@pytest.mark.parametrize(
    ("measure", "says"),
    [
        ("flows.lgoin.failed", "no flow 'lgoin'"),
        ("flows.login.p99_s", "the flow login keeps no row an intent"),
        ("flows.login.p50_s", "the flow login keeps no row an intent"),
        ("flows.login.rejected_wrongly", "the flow login keeps no row an intent"),
        ("counters.flow/lgoin/failed.grown", "no flow named 'lgoin'"),
        ("counters.unit/db#0/down_since.grown", "is an instant, not a counter"),
    ],
)
@pytest.mark.parametrize("command", ["compare", "sweep", "suite"])
def test_what_there_is_not_is_refused_at_once(command: str, measure: str, says: str) -> None:
    """A measure of what the system does not have is a mistake of the command or the file, before any run."""
    side = {"scenario": "./plain.yaml"}
    pair = {"name": "pair", "a": side, "b": side, "measure": measure, "at_least": 0}
    Path("odd.yaml").write_text(yaml.safe_dump({"kind": "suite", "name": "odd", "title": "Odd", "pairs": [pair]}))
    words = {
        "compare": (
            "./plain.yaml",
            "--architectures",
            "./architecture.yaml,./wide.yaml",
            "--healthy",
            "./plain.yaml",
            "--measure",
            f"{measure}=0",
        ),
        "sweep": ("./plain.yaml", "--vary", "pools.connections.slots=8,9", "--measure", measure),
        "suite": ("./odd.yaml",),
    }[command]
    assert says in coredrill(command, *words, code=2).stderr


def test_a_pair_by_grades_counts_grades() -> None:
    """How much graver side a is: a number of grades, and no grade itself."""
    side = {"scenario": "./plain.yaml"}
    pair = {"name": "pair", "a": side, "b": side, "measure": "severity.dora", "at_least": "major"}
    Path("graded.yaml").write_text(yaml.safe_dump({"kind": "suite", "name": "graded", "title": "Graded", "pairs": [pair]}))
    assert "at_least of a pair is a difference" in coredrill("suite", "./graded.yaml", code=2).stderr
