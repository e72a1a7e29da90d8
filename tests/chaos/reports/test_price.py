"""The drawing of prices: negative ones have their place, zeros are shown, ties share a band."""

from __future__ import annotations

import re

import pytest

from chaos.coverage.yearly import ranks_of, sign_of
from chaos.i18n.texts import untranslated
from chaos.reports.price import Axis, drawing, pair_lines, price_lines, ranked
from chaos.results.coverage import EffectFigures, PriceParts, PriceResult, PriceRow, YearShares
from chaos.results.summaries import Interval

PRICES: list[tuple[str, float, Interval | None]] = [
    ("much", 900.0, (500.0, 2000.0)),
    ("less", 400.0, (-10.0, 950.0)),
    ("none", 0.0, (0.0, 0.0)),
    ("spares", -30.0, (-90.0, -4.0)),
]


def price() -> PriceResult:
    """Four survivors."""
    ranks = ranks_of([(value, interval) for _, value, interval in PRICES])
    zero = EffectFigures.model_validate(dict.fromkeys(EffectFigures.model_fields, 0.0))
    rows = [
        PriceRow(
            name=name,
            harmed_orders=value,
            interval=interval,
            sign=sign_of(interval, float(name == "none")),
            rank=rank.first,
            rank_to=rank.last,
            years=YearShares(costs=0.5, spares=0.25, nothing=0.25),
            parts=PriceParts(ordinary_days=value, triggers=0.0, left_out=0.0),
            present=0.01,
            found_days=60.0,
            shows=False,
            day=1.0,
            figures=zero,
            worst=None,
            at_the_open=None,
            windows=3,
        )
        for (name, value, interval), rank in zip(PRICES, ranks, strict=True)
    ]
    return PriceResult(ranking=rows, windows=[], skipped=["a@b"], runs=9, seeds=3, triggers="brokers")


def test_the_axis_has_both_sides_of_zero() -> None:
    """It grows with the value, is as far from 0 to 1 as from -1 to 0, and from 10 to 100 as from 100 to 1,000."""
    axis = Axis([900, 400, 0, -30, 1, 2000, -90])
    at = [axis.at(value) for value in (-90, -30, -1, 0, 1, 10, 100, 1000, 2000)]
    assert at == sorted(at)
    assert axis.at(0) - axis.at(-1) == pytest.approx(axis.at(1) - axis.at(0))
    assert axis.at(100) - axis.at(10) == pytest.approx(axis.at(1000) - axis.at(100))
    assert 0.0 in axis.marks
    assert min(axis.marks) < 0 < max(axis.marks)


def test_each_price_is_drawn_where_it_is() -> None:
    """Four dots, the negative one left of that of 0, which is left of the others; the first two share the ranks 1 and 2 and a band."""
    svg = drawing(price())
    dots = {name: float(x) for x, name in re.findall(r'<circle cx="([\d.]+)"[^>]*><title>(\w+)</title>', svg)}
    assert dots["spares"] < dots["none"] < dots["less"] < dots["much"]
    assert [ranked(row) for row in price().ranking] == ["1–2", "1–2", "3", "4"]
    assert svg.count(">1–2</text>") == 1
    assert "400.0 (−10.0 to 950.0), not decided" in svg
    assert "−30.0 (−90.0 to −4.0)" in svg


def test_nothing_is_drawn_of_no_price() -> None:
    """Without prices or pairs there is neither drawing nor line."""
    nothing = PriceResult(ranking=[], windows=[], skipped=[], runs=0)
    assert drawing(nothing) == ""
    assert list(price_lines(nothing, lambda _: iter(()))) == []
    assert list(pair_lines(None)) == []


def test_the_terminal_says_signs_and_what_was_not_run() -> None:
    """A sign only where it is decided, and how many windows are left out."""
    said = "\n".join(line.en for line in price_lines(price(), lambda name: iter([untranslated(f"hidden by {name}")])))
    assert "900.0 (500.0 to 2,000.0)  much: costs" in said
    assert "400.0 (−10.0 to 950.0)  less: not decided" in said
    assert "spares: spares orders" in said
    assert "none: nothing in any year" in said
    assert "hidden by much" in said
    assert "not run within the budget: 1 window (a@b)" in said
