"""The review of an exercise: its decisions played again, beside what would have come of others."""
