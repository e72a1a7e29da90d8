"""Offsets, codes and constants of the kernel's arenas. Written by simcore/kernel/generate.py from records.py: change it there.

All state of a run is one flat int64 array `m`. A handle is an absolute index into it, always uint64 (unsigned indices need no
wrap-around check, and mixing int64 with uint64 would give float64); 0 is no handle. Offsets are added to a record's handle:
`m[task + y.TASK_PC]`. Floating-point parameters live in a second array `f`, found through handles kept in the records.
"""

from __future__ import annotations

import numpy as np

U = np.uint64

# --- records ---

# the run, at index 0: clock, buffers and free lists; `_n` is how many there are, `_capacity` how many fit
RUN_NULL = U(0)  # no record: the handle 0
RUN_NOW = U(1)  # simulated time, ns
RUN_TOKEN = U(2)  # the last token given out
RUN_HEAP = U(3)  # the event queue
RUN_HEAP_N = U(4)
RUN_HEAP_CAPACITY = U(5)
RUN_FREE = U(6)  # the first free task record
RUN_FREE_N = U(7)
RUN_READY = U(8)  # the ready list, a ring
RUN_READY_AT = U(9)  # position of its first entry
RUN_READY_N = U(10)
RUN_READY_MASK = U(11)  # its capacity less one
RUN_RINGS = U(12)  # the rings of timers
RUN_RINGS_N = U(13)
RUN_RING_LOW = U(14)  # no timer in a ring expires before, ns
RUN_RING_FULL = U(15)  # a ring is nearly full of timers that still count
RUN_SECOND = U(16)  # end of the second that is being counted, ns
RUN_COLUMNS = U(17)  # indices of the words that the series keep
RUN_COLUMNS_N = U(18)
RUN_SERIES = U(19)  # the rows of the series not handed over yet
RUN_SERIES_N = U(20)
RUN_SERIES_CAPACITY = U(21)
RUN_PEAKS = U(22)  # pools whose peaks begin again each second
RUN_PEAKS_N = U(23)
RUN_EVENTS = U(24)  # events handled
RUN_TASKS = U(25)  # tasks made
RUN_REQUESTS = U(26)  # intents begun
RUN_WATCHES = U(27)  # watches
RUN_WATCHES_N = U(28)
RUN_SPANS = U(29)  # spans not handed over yet
RUN_SPANS_N = U(30)
RUN_SPANS_CAPACITY = U(31)
RUN_SPAN_EVERY = U(32)  # one request in so many has spans; 0: none has
RUN_LOG = U(33)  # log entries not handed over yet
RUN_LOG_N = U(34)
RUN_LOG_CAPACITY = U(35)
RUN_KEYS = U(36)  # the table of idempotency keys
RUN_KEYS_MASK = U(37)  # its capacity less one
RUN_KEYS_N = U(38)  # entries that are taken, or were
RUN_ROWS_N = U(39)  # intent rows
RUN_ROWS_CAPACITY = U(40)
RUN_LIVE = U(41)  # tasks in use
RUN_GUARD = U(42)  # more tasks than this end the run
RUN_PROPAGATE = U(43)  # deadlines go along with calls
RUN_PROBES = U(44)  # answers to probes not taken yet
RUN_PROBES_N = U(45)
RUN_PROBES_CAPACITY = U(46)
RUN_ALIAS = U(47)  # the alias table of the customers' activity, in the float arena
RUN_CUSTOMERS = U(48)  # how many customers there are
RUN_CLIENT = U(49)  # the instance that flows run at
RUN_HOLE = U(50)  # the event that is being handled has left its place at the root of the heap
RUN_CAPACITY = U(51)  # how many more events surely fit into all buffers
RUN_RESERVE = U(52)  # most entries that one event adds to any buffer
RUN_SAMPLERS = U(53)  # the first sampler
RUN_SAMPLE_DUE = U(54)  # when the next sample is due, ns
RUN_BANDS = U(55)  # by contributor to a chance: whose draws; how many in its band
RUN_BANDS_N = U(56)  # how many they are
RUN_BAND_FLOATS = U(57)  # of each its band of draws, in the float arena
RUN_SIZE = U(64)

# an event in the queue
EVENT_TIME = U(0)  # ns
EVENT_KEY = U(1)  # its place among those of one instant: class, request, upper bits of the path
EVENT_WHO = U(2)  # the task or stream
EVENT_TOKEN = U(3)  # it counts if the task still waits for this token
EVENT_SIZE = U(4)

