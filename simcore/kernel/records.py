"""The records of the kernel's arenas, each word declared once, and the codes that words may hold.

From here come the constants of `layout.py` and the tables in docs/journal.md and docs/kernel.md (`simcore/kernel/generate.py` writes
them), the columns of the journal's series and totals, and what monitors, scenarios and faults may read. Plain Python alone: to check
a file takes neither NumPy nor a compiler.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple


class Mode(Enum):
    """How a word's value moves. The journal's series know cumulative, gauge and peak; to them an integral is cumulative."""

    CUMULATIVE = "cumulative"
    """A count that never falls."""
    INTEGRAL = "integral"
    """A gauge added up over time, brought up to now by `Machine.account_pools` before it is read."""
    GAUGE = "gauge"
    """What is so now; it rises and falls."""
    PEAK = "peak"
    """The highest value of a gauge: in the second among series, of the whole run otherwise."""

    @property
    def in_series(self) -> str:
        """The mode of the journal's column."""
        return "cumulative" if self is Mode.INTEGRAL else self.value


class Kept(Enum):
    """Where the journal keeps a word that has a mode. What is among totals, monitors and faults may read at any time."""

    TOTAL = "totals"
    SERIES = "series"
    BOTH = "totals, series"


class Word(NamedTuple):
    """One int64 of a record, or `width` of them; in the float arena one float64. Without a `mode` it is the kernel's own affair."""

    name: str
    """Of the constant, after the record's prefix; in the journal too."""
    docs: str
    mode: Mode | None = None
    kept: Kept = Kept.TOTAL
    traffic: bool = False
    """It grows when a request, message or intent meets the record: the evidence that a fault there was activated."""
    width: int = 1
    at: int | None = None
    """Its offset, where that is not the end of the word before it."""
    called: str = ""
    """Its name in the journal, where that is not its own."""
    excludes: str = ""
    """What one might think it counts, and it does not: beside `docs` in the table of docs/journal.md."""

    @property
    def label(self) -> str:
        """The word's name as a field of the journal, such as `queue` in `pool/app-threads/queue`."""
        return self.called or self.name


class Series(NamedTuple):
    """Whether and how a word is a column of the journal's series: as increments (cumulative), as the value at each second's end (gauge), or
    as the highest value within it (peak)."""

    label: str
    mode: str
    offset: int


class Record(NamedTuple):
    """One kind of record: a handle is the index of its first word, `prefix` begins the names of its constants.

    `kind` is the journal's name of such records, for those that it keeps words of. `size` is how many words one takes, if that is
    more than it has (0: it stands in no list of its own, or is as long as its words). `floats`: it lies in the float arena.
    """

    prefix: str
    docs: str
    words: tuple[Word, ...]
    kind: str = ""
    size: int = 0
    floats: bool = False

    def offsets(self) -> Iterator[tuple[Word, int]]:
        """Each word with its offset from the handle."""
        free = 0
        for word in self.words:
            at = free if word.at is None else word.at
            yield word, at
            free = max(free, at + word.width)

    @property
    def length(self) -> int:
        """How many 8-byte words one record takes."""
        return max(self.size, *(at + word.width for word, at in self.offsets()))

    def totals(self) -> dict[str, int]:
        """Offsets of the words that are among the journal's totals, by their names there."""
        return {word.label: at for word, at in self.offsets() if word.mode and word.kept is not Kept.SERIES}

    def series(self) -> list[Series]:
        """The words that the journal keeps a series of, in the order of its columns."""
        kept = ((word, at) for word, at in self.offsets() if word.kept is not Kept.TOTAL)
        return [Series(word.label, word.mode.in_series, at) for word, at in kept if word.mode is not None]


class Codes(NamedTuple):
    """The values that a word may hold, counted from 0 (`bits`: powers of two), by name and meaning.

    A name stands in files and journals as it is here; the constant has the prefix before it and is in capitals, unless `constants`
    gives it another.
    """

    docs: str
    names: Mapping[str, str]
    prefix: str = ""
    bits: bool = False
    constants: Mapping[str, str] = {}

    def constant(self, name: str) -> str:
        """The name of the constant in layout.py that holds this code."""
        return self.constants.get(name, f"{self.prefix}_{name}".strip("_").upper())

    def number(self, name: str) -> int:
        """The number of the code with this name. Raises ValueError if there is none."""
        i = list(self.names).index(name)
        return 1 << i if self.bits else i


class Constant(NamedTuple):
    """A number of the kernel that is neither an offset nor a code. `unsigned`: it takes part in the arithmetic of handles and keys."""

    name: str
    value: int
    docs: str
    unsigned: bool = False


DONE = "tasks that ended ok or rejected, also when nobody waited for them any more"
NOT_DONE = "tasks still there; what never got there"
FAILED = "tasks that ended otherwise, those that died with the unit too"
NOT_FAILED = "what was refused because the unit was down; what a link lost; a caller's timeout"

