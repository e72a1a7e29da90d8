"""Random faults for a random architecture: every knob of the twin, mostly where it tells."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from simcore.base.units import MS
from simcore.model.architecture import Architecture
from simcore.model.steps import Call

from .twin import Target, all_targets, reached

Plain = dict[str, Any]
Strategy = st.SearchStrategy[Any]

GATES = ("east", "west")


def optional(**parts: Strategy) -> Strategy:
    """A mapping with any of the parts."""
    return st.fixed_dictionaries({}, optional=parts)


SHARES, FACTORS = st.sampled_from([1.0, 0.5, 0.0]), st.sampled_from([5.0, 2.0, 1.0, 0.5])
INSTANCE_FAULTS: dict[str, Strategy] = dict.fromkeys(
    ("crash", "hang", "pause", "rotate_out", "restart", "thaw", "resume", "rotate_in"), st.just({})
)
INSTANCE_FAULTS |= {
    "slow": st.fixed_dictionaries({"factor": FACTORS}),
    "error_rate": st.fixed_dictionaries({"share": SHARES}),
    "grey": st.fixed_dictionaries({"share": SHARES, "factor": FACTORS}),
    "contention": st.fixed_dictionaries({"coefficient": st.sampled_from([1.0, 0.0])}),
}
OFTEN = (
    "crash",
    "crash",
    "crash",
    "hang",
    "hang",
    "pause",
    "pause",
    "slow",
    "slow",
    "grey",
    "error_rate",
    "error_rate",
    "rotate_out",
)
POOL_FAULTS = {
    "pool_slots": st.fixed_dictionaries({"slots": st.one_of(st.integers(0, 4), st.none())}),
    "pool_queue": st.fixed_dictionaries({"limit": st.integers(0, 4)}),
}
GATE_FAULT = st.fixed_dictionaries({"name": st.sampled_from(GATES), "open": st.booleans()})
LIMIT_FAULT = st.fixed_dictionaries({"per_second": st.sampled_from([20.0, 500.0, 3e9])})
TIMEOUT_FAULT = {"timeout_ns": st.sampled_from([3 * MS, 0, 30 * MS])}
RETRY_FAULT = {"attempts": st.integers(1, 3), "backoff_ns": st.sampled_from([0, 4 * MS])}
SITE_FAULTS = {False: optional(**TIMEOUT_FAULT), True: optional(**TIMEOUT_FAULT, **RETRY_FAULT)}  # by whether it has retries
CUTS = st.sampled_from(["held", "reset", "lost", "none"])
LINK_FAULT = optional(
    latency_factor=FACTORS,
    latency_add_ns=st.sampled_from([MS, 0]),
    loss_request=SHARES,
    loss_answer=SHARES,
    duplication=SHARES,
    partition_request=CUTS,
    partition_answer=CUTS,
)
UNDONE = {
    "crash": {"do": "restart"},
    "hang": {"do": "thaw"},
    "pause": {"do": "resume"},
    "rotate_out": {"do": "rotate_in"},
    "gate": {"open": True},
}
LENGTH = 1300 * MS


class Faults:
    """Draws faults of an architecture, those of instances and calls where flows come by."""

    def __init__(self, draw: st.DrawFn, architecture: Architecture) -> None:
        self.draw, self.architecture = draw, architecture
        self.targets = all_targets(architecture)
        found = self.on_the_way()
        self.services = [target.service for target in found if target.service != "client"]
        self.sites = [node for target in found for node in reached(target.nodes) if isinstance(node.step, Call)]

    def on_the_way(self) -> list[Target]:
        """Flows and what they come to."""
        found = [target for target in self.targets.values() if target.service == "client"]
        for target in found:
            for node in reached(target.nodes):
                callee = getattr(node.step, "call", None) or getattr(node.step, "send", None)
                if callee is not None and self.targets[callee] not in found:
                    found.append(self.targets[callee])
        return found

    def timeline(self) -> list[Plain]:
        """Up to eight faults in the order of their times; what is crashed, hung, shut or taken out often comes back."""
        found = []
        for _ in range(self.draw(st.integers(0, 8))):
            fault = self.fault()
            found.append(fault)
            if fault["do"] in UNDONE and self.draw(st.sampled_from([True, True, False])):
                later = self.draw(st.sampled_from([20, 200, 300, 1, 0])) * MS
                found.append(fault | UNDONE[fault["do"]] | {"at": min(fault["at"] + later, LENGTH - MS)})
        return sorted(found, key=lambda fault: fault["at"])

    def fault(self) -> Plain:
        """One fault, at a whole millisecond, so that it often meets events."""
        kinds = ["instance", "instance", "instance"]
        for kind, there in (
            ("link", self.architecture.links),
            ("pool", self.architecture.pools),
            ("limit", self.architecture.limits),
        ):
            kinds += [kind] * (2 if kind == "link" else 1) * bool(there)
        kinds += ["site"] + ["gate"] * any(pool.gate for pool in self.architecture.pools.values())
        at = 100 * self.draw(st.integers(0, 11)) + self.draw(st.integers(0, 99))
        return {"at": at * MS, **getattr(self, f"of_{self.draw(st.sampled_from(kinds))}")()}

    def of_instance(self) -> Plain:
        service = self.draw(st.sampled_from(self.services))
        model = self.architecture.services[service]
        instances = model.replicas + (model.standby.replicas if model.standby else 0)
        replica = self.draw(st.sampled_from([0, *range(instances)]))
        do = self.draw(st.sampled_from([*OFTEN, *INSTANCE_FAULTS]))
        return {"do": do, "service": service, "replica": replica, **self.draw(INSTANCE_FAULTS[do])}

    def of_pool(self) -> Plain:
        do = self.draw(st.sampled_from(sorted(POOL_FAULTS)))
        return {"do": do, "pool": self.resource(self.architecture.pools), **self.draw(POOL_FAULTS[do])}

    def of_limit(self) -> Plain:
        return {"do": "limit_rate", "limit": self.resource(self.architecture.limits), **self.draw(LIMIT_FAULT)}

    def resource(self, models: dict[str, Any]) -> str:
        """The name of a pool or limit: of all replicas, or of the first."""
        name = self.draw(st.sampled_from(sorted(models)))
        return name + self.draw(st.sampled_from(["", "#0"])) if models[name].per == "replica" else name

    def of_gate(self) -> Plain:
        return {"do": "gate", **self.draw(GATE_FAULT)}

    def of_site(self) -> Plain:
        site = self.draw(st.sampled_from(self.sites))
        return {"do": "call_policy", "site": site.label, **self.draw(SITE_FAULTS[site.step.retry is not None])}

    def of_link(self) -> Plain:
        link = self.draw(st.sampled_from(self.architecture.links))
        return {"do": "link", "source": link.source, "target": link.target, **self.draw(LINK_FAULT)}
