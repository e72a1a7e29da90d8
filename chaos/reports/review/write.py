"""A review as files: its page with that of the run beside it, and the document."""

from __future__ import annotations

from pathlib import Path

from chaos.i18n.texts import translate
from chaos.measures.formatting import Language
from chaos.reports.review.document import review_document
from chaos.reports.review.page import review_page
from chaos.reports.write import write_beside, write_bytes, write_run, write_text
from chaos.results.review import BEST, RUN, Review


def write_pages(review: Review, folder: Path, page: Path, language: Language) -> None:
    """The page of the review, that of the run, whose journal the review has left in the room's folder, and the run beside the best course if
    there is one."""
    run_page, beside = page.with_name(f"{page.stem}-run.html"), page.with_name(f"{page.stem}-beside.html")
    write_run(folder / RUN, run_page, language)
    best = next((c for c in reversed(review.courses) if c.course in ("best_known", "best_found")), None)
    if best is not None:
        names = translate("review.course.team"), translate(f"review.course.{best.course}")
        write_beside(folder / RUN, folder / BEST, beside, language, names)
    write_text(page, review_page(review, language, run_page.name, beside.name if best is not None else None))


def write_document(review: Review, file: Path) -> None:
    """The report of the exercise as a document, .docx. Raises InputError if it cannot be written."""
    write_bytes(file, review_document(review))
