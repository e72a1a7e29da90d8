"""What control code may ask of a run that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simcore.base.errors import InputError
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import Plan, compile_plan
from simcore.control.cosimulation import Cosimulation
from simcore.library import load_pair
from simcore.model.metrics import FIELDS
from simcore.simulation import simulate


def five_seconds(ask: Any) -> None:
    """Asks four and a half seconds after the open of legacy-coupled."""
    start = parse_clock("09:30")
    plan = compile_plan(*load_pair("legacy-coupled", "normal-day"), seed=1, start=start, end=start + 5 * SECOND)

    def script(core: Cosimulation, _: object) -> None:
        def wait() -> Iterator[Any]:
            yield core.env.timeout(9 * SECOND // 2)
            ask(core, plan)

        core.env.process(wait())

    simulate(plan, script=script)


def test_every_metric_of_everything_can_be_read() -> None:
    """All fields of all pools, instances, links, flows, calls, operations and limits; most things have something to count by then."""
    values: dict[tuple[str, str], int] = {}

    def ask(core: Cosimulation, plan: Plan) -> None:
        for kind, fields in FIELDS.items():
            for field in fields:
                values[kind, field] = sum(core.read(kind, name, field) for name in plan.handles[kind])
        instances = plan.handles["unit"]
        assert values["unit", "down_since"] == -len(instances)
        assert values["unit", "up"] == len(instances)

    five_seconds(ask)
    assert {kind for (kind, _), value in values.items() if value > 0} == set(FIELDS)
    assert values["pool", "busy_ns"] > 0


def test_what_is_no_metric_is_refused_with_what_there_is() -> None:
    """An unknown kind, name or field says what would be one."""

    def ask(core: Cosimulation, plan: Plan) -> None:
        pool = next(iter(plan.handles["pool"]))
        for what, hint in (
            (("lake", "x", "busy"), "kinds"),
            (("pool", pool + "x", "busy"), pool),
            (("pool", pool, "lent"), "busy"),
        ):
            with pytest.raises(InputError) as caught:
                core.read(*what)
            assert hint in str(caught.value)

    five_seconds(ask)
