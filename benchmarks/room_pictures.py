"""Pictures of the drill room's pages, as people see them: a headless Chromium and a room of the real drill in this process.

    python benchmarks/room_pictures.py --out pictures        # every page, size, scheme and language: some 70 PNGs, two minutes
    python benchmarks/room_pictures.py --desk                # docs/images/room-desk.png, the README's

The morning is always the same one: seed 1, at 09:33:40, while one command waits to be begun and another to be approved.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
from page_picture import chromium

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from played_room import PlayedRoom, played_to_the_middle, settled  # noqa: E402 — beside the tests

DESK = ROOT / "docs" / "images" / "room-desk.png"
SIZES = {"1280": (1280, 800), "1920": (1920, 1080), "390": (390, 844)}
SEATS = {"desk": "operator", "wall": "scribe", "facilitator": "facilitator", "approver": "approver"}
DIALOGS = {"propose": ("desk", "p"), "look": ("desk", "l"), "report": ("desk", "r"), "keys": ("desk", "?")}


class Look(NamedTuple):
    """What one round of pictures looks like."""

    size: str
    scheme: str
    language: str

    @property
    def name(self) -> str:
        """For the pictures' files."""
        return f"{self.size}-{self.language}-{self.scheme}"

    def context(self, browser: Any) -> Any:
        """A context of the browser with that look."""
        width, height = SIZES[self.size]
        return browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=self.scheme,
            locale="zh-CN" if self.language == "zh" else "en-GB",
            reduced_motion="reduce",
        )


def looks() -> Iterator[Look]:
    """All of them."""
    for size in SIZES:
        for language in ("en", "zh"):
            for scheme in ("light", "dark"):
                yield Look(size, scheme, language)


def shoot(page: Any, out: Path, *, whole: bool = False) -> None:
    """The page as a PNG; `whole`: what is below the window too."""
    page.wait_for_timeout(250)
    out.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(out), full_page=whole)


def shoot_all(browser: Any, folder: Path, out: Path) -> int:
    """Every page in every look; how many pictures."""
    taken = 0
    early, room = PlayedRoom(folder / "lobby"), PlayedRoom(folder / "room")
    played_to_the_middle(room)
    for look in looks():
        context, whole = look.context(browser), look.size == "390"
        pages = [("lobby", early.open(context, "operator")), ("lobby-facilitator", early.open(context, "facilitator"))]
        pages += [(name, room.open(context, seat, name)) for name, seat in SEATS.items()]
        for name, page in pages:
            shoot(page, out / f"{name}-{look.name}.png", whole=whole)
        by_name = dict(pages)
        for dialog, (name, key) in DIALOGS.items():
            by_name[name].keyboard.press(key)
            shoot(by_name[name], out / f"{dialog}-{look.name}.png")
            by_name[name].keyboard.press("Escape")
            by_name[name].wait_for_timeout(150)
        by_name["facilitator"].locator("#msel-add").click()
        shoot(by_name["facilitator"], out / f"inject-{look.name}.png")
        taken += len(pages) + len(DIALOGS) + 1
        context.close()
    return taken


def shoot_desk(browser: Any, folder: Path) -> None:
    """The README's picture."""
    room = PlayedRoom(folder / "room")
    played_to_the_middle(room)
    page = room.open(Look("1280", "light", "en").context(browser), "operator", "desk")
    settled(page)
    shoot(page, DESK)


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for all pictures.")
@click.option("--desk", is_flag=True, help="The README's picture instead.")
def main(out: Path | None, desk: bool) -> None:
    """Takes pictures of the room's pages."""
    from playwright.sync_api import sync_playwright

    if desk == (out is not None):
        raise click.UsageError("name --out DIR, or --desk")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        if out is None:
            shoot_desk(browser, Path(folder))
            print(f"{DESK}: {DESK.stat().st_size:,} bytes")
        else:
            print(f"{shoot_all(browser, Path(folder), out)} pictures in {out}")
        browser.close()


if __name__ == "__main__":
    main()
