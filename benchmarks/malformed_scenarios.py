"""Is every mistake reported with its place? `python benchmarks/malformed_scenarios.py 1000` tries so many malformed scenario files.

They are those of tests/contract/malformed_scenarios.py, numbered from 0 (or `--first`), of a `--seed`. Each must be refused by
`coredrill validate` and by `coredrill run`: exit code 2 and one line with file, line and column. Progress is on stderr. Exit
code 0, 3 if one was not, 130 after Ctrl-C.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from healthy_runs import examine, exit_code, options  # puts the checkout behind what is installed

if TYPE_CHECKING:
    from tests.contract.malformed_scenarios import Finding


def one_file(number: int, seed: int) -> Finding:
    """What became of the file of a number; an exception is no refusal."""
    from contract.malformed_scenarios import Finding, refusal

    with tempfile.TemporaryDirectory() as folder:
        try:
            return refusal(number, seed, Path(folder))
        except Exception as error:
            return Finding(number, "any", f"{type(error).__name__}: {error}")


def main() -> int:
    """Looks, prints, and returns the exit code."""
    parser = options(__doc__ or "", 1000)
    parser.add_argument("--seed", type=int, default=0, help="other files under the same numbers (0)")
    arguments = parser.parse_args()
    make = partial(one_file, seed=arguments.seed)
    done, interrupted = examine(make, lambda found: bool(found.wrong), arguments.first, arguments.count, arguments.processes)
    bad = sorted(found for found in done if found.wrong)
    kinds = Counter(found.mistake for found in done)
    print(f"{len(done)} malformed files, {len(bad)} not refused as they should be; by mistake:")
    for mistake, times in kinds.items():
        print(f"  {mistake}: {times}")
    for found in bad:
        print(f"  file {found.number} ({found.mistake}): {found.wrong}")
    return exit_code(bool(bad), interrupted)


if __name__ == "__main__":
    sys.exit(main())
