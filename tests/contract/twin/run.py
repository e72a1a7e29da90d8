"""A whole run."""

from __future__ import annotations

from functools import partial

from .arrivals import Arrivals
from .case import Case, RequestRecord, Result
from .faults import Faults
from .world import CONTROL, Happening


class Twin(Arrivals, Faults):
    """One run."""

    def run(self) -> Result:
        """Everything from the first instant to the last."""
        for at in sorted({fault["at"] for fault in self.case.faults if fault["at"] >= self.case.start}):
            Happening(self.env, at - self.now, CONTROL, partial(self.control, at))
        for number, flow in enumerate(self.architecture.flows):
            if flow in self.case.workload.flows:
                self.start_arrivals(flow, self.case.workload.flows[flow], 3 * number)
        self.advance()
        requests = [RequestRecord(i.number, i.flow, i.submitted, i.answered, i.outcome, i.code, i.records) for i in self.intents]
        pools = {key: slots.totals(self.case.end) for key, slots in sorted(self.pools.items())}
        asked = {key: totals for key, totals in pools.items() if totals.granted or totals.refused or totals.queue_integral}
        return Result(requests, sorted(self.spans), asked, +self.seen)


def simulate(case: Case) -> Result:
    """Run the case by the page."""
    return Twin(case).run()