_CUMULATIVE, _INTEGRAL, _GAUGE, _PEAK = Mode.CUMULATIVE, Mode.INTEGRAL, Mode.GAUGE, Mode.PEAK
_TOTAL, _SERIES, _BOTH = Kept.TOTAL, Kept.SERIES, Kept.BOTH

# --- the run ----------------------------------------------------------------------------------------------------------

RUN = Record(
    "RUN",
    "the run, at index 0: clock, buffers and free lists; `_n` is how many there are, `_capacity` how many fit",
    (
        Word("null", "no record: the handle 0"),
        Word("now", "simulated time, ns"),
        Word("token", "the last token given out"),
        Word("heap", "the event queue"),
        Word("heap_n", ""),
        Word("heap_capacity", ""),
        Word("free", "the first free task record"),
        Word("free_n", ""),
        Word("ready", "the ready list, a ring"),
        Word("ready_at", "position of its first entry"),
        Word("ready_n", ""),
        Word("ready_mask", "its capacity less one"),
        Word("rings", "the rings of timers"),
        Word("rings_n", ""),
        Word("ring_low", "no timer in a ring expires before, ns"),
        Word("ring_full", "a ring is nearly full of timers that still count"),
        Word("second", "end of the second that is being counted, ns"),
        Word("columns", "indices of the words that the series keep"),
        Word("columns_n", ""),
        Word("series", "the rows of the series not handed over yet"),
        Word("series_n", ""),
        Word("series_capacity", ""),
        Word("peaks", "pools whose peaks begin again each second"),
        Word("peaks_n", ""),
        Word("events", "events handled"),
        Word("tasks", "tasks made"),
        Word("requests", "intents begun"),
        Word("watches", "watches"),
        Word("watches_n", ""),
        Word("spans", "spans not handed over yet"),
        Word("spans_n", ""),
        Word("spans_capacity", ""),
        Word("span_every", "one request in so many has spans; 0: none has"),
        Word("log", "log entries not handed over yet"),
        Word("log_n", ""),
        Word("log_capacity", ""),
        Word("keys", "the table of idempotency keys"),
        Word("keys_mask", "its capacity less one"),
        Word("keys_n", "entries that are taken, or were"),
        Word("rows_n", "intent rows"),
        Word("rows_capacity", ""),
        Word("live", "tasks in use"),
        Word("guard", "more tasks than this end the run"),
        Word("propagate", "deadlines go along with calls"),
        Word("probes", "answers to probes not taken yet"),
        Word("probes_n", ""),
        Word("probes_capacity", ""),
        Word("alias", "the alias table of the customers' activity, in the float arena"),
        Word("customers", "how many customers there are"),
        Word("client", "the instance that flows run at"),
        Word("hole", "the event that is being handled has left its place at the root of the heap"),
        Word("capacity", "how many more events surely fit into all buffers"),
        Word("reserve", "most entries that one event adds to any buffer"),
        Word("samplers", "the first sampler"),
        Word("sample_due", "when the next sample is due, ns"),
        Word(
            "bands",
            "by contributor to a chance: whose draws; how many in its band",
        ),
        Word("bands_n", "how many they are"),
        Word("band_floats", "of each its band of draws, in the float arena"),
    ),
    size=64,
)

STOPS = Codes(
    "why `advance` returned",
    {
        "reached": "the time asked for",
        "watched": "a watched word has reached its threshold",
        "probed": "a probe is answered",
        "need_capacity": "the next event might not fit",
        "over_guard": "too many tasks",
        "sampled": "a sample wakes somebody",
    },
)

# --- what is to come --------------------------------------------------------------------------------------------------

EVENT = Record(
    "EVENT",
    "an event in the queue",
    (
        Word("time", "ns"),
        Word("key", "its place among those of one instant: class, request, upper bits of the path"),
        Word("who", "the task or stream"),
        Word("token", "it counts if the task still waits for this token"),
    ),
)
CLASSES = Codes(
    "classes of events, in the order in which those of one instant are handled",
    {
        "work": "a work or wait step ends",
        "answer": "an answer arrives",
        "deliver": "a request or message arrives",
        "wake": "a pause ends",
        "timeout": "a timeout fires",
        "arrival": "an intent begins",
    },
    prefix="CLASS",
)

READY = Record(
    "READY",
    "an entry of the ready list",
    (
        Word("what", "GO_…"),
        Word("who", "the task"),
        Word("token", "it counts if the task still waits for this token"),
    ),
    size=4,
)
READY_KINDS = Codes(
    "why a task is in the ready list",
    {
        "start": "it is at its instance",
        "grant": "it has got a slot",
        "answer": "it has ended, its caller goes on",
        "thaw": "what it waited for is over",
    },
    prefix="GO",
)
ACTIONS = Codes(
    "what `act` does",
    {
        "kill": "a task dies",
        "grant": "free slots of a pool go to its queue",
        "stream": "a stream of arrivals begins again",
        "first": "a stream of arrivals begins",
        "client": "a client of a closed population begins",
        "resume": "a work step goes on for so many ns more",
        "let_go": "what a cut held goes on",
    },
    prefix="ACT",
)

