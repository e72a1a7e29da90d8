"""The data plane's one entrance: `advance` takes events until a time, a watch, or a buffer that Python must see to."""

from __future__ import annotations

import math

import numpy as np

from simcore.kernel import layout as y
from simcore.kernel.events import expire_timers, next_time, push_arrival, push_task
from simcore.kernel.interpreter import (
    BEGIN,
    arrive_at_instance,
    credit,
    dispatch_send,
    kill,
    let_go,
    new_task,
    resumes,
    run,
    take_answer,
    think_again,
    time_out,
    value_of,
)
from simcore.kernel.jit import entry, inner
from simcore.kernel.layout import U
from simcore.kernel.ledger import intents
from simcore.kernel.ledger import records as ledger
from simcore.kernel.pools import grant
from simcore.kernel.random import combine, draw, name_hash, sample, uniform

_0, _1 = U(0), U(1)
_GAP, _THIN, _CUSTOMER, _FOLLOWS, _AFTER = (U(name_hash(x)) for x in ("gap", "thin", "customer", "follows", "after"))
_MINUTE, _SECOND = 60_000_000_000, 1_000_000_000
NOBODY = _0


# --- arrivals ---------------------------------------------------------------------------------------------------------------


@inner
def schedule_by_rate(m, f, stream, t):
    """The stream's next intent after time t: an exponential gap in the integral of the rate."""
    root = combine(U(m[stream + y.STREAM_HASH]), U(m[stream + y.STREAM_NEXT]))
    gap = -math.log(uniform(combine(root, _GAP)))
    factor = f[U(m[stream + y.STREAM_FLOATS]) + y.STREAM_FLOAT_FACTOR]
    minute = t // _MINUTE
    last = m[stream + y.STREAM_FIRST_MINUTE] + m[stream + y.STREAM_MINUTES]
    while minute < last:
        rate = f[U(m[stream + y.STREAM_RATES]) + U(minute - m[stream + y.STREAM_FIRST_MINUTE])] * factor
        end = (minute + 1) * _MINUTE
        in_minute = rate * (end - t) / 1e9
        if gap <= in_minute:
            push_arrival(m, stream, t + np.int64(math.floor(gap / rate * 1e9 + 0.5)), 0, m[stream + y.STREAM_TOKEN])
            return
        gap -= in_minute
        t = end
        minute += 1


@inner
def customer_of(m, f, root):
    """Vose's alias method over the accounts' activity."""
    n = m[y.RUN_CUSTOMERS]
    if n <= 1:
        return 0
    key = combine(root, _CUSTOMER)
    bucket = np.int64(math.floor(uniform(key) * n))
    at = U(m[y.RUN_ALIAS]) + U(bucket) + U(bucket)
    return bucket if draw(key, _1) < f[at] else np.int64(f[at + _1])


