"""Tasks: how a request becomes work at an instance, calls, waits, fails and answers. docs/semantics.md is the specification.

`run` interprets one task's program until it suspends. Nothing here calls back into `run`: what becomes ready goes to the
ready list, what takes time goes to the event queue, and `advance` takes both from there.
"""

from __future__ import annotations

import math

import numpy as np

from simcore.kernel import layout as y
from simcore.kernel.events import make_ready, push_arrival, push_task, push_timer
from simcore.kernel.jit import inner, inner_inlined
from simcore.kernel.layout import U
from simcore.kernel.ledger import accounts, effects, intents
from simcore.kernel.ledger import records as ledger
from simcore.kernel.pools import acquire, enqueue, first, leave_pool_queue, new_token, release, unlink
from simcore.kernel.random import combine, name_hash, sample, uniform

_0, _1, _2 = U(0), U(1), U(2)
_NEXT = y.INSTR_SIZE
REDELIVERY_NS = 1_000_000_000
RETRANSMISSION_NS, RETRANSMISSION_NS_MAX = 200_000_000, 120_000_000_000  # Linux: TCP_RTO_MIN, TCP_RTO_MAX
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
    k = U(m[y.RUN_FREE])
    m[y.RUN_FREE] = m[k + y.TASK_NEXT]
    m[y.RUN_FREE_N] -= 1
    m[y.RUN_LIVE] += 1
    m[y.RUN_TASKS] += 1
    m[k + y.TASK_WAIT], m[k + y.TASK_HELD], m[k + y.TASK_FLAGS], m[k + y.TASK_ATTEMPT] = 0, 0, 0, 0
    m[k + y.TASK_QUEUE], m[k + y.TASK_CODE], m[k + y.TASK_KEY], m[k + y.TASK_TRIES] = 0, 0, 0, 0
    m[k + y.TASK_STATE], m[k + y.TASK_STARTED], m[k + y.TASK_PARENT_PATH] = y.TRAVELLING, -1, 0
    return k


@inner
def free_task(m, k):
    """The record may be used again."""
    m[k + y.TASK_STATE] = y.FREE
    m[k + y.TASK_WAIT] = 0
    m[k + y.TASK_NEXT] = m[y.RUN_FREE]
    m[y.RUN_FREE] = np.int64(k)
    m[y.RUN_FREE_N] += 1
    m[y.RUN_LIVE] -= 1


@inner
def copy_task(m, k):
    """A second record with the same contents."""
    c = new_task(m)
    for i in range(y.TASK_SIZE):
        m[c + U(i)] = m[k + U(i)]
    return c


@inner_inlined
def spawn(m, k, call):
    """The callee's task of a call or send at call site `call` by task k, in its present attempt; not yet on its way."""
    c = new_task(m)
    attempt, path, draw_key = U(m[k + y.TASK_ATTEMPT]), U(m[k + y.TASK_PATH]), U(m[k + y.TASK_DRAW_KEY])
    own_draw, name = U(m[call + y.CALL_DRAW]), U(m[call + y.CALL_HASH])
    own_path = combine(draw_key + own_draw if own_draw != _0 else path + name, attempt)
    if attempt != _0:
        draw_key = combine(draw_key + name, attempt)
    op, priority = U(m[call + y.CALL_OPERATION]), m[call + y.CALL_PRIORITY]
    if priority < 0:
        priority = m[k + y.TASK_PRIORITY]
    m[c + y.TASK_REQUEST], m[c + y.TASK_ROOT], m[c + y.TASK_ROW], m[c + y.TASK_CUSTOMER], m[c + y.TASK_REF], m[c + y.TASK_ARG] = (
        m[k + y.TASK_REQUEST],
        m[k + y.TASK_ROOT],
        m[k + y.TASK_ROW],
        m[k + y.TASK_CUSTOMER],
        m[k + y.TASK_REF],
        m[k + y.TASK_ARG],
    )
    m[c + y.TASK_PRIORITY], m[c + y.TASK_DEADLINE] = priority, y.NEVER
    m[c + y.TASK_PC], m[c + y.TASK_OPERATION], m[c + y.TASK_CALL] = m[op + y.OPERATION_ENTRY], np.int64(op), np.int64(call)
    m[c + y.TASK_PATH], m[c + y.TASK_DRAW_KEY], m[c + y.TASK_PARENT_PATH] = np.int64(own_path), np.int64(draw_key), np.int64(path)
    return c


# --- attributes and replicas ------------------------------------------------------------------------------------------------


@inner
def value_of(m, f, attribute, u):
    """The value whose running share is the first above u."""
    shares = U(m[attribute + y.ATTRIBUTE_FLOATS])
    last = m[attribute + y.ATTRIBUTE_N] - 1
    i = 0
    while i < last and f[shares + U(i)] <= u:
        i += 1
    return i


@inner
def attribute_value(m, f, L, rows, attribute, k):
    """Number of the value that attribute has for the task's customer, intent or instrument."""
    scope = m[attribute + y.ATTRIBUTE_SCOPE]
    if scope == y.IS_SESSION:
        return accounts.has_session(L, m[k + y.TASK_CUSTOMER])
    if scope == y.IS_SIDE:
        return intents.side(rows, m[k + y.TASK_ROW])
    h = U(m[attribute + y.ATTRIBUTE_HASH])
    if scope == y.OF_CUSTOMER:
        key = combine(h, U(m[k + y.TASK_CUSTOMER]))
    elif scope == y.OF_INTENT:
        key = combine(U(m[k + y.TASK_ROOT]), h)
    else:
        key = combine(
            h, U(intents.instrument(L, rows, m[k + y.TASK_ROW], m[k + y.TASK_CUSTOMER], U(m[k + y.TASK_ROOT]), m[k + y.TASK_REF]))
        )
    return value_of(m, f, attribute, uniform(key))


@inner
def least_busy(m, active, n, c):
    """Of the n instances at `active` one with the fewest live tasks; of several one by chance, or an idle service would always ask the
    first."""
    best, ties = U(m[active]), 1
    for i in range(1, n):
        other = U(m[active + U(i)])
        if m[other + y.INSTANCE_LIVE] < m[best + y.INSTANCE_LIVE]:
            best, ties = other, 1
        elif m[other + y.INSTANCE_LIVE] == m[best + y.INSTANCE_LIVE]:
            ties += 1
    if ties == 1:
        return best
    turn = math.floor(uniform(combine(U(m[c + y.TASK_PATH]) + _BALANCE, _0)) * ties)
    least, i = m[best + y.INSTANCE_LIVE], 0
    while True:
        other = U(m[active + U(i)])
        if m[other + y.INSTANCE_LIVE] == least:
            if turn == 0:
                return other
            turn -= 1
        i += 1


