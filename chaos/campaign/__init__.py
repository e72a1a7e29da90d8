"""Campaigns: many runs, and what they show together: comparison, sweep, coverage."""
