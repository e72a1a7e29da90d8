"""Metrics: what may be read of a run in progress, by names such as `pool/counter-threads/queue`.

They are counters and gauges of the kernel's records (simcore.kernel.records declares them). Monitors, scenarios, faults and the
journal's totals all use these names; docs/journal.md has the table.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

from simcore.kernel.records import JOURNAL_RECORDS, Mode

DOWN_SINCE = "down_since"
"""Of an instance, the instant it went down (ns), -1 while it is up. The control plane knows it, not the kernel."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    kind: (*record.totals(), *([DOWN_SINCE] if kind == "unit" else [])) for kind, record in JOURNAL_RECORDS.items()
}
"""The fields that each kind of thing has."""

TRAFFIC: Mapping[str, tuple[str, ...]] = {
    kind: tuple(word.label for word in record.words if word.traffic) for kind, record in JOURNAL_RECORDS.items()
}
"""Those that grow when a request, message or intent meets the thing."""

_MODES = {("unit", DOWN_SINCE): Mode.GAUGE} | {
    (kind, word.label): word.mode for kind, record in JOURNAL_RECORDS.items() for word in record.words if word.mode
}

METRIC_PATTERN = rf"^({'|'.join(FIELDS)})/[^\s]+/[a-z_]+$"


class MetricName(NamedTuple):
    """One counter or gauge of one thing."""

    kind: str
    name: str
    field: str

    @property
    def is_gauge(self) -> bool:
        """Whether its value may fall, so that its growth means nothing."""
        return _MODES.get((self.kind, self.field)) in (Mode.GAUGE, Mode.PEAK)

    @property
    def is_time(self) -> bool:
        """Whether its value is a time, ns."""
        return self.field == DOWN_SINCE or self.field.endswith(("_ns", "_ns_sum"))

    @property
    def is_word(self) -> bool:
        """Whether the kernel has the value itself at any instant: it is neither an integral over time nor `down_since`."""
        return self.field != DOWN_SINCE and _MODES.get((self.kind, self.field)) is not Mode.INTEGRAL


@functools.lru_cache(maxsize=4096)
def parse_metric(text: str) -> MetricName:
    """The parts of `kind/name/field`; the name may hold slashes of its own (call/service.operation/site/attempts).

    Raises ValueError if there are fewer than three.
    """
    kind, rest = text.split("/", 1)
    name, field = rest.rsplit("/", 1)
    return MetricName(kind, name, field)