# an entry of the ready list
READY_WHAT = U(0)  # GO_…
READY_WHO = U(1)  # the task
READY_TOKEN = U(2)  # it counts if the task still waits for this token
READY_SIZE = U(4)

# a ring of timers, one for each constant timeout
RING_TIMEOUT = U(0)  # ns
RING_BASE = U(1)  # its first timer
RING_MASK = U(2)  # its capacity less one
RING_AT = U(3)  # position of the first timer
RING_N = U(4)  # how many there are
RING_SIZE = U(8)

# a timer in a ring
TIMER_EXPIRY = U(0)  # ns
TIMER_TASK = U(1)  # whose
TIMER_TOKEN = U(2)  # it counts if the task still waits for this token
TIMER_SIZE = U(4)

# a watch
WATCH_WORD = U(0)  # index of what is watched
WATCH_AT_LEAST = U(1)  # the threshold
WATCH_SIZE = U(2)

# an entry of a stream's list of arrivals
ARRIVAL_TIME = U(0)  # ns
ARRIVAL_CUSTOMER = U(1)  # who
ARRIVAL_SIZE = U(2)

# sums of counters and gauges sampled every so often (control/sampling.py)
SAMPLER_NEXT = U(0)  # the sampler after it
SAMPLER_DUE = U(1)  # when it samples next, ns
SAMPLER_EVERY = U(2)  # its interval, ns
SAMPLER_WAKE = U(3)  # whom a sample wakes: WAKE_…
SAMPLER_KIND = U(4)  # SAMPLE_…
SAMPLER_OF = U(5)  # indices of the words of its first sum
SAMPLER_OF_N = U(6)
SAMPLER_TO = U(7)  # indices of the words of its second sum
SAMPLER_TO_N = U(8)
SAMPLER_AT = U(9)  # when it sampled last, ns; -1: not yet
SAMPLER_OF_SUM = U(10)  # the first sum then
SAMPLER_TO_SUM = U(11)  # the second sum then
SAMPLER_NS = U(12)  # length of the interval that ended then
SAMPLER_OF_GREW = U(13)  # what the first sum grew by in it; of a gauge the sum itself
SAMPLER_TO_GREW = U(14)  # what the second sum grew by in it
SAMPLER_TURNS = U(15)  # intervals that have ended
SAMPLER_FLOATS = U(16)  # its SAMPLER_FLOAT block
SAMPLER_FIRED = U(17)  # its last sample has woken somebody
SAMPLER_EITHER = U(18)  # a ratio is over enough if either sum grew by it
SAMPLER_SIZE = U(19)

# bounds of a sampler
SAMPLER_FLOAT_ABOVE = U(0)  # what is more is beyond
SAMPLER_FLOAT_BELOW = U(1)  # what is less is beyond
SAMPLER_FLOAT_LEAST = U(2)  # a ratio is over at least this
SAMPLER_FLOAT_SIZE = U(3)

# a request or message on its way or at work
TASK_WAIT = U(0)  # token of what it waits for; 0: nothing
TASK_HELD = U(1)  # slots it holds
TASK_FLAGS = U(2)  # FLAG_…
TASK_ATTEMPT = U(3)  # number of its present call's attempt, from 0
TASK_QUEUE = U(4)  # the queue it is in
TASK_CODE = U(5)  # how it ended, or what it goes on with
TASK_KEY = U(6)  # entry of the idempotency key that it owns
TASK_TRIES = U(7)  # attempts of the client's calls
TASK_REQUEST = U(8)  # number of the intent
TASK_ROOT = U(9)  # hash of the intent
TASK_ROW = U(10)  # the intent's row; -1: none
TASK_CUSTOMER = U(11)  # number of the customer
TASK_REF = U(12)  # the order it is about, in the ledger
TASK_ARG = U(13)  # the report it carries
TASK_PRIORITY = U(14)  # level of its queues
TASK_DEADLINE = U(15)  # ns; NEVER: none
TASK_PC = U(16)  # the instruction it is at
TASK_OPERATION = U(17)  # which
TASK_INSTANCE = U(18)  # where
TASK_CALL = U(19)  # the call site it comes from; of a root its flow
TASK_PARENT = U(20)  # its caller; of a root its stream, of a send the path of its first delivery
TASK_TOKEN = U(21)  # what its caller waits for; of a root the client or probe, of a send the number of the delivery
TASK_PATH = U(22)  # hash of its place in the tree of calls
TASK_DRAW_KEY = U(23)  # hash of the outer attempts it is in, for draws that have a name
TASK_STATE = U(24)  # FREE, TRAVELLING, LIVE or ANSWERING
TASK_ARRIVED = U(25)  # at its instance, ns
TASK_STARTED = U(26)  # when all its pools were acquired, ns; -1: not yet
TASK_HOLD = U(27)  # since when it holds its first slot, ns
TASK_EXPIRY = U(28)  # of its present attempt's timeout, ns
TASK_NEXT = U(29)  # the task after it in its queue, or the next free record
TASK_PREVIOUS = U(30)  # the task before it in its queue
TASK_QUEUED_AT = U(31)  # ns; -1: it did not wait
TASK_PARENT_PATH = U(32)  # the path of who called
TASK_MORE_HOLDS = U(33)  # since when it holds its other slots, ns
TASK_SIZE = U(40)

