"""Where things are in the kernel's state arena `m`, one flat int64 array.

A handle is an absolute index into `m`, always uint64 (unsigned indices need no wrap-around check, and mixing int64 with
uint64 would give float64); 0 is no handle. A record's fields are constants to add to its handle: `m[task + T_PC]`.
Floating-point parameters live in a second arena `f`, found through handles kept in the records.
"""

from __future__ import annotations

import numpy as np

U = np.uint64


def _fields(count: int, first: int = 0) -> list[np.uint64]:
    return [U(first + i) for i in range(count)]


NEVER = np.iinfo(np.int64).max

# --- header -----------------------------------------------------------------------------------------------------------
(
    _NULL, H_NOW, H_SEQ, H_HEAP, H_HEAP_N, H_HEAP_CAP, H_FREE, H_FREE_N, H_READY, H_READY_AT, H_READY_N, H_READY_MASK,
    H_RINGS, H_RINGS_N, H_RING_LOW, H_SECOND, H_COLUMNS, H_COLUMNS_N, H_SERIES, H_SERIES_N, H_SERIES_CAP, H_PEAKS,
    H_PEAKS_N, H_EVENTS, H_TASKS, H_REQUESTS, H_WATCHES, H_WATCHES_N, H_SPANS, H_SPANS_N, H_SPANS_CAP, H_SPAN_EVERY,
    H_LOG, H_LOG_N, H_LOG_CAP, H_IDEM, H_IDEM_MASK, H_IDEM_N, H_ROWS_N, H_ROWS_CAP, H_LIVE, H_GUARD, H_PROPAGATE,
    H_PROBES, H_PROBES_N, H_PROBES_CAP, H_ALIAS, H_CUSTOMERS, H_CLIENT_UNIT, H_HOLE, H_SEED_KEY, H_ROOM, H_RESERVE, H_RING_FULL,
    H_SCRAPES, H_SCRAPE_DUE,
) = _fields(56)  # fmt: skip
HEADER_SIZE = 64

# --- why advance returned ---------------------------------------------------------------------------------------------
REACHED, WATCHED, PROBED, NEED_ROOM, OVER_GUARD, SCRAPED = range(6)

# --- event classes, in the order they are taken at one instant ------------------------------------------------------------
E_WORK, E_ANSWER, E_DELIVER, E_WAKE, E_TIMEOUT, E_ARRIVAL = range(6)
CLASS_SHIFT, REQUEST_SHIFT, REQUEST_MASK, PATH_SHIFT = 60, 28, 0xFFFFFFFF, U(36)

# heap event: time, key (class, request, path), task or stream, token (must equal the task's wait)
(V_TIME, V_KEY, V_WHO, V_TOKEN) = _fields(4)
EVENT_SIZE = U(4)

# ready list entry: what, task, token or code
(Y_WHAT, Y_WHO, Y_TOKEN) = _fields(3)
READY_SIZE = U(4)
Y_START, Y_GRANT, Y_ANSWER, Y_THAW = range(4)
ACT_KILL, ACT_GRANT, ACT_STREAM, ACT_FIRST, ACT_CLIENT = range(5)

# timer ring: one for each constant timeout; entries are (expiry, task, token)
(G_TIMEOUT, G_BASE, G_MASK, G_AT, G_N) = _fields(5)
RING_SIZE = U(8)
RING_ENTRY = U(4)

# --- scrape: sums of counters and gauges looked at every so often (control/scrapes.py); a list by C_NEXT ------------------------
# C_OF and C_TO are lists of indices into `m`. C_AT is the last look (-1: none yet) and C_OF_SUM, C_TO_SUM what it saw; C_NS, C_OF_GREW
# and C_TO_GREW are of the interval it ended (of a gauge C_OF_GREW is the sum itself).
(
    C_NEXT, C_DUE, C_EVERY, C_WAKE, C_KIND, C_OF, C_OF_N, C_TO, C_TO_N, C_AT, C_OF_SUM, C_TO_SUM, C_NS, C_OF_GREW, C_TO_GREW, C_TURNS,
    C_FLOATS, C_FIRED,
) = _fields(18)  # fmt: skip
SCRAPE_SIZE = 18
C_GAUGE, C_RATE, C_RATIO = range(3)
WAKE_NEVER, WAKE_BEYOND, WAKE_ALWAYS = range(3)
(CF_ABOVE, CF_BELOW, CF_LEAST) = _fields(3)

