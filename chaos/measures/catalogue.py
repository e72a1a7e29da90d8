"""The measures of coredrill, each declared once. docs/verdicts.md has them as a table, which is made from here."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from chaos import plugins
from chaos.checkers.catalogue import checkers_with
from chaos.measures.formatting import Unit
from chaos.measures.intervals import EvaluationSpec
from chaos.measures.registry import Better, Compute, Course, Measure, Measured, MeasureRegistry, Read, Slot, computed_value
from chaos.plugins import Plugin, Plugins
from chaos.results.run import Value
from simcore.base.units import SECOND
from simcore.journal.model import Journal
from simcore.journal.summary import FlowFigures
from simcore.model.metrics import METRIC_PATTERN

_CUT_OFF = "what a run's end can cut off is shown beside the verdicts, not decided by; take impaired_s"
_NO_NUMBER = "a measure to compare is a number of which less is better"
_SWEEP_NUMBERS = "a sweep shows numbers"


@functools.cache
def measures() -> MeasureRegistry:
    """Every measure of this installation. The registry is made once in a process, from what is installed alone."""
    return measures_with(plugins.installed())


def measures_with(extensions: Plugins) -> MeasureRegistry:
    """The measures of coredrill and of extensions. Raises PluginError."""
    own = {measure.name: measure for measure in BUILT_IN}
    more = [m for name, m in extensions.merged(plugins.MEASURES, own, _accepted).items() if name not in own]
    properties = tuple(checkers_with(extensions))
    return MeasureRegistry((*BUILT_IN, *more), {Slot.METRIC: _metric_problem, Slot.PROPERTY: _known(properties)})


def _accepted(plugin: Plugin, value: object) -> Measure:
    if not isinstance(value, Measure) or value.compute is None:
        raise ValueError(f"{plugin.where} is no measure: make it with chaos.measures.registry.extension")
    if value.name != plugin.name:
        raise ValueError(f"the measure calls itself {value.name!r}, the entry point {plugin.name!r}: write one name in both")
    return replace(value, compute=_blamed(plugin, value, value.compute))


def _blamed(plugin: Plugin, measure: Measure, compute: Compute) -> Compute:
    """The same computation, of which everything that goes wrong is the extension's mistake."""

    def computed(journal: Journal, spec: EvaluationSpec) -> Value:
        with plugins.blamed(plugin):
            return computed_value(measure.name, measure.unit, compute(journal, spec))

    return computed


def _metric_problem(metric: str) -> str | None:
    return None if re.match(METRIC_PATTERN, metric) else "write counters.KIND/NAME/FIELD.MEASURE"


def _known(properties: Sequence[str]) -> Callable[[str], str | None]:
    listed = f"unknown property; known: {', '.join(f'properties.{name}' for name in properties)}"

    def problem(name: str) -> str | None:
        close = difflib.get_close_matches(name, properties, n=1, cutoff=0.6)
        said = f"unknown property; did you mean 'properties.{close[0]}'?" if close else listed
        return None if name in properties else said

    return problem


# --- how values are read ------------------------------------------------------------------------------------------------------


def _single(name: str) -> Read:
    """A figure of the run as a whole."""
    return lambda run, _: getattr(run.measures, name)


def _order(name: str) -> Read:
    """A count or share of the orders of the window; None where there was none: 0 of 0 shows nothing."""
    return lambda run, _: getattr(run.measures.orders, name) if run.measures.orders.intended else None


def _affected(run: Measured, _: str) -> int | None:
    """None where nobody is known to have asked for anything."""
    return run.measures.customers_affected if run.measures.customers_active != 0 else None


def _flow(figure: Callable[[FlowFigures], float | None]) -> Read:
    """A figure of a flow; None for a flow that the run does not have, or of which nothing was intended."""

    def read(run: Measured, flow: str) -> float | None:
        found = run.measures.flows.get(flow)
        return figure(found) if found is not None and found.intended else None

    return read


def _counter(name: str) -> Read:
    return lambda run, metric: getattr(run.measures.counters.get(metric), name, None)


