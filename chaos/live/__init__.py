"""The live twin: an architecture as real processes, under the same scenarios and the same verdicts (extra `live`)."""