RING = Record(
    "RING",
    "a ring of timers, one for each constant timeout",
    (
        Word("timeout", "ns"),
        Word("base", "its first timer"),
        Word("mask", "its capacity less one"),
        Word("at", "position of the first timer"),
        Word("n", "how many there are"),
    ),
    size=8,
)
TIMER = Record(
    "TIMER",
    "a timer in a ring",
    (
        Word("expiry", "ns"),
        Word("task", "whose"),
        Word("token", "it counts if the task still waits for this token"),
    ),
    size=4,
)
WATCH = Record("WATCH", "a watch", (Word("word", "index of what is watched"), Word("at_least", "the threshold")))

ARRIVAL = Record("ARRIVAL", "an entry of a stream's list of arrivals", (Word("time", "ns"), Word("customer", "who")))

SAMPLER = Record(
    "SAMPLER",
    "sums of counters and gauges sampled every so often (control/sampling.py)",
    (
        Word("next", "the sampler after it"),
        Word("due", "when it samples next, ns"),
        Word("every", "its interval, ns"),
        Word("wake", "whom a sample wakes: WAKE_…"),
        Word("kind", "SAMPLE_…"),
        Word("of", "indices of the words of its first sum"),
        Word("of_n", ""),
        Word("to", "indices of the words of its second sum"),
        Word("to_n", ""),
        Word("at", "when it sampled last, ns; -1: not yet"),
        Word("of_sum", "the first sum then"),
        Word("to_sum", "the second sum then"),
        Word("ns", "length of the interval that ended then"),
        Word("of_grew", "what the first sum grew by in it; of a gauge the sum itself"),
        Word("to_grew", "what the second sum grew by in it"),
        Word("turns", "intervals that have ended"),
        Word("floats", "its SAMPLER_FLOAT block"),
        Word("fired", "its last sample has woken somebody"),
        Word("either", "a ratio is over enough if either sum grew by it"),
    ),
)
SAMPLER_FLOAT = Record(
    "SAMPLER_FLOAT",
    "bounds of a sampler",
    (
        Word("above", "what is more is beyond"),
        Word("below", "what is less is beyond"),
        Word("least", "a ratio is over at least this"),
    ),
    floats=True,
)
SAMPLE_KINDS = Codes(
    "what a sampler makes of its sums",
    {
        "gauge": "the first sum",
        "rate": "its growth in a second",
        "ratio": "its growth over that of the second",
    },
    prefix="SAMPLE",
)
WAKES = Codes(
    "whom a sample wakes",
    {
        "never": "nobody",
        "beyond": "who waits, if it is beyond a bound",
        "always": "who waits",
    },
    prefix="WAKE",
)

# --- tasks ------------------------------------------------------------------------------------------------------------

# Eight words that begin at 0 and eight that a callee inherits stand side by side, so that a few wide stores set them.
TASK = Record(
    "TASK",
    "a request or message on its way or at work",
    (
        Word("wait", "token of what it waits for; 0: nothing"),
        Word("held", "slots it holds"),
        Word("flags", "FLAG_…"),
        Word("attempt", "number of its present call's attempt, from 0"),
        Word("queue", "the queue it is in"),
        Word("code", "how it ended, or what it goes on with"),
        Word("key", "entry of the idempotency key that it owns"),
        Word("tries", "attempts of the client's calls"),
        Word("request", "number of the intent"),
        Word("root", "hash of the intent"),
        Word("row", "the intent's row; -1: none"),
        Word("customer", "number of the customer"),
        Word("ref", "the order it is about, in the ledger"),
        Word("arg", "the report it carries"),
        Word("priority", "level of its queues"),
        Word("deadline", "ns; NEVER: none"),
        Word("pc", "the instruction it is at"),
        Word("operation", "which"),
        Word("instance", "where"),
        Word("call", "the call site it comes from; of a root its flow"),
        Word("parent", "its caller; of a root its stream, of a send the path of its first delivery"),
        Word("token", "what its caller waits for; of a root the client or probe, of a send the number of the delivery"),
        Word("path", "hash of its place in the tree of calls"),
        Word("draw_key", "hash of the outer attempts it is in, for draws that have a name"),
        Word("state", "FREE, TRAVELLING, LIVE or ANSWERING"),
        Word("arrived", "at its instance, ns"),
        Word("started", "when all its pools were acquired, ns; -1: not yet"),
        Word("hold", "since when it holds its first slot, ns"),
        Word("expiry", "of its present attempt's timeout, ns"),
        Word("next", "the task after it in its queue, or the next free record"),
        Word("previous", "the task before it in its queue"),
        Word("queued_at", "ns; -1: it did not wait"),
        Word("parent_path", "the path of who called"),
        Word("more_holds", "since when it holds its other slots, ns", width=7),
    ),
)
TASK_STATES = Codes(
    "states of a task record",
    {
        "free": "not in use",
        "travelling": "on its way to an instance",
        "live": "at an instance",
        "answering": "its answer is on its way",
    },
)
FLAGS = Codes(
    "flags of a task; the first two travel with the answer",
    {
        "touched": "something was changed",
        "doubt": "something may have been changed",
        "probe": "its attempt is the one by which a half open breaker decides",
        "durable": "a message that comes again until it is dealt with",
        "blocked": "an `on_failure: block` call has failed",
        "working": "it counts among its instance's working tasks",
        "root": "the client's own task: it has no caller",
        "send": "a message: nobody waits for it",
        "wrote": "it changed something itself or through what it called",
        "copy": "a link made it of another task",
    },
    prefix="FLAG",
    bits=True,
)

