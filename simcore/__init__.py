"""The simulated trading core: what is simulated, and how it runs."""
