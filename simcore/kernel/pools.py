"""Queues and pools: who waits, who holds, and the exact time integrals of both."""

from __future__ import annotations

import numpy as np

from simcore.kernel import layout as y
from simcore.kernel.events import make_ready
from simcore.kernel.jit import inner
from simcore.kernel.layout import U

_NONE = U(0)


@inner
def enqueue(m, queue, task, level, at_front):
    """Puts a task at one end of a level of a queue."""
    head, tail = queue + y.QUEUE_HEAD + U(level), queue + y.QUEUE_TAIL + U(level)
    if at_front:
        first = U(m[head])
        m[task + y.TASK_PREVIOUS], m[task + y.TASK_NEXT] = 0, m[head]
        m[head] = np.int64(task)
        if first == _NONE:
            m[tail] = np.int64(task)
        else:
            m[first + y.TASK_PREVIOUS] = np.int64(task)
    else:
        last = U(m[tail])
        m[task + y.TASK_PREVIOUS], m[task + y.TASK_NEXT] = m[tail], 0
        m[tail] = np.int64(task)
        if last == _NONE:
            m[head] = np.int64(task)
        else:
            m[last + y.TASK_NEXT] = np.int64(task)
    m[task + y.TASK_QUEUE] = np.int64(queue)
    m[queue + y.QUEUE_LENGTH] += 1


@inner
def unlink(m, task):
    """Takes a task out of whatever queue it is in, wherever it stands."""
    queue = U(m[task + y.TASK_QUEUE])
    before, after = U(m[task + y.TASK_PREVIOUS]), U(m[task + y.TASK_NEXT])
    if before != _NONE:
        m[before + y.TASK_NEXT] = m[task + y.TASK_NEXT]
    if after != _NONE:
        m[after + y.TASK_PREVIOUS] = m[task + y.TASK_PREVIOUS]
    if before == _NONE or after == _NONE:
        for level in range(y.LEVELS):
            if m[queue + y.QUEUE_HEAD + U(level)] == np.int64(task):
                m[queue + y.QUEUE_HEAD + U(level)] = m[task + y.TASK_NEXT]
            if m[queue + y.QUEUE_TAIL + U(level)] == np.int64(task):
                m[queue + y.QUEUE_TAIL + U(level)] = m[task + y.TASK_PREVIOUS]
    m[task + y.TASK_QUEUE] = 0
    m[queue + y.QUEUE_LENGTH] -= 1


@inner
def first(m, queue):
    """Who is next: highest level first. The queue is not empty."""
    for level in range(y.LEVELS - 1, 0, -1):
        if m[queue + y.QUEUE_HEAD + U(level)] != 0:
            return U(m[queue + y.QUEUE_HEAD + U(level)])
    return U(m[queue + y.QUEUE_HEAD])


@inner
def account(m, pool, now):
    """Brings the pool's time integrals up to now; called before anything in it changes."""
    span = now - m[pool + y.POOL_LAST]
    if span > 0:
        m[pool + y.POOL_BUSY_NS] += m[pool + y.POOL_BUSY] * span
        m[pool + y.POOL_QUEUE_NS] += m[pool + y.QUEUE_LENGTH] * span
        if m[pool + y.POOL_BUSY] >= m[pool + y.POOL_SLOTS]:
            m[pool + y.POOL_FULL_NS] += span
        m[pool + y.POOL_LAST] = now


@inner
def hold_at(task, depth):
    """Where a task keeps since when it has held its depth-th slot; the first, which most never go beyond, is at hand."""
    return task + y.TASK_HOLD if depth == 0 else task + y.TASK_MORE_HOLDS + U(depth - 1)


@inner
def _take(m, pool, task, now):
    m[pool + y.POOL_BUSY] += 1
    m[pool + y.POOL_GRANTED] += 1
    busy = m[pool + y.POOL_BUSY]
    if busy > m[pool + y.POOL_SECOND_BUSY]:
        m[pool + y.POOL_SECOND_BUSY] = busy
        if busy > m[pool + y.POOL_PEAK_BUSY]:
            m[pool + y.POOL_PEAK_BUSY] = busy
    m[hold_at(task, m[task + y.TASK_HELD])] = now
    m[task + y.TASK_HELD] += 1


@inner
def acquire(m, pool, task):
    """1 the slot is taken, 0 the task is queued, -1 refused."""
    now = m[y.RUN_NOW]
    account(m, pool, now)
    if m[pool + y.POOL_BUSY] < m[pool + y.POOL_SLOTS] and m[pool + y.QUEUE_LENGTH] == 0:
        _take(m, pool, task, now)
        return 1
    if m[pool + y.QUEUE_LENGTH] >= m[pool + y.POOL_QUEUE_LIMIT]:
        m[pool + y.POOL_REFUSED] += 1
        return -1
    level = m[task + y.TASK_PRIORITY] if m[pool + y.POOL_DISCIPLINE] == y.PRIORITY else 0
    enqueue(m, pool, task, level, m[pool + y.POOL_DISCIPLINE] == y.LIFO)
    m[task + y.TASK_QUEUED_AT] = now
    m[pool + y.POOL_WAITED] += 1
    length = m[pool + y.QUEUE_LENGTH]
    if length > m[pool + y.POOL_SECOND_QUEUE]:
        m[pool + y.POOL_SECOND_QUEUE] = length
        if length > m[pool + y.POOL_PEAK_QUEUE]:
            m[pool + y.POOL_PEAK_QUEUE] = length
    return 0


@inner
def leave_pool_queue(m, task):
    """The task stops waiting for a slot (its timeout fired, or it dies)."""
    pool = U(m[task + y.TASK_QUEUE])
    account(m, pool, m[y.RUN_NOW])
    m[pool + y.POOL_WAIT_NS] += m[y.RUN_NOW] - m[task + y.TASK_QUEUED_AT]
    unlink(m, task)


@inner
def grant(m, pool):
    """Gives free slots to the queue; those who get one go to the ready list already holding it."""
    now = m[y.RUN_NOW]
    while m[pool + y.QUEUE_LENGTH] > 0 and m[pool + y.POOL_BUSY] < m[pool + y.POOL_SLOTS]:
        task = first(m, pool)
        leave_pool_queue(m, task)
        _take(m, pool, task, now)
        make_ready(m, y.GO_GRANT, task, m[task + y.TASK_WAIT])


@inner
def release(m, pool, task):
    """Gives back the slot the task took last."""
    now = m[y.RUN_NOW]
    account(m, pool, now)
    m[task + y.TASK_HELD] -= 1
    m[pool + y.POOL_HOLD_NS] += now - m[hold_at(task, m[task + y.TASK_HELD])]
    m[pool + y.POOL_BUSY] -= 1
    if m[pool + y.QUEUE_LENGTH] > 0:
        grant(m, pool)


@inner
def new_token(m):
    """A number that no wake-up, timer or answer in flight carries yet."""
    m[y.RUN_TOKEN] += 1
    return m[y.RUN_TOKEN]