# --- queues, pools, limits --------------------------------------------------------------------------------------------

QUEUE = Record(
    "QUEUE",
    "tasks that wait; pools, idempotency keys and an instance's parking begin like this",
    (
        Word("head", "the first task of each level", width=4),
        Word("tail", "the last task of each level", width=4),
        Word("length", "how many wait"),
    ),
)
POOL = Record(
    "POOL",
    "slots that tasks hold, with the queue before them",
    (
        Word("busy", "slots in use", _GAUGE, _BOTH, at=9),
        Word("queue", "tasks that wait", _GAUGE, _BOTH, at=8),
        Word("slots", "slots there are", _GAUGE, _BOTH),
        Word("queue_limit", "most tasks that may wait", _GAUGE),
        Word("discipline", "FIFO, LIFO or PRIORITY"),
        Word("last", "up to when the integrals are added up, ns"),
        Word("granted", "slots given to tasks", _CUMULATIVE, _BOTH),
        Word(
            "refused",
            "tasks turned away because the queue was full",
            _CUMULATIVE,
            _BOTH,
            traffic=True,
            excludes="tasks whose time ran out in the queue",
        ),
        Word("waited", "tasks that had to wait, whether they got a slot or not", _CUMULATIVE, _BOTH, traffic=True),
        Word("busy_ns", "slots in use, added up over time, ns", _INTEGRAL, _BOTH),
        Word("queue_ns", "tasks that wait, added up over time, ns", _INTEGRAL),
        Word("full_ns", "time with no free slot, ns", _INTEGRAL),
        Word("wait_ns", "how long tasks waited that do so no longer, ns", _CUMULATIVE, _BOTH),
        Word("hold_ns", "how long tasks held slots that they have given back, ns", _CUMULATIVE),
        Word("peak_busy", "most slots in use", _PEAK),
        Word("peak_queue", "most tasks that waited", _PEAK),
        Word("second_busy", "most slots in use in the second", _PEAK, _SERIES, called="peak_busy"),
        Word("second_queue", "most tasks that waited in the second", _PEAK, _SERIES, called="peak_queue"),
    ),
    kind="pool",
    size=28,
)
DISCIPLINES = Codes(
    "which task of a queue is next",
    {
        "fifo": "the one that came first",
        "lifo": "the one that came last",
        "priority": "the first of the highest level",
    },
)
LIMIT = Record(
    "LIMIT",
    "a rate limit (generic cell rate algorithm)",
    (
        Word("next", "when the next request conforms, ns"),
        Word("interval", "between requests at the full rate, ns"),
        Word("tolerance", "how early a request may be, ns"),
        Word("defers", "what is too early waits"),
        Word("max_wait", "longest wait, ns"),
        Word("passed", "requests let through, those that had to wait too", _CUMULATIVE, _BOTH),
        Word("deferred", "requests that had to wait", _CUMULATIVE, _BOTH, traffic=True),
        Word("refused", "requests turned away", _CUMULATIVE, _BOTH, traffic=True),
    ),
    kind="limit",
)

# --- services ---------------------------------------------------------------------------------------------------------

