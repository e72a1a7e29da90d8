"""The control plane as a whole: no clock but the timetable's, draws by name, words, references, the page about it."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

import pytest
import yaml

from simcore.base.errors import InputError
from simcore.base.units import HOUR, MINUTE, SECOND
from simcore.control.event_names import VOCABULARY, note
from simcore.control.plane import start_control
from simcore.model.architecture import Architecture
from simcore.model.control.section import Control
from simcore.model.references import check_control

PAGE = Path(__file__).resolve().parents[3] / "docs" / "control.md"


def page_example() -> dict:
    return yaml.safe_load(re.search(r"```yaml\n(control:.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[1])["control"]


@pytest.fixture
def whole(team, counter_down):
    """Something of everything that has no time of day."""
    return {
        "monitors": {"m": counter_down | {"misroute": 0.3, "misroute_to": "net", "false_alarms": "20/day"}},
        "robots": {"r": {"flow": "look", "every": "1min", "route": "ops", "points_at": "counter"}},
        "complaints": {"d": {"flows": ["order"], "probability": 0.5, "route": "ops"}},
        "teams": {"ops": team | {"conditions": {"overload": 1.0, "time_shortage": 1.0}, "flood": 0.2}, "net": team},
        "approval": {"chain": {"it-head": {"latency": "4min"}, "form": {"latency": "5min"}}, "oral_after": "it-head"},
        "runbooks": {
            "go": {
                "alarms": ["m", "r", "d"],
                "subject": "counter",
                "actions": [{"restart": "counter#0"}, {"failover": "counter"}],
            },
        },
        "failovers": {
            "counter": {
                "service": "counter",
                "drift": 0.5,
                "changes_since_drill": 2,
                "lag_per_rate": "1ms",
                "reconcile": ["exchange"],
                "steps": [
                    {"name": "stop", "duration": "1min", "does": ["stop_primary", "lose_unreplicated"], "failure": 0.3},
                    {"name": "up", "duration": "1min", "needs": ["config"], "does": ["start_standby", "rotate_in_standby"]},
                ],
            },
        },
        "reconciliations": {"exchange": {"duration": "5min", "per_item": [{"each": "1s", "of": ["flow/order/failed"]}]}},
    }


def hashed(purpose, n=0):
    return (int.from_bytes(hashlib.blake2b(f"{purpose}#{n}".encode(), digest_size=8).digest()[:6], "little") + 0.5) / 2**48


def history(make, section, start, end):
    """What happens in six hours of an outage that begins five minutes in, as times since the beginning."""
    core, _ = make(section, start=start, end=end, before=lambda c: setattr(c, "draw", hashed))
    t0 = core.plan.start
    bad = {"flow/order/failed": lambda t: (t - t0) // SECOND, "flow/order/started": lambda t: 700 * (t - t0) // SECOND}
    core.readings |= bad

    def crash():
        yield core.env.timeout(5 * MINUTE)
        core.inject.crash("counter", 0)
        core.probes = {"code": "timeout", "latency_ns": 3 * SECOND}

    core.env.process(crash())
    core.env.run(until=t0 + 6 * HOUR)
    return [(t - t0, what, subject, detail) for t, what, subject, detail in core.events]


def test_no_parameter_depends_on_the_clock(make, whole):
    """The same outage with the same load and staff has the same history at night as at the open, within a day."""
    at_night = history(make, whole, "01:00", "23:00")
    assert {"act", "false_alarm", "failover_step", "unreplicated_lost", "reconciled"} <= {what for _, what, _, _ in at_night}
    assert history(make, whole, "09:30", "23:00") == at_night


def test_staff_is_what_makes_the_night_longer(make, whole):
    """The test above can fail: with a roster the same outage goes otherwise."""
    whole["teams"]["ops"] = whole["teams"]["ops"] | {"roster": [{"from": "08:00", "to": "20:00", "present": 2}]}
    assert history(make, whole, "01:00", "23:00") != history(make, whole, "09:30", "23:00")


def test_draws_do_not_depend_on_what_else_there_is(make, whole):
    """A team, a monitor and a runbook more, which have nothing to do with it, shift nobody's draws."""
    before = history(make, whole, "09:30", "23:00")
    more = whole | {
        "monitors": {"first": whole["monitors"]["m"] | {"above": 100, "below": None, "false_alarms": "0/s"}} | whole["monitors"],
        "teams": {"first": whole["teams"]["net"]} | whole["teams"],
    }
    assert history(make, more, "09:30", "23:00") == before


