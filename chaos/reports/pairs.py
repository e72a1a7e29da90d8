"""A pair of a suite in words: what is claimed of it, and the values of both sides."""

from __future__ import annotations

from chaos.i18n.findings import exact_value, measure_title
from chaos.i18n.texts import LocalizedText, phrase, shipped_name, translate, untranslated
from chaos.measures.catalogue import measures
from chaos.results.findings import Value
from chaos.results.run import PairResult

ROWS_MAX = 5


def pair_claim(pair: PairResult) -> LocalizedText:
    """What the pair is there to show: in English with the measure's name in files, in Chinese with its title."""
    return _claim(pair, LocalizedText(pair.measure, measure_title(pair.measure, pair.own_names).zh))


def pair_title(pair: PairResult) -> LocalizedText:
    """The same for a page, with the measure's title in both languages."""
    return _claim(pair, measure_title(pair.measure, pair.own_names))


def _claim(pair: PairResult, measure: LocalizedText) -> LocalizedText:
    return translate("suite.differs", measure=measure, a=_side(pair.a), b=_side(pair.b), least=least_difference(pair))


def _side(side: str) -> LocalizedText:
    return phrase("side", side, lambda name: shipped_name(name).zh)


def least_difference(pair: PairResult) -> LocalizedText:
    """By how much side a must exceed side b."""
    measure = measures().find(pair.measure)
    return LocalizedText(measure.difference_text(pair.at_least), measure.difference_text(pair.at_least, "zh"))


def pair_rows(pair: PairResult, *, exact: bool = True) -> list[LocalizedText]:
    """The values of both sides by seed: in full, or as a page shows them."""
    measure = measures().find(pair.measure)

    def shown(value: Value) -> LocalizedText:
        if exact:
            return exact_value(measure.unit, value, measure.rules)
        return LocalizedText(measure.text(value), measure.text(value, language="zh"))

    key, sides = "suite.pair.row" if exact else "suite.pair.cell", {"side_a": _side(pair.a), "side_b": _side(pair.b)}
    return [translate(key, seed=row.seed, a=shown(row.a), b=shown(row.b), **sides) for row in pair.seeds]


def pair_why(pair: PairResult) -> LocalizedText:
    """What makes it the point, empty if the file does not say."""
    return LocalizedText(pair.why, pair.why_zh or pair.why) if pair.why else untranslated("")


def pair_lines(pair: PairResult) -> list[LocalizedText]:
    """The values of both sides by seed, those of the first few, and what makes it the point."""
    return pair_rows(pair)[:ROWS_MAX] + ([pair_why(pair)] if pair.why else [])
