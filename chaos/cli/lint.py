"""The command lint: static checks of an architecture, before anything is run."""

from __future__ import annotations

from typing import TextIO

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.exit_codes import FAIL, PASS
from chaos.cli.output import is_stdout, write_json
from chaos.cli.printing import Printer
from chaos.documents.library import library
from chaos.i18n.texts import LocalizedText, translate, untranslated
from chaos.lint.catalogue import lint as findings_of
from chaos.measures.formatting import Language
from chaos.results.lint import LintResult
from simcore.files.patch import command_line_layer
from simcore.library import require_fit
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload


@click.command()
@click.argument("architecture")
@click.option("--workload", metavar="NAME|FILE", help="Compare the size of pools with what these customers need, too.")
@options.environment
@options.assignments
@options.json_file
@options.language
def lint(
    architecture: str,
    workload: str | None,
    environment: str | None,
    assignments: tuple[str, ...],
    json_file: TextIO | None,
    language: Language,
) -> int:
    """Check an ARCHITECTURE (name or file) for weaknesses that can be seen without a run, each with its place and its reason.

    The exit code is 1 if there are findings, 0 if there are none.

    Example: coredrill lint options/bulkheads --workload normal-day
    """
    place = library().surroundings(environment) if environment is not None else None
    layers = [command_line_layer(assignments), *([place.architecture] if place is not None else [])]
    found = library().resolve(architecture, Architecture, layers)
    load = None
    if workload is not None:
        load = library().resolve(workload, Workload, [place.workload] if place is not None else [])
        require_fit(found, load)
    result = findings_of(found, load, place.name if place is not None else None)
    write_json(result, json_file)
    if not is_stdout(json_file):
        print_findings(result, Printer(Console(), language))
    return FAIL if result.findings else PASS


def print_findings(result: LintResult, out: Printer) -> None:
    """The findings rule by rule, each rule with its reason, each finding after its place; then how many there are."""
    for rule in result.rules:
        own = [finding for finding in result.findings if finding.rule == rule.name]
        if not rule.checked:
            out(translate("lint.unchecked", rule=rule.name, option="--workload"))
        if not own:
            continue
        out(translate("lint.rule", rule=rule.name, n=len(own)), style="bold")
        out(untranslated("  "), LocalizedText(rule.reason, rule.reason_zh))
        for finding in own:
            place = f"{finding.file}:{finding.line}:{finding.column}" if finding.line else finding.path
            out(untranslated(f"  {place}: "), LocalizedText(finding.message, finding.message_zh))
    key = "lint.count" if result.findings else "lint.none"
    out(translate(key, architecture=result.architecture, n=len(result.findings)), style="" if result.findings else "green")