# --- task -----------------------------------------------------------------------------------------------------------------
# Eight words that begin at 0 and eight that a callee inherits stand side by side, so that a few wide stores set them.
(
    T_WAIT, T_HELD, T_FLAGS, T_ATTEMPT, T_QUEUE, T_CODE, T_IDEM, T_TRIES,
    T_REQUEST, T_ROOT, T_ROW, T_CUSTOMER, T_REF, T_ARG, T_PRIORITY, T_DEADLINE,
    T_PC, T_OP, T_UNIT, T_SITE, T_PARENT, T_TOKEN, T_PATH, T_LUCK,
    T_STATE, T_ARRIVED, T_STARTED, T_HOLD, T_EXPIRY, T_NEXT, T_PREV, T_QUEUED_AT,
    T_PARENT_PATH, T_MORE_HOLDS,
) = _fields(34)  # fmt: skip
TASK_SIZE = U(40)
MAX_HOLDS = 1 + int(TASK_SIZE) - int(T_MORE_HOLDS)
FREE, TRAVELLING, LIVE, ANSWERING = range(4)
# flags; TOUCHED and DOUBT are sticky and travel with the answer
F_TOUCHED, F_DOUBT, F_PROBE, F_DURABLE, F_BLOCKED, F_WORKING, F_ROOT, F_SEND, F_WROTE, F_COPY = (1 << i for i in range(10))
STICKY = F_TOUCHED | F_DOUBT
# Fields that hold something else in tasks without a caller: a root (F_ROOT) keeps its flow in T_SITE, its stream in
# T_PARENT and its client or probe number in T_TOKEN; a send (F_SEND) the path of its first delivery in T_PARENT and the
# number of the present one in T_TOKEN.

# --- queues: the first nine words of a pool, of an idempotency entry and of a unit's parking are alike ---------------------
Q_HEAD, Q_TAIL, Q_LENGTH = U(0), U(4), U(8)
LEVELS = 4

# --- pool -------------------------------------------------------------------------------------------------------------
(
    P_BUSY, P_SLOTS, P_LIMIT, P_DISCIPLINE, P_LAST, P_BUSY_NS, P_QUEUE_NS, P_FULL_NS, P_HOLD_NS, P_WAIT_NS, P_GRANTED,
    P_REFUSED, P_WAITED, P_PEAK_BUSY, P_PEAK_QUEUE, P_SECOND_BUSY, P_SECOND_QUEUE,
) = _fields(17, first=9)  # fmt: skip
POOL_SIZE = 28
FIFO, LIFO, PRIORITY = range(3)
UNLIMITED = 1 << 40

# --- unit (one replica of a service) --------------------------------------------------------------------------------------
(
    N_UP, N_HUNG, N_FLOATS, N_SERVICE, N_INDEX, N_WORKING, N_LIVE, N_DONE, N_FAILED, N_BUSY_NS, N_SPECIAL,
) = _fields(11)  # fmt: skip
N_PARKED = U(12)  # a queue
N_POOLS = U(24)  # handles of the service's pools, by local number
UNIT_SIZE = 64
MAX_POOLS = UNIT_SIZE - 24
# float block of a unit: slowdown, share of errors, grey share, grey factor, contention
(NF_SLOW, NF_ERROR, NF_GREY, NF_GREY_FACTOR, NF_CONTENTION) = _fields(5)

# --- service ------------------------------------------------------------------------------------------------------------
(S_BALANCE, S_TURN, S_ACTIVE_N, S_ACTIVE, S_REPLICAS, S_UNITS, S_SHARD_ATTRIBUTE, S_UNITS_N) = _fields(8)
SERVICE_SIZE = 8
ROUND_ROBIN, RANDOM, LEAST_BUSY, SHARD = range(4)

# --- operation ------------------------------------------------------------------------------------------------------------
(O_ENTRY, O_HASH, O_LIFETIME, O_HISTOGRAM, O_EFFECTS, O_DONE, O_FAILED, O_SERVICE, O_NUMBER, O_NS) = _fields(10)
OPERATION_SIZE = 12

# --- link ---------------------------------------------------------------------------------------------------------------
(L_FLOATS, L_LATENCY, L_ADD, L_CUT_REQUEST, L_CUT_ANSWER, L_SENT, L_LOST_REQUEST, L_LOST_ANSWER, L_CLEAN) = _fields(9)
LINK_SIZE = 12
(LF_LOSS_REQUEST, LF_LOSS_ANSWER, LF_DUPLICATION, LF_FACTOR) = _fields(4)

