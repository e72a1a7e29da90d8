"""Defect operators, their sites on a real architecture, environments with gaps, and what is wrong with files of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from chaos.coverage.trials import Trial, attempt, inert
from chaos.documents.defect import Defect
from chaos.documents.library import library
from chaos.documents.sites import SITES, WORDS, sites_of
from chaos.execution.inputs.planting import mutant_named, mutants, places
from chaos.execution.jobs import SystemReference
from chaos.execution.session import Session
from chaos.results.coverage import Observation
from simcore.base.errors import InputError
from simcore.library import load_architecture, load_workload, surroundings
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex

SESSION = Session()
SCENARIO = json.dumps(
    {
        "kind": "scenario",
        "name": "short",
        "title": "Four minutes",
        "window": {"from": "10:30", "to": "10:34"},
        "warmup": "1min",
        "steady_state": {"every": "30s", "hold": "1min", "objectives": {"login": {"success": 0.5}}},
        "expect": [{"measure": "impaired_s", "at_most": "0s"}],
    }
)


@pytest.fixture(scope="module")
def core() -> Architecture:
    """The architecture that the shipped defects are meant for."""
    return load_architecture("legacy-coupled")


def shipped() -> list[str]:
    """Names of the shipped operators."""
    return list(library().shipped("defect"))


def test_there_are_enough_operators_and_mutants(core: Architecture) -> None:
    """At least 25 operators, and 200 mutants of legacy-coupled, each with a name of its own."""
    found = mutants(SESSION.files, core)
    assert len(shipped()) >= 25
    assert len(found) >= 200
    assert max(Counter(mutant.name for mutant in found).values()) == 1


@pytest.mark.parametrize("kind", list(SITES))
def test_sites_have_the_words_that_are_promised(kind: str, core: Architecture) -> None:
    """What selectors and templates may name is what each site has; labels are unique."""
    sites = sites_of(ArchitectureIndex(core), kind)
    assert sites
    assert {frozenset(site.words) for site in sites} == {frozenset(WORDS[kind])}
    assert max(Counter(site.label for site in sites).values()) == 1


def test_call_sites_are_called_as_the_journal_does(core: Architecture) -> None:
    """So that a reading of a site is what the run counted there."""
    given = attempt(SESSION, Trial(SCENARIO, "legacy-coupled", "staging", (1,), counters=True)).runs[0].readings
    asked = [reading for reading in given if reading.startswith("call/") and reading.endswith("/attempts")]
    called = {reading.removeprefix("call/").removesuffix("/attempts") for reading in asked}
    index = ArchitectureIndex(core)
    sends = {site.name for site in index.call_sites.values() if site.kind == "send"}
    assert len(called) > 50
    assert called <= {site.label for site in sites_of(index, "call")} | sends


@pytest.fixture(scope="module")
def without() -> tuple[str, Observation]:
    """The digest of production without a defect, and what a run in staging shows."""
    digest = SESSION.input_digest(SystemReference(SCENARIO, "legacy-coupled", "production"))
    return digest, attempt(SESSION, Trial(SCENARIO, "legacy-coupled", "staging", (1,), counters=True)).runs[0]


@pytest.mark.parametrize("operator", shipped())
def test_every_operator_can_be_planted(operator: str, core: Architecture, without: tuple[str, Observation]) -> None:
    """At its first site the system is valid, and another one than without the defect; and where nothing it needs grew in a run
    without it, the same run with it comes out the same."""
    sites = places(SESSION.files.defect(operator).model, ArchitectureIndex(core))
    if not sites:
        pytest.skip("legacy-coupled has no such site")  # breakers, deadlines, keys: options have them
    mutant = mutant_named(SESSION.files, f"{operator}@{sites[0].label}", "legacy-coupled")
    digest, base = without
    assert SESSION.input_digest(SystemReference(SCENARIO, "legacy-coupled", "production", defects=mutant.defects)) != digest
    if mutant.needs and inert(mutant.needs, base.readings, deadlines=False):
        made = attempt(SESSION, Trial(SCENARIO, "legacy-coupled", "staging", (1,), mutant.defects))
        assert made.identical or made.runs[0].effect == base.effect


def test_nothing_is_taken_for_granted_where_deadlines_travel() -> None:
    """A timeout that never fires still sets a deadline there."""
    assert inert(("call/x/timeouts",), [], deadlines=False)
    assert not inert(("call/x/timeouts",), [], deadlines=True)
    assert not inert((), [], deadlines=False)
    assert not inert(("pool/p/refused",), ["pool/p#3/refused"], deadlines=False)


# --- environments ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["production", "staging", "developer-laptop", "night-drill", "load-lab", "stubbed-banks"])
def test_every_gap_can_be_switched_off_alone(name: str) -> None:
    """Each leaves an environment that differs, and the architecture and workload stay valid."""
    whole = surroundings(name)
    for gap in whole.gaps:
        rest = surroundings(f"{name}~{gap}")
        assert list(rest.gaps) == [other for other in whole.gaps if other != gap]
        load_architecture("legacy-coupled", [rest.architecture])
        load_workload("normal-day", [rest.workload])
    if whole.gaps:
        assert surroundings("~".join([name, *whole.gaps])).gaps == {}


def test_edits_outside_of_gaps_are_one_gap(tmp_path: Path) -> None:
    """A file in the old form has one gap, of its own name."""
    path = tmp_path / "old.yaml"
    path.write_text("kind: environment\nname: old\nworkload_patch: [{scale: accounts.count, by: 0.5, override: true}]\n")
    assert list(surroundings(path).gaps) == ["old"]
    assert surroundings(f"{path}~old").workload.edits == []


def test_hours_and_people_change_the_scenario() -> None:
    """At night a scenario begins at eight; in staging nobody watches and nobody is on duty."""
    night = SESSION.resolve(SystemReference(SCENARIO, "legacy-coupled", "night-drill")).scenario.model
    assert (night.window.begin, night.window.end - night.window.begin) == (20 * 3600 * 10**9, 240 * 10**9)
    responders = SESSION.resolve(SystemReference(SCENARIO, "legacy-coupled", "staging")).scenario.model.responders
    assert not any((responders.monitors, responders.robots, responders.complaints, responders.operators))
    there = SESSION.resolve(SystemReference(SCENARIO, "legacy-coupled", "staging~people")).scenario.model.responders
    assert (there.monitors, there.operators) == (False, True)


def test_an_unknown_gap_is_reported() -> None:
    """With the one that is meant."""
    with pytest.raises(InputError, match="did you mean 'load-scale'"):
        surroundings("staging~load-scal")


# --- mistakes -------------------------------------------------------------------------------------------------------------------

GOOD = """\
kind: defect
name: mine
title: Mine
family: timeouts
sites: {kind: call, where: {timeout: true}}
patch: [{remove: "{path}.timeout"}]
needs: ["call/{site}/timeouts"]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: call", "kind: cal", "sites.kind"),
        ("where: {timeout", "where: {timeuot", "did you mean 'timeout'"),
        ("{path}.timeout", "{pth}.timeout", "did you mean 'path'"),
        ("call/{site}/timeouts", "timeouts of {site}", "is no reading"),
        ('patch: [{remove: "{path}.timeout"}]', "", "needs patch, standing or both"),
        ("patch: [{", "standing: {sluggish: {service: x}}\npatch: [{", "is no fault"),
    ],
)
def test_a_mistake_in_a_defect_has_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    """file:line:column, what is wrong, and a hint."""
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    library().resolve(path, Defect)
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(InputError, match=message) as raised:
        library().resolve(path, Defect)
    assert str(raised.value).partition(": ")[0].count(":") == 2


