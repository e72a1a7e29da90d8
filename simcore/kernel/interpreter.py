"""Tasks: how a request becomes work at a unit, calls, waits, fails and answers. docs/semantics.md is the specification.

`run` interprets one task's program until it suspends. Nothing here calls back into `run`: what becomes ready goes to the
ready list, what takes time goes to the event queue, and `advance` takes both from there.
"""

from __future__ import annotations

import math

import numpy as np

from simcore.kernel.events import make_ready, push_arrival, push_task, push_timer
from simcore.kernel.jit import inner, inner_inlined
from simcore.kernel.layout import *
from simcore.kernel.ledger import accounts, effects, intents
from simcore.kernel.ledger import records as ledger
from simcore.kernel.pools import acquire, enqueue, first, leave_pool_queue, new_token, release, unlink
from simcore.kernel.random import combine, name_hash, sample, uniform

_0, _1, _2, _3 = U(0), U(1), U(2), U(3)
_NEXT = INSTRUCTION_SIZE
REDELIVERY_NS = 1_000_000_000
BEGIN = -1  # the task has not run yet
_BUCKETS_BELOW = (
    1023 + 5 - 1
) * 32  # a float's biased exponent of 2^5, where buckets of more than one ns begin, less that octave's own

_DUPLICATE = U(name_hash("duplicate"))
_DUPLICATE_DRAW = U(name_hash("duplicate-draw"))
_REDELIVER = U(name_hash("redeliver"))
_DELAY = U(name_hash("delay"))
_LINK_REQUEST, _LINK_ANSWER = U(name_hash("link-request")), U(name_hash("link-answer"))
_LOSS_REQUEST, _LOSS_ANSWER = U(name_hash("loss-request")), U(name_hash("loss-answer"))
_BALANCE, _ERROR, _GREY, _JITTER = (U(name_hash(x)) for x in ("balance", "error", "grey", "jitter"))
_THINK = U(name_hash("think"))


# --- task records ---------------------------------------------------------------------------------------------------------


@inner
def new_task(m):
    """A task record with nothing held, waited for or decided."""
    k = U(m[H_FREE])
    m[H_FREE] = m[k + T_NEXT]
    m[H_FREE_N] -= 1
    m[H_LIVE] += 1
    m[H_TASKS] += 1
    m[k + T_WAIT], m[k + T_HELD], m[k + T_FLAGS], m[k + T_ATTEMPT] = 0, 0, 0, 0
    m[k + T_QUEUE], m[k + T_CODE], m[k + T_IDEM], m[k + T_TRIES] = 0, 0, 0, 0
    m[k + T_STATE], m[k + T_STARTED], m[k + T_PARENT_PATH] = TRAVELLING, -1, 0
    return k


@inner
def free_task(m, k):
    """The record may be used again."""
    m[k + T_STATE] = FREE
    m[k + T_WAIT] = 0
    m[k + T_NEXT] = m[H_FREE]
    m[H_FREE] = np.int64(k)
    m[H_FREE_N] += 1
    m[H_LIVE] -= 1


@inner
def copy_task(m, k):
    """A second record with the same contents."""
    c = new_task(m)
    for i in range(TASK_SIZE):
        m[c + U(i)] = m[k + U(i)]
    return c


@inner_inlined
def spawn(m, k, site):
    """The callee's task of a call or send at `site` by task k, in its present attempt; not yet on its way."""
    c = new_task(m)
    attempt, path, luck = U(m[k + T_ATTEMPT]), U(m[k + T_PATH]), U(m[k + T_LUCK])
    own_draw, name = U(m[site + X_DRAW]), U(m[site + X_HASH])
    own_path = combine(luck + own_draw if own_draw != _0 else path + name, attempt)
    if attempt != _0:
        luck = combine(luck + name, attempt)
    op, priority = U(m[site + X_OP]), m[site + X_PRIORITY]
    if priority < 0:
        priority = m[k + T_PRIORITY]
    m[c + T_REQUEST], m[c + T_ROOT], m[c + T_ROW], m[c + T_CUSTOMER], m[c + T_REF], m[c + T_ARG] = (
        m[k + T_REQUEST], m[k + T_ROOT], m[k + T_ROW], m[k + T_CUSTOMER], m[k + T_REF], m[k + T_ARG]
    )  # fmt: skip
    m[c + T_PRIORITY], m[c + T_DEADLINE] = priority, NEVER
    m[c + T_PC], m[c + T_OP], m[c + T_SITE] = m[op + O_ENTRY], np.int64(op), np.int64(site)
    m[c + T_PATH], m[c + T_LUCK], m[c + T_PARENT_PATH] = np.int64(own_path), np.int64(luck), np.int64(path)
    return c


# --- attributes and replicas ------------------------------------------------------------------------------------------------


@inner
def value_of(m, f, attribute, u):
    """The value whose running share is the first above u."""
    shares = U(m[attribute + B_FLOATS])
    last = m[attribute + B_N] - 1
    i = 0
    while i < last and f[shares + U(i)] <= u:
        i += 1
    return i


@inner
def attribute_value(m, f, L, rows, attribute, k):
    """Number of the value that attribute has for the task's customer, intent or instrument."""
    scope = m[attribute + B_SCOPE]
    if scope == IS_SESSION:
        return accounts.has_session(L, m[k + T_CUSTOMER])
    if scope == IS_SIDE:
        return intents.side(rows, m[k + T_ROW])
    h = U(m[attribute + B_HASH])
    if scope == OF_CUSTOMER:
        key = combine(h, U(m[k + T_CUSTOMER]))
    elif scope == OF_INTENT:
        key = combine(U(m[k + T_ROOT]), h)
    else:
        key = combine(h, U(intents.instrument(L, rows, m[k + T_ROW], m[k + T_CUSTOMER], U(m[k + T_ROOT]), m[k + T_REF])))
    return value_of(m, f, attribute, uniform(key))