def _grade(run: Measured, rules: str) -> str | None:
    return run.measures.severity[rules].grade if rules in run.measures.severity else None


def _holds(run: Measured, name: str) -> bool | None:
    return run.properties[name].holds if name in run.properties else None


def _seconds(ns: int | None) -> float | None:
    return None if ns is None else ns / SECOND


# --- the declarations ---------------------------------------------------------------------------------------------------------


def _times() -> Iterator[Measure]:
    """Lengths of time of the whole run."""
    yield Measure(
        "impaired_s",
        Unit.DURATION,
        title="impaired time",
        title_zh="服务异常时长",
        meaning="violated evaluation intervals from the first step to the end of the window, in session (all, if the run has no session)",
        course=Course.GROWS,
        read=_single("impaired_s"),
    )
    yield Measure(
        "recovery_s",
        Unit.DURATION,
        title="recovery time",
        title_zh="恢复时间",
        meaning="from the first violation to the first steady interval after the last one, if steady ones of `hold` follow; 0 if never "
        "impaired; without a value if not recovered by the end: then it is at least until the steady intervals that the "
        "end cut short, or until the end",
        course=Course.GROWS,
        read=_single("recovery_s"),
        lower_bound=_single("recovery_s_lower"),
        may_be_lower_bound=True,
        not_compared=_CUT_OFF,
    )
    yield Measure(
        "first_noticed_s",
        Unit.DURATION,
        title="time to detect",
        title_zh="发现时间",
        meaning="from the first violation (the first step, if none) to the first alarm of a monitor, a robot or the customer service line; 0 if "
        "that came before and was still known; without a value, with a lower bound, if nothing does",
        course=Course.STAYS,
        read=_single("first_noticed_s"),
        lower_bound=_single("first_noticed_s_lower"),
    )
    yield Measure(
        "detect_s",
        Unit.DURATION,
        title="time to acknowledge",
        title_zh="认领时间",
        meaning="from the first violation (the first step, if none) to the first team that knows, 0 if it already did; without a value, with a "
        "lower bound, if nobody does",
        course=Course.STAYS,
        read=_single("detect_s"),
        lower_bound=_single("detect_s_lower"),
    )


def _way_back() -> Iterator[Measure]:
    """The parts of the way back from a violation."""
    grows, end = Course.GROWS, "from the first violation to the end of the last reconciliation"
    for name, title, chinese, course, meaning in (
        ("decide", "time to decide", "审批时间", Course.STAYS, "from `detect_s` on to the approval"),
        ("act", "time to act", "处置时间", Course.OPEN, "from the approval to the last action done before recovery"),
        ("restore", "time to restore", "处置后恢复时间", Course.OPEN, "from that action to recovery"),
        ("reconciled", "time to reconcile", "对账时间", grows, end),
    ):
        yield Measure(f"{name}_s", Unit.DURATION, title, chinese, meaning, _single(f"{name}_s"), course=course)


def _whole_run() -> Iterator[Measure]:
    """What else is said of the whole run."""
    yield Measure(
        "recovered",
        Unit.FLAG,
        title="recovered",
        title_zh="已恢复",
        meaning="true: never impaired, or steady intervals of `hold` after the last violation",
        read=_single("recovered"),
        better=Better.MORE,
        not_compared=_CUT_OFF,
    )
    yield Measure(
        "metastable",
        Unit.FLAG,
        title="metastable",
        title_zh="亚稳态",
        meaning="true: faults healed, no action pending, load no more than 10 % above what was carried in steady state, and still violated "
        "for ten `hold` in session to the end; without a value if violated at the end for less",
        read=_single("metastable"),
        not_compared=_CUT_OFF,
    )
    yield Measure(
        "customers_affected",
        Unit.COUNT,
        title="customers affected",
        title_zh="受影响客户数",
        meaning="customers with a request blocked, failed, unknown or rejected wrongly (flows with a row an intent, robots' left out); without "
        "a value if no customer asked for anything",
        course=Course.GROWS,
        read=_affected,
    )