@inner
def arrive(m, f, L, rows, stream, token):
    """An arrival of a stream: a customer's intent begins, and the stream's next arrival is scheduled.

    `stream` is the stream's handle; `token` is the client of a closed population, or the intent that is followed. Returns the handle of the
    intent's root task, or NOBODY if the arrival was thinned out because the rate is lower just now.
    """
    kind, n = m[stream + y.STREAM_KIND], m[stream + y.STREAM_NEXT]
    customer, listed = 0, False
    if kind == y.BY_POPULATION:
        turn = U(m[stream + y.STREAM_CLIENTS]) + U(token)
        n = (token << 32) + m[turn]
        m[turn] += 1
        m[stream + y.STREAM_NEXT] += 1
    elif kind == y.BY_FOLLOWING:
        n = token
        customer, listed = customer_of(m, f, combine(U(m[U(m[stream + y.STREAM_FOLLOWED]) + y.STREAM_HASH]), U(n))), True
    else:
        m[stream + y.STREAM_NEXT] = n + 1
        if kind == y.BY_RATE:
            schedule_by_rate(m, f, stream, m[y.RUN_NOW])
        elif kind == y.BY_BACKLOG and n + 1 < m[stream + y.STREAM_LIST_N]:
            push_arrival(
                m,
                stream,
                m[stream + y.STREAM_FIRST_MINUTE] + (n + 1) * m[stream + y.STREAM_OVER] // m[stream + y.STREAM_LIST_N],
                0,
                0,
            )
        elif kind == y.BY_LIST:
            i = n - m[stream + y.STREAM_OVER]  # the list begins with intent A_OVER
            entry = U(m[stream + y.STREAM_LIST]) + U(i) * y.ARRIVAL_SIZE
            customer, listed = m[entry + y.ARRIVAL_CUSTOMER], True
            if i + 1 < m[stream + y.STREAM_LIST_N]:
                push_arrival(m, stream, m[entry + y.ARRIVAL_SIZE + y.ARRIVAL_TIME], 0, m[stream + y.STREAM_TOKEN])
    root = combine(U(m[stream + y.STREAM_HASH]), U(n))
    if kind == y.BY_RATE:
        keep = f[U(m[stream + y.STREAM_FLOATS]) + y.STREAM_FLOAT_THIN]
        kept_away = keep < 1.0 and uniform(combine(root, _THIN)) >= keep
        if kept_away or m[stream + y.STREAM_EXTRA]:
            m[U(m[stream + y.STREAM_FLOW]) + y.FLOW_RATE_CHANGED] += 1
        if m[y.RUN_BANDS_N]:
            credit(m, f, stream, uniform(combine(root, _THIN)))
        if kept_away:
            return NOBODY
    if m[stream + y.STREAM_FOLLOWER] != 0:
        schedule_follower(m, f, U(m[stream + y.STREAM_FOLLOWER]), root, n)
    if not listed:
        customer = customer_of(m, f, root)
    return begin_intent(m, L, rows, stream, root, customer, token)


@inner
def schedule_follower(m, f, follower, root, n):
    """What may follow intent n, whose root this is, by the same customer: same number, a stream of its own."""
    where = U(m[follower + y.STREAM_WHERE])
    if (
        where != _0
        and value_of(m, f, where, uniform(combine(root, U(m[where + y.ATTRIBUTE_HASH])))) != m[follower + y.STREAM_VALUE]
    ):
        return
    own = combine(U(m[follower + y.STREAM_HASH]), U(n))
    if uniform(combine(own, _FOLLOWS)) < f[U(m[follower + y.STREAM_FLOATS]) + y.STREAM_FLOAT_SHARE]:
        push_arrival(m, follower, m[y.RUN_NOW] + sample(f, U(m[follower + y.STREAM_DELAY]), combine(own, _AFTER)), 0, n)


@inner
def begin_intent(m, L, rows, stream, root, customer, token):
    """The root task of an intent, and its row if the flow keeps rows."""
    flow = U(m[stream + y.STREAM_FLOW])
    m[y.RUN_REQUESTS] += 1
    m[flow + y.FLOW_STARTED] += 1
    m[flow + y.FLOW_PENDING] += 1
    k = new_task(m)
    instance, op = U(m[y.RUN_CLIENT]), U(m[flow + y.FLOW_OPERATION])
    m[k + y.TASK_PC], m[k + y.TASK_OPERATION], m[k + y.TASK_INSTANCE], m[k + y.TASK_CALL] = (
        m[op + y.OPERATION_ENTRY],
        np.int64(op),
        np.int64(instance),
        np.int64(flow),
    )
    m[k + y.TASK_PARENT], m[k + y.TASK_TOKEN] = np.int64(stream), token
    m[k + y.TASK_REQUEST] = m[y.RUN_REQUESTS]
    m[k + y.TASK_ROOT] = m[k + y.TASK_PATH] = m[k + y.TASK_DRAW_KEY] = np.int64(root)
    m[k + y.TASK_CUSTOMER], m[k + y.TASK_ROW], m[k + y.TASK_REF], m[k + y.TASK_ARG] = customer, -1, 0, 0
    m[k + y.TASK_PRIORITY], m[k + y.TASK_DEADLINE], m[k + y.TASK_ARRIVED] = m[flow + y.FLOW_PRIORITY], y.NEVER, m[y.RUN_NOW]
    m[k + y.TASK_FLAGS], m[k + y.TASK_STATE], m[k + y.TASK_STARTED] = y.FLAG_ROOT, y.LIVE, m[y.RUN_NOW]
    m[instance + y.INSTANCE_LIVE] += 1
    if m[flow + y.FLOW_RECORD]:
        m[k + y.TASK_ROW] = m[y.RUN_ROWS_N]
        m[y.RUN_ROWS_N] += 1
        intents.new_intent(
            L, rows, m[k + y.TASK_ROW], m[y.RUN_NOW], m[flow + y.FLOW_NUMBER], m[flow + y.FLOW_KIND], root, customer
        )
        rows[U(m[k + y.TASK_ROW]) * U(ledger.ROW_STRIDE) + ledger.ROW_REQUEST] = m[y.RUN_REQUESTS]
    return k


