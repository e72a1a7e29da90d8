"""The topics of the twin, and the quality of service of each: 0 may be lost, 1 must not be.

`quotes/INSTRUMENT` (0), `reports/ACCOUNT` (1): what became of an order, `messages/INSTANCE` (1): what the architecture's message broker
passes on, `alarms/NAME` (1), `control/…` (1).
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

Qos = Literal[0, 1]

QUOTES = "quotes"
REPORTS = "reports"
MESSAGES = "messages"
ALARMS = "alarms"
CONTROL = "control"

QOS: dict[str, Qos] = {QUOTES: 0, REPORTS: 1, MESSAGES: 1, ALARMS: 1, CONTROL: 1}
"""Quality of service by the first level of a topic."""

HERE = "channels/here"
"""Where a receiver says that it has just subscribed."""
TOPIC_BYTES = 512


def quotes(instrument: str) -> str:
    """The topic of an instrument's quotes."""
    return _topic(QUOTES, instrument)


def reports(account: str) -> str:
    """The topic of the execution reports for a customer."""
    return _topic(REPORTS, account)


def messages(instance: str) -> str:
    """The topic of what the message broker passes on to an instance."""
    return _topic(MESSAGES, instance)


def alarms(name: str) -> str:
    """The topic of an alarm."""
    return _topic(ALARMS, name)


def control(*levels: str) -> str:
    """A topic of control messages."""
    return _topic(CONTROL, *levels)


def acknowledgements(sender: str) -> str:
    """Where the receivers of a sender's messages acknowledge them."""
    return _topic("channels", "acknowledgements", sender)


def everything(family: str) -> str:
    """The filter for all topics that begin with a word, such as `reports`."""
    return f"{family}/#"


def qos_of(topic: str) -> Qos:
    """The quality of service of a topic or a filter. Raises ValueError if it is none of the twin's."""
    family = topic.partition("/")[0]
    if family not in QOS or len(topic.encode()) > TOPIC_BYTES or "\0" in topic:
        raise ValueError(f"not a topic of the twin: {topic[:200]!r}; they begin with {', '.join(QOS)}")
    return QOS[family]


def _topic(*levels: str) -> str:
    """A level is made of letters, digits and `_.-~` alone; what else is in it is written as in a URL."""
    if not all(levels):
        raise ValueError(f"a topic has no empty level: {levels!r}")
    return "/".join(quote(level, safe="") for level in levels)
