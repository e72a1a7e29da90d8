"""What a scenario says of an incident whose outcome was not known to whoever wrote it: what was guessed, and which questions it answers."""

from __future__ import annotations

from random import Random
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, ValidationInfo, field_validator, model_validator

from chaos.documents.quantities import MeasureName, Quantity, require_unit
from chaos.measures.catalogue import measures
from chaos.measures.formatting import significant
from simcore.base.model import Model
from simcore.base.units import MS, format_duration, parse_duration
from simcore.files.patch import Path

Amount = Annotated[int | float | str, Field(description="a number, or a duration such as 10min")]


class Drawn(NamedTuple):
    """One value of a guess as one run has it: which guess, what was drawn, and what it sets, as `--set` takes it."""

    what: str
    value: str
    assignments: list[str]


class Guess(Model):
    """A figure that nobody could know before the outcome, and the range in which it was held to lie. Every seed draws one value of it,
    which every path of `sets` gets, so many times as large as it says."""

    what: Annotated[str, Field(min_length=1)]
    low: Amount = Field(alias="from")
    high: Amount = Field(alias="to")
    spread: Literal["log", "even"] = Field("log", description="log: every ratio is as likely; even: every difference")
    sets: dict[Path, Annotated[float, Field(gt=0)]] = Field(
        min_length=1, description="paths as `--set` has them, each with the multiple of the value that it gets"
    )
    source: Annotated[str, Field(min_length=1)]

    model_config = {**Model.model_config, "populate_by_name": True}

    @model_validator(mode="after")
    def _a_range(self) -> Guess:
        if isinstance(self.low, str) != isinstance(self.high, str):
            raise ValueError("from and to are two numbers or two durations")
        low, high = self._ends()
        if not low < high or low < 0:
            raise ValueError("from must be 0 or more, and below to")
        if self.spread == "log" and low == 0:
            raise ValueError("no ratio to 0 is as likely as another; write spread: even")
        return self

    def _ends(self) -> list[float]:
        return [float(parse_duration(end)) if isinstance(end, str) else float(end) for end in (self.low, self.high)]

    def draw(self, seed: int, name: str) -> Drawn:
        """The value of a seed in the scenario of that name: it depends on nothing else."""
        low, high = self._ends()
        u = Random(f"{name}/{self.what}/{seed}").random()
        value = low * (high / low) ** u if self.spread == "log" else low + (high - low) * u
        return Drawn(self.what, self._written(value), [f"{path}={self._written(value * by)}" for path, by in self.sets.items()])

    def _written(self, value: float) -> str:
        if isinstance(self.low, str):
            return format_duration(round(value / MS) * MS) if value % MS == 0 else f"{round(value / MS)}ms"
        return str(round(value)) if isinstance(self.low, int) and isinstance(self.high, int) else significant(value)


class Question(Model):
    """A question that was put before the outcome was known: what answers it, or why nothing here does.

    With `at_most` or `at_least` it is answered by how likely that is, else by the measure's median and interval.
    """

    ask: Annotated[str, Field(min_length=1)]
    measure: MeasureName | None = None
    at_most: Quantity | None = None
    at_least: Quantity | None = None
    missing: str = Field("", description="what the model would have to have")
    given: str = Field("", description="the facts imply it: it is an input, and shows nothing")

    @field_validator("at_most", "at_least", mode="before")
    @classmethod
    def _in_the_unit(cls, bound: object, info: ValidationInfo) -> object:
        if (name := info.data.get("measure")) is not None:
            require_unit(measures().find(name), bound)
        return bound

    @model_validator(mode="after")
    def _one_answer(self) -> Question:
        if sum((self.measure is not None, bool(self.missing), bool(self.given))) != 1:
            raise ValueError("a question has exactly one of measure, missing, given")
        bounds = sum(bound is not None for bound in (self.at_most, self.at_least))
        if bounds > 1 or (bounds and self.measure is None):
            raise ValueError("a bound is one of at_most and at_least, on a measure")
        return self


class Prediction(Model):
    """What is predicted of an incident: the guesses that it rests on, each with its range, and all questions that were put."""

    guesses: Annotated[list[Guess], Field(min_length=1)]
    questions: Annotated[list[Question], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_differ(self) -> Prediction:
        names = [guess.what for guess in self.guesses]
        if len(set(names)) != len(names):
            raise ValueError("two guesses are called the same, and would draw the same")
        if not any(question.measure for question in self.questions):
            raise ValueError("no question has a measure: nothing is predicted")
        return self

    def drawn(self, seed: int, name: str) -> list[Drawn]:
        """The values of all guesses in the run of a seed of the scenario of that name."""
        return [guess.draw(seed, name) for guess in self.guesses]

    @property
    def measures(self) -> list[str]:
        """The measures that answer its questions, each once."""
        return list(dict.fromkeys(question.measure for question in self.questions if question.measure is not None))