def test_an_empty_section_does_nothing(make):
    core, control = make({})
    core.run("23:00")
    assert core.events == []
    assert core.inject.turned == []
    assert control.pending.count == 0


# --- words --------------------------------------------------------------------------------------------------------------


def test_a_word_outside_the_vocabulary_is_our_bug(make):
    core, _ = make({})
    with pytest.raises(AssertionError, match="oops"):
        note(core, "oops", "x")


def test_every_word_of_the_vocabulary_is_used():
    source = "".join(p.read_text(encoding="utf-8") for p in (Path(sys.modules[note.__module__].__file__).parent).rglob("*.py"))
    assert [w for w in VOCABULARY if source.count(f'"{w}"') < 2] == []


def test_the_page_prints_the_vocabulary():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.M))
    assert rows == VOCABULARY


def test_the_example_of_the_page_is_valid_and_runs(make):
    section = page_example()
    core, control = make(section, start="07:00", calendar="a-share")
    core.at("09:40", lambda: (core.inject.crash("counter", 0), core.inject.crash("counter", 1)))
    core.run("23:00")
    assert Control.model_validate(section) == core.plan.architecture.control
    assert core.minutes("restore") != []
    assert control.pending.count == 0


# --- references ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("monitors", "counter-up", "route"), "opps", "no team named 'opps'"),
        (("monitors", "counter-up", "points_at"), "counters", "no service named 'counters'"),
        (("monitors", "counter-up", "metric"), {"gauge": ["unit/counter#9/up"]}, r"unit/counter#9/up: not one instance"),
        (("monitors", "counter-up", "metric"), {"gauge": ["pool/router/size"]}, "a pool has no reading 'size'"),
        (("monitors", "counter-up", "metric"), {"gauge": ["pool/router#0/busy"]}, "not one pool"),
        (("monitors", "counter-up", "metric"), {"gauge": ["flow/orders/ok"]}, "no flow named 'orders'"),
        (("monitors", "counter-up", "metric"), {"gauge": ["operation/counter.plaec/done"]}, "no operation named 'counter.plaec'"),
        (("monitors", "counter-up", "metric"), {"gauge": ["call/countre.place/x/attempts"]}, "no call named 'countre'"),
        (("robots", "inspector", "flow"), "order", "no flow of kind probe named 'order'"),
        (("complaints", "hotline", "flows"), ["orders"], "no flow named 'orders'"),
        (("teams", "operations", "vendor"), "nobody", "no vendor named 'nobody'"),
        (("runbooks", "counter-down", "alarms"), ["nothing"], "no alarm named 'nothing'"),
        (("runbooks", "counter-down", "actions"), [{"restart": "counter#2"}], "no replica of counter named '2'"),
        (("runbooks", "counter-down", "actions"), [{"failover": "bank"}], "no failover named 'bank'"),
        (("runbooks", "counter-down", "actions"), [{"repair": "feed"}], "no service, group or site named 'feed'"),
        (("runbooks", "counter-down", "actions"), [{"isolate": {"pools": ["x"]}}], "no pool named 'x'"),
        (("runbooks", "counter-down", "actions"), [{"switch_channel": {"x": 1}}], "no flow named 'x'"),
        (("failovers", "counter", "service"), "bank", "bank has no standby"),
        (("failovers", "counter", "trigger"), "nothing", "no alarm named 'nothing'"),
        (("batches", "day-start", "needs"), ["nothing"], "no file or batch named 'nothing'"),
        (("batches", "day-start", "holds"), ["door"], "no gate named 'door'"),
        (("robots", "counter-up"), {"flow": "look"}, "several sources of alarms are named 'counter-up'"),
    ],
)
def test_names_that_are_not_defined_are_found(make, path, value, message):
    section = page_example()
    at = section
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    with pytest.raises(InputError, match=message):
        make(section)


def test_the_example_of_the_page_has_no_findings(make):
    core, _ = make(page_example())
    assert check_control(core.plan.index) == []


def test_an_architecture_file_is_held_to_the_control_section():
    """The section is checked with the file, though it is written in a module of its own."""
    with pytest.raises(ValueError, match=r"control\.monitors\.m\.metric"):
        Architecture.model_validate(
            {
                "kind": "architecture",
                "name": "a",
                "services": {"s": {"operations": {"o": {"steps": []}}}},
                "flows": {"f": {"steps": [{"call": "s.o"}]}},
                "control": {"monitors": {"m": {"metric": {}, "above": 1}}},
            }
        )


def test_starting_uses_only_what_core_promises(make):
    core, _ = make({})
    assert start_control(core).board.active == {}
