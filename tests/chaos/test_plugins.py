"""Extensions of installed packages: how they are found, merged and refused. tests/chaos/test_example_plugin.py uses a real one."""

from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from chaos import plugins
from chaos.checkers.catalogue import check_all, checkers_with, implied, shipped_checkers
from chaos.checkers.checker import Checker
from chaos.faults.catalogue import faults_with, shipped_faults
from chaos.faults.fault import Fault, OnInstances, Process
from chaos.measures.catalogue import measures_with
from chaos.measures.formatting import Unit
from chaos.measures.intervals import EvaluationSpec
from chaos.measures.registry import extension
from chaos.plugins import PluginError, Plugins
from chaos.results.run import PropertyFinding, Value
from simcore.journal.model import Journal


class Meteor(OnInstances):
    """A stone falls on instances."""

    fault = "meteor"
    layer = "infrastructure"

    def apply(self, core: object, control: object) -> Process:
        return None


class Odd(Checker):
    """The number of seconds is odd."""

    name = "odd-seconds"

    def check(self, journal: Journal) -> PropertyFinding:
        return PropertyFinding(holds=True)


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    """A module `outside` of an installed package, which tests fill."""
    made = sys.modules["outside"] = types.ModuleType("outside")
    yield made
    del sys.modules["outside"]


class Distribution(metadata.Distribution):
    """A package with a name, a version and nothing else."""

    def read_text(self, filename: str) -> str | None:
        return "Metadata-Version: 2.1\nName: outside\nVersion: 1.2\n" if filename == "METADATA" else None

    def locate_file(self, path: object) -> object:  # type: ignore[override]
        raise FileNotFoundError(path)


def declared(*entries: tuple[str, str, str]) -> Plugins:
    """The extensions (name, what it is, group) of the package outside 1.2."""
    made = [metadata.EntryPoint(name, value, group) for name, value, group in entries]
    return Plugins(entry._for(Distribution()) for entry in made)  # type: ignore[attr-defined]


def test_a_fault_from_outside_is_one_among_all(module: types.ModuleType) -> None:
    """It is found by its name, knows who gives it, and coredrill's own are as they were."""
    module.Meteor = Meteor  # type: ignore[attr-defined]
    found = declared(("meteor", "outside:Meteor", plugins.FAULTS))
    faults = faults_with(found)
    assert faults["meteor"] is Meteor
    assert {name: fault for name, fault in faults.items() if name != "meteor"} == shipped_faults()
    assert list(faults) == sorted(faults)
    giver = found.giver(plugins.FAULTS, "meteor")
    assert giver is not None
    assert (giver.distribution, found.distributions) == ("outside 1.2", ("outside 1.2",))
    assert found.giver(plugins.FAULTS, "crash") is None


def test_a_checker_from_outside_is_one_among_all(module: types.ModuleType) -> None:
    """It stands after coredrill's own, which are by rank."""
    module.Odd = Odd  # type: ignore[attr-defined]
    found = list(checkers_with(declared(("odd-seconds", "outside:Odd", plugins.CHECKERS))))
    assert found == ["no-duplicates", "none-lost", "none-stranded", "no-orphans", "reconciled", "odd-seconds"]
    assert implied(shipped_checkers()) == ("no-duplicates", "none-lost", "no-orphans")


def broken_module(module: types.ModuleType) -> None:
    """Everything that an extension may get wrong, by the names that the cases use."""
    module.Meteor = Meteor  # type: ignore[attr-defined]
    module.Odd = Odd  # type: ignore[attr-defined]
    module.number = 7  # type: ignore[attr-defined]

    class Named(Meteor):
        """Has a word of a step for its name."""

        fault = "at"

    class Lost(Meteor):
        """Lies nowhere."""

        fault = "lost"
        layer = "moon"

    class Idle(Fault):
        """Does nothing."""

        fault = "idle"

    class Opaque(Meteor):
        """Takes what no file can hold."""

        model_config = {"arbitrary_types_allowed": True}

        fault = "opaque"
        thing: types.ModuleType | None = None

    class Needy(Odd):
        """Wants to be told something."""

        name = "needy"

        def __init__(self, something: int) -> None:
            self.something = something

    for kind in (Named, Lost, Idle, Opaque, Needy):
        setattr(module, kind.__name__, kind)


@pytest.mark.parametrize(
    ("name", "value", "group", "says"),
    [
        ("meteor", "nowhere_at_all:Meteor", plugins.FAULTS, "cannot be loaded from nowhere_at_all:Meteor: ModuleNotFoundError"),
        ("meteor", "outside:Meteorite", plugins.FAULTS, "cannot be loaded from outside:Meteorite: AttributeError"),
        ("meteor", "outside:number", plugins.FAULTS, "outside:number is no subclass of chaos.faults.fault.Fault"),
        ("meteorite", "outside:Meteor", plugins.FAULTS, "calls itself 'meteor', the entry point 'meteorite'"),
        ("at", "outside:Named", plugins.FAULTS, "'at' is no name for a fault"),
        ("lost", "outside:Lost", plugins.FAULTS, "there is no layer 'moon'"),
        ("idle", "outside:Idle", plugins.FAULTS, "needs the methods targets and apply"),
        ("opaque", "outside:Opaque", plugins.FAULTS, "cannot be used: PydanticInvalidForJsonSchema"),
        ("crash", "outside:Meteor", plugins.FAULTS, "has the name of one of coredrill itself"),
        ("odd", "outside:Meteor", plugins.CHECKERS, "is no subclass of chaos.checkers.checker.Checker"),
        ("odd", "outside:Odd", plugins.CHECKERS, "calls itself 'odd-seconds'"),
        ("needy", "outside:Needy", plugins.CHECKERS, "cannot be used: TypeError"),
        ("reconciled", "outside:Odd", plugins.CHECKERS, "has the name of one of coredrill itself"),
    ],
)
def test_a_broken_one_is_one_clear_error(module: types.ModuleType, name: str, value: str, group: str, says: str) -> None:
    """In one line: its name, its distribution and group, what is wrong, and what to do."""
    broken_module(module)
    catalogue = faults_with if group == plugins.FAULTS else checkers_with
    with pytest.raises(PluginError) as caught:
        catalogue(declared((name, value, group)))
    text = str(caught.value)
    assert text.startswith(f"plug-in {name!r} of outside 1.2 ({group}) ")
    assert says in text
    assert caught.value.hint
    assert text.isprintable()
    assert str(pickle.loads(pickle.dumps(caught.value))) == text


