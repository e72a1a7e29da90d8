"""`python -m chaos` is `coredrill`."""

import sys


def run() -> None:
    """The command. Ctrl-C while it is still being loaded ends it as later ones do."""
    try:
        from chaos.cli.main import main
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        raise SystemExit(130) from None
    main()


if __name__ == "__main__":
    run()