def test_an_unknown_site_is_reported() -> None:
    """With the one that is meant; and a name without a site is no planted defect."""
    with pytest.raises(InputError, match="did you mean 'counter-threads'"):
        mutant_named(SESSION.files, "pool-too-small@counter-thread", "legacy-coupled")
    with pytest.raises(InputError, match="write OPERATOR@SITE"):
        mutant_named(SESSION.files, "pool-too-small", "legacy-coupled")


# --- several at once ------------------------------------------------------------------------------------------------------------

POOL, LEAK, SLOW = "pool-too-small@counter-threads", "pool-leak@counter-threads", "slow-query@counter-db.record-order"


def system_with(*defects: str) -> SystemReference:
    """Production with these planted."""
    return SystemReference(SCENARIO, "legacy-coupled", "production", defects=defects)


def test_two_defects_are_both_there_in_whatever_order_they_are_named() -> None:
    """A quarter of the slots, ten times the work, and a permanent fault: what each does alone, and one digest for both orders."""
    plain, both = SESSION.resolve(system_with()), SESSION.resolve(system_with(SLOW, POOL, LEAK))
    assert both.architecture.pools["counter-threads"].slots == plain.architecture.pools["counter-threads"].slots / 4
    assert [mutant.name for mutant in both.defects] == [LEAK, POOL, SLOW]
    assert [fault.fault for fault in both.permanent_faults] == ["pool-leak"]
    assert both.digest == SESSION.input_digest(system_with(POOL, LEAK, SLOW))
    fewer = [(), (POOL,), (SLOW,), (LEAK,), (POOL, SLOW), (POOL, LEAK), (SLOW, LEAK)]
    assert len({both.digest, *(SESSION.input_digest(system_with(*some)) for some in fewer)}) == 8


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("timeout-too-long", "timeout-too-short"),  # the same value twice
        ("timeout-missing", "timeout-too-short"),  # removed by one, scaled by the other
        ("timeout-missing", "timeout-longer-than-callers"),
    ],
)
def test_two_defects_that_edit_one_value_are_refused(first: str, second: str, core: Architecture) -> None:
    """Whichever is named first: one of them would not be there."""
    labels = [{s.label for s in places(SESSION.files.defect(o).model, ArchitectureIndex(core))} for o in (first, second)]
    label = sorted(labels[0] & labels[1])[0]
    for names in ((f"{first}@{label}", f"{second}@{label}"), (f"{second}@{label}", f"{first}@{label}")):
        with pytest.raises(InputError):
            SESSION.resolve(system_with(*names))