@inner
def pick_instance(m, f, L, rows, service, c):
    """The instance in rotation that takes task c; 0 if there is none."""
    n = m[service + y.SERVICE_ACTIVE_N]
    if n == 0:
        return _0
    active = U(m[service + y.SERVICE_ACTIVE])
    balance = m[service + y.SERVICE_BALANCE]
    if balance == y.ROUND_ROBIN:
        turn = m[service + y.SERVICE_TURN]
        m[service + y.SERVICE_TURN] = turn + 1
        return U(m[active]) if n == 1 else U(m[active + U(turn % n)])
    if balance == y.RANDOM:
        return U(m[active + U(math.floor(uniform(combine(U(m[c + y.TASK_PATH]) + _BALANCE, _0)) * n))])
    if balance == y.LEAST_BUSY:
        return least_busy(m, active, n, c)
    shard = attribute_value(m, f, L, rows, U(m[service + y.SERVICE_SHARD_ATTRIBUTE]), c) % m[service + y.SERVICE_REPLICAS]
    wanted = m[U(m[service + y.SERVICE_INSTANCES]) + U(shard)]
    for i in range(n):
        if m[active + U(i)] == wanted:
            return U(wanted)
    return _0


# --- links --------------------------------------------------------------------------------------------------------------------


@inner
def latency(m, f, link, key):
    """How long one direction of a link takes, ns."""
    base = sample(f, U(m[link + y.LINK_LATENCY]), key)
    return np.int64(math.floor(base * f[U(m[link + y.LINK_FLOATS]) + y.LINK_FLOAT_FACTOR] + 0.5)) + m[link + y.LINK_ADD]


@inner
def hold_back(m, k, link, cut):
    """What comes to a cut that holds or resets stays where it is until the cut ends (`let_go`). An answer that will be reset is one
    already."""
    m[k + y.TASK_QUEUE], m[k + y.TASK_QUEUED_AT] = np.int64(link), m[y.RUN_NOW]
    if cut == y.CUT_RESET:
        m[k + y.TASK_CODE] = y.RESET
    elif m[k + y.TASK_STATE] == y.TRAVELLING:
        m[k + y.TASK_CODE] = y.OK


@inner
def until_sent_again(held):
    """How long after the end of a cut TCP next sends again what it has held so long, ns: its pauses double."""
    at, pause = 0, RETRANSMISSION_NS
    while at < held:
        at += pause
        pause = min(2 * pause, RETRANSMISSION_NS_MAX)
    return at - held


@inner
def let_go(m, f, k):
    """The cut that held task k has ended. What is held is delivered when it is next sent again; of what is reset the caller hears,
    whether it was the request or the answer. A message has no caller: a durable one comes again."""
    link, path = U(m[k + y.TASK_QUEUE]), U(m[k + y.TASK_PATH])
    m[k + y.TASK_QUEUE] = 0
    reset = m[k + y.TASK_CODE] == y.RESET
    at = m[y.RUN_NOW] + (0 if reset else until_sent_again(m[y.RUN_NOW] - m[k + y.TASK_QUEUED_AT]))
    if m[k + y.TASK_STATE] == y.TRAVELLING and not reset:
        push_task(m, at + latency(m, f, link, combine(path + _LINK_REQUEST, _0)), y.CLASS_DELIVER, k, 0)
    elif not m[k + y.TASK_FLAGS] & y.FLAG_SEND:
        m[k + y.TASK_STATE] = y.ANSWERING
        push_task(m, at + latency(m, f, link, combine(path + _LINK_ANSWER, _0)), y.CLASS_ANSWER, k, 0)
    elif m[k + y.TASK_FLAGS] & y.FLAG_DURABLE:
        redeliver_later(m, k)
    else:
        free_task(m, k)


@inner
def credit(m, f, whose, drawn):
    """Counts a draw for each of those who contribute to its chance and without whom it would have come out otherwise. `whose` draws:
    the index of the counter of what they hit, or the stream."""
    at, floats = U(m[y.RUN_BANDS]), U(m[y.RUN_BAND_FLOATS])
    for _ in range(m[y.RUN_BANDS_N]):
        if m[at] == np.int64(whose) and f[floats] <= drawn < f[floats + _1]:
            m[at + _1] += 1
        at, floats = at + _2, floats + _2


@inner
def hits(m, f, share, key, counter):
    """Does a share hit this time? If so, whoever contributes to it is credited."""
    drawn = uniform(key)
    if drawn >= share:
        return False
    if m[y.RUN_BANDS_N]:
        credit(m, f, counter, drawn)
    return True


@inner
def send_over_link(m, f, c, link, delivery):
    """Puts task c on its way; False if the link loses it."""
    if link == _0:
        make_ready(m, y.GO_START, c, 0)
        return True
    m[link + y.LINK_SENT] += 1
    if m[link + y.LINK_CLEAN]:
        make_ready(m, y.GO_START, c, 0)
        return True
    cut = m[link + y.LINK_CUT_REQUEST]
    if cut == y.CUT_HELD or cut == y.CUT_RESET:
        m[link + y.LINK_HELD_REQUEST] += 1
        hold_back(m, c, link, cut)
        return True
    loss = f[U(m[link + y.LINK_FLOATS]) + y.LINK_FLOAT_LOSS_REQUEST]
    path = U(m[c + y.TASK_PATH])
    if cut == y.CUT_LOST or (
        loss > 0.0 and hits(m, f, loss, combine(path + _LOSS_REQUEST, U(delivery)), link + y.LINK_LOST_REQUEST)
    ):
        m[link + y.LINK_LOST_REQUEST] += 1
        return False
    delay = latency(m, f, link, combine(path + _LINK_REQUEST, _0))
    if delay > 0:
        push_task(m, m[y.RUN_NOW] + delay, y.CLASS_DELIVER, c, 0)
    else:
        make_ready(m, y.GO_START, c, 0)
    return True


@inner
def is_duplicated(m, f, c, link):
    """Does the link send this request twice?"""
    if link == _0 or m[c + y.TASK_FLAGS] & y.FLAG_COPY:
        return False
    share = f[U(m[link + y.LINK_FLOATS]) + y.LINK_FLOAT_DUPLICATION]
    key = combine(U(m[c + y.TASK_PATH]) + _DUPLICATE_DRAW, _0)
    if share > 0.0 and hits(m, f, share, key, link + y.LINK_DUPLICATED):
        m[link + y.LINK_DUPLICATED] += 1
        return True
    return False


@inner
def duplicate_of(m, c):
    """The copy of a request on its way, with draws of its own on the link."""
    copy = copy_task(m, c)
    m[copy + y.TASK_PATH] = np.int64(combine(U(m[c + y.TASK_PATH]), _DUPLICATE))
    m[copy + y.TASK_FLAGS] |= y.FLAG_COPY
    if m[copy + y.TASK_FLAGS] & y.FLAG_SEND:
        m[copy + y.TASK_PARENT], m[copy + y.TASK_TOKEN] = m[copy + y.TASK_PATH], 0
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
    """A durable message that did not get through is tried again later, with draws of its own."""
    m[c + y.TASK_TOKEN] += 1
    m[c + y.TASK_PATH] = np.int64(combine(U(m[c + y.TASK_PARENT]), _REDELIVER + U(m[c + y.TASK_TOKEN])))
    m[c + y.TASK_STATE] = y.TRAVELLING
    token = new_token(m)
    m[c + y.TASK_WAIT] = token
    push_task(m, m[y.RUN_NOW] + REDELIVERY_NS, y.CLASS_WAKE, c, token)


@inner
def deliver_send(m, f, c, link):
    """A message goes over its link; what is durable and lost comes again."""
    if not send_over_link(m, f, c, link, m[c + y.TASK_TOKEN]):
        if m[c + y.TASK_FLAGS] & y.FLAG_DURABLE:
            redeliver_later(m, c)
        else:
            free_task(m, c)