INSTANCE = Record(
    "INSTANCE",
    "one instance of a service",
    (
        Word("up", "1 while it is up", _GAUGE, _BOTH),
        Word("hung", "1 while it answers nothing, hung or paused", _GAUGE, _BOTH),
        Word("floats", "its INSTANCE_FLOAT block"),
        Word("service", "whose"),
        Word("index", "its number within the service"),
        Word("working", "tasks at a work step"),
        Word("live", "tasks there", _GAUGE, _BOTH),
        Word("done", DONE, _CUMULATIVE, _BOTH, traffic=True, excludes=NOT_DONE),
        Word("failed", FAILED, _CUMULATIVE, _BOTH, traffic=True, excludes=NOT_FAILED),
        Word("sojourn_ns", "time that tasks which have ended were there, ns", _CUMULATIVE, _BOTH),
        Word("special", "it has errors, a grey share, or operations that are slow here alone"),
        Word("paused", "1 while it stands still: its work, and what arrives"),
        Word("parked", "tasks and messages that wait until it is up or thaws: a queue", width=9, at=12),
        Word("grey_more", "further grey shares with their factors, in the float arena, the largest share first"),
        Word("grey_more_n", "how many they are"),
        Word("errors_injected", "requests that a share of errors made fail", _CUMULATIVE),
        Word("slowed", "work steps that a grey share made slow", _CUMULATIVE),
        Word("worked", "work steps that take time, from when they begin", _CUMULATIVE),
        Word("crowded", "those that began beside another one", _CUMULATIVE),
        Word(
            "slow_operations",
            "its SLOW_OPERATION blocks in the float arena; 0: never any",
        ),
        Word("slow_operations_n", "how many they are"),
        Word("pools", "pools and limits of the service, by local number", width=40, at=29),
    ),
    kind="unit",
)
INSTANCE_FLOAT = Record(
    "INSTANCE_FLOAT",
    "what faults do to the work of an instance",
    (
        Word("slow", "factor on all work"),
        Word("error", "share of the requests that fail"),
        Word("grey", "share of the requests whose work is slow"),
        Word("grey_factor", "factor on their work"),
        Word("contention", "by how much each other working task slows one that begins"),
    ),
    floats=True,
)
SLOW_OPERATION = Record(
    "SLOW_OPERATION",
    "an operation whose work takes longer at one instance than at others",
    (
        Word("first", "its first instruction"),
        Word("last", "its last one"),
        Word("factor", "on its work"),
    ),
    floats=True,
)
SERVICE = Record(
    "SERVICE",
    "a service",
    (
        Word("balance", "ROUND_ROBIN, RANDOM, LEAST_BUSY or SHARD"),
        Word("turn", "calls taken so far, for ROUND_ROBIN"),
        Word("active_n", "instances in rotation"),
        Word("active", "they"),
        Word("replicas", "instances but standby ones"),
        Word("instances", "all instances"),
        Word("shard_attribute", "what SHARD goes by"),
        Word("instances_n", ""),
    ),
)
BALANCES = Codes(
    "which instance in rotation takes a call",
    {
        "round_robin": "the next",
        "random": "any",
        "least_busy": "the one with the fewest tasks",
        "shard": "that of the attribute's value",
    },
)
OPERATION = Record(
    "OPERATION",
    "an operation of a service; of the client, a flow's steps",
    (
        Word("entry", "its first instruction"),
        Word("hash", "of its name"),
        Word("lifetime", "how long idempotency keys are kept, ns; -1: it has none"),
        Word("histogram", "durations of tasks that ended ok or rejected"),
        Word("effects", "it may change something"),
        Word("done", DONE, _CUMULATIVE, _BOTH, excludes=NOT_DONE),
        Word("failed", FAILED, _CUMULATIVE, _BOTH, excludes=NOT_FAILED),
        Word("service", "whose"),
        Word("number", "in the journal"),
    ),
    kind="operation",
    size=12,
)
LINK = Record(
    "LINK",
    "a network link, one way for requests and the other for answers",
    (
        Word("floats", "its LINK_FLOAT block"),
        Word("latency", "distribution of one way, in the float arena"),
        Word("add", "added to every latency, ns"),
        Word("cut_request", "CUT_…: what becomes of requests"),
        Word("cut_answer", "CUT_…: what becomes of answers"),
        Word(
            "sent",
            "requests and messages sent, lost or held ones and copies too",
            _CUMULATIVE,
            _BOTH,
            traffic=True,
            excludes="answers",
        ),
        Word("lost_request", "requests and messages lost", _CUMULATIVE, _BOTH),
        Word("lost_answer", "answers lost", _CUMULATIVE, _BOTH),
        Word("clean", "takes no time and loses nothing"),
        Word("held_request", "requests and messages that came to a cut that holds or resets", _CUMULATIVE),
        Word("held_answer", "answers that came to a cut that holds or resets", _CUMULATIVE),
        Word("duplicated", "requests and messages sent twice", _CUMULATIVE),
    ),
    kind="link",
    size=12,
)
CUTS = Codes(
    "what a cut does to what comes to it, the worst last",
    {
        "none": "there is no cut",
        "held": "it is delivered late, once the cut has ended",
        "reset": "its connection is reset once the cut has ended",
        "lost": "it is gone",
    },
    prefix="CUT",
)
LINK_FLOAT = Record(
    "LINK_FLOAT",
    "shares and a factor of a link",
    (
        Word("loss_request", "share of the requests that are lost"),
        Word("loss_answer", "share of the answers that are lost"),
        Word("duplication", "share of the requests that come twice"),
        Word("factor", "on the latency"),
    ),
    floats=True,
)

