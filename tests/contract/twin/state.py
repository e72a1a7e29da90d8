"""What holds state: intents, tasks, messages between them, instances, links."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import simcore.model.architecture as file

from .policies import Budget, CircuitBreaker, Slots
from .program import Target

Suspended = Generator[Any, Any, Any]


class Failed(Exception):
    """The task fails: with the code of what failed, answering `answer` to its caller."""

    def __init__(self, code: str, answer: str = "error", blocked: bool = False) -> None:
        self.code, self.blocked = code, blocked
        self.answer = code if code in ("rejected", "deadline") else answer


@dataclass(frozen=True)
class Answer:
    """What comes back from an attempt."""

    code: str
    touched: bool = False
    in_doubt: bool = False


@dataclass
class Intent:
    """One request of a client. `records` counts the `record` effects made on its behalf."""

    number: int
    flow: str
    root: int
    submitted: int
    customer: int
    closed: Callable[[], None] | None
    answered: int | None = None
    outcome: str = "pending"
    code: str = ""
    records: int = 0


@dataclass
class Attempt:
    """One attempt of a call: what a timeout, an answer and a place in the connection's queue belong to. `expired` is how its time ran
    out: by its timeout, or the task's own deadline."""

    task: Task
    expired: str = ""


@dataclass(frozen=True)
class Message:
    """A request on its way to an instance of `target`: of a call (with its attempt) or of a send (without)."""

    intent: Intent
    source: str
    target: Target
    path: int
    stream: int
    priority: int
    deadline: int | None = None
    attempt: Attempt | None = None
    durable: bool = False
    copy: bool = False
    redelivery: int = 0
    first_path: int = 0


@dataclass(eq=False)
class Task:
    """One execution of an operation at an instance. `waiting` is what it waits for, None while it runs or is parked."""

    intent: Intent
    instance: Instance
    target: Target
    path: int
    stream: int
    priority: int
    arrived: int
    deadline: int | None = None
    message: Message | None = None
    process: Suspended | None = None
    waiting: Any = None
    held: list[Slots] = field(default_factory=list)
    first: Remembered | None = None
    touched: bool = False
    in_doubt: bool = False
    wrote: bool = False
    work: Work | None = None
    unanswered: bool = False


@dataclass
class Work:
    """A work step under way: when it ends, and while its instance is paused how much is left of it, ns."""

    ends: int
    left: int = 0


@dataclass(eq=False)
class Remembered:
    """An idempotency key: in flight while `done` is None; then the stored outcome."""

    key: tuple[str, int]
    waiters: list[Task] = field(default_factory=list)
    done: int | None = None
    answer: Answer = Answer("")


@dataclass(eq=False)
class Wire:
    """A link's present state; `model` is the file's."""

    model: file.Link
    loss: dict[str, float]
    duplication: float
    partition: dict[str, str] = field(default_factory=lambda: {"request": "none", "answer": "none"})
    waiting: dict[str, list[Callable[[], None]]] = field(default_factory=lambda: {"request": [], "answer": []})
    latency_factor: float = 1.0
    latency_add: int = 0


@dataclass(eq=False)
class Instance:
    """One replica of a service; the clients are the one instance of `client`."""

    service: str
    replica: int
    in_rotation: bool = True
    contention: float = 0.0
    up: bool = True
    hung: bool = False
    paused: bool = False
    slowdown: float = 1.0
    error_rate: float = 0.0
    grey_share: float = 0.0
    grey_factor: float = 1.0
    tasks: dict[Task, None] = field(default_factory=dict)
    working: int = 0
    parked: list[tuple[Task, Any]] = field(default_factory=list)
    undelivered: list[Message] = field(default_factory=list)
    breakers: dict[int, CircuitBreaker] = field(default_factory=dict)
    budgets: dict[int, Budget] = field(default_factory=dict)

    @property
    def still(self) -> bool:
        """Whether nothing goes on there."""
        return self.hung or self.paused