@inner
def dispatch_send(m, f, L, rows, c):
    """A message sets out for whoever is in rotation now."""
    call = U(m[c + y.TASK_CALL])
    m[c + y.TASK_WAIT] = 0
    instance = pick_instance(m, f, L, rows, U(m[call + y.CALL_SERVICE]), c)
    if instance == _0:
        if m[c + y.TASK_FLAGS] & y.FLAG_DURABLE:
            redeliver_later(m, c)
        else:
            free_task(m, c)
        return
    m[c + y.TASK_INSTANCE] = np.int64(instance)
    link = U(m[call + y.CALL_LINK])
    copy = duplicate_of(m, c) if is_duplicated(m, f, c, link) else _0
    deliver_send(m, f, c, link)
    if copy != _0:
        deliver_send(m, f, copy, link)


# --- idempotency keys ---------------------------------------------------------------------------------------------------------


@inner
def find_key(m, key):
    """Looks an idempotency key up in the table of keys, open addressing with linear probing.

    Returns the handle (index into `m`) of the entry that holds the key; if none does, of the entry where it would be stored.
    """
    base, mask = U(m[y.RUN_KEYS]), U(m[y.RUN_KEYS_MASK])
    i = U(key) & mask
    free = _0
    while True:
        entry = base + i * y.KEY_SIZE
        if m[entry + y.KEY_KEY] == key:
            return entry
        if m[entry + y.KEY_KEY] == y.KEY_REMOVED and free == _0:
            free = entry
        if m[entry + y.KEY_KEY] == y.KEY_EMPTY:
            return entry if free == _0 else free
        i = (i + _1) & mask


@inner
def wait_until_deadline(m, k):
    """A task that queues with a deadline of its own waits no longer than that."""
    if m[k + y.TASK_DEADLINE] != y.NEVER:
        push_task(m, max(m[k + y.TASK_DEADLINE], m[y.RUN_NOW]), y.CLASS_TIMEOUT, k, m[k + y.TASK_WAIT])


@inner
def queue_up(m, k):
    """The task waits in a queue, for a slot or for the first with its key."""
    m[k + y.TASK_WAIT] = new_token(m)
    wait_until_deadline(m, k)


@inner
def look_up_key(m, k):
    """BEGIN: the task is the first of its intent; -2: it waits for the first; otherwise the first's outcome."""
    op = U(m[k + y.TASK_OPERATION])
    key = np.int64(combine(U(m[k + y.TASK_ROOT]), U(m[op + y.OPERATION_HASH])))
    entry = find_key(m, key)
    known = m[entry + y.KEY_KEY] == key
    if known and m[entry + y.KEY_OWNER] != 0:
        enqueue(m, entry, k, 0, False)
        queue_up(m, k)
        return -2
    if known and m[entry + y.KEY_EXPIRES] >= m[y.RUN_NOW]:
        m[k + y.TASK_REF], m[k + y.TASK_ARG] = m[entry + y.KEY_REF], m[entry + y.KEY_ARG]
        m[k + y.TASK_FLAGS] |= m[entry + y.KEY_FLAGS]
        return m[entry + y.KEY_CODE]
    if m[entry + y.KEY_KEY] == y.KEY_EMPTY:
        m[y.RUN_KEYS_N] += 1
    for i in range(9):
        m[entry + U(i)] = 0
    m[entry + y.KEY_KEY], m[entry + y.KEY_OWNER] = key, np.int64(k)
    m[k + y.TASK_KEY] = np.int64(entry)
    return BEGIN


@inner
def complete_key(m, k, code):
    """The first is done: its outcome is kept or forgotten, and those who waited get it."""
    entry = U(m[k + y.TASK_KEY])
    m[k + y.TASK_KEY] = 0
    m[entry + y.KEY_OWNER] = 0
    stored = y.OK if code != y.OK and code != y.REJECTED and m[k + y.TASK_FLAGS] & y.FLAG_WROTE else code
    m[entry + y.KEY_CODE] = stored
    m[entry + y.KEY_EXPIRES] = m[y.RUN_NOW] + m[U(m[k + y.TASK_OPERATION]) + y.OPERATION_LIFETIME]
    m[entry + y.KEY_REF], m[entry + y.KEY_ARG] = m[k + y.TASK_REF], m[k + y.TASK_ARG]
    m[entry + y.KEY_FLAGS] = m[k + y.TASK_FLAGS] & y.STICKY
    while m[entry + y.QUEUE_LENGTH] > 0:
        waiter = first(m, entry)
        unlink(m, waiter)
        m[waiter + y.TASK_CODE] = stored
        m[waiter + y.TASK_REF], m[waiter + y.TASK_ARG] = m[k + y.TASK_REF], m[k + y.TASK_ARG]
        m[waiter + y.TASK_FLAGS] |= m[k + y.TASK_FLAGS] & y.STICKY
        make_ready(m, y.GO_THAW, waiter, m[waiter + y.TASK_WAIT])
    if stored != y.OK and stored != y.REJECTED:
        m[entry + y.KEY_KEY] = y.KEY_REMOVED


# --- the end of a task --------------------------------------------------------------------------------------------------------


@inner
def unwind(m, k, depth):
    """Releases what the task holds beyond the first `depth`, last taken first."""
    chain = U(m[U(m[k + y.TASK_PC]) + y.INSTR_CHAIN])
    instance = U(m[k + y.TASK_INSTANCE])
    while m[k + y.TASK_HELD] > depth:
        local = m[chain + U(m[k + y.TASK_HELD] - 1)]
        release(m, U(m[instance + y.INSTANCE_POOLS + U(local)]), k)


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
    every = m[y.RUN_SPAN_EVERY]
    if every == 0 or m[k + y.TASK_REQUEST] % every != 0:
        return
    at = U(m[y.RUN_SPANS]) + U(m[y.RUN_SPANS_N]) * y.SPAN_SIZE
    m[y.RUN_SPANS_N] += 1
    m[at + y.SPAN_REQUEST], m[at + y.SPAN_PATH], m[at + y.SPAN_PARENT] = (
        m[k + y.TASK_REQUEST],
        m[k + y.TASK_PATH],
        m[k + y.TASK_PARENT_PATH],
    )
    m[at + y.SPAN_INSTANCE], m[at + y.SPAN_OPERATION] = m[k + y.TASK_INSTANCE], m[U(m[k + y.TASK_OPERATION]) + y.OPERATION_NUMBER]
    m[at + y.SPAN_ARRIVED], m[at + y.SPAN_STARTED], m[at + y.SPAN_ENDED] = (
        m[k + y.TASK_ARRIVED],
        m[k + y.TASK_STARTED],
        m[y.RUN_NOW],
    )
    m[at + y.SPAN_CODE], m[at + y.SPAN_FLAGS] = code, m[k + y.TASK_FLAGS]


