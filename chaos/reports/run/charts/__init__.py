"""The charts of a run's page: a file each, and what they share (chart, catalogue)."""