def test_an_edit_that_overrides_does_not_hide_another_defect() -> None:
    """retry-without-bound may override what an option sets, but not what another defect sets inside of it."""
    label = "access-gateway.place-order/counter.place-order#0"
    with pytest.raises(InputError, match="already set by defect retry-of-a-write"):
        SESSION.resolve(system_with(f"retry-of-a-write@{label}", f"retry-without-bound@{label}"))


def test_one_defect_twice_is_refused() -> None:
    """It is there once."""
    with pytest.raises(InputError, match="planted twice"):
        SESSION.resolve(system_with(POOL, POOL))


def test_a_defect_that_changes_nothing_beside_another_is_refused(tmp_path: Path) -> None:
    """An edit of what may be absent is passed over where the other defect has removed it."""
    head = "kind: defect\ntitle: t\nfamily: timeouts\nsites: {kind: call, where: {timeout: true}}\n"
    gone, slower = tmp_path / "gone.yaml", tmp_path / "slower.yaml"
    gone.write_text(head + 'name: gone\npatch: [{remove: "{path}.timeout"}]\n')
    slower.write_text(head + 'name: slower\npatch: [{scale: "{path}.timeout", by: 2, if_present: true}]\n')
    label = "access-gateway.place-order/counter.place-order#0"
    with pytest.raises(InputError, match=r"slower\.yaml.* changes nothing where .*gone\.yaml"):
        SESSION.resolve(system_with(f"{gone}@{label}", f"{slower}@{label}"))