# tasks that wait; pools, idempotency keys and an instance's parking begin like this
QUEUE_HEAD = U(0)  # the first task of each level
QUEUE_TAIL = U(4)  # the last task of each level
QUEUE_LENGTH = U(8)  # how many wait
QUEUE_SIZE = U(9)

# slots that tasks hold, with the queue before them
POOL_BUSY = U(9)  # slots in use
POOL_QUEUE = U(8)  # tasks that wait
POOL_SLOTS = U(10)  # slots there are
POOL_QUEUE_LIMIT = U(11)  # most tasks that may wait
POOL_DISCIPLINE = U(12)  # FIFO, LIFO or PRIORITY
POOL_LAST = U(13)  # up to when the integrals are added up, ns
POOL_GRANTED = U(14)  # slots given to tasks
POOL_REFUSED = U(15)  # tasks turned away because the queue was full
POOL_WAITED = U(16)  # tasks that had to wait, whether they got a slot or not
POOL_BUSY_NS = U(17)  # slots in use, added up over time, ns
POOL_QUEUE_NS = U(18)  # tasks that wait, added up over time, ns
POOL_FULL_NS = U(19)  # time with no free slot, ns
POOL_WAIT_NS = U(20)  # how long tasks waited that do so no longer, ns
POOL_HOLD_NS = U(21)  # how long tasks held slots that they have given back, ns
POOL_PEAK_BUSY = U(22)  # most slots in use
POOL_PEAK_QUEUE = U(23)  # most tasks that waited
POOL_SECOND_BUSY = U(24)  # most slots in use in the second
POOL_SECOND_QUEUE = U(25)  # most tasks that waited in the second
POOL_SIZE = U(28)

# a rate limit (generic cell rate algorithm)
LIMIT_NEXT = U(0)  # when the next request conforms, ns
LIMIT_INTERVAL = U(1)  # between requests at the full rate, ns
LIMIT_TOLERANCE = U(2)  # how early a request may be, ns
LIMIT_DEFERS = U(3)  # what is too early waits
LIMIT_MAX_WAIT = U(4)  # longest wait, ns
LIMIT_PASSED = U(5)  # requests let through, those that had to wait too
LIMIT_DEFERRED = U(6)  # requests that had to wait
LIMIT_REFUSED = U(7)  # requests turned away
LIMIT_SIZE = U(8)

