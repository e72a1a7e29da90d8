"""Operations as the kernel's instructions: steps are unrolled, named and laid out flat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from simcore.base.errors import InputError
from simcore.compile.arena import Arena, wrap
from simcore.kernel import layout as y
from simcore.kernel import random, records
from simcore.kernel.ledger.counterparties import EFFECTS as CODES
from simcore.model.architecture import Operation, Service
from simcore.model.distributions import Distribution
from simcore.model.effects import EFFECTS
from simcore.model.index import ArchitectureIndex, CallSite
from simcore.model.steps import CLIENT, Call, Choose, Effect, Fail, Hold, RateLimit, Repeat, Route, Send, Step, Wait, Work

Key = TypeVar("Key", bound=Hashable)
Holds = tuple[int, ...]
"""Local numbers of the pools held at an instruction, the first taken first."""


class Records(Protocol):
    """What a program needs of who writes the records that it refers to (`simcore.compile.records.RecordWriter`)."""

    m: Arena[np.int64]
    f: Arena[np.float64]
    index: ArchitectureIndex
    attribute_values: dict[str, list[str]]

    def set(self, at: int, offset: np.uint64, value: int | np.int64) -> None: ...
    def distribution(self, d: Distribution) -> int: ...
    def attribute(self, name: str) -> int: ...
    def add_call_site(self, caller: str, label: str, step: Call | Send) -> int: ...


@dataclass
class Instruction:
    """One instruction, its operands as layout.py has them. A jump or handler is the number of an instruction of the same program."""

    code: int
    holds: Holds
    a: int = 0
    b: int = 0
    c: int = 0
    hash: int = 0
    jump_a: int | None = None
    jump_b: int | None = None
    handler: int | None = None


class Draw(NamedTuple):
    """What a step's draw goes by, and whether that is a name in the file."""

    hash: int
    named: bool