# --- housekeeping -------------------------------------------------------------------------------------------------------------


@inner
def capacity(m, L):
    """How many events can surely be taken before some buffer is full; each uses at most the reserve of any of them."""
    if m[y.RUN_RING_FULL]:
        return -1
    reserve = m[y.RUN_RESERVE]
    free = min(
        m[y.RUN_FREE_N],
        m[y.RUN_HEAP_CAPACITY] - m[y.RUN_HEAP_N] - m[y.RUN_LIVE],
        m[y.RUN_SPANS_CAPACITY] - m[y.RUN_SPANS_N],
        m[y.RUN_LOG_CAPACITY] - m[y.RUN_LOG_N],
        m[y.RUN_ROWS_CAPACITY] - m[y.RUN_ROWS_N],
        m[y.RUN_PROBES_CAPACITY] - m[y.RUN_PROBES_N],
        m[y.RUN_KEYS_MASK] // 2 - m[y.RUN_KEYS_N],
        (L.shape[0] - L[ledger.TOP]) // ledger.EFFECT_WORDS,
    )
    return free // reserve - 1


@inner
def roll_second(m):
    """Copies the columns at the end of a second; the peaks of the next second start from what is there now."""
    at = U(m[y.RUN_SERIES]) + U(m[y.RUN_SERIES_N]) * U(m[y.RUN_COLUMNS_N])
    columns = U(m[y.RUN_COLUMNS])
    for i in range(m[y.RUN_COLUMNS_N]):
        m[at + U(i)] = m[U(m[columns + U(i)])]
    m[y.RUN_SERIES_N] += 1
    peaks = U(m[y.RUN_PEAKS])
    for i in range(m[y.RUN_PEAKS_N]):
        pool = U(m[peaks + U(i)])
        m[pool + y.POOL_SECOND_BUSY], m[pool + y.POOL_SECOND_QUEUE] = m[pool + y.POOL_BUSY], m[pool + y.QUEUE_LENGTH]
    m[y.RUN_SECOND] += _SECOND


@inner
def watched(m):
    """Has a watched quantity reached its threshold?"""
    for i in range(m[y.RUN_WATCHES_N]):
        watch = U(m[y.RUN_WATCHES]) + U(i) * y.WATCH_SIZE
        if m[U(m[watch + y.WATCH_WORD])] >= m[watch + y.WATCH_AT_LEAST]:
            return True
    return False


@inner
def sum_at(m, places, n):
    """The sum of the words that a list of indices names."""
    total = 0
    for i in range(n):
        total += m[U(m[places + U(i)])]
    return total


