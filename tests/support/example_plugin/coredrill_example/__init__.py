"""One extension of coredrill of each kind: docs/extending.md explains them."""
