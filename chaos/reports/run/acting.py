"""What each action did, as a table, and the failed orders of the run beside those of the run in which nobody acts, as two curves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chaos.i18n.causal import acting_text, action_title, again_texts, books_text, effect_text, given_up_texts, taken_text
from chaos.i18n.texts import LocalizedText, duration_text, join, translate, untranslated
from chaos.measures.formatting import NONE, instant, number, signed
from chaos.results.counterfactuals import ActionEffect, Counterfactuals, FailedOrders, RunFigures
from chaos.results.stored_run import StoredRun
from simcore.base.units import SECOND

TONES = {"helped": "good", "hurt": "bad", "no_difference": "soft", "mixed": "mixed", "open": "soft"}
CURVE_WIDTH, CURVE_HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 580, 250, 56, 132, 12, 26


@dataclass(frozen=True)
class ActionRow:
    """An action: what it did in a word, who did it and what it left wrong in the books, and the figures as run and left out."""

    title: LocalizedText
    note: LocalizedText
    tone: str
    effect: LocalizedText
    difference: str
    as_run: str
    without: str
    impaired: LocalizedText


@dataclass(frozen=True)
class Curve:
    """A line of the drawing: its path, and the text at its end, at height `y`."""

    path: str
    label: LocalizedText
    y: int
    kind: str


@dataclass(frozen=True)
class CurvePicture:
    """Failed orders so far, by the time of submission: the run, and the run that differs most of those in which something is left out.
    Between `left` and `right`, `top` and `bottom` are the curves, around them what is written."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    curves: list[Curve]
    rules: list[tuple[int, str]]
    hours: list[tuple[int, str]]
    shade: tuple[int, int] | None


@dataclass(frozen=True)
class Acting:
    """All of it; `nobody` says what comes of doing nothing (None: nothing was done)."""

    nobody: LocalizedText | None
    rows: list[ActionRow]
    picture: CurvePicture | None


def acting(stored: StoredRun) -> Acting | None:
    """What acting did; None if the run was not held against others."""
    found = stored.run.counterfactuals
    if found is None:
        return None
    rows = [_row(action, found.as_run, stored.run.own_names) for action in found.actions]
    return Acting(acting_text(found), rows, _picture(stored, found)) if found.acted else Acting(None, rows, None)


def _row(action: ActionEffect, as_run: RunFigures, own: Collection[str]) -> ActionRow:
    orders, seconds = action.difference.failed_orders, action.difference.impaired_s
    sign = untranslated("+" if seconds > 0 else "−")
    impaired = untranslated("0") if not seconds else join([sign, duration_text(abs(seconds))], "", "")
    books = action.difference.wrong_in_the_books
    note = [
        *(taken_text(taken, own) for taken in action.taken),
        *([books_text(books)] if books else []),
        *given_up_texts(action.without),
        *again_texts(action),
    ]
    return ActionRow(
        title=_title(action, own),
        note=join(note, "; ", "；"),
        tone=TONES[action.effect],
        effect=effect_text(action.effect),
        difference=NONE if action.effect == "open" else signed(orders).replace("-", "−") if orders else "0",
        as_run=number(as_run.failed_orders),
        without=number(action.without.failed_orders),
        impaired=untranslated(NONE) if action.effect == "open" else impaired,
    )


def _title(action: ActionEffect, own: Collection[str]) -> LocalizedText:
    """What is done to what: of the calls that are cut off, to whom they go."""
    first = action.taken[0]
    return action_title(first.verb, first.subject if first.verb == "isolate" and first.subject else first.target, own)


# --- curves -----------------------------------------------------------------------------------------------------------------


def _picture(stored: StoredRun, found: Counterfactuals) -> CurvePicture | None:
    """None where no order failed in either run."""
    apart = max(found.actions, key=lambda action: abs(action.difference.failed_orders), default=None)
    hurts = apart is not None and apart.difference.failed_orders != 0
    other = apart.without if apart is not None and hurts else found.nobody_acts
    label = "acting.curve.left_out" if hurts else "acting.curve.nobody"
    most = max(found.as_run.failed_orders, other.failed_orders)
    if not most:
        return None
    window = stored.window
    scale = _Scale(window.begin_ns, window.end_ns, most)
    own, without = scale.path(found.as_run.failed_over_time), scale.path(other.failed_over_time)
    ends = [scale.y(found.as_run.failed_orders), scale.y(other.failed_orders)]
    if abs(ends[0] - ends[1]) < 16:  # one label below the other
        ends = [ends[0], ends[0] + 16]
    taken = [t for t in apart.taken if t.begun_ns is not None] if apart is not None and hurts else []
    return CurvePicture(
        CURVE_WIDTH,
        CURVE_HEIGHT,
        LEFT,
        CURVE_WIDTH - RIGHT,
        TOP,
        CURVE_HEIGHT - BOTTOM,
        [
            Curve(without, translate(label, n=number(other.failed_orders)), ends[1], "without"),
            Curve(own, translate("acting.curve.as_run", n=number(found.as_run.failed_orders)), ends[0], "own"),
        ],
        [(scale.y(value), number(value)) for value in round_numbers(most)],
        [(scale.x(t), instant(t)[:-3]) for t in _hours(window.begin_ns, window.end_ns)],
        (scale.x(taken[0].begun_ns or 0), scale.x(taken[0].ended_ns or window.end_ns)) if taken else None,
    )


@dataclass(frozen=True)
class _Scale:
    begin_ns: int
    end_ns: int
    most: int

    def x(self, t_ns: int) -> int:
        share = (min(max(t_ns, self.begin_ns), self.end_ns) - self.begin_ns) / (self.end_ns - self.begin_ns)
        return round(LEFT + share * (CURVE_WIDTH - LEFT - RIGHT))

    def y(self, orders: int) -> int:
        return round(CURVE_HEIGHT - BOTTOM - orders / self.most * (CURVE_HEIGHT - TOP - BOTTOM))

    def path(self, failed: Sequence[FailedOrders]) -> str:
        """A step an interval: what failed in it counts from its end on."""
        parts, so_far = [f"M{LEFT} {self.y(0)}"], 0
        for interval in failed:
            so_far += interval.count
            parts.append(f"H{self.x(interval.at_ns)}V{self.y(so_far)}")
        return "".join([*parts, f"H{CURVE_WIDTH - RIGHT}"])


def round_numbers(most: int) -> list[int]:
    """Round numbers from 0 up to the most."""
    step = 10 ** max(0, len(str(most)) - 1)
    step = next(s for s in (step // 5 or 1, step // 2 or 1, step, 2 * step) if most / s <= 5)
    return list(range(0, most + 1, step))


def _hours(begin_ns: int, end_ns: int) -> list[int]:
    minute = 60 * SECOND
    every = next(m for m in (1, 2, 5, 10, 15, 30, 60, 120, 240, 1440) if (end_ns - begin_ns) / (m * minute) <= 6) * minute
    return list(range(-(-begin_ns // every) * every, end_ns + 1, every))