# one instance of a service
INSTANCE_UP = U(0)  # 1 while it is up
INSTANCE_HUNG = U(1)  # 1 while it answers nothing, hung or paused
INSTANCE_FLOATS = U(2)  # its INSTANCE_FLOAT block
INSTANCE_SERVICE = U(3)  # whose
INSTANCE_INDEX = U(4)  # its number within the service
INSTANCE_WORKING = U(5)  # tasks at a work step
INSTANCE_LIVE = U(6)  # tasks there
INSTANCE_DONE = U(7)  # tasks that ended ok or rejected, also when nobody waited for them any more
INSTANCE_FAILED = U(8)  # tasks that ended otherwise, those that died with the unit too
INSTANCE_SOJOURN_NS = U(9)  # time that tasks which have ended were there, ns
INSTANCE_SPECIAL = U(10)  # it has errors, a grey share, or operations that are slow here alone
INSTANCE_PAUSED = U(11)  # 1 while it stands still: its work, and what arrives
INSTANCE_PARKED = U(12)  # tasks and messages that wait until it is up or thaws: a queue
INSTANCE_GREY_MORE = U(21)  # further grey shares with their factors, in the float arena, the largest share first
INSTANCE_GREY_MORE_N = U(22)  # how many they are
INSTANCE_ERRORS_INJECTED = U(23)  # requests that a share of errors made fail
INSTANCE_SLOWED = U(24)  # work steps that a grey share made slow
INSTANCE_WORKED = U(25)  # work steps that take time, from when they begin
INSTANCE_CROWDED = U(26)  # those that began beside another one
INSTANCE_SLOW_OPERATIONS = U(27)  # its SLOW_OPERATION blocks in the float arena; 0: never any
INSTANCE_SLOW_OPERATIONS_N = U(28)  # how many they are
INSTANCE_POOLS = U(29)  # pools and limits of the service, by local number
INSTANCE_SIZE = U(69)

# what faults do to the work of an instance
INSTANCE_FLOAT_SLOW = U(0)  # factor on all work
INSTANCE_FLOAT_ERROR = U(1)  # share of the requests that fail
INSTANCE_FLOAT_GREY = U(2)  # share of the requests whose work is slow
INSTANCE_FLOAT_GREY_FACTOR = U(3)  # factor on their work
INSTANCE_FLOAT_CONTENTION = U(4)  # by how much each other working task slows one that begins
INSTANCE_FLOAT_SIZE = U(5)

# an operation whose work takes longer at one instance than at others
SLOW_OPERATION_FIRST = U(0)  # its first instruction
SLOW_OPERATION_LAST = U(1)  # its last one
SLOW_OPERATION_FACTOR = U(2)  # on its work
SLOW_OPERATION_SIZE = U(3)

# a service
SERVICE_BALANCE = U(0)  # ROUND_ROBIN, RANDOM, LEAST_BUSY or SHARD
SERVICE_TURN = U(1)  # calls taken so far, for ROUND_ROBIN
SERVICE_ACTIVE_N = U(2)  # instances in rotation
SERVICE_ACTIVE = U(3)  # they
SERVICE_REPLICAS = U(4)  # instances but standby ones
SERVICE_INSTANCES = U(5)  # all instances
SERVICE_SHARD_ATTRIBUTE = U(6)  # what SHARD goes by
SERVICE_INSTANCES_N = U(7)
SERVICE_SIZE = U(8)

# an operation of a service; of the client, a flow's steps
OPERATION_ENTRY = U(0)  # its first instruction
OPERATION_HASH = U(1)  # of its name
OPERATION_LIFETIME = U(2)  # how long idempotency keys are kept, ns; -1: it has none
OPERATION_HISTOGRAM = U(3)  # durations of tasks that ended ok or rejected
OPERATION_EFFECTS = U(4)  # it may change something
OPERATION_DONE = U(5)  # tasks that ended ok or rejected, also when nobody waited for them any more
OPERATION_FAILED = U(6)  # tasks that ended otherwise, those that died with the unit too
OPERATION_SERVICE = U(7)  # whose
OPERATION_NUMBER = U(8)  # in the journal
OPERATION_SIZE = U(12)

# a network link, one way for requests and the other for answers
LINK_FLOATS = U(0)  # its LINK_FLOAT block
LINK_LATENCY = U(1)  # distribution of one way, in the float arena
LINK_ADD = U(2)  # added to every latency, ns
LINK_CUT_REQUEST = U(3)  # CUT_…: what becomes of requests
LINK_CUT_ANSWER = U(4)  # CUT_…: what becomes of answers
LINK_SENT = U(5)  # requests and messages sent, lost or held ones and copies too
LINK_LOST_REQUEST = U(6)  # requests and messages lost
LINK_LOST_ANSWER = U(7)  # answers lost
LINK_CLEAN = U(8)  # takes no time and loses nothing
LINK_HELD_REQUEST = U(9)  # requests and messages that came to a cut that holds or resets
LINK_HELD_ANSWER = U(10)  # answers that came to a cut that holds or resets
LINK_DUPLICATED = U(11)  # requests and messages sent twice
LINK_SIZE = U(12)

