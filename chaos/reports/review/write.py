"""A review as files: its page with that of the run beside it, and the document."""

from __future__ import annotations

from pathlib import Path

from chaos.measures.formatting import Language
from chaos.reports.review.document import review_document
from chaos.reports.review.page import review_page
from chaos.reports.write import write_bytes, write_run, write_text
from chaos.results.review import Review

RUN = "run"


def write_pages(review: Review, folder: Path, page: Path, language: Language) -> None:
    """The page of the review, and that of the run, whose journal the review has left in the room's folder."""
    run_page = page.with_name(f"{page.stem}-run.html")
    write_run(folder / RUN, run_page, language)
    write_text(page, review_page(review, language, run_page.name))


def write_document(review: Review, file: Path) -> None:
    """The report of the exercise as a document, .docx. Raises InputError if it cannot be written."""
    write_bytes(file, review_document(review))
