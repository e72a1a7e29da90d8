"""Makes the README's picture again: the page of the demo in a headless Chromium, as a PNG.

    coredrill demo --html demo.html && python benchmarks/page_picture.py demo.html [--out docs/images/run-page.png]

The page is 1280 wide; the picture is its first screen, which is tall enough for what acting did.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import click

OUT = Path(__file__).resolve().parent.parent / "docs" / "images" / "run-page.png"
WIDTH = 1280
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The Chromium to use: the one in COREDRILL_CHROMIUM, else the one that is installed."""
    found = os.environ.get("COREDRILL_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise click.UsageError("there is no Chromium: install one, or name it in COREDRILL_CHROMIUM")
    return found


def shoot(page: Any, file: Path, out: Path, height: int) -> None:
    """Opens the file, which stands within the first outage, and takes the first screen."""
    page.goto(file.resolve().as_uri())
    page.wait_for_timeout(500)  # until what fades has faded
    out.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(out), clip={"x": 0, "y": 0, "width": WIDTH, "height": height})


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", default=OUT, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--height", default=1240, type=click.IntRange(200))
def main(file: Path, out: Path, height: int) -> None:
    """Takes the picture of the page in FILE."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": WIDTH, "height": height}, color_scheme="light", reduced_motion="reduce")
        shoot(context.new_page(), file, out, height)
        browser.close()
    print(f"{out}: {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
