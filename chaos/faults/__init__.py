"""The faults: a file each, and what they share (fault, common)."""
