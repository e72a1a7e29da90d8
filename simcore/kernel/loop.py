"""The data plane's one entrance: `advance` takes events until a time, a watch, or a buffer that Python must see to."""

from __future__ import annotations

import math

import numpy as np

from simcore.kernel.events import expire_timers, next_time, push_arrival
from simcore.kernel.interpreter import (
    BEGIN,
    arrive_at_unit,
    dispatch_send,
    kill,
    new_task,
    resumes,
    run,
    take_answer,
    think_again,
    time_out,
    value_of,
)
from simcore.kernel.jit import entry, inner
from simcore.kernel.layout import *
from simcore.kernel.ledger import intents
from simcore.kernel.ledger import records as ledger
from simcore.kernel.pools import grant
from simcore.kernel.random import combine, draw, name_hash, sample, uniform

_0, _1, _2 = U(0), U(1), U(2)
_GAP, _THIN, _CUSTOMER, _FOLLOWS, _AFTER = (U(name_hash(x)) for x in ("gap", "thin", "customer", "follows", "after"))
_MINUTE, _SECOND = 60_000_000_000, 1_000_000_000
NOBODY = _0


# --- arrivals ---------------------------------------------------------------------------------------------------------------


@inner
def schedule_by_rate(m, f, stream, t):
    """The stream's next intent after time t: an exponential gap in the integral of the rate."""
    root = combine(U(m[stream + A_HASH]), U(m[stream + A_NEXT]))
    gap = -math.log(uniform(combine(root, _GAP)))
    factor = f[U(m[stream + A_FLOATS]) + AF_FACTOR]
    minute = t // _MINUTE
    last = m[stream + A_FIRST_MINUTE] + m[stream + A_MINUTES]
    while minute < last:
        rate = f[U(m[stream + A_RATES]) + U(minute - m[stream + A_FIRST_MINUTE])] * factor
        end = (minute + 1) * _MINUTE
        room = rate * (end - t) / 1e9
        if gap <= room:
            push_arrival(m, stream, t + np.int64(math.floor(gap / rate * 1e9 + 0.5)), 0, m[stream + A_TOKEN])
            return
        gap -= room
        t = end
        minute += 1


@inner
def customer_of(m, f, root):
    """Vose's alias method over the accounts' activity."""
    n = m[H_CUSTOMERS]
    if n <= 1:
        return 0
    key = combine(root, _CUSTOMER)
    bucket = np.int64(math.floor(uniform(key) * n))
    at = U(m[H_ALIAS]) + U(bucket) + U(bucket)
    return bucket if draw(key, _1) < f[at] else np.int64(f[at + _1])