@inner
def pick_unit(m, f, L, rows, service, c):
    """The unit in rotation that takes task c; 0 if there is none."""
    n = m[service + S_ACTIVE_N]
    if n == 0:
        return _0
    active = U(m[service + S_ACTIVE])
    balance = m[service + S_BALANCE]
    if balance == ROUND_ROBIN:
        turn = m[service + S_TURN]
        m[service + S_TURN] = turn + 1
        return U(m[active]) if n == 1 else U(m[active + U(turn % n)])
    if balance == RANDOM:
        return U(m[active + U(math.floor(uniform(combine(U(m[c + T_PATH]) + _BALANCE, _0)) * n))])
    if balance == LEAST_BUSY:
        best = U(m[active])
        for i in range(1, n):
            other = U(m[active + U(i)])
            if m[other + N_LIVE] < m[best + N_LIVE]:
                best = other
        return best
    shard = attribute_value(m, f, L, rows, U(m[service + S_SHARD_ATTRIBUTE]), c) % m[service + S_REPLICAS]
    wanted = m[U(m[service + S_UNITS]) + U(shard)]
    for i in range(n):
        if m[active + U(i)] == wanted:
            return U(wanted)
    return _0


# --- links --------------------------------------------------------------------------------------------------------------------


@inner
def latency(m, f, link, key):
    """How long one direction of a link takes, ns."""
    base = sample(f, U(m[link + L_LATENCY]), key)
    return np.int64(math.floor(base * f[U(m[link + L_FLOATS]) + LF_FACTOR] + 0.5)) + m[link + L_ADD]


@inner
def send_over_link(m, f, c, link, delivery):
    """Puts task c on its way; False if the link loses it."""
    if link == _0:
        make_ready(m, Y_START, c, 0)
        return True
    m[link + L_SENT] += 1
    if m[link + L_CLEAN]:
        make_ready(m, Y_START, c, 0)
        return True
    loss = f[U(m[link + L_FLOATS]) + LF_LOSS_REQUEST]
    path = U(m[c + T_PATH])
    if m[link + L_CUT_REQUEST] or (loss > 0.0 and uniform(combine(path + _LOSS_REQUEST, U(delivery))) < loss):
        m[link + L_LOST_REQUEST] += 1
        return False
    delay = latency(m, f, link, combine(path + _LINK_REQUEST, _0))
    if delay > 0:
        push_task(m, m[H_NOW] + delay, E_DELIVER, c, 0)
    else:
        make_ready(m, Y_START, c, 0)
    return True


@inner
def is_duplicated(m, f, c, link):
    """Does the link send this request twice?"""
    if link == _0 or m[c + T_FLAGS] & F_COPY:
        return False
    share = f[U(m[link + L_FLOATS]) + LF_DUPLICATION]
    return share > 0.0 and uniform(combine(U(m[c + T_PATH]) + _DUPLICATE_DRAW, _0)) < share


@inner
def duplicate_of(m, c):
    """The copy of a request on its way, with luck of its own on the link."""
    copy = copy_task(m, c)
    m[copy + T_PATH] = np.int64(combine(U(m[c + T_PATH]), _DUPLICATE))
    m[copy + T_FLAGS] |= F_COPY
    if m[copy + T_FLAGS] & F_SEND:
        m[copy + T_PARENT], m[copy + T_TOKEN] = m[copy + T_PATH], 0
    return copy


@inner
def send_call(m, f, c, link):
    """The request of a call, and perhaps its duplicate, set out; what the link loses is gone."""
    copy = duplicate_of(m, c) if is_duplicated(m, f, c, link) else _0
    if not send_over_link(m, f, c, link, 0):
        free_task(m, c)
    if copy != _0 and not send_over_link(m, f, copy, link, 0):
        free_task(m, copy)


@inner
def redeliver_later(m, c):
    """A durable message that did not get through is tried again later, with luck of its own."""
    m[c + T_TOKEN] += 1
    m[c + T_PATH] = np.int64(combine(U(m[c + T_PARENT]), _REDELIVER + U(m[c + T_TOKEN])))
    m[c + T_STATE] = TRAVELLING
    token = new_token(m)
    m[c + T_WAIT] = token
    push_task(m, m[H_NOW] + REDELIVERY_NS, E_WAKE, c, token)


@inner
def deliver_send(m, f, c, link):
    """A message goes over its link; what is durable and lost comes again."""
    if not send_over_link(m, f, c, link, m[c + T_TOKEN]):
        if m[c + T_FLAGS] & F_DURABLE:
            redeliver_later(m, c)
        else:
            free_task(m, c)


@inner
def dispatch_send(m, f, L, rows, c):
    """A message sets out for whoever is in rotation now."""
    site = U(m[c + T_SITE])
    m[c + T_WAIT] = 0
    unit = pick_unit(m, f, L, rows, U(m[site + X_SERVICE]), c)
    if unit == _0:
        if m[c + T_FLAGS] & F_DURABLE:
            redeliver_later(m, c)
        else:
            free_task(m, c)
        return
    m[c + T_UNIT] = np.int64(unit)
    link = U(m[site + X_LINK])
    copy = duplicate_of(m, c) if is_duplicated(m, f, c, link) else _0
    deliver_send(m, f, c, link)
    if copy != _0:
        deliver_send(m, f, copy, link)


