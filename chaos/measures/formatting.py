"""What customers of an architecture waited, in words: said once for tables and pages."""

from __future__ import annotations

from collections.abc import Mapping

WAITS = {"mean": ",.1f", "p50": ",.0f", "p99": ",.0f"}  # ms, how each is written: quantiles are known to 1/32


def waited(of: Mapping[str, Mapping[str, float]], flow: str, what: str) -> str:
    """An entry of a result's latency (ms by flow and one of `WAITS`) for people; a dash where there is none."""
    return f"{of[flow][what]:{WAITS[what]}} ms" if what in of.get(flow, {}) else "–"
