"""Operations as the kernel's instructions: steps are unrolled, named and laid out flat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from simcore.base.errors import InputError
from simcore.kernel import layout as y
from simcore.kernel import random, records
from simcore.kernel.ledger.counterparties import EFFECTS as CODES
from simcore.model.architecture import Operation, Service
from simcore.model.effects import EFFECTS
from simcore.model.index import CallSite
from simcore.model.steps import CLIENT, Call, Choose, Effect, Fail, Hold, RateLimit, Repeat, Route, Send, Wait, Work


class Assembler:
    """Makes one operation's instructions. Jumps and handlers are indices until the program has its place in the arena."""

    def __init__(self, compiler: Any, service: str, operation: str, resources: Sequence[str]) -> None:
        self.c, self.service = compiler, service
        self.name = f"{service}.{operation}"
        self.local = {name: i for i, name in enumerate(resources)}
        self.code: list[dict[str, Any]] = []
        self.ordinals: Counter[str] = Counter()
        self.sites: Iterator[CallSite] = iter(compiler.index.call_sites_of(self.name))
        self.fix_later: list[tuple[int, int]] = []  # (index in the arena, instruction number) of handles outside the program

    # -- emitting -------------------------------------------------------------------------------------------------------------

    def emit(self, code: int, holds: list[int], **words: Any) -> int:
        self.code.append({"code": code, "holds": holds, **words})
        return len(self.code) - 1

    def next(self) -> int:
        return len(self.code)

    def ordinal(self, verb: str) -> int:
        self.ordinals[verb] += 1
        return self.ordinals[verb] - 1

    def draw_name(self, verb: str, draw: str | None) -> dict[str, Any]:
        """Hash and kind of a step's draw; the step counts whether or not it names its draw."""
        label = f"{self.name}/{verb}#{self.ordinal(verb)}"
        return {"hash": random.name_hash(f"draw:{draw}" if draw else label), "b": 1 if draw else 0}

    def site_label(self, step: Call | Send) -> str:
        """The name of the next call site: steps are laid out in the order in which the index has them."""
        site = next(self.sites)
        assert site.step is step, f"{self.name}: the index has {site.name} where the program has another step"
        return site.name

    # -- steps ----------------------------------------------------------------------------------------------------------------

    def steps(self, steps: list[Any], holds: list[int]) -> None:
        for step in steps:
            getattr(self, type(step).__name__.lower())(step, holds)

    def work(self, step: Work, holds: list[int]) -> None:
        self.emit(y.DO_WORK, holds, a=self.c.distribution(step.work), **self.draw_name("work", step.draw))

    def wait(self, step: Wait, holds: list[int]) -> None:
        self.emit(y.DO_WAIT, holds, a=self.c.distribution(step.wait), **self.draw_name("wait", step.draw))

    def hold(self, step: Hold, holds: list[int]) -> None:
        pool = self.local[step.hold]
        self.emit(y.DO_ACQUIRE, [*holds, pool], a=pool, b=y.FOR_TASK, c=1)
        self.steps(step.steps, [*holds, pool])
        self.emit(y.DO_RELEASE, [*holds, pool], a=pool)

    def ratelimit(self, step: RateLimit, holds: list[int]) -> None:
        self.emit(y.DO_LIMIT, holds, a=self.local[step.rate_limit])

    def effect(self, step: Effect, holds: list[int]) -> None:
        self.emit(y.DO_EFFECT, holds, a=CODES[step.effect], b=int(EFFECTS[step.effect].counts_as_effect))

    def fail(self, step: Fail, holds: list[int]) -> None:
        self.emit(y.DO_FAIL, holds, a=records.CODES.number(step.fail))

    def repeat(self, step: Repeat, holds: list[int]) -> None:
        for _ in range(step.repeat):
            self.steps(step.steps, holds)

    def send(self, step: Send, holds: list[int]) -> None:
        self.emit(y.DO_SEND, holds, a=self.c.add_call_site(self.service, self.site_label(step), step))

    def route(self, step: Route, holds: list[int]) -> None:
        attribute = self.c.attribute(step.route)
        values = self.c.attribute_values[step.route]
        table = self.c.m.take(len(values))
        self.emit(y.DO_ROUTE, holds, a=attribute, b=table)
        starts: dict[str | None, int] = {}
        branches = [*step.cases.items(), *([(None, step.default)] if step.default is not None else [])]
        self.branches(starts, branches, holds)
        for i, value in enumerate(values):
            target = starts.get(value, starts.get(None))
            if target is not None:
                self.fix_later.append((table + i, target))

    def choose(self, step: Choose, holds: list[int]) -> None:
        label = f"{self.name}/{step.name or 'choose#' + str(self.ordinal('choose'))}"
        shares = self.c.f.put(np.cumsum([b.probability for b in step.choose]))
        table = self.c.m.take(len(step.choose) + 1)
        self.emit(y.DO_CHOOSE, holds, a=shares, b=table, c=len(step.choose), hash=random.name_hash(label))
        starts: dict[Any, int] = {}
        self.branches(starts, [(i, branch.steps) for i, branch in enumerate(step.choose)], holds)
        for i in range(len(step.choose) + 1):
            self.fix_later.append((table + i, starts.get(i, self.next())))

    def branches(self, starts: dict[Any, int], branches: list[tuple[Any, Any]], holds: list[int]) -> None:
        """Lays branches out one after the other, each with a jump past the last."""
        jumps = []
        for key, steps in branches:
            starts[key] = self.next()
            self.steps(steps, holds)
            jumps.append(self.emit(y.DO_JUMP, holds))
        for jump in jumps:
            self.code[jump]["jump"] = {"a": self.next()}

    def call(self, step: Call, holds: list[int]) -> None:
        """One attempt in the order of docs/semantics.md; what fails in it goes to the END, the handler."""
        site = self.c.add_call_site(self.service, self.site_label(step), step)
        bare = not (step.retry or step.breaker or step.bulkhead or step.connection)
        first = self.next()
        held = list(holds)
        attempt = [] if bare else [self.emit(y.DO_TRY, held, a=site)]
        for name, purpose in ((step.bulkhead, y.FOR_BULKHEAD), (step.connection, y.FOR_CONNECTION)):
            if purpose == y.FOR_CONNECTION and name:
                self.emit(y.DO_ARM, held, a=site)
            if name:
                held = [*held, self.local[name]]
                attempt.append(self.emit(y.DO_ACQUIRE, held, a=self.local[name], b=purpose))
        attempt.append(self.emit(y.DO_ISSUE, held, a=site, b=int(bare and step.fallback is None)))
        while len(held) > len(holds):
            self.emit(y.DO_RELEASE, held, a=held[-1])
            held = held[:-1]
        end = self.emit(y.DO_END, holds, c=site, jump={"a": first})
        for i in attempt:
            self.code[i]["handler"] = end
        if step.fallback is not None:
            self.fix_later.append((site + int(y.CALL_FALLBACK), self.next()))
            self.steps(step.fallback, holds)
        self.code[end]["jump"]["b"] = self.next()

    # -- the whole ------------------------------------------------------------------------------------------------------------

    def assemble(self, service: Service, operation: Operation) -> int:
        """Handle of the operation's first instruction."""
        holds: list[int] = []
        for pool in service.pools if operation.pools is None else operation.pools:
            holds = [*holds, self.local[pool]]
            self.emit(y.DO_ACQUIRE, holds, a=self.local[pool], b=y.FOR_TASK)
        if self.service != CLIENT:
            if not holds:
                self.emit(y.DO_GATE, holds)
            self.emit(y.DO_BEGIN, holds)
        self.steps(operation.steps, holds)
        self.emit(y.DO_RETURN, holds)
        return self.place()

    def place(self) -> int:
        deepest = max(len(words["holds"]) for words in self.code)
        if deepest > y.HOLDS_MAX:
            raise InputError(
                f"{self.name} holds {deepest} slots at once; at most {y.HOLDS_MAX} are possible",
                mend="nest fewer pools in one another",
            )
        size = int(y.INSTR_SIZE)
        base: int = self.c.m.take(size * len(self.code))
        chains: dict[tuple[int, ...], int] = {}
        for i, words in enumerate(self.code):
            holds = tuple(words["holds"])
            if holds not in chains:
                chains[holds] = self.c.m.put(list(holds) or [0])
            at = base + i * size
            jump = {key: base + target * size for key, target in words.get("jump", {}).items()}
            values = {**words, **jump}
            self.c.set(at, y.INSTR_CODE, values["code"])
            for key, offset in (("a", y.INSTR_A), ("b", y.INSTR_B), ("c", y.INSTR_C)):
                self.c.set(at, offset, values.get(key, 0))
            number = values.get("hash", 0)
            self.c.set(at, y.INSTR_HASH, number - (1 << 64) if number >= 1 << 63 else number)
            self.c.set(at, y.INSTR_CHAIN, chains[holds])
            self.c.set(at, y.INSTR_DEPTH, len(holds))
            if "handler" in words:
                self.c.set(at, y.INSTR_HANDLER, base + words["handler"] * size)
        for at, number in self.fix_later:
            self.c.m.array[at] = base + number * size
        return base
