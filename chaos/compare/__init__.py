"""Architectures side by side, and sweeps of parameters."""
