"""Who did what: a lane for each seat, and one above them for how customers fared."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.i18n.texts import LocalizedText, duration_text, translate
from chaos.measures.formatting import instant
from chaos.reports.review.scale import Tick, TimeAxis, axis_of
from chaos.results.review import DecisionReview, LaneMark, Review
from simcore.base.units import SECOND

WIDTH, LEFT, RIGHT, LANE, TOP = 1240, 190, 40, 40, 14
GLYPHS = {
    "ack": "✓",
    "propose": "●",
    "approve": "✓",
    "refuse": "✕",
    "withdraw": "↶",
    "look": "?",
    "say": "“",
    "report": "☎",
    "announce": "!",
}
NEAR = 15.0
"""Marks nearer to one another than this stand above one another."""


@dataclass(frozen=True)
class Mark:
    """A sign at an instant, and what shows while it is pointed at."""

    x: float
    y: float
    glyph: str
    text: LocalizedText


@dataclass(frozen=True)
class Bar:
    """Something that lasted."""

    x: float
    y: float
    width: float
    kind: str
    label: str
    text: LocalizedText


@dataclass(frozen=True)
class Lane:
    """A seat, or the customers."""

    y: float
    title: LocalizedText
    marks: list[Mark]
    bars: list[Bar]


@dataclass(frozen=True)
class LanesPicture:
    """All lanes with their axis."""

    width: int
    height: int
    left: int
    right: int
    lanes: list[Lane]
    ticks: list[Tick]


def lanes_of(review: Review) -> LanesPicture:
    """The lanes of a review: seats that nobody had and in which nothing was done are left out."""
    axis = axis_of(review, LEFT, WIDTH - RIGHT)
    lanes = [_customers(review, axis)]
    for taken in review.seats:
        marks = [mark for mark in review.lanes if mark.seat == taken.seat]
        if marks or (taken.played == "person" and taken.seat not in ("facilitator", "scribe")):
            title = LocalizedText(taken.title.en, taken.title.zh)
            y = float(TOP + LANE * len(lanes))
            bars = [*_bars(marks, y, axis, review.decisions), *_waiting(review.decisions, taken.seat, y, axis)]
            lanes.append(Lane(y, title, _marks(marks, y, axis), bars))
    return LanesPicture(WIDTH, TOP + LANE * len(lanes) + 24, LEFT, WIDTH - RIGHT, lanes, axis.ticks())


def _customers(review: Review, axis: TimeAxis) -> Lane:
    """When the steady state was violated in the exercise."""
    team = review.course("team")
    bars = [
        _bar(axis, float(TOP), outage.begin_ns, outage.end_ns, "outage", duration_text(outage.impaired_s))
        for outage in (team.figures.outages if team is not None else [])
    ]
    return Lane(float(TOP), translate("review.lane.customers"), [], bars)


def _bar(axis: TimeAxis, y: float, begin: int, end: int, kind: str, text: LocalizedText, label: str = "") -> Bar:
    x = axis.x(begin)
    hover = LocalizedText(*(f"{instant(begin)}–{instant(end)} {said}" for said in (text.en, text.zh)))
    return Bar(x, y, max(3.0, axis.x(end) - x), kind, label, hover)


def _marks(marks: list[LaneMark], y: float, axis: TimeAxis) -> list[Mark]:
    found: list[Mark] = []
    for mark in marks:
        glyph = GLYPHS.get(mark.deed)
        if glyph is not None:
            x = axis.x(mark.at_ns)
            stacked = sum(1 for other in found if abs(other.x - x) < NEAR)
            deed = translate(f"review.deed.{mark.deed}")
            text = LocalizedText(
                *(f"{instant(mark.at_ns)} {did}: {said}" for did, said in ((deed.en, mark.text.en), (deed.zh, mark.text.zh)))
            )
            found.append(Mark(x + (NEAR * stacked if stacked < 4 else 0), y, glyph, text))
    return found


def _bars(marks: list[LaneMark], y: float, axis: TimeAxis, decisions: list[DecisionReview]) -> list[Bar]:
    numbers = {(decision.seat, decision.begun_ns): str(decision.number) for decision in decisions if decision.kind == "command"}
    return [
        _bar(
            axis,
            y,
            mark.at_ns,
            axis.end_ns if mark.until_ns is None else mark.until_ns,
            mark.deed,
            LocalizedText(mark.text.en, mark.text.zh),
            numbers.get((mark.seat, mark.at_ns), ""),
        )
        for mark in marks
        if mark.deed in ("command", "absent")
    ]


def _waiting(decisions: list[DecisionReview], seat: str, y: float, axis: TimeAxis) -> list[Bar]:
    """How long commands waited for this seat to approve them."""
    return [
        _bar(
            axis,
            y,
            d.proposed_ns,
            d.approved_ns,
            "waiting",
            translate("review.lane.waiting", n=d.number, time=duration_text((d.approved_ns - d.proposed_ns) / SECOND)),
            str(d.number),
        )
        for d in decisions
        if d.approved_by == seat and d.proposed_ns is not None and d.approved_ns is not None
    ]