@inner
def send_answer(m, f, k, code):
    """The answer of a finished (or refused) task sets out; k stays until it arrives, and is gone if the link loses it."""
    m[k + y.TASK_STATE], m[k + y.TASK_CODE] = y.ANSWERING, code
    link = U(m[U(m[k + y.TASK_CALL]) + y.CALL_LINK])
    if link == _0 or m[link + y.LINK_CLEAN]:
        make_ready(m, y.GO_ANSWER, k, 0)
        return
    cut = m[link + y.LINK_CUT_ANSWER]
    if cut == y.CUT_HELD or cut == y.CUT_RESET:
        m[link + y.LINK_HELD_ANSWER] += 1
        hold_back(m, k, link, cut)
        return
    loss = f[U(m[link + y.LINK_FLOATS]) + y.LINK_FLOAT_LOSS_ANSWER]
    path = U(m[k + y.TASK_PATH])
    if cut == y.CUT_LOST or (loss > 0.0 and hits(m, f, loss, combine(path + _LOSS_ANSWER, _0), link + y.LINK_LOST_ANSWER)):
        m[link + y.LINK_LOST_ANSWER] += 1
        free_task(m, k)
        return
    delay = latency(m, f, link, combine(path + _LINK_ANSWER, _0))
    if delay > 0:
        push_task(m, m[y.RUN_NOW] + delay, y.CLASS_ANSWER, k, 0)
    else:
        make_ready(m, y.GO_ANSWER, k, 0)


@inner
def goes_on_at_once(m, link):
    """May what crosses the link be handled right away? It takes no time, nothing is before it in the ready list, and one more
    event fits (`advance` counts how many do)."""
    if m[y.RUN_READY_N] == 0 and m[y.RUN_CAPACITY] > 0 and (link == _0 or m[link + y.LINK_CLEAN]):
        m[y.RUN_CAPACITY] -= 1
        return True
    return False


@inner
def park(m, k, code):
    """The instance is hung: the task stays where it is, in order, until the thaw. Only the timeout of a caller that has just
    been granted its connection runs on; it then finds the task parked."""
    pc = U(m[k + y.TASK_PC])
    if not (m[pc] == y.DO_ACQUIRE and m[pc + y.INSTR_B] == y.FOR_CONNECTION and code == y.OK):
        m[k + y.TASK_WAIT] = new_token(m)
    m[k + y.TASK_CODE] = code
    enqueue(m, U(m[k + y.TASK_INSTANCE]) + y.INSTANCE_PARKED, k, 0, False)


@inner
def client_saw(m, k, code):
    """What the customer knows at the end of an intent: docs/semantics.md, 'What the client saw'."""
    if code == y.OK:
        return y.CONFIRMED
    if code == y.REJECTED:
        return y.WAS_REJECTED
    if m[k + y.TASK_FLAGS] & y.FLAG_BLOCKED:
        return y.BLOCKED
    if code == y.TIMEOUT or code == y.RESET or m[k + y.TASK_FLAGS] & y.STICKY:
        return y.UNKNOWN
    return y.FAILED


@inner
def finish_root(m, f, L, rows, k, code):
    """The intent is over for the customer: counters, row, the next thought of a closed population's client."""
    flow = U(m[k + y.TASK_CALL])
    elapsed = m[y.RUN_NOW] - m[k + y.TASK_ARRIVED]
    saw = client_saw(m, k, code)
    if saw == y.CONFIRMED:
        m[flow + y.FLOW_OK] += 1
        m[U(m[flow + y.FLOW_HISTOGRAM]) + U(bucket(elapsed))] += 1
    elif saw == y.WAS_REJECTED:
        m[flow + y.FLOW_REJECTED] += 1
    elif saw == y.BLOCKED:
        m[flow + y.FLOW_BLOCKED] += 1
    elif saw == y.UNKNOWN:
        m[flow + y.FLOW_UNKNOWN] += 1
    else:
        m[flow + y.FLOW_FAILED] += 1
    m[flow + y.FLOW_LATENCY_NS_SUM] += elapsed
    m[flow + y.FLOW_PENDING] -= 1
    if m[k + y.TASK_ROW] >= 0:
        intents.answer(L, rows, m[k + y.TASK_ROW], m[y.RUN_NOW], saw, code, m[k + y.TASK_TRIES])
    stream = U(m[k + y.TASK_PARENT])
    kind = m[stream + y.STREAM_KIND]
    if kind == y.BY_POPULATION:
        think_again(m, f, stream, m[k + y.TASK_TOKEN])
    elif kind == y.BY_PROBE:
        at = U(m[y.RUN_PROBES]) + U(m[y.RUN_PROBES_N]) * y.PROBE_SIZE
        m[y.RUN_PROBES_N] += 1
        m[at + y.PROBE_NUMBER], m[at + y.PROBE_CODE] = m[k + y.TASK_TOKEN], code
        m[at + y.PROBE_LATENCY], m[at + y.PROBE_OUTCOME] = elapsed, saw
    free_task(m, k)


@inner
def think_again(m, f, stream, client):
    """When the client of a closed population has its next intent."""
    turn = m[U(m[stream + y.STREAM_CLIENTS]) + U(client)]
    root = combine(U(m[stream + y.STREAM_HASH]), (U(client) << U(32)) + U(turn))
    at = m[y.RUN_NOW] + sample(f, U(m[stream + y.STREAM_THINK]), combine(root, _THINK))
    push_arrival(m, stream, at, client, client)


@inner_inlined
def finish(m, f, L, rows, k, code):
    """The end of a task, well or ill: releases, completes its key, answers. True if the answer is with the caller at once."""
    unwind(m, k, 0)
    if m[k + y.TASK_KEY] != 0:
        complete_key(m, k, code)
    instance, op = U(m[k + y.TASK_INSTANCE]), U(m[k + y.TASK_OPERATION])
    elapsed = m[y.RUN_NOW] - m[k + y.TASK_ARRIVED]
    m[instance + y.INSTANCE_LIVE] -= 1
    m[instance + y.INSTANCE_SOJOURN_NS] += elapsed
    if code == y.OK or code == y.REJECTED:
        m[op + y.OPERATION_DONE] += 1
        m[instance + y.INSTANCE_DONE] += 1
        m[U(m[op + y.OPERATION_HISTOGRAM]) + U(bucket(elapsed))] += 1
    else:
        m[op + y.OPERATION_FAILED] += 1
        m[instance + y.INSTANCE_FAILED] += 1
    note_span(m, k, code)
    flags = m[k + y.TASK_FLAGS]
    if flags & y.FLAG_ROOT:
        finish_root(m, f, L, rows, k, code)
    elif flags & y.FLAG_SEND:
        end_send(m, k, code)
    elif code == y.REFUSED and m[instance + y.INSTANCE_HUNG]:
        free_task(m, k)
    elif goes_on_at_once(m, U(m[U(m[k + y.TASK_CALL]) + y.CALL_LINK])):
        m[k + y.TASK_CODE] = code
        return True
    else:
        send_answer(m, f, k, code)
    return False


@inner
def end_send(m, k, code):
    """A message has been dealt with, or comes again."""
    if m[k + y.TASK_FLAGS] & y.FLAG_DURABLE and code != y.OK and code != y.REJECTED:
        m[k + y.TASK_PC] = m[U(m[k + y.TASK_OPERATION]) + y.OPERATION_ENTRY]
        m[k + y.TASK_FLAGS] &= y.FLAG_SEND | y.FLAG_DURABLE | y.FLAG_COPY
        m[k + y.TASK_ATTEMPT] = 0
        redeliver_later(m, k)
    else:
        free_task(m, k)


# --- calls --------------------------------------------------------------------------------------------------------------------