class Assembler:
    """Makes one operation's instructions. Jumps and handlers are numbers until the program has its place in the arena."""

    def __init__(self, records_of: Records, service: str, operation: str) -> None:
        self.records, self.service = records_of, service
        self.name = f"{service}.{operation}"
        self.local = {name: i for i, name in enumerate(records_of.index.resources_of(service))}
        self.code: list[Instruction] = []
        self.ordinals: Counter[str] = Counter()
        self.sites: Iterator[CallSite] = iter(records_of.index.call_sites_of(self.name))
        self.handles_outside: dict[int, int] = {}
        """Words of the arena outside the program that will hold an instruction's handle, and its number."""

    # -- emitting -------------------------------------------------------------------------------------------------------------

    def emit(self, code: int, holds: Holds, *, a: int = 0, b: int = 0, c: int = 0, hash: int = 0) -> Instruction:
        """Appends an instruction."""
        self.code.append(Instruction(code, holds, a, b, c, hash))
        return self.code[-1]

    @property
    def next(self) -> int:
        """The number of the instruction that is appended next."""
        return len(self.code)

    def ordinal(self, verb: str) -> int:
        """How many steps of this verb there were before."""
        self.ordinals[verb] += 1
        return self.ordinals[verb] - 1

    def draw(self, verb: str, name: str | None) -> Draw:
        """The draw of a step; the step counts whether or not it names its draw."""
        label = f"{self.name}/{verb}#{self.ordinal(verb)}"
        return Draw(random.name_hash(f"draw:{name}" if name else label), name is not None)

    def site_label(self, step: Call | Send) -> str:
        """The name of the next call site: steps are laid out in the order in which the index has them."""
        site = next(self.sites)
        assert site.step is step, f"{self.name}: the index has {site.name} where the program has another step"
        return site.name

    # -- steps ----------------------------------------------------------------------------------------------------------------

    def steps(self, steps: Iterable[Step], holds: Holds) -> None:
        """Appends the instructions of steps: those of a `work` by the method `work`, and so on."""
        for step in steps:
            getattr(self, type(step).__name__.lower())(step, holds)

    def work(self, step: Work, holds: Holds) -> None:
        """Takes time at the instance."""
        draw = self.draw("work", step.draw)
        self.emit(y.DO_WORK, holds, a=self.records.distribution(step.work), b=int(draw.named), hash=draw.hash)

    def wait(self, step: Wait, holds: Holds) -> None:
        """Lets time pass."""
        draw = self.draw("wait", step.draw)
        self.emit(y.DO_WAIT, holds, a=self.records.distribution(step.wait), b=int(draw.named), hash=draw.hash)

    def hold(self, step: Hold, holds: Holds) -> None:
        """Holds a slot during its steps."""
        pool = self.local[step.hold]
        self.emit(y.DO_ACQUIRE, (*holds, pool), a=pool, b=y.FOR_TASK, c=1)
        self.steps(step.steps, (*holds, pool))
        self.emit(y.DO_RELEASE, (*holds, pool), a=pool)

    def ratelimit(self, step: RateLimit, holds: Holds) -> None:
        """Passes a rate limit."""
        self.emit(y.DO_LIMIT, holds, a=self.local[step.rate_limit])

    def effect(self, step: Effect, holds: Holds) -> None:
        """Changes the ledger."""
        self.emit(y.DO_EFFECT, holds, a=CODES[step.effect], b=int(EFFECTS[step.effect].counts_as_effect))

    def fail(self, step: Fail, holds: Holds) -> None:
        """Ends the task."""
        self.emit(y.DO_FAIL, holds, a=records.CODES.number(step.fail))

    def repeat(self, step: Repeat, holds: Holds) -> None:
        """Its steps, so many times."""
        for _ in range(step.repeat):
            self.steps(step.steps, holds)

    def send(self, step: Send, holds: Holds) -> None:
        """Sends a message."""
        self.emit(y.DO_SEND, holds, a=self.records.add_call_site(self.service, self.site_label(step), step))

    def route(self, step: Route, holds: Holds) -> None:
        """Takes the branch of an attribute's value. The table has a handle for each value, 0 where there is no branch."""
        attribute = self.records.attribute(step.route)
        values = self.records.attribute_values[step.route]
        table = self.records.m.take(len(values))
        self.emit(y.DO_ROUTE, holds, a=attribute, b=table)
        branches: dict[str | None, list[Step]] = dict(step.cases.items())
        if step.default is not None:
            branches[None] = step.default
        starts = self.branches(branches, holds)
        for i, value in enumerate(values):
            target = starts.get(value, starts.get(None))
            if target is not None:
                self.handles_outside[table + i] = target

    def choose(self, step: Choose, holds: Holds) -> None:
        """Takes a branch by chance. The table has a handle for each branch, and one for what the shares leave open: the step after it."""
        label = f"{self.name}/{step.name or 'choose#' + str(self.ordinal('choose'))}"
        shares = self.records.f.put(np.cumsum([b.probability for b in step.choose]))
        table = self.records.m.take(len(step.choose) + 1)
        self.emit(y.DO_CHOOSE, holds, a=shares, b=table, c=len(step.choose), hash=random.name_hash(label))
        starts = self.branches({i: branch.steps for i, branch in enumerate(step.choose)}, holds)
        for i in range(len(step.choose) + 1):
            self.handles_outside[table + i] = starts.get(i, self.next)

    def branches(self, branches: Mapping[Key, Sequence[Step]], holds: Holds) -> dict[Key, int]:
        """Lays branches out one after the other, each with a jump past the last; the number of each one's first instruction."""
        starts: dict[Key, int] = {}
        jumps = []
        for key, steps in branches.items():
            starts[key] = self.next
            self.steps(steps, holds)
            jumps.append(self.emit(y.DO_JUMP, holds))
        for jump in jumps:
            jump.jump_a = self.next
        return starts

    def call(self, step: Call, holds: Holds) -> None:
        """One attempt in the order of docs/semantics.md; what fails in it goes to the END, the handler."""
        site = self.records.add_call_site(self.service, self.site_label(step), step)
        bare = not (step.retry or step.breaker or step.bulkhead or step.connection)
        first, held = self.next, holds
        attempt = [] if bare else [self.emit(y.DO_TRY, held, a=site)]
        for name, purpose in ((step.bulkhead, y.FOR_BULKHEAD), (step.connection, y.FOR_CONNECTION)):
            if purpose == y.FOR_CONNECTION and name:
                self.emit(y.DO_ARM, held, a=site)
            if name:
                held = (*held, self.local[name])
                attempt.append(self.emit(y.DO_ACQUIRE, held, a=self.local[name], b=purpose))
        attempt.append(self.emit(y.DO_ISSUE, held, a=site, b=int(bare and step.fallback is None)))
        while len(held) > len(holds):
            self.emit(y.DO_RELEASE, held, a=held[-1])
            held = held[:-1]
        for instruction in attempt:
            instruction.handler = self.next
        end = self.emit(y.DO_END, holds, c=site)
        end.jump_a = first
        if step.fallback is not None:
            self.handles_outside[site + int(y.CALL_FALLBACK)] = self.next
            self.steps(step.fallback, holds)
        end.jump_b = self.next

    # -- the whole ------------------------------------------------------------------------------------------------------------

    def assemble(self, service: Service, operation: Operation) -> int:
        """Handle of the operation's first instruction."""
        holds: Holds = ()
        for pool in service.pools if operation.pools is None else operation.pools:
            holds = (*holds, self.local[pool])
            self.emit(y.DO_ACQUIRE, holds, a=self.local[pool], b=y.FOR_TASK)
        if self.service != CLIENT:
            if not holds:
                self.emit(y.DO_GATE, holds)
            self.emit(y.DO_BEGIN, holds)
        self.steps(operation.steps, holds)
        self.emit(y.DO_RETURN, holds)
        return self._place()

    def _place(self) -> int:
        deepest = max(len(instruction.holds) for instruction in self.code)
        if deepest > y.HOLDS_MAX:
            raise InputError(
                f"{self.name} holds {deepest} slots at once; at most {y.HOLDS_MAX} are possible",
                hint="nest fewer pools in one another",
            )
        size = int(y.INSTR_SIZE)
        base = self.records.m.take(size * len(self.code))
        chains: dict[Holds, int] = {}
        for instruction in self.code:
            if instruction.holds not in chains:
                chains[instruction.holds] = self.records.m.put(instruction.holds or (0,))
        words = self.records.m.array[base : base + size * len(self.code)].reshape(-1, size)
        for offset, values in self._words(base, chains):
            words[:, offset] = values
        for at, number in self.handles_outside.items():
            self.records.m.array[at] = base + number * size
        return base

    def _words(self, base: int, chains: Mapping[Holds, int]) -> Iterator[tuple[np.uint64, list[int]]]:
        """Each word of all instructions of the program that begins at `base`; `chains`: where the numbers of what they hold are."""

        def handle(number: int | None, otherwise: int = 0) -> int:
            return otherwise if number is None else base + number * int(y.INSTR_SIZE)

        yield y.INSTR_CODE, [i.code for i in self.code]
        yield y.INSTR_A, [handle(i.jump_a, i.a) for i in self.code]
        yield y.INSTR_B, [handle(i.jump_b, i.b) for i in self.code]
        yield y.INSTR_C, [i.c for i in self.code]
        yield y.INSTR_HASH, [int(wrap(i.hash)) for i in self.code]
        yield y.INSTR_CHAIN, [chains[i.holds] for i in self.code]
        yield y.INSTR_DEPTH, [len(i.holds) for i in self.code]
        yield y.INSTR_HANDLER, [handle(i.handler) for i in self.code]