# --- idempotency keys ---------------------------------------------------------------------------------------------------------


@inner
def find_key(m, key):
    """Handle of the entry of a key, or of the free entry where it would go."""
    base, mask = U(m[H_IDEM]), U(m[H_IDEM_MASK])
    i = U(key) & mask
    free = _0
    while True:
        entry = base + i * IDEM_SIZE
        if m[entry + K_KEY] == key:
            return entry
        if m[entry + K_KEY] == K_REMOVED and free == _0:
            free = entry
        if m[entry + K_KEY] == K_EMPTY:
            return entry if free == _0 else free
        i = (i + _1) & mask


@inner
def look_up_key(m, k):
    """BEGIN: the task is the first of its intent; -2: it waits for the first; otherwise the first's outcome."""
    op = U(m[k + T_OP])
    key = np.int64(combine(U(m[k + T_ROOT]), U(m[op + O_HASH])))
    entry = find_key(m, key)
    known = m[entry + K_KEY] == key
    if known and m[entry + K_OWNER] != 0:
        enqueue(m, entry, k, 0, False)
        m[k + T_WAIT] = new_token(m)
        return -2
    if known and m[entry + K_EXPIRES] >= m[H_NOW]:
        m[k + T_REF], m[k + T_ARG] = m[entry + K_REF], m[entry + K_ARG]
        m[k + T_FLAGS] |= m[entry + K_FLAGS]
        return m[entry + K_CODE]
    if m[entry + K_KEY] == K_EMPTY:
        m[H_IDEM_N] += 1
    for i in range(9):
        m[entry + U(i)] = 0
    m[entry + K_KEY], m[entry + K_OWNER] = key, np.int64(k)
    m[k + T_IDEM] = np.int64(entry)
    return BEGIN


@inner
def complete_key(m, k, code):
    """The first is done: its outcome is kept or forgotten, and those who waited get it."""
    entry = U(m[k + T_IDEM])
    m[k + T_IDEM] = 0
    m[entry + K_OWNER] = 0
    stored = OK if code != OK and code != REJECTED and m[k + T_FLAGS] & F_WROTE else code
    m[entry + K_CODE] = stored
    m[entry + K_EXPIRES] = m[H_NOW] + m[U(m[k + T_OP]) + O_LIFETIME]
    m[entry + K_REF], m[entry + K_ARG] = m[k + T_REF], m[k + T_ARG]
    m[entry + K_FLAGS] = m[k + T_FLAGS] & STICKY
    while m[entry + Q_LENGTH] > 0:
        waiter = first(m, entry)
        unlink(m, waiter)
        m[waiter + T_CODE] = stored
        m[waiter + T_REF], m[waiter + T_ARG] = m[k + T_REF], m[k + T_ARG]
        m[waiter + T_FLAGS] |= m[k + T_FLAGS] & STICKY
        make_ready(m, Y_THAW, waiter, m[waiter + T_WAIT])
    if stored != OK and stored != REJECTED:
        m[entry + K_KEY] = K_REMOVED


# --- the end of a task --------------------------------------------------------------------------------------------------------


@inner
def unwind(m, k, depth):
    """Releases what the task holds beyond the first `depth`, last taken first."""
    chain = U(m[U(m[k + T_PC]) + I_CHAIN])
    unit = U(m[k + T_UNIT])
    while m[k + T_HELD] > depth:
        local = m[chain + U(m[k + T_HELD] - 1)]
        release(m, U(m[unit + N_POOLS + U(local)]), k)


@inner
def bucket(ns):
    """Histogram bucket of a latency: see docs/journal.md. The exponent and five more bits of the number as a float are octave and
    place within it (exact up to 2^53 ns, 104 days)."""
    if ns < 32:
        return ns
    return (np.float64(ns).view(np.int64) >> 47) - _BUCKETS_BELOW


@inner
def note_span(m, k, code):
    """Keeps the hop of a sampled request."""
    every = m[H_SPAN_EVERY]
    if every == 0 or m[k + T_REQUEST] % every != 0:
        return
    at = U(m[H_SPANS]) + U(m[H_SPANS_N]) * SPAN_SIZE
    m[H_SPANS_N] += 1
    m[at], m[at + _1], m[at + _2] = m[k + T_REQUEST], m[k + T_PATH], m[k + T_PARENT_PATH]
    m[at + _3], m[at + U(4)] = m[k + T_UNIT], m[U(m[k + T_OP]) + O_NUMBER]
    m[at + U(5)], m[at + U(6)], m[at + U(7)] = m[k + T_ARRIVED], m[k + T_STARTED], m[H_NOW]
    m[at + U(8)], m[at + U(9)] = code, m[k + T_FLAGS]


@inner
def send_answer(m, f, k, code):
    """The answer of a finished (or refused) task sets out; k stays until it arrives, and is gone if the link loses it."""
    m[k + T_STATE], m[k + T_CODE] = ANSWERING, code
    link = U(m[U(m[k + T_SITE]) + X_LINK])
    if link == _0 or m[link + L_CLEAN]:
        make_ready(m, Y_ANSWER, k, 0)
        return
    loss = f[U(m[link + L_FLOATS]) + LF_LOSS_ANSWER]
    path = U(m[k + T_PATH])
    if m[link + L_CUT_ANSWER] or (loss > 0.0 and uniform(combine(path + _LOSS_ANSWER, _0)) < loss):
        m[link + L_LOST_ANSWER] += 1
        free_task(m, k)
        return
    delay = latency(m, f, link, combine(path + _LINK_ANSWER, _0))
    if delay > 0:
        push_task(m, m[H_NOW] + delay, E_ANSWER, k, 0)
    else:
        make_ready(m, Y_ANSWER, k, 0)