@inner
def take_sample(m, f, sampler, now):
    """What a sampler sees now; whether that wakes somebody."""
    of = sum_at(m, U(m[sampler + y.SAMPLER_OF]), m[sampler + y.SAMPLER_OF_N])
    to = sum_at(m, U(m[sampler + y.SAMPLER_TO]), m[sampler + y.SAMPLER_TO_N])
    kind, floats = m[sampler + y.SAMPLER_KIND], U(m[sampler + y.SAMPLER_FLOATS])
    data, value = False, 0.0
    if m[sampler + y.SAMPLER_AT] >= 0:
        m[sampler + y.SAMPLER_TURNS] += 1
        m[sampler + y.SAMPLER_NS] = now - m[sampler + y.SAMPLER_AT]
        m[sampler + y.SAMPLER_OF_GREW], m[sampler + y.SAMPLER_TO_GREW] = (
            of - m[sampler + y.SAMPLER_OF_SUM],
            to - m[sampler + y.SAMPLER_TO_SUM],
        )
        if kind == y.SAMPLE_RATE:
            data, value = True, float(m[sampler + y.SAMPLER_OF_GREW]) * _SECOND / float(m[sampler + y.SAMPLER_NS])
        elif kind == y.SAMPLE_RATIO:
            of_grew, to_grew = m[sampler + y.SAMPLER_OF_GREW], m[sampler + y.SAMPLER_TO_GREW]
            data = (max(of_grew, to_grew) if m[sampler + y.SAMPLER_EITHER] else to_grew) >= f[floats + y.SAMPLER_FLOAT_LEAST]
            value = float(of_grew) / float(to_grew) if to_grew > 0 else np.inf
    if kind == y.SAMPLE_GAUGE:
        m[sampler + y.SAMPLER_NS], m[sampler + y.SAMPLER_OF_GREW] = 0, of
        data, value = True, float(of)
    m[sampler + y.SAMPLER_AT], m[sampler + y.SAMPLER_OF_SUM], m[sampler + y.SAMPLER_TO_SUM] = now, of, to
    m[sampler + y.SAMPLER_DUE] = now + m[sampler + y.SAMPLER_EVERY]
    beyond = data and (value > f[floats + y.SAMPLER_FLOAT_ABOVE] or value < f[floats + y.SAMPLER_FLOAT_BELOW])
    return m[sampler + y.SAMPLER_WAKE] == y.WAKE_ALWAYS or (beyond and m[sampler + y.SAMPLER_WAKE] == y.WAKE_BEYOND)


@inner
def take_samples(m, f):
    """All samples that are due at the instant the first one is; whether any of them wakes somebody."""
    now, nearest, woken = m[y.RUN_SAMPLE_DUE], y.NEVER, False
    m[y.RUN_NOW] = now
    sampler = U(m[y.RUN_SAMPLERS])
    while sampler != NOBODY:
        if m[sampler + y.SAMPLER_DUE] == now and take_sample(m, f, sampler, now):
            m[sampler + y.SAMPLER_FIRED] = 1
            woken = True
        nearest = min(nearest, m[sampler + y.SAMPLER_DUE])
        sampler = U(m[sampler + y.SAMPLER_NEXT])
    m[y.RUN_SAMPLE_DUE] = nearest
    return woken


@entry
def act(m, f, what, who, number):
    """What a control action does at once: kill a task, grant the free slots of a pool, begin a stream of arrivals or that of one
    client (`number`) of a closed population, begin a stream again because its rate has changed, go on with a work step for `number` ns,
    or with what a cut held."""
    if what == y.ACT_KILL:
        kill(m, f, who)
    elif what == y.ACT_GRANT:
        grant(m, who)
    elif what == y.ACT_CLIENT:
        think_again(m, f, who, number)
    elif what == y.ACT_FIRST:
        schedule_by_rate(m, f, who, m[y.RUN_NOW])
    elif what == y.ACT_RESUME:
        push_task(m, m[y.RUN_NOW] + number, y.CLASS_WORK, who, m[who + y.TASK_WAIT])
    elif what == y.ACT_LET_GO:
        let_go(m, f, who)
    else:
        m[who + y.STREAM_TOKEN] += 1
        m[who + y.STREAM_NEXT] += 1
        schedule_by_rate(m, f, who, m[y.RUN_NOW])


# --- the loop -----------------------------------------------------------------------------------------------------------------


@inner
def take_ready(m, f):
    """Takes the first of the ready list: the task to run (or NOBODY) and the code it goes on with."""
    slot = U(m[y.RUN_READY]) + (U(m[y.RUN_READY_AT]) & U(m[y.RUN_READY_MASK])) * y.READY_SIZE
    what, k, token = m[slot + y.READY_WHAT], U(m[slot + y.READY_WHO]), m[slot + y.READY_TOKEN]
    m[y.RUN_READY_AT] += 1
    m[y.RUN_READY_N] -= 1
    if what == y.GO_START:
        return (k if arrive_at_instance(m, f, k) else NOBODY), BEGIN
    if what == y.GO_ANSWER:
        caller = U(m[k + y.TASK_PARENT])
        code = take_answer(m, k)
        return (caller if code != BEGIN and resumes(m, caller, code) else NOBODY), code
    if m[k + y.TASK_WAIT] != token:
        return NOBODY, y.OK
    code = y.OK if what == y.GO_GRANT else m[k + y.TASK_CODE]
    return (k if resumes(m, k, code) else NOBODY), code


