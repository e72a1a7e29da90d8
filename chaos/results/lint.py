"""What static checks of an architecture find: the result of `coredrill lint`."""

from __future__ import annotations

from simcore.base.model import ResultModel


class LintFinding(ResultModel):
    """What a rule found, and where: `path` as a patch would write it, file, line and column of what is written there (line 0 is a place
    outside of every file)."""

    rule: str
    path: str
    file: str
    line: int
    column: int
    message: str
    message_zh: str


class LintRule(ResultModel):
    """A rule that was gone through, why what it finds matters, and whether it was checked: some need a workload."""

    name: str
    checked: bool
    reason: str
    reason_zh: str


class LintResult(ResultModel):
    """What every rule found in an architecture, the rules in their order, the findings of each by place."""

    architecture: str
    workload: str | None
    environment: str | None
    rules: list[LintRule]
    findings: list[LintFinding]
