"""Contracts: the kernel against its executable specification, against queueing theory, and against itself."""