@inner
def note_breaker(m, what, call, index):
    """A breaker changed: a line for the journal."""
    at = U(m[y.RUN_LOG]) + U(m[y.RUN_LOG_N]) * y.LOG_SIZE
    m[y.RUN_LOG_N] += 1
    m[at + y.LOG_TIME], m[at + y.LOG_WHAT] = m[y.RUN_NOW], what
    m[at + y.LOG_CALL], m[at + y.LOG_INSTANCE] = m[call + y.CALL_NUMBER], index


@inner
def call_state(m, k, call):
    """The state a call site keeps for the instance the task runs at."""
    return U(m[call + y.CALL_STATES]) + U(m[U(m[k + y.TASK_INSTANCE]) + y.INSTANCE_INDEX]) * y.STATE_SIZE


@inner
def may_call(m, k, call):
    """Earns the retry budget and asks the breaker; False when it rejects the attempt."""
    state = call_state(m, k, call)
    if m[k + y.TASK_ATTEMPT] == 0 and m[call + y.CALL_BUDGET_RATIO] >= 0:
        m[state + y.STATE_TOKENS] = min(m[state + y.STATE_TOKENS] + m[call + y.CALL_BUDGET_RATIO], m[call + y.CALL_BUDGET_BURST])
    if m[call + y.CALL_WINDOW] == 0 or m[state + y.STATE_BREAKER] == y.CLOSED:
        return True
    if m[state + y.STATE_BREAKER] == y.OPEN:
        if m[y.RUN_NOW] < m[state + y.STATE_OPENED_AT] + m[call + y.CALL_OPEN_NS]:
            return False
        m[state + y.STATE_BREAKER], m[state + y.STATE_PROBING], m[state + y.STATE_SUCCESSES] = y.HALF_OPEN, 0, 0
        note_breaker(m, y.LOGGED_HALF_OPEN, call, m[U(m[k + y.TASK_INSTANCE]) + y.INSTANCE_INDEX])
    if m[state + y.STATE_PROBING]:
        return False
    m[state + y.STATE_PROBING] = 1
    m[k + y.TASK_FLAGS] |= y.FLAG_PROBE
    return True


@inner
def open_breaker(m, k, call, state):
    """The breaker opens and forgets what it counted."""
    m[state + y.STATE_BREAKER], m[state + y.STATE_OPENED_AT] = y.OPEN, m[y.RUN_NOW]
    m[state + y.STATE_BITS], m[state + y.STATE_COUNT], m[state + y.STATE_PROBING] = 0, 0, 0
    m[call + y.CALL_BREAKER_OPEN] += 1
    note_breaker(m, y.LOGGED_OPENED, call, m[U(m[k + y.TASK_INSTANCE]) + y.INSTANCE_INDEX])


@inner
def report_to_breaker(m, f, k, call, code):
    """An attempt's outcome reaches the breaker: the probe's decides, others count only while it is closed."""
    state = call_state(m, k, call)
    good = code == y.OK or code == y.REJECTED
    if m[k + y.TASK_FLAGS] & y.FLAG_PROBE:
        m[k + y.TASK_FLAGS] &= ~y.FLAG_PROBE
        m[state + y.STATE_PROBING] = 0
        if not good:
            open_breaker(m, k, call, state)
            return
        m[state + y.STATE_SUCCESSES] += 1
        if m[state + y.STATE_SUCCESSES] >= m[call + y.CALL_PROBES]:
            m[state + y.STATE_BREAKER], m[state + y.STATE_BITS], m[state + y.STATE_COUNT] = y.CLOSED, 0, 0
            note_breaker(m, y.LOGGED_CLOSED, call, m[U(m[k + y.TASK_INSTANCE]) + y.INSTANCE_INDEX])
        return
    if m[state + y.STATE_BREAKER] != y.CLOSED:
        return
    window = m[call + y.CALL_WINDOW]
    bits = ((m[state + y.STATE_BITS] << 1) | (0 if good else 1)) & ((1 << window) - 1)
    count = min(m[state + y.STATE_COUNT] + 1, window)
    m[state + y.STATE_BITS], m[state + y.STATE_COUNT] = bits, count
    if count >= m[call + y.CALL_CALLS_MIN]:
        failures = 0
        while bits:
            bits &= bits - 1
            failures += 1
        if failures >= f[U(m[call + y.CALL_FLOATS]) + y.CALL_FLOAT_FAILURE_RATE] * count:
            open_breaker(m, k, call, state)


@inner
def backoff(m, f, k, call):
    """Wait before the next attempt, ns; -1 if there is none. Spends the budget."""
    state = call_state(m, k, call)
    if m[call + y.CALL_BUDGET_RATIO] >= 0:
        if m[state + y.STATE_TOKENS] < 1_000_000:
            return -1
        m[state + y.STATE_TOKENS] -= 1_000_000
    params = U(m[call + y.CALL_FLOATS])
    wait = float(m[call + y.CALL_BACKOFF])
    if wait > 0.0:
        for _ in range(m[k + y.TASK_ATTEMPT]):
            wait *= f[params + y.CALL_FLOAT_MULTIPLIER]
        wait = min(wait, float(m[call + y.CALL_BACKOFF_MAX]))
        jitter = f[params + y.CALL_FLOAT_JITTER]
        if jitter > 0.0:
            key = combine(U(m[k + y.TASK_PATH]) + U(m[call + y.CALL_HASH]) + _JITTER, U(m[k + y.TASK_ATTEMPT]))
            wait *= 1.0 - jitter * uniform(key)
    return np.int64(math.floor(wait + 0.5))


@inner
def issue(m, f, L, rows, k, call):
    """Starts the attempt's timeout if it does not run yet and sends the request: the callee's task if it can begin at once, the
    caller's own if it is on its way, 0 if no replica is there to take it."""
    m[call + y.CALL_ATTEMPTS] += 1
    if m[k + y.TASK_FLAGS] & y.FLAG_ROOT:
        m[k + y.TASK_TRIES] += 1
    if not m[call + y.CALL_ARMED]:
        arm(m, k, call)
    c = spawn(m, k, call)
    m[c + y.TASK_PARENT], m[c + y.TASK_TOKEN] = np.int64(k), m[k + y.TASK_WAIT]
    if m[y.RUN_PROPAGATE]:
        m[c + y.TASK_DEADLINE] = min(m[k + y.TASK_DEADLINE], m[k + y.TASK_EXPIRY])
    instance = pick_instance(m, f, L, rows, U(m[call + y.CALL_SERVICE]), c)
    if instance == _0:
        free_task(m, c)
        m[k + y.TASK_WAIT] = 0
        return _0
    m[c + y.TASK_INSTANCE] = np.int64(instance)
    link = U(m[call + y.CALL_LINK])
    if goes_on_at_once(m, link):
        if link != _0:
            m[link + y.LINK_SENT] += 1
        return c
    send_call(m, f, c, link)
    return k


@inner_inlined
def arm(m, k, call):
    """The timeout of an attempt begins; with a deadline of its own before that, the task waits no longer than that."""
    token = new_token(m)
    m[k + y.TASK_WAIT] = token
    expiry = m[y.RUN_NOW] + m[call + y.CALL_TIMEOUT] if m[call + y.CALL_TIMEOUT] >= 0 else y.NEVER
    m[k + y.TASK_EXPIRY] = expiry
    if m[k + y.TASK_DEADLINE] < expiry:  # its own patience ends before the attempt's
        wait_until_deadline(m, k)
    elif expiry != y.NEVER:
        push_timer(m, U(m[call + y.CALL_RING]), expiry, k, token)


