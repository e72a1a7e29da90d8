"""JUnit XML: one test case a run, one for what must hold over the seeds, one a pair. Unknown is an error, never skipped."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from chaos.i18n.findings import held_text
from chaos.i18n.texts import untranslated
from chaos.measures.catalogue import measures
from chaos.reports.pairs import pair_claim, pair_rows
from chaos.results.run import GroupResult, OverSeedsResult, PairResult, RunResult, SuiteResult, same_place


def properties_of(run: RunResult) -> list[tuple[str, str]]:
    """Every measure of a run, with what a time exceeds that the run's end cut off, between what names the run, as (name, text)."""
    found: list[tuple[str, object]] = [("verdict", run.verdict), ("digest", run.digest)]
    for measure in measures().in_run(run):
        found.append((measure.name, measure.value(run)))
        if measure.declared.lower_bound is not None:
            found.append((f"{measure.name}_lower", measure.lower_bound(run)))
    found += [("live", "true")] if run.live else []
    found += [("first_noticed", run.measures.first_noticed), ("replay", run.replay)]
    return [(name, "" if value is None else str(value)) for name, value in found]


def junit(result: SuiteResult, name: str) -> bytes:
    """The document, UTF-8."""
    own = [group for group in result.groups if group.counts]
    cases = [_case(run) for run in result.runs if any(same_place(run, group) for group in own)]
    cases += [_over_seeds(g, e) for g in own for e in g.expectations] + [_of_pair(pair) for pair in result.pairs]
    counts = {tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error")}
    suite = ET.Element(
        "testsuite", name=name, tests=str(len(cases)), failures=str(counts["failure"]), errors=str(counts["error"]), skipped="0"
    )
    suite.extend(cases)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(run: RunResult) -> ET.Element:
    case = ET.Element("testcase", classname=_place(run), name=f"{run.scenario}[seed-{run.seed}]")
    holder = ET.SubElement(case, "properties")
    for key, value in properties_of(run):
        ET.SubElement(holder, "property", name=key, value=_clean(value))
    _verdict(case, run.verdict or "unknown", run.reasons, run.replay)
    return case


def _over_seeds(group: GroupResult, over: OverSeedsResult) -> ET.Element:
    case = ET.Element("testcase", classname=_place(group), name=f"{group.scenario}[{over.expected}]")
    _verdict(case, over.verdict, [held_text(over, untranslated(over.expected))["en"]], "")
    return case


def _of_pair(pair: PairResult) -> ET.Element:
    """A pair: the runs of its sides are no test cases of their own, for what one side shows is often that it fails."""
    case = ET.Element("testcase", classname="pairs", name=pair.name)
    _verdict(case, pair.verdict, [text["en"] for text in (pair_claim(pair), *pair_rows(pair))], "")
    return case


def _verdict(case: ET.Element, verdict: str, reasons: Sequence[str], replay: str) -> None:
    if verdict == "pass":
        return
    first = _clean(reasons[0] if reasons else verdict)
    element = ET.SubElement(case, "failure" if verdict == "fail" else "error", type=verdict, message=first)
    element.text = _clean("\n".join([*reasons, *([f"replay: {replay}"] if replay else [])]))


def _place(of: RunResult | GroupResult) -> str:
    return f"{of.architecture}.{of.environment}".replace("/", "-")


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000" else "?" for c in text
    )
