"""The page of a review: one file, offline, in two languages, and the same printed. Reads the result alone."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.i18n.causal import difference_text
from chaos.i18n.names import grade_text
from chaos.i18n.texts import LocalizedText, duration_text, join, translate, untranslated
from chaos.measures.formatting import Language, fraction, instant, number
from chaos.reports.review.curves import curves_of
from chaos.reports.review.lanes import lanes_of
from chaos.reports.templating import environment, inlined, stylesheet, template_file
from chaos.results.review import (
    AlarmReview,
    DecisionReview,
    Evidence,
    InjectReview,
    ObjectiveRating,
    Rating,
    Review,
    Search,
    Words,
)
from simcore.base.units import SECOND

RATING_SIGNS: dict[Rating | None, str] = {"P": "✓", "S": "◔", "M": "◆", "U": "✕", None: "–"}
RATING_TONES: dict[Rating | None, str] = {"P": "good", "S": "info", "M": "warn", "U": "bad", None: "soft"}
EFFECT_SIGNS = {"helped": "◁", "hurt": "▷", "no_difference": "=", "mixed": "◁▷", "open": "?"}
TONES = {"helped": "good", "hurt": "bad", "no_difference": "soft", "mixed": "warn", "open": "soft"}
BAR = 150
"""Half the width of the bars of decisions."""
TIMED = ("acknowledged", "decided", "acted", "restored", "reported", "announced")


def said(words: Words) -> LocalizedText:
    """A text of a result."""
    return LocalizedText(words.en, words.zh)


def review_page(review: Review, language: Language = "en", run_page: str | None = None, beside: str | None = None) -> str:
    """The page, HTML. `run_page` is where the page of the run itself stands, from there, `beside` that of the run and the best course."""
    titles = {taken.seat: said(taken.title) for taken in review.seats} | {"automated": translate("review.played.automated")}
    return (
        environment()
        .get_template("review.html")
        .render(
            review=review,
            language=language,
            run_page=run_page,
            beside=beside,
            css=stylesheet(),
            own_css=template_file("review.css"),
            program=inlined("review.js"),
            title=LocalizedText(
                *(f"{shown}: {own}" for shown, own in zip(_pair(review.shown_as), _pair(review.title), strict=True))
            ),
            held=held_text(review),
            lead=lead(review),
            course=course_texts(review),
            figures=figures(review),
            ratings=[_rating(rating, titles) for rating in review.ratings],
            curves=curves_of(review),
            courses=[_course(review, n) for n in range(len(review.courses))],
            searched=None if review.search is None else searched_text(review.search),
            decisions=[_decision(review, decision, titles) for decision in review.decisions],
            lanes=lanes_of(review),
            answers=[(titles[a.seat], said(a.question), a.answer) for a in review.answers if a.seat in titles],
            injects=[_inject(inject) for inject in review.injects],
            expected=[
                ExpectedRow(said(line.text), titles[line.seat], *_came(line.done_ns, line.due_ns))
                for line in review.expected
                if line.seat in titles
            ],
            alarms=[_alarm(alarm, titles) for alarm in review.alarms],
            seats=[(said(taken.title), seat_text(taken.played, taken.names)) for taken in review.seats],
            plan=[
                (said(line.finding), line.change, line.owner, line.by, translate(f"review.plan.{line.state}"))
                for line in review.plan
            ],
        )
    )


def _pair(words: Words) -> tuple[str, str]:
    return words.en, words.zh


def seat_text(played: str, names: list[str]) -> LocalizedText:
    """Who had a seat."""
    return untranslated(", ".join(names)) if names else translate(f"review.played.{played}")


def held_text(review: Review) -> LocalizedText:
    """When, and how much time of the day and on the wall."""
    begin, end = review.window
    simulated = translate("review.simulated", begin=instant(begin), end=instant(review.ended_ns or end), seed=review.seed)
    wall = (
        [translate("review.wall", wall=duration_text(review.wall_s), paused=duration_text(review.paused_s))]
        if review.wall_s
        else []
    )
    return join([*([untranslated(review.held)] if review.held else []), simulated, *wall], " · ", " · ")


def course_texts(review: Review) -> list[LocalizedText]:
    """Which course of the exercise is reviewed, where there could be a doubt."""
    found = []
    if (branch := review.branch) is not None:
        found.append(translate("review.branch", number=branch.number, room=branch.room, at=instant(branch.from_ns)))
    if review.stood_ns is not None:
        found.append(translate("review.stood", at=instant(review.stood_ns)))
    if review.branches:
        kept = [translate("review.branches.one", folder=b.folder, at=instant(b.from_ns)) for b in review.branches]
        found.append(translate("review.branches", branches=join(kept)))
    return found


# --- what mattered ----------------------------------------------------------------------------------------------------------


def lead(review: Review) -> LocalizedText:
    """What mattered, in a sentence or two: the decision that saved most, the one that cost most, those that did both, and where nobody would
    have been."""
    helped = min((d for d in review.decisions if d.effect == "helped"), key=_orders, default=None)
    hurt = max((d for d in review.decisions if d.effect == "hurt"), key=_orders, default=None)
    found = [_counted(decision) for decision in (helped, hurt) if decision is not None]
    found += [_did(d, "mixed", difference_text(d.difference)) for d in review.decisions if d.effect == "mixed"]
    if not found:
        found = [translate("review.lead.none" if review.decisions else "review.lead.nothing")]
    return join([*found, _beside(review)], " ", "")


def _counted(decision: DecisionReview) -> LocalizedText:
    """By how many orders, or for how long, a decision helped or hurt; where just that says the opposite, however little, both."""
    found = decision.difference.failed_orders or decision.difference.impaired_s
    if (found > 0) if decision.effect == "helped" else (found < 0):
        return _did(decision, "mixed", difference_text(decision.difference))
    return _did(decision, decision.effect, _saved(decision))


def _did(decision: DecisionReview, how: str, what: LocalizedText) -> LocalizedText:
    return translate(f"review.lead.{how}", title=said(decision.title), at=instant(decision.begun_ns), what=what)


def _orders(decision: DecisionReview) -> tuple[int, float]:
    return decision.difference.failed_orders, decision.difference.impaired_s


def _beside(review: Review) -> LocalizedText:
    team, nobody = review.course("team"), review.course("nobody")
    if team is None or nobody is None:
        return untranslated("")
    return translate("review.lead.beside", team=number(team.figures.failed_orders), nobody=number(nobody.figures.failed_orders))


def _saved(decision: DecisionReview) -> LocalizedText:
    """By how much the figures differ, without signs: the sentence has the verb."""
    orders, seconds = abs(decision.difference.failed_orders), abs(decision.difference.impaired_s)
    same = decision.difference.failed_orders * decision.difference.impaired_s >= 0
    parts = [translate("review.orders", n=number(orders))] if orders else []
    parts += [duration_text(seconds)] if seconds and same else []
    return join(parts, ", ", "，") if parts else difference_text(decision.difference)


@dataclass(frozen=True)
class Figure:
    """A figure of the first row: its name, value, tone, and what stands below it."""

    title: LocalizedText
    value: LocalizedText
    tone: str
    note: LocalizedText


def figures(review: Review) -> list[Figure]:
    """The six figures of the first row."""
    measures, orders = review.measures, review.measures.orders
    missed = [alarm for alarm in review.alarms if alarm.taken_ns is None and not alarm.false]
    real = [alarm for alarm in review.alarms if not alarm.false]
    share = orders.failed_orders / orders.intended if orders.intended else None
    team = review.course("team")
    grade = grade_text(team.grade) if team is not None and team.grade is not None else untranslated("–")
    parts = [measures.detect_s, measures.decide_s, measures.act_s, measures.restore_s]
    return [
        Figure(
            translate("review.figure.failed"),
            untranslated(number(orders.failed_orders)),
            "bad" if orders.failed_orders else "",
            translate("review.figure.failed.of", n=number(orders.intended), share=fraction(share)),
        ),
        Figure(
            translate("review.figure.duplicated"),
            untranslated(number(orders.duplicated)),
            "bad" if orders.duplicated else "",
            translate("review.figure.duplicated.note"),
        ),
        Figure(
            translate("review.figure.severity"),
            duration_text(measures.impaired_s),
            "warn" if measures.impaired_s else "",
            grade,
        ),
        Figure(
            translate("review.figure.customers"),
            untranslated("–" if measures.customers_affected is None else number(measures.customers_affected)),
            "",
            translate("review.figure.customers.note"),
        ),
        Figure(
            translate("review.figure.parts"),
            join([duration_text(part) for part in parts], " · ", " · "),
            "",
            translate("review.figure.parts.note"),
        ),
        Figure(
            translate("review.figure.alarms"),
            untranslated(f"{number(len(missed))} / {number(len(real))}"),
            "warn" if missed else "",
            translate("review.figure.alarms.note", n=number(len(review.unapproved))),
        ),
    ]


# --- objectives -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RatingRow:
    """An objective with its rating, what it rests on, and exercise control's word."""

    text: LocalizedText
    letter: str
    sign: str
    tone: str
    rating: LocalizedText
    evidence: LocalizedText
    bounds: LocalizedText
    override: LocalizedText | None