@inner
def pass_limit(m, limit):
    """Generic cell rate algorithm: 0 passes now, a time to wait in ns, or -1 refused."""
    now = m[y.RUN_NOW]
    next_at = max(m[limit + y.LIMIT_NEXT], now)
    wait = next_at - m[limit + y.LIMIT_TOLERANCE] - now
    if wait > 0:
        if not m[limit + y.LIMIT_DEFERS] or wait > m[limit + y.LIMIT_MAX_WAIT]:
            m[limit + y.LIMIT_REFUSED] += 1
            return -1
        m[limit + y.LIMIT_DEFERRED] += 1
    m[limit + y.LIMIT_PASSED] += 1
    m[limit + y.LIMIT_NEXT] = next_at + m[limit + y.LIMIT_INTERVAL]
    return max(wait, 0)


@inner
def work_ns(m, f, k, pc):
    """How long a work step takes, as it begins; the instance's count of working tasks already includes this one."""
    instance = U(m[k + y.TASK_INSTANCE])
    knobs = U(m[instance + y.INSTANCE_FLOATS])
    base = step_ns(m, f, k, pc)
    duration = base * f[knobs + y.INSTANCE_FLOAT_SLOW]
    contention = f[knobs + y.INSTANCE_FLOAT_CONTENTION]
    if contention > 0.0:
        duration *= 1.0 + contention * (m[instance + y.INSTANCE_WORKING] - 1)
    if m[instance + y.INSTANCE_SPECIAL]:
        share = f[knobs + y.INSTANCE_FLOAT_GREY]
        if share > 0.0:
            drawn = uniform(combine(U(m[k + y.TASK_PATH]) + _GREY, _0))
            if drawn < share:
                if base > 0:
                    m[instance + y.INSTANCE_SLOWED] += 1
                    if m[y.RUN_BANDS_N]:
                        credit(m, f, instance + y.INSTANCE_SLOWED, drawn)
                duration *= f[knobs + y.INSTANCE_FLOAT_GREY_FACTOR]
            more = U(m[instance + y.INSTANCE_GREY_MORE])
            for _ in range(m[instance + y.INSTANCE_GREY_MORE_N]):
                if drawn < f[more]:
                    duration *= f[more + _1]
                more += _2
        slow = U(m[instance + y.INSTANCE_SLOW_OPERATIONS])
        for _ in range(m[instance + y.INSTANCE_SLOW_OPERATIONS_N]):
            if f[slow + y.SLOW_OPERATION_FIRST] <= pc and pc <= f[slow + y.SLOW_OPERATION_LAST]:
                duration *= f[slow + y.SLOW_OPERATION_FACTOR]
            slow += y.SLOW_OPERATION_SIZE
    if base > 0:
        m[instance + y.INSTANCE_WORKED] += 1
        m[instance + y.INSTANCE_CROWDED] += m[instance + y.INSTANCE_WORKING] > 1
    return np.int64(math.floor(duration + 0.5))


@inner
def step_ns(m, f, k, pc):
    """The draw of a work or wait step: by the task's path, or by its draw key when the step names its draw."""
    own = U(m[k + y.TASK_DRAW_KEY]) if m[pc + y.INSTR_B] else U(m[k + y.TASK_PATH])
    return sample(f, U(m[pc + y.INSTR_A]), combine(own + U(m[pc + y.INSTR_HASH]), _0))


# --- the interpreter ------------------------------------------------------------------------------------------------------------


@inner
def answer_code(m, pc, code):
    """What a failed task tells its caller: see the table of codes in docs/semantics.md."""
    if code == y.REJECTED or code == y.DEADLINE:
        return code
    instruction = m[pc]
    if instruction == y.DO_BEGIN:
        return code
    if code == y.REFUSED and instruction == y.DO_ACQUIRE:
        return y.REFUSED
    if code == y.RATE_LIMITED and instruction == y.DO_LIMIT:
        return y.RATE_LIMITED
    return y.ERROR


@inner
def suspend(m, k, pc):
    """Where the task will go on."""
    m[k + y.TASK_PC] = np.int64(pc)


@inner
def sleep(m, k, pc, ns, event_class):
    """The task goes on in `ns`."""
    token = new_token(m)
    m[k + y.TASK_PC], m[k + y.TASK_WAIT] = np.int64(pc), token
    push_task(m, m[y.RUN_NOW] + ns, event_class, k, token)


@inner
def after_wait(m, pc):
    """The instruction that follows one that was waited at, and that went well."""
    waited_at = m[pc]
    if waited_at == y.DO_ISSUE:
        return pc + (_NEXT + _NEXT if m[pc + y.INSTR_B] else _NEXT)
    return U(m[pc + y.INSTR_A]) if waited_at == y.DO_END else pc + _NEXT


@inner
def waited_too_long(m, k, pc):
    """Did the task, whose deadline has passed, wait for a slot or at a rate limit?"""
    return m[pc] == y.DO_LIMIT or (m[pc] == y.DO_ACQUIRE and m[k + y.TASK_QUEUED_AT] >= 0)


@inner
def do_effect(m, L, rows, k, pc):
    """An effect step: what the ledger answers."""
    effect, root = m[pc + y.INSTR_A], U(m[k + y.TASK_ROOT])
    row, customer, ref, arg = m[k + y.TASK_ROW], m[k + y.TASK_CUSTOMER], m[k + y.TASK_REF], m[k + y.TASK_ARG]
    code = effects.apply(L, rows, effect, m[y.RUN_NOW], root, row, customer, ref, arg)
    m[k + y.TASK_REF], m[k + y.TASK_ARG] = L[ledger.OUT_REF], L[ledger.OUT_ARG]
    if code == y.OK and m[pc + y.INSTR_B]:
        m[k + y.TASK_FLAGS] |= y.FLAG_TOUCHED | y.FLAG_WROTE
    return code


@inner
def chosen_branch(m, f, k, pc):
    """Where the branch of a choose step begins that the task's draw falls on."""
    u = uniform(combine(U(m[k + y.TASK_PATH]) + U(m[pc + y.INSTR_HASH]), _0))
    i, n = 0, m[pc + y.INSTR_C]
    while i < n and f[U(m[pc + y.INSTR_A]) + U(i)] <= u:
        i += 1
    return U(m[U(m[pc + y.INSTR_B]) + U(i)])


