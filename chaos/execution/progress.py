"""What a person is told while runs are made."""

from __future__ import annotations

import sys


def announce_compilation() -> None:
    """Says so on stderr when the kernel has to be compiled first, which happens once an installation."""
    from simcore.simulation import compiler_notice, kernel_is_compiled

    if not kernel_is_compiled():
        if notice := compiler_notice():
            sys.stderr.write(f"{notice}\n")
        sys.stderr.write("compiling the kernel, once for this installation: this takes 10 to 30 seconds …\n")
        sys.stderr.flush()