@inner
def goes_on_at_once(m, link):
    """May what crosses the link be handled right away? It takes no time, nothing is before it in the ready list, and there is room
    for one more event (`advance` counts the room)."""
    if m[H_READY_N] == 0 and m[H_ROOM] > 0 and (link == _0 or m[link + L_CLEAN]):
        m[H_ROOM] -= 1
        return True
    return False


@inner
def park(m, k, code):
    """The unit is hung: the task stays where it is, in order, until the thaw. Only the timeout of a caller that has just
    been granted its connection runs on; it then finds the task parked."""
    pc = U(m[k + T_PC])
    if not (m[pc] == C_ACQUIRE and m[pc + I_B] == FOR_CONNECTION and code == OK):
        m[k + T_WAIT] = new_token(m)
    m[k + T_CODE] = code
    enqueue(m, U(m[k + T_UNIT]) + N_PARKED, k, 0, False)


@inner
def client_saw(m, k, code):
    """What the customer knows at the end of an intent: docs/semantics.md, 'What the client saw'."""
    if code == OK:
        return CONFIRMED
    if code == REJECTED:
        return WAS_REJECTED
    if m[k + T_FLAGS] & F_BLOCKED:
        return BLOCKED
    if code == TIMEOUT or code == RESET or m[k + T_FLAGS] & STICKY:
        return UNKNOWN
    return FAILED


@inner
def finish_root(m, f, L, rows, k, code):
    """The intent is over for the customer: counters, row, the next thought of a closed population's client."""
    flow = U(m[k + T_SITE])
    elapsed = m[H_NOW] - m[k + T_ARRIVED]
    saw = client_saw(m, k, code)
    if saw == CONFIRMED:
        m[flow + W_OK] += 1
        m[U(m[flow + W_HISTOGRAM]) + U(bucket(elapsed))] += 1
    elif saw == WAS_REJECTED:
        m[flow + W_REJECTED] += 1
    elif saw == BLOCKED:
        m[flow + W_BLOCKED] += 1
    elif saw == UNKNOWN:
        m[flow + W_UNKNOWN] += 1
    else:
        m[flow + W_FAILED] += 1
    m[flow + W_NS] += elapsed
    m[flow + W_PENDING] -= 1
    if m[k + T_ROW] >= 0:
        intents.answer(L, rows, m[k + T_ROW], m[H_NOW], saw, code, m[k + T_TRIES])
    stream = U(m[k + T_PARENT])
    kind = m[stream + A_KIND]
    if kind == BY_POPULATION:
        think_again(m, f, stream, m[k + T_TOKEN])
    elif kind == BY_PROBE:
        at = U(m[H_PROBES]) + U(m[H_PROBES_N]) * PROBE_SIZE
        m[H_PROBES_N] += 1
        m[at], m[at + _1], m[at + _2], m[at + _3] = m[k + T_TOKEN], code, elapsed, saw
    free_task(m, k)


@inner
def think_again(m, f, stream, client):
    """When the client of a closed population has its next intent."""
    turn = m[U(m[stream + A_CLIENTS]) + U(client)]
    root = combine(U(m[stream + A_HASH]), (U(client) << U(32)) + U(turn))
    at = m[H_NOW] + sample(f, U(m[stream + A_THINK]), combine(root, _THINK))
    push_arrival(m, stream, at, client, client)


@inner_inlined
def finish(m, f, L, rows, k, code):
    """The end of a task, well or ill: releases, completes its key, answers. True if the answer is with the caller at once."""
    unwind(m, k, 0)
    if m[k + T_IDEM] != 0:
        complete_key(m, k, code)
    unit, op = U(m[k + T_UNIT]), U(m[k + T_OP])
    elapsed = m[H_NOW] - m[k + T_ARRIVED]
    m[unit + N_LIVE] -= 1
    m[unit + N_BUSY_NS] += elapsed
    if code == OK or code == REJECTED:
        m[op + O_DONE] += 1
        m[unit + N_DONE] += 1
        m[U(m[op + O_HISTOGRAM]) + U(bucket(elapsed))] += 1
    else:
        m[op + O_FAILED] += 1
        m[unit + N_FAILED] += 1
    note_span(m, k, code)
    flags = m[k + T_FLAGS]
    if flags & F_ROOT:
        finish_root(m, f, L, rows, k, code)
    elif flags & F_SEND:
        end_send(m, k, code)
    elif code == REFUSED and m[unit + N_HUNG]:
        free_task(m, k)
    elif goes_on_at_once(m, U(m[U(m[k + T_SITE]) + X_LINK])):
        m[k + T_CODE] = code
        return True
    else:
        send_answer(m, f, k, code)
    return False


@inner
def end_send(m, k, code):
    """A message has been dealt with, or comes again."""
    if m[k + T_FLAGS] & F_DURABLE and code != OK and code != REJECTED:
        m[k + T_PC] = m[U(m[k + T_OP]) + O_ENTRY]
        m[k + T_FLAGS] &= F_SEND | F_DURABLE | F_COPY
        m[k + T_ATTEMPT] = 0
        redeliver_later(m, k)
    else:
        free_task(m, k)


# --- calls --------------------------------------------------------------------------------------------------------------------


@inner
def note_breaker(m, what, site, index):
    """A breaker changed: a line for the journal."""
    at = U(m[H_LOG]) + U(m[H_LOG_N]) * LOG_SIZE
    m[H_LOG_N] += 1
    m[at], m[at + _1], m[at + _2], m[at + _3] = m[H_NOW], what, m[site + X_NUMBER], index