# shares and a factor of a link
LINK_FLOAT_LOSS_REQUEST = U(0)  # share of the requests that are lost
LINK_FLOAT_LOSS_ANSWER = U(1)  # share of the answers that are lost
LINK_FLOAT_DUPLICATION = U(2)  # share of the requests that come twice
LINK_FLOAT_FACTOR = U(3)  # on the latency
LINK_FLOAT_SIZE = U(4)

# a call site: policies and counters; a send has `attempts` alone
CALL_SERVICE = U(0)  # who is called
CALL_OPERATION = U(1)  # what is called
CALL_LINK = U(2)  # over which; 0: none
CALL_HASH = U(3)  # of its label
CALL_DRAW = U(4)  # hash of its draw's name; 0: none
CALL_TIMEOUT = U(5)  # ns; -1: none
CALL_RING = U(6)  # the ring of its timers
CALL_ATTEMPTS_MAX = U(7)  # attempts in all
CALL_BACKOFF = U(8)  # before the second attempt, ns
CALL_BACKOFF_MAX = U(9)  # longest backoff, ns
CALL_FLOATS = U(10)  # its CALL_FLOAT block
CALL_RETRY_ON = U(11)  # bits of the codes that are tried again
CALL_BUDGET_RATIO = U(12)  # millionths of an attempt that a call earns; -1: no budget
CALL_BUDGET_BURST = U(13)  # most millionths kept
CALL_WINDOW = U(14)  # attempts that the breaker looks back on; 0: no breaker
CALL_CALLS_MIN = U(15)  # fewest attempts by which the breaker opens
CALL_OPEN_NS = U(16)  # how long it stays open
CALL_PROBES = U(17)  # successes that close it
CALL_FALLBACK = U(18)  # first instruction of the fallback; 0: none
CALL_ON_FAILURE = U(19)  # ON_…
CALL_PRIORITY = U(20)  # of the callee; -1: the caller's
CALL_DURABLE = U(21)  # a message that comes again until it is dealt with
CALL_DELAY = U(22)  # of a message, a distribution in the float arena; 0: none
CALL_STATES = U(23)  # its state at each instance of the calling service
CALL_ARMED = U(24)  # its timeout begins before the connection is acquired
CALL_ATTEMPTS = U(25)  # attempts of calls, each by itself, and messages, once they are sent, whether they arrive or not
CALL_FAILURES = U(26)  # attempts, sent or `withheld`, that ended neither ok nor rejected
CALL_TIMEOUTS = U(27)  # those of the `failures` whose time ran out, before the answer or before they were sent
CALL_RETRIES = U(28)  # attempts after the first, from when they are decided on, before their backoff
CALL_BREAKER_OPEN = U(29)  # times a breaker opened, by failures or by a failed probe: each calling instance has its own
CALL_NUMBER = U(30)  # in the journal
CALL_FALLBACKS = U(31)  # calls whose fallback was begun, after their last attempt
CALL_WITHHELD = U(32)  # attempts given up before they were sent: breaker, bulkhead or pool said no, or the time ran out
CALL_SIZE = U(33)

# shares and factors of a call site
CALL_FLOAT_MULTIPLIER = U(0)  # of the backoff, each attempt
CALL_FLOAT_JITTER = U(1)  # share of the backoff that is random
CALL_FLOAT_FAILURE_RATE = U(2)  # at which the breaker opens
CALL_FLOAT_SIZE = U(3)

# the state of a call site at one instance of the calling service: breaker and retry budget
STATE_BREAKER = U(0)  # CLOSED, OPEN or HALF_OPEN
STATE_BITS = U(1)  # the last attempts, one bit each: 1 failed
STATE_COUNT = U(2)  # how many of them there are
STATE_OPENED_AT = U(3)  # ns
STATE_PROBING = U(4)  # a probe is on its way
STATE_SUCCESSES = U(5)  # of probes, while it is half open
STATE_TOKENS = U(6)  # millionths of an attempt in the retry budget
STATE_SIZE = U(8)

# an instruction
INSTR_CODE = U(0)  # DO_…
INSTR_A = U(1)  # operands
INSTR_B = U(2)
INSTR_C = U(3)
INSTR_HASH = U(4)  # what its draw goes by
INSTR_CHAIN = U(5)  # local numbers of the pools held there, the first taken first
INSTR_DEPTH = U(6)  # how many they are
INSTR_HANDLER = U(7)  # where a failure goes on; 0: the task fails
INSTR_SIZE = U(8)

