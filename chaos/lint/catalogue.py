"""Which rules there are: those of the folder `rules`. Nothing registers itself."""

from __future__ import annotations

import importlib
import pkgutil

import chaos.lint.rules
from chaos.i18n.texts import translate
from chaos.lint.rule import Found, Rule, Subject
from chaos.results.lint import LintFinding, LintResult, LintRule
from simcore.files.fields import path_text
from simcore.files.loading import Resolved
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload


def rules() -> list[Rule]:
    """A rule of each kind that a module of the folder defines, in order of rank."""
    names = sorted(module.name for module in pkgutil.iter_modules(chaos.lint.rules.__path__, "chaos.lint.rules."))
    found = [
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == name
    ]
    return sorted((kind() for kind in found), key=lambda rule: (rule.rank, rule.name))


def lint(
    architecture: Resolved[Architecture], workload: Resolved[Workload] | None = None, environment: str | None = None
) -> LintResult:
    """What every rule finds in an architecture; a workload has to fit it (`simcore.library.require_fit`).

    >>> from simcore.library import LIBRARY
    >>> found = lint(LIBRARY.resolve("textbook/mm1", Architecture))
    >>> [(finding.rule, finding.path) for finding in found.findings]
    [('unwatched-service', 'services.station'), ('endless-wait', 'flows.request.steps[station.serve]')]
    """
    subject = Subject(architecture.model, workload.model if workload is not None else None)
    gone_through = []
    findings = []
    for rule in rules():
        reason = translate(f"lint.{rule.name}.reason")
        checked = subject.workload is not None or not rule.needs_workload
        gone_through.append(LintRule(name=rule.name, checked=checked, reason=reason.en, reason_zh=reason.zh))
        own = [_placed(architecture, rule, found) for found in rule.check(subject)] if checked else []
        findings += sorted(own, key=lambda finding: (finding.file, finding.line, finding.column))
    return LintResult(
        architecture=subject.architecture.name,
        workload=subject.workload.name if subject.workload is not None else None,
        environment=environment,
        rules=gone_through,
        findings=findings,
    )


def _placed(architecture: Resolved[Architecture], rule: Rule, found: Found) -> LintFinding:
    place = architecture.place(found.keys)
    return LintFinding(
        rule=rule.name,
        path=path_text(architecture.tree, Architecture, found.keys),
        file=place.file,
        line=place.line,
        column=place.column,
        message=found.message.en,
        message_zh=found.message.zh,
    )
