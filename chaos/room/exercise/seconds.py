"""What happens by itself in an exercise, second by second: injects fall due, looks are answered, automated roles approve, orders and
impairment are counted. All of it at whole seconds, however the exercise is cut."""

from __future__ import annotations

from chaos.documents.drill import Bound, Symptom, When
from chaos.documents.library import library
from chaos.documents.severity import RuleSet
from chaos.i18n.texts import translate
from chaos.judgement.severity import Harm, grade
from chaos.measures.formatting import rounded
from chaos.room.exercise.records import CommandState, InjectState, LookState, OrderBin, both
from chaos.room.exercise.scene import Scene
from chaos.room.exercise.state import GradeMark, ReachedGrade, State
from simcore.base.units import MINUTE, SECOND
from simcore.model.control.decisions import Approve
from simcore.model.trading_calendar import calendar_named

BIN = 10 * SECOND
OUTCOMES = ("ok", "rejected", "unknown", "failed", "blocked")
"""Fields of a flow, in the order of an OrderBin's first."""
FAILED = ("unknown", "failed", "blocked")
_MINUTES_AHEAD = 60
"""Grades beyond are not marked."""


class Seconds:
    """The clockwork of one exercise."""

    def __init__(self, scene: Scene, state: State) -> None:
        self._scene, self._state = scene, state
        scenario = scene.drill.scenario
        self.rules = library().resolve(state.drill.severity, RuleSet).model
        self._calendar = calendar_named(scene.drill.inputs.workload.calendar)
        self._orders = [[f"flow/{flow}/{field}" for flow in self.order_flows] for field in OUTCOMES]
        self._binned = [scene.sum(readings) for readings in self._orders]
        self._spec = scenario.steady_state
        self._objectives = {f: o for f, o in self._spec.objectives.items() if o.success is not None}
        self._judged = {flow: self._outcomes(flow) for flow in self._objectives}
        self._begin = scenario.window.begin
        self._lost, self._asked = 0, 0
        self._state.ahead = self._marks()

    @property
    def order_flows(self) -> list[str]:
        """The flows of orders: all of kind order in the architecture, as measures count them."""
        flows = self._scene.drill.inputs.architecture.flows
        return [name for name, flow in flows.items() if flow.kind == "order"]

    @property
    def report_due(self) -> int | None:
        """By when the first report to the regulator is due, ns; None while nothing has to be reported."""
        since, reporting = self._state.duty_since, self.rules.reporting
        return None if since is None or reporting is None else since + reporting.first.within

    def pass_second(self) -> None:
        """Everything that is due now, at a whole second; the run stands there."""
        now = self._scene.now
        for look in [look for look in self._state.looks.values() if not look.answered and look.ends <= now]:
            self.answer(look)
        for inject in self._state.injects:
            if self._is_due(inject):
                self.send(inject)
        for command in list(self._state.commands.values()):
            self._approve_automatically(command)
        for seat in [seat for seat, until in self._state.absent.items() if until is not None and until <= now]:
            del self._state.absent[seat]
        if (now - self._begin) % BIN == 0 and now > self._begin:
            self._bin_orders()
        if (now - self._begin) % self._spec.every == 0 and now > self._begin:
            self._judge()
        self._fall_due()

    def _fall_due(self) -> None:
        """From now on it has to be reported: people know, and enough orders have failed."""
        reporting, state = self.rules.reporting, self._state
        if reporting is None or state.duty_since is not None or state.known_since is None:
            return
        if state.failed >= reporting.threshold.orders:
            state.duty_since = self._scene.now

    # --- injects --------------------------------------------------------------------------------------------------------------

    def _is_due(self, inject: InjectState) -> bool:
        """Whether it is sent now; one that is held stays so, and falls due."""
        if inject.state not in ("armed", "held", "due"):
            return False
        now, rules = self._scene.now, inject.rules
        if rules.unless in self._state.announced and inject.state != "held":
            inject.state = "held"
        if inject.met_at is None:
            if rules.at is not None:
                inject.met_at = now if rules.at <= now else None
            elif rules.when is not None and self._holds(rules.when):
                inject.met_at = now
        if inject.met_at is None or inject.state == "held":
            return False
        after = rules.when.after if rules.when is not None else 0
        return now >= inject.met_at + after

    def _holds(self, when: When) -> bool:
        if when.alarm is not None:
            return when.alarm in self._state.alarms
        if when.command is not None:
            return any(c.name == when.command and when.reached in c.times for c in self._state.commands.values())
        if when.announcement is not None:
            return when.announcement in self._state.announced
        assert when.counter is not None
        return _beyond(float(self._scene.sum([when.counter])), when.above, when.below)

    def send(self, inject: InjectState) -> None:
        """It happens now."""
        now, rules = self._scene.now, inject.rules
        inject.state, inject.done_at = "sent", now
        if rules.step is not None:
            self._scene.begin_step(rules.step)
        elif rules.false_alarm is not None:
            self._scene.raise_falsely(rules.false_alarm)
        elif rules.absent is not None:
            self._state.absent[rules.absent] = None if rules.lasts is None else now + rules.lasts
            title = self._state.drill.seats[rules.absent].title
            self._state.note(now, "inject", translate("room.log.absent", seat=both(title)))
        elif rules.message is not None and rules.sender is not None:
            sender, text = rules.sender, rules.message
            to = frozenset(rules.to) or None
            self._state.note(now, "inject", both(text), both(sender), to)

    # --- looks and approvals ----------------------------------------------------------------------------------------------------

    def answer(self, look: LookState) -> None:
        """The look's answer, from counters as they are now, to whoever looked."""
        look.answered = True
        reads = look.rules.reads
        values = {name: self._scene.value(metric, look.began, look.sums[name]) for name, metric in reads.items()}
        found = next((s.text for s in look.rules.says if all(_met(b, values) for b in s.when) and self._happened(s)), None)
        shown = {name: _shown(value) for name, value in values.items()}
        title = both(look.rules.title)
        text = translate("room.log.nothing_found") if found is None else both(found)
        self._state.note(self._scene.now, "look", text.map(lambda words: words.format(**shown)), title, frozenset([look.by]))

    def _happened(self, symptom: Symptom) -> bool:
        sent = {i.rules.inject for i in self._state.injects if i.state == "sent"}
        done = {c.name for c in self._state.commands.values() if c.state == "done"}
        return sent.issuperset(symptom.sent) and done.issuperset(symptom.done)

    def _approve_automatically(self, command: CommandState) -> None:
        approver = command.rules.approver
        if command.state != "proposed" or approver is None or self._state.played(approver) != "automated":
            return
        if self._scene.now >= command.times["proposed"] + self._state.drill.seats[approver].answers_in:
            self.approve(command)

    def approve(self, command: CommandState) -> None:
        """A command is agreed to, now."""
        self._scene.decide(Approve(team=command.rules.team, subject=command.rules.subject or command.name))
        command.reach("approved", self._scene.now)

    # --- orders and impairment --------------------------------------------------------------------------------------------------

    def _bin_orders(self) -> None:
        sums = [self._scene.sum(readings) for readings in self._orders]
        grown = [new - old for new, old in zip(sums, self._binned, strict=True)]
        self._binned = sums
        pending = self._scene.sum([f"flow/{flow}/pending" for flow in self.order_flows])
        self._state.orders.append(OrderBin._make([*grown, pending]))
        self._state.failed += sum(grown[2:])

    def _outcomes(self, flow: str) -> tuple[int, int]:
        good = self._scene.sum([f"flow/{flow}/ok", f"flow/{flow}/rejected"])
        return good, self._scene.sum([f"flow/{flow}/{field}" for field in FAILED])

    def _judge(self) -> None:
        """Whether the interval that ends now was impaired, as far as the success of flows says: how long an answer took is known
        at the end of the run alone."""
        bad, every = False, self._spec.every
        for flow, objective in self._objectives.items():
            good, failed = self._outcomes(flow)
            new_good, new_failed = good - self._judged[flow][0], failed - self._judged[flow][1]
            self._judged[flow] = good, failed
            answered = new_good + new_failed
            if answered >= objective.min_count and new_good < (objective.success or 0.0) * answered:
                bad = True
                self._lost += new_failed
                self._asked += answered
        begun = self._state.first_fault() is not None
        if bad and begun and self._calendar.phase_at(self._scene.now - every).session:
            self._state.impaired_ns += every
            self._grade()

    def _grade(self) -> None:
        share = self._lost / self._asked if self._asked else 0.0
        found = grade(self.rules, Harm(self._state.impaired_ns / SECOND, share, 0, 0), self._scene.drill.scenario.system)
        known = [reached.grade.grade for reached in self._state.grades]
        if found.grade not in (None, "none", *known):
            self._state.grades.append(ReachedGrade(found, self._scene.now))

    def _marks(self) -> list[GradeMark]:
        """After how many minutes of impairment each grade is reached at the earliest: if all is lost meanwhile."""
        system = self._scene.drill.scenario.system
        marks: dict[str, GradeMark] = {}
        for minutes in range(1, _MINUTES_AHEAD + 1):
            found = grade(self.rules, Harm(minutes * 60.0, 1.0, 0, 0), system)
            if found.grade not in (None, "none"):
                marks.setdefault(found.label, GradeMark(found, minutes * MINUTE))
        return list(marks.values())


def _beyond(value: float, above: float | None, below: float | None) -> bool:
    return (above is not None and value > above) or (below is not None and value < below)


def _met(bound: Bound, values: dict[str, float]) -> bool:
    return _beyond(values[bound.of], bound.above, bound.below)


def _shown(value: float) -> str:
    return rounded(value, 0 if value == int(value) else 2)
