"""Do the tests notice one-line bugs in what judges? `python benchmarks/mutants.py --jobs 2` tries every mutant; `--sample 40 --seed 1` some.

A mutant is one change (< for <=, + for -, and for or, a constant one off, a clamp dropped) of measures, verdict, statistics or the ledger's
settlement, against the tests that mirror its module. Those that may live are in surviving_mutants.yaml, each with its reason. Exit
code 0; 3 if a mutant survives that is not listed, or one that is listed does not exist, has no reason, or is killed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT), str(ROOT / "tests" / "support")]  # behind what is installed


def main() -> int:
    """Tries them, prints what survived, and returns the exit code."""
    from mutation import all_mutants, reasons, sample, tried, unexplained

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("only", nargs="*", help="modules: a part of the path, such as compute (all)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (1)")
    parser.add_argument("--sample", type=int, help="so many, chosen by the seed (all)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (0)")
    parser.add_argument("--list", action="store_true", help="names them and tries none")
    arguments = parser.parse_args()
    known, every = reasons(), all_mutants()
    wrong = [f"no such mutant, or no reason: {name}" for name in unexplained(every, known)]
    chosen = all_mutants(arguments.only)
    if arguments.sample is not None:
        chosen = sample(chosen, arguments.sample, arguments.seed)
    if arguments.list:
        print("\n".join(m.name for m in chosen))
        return 0
    ends: Counter[str] = Counter()
    for mutant, end in tried(chosen, arguments.jobs):
        listed = mutant.name in known
        ends["survived, with a reason" if end == "survived" and listed else end] += 1
        if listed and end in ("killed", "timeout"):
            wrong.append(f"listed, but killed: {mutant.name}")
        elif end not in ("killed", "timeout") and not listed:
            wrong.append(f"{end}: {mutant.name}")
            print(wrong[-1], file=sys.stderr, flush=True)
    print(f"{len(chosen)} of {len(every)} mutants: " + ", ".join(f"{count} {end}" for end, count in sorted(ends.items())))
    print("\n".join(wrong))
    return 3 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