def _batches() -> Iterator[Measure]:
    """What comes late beside orders: clearing, and the bookings of funds."""
    yield Measure(
        "batch_waited_s",
        Unit.DURATION,
        title="longest wait of a batch",
        title_zh="批处理最长等待",
        meaning="from when a batch (clearing, the booking of fund orders) was due until it had what it needs, the longest from the first step "
        "on; 0 if none had to wait; without a value, with a lower bound, if it still waits at the end",
        course=Course.GROWS,
        read=_single("batch_waited_s"),
        lower_bound=_single("batch_waited_s_lower"),
    )


def _orders() -> Iterator[Measure]:
    """Orders submitted in the window by what their customers saw, then by what is true of them in the books."""
    for name, title, chinese, meaning in (
        ("blocked", "blocked orders", "未能提交委托", "that never reached the broker"),
        ("failed", "orders that failed", "报错委托", "that were answered with an error"),
        ("unknown", "orders of unknown outcome", "结果不明委托", "that got no answer"),
        ("rejected", "rejected orders", "废单", "refused by a business rule"),
        (
            "rejected_wrongly",
            "orders rejected wrongly",
            "误拒委托",
            "refused by a business rule that the control run (same seed, no method) accepts",
        ),
        ("failed_orders", "failed orders", "失败委托（合计）", "blocked, failed or unknown"),
        ("duplicated", "duplicated orders", "重复委托", "recorded or placed more than once"),
        ("lost", "lost orders", "丢单", "confirmed to the customer, and neither in the core nor at the exchange"),
        ("orphan", "orphans", "柜台缺单", "at the exchange, and not in the core"),
        ("stranded", "stranded orders", "收盘未报出委托", "recorded before the close and never seen by the exchange"),
        ("late", "late orders", "报单延迟", "placed after the customer had concluded otherwise, or over 60 s after it could be"),
        (
            "reported_late",
            "orders reported late",
            "回报延迟委托",
            "that the core learned of over 60 s after the exchange had them, or not at all",
        ),
    ):
        # a reconciliation can still put right what is lost, an orphan or stranded
        course = Course.OPEN if name in ("lost", "orphan", "stranded") else Course.GROWS
        yield Measure(f"orders.{name}", Unit.COUNT, title, chinese, f"orders {meaning}", _order(name), course=course)
    yield Measure(
        "orders.failed_share",
        Unit.FRACTION,
        title="share of failed orders",
        title_zh="失败委托占比",
        meaning="failed orders of all that were intended",
        read=_order("failed_share"),
    )


def _all_orders() -> Iterator[Measure]:
    """How many orders there were, and how many of them were confirmed."""
    yield Measure(
        "orders.confirmed",
        Unit.COUNT,
        title="confirmed orders",
        title_zh="已确认委托",
        meaning="orders that were confirmed to the customer",
        course=Course.GROWS,
        read=lambda run, _: run.measures.orders.confirmed,
        better=Better.MORE,
        not_compared=f"{_NO_NUMBER}; of confirmed orders take failed_orders",
    )
    yield Measure(
        "orders.intended",
        Unit.COUNT,
        title="intended orders",
        title_zh="委托总数",
        meaning="orders that customers submitted in the window",
        course=Course.GROWS,
        read=lambda run, _: run.measures.orders.intended,
        better=Better.NEITHER,
        not_compared=_NO_NUMBER,
    )