@inner
def site_state(m, k, site):
    """The state a call site keeps for the unit the task runs at."""
    return U(m[site + X_STATES]) + U(m[U(m[k + T_UNIT]) + N_INDEX]) * SITE_STATE_SIZE


@inner
def may_call(m, k, site):
    """Earns the retry budget and asks the breaker; False when it rejects the attempt."""
    state = site_state(m, k, site)
    if m[k + T_ATTEMPT] == 0 and m[site + X_BUDGET_RATIO] >= 0:
        m[state + D_TOKENS] = min(m[state + D_TOKENS] + m[site + X_BUDGET_RATIO], m[site + X_BUDGET_BURST])
    if m[site + X_WINDOW] == 0 or m[state + D_STATE] == CLOSED:
        return True
    if m[state + D_STATE] == OPEN:
        if m[H_NOW] < m[state + D_OPENED_AT] + m[site + X_OPEN_NS]:
            return False
        m[state + D_STATE], m[state + D_PROBING], m[state + D_SUCCESSES] = HALF_OPEN, 0, 0
        note_breaker(m, LOG_BREAKER_HALF_OPEN, site, m[U(m[k + T_UNIT]) + N_INDEX])
    if m[state + D_PROBING]:
        return False
    m[state + D_PROBING] = 1
    m[k + T_FLAGS] |= F_PROBE
    return True


@inner
def open_breaker(m, k, site, state):
    """The breaker opens and forgets what it counted."""
    m[state + D_STATE], m[state + D_OPENED_AT] = OPEN, m[H_NOW]
    m[state + D_BITS], m[state + D_COUNT], m[state + D_PROBING] = 0, 0, 0
    m[site + X_OPENED] += 1
    note_breaker(m, LOG_BREAKER_OPENED, site, m[U(m[k + T_UNIT]) + N_INDEX])


@inner
def tell_breaker(m, f, k, site, code):
    """An attempt's outcome reaches the breaker: the probe's decides, others count only while it is closed."""
    state = site_state(m, k, site)
    good = code == OK or code == REJECTED
    if m[k + T_FLAGS] & F_PROBE:
        m[k + T_FLAGS] &= ~F_PROBE
        m[state + D_PROBING] = 0
        if not good:
            open_breaker(m, k, site, state)
            return
        m[state + D_SUCCESSES] += 1
        if m[state + D_SUCCESSES] >= m[site + X_PROBES]:
            m[state + D_STATE], m[state + D_BITS], m[state + D_COUNT] = CLOSED, 0, 0
            note_breaker(m, LOG_BREAKER_CLOSED, site, m[U(m[k + T_UNIT]) + N_INDEX])
        return
    if m[state + D_STATE] != CLOSED:
        return
    window = m[site + X_WINDOW]
    bits = ((m[state + D_BITS] << 1) | (0 if good else 1)) & ((1 << window) - 1)
    count = min(m[state + D_COUNT] + 1, window)
    m[state + D_BITS], m[state + D_COUNT] = bits, count
    if count >= m[site + X_MIN_CALLS]:
        failures = 0
        while bits:
            bits &= bits - 1
            failures += 1
        if failures >= f[U(m[site + X_FLOATS]) + XF_FAILURE_RATE] * count:
            open_breaker(m, k, site, state)


@inner
def backoff(m, f, k, site):
    """Wait before the next attempt, ns; -1 if there is none. Spends the budget."""
    state = site_state(m, k, site)
    if m[site + X_BUDGET_RATIO] >= 0:
        if m[state + D_TOKENS] < 1_000_000:
            return -1
        m[state + D_TOKENS] -= 1_000_000
    params = U(m[site + X_FLOATS])
    wait = float(m[site + X_BACKOFF])
    if wait > 0.0:
        for _ in range(m[k + T_ATTEMPT]):
            wait *= f[params + XF_MULTIPLIER]
        wait = min(wait, float(m[site + X_BACKOFF_MAX]))
        jitter = f[params + XF_JITTER]
        if jitter > 0.0:
            key = combine(U(m[k + T_PATH]) + U(m[site + X_HASH]) + _JITTER, U(m[k + T_ATTEMPT]))
            wait *= 1.0 - jitter * uniform(key)
    return np.int64(math.floor(wait + 0.5))


@inner
def issue(m, f, L, rows, k, site):
    """Starts the attempt's timeout if it does not run yet and sends the request: the callee's task if it can begin at once, the
    caller's own if it is on its way, 0 if no replica is there to take it."""
    m[site + X_TRIES] += 1
    if m[k + T_FLAGS] & F_ROOT:
        m[k + T_TRIES] += 1
    if not m[site + X_ARMED]:
        arm(m, k, site)
    c = spawn(m, k, site)
    m[c + T_PARENT], m[c + T_TOKEN] = np.int64(k), m[k + T_WAIT]
    if m[H_PROPAGATE]:
        m[c + T_DEADLINE] = min(m[k + T_DEADLINE], m[k + T_EXPIRY])
    unit = pick_unit(m, f, L, rows, U(m[site + X_SERVICE]), c)
    if unit == _0:
        free_task(m, c)
        m[k + T_WAIT] = 0
        return _0
    m[c + T_UNIT] = np.int64(unit)
    link = U(m[site + X_LINK])
    if goes_on_at_once(m, link):
        if link != _0:
            m[link + L_SENT] += 1
        return c
    send_call(m, f, c, link)
    return k


