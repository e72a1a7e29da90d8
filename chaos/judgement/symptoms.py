"""What was not well in a run, and when: symptoms read off the counters by ten-second windows, against the same run before the first step."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaos.results.findings import (
    FAILING_FRACTION,
    FAILURES_MIN,
    FULL_FRACTION,
    WORSE_TIMES,
    AtLimit,
    Fails,
    OrdersLate,
    PoolFull,
    RequestsFail,
    RequestsRejected,
    Slow,
    Symptom,
)
from simcore.base.units import SECOND
from simcore.journal.model import ACCEPTED_IN_CONTROL, FLAGS, OUTCOMES, REPORTED_LATE, Journal
from simcore.model.index import Part

STEP = 10  # seconds a window

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class First(NamedTuple):
    """When a symptom first showed (ns), and which."""

    at: int
    symptom: Symptom


class Down(NamedTuple):
    """Since when (ns) an instance was down, and until when."""

    since: int
    until: int


class Shown(NamedTuple):
    """A symptom, and the windows of the run in which it shows, bool."""

    symptom: Symptom
    windows: Flags


class Symptoms:
    """The symptoms of a run, looked up as they are asked for. With `late` a flow whose orders are late shows it, too, with `slow` one that is
    answered slowly."""

    def __init__(self, journal: Journal, since: int, *, late: bool = False, slow: bool = False) -> None:
        self.journal, self.since, self._late_flows, self._slow_flows = journal, since, late, slow
        self.rows = journal.seconds.size // STEP
        self.split = max(1, (since - journal.meta.start_ns) // (STEP * SECOND))
        self._known: dict[Part, list[Shown]] = {}
        self._summed: dict[tuple[str, str, str], Ints] = {}
        self._names = {kind: list(names) for kind, names in journal.names.items()}

    def first(self, part: Part, at: int, until: int | None = None, kinds: Collection[str] | None = None) -> First | None:
        """When a part was first seen not well from `at` on (before `until`), and how; None if never. Windows are ten seconds. With `kinds` of
        symptoms these alone count."""
        begin = self.journal.meta.start_ns
        window = max(self.split, (at - begin) // (STEP * SECOND))
        last = None if until is None else max(0, -(-(until - begin) // (STEP * SECOND)))
        best: First | None = None
        if part not in self._known:
            self._known[part] = self._shown_by(*part)
        for shown in self._known[part]:
            if kinds is not None and shown.symptom.kind not in kinds:
                continue
            later = np.flatnonzero(shown.windows[window:last])
            since = begin + int(later[0] + window) * STEP * SECOND if later.size else None
            if since is not None and (best is None or since < best.at):
                best = First(max(at, since), shown.symptom)
        return best

    def _shown_by(self, kind: str, name: str) -> list[Shown]:
        if kind == "flow":
            bad = self._sums("flow", name, "failed") + self._sums("flow", name, "unknown") + self._sums("flow", name, "blocked")
            good = self._sums("flow", name, "ok") + self._sums("flow", name, "rejected")
            found = [Shown(RequestsFail(), self._failing(bad, bad + good)), *self._of_rows(name)]
            slow = self._slow(self._sums("flow", name, "latency_ns_sum"), bad + good)
            return found + ([Shown(Slow(times=WORSE_TIMES), slow)] if self._slow_flows else [])
        if kind == "pool":
            return [Shown(PoolFull(), self._full(p)) for p in self._instances("pool", name)]
        if kind == "limit":
            return [Shown(AtLimit(), self._sums("limit", p, "refused") > 0) for p in self._instances("limit", name)]
        if kind != "operation":
            return []
        failed = self._sums("operation", name, "failed")
        found = [Shown(Fails(), self._failing(failed, failed + self._sums("operation", name, "done")))]
        for unit in self._instances("unit", name.partition(".")[0]):
            ended = self._sums("unit", unit, "failed") + self._sums("unit", unit, "done")
            found.append(Shown(Slow(times=WORSE_TIMES), self._slow(self._sums("unit", unit, "sojourn_ns"), ended)))
        return found

    def _of_rows(self, flow: str) -> list[Shown]:
        """What only the rows of a flow tell, by when they were submitted: wrong rejects, and with `late` late orders."""
        columns, flows = self.journal.intents, self._names.get("flow", [])
        if flow not in flows:
            return []
        mine = columns["flow"] == flows.index(flow)
        window = (columns["submit_ns"][mine] - self.journal.meta.start_ns) // (STEP * SECOND)
        inside = (window >= 0) & (window < self.rows)
        rejected = columns["outcome"][mine] == OUTCOMES.index("rejected")
        wrongly = rejected & (columns["rejected_in_control"][mine] == ACCEPTED_IN_CONTROL)
        late = (columns["flags"][mine] & (FLAGS["late"] | REPORTED_LATE)) != 0

        def counted(which: Flags) -> Ints:
            return np.bincount(window[inside & which], minlength=self.rows).astype(np.int64)

        found = [Shown(RequestsRejected(), self._failing(counted(wrongly), counted(inside)))]
        return found + ([Shown(OrdersLate(), self._failing(counted(late), counted(inside)))] if self._late_flows else [])

    def down_at(self, service: str, at: int, until: int) -> Down | None:
        """Since when and until when the first instance of a service that was down between two instants was; None if none was."""
        begin, found = self.journal.meta.start_ns, None
        for unit in self._instances("unit", service):
            if not self.journal.has_series("unit", unit, "up"):
                continue
            up = self.journal.series("unit", unit, "up")
            down = np.flatnonzero(up[(at - begin) // SECOND : max(0, until - begin) // SECOND] == 0)
            if down.size and (found is None or begin + (int(down[0]) * SECOND) < found.since):
                first = (at - begin) // SECOND + int(down[0])
                back = np.flatnonzero(up[first:] != 0)
                end = begin + (first + int(back[0]) if back.size else up.size) * SECOND
                found = Down(begin + first * SECOND, end)
        return found

    def slots(self, pool: str) -> int:
        """How many slots a pool has, all its instances together; 0 if the journal does not say."""
        totals = self.journal.totals.get("pool", {})
        return sum(totals[p].get("slots", 0) for p in self._instances("pool", pool) if p in totals)

    def _instances(self, kind: str, name: str) -> list[str]:
        return [n for n in self._names.get(kind, ()) if n.partition("#")[0] == name]

    def _sums(self, kind: str, name: str, field: str) -> Ints:
        """Increments by window; zeros where the journal keeps no series."""
        key = kind, name, field
        if key not in self._summed:
            if self.journal.has_series(*key):
                by_second = self.journal.series(*key)[: self.rows * STEP].reshape(self.rows, STEP)
                self._summed[key] = np.einsum("ij->i", by_second)
            else:
                self._summed[key] = np.zeros(self.rows, np.int64)
        return self._summed[key]

    def _new(self, bad: Flags) -> Flags:
        """What was bad most of the time before the first step is no symptom of it."""
        return bad & False if bad[: self.split].mean() > 0.5 else bad

    def _failing(self, failed: Ints, total: Ints) -> Flags:
        before = failed[: self.split].sum() / max(1, total[: self.split].sum())
        return self._new((failed >= FAILURES_MIN) & (failed > max(FAILING_FRACTION, WORSE_TIMES * before) * total))

    def _slow(self, sojourn_ns: Ints, ended: Ints) -> Flags:
        usual = sojourn_ns[: self.split].sum() / max(1, ended[: self.split].sum())
        return self._new((ended >= FAILURES_MIN) & (sojourn_ns > WORSE_TIMES * usual * ended)) if usual else ended < 0

    def _full(self, pool: str) -> Flags:
        """Busy nearly all of a window, while others wait or are refused."""
        series, shape = self.journal.series, (self.rows, STEP)
        slots = series("pool", pool, "slots")[: self.rows * STEP].reshape(shape).min(axis=1)
        queue = series("pool", pool, "peak_queue")[: self.rows * STEP].reshape(shape).max(axis=1)
        busy = self._sums("pool", pool, "busy_ns") >= FULL_FRACTION * slots * STEP * SECOND
        return self._new(busy & ((queue > 0) | (self._sums("pool", pool, "refused") > 0)))
