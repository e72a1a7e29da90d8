"""The kernel as an object: owns the arenas, enlarges what is full, and does by hand what is rare.

Everything that happens often is in `advance`; this file is plain Python between its calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, SupportsInt

import numpy as np

from simcore.kernel import layout as y
from simcore.kernel.ledger import arena
from simcore.kernel.ledger import records as ledger
from simcore.kernel.loop import act, advance
from simcore.kernel.memory import Memory

Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Sink = Callable[[Ints], None]

_WORDS_AT_FIRST = 1 << 24  # of the state arena; what is not written yet takes no memory, and an arena that grows is copied
_TASKS_AT_FIRST = 4096
_SERIES_WORDS = 1 << 19
_SPANS_AT_ONCE = 1 << 15
_LOG_AT_ONCE = 1 << 12
_WATCHES_MAX = 256
_FLOATS_AT_ONCE = 1 << 10
_FIRED = int(y.SAMPLER_FIRED)


def _at(offset: np.uint64) -> int:
    return int(offset)


class Probe(NamedTuple):
    """An answered probe: code and outcome as layout.py numbers them, latency in ns; the words of a PROBE record."""

    number: int
    code: int
    latency: int
    outcome: int


class Machine:
    """The state of one run. `m`, `f`, `ledger`, `rows` are the arenas of `advance`; they are replaced when they grow.

    `on_series` gets int64 [seconds, columns]; `on_spans` and `on_log` get int64 [n, words] (layout.SPAN_SIZE, LOG_SIZE): views that
    hold until the sink returns. The arenas are taken from `memory`, and given back to it in the end.
    """

    def __init__(
        self,
        m: Ints,
        f: Floats,
        ledger_arena: Ints,
        memory: Memory,
        *,
        columns: list[int],
        pools: list[int],
        rows: int,
        sends: int,
        idempotent: bool,
        on_series: Sink,
        on_spans: Sink,
        on_log: Sink,
    ) -> None:
        self._memory = memory
        self.m, self.ledger = memory.take("state", max(4 * len(m), _WORDS_AT_FIRST)), ledger_arena
        self.m[: len(m)] = m
        self.f = np.concatenate((f, np.zeros(_FLOATS_AT_ONCE)))
        self.used, self.floats_used = len(m), len(f)
        self._samplers: list[int] = []
        self.on_series, self.on_spans, self.on_log = on_series, on_spans, on_log
        self.task_regions: list[tuple[int, int]] = []
        self.reserve = 16 + 2 * sends
        start = int(m[y.RUN_NOW])
        self.rows: Ints = memory.take("rows", (rows + 2 * self.reserve) * ledger.ROW_STRIDE)
        self._put(y.RUN_ROWS_CAPACITY, rows + 2 * self.reserve)
        self._put(y.RUN_RESERVE, self.reserve)
        self._put(y.RUN_RING_LOW, y.NEVER)
        self._put(y.RUN_SAMPLE_DUE, y.NEVER)
        self._put(y.RUN_SECOND, (start // 1_000_000_000 + 1) * 1_000_000_000)
        self._region(y.RUN_COLUMNS, columns, y.RUN_COLUMNS_N)
        self._region(y.RUN_PEAKS, pools, y.RUN_PEAKS_N)
        self._buffer(y.RUN_SERIES, y.RUN_SERIES_CAPACITY, max(8, min(600, _SERIES_WORDS // max(1, len(columns)))), len(columns))
        spans = _SPANS_AT_ONCE if m[y.RUN_SPAN_EVERY] else 0
        self._buffer(y.RUN_SPANS, y.RUN_SPANS_CAPACITY, spans + 8 * self.reserve, _at(y.SPAN_SIZE))
        self._buffer(y.RUN_LOG, y.RUN_LOG_CAPACITY, _LOG_AT_ONCE + 8 * self.reserve, _at(y.LOG_SIZE))
        self._buffer(y.RUN_PROBES, y.RUN_PROBES_CAPACITY, 8 * self.reserve, _at(y.PROBE_SIZE))
        self._put(y.RUN_WATCHES, self._append(int(y.WATCH_SIZE) * _WATCHES_MAX))
        self._new_key_table(1 << 16 if idempotent else 1 << max(8, (256 * self.reserve).bit_length()))
        self._add_tasks(max(_TASKS_AT_FIRST, 8 * self.reserve))

    # -- words and regions ------------------------------------------------------------------------------------------------

    def get(self, offset: Any) -> int:
        """A word of the state arena."""
        return int(self.m.item(int(offset)))

    def _put(self, offset: Any, value: int) -> None:
        self.m[int(offset)] = value

    def _append(self, words: SupportsInt) -> int:
        """Fresh zeroed words at the end of the arena (which may move); index of the first."""
        at, self.used = self.used, self.used + int(words)
        if self.used > len(self.m):
            grown: Ints = np.zeros(2 * self.used, np.int64)
            grown[:at] = self.m[:at]
            self.m = grown
        return at

    def append(self, values: Any) -> int:
        """Stores values at the end of the arena; index of the first."""
        at = self._append(len(values))
        self.m[at : at + len(values)] = values
        return at

    def append_floats(self, values: tuple[float, ...]) -> int:
        """Stores values at the end of the float arena (which may move); index of the first."""
        at, self.floats_used = self.floats_used, self.floats_used + len(values)
        if self.floats_used > len(self.f):
            self.f = np.concatenate((self.f, np.zeros(_FLOATS_AT_ONCE)))
        self.f[at : self.floats_used] = values
        return at

    def _region(self, base: Any, values: list[int], count: Any) -> None:
        self._put(base, self.append(np.array(values, np.int64)))
        self._put(count, len(values))

    def _buffer(self, base: Any, capacity: Any, entries: int, words: int) -> None:
        self._put(base, self._append(entries * words))
        self._put(capacity, entries)

    # -- running -------------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Simulated time, ns since midnight of the first day."""
        return self.get(y.RUN_NOW)

    @property
    def used_rows(self) -> Ints:
        """The intent rows so far, a view."""
        rows: Ints = self.rows[: self.get(y.RUN_ROWS_N) * ledger.ROW_STRIDE]
        return rows

    def advance(self, until: int) -> int:
        """Takes all events before `until`; REACHED, WATCHED, PROBED or OVER_GUARD, with `now` the exact time."""
        while (why := int(advance(self.m, self.f, self.ledger, self.rows, until))) == y.NEED_CAPACITY:
            self.ensure_capacity()
        return why

    def act(self, what: int, who: int, number: int = 0) -> None:
        """What a control action does to tasks or streams at once (layout.ACT_…). How many events still fit is counted again."""
        with np.errstate(over="ignore"):
            act(self.m, self.f, what, np.uint64(who), number)
        self._put(y.RUN_CAPACITY, 0)

    def ensure_capacity(self) -> None:
        """Empties the buffers and enlarges what is nearly full."""
        self.drain()
        need = 4 * self.reserve
        if self.get(y.RUN_FREE_N) < need:
            self._add_tasks(sum(n for _, n in self.task_regions))
        if self.get(y.RUN_HEAP_CAPACITY) - self.get(y.RUN_HEAP_N) - self.get(y.RUN_LIVE) < need:
            self._enlarge_heap(2 * self.get(y.RUN_HEAP_CAPACITY))
        if self.get(y.RUN_ROWS_CAPACITY) - self.get(y.RUN_ROWS_N) < need:
            more = self.get(y.RUN_ROWS_CAPACITY) + need
            used, self.rows = self.used_rows, np.zeros(len(self.rows) + more * ledger.ROW_STRIDE, np.int64)
            self.rows[: len(used)] = used
            self._put(y.RUN_ROWS_CAPACITY, self.get(y.RUN_ROWS_CAPACITY) + more)
        if self.get(y.RUN_KEYS_MASK) // 2 - self.get(y.RUN_KEYS_N) < need:
            self._rehash_keys()
        if self.get(y.RUN_RING_FULL):
            self._enlarge_rings()
        while arena.effect_capacity(self.ledger) < need:
            self.ledger = arena.grow(self.ledger)

    def drain(self) -> None:
        """Hands the buffered seconds, spans and log entries to their sinks."""
        for base, count, words, sink in (
            (y.RUN_SERIES, y.RUN_SERIES_N, self.get(y.RUN_COLUMNS_N), self.on_series),
            (y.RUN_SPANS, y.RUN_SPANS_N, int(y.SPAN_SIZE), self.on_spans),
            (y.RUN_LOG, y.RUN_LOG_N, int(y.LOG_SIZE), self.on_log),
        ):
            n, at = self.get(count), self.get(base)
            if n:
                sink(self.m[at : at + n * words].reshape(n, words))
                self._put(count, 0)

    def give_back(self) -> None:
        """Nothing of the run is read any more: its arenas are the next one's."""
        used, rows, top = self.used, len(self.used_rows), arena.written(self.ledger)
        self._memory.give_back("state", self.m, used)
        self._memory.give_back("rows", self.rows, rows)
        self._memory.give_back("ledger", self.ledger, top)
        self.m = self.rows = self.ledger = np.zeros(0, np.int64)
        self.f = np.zeros(0)
        del self.on_series, self.on_spans, self.on_log

    # -- tasks and queues ----------------------------------------------------------------------------------------------------

    def _add_tasks(self, count: int) -> None:
        """More task records, and a heap and a ready list that are large enough for all of them."""
        size = int(y.TASK_SIZE)
        base = self._append(count * size)
        self.task_regions.append((base, count))
        handles = base + size * np.arange(count)
        self.m[handles + int(y.TASK_NEXT)] = np.append(handles[1:], self.get(y.RUN_FREE))
        self._put(y.RUN_FREE, base)
        self._put(y.RUN_FREE_N, self.get(y.RUN_FREE_N) + count)
        total = sum(n for _, n in self.task_regions)
        self._enlarge_heap(max(2 * total + 8 * self.reserve, self.get(y.RUN_HEAP_CAPACITY)))
        self._enlarge_ready(1 << (4 * total).bit_length())

    def _enlarge_heap(self, capacity: int) -> None:
        old, n, size = self.get(y.RUN_HEAP), self.get(y.RUN_HEAP_N), int(y.EVENT_SIZE)
        if capacity > self.get(y.RUN_HEAP_CAPACITY):
            base = self._append((capacity + 4) * size)
            self.m[base + int(y.EVENT_TIME) : base + (capacity + 4) * size : size] = y.NEVER  # the heap's end: events.py
            self.m[base : base + n * size] = self.m[old : old + n * size]
            self._put(y.RUN_HEAP, base)
            self._put(y.RUN_HEAP_CAPACITY, capacity)

    def _enlarge_ready(self, capacity: int) -> None:
        size, old, mask = int(y.READY_SIZE), self.get(y.RUN_READY), self.get(y.RUN_READY_MASK)
        n = self.get(y.RUN_READY_N)
        places = (self.get(y.RUN_READY_AT) + np.arange(n)) & mask
        entries = self.m[old : old + (mask + 1) * size].reshape(-1, size)[places] if n else self.m[:0]
        base = self._append(capacity * size)
        self.m[base : base + n * size] = entries.ravel()
        self._put(y.RUN_READY, base)
        self._put(y.RUN_READY_AT, 0)
        self._put(y.RUN_READY_MASK, capacity - 1)

    def _enlarge_rings(self) -> None:
        """Four times the capacity for every ring that is half full."""
        self._put(y.RUN_RING_FULL, 0)
        size = int(y.TIMER_SIZE)
        for i in range(self.get(y.RUN_RINGS_N)):
            ring = self.get(y.RUN_RINGS) + i * int(y.RING_SIZE)
            mask, n = int(self.m[ring + int(y.RING_MASK)]), int(self.m[ring + int(y.RING_N)])
            if 2 * n <= mask:
                continue
            places = (int(self.m[ring + int(y.RING_AT)]) + np.arange(n)) & mask
            entries = self.m[int(self.m[ring + int(y.RING_BASE)]) :][: (mask + 1) * size].reshape(-1, size)[places].copy()
            base = self._append(4 * (mask + 1) * size)
            self.m[base : base + n * size] = entries.ravel()
            self.m[ring + int(y.RING_BASE)], self.m[ring + int(y.RING_MASK)], self.m[ring + int(y.RING_AT)] = (
                base,
                4 * (mask + 1) - 1,
                0,
            )

    def make_ready(self, what: int, who: int, token: int) -> None:
        """Appends to the ready list."""
        i = (self.get(y.RUN_READY_AT) + self.get(y.RUN_READY_N)) & self.get(y.RUN_READY_MASK)
        at = self.get(y.RUN_READY) + i * int(y.READY_SIZE)
        self.m[at : at + 3] = what, who, token
        self._put(y.RUN_READY_N, self.get(y.RUN_READY_N) + 1)

    def tasks(self) -> Ints:
        """Handles of all task records in use."""
        size, found = int(y.TASK_SIZE), []
        for base, count in self.task_regions:
            handles = base + size * np.arange(count)
            found.append(handles[self.m[handles + int(y.TASK_STATE)] != y.FREE])
        return np.concatenate(found)

    def live_at(self, instance: int) -> list[int]:
        """Handles of the tasks that live at an instance, in the order of (request, path)."""
        tasks = self.tasks()
        here = tasks[(self.m[tasks + int(y.TASK_INSTANCE)] == instance) & (self.m[tasks + int(y.TASK_STATE)] == y.LIVE)]
        path = self.m.view(np.uint64)[here + int(y.TASK_PATH)]
        order = np.lexsort((path, self.m[here + int(y.TASK_REQUEST)]))
        return [int(k) for k in here[order]]

    def stop_work(self, instance: int) -> None:
        """The instance's work steps stop: their ends are taken out of time, and each keeps how much is left of it."""
        size, n, at = int(y.EVENT_SIZE), self.get(y.RUN_HEAP_N), self.get(y.RUN_HEAP)
        heap = self.m[at : at + n * size].reshape(n, size)
        for k in self._working_at(instance):
            wait = self.m[k + int(y.TASK_WAIT)]
            ends = heap[heap[:, int(y.EVENT_TOKEN)] == wait, int(y.EVENT_TIME)]
            self.m[k + int(y.TASK_EXPIRY)] = int(ends[0]) - self.now
            self._put(y.RUN_TOKEN, self.get(y.RUN_TOKEN) + 1)
            self.m[k + int(y.TASK_WAIT)] = self.get(y.RUN_TOKEN)

    def go_on_with_work(self, instance: int) -> None:
        """What `stop_work` stopped goes on for what was left of it."""
        for k in self._working_at(instance):
            self.act(y.ACT_RESUME, k, int(self.m[k + int(y.TASK_EXPIRY)]))

    def _working_at(self, instance: int) -> list[int]:
        return [k for k in self.live_at(instance) if self.m[k + int(y.TASK_FLAGS)] & y.FLAG_WORKING]

    def let_go(self, link: int, state: int) -> None:
        """What a cut of the link held in one direction goes on: requests, whose state is TRAVELLING, or answers, ANSWERING."""
        tasks = self.tasks()
        held = (self.m[tasks + int(y.TASK_QUEUE)] == link) & (self.m[tasks + int(y.TASK_STATE)] == state)
        for k in tasks[held]:
            self.act(y.ACT_LET_GO, int(k))

    def take_parked(self, instance: int) -> Iterator[int]:
        """Empties an instance's parking; the tasks in the order they came."""
        queue = instance + int(y.INSTANCE_PARKED)
        k = int(self.m[queue])
        self.m[queue : queue + 9] = 0
        while k:
            following = int(self.m[k + int(y.TASK_NEXT)])
            self.m[k + int(y.TASK_QUEUE)] = 0
            yield k
            k = following

    # -- idempotency keys ------------------------------------------------------------------------------------------------------

    def _new_key_table(self, capacity: int) -> None:
        self._put(y.RUN_KEYS, self._append(capacity * int(y.KEY_SIZE)))
        self._put(y.RUN_KEYS_MASK, capacity - 1)

    def _rehash_keys(self) -> None:
        """Moves the keys that still count to a new table; those in flight take their owners and waiters along."""
        size, capacity, old = int(y.KEY_SIZE), self.get(y.RUN_KEYS_MASK) + 1, self.get(y.RUN_KEYS)
        table = self.m[old : old + capacity * size].reshape(capacity, size).copy()
        key, owner, expires = int(y.KEY_KEY), int(y.KEY_OWNER), int(y.KEY_EXPIRES)
        used = (table[:, key] != y.KEY_EMPTY) & (table[:, key] != y.KEY_REMOVED)
        kept = table[used & ((table[:, owner] != 0) | (table[:, expires] >= self.now))]
        while len(kept) * 4 > capacity:
            capacity *= 2
        self._new_key_table(capacity)
        base, mask = self.get(y.RUN_KEYS), capacity - 1
        for entry in kept:
            i = int(entry[key]) & mask
            while self.m[base + i * size + key] != y.KEY_EMPTY:
                i = (i + 1) & mask
            at = base + i * size
            self.m[at : at + size] = entry
            if entry[owner]:
                self.m[int(entry[owner]) + int(y.TASK_KEY)] = at
            waiter = int(entry[0])
            while waiter:
                self.m[waiter + int(y.TASK_QUEUE)] = at
                waiter = int(self.m[waiter + int(y.TASK_NEXT)])
        self._put(y.RUN_KEYS_N, len(kept))

    # -- arrivals, watches, probes ---------------------------------------------------------------------------------------------

    def push(self, time: int, key: int, who: int, token: int) -> None:
        """Adds an event from outside; between two calls of `advance` the heap has no hole."""
        assert not self.get(y.RUN_HOLE)
        if self.get(y.RUN_HEAP_N) + self.get(y.RUN_LIVE) + 2 >= self.get(y.RUN_HEAP_CAPACITY):
            self._enlarge_heap(2 * self.get(y.RUN_HEAP_CAPACITY))
        base, size, i = self.get(y.RUN_HEAP), int(y.EVENT_SIZE), self.get(y.RUN_HEAP_N)
        self._put(y.RUN_HEAP_N, i + 1)
        while i:
            above = base + ((i - 1) >> 2) * size
            if (self.m[above], self.m[above + 1]) <= (time, key):
                break
            self.m[base + i * size : base + (i + 1) * size] = self.m[above : above + size]
            i = (i - 1) >> 2
        self.m[base + i * size : base + (i + 1) * size] = time, key, who, token

    def push_arrival(self, stream: int, time: int, client: int, token: int) -> None:
        """The next intent of a stream."""
        number = int(self.m[stream + int(y.STREAM_NUMBER)])
        self.push(time, (y.CLASS_ARRIVAL << y.CLASS_SHIFT) | (number << y.REQUEST_SHIFT) | client, stream, token)

    def start_client(self, stream: int, client: int) -> None:
        """The first thought of a client of a closed population."""
        self.act(y.ACT_CLIENT, stream, client)

    def start_stream(self, stream: int) -> None:
        """The first arrival of a stream with a rate."""
        self.act(y.ACT_FIRST, stream)

    def set_watches(self, watches: list[tuple[int, int]]) -> None:
        """(index in m, threshold): `advance` stops when one is reached."""
        if len(watches) > _WATCHES_MAX:
            raise ValueError(f"at most {_WATCHES_MAX} watches at once")
        base, size = self.get(y.RUN_WATCHES), int(y.WATCH_SIZE)
        for i, watch in enumerate(watches):
            self.m[base + i * size : base + (i + 1) * size] = watch
        self._put(y.RUN_WATCHES_N, len(watches))

    def add_sampler(
        self, kind: int, of: list[int], to: list[int], first: int, every: int, bounds: tuple[float, float, float], either: bool
    ) -> int:
        """A sampler of some words of the arena, which comes after those there are already; its handle. `bounds`: what is
        above, what below, and the least a ratio is taken over; `either`: it is enough if the first sum grew by that."""
        floats, sampler = self.append_floats(bounds), self._append(y.SAMPLER_SIZE)
        words = {
            y.SAMPLER_DUE: first,
            y.SAMPLER_EVERY: every,
            y.SAMPLER_KIND: kind,
            y.SAMPLER_OF: self.append(of),
            y.SAMPLER_OF_N: len(of),
            y.SAMPLER_TO: self.append(to),
            y.SAMPLER_TO_N: len(to),
            y.SAMPLER_AT: -1,
            y.SAMPLER_FLOATS: floats,
            y.SAMPLER_EITHER: int(either),
        }
        for offset, value in words.items():
            self.m[sampler + int(offset)] = value
        self.m[self._samplers[-1] + int(y.SAMPLER_NEXT) if self._samplers else int(y.RUN_SAMPLERS)] = sampler
        self._samplers.append(sampler)
        self._put(y.RUN_SAMPLE_DUE, min(first, self.get(y.RUN_SAMPLE_DUE)))
        return sampler

    def take_fired(self) -> list[int]:
        """The samplers whose last sample has woken somebody since last asked, by their position in the order they were added."""
        word = self.m.item
        fired = [i for i, sampler in enumerate(self._samplers) if word(sampler + _FIRED)]
        for i in fired:
            self.m[self._samplers[i] + _FIRED] = 0
        return fired

    def take_probes(self) -> list[Probe]:
        """Probes answered since last asked."""
        n, at, size = self.get(y.RUN_PROBES_N), self.get(y.RUN_PROBES), int(y.PROBE_SIZE)
        if not n:
            return []
        self._put(y.RUN_PROBES_N, 0)
        return [Probe(*map(int, row)) for row in self.m[at : at + n * size].reshape(n, size)]

    def account_pools(self, pools: list[int]) -> None:
        """Brings the time integrals of pools up to now."""
        at = np.array(pools, np.int64)
        m = self.m
        span = self.now - m[at + int(y.POOL_LAST)]
        m[at + int(y.POOL_BUSY_NS)] += m[at + int(y.POOL_BUSY)] * span
        m[at + int(y.POOL_QUEUE_NS)] += m[at + int(y.QUEUE_LENGTH)] * span
        m[at + int(y.POOL_FULL_NS)] += np.where(m[at + int(y.POOL_BUSY)] >= m[at + int(y.POOL_SLOTS)], span, 0)
        m[at + int(y.POOL_LAST)] = self.now
