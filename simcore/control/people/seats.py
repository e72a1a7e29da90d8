"""Teams that people play: what they decide takes effect at once, and what was decided takes its time as it does for anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from simcore.base.errors import suggest
from simcore.control.alarms import AlarmBoard
from simcore.control.event_names import note
from simcore.control.handles import Core, Pending
from simcore.control.people.operators import Attempt, Operators, Work, report_name
from simcore.files.validation import Finding
from simcore.model.control.decisions import Acknowledge, Act, Approve, Decision, Report
from simcore.model.control.runbooks import Action, Runbook
from simcore.model.references import check_action

DRAWS_AN_ACTION = 10


class Seats:
    """The teams `played` by people. A team's actions are numbered, and chance goes by team and number alone: not by when something was
    decided, nor by what others do."""

    def __init__(self, core: Core, board: AlarmBoard, operators: Operators, pending: Pending, played: frozenset[str]) -> None:
        self.played = played
        self._core, self._board, self._operators, self._pending = core, board, operators, pending
        self._actions: Counter[str] = Counter()
        self._known: set[str] = set()

    def findings(self, decision: Decision) -> Iterator[Finding]:
        """Why the decision cannot be carried out now; nothing if it can. Keys are those of the decision."""
        if decision.team not in self.played:
            yield Finding(("team",), f"people play no team named {decision.team!r}", suggest(decision.team, sorted(self.played)))
        services = self._core.plan.architecture.services
        if isinstance(decision, Acknowledge) and decision.alarm not in self._board.active:
            known = sorted(self._board.active)
            yield Finding(("alarm",), f"no alarm named {decision.alarm!r} stands", suggest(decision.alarm, known))
        if isinstance(decision, Report) and decision.service not in services:
            yield Finding(("service",), f"no service named {decision.service!r}", suggest(decision.service, services))
        if isinstance(decision, Act):
            if decision.subject is not None and decision.subject not in services:
                yield Finding(("subject",), f"no service named {decision.subject!r}", suggest(decision.subject, services))
            yield from check_action(self._core.plan.index, decision.action, ("action",))

    def decide(self, decision: Decision) -> None:
        """Carries out a decision of which there are no findings, now."""
        if isinstance(decision, Acknowledge):
            self._acknowledge(decision)
        elif isinstance(decision, Report):
            self._operators.report(decision.service, decision.team)
            self._know(decision.service, decision.team)
        elif isinstance(decision, Approve):
            note(self._core, "decide", decision.subject, team=decision.team, approval="oral")
        else:
            self._pending.until_done(self._core.env.process(self._act(decision)))

    def _acknowledge(self, decision: Acknowledge) -> None:
        alarm = self._board.active[decision.alarm]
        subject = alarm.rule.points_at or alarm.name
        note(self._core, "ack", subject, team=decision.team, alarm=alarm.name)
        self._know(subject, decision.team)

    def _know(self, subject: str, team: str) -> None:
        """People know of a trouble once, as long as they play."""
        if subject not in self._known:
            self._known.add(subject)
            note(self._core, "detect", subject, team=team)

    def _act(self, decision: Act) -> Work:
        runbook = self._runbook(decision.action)
        subject = decision.subject or (runbook.subject if runbook else None) or decision.action.target
        number = self._actions[decision.team] = self._actions[decision.team] + 1
        draws = iter(range(number * DRAWS_AN_ACTION, (number + 1) * DRAWS_AN_ACTION))

        def purpose(what: str) -> tuple[str, int]:
            return f"seat/{decision.team}/{what}", next(draws)

        attempt = Attempt(subject, self._operators.on_call_teams[decision.team], runbook, decision.action)
        ended, wrong = yield from self._operators.attempt(attempt, purpose)
        if ended.how == "done" and wrong in (None, "delay"):
            self._operators.believe_repaired([report_name(subject)])

    def _runbook(self, action: Action) -> Runbook | None:
        """By which runbook the action is done: the first that has it; None if it stands in none."""
        runbooks = self._core.plan.architecture.control.runbooks.values()
        same = (action.verb, action.target)
        return next((r for r in runbooks if same in [(a.verb, a.target) for a in r.actions]), None)
