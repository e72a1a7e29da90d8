"""What a measure is, and all of them by name. Scenario files, verdicts, comparisons, sweeps, JUnit, pages and the documentation
know of a measure what is declared here and in `chaos.measures.catalogue`, and nothing else.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, TypeGuard

import numpy as np

from chaos.measures.formatting import Language, Unit, number, text
from chaos.measures.intervals import EvaluationSpec
from chaos.results.run import Measures, PropertyFinding, Value
from simcore.journal.model import Journal

Grade = Literal["none", "ordinary", "larger", "major", "extraordinary"]
GRADES: tuple[Grade, ...] = ("none", "ordinary", "larger", "major", "extraordinary")
"""Grades of severity, mildest first: those of CSRC 2021 No.12 (一般, 较大, 重大, 特别重大). Rule sets map theirs onto them."""

NOT_GRADABLE = "not-gradable"
"""What a scenario file writes for a grade that the rules available do not decide."""


class Slot(StrEnum):
    """What stands in the place of the word in capitals in the name of a family of measures."""

    FLOW = "FLOW"
    METRIC = "METRIC"
    RULES = "RULES"
    PROPERTY = "PROPERTY"


class Better(StrEnum):
    """Which values of a measure are better."""

    LESS = "less"
    MORE = "more"
    NEITHER = "neither"


class Course(StrEnum):
    """What can still become of a value when a run is given up before its end."""

    OPEN = "open"
    """Anything."""
    GROWS = "grows"
    """It never falls as the run goes on."""
    STAYS = "stays"
    """Once there is a value it does not change."""


class Measured(Protocol):
    """What was measured of a run, as measures read it: a `RunResult` is such a thing."""

    @property
    def measures(self) -> Measures:
        """Everything measured."""

    @property
    def properties(self) -> Mapping[str, PropertyFinding]:
        """Properties of the system by name."""

    @property
    def unseen_s(self) -> float | None:
        """How much of the window was left when the run was given up, s; None if it was not."""


@dataclass(frozen=True)
class MeasuredRun:
    """What was measured of a run that has no result yet."""

    measures: Measures
    properties: Mapping[str, PropertyFinding]
    unseen_s: float | None = None


def rank(grade: str) -> int:
    """How many grades are milder. ValueError for what is no grade."""
    return [*GRADES].index(grade)  # type: ignore[arg-type]


Read = Callable[[Measured, str], Value]
"""The value in a run; the second argument is what stands in the family's slot, "" for a measure that is no family."""

Compute = Callable[[Journal, EvaluationSpec], Value]
"""The value of an extension's measure in the run that a journal is of."""


@dataclass(frozen=True)
class Measure:
    """A measure, or a family of measures whose name has a word in capitals (see `Slot`), such as `flows.FLOW.p99_s`.

    `title` and `title_zh` are what people call it, the word in capitals standing for its subject; `meaning` is its definition, as
    Markdown. `lower_bound` is what a time is longer than that had not come to its end when the run did;
    with `may_be_lower_bound` it may come to just that.
    `course` says what can still become of it in a run that is given up; `of_rows`, that it is of flows whose requests have rows alone.
    `not_compared` and `not_swept` say why `compare` or `sweep` refuses it; "" if they take it. An extension
    `compute`s its value from the journal; those of coredrill itself are computed together by `chaos.measures.compute`.
    """

    name: str
    unit: Unit
    title: str
    title_zh: str
    meaning: str
    read: Read
    better: Better = Better.LESS
    lower_bound: Read | None = None
    may_be_lower_bound: bool = False
    not_compared: str = ""
    not_swept: str = ""
    course: Course = Course.OPEN
    compute: Compute | None = None
    of_rows: bool = False

    @property
    def slot(self) -> Slot | None:
        """What a member of the family says in the place of the word in capitals; None for a single measure."""
        return next((slot for slot in Slot if slot.value in self.name), None)

    @property
    def group(self) -> str:
        """The word before the first dot; "" for a name without dots."""
        return self.name.partition(".")[0] if "." in self.name else ""

    @property
    def pattern(self) -> str:
        """A regular expression of its names, for JSON Schema."""
        slot = self.slot
        return f"^{re.escape(self.name).replace(slot.value, '.+') if slot is not None else re.escape(self.name)}$"

    def subject_of(self, name: str) -> str | None:
        """What stands in the slot if a name belongs to this family ("" for a single measure); None for other names."""
        if self.slot is None:
            return "" if name == self.name else None
        before, _, after = self.name.partition(self.slot.value)
        fits = name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)
        return name[len(before) : len(name) - len(after)] if fits else None


