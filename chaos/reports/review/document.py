"""The report of an exercise as a document to edit, 《应急演练报告》: purpose, time, participants, scenario, course, assessment, problems and
corrections with owners and dates. It is in Chinese: brokers in China keep one on file after an exercise [CSRC Order 218 (2023), art. 38]."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from chaos.i18n.causal import difference_text
from chaos.i18n.texts import duration_text, translate
from chaos.measures.formatting import fraction, instant, number
from chaos.reports.review.page import course_texts, evidence_text, held_text, lead, said, searched_text, seat_text, value_text
from chaos.results.review import Review
from simcore.base.errors import InputError

if TYPE_CHECKING:
    from docx.document import Document

FONT = "宋体"
PAGE, MARGIN = 16.0, 2.5
"""Width of the text and of the margins at its sides, cm: A4."""
Rows = Iterable[Sequence[str]]


def review_document(review: Review) -> bytes:
    """The document, .docx. Raises InputError without the package that writes it."""
    try:
        import docx
    except ImportError:
        raise InputError("a document needs python-docx", hint="pip install 'coredrill[room]'") from None
    document = docx.Document()
    _style(document)
    document.add_heading("应急演练报告", 0)
    document.add_paragraph(_plain(f"【演练】{review.shown_as.zh}：{review.title.zh}"))
    _about(document, review)
    _course(document, review)
    _assessment(document, review)
    _plan(document, review)
    document.add_paragraph(translate("review.note")["zh"])
    document.core_properties.title = _plain(f"应急演练报告：{review.shown_as.zh}")
    document.core_properties.author = ""
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def _style(document: Document) -> None:
    """A font with Chinese characters for every text."""
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = Cm(PAGE + 2 * MARGIN), Cm(29.7)
    section.left_margin = section.right_margin = Cm(MARGIN)
    normal = document.styles["Normal"]
    normal.font.size = Pt(10.5)
    for style in document.styles:
        properties = getattr(style.element, "get_or_add_rPr", None)
        if properties is not None:
            fonts = properties().get_or_add_rFonts()
            fonts.set(qn("w:eastAsia"), FONT)


def _plain(text: str) -> str:
    """The text without characters that XML does not have, such as those that steer a terminal."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"))


def _table(document: Document, head: Sequence[str], rows: Rows, widths: Sequence[float]) -> None:
    """`widths` are those of the columns, cm, PAGE together."""
    from docx.shared import Cm

    table = document.add_table(rows=1, cols=len(head))
    table.style, table.autofit = "Table Grid", False
    for cell, text in zip(table.rows[0].cells, head, strict=True):
        cell.text = text
        for run in cell.paragraphs[0].runs:
            run.bold = True
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = _plain(text)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
        for cell in column.cells:
            cell.width = Cm(width)


def _about(document: Document, review: Review) -> None:
    """Purpose, time, participants, scenario."""
    document.add_heading("一、演练目的", 1)
    for rating in review.ratings:
        document.add_paragraph(_plain(rating.text.zh), style="List Bullet")
    document.add_heading("二、演练时间", 1)
    for text in (held_text(review), *course_texts(review)):
        document.add_paragraph(_plain(text["zh"]))
    document.add_heading("三、参演人员", 1)
    _table(document, ["岗位", "人员"], ((t.title.zh, seat_text(t.played, t.names)["zh"]) for t in review.seats), [6, 10])
    document.add_heading("四、演练场景", 1)
    document.add_paragraph(_plain(review.purpose.zh))
    rows = ((str(i.number), instant(i.sent_ns), i.title.zh, i.expected.zh if i.expected else "–") for i in review.injects)
    _table(document, ["序号", "时间", "事件", "预期行动"], rows, [1.2, 2.2, 5.6, 7])


def _course(document: Document, review: Review) -> None:
    """What happened, in order of time: alarms, and what people did."""
    document.add_heading("五、演练过程", 1)
    titles = {taken.seat: taken.title.zh for taken in review.seats}
    lines = [(i.sent_ns, "导调席", f"发出：{i.title.zh}") for i in review.injects if i.sent_ns is not None]
    lines += [(a.raised_ns, "监控", f"告警：{a.title.zh}" + ("（误告警）" if a.false else "")) for a in review.alarms]
    lines += [
        (m.at_ns, titles.get(m.seat, m.seat), f"{translate(f'review.deed.{m.deed}')['zh']}：{m.text.zh}") for m in review.lanes
    ]
    _table(document, ["时间", "岗位", "内容"], ((instant(at), who, what) for at, who, what in sorted(lines)), [2.2, 3.4, 10.4])


def _assessment(document: Document, review: Review) -> None:
    """Figures, ratings, decisions, and what else could have been done."""
    orders, titles = review.measures.orders, {t.seat: said(t.title) for t in review.seats}
    share = orders.failed_orders / orders.intended if orders.intended else None
    document.add_heading("六、演练评估", 1)
    document.add_paragraph(_plain(lead(review)["zh"]))
    document.add_paragraph(
        f"失败委托 {number(orders.failed_orders)} 笔（共 {number(orders.intended)} 笔，{fraction(share)}），重复委托 {number(orders.duplicated)} 笔，"
        f"异常时长 {duration_text(review.measures.impaired_s)['zh']}。"
    )
    _table(
        document,
        ["目标", "评定", "结果", "依据"],
        (
            (
                r.text.zh,
                f"{r.rating or '–'} " + translate(f"review.rating.{r.rating or 'none'}")["zh"],
                "未发生" if r.value is None else value_text(r, r.value)["zh"],
                evidence_text(r, titles)["zh"] + (f"；导调席改评：{r.override.reason}" if r.override else ""),
            )
            for r in review.ratings
        ),
        [3.6, 2.4, 2, 8],
    )
    document.add_heading("各项决定的影响", 2)
    rows = (
        (
            str(d.number),
            instant(d.begun_ns),
            d.title.zh,
            translate(f"review.effect.{d.effect}")["zh"],
            difference_text(d.difference)["zh"],
        )
        for d in review.decisions
    )
    _table(document, ["序号", "时间", "决定", "影响", "与不做此决定相比"], rows, [1.2, 2.2, 4, 2.2, 6.4])
    document.add_heading("与其他做法对照（同一随机种子）", 2)
    courses = (
        (
            translate(f"review.course.{c.course}")["zh"],
            number(c.figures.failed_orders),
            number(c.figures.duplicated),
            duration_text(c.figures.impaired_s)["zh"],
        )
        for c in review.courses
    )
    _table(document, ["做法", "失败委托", "重复委托", "异常时长"], courses, [5.5, 3.5, 3.5, 3.5])
    if review.search is not None:
        document.add_paragraph(searched_text(review.search)["zh"])


def _plan(document: Document, review: Review) -> None:
    """Problems and corrections."""
    document.add_heading("七、存在问题与整改", 1)
    rows = (
        (str(n), line.finding.zh, line.change, line.owner, line.by, translate(f"review.plan.{line.state}")["zh"])
        for n, line in enumerate(review.plan, 1)
    )
    _table(document, ["序号", "发现的问题", "整改措施", "责任人", "完成日期", "状态"], rows, [1.2, 4.6, 4.4, 1.8, 2.2, 1.8])