@inner_inlined
def run(m, f, L, rows, k, code):
    """Runs a task, and whom it calls or answers without delay, until one suspends. `code` is BEGIN for a task that has not run
    yet, else how the instruction it waited at went."""
    now = m[y.RUN_NOW]
    while True:
        pc, instance = U(m[k + y.TASK_PC]), U(m[k + y.TASK_INSTANCE])
        goes_on = True
        if code == BEGIN:
            code = y.OK
        elif m[pc] == y.DO_BEGIN:  # the first request with this key is done: its outcome is ours
            goes_on = False
        elif code == y.OK:
            if now >= m[k + y.TASK_DEADLINE] and waited_too_long(m, k, pc):
                code = y.DEADLINE
            else:
                pc = after_wait(m, pc)
        while goes_on:
            if code != y.OK:
                m[k + y.TASK_WAIT] = 0  # a timer that still runs has nothing to end
                handler = U(m[pc + y.INSTR_HANDLER])
                if handler == _0:
                    break
                m[k + y.TASK_PC] = np.int64(pc)
                unwind(m, k, m[handler + y.INSTR_DEPTH])
                pc = handler
            instruction = m[pc]
            if instruction >= y.DO_WORK and now >= m[k + y.TASK_DEADLINE]:
                code = y.DEADLINE
                break
            if instruction == y.DO_ACQUIRE:
                if m[pc + y.INSTR_C] and now >= m[k + y.TASK_DEADLINE]:
                    code = y.DEADLINE
                    break
                taken = acquire(m, U(m[instance + y.INSTANCE_POOLS + U(m[pc + y.INSTR_A])]), k)
                if taken > 0:
                    if m[instance + y.INSTANCE_HUNG]:
                        m[k + y.TASK_QUEUED_AT] = -1
                        suspend(m, k, pc)
                        park(m, k, y.OK)
                        return
                    pc += _NEXT
                elif taken == 0:
                    suspend(m, k, pc)
                    if m[pc + y.INSTR_B] != y.FOR_CONNECTION:
                        queue_up(m, k)
                    return
                else:
                    code = y.BULKHEAD_FULL if m[pc + y.INSTR_B] == y.FOR_BULKHEAD else y.REFUSED
            elif instruction == y.DO_WORK:
                m[instance + y.INSTANCE_WORKING] += 1
                ns = work_ns(m, f, k, pc)
                if ns > 0:
                    m[k + y.TASK_FLAGS] |= y.FLAG_WORKING
                    sleep(m, k, pc, ns, y.CLASS_WORK)
                    return
                m[instance + y.INSTANCE_WORKING] -= 1
                pc += _NEXT
            elif instruction == y.DO_ISSUE:
                c = issue(m, f, L, rows, k, U(m[pc + y.INSTR_A]))
                if c == _0:
                    code = y.REFUSED
                    continue
                suspend(m, k, pc)
                if c == k or not arrive_at_instance(m, f, c):
                    return
                k, pc, instance = c, U(m[c + y.TASK_PC]), U(m[c + y.TASK_INSTANCE])
            elif instruction == y.DO_END:
                after = end_attempt(m, f, k, pc, U(m[pc + y.INSTR_C]), code)
                if after == 0:
                    break
                code = y.OK
                if after < 0:
                    return
                pc = U(after)
            elif instruction == y.DO_RELEASE:
                release(m, U(m[instance + y.INSTANCE_POOLS + U(m[pc + y.INSTR_A])]), k)
                pc += _NEXT
            elif instruction == y.DO_RETURN:
                break
            elif instruction == y.DO_BEGIN:
                suspend(m, k, pc)
                code = begin(m, f, k, instance)
                if code == -2:
                    return
                if code != BEGIN:
                    break
                code = y.OK
                pc += _NEXT
            elif instruction == y.DO_TRY:
                if may_call(m, k, U(m[pc + y.INSTR_A])):
                    pc += _NEXT
                else:
                    code = y.BREAKER_OPEN
            elif instruction == y.DO_ARM:
                arm(m, k, U(m[pc + y.INSTR_A]))
                pc += _NEXT
            elif instruction == y.DO_SEND:
                start_send(m, f, L, rows, k, U(m[pc + y.INSTR_A]))
                pc += _NEXT
            elif instruction == y.DO_EFFECT:
                code = do_effect(m, L, rows, k, pc)
                if code == y.OK:
                    pc += _NEXT
            elif instruction == y.DO_ROUTE:
                value = attribute_value(m, f, L, rows, U(m[pc + y.INSTR_A]), k)
                branch = U(m[U(m[pc + y.INSTR_B]) + U(value)])
                if branch == _0:
                    code = y.ERROR
                else:
                    pc = branch
            elif instruction == y.DO_CHOOSE:
                pc = chosen_branch(m, f, k, pc)
            elif instruction == y.DO_LIMIT:
                wait = pass_limit(m, U(m[instance + y.INSTANCE_POOLS + U(m[pc + y.INSTR_A])]))
                if wait > 0:
                    sleep(m, k, pc, min(wait, m[k + y.TASK_DEADLINE] - now), y.CLASS_WAKE)
                    return
                if wait < 0:
                    code = y.RATE_LIMITED
                else:
                    pc += _NEXT
            elif instruction == y.DO_WAIT:
                ns = step_ns(m, f, k, pc)
                if ns > 0:
                    sleep(m, k, pc, ns, y.CLASS_WORK)
                    return
                pc += _NEXT
            elif instruction == y.DO_JUMP:
                pc = U(m[pc + y.INSTR_A])
            elif instruction == y.DO_GATE:
                if m[instance + y.INSTANCE_HUNG]:
                    suspend(m, k, pc)
                    park(m, k, y.OK)
                    return
                pc += _NEXT
            else:  # y.DO_FAIL
                code = m[pc + y.INSTR_A]
        m[k + y.TASK_WAIT] = 0
        suspend(m, k, pc)
        if code != y.OK and not m[k + y.TASK_FLAGS] & y.FLAG_ROOT:
            code = answer_code(m, pc, code)
        if not finish(m, f, L, rows, k, code):
            return
        c, k = k, U(m[k + y.TASK_PARENT])
        code = take_answer(m, c)
        if code == BEGIN or not resumes(m, k, code):
            return


@inner
def end_attempt(m, f, k, pc, call, code):
    """After an attempt: where to go on (an instruction's handle), -1 asleep before the next attempt, 0 the task fails."""
    if m[call + y.CALL_WINDOW] and code != y.BREAKER_OPEN:
        report_to_breaker(m, f, k, call, code)
    after = m[pc + y.INSTR_B]
    if code == y.OK:
        m[k + y.TASK_ATTEMPT] = 0
        return after
    m[k + y.TASK_CODE] = code
    if m[U(m[k + y.TASK_PC])] != y.DO_ISSUE:
        m[call + y.CALL_WITHHELD] += 1
    if code != y.REJECTED:
        m[call + y.CALL_FAILURES] += 1
    if code == y.TIMEOUT:
        m[call + y.CALL_TIMEOUTS] += 1
    if m[call + y.CALL_RETRY_ON] >> code & 1 and m[k + y.TASK_ATTEMPT] + 1 < m[call + y.CALL_ATTEMPTS_MAX]:
        wait = min(backoff(m, f, k, call), max(0, m[k + y.TASK_DEADLINE] - m[y.RUN_NOW]))
        if wait >= 0:
            m[k + y.TASK_ATTEMPT] += 1
            m[call + y.CALL_RETRIES] += 1
            if wait == 0:
                return m[pc + y.INSTR_A]
            sleep(m, k, pc, wait, y.CLASS_WAKE)
            return -1
    m[k + y.TASK_ATTEMPT] = 0
    if code == y.REJECTED:
        return 0
    if m[call + y.CALL_FALLBACK] != 0:
        m[call + y.CALL_FALLBACKS] += 1
        return m[call + y.CALL_FALLBACK]
    if m[call + y.CALL_ON_FAILURE] == y.ON_IGNORE:
        return after
    if m[call + y.CALL_ON_FAILURE] == y.ON_BLOCK:
        m[k + y.TASK_FLAGS] |= y.FLAG_BLOCKED
    return 0


