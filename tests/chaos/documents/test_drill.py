"""Drill files: what is shipped is sound, and each mistake has its place and a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.documents.drill import Drill
from chaos.documents.library import library
from chaos.room.exercise.prepared import prepare
from simcore.base.errors import InputError
from simcore.schema import json_schema

SHIPPED = library().root / "drills" / "bank-slow.yaml"


@pytest.mark.parametrize("name", sorted(library().shipped("drill")))
def test_the_shipped_drills_fit_their_scenarios(name: str) -> None:
    """Every name in them exists."""
    assert prepare(name).model.name == name


def test_drills_and_scenarios_lie_in_one_folder() -> None:
    """Told apart by what they say they are."""
    drills, scenarios = library().shipped("drill"), library().shipped("scenario")
    assert "bank-slow" in drills
    assert "drills/counter-failover-at-night" in scenarios
    assert not set(drills.values()) & {*scenarios.values()}


def test_a_drill_has_a_schema() -> None:
    """For editors, with the words that a file may have."""
    assert {"seats", "injects", "commands"} <= set(json_schema(library().kinds["drill"])["properties"])


@pytest.mark.parametrize(
    ("there", "instead", "says", "hint"),
    [
        ("step: bank-a slows down", "step: bank-a is slow", "has no step 'bank-a is slow'", "bank-a slows down"),
        ("teams: [core]", "teams: [cores]", "has no team 'cores'", "core"),
        ("pool: counter-threads", "pool: counter-thread", "no pool", "counter-threads"),
        ("false_alarm: bank-lines", "false_alarm: bank-line", "has no monitor 'bank-line'", "bank-lines"),
        ("command: cut-off-bank-a, within: 5min", "command: cut-off, within: 5min", "has no command 'cut-off'", "cut-off-bank-"),
        ("gauge: [pool/db-sessions/busy]", "gauge: [pool/db-session/busy]", "db-session", "db-sessions"),
        ("{busy} of {slots} sessions", "{busy} of {all} sessions", "reads nothing called 'all'", "slots"),
        ('at: "09:33:30"', 'at: "10:33:30"', "outside the scenario's window", "09:15"),
        ("performed: 3min", "performed: 30min", "performed ≤ some ≤ major", ""),
        ("performed: 1000", "performed: 3min", "failed_orders is a number", ""),
        ("[operations, network]", "[operations, core]", "has the team 'core'", "one seat"),
        ("inject: press", "inject: slow-bank", "another line is called 'slow-bank'", "name of its own"),
        ("alarm: bank-a-timeouts, after", "alarm: bank-timeouts, after", "no alarm 'bank-timeouts'", "-timeouts"),
        ("by: notices, does: announce", "by: notices, announcement: all-well", "no announcement 'all-well'", "all-systems"),
        ("by: notices, does: announce", "by: notices", "exactly one of command, look, announcement, does", ""),
        ("absent: approver", "absent: facilitator", "has no seat 'facilitator'", "approver"),
    ],
)
def test_one_error(tmp_path: Path, there: str, instead: str, says: str, hint: str) -> None:
    """File, line and column of the value that is wrong."""
    text = SHIPPED.read_text(encoding="utf-8")
    assert text.count(there) == 1, there
    template = SHIPPED.parent / "../../chaos/cli/template.yaml"
    file = tmp_path / "drill.yaml"
    changed = text.replace(there, instead).replace("scenario: ../../chaos/cli/template.yaml", f"scenario: {template.resolve()}")
    file.write_text(changed, encoding="utf-8")
    with pytest.raises(InputError) as error:
        prepare(str(file))
    assert says in error.value.message
    assert hint in error.value.hint
    changed_at = changed[: changed.rindex(instead)].count("\n") + 1
    assert abs(error.value.line - changed_at) <= 12
    assert error.value.column > 0


def test_a_drill_of_another_kind_of_file_is_refused() -> None:
    """A scenario is no drill."""
    with pytest.raises(InputError, match="no drill is called"):
        library().resolve("smoke/healthy-open", Drill)
