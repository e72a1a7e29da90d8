"""Sentences of the documentation that say what causes what: each is a pair of runs of one seed that differ by the cause alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from chaos.execution.execute import execute
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.results.run import RunResult

DOCS = Path(__file__).resolve().parents[2]
TEMPLATE = str(DOCS / "chaos/cli/template.yaml")
HANG, KIWOOM, SLOW = "requirements/dependencies/bank-hang", "incidents/kiwoom-2025-04-03", "requirements/dependencies/bank-slow"
BULKHEADS, CELLS = "options/bulkheads", "options/cells"
RESTART = ("restart counter",)
NOBODY = ("all",)
HANDS_OFF = ("control.runbooks.restart-counter.confirm=false",)


class Claim(NamedTuple):
    """A sentence of a page, the run with the cause and the run without, and what must hold of the two."""

    page: str
    sentence: str
    with_it: Job
    without: Job
    holds: Callable[[RunResult, RunResult], bool]


def failed(run: RunResult) -> int:
    return run.measures.orders.failed_orders


def share(run: RunResult) -> float:
    return round(100 * (run.measures.orders.failed_share or 0.0))


def transfers(run: RunResult) -> float:
    flow = run.measures.flows["transfer"]
    return flow.failed_all / flow.intended


def end(run: RunResult) -> int:
    return run.outages[-1].end_ns


def cells(seed: int, left_out: tuple[str, ...] = ()) -> tuple[Job, Job]:
    one = Job(HANG, seed, left_out=left_out)
    return replace(one, architecture=CELLS), one


CLAIMS = [
    Claim(
        "README.md",
        "one bank slows down at the open; nobody can log in or place an order",
        Job(TEMPLATE, 1), Job(TEMPLATE, 1, left_out=("method",)),
        lambda a, b: failed(a) > 5000 and a.measures.flows["login"].blocked > 2000 and failed(b) == 0,
    ),
    Claim(
        "docs/comparing.md", "*Bulkheads* save every order when a bank hangs",
        Job(HANG, 1), Job(HANG, 1, architecture=BULKHEADS), lambda a, b: failed(a) > 10_000 and failed(b) == 0,
    ),
    Claim(
        "docs/comparing.md", "60 % of the orders fail instead of 14 % (seed 1;",
        Job(KIWOOM, 1, architecture=BULKHEADS), Job(KIWOOM, 1), lambda a, b: (share(a), share(b)) == (60, 14),
    ),
    Claim(
        "docs/comparing.md", "if nobody acts, it is 36 % instead of 11 %",
        Job(KIWOOM, 1, architecture=BULKHEADS, left_out=NOBODY), Job(KIWOOM, 1, left_out=NOBODY),
        lambda a, b: (share(a), share(b)) == (36, 11),
    ),
    Claim(
        "docs/comparing.md", "four threads and a short queue turn 3.8 % of them away that would have come through",
        Job(SLOW, 1, architecture=BULKHEADS), Job(SLOW, 1),
        lambda a, b: round(transfers(a), 3) == 0.038 and transfers(b) < 0.002,
    ),
    *(
        Claim(
            "docs/comparing.md", "by a fifth to a half more failed orders (seeds 1 to 3)", *cells(seed),
            lambda a, b: 1.17 < failed(a) / failed(b) < 1.5,
        )
        for seed in (1, 2, 3)
    ),
    *(
        Claim(
            "docs/comparing.md", "by a fifth to two fifths if nobody acts", *cells(seed, NOBODY),
            lambda a, b: 1.17 < failed(a) / failed(b) < 1.4,
        )
        for seed in (1, 2, 3)
    ),
    *(
        Claim(
            "docs/comparing.md", "costs more orders than it does with one counter",
            replace(job, architecture=CELLS), replace(job, architecture=CELLS, left_out=RESTART),
            functools.partial(lambda least, a, b: failed(a) - failed(b) > least, least),
        )
        for job, least in ((Job(HANG, 2), 2400), (Job(HANG, 3), 1800))
    ),
    Claim(
        "docs/legacy-core.md", "Service is back half a minute after the bank if nobody acts",
        Job(HANG, 1, left_out=NOBODY), Job(HANG, 1, left_out=("method",)),
        lambda a, b: end(a) == (9 * 60 + 45) * 60 * 10**9 + 30 * 10**9 and not b.outages,
    ),
    *(
        Claim(
            "docs/legacy-core.md", "costs 900 to 1,900 failed orders more and ends nothing sooner",
            Job(HANG, seed), Job(HANG, seed, left_out=RESTART),
            lambda a, b: 880 < failed(a) - failed(b) < 1900 and end(a) >= end(b),
        )
        for seed in (2, 3)
    ),
    Claim(
        "docs/control.md", "So nothing is restarted that has come back by itself",
        Job(TEMPLATE, 1, assignments=HANDS_OFF), Job(TEMPLATE, 1),
        lambda a, b: failed(a) - failed(b) > 2000 and len(a.outages) == 2 and len(b.outages) == 1,
    ),
    Claim(
        "CHANGELOG.md", "6,143 failed orders and 14.5 min instead of 8,259 and 18.5",
        Job(TEMPLATE, 1, assignments=HANDS_OFF), Job(TEMPLATE, 1),
        lambda a, b: (failed(a), a.measures.impaired_s, failed(b), b.measures.impaired_s) == (8259, 1110.0, 6143, 870.0),
    ),
]  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids=range(len(CLAIMS)))
def test_the_sentence_stands_in_its_page(claim: Claim) -> None:
    """Whoever changes it changes the pair with it."""
    assert claim.sentence in " ".join((DOCS / claim.page).read_text(encoding="utf-8").split())


def test_a_pair_differs_by_the_cause_alone() -> None:
    """One thing: architecture, what is left out, or one setting; never the seed."""
    for claim in CLAIMS:
        a, b = claim.with_it, claim.without
        differing = [
            name
            for name in ("scenario", "seed", "architecture", "left_out", "assignments")
            if getattr(a, name) != getattr(b, name)
        ]
        assert len(differing) == 1, claim.sentence
        assert differing[0] not in ("scenario", "seed")


@pytest.mark.slow
def test_what_the_sentences_say_comes_out() -> None:
    """Each pair is run; a run that several pairs need is made once."""
    with Session() as session:
        runs = {job.key: job for claim in CLAIMS for job in (claim.with_it, claim.without)}
        results = {key: execute(session, job) for key, job in runs.items()}
    wrong = [
        (claim.sentence, failed(results[claim.with_it.key]), failed(results[claim.without.key]))
        for claim in CLAIMS
        if not claim.holds(results[claim.with_it.key], results[claim.without.key])
    ]
    assert wrong == []
