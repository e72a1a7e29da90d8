"""What the terminal and the page of coverage say alike, in English and Chinese."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from chaos.i18n.findings import measure_title
from chaos.i18n.texts import LocalizedText, join, lookup, phrase, shipped_name, translate, untranslated
from chaos.measures.formatting import number
from chaos.results.coverage import BesideResult, CoverageResult, CoverageSummary, MutantResult, Part

ALL_BUT = "all but "
Suite = CoverageResult | BesideResult

PARTS: tuple[Part, ...] = (
    "equivalent",
    "impossible",
    "not present",
    "not reached",
    "unchanged",
    "over budget",
    "changed",
    "noticed",
)
"""The parts of the census in the order of the funnel."""


def short(name: str) -> str:
    """A scenario's name without its folder."""
    return name.rpartition("/")[2]


def named(names: Iterable[str]) -> LocalizedText:
    """Names of files and mutants in a row."""
    return join([untranslated(name) for name in names], ", ", "、")


def suite_in(of: Suite) -> LocalizedText:
    """A suite, and where it is run."""
    return translate("coverage.in", suite=of.suite, environment=shipped_name(of.environment))


def suite_title(result: CoverageResult) -> LocalizedText:
    """What was measured."""
    return translate(
        "coverage.title",
        suite=result.suite,
        architecture=shipped_name(result.architecture),
        environment=shipped_name(result.environment),
    )


def own_title(prefix: str, title: str) -> LocalizedText:
    """The title of a defect, or of a gap, that its file has: in Chinese where it is one of those that ship."""
    return phrase(prefix, title)


def part_text(part: Part) -> LocalizedText:
    """A part of the census."""
    return translate(f"coverage.part.{part}")


def family_text(family: str) -> LocalizedText:
    """A family of defects."""
    return lookup("family", family)


def measures_of(mutant: MutantResult, own: Collection[str]) -> LocalizedText:
    """By which measures a mutant is worse: as files call them, in Chinese as people do. `own` are names of the user's files."""
    names = dict.fromkeys(name for cell in mutant.cells.values() for name in cell.worse)
    return join([LocalizedText(name, measure_title(name, own).zh) for name in names], ", ", "、")


def with_worse(result: CoverageResult) -> list[Suite]:
    """The suite, and the one beside it if there is one."""
    return [result, *([result.beside] if result.beside else [])]


def alone(other: Suite, of: Suite) -> list[str]:
    """The defects that one suite notices and another does not, by name."""
    noticed = {mutant.name for mutant in other.mutants if mutant.killed_by}
    return sorted({mutant.name for mutant in of.mutants if mutant.killed_by} - noticed)


def there_text(beside: BesideResult, name: str) -> LocalizedText:
    """Whether the suite beside notices a defect."""
    return translate(f"coverage.{next('noticed' if x.killed_by else 'not noticed' for x in beside.mutants if x.name == name)}")


def runs_text(summary: CoverageSummary) -> LocalizedText:
    """How many runs were made, and how many of them before."""
    key = "coverage.runs.kept" if summary.kept else "coverage.runs"
    return translate(key, n=number(summary.runs), **({"kept": number(summary.kept)} if summary.kept else {}))


def alternatives(names: Sequence[str]) -> LocalizedText:
    """One of these."""
    between = translate("coverage.or")
    return join([untranslated(name) for name in names], between.en, between.zh)


def more_text(n: int, shown: int, *, deep: bool = False) -> list[LocalizedText]:
    """How many there are beyond those shown, if any."""
    return [translate("coverage.more.deep" if deep else "coverage.more", n=n - shown)] if n > shown else []


def gap_text(label: str) -> LocalizedText:
    """A difference between the environments, several of them joined by +, or the suite itself, as what hides a defect."""
    if label.startswith(ALL_BUT):
        return translate("gapname.all but", gap=gap_text(label.removeprefix(ALL_BUT)))
    return LocalizedText(label, " + ".join(lookup("gapname", part.strip()).zh for part in label.split("+")))


def gaps_text(labels: Iterable[str]) -> LocalizedText:
    """Several of them together."""
    between = translate("hides.and")
    return join([gap_text(label) for label in labels], between.en, between.zh)


def window_text(window: str) -> LocalizedText:
    """A trigger at a phase of the day: in Chinese where it is one of those that ship."""
    trigger, mark, phase = window.partition("@")
    return LocalizedText(window, lookup("trigger", trigger).zh + mark + lookup("phase", phase).zh)
