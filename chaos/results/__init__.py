"""Models of what runs, comparisons, sweeps and coverage amount to: the only form in memory and on disk."""