@inner_inlined
def arm(m, k, site):
    """The timeout of an attempt begins."""
    token = new_token(m)
    m[k + T_WAIT] = token
    m[k + T_EXPIRY] = NEVER
    if m[site + X_TIMEOUT] >= 0:
        expiry = m[H_NOW] + m[site + X_TIMEOUT]
        m[k + T_EXPIRY] = expiry
        push_timer(m, U(m[site + X_RING]), expiry, k, token)


@inner
def pass_limit(m, limit):
    """Generic cell rate algorithm: 0 passes now, a time to wait in ns, or -1 refused."""
    now = m[H_NOW]
    next_at = max(m[limit + R_NEXT], now)
    wait = next_at - m[limit + R_TOLERANCE] - now
    if wait > 0:
        if not m[limit + R_DEFERS] or wait > m[limit + R_MAX_WAIT]:
            m[limit + R_REFUSED] += 1
            return -1
        m[limit + R_DEFERRED] += 1
    m[limit + R_PASSED] += 1
    m[limit + R_NEXT] = next_at + m[limit + R_INTERVAL]
    return max(wait, 0)


@inner
def work_ns(m, f, k, pc):
    """How long a work step takes, as it begins; the unit's count of working tasks already includes this one."""
    unit = U(m[k + T_UNIT])
    knobs = U(m[unit + N_FLOATS])
    base = step_ns(m, f, k, pc)
    duration = base * f[knobs + NF_SLOW]
    contention = f[knobs + NF_CONTENTION]
    if contention > 0.0:
        duration *= 1.0 + contention * (m[unit + N_WORKING] - 1)
    if m[unit + N_SPECIAL]:
        share = f[knobs + NF_GREY]
        if share > 0.0 and uniform(combine(U(m[k + T_PATH]) + _GREY, _0)) < share:
            duration *= f[knobs + NF_GREY_FACTOR]
    return np.int64(math.floor(duration + 0.5))


@inner
def step_ns(m, f, k, pc):
    """The draw of a work or wait step: by the task's path, or by its luck when the step names its draw."""
    own = U(m[k + T_LUCK]) if m[pc + I_B] else U(m[k + T_PATH])
    return sample(f, U(m[pc + I_A]), combine(own + U(m[pc + I_HASH]), _0))


# --- the interpreter ------------------------------------------------------------------------------------------------------------


@inner
def answer_code(m, pc, code):
    """What a failed task tells its caller: see the table of codes in docs/semantics.md."""
    if code == REJECTED or code == DEADLINE:
        return code
    instruction = m[pc]
    if instruction == C_BEGIN:
        return code
    if code == REFUSED and instruction == C_ACQUIRE:
        return REFUSED
    if code == RATE_LIMITED and instruction == C_LIMIT:
        return RATE_LIMITED
    return ERROR


@inner
def suspend(m, k, pc):
    """Where the task will go on."""
    m[k + T_PC] = np.int64(pc)


@inner
def sleep(m, k, pc, ns, event_class):
    """The task goes on in `ns`."""
    token = new_token(m)
    m[k + T_PC], m[k + T_WAIT] = np.int64(pc), token
    push_task(m, m[H_NOW] + ns, event_class, k, token)


@inner
def after_wait(m, pc):
    """The instruction that follows one that was waited at, and that went well."""
    waited_at = m[pc]
    if waited_at == C_ISSUE:
        return pc + (_NEXT + _NEXT if m[pc + I_B] else _NEXT)
    return U(m[pc + I_A]) if waited_at == C_END else pc + _NEXT


