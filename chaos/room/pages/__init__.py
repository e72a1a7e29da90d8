"""The pages of the room: HTML, style and ES modules, served as they are."""

from collections.abc import Mapping
from pathlib import Path

from chaos.reports.templating import HERE as REPORTS

SERVED = {".html", ".css", ".js"}


def page_files() -> Mapping[str, Path]:
    """What the server of a room serves: paths, relative to where the websocket `ws` is, and files. The drawing modules are those of the
    report pages."""
    own = {path.name: path for path in sorted(Path(__file__).parent.iterdir()) if path.suffix in SERVED}
    drawing = {f"drawing/{path.name}": path for path in sorted((REPORTS / "templates" / "drawing").glob("*.js"))}
    return own | drawing
