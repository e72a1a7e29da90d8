"""The event queue: a 4-ary heap ordered by (time, key), rings of timers, the ready list.

Timers of one constant timeout expire in the order they were set, so they wait in a ring and most are dropped unseen,
because the answer came first; only one that still counts when its time comes enters the heap, and so takes its place
among the other events of that instant.
"""

from __future__ import annotations

import numpy as np

from simcore.kernel import layout as y
from simcore.kernel.jit import inner
from simcore.kernel.layout import U

_1, _2 = U(1), U(2)


@inner
def task_key(m, event_class, task):
    """The key that orders a task's event among others of the same instant: class, request, upper bits of its path."""
    path = np.int64(U(m[task + y.TASK_PATH]) >> y.PATH_SHIFT)
    return (event_class << y.CLASS_SHIFT) | ((m[task + y.TASK_REQUEST] & y.REQUEST_MASK) << y.REQUEST_SHIFT) | path


@inner
def precedes(m, a, b):
    """Is event a before event b?"""
    return (m[a] < m[b]) | ((m[a] == m[b]) & (m[a + y.EVENT_KEY] < m[b + y.EVENT_KEY]))


@inner
def _sift_down(m, base, n, time, key, who, token):
    """Places an event in the hole at the root of a heap of n events. The first of four children wins a knock-out with hardly a
    branch to mispredict; those beyond the end have the time NEVER."""
    i = U(0)
    while True:
        child = (i << _2) + _1
        if child >= n:
            break
        left = base + (child << _2)
        right = left + y.EVENT_SIZE + y.EVENT_SIZE
        left += U(precedes(m, left + y.EVENT_SIZE, left)) << _2
        right += U(precedes(m, right + y.EVENT_SIZE, right)) << _2
        best = right if precedes(m, right, left) else left
        best_time, best_key = m[best], m[best + y.EVENT_KEY]
        if time < best_time or (time == best_time and key <= best_key):
            break
        hole = base + (i << _2)
        m[hole], m[hole + y.EVENT_KEY] = best_time, best_key
        m[hole + y.EVENT_WHO], m[hole + y.EVENT_TOKEN] = m[best + y.EVENT_WHO], m[best + y.EVENT_TOKEN]
        i = (best - base) >> _2
    hole = base + (i << _2)
    m[hole], m[hole + y.EVENT_KEY] = time, key
    m[hole + y.EVENT_WHO], m[hole + y.EVENT_TOKEN] = who, token


@inner
def push(m, time, key, who, token):
    """Adds an event. If the event being handled has left its hole at the root, the new one goes there (one sift, not two)."""
    base = U(m[y.RUN_HEAP])
    if m[y.RUN_HOLE]:
        m[y.RUN_HOLE] = 0
        _sift_down(m, base, U(m[y.RUN_HEAP_N]), time, key, np.int64(who), token)
        return
    i = U(m[y.RUN_HEAP_N])
    m[y.RUN_HEAP_N] += 1
    while i > U(0):
        up = (i - _1) >> _2
        above = base + (up << _2)
        if m[above] < time or (m[above] == time and m[above + y.EVENT_KEY] <= key):
            break
        hole = base + (i << _2)
        m[hole], m[hole + y.EVENT_KEY], m[hole + y.EVENT_WHO], m[hole + y.EVENT_TOKEN] = (
            m[above],
            m[above + y.EVENT_KEY],
            m[above + y.EVENT_WHO],
            m[above + y.EVENT_TOKEN],
        )
        i = up
    hole = base + (i << _2)
    m[hole], m[hole + y.EVENT_KEY], m[hole + y.EVENT_WHO], m[hole + y.EVENT_TOKEN] = time, key, np.int64(who), token


@inner
def next_time(m):
    """Time of the first event, NEVER if there is none; closes the hole the last one may have left."""
    base = U(m[y.RUN_HEAP])
    if m[y.RUN_HOLE]:
        m[y.RUN_HOLE] = 0
        m[y.RUN_HEAP_N] -= 1
        n = U(m[y.RUN_HEAP_N])
        if n > U(0):
            last = base + (n << _2)
            time = m[last + y.EVENT_TIME]
            m[last + y.EVENT_TIME] = y.NEVER
            _sift_down(m, base, n, time, m[last + y.EVENT_KEY], m[last + y.EVENT_WHO], m[last + y.EVENT_TOKEN])
    return m[base] if m[y.RUN_HEAP_N] > 0 else y.NEVER