@inner_inlined
def run(m, f, L, rows, k, code):
    """Runs a task, and whom it calls or answers without delay, until one suspends. `code` is BEGIN for a task that has not run
    yet, else how the instruction it waited at went."""
    now = m[H_NOW]
    while True:
        pc, unit = U(m[k + T_PC]), U(m[k + T_UNIT])
        goes_on = True
        if code == BEGIN:
            code = OK
        elif m[pc] == C_BEGIN:  # the first request with this key is done: its outcome is ours
            goes_on = False
        elif code == OK:
            if m[pc] == C_ACQUIRE and m[k + T_QUEUED_AT] >= 0 and now >= m[k + T_DEADLINE]:
                code = DEADLINE
            else:
                pc = after_wait(m, pc)
        while goes_on:
            if code != OK:
                m[k + T_WAIT] = 0  # a timer that still runs has nothing to end
                handler = U(m[pc + I_HANDLER])
                if handler == _0:
                    break
                m[k + T_PC] = np.int64(pc)
                unwind(m, k, m[handler + I_DEPTH])
                pc = handler
            instruction = m[pc]
            if instruction >= C_WORK and now >= m[k + T_DEADLINE]:
                code = DEADLINE
                break
            if instruction == C_ACQUIRE:
                if m[pc + I_C] and now >= m[k + T_DEADLINE]:
                    code = DEADLINE
                    break
                taken = acquire(m, U(m[unit + N_POOLS + U(m[pc + I_A])]), k)
                if taken > 0:
                    if m[unit + N_HUNG]:
                        m[k + T_QUEUED_AT] = -1
                        suspend(m, k, pc)
                        park(m, k, OK)
                        return
                    pc += _NEXT
                elif taken == 0:
                    suspend(m, k, pc)
                    if m[pc + I_B] != FOR_CONNECTION:
                        m[k + T_WAIT] = new_token(m)
                    return
                else:
                    code = BULKHEAD_FULL if m[pc + I_B] == FOR_BULKHEAD else REFUSED
            elif instruction == C_WORK:
                m[unit + N_WORKING] += 1
                ns = work_ns(m, f, k, pc)
                if ns > 0:
                    m[k + T_FLAGS] |= F_WORKING
                    sleep(m, k, pc, ns, E_WORK)
                    return
                m[unit + N_WORKING] -= 1
                pc += _NEXT
            elif instruction == C_ISSUE:
                c = issue(m, f, L, rows, k, U(m[pc + I_A]))
                if c == _0:
                    code = REFUSED
                    continue
                suspend(m, k, pc)
                if c == k or not arrive_at_unit(m, f, c):
                    return
                k, pc, unit = c, U(m[c + T_PC]), U(m[c + T_UNIT])
            elif instruction == C_END:
                after = end_attempt(m, f, k, pc, U(m[pc + I_C]), code)
                if after == 0:
                    break
                code = OK
                if after < 0:
                    return
                pc = U(after)
            elif instruction == C_RELEASE:
                release(m, U(m[unit + N_POOLS + U(m[pc + I_A])]), k)
                pc += _NEXT
            elif instruction == C_RETURN:
                break
            elif instruction == C_BEGIN:
                suspend(m, k, pc)
                code = begin(m, f, k, unit)
                if code == -2:
                    return
                if code != BEGIN:
                    break
                code = OK
                pc += _NEXT
            elif instruction == C_TRY:
                if may_call(m, k, U(m[pc + I_A])):
                    pc += _NEXT
                else:
                    code = BREAKER_OPEN
            elif instruction == C_ARM:
                arm(m, k, U(m[pc + I_A]))
                pc += _NEXT
            elif instruction == C_SEND:
                start_send(m, f, L, rows, k, U(m[pc + I_A]))
                pc += _NEXT
            elif instruction == C_EFFECT:
                code = effects.apply(
                    L, rows, m[pc + I_A], now, U(m[k + T_ROOT]), m[k + T_ROW], m[k + T_CUSTOMER], m[k + T_REF], m[k + T_ARG]
                )
                m[k + T_REF], m[k + T_ARG] = L[ledger.OUT_REF], L[ledger.OUT_ARG]
                if code == OK:
                    if m[pc + I_B]:
                        m[k + T_FLAGS] |= F_TOUCHED | F_WROTE
                    pc += _NEXT
            elif instruction == C_ROUTE:
                value = attribute_value(m, f, L, rows, U(m[pc + I_A]), k)
                branch = U(m[U(m[pc + I_B]) + U(value)])
                if branch == _0:
                    code = ERROR
                else:
                    pc = branch
            elif instruction == C_CHOOSE:
                u = uniform(combine(U(m[k + T_PATH]) + U(m[pc + I_HASH]), _0))
                i, n = 0, m[pc + I_C]
                while i < n and f[U(m[pc + I_A]) + U(i)] <= u:
                    i += 1
                pc = U(m[U(m[pc + I_B]) + U(i)])
            elif instruction == C_LIMIT:
                wait = pass_limit(m, U(m[unit + N_POOLS + U(m[pc + I_A])]))
                if wait > 0:
                    sleep(m, k, pc, wait, E_WAKE)
                    return
                if wait < 0:
                    code = RATE_LIMITED
                else:
                    pc += _NEXT
            elif instruction == C_WAIT:
                ns = step_ns(m, f, k, pc)
                if ns > 0:
                    sleep(m, k, pc, ns, E_WORK)
                    return
                pc += _NEXT
            elif instruction == C_JUMP:
                pc = U(m[pc + I_A])
            elif instruction == C_GATE:
                if m[unit + N_HUNG]:
                    suspend(m, k, pc)
                    park(m, k, OK)
                    return
                pc += _NEXT
            else:  # C_FAIL
                code = m[pc + I_A]
        m[k + T_WAIT] = 0
        suspend(m, k, pc)
        if code != OK and not m[k + T_FLAGS] & F_ROOT:
            code = answer_code(m, pc, code)
        if not finish(m, f, L, rows, k, code):
            return
        c, k = k, U(m[k + T_PARENT])
        code = take_answer(m, c)
        if code == BEGIN or not resumes(m, k, code):
            return


@inner
def end_attempt(m, f, k, pc, site, code):
    """After an attempt: where to go on (an instruction's handle), -1 asleep before the next attempt, 0 the task fails."""
    if m[site + X_WINDOW] and code != BREAKER_OPEN:
        tell_breaker(m, f, k, site, code)
    after = m[pc + I_B]
    if code == OK:
        m[k + T_ATTEMPT] = 0
        return after
    m[k + T_CODE] = code
    m[site + X_FAILURES] += 1
    if code == TIMEOUT:
        m[site + X_TIMEOUTS] += 1
    if m[site + X_RETRY_ON] >> code & 1 and m[k + T_ATTEMPT] + 1 < m[site + X_ATTEMPTS]:
        wait = backoff(m, f, k, site)
        if wait >= 0:
            m[k + T_ATTEMPT] += 1
            m[site + X_RETRIES] += 1
            if wait == 0:
                return m[pc + I_A]
            sleep(m, k, pc, wait, E_WAKE)
            return -1
    m[k + T_ATTEMPT] = 0
    if code == REJECTED:
        return 0
    if m[site + X_FALLBACK] != 0:
        m[site + X_FALLBACKS] += 1
        return m[site + X_FALLBACK]
    if m[site + X_ON_FAILURE] == ON_IGNORE:
        return after
    if m[site + X_ON_FAILURE] == ON_BLOCK:
        m[k + T_FLAGS] |= F_BLOCKED
    return 0