def _rating(rating: ObjectiveRating, titles: dict[str, LocalizedText]) -> RatingRow:
    counts = rating.rating
    override = None
    if rating.override is not None:
        override = translate(
            "review.override",
            old=rating.computed or "–",
            new=rating.override.rating,
            by=rating.override.by or "–",
            why=rating.override.reason,
        )
    return RatingRow(
        said(rating.text),
        counts or "–",
        RATING_SIGNS[counts],
        RATING_TONES[counts],
        translate(f"review.rating.{counts or 'none'}"),
        evidence_text(rating, titles),
        translate("review.bounds", bounds=join([value_text(rating, bound) for bound in rating.bounds], " · ", " · ")),
        override,
    )


def value_text(rating: ObjectiveRating, value: float) -> LocalizedText:
    """A value or bound of a measure, in its unit."""
    return duration_text(value) if rating.measure in TIMED else untranslated(number(value))


def evidence_text(rating: ObjectiveRating, titles: dict[str, LocalizedText]) -> LocalizedText:
    """What a rating rests on: what happened when, and the value that comes of it."""
    happened = [_evidence(evidence, titles) for evidence in rating.evidence]
    if rating.computed is None:
        return translate("review.evidence.no_fault")
    value = translate("review.evidence.never") if rating.value is None else value_text(rating, rating.value)
    return join([*happened, translate("review.evidence.value", value=value)], "; ", "；")


