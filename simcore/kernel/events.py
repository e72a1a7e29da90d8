"""The event queue: a 4-ary heap ordered by (time, key), rings of timers, the ready list.

Timers of one constant timeout expire in the order they were set, so they wait in a ring and most are dropped unseen,
because the answer came first; only one that still counts when its time comes enters the heap, and so takes its place
among the other events of that instant.
"""

from __future__ import annotations

import numpy as np

from simcore.kernel.jit import inner
from simcore.kernel.layout import (  # fmt: skip
    A_NUMBER,
    CLASS_SHIFT,
    E_ARRIVAL,
    E_TIMEOUT,
    EVENT_SIZE,
    G_AT,
    G_BASE,
    G_MASK,
    G_N,
    H_HEAP,
    H_HEAP_N,
    H_HOLE,
    H_READY,
    H_READY_AT,
    H_READY_MASK,
    H_READY_N,
    H_RING_FULL,
    H_RING_LOW,
    H_RINGS,
    H_RINGS_N,
    H_ROOM,
    NEVER,
    PATH_SHIFT,
    READY_SIZE,
    REQUEST_MASK,
    REQUEST_SHIFT,
    RING_ENTRY,
    RING_SIZE,
    T_PATH,
    T_REQUEST,
    T_WAIT,
    V_KEY,
    V_TIME,
    V_TOKEN,
    V_WHO,
    Y_TOKEN,
    Y_WHAT,
    Y_WHO,
    U,
)

_1, _2 = U(1), U(2)


@inner
def task_key(m, event_class, task):
    """The key that orders a task's event among others of the same instant: class, request, upper bits of its path."""
    path = np.int64(U(m[task + T_PATH]) >> PATH_SHIFT)
    return (event_class << CLASS_SHIFT) | ((m[task + T_REQUEST] & REQUEST_MASK) << REQUEST_SHIFT) | path


@inner
def precedes(m, a, b):
    """Is event a before event b?"""
    return (m[a] < m[b]) | ((m[a] == m[b]) & (m[a + V_KEY] < m[b + V_KEY]))


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
        right = left + EVENT_SIZE + EVENT_SIZE
        left += U(precedes(m, left + EVENT_SIZE, left)) << _2
        right += U(precedes(m, right + EVENT_SIZE, right)) << _2
        best = right if precedes(m, right, left) else left
        best_time, best_key = m[best], m[best + V_KEY]
        if time < best_time or (time == best_time and key <= best_key):
            break
        hole = base + (i << _2)
        m[hole], m[hole + V_KEY] = best_time, best_key
        m[hole + V_WHO], m[hole + V_TOKEN] = m[best + V_WHO], m[best + V_TOKEN]
        i = (best - base) >> _2
    hole = base + (i << _2)
    m[hole], m[hole + V_KEY] = time, key
    m[hole + V_WHO], m[hole + V_TOKEN] = who, token


@inner
def push(m, time, key, who, token):
    """Adds an event. If the event being handled has left its hole at the root, the new one goes there (one sift, not two)."""
    base = U(m[H_HEAP])
    if m[H_HOLE]:
        m[H_HOLE] = 0
        _sift_down(m, base, U(m[H_HEAP_N]), time, key, np.int64(who), token)
        return
    i = U(m[H_HEAP_N])
    m[H_HEAP_N] += 1
    while i > U(0):
        up = (i - _1) >> _2
        above = base + (up << _2)
        if m[above] < time or (m[above] == time and m[above + V_KEY] <= key):
            break
        hole = base + (i << _2)
        m[hole], m[hole + V_KEY], m[hole + V_WHO], m[hole + V_TOKEN] = (
            m[above],
            m[above + V_KEY],
            m[above + V_WHO],
            m[above + V_TOKEN],
        )
        i = up
    hole = base + (i << _2)
    m[hole], m[hole + V_KEY], m[hole + V_WHO], m[hole + V_TOKEN] = time, key, np.int64(who), token


