"""What a run leaves: rows, series, events, totals; and what it amounts to."""
