"""`python -m chaos` is `coredrill`."""

from chaos.cli import main

main()
