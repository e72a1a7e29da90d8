"""The state of a room as lines of a terminal, in one language."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from chaos.cli.room_words import terminal_text
from chaos.i18n.texts import duration_text, translate
from chaos.measures.formatting import Language, number, rounded
from chaos.room.protocol.changes import JsonObject
from chaos.room.protocol.state import now, rows
from simcore.base.units import SECOND, format_clock


class Shown:
    """What has been printed, and how things are said."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._log = 0
        self._alarms: dict[str, JsonObject] = {}
        self._commands: dict[str, str] = {}

    def text(self, value: JsonValue) -> str:
        """A text that has both languages, or that somebody has typed."""
        return str(value.get(self.language, "")) if isinstance(value, dict) else "" if value is None else str(value)

    def _say(self, key: str, **parts: object) -> str:
        return terminal_text(key, **parts)[self.language]

    # --- what there is to read ------------------------------------------------------------------------------------------------

    def briefing(self, state: JsonObject) -> Iterator[str]:
        """What there is to read before the beginning."""
        drill, clock = _object(state, "drill"), _object(state, "clock")
        yield self.text(drill.get("title"))
        yield self.text(drill.get("briefing"))
        rules = drill.get("rules")
        yield from (f"  – {self.text(rule)}" for rule in (rules if isinstance(rules, list) else []))
        if clock.get("state") == "lobby":
            yield self._say("lobby", time=_clock(now(state)), speed=rounded(_figure(clock, "speed")))

    def status(self, state: JsonObject) -> str:
        """How things stand, in a line."""
        clock, duty = _object(state, "clock"), _object(state, "duty")
        parts = {
            "time": _clock(now(state)),
            "speed": rounded(_figure(clock, "speed")),
            "state": self._say(f"state.{clock['state']}"),
        }
        unseen = sum(row["state"] == "open" for row in rows(state, "alarms"))
        found = [self._say("status", **parts, alarms=number(unseen), **self._harm(state))]
        if duty.get("state") in ("due", "late"):
            found.append(self._say("duty", time=_clock(_figure(duty, "next_at"))))
        waiting = (f"{row['id']}{self._next(row)}" for row in rows(state, "commands") if row.get("can"))
        return "; ".join([*found, *waiting])

    def _harm(self, state: JsonObject) -> dict[str, object]:
        impaired = duration_text(_figure(_object(state, "severity"), "seconds"))[self.language]
        return {"failed": number(_figure(_object(state, "orders"), "failed")), "impaired": impaired}

    def result(self, state: JsonObject) -> str:
        """What it came to."""
        return self._say("over", **self._harm(state))

    # --- what is new ------------------------------------------------------------------------------------------------------------

    def news(self, state: JsonObject) -> list[str]:
        """What has not been printed, by time: alarms and those that are gone, commands that went on, lines of the log."""
        found = [*self._new_alarms(state), *self._moved(state), *self._said(state)]
        return [f"{_clock(at)}  {line}" for at, line in sorted(found, key=lambda one: one[0])]

    def _new_alarms(self, state: JsonObject) -> Iterator[tuple[float, str]]:
        standing = {str(row["id"]): row for row in rows(state, "alarms")}
        for key, row in standing.items():
            if key not in self._alarms:
                yield _figure(row, "since"), self._say("alarm", alarm=self.text(row.get("title")), name=key)
        for key in self._alarms.keys() - standing.keys():
            yield now(state), self._say("gone", alarm=self.text(self._alarms[key].get("title")))
        self._alarms = standing

    def _moved(self, state: JsonObject) -> Iterator[tuple[float, str]]:
        for row in rows(state, "commands"):
            if self._commands.get(str(row["id"])) != row["state"]:
                self._commands[str(row["id"])] = str(row["state"])
                yield _figure(_object(row, "times"), str(row["state"])), self._command(row)

    def _said(self, state: JsonObject) -> Iterator[tuple[float, str]]:
        """Lines of the log, but those that say what alarms and commands do: that is shown already."""
        log = rows(state, "log")
        for row in log[self._log :]:
            if row["kind"] != "event":
                sender = self.text(row.get("from"))
                yield _figure(row, "t"), f"{sender}: {self.text(row.get('text'))}" if sender else self.text(row.get("text"))
        self._log = len(log)

    def _command(self, row: JsonObject) -> str:
        state = translate(f"room.state.{row['state']}")[self.language]
        line = self._say("command", id=row["id"], command=self.text(row.get("title")), state=state) + self._next(row)
        reason = self.text(row.get("reason"))
        return f"{line}  ({reason})" if reason else line

    def _next(self, row: JsonObject) -> str:
        can = row.get("can")
        return self._say("next", verbs=", ".join(map(str, can))) if isinstance(can, list) and can else ""

    # --- lists ------------------------------------------------------------------------------------------------------------------

    def listed(self, state: JsonObject, what: str) -> list[str]:
        """The answer to a question about the state."""
        found = {"alarms": self._alarm_lines, "offers": self._offer_lines, "commands": self._command_lines}[what](state)
        return list(found) or [self._say("none")]

    def _alarm_lines(self, state: JsonObject) -> Iterator[str]:
        for n, row in enumerate(rows(state, "alarms"), 1):
            by = next(
                (person.get("title") for person in rows(state, "people") if person.get("seat") == row.get("by")), row.get("by")
            )
            how = self._say("open") if row["state"] == "open" else self._say("acknowledged", by=self.text(by))
            reading = (
                ""
                if row.get("reading") is None
                else f", {rounded(_figure(row, 'reading'), 1)} {self.text(row.get('unit'))}".rstrip()
            )
            yield f"  {n} {row['id']}  {self.text(row.get('title'))}{reading}, {how}"

    def _command_lines(self, state: JsonObject) -> Iterator[str]:
        yield from (f"  {self._command(row)}" for row in rows(state, "commands"))

    def _offer_lines(self, state: JsonObject) -> Iterator[str]:
        for key, name in (("offers", "command"), ("looks", "look"), ("announcements", "announcement")):
            found = rows(state, key)
            if found:
                yield self._say({"offers": "commands"}.get(key, key))
            width = max((len(str(row[name])) for row in found), default=0)
            yield from (f"  {n} {str(row[name]).ljust(width)}  {self._offer(key, row)}" for n, row in enumerate(found, 1))

    def _offer(self, key: str, row: JsonObject) -> str:
        title = self.text(row.get("title"))
        if key == "announcements":
            return title
        takes = duration_text(_figure(row, "duration" if key == "offers" else "takes"))[self.language]
        if key == "looks":
            return self._say("takes", title=title, time=takes)
        return self._say("offer", title=title, time=takes, risk=self._say(f"risk.{row['risk']}"), undo=self.text(row.get("undo")))


def _object(state: JsonObject, key: str) -> JsonObject:
    value = state.get(key)
    return value if isinstance(value, dict) else {}


def _figure(row: JsonObject, key: str) -> float:
    value = row.get(key)
    return float(value) if isinstance(value, int | float) else 0.0


def _clock(seconds: float) -> str:
    return format_clock(int(seconds) * SECOND)
