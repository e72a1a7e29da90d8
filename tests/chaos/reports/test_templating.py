"""How a page's program becomes part of its one file."""

from __future__ import annotations

import re

from chaos.reports.templating import HERE, inlined


def test_a_program_is_inlined_with_the_modules_it_imports() -> None:
    """Nothing is left to import or to export, each module stands once, and before whoever asks for it."""
    program = inlined("page.js")
    assert not re.search(r"^(import|export)\b", program, re.MULTILINE)
    assert "</script" not in program
    places = [program.index(first) for first in ("function make(", "function border(", "function topology(")]
    assert places == sorted(places)
    for module in sorted((HERE / "templates" / "drawing").glob("*.js")):
        about = module.read_text(encoding="utf-8").splitlines()[0]
        assert program.count(about) == 1


def test_what_scrolls_sideways_has_one_home() -> None:
    """One module makes it reachable by keyboard; pages of runs, of reviews and of two runs import it."""
    files = [path for kind in ("*.js", "*.html") for path in (HERE / "templates").rglob(kind)]
    assert [path.name for path in files if "tabIndex" in path.read_text(encoding="utf-8")] == ["sideways.js"]
    assert all(inlined(name).count("function reachSideways(") == 1 for name in ("page.js", "review.js", "beside.js"))