# --- call site: policies and counters; then one block of state for each unit of the calling service -----------------------
(
    X_SERVICE, X_OP, X_LINK, X_HASH, X_DRAW, X_TIMEOUT, X_RING, X_ATTEMPTS, X_BACKOFF, X_BACKOFF_MAX, X_FLOATS, X_RETRY_ON,
    X_BUDGET_RATIO, X_BUDGET_BURST, X_WINDOW, X_MIN_CALLS, X_OPEN_NS, X_PROBES, X_FALLBACK, X_ON_FAILURE, X_PRIORITY,
    X_DURABLE, X_DELAY, X_STATES, X_ARMED, X_TRIES, X_FAILURES, X_TIMEOUTS, X_RETRIES, X_OPENED, X_NUMBER, X_FALLBACKS,
) = _fields(32)  # fmt: skip
SITE_SIZE = 32
(XF_MULTIPLIER, XF_JITTER, XF_FAILURE_RATE) = _fields(3)
ON_FAIL, ON_BLOCK, ON_IGNORE = range(3)
(D_STATE, D_BITS, D_COUNT, D_OPENED_AT, D_PROBING, D_SUCCESSES, D_TOKENS) = _fields(7)
SITE_STATE_SIZE = U(8)
CLOSED, OPEN, HALF_OPEN = range(3)

# --- instruction --------------------------------------------------------------------------------------------------------
(I_CODE, I_A, I_B, I_C, I_HASH, I_CHAIN, I_DEPTH, I_HANDLER) = _fields(8)
INSTRUCTION_SIZE = U(8)
# from C_WORK on they are not begun after the deadline
(
    C_ACQUIRE, C_RELEASE, C_GATE, C_BEGIN, C_ARM, C_END, C_ROUTE, C_CHOOSE, C_JUMP, C_FAIL, C_RETURN,
    C_WORK, C_WAIT, C_TRY, C_ISSUE, C_SEND, C_LIMIT, C_EFFECT,
) = range(18)  # fmt: skip
FOR_TASK, FOR_BULKHEAD, FOR_CONNECTION = range(3)

# --- rate limit -----------------------------------------------------------------------------------------------------------
(R_NEXT, R_INTERVAL, R_TOLERANCE, R_DEFERS, R_MAX_WAIT, R_PASSED, R_DEFERRED, R_REFUSED) = _fields(8)
LIMIT_SIZE = 8

# --- flow and arrival stream ------------------------------------------------------------------------------------------------
(
    W_OP, W_KIND, W_RECORD, W_PRIORITY, W_HISTOGRAM, W_STARTED, W_OK, W_REJECTED, W_FAILED, W_UNKNOWN, W_BLOCKED, W_NS,
    W_PENDING, W_NUMBER,
) = _fields(14)  # fmt: skip
FLOW_SIZE = 16
(
    A_FLOW, A_KIND, A_NEXT, A_HASH, A_NUMBER, A_RATES, A_MINUTES, A_FLOATS, A_TOKEN, A_LIST, A_LIST_N, A_CLIENTS, A_THINK,
    A_OVER, A_FIRST_MINUTE, A_FOLLOWER, A_FOLLOWED, A_DELAY, A_WHERE, A_VALUE,
) = _fields(20)  # fmt: skip
STREAM_SIZE = 20
BY_RATE, BY_POPULATION, BY_BACKLOG, BY_LIST, BY_PROBE, BY_FOLLOWING = range(6)
(AF_FACTOR, AF_THIN, AF_SHARE) = _fields(3)

# --- attribute --------------------------------------------------------------------------------------------------------------
(B_SCOPE, B_HASH, B_FLOATS, B_N) = _fields(4)
ATTRIBUTE_SIZE = 4
OF_CUSTOMER, OF_INTENT, OF_INSTRUMENT, IS_SESSION, IS_SIDE = range(5)

# --- idempotency entry (open addressing; begins like a queue) ------------------------------------------------------------------
(K_KEY, K_OWNER, K_EXPIRES, K_CODE, K_REF, K_ARG, K_FLAGS) = _fields(7, first=9)
K_EMPTY, K_REMOVED = 0, -1
IDEM_SIZE = U(16)

# --- buffers drained by Python ----------------------------------------------------------------------------------------------
SPAN_SIZE = U(10)  # request, path, parent's path, unit's handle, operation's number, arrived, started, ended, code, flags
LOG_SIZE = U(4)  # time, what, site number, unit index
PROBE_SIZE = U(4)  # probe number, code, latency, outcome
LOG_BREAKER_OPENED, LOG_BREAKER_HALF_OPEN, LOG_BREAKER_CLOSED = range(3)

# --- outcomes ---------------------------------------------------------------------------------------------------------------
CODES = ("ok", "rejected", "refused", "rate_limited", "breaker_open", "bulkhead_full", "error", "deadline", "timeout", "reset")
(OK, REJECTED, REFUSED, RATE_LIMITED, BREAKER_OPEN, BULKHEAD_FULL, ERROR, DEADLINE, TIMEOUT, RESET) = range(10)
OUTCOMES = ("pending", "confirmed", "rejected", "blocked", "failed", "unknown")
(PENDING, CONFIRMED, WAS_REJECTED, BLOCKED, FAILED, UNKNOWN) = range(6)

# --- latency histograms: 32 buckets an octave, as in docs/journal.md ----------------------------------------------------------
HISTOGRAM_BUCKETS = 32 * 59