def _evidence(evidence: Evidence, titles: dict[str, LocalizedText]) -> LocalizedText:
    title = said(evidence.title) if evidence.title is not None else untranslated("")
    seat = titles.get(evidence.seat or "", untranslated(evidence.seat or ""))
    what = "decided" if evidence.what == "approved" and not evidence.seat else evidence.what
    return translate(f"review.evidence.{what}", at=instant(evidence.at_ns), title=title, seat=seat)


# --- courses and decisions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CourseRow:
    """A course in the table beside the curves."""

    course: str
    title: LocalizedText
    did: LocalizedText
    failed: str
    duplicated: str
    impaired: LocalizedText


def _course(review: Review, n: int) -> CourseRow:
    played = review.courses[n]
    did = [translate("review.did", title=said(c.title), at=instant(c.at_ns)) for c in played.commands]
    return CourseRow(
        played.course,
        translate(f"review.course.{played.course}"),
        join(did, ", ", "，") if did and played.course in ("best_known", "best_found") else untranslated(""),
        number(played.figures.failed_orders),
        number(played.figures.duplicated),
        duration_text(played.figures.impaired_s),
    )


def searched_text(search: Search) -> LocalizedText:
    """What the best that was found is: the best of so many runs, and no proof."""
    return translate(
        "review.searched",
        runs=number(search.runs),
        budget=number(search.budget),
        commands=len(search.commands),
        grid=duration_text(search.grid_s),
    )


