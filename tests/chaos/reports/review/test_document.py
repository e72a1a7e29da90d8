"""The report of an exercise in the program that people open it with."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import docx
import pytest
from reviewed_room import MARKUP, reviewed

from chaos.reports.review.document import review_document
from chaos.reports.review.write import write_document
from chaos.results.review import LaneMark, Words


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it_without_a_warning(tmp_path: Path) -> None:
    """Headless, with settings of its own: it makes a PDF of it and has nothing to say about it."""
    file, folder = tmp_path / "应急演练报告.docx", tmp_path / "out"
    write_document(reviewed().review, file)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(file)]
    made = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    said = [
        line for line in made.stderr.splitlines() if line.strip() and "javaldx" not in line
    ]  # Java is no matter of the document
    assert (made.returncode, said) == (0, [])
    assert (folder / "应急演练报告.pdf").read_bytes().startswith(b"%PDF")


def test_what_xml_cannot_say_is_left_out() -> None:
    """Control characters that people typed, or that came with a name: in the page they are harmless, in a document they are no XML."""
    typed = Words(en="a\x07\x00b\x1b[31m", zh="a\x07\x00b\x1b[31m")
    review = reviewed().review
    mark = LaneMark(seat="notices", deed="say", at_ns=review.lanes[0].at_ns, text=typed)
    seats = [review.seats[0].model_copy(update={"names": ["\x0bLin\ufffe"]}), *review.seats[1:]]
    document = docx.Document(BytesIO(review_document(review.model_copy(update={"lanes": [*review.lanes, mark], "seats": seats}))))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert any("ab[31m" in cell for cell in cells)
    assert any("Lin" in cell for cell in cells)
    assert MARKUP in cells
