"""Does the harness end with a verdict, whatever it is asked? `python benchmarks/random_scenarios.py 10000` tries random scenarios.

They are those of tests/contract/random_scenarios.py, numbered from 0 (or `--first`), of a `--seed`: 0 to 4 faults of the whole
catalogue on a small broker, with responders, aborts, rollbacks and expectations. Counted as failures: an exception, a broken
conservation law, more events than a run of that length can have, and, where the broker's policies are sound, a doubled, lost or
orphaned order; of those that never happened the bound is printed (0 in N: 3/N at 95 %). A run that hangs ends the whole, with
its traceback. Progress is on stderr. `1 --first NUMBER` repeats a run. Exit code 0, 3 after a failure, 130 after Ctrl-C.
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
    from tests.contract.random_scenarios import Run


def one_run(number: int, seed: int) -> Run:
    """The scenario of a number; one that raises counts as a failure."""
    from contract.random_scenarios import Run, scenario_run

    with tempfile.TemporaryDirectory() as folder:
        try:
            return scenario_run(number, seed, Path(folder))
        except Exception as error:
            return Run(number, False, [], [], [f"{type(error).__name__}: {error}"], [], 0)


def failures(run: Run) -> list[str]:
    """What is wrong with a run."""
    from contract.random_scenarios import EVENTS_MOST

    alarms = [f"property {name} is violated" for name in run.alarms] if run.sound else []
    return [*run.broken, *alarms, *([f"{run.events:,} events"] if run.events > EVENTS_MOST else [])]


def report(done: list[Run]) -> int:
    """Prints what was found; how many runs failed."""
    bad = [(run, wrong) for run in sorted(done, key=lambda run: run.number) if (wrong := failures(run))]
    verdicts = Counter(verdict for run in done for verdict in run.verdicts)
    faults, took = (Counter(n for run in done for n, effect in run.faults if effect or whole) for whole in (True, False))
    sound = sum(run.sound for run in done)
    print(f"{len(done)} scenarios: {', '.join(f'{n} {verdict}' for verdict, n in verdicts.most_common())}")
    print(
        f"{faults.total()} faults of {len(faults)} kinds, {took.total()} took effect; each kind at least {min(took[n] for n in faults)} times"
        if faults
        else "no faults"
    )
    print(f"{len(bad)} failures" + ("" if bad else f": less than {3 / len(done):.2g} of such scenarios fail (95 %)"))
    if sound and not any(run.sound and run.alarms for run in done):
        print(
            f"sound policies: no order doubled, lost or orphaned in {sound} scenarios: less than {3 / sound:.2g} of them do (95 %)"
        )
    print(f"unsound policies: so in {sum(bool(run.alarms) for run in done if not run.sound)} of {len(done) - sound}")
    for run, wrong in bad:
        print(f"  scenario {run.number}: {'; '.join(wrong)}")
    return len(bad)


def main() -> int:
    """Looks, prints, and returns the exit code."""
    parser = options(__doc__ or "", 10_000)
    parser.add_argument("--seed", type=int, default=0, help="other scenarios under the same numbers (0)")
    arguments = parser.parse_args()
    make = partial(one_run, seed=arguments.seed)
    done, interrupted = examine(make, lambda run: bool(failures(run)), arguments.first, arguments.count, arguments.processes)
    bad = report(done) if done else 0
    return exit_code(bool(bad), interrupted)


if __name__ == "__main__":
    sys.exit(main())