def _flows() -> Iterator[Measure]:
    """Requests of one flow, submitted in the window."""
    yield Measure(
        "flows.FLOW.success",
        Unit.FRACTION,
        title="FLOW: share of good answers",
        title_zh="FLOW：成功率",
        meaning="requests answered, confirmed or rightly rejected, of those that ended",
        read=_flow(lambda flow: flow.success),
        better=Better.MORE,
        not_compared=f"{_NO_NUMBER}; of success take failed_share",
    )
    yield Measure(
        "flows.FLOW.goodput",
        Unit.FRACTION,
        title="FLOW: goodput",
        title_zh="FLOW：有效吞吐率",
        meaning="requests confirmed, of all that were intended",
        read=_flow(lambda flow: flow.confirmed / flow.asked),
        better=Better.MORE,
        not_compared=f"{_NO_NUMBER}; of goodput take failed_share",
    )
    yield Measure(
        "flows.FLOW.rejected_wrongly",
        Unit.COUNT,
        title="FLOW: rejected wrongly",
        title_zh="FLOW：误拒数",
        meaning="requests refused by a business rule that are accepted in the control run (flows with a row an intent)",
        course=Course.GROWS,
        read=_flow(lambda flow: flow.rejected_wrongly if flow.recorded else None),
        of_rows=True,
    )
    yield Measure(
        "flows.FLOW.failed",
        Unit.COUNT,
        title="FLOW: failed",
        title_zh="FLOW：失败数",
        meaning="requests blocked, failed or unknown",
        course=Course.GROWS,
        read=_flow(lambda flow: flow.failed_all),
    )
    yield Measure(
        "flows.FLOW.failed_share",
        Unit.FRACTION,
        title="FLOW: share failed",
        title_zh="FLOW：失败率",
        meaning="requests blocked, failed or unknown, of all that were intended",
        read=_flow(lambda flow: flow.failed_all / flow.asked),
    )


def _waits() -> Iterator[Measure]:
    """How long the confirmed requests of one flow waited."""
    yield Measure(
        "flows.FLOW.p50_s",
        Unit.DURATION,
        title="FLOW: median response",
        title_zh="FLOW：响应中位数",
        meaning="median wait for a confirmation (flows with a row an intent)",
        read=_flow(lambda flow: _seconds(flow.p50_ns) if flow.recorded else None),
        of_rows=True,
    )
    yield Measure(
        "flows.FLOW.p99_s",
        Unit.DURATION,
        title="FLOW: 99th percentile of the response",
        title_zh="FLOW：响应 99 分位",
        meaning="99th percentile of the wait for a confirmation (flows with a row an intent)",
        read=_flow(lambda flow: _seconds(flow.p99_ns) if flow.recorded else None),
        of_rows=True,
    )


def _others() -> Iterator[Measure]:
    """Counters of the journal, grades, properties."""
    yield Measure(
        "counters.METRIC.grown",
        Unit.COUNT,
        title="METRIC: growth",
        title_zh="METRIC：增量",
        meaning="by how much a counter of the journal (`pool/phone-seats/refused`) grew from the first step on; of a gauge the highest value",
        course=Course.GROWS,
        read=_counter("grown"),
    )
    yield Measure(
        "counters.METRIC.lasted_s",
        Unit.DURATION,
        title="METRIC: time until it last grew",
        title_zh="METRIC：增长持续时间",
        meaning="from the first step until the counter grew for the last time",
        course=Course.GROWS,
        read=_counter("lasted_s"),
    )
    yield Measure(
        "counters.METRIC.gap_s",
        Unit.DURATION,
        title="METRIC: longest time without growth",
        title_zh="METRIC：最长停滞时间",
        meaning="the longest time from the first step on in which the counter did not grow, whole seconds; a gauge: was 0",
        course=Course.GROWS,
        read=_counter("gap_s"),
    )
    yield Measure(
        "severity.RULES",
        Unit.GRADE,
        title="severity by RULES",
        title_zh="定级 RULES",
        meaning="grade by a rule set (`coredrill list severity`): none, ordinary, larger, major, extraordinary; without a value: not gradable",
        read=_grade,
        not_compared=_NO_NUMBER,
        not_swept=_SWEEP_NUMBERS,
    )
    yield Measure(
        "properties.PROPERTY",
        Unit.FLAG,
        title="PROPERTY",
        title_zh="PROPERTY",
        meaning="true: a property of the system holds (`coredrill list checkers` names them)",
        read=_holds,
        better=Better.MORE,
        not_compared=_NO_NUMBER,
        not_swept=_SWEEP_NUMBERS,
    )


BUILT_IN: tuple[Measure, ...] = (
    *_times(),
    *_way_back(),
    *_whole_run(),
    *_batches(),
    *_orders(),
    *_all_orders(),
    *_flows(),
    *_waits(),
    *_others(),
)
"""Every measure that coredrill brings."""