def extension(
    name: str,
    unit: Unit,
    title: str,
    title_zh: str,
    meaning: str,
    compute: Compute,
    better: Better = Better.LESS,
) -> Measure:
    """A measure that is computed from a run's journal, of every run that is made where it is installed.

    >>> def idle(journal, spec):
    ...     return float((journal.series("flow", "login", "started") == 0).sum())
    >>> extension("login_idle_s", Unit.DURATION, "time without logins", "无登录时长", "seconds in which nobody logs in", idle).name
    'login_idle_s'
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"{name!r} is no name for a measure: write small letters, digits and _")
    return Measure(
        name, unit, title, title_zh, meaning, lambda run, _: run.measures.extensions.get(name), better, compute=compute
    )


@dataclass(frozen=True)
class NamedMeasure:
    """A measure by the name that a file or an option gives it: `flows.login.p99_s` is FLOW `login` of `flows.FLOW.p99_s`."""

    name: str
    declared: Measure
    subject: str

    @property
    def unit(self) -> Unit:
        """What its values are."""
        return self.declared.unit

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers, so that there are quantiles of them: no grade, and not true or false."""
        return self.unit in (Unit.DURATION, Unit.FRACTION, Unit.COUNT)

    @property
    def counter(self) -> str | None:
        """The metric of the journal that a run must have kept for it; None where none is needed."""
        return self.subject if self.declared.slot is Slot.METRIC else None

    @property
    def flow(self) -> str | None:
        """The flow that it is about; None for a measure of all."""
        return self.subject if self.declared.slot is Slot.FLOW else None

    @property
    def rules(self) -> str | None:
        """The rule set that grades by it; None for what is no grade."""
        return self.subject if self.declared.slot is Slot.RULES else None

    def value(self, run: Measured) -> Value:
        """The value in a run; None if it has none. A time that the run's end cut off has none."""
        return self.declared.read(run, self.subject)

    def number(self, run: Measured) -> float | None:
        """The value in a run on a scale: see `level`."""
        level = self.level(self.value(run))
        return None if level is None else float(level)

    def level(self, value: Value) -> int | float | None:
        """A value on a scale, so that there are differences: a number stays, true is 1, of a grade it is how many are milder."""
        return rank(value) if isinstance(value, str) else value

    def lower_bound(self, run: Measured) -> float | None:
        """What the time exceeds, s, if the run's end cut it off."""
        found = self.declared.lower_bound(run, self.subject) if self.declared.lower_bound is not None else None
        return None if found is None else float(found)

    def text(self, value: Value, *, exact: bool = False, language: Language = "en") -> str:
        """A value of this measure with its unit."""
        return text(self.unit, value, exact=exact, language=language)

    def difference_text(self, difference: float, language: Language = "en") -> str:
        """A difference of two values, with its unit."""
        if self.unit is Unit.GRADE:
            return (
                f"{number(difference)} {'grade' if abs(difference) == 1 else 'grades'}"
                if language == "en"
                else f"{number(difference)} 级"
            )
        return number(difference) if self.unit is Unit.FLAG else self.text(difference, exact=True, language=language)

    def title(self, subject: str | None = None, language: Language = "en") -> str:
        """What people call it; `subject` is how they call what stands in the slot."""
        said = self.declared.title if language == "en" else self.declared.title_zh
        slot = self.declared.slot
        return said if slot is None else said.replace(slot.value, self.subject if subject is None else subject)