# a flow: what customers want, and how it ended for them
FLOW_OPERATION = U(0)  # the client's
FLOW_KIND = U(1)  # of simcore.kernel.ledger
FLOW_RECORD = U(2)  # each intent has a row
FLOW_PRIORITY = U(3)  # of its tasks
FLOW_HISTOGRAM = U(4)  # durations of confirmed intents
FLOW_STARTED = U(5)  # intents begun
FLOW_OK = U(6)  # intents confirmed
FLOW_REJECTED = U(7)  # intents rejected by a business rule
FLOW_FAILED = U(8)  # intents that failed and left nothing behind
FLOW_UNKNOWN = U(9)  # intents of which the customer knows nothing for sure
FLOW_BLOCKED = U(10)  # intents that never got to where they do anything
FLOW_LATENCY_NS_SUM = U(11)  # from submission to answer, of all that have ended, ns
FLOW_PENDING = U(12)  # intents without an answer
FLOW_NUMBER = U(13)  # in the journal
FLOW_RATE_CHANGED = U(14)  # intents that a factor on the rate brought or kept away
FLOW_SIZE = U(16)

# a stream of arrivals of a flow
STREAM_FLOW = U(0)  # whose
STREAM_KIND = U(1)  # BY_…
STREAM_NEXT = U(2)  # number of its next intent
STREAM_HASH = U(3)  # of its intents
STREAM_NUMBER = U(4)  # its place among arrivals of one instant
STREAM_RATES = U(5)  # intents a second in each minute, in the float arena; 0: none
STREAM_MINUTES = U(6)  # how many they are
STREAM_FLOATS = U(7)  # its STREAM_FLOAT block
STREAM_TOKEN = U(8)  # of its pending arrival
STREAM_LIST = U(9)  # its ARRIVAL entries
STREAM_LIST_N = U(10)  # how many arrivals, or clients of a closed population
STREAM_CLIENTS = U(11)  # number of each client's next intent
STREAM_THINK = U(12)  # distribution of the time between a client's intents
STREAM_OVER = U(13)  # ns that a backlog comes in; of a list the number of its first intent
STREAM_FIRST_MINUTE = U(14)  # minute of the first rate; of a backlog when it begins, ns
STREAM_FOLLOWER = U(15)  # the stream that follows it; 0: none
STREAM_FOLLOWED = U(16)  # the stream that it follows
STREAM_DELAY = U(17)  # distribution of the time until it follows
STREAM_WHERE = U(18)  # it follows customers with this attribute; 0: all
STREAM_VALUE = U(19)  # and this value of it
STREAM_EXTRA = U(20)  # 1: its intents come on top of the workload's own
STREAM_SIZE = U(21)

# factors and shares of a stream
STREAM_FLOAT_FACTOR = U(0)  # on the rates
STREAM_FLOAT_THIN = U(1)  # share of the intents that do come
STREAM_FLOAT_SHARE = U(2)  # of the followed intents that are followed
STREAM_FLOAT_SIZE = U(3)

# an attribute of customers, intents or instruments
ATTRIBUTE_SCOPE = U(0)  # OF_…, IS_SESSION or IS_SIDE
ATTRIBUTE_HASH = U(1)  # what its draw goes by
ATTRIBUTE_FLOATS = U(2)  # running shares of its values
ATTRIBUTE_N = U(3)  # how many values it has
ATTRIBUTE_SIZE = U(4)

# an idempotency key (open addressing), with the queue of those who wait for its owner
KEY_KEY = U(9)  # hash; KEY_EMPTY, KEY_REMOVED: none
KEY_OWNER = U(10)  # the task that decides; 0: decided
KEY_EXPIRES = U(11)  # ns
KEY_CODE = U(12)  # how the owner ended
KEY_REF = U(13)  # what the owner answered
KEY_ARG = U(14)
KEY_FLAGS = U(15)
KEY_SIZE = U(16)

