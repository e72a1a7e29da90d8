"""JUnit XML: one test case a run, one for what must hold over the seeds, one a pair. Unknown is an error, never skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

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


def properties_of(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The measures of a run as (name, text)."""
    metrics = run["metrics"]
    found = [(name, metrics.get(name)) for name in PROPERTIES] + [(f"orders.{name}", metrics["orders"][name]) for name in ORDERS]
    found += [(f"severity.{name}", grade["grade"]) for name, grade in metrics["severity"].items()]
    return [
        ("verdict", run["verdict"]),
        ("digest", run["digest"]),
        *((n, "" if v is None else str(v)) for n, v in found),
        ("replay", run["replay"]),
    ]


def junit(result: Mapping[str, Any], name: str) -> bytes:
    """The document, UTF-8."""
    own = [group for group in result["groups"] if group["counts"]]
    places = {_key(group) for group in own}
    cases = [_case(run) for run in result["runs"] if _key(run) in places]
    cases += [_over_seeds(g, e) for g in own for e in g["expectations"]] + [_of_pair(pair) for pair in result["pairs"]]
    counts = {tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error")}
    suite = ET.Element(
        "testsuite", name=name, tests=str(len(cases)), failures=str(counts["failure"]), errors=str(counts["error"]), skipped="0"
    )
    suite.extend(cases)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(run: Mapping[str, Any]) -> ET.Element:
    case = ET.Element("testcase", classname=_place(run), name=f"{run['scenario']}[seed-{run['seed']}]")
    holder = ET.SubElement(case, "properties")
    for key, value in properties_of(run):
        ET.SubElement(holder, "property", name=key, value=_clean(value))
    _verdict(case, run["verdict"], run["reasons"], run["replay"])
    return case


def _over_seeds(group: Mapping[str, Any], expectation: Mapping[str, Any]) -> ET.Element:
    case = ET.Element("testcase", classname=_place(group), name=f"{group['scenario']}[{expectation['expected']}]")
    held = f"{expectation['expected']}: held in {expectation['held']} of {expectation['runs']} runs, {expectation['needed']} were needed"
    _verdict(case, expectation["verdict"], [held], "")
    return case


def _of_pair(pair: Mapping[str, Any]) -> ET.Element:
    """A pair: the runs of its sides are no test cases of their own, for what one side shows is often that it fails."""
    case = ET.Element("testcase", classname="pairs", name=pair["name"])
    rows = [f"seed {row['seed']}: {row['a']} against {row['b']}" for row in pair["seeds"]]
    claim = f"{pair['measure']} of {pair['a']} exceeds that of {pair['b']} by at least {pair['at_least']:g}"
    _verdict(case, pair["verdict"], [claim, *rows], "")
    return case


def _key(place: Mapping[str, Any]) -> tuple[str, str, str]:
    return place["scenario"], place["architecture"], place["environment"]


def _verdict(case: ET.Element, verdict: str, reasons: Sequence[str], replay: str) -> None:
    if verdict == "pass":
        return
    first = _clean(reasons[0] if reasons else verdict)
    element = ET.SubElement(case, "failure" if verdict == "fail" else "error", type=verdict, message=first)
    element.text = _clean("\n".join([*reasons, *([f"replay: {replay}"] if replay else [])]))


def _place(run: Mapping[str, Any]) -> str:
    return f"{run['architecture']}.{run['environment']}".replace("/", "-")


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000" else "?" for c in text
    )
