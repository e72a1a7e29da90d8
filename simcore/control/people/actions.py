"""What people and automated runbooks do to the system, rightly or wrongly."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, Literal, NamedTuple

import simpy

from simcore.control.event_names import note
from simcore.control.failover import Answer, FailoverProcess, yes
from simcore.control.handles import Core
from simcore.control.market.calendar import Gates
from simcore.control.reconciliation import ReconciliationProcess
from simcore.model.control.runbooks import Action
from simcore.model.index import instance_name


class Performed(NamedTuple):
    """How an action ended: done, rightly or wrongly; called off, because the trouble was over before its command; or not done (`why`)."""

    how: Literal["done", "called_off", "failed"]
    why: str | None = None


DONE, CALLED_OFF = Performed("done"), Performed("called_off")
Doing = Generator[simpy.Event, Any, Performed]

# How each action goes wrong, each as likely as the other (guess). wrong_target: the neighbouring replica; half_done: begun and
# not finished; wrong_value: a wrong digit, a tenth of what was meant; wrong_step: a step is left out; no_effect: the command
# went elsewhere; delay: right in the end, after three times as long.
WRONG_WAYS: Mapping[str, tuple[str, ...]] = {
    "restart": ("wrong_target", "half_done", "delay"),
    "rotate_out": ("wrong_target", "no_effect", "delay"),
    "rotate_in": ("wrong_target", "no_effect", "delay"),
    "failover": ("wrong_step", "delay"),
    "rollback": ("no_effect", "delay"),
    "limit_rate": ("wrong_value", "no_effect", "delay"),
    "slots": ("wrong_value", "no_effect", "delay"),
    "isolate": ("half_done", "no_effect", "delay"),
    "switch_channel": ("half_done", "no_effect", "delay"),
    "reconcile": ("no_effect", "delay"),
    "repair": ("no_effect", "delay"),
    "none": ("delay",),
}
DELAY_FACTOR = 3
WRONG_DIGIT = 10


class Changes:
    """Changes made to services, newest last, and what would repair them. A change makes the service's standby drift. `held` are
    instances (`service#replica`) that no restart brings up, and by whom and why: a machine without power."""

    def __init__(self, core: Core, failovers: Mapping[str, FailoverProcess]) -> None:
        self._core = core
        self._failovers = failovers
        self._undo: dict[str, list[Callable[[], object]]] = {}
        self._repairs: dict[str, list[Callable[[], object]]] = {}
        self.held: dict[str, dict[str, str]] = {}

    def hold(self, instance: str, by: str, why: str) -> None:
        """No restart brings the instance up until the same holder lets it go."""
        self.held.setdefault(instance, {})[by] = why

    def let_go(self, instance: str, by: str) -> None:
        """What this holder had against the instance is over."""
        self.held.get(instance, {}).pop(by, None)
        if not self.held.get(instance):
            self.held.pop(instance, None)

    def why_held(self, instance: str) -> str | None:
        """Why no restart brings the instance up; None: one does."""
        return next((why for _, why in sorted(self.held.get(instance, {}).items())), None)

    def record(self, service: str, undo: Callable[[], object] | None = None) -> None:
        """A change was made; `undo` is what a rollback does: False if it failed, and may be tried again."""
        note(self._core, "change", service)
        if undo is not None:
            self._undo.setdefault(service, []).append(undo)
        for failover in self._failovers.values():
            if failover.rule.service == service:
                failover.change()

    def undoable(self, service: str) -> bool:
        """Whether there is a change to undo."""
        return bool(self._undo.get(service))

    def roll_back(self, service: str) -> bool:
        """Undo the last change that can be undone; False if there is none, or its undoing failed."""
        if not self.undoable(service):
            return False
        if self._undo[service][-1]() is False:
            note(self._core, "rollback_failed", service)
            return False
        self._undo[service].pop()
        note(self._core, "rolled_back", service)
        return True

    def offer_repair(self, broken: str, repair: Callable[[], object]) -> None:
        """What puts a service right that only its vendor can, or a group, site or line that people on site can (`repair`). Offers for
        the same name are taken up together: who comes to repair it repairs all that is broken there."""
        self._repairs.setdefault(broken, []).append(repair)

    def repairable(self, broken: str) -> bool:
        """Whether anything was offered for it."""
        return broken in self._repairs

    def repair(self, broken: str) -> bool:
        """Do what was offered, once; False if nothing was."""
        if broken not in self._repairs:
            return False
        for repair in self._repairs.pop(broken):
            repair()
        return True


class Actions:
    """Performs actions, those that the plan leaves out without effect. Each generator ends with how the action ended."""

    def __init__(
        self,
        core: Core,
        gates: Gates,
        changes: Changes,
        failovers: Mapping[str, FailoverProcess],
        reconciliations: Mapping[str, ReconciliationProcess],
    ) -> None:
        self._core = core
        self._gates = gates
        self._changes = changes
        self._failovers = failovers
        self._reconciliations = reconciliations

    def wrong_way(self, action: Action, draw: float) -> str:
        """How the action goes wrong; a service of one replica has no neighbour to hit."""
        ways = WRONG_WAYS[action.verb]
        way = ways[int(draw * len(ways))]
        if way == "wrong_target":
            service = self._core.plan.architecture.services[action.target.partition("#")[0]]
            if service.replicas == 1:
                return "no_effect"
        return way

    def perform(
        self,
        action: Action,
        purpose: str,
        n: int,
        by: str,
        wrong: str | None = None,
        needed: Callable[[], Answer] = yes,
    ) -> Doing:
        """Take the action's duration, look whether it is still `needed`, then do it; `wrong` is a way of `wrong_way`."""
        duration_ns = self._core.sample(action.duration, f"{purpose}/{action.verb}", n)
        yield self._core.env.timeout(duration_ns * (DELAY_FACTOR if wrong == "delay" else 1))
        if not (yield from needed()):
            return CALLED_OFF
        if wrong == "no_effect":
            return DONE
        in_earnest = not self._core.plan.left_out.covers(action.verb, action.target, int(self._core.env.now))
        if action.failover is not None:
            return (yield from self._fail_over(action.failover, purpose, n, by, wrong, needed))
        if action.reconcile is not None:
            yield self._reconciliations[action.reconcile].begin(by, in_earnest)
        elif action.verb in ("restart", "rotate_out", "rotate_in"):
            return (yield from self._instances(action, purpose, n, wrong, in_earnest))
        elif in_earnest:
            return _ended(self._turn_knobs(action, wrong))
        return DONE

    def _turn_knobs(self, action: Action, wrong: str | None) -> str | None:
        inject = self._core.inject
        divisor = WRONG_DIGIT if wrong == "wrong_value" else 1
        if action.rollback is not None and not self._changes.roll_back(action.rollback):
            return "the rollback failed" if self._changes.undoable(action.rollback) else "nothing to roll back"
        if action.repair is not None and not self._changes.repair(action.repair):
            return "nothing to repair"
        if action.limit_rate is not None:
            inject.limit_rate(action.limit_rate.limit, action.limit_rate.rate / divisor)
        if action.slots is not None:
            inject.pool_slots(action.slots.pool, action.slots.slots // divisor)
        if action.isolate is not None:
            self._isolate(action, only_first=wrong == "half_done")
        if action.switch_channel is not None:
            factors = list(action.switch_channel.items())
            for flow, factor in factors[:1] if wrong == "half_done" else factors:
                inject.flow_rate(flow, factor)
        return None

    def _isolate(self, action: Action, only_first: bool) -> None:
        cut, inject = action.isolate, self._core.inject
        assert cut is not None
        parts = [("gate", g) for g in cut.gates] + [("pool", p) for p in cut.pools] + [("call", c) for c in cut.calls]
        for kind, name in parts[:1] if only_first else parts:
            if kind == "gate":
                self._gates.hold(name, "operators")
            elif kind == "pool":
                inject.pool_slots(name, 0)
                inject.pool_queue(name, 0)
            else:
                inject.call_policy(name, timeout_ns=cut.timeout, attempts=1)

    def _fail_over(self, name: str, purpose: str, n: int, by: str, wrong: str | None, needed: Callable[[], Answer]) -> Doing:
        failover = self._failovers[name]
        steps = failover.rule.steps
        forgotten = steps[int(self._core.draw(f"{purpose}/forgotten", n) * len(steps))].name
        serves = yield failover.begin(by, [forgotten] if wrong == "wrong_step" else [], needed)
        return CALLED_OFF if failover.called_off else _ended(None if serves else "failover aborted")

    def _instances(self, action: Action, purpose: str, n: int, wrong: str | None, in_earnest: bool) -> Doing:
        """An instance without number means the replicas that are down or hung; to restart, all of them if none is."""
        service, _, number = action.target.partition("#")
        replicas = [int(number)] if number else self._meant(service, action.verb)
        if not replicas:
            why = f"no replica of {service} to {action.verb.replace('_', ' ')}"
            return _ended(why if in_earnest else None)
        if wrong == "wrong_target":
            replicas = [(r + 1) % self._core.plan.architecture.services[service].replicas for r in replicas]
        if action.verb == "restart":
            restart_ns = self._restart_ns(service, replicas, purpose, n) if wrong != "half_done" else None
            return (yield from self._restart(service, replicas, restart_ns, in_earnest))
        turn = self._core.inject.rotate_out if action.verb == "rotate_out" else self._core.inject.rotate_in
        for replica in replicas if in_earnest else []:
            turn(service, replica)
        return DONE

    def _meant(self, service: str, verb: str) -> list[int]:
        every = range(self._core.plan.architecture.services[service].replicas)
        ailing = [r for r in every if not self._instance(service, r, "up") or self._instance(service, r, "hung")]
        if verb == "rotate_in":
            return [r for r in every if r not in ailing]
        return ailing or (list(every) if verb == "restart" else [])

    def _instance(self, service: str, replica: int, field: str) -> int:
        return self._core.read("unit", instance_name(service, replica), field)

    def _restart_ns(self, service: str, replicas: list[int], purpose: str, n: int) -> int:
        """How long the slowest takes to come up."""
        restart_time, sample = self._core.plan.architecture.services[service].restart_time, self._core.sample
        return max(sample(restart_time, f"{purpose}/restart/{instance_name(service, r)}", n) for r in replicas)

    def _restart(self, service: str, replicas: list[int], restart_ns: int | None, in_earnest: bool) -> Doing:
        """Stop what still runs, wait for the slowest to come up. Half done (None) it stays stopped."""
        if in_earnest:
            for replica in replicas:
                if self._instance(service, replica, "up"):
                    self._core.inject.crash(service, replica)
            for replica in replicas:
                if why := self._changes.why_held(instance_name(service, replica)):
                    return Performed("failed", why)
        if restart_ns is not None:
            yield self._core.env.timeout(restart_ns)
            for replica in replicas if in_earnest else []:
                self._core.inject.restart(service, replica)
        return DONE


def _ended(why: str | None) -> Performed:
    return DONE if why is None else Performed("failed", why)
