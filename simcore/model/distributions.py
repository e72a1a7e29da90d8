"""Durations that vary: the families of distributions that a file may name, with their parameters in its words."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from simcore.base.model import Model, Probability
from simcore.base.units import Duration

Z99 = 2.3263478740408408
"""99 % quantile of the standard normal."""


class Lognormal(Model):
    """Either median and p99, or mean and scv (squared coefficient of variation)."""

    median: Duration | None = None
    p99: Duration | None = None
    mean: Duration | None = None
    scv: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_parametrisation(self) -> Lognormal:
        by_quantile = self.median is not None and self.p99 is not None
        by_moment = self.mean is not None and self.scv is not None
        given = sum(x is not None for x in (self.median, self.p99, self.mean, self.scv))
        if given != 2 or not (by_quantile or by_moment):
            raise ValueError("lognormal needs either median and p99, or mean and scv")
        if by_quantile and not 0 < self.median < self.p99:  # type: ignore[operator]
            raise ValueError("lognormal needs 0 < median < p99")
        if by_moment and not self.mean:
            raise ValueError("lognormal needs a mean above 0")
        return self

    @property
    def mean_ns(self) -> float:
        """Its mean, ns, whichever way it is given."""
        if self.median is not None and self.p99 is not None:
            return self.median * math.exp((math.log(self.p99 / self.median) / Z99) ** 2 / 2)
        assert self.mean is not None
        return float(self.mean)


class Gamma(Model):
    mean: Duration
    shape: Annotated[float, Field(gt=0.01, le=1000)]


class Erlang(Model):
    mean: Duration
    stages: Annotated[int, Field(ge=1, le=64)]


class Hyperexponential(Model):
    """Two phases: either mean and scv (> 1, balanced means), or a probability and the two means."""

    mean: Duration | None = None
    scv: Annotated[float, Field(ge=1)] | None = None
    probability: Probability | None = None
    means: Annotated[list[Duration], Field(min_length=2, max_length=2)] | None = None

    @model_validator(mode="after")
    def _one_parametrisation(self) -> Hyperexponential:
        by_moment = self.mean is not None and self.scv is not None
        by_phase = self.probability is not None and self.means is not None
        given = sum(x is not None for x in (self.mean, self.scv, self.probability, self.means))
        if given != 2 or not (by_moment or by_phase):
            raise ValueError("hyperexponential needs either mean and scv, or probability and means")
        return self

    def phases(self) -> tuple[float, float, float]:
        """Probability of the first phase and the two phase means, ns."""
        if self.means is not None and self.probability is not None:
            return self.probability, float(self.means[0]), float(self.means[1])
        assert self.mean is not None and self.scv is not None
        p = 0.5 * (1.0 + math.sqrt((self.scv - 1.0) / (self.scv + 1.0)))
        return p, self.mean / (2.0 * p), self.mean / (2.0 * (1.0 - p))


class Empirical(Model):
    values: Annotated[list[Duration], Field(min_length=1, max_length=4096)]
    weights: list[Annotated[float, Field(ge=0)]] | None = None

    @model_validator(mode="after")
    def _same_length(self) -> Empirical:
        if self.weights is not None and (len(self.weights) != len(self.values) or sum(self.weights) <= 0):
            raise ValueError("empirical weights must be as many as the values and not all zero")
        return self


class Distribution(Model):
    """A duration that varies. A bare duration such as ``5ms`` is a constant."""

    constant: Duration | None = None
    exponential: Duration | None = None
    lognormal: Lognormal | None = None
    gamma: Gamma | None = None
    erlang: Erlang | None = None
    hyperexponential: Hyperexponential | None = None
    uniform: Annotated[list[Duration], Field(min_length=2, max_length=2)] | None = None
    empirical: Empirical | None = None

    scales: ClassVar[bool] = True

    def as_default(self) -> object:
        """A bare duration; None for one that varies, which has no short form."""
        return self.constant

    @model_validator(mode="before")
    @classmethod
    def _bare_duration(cls, value: Any) -> Any:
        return value if isinstance(value, (dict, Distribution)) else {"constant": value}

    @model_validator(mode="after")
    def _exactly_one(self) -> Distribution:
        given = [k for k in type(self).model_fields if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a distribution is exactly one of {', '.join(type(self).model_fields)}; here: {', '.join(given) or 'none'}"
            )
        if self.uniform is not None and self.uniform[0] > self.uniform[1]:
            raise ValueError("uniform needs [low, high] with low ≤ high")
        return self

    @property
    def kind(self) -> str:
        """The name of its family, as a file writes it: constant, exponential, lognormal, …"""
        return next(k for k in type(self).model_fields if getattr(self, k) is not None)

    @property
    def takes_time(self) -> bool:
        """Whether a duration drawn from it can be above 0; False if it is always 0."""
        if self.constant is not None:
            return self.constant > 0
        if self.uniform is not None:
            return self.uniform[1] > 0
        if self.empirical is not None:
            return any(self.empirical.values)
        return self.exponential != 0

    @property
    def mean_ns(self) -> float:
        """The mean of the durations drawn from it, ns."""
        if self.lognormal is not None:
            return self.lognormal.mean_ns
        if self.hyperexponential is not None:
            share, first, second = self.hyperexponential.phases()
            return share * first + (1.0 - share) * second
        if self.uniform is not None:
            return sum(self.uniform) / 2.0
        if self.empirical is not None:
            weights = self.empirical.weights or [1.0] * len(self.empirical.values)
            return sum(w * v for w, v in zip(weights, self.empirical.values, strict=True)) / sum(weights)
        named = self.gamma or self.erlang
        return float(named.mean if named is not None else (self.constant or self.exponential or 0))


def constant(duration: str) -> Distribution:
    """The distribution of a fixed duration, written with its unit: ``constant("5min")``."""
    return Distribution.model_validate(duration)


def lognormal(median: str, p99: str) -> Distribution:
    """The lognormal distribution with this median and 99th percentile, both with units: ``lognormal("10min", "1h")``."""
    return Distribution.model_validate({"lognormal": {"median": median, "p99": p99}})