# --- calls ------------------------------------------------------------------------------------------------------------

CALL = Record(
    "CALL",
    "a call site: policies and counters; a send has `attempts` alone",
    (
        Word("service", "who is called"),
        Word("operation", "what is called"),
        Word("link", "over which; 0: none"),
        Word("hash", "of its label"),
        Word("draw", "hash of its draw's name; 0: none"),
        Word("timeout", "ns; -1: none"),
        Word("ring", "the ring of its timers"),
        Word("attempts_max", "attempts in all"),
        Word("backoff", "before the second attempt, ns"),
        Word("backoff_max", "longest backoff, ns"),
        Word("floats", "its CALL_FLOAT block"),
        Word("retry_on", "bits of the codes that are tried again"),
        Word("budget_ratio", "millionths of an attempt that a call earns; -1: no budget"),
        Word("budget_burst", "most millionths kept"),
        Word("window", "attempts that the breaker looks back on; 0: no breaker"),
        Word("calls_min", "fewest attempts by which the breaker opens"),
        Word("open_ns", "how long it stays open"),
        Word("probes", "successes that close it"),
        Word("fallback", "first instruction of the fallback; 0: none"),
        Word("on_failure", "ON_…"),
        Word("priority", "of the callee; -1: the caller's"),
        Word("durable", "a message that comes again until it is dealt with"),
        Word("delay", "of a message, a distribution in the float arena; 0: none"),
        Word("states", "its state at each instance of the calling service"),
        Word("armed", "its timeout begins before the connection is acquired"),
        Word(
            "attempts",
            "attempts of calls, each by itself, and messages, once they are sent, whether they arrive or not",
            _CUMULATIVE,
            _BOTH,
            traffic=True,
            excludes="`withheld` attempts; a message's later deliveries; copies that a link makes",
        ),
        Word(
            "failures",
            "attempts, sent or `withheld`, that ended neither ok nor rejected",
            _CUMULATIVE,
            _BOTH,
            excludes="business rejects; attempts still open; attempts whose caller died",
        ),
        Word(
            "timeouts",
            "those of the `failures` whose time ran out, before the answer or before they were sent",
            _CUMULATIVE,
            _BOTH,
            excludes="deadlines of the caller",
        ),
        Word(
            "retries",
            "attempts after the first, from when they are decided on, before their backoff",
            _CUMULATIVE,
            _BOTH,
            excludes="what no policy or budget allows; the attempts of whoever calls the caller again",
        ),
        Word(
            "breaker_open",
            "times a breaker opened, by failures or by a failed probe: each calling instance has its own",
            _CUMULATIVE,
            _BOTH,
            excludes="what an open breaker turns away (`withheld`)",
        ),
        Word("number", "in the journal"),
        Word(
            "fallbacks",
            "calls whose fallback was begun, after their last attempt",
            _CUMULATIVE,
            _BOTH,
            excludes="business rejects",
        ),
        Word(
            "withheld",
            "attempts given up before they were sent: breaker, bulkhead or pool said no, or the time ran out",
            _CUMULATIVE,
            _BOTH,
        ),
    ),
    kind="call",
)
CALL_FLOAT = Record(
    "CALL_FLOAT",
    "shares and factors of a call site",
    (
        Word("multiplier", "of the backoff, each attempt"),
        Word("jitter", "share of the backoff that is random"),
        Word("failure_rate", "at which the breaker opens"),
    ),
    floats=True,
)
ON_FAILURE = Codes(
    "what a failed call means to its caller",
    {
        "fail": "it fails too",
        "block": "it fails, and the customer knows that nothing was done",
        "ignore": "it goes on",
    },
    prefix="ON",
)
STATE = Record(
    "STATE",
    "the state of a call site at one instance of the calling service: breaker and retry budget",
    (
        Word("breaker", "CLOSED, OPEN or HALF_OPEN"),
        Word("bits", "the last attempts, one bit each: 1 failed"),
        Word("count", "how many of them there are"),
        Word("opened_at", "ns"),
        Word("probing", "a probe is on its way"),
        Word("successes", "of probes, while it is half open"),
        Word("tokens", "millionths of an attempt in the retry budget"),
    ),
    size=8,
)
BREAKER_STATES = Codes(
    "states of a breaker",
    {
        "closed": "calls go through",
        "open": "calls fail at once",
        "half_open": "one call goes through, as a probe",
    },
)

# --- programs ---------------------------------------------------------------------------------------------------------

