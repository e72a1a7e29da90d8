"""People: teams on duty take alarms up, diagnose, ask approval, act, verify, try again or call the vendor; and they err."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import simpy

from simcore.base.units import DAY
from simcore.control.alarms import Alarm, AlarmBoard
from simcore.control.event_names import note
from simcore.control.failover import Answer, yes
from simcore.control.handles import Core, Pending, now
from simcore.control.market.load import LoadMeter
from simcore.control.people.actions import DONE, Actions, Changes, Performed
from simcore.control.people.human_error import error_probability
from simcore.model.control.alarms import Routed
from simcore.model.control.people import Approver, Duty, Team
from simcore.model.control.runbooks import Action, Runbook
from simcore.model.distributions import Distribution

Work = Generator[simpy.Event, Any, Any]
DRAWS_AN_INCIDENT = 1000
ENDS = MappingProxyType({"done": "action_done", "called_off": "action_called_off", "failed": "action_failed"})


def present(duty: Duty, now: int) -> int:
    """How many are present at `now` (ns); a duty without roster is never short of people."""
    if duty.roster is None:
        return 1_000_000
    t = now % DAY
    shifts = [(s.start, s.end, s.present) for s in duty.roster]
    return sum(n for start, end, n in shifts if (start <= t < end if start < end else t >= start or t < end))


@dataclass
class Incident:
    """What a team believes to be one trouble: the alarms about one subject. `number` counts those of team and subject."""

    team: str
    subject: str
    number: int
    alarms: list[Alarm] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    acted: bool = False
    draws: int = 0

    def over(self) -> bool:
        """Whether none of its alarms stands, or the causes of all that do are gone."""
        return all(a.over() for a in self.alarms)

    def purpose(self, what: str) -> tuple[str, int]:
        """Purpose and number of the next draw: random numbers go by team, subject and turn, not by who else is at work."""
        self.draws += 1
        return f"people/{self.team}/{self.subject}/{what}", self.number * DRAWS_AN_INCIDENT + self.draws


def report_name(subject: str) -> str:
    """What the alarm is called that somebody raises who says that a service is in trouble."""
    return f"report/{subject}"


def _seen_over(core: Core, alarms: Sequence[Alarm]) -> Answer:
    """Whether the causes of all alarms are gone, as a fresh look tells."""
    looks = [alarm.look() for alarm in alarms if alarm.look is not None and not alarm.over()]
    if looks:
        yield core.env.all_of(looks)
    return all(alarm.over() for alarm in alarms)


class Attempt(NamedTuple):
    """An action that a team begins, about which service, by which runbook (None: by none)."""

    subject: str
    on_call: OnCallTeam
    runbook: Runbook | None
    action: Action


class OnCallTeam:
    """A team's attention: each member has one incident at a time; beyond those present, somebody is called in."""

    def __init__(self, core: Core, name: str, rule: Team) -> None:
        self.name = name
        self.rule = rule
        self.attention = simpy.Resource(core.env, rule.members)
        self._core = core

    def alone(self) -> bool:
        """Whether there is nobody to check what one does."""
        return min(present(self.rule, now(self._core)), self.rule.members) < 2

    def come(self, sample: Callable[[Distribution, str], int]) -> Work:
        """With a turn of `attention` in hand: be there, at once or after being called in."""
        if self.attention.count > present(self.rule, now(self._core)):
            note(self._core, "called_in", self.name)
            yield self._core.env.timeout(sample(self.rule.call_in, "call-in"))