def test_two_of_one_name_are_refused(module: types.ModuleType) -> None:
    """Neither wins: which one it would be must not depend on the order of packages."""
    module.Meteor = Meteor  # type: ignore[attr-defined]
    twice = ("meteor", "outside:Meteor", plugins.FAULTS)
    with pytest.raises(PluginError, match=r"has the name of one of outside 1\.2"):
        faults_with(declared(twice, twice))


def test_other_groups_do_not_matter(module: types.ModuleType) -> None:
    """Entry points of other programs are nothing to us, and a broken checker is no hindrance to faults."""
    broken_module(module)
    found = declared(("x", "nowhere:x", "console_scripts"), ("needy", "outside:Needy", plugins.CHECKERS))
    assert faults_with(found) == shipped_faults()
    assert len(list(found)) == 1


def test_an_exception_is_blamed_on_the_package_it_was_raised_in(module: types.ModuleType) -> None:
    """Code of an extension that fails is its authors' mistake and none of coredrill; anything else stays what it was."""
    exec("def fail():\n    return 1 / 0\n", vars(module))
    found = declared(("meteor", "outside:Meteor", plugins.FAULTS))
    with pytest.raises(ZeroDivisionError) as caught:
        module.fail()
    blamed = found.culprit(caught.value)
    assert blamed is not None
    assert str(blamed) == (
        "the plug-in outside 1.2 failed in outside, line 2: ZeroDivisionError: division by zero; this is for its authors to correct"
    )
    with pytest.raises(ZeroDivisionError) as ours:
        _ = 1 / 0
    assert found.culprit(ours.value) is None


def _raises(journal: Journal, spec: EvaluationSpec) -> float:
    return 1 / 0


def _takes_too_little() -> float:
    return 1.0


@pytest.mark.parametrize(
    ("compute", "says"),
    [
        (_raises, "failed: ZeroDivisionError: division by zero"),
        (_takes_too_little, "failed: TypeError: _takes_too_little() takes 0 positional arguments but 2 were given"),
        (lambda journal, spec: "much", "failed: TypeError: odd_s: 'much' is no number, true, false, grade or None"),
    ],
)
def test_a_broken_measure_is_one_clear_error(module: types.ModuleType, compute: Callable[..., Value], says: str) -> None:
    """It names the extension, also where the exception comes of calling it, or of what it gave."""
    module.ODD = extension("odd_s", Unit.DURATION, "odd", "怪", "odd", compute)  # type: ignore[attr-defined]
    found = declared(("odd_s", "outside:ODD", plugins.MEASURES))
    with pytest.raises(PluginError) as caught:
        measures_with(found).computed(None, None)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"plug-in 'odd_s' of outside 1.2 (coredrill.measures) {says}; this is for its authors to correct"
    )


def test_a_checker_that_finds_nothing_is_one_clear_error(module: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it gives is looked at where it is known who gave it."""

    class Silent(Odd):
        """Says nothing."""

        def check(self, journal: Journal) -> PropertyFinding:
            return None  # type: ignore[return-value]

    module.Silent = Silent  # type: ignore[attr-defined]
    found = declared(("odd-seconds", "outside:Silent", plugins.CHECKERS))
    monkeypatch.setattr(plugins, "installed", lambda: found)
    with pytest.raises(PluginError, match=r"plug-in 'odd-seconds' of outside 1\.2 .* None is no PropertyFinding"):
        check_all(None, {"odd-seconds": Silent()})  # type: ignore[arg-type]


def test_installed_ones_are_read_once() -> None:
    """What is installed is the same object wherever it is asked for."""
    assert plugins.installed() is plugins.installed()


HELPERS = {
    "faults": {"address", "catalogue", "common", "document", "fault", "system"},
    "checkers": {"catalogue", "checker", "flags"},
}


@pytest.mark.parametrize("catalogue", HELPERS)
def test_every_file_but_the_helpers_declares_something(catalogue: str, root: Path) -> None:
    """A file whose class forgot its name is not passed over in silence."""
    found = shipped_faults().values() if catalogue == "faults" else map(type, shipped_checkers().values())
    declaring = {kind.__module__.rpartition(".")[2] for kind in found}
    files = {path.stem for path in (root / "chaos" / catalogue).glob("*.py")} - {"__init__"}
    assert declaring == files - HELPERS[catalogue]
