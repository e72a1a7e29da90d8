"""What a chart of a run's page is: its titles, its place, and the series that it draws from the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from chaos.i18n.texts import LocalizedText, untranslated
from chaos.reports.run.bins import Bins

NOTHING = untranslated("")


class Series(NamedTuple):
    """A line of a chart, or a layer of a stack: a value for each bin, None where there is none.

    `colour` is a colour of page.css (`confirmed` for `--confirmed`), "" the next of its series colours. A series with a `choice` is
    drawn while the reader has chosen that, one without always.
    """

    name: LocalizedText
    values: Sequence[int | float | None]
    colour: str = ""
    choice: LocalizedText | None = None


class Chart(BaseModel):
    """A chart, declared as CHART in a file of this folder. The page's program draws any chart from these fields."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern="^[a-z][a-z0-9-]*$", description="its word in the page's addresses and data")
    place: int = Field(description="charts stand on the page by this number, then by name")
    title: LocalizedText
    note: LocalizedText = Field(NOTHING, description="what stands beside the title; {step} is the width of a bin, s")
    series: Callable[[Bins], list[Series]] = Field(exclude=True, description="what is drawn, of a whole run")
    unit: LocalizedText = Field(NOTHING, description="of every value, as it follows the number: ' s'")
    digits: int | None = Field(None, description="significant digits where the reader points; None: all")
    log: bool = Field(False, description="a logarithmic axis; what is 0 is not drawn")
    least: float | None = Field(None, description="where the axis begins; None: as the values need")
    most: float | None = Field(None, description="where the axis ends; None: as the values need")
    stacked: bool = Field(False, description="layers on each other, whose values add up over time; else lines, whose peaks count")
    line_width: float = Field(1.6, description="of lines, px")
    choose: LocalizedText | None = Field(None, description="what the reader chooses, if its series have choices")

    def filled_note(self, step: int) -> LocalizedText:
        """The note on a page whose bins are `step` seconds wide."""
        return self.note.map(lambda text: text.format(step=step))
