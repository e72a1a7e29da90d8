"""The steps of an operation, unrolled and named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import simcore.model.architecture as file
import simcore.model.steps as file_steps

from .chance import name


@dataclass
class Node:
    """A step, its site (`shop.buy/work#0`, `shop.buy/db.write#1`) and its sub-steps: body, cases, branches or fallback."""

    step: Any
    label: str
    site: int  # hash of the label
    branches: list[list[Node]] = field(default_factory=list)


class Naming:
    """Gives each step of one operation its name; a `repeat` is unrolled on the way."""

    def __init__(self, operation: str) -> None:
        self.operation, self.counts = operation, dict[str, int]()

    def nodes(self, steps: list[file_steps.Step]) -> list[Node]:
        """The steps in file order."""
        found = []
        for step in steps:
            if isinstance(step, file_steps.Repeat):
                for _ in range(step.repeat):
                    found += self.nodes(step.steps)
            else:
                label = self.label(step)
                found.append(Node(step, f"{self.operation}/{label}", name(f"{self.operation}/{label}")))
                found[-1].branches = [self.nodes(branch) for branch in self.branches(step)]
        return found

    def label(self, step: Any) -> str:
        """The step's own name (`#i` from its second turn on), else its target or verb with `#i`."""
        given = getattr(step, "name", None)
        kind = given or getattr(step, "call", None) or getattr(step, "send", None) or type(step).__name__.lower()
        key = f"name {given}" if given else kind
        count = self.counts[key] = self.counts.get(key, -1) + 1
        return given if given and count == 0 else f"{kind}#{count}"

    @staticmethod
    def branches(step: Any) -> list[list[file_steps.Step]]:
        match step:
            case file_steps.Hold():
                return [step.steps]
            case file_steps.Choose():
                return [branch.steps for branch in step.choose]
            case file_steps.Route():
                return [*step.cases.values(), *([step.default] if step.default is not None else [])]
            case file_steps.Call():
                return [step.fallback] if step.fallback is not None else []
        return []


@dataclass
class Target:
    """An operation of a service (or a flow of `client`), `service.operation`, with its named steps."""

    name: str
    model: file.Operation | file.Flow
    nodes: list[Node]
    may_have_effects: bool = False

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]


def reached(nodes: list[Node]) -> Iterator[Node]:
    """The nodes and all that are in them."""
    for node in nodes:
        yield node
        for branch in node.branches:
            yield from reached(branch)


def all_targets(architecture: file.Architecture) -> dict[str, Target]:
    """Operations and flows by `service.operation`, and which may have effects: itself or through what it reaches."""
    models: dict[str, file.Operation | file.Flow] = {}
    models |= {f"client.{flow}": model for flow, model in architecture.flows.items()}
    for service, served in architecture.services.items():
        models |= {f"{service}.{operation}": model for operation, model in served.operations.items()}
    targets = {key: Target(key, model, Naming(key).nodes(model.steps)) for key, model in models.items()}
    for _ in targets:
        for target in targets.values():
            for node in reached(target.nodes):
                callee = getattr(node.step, "call", None) or getattr(node.step, "send", None)
                reaches_effects = callee is not None and targets[callee].may_have_effects
                target.may_have_effects |= isinstance(node.step, file_steps.Effect) or reaches_effects
    return targets