@inner
def begin(m, f, k, instance):
    """Before the first step: the instance's errors, then the idempotency key. BEGIN: go on; -2: wait; else the outcome."""
    m[k + y.TASK_STARTED] = m[y.RUN_NOW]
    if m[instance + y.INSTANCE_SPECIAL]:
        share = f[U(m[instance + y.INSTANCE_FLOATS]) + y.INSTANCE_FLOAT_ERROR]
        key = combine(U(m[k + y.TASK_PATH]) + _ERROR, _0)
        if share > 0.0 and hits(m, f, share, key, instance + y.INSTANCE_ERRORS_INJECTED):
            m[instance + y.INSTANCE_ERRORS_INJECTED] += 1
            return y.ERROR
    if m[U(m[k + y.TASK_OPERATION]) + y.OPERATION_LIFETIME] >= 0:
        return look_up_key(m, k)
    return BEGIN


@inner
def start_send(m, f, L, rows, k, call):
    """A message of task k begins its life."""
    m[call + y.CALL_ATTEMPTS] += 1
    c = spawn(m, k, call)
    m[c + y.TASK_FLAGS] = y.FLAG_SEND | (y.FLAG_DURABLE if m[call + y.CALL_DURABLE] else 0)
    m[c + y.TASK_PARENT], m[c + y.TASK_TOKEN] = m[c + y.TASK_PATH], 0
    delay = 0
    if m[call + y.CALL_DELAY] != 0:
        delay = sample(f, U(m[call + y.CALL_DELAY]), combine(U(m[c + y.TASK_PATH]) + _DELAY, _0))
    if delay > 0:
        m[c + y.TASK_WAIT] = new_token(m)
        push_task(m, m[y.RUN_NOW] + delay, y.CLASS_WAKE, c, m[c + y.TASK_WAIT])
    else:
        dispatch_send(m, f, L, rows, c)


# --- what events do to tasks ----------------------------------------------------------------------------------------------------


@inner
def arrive_at_instance(m, f, c):
    """A request or message reaches its instance; True if its task may run."""
    instance = U(m[c + y.TASK_INSTANCE])
    if m[instance + y.INSTANCE_UP]:
        m[c + y.TASK_STATE], m[c + y.TASK_ARRIVED] = y.LIVE, m[y.RUN_NOW]
        m[instance + y.INSTANCE_LIVE] += 1
        if m[instance + y.INSTANCE_PAUSED]:
            park(m, c, BEGIN)
            return False
        return True
    if not m[c + y.TASK_FLAGS] & y.FLAG_SEND:
        send_answer(m, f, c, y.REFUSED)
    elif m[c + y.TASK_FLAGS] & y.FLAG_DURABLE:
        enqueue(m, instance + y.INSTANCE_PARKED, c, 0, False)
    else:
        free_task(m, c)
    return False


@inner
def take_answer(m, c):
    """An answer reaches its caller: the outcome if it still waits for this attempt, BEGIN if it does not."""
    k = U(m[c + y.TASK_PARENT])
    code = m[c + y.TASK_CODE]
    waits = m[k + y.TASK_WAIT] == m[c + y.TASK_TOKEN]
    if waits:
        m[k + y.TASK_FLAGS] |= m[c + y.TASK_FLAGS] & y.STICKY
        if code == y.RESET and m[U(m[c + y.TASK_OPERATION]) + y.OPERATION_EFFECTS]:
            m[k + y.TASK_FLAGS] |= y.FLAG_DOUBT
        if code == y.OK:
            m[k + y.TASK_REF], m[k + y.TASK_ARG] = m[c + y.TASK_REF], m[c + y.TASK_ARG]
    free_task(m, c)
    return code if waits else BEGIN


@inner
def time_out(m, k, code):
    """The time of an attempt, or the task's own, has run out: `code` says which. True: the task goes on with it now; False: it is
    parked and will at the thaw."""
    pc = U(m[k + y.TASK_PC])
    if m[pc] == y.DO_ISSUE:
        if m[U(m[U(m[pc + y.INSTR_A]) + y.CALL_OPERATION]) + y.OPERATION_EFFECTS]:
            m[k + y.TASK_FLAGS] |= y.FLAG_DOUBT
    elif m[k + y.TASK_QUEUE] == np.int64(U(m[k + y.TASK_INSTANCE]) + y.INSTANCE_PARKED):
        m[k + y.TASK_CODE] = code
        return False
    elif m[pc] == y.DO_BEGIN:
        unlink(m, k)
    else:
        leave_pool_queue(m, k)
    return True


@inner
def resumes(m, k, code):
    """The task's wait is over; False if its instance is hung and it is parked instead."""
    m[k + y.TASK_WAIT] = m[k + y.TASK_WAIT] if code == y.OK and m[U(m[k + y.TASK_PC])] == y.DO_ACQUIRE else 0
    instance = U(m[k + y.TASK_INSTANCE])
    if m[k + y.TASK_FLAGS] & y.FLAG_WORKING:
        m[k + y.TASK_FLAGS] &= ~y.FLAG_WORKING
        m[instance + y.INSTANCE_WORKING] -= 1
    if m[instance + y.INSTANCE_HUNG]:
        park(m, k, code)
        return False
    return True


@inner
def kill(m, f, k):
    """Dies with its instance: gives back what it holds; its caller gets a reset, a durable message waits for the instance."""
    instance = U(m[k + y.TASK_INSTANCE])
    if m[k + y.TASK_QUEUE] != 0:
        pc = U(m[k + y.TASK_PC])
        if m[pc] == y.DO_ACQUIRE and m[k + y.TASK_QUEUE] != np.int64(instance + y.INSTANCE_PARKED):
            leave_pool_queue(m, k)
        else:
            unlink(m, k)
    if m[k + y.TASK_FLAGS] & y.FLAG_WORKING:
        m[instance + y.INSTANCE_WORKING] -= 1
    m[k + y.TASK_WAIT] = 0
    unwind(m, k, 0)
    if m[k + y.TASK_KEY] != 0:
        complete_key(m, k, y.RESET)
    m[instance + y.INSTANCE_LIVE] -= 1
    m[instance + y.INSTANCE_FAILED] += 1
    m[U(m[k + y.TASK_OPERATION]) + y.OPERATION_FAILED] += 1
    note_span(m, k, y.RESET)
    if not m[k + y.TASK_FLAGS] & y.FLAG_SEND:
        m[k + y.TASK_FLAGS] &= y.STICKY
        send_answer(m, f, k, y.RESET)
    elif m[k + y.TASK_FLAGS] & y.FLAG_DURABLE:
        m[k + y.TASK_FLAGS] &= y.FLAG_SEND | y.FLAG_DURABLE | y.FLAG_COPY
        m[k + y.TASK_TOKEN] += 1
        m[k + y.TASK_PATH] = np.int64(combine(U(m[k + y.TASK_PARENT]), _REDELIVER + U(m[k + y.TASK_TOKEN])))
        m[k + y.TASK_PC], m[k + y.TASK_ATTEMPT], m[k + y.TASK_STATE] = (
            m[U(m[k + y.TASK_OPERATION]) + y.OPERATION_ENTRY],
            0,
            y.TRAVELLING,
        )
        enqueue(m, instance + y.INSTANCE_PARKED, k, 0, False)
    else:
        free_task(m, k)
