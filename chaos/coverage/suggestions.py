"""Scenarios that would find more, each run before it promises anything.

A candidate is the window of a trigger. What the prices say it would show in production gives the order in which candidates are tried. Each
is then run as a scenario of its own, with every seed of the command: in the environment of the command, where its bounds are what the system
keeps there without a defect, and in production, with production's bounds. Bounds that were made on these seeds are green on them by
construction, so that both the green and what is noticed must hold on as many further seeds, at least `FURTHER`. What then is noticed in
the command's own environment is its promise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from chaos.coverage.attribution import AT_A_TIME, Question, attribute, hidden_by
from chaos.coverage.kill_matrix import Matrix, cells_inputs, cells_of, events_budget, fitting
from chaos.coverage.pricing import Prices, Window
from chaos.coverage.trial_runner import TrialKey, TrialRunner, baseline
from chaos.coverage.trials import FAIL, Trial
from chaos.documents.rendering import to_yaml
from chaos.documents.triggers import scenario_document
from chaos.execution.inputs.planting import Mutant
from chaos.measures.formatting import counted, significant
from chaos.results.coverage import DefectEffect, Observation
from chaos.results.findability import Suggestion, SuggestionTrial
from simcore.files.document import Node, Origin
from simcore.files.loading import is_path

PRODUCTION = "production"
SERIOUS = 1.25
"""A suggested bound is so many times the most that the system shows without a defect, and at least FLOOR."""
FLOOR = 0.005
STEP_S = 30.0
FURTHER = 3


class SuggestedBounds(NamedTuple):
    """The bounds of a suggested scenario's expectations: at most this fraction of orders failed, this impaired time in seconds, and this
    number of duplicated orders."""

    failed_share: float
    impaired_s: float
    duplicated: int


def bounds(runs: Sequence[Observation]) -> SuggestedBounds:
    """What the system without a defect keeps in each of these runs, with room."""
    failed = max(run.orders["failed_orders"] / max(1, run.orders["intended"]) for run in runs)
    return SuggestedBounds(
        failed_share=round(max(FLOOR, SERIOUS * failed), 5),
        impaired_s=max(run.impaired_s or 0.0 for run in runs) + STEP_S,
        duplicated=int(SERIOUS * max(run.orders["duplicated"] for run in runs)),
    )


# --- which to try ----------------------------------------------------------------------------------------------------------------


def shown(prices: Prices, window: Window) -> set[str]:
    """The mutants whose effect in a window in production, as it was priced, breaks the bounds that a scenario of the window would have
    there. A run that was no valid experiment (the system was ill before the trigger) shows nothing."""
    base = prices.base[window.name]
    limits, first = bounds(base), base[0]

    def fails(effect: DefectEffect) -> bool:
        return (
            effect.failed_share > limits.failed_share
            or effect.impaired_s + (first.impaired_s or 0.0) > limits.impaired_s
            or effect.duplicated + first.orders["duplicated"] > limits.duplicated
        )

    run = {name: effects[window.name] for name, effects in prices.effects.items() if window.name in effects}
    return {name for name, effect in run.items() if effect.valid and fails(effect)}


class Candidate(NamedTuple):
    """A window, and the survivors that its priced runs in production show, the costliest first."""

    window: Window
    shows: list[str]


def candidates(prices: Prices, survivors: Iterable[str], yearly: Mapping[str, float]) -> list[Candidate]:
    """Windows that were priced, in the order in which each shows most of the yearly price that is left, then most survivors; those that
    show nothing new come last, as they stand."""
    alive = set(survivors)
    left, found = set(alive), list[Candidate]()
    windows = [window for window in prices.windows if window.name in prices.base]
    shows = {window.name: shown(prices, window) & alive for window in windows}

    def worth(window: Window) -> tuple[bool, float, int, int]:
        new = shows[window.name] & left
        return bool(new), sum(yearly.get(name, 0.0) for name in sorted(new)), len(new), -windows.index(window)

    while windows:
        best = max(windows, key=worth)
        mine = sorted(shows[best.name], key=lambda name: (-yearly.get(name, 0.0), name))
        found.append(Candidate(best, mine))
        left -= shows[best.name]
        windows.remove(best)
    return found


def _apart(rows: Sequence[Suggestion]) -> list[Suggestion]:
    """Of suggestions that are no promise those which notice something in production that none before them does."""
    found, seen = list[Suggestion](), set[str]()
    for row in rows:
        mine = set(row.production.survivors) if row.production else set[str]()
        if mine - seen:
            found.append(row)
            seen |= mine
    return found


# --- trying them -----------------------------------------------------------------------------------------------------------------


@dataclass
class SuggestionSearch:
    """A search for scenarios that `found`'s suite lacks: `count` that hold, within a `budget` of runs; files go to `folder`."""

    runner: TrialRunner
    found: Matrix
    prices: Prices
    yearly: Mapping[str, float]
    count: int
    budget: int
    folder: Path
    runs: int = 0
    noticed: set[str] = field(default_factory=set)

    @property
    def environment(self) -> str:
        """Where the command runs the suite."""
        return self.found.settings.environment

    def suggestions(self) -> list[Suggestion]:
        """Those that hold, in the order in which they were tried, then those that notice something in production alone."""
        rows = list[Suggestion]()
        for candidate in candidates(self.prices, [x.name for x in self.found.survivors], self.yearly):
            if sum(row.promise for row in rows) == self.count or self.runs >= self.budget:
                break
            row = self._tried(candidate)
            if row is not None:
                rows.append(row)
        return [row for row in rows if row.promise] + _apart([row for row in rows if not row.promise])[: self.count]

    def _tried(self, candidate: Candidate) -> Suggestion | None:
        """A candidate in both environments; None where it notices nothing in either, or its runs do not fit into the budget."""
        first = set(candidate.shows)
        order = [x for x in self.found.survivors if x.name in first] + [x for x in self.found.survivors if x.name not in first]
        here = self._trial(candidate.window, self.environment, order)
        if here is None:
            return None
        adds = set(here.survivors) - self.noticed
        wanted = first | set(here.survivors)
        known = self.environment == PRODUCTION or not wanted
        production = None if known else self._trial(candidate.window, PRODUCTION, [x for x in order if x.name in wanted])
        if not here.survivors and not (production and production.survivors):
            return None
        self.noticed |= adds
        hidden = self._hidden(candidate.window, production) if production and not here.survivors else {}
        return Suggestion(
            window=candidate.window.name, promise=bool(adds), adds=len(adds), here=here, production=production, hidden_by=hidden
        )

    def _trial(self, window: Window, environment: str, chosen: Sequence[Mutant]) -> SuggestionTrial | None:
        """A window as a scenario in an environment on as many mutants as the budget allows; its file is written where it notices any."""
        document = self._document(window, environment)
        if document is None:
            return None
        scenario = json.dumps(document)
        base = baseline(self.runner, [scenario], environment, what=f"{window.name} in {environment}")
        green = [scenario] if base.green[scenario] else []
        tried = fitting(self.runner, chosen, base, green, self.budget - self.runs)
        cells = cells_of(self.runner, tried, base, green, f"mutants under {window.name} in {environment}", stop=True)
        self.runs += sum(len(self.runner.runs_of(TrialKey(x.name, scenario, environment))) for x in tried)
        killed = [x for x in tried if any(cell.outcome == "killed" for cell in cells[x.name].values())]
        held = self._held(scenario, environment, killed) if killed else []
        names = [mutant.name for mutant in held or ()]
        names.sort(key=lambda name: (-self.yearly.get(name, 0.0), name))
        return SuggestionTrial(
            environment=environment,
            green=bool(green) and held is not None,
            tried=len(tried),
            left_out=len(chosen) - len(tried),
            survivors=names,
            harmed_orders=sum(self.yearly.get(name, 0.0) for name in names),
            file=self._written(document, window, environment, len(names)) if names else "",
        )

    def _held(self, scenario: str, environment: str, killed: Sequence[Mutant]) -> list[Mutant] | None:
        """Which of the mutants the scenario notices with further seeds, too; None if it is not green with those without any defect, or they
        do not fit into the budget."""
        settings = self.runner.settings
        last = settings.seed_numbers[-1]
        seeds = tuple(range(last + 1, last + 1 + max(FURTHER, settings.seeds)))
        if self.runs + len(seeds) * (1 + len(killed)) > self.budget:
            return None
        base = baseline(self.runner, [scenario], environment, seeds=seeds, what=f"{environment}, with further seeds")
        self.runs += len(seeds)
        if not base.green[scenario]:
            return None
        digest = base.digests[scenario]
        most = events_budget(base.runs[scenario])
        batches = [
            (Trial(scenario, settings.architecture, environment, seeds, x.defects, events_max=most, unmutated=digest),)
            for x in killed
        ]
        given = self.runner.make(
            batches, [cells_inputs(x, [digest]) for x in killed], f"mutants with further seeds in {environment}"
        )
        self.runs += sum(len(result.runs) for (result,) in given)
        return [mutant for mutant, (result,) in zip(killed, given, strict=True) if result.verdict == FAIL]

    def _document(self, window: Window, environment: str) -> dict[str, object] | None:
        """The scenario with bounds that the system keeps in an environment; None where its runs do not fit into the budget."""
        cost = 2 * self.runner.settings.seeds
        if self.runs + cost > self.budget:
            return None
        self.runs += cost
        base = baseline(self.runner, [window.scenario], environment, what=f"{window.name} in {environment}")
        limits = bounds(base.runs[window.scenario])
        expect: list[dict[str, object]] = [
            {"measure": "orders.failed_share", "at_most": limits.failed_share},
            {"measure": "impaired_s", "at_most": f"{significant(limits.impaired_s)}s"},
            {"measure": "orders.duplicated", "at_most": limits.duplicated},
        ]
        document = scenario_document(
            self.prices.triggers, window.trigger, window.phase, name=f"{window.trigger}-{window.phase}", expect=expect
        )
        return document | {"environment": str(Path(environment).resolve()) if is_path(environment) else environment}

    def _written(self, document: Mapping[str, object], window: Window, environment: str, catches: int) -> str:
        """The file of a suggestion for an environment."""
        self.folder.mkdir(parents=True, exist_ok=True)
        apart = f"-in-{PRODUCTION}" if environment == PRODUCTION != self.environment else ""
        path = self.folder / f"{window.trigger}-{window.phase}{apart}.yaml"
        seeds = counted(self.runner.settings.seeds, "seed")
        said = f"Suggested: run in {environment} with {seeds} it and further seeds it noticed {catches} planted defects that the suite lets pass."
        text = to_yaml(Node.of(dict(document) | {"description": said}, Origin("suggestion", str(path))))
        path.write_text(text, encoding="utf-8")
        return str(path)

    def _hidden(self, window: Window, production: SuggestionTrial) -> dict[str, list[str]]:
        """Which gaps hide what a window notices in production: its scenario with production's bounds, with gaps switched off."""
        names = production.survivors[:AT_A_TIME]
        document = self._document(window, PRODUCTION) if names else None
        if document is None:
            return {}
        question = Question(self.runner, [json.dumps(document)], self.environment, self.budget - self.runs)
        why = attribute(question, [x for name in names for x in self.found.survivors if x.name == name])
        self.runs += why.runs
        return {name: labels for name in names if (labels := hidden_by(why, name))}
