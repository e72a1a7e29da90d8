"""Grades of known incidents under the shipped rule sets, each threshold at, one below and one above; and what rules may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from chaos.documents.library import library
from chaos.documents.scenario import Scenario
from chaos.documents.severity import Reporting, RuleSet, SystemClass
from chaos.judgement.severity import Harm, grade
from simcore.base.units import MINUTE

MINUTE_S = 60.0
HOUR_S = 3600.0
UNSEEN = "reputation, geographical spread, data losses, economic impact"


def rules(name: str) -> RuleSet:
    """A shipped rule set."""
    return library().resolve(name, RuleSet).model


def rule_set(*of: dict[str, Any], **more: Any) -> RuleSet:
    """A rule set as a file would say it."""
    return RuleSet.model_validate({"kind": "severity", "name": "made", "title": "made", "rules": list(of), **more})


def figures(seconds: float, share: float | None = 1.0, hit: int = 10, active: int = 1000) -> Harm:
    """What an incident of so many seconds is graded by."""
    return Harm(seconds, share, active, hit)


# --- CSRC 2021 No. 12 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "share", "system", "expected"),
    [
        (19 * MINUTE_S, 1.0, "real-time", "larger"),  # CITIC 2023-06-19, decided
        (446 * MINUTE_S, 1.0, "other", "ordinary"),  # a third party's relay, decided
        (10 * MINUTE_S - 1, 1.0, "real-time", None),  # the rules at hand say nothing of it
        (10 * MINUTE_S, 1.0, "real-time", "larger"),  # "10 min or more"
        (10 * MINUTE_S + 1, 1.0, "real-time", "larger"),
        (30 * MINUTE_S - 1, 1.0, "real-time", "larger"),
        (30 * MINUTE_S, 1.0, "real-time", "major"),
        (30 * MINUTE_S + 1, 1.0, "real-time", "major"),
        (60 * MINUTE_S, 0.499, "real-time", None),  # not severe, as far as that is guessed
        (60 * MINUTE_S, 0.5, "real-time", "major"),
        (60 * MINUTE_S, 0.501, "real-time", "major"),
        (60 * MINUTE_S, None, "real-time", None),
        (76 * MINUTE_S, 0.2, "real-time", None),  # East Money 2023-03-21, moderate: the minutes are those of severe anomalies
        (0, None, "real-time", "none"),
        (10 * MINUTE_S - 1, 1.0, "other", None),
        (10 * MINUTE_S, 1.0, "other", "ordinary"),
        (10 * MINUTE_S + 1, 1.0, "other", "ordinary"),
    ],
)
def test_csrc(seconds: float, share: float | None, system: SystemClass, expected: str | None) -> None:
    """Duration alone does not make a grade: class of system and degree count, and 'not gradable' is an answer."""
    assert grade(rules("csrc-2021-12"), figures(seconds, share), system).grade == expected


@pytest.mark.parametrize("minutes", [1, 10, 19, 30, 240])
def test_csrc_has_no_minutes_for_the_central_auction_system(minutes: int) -> None:
    """The 10 and 30 min are those of other real-time systems; for the central auction system none were found."""
    found = grade(rules("csrc-2021-12"), figures(minutes * MINUTE_S), "central-auction")
    assert found.grade is None
    assert "nor of the central auction system" in (found.why or "")


# --- DORA -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "hit", "active", "system", "expected"),
    [
        # both criteria: clients by their share, and downtime
        (2 * HOUR_S + 1, 101, 1000, "real-time", "major"),
        (2 * HOUR_S + 1, 101, 1000, "central-auction", "major"),
        (2 * HOUR_S + 1, 100, 1000, "real-time", None),  # higher than 10 %: 10 % is not
        (2 * HOUR_S + 1, 99, 1000, "real-time", None),
        (2 * HOUR_S, 101, 1000, "real-time", None),  # longer than 2 h: 2 h is not
        (2 * HOUR_S - 1, 101, 1000, "real-time", None),
        # clients by their number
        (2 * HOUR_S + 1, 99_999, 10_000_000, "real-time", None),
        (2 * HOUR_S + 1, 100_000, 10_000_000, "real-time", None),
        (2 * HOUR_S + 1, 100_001, 10_000_000, "real-time", "major"),
        # both thresholds of clients are one criterion
        (5 * MINUTE_S, 200_000, 1_000_000, "real-time", None),
        # either criterion alone
        (5 * MINUTE_S, 500, 1000, "real-time", None),
        (6 * HOUR_S, 1, 1000, "real-time", None),
        (60 * MINUTE_S, 99, 1000, "real-time", None),
        # what is not known to be critical
        (6 * HOUR_S, 500, 1000, "other", None),
        # nothing happened
        (0, 0, 1000, "real-time", "none"),
        (0, 100, 1000, "real-time", "none"),
        (0, 0, 0, "real-time", "none"),
        (0, 0, 1000, "other", "none"),
    ],
)
def test_dora(seconds: float, hit: int, active: int, system: SystemClass, expected: str | None) -> None:
    """Major needs critical services and the thresholds of two criteria exceeded. Where fewer are, those without a figure decide."""
    assert grade(rules("dora"), figures(seconds, hit=hit, active=active), system).grade == expected


@pytest.mark.parametrize(
    ("seconds", "hit", "met"),
    [
        (60 * MINUTE_S, 100, "0 met"),
        (60 * MINUTE_S, 101, "1 met (clients, counterparts and transactions)"),
        (3 * HOUR_S, 100, "1 met (duration and downtime)"),
        (0, 101, "1 met (clients, counterparts and transactions)"),
    ],
)
def test_dora_says_which_criteria_are_met_and_which_are_not_measured(seconds: float, hit: int, met: str) -> None:
    """A grade that depends on criteria without a figure is not 'below every grade'."""
    found = grade(rules("dora"), figures(seconds, hit=hit), "real-time")
    assert (found.grade, found.why) == (None, f"of 2 criteria that are needed {met}, not measured: {UNSEEN}")


def test_dora_of_an_impaired_time_that_is_not_known() -> None:
    """With enough clients hit the grade hangs on the downtime too."""
    found = grade(rules("dora"), Harm(None, None, 1000, 500), "real-time")
    assert (found.grade, found.why) == (
        None,
        f"not known: impaired_s; of 2 criteria that are needed 1 met (clients, counterparts and transactions), not measured: {UNSEEN}",
    )


# --- what rules may say -----------------------------------------------------------------------------------------------------------


def test_keys_of_before_mean_what_they_did() -> None:
    """`any_of` with grades in its parts, one system, figures that need only be reached."""
    old = rule_set(
        {
            "grade": "major", "label": "m", "system": "real-time",
            "any_of": [{"grade": "major", "customers_share": 0.1}, {"grade": "ordinary", "impaired": "2h"}],
        }
    )  # fmt: skip
    assert grade(old, figures(5, hit=100), "real-time").grade == "major"
    assert grade(old, figures(2 * HOUR_S, hit=0), "real-time").grade == "major"
    assert grade(old, figures(2 * HOUR_S - 1, hit=99), "real-time").grade == "none"
    assert grade(old, figures(2 * HOUR_S, hit=100), "other").grade == "none"


def test_a_graver_grade_that_is_open_leaves_nothing_to_tell() -> None:
    """What is reached is not the grade while a graver one depends on a figure that is not known; a milder one does not matter."""
    by_share = {"grade": "major", "share_lost": 0.5}
    by_time = {"grade": "ordinary", "impaired": "1min"}
    found = grade(rule_set(by_time, by_share), figures(60, share=None), "real-time")
    assert (found.grade, found.why) == (None, "not known: share_lost")
    assert grade(rule_set(by_time, by_share | {"impaired": "2min"}), figures(60, share=None), "real-time").grade == "ordinary"
    milder = by_share | {"grade": "ordinary"}
    assert grade(rule_set(milder, by_time | {"grade": "larger"}), figures(60, share=None), "real-time").grade == "larger"


def test_thresholds_of_one_criterion_count_once_and_a_met_one_of_another_kind_again() -> None:
    """Two of three kinds; without criteria that are not measured the answer is always known."""
    made = rule_set(
        {
            "grade": "larger", "criteria_needed": 2,
            "criteria": [
                {"name": "clients", "any_of": [{"customers": 10}, {"customers_share": 0.1}]},
                {"name": "time", "impaired": "1min"},
                {"name": "loss", "share_lost": 0.5},
            ],
        }
    )  # fmt: skip
    assert grade(made, figures(59, share=0.4, hit=500), "real-time").grade == "none"
    assert grade(made, figures(60, share=0.4, hit=500), "real-time").grade == "larger"
    assert grade(made, figures(60, share=0.5, hit=9), "real-time").grade == "larger"
    assert grade(made, figures(59, share=None, hit=9), "real-time").grade == "none"
    unsure = grade(made, figures(60, share=None, hit=9), "real-time")
    assert unsure.why == "not known: share_lost; of 2 criteria that are needed 1 met (time), not measured: none"


def test_a_rule_of_the_same_grade_that_is_open_takes_nothing_away() -> None:
    """One way to a grade that is reached is enough, whatever stands first in the file."""
    open_, reached = {"grade": "major", "share_lost": 0.5}, {"grade": "major", "impaired": "1min"}
    for order in ((open_, reached), (reached, open_)):
        assert grade(rule_set(*order), figures(60, share=None), "real-time").grade == "major"
    either = {"grade": "major", "any_of": [{"share_lost": 0.5}, {"impaired": "1min"}]}
    assert grade(rule_set(either), figures(60, share=None), "real-time").grade == "major"
    assert grade(rule_set(either), figures(59, share=None), "real-time").grade is None


def test_nothing_is_taken_for_sound_because_its_impaired_time_is_not_known() -> None:
    """Without an impaired time a share of the requests lost is not 0, and criteria without a figure stay open."""
    unknown = Harm(None, None, 1000, 0)
    assert grade(rule_set({"grade": "major", "share_lost": 0.5}), unknown, "real-time").grade is None
    assert grade(rule_set({"grade": "major", "share_lost": 0.5}), Harm(0, None, 1000, 0), "real-time").grade == "none"
    unseen = {"grade": "major", "criteria_needed": 1, "criteria": [{"name": "money", "not_measured": True}]}
    assert grade(rule_set(unseen), unknown, "real-time").grade is None
    assert grade(rule_set(unseen), Harm(0, None, 1000, 0), "real-time").grade == "none"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"criteria": [{"name": "a", "customers": 1}]}, "go together"),
        ({"criteria_needed": 1}, "go together"),
        ({"criteria_needed": 2, "criteria": [{"name": "a", "customers": 1}]}, "there are 1 criteria"),
        ({"criteria_needed": 1, "criteria": [{"name": "a", "customers": 1}, {"name": "a", "impaired": "1s"}]}, "one name"),
        ({"criteria_needed": 1, "criteria": [{"name": "a"}]}, "not_measured: true"),
        ({"criteria_needed": 1, "criteria": [{"name": "a", "customers": 1, "not_measured": True}]}, "not_measured: true"),
        ({"system": "exchange"}, "central-auction"),
    ],
)
def test_rules_that_mean_nothing_are_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        rule_set({"grade": "major", **rule})


def test_what_is_said_of_reporting_has_its_source_and_says_where_it_is_a_guess() -> None:
    """Minutes and threshold of the Chinese rules are taken over from elsewhere; the form asks for what happened, at least."""
    reporting = rules("csrc-2021-12").reporting
    assert reporting is not None
    assert [(d.within / MINUTE, d.guess) for d in (reporting.first, reporting.every)] == [(30, True), (30, True)]
    assert reporting.threshold.guess
    assert [field.field for field in reporting.form if field.required] == ["text"]
    hour = {"within": "1h", "source": "x"}
    twice = [{"field": "text", "title": "what", "title_zh": "经过"}] * 2
    with pytest.raises(ValidationError, match="two fields of the form have one name"):
        Reporting.model_validate({"threshold": {"orders": 1, "source": "x"}, "first": hour, "every": hour, "form": twice})


def test_scenarios_of_an_exchange_in_trouble_say_so() -> None:
    """Whatever has nothing but an exchange degraded is of the central auction system; the others are not."""
    scenarios = {name: library().resolve(name, Scenario).model for name in library().shipped("scenario")}
    of_exchange = {
        name
        for name, scenario in scenarios.items()
        if scenario.method and all(step.fault.fault == "exchange-degradation" for step in scenario.method)
    }
    assert {name for name, scenario in scenarios.items() if scenario.system == "central-auction"} == of_exchange
    assert "incidents/sse-2024-09-27" in of_exchange
