"""The pages of the room: HTML, style and ES modules, served as they are."""

from collections.abc import Mapping
from pathlib import Path

from chaos.reports.templating import HERE as REPORTS

HERE = Path(__file__).parent
SERVED = {".css", ".js"}
PAGES = ("lobby", "desk", "wall", "facilitator", "approver")
"""Pages by name: all are the one HTML file, and a module and a style of that name."""


def page_files() -> Mapping[str, Path]:
    """What the server of a room serves: paths, relative to where the websocket `ws` is, and files. The drawing modules are those of the
    report pages."""
    own = {path.name: path for path in sorted(HERE.iterdir()) if path.suffix in SERVED}
    pages = {f"{name}.html": HERE / "page.html" for name in PAGES}
    drawing = {f"drawing/{path.name}": path for path in sorted((REPORTS / "templates" / "drawing").glob("*.js"))}
    return own | pages | drawing