@inner
def take_event(m, f, L, rows):
    """Takes the first event: the task to run (or NOBODY) and the code it goes on with."""
    top = U(m[y.RUN_HEAP])
    what = m[top + y.EVENT_KEY] >> y.CLASS_SHIFT
    k, token = U(m[top + y.EVENT_WHO]), m[top + y.EVENT_TOKEN]
    m[y.RUN_HOLE] = 1
    m[y.RUN_EVENTS] += 1
    if what == y.CLASS_DELIVER:
        return (k if arrive_at_instance(m, f, k) else NOBODY), BEGIN
    if what == y.CLASS_ANSWER:
        caller = U(m[k + y.TASK_PARENT])
        code = take_answer(m, k)
        return (caller if code != BEGIN and resumes(m, caller, code) else NOBODY), code
    if what == y.CLASS_ARRIVAL:
        if (m[k + y.STREAM_KIND] == y.BY_RATE or m[k + y.STREAM_KIND] == y.BY_LIST) and token != m[k + y.STREAM_TOKEN]:
            return NOBODY, y.OK
        return arrive(m, f, L, rows, k, token), BEGIN
    if m[k + y.TASK_WAIT] != token:
        m[y.RUN_EVENTS] -= 1  # it was called off; when that is noticed is no fact about the run
        return NOBODY, y.OK
    if what == y.CLASS_TIMEOUT:
        code = y.DEADLINE if m[y.RUN_NOW] >= m[k + y.TASK_DEADLINE] else y.TIMEOUT
        return (k if time_out(m, k, code) and resumes(m, k, code) else NOBODY), code
    if what == y.CLASS_WAKE and m[k + y.TASK_STATE] == y.TRAVELLING:
        dispatch_send(m, f, L, rows, k)
        return NOBODY, y.OK
    return (k if resumes(m, k, y.OK) else NOBODY), y.OK


@entry
def advance(m, f, L, rows, until):
    """Takes every event before `until` (ns). Returns why it stopped: REACHED, WATCHED, PROBED, SAMPLED, NEED_CAPACITY, OVER_GUARD.

    m, L, rows: int64 arenas (state, ledger, intent rows); f: float64 arena. What must be seen to at once (a watch, a probe's
    answer, a sample that wakes somebody) stops it when the ready list is empty, at the exact time. NEED_CAPACITY: enlarge the buffers
    (Machine does) and go on; nothing is lost or repeated.
    """
    while True:
        m[y.RUN_CAPACITY] -= 1
        if m[y.RUN_CAPACITY] < 0:
            m[y.RUN_CAPACITY] = capacity(m, L)
            if m[y.RUN_CAPACITY] < 0:
                return y.OVER_GUARD if m[y.RUN_LIVE] > m[y.RUN_GUARD] else y.NEED_CAPACITY
        if m[y.RUN_READY_N] > 0:
            k, code = take_ready(m, f)
        else:
            t = next_time(m)
            if m[y.RUN_WATCHES_N] > 0 and watched(m):
                return y.WATCHED
            if m[y.RUN_PROBES_N] > 0:
                return y.PROBED
            if m[y.RUN_RING_LOW] <= t and m[y.RUN_RING_LOW] < until:
                expire_timers(m, min(t, until - 1))
                continue
            if m[y.RUN_SAMPLE_DUE] <= t and m[y.RUN_SAMPLE_DUE] < min(until, m[y.RUN_SECOND]):
                if take_samples(m, f):
                    return y.SAMPLED
                continue
            if m[y.RUN_SECOND] <= min(t, until):
                if m[y.RUN_SERIES_N] >= m[y.RUN_SERIES_CAPACITY]:
                    return y.NEED_CAPACITY
                roll_second(m)
                continue
            if t >= until:
                m[y.RUN_NOW] = until
                return y.REACHED
            m[y.RUN_NOW] = t
            k, code = take_event(m, f, L, rows)
        if k != NOBODY:
            run(m, f, L, rows, k, code)