# a task of a sampled request, at its end
SPAN_REQUEST = U(0)  # number of the intent
SPAN_PATH = U(1)  # of the task
SPAN_PARENT = U(2)  # path of its caller
SPAN_INSTANCE = U(3)  # where
SPAN_OPERATION = U(4)  # number of the operation
SPAN_ARRIVED = U(5)  # ns
SPAN_STARTED = U(6)  # ns; -1: never
SPAN_ENDED = U(7)  # ns
SPAN_CODE = U(8)  # how
SPAN_FLAGS = U(9)  # FLAG_…
SPAN_SIZE = U(10)

# a change of a breaker
LOG_TIME = U(0)  # ns
LOG_WHAT = U(1)  # LOGGED_…
LOG_CALL = U(2)  # number of the call site
LOG_INSTANCE = U(3)  # number of the calling instance within its service
LOG_SIZE = U(4)

# an answer to a probe
PROBE_NUMBER = U(0)  # of the probe
PROBE_CODE = U(1)  # how it ended
PROBE_LATENCY = U(2)  # ns
PROBE_OUTCOME = U(3)  # what the robot saw
PROBE_SIZE = U(4)

# --- codes ---

# why `advance` returned
REACHED = 0  # the time asked for
WATCHED = 1  # a watched word has reached its threshold
PROBED = 2  # a probe is answered
NEED_CAPACITY = 3  # the next event might not fit
OVER_GUARD = 4  # too many tasks
SAMPLED = 5  # a sample wakes somebody

# classes of events, in the order in which those of one instant are handled
CLASS_WORK = 0  # a work or wait step ends
CLASS_ANSWER = 1  # an answer arrives
CLASS_DELIVER = 2  # a request or message arrives
CLASS_WAKE = 3  # a pause ends
CLASS_TIMEOUT = 4  # a timeout fires
CLASS_ARRIVAL = 5  # an intent begins

# why a task is in the ready list
GO_START = 0  # it is at its instance
GO_GRANT = 1  # it has got a slot
GO_ANSWER = 2  # it has ended, its caller goes on
GO_THAW = 3  # what it waited for is over

# what `act` does
ACT_KILL = 0  # a task dies
ACT_GRANT = 1  # free slots of a pool go to its queue
ACT_STREAM = 2  # a stream of arrivals begins again
ACT_FIRST = 3  # a stream of arrivals begins
ACT_CLIENT = 4  # a client of a closed population begins
ACT_RESUME = 5  # a work step goes on for so many ns more
ACT_LET_GO = 6  # what a cut held goes on

# what a sampler makes of its sums
SAMPLE_GAUGE = 0  # the first sum
SAMPLE_RATE = 1  # its growth in a second
SAMPLE_RATIO = 2  # its growth over that of the second

# whom a sample wakes
WAKE_NEVER = 0  # nobody
WAKE_BEYOND = 1  # who waits, if it is beyond a bound
WAKE_ALWAYS = 2  # who waits

# states of a task record
FREE = 0  # not in use
TRAVELLING = 1  # on its way to an instance
LIVE = 2  # at an instance
ANSWERING = 3  # its answer is on its way

# flags of a task; the first two travel with the answer
FLAG_TOUCHED = 1  # something was changed
FLAG_DOUBT = 2  # something may have been changed
FLAG_PROBE = 4  # its attempt is the one by which a half open breaker decides
FLAG_DURABLE = 8  # a message that comes again until it is dealt with
FLAG_BLOCKED = 16  # an `on_failure: block` call has failed
FLAG_WORKING = 32  # it counts among its instance's working tasks
FLAG_ROOT = 64  # the client's own task: it has no caller
FLAG_SEND = 128  # a message: nobody waits for it
FLAG_WROTE = 256  # it changed something itself or through what it called
FLAG_COPY = 512  # a link made it of another task

# which task of a queue is next
FIFO = 0  # the one that came first
LIFO = 1  # the one that came last
PRIORITY = 2  # the first of the highest level

# which instance in rotation takes a call
ROUND_ROBIN = 0  # the next
RANDOM = 1  # any
LEAST_BUSY = 2  # the one with the fewest tasks
SHARD = 3  # that of the attribute's value

# what a cut does to what comes to it, the worst last
CUT_NONE = 0  # there is no cut
CUT_HELD = 1  # it is delivered late, once the cut has ended
CUT_RESET = 2  # its connection is reset once the cut has ended
CUT_LOST = 3  # it is gone

# what a failed call means to its caller
ON_FAIL = 0  # it fails too
ON_BLOCK = 1  # it fails, and the customer knows that nothing was done
ON_IGNORE = 2  # it goes on

