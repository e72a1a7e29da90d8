"""What lies behind every chart: when faults were active, the service level was violated, alarms were active, and what people were doing."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from chaos.i18n.names import own_text
from chaos.i18n.texts import LocalizedText, display_name, join, translate
from chaos.results.stored_run import StoredRun
from simcore.base.units import SECOND


class Band(NamedTuple):
    """A stretch of time [begin, end), ns, in a lane; its word is a text of `band.`."""

    lane: str
    word: str
    begin_ns: int
    end_ns: int
    label: LocalizedText


def bands(stored: StoredRun) -> list[Band]:
    """All stretches, lane by lane, cut to the run."""
    begin, end = stored.span
    found = [*_faults(stored, end), *_impaired(stored), *_alarms(stored, end), *_people(stored, end)]
    return [
        b._replace(begin_ns=max(b.begin_ns, begin), end_ns=min(b.end_ns, end))
        for b in found
        if b.begin_ns < end and b.end_ns > begin
    ]


def _faults(stored: StoredRun, end: int) -> list[Band]:
    return [
        Band(
            "fault", "fault", s.began_ns, s.in_force_until if s.in_force_until is not None else end, own_text(stored.run, s.name)
        )
        for s in stored.run.faults
        if s.began_ns is not None
    ]


def _impaired(stored: StoredRun) -> list[Band]:
    return [Band("impaired", "impaired", a, b, translate("band.impaired")) for a, b in stored.violated]


def _alarms(stored: StoredRun, end: int) -> list[Band]:
    """Stretches in which at least one alarm was active."""
    active: dict[str, int] = {}
    own = stored.run.own_names
    found, since = [], 0
    names: list[str] = []
    for event in stored.journal.events:
        if event.what == "alarm":
            since = event.t_ns if not active else since
            active[event.subject] = event.t_ns
            names.append(event.subject)
        elif event.what == "alarm_cleared" and active.pop(event.subject, None) is not None and not active:
            found.append(_alarm(since, event.t_ns, names, own))
            names = []
    return found + ([_alarm(since, end, names, own)] if active else [])


def _alarm(begin: int, end: int, names: list[str], own: Collection[str]) -> Band:
    shown = [LocalizedText(name, display_name(name, own)["zh"]) for name in dict.fromkeys(names)]
    return Band("alarm", "alarm", begin, end, join(shown))


def _people(stored: StoredRun, end: int) -> list[Band]:
    """From the first violation to recovery: nobody knows, deciding, acting, restoring; as far as it came."""
    metrics = stored.run.measures
    at = metrics.first_violation_ns
    if at is None:
        return []
    last = metrics.recovered_at_ns if metrics.recovered_at_ns is not None else end
    found = []
    steps = (
        ("unnoticed", metrics.detect_s),
        ("deciding", metrics.decide_s),
        ("acting", metrics.act_s),
        ("restoring", metrics.restore_s),
    )
    for word, length in steps:
        until = last if length is None else min(last, at + round(length * SECOND))
        if until > at:
            found.append(Band("people", word, at, until, translate(f"band.{word}")))
        at = until
        if length is None:
            break
    return found


class Mark(NamedTuple):
    """An instant worth a mark, ns."""

    t_ns: int
    label: LocalizedText


def marks(stored: StoredRun) -> list[Mark]:
    """The marks in order of time: each step's beginning, the first alarm, people knowing, the decision, the last act, recovery."""
    metrics = stored.run.measures
    found = [Mark(s.began_ns, own_text(stored.run, s.name)) for s in stored.run.faults if s.began_ns is not None]
    if metrics.first_violation_ns is not None:
        at = metrics.first_violation_ns
        for word, length in (("detect", metrics.detect_s), ("decide", metrics.decide_s), ("act", metrics.act_s)):
            if length is None:
                break
            at += round(length * SECOND)
            early = round((metrics.detect_before_s or 0.0) * SECOND) if word == "detect" else 0
            found.append(Mark(at - early, translate(f"recovery.{word}")))
    if metrics.recovered_at_ns is not None:
        found.append(Mark(metrics.recovered_at_ns, translate("band.recovered")))
    return sorted(found, key=lambda mark: mark.t_ns)