@inner
def begin(m, f, k, unit):
    """Before the first step: the unit's errors, then the idempotency key. BEGIN: go on; -2: wait; else the outcome."""
    m[k + T_STARTED] = m[H_NOW]
    if m[unit + N_SPECIAL]:
        share = f[U(m[unit + N_FLOATS]) + NF_ERROR]
        if share > 0.0 and uniform(combine(U(m[k + T_PATH]) + _ERROR, _0)) < share:
            return ERROR
    if m[U(m[k + T_OP]) + O_LIFETIME] >= 0:
        return look_up_key(m, k)
    return BEGIN


@inner
def start_send(m, f, L, rows, k, site):
    """A message of task k begins its life."""
    m[site + X_TRIES] += 1
    c = spawn(m, k, site)
    m[c + T_FLAGS] = F_SEND | (F_DURABLE if m[site + X_DURABLE] else 0)
    m[c + T_PARENT], m[c + T_TOKEN] = m[c + T_PATH], 0
    delay = 0
    if m[site + X_DELAY] != 0:
        delay = sample(f, U(m[site + X_DELAY]), combine(U(m[c + T_PATH]) + _DELAY, _0))
    if delay > 0:
        m[c + T_WAIT] = new_token(m)
        push_task(m, m[H_NOW] + delay, E_WAKE, c, m[c + T_WAIT])
    else:
        dispatch_send(m, f, L, rows, c)


# --- what events do to tasks ----------------------------------------------------------------------------------------------------


@inner
def arrive_at_unit(m, f, c):
    """A request or message reaches its unit; True if its task may run."""
    unit = U(m[c + T_UNIT])
    if m[unit + N_UP]:
        m[c + T_STATE], m[c + T_ARRIVED] = LIVE, m[H_NOW]
        m[unit + N_LIVE] += 1
        return True
    if not m[c + T_FLAGS] & F_SEND:
        send_answer(m, f, c, REFUSED)
    elif m[c + T_FLAGS] & F_DURABLE:
        enqueue(m, unit + N_PARKED, c, 0, False)
    else:
        free_task(m, c)
    return False


@inner
def take_answer(m, c):
    """An answer reaches its caller: the outcome if it still waits for this attempt, BEGIN if it does not."""
    k = U(m[c + T_PARENT])
    code = m[c + T_CODE]
    waits = m[k + T_WAIT] == m[c + T_TOKEN]
    if waits:
        m[k + T_FLAGS] |= m[c + T_FLAGS] & STICKY
        if code == RESET and m[U(m[c + T_OP]) + O_EFFECTS]:
            m[k + T_FLAGS] |= F_DOUBT
        if code == OK:
            m[k + T_REF], m[k + T_ARG] = m[c + T_REF], m[c + T_ARG]
    free_task(m, c)
    return code if waits else BEGIN


@inner
def time_out(m, k):
    """A timeout fires. True: the task goes on with it now; False: it is parked and will at the thaw."""
    pc = U(m[k + T_PC])
    if m[pc] == C_ISSUE:
        if m[U(m[U(m[pc + I_A]) + X_OP]) + O_EFFECTS]:
            m[k + T_FLAGS] |= F_DOUBT
    elif m[k + T_QUEUE] == np.int64(U(m[k + T_UNIT]) + N_PARKED):
        m[k + T_CODE] = TIMEOUT
        return False
    else:
        leave_pool_queue(m, k)
    return True


@inner
def resumes(m, k, code):
    """The task's wait is over; False if its unit is hung and it is parked instead."""
    m[k + T_WAIT] = m[k + T_WAIT] if code == OK and m[U(m[k + T_PC])] == C_ACQUIRE else 0
    unit = U(m[k + T_UNIT])
    if m[k + T_FLAGS] & F_WORKING:
        m[k + T_FLAGS] &= ~F_WORKING
        m[unit + N_WORKING] -= 1
    if m[unit + N_HUNG]:
        park(m, k, code)
        return False
    return True


@inner
def kill(m, f, k):
    """Dies with its unit: gives back what it holds; its caller gets a reset, a durable message waits for the unit."""
    unit = U(m[k + T_UNIT])
    if m[k + T_QUEUE] != 0:
        pc = U(m[k + T_PC])
        if m[pc] == C_ACQUIRE and m[k + T_QUEUE] != np.int64(unit + N_PARKED):
            leave_pool_queue(m, k)
        else:
            unlink(m, k)
    if m[k + T_FLAGS] & F_WORKING:
        m[unit + N_WORKING] -= 1
    m[k + T_WAIT] = 0
    unwind(m, k, 0)
    if m[k + T_IDEM] != 0:
        complete_key(m, k, RESET)
    m[unit + N_LIVE] -= 1
    m[unit + N_FAILED] += 1
    m[U(m[k + T_OP]) + O_FAILED] += 1
    note_span(m, k, RESET)
    if not m[k + T_FLAGS] & F_SEND:
        m[k + T_FLAGS] &= STICKY
        send_answer(m, f, k, RESET)
    elif m[k + T_FLAGS] & F_DURABLE:
        m[k + T_FLAGS] &= F_SEND | F_DURABLE | F_COPY
        m[k + T_TOKEN] += 1
        m[k + T_PATH] = np.int64(combine(U(m[k + T_PARENT]), _REDELIVER + U(m[k + T_TOKEN])))
        m[k + T_PC], m[k + T_ATTEMPT], m[k + T_STATE] = m[U(m[k + T_OP]) + O_ENTRY], 0, TRAVELLING
        enqueue(m, unit + N_PARKED, k, 0, False)
    else:
        free_task(m, k)
