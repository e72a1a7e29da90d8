"""A comparison as a decision record, Markdown, for an architect to file: question, options, budget, measures with margins, verdicts, harm,
what is undecided, and the guesses it hinges on. What people decide of it is left for them to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chaos.i18n.texts import LocalizedText, join, translate, untranslated
from chaos.measures.formatting import Language, number
from chaos.reports.explanation import explanation_lines
from chaos.reports.tables import baseline_mean, case_title, comparison, equal_costs, measure_name, option_names, shown
from chaos.results.comparison import ComparedCell, ComparisonResult
from chaos.results.explanation import ExplanationResult

HARM = ("worse", "more often worse", "mixed")


def decision_record(result: ComparisonResult, explained: Sequence[ExplanationResult], language: Language = "en") -> str:
    """The whole record. `explained` are results of `coredrill explain` about some of the comparison's pairs."""
    names = option_names(result)
    options = [names[a.name] for a in result.architectures if a.name != result.baseline]
    asked = {"options": join(options, ", ", "、"), "baseline": names[result.baseline]}
    parts = [
        translate("record.title", **asked).map("# ".__add__),
        untranslated(""),
        translate("record.state"),
        *_section("question", [translate("record.asked", cases=join(_cases(result), ", ", "、"), **asked)]),
        *_section("options", [_option(names[a.name], a.title) for a in result.architectures]),
        *_section(
            "budget", [_item(text) for text in equal_costs(result)] or [translate("record.budget.own", option="`--equal-cost`")]
        ),
        *_section("verdicts", _both(result)),
        *_section("harm", list(_harm(result, names)) or [translate("record.harm.none")]),
        *_section("open", [_undecided(result)]),
        *_section("guesses", list(_guesses(explained)) or [_not_examined(result)]),
        *_section("decision", [translate("record.decision.open")]),
    ]
    return "\n".join(part[language] for part in parts) + "\n"


def _section(name: str, lines: Iterable[LocalizedText]) -> list[LocalizedText]:
    return [untranslated(""), translate(f"record.{name}").map("## ".__add__), untranslated(""), *lines]


def _item(text: LocalizedText) -> LocalizedText:
    return text.map("- ".__add__)


def _cases(result: ComparisonResult) -> list[LocalizedText]:
    return [case_title(*case) for case in dict.fromkeys((cell.scenario, cell.environment) for cell in result.cells)]


def _option(name: LocalizedText, title: str) -> LocalizedText:
    return LocalizedText(f"- {name.en}: {title}", f"- {name.zh}：{title}")


def _both(result: ComparisonResult) -> list[LocalizedText]:
    """The comparison as a terminal has it, in both languages line by line."""
    return [LocalizedText(en, zh) for en, zh in zip(comparison(result, "en"), comparison(result, "zh"), strict=True)]


def _harm(result: ComparisonResult, names: dict[str, LocalizedText]) -> Iterator[LocalizedText]:
    """Where an option is worse than the baseline, by any measure."""
    for cell in result.cells:
        if isinstance(cell, ComparedCell) and cell.verdict in HARM:
            yield _item(
                translate(
                    "record.harm.cell",
                    architecture=names[cell.architecture],
                    scenario=case_title(cell.scenario, cell.environment),
                    measure=measure_name(cell.measure, result.own_names),
                    verdict=translate(f"compare.verdict.{cell.verdict}"),
                    before=shown(cell.measure, baseline_mean([cell])),
                    after=shown(cell.measure, cell.value.mean if cell.value is not None else None),
                )
            )


def _undecided(result: ComparisonResult) -> LocalizedText:
    mine = [cell for cell in result.cells if cell.measure == result.measures[0].name]
    left = sum(cell.verdict in ("inconclusive", "not comparable") for cell in mine)
    return translate("record.open.count", n=number(left), all=number(len(mine)))


def _not_examined(result: ComparisonResult) -> LocalizedText:
    command = f"`coredrill explain SCENARIO --architecture {result.baseline} --against OPTION --json FILE`"
    return translate("record.guesses.none", command=command, option="`--explained FILE`")


def _guesses(explained: Sequence[ExplanationResult]) -> Iterator[LocalizedText]:
    for number_of, one in enumerate(explained):
        if number_of:
            yield untranslated("")
        yield from explanation_lines(one)
