"""Parts of the result of `coredrill coverage`: why defects survive, which scenarios to add, what a suite of so many scenarios finds, and
what it would have found of public incidents."""

from __future__ import annotations

from typing import Literal

from chaos.results.summaries import Interval
from simcore.base.model import ResultModel

SettingOutcome = Literal["noticed", "not noticed", "not judged"]


# --- why ------------------------------------------------------------------------------------------------------------------------


class Setting(ResultModel):
    """The suite run on a survivor with some parity gaps switched off (`off`): noticed `by` scenarios; not noticed; or not judged, because
    none noticed it and the scenarios `red` were not green there without any defect, so that they could not."""

    off: list[str]
    outcome: SettingOutcome
    by: list[str]
    red: list[str]


class NotMonotone(ResultModel):
    """The suite notices a survivor with the gaps `off` switched off, and no longer with `more` of them off, though scenarios that
    noticed it are green there."""

    off: list[str]
    more: list[str]


class SurvivorReasons(ResultModel):
    """What was tried of a survivor: the `settings` in the order of their runs, those that the budget did not reach (`left_out`). A gap
    in `hides` lets the suite notice it when it is switched off alone; one in `enough` hides it when it alone is left on: every scenario
    that notices it with all gaps off is green there, and the suite does not notice it. One in `shows` makes it show: the suite notices it
    with this one left on alone, and not with all gaps off, though a scenario that noticed it is green there."""

    name: str
    settings: list[Setting]
    hides: list[str]
    enough: list[str]
    shows: list[str]
    not_monotone: list[NotMonotone]
    left_out: list[list[str]]


class EnvironmentChange(ResultModel):
    """One change of the test environment, or a better suite: the survivors that the suite would then notice, those that need this
    alone, and their yearly price in failed orders."""

    change: str
    catches: int
    only_this: int
    harmed_orders: float
    survivors: list[str]


class AttributionResult(ResultModel):
    """Why survivors survived. `survivors` has what was tried of each. `hidden_by` has the changes of the environment that let the suite
    notice each: single gaps; where none does, gaps that take effect together, joined by +; "the suite" where nothing that was tried
    does. `red` are scenarios that were not green in a setting; `skipped` survivors of which a setting was left out, `skipped_pairs`
    pairs of gaps, because the budget of `runs` did not reach them."""

    hidden_by: dict[str, list[str]]
    changes: list[EnvironmentChange]
    skipped: list[str]
    skipped_pairs: list[str]
    red: dict[str, list[str]]
    runs: int
    gaps: list[str] = []
    survivors: list[SurvivorReasons] = []


# --- the curve -------------------------------------------------------------------------------------------------------------------


class BestFirstStep(ResultModel):
    """After a scenario was added to a suite: the mutants it adds, those caught so far and their weight, and what still slips through."""

    scenario: str
    adds: int
    caught: int
    weight: float
    slips: float


class RandomStep(ResultModel):
    """The same after so many scenarios in random order: expectations, and of the mutants caught the least, most and the 90 % `band` over
    suites of that size."""

    caught: float
    weight: float
    slips: float
    band: Interval
    least: int
    most: int


class HeldOutStep(ResultModel):
    """After so many scenarios: the mutants caught on the half by which the order was chosen, and on the other half, which chose nothing.
    Both as shares of what the whole suite catches of that half, times what it catches in all, so that they stand on one scale."""

    chosen: float
    held_out: float


class HeldOut(ResultModel):
    """How much of the best-first curve is hindsight: means over random `splits` of the mutants into two halves; `by` operators (a defect
    at another site is never on the other side) or, with too few of those, by mutants."""

    by: Literal["operators", "mutants"]
    splits: int
    steps: list[HeldOutStep]


class SuiteCurve(ResultModel):
    """What a growing suite catches of so many `mutants` with a yearly price of `whole`. `random` is what to expect; bands come from
    every suite of a size (`exact`) or from seeded draws. `best_first` is chosen afterwards, `held_out` says how optimistic it is."""

    whole: float
    mutants: int
    best_first: list[BestFirstStep]
    random: list[RandomStep]
    exact: bool = True
    held_out: HeldOut | None = None


# --- what to add ------------------------------------------------------------------------------------------------------------------


class SuggestionTrial(ResultModel):
    """A suggested scenario as it was run in an environment with every seed of the command, and again with as many further seeds, on which
    its bounds were not made: whether it is `green` there without any defect, how many survivors it was `tried` on and which of them it
    notices with both, with their yearly price; `left_out` did not fit into the budget.
    `file` was written with bounds for this environment."""

    environment: str
    green: bool
    tried: int
    left_out: int
    survivors: list[str]
    harmed_orders: float
    file: str = ""

    @property
    def catches(self) -> int:
        """How many survivors it notices."""
        return len(self.survivors)


class Suggestion(ResultModel):
    """A scenario that might be added: the window of a trigger that it runs, what it notices in the command's own environment (`here`) and
    in production. `promise`: it notices something here that no suggestion before it does; else it is listed as one that does not, with
    the gaps that hide what it notices in production (`hidden_by`: survivor → changes of the environment)."""

    window: str
    promise: bool
    adds: int
    here: SuggestionTrial
    production: SuggestionTrial | None
    hidden_by: dict[str, list[str]] = {}


# --- incidents --------------------------------------------------------------------------------------------------------------------


class IncidentFinding(ResultModel):
    """A public incident, and whether the suite would have noticed its cause beforehand. `defects` are operators (or single mutants) of
    the same kind, `mutants` how many of those were planted here, `killed` those that the suite notices. `planted`: the suite was run
    with the incident's own cause in the system from the start; `noticed_by` are the scenarios that then failed, `green` says how many
    could. Else `why` it was not."""

    name: str
    title: str
    title_zh: str = ""
    why: str
    defects: list[str]
    mutants: int
    killed: int
    latent: bool
    planted: bool
    green: int
    noticed_by: list[str]
    unknown: list[str]


class IncidentResult(ResultModel):
    """The library of incidents against the suite; `runs` were made for it, `skipped` incidents did not fit into its budget."""

    incidents: list[IncidentFinding]
    skipped: list[str]
    runs: int