class Operators:
    """All teams but those `played` by people, who decide for themselves (seats.py). `report` is a person telling them."""

    def __init__(
        self,
        core: Core,
        board: AlarmBoard,
        load: LoadMeter,
        actions: Actions,
        changes: Changes,
        pending: Pending,
        played: frozenset[str] = frozenset(),
    ) -> None:
        self._core = core
        self._control = core.plan.architecture.control
        self._board = board
        self._load = load
        self._actions = actions
        self._changes = changes
        self._pending = pending
        self._played = played
        self._numbers: dict[tuple[str, str], int] = {}
        self._automations: dict[str, simpy.Process] = {}
        self._reported: set[str] = set()
        self._under_way: dict[str, Incident] = {}
        self.on_call_teams = {name: OnCallTeam(core, name, team) for name, team in self._control.teams.items()}
        self.incidents: dict[tuple[str, str], Incident] = {}
        board.subscribe(self._raised)

    # --- handles --------------------------------------------------------------------------------------------------------

    def report(self, subject: str, team: str | None = None) -> None:
        """Somebody informs the team (the first, if not named) that the service is in trouble."""
        name = report_name(subject)
        self._reported.add(name)
        rule = Routed(layer="business", route=team or next(iter(self.on_call_teams)), points_at=subject)
        self._board.put_up(name, rule)

    def believe_repaired(self, alarms: Iterable[str]) -> None:
        """What a person reported has no metric: it counts as repaired by an action rightly done. Of the alarms, those are taken down."""
        for name in alarms:
            if name in self._reported:
                self._board.clear(name)

    # --- from the alarm to the desk -------------------------------------------------------------------------------------

    def _raised(self, alarm: Alarm) -> None:
        for name, runbook in self._control.runbooks.items():
            running = name in self._automations and self._automations[name].is_alive
            if runbook.automated and alarm.name in runbook.alarms and not running:
                self._automations[name] = self._busy(self._automate(name, runbook, alarm))
        if alarm.rule.route is None:
            note(self._core, "alarm_unrouted", alarm.name)
        else:
            self._core.env.process(self._deliver(alarm, alarm.rule.route))

    def _deliver(self, alarm: Alarm, team: str) -> Work:
        rule = alarm.rule
        if rule.misroute_to is not None and self._core.draw(f"misroute/{alarm.name}", alarm.number) < rule.misroute:
            team = rule.misroute_to
            note(self._core, "alarm_misrouted", alarm.name, team=team)
        yield self._core.env.timeout(self._core.sample(rule.notify, f"notify/{alarm.name}", alarm.number))
        self._receive(alarm, team)

    def _receive(self, alarm: Alarm, team: str) -> None:
        """An alarm about something the team is busy with joins that incident. People who play see the board themselves."""
        if team in self._played:
            return
        key = (team, alarm.rule.points_at or alarm.name)
        if key in self.incidents:
            self.incidents[key].alarms.append(alarm)
            return
        number = self._numbers[key] = self._numbers.get(key, -1) + 1
        incident = self.incidents[key] = Incident(*key, number, [alarm])
        self._busy(self._handle(incident))

    def _busy(self, work: Work) -> simpy.Process:
        return self._pending.until_done(self._core.env.process(work))

    # --- one incident ---------------------------------------------------------------------------------------------------

    def _sample(self, incident: Incident, distribution: Distribution, what: str) -> int:
        return self._core.sample(distribution, *incident.purpose(what))

    def _spend(self, incident: Incident, distribution: Distribution, what: str, factor: float = 1.0) -> simpy.Event:
        return self._core.env.timeout(int(self._sample(incident, distribution, what) * factor))

    def _handle(self, incident: Incident) -> Work:
        on_call = self.on_call_teams[incident.team]
        with on_call.attention.request() as turn:
            yield turn
            yield from on_call.come(lambda distribution, what: self._sample(incident, distribution, what))
            yield self._spend(incident, on_call.rule.acknowledge, "acknowledge")
            note(self._core, "ack", incident.subject, team=on_call.name, alarm=incident.alarms[0].name)
            yield from self._hand_over(incident, on_call)
            solved = not incident.alarms or (yield from self._solve(incident, on_call))
        if not solved:
            solved = yield from self._ask_vendor(incident, on_call)
        self._close(incident, solved)

    def _close(self, incident: Incident, solved: bool) -> None:
        """Alarms that still stand though their cause is gone are taken down, so that a relapse alarms again."""
        for alarm in incident.alarms:
            if alarm.active and alarm.over():
                self._board.clear(alarm.name)
        if solved and incident.acted:
            note(self._core, "restore", incident.subject, team=incident.team)
        note(self._core, "incident_closed", incident.subject, team=incident.team, solved=solved)
        del self.incidents[incident.team, incident.subject]

    def _hand_over(self, incident: Incident, on_call: OnCallTeam) -> Work:
        strangers = [a for a in incident.alarms if a.rule.route != on_call.name]
        if not strangers:
            return
        yield self._spend(incident, on_call.rule.handover, "handover")
        for alarm in strangers:
            incident.alarms.remove(alarm)
            note(self._core, "handed_over", alarm.name, team=alarm.rule.route)
            if alarm.rule.route is not None:
                self._receive(alarm, alarm.rule.route)

    def _solve(self, incident: Incident, on_call: OnCallTeam) -> Work:
        """True once nothing is left to do, False when the team knows no further."""
        note(self._core, "detect", incident.subject, team=on_call.name)
        yield from self._wait_for_automation(incident)
        while not (incident.tried and incident.over()):
            if incident.tried and not self._candidates(incident):
                return False
            name = yield from self._diagnose(incident, on_call)
            if incident.over():
                note(self._core, "nothing_found", incident.subject, team=on_call.name)
                return True
            if name is None:
                return False
            if name in self._under_way:
                self._merge(incident, self._under_way[name])
                return True
            self._under_way[name] = incident
            yield from self._carry_out(incident, on_call, name)
            del self._under_way[name]
        return True

    def _merge(self, incident: Incident, into: Incident) -> None:
        """Who finds that the same thing is being done already leaves it to them, alarms and all."""
        note(self._core, "incident_merged", incident.subject, team=incident.team, into=into.subject)
        into.alarms.extend(incident.alarms)
        incident.alarms.clear()

    def _wait_for_automation(self, incident: Incident) -> Work:
        for name, process in list(self._automations.items()):
            if any(a.name in self._control.runbooks[name].alarms for a in incident.alarms):
                if process.is_alive:
                    yield process
                incident.tried.append(name)

    def _candidates(self, incident: Incident) -> list[str]:
        """Untried runbooks that name one of its alarms (for a report: its service), the most urgent first."""
        names = {a.name for a in incident.alarms}
        subjects = {a.rule.points_at for a in incident.alarms if a.name in self._reported}
        fits = [
            n
            for n, r in self._control.runbooks.items()
            if n not in incident.tried and (names.intersection(r.alarms) or (r.subject is not None and r.subject in subjects))
        ]
        return sorted(fits, key=lambda n: -self._control.runbooks[n].priority)

    def _diagnose(self, incident: Incident, on_call: OnCallTeam) -> Work:
        """Longer under a flood of alarms; shorter with a runbook, and when an alarm points at the service it is for."""
        names = self._candidates(incident)
        team, others = on_call.rule, max(0, len(self._board.active) - 1)
        factor = min(team.flood_max, 1.0 + team.flood * others)
        if names:
            factor *= team.runbook
            if self._board.points_at(self._control.runbooks[names[0]].subject):
                factor *= team.pointed
        yield self._spend(incident, team.diagnose, "diagnose", factor)
        chosen = next(iter(self._candidates(incident)), None)
        note(self._core, "diagnosed", incident.subject, team=on_call.name, runbook=chosen, active_alarms=others + 1)
        return chosen

    # --- approval -------------------------------------------------------------------------------------------------------

    def _ask_approval(self, incident: Incident, runbook: Runbook) -> Work:
        """Returns when the handling may begin; with oral approval the rest of the chain is asked meanwhile."""
        approval = self._control.approval
        chain = list(approval.chain.items()) if runbook.approval != "none" else []
        first = len(chain)
        if runbook.approval == "oral" and approval.oral_after is not None:
            first = list(approval.chain).index(approval.oral_after) + 1
        yield from self._ask(incident, chain[:first])
        note(self._core, "decide", incident.subject, team=incident.team, approval=runbook.approval)
        if chain[first:]:
            self._core.env.process(self._ask(incident, chain[first:]))

    def _ask(self, incident: Incident, chain: list[tuple[str, Approver]]) -> Work:
        for name, approver in chain:
            note(self._core, "approval_asked", incident.subject, approver=name)
            if present(approver, now(self._core)) == 0:
                note(self._core, "called_in", name)
                yield self._spend(incident, approver.call_in, f"call-in/{name}")
            yield self._spend(incident, approver.latency, f"approve/{name}")
            note(self._core, "approved", incident.subject, approver=name)

    # --- acting ---------------------------------------------------------------------------------------------------------

    def _carry_out(self, incident: Incident, on_call: OnCallTeam, name: str) -> Work:
        """Approval, then the actions in order until one helps; nothing is done if the trouble is over by then, and nothing is
        verified where the action could not be done."""
        runbook = self._control.runbooks[name]
        incident.tried.append(name)
        yield from self._ask_approval(incident, runbook)
        if (yield from self._over(incident)) if runbook.confirm else incident.over():
            note(self._core, "nothing_found", incident.subject, team=on_call.name)
            return
        for action in runbook.actions:
            for _ in range(action.tries):
                if not (yield from self._act(incident, on_call, runbook, action)):
                    continue
                yield self._spend(incident, on_call.rule.verify, "verify")
                over = yield from self._over(incident)
                note(self._core, "verified", incident.subject, ok=over)
                if over:
                    return

    def _over(self, incident: Incident) -> Answer:
        return (yield from _seen_over(self._core, list(incident.alarms)))

    def _needed(self, runbook: Runbook, alarms: Sequence[Alarm]) -> Callable[[], Answer]:
        """What a look right before an action's command tells; a runbook that does not `confirm` goes ahead."""

        def look() -> Answer:
            return not (runbook.confirm and (yield from _seen_over(self._core, list(alarms))))

        return look

    def proportions(self, on_call: OnCallTeam, runbook: Runbook | None, action: Action) -> dict[str, float]:
        """How far each HEART condition holds now: the team's assessed proportion times the situation (0 to 1). Without a runbook what is
        done was never practised."""
        team = on_call.rule
        situation = {
            "unfamiliar": 1.0 - (runbook.practised if runbook else 0.0),
            "time_shortage": min(1.0, self._load.per_second / team.pressure_at) if team.pressure_at > 0 else 1.0,
            "poor_signal": 0.0 if runbook and self._board.points_at(runbook.subject) else 1.0,
            "no_undo": 0.0 if action.undo else 1.0,
            "overload": min(1.0, len(self._board.active) / team.overload_at),
            "inexperience": 1.0,
            "no_independent_check": 1.0 if on_call.alone() else 0.0,
        }
        return {condition: assessed * situation[condition] for condition, assessed in team.conditions.items()}

    def _act(self, incident: Incident, on_call: OnCallTeam, runbook: Runbook, action: Action) -> Work:
        """True once the action is done, rightly or wrongly, or was called off; False if it could not be done."""
        attempt = Attempt(incident.subject, on_call, runbook, action)
        ended, wrong = yield from self.attempt(attempt, incident.purpose, self._needed(runbook, incident.alarms))
        incident.acted = incident.acted or ended.how != "called_off"
        if ended.how == "done" and wrong in (None, "delay"):
            self.believe_repaired([alarm.name for alarm in incident.alarms])
        return ended.how != "failed"

    def attempt(self, attempt: Attempt, purpose: Callable[[str], tuple[str, int]], needed: Callable[[], Answer] = yes) -> Work:
        """One action by a team, which may err. `purpose` names what each draw is for, with its number. Ends with how it ended and in which
        way it went wrong (None: it did not)."""
        subject, on_call, runbook, action = attempt
        probability = error_probability(action.task, self.proportions(on_call, runbook, action))
        wrong = None
        if self._core.draw(*purpose("error")) < probability:
            wrong = self._actions.wrong_way(action, self._core.draw(*purpose("way")))
        self._note_start(subject, on_call.name, action.verb, action.target, probability)
        if wrong is not None:
            note(self._core, "action_error", subject, how=wrong, verb=action.verb, target=action.target)
        ended = yield from self._actions.perform(action, *purpose("do"), by=on_call.name, wrong=wrong, needed=needed)
        self._note_end(ended, subject, on_call.name, action.verb, action.target)
        if ended.how == "done":
            note(self._core, "act", subject, team=on_call.name)
        return ended, wrong

    def _note_start(self, subject: str, by: str, verb: str, target: str, error_probability: float = 0.0) -> None:
        detail = {"verb": verb, "target": target}
        note(self._core, "action_started", subject, by=by, error_probability=error_probability, **detail)

    def _note_end(self, ended: Performed, subject: str, by: str, verb: str, target: str) -> None:
        why = {"why": ended.why} if ended.how == "failed" else {}
        note(self._core, ENDS[ended.how], subject, by=by, verb=verb, target=target, **why)

    # --- vendor, automation ---------------------------------------------------------------------------------------------

    def _ask_vendor(self, incident: Incident, on_call: OnCallTeam) -> Work:
        """The team's hands are free meanwhile. The vendor does what only it can for what the team suspected (the alarms' subject,
        then those of the runbooks tried), or what the last runbook tried, rightly."""
        if on_call.rule.vendor is None:
            note(self._core, "no_runbook", incident.subject, team=on_call.name)
            return False
        vendor = self._control.vendors[on_call.rule.vendor]
        note(self._core, "vendor_called", incident.subject, vendor=on_call.rule.vendor)
        yield self._spend(incident, vendor.respond, "vendor/respond")
        for _ in range(vendor.attempts):
            yield self._spend(incident, vendor.mend, "vendor/mend")
            if self._core.draw(*incident.purpose("vendor/success")) < vendor.success:
                yield from self._vendor_repairs(incident, on_call.rule.vendor)
            yield self._spend(incident, on_call.rule.verify, "vendor/verify")
            over = yield from self._over(incident)
            note(self._core, "vendor_tried", incident.subject, vendor=on_call.rule.vendor, ok=over)
            if over:
                return True
        return False

    def _vendor_repairs(self, incident: Incident, vendor: str) -> Work:
        incident.acted = True
        runbooks = [self._control.runbooks[name] for name in reversed(incident.tried)]
        subjects = [incident.subject, *(r.subject for r in runbooks if r.subject is not None)]
        broken = next((subject for subject in subjects if self._changes.repairable(subject)), None)
        if broken is not None:
            self._note_start(incident.subject, vendor, "repair", broken)
            if not self._core.plan.left_out.covers("repair", broken, int(self._core.env.now)):
                self._changes.repair(broken)
            self._note_end(DONE, incident.subject, vendor, "repair", broken)
        for action in runbooks[0].actions if runbooks and broken is None else ():
            self._note_start(incident.subject, vendor, action.verb, action.target)
            purpose, needed = incident.purpose("vendor/do"), self._needed(runbooks[0], incident.alarms)
            ended = yield from self._actions.perform(action, *purpose, by=vendor, needed=needed)
            self._note_end(ended, incident.subject, vendor, action.verb, action.target)
        self.believe_repaired([alarm.name for alarm in incident.alarms])

    def _automate(self, name: str, runbook: Runbook, alarm: Alarm) -> Work:
        """Check, act without approval and without human error, verify. People wait for its end."""
        core, purpose, turn = self._core, f"automation/{name}/{alarm.name}", alarm.number * DRAWS_AN_INCIDENT
        note(core, "automation_started", name, alarm=alarm.name)
        yield core.env.timeout(core.sample(runbook.check, f"{purpose}/check", turn))
        if alarm.over():
            note(core, "automation_stopped", name, alarm=alarm.name)
            return
        for action in runbook.actions:
            for _ in range(action.tries):
                turn += 1
                self._note_start(name, "automation", action.verb, action.target)
                needed = self._needed(runbook, [alarm])
                ended = yield from self._actions.perform(action, purpose, turn, by="automation", needed=needed)
                self._note_end(ended, name, "automation", action.verb, action.target)
                if ended.how == "called_off":
                    self._board.clear(alarm.name)
                    return
                if ended.how == "done":
                    note(core, "act", name, team="automation")
                yield core.env.timeout(core.sample(runbook.verify, f"{purpose}/verify", turn))
                if (yield from _seen_over(core, [alarm])):
                    note(core, "restore", name, team="automation")
                    self._board.clear(alarm.name)
                    return
        note(core, "automation_failed", name, alarm=alarm.name)
