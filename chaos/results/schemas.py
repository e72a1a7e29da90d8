"""JSON Schemas of the result objects that commands write."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic.json_schema import JsonSchemaValue

from chaos.results.comparison import ComparisonResult
from chaos.results.coverage import CoverageResult
from chaos.results.explanation import ExplanationResult
from chaos.results.lint import LintResult
from chaos.results.live import LiveComparison
from chaos.results.prediction import PredictionsResult
from chaos.results.reproduction import ReproductionsResult
from chaos.results.run import SuiteResult
from chaos.results.sweep import SweepResult
from simcore.base.model import ResultModel
from simcore.journal.summary import SimulationResult

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RESULTS: Mapping[str, type[ResultModel]] = MappingProxyType(
    {
        "result": SuiteResult,
        "comparison": ComparisonResult,
        "sweep": SweepResult,
        "simulation": SimulationResult,
        "coverage": CoverageResult,
        "reproductions": ReproductionsResult,
        "predictions": PredictionsResult,
        "live": LiveComparison,
        "lint": LintResult,
        "explanation": ExplanationResult,
    }
)
"""By name: `result` is that of run, suite and replay, `simulation` that of simulate, `reproductions` that of timelines, `predictions` that of
predict, `live` that of live compare, `lint` that of lint,
`explanation` that of explain."""


def result_schema(name: str) -> JsonSchemaValue:
    """The JSON Schema (2020-12) of a result. KeyError for a name that there is not."""
    schema = RESULTS[name].model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": DIALECT, **schema, "title": f"coredrill {name}"}