# states of a breaker
CLOSED = 0  # calls go through
OPEN = 1  # calls fail at once
HALF_OPEN = 2  # one call goes through, as a probe

# instructions; those from `work` on are not begun after the deadline
DO_ACQUIRE = 0  # a slot of pool a; b: FOR_…; c: not after the deadline
DO_RELEASE = 1  # a slot of pool a
DO_GATE = 2  # waits while its instance is hung
DO_BEGIN = 3  # errors of the instance, idempotency
DO_ARM = 4  # the timeout of call site a begins
DO_END = 5  # end of an attempt of call site c: a tries again, b goes on
DO_ROUTE = 6  # by attribute a to the branch in table b
DO_CHOOSE = 7  # by the shares a to one of c branches in table b
DO_JUMP = 8  # to a
DO_FAIL = 9  # with code a
DO_RETURN = 10  # the end
DO_WORK = 11  # of distribution a; b: by its draw's name
DO_WAIT = 12  # of distribution a; b: by its draw's name
DO_TRY = 13  # budget and breaker of call site a
DO_ISSUE = 14  # calls at site a; b: goes on after the next instruction
DO_SEND = 15  # a message at site a
DO_LIMIT = 16  # passes limit a
DO_EFFECT = 17  # effect a; b: it counts as a change

# what a slot is acquired for
FOR_TASK = 0  # the task's own
FOR_BULKHEAD = 1  # a call's bulkhead
FOR_CONNECTION = 2  # a call's connection

# how intents of a stream come
BY_RATE = 0  # at random, by a rate for each minute
BY_POPULATION = 1  # by the clients of a closed population
BY_BACKLOG = 2  # so many, evenly within a time
BY_LIST = 3  # at times of a list
BY_PROBE = 4  # each one asked for
BY_FOLLOWING = 5  # after those of another stream

# what an attribute belongs to
OF_CUSTOMER = 0  # its value is drawn for the customer
OF_INTENT = 1  # for the intent
OF_INSTRUMENT = 2  # for the instrument
IS_SESSION = 3  # whether the customer is logged in
IS_SIDE = 4  # whether the intent buys

# what the log tells
LOGGED_OPENED = 0  # a breaker opened
LOGGED_HALF_OPEN = 1  # a breaker lets a probe through
LOGGED_CLOSED = 2  # a breaker closed

# how a task ended: docs/semantics.md has the table
OK = 0  # done
REJECTED = 1  # a business rule says no
REFUSED = 2  # a full queue, or nobody there
RATE_LIMITED = 3  # over a rate limit
BREAKER_OPEN = 4  # the caller's breaker is open
BULKHEAD_FULL = 5  # the caller's bulkhead is full
ERROR = 6  # anything else that failed
DEADLINE = 7  # past the deadline
TIMEOUT = 8  # no answer in time
RESET = 9  # the instance died

# what the customer knows of an intent
PENDING = 0  # nothing yet
CONFIRMED = 1  # it is done
WAS_REJECTED = 2  # a business rule says no
BLOCKED = 3  # it never got to where it does anything
FAILED = 4  # it failed and left nothing behind
UNKNOWN = 5  # it may have been done

# --- their names in files and journals ---
CODES = ("ok", "rejected", "refused", "rate_limited", "breaker_open", "bulkhead_full", "error", "deadline", "timeout", "reset")
OUTCOMES = ("pending", "confirmed", "rejected", "blocked", "failed", "unknown")

# --- other constants ---
NEVER = 9223372036854775807  # a time that does not come, ns
CLASS_SHIFT = 60  # of the class in an event's key
REQUEST_SHIFT = 28  # of the request in an event's key
REQUEST_MASK = 4294967295  # its bits, before the shift
PATH_SHIFT = U(36)  # down to the bits of a path that are in an event's key
STICKY = 3  # flags that travel with the answer
LEVELS = 4  # of a queue, the highest first
HOLDS_MAX = 8  # slots that a task may hold at once
POOLS_MAX = 40  # pools and limits that a service may use
UNLIMITED = 1099511627776  # slots of a pool without a limit
KEY_EMPTY = 0  # no key was ever here
KEY_REMOVED = -1  # a key was here; the search goes on
HISTOGRAM_BUCKETS = 1888  # 32 an octave, as docs/journal.md has them