@inner
def push_task(m, time, event_class, task, token):
    """An event of a task, in its place among those of the same instant."""
    push(m, time, task_key(m, event_class, task), task, token)


@inner
def push_arrival(m, stream, time, client, token):
    """The next intent of a stream (of one client of it, in a closed population)."""
    push(m, time, (y.CLASS_ARRIVAL << y.CLASS_SHIFT) | (m[stream + y.STREAM_NUMBER] << y.REQUEST_SHIFT) | client, stream, token)


@inner
def drop_answered(m, ring):
    """Timers at the front of a ring that no longer count are dropped."""
    base, mask = U(m[ring + y.RING_BASE]), U(m[ring + y.RING_MASK])
    while m[ring + y.RING_N] > 0:
        entry = base + (U(m[ring + y.RING_AT]) & mask) * y.TIMER_SIZE
        if m[U(m[entry + y.TIMER_TASK]) + y.TASK_WAIT] == m[entry + y.TIMER_TOKEN]:
            break
        m[ring + y.RING_AT] += 1
        m[ring + y.RING_N] -= 1


@inner
def push_timer(m, ring, expiry, task, token):
    """A timer in a ring (handle 0: in the heap, for a timeout that was changed while running)."""
    if ring == U(0):
        push_task(m, expiry, y.CLASS_TIMEOUT, task, token)
        return
    base, mask = U(m[ring + y.RING_BASE]), U(m[ring + y.RING_MASK])
    if U(m[ring + y.RING_N]) > mask:
        drop_answered(m, ring)
        if U(m[ring + y.RING_N]) > mask - (mask >> _2):  # mostly timers that still count: Machine will enlarge it
            m[y.RUN_RING_FULL] = 1
            m[y.RUN_CAPACITY] = 0
            if U(m[ring + y.RING_N]) > mask:
                push_task(m, expiry, y.CLASS_TIMEOUT, task, token)
                return
    entry = base + (U(m[ring + y.RING_AT] + m[ring + y.RING_N]) & mask) * y.TIMER_SIZE
    m[entry + y.TIMER_EXPIRY], m[entry + y.TIMER_TASK], m[entry + y.TIMER_TOKEN] = expiry, np.int64(task), token
    m[ring + y.RING_N] += 1
    if expiry < m[y.RUN_RING_LOW]:
        m[y.RUN_RING_LOW] = expiry


@inner
def expire_timers(m, time):
    """Moves what is due by `time` and still counts from the rings to the heap; sets the new lower bound of expiry."""
    low = y.NEVER
    for i in range(m[y.RUN_RINGS_N]):
        ring = U(m[y.RUN_RINGS]) + U(i) * y.RING_SIZE
        base, mask = U(m[ring + y.RING_BASE]), U(m[ring + y.RING_MASK])
        while m[ring + y.RING_N] > 0:
            entry = base + (U(m[ring + y.RING_AT]) & mask) * y.TIMER_SIZE
            task, expiry = U(m[entry + y.TIMER_TASK]), m[entry + y.TIMER_EXPIRY]
            if m[task + y.TASK_WAIT] == m[entry + y.TIMER_TOKEN]:
                if expiry > time:
                    low = min(low, expiry)
                    break
                push_task(m, expiry, y.CLASS_TIMEOUT, task, m[entry + y.TIMER_TOKEN])
            m[ring + y.RING_AT] += 1
            m[ring + y.RING_N] -= 1
    m[y.RUN_RING_LOW] = low


@inner
def make_ready(m, what, who, token):
    """Appends to the ready list, which is emptied before the next event is taken."""
    slot = U(m[y.RUN_READY]) + (U(m[y.RUN_READY_AT] + m[y.RUN_READY_N]) & U(m[y.RUN_READY_MASK])) * y.READY_SIZE
    m[slot + y.READY_WHAT], m[slot + y.READY_WHO], m[slot + y.READY_TOKEN] = what, np.int64(who), token
    m[y.RUN_READY_N] += 1
