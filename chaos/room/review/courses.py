"""The exercises that the one that was held is compared with: other people in the seats, and the same people without one decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chaos.documents.drill import Drill, Played, Seat
from chaos.results.review import DecisionKind
from chaos.room.exercise.messages import Announce, Answer, Approve, Begin, Entry, GiveHint, Propose, Refuse, Withdraw
from chaos.room.exercise.rehearsal import entries_of
from chaos.room.review.playing import PlayTask


@dataclass(frozen=True)
class Decision:
    """A decision that could have changed something: a command that was begun, or an announcement.
    `entries` are the numbers of its entries in the list: the proposal first, then what came of it; or the announcement."""

    number: int
    kind: DecisionKind
    name: str
    seat: Seat
    entries: tuple[int, ...]


def decisions_of(entries: Sequence[Entry]) -> list[Decision]:
    """The decisions of an exercise whose entries were all taken, in the order in which they took effect, numbered from 1."""
    found, proposed = list[tuple[int, Decision]](), 0
    for n, entry in enumerate(entries):
        message = entry.message
        if isinstance(message, Announce):
            found.append((n, Decision(0, "announcement", message.announcement, entry.seat, (n,))))
        elif isinstance(message, Propose):
            proposed += 1
            later = [m for m in range(n + 1, len(entries)) if _about(entries[m], f"c{proposed}")]
            begun = next((m for m in later if isinstance(entries[m].message, Begin)), None)
            if begun is not None:
                found.append((begun, Decision(0, "command", message.command, entry.seat, (n, *later))))
    in_order = [decision for _, decision in sorted(found, key=lambda pair: pair[0])]
    return [replace(decision, number=i) for i, decision in enumerate(in_order, 1)]


def _about(entry: Entry, command_id: str) -> bool:
    message = entry.message
    return isinstance(message, Approve | Refuse | Withdraw | Begin) and message.command_id == command_id


def without(entries: Sequence[Entry], decision: Decision) -> list[Entry]:
    """The list without a decision: an announcement is not made; a command is withdrawn as soon as it is proposed, and nobody approves or
    begins it. The others are named as before."""
    first, *rest = decision.entries
    if decision.kind == "announcement":
        return [entry for n, entry in enumerate(entries) if n != first]
    begin = next(message for n in rest if isinstance(message := entries[n].message, Begin))
    taken_back = Entry(at=entries[first].at, seat=decision.seat, message=Withdraw(command_id=begin.command_id))
    return [*entries[: first + 1], taken_back, *(e for n, e in enumerate(entries) if n > first and n not in rest)]


def refused_then(
    decisions: Iterable[Decision], held: Sequence[Entry], entries: Sequence[Entry], refused: Iterable[int]
) -> list[int]:
    """The numbers of the decisions of the exercise that was held whose last entry, the beginning of the command or the announcement, was
    refused in another course, by the numbers of the entries there."""
    not_taken = [entries[n] for n in refused]
    return [d.number for d in decisions if held[effective(held, d)] in not_taken]


def effective(entries: Sequence[Entry], decision: Decision) -> int:
    """The number of the entry by which a decision took effect."""
    return next((n for n in decision.entries if isinstance(entries[n].message, Begin)), decision.entries[0])


def by_control(entries: Iterable[Entry]) -> list[Entry]:
    """What exercise control did to the exercise: events that it sent or held, and the end. It is the same in every course."""
    return [entry for entry in entries if entry.seat == "facilitator" and not isinstance(entry.message, Answer | GiveHint)]


@dataclass(frozen=True)
class Held:
    """The exercise that was held, as far as others are made from it: all its entries were taken."""

    drill: str
    seed: int
    seating: Mapping[Seat, Played]
    entries: Sequence[Entry]

    def with_seats(self, drill: Drill, played: Played, response: Iterable[Entry] = (), *, keep: Path | None = None) -> PlayTask:
        """The course in which every seat of the drill is played in this way, exercise control does as it did, and nobody does anything
        else but the response. Its run is kept in the folder `keep`."""
        seats: dict[Seat, Played] = {seat: played for seat in drill.seats if seat != "facilitator"}
        task = self._task(seats, sorted([*by_control(self.entries), *response], key=lambda entry: entry.at))
        return replace(task, keep=None if keep is None else str(keep))

    def without(self, decision: Decision) -> PlayTask:
        """The course without a decision."""
        return self._task(self.seating, without(self.entries, decision))

    def _task(self, seating: Mapping[Seat, Played], entries: Iterable[Entry]) -> PlayTask:
        return PlayTask(
            self.drill, self.seed, tuple(sorted(seating.items())), tuple(entry.model_dump_json() for entry in entries)
        )


def best_known(drill: Drill, first_fault: int | None) -> list[Entry]:
    """The drill's best known response, as people would send it; nothing if it has none, or no fault began."""
    return [] if drill.best is None or first_fault is None else entries_of(drill, drill.best.steps, first_fault)