@inner
def arrive(m, f, L, rows, stream, token):
    """An intent begins: its root task, or NOBODY if it was thinned out. The stream's next arrival is scheduled."""
    kind, n = m[stream + A_KIND], m[stream + A_NEXT]
    customer, listed = 0, False
    if kind == BY_POPULATION:
        turn = U(m[stream + A_CLIENTS]) + U(token)
        n = (token << 32) + m[turn]
        m[turn] += 1
        m[stream + A_NEXT] += 1
    elif kind == BY_FOLLOWING:
        n = token
        customer, listed = customer_of(m, f, combine(U(m[U(m[stream + A_FOLLOWED]) + A_HASH]), U(n))), True
    else:
        m[stream + A_NEXT] = n + 1
        if kind == BY_RATE:
            schedule_by_rate(m, f, stream, m[H_NOW])
        elif kind == BY_BACKLOG and n + 1 < m[stream + A_LIST_N]:
            push_arrival(m, stream, m[stream + A_FIRST_MINUTE] + (n + 1) * m[stream + A_OVER] // m[stream + A_LIST_N], 0, 0)
        elif kind == BY_LIST:
            i = n - m[stream + A_OVER]  # the list begins with intent A_OVER
            entry = U(m[stream + A_LIST]) + U(i) + U(i)
            customer, listed = m[entry + _1], True
            if i + 1 < m[stream + A_LIST_N]:
                push_arrival(m, stream, m[entry + _2], 0, m[stream + A_TOKEN])
    root = combine(U(m[stream + A_HASH]), U(n))
    if kind == BY_RATE:
        keep = f[U(m[stream + A_FLOATS]) + AF_THIN]
        if keep < 1.0 and uniform(combine(root, _THIN)) >= keep:
            return NOBODY
    if m[stream + A_FOLLOWER] != 0:
        schedule_follower(m, f, U(m[stream + A_FOLLOWER]), root, n)
    if not listed:
        customer = customer_of(m, f, root)
    return begin_intent(m, L, rows, stream, root, customer, token)


@inner
def schedule_follower(m, f, follower, root, n):
    """What may follow intent n, whose root this is, by the same customer: same number, a stream of its own."""
    where = U(m[follower + A_WHERE])
    if where != _0 and value_of(m, f, where, uniform(combine(root, U(m[where + B_HASH])))) != m[follower + A_VALUE]:
        return
    own = combine(U(m[follower + A_HASH]), U(n))
    if uniform(combine(own, _FOLLOWS)) < f[U(m[follower + A_FLOATS]) + AF_SHARE]:
        push_arrival(m, follower, m[H_NOW] + sample(f, U(m[follower + A_DELAY]), combine(own, _AFTER)), 0, n)


@inner
def begin_intent(m, L, rows, stream, root, customer, token):
    """The root task of an intent, and its row if the flow keeps rows."""
    flow = U(m[stream + A_FLOW])
    m[H_REQUESTS] += 1
    m[flow + W_STARTED] += 1
    m[flow + W_PENDING] += 1
    k = new_task(m)
    unit, op = U(m[H_CLIENT_UNIT]), U(m[flow + W_OP])
    m[k + T_PC], m[k + T_OP], m[k + T_UNIT], m[k + T_SITE] = m[op + O_ENTRY], np.int64(op), np.int64(unit), np.int64(flow)
    m[k + T_PARENT], m[k + T_TOKEN] = np.int64(stream), token
    m[k + T_REQUEST] = m[H_REQUESTS]
    m[k + T_ROOT] = m[k + T_PATH] = m[k + T_LUCK] = np.int64(root)
    m[k + T_CUSTOMER], m[k + T_ROW], m[k + T_REF], m[k + T_ARG] = customer, -1, 0, 0
    m[k + T_PRIORITY], m[k + T_DEADLINE], m[k + T_ARRIVED] = m[flow + W_PRIORITY], NEVER, m[H_NOW]
    m[k + T_FLAGS], m[k + T_STATE], m[k + T_STARTED] = F_ROOT, LIVE, m[H_NOW]
    m[unit + N_LIVE] += 1
    if m[flow + W_RECORD]:
        m[k + T_ROW] = m[H_ROWS_N]
        m[H_ROWS_N] += 1
        intents.new_intent(L, rows, m[k + T_ROW], m[H_NOW], m[flow + W_NUMBER], m[flow + W_KIND], root, customer)
        rows[U(m[k + T_ROW]) * U(ledger.ROW_STRIDE) + ledger.ROW_REQUEST] = m[H_REQUESTS]
    return k


# --- housekeeping -------------------------------------------------------------------------------------------------------------


@inner
def room(m, L):
    """How many events can surely be taken before some buffer is full; each uses at most the reserve of any of them."""
    if m[H_RING_FULL]:
        return -1
    reserve = m[H_RESERVE]
    free = min(
        m[H_FREE_N], m[H_HEAP_CAP] - m[H_HEAP_N] - m[H_LIVE], m[H_SPANS_CAP] - m[H_SPANS_N], m[H_LOG_CAP] - m[H_LOG_N],
        m[H_ROWS_CAP] - m[H_ROWS_N], m[H_PROBES_CAP] - m[H_PROBES_N], m[H_IDEM_MASK] // 2 - m[H_IDEM_N],
        (L.shape[0] - L[ledger.TOP]) // ledger.EFFECT_WORDS,
    )  # fmt: skip
    return free // reserve - 1


@inner
def roll_second(m):
    """Copies the columns at the end of a second; the peaks of the next second start from what is there now."""
    at = U(m[H_SERIES]) + U(m[H_SERIES_N]) * U(m[H_COLUMNS_N])
    columns = U(m[H_COLUMNS])
    for i in range(m[H_COLUMNS_N]):
        m[at + U(i)] = m[U(m[columns + U(i)])]
    m[H_SERIES_N] += 1
    peaks = U(m[H_PEAKS])
    for i in range(m[H_PEAKS_N]):
        pool = U(m[peaks + U(i)])
        m[pool + P_SECOND_BUSY], m[pool + P_SECOND_QUEUE] = m[pool + P_BUSY], m[pool + Q_LENGTH]
    m[H_SECOND] += _SECOND


@inner
def watched(m):
    """Has a watched quantity reached its threshold?"""
    for i in range(m[H_WATCHES_N]):
        watch = U(m[H_WATCHES]) + U(i) + U(i)
        if m[U(m[watch])] >= m[watch + _1]:
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
def look(m, f, scrape, now):
    """One look of a scrape: what it saw, and whether somebody is woken by it."""
    of = sum_at(m, U(m[scrape + C_OF]), m[scrape + C_OF_N])
    to = sum_at(m, U(m[scrape + C_TO]), m[scrape + C_TO_N])
    kind, floats = m[scrape + C_KIND], U(m[scrape + C_FLOATS])
    data, value = False, 0.0
    if m[scrape + C_AT] >= 0:
        m[scrape + C_TURNS] += 1
        m[scrape + C_NS] = now - m[scrape + C_AT]
        m[scrape + C_OF_GREW], m[scrape + C_TO_GREW] = of - m[scrape + C_OF_SUM], to - m[scrape + C_TO_SUM]
        if kind == C_RATE:
            data, value = True, float(m[scrape + C_OF_GREW]) * _SECOND / float(m[scrape + C_NS])
        elif kind == C_RATIO and m[scrape + C_TO_GREW] >= f[floats + CF_LEAST]:
            data, value = True, float(m[scrape + C_OF_GREW]) / float(m[scrape + C_TO_GREW])
    if kind == C_GAUGE:
        m[scrape + C_NS], m[scrape + C_OF_GREW] = 0, of
        data, value = True, float(of)
    m[scrape + C_AT], m[scrape + C_OF_SUM], m[scrape + C_TO_SUM] = now, of, to
    m[scrape + C_DUE] = now + m[scrape + C_EVERY]
    beyond = data and (value > f[floats + CF_ABOVE] or value < f[floats + CF_BELOW])
    return m[scrape + C_WAKE] == WAKE_ALWAYS or (beyond and m[scrape + C_WAKE] == WAKE_BEYOND)


@inner
def take_looks(m, f):
    """All looks that are due at the instant the first one is; whether any of them wakes somebody."""
    now, nearest, woken = m[H_SCRAPE_DUE], NEVER, False
    m[H_NOW] = now
    scrape = U(m[H_SCRAPES])
    while scrape != NOBODY:
        if m[scrape + C_DUE] == now and look(m, f, scrape, now):
            m[scrape + C_FIRED] = 1
            woken = True
        nearest = min(nearest, m[scrape + C_DUE])
        scrape = U(m[scrape + C_NEXT])
    m[H_SCRAPE_DUE] = nearest
    return woken


@entry
def act(m, f, what, who, client):
    """What a control action does at once: kill a task, grant the free slots of a pool, begin a stream of arrivals or that of one
    client of a closed population, begin a stream anew because its rate has changed."""
    if what == ACT_KILL:
        kill(m, f, who)
    elif what == ACT_GRANT:
        grant(m, who)
    elif what == ACT_CLIENT:
        think_again(m, f, who, client)
    elif what == ACT_FIRST:
        schedule_by_rate(m, f, who, m[H_NOW])
    else:
        m[who + A_TOKEN] += 1
        m[who + A_NEXT] += 1
        schedule_by_rate(m, f, who, m[H_NOW])


# --- the loop -----------------------------------------------------------------------------------------------------------------


@inner
def take_ready(m, f):
    """Takes the first of the ready list: the task to run (or NOBODY) and the code it goes on with."""
    slot = U(m[H_READY]) + (U(m[H_READY_AT]) & U(m[H_READY_MASK])) * READY_SIZE
    what, k, token = m[slot], U(m[slot + Y_WHO]), m[slot + Y_TOKEN]
    m[H_READY_AT] += 1
    m[H_READY_N] -= 1
    if what == Y_START:
        return (k if arrive_at_unit(m, f, k) else NOBODY), BEGIN
    if what == Y_ANSWER:
        caller = U(m[k + T_PARENT])
        code = take_answer(m, k)
        return (caller if code != BEGIN and resumes(m, caller, code) else NOBODY), code
    if m[k + T_WAIT] != token:
        return NOBODY, OK
    code = OK if what == Y_GRANT else m[k + T_CODE]
    return (k if resumes(m, k, code) else NOBODY), code


@inner
def take_event(m, f, L, rows):
    """Takes the first event: the task to run (or NOBODY) and the code it goes on with."""
    top = U(m[H_HEAP])
    what = m[top + V_KEY] >> CLASS_SHIFT
    k, token = U(m[top + V_WHO]), m[top + V_TOKEN]
    m[H_HOLE] = 1
    m[H_EVENTS] += 1
    if what == E_DELIVER:
        return (k if arrive_at_unit(m, f, k) else NOBODY), BEGIN
    if what == E_ANSWER:
        caller = U(m[k + T_PARENT])
        code = take_answer(m, k)
        return (caller if code != BEGIN and resumes(m, caller, code) else NOBODY), code
    if what == E_ARRIVAL:
        if (m[k + A_KIND] == BY_RATE or m[k + A_KIND] == BY_LIST) and token != m[k + A_TOKEN]:
            return NOBODY, OK
        return arrive(m, f, L, rows, k, token), BEGIN
    if m[k + T_WAIT] != token:
        m[H_EVENTS] -= 1  # it was called off; when that is noticed is no fact about the run
        return NOBODY, OK
    if what == E_TIMEOUT:
        return (k if time_out(m, k) and resumes(m, k, TIMEOUT) else NOBODY), TIMEOUT
    if what == E_WAKE and m[k + T_STATE] == TRAVELLING:
        dispatch_send(m, f, L, rows, k)
        return NOBODY, OK
    return (k if resumes(m, k, OK) else NOBODY), OK


@entry
def advance(m, f, L, rows, until):
    """Takes every event before `until` (ns). Returns why it stopped: REACHED, WATCHED, PROBED, SCRAPED, NEED_ROOM, OVER_GUARD.

    m, L, rows: int64 arenas (state, ledger, intent rows); f: float64 arena. What must be seen to at once (a watch, a probe's
    answer, a look that wakes somebody) stops it when the ready list is empty, at the exact time. NEED_ROOM: make room (Machine does)
    and go on; nothing is lost or repeated.
    """
    while True:
        m[H_ROOM] -= 1
        if m[H_ROOM] < 0:
            m[H_ROOM] = room(m, L)
            if m[H_ROOM] < 0:
                return OVER_GUARD if m[H_LIVE] > m[H_GUARD] else NEED_ROOM
        if m[H_READY_N] > 0:
            k, code = take_ready(m, f)
        else:
            t = next_time(m)
            if m[H_WATCHES_N] > 0 and watched(m):
                return WATCHED
            if m[H_PROBES_N] > 0:
                return PROBED
            if m[H_RING_LOW] <= t and m[H_RING_LOW] < until:
                expire_timers(m, min(t, until - 1))
                continue
            if m[H_SCRAPE_DUE] <= t and m[H_SCRAPE_DUE] < min(until, m[H_SECOND]):
                if take_looks(m, f):
                    return SCRAPED
                continue
            if m[H_SECOND] <= min(t, until):
                if m[H_SERIES_N] >= m[H_SERIES_CAP]:
                    return NEED_ROOM
                roll_second(m)
                continue
            if t >= until:
                m[H_NOW] = until
                return REACHED
            m[H_NOW] = t
            k, code = take_event(m, f, L, rows)
        if k != NOBODY:
            run(m, f, L, rows, k, code)
