"""The compiled data plane: one event loop over flat arenas, and the ledger of orders and money. It imports NumPy and Numba alone."""