class MeasureRegistry:
    """Measures by name. It does not change; `with_more` makes another one.

    `subjects` says what is wrong with what stands in a slot, or None; of a slot that it does not have, anything may.
    """

    def __init__(self, measures: Iterable[Measure], subjects: Mapping[Slot, Callable[[str], str | None]]) -> None:
        """ValueError for two measures of one name."""
        self.measures = tuple(measures)
        self.subjects = dict(subjects)
        names = [measure.name for measure in self.measures]
        if len(set(names)) < len(names):
            raise ValueError(f"declared twice: measure {next(n for n in names if names.count(n) > 1)}")

    def with_more(self, measures: Iterable[Measure]) -> MeasureRegistry:
        """These measures and more. ValueError for a name that there is already."""
        return MeasureRegistry((*self.measures, *measures), self.subjects)

    def find(self, name: str) -> NamedMeasure:
        """The measure of that name. ValueError, with what there is, for a name that is none."""
        for measure in self.measures:
            subject = measure.subject_of(name)
            if subject is not None:
                check = self.subjects.get(measure.slot) if measure.slot is not None else None
                problem = check(subject) if check is not None else None
                if problem is not None:
                    raise ValueError(problem)
                return NamedMeasure(name, measure, subject)
        raise ValueError(self._unknown(name))

    def problem(self, name: str) -> str | None:
        """What is wrong with a measure's name, or None. Names of flows and rule sets are checked where they are known."""
        try:
            self.find(name)
        except ValueError as error:
            return str(error)
        return None

    def in_run(self, run: Measured) -> Iterator[NamedMeasure]:
        """Every measure of which a run may have a value, by the flows, counters, rule sets and properties that it has."""
        subjects: dict[Slot, Iterable[str]] = {
            Slot.FLOW: run.measures.flows,
            Slot.METRIC: run.measures.counters,
            Slot.RULES: run.measures.severity,
            Slot.PROPERTY: run.properties,
        }
        for measure in self.measures:
            slot = measure.slot
            for subject in ("",) if slot is None else subjects[slot]:
                name = measure.name if slot is None else measure.name.replace(slot.value, subject)
                yield NamedMeasure(name, measure, subject)

    def computed(self, journal: Journal, spec: EvaluationSpec) -> dict[str, Value]:
        """The values of extensions in a run.

        Raises TypeError for what is no value, and whatever an extension raises; where they are installed, both as PluginError.
        """
        return {m.name: computed_value(m.name, m.unit, m.compute(journal, spec)) for m in self.measures if m.compute is not None}

    def _unknown(self, name: str) -> str:
        head, _, last = name.rpartition(".")
        subject = head.partition(".")[2]
        names = [m.name if m.slot is None else m.name.replace(m.slot.value, subject) for m in self.measures]
        ends = {known.rpartition(".")[2]: known for known in names if known.rpartition(".")[0] == head}
        for close in difflib.get_close_matches(last, ends, n=1, cutoff=0.6):
            return f"unknown measure; did you mean {ends[close]!r}?"
        group = name.partition(".")[0] if "." in name else ""
        mine = [measure.name for measure in self.measures if measure.group == group]
        if group and mine:
            return f"unknown measure; known: {', '.join(mine)}"
        groups = dict.fromkeys(f"{measure.group}.*" for measure in self.measures if measure.group)
        single = [measure.name for measure in self.measures if not measure.group]
        return f"unknown measure; known: {', '.join([*single, *groups])}"


def computed_value(name: str, unit: Unit, computed: object) -> Value:
    """What the extension `name` gave as a value: a number of numpy is plain. Raises TypeError for what is no value."""
    value = computed.item() if isinstance(computed, np.generic) else computed
    if not _is_value(value, unit):
        raise TypeError(f"{name}: {value!r} is no number, true, false, grade or None")
    return value


def _is_value(value: object, unit: Unit) -> TypeGuard[Value]:
    """Whether it can be a measure's value: JSON has no NaN and no infinity, and a word is a grade."""
    if isinstance(value, str):
        return unit is Unit.GRADE and value in GRADES
    return value is None or (isinstance(value, (int, float)) and math.isfinite(value))
