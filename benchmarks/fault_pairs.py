"""Do faults compose? `python benchmarks/fault_pairs.py` tries every pair of faults, and every fault beside what people and others do.

The trials are those of tests/contract/fault_pairs.py, numbered from 0 (or `--first`). Progress is on stderr. Prints how many there were
of each kind, the number of violations, and each of them; `1 --first NUMBER` repeats one. Exit code 0, 3 if something was wrong, 130
after Ctrl-C.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from healthy_runs import examine, exit_code, options  # puts the checkout behind what is installed

if TYPE_CHECKING:
    from tests.contract.fault_pairs import Verdict


class Found(NamedTuple):
    """What became of a trial, and its number."""

    number: int
    verdict: Verdict


def one_trial(number: int) -> Found:
    """Makes the trial of a number; one that fails counts as a violation."""
    from contract.fault_pairs import Verdict, trials, tried

    try:
        return Found(number, tried(number))
    except Exception as error:
        return Found(number, Verdict(str(trials()[number]), [f"{type(error).__name__}: {error}"]))


def main() -> int:
    """Tries, prints, and returns the exit code."""
    from contract.fault_pairs import trials

    every = trials()
    parser = options(__doc__ or "", len(every))
    arguments = parser.parse_args()
    count = min(arguments.count, len(every) - arguments.first)
    done, interrupted = examine(one_trial, lambda found: bool(found.verdict.wrong), arguments.first, count, arguments.processes)
    bad = sorted(found for found in done if found.verdict.wrong)
    kinds = Counter(every[found.number].how for found in done)
    pairs = {
        frozenset((every[f.number].first, every[f.number].second))
        for f in done
        if every[f.number].how in ("abutting", "overlapping", "nested")
    }
    print(
        f"{len(done)} trials of {len(pairs)} pairs of faults, {len(bad)} violations: {', '.join(f'{n} {how}' for how, n in kinds.items())}"
    )
    for found in bad:
        print(f"  trial {found.number}, {found.verdict.trial}: {'; '.join(found.verdict.wrong)}")
    return exit_code(bool(bad), interrupted)


if __name__ == "__main__":
    sys.exit(main())
