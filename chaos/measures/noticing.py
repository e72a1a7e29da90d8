"""Whether somebody still had notice of a trouble at an instant: alarms that stood, and incidents that a team was not done with."""

from __future__ import annotations

from collections.abc import Sequence

from simcore.journal.model import Event


def first_alarm(events: Sequence[Event], names: Sequence[str], since: int) -> Event | None:
    """The first alarm of these names that is notice of a violation from `since` on, ns: raised from then on, or earlier if it still stood,
    or a team that had taken it up was not done with it. One that was cleared, and whose incident was closed, was about something else."""
    return next(
        (e for i, e in enumerate(events) if e.what == "alarm" and e.subject in names and _known(e, events[i + 1 :], since)), None
    )


def first_detection(events: Sequence[Event], since: int) -> int | None:
    """When the first team knew of it, ns: from `since` on, or earlier if its incident was not closed by then."""
    return next(
        (
            e.t_ns
            for i, e in enumerate(events)
            if e.what == "detect" and (e.t_ns >= since or _open(events[i + 1 :], e.subject, e.detail.get("team"), since))
        ),
        None,
    )


def _known(alarm: Event, later: Sequence[Event], since: int) -> bool:
    if alarm.t_ns >= since:
        return True
    before = [e for e in later if e.t_ns <= since]
    if not any(e.what == "alarm_cleared" and e.subject == alarm.subject for e in before):
        return True
    subject = alarm.detail.get("points_at") or alarm.subject
    taken = next((i for i, e in enumerate(before) if e.what == "ack" and e.subject == subject), None)
    return taken is not None and _open(before[taken + 1 :], str(subject), before[taken].detail.get("team"), since)


def _open(later: Sequence[Event], subject: str, team: object, since: int) -> bool:
    """Whether a team's incident about a subject was not closed by `since`; of one that joined another the other counts."""
    whose = {team}
    for event in later:
        if event.t_ns > since:
            break
        mine = event.subject == subject and (not whose or event.detail.get("team") in whose)
        if mine and event.what == "incident_merged":
            subject, whose = str(event.detail["into"]), set()
        elif mine and event.what == "incident_closed":
            return False
    return True
