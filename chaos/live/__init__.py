"""The live twin: an architecture as real processes, under the same scenarios and the same verdicts (extra `live`)."""

LOOPBACK = "127.0.0.1"
"""Where everything of a twin listens, unless asked for another address."""
