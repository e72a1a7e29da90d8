"""Queues and pools: who waits, who holds, and the exact time integrals of both."""

from __future__ import annotations

import numpy as np

from simcore.kernel.events import make_ready
from simcore.kernel.jit import inner
from simcore.kernel.layout import (  # fmt: skip
    H_NOW,
    H_SEQ,
    LEVELS,
    LIFO,
    P_BUSY,
    P_BUSY_NS,
    P_DISCIPLINE,
    P_FULL_NS,
    P_GRANTED,
    P_HOLD_NS,
    P_LAST,
    P_LIMIT,
    P_PEAK_BUSY,
    P_PEAK_QUEUE,
    P_QUEUE_NS,
    P_REFUSED,
    P_SECOND_BUSY,
    P_SECOND_QUEUE,
    P_SLOTS,
    P_WAIT_NS,
    P_WAITED,
    PRIORITY,
    Q_HEAD,
    Q_LENGTH,
    Q_TAIL,
    T_HELD,
    T_HOLD,
    T_MORE_HOLDS,
    T_NEXT,
    T_PREV,
    T_PRIORITY,
    T_QUEUE,
    T_QUEUED_AT,
    T_WAIT,
    Y_GRANT,
    U,
)

_NONE = U(0)


@inner
def enqueue(m, queue, task, level, at_front):
    """Puts a task at one end of a level of a queue."""
    head, tail = queue + Q_HEAD + U(level), queue + Q_TAIL + U(level)
    if at_front:
        first = U(m[head])
        m[task + T_PREV], m[task + T_NEXT] = 0, m[head]
        m[head] = np.int64(task)
        if first == _NONE:
            m[tail] = np.int64(task)
        else:
            m[first + T_PREV] = np.int64(task)
    else:
        last = U(m[tail])
        m[task + T_PREV], m[task + T_NEXT] = m[tail], 0
        m[tail] = np.int64(task)
        if last == _NONE:
            m[head] = np.int64(task)
        else:
            m[last + T_NEXT] = np.int64(task)
    m[task + T_QUEUE] = np.int64(queue)
    m[queue + Q_LENGTH] += 1


@inner
def unlink(m, task):
    """Takes a task out of whatever queue it is in, wherever it stands."""
    queue = U(m[task + T_QUEUE])
    before, after = U(m[task + T_PREV]), U(m[task + T_NEXT])
    if before != _NONE:
        m[before + T_NEXT] = m[task + T_NEXT]
    if after != _NONE:
        m[after + T_PREV] = m[task + T_PREV]
    if before == _NONE or after == _NONE:
        for level in range(LEVELS):
            if m[queue + Q_HEAD + U(level)] == np.int64(task):
                m[queue + Q_HEAD + U(level)] = m[task + T_NEXT]
            if m[queue + Q_TAIL + U(level)] == np.int64(task):
                m[queue + Q_TAIL + U(level)] = m[task + T_PREV]
    m[task + T_QUEUE] = 0
    m[queue + Q_LENGTH] -= 1


@inner
def first(m, queue):
    """Who is next: highest level first. The queue is not empty."""
    for level in range(LEVELS - 1, 0, -1):
        if m[queue + Q_HEAD + U(level)] != 0:
            return U(m[queue + Q_HEAD + U(level)])
    return U(m[queue + Q_HEAD])


@inner
def account(m, pool, now):
    """Brings the pool's time integrals up to now; called before anything in it changes."""
    span = now - m[pool + P_LAST]
    if span > 0:
        m[pool + P_BUSY_NS] += m[pool + P_BUSY] * span
        m[pool + P_QUEUE_NS] += m[pool + Q_LENGTH] * span
        if m[pool + P_BUSY] >= m[pool + P_SLOTS]:
            m[pool + P_FULL_NS] += span
        m[pool + P_LAST] = now


@inner
def hold_at(task, depth):
    """Where a task keeps since when it has held its depth-th slot; the first, which most never go beyond, is at hand."""
    return task + T_HOLD if depth == 0 else task + T_MORE_HOLDS + U(depth - 1)


@inner
def _take(m, pool, task, now):
    m[pool + P_BUSY] += 1
    m[pool + P_GRANTED] += 1
    busy = m[pool + P_BUSY]
    if busy > m[pool + P_SECOND_BUSY]:
        m[pool + P_SECOND_BUSY] = busy
        if busy > m[pool + P_PEAK_BUSY]:
            m[pool + P_PEAK_BUSY] = busy
    m[hold_at(task, m[task + T_HELD])] = now
    m[task + T_HELD] += 1


@inner
def acquire(m, pool, task):
    """1 the slot is taken, 0 the task is queued, -1 refused."""
    now = m[H_NOW]
    account(m, pool, now)
    if m[pool + P_BUSY] < m[pool + P_SLOTS] and m[pool + Q_LENGTH] == 0:
        _take(m, pool, task, now)
        return 1
    if m[pool + Q_LENGTH] >= m[pool + P_LIMIT]:
        m[pool + P_REFUSED] += 1
        return -1
    level = m[task + T_PRIORITY] if m[pool + P_DISCIPLINE] == PRIORITY else 0
    enqueue(m, pool, task, level, m[pool + P_DISCIPLINE] == LIFO)
    m[task + T_QUEUED_AT] = now
    m[pool + P_WAITED] += 1
    length = m[pool + Q_LENGTH]
    if length > m[pool + P_SECOND_QUEUE]:
        m[pool + P_SECOND_QUEUE] = length
        if length > m[pool + P_PEAK_QUEUE]:
            m[pool + P_PEAK_QUEUE] = length
    return 0


@inner
def leave_pool_queue(m, task):
    """The task stops waiting for a slot (its timeout fired, or it dies)."""
    pool = U(m[task + T_QUEUE])
    account(m, pool, m[H_NOW])
    m[pool + P_WAIT_NS] += m[H_NOW] - m[task + T_QUEUED_AT]
    unlink(m, task)


@inner
def grant(m, pool):
    """Gives free slots to the queue; those who get one go to the ready list already holding it."""
    now = m[H_NOW]
    while m[pool + Q_LENGTH] > 0 and m[pool + P_BUSY] < m[pool + P_SLOTS]:
        task = first(m, pool)
        leave_pool_queue(m, task)
        _take(m, pool, task, now)
        make_ready(m, Y_GRANT, task, m[task + T_WAIT])


@inner
def release(m, pool, task):
    """Gives back the slot the task took last."""
    now = m[H_NOW]
    account(m, pool, now)
    m[task + T_HELD] -= 1
    m[pool + P_HOLD_NS] += now - m[hold_at(task, m[task + T_HELD])]
    m[pool + P_BUSY] -= 1
    if m[pool + Q_LENGTH] > 0:
        grant(m, pool)


@inner
def new_token(m):
    """A number that no wake-up, timer or answer in flight carries yet."""
    m[H_SEQ] += 1
    return m[H_SEQ]