@dataclass(frozen=True)
class DecisionRow:
    """A decision with its bar: to the left what it saved, to the right what it cost."""

    number: int
    title: LocalizedText
    note: LocalizedText
    tone: str
    effect: LocalizedText
    what: LocalizedText
    bar_x: float
    bar_width: float


def _decision(review: Review, decision: DecisionReview, titles: dict[str, LocalizedText]) -> DecisionRow:
    most = max(1, *(abs(d.difference.failed_orders) for d in review.decisions))
    width = round(abs(decision.difference.failed_orders) / most * BAR, 1)
    return DecisionRow(
        decision.number,
        said(decision.title),
        decision_note(decision, titles),
        TONES[decision.effect],
        join([untranslated(EFFECT_SIGNS[decision.effect]), translate(f"review.effect.{decision.effect}")], " ", " "),
        difference_text(decision.difference),
        BAR - width if decision.difference.failed_orders < 0 else BAR,
        width,
    )


def decision_note(decision: DecisionReview, titles: dict[str, LocalizedText]) -> LocalizedText:
    """When it was decided and by whom; that it was not done in the end; which others could not be taken without it."""
    parts = [
        translate("review.begun", at=instant(decision.begun_ns), seat=titles.get(decision.seat, untranslated(decision.seat)))
    ]
    if decision.approved_ns is not None and decision.waited_s is not None and decision.proposed_ns is not None:
        asked = (decision.approved_ns - decision.proposed_ns) / SECOND
        parts.append(translate("review.approved", time=duration_text(asked), waited=duration_text(decision.waited_s)))
    if decision.state == "failed":
        parts.append(translate("review.failed"))
    if decision.refused_then:
        parts.append(translate("review.refused_then", numbers=", ".join(map(str, decision.refused_then))))
    return join(parts, "; ", "；")


# --- injects, alarms -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InjectRow:
    """A line of the list of events."""

    number: int
    at: str
    title: LocalizedText
    expected: LocalizedText | None
    tone: str
    done: LocalizedText
    note: str


def _inject(inject: InjectReview) -> InjectRow:
    key = "not_sent" if inject.sent_ns is None else "open" if inject.done is None else "done" if inject.done else "not_done"
    tone = {"done": "good", "not_done": "bad"}.get(key, "soft")
    expected = None if inject.expected is None else said(inject.expected)
    done = translate(f"review.inject.{key}")
    return InjectRow(inject.number, instant(inject.sent_ns), said(inject.title), expected, tone, done, inject.note)


@dataclass(frozen=True)
class ExpectedRow:
    """Something expected of a seat, and what came."""

    text: LocalizedText
    seat: LocalizedText
    tone: str
    came: LocalizedText


def _came(done: int | None, due: int | None) -> tuple[str, LocalizedText]:
    if done is None:
        return "bad", translate("review.expected.not_done")
    late = due is not None and done > due
    return "warn" if late else "good", translate(
        f"review.expected.{'late' if late else 'done'}", at=instant(done), due=instant(due)
    )


@dataclass(frozen=True)
class AlarmRow:
    """An alarm, and what became of it."""

    at: str
    title: LocalizedText
    tone: str
    taken: LocalizedText
    cleared: str


def _alarm(alarm: AlarmReview, titles: dict[str, LocalizedText]) -> AlarmRow:
    title = join([said(alarm.title), translate("review.alarm.false")], " ", "") if alarm.false else said(alarm.title)
    if alarm.taken_ns is None:
        tone, taken = ("soft" if alarm.false else "bad"), translate("review.alarm.missed")
    else:
        by = titles.get(alarm.by or "", untranslated(alarm.by or "–"))
        tone, taken = "", translate("review.alarm.taken", at=instant(alarm.taken_ns), seat=by)
    return AlarmRow(instant(alarm.raised_ns), title, tone, taken, instant(alarm.cleared_ns))
