"""Models of what runs, comparisons and coverage amount to: the only form in memory and on disk."""