INSTRUCTION = Record(
    "INSTR",
    "an instruction",
    (
        Word("code", "DO_…"),
        Word("a", "operands"),
        Word("b", ""),
        Word("c", ""),
        Word("hash", "what its draw goes by"),
        Word("chain", "local numbers of the pools held there, the first taken first"),
        Word("depth", "how many they are"),
        Word("handler", "where a failure goes on; 0: the task fails"),
    ),
)
INSTRUCTIONS = Codes(
    "instructions; those from `work` on are not begun after the deadline",
    {
        "acquire": "a slot of pool a; b: FOR_…; c: not after the deadline",
        "release": "a slot of pool a",
        "gate": "waits while its instance is hung",
        "begin": "errors of the instance, idempotency",
        "arm": "the timeout of call site a begins",
        "end": "end of an attempt of call site c: a tries again, b goes on",
        "route": "by attribute a to the branch in table b",
        "choose": "by the shares a to one of c branches in table b",
        "jump": "to a",
        "fail": "with code a",
        "return": "the end",
        "work": "of distribution a; b: by its draw's name",
        "wait": "of distribution a; b: by its draw's name",
        "try": "budget and breaker of call site a",
        "issue": "calls at site a; b: goes on after the next instruction",
        "send": "a message at site a",
        "limit": "passes limit a",
        "effect": "effect a; b: it counts as a change",
    },
    prefix="DO",
)
PURPOSES = Codes(
    "what a slot is acquired for",
    {
        "task": "the task's own",
        "bulkhead": "a call's bulkhead",
        "connection": "a call's connection",
    },
    prefix="FOR",
)

# --- customers --------------------------------------------------------------------------------------------------------

FLOW = Record(
    "FLOW",
    "a flow: what customers want, and how it ended for them",
    (
        Word("operation", "the client's"),
        Word("kind", "of simcore.kernel.ledger"),
        Word("record", "each intent has a row"),
        Word("priority", "of its tasks"),
        Word("histogram", "durations of confirmed intents"),
        Word("started", "intents begun", _CUMULATIVE, _BOTH, traffic=True, excludes="attempts after an intent's first"),
        Word("ok", "intents confirmed", _CUMULATIVE, _BOTH),
        Word(
            "rejected",
            "intents rejected by a business rule",
            _CUMULATIVE,
            _BOTH,
            excludes="what queues, limits or breakers turned away (`failed`)",
        ),
        Word("failed", "intents that failed and left nothing behind", _CUMULATIVE, _BOTH),
        Word("unknown", "intents of which the customer knows nothing for sure", _CUMULATIVE, _BOTH),
        Word("blocked", "intents that never got to where they do anything", _CUMULATIVE, _BOTH),
        Word("latency_ns_sum", "from submission to answer, of all that have ended, ns", _CUMULATIVE, _BOTH),
        Word("pending", "intents without an answer", _GAUGE, _BOTH),
        Word("number", "in the journal"),
        Word("rate_changed", "intents that a factor on the rate brought or kept away", _CUMULATIVE),
    ),
    kind="flow",
    size=16,
)
STREAM = Record(
    "STREAM",
    "a stream of arrivals of a flow",
    (
        Word("flow", "whose"),
        Word("kind", "BY_…"),
        Word("next", "number of its next intent"),
        Word("hash", "of its intents"),
        Word("number", "its place among arrivals of one instant"),
        Word("rates", "intents a second in each minute, in the float arena; 0: none"),
        Word("minutes", "how many they are"),
        Word("floats", "its STREAM_FLOAT block"),
        Word("token", "of its pending arrival"),
        Word("list", "its ARRIVAL entries"),
        Word("list_n", "how many arrivals, or clients of a closed population"),
        Word("clients", "number of each client's next intent"),
        Word("think", "distribution of the time between a client's intents"),
        Word("over", "ns that a backlog comes in; of a list the number of its first intent"),
        Word("first_minute", "minute of the first rate; of a backlog when it begins, ns"),
        Word("follower", "the stream that follows it; 0: none"),
        Word("followed", "the stream that it follows"),
        Word("delay", "distribution of the time until it follows"),
        Word("where", "it follows customers with this attribute; 0: all"),
        Word("value", "and this value of it"),
        Word("extra", "1: its intents come on top of the workload's own"),
    ),
)
STREAM_KINDS = Codes(
    "how intents of a stream come",
    {
        "rate": "at random, by a rate for each minute",
        "population": "by the clients of a closed population",
        "backlog": "so many, evenly within a time",
        "list": "at times of a list",
        "probe": "each one asked for",
        "following": "after those of another stream",
    },
    prefix="BY",
)
STREAM_FLOAT = Record(
    "STREAM_FLOAT",
    "factors and shares of a stream",
    (
        Word("factor", "on the rates"),
        Word("thin", "share of the intents that do come"),
        Word("share", "of the followed intents that are followed"),
    ),
    floats=True,
)
ATTRIBUTE = Record(
    "ATTRIBUTE",
    "an attribute of customers, intents or instruments",
    (
        Word("scope", "OF_…, IS_SESSION or IS_SIDE"),
        Word("hash", "what its draw goes by"),
        Word("floats", "running shares of its values"),
        Word("n", "how many values it has"),
    ),
)
SCOPES = Codes(
    "what an attribute belongs to",
    {
        "customer": "its value is drawn for the customer",
        "intent": "for the intent",
        "instrument": "for the instrument",
        "session": "whether the customer is logged in",
        "side": "whether the intent buys",
    },
    prefix="OF",
    constants={"session": "IS_SESSION", "side": "IS_SIDE"},
)
KEY = Record(
    "KEY",
    "an idempotency key (open addressing), with the queue of those who wait for its owner",
    (
        Word("key", "hash; KEY_EMPTY, KEY_REMOVED: none", at=9),
        Word("owner", "the task that decides; 0: decided"),
        Word("expires", "ns"),
        Word("code", "how the owner ended"),
        Word("ref", "what the owner answered"),
        Word("arg", ""),
        Word("flags", ""),
    ),
)

