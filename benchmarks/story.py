"""Makes the table of docs/coverage.md again: twenty defects under a suite in staging, and beside it under one at the open.

    python benchmarks/story.py [--jobs 2] [--price 240] [--why 3000] [--keep coverage.json] [--html coverage.html]

The defects are those of the page's table, whatever their order; the command that was run stands above the table.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

PAGE = Path(__file__).resolve().parent.parent / "docs" / "coverage.md"
BLOCK = re.compile(r"(<!-- made by benchmarks/story.py -->\n).*?(?=<!-- end -->)", re.DOTALL)
NAME = re.compile(r"^\| `([^`]+@[^`]+)` \|", re.MULTILINE)
SUITE, ENVIRONMENT, BESIDE = "release-gate", "staging", "at-the-open@production"
WORDS = {"killed": "noticed", "survived": "not noticed", "not present": "not present", "timed out": "not noticed"}


@click.command()
@click.option("--jobs", default=2, type=click.IntRange(1))
@click.option("--price", default=720, type=click.IntRange(1))
@click.option("--why", default=3000, type=click.IntRange(1))
@click.option("--keep", type=click.Path(dir_okay=False), help="Keep the result object there.")
@click.option("--html", type=click.Path(dir_okay=False), help="Keep the page there.")
def main(jobs: int, price: int, why: int, keep: str | None, html: str | None) -> None:
    """Runs the command, and writes what it says into the page."""
    text = PAGE.read_text(encoding="utf-8")
    command = ["coverage", SUITE, "--environment", ENVIRONMENT, "--beside", BESIDE, "--price", str(price), "--why", str(why)]
    defects = [word for name in NAME.findall(text) for word in ("--defect", name)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(keep or Path(folder) / "out.json")
        more = ["--jobs", str(jobs), "--store", f"{folder}/store", "--json", str(out), *(["--html", html] if html else [])]
        subprocess.run([sys.executable, "-m", "chaos", *command, *defects, *more], check=True)
        result = json.loads(out.read_text(encoding="utf-8"))
    block = "\n".join([f"```sh\n{' '.join(['coredrill', *command])}\n```\n", *_told(result), "", *_table(result), ""])
    PAGE.write_text(BLOCK.sub(lambda found: f"{found[1]}\n{block}\n", text), encoding="utf-8")


def _told(result: dict[str, Any]) -> list[str]:
    beside, price, why = result["beside"], result["price"], result["why"]
    explained = [name for name in why["hidden_by"] if name not in why["skipped"]]
    return (
        [
            f"- `{of['suite']}` in {of['environment']}: {of['summary']['killed']} of {of['summary']['counted']} noticed."
            for of in (result, beside)
        ]
        + [f"- `{of['suite']}` in {of['environment']}: {_funnel(of['summary'])}." for of in (result, beside)]
        + [
            f"- Priced over {len(price['windows'])} windows with {price['seeds']} seeds, {price['runs']:,} runs; "
            f"{len(price['skipped'])} windows are left out.",
            f"- Reasons of {len(explained)} survivors, {why['runs']:,} runs; {len(why['skipped'])} are left out.",
        ]
    )


def _funnel(summary: dict[str, Any]) -> str:
    """The parts of the census, which add up to it."""
    parts = " + ".join(f"{n} {part}" for part, n in summary["parts"].items())
    return f"{summary['mutants']} = {parts}"


def _table(result: dict[str, Any]) -> list[str]:
    """The most costly first, then what is noticed in the test environment."""
    prices = {row["name"]: row for row in result["price"]["ranking"]}
    here, there = ({x["name"]: WORDS[x["status"]] for x in of["mutants"]} for of in (result, result["beside"]))
    names = sorted(here, key=lambda name: (name not in prices, -prices[name]["harmed_orders"] if name in prices else 0.0, name))
    head = (
        "defect",
        f"`{SUITE}`, {ENVIRONMENT}",
        "`at-the-open`, production",
        "harmed orders a year, 90 %",
        "rank",
        "at the open, with",
        "hidden by",
    )
    rows = [(f"`{name}`", here[name], there[name], *_price(prices.get(name)), _hidden(result["why"], name)) for name in names]
    return [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)]


def _price(row: dict[str, Any] | None) -> tuple[str, str, str]:
    if row is None:
        return "", "", ""
    worst = row["at_the_open"]
    at_the_open = f"{worst['trigger']}: {worst['harmed_orders']:+,.0f}" if worst and round(worst["harmed_orders"]) else ""
    low, high = row["interval"] or (float("nan"), float("nan"))
    undecided = ", not decided" if row["sign"] == "not decided" else ""
    ranks = str(row["rank"]) if row["rank"] == row["rank_to"] else f"{row['rank']}-{row['rank_to']}"
    return f"{row['harmed_orders']:,.1f} ({low:,.1f} to {high:,.1f}{undecided})", ranks, at_the_open


def _hidden(why: dict[str, Any], name: str) -> str:
    if name in why["skipped"] or name not in why["hidden_by"]:
        return "not asked within the budget" if name in why["skipped"] else ""
    mine = next(survivor for survivor in why["survivors"] if survivor["name"] == name)
    masked = [
        f"not with {'all' if len(found['more']) == len(why['gaps']) else '+'.join(found['more'])} off"
        for found in mine["not_monotone"][:1]
    ]
    return "; ".join([", ".join(why["hidden_by"][name]) or "more gaps at once than were tried", *masked])


if __name__ == "__main__":
    main()
