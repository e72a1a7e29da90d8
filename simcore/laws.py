"""Conservation laws of the data plane: what must hold at the end of every run, whatever was done to it.

Those of money, shares and intents are in simcore.kernel.ledger.conservation. A law that is broken is a bug of the simulator.
"""

from __future__ import annotations

from simcore.compile.plan import Plan
from simcore.kernel import layout as y
from simcore.kernel.machine import Machine

Law = tuple[str, bool, int, int]  # name, holds, expected, found
Shares = dict[
    int, tuple[int, int]
]  # of each pool, by handle: how many tasks hold it (or wait), and for how many ns so far in all


def kernel_laws(plan: Plan, machine: Machine) -> list[Law]:
    """Slots are held by those who live, queues hold those who wait, Little's law on both, one end for every intent.

    The time integrals of the pools must have been brought up to now (Machine.account_pools). Expected and found are those of the
    first pool that is off, or sums. Little's law is exact here: the integral over time of the slots in use is the time that tasks
    have held them, to the nanosecond, and the same for queues.
    """
    m = machine.m
    held, waiting = _holders(plan, machine)
    flows = plan.handles["flow"].values()
    started = sum(int(m[at + int(y.FLOW_STARTED)]) for at in flows)
    ended = sum(
        int(m[at + int(end)])
        for at in flows
        for end in (y.FLOW_OK, y.FLOW_REJECTED, y.FLOW_FAILED, y.FLOW_UNKNOWN, y.FLOW_BLOCKED)
    )
    pending = int((m[machine.tasks() + int(y.TASK_FLAGS)] & y.FLAG_ROOT != 0).sum())

    def of_pools(counted: int, now: Shares, done: int | None = None) -> list[tuple[int, int]]:
        """For each pool what it counted, and what its tasks say: how many they are, or the time of those done and of these."""
        return [(int(m[at + counted]), n if done is None else int(m[at + done]) + ns) for at, (n, ns) in now.items()]

    return [
        _law("slots in use are held by live tasks", of_pools(int(y.POOL_BUSY), held)),
        _law("queues hold waiting tasks", of_pools(int(y.QUEUE_LENGTH), waiting)),
        _law("Little's law on slots", of_pools(int(y.POOL_BUSY_NS), held, int(y.POOL_HOLD_NS))),
        _law("Little's law on queues", of_pools(int(y.POOL_QUEUE_NS), waiting, int(y.POOL_WAIT_NS))),
        _law("every intent has one end or is pending", [(started, ended + pending)]),
    ]


def _holders(plan: Plan, machine: Machine) -> tuple[Shares, Shares]:
    """Who holds slots of the pools and who waits for them, asked of the living tasks one by one."""
    m, now = machine.m, machine.now
    held: Shares = dict.fromkeys(plan.handles["pool"].values(), (0, 0))
    waiting = held.copy()

    def add(shares: Shares, pool: int, since: int) -> None:
        n, ns = shares[pool]
        shares[pool] = n + 1, ns + now - since

    for k in machine.tasks().tolist():
        if m[k + int(y.TASK_STATE)] != y.LIVE:
            continue
        instance, chain = int(m[k + int(y.TASK_INSTANCE)]), int(m[int(m[k + int(y.TASK_PC)]) + int(y.INSTR_CHAIN)])
        for depth in range(int(m[k + int(y.TASK_HELD)])):
            since = k + (int(y.TASK_MORE_HOLDS) + depth - 1 if depth else int(y.TASK_HOLD))
            add(held, int(m[instance + int(y.INSTANCE_POOLS) + int(m[chain + depth])]), int(m[since]))
        queue = int(m[k + int(y.TASK_QUEUE)])
        if queue in waiting:
            add(waiting, queue, int(m[k + int(y.TASK_QUEUED_AT)]))
    return held, waiting


def _law(name: str, pairs: list[tuple[int, int]]) -> Law:
    """Compared modulo 2^64, as the kernel's sums wrap."""
    for expected, found in pairs:
        if (expected - found) % (1 << 64):
            return name, False, expected, found
    total = sum(expected for expected, _ in pairs) % (1 << 62)
    return name, True, total, total
