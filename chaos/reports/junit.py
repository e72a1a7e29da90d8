"""JUnit XML: one test case a run, one for what must hold over the seeds, one a pair. Unknown is an error, never skipped."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from chaos.results.run import GroupResult, OverSeedsResult, PairResult, RunResult, SuiteResult, same_place

PROPERTIES = (
    "impaired_s",
    "recovery_s",
    "recovery_s_lower",
    "recovered",
    "metastable",
    "detect_s",
    "customers_affected",
    "first_noticed",
)
ORDERS = (
    "intended",
    "blocked",
    "confirmed",
    "rejected",
    "failed",
    "unknown",
    "duplicated",
    "lost",
    "orphan",
    "stranded",
    "late",
    "failed_orders",
)


def properties_of(run: RunResult) -> list[tuple[str, str]]:
    """The measures of a run as (name, text)."""
    measures = run.measures
    found = [(name, getattr(measures, name)) for name in PROPERTIES] + [(f"orders.{n}", measures.orders.count(n)) for n in ORDERS]
    found += [(f"severity.{name}", grade.grade) for name, grade in measures.severity.items()]
    return [
        ("verdict", run.verdict or ""),
        ("digest", run.digest),
        *((n, "" if v is None else str(v)) for n, v in found),
        ("replay", run.replay),
    ]


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
    held = f"{over.expected}: held in {over.held} of {over.runs} runs, {over.needed} were needed"
    _verdict(case, over.verdict, [held], "")
    return case


def _of_pair(pair: PairResult) -> ET.Element:
    """A pair: the runs of its sides are no test cases of their own, for what one side shows is often that it fails."""
    case = ET.Element("testcase", classname="pairs", name=pair.name)
    rows = [f"seed {row.seed}: {row.a} against {row.b}" for row in pair.seeds]
    claim = f"{pair.measure} of {pair.a} exceeds that of {pair.b} by at least {pair.at_least:g}"
    _verdict(case, pair.verdict, [claim, *rows], "")
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