# --- buffers that Python empties --------------------------------------------------------------------------------------

SPAN = Record(
    "SPAN",
    "a task of a sampled request, at its end",
    (
        Word("request", "number of the intent"),
        Word("path", "of the task"),
        Word("parent", "path of its caller"),
        Word("instance", "where"),
        Word("operation", "number of the operation"),
        Word("arrived", "ns"),
        Word("started", "ns; -1: never"),
        Word("ended", "ns"),
        Word("code", "how"),
        Word("flags", "FLAG_…"),
    ),
)
LOG = Record(
    "LOG",
    "a change of a breaker",
    (
        Word("time", "ns"),
        Word("what", "LOGGED_…"),
        Word("call", "number of the call site"),
        Word("instance", "number of the calling instance within its service"),
    ),
)
LOGGED = Codes(
    "what the log tells",
    {
        "opened": "a breaker opened",
        "half_open": "a breaker lets a probe through",
        "closed": "a breaker closed",
    },
    prefix="LOGGED",
)
PROBE = Record(
    "PROBE",
    "an answer to a probe",
    (
        Word("number", "of the probe"),
        Word("code", "how it ended"),
        Word("latency", "ns"),
        Word("outcome", "what the robot saw"),
    ),
)

# --- ends -------------------------------------------------------------------------------------------------------------

CODES = Codes(
    "how a task ended: docs/semantics.md has the table",
    {
        "ok": "done",
        "rejected": "a business rule says no",
        "refused": "a full queue, or nobody there",
        "rate_limited": "over a rate limit",
        "breaker_open": "the caller's breaker is open",
        "bulkhead_full": "the caller's bulkhead is full",
        "error": "anything else that failed",
        "deadline": "past the deadline",
        "timeout": "no answer in time",
        "reset": "the instance died",
    },
)
OUTCOMES = Codes(
    "what the customer knows of an intent",
    {
        "pending": "nothing yet",
        "confirmed": "it is done",
        "rejected": "a business rule says no",
        "blocked": "it never got to where it does anything",
        "failed": "it failed and left nothing behind",
        "unknown": "it may have been done",
    },
    constants={"rejected": "WAS_REJECTED"},
)

CONSTANTS = (
    Constant("NEVER", (1 << 63) - 1, "a time that does not come, ns"),
    Constant("CLASS_SHIFT", 60, "of the class in an event's key"),
    Constant("REQUEST_SHIFT", 28, "of the request in an event's key"),
    Constant("REQUEST_MASK", 0xFFFFFFFF, "its bits, before the shift"),
    Constant("PATH_SHIFT", 36, "down to the bits of a path that are in an event's key", unsigned=True),
    Constant("STICKY", FLAGS.number("touched") | FLAGS.number("doubt"), "flags that travel with the answer"),
    Constant("LEVELS", QUEUE.words[0].width, "of a queue, the highest first"),
    Constant("HOLDS_MAX", 1 + TASK.words[-1].width, "slots that a task may hold at once"),
    Constant("POOLS_MAX", INSTANCE.words[-1].width, "pools and limits that a service may use"),
    Constant("UNLIMITED", 1 << 40, "slots of a pool without a limit"),
    Constant("KEY_EMPTY", 0, "no key was ever here"),
    Constant("KEY_REMOVED", -1, "a key was here; the search goes on"),
    Constant("HISTOGRAM_BUCKETS", 32 * 59, "32 an octave, as docs/journal.md has them"),
)

RECORDS = tuple(declared for declared in list(globals().values()) if isinstance(declared, Record))
CODE_SETS = tuple(declared for declared in list(globals().values()) if isinstance(declared, Codes))
JOURNAL_RECORDS: Mapping[str, Record] = {record.kind: record for record in (POOL, INSTANCE, LINK, FLOW, CALL, OPERATION, LIMIT)}
"""The records that the journal keeps words of, by the journal's names of them."""
