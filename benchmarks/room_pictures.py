"""Pictures of the drill room's pages, as people see them: a headless Chromium and a room of the real drill in this process.

    python benchmarks/room_pictures.py --out pictures        # every page, size, scheme and language: 216 PNGs, some minutes
    python benchmarks/room_pictures.py --desk                # docs/images/room-desk.png, the README's

The morning is always the same one: seed 1, at 09:34:45, while one command waits to be begun and another to be approved.
"""

from __future__ import annotations

import base64
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from page_picture import chromium

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from played_room import PlayedRoom, played_to_the_middle, settled  # noqa: E402 — beside the tests

DESK = ROOT / "docs" / "images" / "room-desk.png"
SIZES = {"1280": (1280, 800), "1920": (1920, 1080), "390": (390, 844)}
SEATS = {"desk": "operator", "wall": "scribe", "facilitator": "facilitator", "approver": "approver"}
OPENERS = {"inject": "#msel-add", "branches": "#branches-open"}
"""Dialogs of the facilitator, by the buttons that open them."""
PRACTISED_MS = 5000
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
    early, room, ended = (PlayedRoom(folder / name) for name in ("lobby", "room", "ended"))
    played_to_the_middle(room)
    played_to_the_middle(ended)
    ended.do("facilitator", "end")
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
        for dialog in ("inject", "branches"):
            by_name["facilitator"].locator(OPENERS[dialog]).click()
            shoot(by_name["facilitator"], out / f"{dialog}-{look.name}.png")
            by_name["facilitator"].keyboard.press("Escape")
        for name, seat in SEATS.items():
            shoot(ended.open(context, seat, name), out / f"over-{name}-{look.name}.png", whole=whole)
        for name in ("desk", "approver"):
            practice = early.open(context, SEATS[name])
            practice.clock.install()
            practice.locator("#practice").click()
            practice.locator(".practice").wait_for()
            practice.clock.run_for(PRACTISED_MS)
            shoot(practice, out / f"practice-{name}-{look.name}.png", whole=whole)
        taken += len(pages) + len(DIALOGS) + len(OPENERS) + len(SEATS) + 2
        context.close()
    return taken


PIXELS = """async (png) => { const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  const data = pen.getImageData(0, 0, image.width, image.height).data;
  let text = ''; for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
  return [image.width, image.height, btoa(text)]; }"""
COLOURS = 256


def smaller(page: Any, png: bytes) -> bytes:
    """The picture with the colours that most of its pixels have; those of the others are the nearest of them. `page` reads it."""
    width, height, pixels = page.evaluate(PIXELS, base64.b64encode(png).decode())
    rgba = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(-1, 4)
    colours, which, counts = np.unique(rgba[:, :3], axis=0, return_inverse=True, return_counts=True)
    kept = colours[np.argsort(-counts, kind="stable")[:COLOURS]]
    far = np.abs(colours[:, None].astype(int) - kept[None].astype(int)).sum(axis=2)
    rows = far.argmin(axis=1).astype(np.uint8)[which.reshape(-1)].reshape(height, width)
    lines = np.hstack([np.zeros((height, 1), np.uint8), rows]).tobytes()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = [(b"IHDR", head), (b"PLTE", kept.tobytes()), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def shoot_desk(browser: Any, folder: Path) -> None:
    """The README's picture."""
    room = PlayedRoom(folder / "room")
    played_to_the_middle(room)
    page = room.open(Look("1280", "light", "en").context(browser), "operator", "desk")
    settled(page)
    page.wait_for_timeout(250)
    blank = browser.new_page()
    DESK.write_bytes(smaller(blank, page.screenshot()))


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for all pictures.")
@click.option("--desk", is_flag=True, help="The README's picture instead.")
def main(out: Path | None, desk: bool) -> None:
    """Takes pictures of the room's pages."""
    from playwright.sync_api import sync_playwright

    if desk == (out is not None):
        raise click.UsageError("name --out DIR, or --desk")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-lcd-text"])
        if out is None:
            shoot_desk(browser, Path(folder))
            print(f"{DESK}: {DESK.stat().st_size:,} bytes")
        else:
            print(f"{shoot_all(browser, Path(folder), out)} pictures in {out}")
        browser.close()


if __name__ == "__main__":
    main()