@inner
def next_time(m):
    """Time of the first event, NEVER if there is none; closes the hole the last one may have left."""
    base = U(m[H_HEAP])
    if m[H_HOLE]:
        m[H_HOLE] = 0
        m[H_HEAP_N] -= 1
        n = U(m[H_HEAP_N])
        if n > U(0):
            last = base + (n << _2)
            time = m[last + V_TIME]
            m[last + V_TIME] = NEVER
            _sift_down(m, base, n, time, m[last + V_KEY], m[last + V_WHO], m[last + V_TOKEN])
    return m[base] if m[H_HEAP_N] > 0 else NEVER


@inner
def push_task(m, time, event_class, task, token):
    """An event of a task, in its place among those of the same instant."""
    push(m, time, task_key(m, event_class, task), task, token)


@inner
def push_arrival(m, stream, time, client, token):
    """The next intent of a stream (of one client of it, in a closed population)."""
    push(m, time, (E_ARRIVAL << CLASS_SHIFT) | (m[stream + A_NUMBER] << REQUEST_SHIFT) | client, stream, token)


@inner
def drop_answered(m, ring):
    """Timers at the front of a ring that no longer count make room."""
    base, mask = U(m[ring + G_BASE]), U(m[ring + G_MASK])
    while m[ring + G_N] > 0:
        entry = base + (U(m[ring + G_AT]) & mask) * RING_ENTRY
        if m[U(m[entry + _1]) + T_WAIT] == m[entry + _2]:
            break
        m[ring + G_AT] += 1
        m[ring + G_N] -= 1


@inner
def push_timer(m, ring, expiry, task, token):
    """A timer in a ring (handle 0: in the heap, for a timeout that was changed while running)."""
    if ring == U(0):
        push_task(m, expiry, E_TIMEOUT, task, token)
        return
    base, mask = U(m[ring + G_BASE]), U(m[ring + G_MASK])
    if U(m[ring + G_N]) > mask:
        drop_answered(m, ring)
        if U(m[ring + G_N]) > mask - (mask >> _2):  # mostly timers that still count: Machine will enlarge it
            m[H_RING_FULL] = 1
            m[H_ROOM] = 0
            if U(m[ring + G_N]) > mask:
                push_task(m, expiry, E_TIMEOUT, task, token)
                return
    entry = base + (U(m[ring + G_AT] + m[ring + G_N]) & mask) * RING_ENTRY
    m[entry], m[entry + _1], m[entry + _2] = expiry, np.int64(task), token
    m[ring + G_N] += 1
    if expiry < m[H_RING_LOW]:
        m[H_RING_LOW] = expiry


@inner
def expire_timers(m, time):
    """Moves what is due by `time` and still counts from the rings to the heap; sets the new lower bound of expiry."""
    low = NEVER
    for i in range(m[H_RINGS_N]):
        ring = U(m[H_RINGS]) + U(i) * RING_SIZE
        base, mask = U(m[ring + G_BASE]), U(m[ring + G_MASK])
        while m[ring + G_N] > 0:
            entry = base + (U(m[ring + G_AT]) & mask) * RING_ENTRY
            task = U(m[entry + _1])
            if m[task + T_WAIT] == m[entry + _2]:
                if m[entry] > time:
                    low = min(low, m[entry])
                    break
                push_task(m, m[entry], E_TIMEOUT, task, m[entry + _2])
            m[ring + G_AT] += 1
            m[ring + G_N] -= 1
    m[H_RING_LOW] = low


@inner
def make_ready(m, what, who, token):
    """Appends to the ready list, which is emptied before the next event is taken."""
    slot = U(m[H_READY]) + (U(m[H_READY_AT] + m[H_READY_N]) & U(m[H_READY_MASK])) * READY_SIZE
    m[slot + Y_WHAT], m[slot + Y_WHO], m[slot + Y_TOKEN] = what, np.int64(who), token
    m[H_READY_N] += 1
